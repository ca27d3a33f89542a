// SPDX-License-Identifier: GPL-2.0
/*
 * The loop of a worker. A reply is built in the page of its request, behind it, and
 * sent from there; only what does not fit takes further pages.
 */
#include "kv_worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS		20
/* How often a full transmit ring is tried before replies are dropped. */
#define TX_TRIES	1000

uint64_t kv_clock(void)
{
#if __has_builtin(__builtin_ia32_rdtsc)
	return __builtin_ia32_rdtsc();
#else
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
#endif
}

const char *kv_clock_unit(void)
{
#if __has_builtin(__builtin_ia32_rdtsc)
	return "cycles";
#else
	return "ns";
#endif
}

static void flush(struct kv_worker *w)
{
	unsigned int done = 0, tries = 0;
	int n;

	while (done < w->nr_out && tries++ < TX_TRIES) {
		n = atmo_tx_batch(w->sock, w->out + done, w->nr_out - done);
		if (n < 0)
			break;
		done += (unsigned int)n;
	}
	w->replies += done;
	w->dropped += w->nr_out - done;
	atmo_rx_release(w->sock, w->out + done, w->nr_out - done);
	w->nr_out = 0;
}

/* A page for another datagram; its place is kept in @extra. */
static uint8_t *more(void *ctx)
{
	struct kv_worker *w = ctx;
	struct atmo_packet *pkt = &w->extra[w->nr_extra];

	if (w->nr_extra == KV_MAX_DATAGRAMS || atmo_page_alloc(w->sock, pkt))
		return NULL;
	w->nr_extra++;
	return pkt->data;
}

/* Room for a datagram behind the request in its page; NULL: there isn't. */
static uint8_t *behind(const struct kv_worker *w, const struct atmo_packet *req)
{
	uintptr_t page = (uintptr_t)req->frame & ~(uintptr_t)(ATMO_PAGE_SIZE - 1);
	size_t used = (uintptr_t)req->data + req->len - page;

	used = (used + 63) & ~(size_t)63;
	return used + w->room <= ATMO_PAGE_SIZE ? (uint8_t *)page + used : NULL;
}

static void send_later(struct kv_worker *w, const struct atmo_packet *page,
		       const struct atmo_packet *to, void *data, size_t len)
{
	struct atmo_packet *pkt = &w->out[w->nr_out++];

	*pkt = *to;
	pkt->slot = page->slot;
	pkt->data = data;
	pkt->len = (uint16_t)len;
}

static void answer(struct kv_worker *w, const struct atmo_packet *req, uint32_t now)
{
	uint8_t *place = behind(w, req);
	const struct atmo_packet *page;
	struct kv_reply r;
	unsigned int i, nr;

	w->nr_extra = 0;
	if (!place)
		place = more(w);
	if (!place) {
		w->dropped++;
		atmo_page_free(w->sock, req);
		return;
	}
	kv_reply_init(&r, place, w->room, more, w);
	nr = kv_serve(w->store, &w->counters, now, req->data, req->len, &r);

	/* Pages in the order of the datagrams; the request's, if it holds the first. */
	for (i = 0; i < r.nr; i++) {
		if (w->nr_extra == r.nr)
			page = &w->extra[i];
		else
			page = i ? &w->extra[i - 1] : req;
		if (i < nr)
			send_later(w, page, req, r.buf[i], r.len[i]);
		else
			atmo_page_free(w->sock, page);
	}
	if (w->nr_extra == r.nr)
		atmo_page_free(w->sock, req);
}

/* Until the out list might not hold the next reply. */
static void answer_all(struct kv_worker *w, const struct atmo_packet *pkts, int n)
{
	uint32_t now = (uint32_t)time(NULL);
	int i;

	for (i = 0; i < n; i++) {
		if (w->nr_out > KV_MAX_BATCH)
			flush(w);
		answer(w, &pkts[i], now);
	}
}

/* Nothing was received: 0 to go on. */
static int idle(struct kv_worker *w, int err)
{
	if (!err) {
		err = atmo_wait(w->sock, WAIT_MS);
		return err == -EINTR || err > 0 ? 0 : err;
	}
	if (err == -EIO)
		return atmo_stack_restart(w->sock);
	if (err != -ENETDOWN && err != -EPROTONOSUPPORT)
		return err;
	usleep(10000);	/* passes by itself */
	return 0;
}

static void count(struct kv_worker *w, int n)
{
	uint64_t done = __atomic_add_fetch(w->nr_done, (uint64_t)n, __ATOMIC_RELAXED);

	w->requests += (uint64_t)n;
	if (w->limit && done >= w->limit)
		*w->stop = 1;
}

/* What it has done since it was last asked. */
static void tell(struct kv_worker *w, sig_atomic_t asked)
{
	const struct kv_cycles *c = &w->cycles, *before = &w->told.cycles;

	printf("{\"packets\":%" PRIu64 ",\"receive\":%" PRIu64 ",\"process\":%" PRIu64
	       ",\"transmit\":%" PRIu64 "}\n", w->requests - w->told.requests,
	       c->receive - before->receive, c->process - before->process,
	       c->transmit - before->transmit);
	fflush(stdout);
	w->told.asked = asked;
	w->told.requests = w->requests;
	w->told.cycles = *c;
}

static int worker_loop(struct kv_worker *w)
{
	struct atmo_packet pkts[KV_MAX_BATCH];
	uint64_t start, received, processed, end;
	int n, err = 0;

	while (!*w->stop && !err) {
		if (*w->asked != w->told.asked)
			tell(w, *w->asked);
		start = kv_clock();
		n = atmo_rx_batch(w->sock, pkts, w->batch);
		if (n <= 0) {
			err = idle(w, n);
			w->cycles.wait += kv_clock() - start;
			continue;
		}
		received = kv_clock();
		answer_all(w, pkts, n);
		processed = kv_clock();
		flush(w);
		end = kv_clock();
		w->cycles.receive += received - start;
		w->cycles.process += processed - received;
		w->cycles.transmit += end - processed;
		count(w, n);
	}
	return err;
}

void *kv_worker_run(void *worker)
{
	struct kv_worker *w = worker;
	struct atmo_info info;

	w->err = atmo_info(w->sock, &info);
	if (!w->err && info.max_payload < KV_MIN_ROOM) {
		fprintf(stderr, "kvstore: a reply needs %u bytes, not %u; raise the device's MTU\n",
			KV_MIN_ROOM, info.max_payload);
		w->err = -EMSGSIZE;
	}
	if (!w->err) {
		w->room = info.max_payload;
		w->err = worker_loop(w);
	}
	/* One that can't go on must not leave the others waiting for it. */
	if (w->err)
		*w->stop = 1;
	return NULL;
}
