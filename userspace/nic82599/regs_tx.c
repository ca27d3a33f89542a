// SPDX-License-Identifier: GPL-2.0
/* Transmit registers (datasheet 8.2.3.9, 8.2.3.10) and their hooks. */
#include "regs_table.h"

static uint32_t *queue_reg(struct nic *n, unsigned int q, unsigned int off)
{
	return &REG(n, TX_QUEUE(q) + off);
}

static void decode_ring(struct nic *n, unsigned int q)
{
	uint32_t wb = *queue_reg(n, q, TDWBAL);

	n->txq[q].base = (uint64_t)*queue_reg(n, q, TDBAH) << 32 |
			 *queue_reg(n, q, TDBAL);
	n->txq[q].nr_desc = *queue_reg(n, q, TDLEN) / DESC_LEN;
	n->txq[q].head_wb = 0;
	if (wb & TDWBAL_HEAD_WB_EN)
		n->txq[q].head_wb = (uint64_t)*queue_reg(n, q, TDWBAH) << 32 |
				    (wb & ~3u);
}

static void ring_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	(void)val;
	if (!n->txq[q].enabled)
		decode_ring(n, q);
}

static void tdbal_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	if (val & 0x7f)
		nic_once(n, ONCE_UNALIGNED,
			 "TDBAL(%u) = 0x%08x: not on a multiple of 128", q, val);
	ring_wr(n, q, old, val);
}

static uint32_t tdh_rd(struct nic *n, unsigned int q)
{
	return n->txq[q].head;
}

static void tdh_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	if (!n->txq[q].enabled)
		n->txq[q].head = val & 0xffff;
}

static void tdt_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	struct txq *tq = &n->txq[q];
	uint32_t tail = val & 0xffff;

	(void)old;
	if (!tq->enabled)
		return;
	if (tail >= tq->nr_desc) {
		n->faults.bad_tail++;
		nic_once(n, ONCE_TX_TAIL, "TDT(%u) = %u in a ring of %u: ignored",
			 q, tail, tq->nr_desc);
		return;
	}
	tq->tail = tail;
	tx_kick(n, q);
}

static void enable_queue(struct nic *n, unsigned int q)
{
	struct txq *tq = &n->txq[q];

	decode_ring(n, q);
	if (!tq->nr_desc) {
		nic_once(n, ONCE_TX_LEN0,
			 "transmit queue %u enabled without ring: stays disabled",
			 q);
		*queue_reg(n, q, TXDCTL) &= ~TXDCTL_ENABLE;
		return;
	}
	if (tq->head >= tq->nr_desc)
		tq->head = 0;
	tq->tail = *queue_reg(n, q, TDT);
	if (tq->tail >= tq->nr_desc)
		tq->tail = tq->head;
	tq->enabled = true;
	tx_kick(n, q);
}

static void txdctl_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	if (!(val & TXDCTL_ENABLE))
		tx_stop_queue(n, q);
	else if (!n->txq[q].enabled)
		enable_queue(n, q);
}

static void tx_on_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	tx_restart(n);
}

/* With DCB the free space of the packet buffers must count: 4.6.11.3.1. */
static void check_bypass(struct nic *n)
{
	if (REG(n, MTQC) & MTQC_RT_ENA && REG(n, RTTDCS) & RTTDCS_BPBFSM &&
	    !(REG(n, RTTDCS) & RTTDCS_ARBDIS))
		nic_once(n, ONCE_TX_BYPASS,
			 "MTQC has DCB, but RTTDCS.BPBFSM bypasses its buffers' free space monitor");
}

static void mtqc_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	if (old != val && !(REG(n, RTTDCS) & RTTDCS_ARBDIS))
		nic_once(n, ONCE_TX_NOT_READY,
			 "MTQC written while the arbiter runs (RTTDCS.ARBDIS)");
	txarb_update(n);
	tx_restart(n);
}

static void txpbsize_wr(struct nic *n, unsigned int i, uint32_t old,
			uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	txarb_update(n);
	tx_restart(n);
}

static void rttdcs_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	check_bypass(n);
	tx_restart(n);
}

/* RTTDQSEL selects the queue whose RTTDT1C and RTTBCNRC are seen. */
static struct txq *selected(struct nic *n)
{
	return &n->txq[REG(n, RTTDQSEL)];
}

static uint32_t rttdt1c_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return selected(n)->rttdt1c;
}

static void rttdt1c_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	selected(n)->rttdt1c = REG(n, RTTDT1C);
}

static uint32_t rttbcnrc_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return selected(n)->rate;
}

static void rttbcnrc_wr(struct nic *n, unsigned int i, uint32_t old,
			uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	txarb_set_rate(n, REG(n, RTTDQSEL), REG(n, RTTBCNRC));
}

static const struct reg_def defs[] = {
	HK("DMATXCTL", DMATXCTL, 0x81000000, 0xffff00ef, NULL, tx_on_wr),
	HKA("TDBAL", TX_QUEUE(0) + TDBAL, 128, 0x40, 0, 0, 0xffffff80, NULL,
	    tdbal_wr),
	HKA("TDBAH", TX_QUEUE(0) + TDBAH, 128, 0x40, 0, 0, ALL32, NULL, ring_wr),
	HKA("TDLEN", TX_QUEUE(0) + TDLEN, 128, 0x40, 0, 0, 0x000fff80, NULL,
	    ring_wr),
	STA("DCA_TXCTRL", 0x0600c, 128, 0x40, 0x00002a00, 0xff002a20),
	HKA("TDH", TX_QUEUE(0) + TDH, 128, 0x40, 0, 0, 0x0000ffff, tdh_rd,
	    tdh_wr),
	HKA("TDT", TX_QUEUE(0) + TDT, 128, 0x40, 0, 0, 0x0000ffff, NULL, tdt_wr),
	HKA("TXDCTL", TX_QUEUE(0) + TXDCTL, 128, 0x40, 0, 0, 0x027f7f7f, NULL,
	    txdctl_wr),
	HKA("TDWBAL", TX_QUEUE(0) + TDWBAL, 128, 0x40, 0, 0, 0xfffffffd, NULL,
	    ring_wr),
	HKA("TDWBAH", TX_QUEUE(0) + TDWBAH, 128, 0x40, 0, 0, ALL32, NULL,
	    ring_wr),
	RW("DTXTCPFLGL", DTXTCPFLGL, 0x0ff60ff6, 0x0fff0fff),
	RW("DTXTCPFLGH", DTXTCPFLGH, 0x00000f7f, 0x00000fff),
	ST("DTXMXSZRQ", 0x08100, 0x00000010, 0x00000fff),
	HK("MTQC", MTQC, 0, 0x0000000f, NULL, mtqc_wr),
	HK("RTTDCS", RTTDCS, RTTDCS_BDPM | RTTDCS_BPBFSM, 0x00c00053, NULL,
	   rttdcs_wr),
	HK("RTTPCS", RTTPCS, 0x89000000, 0xffc00160, NULL, tx_on_wr),
	RW("RTTDQSEL", RTTDQSEL, 0, 0x0000007f),
	HK("RTTDT1C", RTTDT1C, 0, 0x00003fff, rttdt1c_rd, rttdt1c_wr),
	ROA("RTTDT1S", 0x0490c, 1, 4, 0),
	HKA("RTTDT2C", RTTDT2C(0), NR_TCS, 4, 0, 0, 0xc0ffffff, NULL, tx_on_wr),
	ROA("RTTDT2S", 0x04930, 8, 4, 0),
	STA("RTTPT2C", 0x0cd20, 8, 4, 0, 0xc0ffffff),
	ROA("RTTPT2S", 0x0cd40, 8, 4, 0),
	RW("RTTBCNRM", RTTBCNRM, 0, RTTBCNRM_MMW_SIZE),
	HK("RTTBCNRC", RTTBCNRC, 0, 0x80ffffff, rttbcnrc_rd, rttbcnrc_wr),
	ST("RTTBCNRD", 0x0498c, 0, ALL32),
	ST("RTTDTECC", 0x04990, 0, ALL32),
	ST("RTTBCNTG", 0x04a90, 0, ALL32),
	ST("RTTUP2TC", 0x0c800, 0, 0x00ffffff),
	ST("RTTBCNCR", 0x08b00, 0, ALL32),
	RW("TXPBTHRESH", TXPBTHRESH(0), 0x00000096, 0x000003ff),
	RWA("TXPBTHRESH", TXPBTHRESH(1), NR_TCS - 1, 4, 0, 0x000003ff),
	HKA("TXPBSIZE", TXPBSIZE(0), NR_TCS, 4, 0, 0x00028000, TXPBSIZE_SIZE, NULL,
	    txpbsize_wr),
	ST("MNGTXMAP", 0x0cd10, 0, 0x00000007),
	ST("TIPG", 0x0cb00, 0, ALL32),
	ST("LBDRPEN", 0x0ca00, 0, ALL32),
	ST("TEOFF", 0x04a94, 0, ALL32),
	ST("TSOFF", 0x04a98, 0, ALL32),
	STA("PFVFTE", 0x08110, 2, 4, 0, ALL32),
	STA("PFVMVIR", 0x08000, 64, 4, 0, ALL32),
	STA("PFVFSPOOF", 0x08200, 8, 4, 0, 0x0000ffff),
	ST("PFDTXGSWC", 0x08220, 0, 0x00000001),
	ROA("WQBR_TX", 0x08130, 4, 4, 0),
	STA("TXLLQ", 0x082e0, 4, 4, 0, ALL32),
	STA("PFVMECM", 0x08790, 2, 4, 0, ALL32),
	HK("SECTXCTRL", SECTXCTRL, 0x00000001, 0x00000007, NULL, tx_on_wr),
	ST("SECTXBUFFAF", 0x08808, 0x00000250, 0x000003ff),
	ST("SECTXMINIFG", 0x08810, 0x00001001, 0x0003ff0f),
};

const struct reg_table regs_tx = { defs, ARRAY_SIZE(defs) };
