// SPDX-License-Identifier: GPL-2.0
/*
 * lib_live - calls of libatmo on the real kernel, against a UDP echo server of Linux's.
 * What the unit tests show on a kernel of their own is shown here on ours. Prints TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>
#include <atmo_hdr.h>

#define BATCH		32
#define NR_PAGES	256
/* The machine may stand still for seconds. */
#define PATIENCE_MS	8000

static int nr_checks, nr_failed;

static void check(bool good, const char *name)
{
	nr_checks++;
	nr_failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", nr_checks, name);
	fflush(stdout);
}

/* Where the echo server is, and on which device. */
struct target {
	struct atmo_options opt;
	in_addr_t addr[4];
	in_port_t port;
};

static bool target_set(struct target *t, const char *dev, const char *addr, const char *port)
{
	union atmo_sockaddr *remote = &t->opt.remote;

	memset(t, 0, sizeof(*t));
	t->opt.size = sizeof(t->opt);
	t->opt.ifname = dev;
	t->opt.nr_pages = NR_PAGES;
	t->port = htons((uint16_t)atoi(port));
	remote->v4.sin_port = t->port;
	if (inet_pton(AF_INET, addr, t->addr) == 1) {
		remote->v4.sin_family = AF_INET;
		remote->v4.sin_addr.s_addr = t->addr[0];
		return true;
	}
	remote->v6.sin6_family = AF_INET6;
	memcpy(&remote->v6.sin6_addr, t->addr, sizeof(t->addr));
	return inet_pton(AF_INET6, addr, &remote->v6.sin6_addr) == 1 &&
	       inet_pton(AF_INET6, addr, t->addr) == 1;
}

static struct atmo_sock *open_target(const struct atmo_options *opt)
{
	struct atmo_sock *s = NULL;
	char why[256];
	int err = atmo_udp_open(&s, opt);

	if (err)
		printf("# %s\n", atmo_open_explain(err, opt, why, sizeof(why)));
	return s;
}

static int receive(struct atmo_sock *s, struct atmo_packet *pkts, unsigned int nr, int ms)
{
	int n = atmo_rx_batch(s, pkts, nr);

	if (!n && atmo_wait(s, ms) > 0)
		n = atmo_rx_batch(s, pkts, nr);
	return n;
}

/* Prepares and sends until the whole of @buf is on its way; false on an error. */
static int send_some(struct atmo_sock *s, const uint8_t *buf, size_t len, size_t payload_len)
{
	struct atmo_packet pkts[BATCH];
	int n, sent, tries = 1000;

	/* EAGAIN: the neighbour has been asked for its address. */
	while ((n = atmo_prepare_batch(s, buf, len, payload_len, NULL, 0, pkts, BATCH)) ==
	       -EAGAIN && tries--)
		usleep(5000);
	if (n < 0)
		return n;
	sent = atmo_tx_batch(s, pkts, (unsigned int)n);
	atmo_rx_release(s, pkts + (sent > 0 ? sent : 0), (unsigned int)(n - (sent > 0 ? sent : 0)));
	return sent;
}

/* Why an exchange ended: what was under way, and what the kernel counted. */
static void explain(struct atmo_sock *s, const char *what, long value, size_t out, size_t back)
{
	struct atmo_stats st;
	unsigned int i;

	printf("# %s (%ld), %zu bytes out, %zu back\n", what, value, out, back);
	if (atmo_stats(s, &st))
		return;
	printf("# received %llu, sent %llu\n", st.rx_packets, st.tx_packets);
	for (i = 0; i < st.nr_drops; i++)
		if (st.drops[i])
			printf("# dropped %llu: %s\n", st.drops[i], atmo_drop_name(i));
}

/*
 * Takes a datagram that is @unit bytes from somewhere in @buf, which says at each
 * multiple of @unit which one it is. Each is taken once.
 */
static bool take_part(uint8_t *buf, size_t len, size_t unit, const struct atmo_packet *pkt)
{
	uint32_t nr;
	size_t at;

	if (pkt->len < sizeof(nr))
		return false;
	memcpy(&nr, pkt->data, sizeof(nr));
	at = (size_t)nr * unit;
	if (at >= len || pkt->len != (len - at < unit ? len - at : unit) ||
	    memcmp(pkt->data, buf + at, pkt->len))
		return false;
	/* Not again. */
	memset(buf + at, 0xff, sizeof(nr));
	return true;
}

/*
 * Sends a buffer in datagrams and compares what is echoed; bytes that were right. In
 * any order: the echo server may move to another processor, and so to another of its
 * device's queues, in the middle of a batch.
 */
static size_t echo_buffer(struct atmo_sock *s, size_t len, size_t unit)
{
	uint8_t *buf = malloc(len);
	struct atmo_packet pkts[BATCH];
	size_t i, out = 0, back = 0;
	uint32_t nr;
	int n, sent;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)(i * 13 + (i >> 8));
	for (nr = 0; nr * unit + sizeof(nr) <= len; nr++)
		memcpy(buf + nr * unit, &nr, sizeof(nr));
	while (back < len) {
		sent = send_some(s, buf + out, len - out, unit);
		if (sent <= 0) {
			explain(s, "nothing was sent", sent, out, back);
			break;
		}
		out += (size_t)sent * unit;
		if (out > len)
			out = len;
		while (back < out) {
			n = receive(s, pkts, BATCH, PATIENCE_MS);
			if (n <= 0) {
				explain(s, "nothing came back", n, out, back);
				goto done;
			}
			for (i = 0; i < (size_t)n; i++) {
				if (!take_part(buf, out, unit, &pkts[i])) {
					explain(s, "not what was sent", pkts[i].len, out, back);
					goto done;
				}
				back += pkts[i].len;
			}
			atmo_rx_release(s, pkts, (unsigned int)n);
		}
	}
done:
	free(buf);
	return back;
}

static bool echo_one(struct atmo_sock *s)
{
	return echo_buffer(s, 10, 10) == 10;
}

/* Nothing is under way: what was sent is back, what waits for packets does so. */
static bool settle(struct atmo_sock *s)
{
	struct atmo_packet pkt;

	usleep(50000);
	return !atmo_tx_batch(s, NULL, 0) && !atmo_rx_batch(s, &pkt, 1);
}

/* Free pages, all of which are given back. */
static unsigned int count_free(struct atmo_sock *s)
{
	static struct atmo_packet pkts[NR_PAGES];
	unsigned int n = 0;

	if (!settle(s))
		return UINT32_MAX;
	while (n < NR_PAGES && !atmo_page_alloc(s, &pkts[n]))
		n++;
	return (unsigned int)atmo_rx_release(s, pkts, n);
}

static void test_prepare(const struct target *t, uint32_t lane, const char *name)
{
	struct atmo_options opt = t->opt;
	struct atmo_sock *s;

	opt.lane = lane;
	s = open_target(&opt);
	check(s && echo_buffer(s, 200000, 1000) == 200000, name);
	atmo_close(s);
}

static void test_restart(const struct target *t)
{
	struct atmo_sock *s = open_target(&t->opt);
	struct atmo_packet held;
	bool good;

	if (!s) {
		check(false, "restart: the socket opens");
		return;
	}
	good = echo_one(s) && send_some(s, (const uint8_t *)"held", 4, 4) == 1 &&
	       receive(s, &held, 1, PATIENCE_MS) == 1;
	check(good, "a packet is held over a restart");
	check(!atmo_stack_restart(s), "atmo_stack_restart");
	check(count_free(s) == NR_PAGES / 4 - 1, "every page but the one that is held is there");
	check(echo_one(s), "and the socket works, on its port");
	check(atmo_rx_release(s, &held, 1) == 1, "the page that was held is taken back");
	check(count_free(s) == NR_PAGES / 4, "and free");
	atmo_close(s);
}

/* Receives on one socket and sends the very page on the other, to and fro. */
static bool pass_pages(struct atmo_sock *a, struct atmo_sock *b, const struct target *t,
		       unsigned int rounds)
{
	struct atmo_sock *from = a, *to = b, *tmp;
	struct atmo_packet pkt;
	uint32_t value;

	if (send_some(a, (const uint8_t *)"pass", 4, 4) != 1)
		return false;
	while (rounds--) {
		if (receive(from, &pkt, 1, PATIENCE_MS) != 1)
			return false;
		memcpy(&value, pkt.data, sizeof(value));
		if (pkt.len != 4 || memcmp(&value, "pass", 4))
			return false;
		pkt.port = t->port;
		if (!rounds)
			return atmo_page_free(to, &pkt) == 0;
		if (atmo_tx_batch(to, &pkt, 1) != 1)
			return false;
		tmp = from;
		from = to;
		to = tmp;
	}
	return true;
}

static void test_share(const struct target *t)
{
	struct atmo_options opt = t->opt;
	struct atmo_sock *a, *b = NULL;
	struct atmo_packet pkt;

	opt.nr_rx_pages = NR_PAGES * 3 / 8;
	a = open_target(&opt);
	opt.share = a;
	if (a)
		b = open_target(&opt);
	check(b, "two sockets share pages");
	if (!b)
		return;
	check(pass_pages(a, b, t, 1000), "a page received on one is sent on the other, 1000 times");
	check(settle(a) && count_free(b) == NR_PAGES / 4, "and none is lost");
	check(send_some(a, (const uint8_t *)"kept", 4, 4) == 1 &&
	      receive(a, &pkt, 1, PATIENCE_MS) == 1, "a packet is held");
	atmo_close(a);
	check(!memcmp(pkt.data, "kept", 4), "closing its socket leaves it as it is");
	pkt.port = t->port;
	check(atmo_tx_batch(b, &pkt, 1) == 1 && receive(b, &pkt, 1, PATIENCE_MS) == 1 &&
	      !memcmp(pkt.data, "kept", 4), "and it goes out through the other");
	atmo_page_free(b, &pkt);
	check(count_free(b) == NR_PAGES - NR_PAGES * 3 / 8, "with all that the closed one had");
	atmo_close(b);
}

/* As the administrator does it. */
static bool end_instance(const struct atmo_info *info)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "/project/build/userspace/bin/atmo stop %u", info->id);
	return !system(cmd);
}

/* One that has failed could not map the pages that the other one leaves. */
static void test_share_failed(const struct target *t)
{
	struct atmo_options opt = t->opt;
	struct atmo_sock *a, *b = NULL, *again;
	struct atmo_info a_info, b_info;
	struct atmo_packet pkt;

	opt.nr_rx_pages = NR_PAGES * 3 / 8;
	a = open_target(&opt);
	opt.share = a;
	if (a)
		b = open_target(&opt);
	check(b && !atmo_info(a, &a_info) && !atmo_info(b, &b_info) &&
	      send_some(a, (const uint8_t *)"kept", 4, 4) == 1 &&
	      receive(a, &pkt, 1, PATIENCE_MS) == 1, "a packet is held, of shared pages");
	if (!b)
		return;
	check(end_instance(&b_info) && atmo_tx_batch(b, NULL, 0) == -EIO,
	      "the other socket is stopped");
	atmo_close(a);
	check(!memcmp(pkt.data, "kept", 4), "closing the first leaves the packet as it is");
	opt = t->opt;
	opt.local.v4.sin_family = AF_INET;
	opt.local.v4.sin_port = a_info.lport;
	again = open_target(&opt);
	check(again, "and its port is free");
	atmo_close(again);
	pkt.port = t->port;
	check(!atmo_stack_restart(b) && atmo_tx_batch(b, &pkt, 1) == 1 &&
	      receive(b, &pkt, 1, PATIENCE_MS) == 1 && !memcmp(pkt.data, "kept", 4),
	      "and it goes out through the other, restarted");
	atmo_page_free(b, &pkt);
	check(count_free(b) == NR_PAGES - NR_PAGES * 3 / 8, "and no page is lost");
	atmo_close(b);
}

/* @far lies behind the peer, and Linux has no route there. */
static void test_route(const struct target *t, const char *far)
{
	static const uint8_t wrong[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct atmo_options opt = t->opt;
	in_addr_t net[4] = { 0 }, host[4] = { 0 };
	struct atmo_headers h;
	struct atmo_packet pkt;
	struct atmo_sock *s;

	memset(&opt.remote, 0, sizeof(opt.remote));
	s = open_target(&opt);
	inet_pton(AF_INET, far, host);
	net[0] = host[0] & htonl(0xffffff00);
	check(s && atmo_get_headers(s, host, t->port, &h) == -ENETUNREACH,
	      "no route to the far network");
	if (!s)
		return;
	check(!atmo_route_add(s, net, 24, t->addr), "a route of the socket's own");
	check(atmo_route_add(s, host, 24, t->addr) == -EINVAL, "one with host bits is refused");
	check(atmo_prepare_batch(s, "far", 3, 0, host, t->port, &pkt, 1) == 1 &&
	      atmo_tx_batch(s, &pkt, 1) == 1 && receive(s, &pkt, 1, PATIENCE_MS) == 1 &&
	      pkt.len == 3 && pkt.addr[0] == host[0], "leads there and back");
	atmo_page_free(s, &pkt);
	check(!atmo_neigh_add(s, t->addr, wrong) &&
	      atmo_prepare_batch(s, "far", 3, 0, host, t->port, &pkt, 1) == 1 &&
	      !memcmp(pkt.frame, wrong, 6), "a neighbour of its own comes first");
	atmo_page_free(s, &pkt);
	check(!atmo_neigh_del(s, t->addr) && atmo_neigh_del(s, t->addr) == -ENOENT,
	      "and is forgotten once");
	check(!atmo_route_del(s, net, 24) &&
	      atmo_get_headers(s, host, t->port, &h) == -ENETUNREACH, "so is the route");
	atmo_close(s);
}

int main(int argc, char **argv)
{
	struct target v4, v6;

	if (argc != 6 || !target_set(&v4, argv[1], argv[2], argv[4]) ||
	    !target_set(&v6, argv[1], argv[3], argv[4])) {
		fputs("usage: lib_live DEV ADDRESS4 ADDRESS6 PORT FAR_ADDRESS4\n", stderr);
		return 2;
	}
	test_prepare(&v4, ATMO_LANE_HARDWARE, "200,000 bytes prepared, echoed, hardware lane");
	test_prepare(&v4, ATMO_LANE_SHARED, "200,000 bytes prepared, echoed, shared lane");
	test_prepare(&v6, ATMO_LANE_ANY, "200,000 bytes prepared, echoed, IPv6");
	test_restart(&v4);
	test_share(&v4);
	test_share_failed(&v4);
	test_route(&v4, argv[5]);
	printf("1..%d\n", nr_checks);
	return nr_failed != 0;
}
