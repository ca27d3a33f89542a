// SPDX-License-Identifier: GPL-2.0
/* Unit tests of libatmo against the fake kernel of lib/fake.c. */
#include "lib/fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <atmo.h>

static void assert_open_fails(const struct atmo_options *opt, int err)
{
	struct atmo_sock *s = (void *)1;
	char buf[256];

	assert_int_equal(atmo_udp_open(&s, opt), err);
	assert_ptr_equal(s, (void *)1);
	assert_int_equal(k.nr_open, 0);
	assert_int_equal(k.nr_maps, 0);
	assert_ptr_equal(atmo_open_explain(err, opt, buf, sizeof(buf)), buf);
	/* Says what is wrong, then what to do. */
	assert_non_null(strchr(buf, ';'));
}

static void open_refuses_bad_options(void **state)
{
	struct atmo_options opt;

	(void)state;
	fake_reset();
	assert_open_fails(NULL, -EINVAL);
	opt = fake_options;
	opt.size = 8;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.ifname = NULL;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.flags = 1;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.lane = 3;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.nr_rx_pages = NR_PAGES + 1;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.local.sa.sa_family = AF_UNIX;
	assert_open_fails(&opt, -EAFNOSUPPORT);
	opt.local.sa.sa_family = AF_UNSPEC;
	opt.local.v4.sin_addr.s_addr = 1;
	assert_open_fails(&opt, -EAFNOSUPPORT);
	opt = fake_options;
	opt.remote.v6.sin6_family = AF_INET6;
	assert_open_fails(&opt, -EAFNOSUPPORT);
	opt.local.sa.sa_family = AF_INET6;
	opt.local.v6.sin6_scope_id = 8;
	assert_open_fails(&opt, -EINVAL);
	opt = fake_options;
	opt.ifname = "eth8";
	assert_open_fails(&opt, -ENODEV);
}

static void open_takes_newer_options_if_zero(void **state)
{
	struct {
		struct atmo_options opt;
		uint64_t later;
	} newer = { .opt = fake_options };
	struct atmo_sock *s;

	(void)state;
	fake_reset();
	newer.opt.size = sizeof(newer);
	assert_int_equal(atmo_udp_open(&s, &newer.opt), 0);
	atmo_close(s);
	newer.later = 1;
	assert_open_fails(&newer.opt, -E2BIG);
}

static void open_passes_errors_and_cleans_up(void **state)
{
	static const int bind_errors[] = {
		EADDRINUSE, EADDRNOTAVAIL, EBUSY, EACCES, EPROTONOSUPPORT, ENOMEM,
		EPERM, ERANGE, EOPNOTSUPP, EBADF, ENOTCONN, EIO, ENOSPC, EINVAL, 0,
	};
	size_t i;

	(void)state;
	fake_reset();
	k.open_errno = ENOENT;
	assert_open_fails(&fake_options, -ENOENT);
	for (i = 0; bind_errors[i]; i++) {
		fake_reset();
		k.bind_errno = bind_errors[i];
		assert_open_fails(&fake_options, -bind_errors[i]);
	}
	for (i = 1; i <= 2; i++) {
		fake_reset();
		k.map_fails_at = i;
		assert_open_fails(&fake_options, -ENOMEM);
	}
	/* A kernel with rings of another shape. */
	fake_reset();
	k.lie_entries = 1u << 31;
	assert_open_fails(&fake_options, -EPROTO);
}

static void assert_busy_says(uint32_t lane, uint32_t tx_rate, const char *advice)
{
	struct atmo_options opt = fake_options;
	char buf[256];

	opt.lane = lane;
	opt.tx_rate = tx_rate;
	fake_reset();
	k.bind_errno = EBUSY;
	assert_open_fails(&opt, -EBUSY);
	assert_non_null(strstr(atmo_open_explain(-EBUSY, &opt, buf, sizeof(buf)), advice));
}

/* Who demanded a lane is not told to take it. */
static void busy_is_explained_by_the_lane(void **state)
{
	(void)state;
	assert_busy_says(ATMO_LANE_HARDWARE, 0, "; close another socket, or take any or shared");
	assert_busy_says(ATMO_LANE_SHARED, 0, "ordinary queues; end it, or take lane hardware");
	assert_busy_says(ATMO_LANE_ANY, 0, "ordinary queues; end it");
	assert_busy_says(ATMO_LANE_ANY, 100, "a rate needs a hardware lane");
}

static void open_binds_both_ends_of_either_family(void **state)
{
	struct atmo_options opt = fake_options;
	struct atmo_sock *s;

	(void)state;
	fake_reset();
	opt.local.v4.sin_addr.s_addr = htonl(0x0a000002);
	opt.remote.v4.sin_family = AF_INET;
	opt.remote.v4.sin_addr.s_addr = htonl(0x0a000001);
	opt.remote.v4.sin_port = htons(9);
	opt.tx_rate = 100;
	assert_int_equal(atmo_tcp_open(&s, &opt), 0);
	assert_int_equal(k.i[0].bind.family, AF_INET);
	assert_int_equal(k.i[0].bind.protocol, IPPROTO_TCP);
	assert_int_equal(k.i[0].bind.laddr[0], htonl(0x0a000002));
	assert_int_equal(k.i[0].bind.laddr[1], 0);
	assert_int_equal(k.i[0].bind.lport, 0x0700);
	assert_int_equal(k.i[0].bind.raddr[0], htonl(0x0a000001));
	assert_int_equal(k.i[0].bind.rport, htons(9));
	assert_int_equal(k.i[0].bind.tx_rate, 100);
	assert_int_equal(k.i[0].bind.flags, 0);
	atmo_close(s);

	/* The family from the remote end alone; port left to the kernel. */
	opt = (struct atmo_options){ .size = sizeof(opt), .ifname = "eth7", .nr_pages = NR_PAGES };
	opt.remote.v6.sin6_family = AF_INET6;
	opt.remote.v6.sin6_addr.s6_addr[0] = 0xfe;
	opt.remote.v6.sin6_addr.s6_addr[15] = 0x01;
	opt.remote.v6.sin6_scope_id = 7;
	opt.remote.v6.sin6_port = htons(9);
	assert_int_equal(atmo_udp_open(&s, &opt), 0);
	assert_int_equal(k.i[0].bind.family, AF_INET6);
	assert_int_equal(k.i[0].bind.lport, 0);
	assert_memory_equal(k.i[0].bind.raddr, &opt.remote.v6.sin6_addr, 16);
	atmo_close(s);
}

static void open_raw_binds_no_address(void **state)
{
	struct atmo_options opt = { .size = sizeof(opt), .ifname = "eth7", .nr_pages = NR_PAGES };
	struct atmo_sock *s;

	(void)state;
	fake_reset();
	assert_int_equal(atmo_raw_open(&s, &opt), 0);
	assert_int_equal(k.i[0].bind.family, AF_PACKET);
	assert_int_equal(k.i[0].bind.protocol, 0);
	atmo_close(s);
	opt.local.v4.sin_family = AF_INET;
	assert_int_equal(atmo_raw_open(&s, &opt), -EAFNOSUPPORT);
	assert_int_equal(k.nr_open, 0);
}

static void open_posts_three_quarters(void **state)
{
	(void)state;
	assert_int_equal(k.i[0].bind.ifindex, 7);
	assert_int_equal(k.i[0].bind.nr_pages, NR_PAGES);
	assert_int_equal(k.i[0].nr_posted, NR_PAGES * 3 / 4);
}

static void rx_gives_packets_in_order(void **state)
{
	struct atmo_packet pkts[8];
	uint32_t i, seq, expected = 0;
	int n, round;

	/* Far enough for every cursor to wrap, twice around the ring. */
	for (round = 0; round < 12; round++) {
		k.i[0].nr_waiting = 5;
		n = atmo_rx_batch(*state, pkts, 8);
		assert_int_equal(n, 5);
		for (i = 0; i < 5; i++, expected++) {
			assert_int_equal(pkts[i].len, sizeof(seq));
			memcpy(&seq, pkts[i].data, sizeof(seq));
			assert_int_equal(seq, expected);
			assert_int_equal(pkts[i].port, htons(7));
			assert_int_equal(pkts[i].addr[0], htonl(0x0a000001));
		}
		assert_int_equal(atmo_rx_release(*state, pkts, n), n);
	}
	assert_int_equal(atmo_rx_batch(*state, pkts, 8), 0);
}

static void rx_release_refuses_what_is_not_the_callers(void **state)
{
	struct atmo_packet pkts[3];

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(*state, pkts, 2), 2);
	pkts[2] = (struct atmo_packet){ .slot = NR_PAGES };
	assert_int_equal(atmo_rx_release(*state, pkts, 3), 2);
	assert_int_equal(atmo_rx_release(*state, pkts, 3), 0);
	assert_int_equal(atmo_page_free(*state, pkts), -EINVAL);
}

static void rx_reports_errors_after_packets(void **state)
{
	struct atmo_packet pkts[4];

	k.batch_errno = ENETDOWN;
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), -ENETDOWN);
	k.batch_errno = 0;
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), 1);
}

static void rx_distrusts_impossible_entries(void **state)
{
	struct atmo_rx_desc bad = { .slot = NR_PAGES, .len = 1 };
	struct atmo_packet pkts[4];

	fake_put(ATMO_RING_RX, &bad);
	bad.slot = k.i[0].posted[0];
	bad.offset = ATMO_PAGE_SIZE;
	fake_put(ATMO_RING_RX, &bad);
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), 0);
	/* A producer that ran more than a ring ahead. */
	fake_cursors(ATMO_RING_RX)->producer += NR_PAGES + 1;
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), 0);
	fake_cursors(ATMO_RING_RX)->producer -= NR_PAGES + 1;
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), 1);
}

static void tx_echoes_the_same_page(void **state)
{
	struct atmo_packet pkt;
	int round;

	for (round = 0; round < 3 * NR_PAGES; round++) {
		k.i[0].nr_waiting = 1;
		assert_int_equal(atmo_rx_batch(*state, &pkt, 1), 1);
		assert_int_equal(atmo_tx_batch(*state, &pkt, 1), 1);
		assert_int_equal(k.i[0].last_tx.slot, pkt.slot);
		assert_int_equal(k.i[0].last_tx.offset, 106);
		assert_int_equal(k.i[0].last_tx.len, 4);
		assert_int_equal(k.i[0].last_tx.port, htons(7));
		assert_int_equal(k.i[0].last_tx.reserved, 0);
		/* It is the library's now. */
		assert_int_equal(atmo_tx_batch(*state, &pkt, 1), -EINVAL);
	}
	assert_int_equal(k.nr_transmitted, 3 * NR_PAGES);
}

static void tx_gives_back_what_was_not_taken(void **state)
{
	struct atmo_packet pkts[4];
	int i;

	for (i = 0; i < 4; i++)
		assert_int_equal(atmo_page_alloc(*state, &pkts[i]), 0);
	k.batch_errno = ENETDOWN;
	assert_int_equal(atmo_tx_batch(*state, pkts, 4), -ENETDOWN);
	k.batch_errno = 0;
	k.tx_room = 3;
	assert_int_equal(atmo_tx_batch(*state, pkts, 4), 3);
	k.tx_room = 0;
	assert_int_equal(atmo_tx_batch(*state, pkts + 3, 1), 0);
	k.tx_room = 3;
	assert_int_equal(atmo_tx_batch(*state, pkts + 3, 1), 1);
	assert_int_equal(k.nr_transmitted, 4);
	assert_int_equal(k.i[0].last_tx.slot, pkts[3].slot);
}

static void tx_refuses_what_is_not_in_the_page(void **state)
{
	struct atmo_packet pkts[3], odd;
	int i;

	for (i = 0; i < 3; i++)
		assert_int_equal(atmo_page_alloc(*state, &pkts[i]), 0);
	odd = pkts[0];
	odd.data = (uint8_t *)odd.data + 1;
	assert_int_equal(atmo_tx_batch(*state, &odd, 1), -EINVAL);
	odd.data = (uint8_t *)odd.data - 2;
	odd.len = 1;
	assert_int_equal(atmo_tx_batch(*state, &odd, 1), -EINVAL);
	odd = pkts[0];
	odd.slot = UINT32_MAX;
	assert_int_equal(atmo_tx_batch(*state, &odd, 1), -EINVAL);
	/* The same page twice in one batch: sent once, the rest not taken. */
	pkts[1] = pkts[0];
	assert_int_equal(atmo_tx_batch(*state, pkts, 3), 1);
	assert_int_equal(atmo_tx_batch(*state, pkts + 2, 1), 1);
}

static void page_alloc_ends_with_enobufs(void **state)
{
	struct atmo_packet pkts[NR_PAGES];
	int i, n = 0;

	while (!atmo_page_alloc(*state, &pkts[n])) {
		assert_int_equal(pkts[n].len, ATMO_PAGE_SIZE);
		memset(pkts[n].data, 0xa5, pkts[n].len);
		n++;
	}
	assert_int_equal(n, NR_PAGES / 4);
	for (i = 0; i < n; i++)
		assert_int_equal(atmo_page_free(*state, &pkts[i]), 0);
	assert_int_equal(atmo_page_alloc(*state, &pkts[0]), 0);
}

/* All pages on their way out: receiving must get them back by itself. */
static void wait_collects_sent_pages(void **state)
{
	struct atmo_packet pkts[NR_PAGES];
	int n, nr_out = 0;

	k.tx_slow = true;
	k.i[0].nr_waiting = 1000;
	while ((n = atmo_rx_batch(*state, pkts, NR_PAGES)) > 0) {
		assert_int_equal(atmo_tx_batch(*state, pkts, n), n);
		nr_out += n;
	}
	assert_int_equal(n, 0);
	/* Those beyond them wait in the pool. */
	assert_int_equal(nr_out, NR_PAGES * 3 / 4);
	assert_int_equal(atmo_wait(*state, -1), 1);
	assert_true(atmo_rx_batch(*state, pkts, NR_PAGES) > 0);
}

static void wait_times_out(void **state)
{
	assert_int_equal(atmo_wait(*state, 0), 0);
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_wait(*state, -1), 1);
}

static void *receiver(void *arg)
{
	struct atmo_packet pkts[4];
	uint32_t got = 0;
	int n;

	while (got < 20000) {
		n = atmo_rx_batch(arg, pkts, 4);
		assert_true(n >= 0);
		assert_int_equal(atmo_rx_release(arg, pkts, n), n);
		got += n;
	}
	return NULL;
}

/* Both sides at once, as the library allows. */
static void two_threads_share_the_pool(void **state)
{
	struct atmo_packet pkt;
	uint32_t sent = 0;
	pthread_t thread;

	k.i[0].nr_waiting = 20000;
	assert_int_equal(pthread_create(&thread, NULL, receiver, *state), 0);
	while (sent < 20000) {
		if (atmo_page_alloc(*state, &pkt)) {
			assert_true(atmo_tx_batch(*state, NULL, 0) >= 0);
			continue;
		}
		pkt.len = 1;
		while (!atmo_tx_batch(*state, &pkt, 1))
			;
		sent++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(k.nr_received, 20000);
	assert_int_equal(k.nr_transmitted, 20000);
}

static void names_are_known(void **state)
{
	struct atmo_stats stats;
	unsigned int i;

	for (i = 0; i < ATMO_NR_DROPS; i++)
		assert_string_not_equal(atmo_drop_name(i), "unknown");
	assert_string_equal(atmo_drop_name(ATMO_NR_DROPS), "unknown");
	for (i = 0; i <= ATMO_LANE_SHARED; i++)
		assert_int_equal(atmo_lane_parse(atmo_lane_name(i)), i);
	assert_int_equal(atmo_lane_parse("none"), -EINVAL);
	assert_string_equal(atmo_lane_reason_text(99), "unknown");
	assert_int_equal(atmo_stats(*state, &stats), 0);
	assert_int_equal(stats.nr_drops, ATMO_MAX_DROPS);
	assert_int_equal(atmo_fd(*state), FAKE_FD);
}

#define WITH_SOCK(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_refuses_bad_options),
		cmocka_unit_test(open_takes_newer_options_if_zero),
		cmocka_unit_test(open_passes_errors_and_cleans_up),
		cmocka_unit_test(busy_is_explained_by_the_lane),
		cmocka_unit_test(open_binds_both_ends_of_either_family),
		cmocka_unit_test(open_raw_binds_no_address),
		WITH_SOCK(open_posts_three_quarters),
		WITH_SOCK(rx_gives_packets_in_order),
		WITH_SOCK(rx_release_refuses_what_is_not_the_callers),
		WITH_SOCK(rx_reports_errors_after_packets),
		WITH_SOCK(rx_distrusts_impossible_entries),
		WITH_SOCK(tx_echoes_the_same_page),
		WITH_SOCK(tx_gives_back_what_was_not_taken),
		WITH_SOCK(tx_refuses_what_is_not_in_the_page),
		WITH_SOCK(page_alloc_ends_with_enobufs),
		WITH_SOCK(wait_collects_sent_pages),
		WITH_SOCK(wait_times_out),
		WITH_SOCK(two_threads_share_the_pool),
		WITH_SOCK(names_are_known),
	};

	return cmocka_run_group_tests_name("libatmo", tests, NULL, NULL) + share_tests() +
	       header_tests() + exchange_tests() + reply_tests() ? 1 : 0;
}
