// SPDX-License-Identifier: GPL-2.0
/* atmo watch: what each instance receives, sends and drops in a second. */
#include <argp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>

#include "tool.h"

#define MAX_INTERVAL_MS	3600000

struct watch {
	unsigned int interval_ms;
	long long count;
	bool redraw;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Seconds, as a decimal fraction. */
static unsigned int parse_interval(char *arg, struct argp_state *state)
{
	char *end;
	double ms = strtod(arg, &end) * 1000;

	if (end == arg || *end || !(ms >= 100 && ms <= MAX_INTERVAL_MS))
		argp_error(state, "the interval must be 0.1 to 3600 seconds, not '%s'", arg);
	return ms;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch *w = state->input;

	switch (key) {
	case 'c':
		w->count = parse_number(arg, LLONG_MAX);
		if (w->count < 1)
			argp_error(state, "the count must be a number, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (w->interval_ms)
			argp_error(state, "too many arguments: %s", arg);
		w->interval_ms = parse_interval(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- A line of the table ---- */

static const struct instance *find(const struct view *view, __u32 id)
{
	size_t i;

	for (i = 0; i < view->nr_instances; i++)
		if (view->instances[i].id == id)
			return &view->instances[i];
	return NULL;
}

static __u64 all_drops(const struct instance *inst)
{
	__u64 sum = 0;
	unsigned int i;

	for (i = 0; i < inst->nr_drops; i++)
		sum += inst->drops[i];
	return sum;
}

static double rate(__u64 new, __u64 old, double seconds)
{
	return new > old ? (new - old) / seconds : 0;
}

/* Why it waits, drops or is idle: whose pages are where. */
static void print_pages(FILE *out, const struct instance *inst)
{
	unsigned int i;

	for (i = 0; inst->has_buffers && i < ATMO_NR_BUFFERS; i++)
		fprintf(out, "%s%u", i ? "/" : "", inst->buffers[i]);
	if (inst->shared)
		fprintf(out, " queue %u/%u", inst->queue_used, inst->queue_len);
	fputc('\n', out);
}

static void print_line(FILE *out, const struct instance *inst, const struct view *before,
		       double seconds)
{
	const struct instance *old = find(before, inst->id);
	char local[64];

	/* A new one has done all it did since. */
	static const struct instance nothing;

	if (!old)
		old = &nothing;
	endpoint_text(inst, false, local, sizeof(local));
	fprintf(out, "%5u %-5s %-22s %-9s %-11s %9.0f %8.1f %9.0f %8.1f %8.0f  ", inst->id,
		protocol_name(inst), local, atmo_lane_name(inst->lane),
		state_name(inst->state), rate(inst->rx_packets, old->rx_packets, seconds),
		rate(inst->rx_bytes, old->rx_bytes, seconds) * 8 / 1e6,
		rate(inst->tx_packets, old->tx_packets, seconds),
		rate(inst->tx_bytes, old->tx_bytes, seconds) * 8 / 1e6,
		rate(all_drops(inst), all_drops(old), seconds));
	print_pages(out, inst);
}

static void print_table(FILE *out, const struct view *view, const struct view *before,
			double seconds, bool redraw)
{
	size_t i;

	/* Home and erase, as every terminal since the VT100 does. */
	if (redraw)
		fputs("\033[H\033[J", out);
	fprintf(out, "%5s %-5s %-22s %-9s %-11s %9s %8s %9s %8s %8s  %s\n", "ID", "PROTO",
		"LOCAL", "LANE", "STATE", "RX/s", "Mbit/s", "TX/s", "Mbit/s", "DROPS/s",
		"PAGES user/spare/nic_rx/tx/shared");
	for (i = 0; i < view->nr_instances; i++)
		print_line(out, &view->instances[i], before, seconds);
	if (!redraw)
		fputc('\n', out);
}

/* ---- The command ---- */

static bool watch(struct link *link, const struct watch *w)
{
	const struct timespec pause = {
		.tv_sec = w->interval_ms / 1000,
		.tv_nsec = w->interval_ms % 1000 * 1000000L,
	};
	struct view view, before;
	double then = now(), at;
	long long i;

	if (!view_read(link, &before))
		return false;
	for (i = 0; !interrupted && (!w->count || i < w->count); i++) {
		if (nanosleep(&pause, NULL))
			break;
		if (!view_read(link, &view)) {
			view_free(&before);
			return false;
		}
		at = now();
		print_table(stdout, &view, &before, at - then, w->redraw);
		view_free(&before);
		before = view;
		then = at;
		if (fflush(stdout))
			break;
	}
	view_free(&before);
	return true;
}

int cmd_watch(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "count", 'c', "N", 0, "End after N tables", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERVAL]",
		.doc = "Prints rates every INTERVAL seconds (1).",
	};
	struct watch w = { .redraw = isatty(STDOUT_FILENO) };
	struct link link;
	bool done;

	argp_parse(&argp, argc, argv, 0, NULL, &w);
	if (!w.interval_ms)
		w.interval_ms = 1000;
	if (!link_open(&link))
		return 1;
	catch_signals();
	done = watch(&link, &w);
	link_close(&link);
	return !done;
}
