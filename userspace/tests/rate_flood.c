// SPDX-License-Identifier: GPL-2.0
/*
 * rate_flood - sends datagrams from one socket as fast as it may.
 *
 * Prints "ready" when the socket is open, and sends until SIGTERM. Options set
 * the size of the payload, the limit asked for and the lane. When the socket can't
 * be opened it prints the error's name and ends with status 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>

#define BATCH		64
#define NR_PAGES	1024
/* While the ring is full: so long sends little, also at high rates. */
#define PAUSE_NS	200000

static volatile sig_atomic_t stop;

static struct {
	uint32_t rate, len, lane;
	in_addr_t dst;
	in_port_t port;
} opt = { .len = 1472, .lane = ATMO_LANE_HARDWARE };

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int open_socket(struct atmo_sock **sock, const char *dev)
{
	struct atmo_options o = {
		.size = sizeof(o), .ifname = dev, .nr_pages = NR_PAGES, .nr_rx_pages = 16,
		.lane = opt.lane, .tx_rate = opt.rate,
	};
	char why[256];
	int err;

	o.local.v4.sin_family = AF_INET;
	err = atmo_udp_open(sock, &o);
	if (err)
		printf("%s: %s\n", strerrorname_np(-err),
		       atmo_open_explain(err, &o, why, sizeof(why)));
	return err;
}

/* As many packets as there are pages for */
static unsigned int fill(struct atmo_sock *sock, struct atmo_packet *pkts, unsigned int nr)
{
	for (; nr < BATCH && !atmo_page_alloc(sock, &pkts[nr]); nr++) {
		pkts[nr].len = opt.len;
		pkts[nr].addr[0] = opt.dst;
		pkts[nr].port = opt.port;
	}
	return nr;
}

static int flood(struct atmo_sock *sock)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct atmo_packet pkts[BATCH];
	unsigned int nr = 0;
	int n;

	while (!stop) {
		nr = fill(sock, pkts, nr);
		n = atmo_tx_batch(sock, pkts, nr);
		if (n < 0)
			return n;
		nr -= n;
		memmove(pkts, pkts + n, nr * sizeof(*pkts));
		if (!n)
			nanosleep(&pause, NULL);
	}
	return 0;
}

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "r:l:s")) != -1) {
		if (c == 'r')
			opt.rate = strtoul(optarg, NULL, 0);
		else if (c == 'l')
			opt.len = strtoul(optarg, NULL, 0);
		else if (c == 's')
			opt.lane = ATMO_LANE_SHARED;
		else
			return false;
	}
	if (argc - optind != 3 || inet_pton(AF_INET, argv[optind + 1], &opt.dst) != 1)
		return false;
	opt.port = htons(strtoul(argv[optind + 2], NULL, 10));
	return true;
}

int main(int argc, char **argv)
{
	struct atmo_sock *sock;
	int err;

	if (!parse(argc, argv)) {
		fputs("usage: rate_flood [-r MBPS] [-l BYTES] [-s] DEVICE ADDRESS PORT\n", stderr);
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (open_socket(&sock, argv[optind]))
		return 1;
	puts("ready");
	fflush(stdout);
	err = flood(sock);
	atmo_close(sock);
	if (err)
		printf("%s\n", strerrorname_np(-err));
	return err ? 1 : 0;
}
