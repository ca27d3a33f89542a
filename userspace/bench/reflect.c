// SPDX-License-Identifier: GPL-2.0
/*
 * reflect - sends every datagram or frame back, and tells what it cost to receive, to
 * turn round and to transmit.
 *
 * usage: reflect [-r | -x] [-p] [-l LANE] [-n PAGES] [-b BATCH] DEV [PORT]
 *
 *	-r	whole frames of the device, turned round here
 *	-x	datagrams, their headers turned round here (ATMO_TX_FRAME); without either
 *		the kernel writes headers
 *	-p	never sleeps
 *
 * Says "ready" with its lane. SIGUSR1: prints packets and cycles by the time stamp
 * counter, which with the lab's --icount are instructions, and begins anew. Only
 * rounds that had work count. Ends by SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atmo.h>
#include <atmo_hdr.h>

#define MAX_BATCH	256
#define TX_TRIES	1000	/* of a transmit ring that is full */

enum how { KERNEL_HEADERS, OWN_HEADERS, RAW };

static struct {
	uint64_t packets, receive, process, transmit;
} sums;

static volatile sig_atomic_t stop, asked;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked = 1;
	else
		stop = 1;
}

static uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static void tell(void)
{
	asked = 0;
	printf("{\"packets\":%llu,\"receive\":%llu,\"process\":%llu,\"transmit\":%llu}\n",
	       (unsigned long long)sums.packets, (unsigned long long)sums.receive,
	       (unsigned long long)sums.process, (unsigned long long)sums.transmit);
	fflush(stdout);
	memset(&sums, 0, sizeof(sums));
}

/* Packets that can't be turned round are moved to the end; how many can. */
static int turn(struct atmo_packet *pkts, int n, enum how how)
{
	struct atmo_packet tmp;
	int i = 0;

	if (how == KERNEL_HEADERS)
		return n;
	while (i < n) {
		if (!atmo_swap(&pkts[i])) {
			if (how == RAW)
				pkts[i].flags = 0;
			i++;
			continue;
		}
		tmp = pkts[i];
		pkts[i] = pkts[--n];
		pkts[n] = tmp;
	}
	return n;
}

static int transmit(struct atmo_sock *s, const struct atmo_packet *pkts, int n)
{
	int sent = 0, some = 0, tries = 0;

	while (sent < n && some >= 0 && tries++ < TX_TRIES) {
		some = atmo_tx_batch(s, pkts + sent, (unsigned int)(n - sent));
		sent += some > 0 ? some : 0;
	}
	return sent;
}

/* One batch: how many there were, or a negative errno. */
static int reflect(struct atmo_sock *s, unsigned int batch, enum how how)
{
	struct atmo_packet pkts[MAX_BATCH];
	uint64_t start = ticks(), received, processed;
	int n, good, sent;

	n = atmo_rx_batch(s, pkts, batch);
	if (n <= 0)
		return n;
	received = ticks();
	good = turn(pkts, n, how);
	processed = ticks();
	sent = transmit(s, pkts, good);
	atmo_rx_release(s, pkts + sent, (unsigned int)(n - sent));
	sums.transmit += ticks() - processed;
	sums.process += processed - received;
	sums.receive += received - start;
	sums.packets += (unsigned int)n;
	return n;
}

static int run(struct atmo_sock *s, unsigned int batch, enum how how, bool poll)
{
	int n;

	while (!stop) {
		n = reflect(s, batch, how);
		if (asked)
			tell();
		if (n == -ENETDOWN)
			usleep(1000);
		else if (n < 0)
			return n;
		else if (!n && poll)
			atmo_tx_batch(s, NULL, 0);
		else if (!n)
			atmo_wait(s, 500);
	}
	return 0;
}

static int bad_usage(void)
{
	fputs("usage: reflect [-r | -x] [-p] [-l LANE] [-n PAGES] [-b BATCH] DEV [PORT]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt), .nr_pages = 512 };
	const struct sigaction sa = { .sa_handler = on_signal };
	enum how how = KERNEL_HEADERS;
	unsigned int batch = 32;
	struct atmo_sock *s;
	struct atmo_info info;
	bool poll = false;
	char why[256];
	int c, err;

	while ((c = getopt(argc, argv, "rxpl:n:b:")) != -1) {
		if (c == 'r' || c == 'x')
			how = c == 'r' ? RAW : OWN_HEADERS;
		else if (c == 'p')
			poll = true;
		else if (c == 'l')
			opt.lane = (uint32_t)atmo_lane_parse(optarg);
		else if (c == 'n')
			opt.nr_pages = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'b')
			batch = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return bad_usage();
	}
	if (argc - optind != (how == RAW ? 1 : 2) || !batch || batch > MAX_BATCH)
		return bad_usage();
	opt.ifname = argv[optind];
	if (how != RAW)
		opt.local.v4.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	err = how == RAW ? atmo_raw_open(&s, &opt) : atmo_udp_open(&s, &opt);
	if (err) {
		fprintf(stderr, "reflect: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return 1;
	}
	/* Hands pages to the lane: what came before would be lost. */
	reflect(s, batch, how);
	if (!atmo_info(s, &info))
		printf("ready, %s lane\n", atmo_lane_name(info.lane));
	fflush(stdout);
	err = run(s, batch, how, poll);
	if (err)
		fprintf(stderr, "reflect: %s\n", strerror(-err));
	atmo_close(s);
	return err ? 1 : 0;
}
