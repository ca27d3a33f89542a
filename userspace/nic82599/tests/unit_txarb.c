// SPDX-License-Identifier: GPL-2.0
/* Transmit queues by MTQC, arbitration of traffic classes, rate limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define DATA		(TXD_DEXT | 3ull << 20)
#define LAST		(TXD_EOP | TXD_IFCS | TXD_RS)
#define NR_DESCS	256u		/* a page of descriptors */
#define KB		1024u

#define MTQC_4TC	(MTQC_RT_ENA | MTQC_NUM_TC_OR_Q(2))
#define MTQC_8TC	(MTQC_RT_ENA | MTQC_NUM_TC_OR_Q(3))

static uint8_t frame[FRAME_MAX];

static size_t udp(size_t payload)
{
	return make_udp4(frame, 0x0a000001, 0x0a000002, 1000, 7, payload);
}

static void set_mode(struct rig *r, uint32_t mtqc, unsigned int nr_tcs)
{
	unsigned int i;

	wr(r, RTTDCS, RTTDCS_ARBDIS);
	wr(r, MTQC, mtqc);
	for (i = 0; i < NR_TCS; i++)
		wr(r, TXPBSIZE(i), i < nr_tcs ? 160 * KB / nr_tcs : 0);
	for (i = 0; i < nr_tcs; i++)
		wr(r, TXPBTHRESH(i), 160 / nr_tcs - 10);
	wr(r, RTTDCS, 0);
}

static bool sends(struct rig *r, unsigned int q)
{
	unsigned int before = r->wire.nr;

	tx_setup(r, q);
	tx_frame(r, q, frame, udp(100), 0);
	wr(r, TX_QUEUE(q) + TXDCTL, 0);
	return r->wire.nr != before;
}

/* Which queues there are: datasheet 8.2.3.9.15. */
static void mtqc_modes(void **state)
{
	static const struct {
		uint32_t mtqc;
		unsigned int tcs, queues;
	} modes[] = {
		{ 0, 1, 64 },
		{ MTQC_NUM_TC_OR_Q(2), 1, 0 },
		{ MTQC_VT_ENA | MTQC_NUM_TC_OR_Q(1), 1, 128 },
		{ MTQC_VT_ENA | MTQC_NUM_TC_OR_Q(2), 1, 128 },
		{ MTQC_VT_ENA, 1, 0 },
		{ MTQC_4TC, 4, 128 },
		{ MTQC_8TC, 8, 128 },
		{ MTQC_RT_ENA, 8, 0 },
		{ MTQC_RT_ENA | MTQC_VT_ENA | MTQC_NUM_TC_OR_Q(2), 4, 128 },
		{ MTQC_RT_ENA | MTQC_VT_ENA | MTQC_NUM_TC_OR_Q(3), 8, 128 },
	};
	unsigned int i, q, nr;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct rig *r = rig_new();

		set_mode(r, modes[i].mtqc, modes[i].tcs);
		for (q = 0, nr = 0; q < NR_QUEUES; q++)
			nr += sends(r, q);
		assert_int_equal(nr, modes[i].queues);
		rig_free(r);
	}
}

/* Which class a queue is in shows when only one class has a buffer. */
static void queues_of_classes(void **state)
{
	static const unsigned int four[] = { 64, 32, 16, 16 };
	static const unsigned int eight[] = { 32, 32, 16, 16, 8, 8, 8, 8 };
	unsigned int nr_tcs, tc, i, q, first, want;

	(void)state;
	for (nr_tcs = 4; nr_tcs <= 8; nr_tcs += 4) {
		for (tc = 0, first = 0; tc < nr_tcs; tc++, first += want) {
			struct rig *r = rig_new();

			want = nr_tcs == 4 ? four[tc] : eight[tc];
			set_mode(r, nr_tcs == 4 ? MTQC_4TC : MTQC_8TC, nr_tcs);
			for (i = 0; i < nr_tcs; i++)
				if (i != tc)
					wr(r, TXPBSIZE(i), 0);
			for (q = 0; q < NR_QUEUES; q++)
				assert_int_equal(sends(r, q),
						 q >= first && q < first + want);
			rig_free(r);
		}
	}
}

static void buffers_needed(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1400);

	(void)state;
	/* the sizes that a reset leaves do not fit four times */
	wr(r, RTTDCS, RTTDCS_ARBDIS);
	wr(r, MTQC, MTQC_4TC);
	wr(r, RTTDCS, 0);
	tx_setup(r, 0);
	tx_setup(r, 64);
	tx_frame(r, 0, frame, len, 0);
	tx_frame(r, 64, frame, len, 0);
	assert_int_equal(r->wire.nr, 1);
	assert_non_null(strstr(fake_log, "no packet buffer"));
	wr(r, TXPBSIZE(0), 120 * KB);
	wr(r, TXPBSIZE(1), 1 * KB);
	wr(r, TXPBTHRESH(0), 100);
	assert_int_equal(r->wire.nr, 1);	/* there, but smaller than it */
	assert_non_null(strstr(fake_log, "stands still"));
	assert_int_equal(rd(r, TX_QUEUE(64) + TDH), 0);
	wr(r, TXPBSIZE(1), 40 * KB);
	assert_int_equal(r->wire.nr, 2);
	/* said once, sent all the same: buffers without room for a frame */
	wr(r, TXPBTHRESH(1), 39);
	tx_frame(r, 64, frame, len, 0);
	assert_int_equal(r->wire.nr, 3);
	assert_non_null(strstr(fake_log, "TXPBTHRESH"));
	rig_free(r);
}

static void arbiters_hold(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rd(r, RTTDCS), RTTDCS_BDPM | RTTDCS_BPBFSM);
	tx_setup(r, 0);
	wr(r, RTTPCS, RTTPCS_ARBDIS);
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 0);
	wr(r, RTTPCS, 0);
	assert_int_equal(r->wire.nr, 1);
	set_mode(r, MTQC_4TC, 4);
	wr(r, RTTDCS, RTTDCS_BDPM | RTTDCS_BPBFSM);
	assert_non_null(strstr(fake_log, "BPBFSM"));
	rig_free(r);
}

/* A page of descriptors, all of one frame */
static void fill_ring(struct rig *r, unsigned int q, size_t len)
{
	unsigned int i;

	memcpy(mem(r, buf_at(40) + (uint64_t)q * 2 * KB), frame, len);
	for (i = 0; i < NR_DESCS; i++)
		*tx_desc(r, q, i) = (struct desc){
			buf_at(40) + (uint64_t)q * 2 * KB,
			DATA | LAST | len | (uint64_t)len << 46,
		};
	wr(r, TX_QUEUE(q) + TXDCTL, 0);
	tx_setup(r, q);
	wr(r, TX_QUEUE(q) + TXDCTL, 0);
	wr(r, TX_QUEUE(q) + TDLEN, NR_DESCS * DESC_LEN);
	wr(r, TX_QUEUE(q) + TXDCTL, TXDCTL_ENABLE);
}

static void refill(struct rig *r, unsigned int q)
{
	wr(r, TX_QUEUE(q) + TDT,
	   (rd(r, TX_QUEUE(q) + TDH) + NR_DESCS - 1) % NR_DESCS);
}

/* Of the first @nr frames sent, how many carry @mark in their payload? */
static unsigned int count(const struct rig *r, unsigned int nr, uint16_t mark)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr && i < r->wire.nr; i++)
		if (get_be16(r->wire.sent[i].data + 42) == mark)
			found++;
	return found;
}

/* Queues with full rings, whose frames carry their numbers. Not started. */
static struct rig *contend(const unsigned int *queues, unsigned int nr)
{
	struct rig *r = rig_new();
	size_t len = udp(996);
	unsigned int i;

	set_mode(r, MTQC_4TC, 4);
	wr(r, RTTDCS, RTTDCS_ARBDIS);
	for (i = 0; i < nr; i++) {
		put_be16(frame + 42, (uint16_t)queues[i]);
		fill_ring(r, queues[i], len);
		refill(r, queues[i]);
	}
	return r;
}

static void classes_share(void **state)
{
	static const unsigned int queues[] = { 0, 1, 2, 64, 127 };
	struct rig *r = contend(queues, ARRAY_SIZE(queues));
	unsigned int i;

	(void)state;
	wr(r, RTTDCS, 0);
	fake_run(100000);
	assert_in_range(r->wire.nr, 300, MAX_SENT);
	/* class by class in turn: 0 has three queues, 2 none */
	for (i = 0; i < 3; i++)
		assert_in_range(count(r, 270, (uint16_t)i), 29, 31);
	assert_in_range(count(r, 270, 64), 89, 91);
	assert_in_range(count(r, 270, 127), 89, 91);
	rig_free(r);
}

static uint32_t credits(unsigned int refill, unsigned int max)
{
	return refill | max << 12;
}

static void classes_by_weight(void **state)
{
	static const unsigned int queues[] = { 0, 64, 96, 112 };
	struct rig *r = contend(queues, ARRAY_SIZE(queues));

	(void)state;
	wr(r, RTTDT2C(0), credits(25, 50));
	wr(r, RTTDT2C(1), credits(75, 150));
	wr(r, RTTDT2C(3), credits(0, 50));
	wr(r, RTTDCS, RTTDCS_TDPAC);
	fake_run(100000);
	/* 64 has had all of its ring when 0 has had a third of it */
	assert_in_range(count(r, 200, 64), 145, 155);
	assert_in_range(count(r, 200, 0), 45, 55);
	assert_int_equal(count(r, MAX_SENT, 96), 0);	/* no credits: never */
	assert_int_equal(count(r, MAX_SENT, 112), 0);
	assert_non_null(strstr(fake_log, "no credits"));
	wr(r, RTTDT2C(3), RTTDT2C_LSP);		/* before all others */
	fake_run(100000);
	assert_int_equal(count(r, MAX_SENT, 112), NR_DESCS - 1);
	rig_free(r);
}

/* MTQC changes between two segments of a packet, and away from its queue. */
static void mode_in_mid_packet(void **state)
{
	struct rig *r = rig_new();
	size_t payload = 64000;
	uint64_t at = buf_at(41);

	(void)state;
	set_mode(r, MTQC_4TC, 4);
	wr(r, RTTDT2C(3), credits(1, 1) | RTTDT2C_LSP);
	wr(r, RTTDCS, RTTDCS_TDPAC);
	tx_setup(r, 127);
	make_tcp4(mem(r, at), 0x0a000001, 0x0a000002, 1, 2, 0, 0x10);
	tx_put(r, 127, 20 | 14u << 9,
	       TXD_DEXT | 2ull << 20 | 6ull << 9 | 20ull << 40 | 1000ull << 48);
	tx_put(r, 127, at, DATA | TXD_TSE | 54);
	tx_put(r, 127, at + 54, DATA | 32000);
	tx_put(r, 127, at + 32054, DATA | LAST | 32000);
	wr(r, TX_QUEUE(127) + TDT, r->tail[127]);
	assert_in_range(r->wire.nr, 1, payload / 1000 - 1);	/* a burst of it */
	wr(r, MTQC, 0);
	fake_run(1000000);
	assert_int_equal(r->wire.nr, payload / 1000);
	rig_free(r);
}

/* ---- rate limits ---- */

#define SECOND		1000000000ull

static void limit(struct rig *r, unsigned int q, unsigned int mbps)
{
	wr(r, RTTDQSEL, q);
	wr(r, RTTBCNRC, mbps ? RTTBCNRC_RS_ENA | (10000u << 14) / mbps : 0);
}

/* Bits sent in @ns by a queue that always has packets, FCS included. */
static uint64_t flood(struct rig *r, unsigned int q, uint64_t ns)
{
	uint64_t end = fake_now + ns, bits = 0;
	unsigned int i;

	while (fake_now < end) {
		refill(r, q);
		fake_run(5000);
		for (i = 0; i < r->wire.nr; i++)
			bits += (r->wire.sent[i].len + FCS_LEN) * 8;
		rig_forget(r);
	}
	return bits;
}

static void rate_is_met(void **state)
{
	static const unsigned int rates[] = { 10, 33, 100, 500, 1000, 4000 };
	static const unsigned int lens[] = { 60, 200, 594, 1514 };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		for (k = 0; k < ARRAY_SIZE(lens); k++) {
			struct rig *r = rig_new();
			uint64_t want = rates[i] * 1000000ull / 20, got;

			udp(lens[k] - 42);
			fill_ring(r, 5, lens[k]);
			limit(r, 5, rates[i]);
			got = flood(r, 5, SECOND / 20);
			/* the first frame is free; 50 ms of 10 Mbit/s are few */
			assert_in_range(got, want * 98 / 100,
					want * 102 / 100 + 2 * 12144);
			rig_free(r);
		}
	}
}

static void rate_of_others(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1000);

	(void)state;
	fill_ring(r, 3, len);
	tx_setup(r, 4);
	limit(r, 3, 10);
	assert_int_equal(rd(r, RTTBCNRC), RTTBCNRC_RS_ENA | 1000u << 14);
	wr(r, RTTDQSEL, 4);
	assert_int_equal(rd(r, RTTBCNRC), 0);
	refill(r, 3);
	fake_run(100);
	assert_int_equal(r->wire.nr, 1);
	tx_frame(r, 4, frame, len, 0);		/* not behind queue 3 */
	assert_int_equal(r->wire.nr, 2);
	assert_int_equal(rd(r, TX_QUEUE(4) + TDH), 1);
	/* the limit is taken away: all at once */
	limit(r, 3, 0);
	fake_run(100000);
	assert_int_equal(r->wire.nr, NR_DESCS);
	rig_free(r);
}

/* What an idle queue can save up is MMW_SIZE, and nothing without it. */
static void rate_memory(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1020 - 42);		/* 1 KB with its FCS */

	(void)state;
	fill_ring(r, 0, len);
	limit(r, 0, 100);
	refill(r, 0);
	fake_run(SECOND / 10);
	rig_forget(r);
	refill(r, 0);				/* idle for long, then: one frame */
	fake_run(0);
	assert_in_range(r->wire.nr, 1, 2);
	fake_run(SECOND / 10);
	rig_forget(r);
	wr(r, RTTBCNRM, 8);
	refill(r, 0);
	fake_run(0);
	assert_in_range(r->wire.nr, 8, 10);
	rig_free(r);
}

/* The model did not run for a second: what that cost is not made up in a burst. */
static void rate_after_stall(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1250 - FCS_LEN - 42);	/* a millisecond each at 10 Mb/s */

	(void)state;
	fill_ring(r, 0, len);
	limit(r, 0, 10);
	refill(r, 0);
	fake_run(SECOND / 100);
	assert_in_range(r->wire.nr, 10, 12);
	rig_forget(r);
	fake_now += SECOND / 50;		/* short: all of it */
	fake_run(0);
	assert_in_range(r->wire.nr, 19, 21);
	rig_forget(r);
	fake_now += SECOND;			/* long: 30 ms of it */
	fake_run(0);
	assert_in_range(r->wire.nr, 29, 32);
	rig_forget(r);
	fake_run(SECOND / 20);			/* and then as before */
	assert_in_range(r->wire.nr, 49, 51);
	rig_free(r);
}

/* Waiting for the link is no compensation, and disabling the queue no crash. */
static void rate_and_link(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1000);

	(void)state;
	fill_ring(r, 0, len);
	limit(r, 0, 10);
	nic_wire_carrier(r->n, false);
	refill(r, 0);
	fake_run(SECOND / 10);
	assert_int_equal(r->wire.nr, 0);
	nic_wire_carrier(r->n, true);
	fake_run(SECOND / 10);
	assert_in_range(r->wire.nr, 90, 130);
	wr(r, TX_QUEUE(0) + TXDCTL, 0);
	rig_forget(r);
	fake_run(SECOND / 10);
	assert_int_equal(r->wire.nr, 0);
	wr(r, TX_QUEUE(0) + TXDCTL, TXDCTL_ENABLE);
	refill(r, 0);
	fake_run(SECOND * 2);
	assert_in_range(r->wire.nr, NR_DESCS - 1, NR_DESCS);
	rig_free(r);
}

static void rate_below_one(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	fill_ring(r, 0, udp(100));
	wr(r, RTTBCNRC, RTTBCNRC_RS_ENA | 5);
	assert_non_null(strstr(fake_log, "rate factor"));
	refill(r, 0);
	fake_run(1000000);
	assert_int_equal(r->wire.nr, NR_DESCS - 1);
	wr(r, RTTBCNRC, ~0u);			/* slowest: 1023.99 */
	wr(r, RTTBCNRM, ~0u);
	refill(r, 0);
	fake_run(1000000);
	nic_flr(r->n);				/* takes the limit away */
	wr(r, RTTDQSEL, 0);
	assert_int_equal(rd(r, RTTBCNRC), 0);
	rig_free(r);
}

const struct CMUnitTest txarb_tests[] = {
	cmocka_unit_test(mtqc_modes),
	cmocka_unit_test(queues_of_classes),
	cmocka_unit_test(buffers_needed),
	cmocka_unit_test(arbiters_hold),
	cmocka_unit_test(classes_share),
	cmocka_unit_test(classes_by_weight),
	cmocka_unit_test(mode_in_mid_packet),
	cmocka_unit_test(rate_is_met),
	cmocka_unit_test(rate_of_others),
	cmocka_unit_test(rate_memory),
	cmocka_unit_test(rate_after_stall),
	cmocka_unit_test(rate_and_link),
	cmocka_unit_test(rate_below_one),
};

const size_t nr_txarb_tests = ARRAY_SIZE(txarb_tests);
