// SPDX-License-Identifier: GPL-2.0
/*
 * binding - what it takes to have a socket.
 *
 * usage: binding [-k] [-r ROUNDS] [-l LANE] [-n PAGES] DEV PORT
 *        binding -H NUMBER [-l LANE] [-n PAGES] DEV PORT
 *
 * Binds a port and closes it, round after round, and prints rounds a second. With -k a
 * child has the port, is killed by SIGKILL, and the time until the port could be bound
 * again is printed, in microseconds. With -H so many sockets, on PORT and those behind
 * it, are opened and left alone until SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atmo.h>

#include "../tests/clock.h"

#define MAX_ROUNDS	100000

static struct atmo_options opt = { .size = sizeof(opt), .nr_pages = 256 };

static struct atmo_sock *open_or_end(void)
{
	struct atmo_sock *s;
	char why[256];
	int err = atmo_udp_open(&s, &opt);

	if (!err)
		return s;
	fprintf(stderr, "binding: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
	exit(1);
}

static void open_and_close(unsigned int rounds)
{
	double start = now(), seconds;
	unsigned int i;

	for (i = 0; i < rounds; i++)
		atmo_close(open_or_end());
	seconds = now() - start;
	printf("{\"rounds\":%u,\"seconds\":%.6f,\"per_s\":%.1f}\n", rounds, seconds,
	       rounds / seconds);
}

/* Has the port and says so; never returns. */
static void owner(int ready)
{
	struct atmo_packet pkt;
	struct atmo_sock *s = open_or_end();

	atmo_rx_batch(s, &pkt, 1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Seconds from the signal until the port is bound again. */
static double kill_and_bind(void)
{
	struct atmo_sock *s;
	int fds[2], err;
	double start;
	char byte;
	pid_t pid;

	if (pipe(fds))
		exit(1);
	pid = fork();
	if (!pid)
		owner(fds[1]);
	close(fds[1]);
	if (pid < 0 || read(fds[0], &byte, 1) != 1)
		exit(1);
	close(fds[0]);
	start = now();
	kill(pid, SIGKILL);
	do {
		err = atmo_udp_open(&s, &opt);
	} while (err == -EADDRINUSE || err == -EBUSY);
	start = now() - start;
	if (err)
		exit(1);
	atmo_close(s);
	waitpid(pid, NULL, 0);
	return start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void kill_and_bind_all(unsigned int rounds)
{
	static double took[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < rounds; i++)
		took[i] = kill_and_bind();
	qsort(took, rounds, sizeof(took[0]), compare);
	printf("{\"rounds\":%u,\"p50_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f}\n", rounds,
	       took[rounds / 2] * 1e6, took[rounds * 99 / 100] * 1e6, took[rounds - 1] * 1e6);
}

static void hold(unsigned int nr)
{
	unsigned int i, port = ntohs(opt.local.v4.sin_port);

	for (i = 0; i < nr; i++) {
		opt.local.v4.sin_port = htons((uint16_t)(port + i));
		open_or_end();
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static int bad_usage(void)
{
	fputs("usage: binding [-k | -H NUMBER] [-r ROUNDS] [-l LANE] [-n PAGES] DEV PORT\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned int rounds = 1000, held = 0;
	bool killing = false;
	int c;

	while ((c = getopt(argc, argv, "kH:r:l:n:")) != -1) {
		if (c == 'k')
			killing = true;
		else if (c == 'H')
			held = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'l')
			opt.lane = (uint32_t)atmo_lane_parse(optarg);
		else if (c == 'n')
			opt.nr_pages = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return bad_usage();
	}
	if (argc - optind != 2 || !rounds || rounds > MAX_ROUNDS)
		return bad_usage();
	opt.ifname = argv[optind];
	opt.local.v4.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	if (held)
		hold(held);
	else if (killing)
		kill_and_bind_all(rounds);
	else
		open_and_close(rounds);
	return 0;
}
