// SPDX-License-Identifier: GPL-2.0
/*
 * lane_echo - echoes on many hardware lanes at once, one process.
 *
 * Opens NUMBER sockets at ports PORT and on, each in a hardware lane of its own,
 * or fails. With -c each is a connection from ADDRESS, at ports RPORT and on.
 * Prints a line for each, then "ready". SIGUSR1 closes the first one that is
 * open, SIGTERM ends it all: then it prints how many datagrams each lane echoed
 * at least and at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atmo.h>

#define BATCH		32
#define MAX_SOCKS	256
/* Nobody is woken when a limited lane has sent what kept all pages busy. */
#define LIMITED_MS	10
#define UNLIMITED_MS	200

static struct atmo_sock *socks[MAX_SOCKS];
static unsigned long echoed[MAX_SOCKS];
static unsigned int nr_socks, nr_closed;
static volatile sig_atomic_t to_close, stop;

static struct {
	const char *dev;
	unsigned int port;
	bool connected, tcp;
	in_addr_t raddr;
	unsigned int rport;
	uint32_t nr_pages, rate;
} opt = { .nr_pages = 16 };

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		to_close++;
	else
		stop = 1;
}

static int open_one(unsigned int i)
{
	struct atmo_options o = {
		.size = sizeof(o), .ifname = opt.dev, .nr_pages = opt.nr_pages,
		.lane = ATMO_LANE_HARDWARE, .tx_rate = opt.rate,
	};
	struct atmo_info info = {};
	char why[256];
	int err;

	o.local.v4.sin_family = AF_INET;
	o.local.v4.sin_port = htons(opt.port + i);
	if (opt.connected) {
		o.remote.v4.sin_family = AF_INET;
		o.remote.v4.sin_addr.s_addr = opt.raddr;
		o.remote.v4.sin_port = htons(opt.rport + i);
	}
	err = opt.tcp ? atmo_tcp_open(&socks[i], &o) : atmo_udp_open(&socks[i], &o);
	if (!err)
		err = atmo_info(socks[i], &info);
	if (err) {
		fprintf(stderr, "lane_echo: socket %u: %s\n", i,
			atmo_open_explain(err, &o, why, sizeof(why)));
		return err;
	}
	printf("port %u lane %u queue %u\n", opt.port + i, info.lane, info.rx_queue);
	return 0;
}

static int echo(unsigned int i)
{
	struct atmo_packet pkts[BATCH];
	int n = atmo_rx_batch(socks[i], pkts, BATCH);
	int sent = 0;

	/* A reset passes. */
	if (n == -ENETDOWN)
		return 0;
	if (n <= 0)
		return n;
	if (!opt.tcp)
		sent = atmo_tx_batch(socks[i], pkts, n);
	if (sent < 0)
		sent = 0;
	atmo_rx_release(socks[i], pkts + sent, n - sent);
	echoed[i] += n;
	return n;
}

static void close_first(void)
{
	atmo_close(socks[nr_closed]);
	printf("closed %u\n", opt.port + nr_closed);
	fflush(stdout);
	socks[nr_closed++] = NULL;
}

/* Sleeps while nothing is there. */
static int serve(void)
{
	int timeout = opt.rate ? LIMITED_MS : UNLIMITED_MS;
	struct pollfd pfd[MAX_SOCKS];
	unsigned int i;
	int n;

	while (!stop) {
		for (; to_close && nr_closed < nr_socks; to_close--)
			close_first();
		for (i = nr_closed; i < nr_socks; i++) {
			pfd[i].fd = atmo_fd(socks[i]);
			pfd[i].events = POLLIN;
		}
		if (poll(pfd + nr_closed, nr_socks - nr_closed, timeout) < 0 && errno != EINTR)
			return -errno;
		for (i = nr_closed; i < nr_socks; i++) {
			do {
				n = echo(i);
			} while (n == BATCH);
			if (n < 0)
				return n;
		}
	}
	return 0;
}

static int bad_usage(void)
{
	fputs("usage: lane_echo [-n PAGES] [-r MBPS] [-t] [-c ADDRESS:RPORT] DEVICE PORT NUMBER\n",
	      stderr);
	return 2;
}

static bool parse_remote(char *text)
{
	char *colon = strchr(text, ':');

	if (!colon)
		return false;
	*colon = 0;
	opt.connected = true;
	opt.rport = strtoul(colon + 1, NULL, 10);
	return inet_pton(AF_INET, text, &opt.raddr) == 1;
}

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:r:tc:")) != -1) {
		if (c == 'n')
			opt.nr_pages = strtoul(optarg, NULL, 10);
		else if (c == 'r')
			opt.rate = strtoul(optarg, NULL, 10);
		else if (c == 't')
			opt.tcp = true;
		else if (c != 'c' || !parse_remote(optarg))
			return false;
	}
	if (argc - optind != 3)
		return false;
	opt.dev = argv[optind];
	opt.port = strtoul(argv[optind + 1], NULL, 10);
	nr_socks = strtoul(argv[optind + 2], NULL, 10);
	return nr_socks && nr_socks <= MAX_SOCKS;
}

int main(int argc, char **argv)
{
	unsigned long least = -1, most = 0;
	unsigned int i;
	int err;

	if (!parse(argc, argv))
		return bad_usage();
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	for (i = 0; i < nr_socks; i++)
		if (open_one(i))
			return 1;
	puts("ready");
	fflush(stdout);
	err = serve();
	for (i = 0; i < nr_socks; i++) {
		least = echoed[i] < least ? echoed[i] : least;
		most = echoed[i] > most ? echoed[i] : most;
		atmo_close(socks[i]);
	}
	printf("echoed %lu to %lu each\n", least, most);
	if (err)
		fprintf(stderr, "lane_echo: %s\n", strerror(-err));
	return err ? 1 : 0;
}
