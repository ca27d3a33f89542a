// SPDX-License-Identifier: GPL-2.0
/*
 * churn - opens, binds and kills, round after round, always on the same port.
 *
 * Each round a child binds the port, maps and posts its pages and echoes what
 * comes; the parent kills it with SIGKILL: at once, or after a random while when
 * somebody keeps the port busy. The next child must get the port at the first
 * try. Even rounds have the hardware lane, odd ones the shared lane.
 *
 * With -m, instead: opens hardware lanes until there is none left, prints how
 * many there were, and closes them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atmo.h>

#define BATCH		32
#define MAX_LANES	256
/* Longest life of a child that is killed in mid-traffic. */
#define MAX_LIFE_US	8000

static unsigned int nr_pages = 64;

static int open_sock(struct atmo_sock **s, const char *dev, unsigned int port, uint32_t lane)
{
	struct atmo_options opt = {
		.size = sizeof(opt), .ifname = dev, .nr_pages = nr_pages, .lane = lane,
		.local.v4.sin_port = htons(port),
	};
	char why[256];
	int err;

	err = atmo_udp_open(s, &opt);
	if (err && err != -EBUSY)
		fprintf(stderr, "churn: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
	return err;
}

/* Never returns: ends by SIGKILL, or with status 1. */
static void child(const char *dev, unsigned int port, uint32_t lane, int ready)
{
	struct atmo_packet pkts[BATCH];
	struct atmo_sock *s;
	int n, sent;

	if (open_sock(&s, dev, port, lane))
		_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		n = atmo_rx_batch(s, pkts, BATCH);
		if (n < 0)
			_exit(1);
		if (!n) {
			atmo_wait(s, -1);
			continue;
		}
		sent = atmo_tx_batch(s, pkts, n);
		/* Every other packet's page is still the application's at its death. */
		atmo_rx_release(s, pkts + sent, (n - sent) / 2);
	}
}

/* One life; true if the child was bound and died of the signal. */
static bool one_round(const char *dev, unsigned int port, unsigned int i)
{
	uint32_t lane = i % 2 ? ATMO_LANE_SHARED : ATMO_LANE_HARDWARE;
	bool bound;
	int fds[2], status;
	char byte;
	pid_t pid;

	if (pipe(fds))
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (!pid)
		child(dev, port, lane, fds[1]);
	close(fds[1]);
	bound = read(fds[0], &byte, 1) == 1;
	close(fds[0]);
	if (i % 4 >= 2)
		usleep(rand() % MAX_LIFE_US);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return bound && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static int count_lanes(const char *dev, unsigned int port)
{
	static struct atmo_sock *socks[MAX_LANES];
	unsigned int i, nr;
	int err = 0;

	for (nr = 0; nr < MAX_LANES; nr++) {
		err = open_sock(&socks[nr], dev, port + nr, ATMO_LANE_HARDWARE);
		if (err)
			break;
	}
	for (i = 0; i < nr; i++)
		atmo_close(socks[i]);
	printf("%u\n", nr);
	return err == -EBUSY ? 0 : 1;
}

static int bad_usage(void)
{
	fputs("usage: churn [-r ROUNDS] [-n PAGES] [-m] DEVICE PORT\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned int i, port, rounds = 1000;
	bool lanes = false;
	int c;

	while ((c = getopt(argc, argv, "r:n:m")) != -1) {
		if (c == 'r')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 'n')
			nr_pages = strtoul(optarg, NULL, 10);
		else if (c == 'm')
			lanes = true;
		else
			return bad_usage();
	}
	if (argc - optind != 2)
		return bad_usage();
	port = strtoul(argv[optind + 1], NULL, 10);
	if (lanes)
		return count_lanes(argv[optind], port);
	for (i = 0; i < rounds; i++) {
		if (!one_round(argv[optind], port, i)) {
			fprintf(stderr, "churn: round %u of %u failed\n", i, rounds);
			return 1;
		}
	}
	return 0;
}
