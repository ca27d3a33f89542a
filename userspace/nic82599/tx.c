// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit DMA: from the rings to the MAC (datasheet 7.2).
 *
 * The arbiter (txarb.c) says which queue gives its next packet. A burst is
 * bounded in bytes; the rest is sent from a timer, so that register accesses
 * and received frames (pause frames among them) come in between. A packet is
 * fetched when its last descriptor is there, and written back when its last
 * frame is sent.
 */
#include <string.h>

#include "regs_table.h"

#define BURST_BYTES	(16u * 1024u)
#define FRAME_OVERHEAD	24u		/* preamble, FCS, gap: fairness only */

static struct desc *desc_at(struct nic *n, const struct txq *q, uint32_t i)
{
	return bus_dma(n->bus, q->base + (uint64_t)i * DESC_LEN, DESC_LEN, true);
}

static uint32_t next_of(const struct txq *q, uint32_t i)
{
	return i + 1 == q->nr_desc ? 0 : i + 1;
}

static void tx_fault(struct nic *n, uint64_t addr)
{
	n->faults.tx_dma++;
	nic_once(n, ONCE_TX_FAULT, "transmit DMA from unmapped address 0x%llx",
		 (unsigned long long)addr);
}

static void refuse(struct nic *n, enum once what, unsigned int q,
		   const char *why)
{
	n->faults.bad_desc++;
	nic_once(n, what, "transmit queue %u: %s, packet dropped", q, why);
}

/* ---- completion ---- */

static void report(struct nic *n, struct txq *q)
{
	uint32_t head = htole32(q->head);

	if (q->head_wb && bus_write(n->bus, q->head_wb, &head, sizeof(head)))
		tx_fault(n, q->head_wb);
	irq_queue(n, q->vector);
}

/*
 * The head has passed @count descriptors from @first: set DD where wanted. When
 * none of them had RS, which is the rule with drivers that want few reports, there
 * is no need to look at them again.
 */
static void complete(struct nic *n, struct txq *q, uint32_t first,
		     uint32_t count, bool any_rs)
{
	bool wanted = false;

	if (!any_rs) {
		first += count;
		q->head = first < q->nr_desc ? first : first - q->nr_desc;
		return;
	}
	while (count--) {
		struct desc *d = desc_at(n, q, first);
		uint64_t hi = d ? le64toh(d->hi) : 0;

		first = next_of(q, first);
		q->head = first;
		if (!(hi & TXD_RS))
			continue;
		wanted = true;
		if (!q->head_wb)
			__atomic_store_n(&d->hi, htole64(hi | TXD_DD),
					 __ATOMIC_RELEASE);
	}
	if (wanted)
		report(n, q);
}

/* ---- fetching a packet ---- */

static void take_context(struct txq *q, const struct desc *d)
{
	struct txctx *c = &q->ctx[TXD_IDX(d->hi)];

	c->valid = true;
	c->ipv4 = TXC_IPV4(d->hi);
	c->l4t = (uint8_t)TXC_L4T(d->hi);
	c->vlan = TXC_VLAN(d->lo);
	c->maclen = (uint16_t)TXC_MACLEN(d->lo);
	c->iplen = (uint16_t)TXC_IPLEN(d->lo);
	c->l4len = (uint16_t)TXC_L4LEN(d->hi);
	c->mss = (uint16_t)TXC_MSS(d->hi);
}

static bool is_context(const struct desc *d)
{
	return d->hi & TXD_DEXT && TXD_DTYP(d->hi) == TXD_DTYP_CONTEXT;
}

/* What the first data descriptor and its context ask for. */
static bool set_offloads(struct nic *n, const struct txq *q, struct txjob *j,
			 const struct desc *d)
{
	const struct txctx *c = &q->ctx[TXD_IDX(d->hi)];

	if (!(d->hi & TXD_DEXT)) {
		j->vlan = d->hi & TXD_VLE;
		j->tci = TXL_VLAN(d->hi);
		j->legacy_csum = d->hi & TXD_IC;
		j->css = (uint8_t)TXL_CSS(d->hi);
		j->cso = (uint8_t)TXL_CSO(d->hi);
		return true;
	}
	if (TXD_DTYP(d->hi) != TXD_DTYP_DATA) {
		refuse(n, ONCE_TX_BAD_DTYP, j->queue, "unknown descriptor type");
		return false;
	}
	if (d->hi & TXD_IPSEC)
		nic_once(n, ONCE_TX_IPSEC, "transmit queue %u: IPsec is not modelled",
			 j->queue);
	j->vlan = d->hi & TXD_VLE;
	j->tso = d->hi & TXD_TSE;
	j->ixsm = d->hi & TXD_IXSM;
	j->txsm = d->hi & TXD_TXSM;
	if (!j->vlan && !j->tso && !j->ixsm && !j->txsm)
		return true;
	if (!c->valid) {
		refuse(n, ONCE_TX_NO_CONTEXT, j->queue, "no context descriptor");
		return false;
	}
	j->tci = c->vlan;
	j->ipv4 = c->ipv4;
	j->l4t = c->l4t;
	j->maclen = c->maclen;
	j->iplen = c->iplen;
	j->l4len = c->l4len;
	j->mss = c->mss;
	return true;
}

static bool gather(struct nic *n, struct txjob *j, const struct desc *d)
{
	uint32_t len = TXD_LEN(d->hi);

	if (j->len + len > TX_BUF_LEN - TX_HEADROOM) {
		refuse(n, ONCE_TX_TOO_LONG, j->queue, "longer than hardware can");
		return false;
	}
	if (len && bus_read(n->bus, d->lo, n->txbuf + TX_HEADROOM + j->len, len)) {
		tx_fault(n, d->lo);
		return false;
	}
	j->len += len;
	return true;
}

/* Context descriptors before the packet. False: there is no more. */
static bool skip_contexts(struct nic *n, struct txq *q, struct desc *d)
{
	while (q->head != q->tail) {
		struct desc *p = desc_at(n, q, q->head);

		if (!p) {
			tx_fault(n, q->base);
			q->head = q->tail;
			return false;
		}
		d->lo = le64toh(p->lo);
		d->hi = le64toh(p->hi);
		if (!is_context(d))
			return true;
		take_context(q, d);
		complete(n, q, q->head, 1, d->hi & TXD_RS);
	}
	return false;
}

enum fetched { FETCH_NOTHING, FETCH_BAD, FETCH_OK };

/*
 * Collect the packet at the head of the ring into txbuf. While its last
 * descriptor is missing nothing is taken.
 */
static enum fetched fetch(struct nic *n, struct txq *q, struct txjob *j)
{
	struct desc d, *p;
	uint32_t at;
	bool good;

	if (!skip_contexts(n, q, &d))
		return FETCH_NOTHING;
	at = q->head;
	j->first = at;
	good = set_offloads(n, q, j, &d);
	for (;;) {
		j->count++;
		j->any_rs |= !!(d.hi & TXD_RS);
		good = good && gather(n, j, &d);
		at = next_of(q, at);
		if (d.hi & TXD_EOP)
			return good ? FETCH_OK : FETCH_BAD;
		if (at == q->tail)
			return FETCH_NOTHING;
		p = desc_at(n, q, at);
		if (!p) {
			tx_fault(n, q->base);
			return FETCH_BAD;
		}
		d.lo = le64toh(p->lo);
		d.hi = le64toh(p->hi);
	}
}

/* ---- sending ---- */

static bool has_packets(const struct nic *n, unsigned int q)
{
	const struct txq *tq = &n->txq[q];

	return tq->enabled && tq->head != tq->tail;
}

static bool may_transmit(struct nic *n)
{
	if (!(REG(n, DMATXCTL) & DMATXCTL_TE) ||
	    REG(n, RTTDCS) & RTTDCS_ARBDIS || REG(n, RTTPCS) & RTTPCS_ARBDIS ||
	    REG(n, SECTXCTRL) & SECTXCTRL_TX_DIS || !nic_can_dma(n))
		return false;
	if (REG(n, HLREG0) & HLREG0_LPBK)
		return true;
	return n->link_up && !n->paused;
}

/* Have a packet of the queue in the job. False: it had none to send. */
static bool start_job(struct nic *n, unsigned int q)
{
	struct txjob *j = n->job;
	enum fetched got;

	memset(j, 0, sizeof(*j));
	j->queue = (uint8_t)q;
	if (!has_packets(n, q))
		return false;
	got = fetch(n, &n->txq[q], j);
	if (got == FETCH_NOTHING)
		return false;
	if (got == FETCH_OK && txoff_check(n, j)) {
		j->active = txarb_fits(n, j);
		return j->active;
	}
	complete(n, &n->txq[q], j->first, j->count, j->any_rs);
	if (has_packets(n, q))
		txarb_push(n, q);
	return false;
}

static void end_job(struct nic *n)
{
	struct txjob *j = n->job;

	j->active = false;
	complete(n, &n->txq[j->queue], j->first, j->count, j->any_rs);
	if (has_packets(n, j->queue))
		txarb_push(n, j->queue);
}

static void run(struct nic *n)
{
	uint32_t sent = 0;
	int q;

	if (n->tx_running)
		return;
	n->tx_running = true;
	while (n->job->active || n->tx_work_nr) {
		if (!may_transmit(n))
			break;
		if (sent > BURST_BYTES) {
			bus_timer_arm(&n->tx_timer, bus_now_ns());
			break;
		}
		if (!n->job->active) {
			q = txarb_pop(n);
			if (q < 0)
				break;
			if (!start_job(n, (unsigned int)q)) {
				sent += FRAME_OVERHEAD;
				continue;
			}
		}
		sent += n->job->tso ? n->job->mss : n->job->len;
		sent += FRAME_OVERHEAD;
		if (txoff_send(n, n->job, n->txbuf + TX_HEADROOM))
			end_job(n);
	}
	n->tx_running = false;
}

static void tx_timer(struct bus_timer *t)
{
	run(container_of(t, struct nic, tx_timer));
}

/* There may be packets in the queue: send them when it is its turn. */
void tx_resume(struct nic *n, unsigned int q)
{
	if (!has_packets(n, q))
		return;
	txarb_push(n, q);
	run(n);
}

/* The tail has moved. */
void tx_kick(struct nic *n, unsigned int q)
{
	txarb_ready(n, q);
	tx_resume(n, q);
}

/* Something that held the transmitter back is over. */
void tx_restart(struct nic *n)
{
	unsigned int q;

	for (q = 0; q < NR_QUEUES; q++) {
		if (!has_packets(n, q) ||
		    (n->job->active && n->job->queue == q))
			continue;
		n->txq[q].ready_ns = bus_now_ns();
		txarb_push(n, q);
	}
	run(n);
}

/* A queue was disabled: nothing of it is sent or written back any more. */
void tx_stop_queue(struct nic *n, unsigned int q)
{
	n->txq[q].enabled = false;
	txarb_stop_queue(n, q);
	if (n->job->active && n->job->queue == q)
		n->job->active = false;
}

void tx_init(struct nic *n)
{
	n->tx_timer.fn = tx_timer;
	n->job = &n->tx_job;
	txarb_init(n);
}

void tx_reset(struct nic *n)
{
	unsigned int i;

	bus_timer_cancel(&n->tx_timer);
	txarb_reset(n);
	memset(n->job, 0, sizeof(*n->job));
	for (i = 0; i < NR_QUEUES; i++)
		memset(&n->txq[i], 0, sizeof(n->txq[i]));
}
