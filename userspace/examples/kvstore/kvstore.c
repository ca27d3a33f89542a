// SPDX-License-Identifier: GPL-2.0
/*
 * kvstore - a key-value store that speaks memcached's text protocol over UDP.
 *
 * One or more workers, each with a socket on a port of its own, a thread of its own
 * and so, in the hardware lane, queues of its own, share one table. At the end it
 * tells what a packet cost to receive, to process and to transmit.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../options.h"
#include "kv_worker.h"

#define MAX_WORKERS	64

struct options {
	const char *dev;
	long long port, workers, capacity, key_max, value_max, batch, nr_pages;
	long long fill, operations;
	uint32_t lane;
	int table;
};

static struct kv_worker workers[MAX_WORKERS];
static volatile sig_atomic_t stop, asked;
static uint64_t nr_done;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked = (asked + 1) & 127;
	else
		stop = sig;
}

static int open_worker(struct kv_worker *w, const struct options *o, unsigned int i)
{
	struct atmo_options opt = {
		.size = sizeof(opt), .ifname = o->dev, .lane = o->lane,
		.local.v4.sin_port = htons((uint16_t)(o->port + i)),
		.nr_pages = (uint32_t)o->nr_pages,
	};
	struct atmo_info info;
	char why[256];
	int err;

	err = atmo_udp_open(&w->sock, &opt);
	if (!err)
		err = atmo_info(w->sock, &info);
	if (err) {
		fprintf(stderr, "kvstore: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return err;
	}
	fprintf(stderr, "kvstore: port %lld, %s lane (%s)\n", o->port + i,
		atmo_lane_name(info.lane), atmo_lane_reason_text(info.lane_reason));
	w->batch = (unsigned int)o->batch;
	w->limit = (uint64_t)o->operations;
	w->nr_done = &nr_done;
	w->stop = &stop;
	w->asked = &asked;
	return 0;
}

/* Keys k0000000000 ... with values of the greatest length: for measurements. */
static uint64_t fill(struct kv_store *store, long long nr)
{
	char key[32], value[KV_MAX_VALUE];
	struct kv_command cmd = {
		.op = KV_SET, .key.p = key, .value = { value, store->value_max },
	};
	uint64_t stored = 0;
	long long i;

	memset(value, 'v', sizeof(value));
	for (i = 0; i < nr && !stop; i++) {
		cmd.key.len = (size_t)snprintf(key, sizeof(key), "k%010lld", i);
		if (cmd.key.len > store->key_max)
			break;
		stored += kv_store_set(store, &cmd);
	}
	return stored;
}

static void add_worker(struct kv_worker *sum, const struct kv_worker *w)
{
	sum->requests += w->requests;
	sum->replies += w->replies;
	sum->dropped += w->dropped;
	sum->cycles.receive += w->cycles.receive;
	sum->cycles.wait += w->cycles.wait;
	sum->cycles.process += w->cycles.process;
	sum->cycles.transmit += w->cycles.transmit;
	sum->counters.get_keys += w->counters.get_keys;
	sum->counters.get_hits += w->counters.get_hits;
	sum->counters.commands[KV_SET] += w->counters.commands[KV_SET];
	sum->counters.errors += w->counters.errors;
	sum->counters.short_frames += w->counters.short_frames;
}

static double per_packet(uint64_t cycles, uint64_t packets)
{
	return packets ? (double)cycles / (double)packets : 0.0;
}

static void print_table(const struct options *o, const struct kv_worker *sum, uint64_t items)
{
	const struct kv_cycles *c = &sum->cycles;
	uint64_t n = sum->requests;

	printf("%8s %12s %12s %10s %10s %10s %10s   %s per packet\n", "capacity", "items",
	       "packets", "receive", "+ waiting", "process", "transmit", kv_clock_unit());
	printf("    2^%-2lld %12" PRIu64 " %12" PRIu64 " %10.0f %10.0f %10.0f %10.0f\n",
	       o->capacity, items, n, per_packet(c->receive, n),
	       per_packet(c->receive + c->wait, n), per_packet(c->process, n),
	       per_packet(c->transmit, n));
}

static void print_report(const struct options *o, struct kv_store *store)
{
	static struct kv_worker sum;
	uint64_t items = kv_store_count(store);
	long long i;

	for (i = 0; i < o->workers; i++)
		add_worker(&sum, &workers[i]);
	fprintf(stderr, "kvstore: %" PRIu64 " requests, %" PRIu64 " replies, %" PRIu64 " dropped\n",
		sum.requests, sum.replies, sum.dropped);
	fprintf(stderr, "kvstore: %" PRIu64 " set, %" PRIu64 " get, %" PRIu64 " hits, %" PRIu64
		" errors, %" PRIu64 " too short\n", sum.counters.commands[KV_SET],
		sum.counters.get_keys, sum.counters.get_hits, sum.counters.errors,
		sum.counters.short_frames);
	if (o->table)
		print_table(o, &sum, items);
}

/* Runs the workers till the end; 0 or the first error. */
static int run(const struct options *o, struct kv_store *store)
{
	long long i, nr;
	int err = 0;

	for (nr = 0; nr < o->workers && !err; nr++) {
		workers[nr].store = store;
		err = -pthread_create(&workers[nr].thread, NULL, kv_worker_run, &workers[nr]);
	}
	if (err) {
		stop = 1;
		nr--;
	} else {
		puts("ready");
		fflush(stdout);
	}
	for (i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		if (!err)
			err = workers[i].err;
	}
	return err;
}

static bool bad_usage(void)
{
	fputs("usage: kvstore [options] DEV PORT\n"
	      "  -c, --capacity N     2^N entries, 4 to 28 (16)\n"
	      "  -k, --key BYTES      longest key, up to 250 (250)\n"
	      "  -v, --value BYTES    longest value, up to 1024 (1024)\n"
	      "  -w, --workers N      N sockets on PORT, PORT+1, ... (1)\n"
	      "  -b, --batch N        packets per call, up to 256 (32)\n"
	      "  -n, --pages N        packet pages of each, a power of two (512)\n"
	      "  -l, --lane NAME      any, hardware or shared (any)\n"
	      "  -f, --fill N         first store N items, k0000000000 and so on\n"
	      "  -o, --operations N   end after N requests\n"
	      "      --bench          print what a packet cost; keys up to 16, values up to\n"
	      "                       32 bytes unless told, so that an item is a cache line\n"
	      "SIGUSR1 has each worker print what it has done since the last one.\n",
	      stderr);
	return false;
}

static bool option_set(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 'c':
		return get_number("the capacity", arg, KV_MIN_CAPACITY_LOG2, KV_MAX_CAPACITY_LOG2,
				  &o->capacity);
	case 'k':
		return get_number("the longest key", arg, 1, KV_MAX_KEY, &o->key_max);
	case 'v':
		return get_number("the longest value", arg, 1, KV_MAX_VALUE, &o->value_max);
	case 'w':
		return get_number("the number of workers", arg, 1, MAX_WORKERS, &o->workers);
	case 'b':
		return get_number("the batch", arg, 1, KV_MAX_BATCH, &o->batch);
	case 'n':
		return get_number("the number of pages", arg, ATMO_MIN_PAGES, ATMO_MAX_PAGES,
				  &o->nr_pages);
	case 'l':
		return get_lane(arg, &o->lane);
	case 'f':
		return get_number("the number of items", arg, 0, LLONG_MAX, &o->fill);
	case 'o':
		return get_number("the number of requests", arg, 1, LLONG_MAX, &o->operations);
	default:
		return bad_usage();
	}
}

/* False: has said what is wrong. */
static bool options_parse(struct options *o, int argc, char **argv)
{
	const struct option options[] = {
		{ "capacity", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "value", required_argument, NULL, 'v' },
		{ "workers", required_argument, NULL, 'w' },
		{ "batch", required_argument, NULL, 'b' },
		{ "pages", required_argument, NULL, 'n' },
		{ "lane", required_argument, NULL, 'l' },
		{ "fill", required_argument, NULL, 'f' },
		{ "operations", required_argument, NULL, 'o' },
		{ "bench", no_argument, &o->table, 1 },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:k:v:w:b:n:l:f:o:", options, NULL)) != -1)
		if (c && !option_set(o, c, optarg))
			return false;
	if (argc - optind != 2)
		return bad_usage();
	o->dev = argv[optind];
	if (!o->key_max)
		o->key_max = o->table ? 16 : KV_MAX_KEY;
	if (!o->value_max)
		o->value_max = o->table ? 32 : KV_MAX_VALUE;
	/* The last worker's is a port, too. */
	return get_number("the port", argv[optind + 1], 1, 65536 - o->workers, &o->port);
}

int main(int argc, char **argv)
{
	struct options o = { .capacity = 16, .workers = 1, .batch = 32 };
	struct kv_store store;
	long long i;
	int err;

	if (!options_parse(&o, argc, argv))
		return 2;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	err = kv_store_create(&store, (unsigned int)o.capacity, (uint16_t)o.key_max,
			      (uint16_t)o.value_max);
	if (err) {
		fprintf(stderr, "kvstore: no table of 2^%lld entries: %s\n", o.capacity,
			strerror(-err));
		return 1;
	}
	if (o.fill)
		fprintf(stderr, "kvstore: filled with %" PRIu64 " items\n", fill(&store, o.fill));
	for (i = 0; i < o.workers && !err; i++)
		err = open_worker(&workers[i], &o, (unsigned int)i);
	if (!err) {
		err = run(&o, &store);
		fprintf(stderr, "kvstore: %s\n", err ? strerror(-err) : "stopped");
		print_report(&o, &store);
	}
	for (i = 0; i < o.workers; i++)
		atmo_close(workers[i].sock);
	kv_store_destroy(&store);
	return err ? 1 : 0;
}
