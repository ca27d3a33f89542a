// SPDX-License-Identifier: GPL-2.0
/* Unit tests of libatmo: sending and receiving in one call, and pages that are recycled. */
#include "fake.h"

#include <errno.h>

#include <atmo.h>

#define RX_TARGET	(NR_PAGES * 3 / 4)

static unsigned int nr_free(struct atmo_sock *s)
{
	struct atmo_packet pkts[NR_PAGES];
	unsigned int n = 0;

	while (!atmo_page_alloc(s, &pkts[n]))
		n++;
	assert_int_equal(atmo_rx_release(s, pkts, n), n);
	return n;
}

static void exchange_echoes(void **state)
{
	struct atmo_packet pkts[4];
	int i, n = 0;

	k.i[0].nr_waiting = 400;
	for (i = 0; i < 100; i++) {
		n = atmo_exchange(*state, pkts, (unsigned int)n, pkts, 4);
		assert_int_equal(n, 4);
	}
	assert_int_equal(atmo_exchange(*state, pkts, 4, NULL, 0), 0);
	assert_int_equal(k.nr_transmitted, 400);
	assert_int_equal(k.i[0].last_tx.flags, ATMO_TX_RECYCLE);
	assert_int_equal(nr_free(*state), NR_PAGES - RX_TARGET);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
}

/* Enough is posted already: the page comes back by the completion ring. */
static void pages_beyond_the_target_are_not_recycled(void **state)
{
	struct atmo_packet pkts[2];

	assert_int_equal(atmo_rx_batch(*state, pkts, 1), 0);
	assert_int_equal(atmo_page_alloc(*state, &pkts[0]), 0);
	pkts[0].len = 4;
	pkts[0].flags = ATMO_TX_RECYCLE;	/* not the application's to say */
	assert_int_equal(atmo_tx_batch(*state, pkts, 1), 1);
	assert_int_equal(k.i[0].last_tx.flags, 0);
	assert_int_equal(nr_free(*state), NR_PAGES - RX_TARGET);

	/* One place is free: the first of two takes it. */
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(*state, &pkts[0], 1), 1);
	assert_int_equal(atmo_page_alloc(*state, &pkts[1]), 0);
	pkts[1].len = 4;
	assert_int_equal(atmo_tx_batch(*state, pkts, 2), 2);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
	assert_int_equal(nr_free(*state), NR_PAGES - RX_TARGET);
}

/* What is not taken is the caller's again, recycled or not. */
static void tx_cancels_recycled_pages(void **state)
{
	struct atmo_packet pkts[RX_TARGET];

	k.i[0].nr_waiting = RX_TARGET;
	assert_int_equal(atmo_rx_batch(*state, pkts, RX_TARGET), RX_TARGET);
	k.tx_room = 1;
	assert_int_equal(atmo_tx_batch(*state, pkts, RX_TARGET), 1);
	assert_int_equal(atmo_rx_release(*state, pkts + 1, RX_TARGET - 1), RX_TARGET - 1);
	k.i[0].nr_waiting = NR_PAGES;
	assert_int_equal(atmo_rx_batch(*state, pkts, RX_TARGET), RX_TARGET);
}

static void exchange_keeps_what_has_no_room(void **state)
{
	struct atmo_packet pkts[4], one;

	k.i[0].nr_waiting = 5;
	assert_int_equal(atmo_rx_batch(*state, pkts, 4), 4);
	assert_int_equal(atmo_rx_batch(*state, &one, 1), 1);
	k.tx_room = 1;
	assert_int_equal(atmo_exchange(*state, pkts, 4, NULL, 0), 0);
	assert_int_equal(k.nr_transmitted, 1);
	/* A batch behind them: not taken, and none of the others is given back. */
	assert_int_equal(atmo_tx_batch(*state, &one, 1), 0);
	assert_int_equal(k.nr_transmitted, 2);
	assert_int_equal(k.i[0].last_tx.slot, pkts[1].slot);
	/* Waiting sends, too, and goes on as long as something is left. */
	assert_int_equal(atmo_wait(*state, 5), 0);
	assert_int_equal(k.nr_transmitted, 4);
	assert_int_equal(k.i[0].last_tx.slot, pkts[3].slot);
	assert_int_equal(atmo_tx_batch(*state, &one, 1), 1);
	assert_int_equal(k.i[0].last_tx.slot, one.slot);
}

/* Each exactly once: a page that is sent twice is left out the second time. */
static void exchange_drops_what_is_not_valid(void **state)
{
	struct atmo_packet pkts[4], odd;

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_rx_batch(*state, pkts, 2), 2);
	odd = pkts[1];
	odd.data = (uint8_t *)odd.data + ATMO_PAGE_SIZE;
	pkts[3] = pkts[0];
	pkts[1] = odd;
	pkts[2] = pkts[0];
	assert_int_equal(atmo_exchange(*state, pkts, 4, NULL, 0), 0);
	assert_int_equal(k.nr_transmitted, 1);
	/* The page of the odd one is free again. */
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
	assert_int_equal(nr_free(*state), NR_PAGES - RX_TARGET);
}

static void exchange_reports_errors(void **state)
{
	struct atmo_packet pkts[1];

	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_exchange(*state, NULL, 0, pkts, 1), 1);
	k.batch_errno = ENETDOWN;
	assert_int_equal(atmo_exchange(*state, pkts, 1, pkts, 1), -ENETDOWN);
	k.batch_errno = 0;
	/* It was left where it was. */
	assert_int_equal(atmo_exchange(*state, NULL, 0, pkts, 1), 0);
	assert_int_equal(k.nr_transmitted, 1);
}

/* All pages are being sent: the wait ends when some are there to receive into. */
static void wait_outlasts_recycling(void **state)
{
	struct atmo_packet pkts[NR_PAGES];

	k.tx_slow = true;
	k.i[0].nr_waiting = 1000;
	assert_int_equal(atmo_exchange(*state, NULL, 0, pkts, NR_PAGES), RX_TARGET);
	assert_int_equal(atmo_exchange(*state, pkts, RX_TARGET, pkts, NR_PAGES), 0);
	assert_int_equal(k.i[0].nr_sent, RX_TARGET);
	assert_int_equal(atmo_wait(*state, -1), 1);
	assert_int_equal(atmo_exchange(*state, NULL, 0, pkts, NR_PAGES), RX_TARGET);
}

#define WITH_SOCK(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int exchange_tests(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCK(exchange_echoes),
		WITH_SOCK(pages_beyond_the_target_are_not_recycled),
		WITH_SOCK(tx_cancels_recycled_pages),
		WITH_SOCK(exchange_keeps_what_has_no_room),
		WITH_SOCK(exchange_drops_what_is_not_valid),
		WITH_SOCK(exchange_reports_errors),
		WITH_SOCK(wait_outlasts_recycling),
	};

	return cmocka_run_group_tests_name("libatmo exchange", tests, NULL, NULL);
}
