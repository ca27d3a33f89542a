// SPDX-License-Identifier: GPL-2.0
/*
 * The echo that copies nothing and builds nothing: in each received page the
 * addresses and ports change places, and that very page is sent. Every frame that
 * is received is sent, however long the device has no room. Ends by SIGTERM, then
 * prints what it counted.
 *
 * usage: udp_swap [-l any|hardware|shared] [-n PAGES] DEV PORT
 */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atmo.h>
#include <atmo_hdr.h>

#define BATCH	32

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = sig;
}

/* 0 or a negative errno. */
static int send_all(struct atmo_sock *s, const struct atmo_packet *pkts, unsigned int nr)
{
	int n;

	while (nr && !stop) {
		n = atmo_tx_batch(s, pkts, nr);
		if (n < 0)
			return n;
		pkts += n;
		nr -= n;
	}
	return 0;
}

static int swap(struct atmo_sock *s)
{
	struct atmo_packet pkts[BATCH];
	int i, n, err;

	while (!stop) {
		n = atmo_rx_batch(s, pkts, BATCH);
		if (n < 0)
			return n;
		for (i = 0; i < n; i++) {
			err = atmo_swap(&pkts[i]);
			if (err)
				return err;
		}
		err = send_all(s, pkts, n);
		if (err)
			return err;
		if (n)
			continue;
		/* Nothing else tells that pages have been sent. */
		atmo_tx_batch(s, pkts, 0);
		atmo_wait(s, 100);
	}
	return 0;
}

static void print_counters(const struct atmo_sock *s)
{
	struct atmo_stats st;
	unsigned int i;

	if (atmo_stats(s, &st))
		return;
	printf("received %llu sent %llu slow %llu\n", st.rx_packets, st.tx_packets, st.tx_slow);
	for (i = 0; i < st.nr_drops; i++)
		if (st.drops[i])
			printf("dropped %llu %s\n", st.drops[i], atmo_drop_name(i));
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt) };
	struct atmo_sock *s;
	char why[256];
	int c, err;

	while ((c = getopt(argc, argv, "l:n:")) != -1) {
		if (c == 'l')
			opt.lane = atmo_lane_parse(optarg);
		else if (c == 'n')
			opt.nr_pages = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 2) {
		puts("usage: udp_swap [-l any|hardware|shared] [-n PAGES] DEV PORT");
		return 2;
	}
	opt.ifname = argv[optind];
	opt.local.v4.sin_port = htons(strtoul(argv[optind + 1], NULL, 10));
	err = atmo_udp_open(&s, &opt);
	if (err) {
		fprintf(stderr, "udp_swap: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return 1;
	}
	signal(SIGTERM, on_signal);
	puts("ready");
	fflush(stdout);
	err = swap(s);
	if (err)
		printf("error %s\n", strerror(-err));
	print_counters(s);
	atmo_close(s);
	return err ? 1 : 0;
}
