// SPDX-License-Identifier: GPL-2.0
/*
 * Which transmit queue is next (datasheet 7.2.1.2.1, 7.7.2).
 *
 * MTQC assigns the queues to traffic classes. The descriptor arbiter chooses a
 * class, round robin or by credits (RTTDCS.TDPAC), and within it the queues
 * give one packet each in turn. A queue with a rate limit is no candidate
 * before the time stamp which its last frames left behind.
 */
#include <string.h>

#include "regs_table.h"

#define TX_PB_LEN	(160u * 1024u)	/* all transmit packet buffers */
#define CREDIT_LEN	64u		/* bytes to a credit */

/*
 * A limited queue is looked at again no earlier than this: it catches up, so
 * the rate does not suffer, and small frames do not cost a wake-up each.
 */
#define RATE_SLACK_NS	20000u

/*
 * So late the model may be and still catch up. A host that stands still for
 * longer costs the queue that time: a limit is kept over every period that is
 * long against this one, and no receiver sees the stall come as one burst.
 */
#define RATE_LATE_NS	30000000u

/* ---- layout ---- */

/* 4 classes: 64, 32, 16, 16 queues. 8 classes: 32, 32, 16, 16, 8, 8, 8, 8. */
static uint8_t tc_by_range(unsigned int q, bool eight)
{
	if (!eight)
		return q < 64 ? 0 : q < 96 ? 1 : q < 112 ? 2 : 3;
	if (q < 64)
		return (uint8_t)(q / 32);
	return (uint8_t)(q < 96 ? 2 + (q - 64) / 16 : 4 + (q - 96) / 8);
}

/* 8.2.3.9.15: the traffic class of a queue, NO_TC where there is none. */
static uint8_t tc_of(uint32_t mtqc, unsigned int q)
{
	unsigned int num = FIELD(mtqc, 3, 2);

	switch (mtqc & (MTQC_RT_ENA | MTQC_VT_ENA)) {
	case 0:
		return num || q >= 64 ? NO_TC : 0;
	case MTQC_VT_ENA:
		return num == 1 || num == 2 ? 0 : NO_TC;
	case MTQC_RT_ENA:
		return num < 2 ? NO_TC : tc_by_range(q, num == 3);
	default:
		return num < 2 ? NO_TC : (uint8_t)(q % (num == 3 ? 8 : 4));
	}
}

/* The buffers lie one behind the other; what does not fit is not there. */
static void lay_out_buffers(struct nic *n)
{
	uint32_t left = TX_PB_LEN, size;
	unsigned int i;

	for (i = 0; i < NR_TCS; i++) {
		size = REG(n, TXPBSIZE(i)) & TXPBSIZE_SIZE;
		n->txtc[i].pb_len = size <= left ? size : 0;
		left -= n->txtc[i].pb_len;
	}
}

/* MTQC or a buffer's size was written. What was queued has to be pushed again. */
void txarb_update(struct nic *n)
{
	unsigned int i;

	lay_out_buffers(n);
	for (i = 0; i < NR_TCS; i++)
		n->txtc[i].nr = 0;
	n->tx_work_nr = 0;
	for (i = 0; i < NR_QUEUES; i++) {
		n->txq[i].queued = false;
		n->txq[i].tc = tc_of(REG(n, MTQC), i);
	}
}

static bool has_buffer(struct nic *n, unsigned int q)
{
	uint8_t tc = n->txq[q].tc;

	if (tc == NO_TC) {
		nic_once(n, ONCE_TX_NO_TC,
			 "transmit queue %u does not exist with MTQC 0x%x: nothing is sent",
			 q, REG(n, MTQC));
		return false;
	}
	if (!n->txtc[tc].pb_len) {
		nic_once(n, ONCE_TX_NO_PB,
			 "transmit queue %u: traffic class %u has no packet buffer (TXPBSIZE): nothing is sent",
			 q, tc);
		return false;
	}
	return true;
}

/* Whether the frames of a packet have room in the buffer of its class. */
bool txarb_fits(struct nic *n, const struct txjob *j)
{
	const struct txtc *tc = &n->txtc[n->txq[j->queue].tc];
	uint32_t thresh = REG(n, TXPBTHRESH(tc - n->txtc)) * 1024u, len = j->len;

	if (j->tso)
		len = (uint32_t)j->maclen + j->iplen + j->l4len + j->mss;
	len += FCS_LEN + (j->vlan ? VLAN_HLEN : 0);
	if (len > tc->pb_len) {
		nic_once(n, ONCE_TX_PB_SMALL,
			 "transmit queue %u: frame of %u bytes in a packet buffer of %u: the queue stands still",
			 j->queue, len, tc->pb_len);
		return false;
	}
	if (thresh + len > tc->pb_len)
		nic_once(n, ONCE_TX_THRESH,
			 "transmit queue %u: TXPBTHRESH of %u KB leaves no room for a frame of %u bytes",
			 j->queue, thresh / 1024u, len);
	return true;
}

/* ---- rate scheduler: 7.7.2.1 ---- */

/* Time that @bytes take at the limited rate; the factor has 14 binary places. */
static uint64_t rate_ns(const struct txq *q, uint64_t bytes)
{
	return bytes * RTTBCNRC_RF(q->rate) * 8 / (10u << 14);
}

/*
 * The next frame may start the length of this one times the rate factor later.
 * What the queue did not use before it became ready is lost but for MMW_TIME.
 * Being late is the model's own fault, so within bounds it counts from when it
 * was due.
 */
static void charge_rate(struct nic *n, struct txq *q, uint32_t len)
{
	uint64_t start = q->ts_ns > q->ready_ns ? q->ts_ns : q->ready_ns;
	uint64_t mmw = rate_ns(q, (REG(n, RTTBCNRM) & RTTBCNRM_MMW_SIZE) * 1024ull);
	uint64_t mifs = rate_ns(q, len), now = bus_now_ns();

	if (start + RATE_LATE_NS < now)
		start = now - RATE_LATE_NS;
	q->ts_ns += mifs;
	if (q->ts_ns + mmw < start)
		q->ts_ns = start + mifs - mmw;
}

static bool hold(struct nic *n, unsigned int q)
{
	struct txq *tq = &n->txq[q];
	uint64_t now, due;

	if (!(tq->rate & RTTBCNRC_RS_ENA))
		return false;
	now = bus_now_ns();
	due = now + RATE_SLACK_NS;
	if (tq->ts_ns <= now)
		return false;
	if (!tq->held)
		bus_timer_arm(&n->rate[q].timer, tq->ts_ns > due ? tq->ts_ns : due);
	tq->held = true;
	return true;
}

static void rate_timer(struct bus_timer *t)
{
	struct rate_timer *r = container_of(t, struct rate_timer, timer);
	struct nic *n = r->n;
	unsigned int q = (unsigned int)(r - n->rate);

	n->txq[q].held = false;
	tx_resume(n, q);
}

static void stop_holding(struct nic *n, unsigned int q)
{
	bus_timer_cancel(&n->rate[q].timer);
	n->txq[q].held = false;
}

/* RTTBCNRC of a queue was written. A limit begins with time now. */
void txarb_set_rate(struct nic *n, unsigned int q, uint32_t val)
{
	struct txq *tq = &n->txq[q];

	if (!(tq->rate & RTTBCNRC_RS_ENA))
		tq->ts_ns = bus_now_ns();
	tq->rate = val;
	if (val & RTTBCNRC_RS_ENA && RTTBCNRC_RF(val) < 1u << 14)
		nic_once(n, ONCE_TX_RATE,
			 "transmit queue %u: rate factor 0x%x is below 1: no limit",
			 q, RTTBCNRC_RF(val));
	if (tq->held && !(val & RTTBCNRC_RS_ENA)) {
		stop_holding(n, q);
		tx_resume(n, q);
	}
}

/* ---- the arbiter ---- */

/* It has packets, and nothing but time was between it and them so far. */
void txarb_ready(struct nic *n, unsigned int q)
{
	if (!n->txq[q].queued && !n->txq[q].held)
		n->txq[q].ready_ns = bus_now_ns();
}

void txarb_push(struct nic *n, unsigned int q)
{
	struct txq *tq = &n->txq[q];
	struct txtc *tc;

	if (tq->queued || !has_buffer(n, q) || hold(n, q))
		return;
	tc = &n->txtc[tq->tc];
	tq->queued = true;
	tc->work[(tc->head + tc->nr++) % NR_QUEUES] = (uint8_t)q;
	n->tx_work_nr++;
}

static uint32_t refill_of(struct nic *n, unsigned int tc)
{
	return (REG(n, RTTDT2C(tc)) & RTTDT2C_CRQ) * CREDIT_LEN;
}

/* Give every class its share, until one that has work can send. */
static void refill(struct nic *n)
{
	unsigned int i;
	int32_t max;

	for (i = 0; i < NR_TCS; i++) {
		max = (int32_t)(FIELD(REG(n, RTTDT2C(i)), 23, 12) * CREDIT_LEN);
		n->txtc[i].credits += (int32_t)refill_of(n, i);
		if (n->txtc[i].credits > max)
			n->txtc[i].credits = max;
	}
}

static bool may_serve(struct nic *n, unsigned int tc)
{
	if (!n->txtc[tc].nr)
		return false;
	return n->txtc[tc].credits > 0 || REG(n, RTTDT2C(tc)) & RTTDT2C_LSP;
}

/* A class that is refilled with nothing never gets to send: no bandwidth. */
static bool can_refill(struct nic *n)
{
	bool can = false;
	unsigned int i;

	for (i = 0; i < NR_TCS; i++) {
		if (!n->txtc[i].nr)
			continue;
		if (refill_of(n, i) && FIELD(REG(n, RTTDT2C(i)), 23, 12))
			can = true;
		else
			nic_once(n, ONCE_TX_NO_CREDIT,
				 "traffic class %u gets no credits (RTTDT2C): nothing is sent",
				 i);
	}
	return can;
}

/* Weighted strict priority (RTTDCS.TDPAC): 7.7.2.2. Highest class first. */
static int pick_weighted(struct nic *n)
{
	int i;

	for (;;) {
		for (i = NR_TCS - 1; i >= 0; i--)
			if (may_serve(n, (unsigned int)i))
				return i;
		if (!can_refill(n))
			return -1;
		refill(n);
	}
}

static int pick_round_robin(struct nic *n)
{
	unsigned int i, tc;

	/* No other class has work. */
	if (n->txtc[n->tx_last_tc].nr == n->tx_work_nr)
		return (int)n->tx_last_tc;
	for (i = 1; i <= NR_TCS; i++) {
		tc = (n->tx_last_tc + i) % NR_TCS;
		if (n->txtc[tc].nr)
			return (int)tc;
	}
	return -1;
}

/* The next queue, off the list; or -1: no one may send. */
int txarb_pop(struct nic *n)
{
	struct txtc *tc;
	unsigned int q;
	int i;

	if (!n->tx_work_nr)
		return -1;
	i = REG(n, RTTDCS) & RTTDCS_TDPAC ? pick_weighted(n) : pick_round_robin(n);
	if (i < 0)
		return -1;
	tc = &n->txtc[i];
	n->tx_last_tc = (unsigned int)i;
	q = tc->work[tc->head];
	tc->head = (tc->head + 1) % NR_QUEUES;
	tc->nr--;
	n->tx_work_nr--;
	n->txq[q].queued = false;
	return (int)q;
}

/* A frame of @len bytes, FCS included, left queue @q. */
void txarb_sent(struct nic *n, unsigned int q, uint32_t len)
{
	struct txq *tq = &n->txq[q];
	int32_t *credits;

	/*
	 * MTQC may have taken the queue away while its packet was under way. Link
	 * strict priority sends on without credits, but not for ever deeper.
	 */
	if (tq->tc != NO_TC && REG(n, RTTDCS) & RTTDCS_TDPAC) {
		credits = &n->txtc[tq->tc].credits;
		if (*credits > -(int32_t)TX_BUF_LEN)
			*credits -= (int32_t)len;
	}
	if (tq->rate & RTTBCNRC_RS_ENA)
		charge_rate(n, tq, len);
}

void txarb_stop_queue(struct nic *n, unsigned int q)
{
	stop_holding(n, q);
}

void txarb_init(struct nic *n)
{
	unsigned int q;

	for (q = 0; q < NR_QUEUES; q++) {
		n->rate[q].timer.fn = rate_timer;
		n->rate[q].n = n;
	}
}

void txarb_reset(struct nic *n)
{
	unsigned int q;

	for (q = 0; q < NR_QUEUES; q++)
		stop_holding(n, q);
	memset(n->txtc, 0, sizeof(n->txtc));
	n->tx_work_nr = 0;
}
