// SPDX-License-Identifier: GPL-2.0
/*
 * l2fwd - forwards every frame of a port to the other port, or back out of the same
 * one, as DPDK's example of that name does: the destination address becomes
 * 02:00:00:00:00:PORT, the source address that of the port it leaves through.
 *
 * The two raw sockets share their pages: a frame goes out from where it came in,
 * and no byte of it is copied.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>
#include <atmo_hdr.h>

#include "options.h"

#define MAX_PORTS	2
#define MAX_BATCH	512
#define DEFAULT_PAGES	1024
#define IDLE_MS		10
/*
 * Seconds without a frame until it sleeps. Below full load there are gaps all the time;
 * what a wake-up takes is many frames.
 */
#define QUIET		0.001
#define LOOPS		64	/* until the clock is looked at, when there is work */

/* One port; @rx, @tx are frames, counted since the start. */
struct port {
	const char *dev;
	struct atmo_sock *sock;
	uint8_t addrs[12];			/* of what leaves here: destination, source */
	struct atmo_packet out[MAX_BATCH];	/* to be sent here */
	unsigned int nr_out;
	unsigned long long rx, tx, rx_bytes;
	unsigned long long restarts;
	unsigned long long last_rx, last_tx;
};

struct l2fwd {
	struct port ports[MAX_PORTS];
	unsigned int nr_ports;
	long long batch, nr_pages, seconds;
	uint32_t lane;
	int keep_macs, json;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = sig;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool ports_open(struct l2fwd *f)
{
	struct atmo_options opt = {
		.size = sizeof(opt), .nr_pages = (uint32_t)f->nr_pages, .lane = f->lane,
		/* A quarter is for frames on their way out. */
		.nr_rx_pages = (uint32_t)f->nr_pages * 3 / 4 / f->nr_ports,
	};
	struct atmo_info info;
	char why[256];
	unsigned int i;
	int err;

	for (i = 0; i < f->nr_ports; i++) {
		opt.ifname = f->ports[i].dev;
		err = atmo_raw_open(&f->ports[i].sock, &opt);
		if (!err)
			err = atmo_info(f->ports[i].sock, &info);
		if (err) {
			fprintf(stderr, "l2fwd: %s\n",
				atmo_open_explain(err, &opt, why, sizeof(why)));
			return false;
		}
		/* 02:00:00:00:00:PORT; the rest is zero already. */
		f->ports[i].addrs[0] = 0x02;
		f->ports[i].addrs[5] = (uint8_t)i;
		memcpy(f->ports[i].addrs + 6, info.mac, 6);
		printf("l2fwd: port %u is %s, %s lane (%s)\n", i, opt.ifname,
		       atmo_lane_name(info.lane), atmo_lane_reason_text(info.lane_reason));
		opt.share = f->ports[0].sock;
	}
	printf("l2fwd: ready, batch %lld, %lld pages\n", f->batch, f->nr_pages);
	fflush(stdout);
	return true;
}

/* Both addresses, which stand at the beginning of a frame, as two numbers. */
struct addrs {
	uint64_t first;
	uint32_t rest;
};

/* Marks all frames to be sent back, with other addresses; returns their bytes. */
static unsigned long long turn_round(const struct atmo_burst burst, const uint8_t *new_addrs,
				     bool keep_addrs)
{
	unsigned long long bytes = 0;
	struct atmo_rx_desc *entry;
	struct addrs addrs;
	uint8_t *frame;
	unsigned int i;
	uint16_t len;

	memcpy(&addrs.first, new_addrs, sizeof(addrs.first));
	memcpy(&addrs.rest, new_addrs + sizeof(addrs.first), sizeof(addrs.rest));
	for (i = 0; i < burst.nr; i++) {
		entry = atmo_entry(&burst, i);
		len = entry->len;
		if (!keep_addrs && len >= ATMO_ETH_LEN) {
			frame = atmo_entry_data(&burst, entry);
			memcpy(frame, &addrs.first, sizeof(addrs.first));
			memcpy(frame + sizeof(addrs.first), &addrs.rest, sizeof(addrs.rest));
		}
		bytes += len;
		atmo_entry_reply(entry, len);
	}
	return bytes;
}

/*
 * With one port: sends the last burst back from where it lies, and receives the next one;
 * frames received, or a negative errno.
 */
static int forward_back(struct l2fwd *f)
{
	struct port *port = &f->ports[0];
	struct atmo_burst burst;
	int n;

	n = atmo_reply(port->sock, &burst, (unsigned int)f->batch);
	port->tx += port->nr_out;
	port->nr_out = n > 0 ? (unsigned int)n : 0;
	if (n <= 0)
		return n;
	port->rx += (unsigned int)n;
	port->rx_bytes += turn_round(burst, port->addrs, f->keep_macs);
	return n;
}

/* Both addresses stand at the beginning of a frame. */
static void rewrite(struct port *out)
{
	uint8_t addrs[sizeof(out->addrs)];
	unsigned int i;

	memcpy(addrs, out->addrs, sizeof(addrs));
	for (i = 0; i < out->nr_out; i++)
		if (out->out[i].len >= ATMO_ETH_LEN)
			memcpy(out->out[i].frame, addrs, sizeof(addrs));
}

/*
 * Sends what came in by the other port, and receives what that one is to send;
 * frames received, or a negative errno.
 */
static int forward(struct l2fwd *f, unsigned int id)
{
	struct port *in = &f->ports[id], *out = &f->ports[f->nr_ports - 1 - id];
	unsigned long long bytes = 0;
	int i, n;

	n = atmo_exchange(in->sock, in->out, in->nr_out, out->out, (unsigned int)f->batch);
	in->tx += in->nr_out;
	in->nr_out = 0;
	if (n <= 0)
		return n;
	out->nr_out = (unsigned int)n;
	if (!f->keep_macs)
		rewrite(out);
	for (i = 0; i < n; i++)
		bytes += out->out[i].len;
	in->rx += (unsigned int)n;
	in->rx_bytes += bytes;
	return n;
}

/* What an error calls for; 0 to go on. */
static int recover(struct port *port, int err)
{
	if (err == -EIO) {
		port->restarts++;
		return atmo_stack_restart(port->sock);
	}
	if (err != -ENETDOWN && err != -EPROTONOSUPPORT)
		return err;
	usleep(1000);	/* passes by itself */
	return 0;
}

/* Nothing came in: take back what has gone out, and sleep until something does. */
static void idle(struct l2fwd *f)
{
	struct pollfd fds[MAX_PORTS];
	unsigned int i;

	for (i = 0; i < f->nr_ports; i++) {
		atmo_tx_batch(f->ports[i].sock, NULL, 0);
		fds[i] = (struct pollfd){ .fd = atmo_fd(f->ports[i].sock), .events = POLLIN };
	}
	poll(fds, f->nr_ports, IDLE_MS);
}

static void print_rates(struct l2fwd *f, double seconds)
{
	struct port *p;
	unsigned int i;

	for (i = 0; i < f->nr_ports; i++) {
		p = &f->ports[i];
		printf("%s%s: rx %.0f/s, tx %.0f/s, total rx %llu, tx %llu",
		       i ? "; " : "", p->dev, (double)(p->rx - p->last_rx) / seconds,
		       (double)(p->tx - p->last_tx) / seconds, p->rx, p->tx);
		p->last_rx = p->rx;
		p->last_tx = p->tx;
	}
	putchar('\n');
	fflush(stdout);
}

/* Some rounds, or until nothing comes in; frames received, or a negative errno. */
static int forward_some(struct l2fwd *f)
{
	int n, loops, busy, all = 0, err = 0;
	unsigned int id;

	for (loops = 0, busy = 1; loops < LOOPS && busy && !err; loops++) {
		busy = 0;
		for (id = 0; id < f->nr_ports && !err; id++) {
			n = f->nr_ports == 1 ? forward_back(f) : forward(f, id);
			if (n < 0)
				err = recover(&f->ports[id], n);
			else
				busy += n;
		}
		all += busy;
	}
	return err ? err : all;
}

/* Until a signal, the time is up, or an error that lasts. */
static int run(struct l2fwd *f, double *seconds)
{
	double start = now(), last = start, t = start, last_frame = start;
	int n, err = 0;

	while (!stop && !err && (!f->seconds || t - start < (double)f->seconds)) {
		n = forward_some(f);
		err = n < 0 ? n : 0;
		t = now();
		if (n > 0)
			last_frame = t;
		else if (t - last_frame > QUIET)
			idle(f);
		if (t - last >= 1.0) {
			print_rates(f, t - last);
			last = t;
		}
	}
	*seconds = t - start;
	return err;
}

static void print_port_json(const struct port *p)
{
	struct atmo_stats st;
	const char *sep = "";
	unsigned int i;

	printf("{\"dev\":\"%s\",\"rx\":%llu,\"tx\":%llu,\"rx_bytes\":%llu,", p->dev, p->rx, p->tx,
	       p->rx_bytes);
	printf("\"restarts\":%llu,\"drops\":{", p->restarts);
	if (!atmo_stats(p->sock, &st)) {
		for (i = 0; i < st.nr_drops; i++) {
			if (!st.drops[i])
				continue;
			printf("%s\"%s\":%llu", sep, atmo_drop_name(i), st.drops[i]);
			sep = ",";
		}
	}
	printf("}}");
}

static void print_json(const struct l2fwd *f, double seconds)
{
	unsigned int i;

	printf("{\"seconds\":%.3f,\"batch\":%lld,\"ports\":[", seconds, f->batch);
	for (i = 0; i < f->nr_ports; i++) {
		if (i)
			putchar(',');
		print_port_json(&f->ports[i]);
	}
	printf("]}\n");
}

static bool bad_usage(void)
{
	fputs("usage: l2fwd [options] -p DEV0[,DEV1]\n"
	      "  -p, --ports DEV0[,DEV1]   one: back out of the same port\n"
	      "  -b, --batch N             frames per call, 1 to 512 (32)\n"
	      "  -n, --pages N             packet pages, a power of two (1024)\n"
	      "  -l, --lane NAME           any, hardware or shared (any)\n"
	      "  -t, --time SECONDS        end by itself\n"
	      "      --no-mac-updating     forward frames as they are\n"
	      "      --json                print the sums as JSON at the end\n", stderr);
	return false;
}

static bool ports_parse(struct l2fwd *f, char *list)
{
	char *dev, *rest = NULL;

	f->nr_ports = 0;
	for (dev = strtok_r(list, ",", &rest); dev; dev = strtok_r(NULL, ",", &rest)) {
		if (f->nr_ports == MAX_PORTS)
			return bad_usage();
		f->ports[f->nr_ports++].dev = dev;
	}
	return f->nr_ports > 0 || bad_usage();
}

static bool option_set(struct l2fwd *f, int c, char *arg)
{
	switch (c) {
	case 'p':
		return ports_parse(f, arg);
	case 'b':
		return get_number("the batch", arg, 1, MAX_BATCH, &f->batch);
	case 'n':
		return get_number("the number of pages", arg, ATMO_MIN_PAGES, ATMO_MAX_PAGES,
				  &f->nr_pages);
	case 'l':
		return get_lane(arg, &f->lane);
	case 't':
		return get_number("the time", arg, 1, INT_MAX, &f->seconds);
	default:
		return bad_usage();
	}
}

/* False: has said what is wrong. */
static bool options_parse(struct l2fwd *f, int argc, char **argv)
{
	const struct option options[] = {
		{ "ports", required_argument, NULL, 'p' },
		{ "batch", required_argument, NULL, 'b' },
		{ "pages", required_argument, NULL, 'n' },
		{ "lane", required_argument, NULL, 'l' },
		{ "time", required_argument, NULL, 't' },
		{ "no-mac-updating", no_argument, &f->keep_macs, 1 },
		{ "json", no_argument, &f->json, 1 },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:b:n:l:t:", options, NULL)) != -1)
		if (c && !option_set(f, c, optarg))
			return false;
	return (optind == argc && f->nr_ports) || bad_usage();
}

int main(int argc, char **argv)
{
	static struct l2fwd f = { .batch = 32, .nr_pages = DEFAULT_PAGES };
	double seconds = 0;
	unsigned int i;
	int err;

	if (!options_parse(&f, argc, argv))
		return 2;
	if (!ports_open(&f))
		return 1;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	err = run(&f, &seconds);
	fprintf(stderr, "l2fwd: %s\n", err ? strerror(-err) : "stopped");
	if (f.json)
		print_json(&f, seconds);
	for (i = 0; i < f.nr_ports; i++)
		atmo_close(f.ports[i].sock);
	return err ? 1 : 0;
}
