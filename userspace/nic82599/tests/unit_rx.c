// SPDX-License-Identifier: GPL-2.0
/* Receive: filters, steering, rings, packet buffer, flow control. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define ADV		(1u << 25)		/* SRRCTL: advanced, one buffer */
#define ADV_2K		(ADV | 2u)
#define SRC		0x0a000001u
#define DST		0x0a000002u

static uint8_t frame[FRAME_MAX];

static size_t udp(uint16_t dport, size_t payload)
{
	return make_udp4(frame, SRC, DST, 1000, dport, payload);
}

static bool done(struct rig *r, unsigned int q, unsigned int i)
{
	return rx_desc(r, q, i)->hi & RXD_DD;
}

static uint32_t length(struct rig *r, unsigned int q, unsigned int i)
{
	return rx_desc(r, q, i)->hi >> RXA_LEN_SHIFT & 0xffff;
}

static void rx_advanced(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);
	struct desc *d = rx_desc(r, 0, 0);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	nic_receive(r->n, frame, len);
	assert_true((d->hi & 0xffffffff) ==
		    (RXD_DD | RXD_EOP | RXD_L4I | RXD_IPCS));
	assert_int_equal(length(r, 0, 0), len);
	assert_int_equal(d->lo >> RXA_PTYPE_SHIFT & 0xfff, PTYPE_IPV4 | PTYPE_UDP);
	assert_memory_equal(mem(r, buf_at(0)), frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 1);
	assert_false(done(r, 0, 1));
	assert_int_equal(rd(r, GPRC), 1);
	assert_int_equal(rd(r, GPRC), 0);	/* cleared by reading */
	assert_int_equal(rd(r, GORCL), len + 4);
	rig_free(r);
}

static void rx_legacy(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 3, 2, 8);
	wr(r, MRQC, 1);
	wr(r, RETA(0), 0x03030303);
	rx_setup(r, 0, 2, 8);
	nic_receive(r->n, frame, len);
	assert_true(rx_desc(r, 0, 0)->hi ==
		    (len | (uint64_t)(RXD_DD | RXD_EOP | RXD_L4I | RXD_IPCS) << 32));
	assert_true(rx_desc(r, 0, 0)->lo == buf_at(0));
	rig_free(r);
}

static void rx_many_buffers(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 5000), pos;
	unsigned int i;

	(void)state;
	rx_setup(r, 0, ADV | 1, 16);
	nic_receive(r->n, frame, len);
	for (i = 0, pos = 0; pos < len; i++, pos += 1024) {
		size_t part = len - pos < 1024 ? len - pos : 1024;
		bool last = pos + part == len;

		assert_true(done(r, 0, i));
		assert_int_equal(length(r, 0, i), part);
		assert_int_equal(!!(rx_desc(r, 0, i)->hi & RXD_EOP), last);
		assert_memory_equal(mem(r, buf_at(i)), frame + pos, part);
	}
	assert_false(done(r, 0, i));
	rig_free(r);
}

static void rx_vlan_strip(void **state)
{
	struct rig *r = rig_new();
	uint8_t plain[200];
	size_t len = udp(7, 100);

	(void)state;
	memcpy(plain, frame, len);
	len = add_tag(frame, len, 0x6123);
	rx_setup(r, 0, ADV_2K, 8);
	nic_receive(r->n, frame, len);
	assert_int_equal(length(r, 0, 0), len);
	assert_false(rx_desc(r, 0, 0)->hi & RXD_VP);
	wr(r, RX_QUEUE(0) + RXDCTL, RXDCTL_ENABLE | RXDCTL_VME);
	nic_receive(r->n, frame, len);
	assert_int_equal(length(r, 0, 1), len - 4);
	assert_true(rx_desc(r, 0, 1)->hi & RXD_VP);
	assert_int_equal(rx_desc(r, 0, 1)->hi >> RXA_VLAN_SHIFT, 0x6123);
	assert_memory_equal(mem(r, buf_at(1)), plain, len - 4);
	rig_free(r);
}

static void rx_vlan_filter(void **state)
{
	struct rig *r = rig_new();
	size_t len = add_tag(frame, udp(7, 100), 5);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	wr(r, VLNCTRL, 0x8100 | VLNCTRL_VFE);
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 0));
	wr(r, VFTA(0), 1u << 5);
	nic_receive(r->n, frame, len);
	assert_true(done(r, 0, 0));
	nic_receive(r->n, frame, udp(7, 100));	/* untagged passes */
	assert_true(done(r, 0, 1));
	rig_free(r);
}

static void rx_fcs_kept(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);
	uint32_t fcs;

	(void)state;
	wr(r, RDRXCTL, 0);
	wr(r, HLREG0, rd(r, HLREG0) & ~HLREG0_RXCRCSTRP);
	rx_setup(r, 0, ADV_2K, 8);
	nic_receive(r->n, frame, len);
	assert_int_equal(length(r, 0, 0), len + 4);
	memcpy(&fcs, mem(r, buf_at(0)) + len, 4);
	assert_int_equal(le32toh(fcs), crc32_fcs(frame, len));
	rig_free(r);
}

static void rx_addresses(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	frame[5] = 9;				/* not ours */
	nic_receive(r->n, frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 0);
	wr(r, RAL(100), 0x90598202);
	wr(r, RAH(100), 0x80000900);
	nic_receive(r->n, frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 1);
	wr(r, RAH(100), 0x00000900);
	wr(r, FCTRL, FCTRL_BAM | FCTRL_UPE);
	nic_receive(r->n, frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 2);
	memset(frame, 0xff, 6);
	nic_receive(r->n, frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 3);
	wr(r, FCTRL, 0);
	nic_receive(r->n, frame, len);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDH), 3);
	assert_int_equal(rd(r, BPRC), 1);
	rig_free(r);
}

static void rx_multicast_hash(void **state)
{
	static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x12, 0x34 };
	struct rig *r = rig_new();
	size_t len = udp(7, 100);
	uint32_t v = (0x12u | 0x34u << 8) >> 4 & 0xfff;

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	memcpy(frame, group, 6);
	wr(r, MTA(v / 32), 1u << v % 32);
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 0));		/* MFE is off */
	wr(r, MCSTCTRL, MCSTCTRL_MFE);
	nic_receive(r->n, frame, len);
	assert_true(rx_desc(r, 0, 0)->hi & RXD_PIF);
	wr(r, MCSTCTRL, MCSTCTRL_MFE | 3);	/* other bits of the address */
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 1));
	wr(r, FCTRL, FCTRL_MPE);
	nic_receive(r->n, frame, len);
	assert_true(done(r, 0, 1));
	rig_free(r);
}

static void rx_lengths(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 0, ADV | 16, 8);
	wr(r, HLREG0, rd(r, HLREG0) & ~HLREG0_JUMBOEN);
	nic_receive(r->n, frame, udp(7, 1472));
	assert_true(done(r, 0, 0));
	nic_receive(r->n, frame, udp(7, 1473));
	assert_false(done(r, 0, 1));
	assert_int_equal(rd(r, ROC), 1);
	nic_receive(r->n, frame, add_tag(frame, udp(7, 1472), 1));
	assert_true(done(r, 0, 1));		/* the tag comes on top */
	nic_receive(r->n, frame, 59);
	assert_int_equal(rd(r, RUC), 1);
	wr(r, HLREG0, rd(r, HLREG0) | HLREG0_JUMBOEN);
	nic_receive(r->n, frame, udp(7, 9682));
	assert_true(done(r, 0, 2));
	nic_receive(r->n, frame, udp(7, 9683));
	assert_int_equal(rd(r, ROC), 1);
	rig_free(r);
}

static void filter_to(struct rig *r, unsigned int i, uint16_t dport,
		      unsigned int prio, unsigned int q)
{
	wr(r, DAQF(i), htobe32(DST));
	wr(r, SDPQF(i), (uint32_t)htobe16(dport) << 16);
	wr(r, L34TIMIR(i), q << 21 | 1u << 12);
	wr(r, FTQF(i), 1u << 31 | 1u << 30 | 5u << 25 | prio << 2 | 1);
}

static void rx_steering(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 100, ADV_2K, 8);
	rx_setup(r, 101, ADV_2K, 8);
	filter_to(r, 127, 7, 2, 100);
	nic_receive(r->n, frame, udp(8, 10));
	assert_true(done(r, 0, 0));
	nic_receive(r->n, frame, udp(7, 10));
	assert_true(done(r, 100, 0));
	filter_to(r, 3, 7, 1, 101);		/* lower priority */
	nic_receive(r->n, frame, udp(7, 10));
	assert_true(done(r, 100, 1));
	wr(r, FTQF(127), 0);
	nic_receive(r->n, frame, udp(7, 10));
	assert_true(done(r, 101, 0));
	rig_free(r);
}

static void rx_ethertype_and_syn(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 5, ADV_2K, 8);
	rx_setup(r, 6, ADV_2K, 8);
	wr(r, ETQF(2), ETQF_FILTER_EN | 0x88cc);
	wr(r, ETQS(2), ETQS_QUEUE_EN | 5u << 16);
	put_be16(frame + 12, 0x88cc);
	nic_receive(r->n, frame, len);
	assert_int_equal(rx_desc(r, 5, 0)->lo >> 4 & 0xfff, PTYPE_L2 | 2);
	wr(r, SYNQF, SYNQF_QUEUE_EN | 6u << 1);
	nic_receive(r->n, frame, make_tcp4(frame, SRC, DST, 1, 2, 0, 0x02));
	assert_true(done(r, 6, 0));
	nic_receive(r->n, frame, make_tcp4(frame, SRC, DST, 1, 2, 0, 0x12));
	assert_true(done(r, 0, 0));
	rig_free(r);
}

static void rx_rss(void **state)
{
	struct rig *r = rig_new();
	uint8_t key[40], in[12];
	unsigned int i, q;

	(void)state;
	for (q = 0; q < 16; q++)
		rx_setup(r, q, ADV_2K, 8);
	for (i = 0; i < 32; i++)
		wr(r, RETA(i), 0x03020100 + (i % 4) * 0x04040404);
	for (i = 0; i < 10; i++)
		wr(r, RSSRK(i), 0x9e3779b9 * (i + 1));
	wr(r, RXCSUM, RXCSUM_PCSD);
	wr(r, MRQC, 1 | 1u << 22);
	nic_receive(r->n, frame, udp(7, 100));
	for (q = 0; q < 16 && !done(r, q, 0); q++)
		;
	assert_in_range(q, 0, 15);
	assert_int_equal(rx_desc(r, q, 0)->lo & 0xf, RSS_IPV4_UDP);
	assert_int_equal(rx_desc(r, q, 0)->lo >> 32 & 0xf, q);
	for (i = 0; i < 10; i++)
		memcpy(key + 4 * i, &(uint32_t){ htole32(0x9e3779b9 * (i + 1)) }, 4);
	memcpy(in, frame + 26, 12);
	assert_int_equal(rx_desc(r, q, 0)->lo >> 32, rss_toeplitz(key, in, 12));
	rig_free(r);
}

/* Without DROP_EN a full queue stops the others; with it, it doesn't. */
static void rx_head_of_line(void **state)
{
	struct rig *r = rig_new();
	unsigned int i;

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 9, ADV_2K, 2);
	filter_to(r, 0, 7, 1, 9);
	for (i = 0; i < 3; i++)
		nic_receive(r->n, frame, udp(7, 100));
	nic_receive(r->n, frame, udp(8, 100));
	assert_false(done(r, 0, 0));
	assert_int_equal(rd(r, QPRDC(0)), 0);
	wr(r, RX_QUEUE(9) + RDT, 3);		/* one more: all get through */
	assert_true(done(r, 9, 2));
	assert_true(done(r, 0, 0));
	nic_receive(r->n, frame, udp(7, 100));
	nic_receive(r->n, frame, udp(8, 100));
	assert_false(done(r, 0, 1));
	wr(r, RX_QUEUE(9) + SRRCTL, ADV_2K | SRRCTL_DROP_EN);
	assert_true(done(r, 0, 1));
	assert_int_equal(rd(r, QPRDC(0)), 1);
	wr(r, RX_QUEUE(9) + RXDCTL, 0);		/* disabled: dropped, counted */
	nic_receive(r->n, frame, udp(7, 100));
	assert_int_equal(rd(r, QPRDC(0)), 1);
	rig_free(r);
}

/* What a far end may ask before it sends; nothing changes by asking. */
static void rx_room_ahead(void **state)
{
	struct rig *r = rig_new();
	size_t len;

	(void)state;
	assert_int_equal(nic_rx_room(r->n), 0);		/* no queue at all */
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 9, ADV | 1, 3);			/* 1024 bytes a buffer */
	filter_to(r, 0, 7, 1, 9);
	assert_int_equal(nic_rx_room(r->n), 1);		/* of 1518 bytes */
	len = udp(7, 1400);
	assert_true(nic_rx_takes(r->n, frame, len));
	nic_receive(r->n, frame, len);
	assert_true(done(r, 9, 1));
	assert_false(nic_rx_takes(r->n, frame, len));
	assert_int_equal(nic_rx_room(r->n), 0);
	assert_true(nic_rx_takes(r->n, frame, udp(7, 100)));
	assert_true(nic_rx_takes(r->n, frame, udp(8, 1400)));
	assert_true(nic_rx_takes(r->n, frame, 20));	/* a runt takes none */
	assert_int_equal(rd(r, GPRC), 1);
	assert_false(done(r, 0, 0));
	nic_receive(r->n, frame, udp(7, 1400));		/* waits, and all behind it */
	assert_false(nic_rx_takes(r->n, frame, udp(8, 100)));
	wr(r, RX_QUEUE(9) + RDT, 9);
	assert_true(nic_rx_takes(r->n, frame, udp(8, 100)));
	assert_int_equal(nic_rx_room(r->n), 2);
	wr(r, RXCTRL, 0);
	assert_false(nic_rx_takes(r->n, frame, udp(8, 100)));
	assert_int_equal(nic_rx_room(r->n), 0);
	rig_free(r);
}

static void rx_buffer_overrun(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 1472);
	unsigned int i, fit;

	(void)state;
	rx_setup(r, 0, ADV_2K, 0);
	wr(r, RXPBSIZE(0), 64u << 10);
	for (i = 0; i < 100; i++)
		nic_receive(r->n, frame, len);
	fit = r->n->fifo.count;
	assert_in_range(fit, 40, 43);
	assert_int_equal(rd(r, MPC(0)), 100 - fit);
	assert_true(rd(r, EICS) & EICR_RX_MISS);
	for (i = 0; i < RING_DESCS - 1; i++)
		rx_desc(r, 0, i)->lo = buf_at(i);
	wr(r, RX_QUEUE(0) + RDT, RING_DESCS - 1);
	assert_int_equal(r->n->fifo.count, fit - (RING_DESCS - 1));
	rig_free(r);
}

/* Every byte survives the packet buffer, over many wraps of it. */
static void rx_buffer_contents(void **state)
{
	struct rig *r = rig_new();
	unsigned int i, in = 0, out = 0, tail = 0;

	(void)state;
	rx_setup(r, 0, ADV | 16, 0);
	wr(r, RXPBSIZE(0), 128u << 10);
	for (i = 0; i < 20000; i++) {
		size_t len = udp((uint16_t)in, in * 37 % 8000);

		if (r->n->fifo.used + len + 64 < 128u << 10) {
			nic_receive(r->n, frame, len);
			in++;
		}
		if (i % 3 && out != in) {
			rx_desc(r, 0, tail)->lo = buf_at(0);
			tail = (tail + 1) % RING_DESCS;
			wr(r, RX_QUEUE(0) + RDT, tail);
			len = udp((uint16_t)out, out * 37 % 8000);
			assert_memory_equal(mem(r, buf_at(0)), frame, len);
			out++;
		}
	}
	assert_int_equal(rd(r, MPC(0)), 0);
	assert_true(out > 5000);
	rig_free(r);
}

static void rx_pause(void **state)
{
	struct rig *r = rig_new();
	unsigned int i;

	(void)state;
	rx_setup(r, 0, ADV_2K, 0);
	wr(r, FCCFG, FCCFG_TFCE_LINK);
	wr(r, FCTTV, 0x0680);
	wr(r, FCRTV, 0x0340);
	wr(r, FCRTH, FCRTH_FCEN | 8192);
	wr(r, FCRTL, FCRTL_XONE | 4096);
	for (i = 0; i < 6; i++)
		nic_receive(r->n, frame, udp(7, 1400));
	assert_int_equal(r->wire.nr, 1);
	assert_int_equal(get_be16(r->wire.sent[0].data + 12), 0x8808);
	assert_int_equal(get_be16(r->wire.sent[0].data + 16), 0x0680);
	fake_run(42000);			/* 0x340 quanta: 42.6 us */
	assert_int_equal(r->wire.nr, 1);
	fake_run(1000);
	assert_int_equal(r->wire.nr, 2);	/* refreshed */
	for (i = 0; i < 6; i++)
		rx_desc(r, 0, i)->lo = buf_at(i);
	wr(r, RX_QUEUE(0) + RDT, 6);
	assert_int_equal(r->wire.nr, 3);
	assert_int_equal(get_be16(r->wire.sent[2].data + 16), 0);
	assert_int_equal(rd(r, LXOFFTXC), 2);
	assert_int_equal(rd(r, LXONTXC), 1);
	rig_free(r);
}

static void rx_not_now(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	wr(r, RXCTRL, 0);
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 0));
	wr(r, RXCTRL, RXCTRL_RXEN);
	nic_wire_carrier(r->n, false);
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 0));
	nic_wire_carrier(r->n, true);
	fake_run(100000000);
	r->bus.master = false;
	nic_receive(r->n, frame, len);
	assert_false(done(r, 0, 0));
	assert_true(strstr(fake_log, "bus mastering"));
	r->bus.master = true;
	nic_bus_master_changed(r->n);		/* it waited in the buffer */
	assert_true(done(r, 0, 0));
	rig_free(r);
}

static void rx_unmapped(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_desc(r, 0, 0)->lo = 0x1234;
	nic_receive(r->n, frame, len);
	nic_receive(r->n, frame, len);
	assert_true(done(r, 0, 1));
	assert_memory_equal(mem(r, buf_at(1)), frame, len);
	assert_int_equal(r->n->faults.rx_dma, 1);
	wr(r, RX_QUEUE(0) + RXDCTL, 0);
	wr(r, RX_QUEUE(0) + RDBAH, 0xdeadbeef);
	wr(r, RX_QUEUE(0) + RXDCTL, RXDCTL_ENABLE);
	nic_receive(r->n, frame, len);
	assert_int_equal(r->n->faults.rx_dma, 2);
	rig_free(r);
}

static void rx_bad_tail(void **state)
{
	struct rig *r = rig_new();
	size_t len = udp(7, 100);

	(void)state;
	rx_setup(r, 0, ADV_2K, 1);
	wr(r, RX_QUEUE(0) + RDT, RING_DESCS);
	assert_int_equal(rd(r, RX_QUEUE(0) + RDT), RING_DESCS);
	assert_int_equal(r->n->faults.bad_tail, 1);
	nic_receive(r->n, frame, len);
	nic_receive(r->n, frame, len);
	assert_true(done(r, 0, 0));
	assert_false(done(r, 0, 1));
	wr(r, RX_QUEUE(1) + RXDCTL, RXDCTL_ENABLE);	/* no ring */
	assert_false(rd(r, RX_QUEUE(1) + RXDCTL) & RXDCTL_ENABLE);
	rig_free(r);
}

const struct CMUnitTest rx_tests[] = {
	cmocka_unit_test(rx_advanced),
	cmocka_unit_test(rx_legacy),
	cmocka_unit_test(rx_many_buffers),
	cmocka_unit_test(rx_vlan_strip),
	cmocka_unit_test(rx_vlan_filter),
	cmocka_unit_test(rx_fcs_kept),
	cmocka_unit_test(rx_addresses),
	cmocka_unit_test(rx_multicast_hash),
	cmocka_unit_test(rx_lengths),
	cmocka_unit_test(rx_steering),
	cmocka_unit_test(rx_ethertype_and_syn),
	cmocka_unit_test(rx_rss),
	cmocka_unit_test(rx_head_of_line),
	cmocka_unit_test(rx_room_ahead),
	cmocka_unit_test(rx_buffer_overrun),
	cmocka_unit_test(rx_buffer_contents),
	cmocka_unit_test(rx_pause),
	cmocka_unit_test(rx_not_now),
	cmocka_unit_test(rx_unmapped),
	cmocka_unit_test(rx_bad_tail),
};

const size_t nr_rx_tests = ARRAY_SIZE(rx_tests);
