// SPDX-License-Identifier: GPL-2.0
/*
 * Receive DMA: from the packet buffer into the rings (datasheet 7.1).
 *
 * A frame goes straight into its ring when nothing waits before it and there
 * are descriptors, so that no latency is added; else it waits in the packet
 * buffer. A queue without descriptors stops all of them (head-of-line), unless
 * it has SRRCTL.DROP_EN.
 */
#include <string.h>

#include "regs_table.h"

/* What is copied out of a frame: a stripped VLAN tag leaves a gap. */
struct source {
	const uint8_t *data;
	uint32_t len;
	uint32_t gap;		/* bytes left out behind the addresses */
};

#define ADDRS_LEN	12u

static void copy_out(uint8_t *to, const struct source *s, uint32_t pos,
		     uint32_t len)
{
	uint32_t first;

	if (s->gap && pos < ADDRS_LEN) {
		first = ADDRS_LEN - pos < len ? ADDRS_LEN - pos : len;
		memcpy(to, s->data + pos, first);
		to += first;
		pos += first;
		len -= first;
	}
	memcpy(to, s->data + pos + s->gap, len);
}

static void dma_fault(struct nic *n, uint64_t addr)
{
	n->faults.rx_dma++;
	nic_once(n, ONCE_RX_FAULT, "receive DMA to unmapped address 0x%llx",
		 (unsigned long long)addr);
}

static void dma_out(struct nic *n, uint64_t addr, const struct source *s,
		    uint32_t pos, uint32_t len)
{
	uint8_t *to = bus_dma(n->bus, addr, len, true);
	uint8_t tmp[512];

	if (to) {
		copy_out(to, s, pos, len);
		return;
	}
	while (len) {		/* across two mappings, or not mapped */
		uint32_t part = len < sizeof(tmp) ? len : sizeof(tmp);

		copy_out(tmp, s, pos, part);
		if (bus_write(n->bus, addr, tmp, part)) {
			dma_fault(n, addr);
			return;
		}
		addr += part;
		pos += part;
		len -= part;
	}
}

/* Nearly always one, and divisions are slow. */
uint32_t rx_descs_for(const struct rxq *q, uint32_t len)
{
	return len <= q->buf_len ? 1 : (len + q->buf_len - 1) / q->buf_len;
}

uint32_t rx_nr_free(const struct rxq *q)
{
	return q->tail >= q->head ? q->tail - q->head
				  : q->nr_desc - q->head + q->tail;
}

static struct desc make_advanced(const struct fifo_entry *e, uint32_t part,
				 bool last, bool stripped)
{
	struct desc d = { 0, 0 };
	uint64_t status = RXD_DD;

	d.hi = (uint64_t)part << RXA_LEN_SHIFT;
	if (last) {
		status = RXD_DD | RXD_EOP | e->status;
		if (stripped) {
			status |= RXD_VP;
			d.hi |= (uint64_t)e->vlan << RXA_VLAN_SHIFT;
		}
		d.lo = e->pkt_info | (uint64_t)e->hi_dword << RXA_HASH_SHIFT;
	}
	d.hi |= status;
	return d;
}

/* Legacy: datasheet 7.1.5. Its status and error bytes are bits of the others */
static struct desc make_legacy(const struct fifo_entry *e, uint64_t addr,
			       uint32_t part, bool last, bool stripped)
{
	struct desc d = { addr, part };
	uint64_t status = RXD_DD, err = 0;

	if (last) {
		status |= RXD_EOP | (e->status & (RXD_L4I | RXD_IPCS | RXD_PIF));
		err = e->status >> 24 & 0xe0;
		if (stripped) {
			status |= RXL_VP;
			d.hi |= (uint64_t)e->vlan << RXL_VLAN_SHIFT;
		}
	}
	d.hi |= status << RXL_STATUS_SHIFT | err << RXL_ERROR_SHIFT;
	return d;
}

/* One descriptor: fetch it, fill its buffer, write it back, DD last. */
static void fill_desc(struct nic *n, struct rxq *q, const struct fifo_entry *e,
		      const struct source *s, uint32_t pos)
{
	uint64_t at = q->base + (uint64_t)q->head * DESC_LEN;
	struct desc *ring = bus_dma(n->bus, at, DESC_LEN, true);
	uint32_t part = s->len - pos < q->buf_len ? s->len - pos : q->buf_len;
	bool last = pos + part == s->len;
	struct desc d;
	uint64_t addr;

	if (++q->head == q->nr_desc)
		q->head = 0;
	if (!ring) {
		dma_fault(n, at);
		return;
	}
	addr = le64toh(ring->lo);
	dma_out(n, addr, s, pos, part);
	if (q->desctype == DESCTYPE_LEGACY)
		d = make_legacy(e, addr, part, last, s->gap);
	else
		d = make_advanced(e, part, last, s->gap);
	ring->lo = htole64(d.lo);
	__atomic_store_n(&ring->hi, htole64(d.hi), __ATOMIC_RELEASE);
}

static void drop(struct nic *n, const struct fifo_entry *e)
{
	stats_rx_queue_drop(n, e->queue);
}

/* False: the frame has to wait for descriptors. */
bool rx_deliver(struct nic *n, const struct fifo_entry *e, const uint8_t *data)
{
	struct rxq *q = &n->rxq[e->queue];
	struct source s = { .data = data, .len = e->len };
	uint32_t need, pos;

	if (!q->enabled) {
		drop(n, e);
		return true;
	}
	if (e->tagged && q->vlan_strip) {
		s.gap = VLAN_HLEN;
		s.len -= VLAN_HLEN;
	}
	need = rx_descs_for(q, s.len);
	if (rx_nr_free(q) < need) {
		if (!q->drop_en && need < q->nr_desc)
			return false;
		drop(n, e);
		return true;
	}
	for (pos = 0; pos < s.len; pos += q->buf_len)
		fill_desc(n, q, e, &s, pos);
	stats_rx_queue(n, e->queue, e->len);
	irq_queue(n, q->vector);
	return true;
}

/* Deliver what waits, until a queue blocks. */
void rx_drain(struct nic *n)
{
	const struct fifo_entry *e;
	const uint8_t *data;
	uint32_t before = n->fifo.used;

	if (n->draining || !n->fifo.count || !nic_can_dma(n))
		return;
	n->draining = true;
	while ((e = fifo_peek(&n->fifo, &data)) && rx_deliver(n, e, data))
		fifo_release(&n->fifo);
	n->draining = false;
	if (n->fifo.used != before)
		flow_fifo_changed(n);
}

static void fill_entry(struct fifo_entry *e, const struct nic *n,
		       const struct rxpkt *p)
{
	e->len = p->len;
	e->total = 0;
	e->status = p->status;
	e->pkt_info = p->rss_type | (uint32_t)p->ptype << RXA_PTYPE_SHIFT;
	e->hi_dword = p->hash;
	if (!(REG(n, RXCSUM) & RXCSUM_PCSD))
		e->hi_dword = p->frag_csum;
	e->vlan = p->vlan;
	e->queue = p->queue;
	e->tagged = p->tagged;
}

static void miss(struct nic *n)
{
	stats_inc(n, MPC(0));
	irq_other(n, EICR_RX_MISS);
}

/* A frame that passed the filters; its queue and status are known. */
void rx_packet(struct nic *n, struct rxpkt *p)
{
	struct fifo_entry e;

	fill_entry(&e, n, p);
	if (!(REG(n, RDRXCTL) & RDRXCTL_CRCSTRIP) ||
	    !(REG(n, HLREG0) & HLREG0_RXCRCSTRP)) {
		uint32_t fcs = htole32(crc32_fcs(p->data, p->len));

		memcpy(n->rxbuf, p->data, p->len);
		memcpy(n->rxbuf + p->len, &fcs, FCS_LEN);
		p->data = n->rxbuf;
		e.len += FCS_LEN;
	}
	if (!n->fifo.count && !n->draining && nic_can_dma(n) &&
	    rx_deliver(n, &e, p->data))
		return;
	if (!fifo_put(&n->fifo, &e, p->data)) {
		miss(n);
		return;
	}
	flow_fifo_changed(n);
}

void rx_reset(struct nic *n)
{
	unsigned int i;

	for (i = 0; i < NR_QUEUES; i++) {
		memset(&n->rxq[i], 0, sizeof(n->rxq[i]));
		n->rxq[i].buf_len = 2048;	/* SRRCTL's reset value */
		n->rxq[i].hdr_len = 256;
	}
	fifo_clear(&n->fifo);
	n->fifo.limit = RX_PB_LEN;
	flow_reset(n);
}

/*
 * Packet buffer 0 has what RXPBSIZE says. With a Flow Director's table behind
 * the buffers, all of them have to be sized so that it fits: 7.1.2.7.4.
 */
void rx_update_buffer(struct nic *n)
{
	uint32_t fdir = fdir_memory(n), total = fdir, left = RX_PB_LEN - fdir;
	unsigned int i;

	for (i = 0; i < NR_TCS; i++)
		total += REG(n, RXPBSIZE(i)) & RXPBSIZE_SIZE;
	if (fdir && total > RX_PB_LEN)
		nic_once(n, ONCE_RX_PB,
			 "RXPBSIZE(0..7) and the Flow Director's %u KB are %u KB of 512: frames run into filters",
			 fdir / 1024u, total / 1024u);
	n->fifo.limit = REG(n, RXPBSIZE(0)) & RXPBSIZE_SIZE;
	if (n->fifo.limit > left)
		n->fifo.limit = left;
}

void rx_update_on(struct nic *n)
{
	n->rx_on = REG(n, RXCTRL) & RXCTRL_RXEN &&
		   !(REG(n, SECRXCTRL) & SECRXCTRL_RX_DIS);
	if (n->rx_on)
		rx_drain(n);
}
