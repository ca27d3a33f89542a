// SPDX-License-Identifier: GPL-2.0
/* Receive DMA registers (datasheet 8.2.3.8) and their hooks. */
#include "regs_table.h"

#define RDRXCTL_RESET	(RDRXCTL_DMAIDONE | 0x8800u)

static uint32_t *queue_reg(struct nic *n, unsigned int q, unsigned int off)
{
	return &REG(n, RX_QUEUE(q) + off);
}

static void decode_ring(struct nic *n, unsigned int q)
{
	n->rxq[q].base = (uint64_t)*queue_reg(n, q, RDBAH) << 32 |
			 *queue_reg(n, q, RDBAL);
	n->rxq[q].nr_desc = *queue_reg(n, q, RDLEN) / DESC_LEN;
}

static void ring_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	(void)val;
	if (!n->rxq[q].enabled)
		decode_ring(n, q);
}

static void rdbal_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	if (val & 0x7f)
		nic_once(n, ONCE_UNALIGNED,
			 "RDBAL(%u) = 0x%08x: not on a multiple of 128", q, val);
	ring_wr(n, q, old, val);
}

static uint32_t rdh_rd(struct nic *n, unsigned int q)
{
	return n->rxq[q].head;
}

static void rdh_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	if (!n->rxq[q].enabled)
		n->rxq[q].head = val & 0xffff;
}

/* A tail outside the ring is kept for reading but gives no descriptors. */
static void rdt_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	struct rxq *rq = &n->rxq[q];
	uint32_t tail = val & 0xffff;

	(void)old;
	if (!rq->enabled)
		return;
	if (tail >= rq->nr_desc) {
		n->faults.bad_tail++;
		nic_once(n, ONCE_RX_TAIL, "RDT(%u) = %u in a ring of %u: ignored",
			 q, tail, rq->nr_desc);
		return;
	}
	rq->tail = tail;
	if (n->fifo.count)
		rx_drain(n);
}

static void enable_queue(struct nic *n, unsigned int q)
{
	struct rxq *rq = &n->rxq[q];

	decode_ring(n, q);
	if (!rq->nr_desc || !rq->buf_len) {
		nic_once(n, ONCE_RX_LEN0,
			 "receive queue %u enabled without %s: stays disabled", q,
			 rq->nr_desc ? "buffer size" : "ring");
		*queue_reg(n, q, RXDCTL) &= ~RXDCTL_ENABLE;
		return;
	}
	if (rq->head >= rq->nr_desc)
		rq->head = 0;
	rq->tail = *queue_reg(n, q, RDT);
	if (rq->tail >= rq->nr_desc)
		rq->tail = rq->head;
	rq->enabled = true;
}

static void rxdctl_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	struct rxq *rq = &n->rxq[q];

	(void)old;
	rq->vlan_strip = val & RXDCTL_VME;
	if (val & RXDCTL_ENABLE) {
		if (!rq->enabled)
			enable_queue(n, q);
	} else if (rq->enabled) {
		rq->enabled = false;
		rx_drain(n);	/* it may have blocked the others */
	}
}

static void srrctl_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	struct rxq *rq = &n->rxq[q];

	(void)old;
	rq->buf_len = (val & SRRCTL_BSIZEPACKET) * 1024;
	rq->hdr_len = FIELD(val, 13, 8) * 64;
	rq->drop_en = val & SRRCTL_DROP_EN;
	rq->desctype = (uint8_t)FIELD(val, 27, 25);
	if (rq->desctype > DESCTYPE_ADV_ONEBUF)
		nic_once(n, ONCE_RX_SPLIT,
			 "SRRCTL(%u): descriptor type %u is not modelled, used as one buffer",
			 q, rq->desctype);
	if (!rq->buf_len && rq->enabled) {
		nic_once(n, ONCE_RX_BUF0,
			 "SRRCTL(%u): no packet buffer, 1 KB used", q);
		rq->buf_len = 1024;
	}
	if (rq->drop_en && n->fifo.count)
		rx_drain(n);
}

/* Coalescing is the hardware's choice; this one never coalesces. */
static void rscctl_wr(struct nic *n, unsigned int q, uint32_t old, uint32_t val)
{
	(void)old;
	if (val & RSCCTL_RSCEN)
		nic_once(n, ONCE_RSC,
			 "RSCCTL(%u): receive side coalescing never happens here",
			 q);
}

static void rx_on_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	rx_update_on(n);
}

static void rxpbsize_wr(struct nic *n, unsigned int i, uint32_t old,
			uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	rx_update_buffer(n);
}

static uint32_t secstat_rd(struct nic *n, unsigned int i)
{
	uint32_t ctrl = i ? REG(n, SECTXCTRL) : REG(n, SECRXCTRL);

	return SECSTAT_OFF_DIS |
	       (ctrl & (i ? SECTXCTRL_TX_DIS : SECRXCTRL_RX_DIS) ? SECSTAT_RDY : 0);
}

/* One register of 64 receive queues */
#define QUEUES(nm, o, frst, rst, m, r, w) \
	HKA(nm, o, 64, 0x40, frst, rst, m, r, w)

static const struct reg_def defs[] = {
	QUEUES("RDBAL", RX_QUEUES_LO + RDBAL, 0, 0, 0xffffff80, NULL, rdbal_wr),
	QUEUES("RDBAH", RX_QUEUES_LO + RDBAH, 0, 0, ALL32, NULL, ring_wr),
	QUEUES("RDLEN", RX_QUEUES_LO + RDLEN, 0, 0, 0x000fff80, NULL, ring_wr),
	STA("DCA_RXCTRL", RX_QUEUES_LO + DCA_RXCTRL, 64, 0x40, 0x0000a200, 0xff00a2e0),
	QUEUES("RDH", RX_QUEUES_LO + RDH, 0, 0, 0x0000ffff, rdh_rd, rdh_wr),
	QUEUES("SRRCTL", RX_QUEUES_LO + SRRCTL, 0, 0x00000402, 0x1fc03f1f, NULL, srrctl_wr),
	QUEUES("RDT", RX_QUEUES_LO + RDT, 0, 0, 0x0000ffff, NULL, rdt_wr),
	QUEUES("RXDCTL", RX_QUEUES_LO + RXDCTL, 0, 0, 0x427fffff, NULL, rxdctl_wr),
	QUEUES("RSCCTL", RX_QUEUES_LO + RSCCTL, 0, 0, 0x0000000d, NULL, rscctl_wr),
	QUEUES("RDBAL", RX_QUEUES_HI + RDBAL, 64, 0, 0xffffff80, NULL, rdbal_wr),
	QUEUES("RDBAH", RX_QUEUES_HI + RDBAH, 64, 0, ALL32, NULL, ring_wr),
	QUEUES("RDLEN", RX_QUEUES_HI + RDLEN, 64, 0, 0x000fff80, NULL, ring_wr),
	STA("DCA_RXCTRL", RX_QUEUES_HI + DCA_RXCTRL, 64, 0x40, 0x0000a200, 0xff00a2e0),
	QUEUES("RDH", RX_QUEUES_HI + RDH, 64, 0, 0x0000ffff, rdh_rd, rdh_wr),
	QUEUES("SRRCTL", RX_QUEUES_HI + SRRCTL, 64, 0x00000402, 0x1fc03f1f, NULL, srrctl_wr),
	QUEUES("RDT", RX_QUEUES_HI + RDT, 64, 0, 0x0000ffff, NULL, rdt_wr),
	QUEUES("RXDCTL", RX_QUEUES_HI + RXDCTL, 64, 0, 0x427fffff, NULL, rxdctl_wr),
	QUEUES("RSCCTL", RX_QUEUES_HI + RSCCTL, 64, 0, 0x0000000d, NULL, rscctl_wr),
	AL("SRRCTL", 0x02100, 16, 4, 0x01014, 0x40),
	AL("DCA_RXCTRL", 0x02200, 16, 4, 0x0100c, 0x40),
	RW("RDRXCTL", RDRXCTL, RDRXCTL_RESET, 0x37fe0027),
	HK("RXCTRL", RXCTRL, 0, RXCTRL_RXEN, NULL, rx_on_wr),
	HKA("RXPBSIZE", RXPBSIZE(0), 8, 4, 0, RX_PB_LEN, RXPBSIZE_SIZE, NULL,
	    rxpbsize_wr),
	ST("RSCDBU", 0x03028, 0x0000007f, 0x000000ff),
	ST("RDDCC/RDPROBE", 0x02f20, 0, ALL32),
	ST("PFQDE", 0x02f04, 0, ALL32),
	ST("RDHMPN", 0x02f08, 0, ALL32),
	RO("RXMEMWRAP", 0x03190, 0),
	ST("DROPEN", 0x03d04, 0, 0x000000ff),
	HK("SECRXCTRL", SECRXCTRL, 0x00000001, 0x00000003, NULL, rx_on_wr),
	HKA("SECRXSTAT", SECRXSTAT, 1, 4, 0, 0, 0, secstat_rd, NULL),
	HKA("SECTXSTAT", SECTXSTAT, 1, 4, 1, 0, 0, secstat_rd, NULL),
	ST("RXFECCERR0", 0x051b8, 0, ALL32),
	STA("RTRPT4C", 0x02140, 8, 4, 0, ALL32),
	STA("RTRPT4S", 0x02160, 8, 4, 0, ALL32),
	ST("RTRPCS", 0x02430, 0, 0x00000046),
	ST("RTRUP2TC", 0x03020, 0, 0x00ffffff),
	ROA("WQBR_RX", 0x02fb0, 4, 4, 0),
};

const struct reg_table regs_rx = { defs, ARRAY_SIZE(defs) };
