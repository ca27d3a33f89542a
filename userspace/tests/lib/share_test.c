// SPDX-License-Identifier: GPL-2.0
/* Unit tests of libatmo: sockets that share pages; restart; control calls. */
#include "fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <atmo.h>

struct pair {
	struct atmo_sock *a, *b;
};

static const struct atmo_options half = {
	.size = sizeof(half),
	.ifname = "eth7",
	.local.v4 = { .sin_family = AF_INET },
	.nr_pages = NR_PAGES,
	.nr_rx_pages = NR_PAGES * 3 / 8,
};

static int setup(void **state)
{
	static struct pair pair;
	struct atmo_options opt = half;

	fake_reset();
	assert_int_equal(atmo_udp_open(&pair.a, &half), 0);
	opt.share = pair.a;
	opt.nr_pages = 0;
	assert_int_equal(atmo_udp_open(&pair.b, &opt), 0);
	*state = &pair;
	return 0;
}

/* Closes what a test has left open. */
static int teardown(void **state)
{
	struct pair *p = *state;

	atmo_close(p->a);
	atmo_close(p->b);
	assert_int_equal(k.nr_open, 0);
	assert_int_equal(k.nr_maps, 0);
	assert_int_equal(k.nr_bad, 0);
	return 0;
}

static unsigned int nr_free(struct atmo_sock *s)
{
	struct atmo_packet pkts[NR_PAGES];
	unsigned int i, n = 0;

	while (!atmo_page_alloc(s, &pkts[n]))
		n++;
	for (i = 0; i < n; i++)
		assert_int_equal(atmo_page_free(s, &pkts[i]), 0);
	return n;
}

static void share_divides_the_pages(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;
	struct atmo_sock *s;

	assert_int_equal(k.i[1].bind.flags, ATMO_BIND_SHARE_PAGES);
	assert_int_equal(k.i[1].bind.pages_fd, FAKE_FD);
	assert_int_equal(k.i[0].nr_posted, NR_PAGES * 3 / 8);
	assert_int_equal(k.i[1].nr_posted, NR_PAGES * 3 / 8);
	assert_int_equal(nr_free(p->b), NR_PAGES / 4);
	/* More than there are: refused before the kernel hears of it. */
	opt.share = p->a;
	assert_int_equal(atmo_udp_open(&s, &opt), -EINVAL);
	opt.nr_rx_pages = 0;
	opt.nr_pages = NR_PAGES * 2;
	assert_int_equal(atmo_udp_open(&s, &opt), -EINVAL);
}

/* None to receive into would be a socket that waits in vain. */
static void share_refuses_when_no_page_is_left(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;
	struct atmo_sock *s, *none;
	char buf[256];

	opt.share = p->a;
	opt.nr_pages = 0;
	opt.nr_rx_pages = NR_PAGES / 4;
	assert_int_equal(atmo_udp_open(&s, &opt), 0);
	opt.nr_rx_pages = 0;
	assert_int_equal(atmo_udp_open(&none, &opt), -EINVAL);
	assert_non_null(strstr(atmo_open_explain(-EINVAL, &opt, buf, sizeof(buf)), "few pages"));
	atmo_close(p->b);
	p->b = s;
}

static struct {
	struct atmo_options opt;
	struct atmo_sock *sock;
	int err;
} meanwhile;

static void open_meanwhile(void)
{
	meanwhile.err = atmo_udp_open(&meanwhile.sock, &meanwhile.opt);
}

/* Two are opened at the same time: the pages of the one are not left for the other. */
static void share_divides_the_pages_at_once(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;
	struct atmo_sock *s;

	atmo_close(p->b);
	p->b = NULL;
	opt.share = p->a;
	meanwhile.opt = opt;
	k.at_bind = open_meanwhile;
	assert_int_equal(atmo_udp_open(&s, &opt), 0);
	assert_int_equal(meanwhile.err, -EINVAL);
	atmo_close(s);
	/* If the one fails, its pages are there for others again. */
	k.bind_errno = EADDRINUSE;
	assert_int_equal(atmo_udp_open(&s, &opt), -EADDRINUSE);
	k.bind_errno = 0;
	opt.nr_rx_pages = NR_PAGES - NR_PAGES * 3 / 8;
	assert_int_equal(atmo_udp_open(&p->b, &opt), 0);
}

/* Forwarding without a copy: many times round all pages, in both directions. */
static void share_sends_what_the_other_received(void **state)
{
	struct pair *p = *state;
	struct atmo_packet pkts[4];
	int round, n;

	for (round = 0; round < 50; round++) {
		k.i[round & 1].nr_waiting = 3;
		n = atmo_rx_batch(round & 1 ? p->b : p->a, pkts, 4);
		assert_int_equal(n, 3);
		n = atmo_tx_batch(round & 1 ? p->a : p->b, pkts, n);
		assert_int_equal(n, 3);
		assert_int_equal(k.i[~round & 1].last_tx.slot, pkts[2].slot);
		/* Neither socket owns it now. */
		assert_int_equal(atmo_rx_release(p->a, pkts, 3), 0);
		assert_int_equal(atmo_rx_release(p->b, pkts, 3), 0);
	}
	assert_int_equal(k.nr_transmitted, 150);
}

static void share_releases_on_either(void **state)
{
	struct pair *p = *state;
	struct atmo_packet pkts[2];

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(p->a, pkts, 2), 2);
	assert_int_equal(atmo_rx_release(p->b, pkts, 1), 1);
	assert_int_equal(atmo_rx_release(p->a, pkts, 2), 1);
}

/* The first one owns the mapping: it moves to the other, at the same address. */
static void share_outlives_the_first(void **state)
{
	const uint8_t *pages = k.i[0].pages;
	struct pair *p = *state;
	struct atmo_packet pkts[2];
	uint32_t seq;

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(p->a, pkts, 2), 2);
	k.tx_slow = true;
	assert_int_equal(atmo_tx_batch(p->a, pkts, 1), 1);
	atmo_close(p->a);
	p->a = NULL;
	assert_int_equal(k.nr_open, 1);
	assert_ptr_equal(k.i[1].pages, pages);
	/* Its pages are free; the one that is held still is what it was. */
	assert_int_equal(nr_free(p->b), NR_PAGES - NR_PAGES * 3 / 8 - 1);
	memcpy(&seq, pkts[1].data, sizeof(seq));
	assert_int_equal(seq, 1);
	assert_int_equal(atmo_tx_batch(p->b, pkts + 1, 1), 1);
}

/* One that has failed maps nothing any more, but what is held stays what it was. */
static void share_outlives_the_first_when_failed(void **state)
{
	struct pair *p = *state;
	struct atmo_packet pkts[2];
	uint32_t seq;

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(p->a, pkts, 2), 2);
	k.i[1].failed = true;
	atmo_close(p->a);
	p->a = NULL;
	assert_int_equal(k.nr_open, 1);
	memcpy(&seq, pkts[1].data, sizeof(seq));
	assert_int_equal(seq, 1);
	assert_int_equal(atmo_tx_batch(p->b, pkts, 1), -EIO);
	assert_int_equal(atmo_stack_restart(p->b), 0);
	assert_int_equal(atmo_tx_batch(p->b, pkts, 2), 2);
	assert_int_equal(nr_free(p->b), NR_PAGES - NR_PAGES * 3 / 8);
}

/*
 * Too many mappings to move another one: the old one is left, and behind it the
 * instance, which may still receive into its pages. They are nobody else's.
 */
static void share_leaves_what_it_can_not_move(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;
	struct atmo_packet pkt;
	struct atmo_sock *s;
	uint32_t seq;

	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(p->a, &pkt, 1), 1);
	k.move_fails = true;
	atmo_close(p->a);
	p->a = NULL;
	k.move_fails = false;
	assert_int_equal(k.nr_open, 2);
	assert_int_equal(nr_free(p->b), NR_PAGES / 4);
	opt.share = p->b;
	assert_int_equal(atmo_udp_open(&s, &opt), -EINVAL);
	memcpy(&seq, pkt.data, sizeof(seq));
	assert_int_equal(seq, 0);
	assert_int_equal(atmo_tx_batch(p->b, &pkt, 1), 1);
	assert_int_equal(nr_free(p->b), NR_PAGES / 4 + 1);
	/* Among those that are left nothing has changed. */
	opt.nr_rx_pages = 1;
	assert_int_equal(atmo_udp_open(&s, &opt), 0);
	atmo_close(p->b);
	p->b = s;
	assert_int_equal(nr_free(s), NR_PAGES - (NR_PAGES * 3 / 8 - 1) - 1);
}

static void share_needs_its_own_mapping(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;
	struct atmo_sock *s;

	opt.share = p->a;
	opt.nr_rx_pages = 1;
	k.map_fails_at = k.nr_maps + 2;
	assert_int_equal(atmo_udp_open(&s, &opt), -ENOMEM);
	assert_int_equal(k.nr_open, 2);
	assert_int_equal(k.nr_maps, 4);
}

static void share_outlives_the_second(void **state)
{
	struct atmo_options opt = half;
	struct pair *p = *state;

	atmo_close(p->b);
	assert_int_equal(nr_free(p->a), NR_PAGES - NR_PAGES * 3 / 8);
	/* And its place can be taken. */
	opt.share = p->a;
	assert_int_equal(atmo_raw_open(&p->b, &opt), -EAFNOSUPPORT);
	opt.local.sa.sa_family = AF_UNSPEC;
	assert_int_equal(atmo_raw_open(&p->b, &opt), 0);
	assert_int_equal(nr_free(p->a), NR_PAGES / 4);
}

static void restart_returns_what_the_kernel_had(void **state)
{
	struct pair *p = *state;
	struct atmo_packet held, lost, pkt;

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(p->a, &held, 1), 1);
	assert_int_equal(atmo_rx_batch(p->a, &lost, 1), 1);
	k.tx_slow = true;
	assert_int_equal(atmo_tx_batch(p->a, &lost, 1), 1);

	k.control_errno = EBUSY;
	assert_int_equal(atmo_stack_restart(p->a), -EBUSY);
	k.control_errno = 0;
	assert_int_equal(atmo_stack_restart(p->a), 0);
	k.tx_slow = false;

	/* Pages wait for packets again, and one is still held. */
	assert_int_equal(k.i[0].nr_posted, NR_PAGES * 3 / 8);
	assert_int_equal(nr_free(p->a), NR_PAGES / 4 - 1);
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(p->a, &pkt, 1), 1);
	assert_int_equal(atmo_tx_batch(p->a, &pkt, 1), 1);
	assert_int_equal(atmo_rx_release(p->a, &held, 1), 1);
	assert_int_equal(atmo_rx_release(p->a, &lost, 1), 0);
	/* The other socket did not notice. */
	k.i[1].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(p->b, &pkt, 1), 1);
	assert_int_equal(atmo_rx_release(p->b, &pkt, 1), 1);
}

static void control_calls_say_what_is_meant(void **state)
{
	static const in_addr_t net[4] = { 0x0000000a }, gw[4] = { 0x0100000a };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct pair *p = *state;

	assert_int_equal(atmo_neigh_add(p->a, gw, mac), 0);
	assert_int_equal(k.last_request, ATMO_NEIGH);
	assert_int_equal(k.last_arg.neigh.flags, 0);
	assert_memory_equal(k.last_arg.neigh.addr, gw, sizeof(gw));
	assert_memory_equal(k.last_arg.neigh.mac, mac, sizeof(mac));
	assert_int_equal(atmo_neigh_del(p->a, gw), 0);
	assert_int_equal(k.last_arg.neigh.flags, ATMO_ENTRY_DELETE);
	assert_int_equal(k.last_arg.neigh.mac[5], 0);

	assert_int_equal(atmo_route_add(p->a, net, 8, gw), 0);
	assert_int_equal(k.last_request, ATMO_ROUTE);
	assert_int_equal(k.last_arg.route.prefix_len, 8);
	assert_memory_equal(k.last_arg.route.dst, net, sizeof(net));
	assert_memory_equal(k.last_arg.route.gateway, gw, sizeof(gw));
	assert_int_equal(atmo_route_add(p->a, net, 8, NULL), 0);
	assert_int_equal(k.last_arg.route.gateway[0], 0);
	assert_int_equal(atmo_route_del(p->a, net, 8), 0);
	assert_int_equal(k.last_arg.route.flags, ATMO_ENTRY_DELETE);

	assert_int_equal(atmo_group_join(p->a, gw), 0);
	assert_int_equal(k.last_request, ATMO_GROUP);
	assert_int_equal(k.last_arg.group.flags, 0);
	assert_int_equal(atmo_group_leave(p->a, gw), 0);
	assert_int_equal(k.last_arg.group.flags, ATMO_ENTRY_DELETE);
	assert_memory_equal(k.last_arg.group.addr, gw, sizeof(gw));

	k.control_errno = ENOSPC;
	assert_int_equal(atmo_neigh_add(p->a, gw, mac), -ENOSPC);
	assert_int_equal(atmo_route_add(p->a, net, 8, gw), -ENOSPC);
	assert_int_equal(atmo_group_join(p->a, gw), -ENOSPC);
}

#define WITH_PAIR(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int share_tests(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAIR(share_divides_the_pages),
		WITH_PAIR(share_refuses_when_no_page_is_left),
		WITH_PAIR(share_divides_the_pages_at_once),
		WITH_PAIR(share_sends_what_the_other_received),
		WITH_PAIR(share_releases_on_either),
		WITH_PAIR(share_outlives_the_first),
		WITH_PAIR(share_outlives_the_first_when_failed),
		WITH_PAIR(share_leaves_what_it_can_not_move),
		WITH_PAIR(share_needs_its_own_mapping),
		WITH_PAIR(share_outlives_the_second),
		WITH_PAIR(restart_returns_what_the_kernel_had),
		WITH_PAIR(control_calls_say_what_is_meant),
	};

	return cmocka_run_group_tests_name("libatmo share", tests, NULL, NULL);
}
