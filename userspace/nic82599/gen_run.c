// SPDX-License-Identifier: GPL-2.0
/* What a run has sent and what has come back: counting, and telling of it. */
#include <stdlib.h>
#include <string.h>

#include "gen_run.h"

#define FCS_LEN		4u
#define NSEC_PER_SEC	1e9

bool gen_run_begin(struct gen_run *r, const struct gen_config *c, uint16_t id, uint64_t now)
{
	struct gen_flow *flow = calloc(c->flows, sizeof(*flow));

	if (!flow)
		return false;
	gen_run_clear(r);
	r->config = *c;
	r->state = GEN_RUNNING;
	r->id = id;
	r->start_ns = now;
	r->last_tx_ns = now;
	r->flow = flow;
	return c->payload != GEN_PAYLOAD_MEMCACHED || gen_kv_begin(r);
}

void gen_run_clear(struct gen_run *r)
{
	free(r->flow);
	free(r->asked_ns);
	memset(r, 0, sizeof(*r));
}

/* Frames sent of one flow: they take turns. */
static uint64_t sent_of(const struct gen_run *r, uint32_t flow)
{
	return r->sent / r->config.flows + (flow < r->sent % r->config.flows);
}

void gen_run_corrupt(struct gen_run *r, const struct gen_tag *t, const struct gen_diff *d)
{
	if (r->corrupt++)
		return;
	r->bad_tag = *t;
	r->bad = *d;
}

void gen_run_arrived(struct gen_run *r, size_t len, uint64_t now)
{
	if (!r->received++)
		r->first_rx_ns = now;
	r->received_bytes += len + FCS_LEN;
	r->last_rx_ns = now;
}

void gen_run_damaged(struct gen_run *r, size_t len, const struct gen_tag *t, uint64_t now)
{
	const struct gen_diff d = { .at = GEN_AT_TAG };

	gen_run_arrived(r, len, now);
	gen_run_corrupt(r, t, &d);
}

void gen_run_good(struct gen_run *r, uint64_t latency_ns)
{
	r->good++;
	gen_hist_add(&r->hist, latency_ns);
}

void gen_run_take(struct gen_run *r, unsigned int port, const uint8_t *f, size_t len,
		  const struct gen_tag *t, uint64_t now)
{
	struct gen_diff d = { .at = GEN_AT_LENGTH };

	gen_run_arrived(r, len, now);
	if (r->config.rx_port != GEN_ANY_PORT && r->config.rx_port != port) {
		r->misdirected++;
		return;
	}
	if (t->flow >= r->config.flows || t->seq >= sent_of(r, t->flow) ||
	    !gen_frame_check(&r->config, t, f, len, &d)) {
		gen_run_corrupt(r, t, &d);
		return;
	}
	switch (gen_flow_take(r->flow + t->flow, t->seq)) {
	case GEN_DUPLICATE:
		r->duplicates++;
		return;
	case GEN_TOO_LATE:
		r->too_late++;
		return;
	case GEN_LATE:
		r->reordered++;
		break;
	default:
		break;
	}
	gen_run_good(r, (now - t->ns) & ((1ull << 48) - 1));
}

static void show(FILE *to, const char *name, uint64_t value)
{
	fprintf(to, ",\"%s\":%llu", name, (unsigned long long)value);
}

/* Frames a second, by the time from the first to the last of them */
static double rate(uint64_t frames, uint64_t from, uint64_t until)
{
	return frames > 1 && until > from
		? (double)(frames - 1) * NSEC_PER_SEC / (double)(until - from) : 0;
}

static void show_latency(const struct gen_hist *h, FILE *to)
{
	show(to, "latency_min_ns", h->min);
	show(to, "latency_mean_ns", h->n ? h->sum / h->n : 0);
	show(to, "latency_p50_ns", gen_hist_at(h, 500000));
	show(to, "latency_p90_ns", gen_hist_at(h, 900000));
	show(to, "latency_p99_ns", gen_hist_at(h, 990000));
	show(to, "latency_p999_ns", gen_hist_at(h, 999000));
	show(to, "latency_max_ns", h->max);
}

static void show_bad(const struct gen_run *r, FILE *to)
{
	if (!r->corrupt)
		return;
	fprintf(to, ",\"first_bad\":\"flow %u frame %u: ", r->bad_tag.flow, r->bad_tag.seq);
	if (r->bad.at == GEN_AT_LENGTH)
		fputs("length, or no such frame was sent\"", to);
	else if (r->bad.at == GEN_AT_TAG)
		fputs("the tag, so it may be another one\"", to);
	else
		fprintf(to, "byte %d is 0x%02x, expected 0x%02x\"", r->bad.at, r->bad.is,
			r->bad.expected);
}

void gen_run_show(const struct gen_run *r, FILE *to)
{
	static const char *const states[] = { "idle", "running", "draining", "done" };
	uint64_t lost = r->config.back ? r->sent - r->good : 0;
	bool clean = !(lost | r->reordered | r->duplicates | r->too_late | r->corrupt |
		       r->misdirected);

	fprintf(to, ",\"state\":\"%s\",\"run\":%u,\"clean\":%s", states[r->state], r->id,
		clean ? "true" : "false");
	show(to, "sent", r->sent);
	show(to, "sent_bytes", r->sent_bytes);
	show(to, "slipped", r->slipped);
	show(to, "held", r->held);
	show(to, "received", r->received);
	show(to, "received_bytes", r->received_bytes);
	show(to, "good", r->good);
	show(to, "lost", lost);
	show(to, "reordered", r->reordered);
	show(to, "duplicates", r->duplicates);
	show(to, "too_late", r->too_late);
	show(to, "corrupt", r->corrupt);
	show(to, "misdirected", r->misdirected);
	show(to, "misses", r->misses);
	fprintf(to, ",\"seconds\":%.6f,\"tx_pps\":%.0f,\"rx_pps\":%.0f",
		(double)(r->last_tx_ns - r->start_ns) / NSEC_PER_SEC,
		rate(r->sent, r->start_ns, r->last_tx_ns),
		rate(r->received, r->first_rx_ns, r->last_rx_ns));
	show_latency(&r->hist, to);
	show_bad(r, to);
}

void gen_run_show_hist(const struct gen_run *r, FILE *to)
{
	const char *comma = "";
	unsigned int i;

	fputs(",\"hist\":[", to);
	for (i = 0; i < GEN_HIST_LEN; i++) {
		if (!r->hist.bucket[i])
			continue;
		fprintf(to, "%s[%llu,%llu]", comma, (unsigned long long)gen_hist_lower(i),
			(unsigned long long)r->hist.bucket[i]);
		comma = ",";
	}
	fputc(']', to);
}
