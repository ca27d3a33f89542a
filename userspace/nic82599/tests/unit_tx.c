// SPDX-License-Identifier: GPL-2.0
/* Transmit: descriptors, offloads, write-back, what holds a queue back. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define SRC		0x0a000001u
#define DST		0x0a000002u

#define DATA		(TXD_DEXT | 3ull << 20)
#define LAST		(TXD_EOP | TXD_IFCS | TXD_RS)

static uint8_t frame[FRAME_MAX];

static size_t udp(size_t payload)
{
	return make_udp4(frame, SRC, DST, 1000, 7, payload);
}

/* A context: header lengths, MSS, TUCMD, tag */
static void context(struct rig *r, unsigned int q, unsigned int iplen,
		    unsigned int l4len, unsigned int mss, uint64_t tucmd,
		    uint16_t vlan)
{
	tx_put(r, q, iplen | 14u << 9 | (uint64_t)vlan << 16,
	       TXD_DEXT | 2ull << 20 | tucmd << 9 | (uint64_t)l4len << 40 |
	       (uint64_t)mss << 48);
}

#define TUCMD_IPV4	2u
#define TUCMD_UDP	0u
#define TUCMD_TCP	4u
#define TUCMD_SCTP	8u

static bool dd(struct rig *r, unsigned int q, unsigned int i)
{
	return tx_desc(r, q, i)->hi & TXD_DD;
}

static void tx_advanced(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(100);

	(void)state;
	tx_setup(r, 0);
	tx_frame(r, 0, frame, len, 0);
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(r->wire.sent[0].len, len);
	assert_memory_equal(r->wire.sent[0].data, frame, len);
	assert_true(dd(r, 0, 0));
	assert_int_equal(rd(r, TX_QUEUE(0) + TDH), 1);
	assert_int_equal(rd(r, GPTC), 1);
	assert_int_equal(rd(r, GOTCL), len + 4);
	assert_int_equal(rd(r, QPTC(0)), 1);
	rig_free(r);
}

static void tx_legacy_and_padding(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	tx_setup(r, 127);
	wr(r, RTTDCS, RTTDCS_ARBDIS);
	wr(r, MTQC, MTQC_VT_ENA | MTQC_NUM_TC_OR_Q(1));
	wr(r, RTTDCS, 0);
	udp(0);
	memcpy(mem(r, buf_at(1)), frame, 42);
	tx_put(r, 127, buf_at(1), 42 | LAST);
	tx_go(r, 127);
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(r->wire.sent[0].len, 60);
	assert_memory_equal(r->wire.sent[0].data, frame, 60);
	assert_true(dd(r, 127, 0));
	rig_free(r);
}

static void tx_scattered(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1400);

	(void)state;
	tx_setup(r, 0);
	memcpy(mem(r, buf_at(1)), frame, len);
	tx_put(r, 0, buf_at(1), DATA | 1);
	tx_put(r, 0, buf_at(1) + 1, DATA | 40);
	tx_go(r, 0);
	assert_int_equal(r->wire.nr, 0);	/* the end is missing */
	assert_int_equal(rd(r, TX_QUEUE(0) + TDH), 0);
	tx_put(r, 0, buf_at(1) + 41, DATA | LAST | (len - 41));
	tx_go(r, 0);
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(r->wire.sent[0].len, len);
	assert_memory_equal(r->wire.sent[0].data, frame, len);
	assert_false(dd(r, 0, 0));
	assert_true(dd(r, 0, 2));
	rig_free(r);
}

static void tx_vlan(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(100);

	(void)state;
	tx_setup(r, 0);
	context(r, 0, 20, 8, 0, 0, 0x6007);
	tx_frame(r, 0, frame, len, TXD_VLE);
	len = add_tag(frame, len, 0x6007);
	assert_int_equal(r->wire.sent[0].len, len);
	assert_memory_equal(r->wire.sent[0].data, frame, len);
	len = udp(100);
	memcpy(mem(r, buf_at(1)), frame, len);	/* legacy: tag in the descriptor */
	tx_put(r, 0, buf_at(1), len | LAST | TXD_VLE | 0x1009ull << 48);
	tx_go(r, 0);
	assert_int_equal(get_be16(r->wire.sent[1].data + 14), 0x1009);
	rig_free(r);
}

/* The software's share of the checksum: the pseudo header's sum. */
static void put_pseudo(uint8_t *f, unsigned int at, uint32_t l4_len)
{
	uint32_t sum = f[23] + l4_len, i;

	for (i = 26; i < 34; i += 2)
		sum += get_be16(f + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_be16(f + 34 + at, (uint16_t)sum);
}

static void tx_checksums(void **state)
{
	struct rig *r = rig_new();
	uint8_t want[FRAME_MAX];
	size_t len, payload;

	(void)state;
	tx_setup(r, 0);
	for (payload = 18; payload < 1400; payload += 97) {
		len = udp(payload);
		memcpy(want, frame, len);
		put_be16(frame + 24, 0);
		put_pseudo(frame, 6, 8 + (uint32_t)payload);
		context(r, 0, 20, 8, 0, TUCMD_IPV4 | TUCMD_UDP, 0);
		tx_frame(r, 0, frame, len, TXD_IXSM | TXD_TXSM);
		assert_memory_equal(r->wire.sent[0].data, want, len);
		rig_forget(r);
		len = make_tcp4(frame, SRC, DST, 9, 8, payload, 0x18);
		memcpy(want, frame, len);
		put_pseudo(frame, 16, 20 + (uint32_t)payload);
		/* L4 only: TUCMD.IPV4 is not needed */
		context(r, 0, 20, 20, 0, TUCMD_TCP, 0);
		tx_frame(r, 0, frame, len, TXD_TXSM);
		assert_memory_equal(r->wire.sent[0].data, want, len);
		rig_forget(r);
	}
	rig_free(r);
}

/* A sum of zero is sent as ffff by UDP, and SCTP gets its CRC. */
static void tx_checksum_corners(void **state)
{
	struct rig *r = rig_new();
	uint8_t *l4 = frame + 34;
	size_t len = udp(100);
	uint16_t now;

	(void)state;
	tx_setup(r, 0);
	now = get_be16(l4 + 6);
	put_be16(l4 + 50, 0);
	put_be16(l4 + 6, 0);
	put_pseudo(frame, 6, 108);
	now = plain_csum(l4, 108, 0);
	put_be16(l4 + 50, now);		/* now the sum is ffff: checksum zero */
	context(r, 0, 20, 8, 0, TUCMD_IPV4, 0);
	tx_frame(r, 0, frame, len, TXD_TXSM);
	assert_int_equal(get_be16(r->wire.sent[0].data + 40), 0xffff);
	memset(l4 + 8, 0, 4);
	context(r, 0, 20, 12, 0, TUCMD_IPV4 | TUCMD_SCTP, 0);
	tx_frame(r, 0, frame, len, TXD_TXSM);
	memcpy(&now, r->wire.sent[1].data + 42, 2);
	assert_int_equal(le16toh(now),
			 ~crc32c_seed(~0u, l4, len - 34) & 0xffff);
	rig_free(r);
}

static void tso(struct rig *r, size_t payload, uint16_t mss, uint8_t flags)
{
	size_t len = make_tcp4(frame, SRC, DST, 9, 8, payload, flags);

	put_be16(frame + 16, 0);
	put_be16(frame + 24, 0);
	put_pseudo(frame, 16, 0);
	memcpy(mem(r, buf_at(50)), frame, len);
	context(r, 0, 20, 20, mss, TUCMD_IPV4 | TUCMD_TCP, 0);
	tx_put(r, 0, buf_at(50), DATA | 54 | TXD_TSE | TXD_IXSM | TXD_TXSM |
	       (uint64_t)payload << 46);
	tx_put(r, 0, buf_at(50) + 54, DATA | LAST | (len - 54));
	tx_go(r, 0);
}

static void tx_tso(void **state)
{
	struct rig *r = rig_new();
	unsigned int i;
	size_t pos = 0;

	(void)state;
	tx_setup(r, 0);
	tso(r, 10000, 1448, 0x19);		/* FIN, PSH, ACK */
	assert_int_equal(r->wire.nr, 7);
	for (i = 0; i < 7; i++) {
		const uint8_t *f = r->wire.sent[i].data, *ip = f + 14;
		size_t part = r->wire.sent[i].len - 54;

		assert_int_equal(part, i < 6 ? 1448 : 10000 - 6 * 1448);
		assert_true(ip4_good(ip) && l4_good4(ip));
		assert_int_equal(get_be16(ip + 4), 0x1234 + i);
		assert_int_equal(get_be32(ip + 24), 0x01020304 + pos);
		assert_int_equal(ip[33], i < 6 ? 0x10 : 0x19);
		assert_memory_equal(f + 54, frame + 54 + pos, part);
		pos += part;
	}
	assert_true(dd(r, 0, 2));
	assert_int_equal(rd(r, GPTC), 7);
	rig_free(r);
}

static void tx_tso_limits(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	tx_setup(r, 0);
	tso(r, 100, 1448, 0x19);		/* a single segment keeps its flags */
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(r->wire.sent[0].data[47], 0x19);
	tso(r, 100, 0, 0x10);
	tso(r, 100, 65000, 0x10);
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(r->n->faults.bad_desc, 2);
	assert_true(dd(r, 0, 8));		/* refused, but given back */
	tso(r, 3000, 1448, 0x10);
	assert_int_equal(r->wire.nr, 4);
	rig_free(r);
}

static void tx_udp_segmentation(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(2500);
	unsigned int i;

	(void)state;
	tx_setup(r, 0);
	put_be16(frame + 16, 0);
	put_be16(frame + 24, 0);
	put_pseudo(frame, 6, 0);
	context(r, 0, 20, 8, 1000, TUCMD_IPV4 | TUCMD_UDP, 0);
	tx_frame(r, 0, frame, len, TXD_TSE | TXD_IXSM | TXD_TXSM);
	assert_int_equal(r->wire.nr, 3);
	for (i = 0; i < 3; i++) {
		const uint8_t *ip = r->wire.sent[i].data + 14;

		assert_true(ip4_good(ip) && l4_good4(ip));
		assert_int_equal(get_be16(ip + 24), i < 2 ? 1008 : 508);
	}
	rig_free(r);
}

static void tx_head_write_back(void **state)
{
	struct rig *r = rig_new();
	uint64_t at = buf_at(30);
	uint32_t head;

	(void)state;
	tx_setup(r, 0);
	wr(r, TX_QUEUE(0) + TXDCTL, 0);
	wr(r, TX_QUEUE(0) + TDWBAL, (uint32_t)at | TDWBAL_HEAD_WB_EN);
	wr(r, TX_QUEUE(0) + TDWBAH, (uint32_t)(at >> 32));
	wr(r, TX_QUEUE(0) + TXDCTL, TXDCTL_ENABLE);
	tx_frame(r, 0, frame, udp(100), 0);
	tx_frame(r, 0, frame, udp(100), 0);
	memcpy(&head, mem(r, at), 4);
	assert_int_equal(le32toh(head), 2);
	assert_false(dd(r, 0, 0));
	rig_free(r);
}

/* Descriptors are reported where they ask for it, and only there. */
static void tx_reports(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(100);
	unsigned int i;

	(void)state;
	tx_setup(r, 0);
	memcpy(mem(r, buf_at(1)), frame, len);
	for (i = 0; i < RING_DESCS + 2; i++) {
		tx_put(r, 0, buf_at(1), DATA | TXD_EOP | TXD_IFCS | len);
		tx_go(r, 0);
		assert_int_equal(rd(r, TX_QUEUE(0) + TDH), (i + 1) % RING_DESCS);
		assert_false(dd(r, 0, i % RING_DESCS));
	}
	tx_put(r, 0, buf_at(1), DATA | TXD_RS | 40);
	tx_put(r, 0, buf_at(1) + 40, DATA | TXD_EOP | TXD_IFCS | (len - 40));
	tx_go(r, 0);
	assert_int_equal(r->wire.nr, RING_DESCS + 3);
	assert_true(dd(r, 0, 2));
	assert_false(dd(r, 0, 3));
	assert_int_equal(rd(r, TX_QUEUE(0) + TDH), 4);
	rig_free(r);
}

static void tx_held_back(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	tx_setup(r, 64);
	tx_frame(r, 64, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 0);	/* MTQC: 64 queues */
	tx_setup(r, 0);
	wr(r, DMATXCTL, 0);
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 0);
	wr(r, DMATXCTL, DMATXCTL_TE);
	assert_int_equal(r->wire.nr, 1);
	nic_wire_carrier(r->n, false);
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 1);
	nic_wire_carrier(r->n, true);
	fake_run(100000000);
	assert_int_equal(r->wire.nr, 2);
	r->bus.master = false;
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 2);
	r->bus.master = true;
	nic_bus_master_changed(r->n);
	assert_int_equal(r->wire.nr, 3);
	wr(r, CTRL, CTRL_MASTER_DISABLE);
	assert_false(rd(r, STATUS) & STATUS_MASTER_ENABLE);
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 3);
	rig_free(r);
}

/* As tx_frame() on queue 0, but no timer runs */
static void tx_frame_quietly(struct rig *r, const uint8_t *f, size_t len)
{
	memcpy(mem(r, buf_at(39)), f, len);
	tx_put(r, 0, buf_at(39), DATA | LAST | len);
	wr(r, TX_QUEUE(0) + TDT, r->tail[0]);
}

static void tx_pause_received(void **state)
{
	static const uint8_t xoff[60] = {
		0x01, 0x80, 0xc2, 0, 0, 1, 2, 2, 2, 2, 2, 2, 0x88, 0x08, 0, 1,
		0x10, 0x00,
	};
	struct rig *r = rig_new();

	(void)state;
	tx_setup(r, 0);
	wr(r, MFLCN, MFLCN_RFCE);
	nic_receive(r->n, xoff, sizeof(xoff));
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 0);
	fake_run(4096 * 512 / 10 - 5000);	/* 4096 quanta */
	nic_receive(r->n, xoff, sizeof(xoff));	/* refreshed */
	fake_run(4096 * 512 / 10 - 5000);
	assert_int_equal(r->wire.nr, 0);
	/* late: the clock alone does not end a pause, its timer does */
	fake_now += 10000000;
	tx_frame_quietly(r, frame, udp(100));
	assert_int_equal(r->wire.nr, 0);
	fake_run(0);
	assert_int_equal(r->wire.nr, 2);
	assert_int_equal(rd(r, LXOFFRXCNT), 2);
	rig_free(r);
}

static void tx_loopback(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(100);

	(void)state;
	tx_setup(r, 0);
	rx_setup(r, 0, 1u << 25 | 2, 4);
	wr(r, HLREG0, rd(r, HLREG0) | HLREG0_LPBK);
	tx_frame(r, 0, frame, len, 0);
	assert_int_equal(r->wire.nr, 0);
	assert_true(rx_desc(r, 0, 0)->hi & RXD_DD);
	assert_memory_equal(mem(r, buf_at(0)), frame, len);
	rig_free(r);
}

static void tx_refused(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(100);

	(void)state;
	tx_setup(r, 0);
	tx_frame(r, 0, frame, len, TXD_TXSM);	/* no context yet */
	context(r, 0, 300, 8, 0, TUCMD_IPV4, 0);
	tx_frame(r, 0, frame, len, TXD_TXSM);	/* header beyond the packet */
	tx_frame(r, 0, frame, 10, 0);		/* no Ethernet header */
	memcpy(mem(r, buf_at(1)), frame, len);	/* legacy checksum outside */
	tx_put(r, 0, buf_at(1), len | LAST | TXD_IC | 200ull << 16 | 14ull << 40);
	tx_put(r, 0, buf_at(1), DATA | LAST | 5ull << 20 | len);
	tx_go(r, 0);
	tx_put(r, 0, 0x1234, DATA | LAST | len);	/* unmapped */
	tx_go(r, 0);
	assert_int_equal(r->wire.nr, 0);
	assert_int_equal(r->n->faults.bad_desc, 5);
	assert_int_equal(r->n->faults.tx_dma, 1);
	assert_int_equal(rd(r, TX_QUEUE(0) + TDH), 7);
	tx_frame(r, 0, frame, len, 0);		/* and nothing is stuck */
	assert_int_equal(r->wire.nr, 1);
	rig_free(r);
}

static void tx_bad_tail(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	tx_setup(r, 0);
	wr(r, TX_QUEUE(0) + TDT, RING_DESCS);
	assert_int_equal(r->n->faults.bad_tail, 1);
	assert_int_equal(rd(r, TX_QUEUE(0) + TDH), 0);
	tx_frame(r, 0, frame, udp(100), 0);
	assert_int_equal(r->wire.nr, 1);
	/* a ring full of beginnings: nothing to send, nothing to loop over */
	while (r->tail[0] != rd(r, TX_QUEUE(0) + TDH) - 1u)
		tx_put(r, 0, buf_at(1), DATA | 0xffff);
	tx_go(r, 0);
	assert_int_equal(r->wire.nr, 1);
	rig_free(r);
}

/* Two queues with full rings: neither has to wait for the other. */
static void tx_fairness(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(1000);
	unsigned int q, i, seen[2] = { 0, 0 };

	(void)state;
	memcpy(mem(r, buf_at(1)), frame, len);
	wr(r, DMATXCTL, 0);
	for (q = 0; q < 2; q++) {
		tx_setup(r, q);
		put_be16(frame + 42, (uint16_t)q);
		memcpy(mem(r, buf_at(1 + q)), frame, len);
		for (i = 0; i < RING_DESCS - 1; i++)
			tx_put(r, q, buf_at(1 + q), DATA | LAST | len);
		tx_go(r, q);
	}
	wr(r, DMATXCTL, DMATXCTL_TE);
	for (i = 0; i < 10; i++)
		seen[r->wire.sent[i].data[43]]++;
	assert_int_equal(seen[0], 5);
	assert_in_range(r->wire.nr, 10, 40);	/* a burst is bounded */
	fake_run(1000);
	assert_int_equal(r->wire.nr, 2 * (RING_DESCS - 1));
	rig_free(r);
}

const struct CMUnitTest tx_tests[] = {
	cmocka_unit_test(tx_advanced),
	cmocka_unit_test(tx_legacy_and_padding),
	cmocka_unit_test(tx_scattered),
	cmocka_unit_test(tx_vlan),
	cmocka_unit_test(tx_checksums),
	cmocka_unit_test(tx_checksum_corners),
	cmocka_unit_test(tx_tso),
	cmocka_unit_test(tx_tso_limits),
	cmocka_unit_test(tx_udp_segmentation),
	cmocka_unit_test(tx_head_write_back),
	cmocka_unit_test(tx_reports),
	cmocka_unit_test(tx_held_back),
	cmocka_unit_test(tx_pause_received),
	cmocka_unit_test(tx_loopback),
	cmocka_unit_test(tx_refused),
	cmocka_unit_test(tx_bad_tail),
	cmocka_unit_test(tx_fairness),
};

const size_t nr_tx_tests = ARRAY_SIZE(tx_tests);
