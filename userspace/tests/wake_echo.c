// SPDX-License-Identifier: GPL-2.0
/*
 * wake_echo - an echo that sleeps without limit whenever nothing is there, in the
 * way that its first argument names. A wake-up lost is a datagram lost.
 *
 *   wait       atmo_wait()
 *   poll       poll() on atmo_fd()
 *   epoll      level-triggered epoll
 *   edge       edge-triggered epoll
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <atmo.h>

#define BATCH	32

static int epfd;

static int sleep_wait(struct atmo_sock *s)
{
	return atmo_wait(s, -1);
}

static int sleep_poll(struct atmo_sock *s)
{
	struct pollfd pfd = { .fd = atmo_fd(s), .events = POLLIN };

	return poll(&pfd, 1, -1) < 0 ? -errno : 1;
}

static int sleep_epoll(struct atmo_sock *s)
{
	struct epoll_event ev;

	(void)s;
	return epoll_wait(epfd, &ev, 1, -1) < 0 ? -errno : 1;
}

static const struct way {
	const char *name;
	uint32_t epoll_events;
	int (*sleep)(struct atmo_sock *s);
} ways[] = {
	{ "wait", 0, sleep_wait },
	{ "poll", 0, sleep_poll },
	{ "epoll", EPOLLIN, sleep_epoll },
	{ "edge", EPOLLIN | EPOLLET, sleep_epoll },
	{ NULL, 0, NULL },
};

static int echo(struct atmo_sock *s, const struct way *way)
{
	struct atmo_packet pkts[BATCH];
	int n, sent;

	for (;;) {
		n = atmo_rx_batch(s, pkts, BATCH);
		if (n < 0)
			return n;
		if (n) {
			sent = atmo_tx_batch(s, pkts, n);
			if (sent < 0)
				return sent;
			atmo_rx_release(s, pkts + sent, n - sent);
			continue;
		}
		n = way->sleep(s);
		if (n < 0)
			return n;
	}
}

static const struct way *way_of(const char *name)
{
	const struct way *way;

	for (way = ways; way->name; way++)
		if (!strcmp(way->name, name))
			return way;
	return NULL;
}

static int bad_usage(void)
{
	fputs("usage: wake_echo wait|poll|epoll|edge any|hardware|shared DEVICE PORT\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt), .nr_pages = 64 };
	const struct way *way = argc == 5 ? way_of(argv[1]) : NULL;
	struct epoll_event ev = { 0 };
	struct atmo_sock *s;
	char why[256];
	int err;

	if (!way || atmo_lane_parse(argv[2]) < 0)
		return bad_usage();
	opt.lane = atmo_lane_parse(argv[2]);
	opt.ifname = argv[3];
	opt.local.v4.sin_port = htons(strtoul(argv[4], NULL, 10));
	err = atmo_udp_open(&s, &opt);
	if (err) {
		fprintf(stderr, "wake_echo: %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return 1;
	}
	ev.events = way->epoll_events;
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (ev.events && epoll_ctl(epfd, EPOLL_CTL_ADD, atmo_fd(s), &ev)) {
		perror("wake_echo: epoll_ctl");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	err = echo(s, way);
	fprintf(stderr, "wake_echo: %s\n", strerror(-err));
	return 1;
}
