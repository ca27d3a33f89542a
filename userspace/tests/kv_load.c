// SPDX-License-Identifier: GPL-2.0
/*
 * kv_load - an ordinary UDP client that keeps a memcached server busy.
 *
 * Sends rounds of get and set requests for random ones of the keys k0000000000 ...,
 * one command a datagram, and checks that each is answered once, and as it should.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"

#define MAX_WINDOW	64
#define MAX_VALUE	1024
#define FRAME_LEN	8
#define REQUEST_LEN	(MAX_VALUE + 128)

struct options {
	unsigned long keys, requests, window, set_percent, value_len;
};

struct counts {
	unsigned long sent, answered, lost, wrong;
};

/* One round: a request by number, whether it sets, whether it was answered. */
struct round {
	char request[MAX_WINDOW][REQUEST_LEN];
	char reply[MAX_WINDOW][REQUEST_LEN];
	struct iovec iov[MAX_WINDOW];
	struct mmsghdr msg[MAX_WINDOW];
	bool is_set[MAX_WINDOW], done[MAX_WINDOW];
};

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* Writes request @i of a round that begins with number @id; its length. */
static size_t build(const struct options *o, struct round *r, unsigned int i, uint16_t id)
{
	unsigned long key = rnd(o->keys);
	char *p = r->request[i];
	size_t len = FRAME_LEN;

	id += i;
	memcpy(p, "\0\0\0\0\0\1\0", FRAME_LEN);
	p[0] = (char)(id >> 8);
	p[1] = (char)id;
	r->is_set[i] = rnd(100) < o->set_percent;
	r->done[i] = false;
	if (!r->is_set[i])
		return len + (size_t)sprintf(p + len, "get k%010lu\r\n", key);
	len += (size_t)sprintf(p + len, "set k%010lu 0 0 %lu\r\n", key, o->value_len);
	memset(p + len, 'v', o->value_len);
	memcpy(p + len + o->value_len, "\r\n", 2);
	return len + o->value_len + 2;
}

static bool starts_with(const char *p, size_t len, const char *word)
{
	return len >= strlen(word) && !memcmp(p, word, strlen(word));
}

static void check(struct round *r, struct counts *c, const struct options *o, uint16_t first,
		  const char *p, size_t len)
{
	uint16_t i;

	if (len < FRAME_LEN) {
		c->wrong++;
		return;
	}
	i = (uint16_t)(((uint8_t)p[0] << 8 | (uint8_t)p[1]) - first);
	/* Late ones of an earlier round were counted as lost. */
	if (i >= o->window)
		return;
	if (r->done[i] || !starts_with(p + FRAME_LEN, len - FRAME_LEN,
				       r->is_set[i] ? "STORED\r\n" : "VALUE k"))
		c->wrong++;
	else
		c->answered++;
	r->done[i] = true;
}

static void aim(struct round *r, unsigned long i, char *base, size_t len)
{
	r->iov[i] = (struct iovec){ base, len };
	r->msg[i].msg_hdr = (struct msghdr){ .msg_iov = &r->iov[i], .msg_iovlen = 1 };
}

/* False: the socket is broken. */
static bool run_round(int fd, const struct options *o, struct round *r, struct counts *c,
		      uint16_t first)
{
	unsigned long i, got = c->answered + c->wrong;
	int n;

	for (i = 0; i < o->window; i++)
		aim(r, i, r->request[i], build(o, r, (unsigned int)i, first));
	for (i = 0; i < o->window; i += (unsigned long)n) {
		n = sendmmsg(fd, r->msg + i, (unsigned int)(o->window - i), 0);
		if (n < 0)
			return false;
	}
	c->sent += o->window;
	while (c->answered + c->wrong - got < o->window) {
		for (i = 0; i < o->window; i++)
			aim(r, i, r->reply[i], REQUEST_LEN);
		n = recvmmsg(fd, r->msg, (unsigned int)o->window, MSG_WAITFORONE, NULL);
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n <= 0)
			break;
		for (i = 0; i < (unsigned long)n; i++)
			check(r, c, o, first, r->reply[i], r->msg[i].msg_len);
	}
	for (i = 0; i < o->window; i++)
		c->lost += !r->done[i];
	return true;
}

static int open_socket(const char *host, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
	};
	struct timeval patience = { .tv_sec = 3 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !inet_aton(host, &to.sin_addr) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -1;
	return fd;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "keys", required_argument, NULL, 'k' },
		{ "requests", required_argument, NULL, 'n' },
		{ "window", required_argument, NULL, 'w' },
		{ "set", required_argument, NULL, 's' },
		{ "value", required_argument, NULL, 'v' },
		{ 0 },
	};
	unsigned long n;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		n = optarg ? strtoul(optarg, NULL, 10) : 0;
		if (c == 'k')
			o->keys = n;
		else if (c == 'n')
			o->requests = n;
		else if (c == 'w')
			o->window = n;
		else if (c == 's')
			o->set_percent = n;
		else if (c == 'v')
			o->value_len = n;
		else
			return false;
	}
	return argc - optind == 2 && o->keys && o->window && o->window <= MAX_WINDOW &&
	       o->value_len <= MAX_VALUE;
}

int main(int argc, char **argv)
{
	struct options o = {
		.keys = 1000, .requests = 10000, .window = 32, .set_percent = 10, .value_len = 32,
	};
	static struct round round;
	struct counts c = { 0 };
	uint16_t first = 1;
	double start;
	int fd;

	if (!options_parse(&o, argc, argv)) {
		fputs("usage: kv_load [--keys=N] [--requests=N] [--window=N] [--set=PERCENT]\n"
		      "               [--value=BYTES] ADDRESS PORT\n", stderr);
		return 2;
	}
	fd = open_socket(argv[optind], argv[optind + 1]);
	start = now();
	while (fd >= 0 && c.sent < o.requests) {
		if (!run_round(fd, &o, &round, &c, first))
			break;
		first += (uint16_t)o.window;
	}
	if (c.sent < o.requests) {
		perror("kv_load");
		return 1;
	}
	printf("kv_load: %lu sent, %lu answered, %lu lost, %lu wrong, %.0f/s\n", c.sent,
	       c.answered, c.lost, c.wrong, (double)c.answered / (now() - start));
	return c.lost || c.wrong;
}
