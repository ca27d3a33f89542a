// SPDX-License-Identifier: GPL-2.0
/* Registers, resets, link, interrupts, and arbitrary input. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define SRC		0x0a000001u
#define DST		0x0a000002u
#define ADV_2K		(1u << 25 | 2u)

static uint8_t frame[2000];

static void device_masks(void **state)
{
	static const struct {
		uint32_t off, mask;
	} regs[] = {
		{ FCRTL, 0x8007fff0 }, { FCRTH, 0x8007fff0 },
		{ PFCTOP, 0xffffffff }, { 0x01000, 0xffffff80 },
		{ 0x01008, 0x000fff80 }, { 0x0d008, 0x000fff80 },
		{ 0x01018, 0x0000ffff }, { 0x06000, 0xffffff80 },
		{ 0x07fc8, 0x000fff80 }, { 0x05400, 0xffffffff },
		{ 0x05404, 0x8000ffff }, { 0x05200, 0xffffffff },
		{ 0x03000, 0x00000001 },
	};
	static const uint32_t patterns[] = {
		0x5a5a5a5a, 0xa5a5a5a5, 0, 0xffffffff,
	};
	struct rig *r = rig_new();
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		for (j = 0; j < 4; j++) {
			wr(r, regs[i].off, patterns[j]);
			assert_int_equal(rd(r, regs[i].off),
					 patterns[j] & regs[i].mask);
		}
	assert_int_equal(rd(r, 0x0a200), 0xffffffff);	/* RAL's other place */
	wr(r, 0x02100 + 4 * 3, 0x02000005);
	assert_int_equal(rd(r, 0x01014 + 0x40 * 3), 0x02000005);
	rig_free(r);
}

static void device_absent_is_logged_once(void **state)
{
	struct rig *r = rig_new();
	unsigned int lines = fake_log_lines;

	(void)state;
	assert_int_equal(rd(r, 0x1fffc), 0);
	wr(r, 0x1fffc, 1);
	assert_int_equal(rd(r, 0x1fffc), 0);
	assert_int_equal(fake_log_lines, lines + 1);
	assert_true(strstr(fake_log, "0x1fffc"));
	wr(r, 0x05808, 1);			/* WUFC: stored, said so once */
	wr(r, 0x05808, 3);
	assert_int_equal(rd(r, 0x05808), 3);
	assert_int_equal(fake_log_lines, lines + 2);
	rig_free(r);
}

static void device_reset(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	wr(r, RAL(0), 1);
	wr(r, EIMS, 0xffffffff);
	rx_setup(r, 5, ADV_2K, 4);
	wr(r, SW_FW_SYNC, 3);
	wr(r, CTRL, CTRL_RST | CTRL_MASTER_DISABLE);
	assert_int_equal(rd(r, CTRL), 0);
	assert_true(rd(r, STATUS) & STATUS_MASTER_ENABLE);
	assert_int_equal(rd(r, RAL(0)), 0x90598202);
	assert_int_equal(rd(r, RAH(0)), 0x80000000);
	assert_int_equal(rd(r, EIMS), 0);
	assert_int_equal(rd(r, RX_QUEUE(5) + RXDCTL), 0);
	assert_int_equal(rd(r, SW_FW_SYNC), 3);		/* outlives it */
	assert_true(rd(r, EEC) & EEC_ARD);
	assert_true(rd(r, RDRXCTL) & RDRXCTL_DMAIDONE);
	assert_true(rd(r, LINKS) & LINKS_UP);
	wr(r, CTRL, CTRL_LRST);
	assert_false(rd(r, LINKS) & LINKS_UP);
	fake_run(100000000);
	assert_true(rd(r, LINKS) & LINKS_UP);
	rig_free(r);
}

static void device_semaphores(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_false(rd(r, SWSM) & SWSM_SMBI);
	assert_true(rd(r, SWSM) & SWSM_SMBI);	/* the first read took it */
	wr(r, SWSM, SWSM_SMBI | SWSM_SWESMBI);
	assert_true(rd(r, SWSM) & SWSM_SWESMBI);
	wr(r, SWSM, 0);
	assert_false(rd(r, SWSM) & SWSM_SMBI);
	rig_free(r);
}

static void device_link(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	assert_int_equal(rd(r, LINKS) >> 28 & 3, 3);
	assert_true(rd(r, EICS) & EICR_LSC);
	wr(r, EICR, 0xffffffff);
	wr(r, ESDP, rd(r, ESDP) | ESDP_SDP(3));		/* laser off */
	assert_false(r->wire.light);
	assert_false(rd(r, LINKS) & LINKS_UP);
	assert_true(rd(r, EICS) & EICR_LSC);
	wr(r, ESDP, rd(r, ESDP) & ~ESDP_SDP(3));
	assert_true(r->wire.light);
	fake_run(100000000);
	assert_true(rd(r, LINKS) & LINKS_UP);
	assert_true(rd(r, ESDP) & ESDP_SDP(2));		/* the cage is full */
	wr(r, AUTOC, (rd(r, AUTOC) ^ 4u << 13) | AUTOC_RESTART_AN);
	assert_true(rd(r, ANLP1) >> 16 & 0xf);		/* negotiating */
	fake_run(100000000);
	assert_false(rd(r, LINKS) & LINKS_UP);
	wr(r, AUTOC, (rd(r, AUTOC) ^ 4u << 13) | AUTOC_RESTART_AN);
	assert_false(rd(r, AUTOC) & AUTOC_RESTART_AN);
	fake_run(100000000);
	assert_true(rd(r, LINKS) & LINKS_UP);
	wr(r, AUTOC2, rd(r, AUTOC2) | 1u << 28);
	assert_false(rd(r, LINKS) & LINKS_UP);
	rig_free(r);
}

static void device_mdio(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	wr(r, MSCA, 1u << 30 | 3u << 26);
	assert_false(rd(r, MSCA) & MSCA_MDI_COMMAND);
	assert_int_equal(rd(r, MSRWD) >> 16, 0xffff);
	rig_free(r);
}

/* ---- interrupts ---- */

static void msix_setup(struct rig *r)
{
	rx_setup(r, 0, ADV_2K, 8);
	wr(r, EICR, 0xffffffff);
	wr(r, IVAR(0), 0x80 | 20);		/* receive queue 0: vector 20 */
	wr(r, IVAR_MISC, (0x80u | 33) << 8);
	wr(r, GPIE, GPIE_MULTIPLE_MSIX | GPIE_EIAME | GPIE_OCD);
}

static void receive(struct rig *r)
{
	nic_receive(r->n, frame, make_udp4(frame, SRC, DST, 1, 7, 100));
}

static void device_msix(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	msix_setup(r);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 0);
	wr(r, EIMS_EX(1), 1u << 20);		/* pending: told at once */
	assert_int_equal(r->bus.irqs[20], 1);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 2);	/* no auto-mask asked for */
	wr(r, EIAM_EX(1), 1u << 20);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 3);
	assert_int_equal(rd(r, EIMS_EX(1)), 0);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 3);
	wr(r, EIMS_EX(1), 1u << 20);
	assert_int_equal(r->bus.irqs[20], 4);
	wr(r, EIMS, EICR_LSC);
	nic_wire_carrier(r->n, false);
	assert_int_equal(r->bus.irqs[33], 1);
	wr(r, EIMS, EICR_LSC);			/* the same event, not again */
	assert_int_equal(r->bus.irqs[33], 1);
	assert_true(rd(r, EICR) & EICR_LSC);
	assert_false(rd(r, EICR) & EICR_LSC);
	rig_free(r);
}

static void device_throttle(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	msix_setup(r);
	wr(r, EITR(20), 25u << 3 | EITR_CNT_WDIS);	/* 25 * 2.048 us */
	wr(r, EIMS_EX(1), 1u << 20);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 1);
	receive(r);
	receive(r);
	assert_int_equal(r->bus.irqs[20], 1);
	fake_run(51000);
	assert_int_equal(r->bus.irqs[20], 1);
	fake_run(300);
	assert_int_equal(r->bus.irqs[20], 2);
	fake_run(60000);
	assert_int_equal(r->bus.irqs[20], 2);
	rig_free(r);
}

static void device_intx(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->bus.msix = false;
	rx_setup(r, 0, ADV_2K, 8);
	rd(r, EICR);
	wr(r, IVAR(0), 0x80 | 2);
	wr(r, EIAM, EICR_RTXQ);
	wr(r, EIMS, 1u << 2 | EICR_LSC);
	receive(r);
	assert_true(r->bus.intx);
	assert_int_equal(rd(r, EICR), 1u << 2);
	assert_false(r->bus.intx);
	assert_int_equal(rd(r, EIMS), EICR_LSC);	/* masked by reading */
	wr(r, EICS, EICR_LSC);
	assert_true(r->bus.intx);
	wr(r, EIMC, 0xffffffff);
	assert_false(r->bus.intx);
	rig_free(r);
}

/* ---- arbitrary input ---- */

static uint64_t seed;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static uint32_t pick_reg(void)
{
	static const uint32_t hot[] = {
		CTRL, HLREG0, RXCTRL, DMATXCTL, MTQC, MRQC, FDIRCTRL, FDIRCMD,
		FDIRHASH, GPIE, EICS, EIMS, IVAR(0), RXPBSIZE(0), SECTXCTRL,
		FCCFG, FCRTH, FCTTV, AUTOC, AUTOC2, ESDP, I2CCTL, EEC, MAXFRS,
		VLNCTRL, RXCSUM, FCTRL, EITR(0), RTTDCS,
	};
	uint32_t q = rnd() % 4;

	switch (rnd() % 4) {
	case 0:
		return rnd() % NIC_BAR0_SIZE & ~3u;
	case 1:
		return RX_QUEUE(q) + (rnd() % 16) * 4;
	case 2:
		return TX_QUEUE(q) + (rnd() % 16) * 4;
	default:
		return hot[rnd() % ARRAY_SIZE(hot)];
	}
}

static uint32_t pick_val(void)
{
	switch (rnd() % 4) {
	case 0:
		return rnd();
	case 1:
		return rnd() % 64;
	case 2:
		return 1u << rnd() % 32;
	default:
		return rnd() | RXDCTL_ENABLE;
	}
}

/* Guest memory with rings everywhere: descriptors that half make sense */
static void scribble(struct rig *r)
{
	struct desc *d = (struct desc *)(r->bus.mem + rnd() % (MEM_LEN - 16) / 16 * 16);

	d->lo = rnd() % 3 ? MEM_BASE + rnd() % MEM_LEN : rnd() * 0x100000001ull;
	d->hi = (uint64_t)rnd() << 32 | rnd();
	if (rnd() % 2)
		d->hi |= TXD_EOP | TXD_RS;
	if (rnd() % 2)
		d->hi |= TXD_DEXT | 2ull << 20 | (rnd() % 2) << 20;
}

static void restore(struct rig *r)
{
	wr(r, RXCTRL, 1);
	wr(r, DMATXCTL, DMATXCTL_TE);
	wr(r, RTTDCS, 0);
	wr(r, SECTXCTRL, 0);
	wr(r, SECRXCTRL, 0);
	wr(r, AUTOC, 0xc09c6004 | AUTOC_FLU);
	wr(r, AUTOC2, 0);
	wr(r, CTRL, 0);
	r->bus.master = true;
	r->bus.msix = rnd() % 2;
	tx_setup(r, rnd() % 4);
	rx_setup(r, rnd() % 4, ADV_2K, rnd() % RING_DESCS);
}

static void device_arbitrary_input(void **state)
{
	struct rig *r = rig_new();
	unsigned int i;

	(void)state;
	seed = 0x123456789abcdefull;
	for (i = 0; i < 300000; i++) {
		switch (rnd() % 8) {
		case 0:
			(void)rd(r, pick_reg());
			break;
		case 1:
			scribble(r);
			break;
		case 2:
			memset(frame, (int)rnd(), 64);
			if (rnd() % 2)
				make_tcp4(frame, SRC, DST, 1, 7, 1000, 2);
			frame[rnd() % 64] = (uint8_t)rnd();
			nic_receive(r->n, frame, 60 + rnd() % 1900);
			break;
		case 3:
			wr(r, TX_QUEUE(rnd() % 4) + TDT, rnd() % RING_DESCS);
			break;
		default:
			wr(r, pick_reg(), pick_val());
			break;
		}
		if (i % 64 == 0) {
			restore(r);
			fake_run(100000);
			rig_forget(r);
		}
	}
	nic_flr(r->n);
	rig_free(r);
}

const struct CMUnitTest reg_tests[] = {
	cmocka_unit_test(device_masks),
	cmocka_unit_test(device_absent_is_logged_once),
	cmocka_unit_test(device_reset),
	cmocka_unit_test(device_semaphores),
	cmocka_unit_test(device_link),
	cmocka_unit_test(device_mdio),
	cmocka_unit_test(device_msix),
	cmocka_unit_test(device_throttle),
	cmocka_unit_test(device_intx),
	cmocka_unit_test(device_arbitrary_input),
};

const size_t nr_reg_tests = ARRAY_SIZE(reg_tests);
