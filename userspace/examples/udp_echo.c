// SPDX-License-Identifier: GPL-2.0
/*
 * udp_echo - sends every datagram back to where it came from.
 *
 * The whole use of libatmo: open, send what was received from where it lies, receive
 * more, wait when there is nothing. No byte of payload is copied or even looked at. With
 * -s the received frame itself goes back, addresses and ports swapped in its headers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atmo.h>
#include <atmo_hdr.h>

#include "options.h"

#define MAX_BATCH	256

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = sig;
}

static void print_bound(const struct atmo_sock *s)
{
	struct atmo_info info;
	char addr[INET_ADDRSTRLEN];

	if (atmo_info(s, &info))
		return;
	printf("udp_echo: %s port %u, %s lane (%s)",
	       inet_ntop(AF_INET, info.laddr, addr, sizeof(addr)), ntohs(info.lport),
	       atmo_lane_name(info.lane), atmo_lane_reason_text(info.lane_reason));
	if (info.lane == ATMO_LANE_HARDWARE)
		printf(", receive queue %u, transmit queue %u", info.rx_queue, info.tx_queue);
	printf(", %u pages\n", info.nr_pages);
	fflush(stdout);
}

static void print_counters(const struct atmo_sock *s)
{
	struct atmo_stats st;
	unsigned int i;

	if (atmo_stats(s, &st))
		return;
	printf("udp_echo: received %llu, sent %llu\n", st.rx_packets, st.tx_packets);
	for (i = 0; i < st.nr_drops; i++)
		if (st.drops[i])
			printf("udp_echo: dropped %llu: %s\n", st.drops[i], atmo_drop_name(i));
}

/* Sends the last burst and receives the next one; packets, or a negative errno. */
static int echo_payloads(struct atmo_sock *s, unsigned int batch)
{
	struct atmo_burst burst;
	struct atmo_rx_desc *entry;
	int i, n = atmo_reply(s, &burst, batch);

	for (i = 0; i < n; i++) {
		entry = atmo_entry(&burst, i);
		atmo_entry_reply(entry, entry->len);
	}
	return n;
}

/* The same with the frames' own headers. */
static int echo_frames(struct atmo_sock *s, unsigned int batch)
{
	static struct atmo_packet pkts[MAX_BATCH];
	static int n;
	int i;

	n = atmo_exchange(s, pkts, n > 0 ? n : 0, pkts, batch);
	for (i = 0; i < n; i++)
		atmo_swap(&pkts[i]);
	return n;
}

/* Echoes until a signal or an error that lasts; 0 or a negative errno. */
static int echo(struct atmo_sock *s, unsigned int batch, bool swap)
{
	int n;

	while (!stop) {
		n = swap ? echo_frames(s, batch) : echo_payloads(s, batch);
		if (!n)
			atmo_wait(s, 500);
		else if (n == -ENETDOWN || n == -EPROTONOSUPPORT)
			usleep(10000);	/* link down, module being replaced */
		else if (n < 0)
			return n;
	}
	return 0;
}

static bool bad_usage(void)
{
	fputs("usage: udp_echo [-s] [-l any|hardware|shared] [-n PAGES] [-b N] DEV PORT\n", stderr);
	return false;
}

/* False: has said what is wrong. */
static bool options_parse(int argc, char **argv, struct atmo_options *opt, long long *batch,
			  bool *swap)
{
	long long pages = 0, port;
	bool good = true;
	int c;

	while (good && (c = getopt(argc, argv, "sl:n:b:")) != -1) {
		if (c == 's')
			*swap = true;	/* headers turned round in place */
		else if (c == 'l')
			good = get_lane(optarg, &opt->lane);
		else if (c == 'n')
			good = get_number("the number of pages", optarg, ATMO_MIN_PAGES,
					  ATMO_MAX_PAGES, &pages);
		else if (c == 'b')
			good = get_number("the batch", optarg, 1, MAX_BATCH, batch);
		else
			good = bad_usage();
	}
	if (!good || argc - optind != 2)
		return good && bad_usage();
	if (!get_number("the port", argv[optind + 1], 1, 65535, &port))
		return false;
	opt->ifname = argv[optind];
	opt->local.v4.sin_port = htons(port);
	opt->nr_pages = pages;
	return true;
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt) };
	long long batch = 32;
	struct atmo_sock *s;
	bool swap = false;
	char why[256];
	int err;

	if (!options_parse(argc, argv, &opt, &batch, &swap))
		return 2;
	err = atmo_udp_open(&s, &opt);
	if (err) {
		fprintf(stderr, "udp_echo: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return 1;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	print_bound(s);
	err = echo(s, batch, swap);
	fprintf(stderr, "udp_echo: %s\n", err ? strerror(-err) : "stopped");
	print_counters(s);
	atmo_close(s);
	return err ? 1 : 0;
}
