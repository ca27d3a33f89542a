// SPDX-License-Identifier: GPL-2.0
/* Unit tests of libatmo: packets that are answered from their entries of the rx ring. */
#include "fake.h"

#include <errno.h>
#include <string.h>

#include <atmo.h>

#define RX_TARGET	(NR_PAGES * 3 / 4)

static void reply_all(const struct atmo_burst *burst)
{
	struct atmo_rx_desc *entry;
	unsigned int i;

	for (i = 0; i < burst->nr; i++) {
		entry = atmo_entry(burst, i);
		atmo_entry_reply(entry, entry->len);
	}
}

/* Each packet is the next one that came, and all pages stay with the kernel. */
static void reply_echoes(void **state)
{
	struct atmo_burst burst;
	uint32_t i, j, number;

	k.i[0].nr_waiting = 400;
	for (i = 0; i < 100; i++) {
		assert_int_equal(atmo_reply(*state, &burst, 4), 4);
		for (j = 0; j < 4; j++) {
			memcpy(&number, atmo_entry_data(&burst, atmo_entry(&burst, j)), 4);
			assert_int_equal(number, 4 * i + j);
		}
		reply_all(&burst);
	}
	assert_int_equal(atmo_reply(*state, &burst, 4), 0);
	assert_int_equal(k.nr_transmitted, 400);
	assert_int_equal(k.i[0].last_tx.flags, ATMO_TX_RECYCLE);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
}

static void unanswered_packets_free_their_pages(void **state)
{
	struct atmo_burst burst;
	struct atmo_rx_desc *entry;
	int i;

	k.i[0].nr_waiting = 100;
	for (i = 0; i < 50; i++) {
		assert_int_equal(atmo_reply(*state, &burst, 2), 2);
		entry = atmo_entry(&burst, 1);
		atmo_entry_reply(entry, 3);
	}
	assert_int_equal(atmo_reply(*state, &burst, 2), 0);
	assert_int_equal(k.nr_transmitted, 50);
	assert_int_equal(k.i[0].last_tx.len, 3);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
}

/* They are sent by whatever comes next, and before any page is missing. */
static void replies_without_room_wait(void **state)
{
	struct atmo_burst burst;
	struct atmo_packet pkt;

	k.i[0].nr_waiting = 8;
	assert_int_equal(atmo_reply(*state, &burst, 4), 4);
	reply_all(&burst);
	k.tx_room = 1;
	assert_int_equal(atmo_reply(*state, &burst, 4), 4);
	assert_int_equal(k.nr_transmitted, 1);
	/* These four are given back unanswered. */
	assert_int_equal(atmo_reply(*state, &burst, 4), 0);
	assert_int_equal(k.nr_transmitted, 2);
	assert_int_equal(atmo_wait(*state, 1), 0);
	assert_int_equal(k.nr_transmitted, 4);
	assert_int_equal(atmo_wait(*state, 50), 0);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(*state, &pkt, 1), 1);
	assert_int_equal(atmo_rx_release(*state, &pkt, 1), 1);
}

/* Other calls that receive take the burst back first. */
static void burst_ends_with_other_calls(void **state)
{
	struct atmo_burst burst;
	struct atmo_packet pkt;

	k.i[0].nr_waiting = 3;
	assert_int_equal(atmo_reply(*state, &burst, 1), 1);
	reply_all(&burst);
	assert_int_equal(atmo_rx_batch(*state, &pkt, 1), 1);
	assert_memory_equal(pkt.data, (uint32_t[]){ 1 }, 4);
	assert_int_equal(atmo_exchange(*state, &pkt, 1, &pkt, 1), 1);
	assert_memory_equal(pkt.data, (uint32_t[]){ 2 }, 4);
	assert_int_equal(k.nr_transmitted, 2);
	assert_int_equal(atmo_rx_release(*state, &pkt, 1), 1);
}

static void reply_reports_errors(void **state)
{
	struct atmo_burst burst;

	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_reply(*state, &burst, 2), 2);
	reply_all(&burst);
	k.batch_errno = ENETDOWN;
	assert_int_equal(atmo_reply(*state, &burst, 2), -ENETDOWN);
	assert_int_equal(burst.nr, 0);
	k.batch_errno = 0;
	assert_int_equal(atmo_reply(*state, &burst, 2), 0);
	assert_int_equal(k.nr_transmitted, 2);
}

/* Its entries are gone, and nobody is told that they were released. */
static void restart_forgets_the_burst(void **state)
{
	struct atmo_burst burst;

	k.i[0].nr_waiting = 3;
	assert_int_equal(atmo_reply(*state, &burst, 3), 3);
	assert_int_equal(atmo_stack_restart(*state), 0);
	k.i[0].nr_waiting = 2;
	assert_int_equal(atmo_reply(*state, &burst, 3), 2);
	reply_all(&burst);
	assert_int_equal(atmo_reply(*state, &burst, 3), 0);
	assert_int_equal(k.nr_transmitted, 2);
	assert_int_equal(k.i[0].nr_posted, RX_TARGET);
}

#define WITH_SOCK(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int reply_tests(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCK(reply_echoes),
		WITH_SOCK(unanswered_packets_free_their_pages),
		WITH_SOCK(replies_without_room_wait),
		WITH_SOCK(burst_ends_with_other_calls),
		WITH_SOCK(reply_reports_errors),
		WITH_SOCK(restart_forgets_the_burst),
	};

	return cmocka_run_group_tests_name("libatmo reply", tests, NULL, NULL);
}
