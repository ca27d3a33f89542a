// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit path, in the context of the application's ATMO_TX_BATCH:
 *
 *   tx ring -> entry copied and checked, page taken -> protocol builds headers
 *     small payload   copied behind the headers; the page comes back at once
 *     large payload   the page itself, which is TX until the lane yields it
 *
 * Every page taken comes back by the completion ring, or with ATMO_TX_RECYCLE by way
 * of the spare slots, see rx.c. The application may leave the completion ring full;
 * then nothing more is taken or collected.
 *
 * Entries that the protocol has judged may already be on their way through
 * Linux, so a chunk is never put back: frames that the lane has no room for are
 * held, and no further entry is consumed until it has taken them.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>

#include "capture.h"
#include "check.h"
#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* ---- Completions ---- */

static void tx_begin(struct atmo_instance *inst)
{
	struct atmo_tx_side *tx = &inst->tx;

	if (!atmo_ring_reserve(&tx->comp, &tx->comp_room))
		atmo_tx_drop(inst, ATMO_DROP_BAD_CURSOR);
}

static void tx_end(struct atmo_tx_side *tx)
{
	if (tx->nr_comp)
		atmo_ring_submit(&tx->comp, tx->nr_comp);
	tx->nr_comp = 0;
}

/*
 * The page is the application's again, or to be received into. The caller has seen to
 * it that there is room in the completion ring; in the list there is for each slot.
 */
static void give_back(struct atmo_instance *inst, u32 slot, s32 status)
{
	const struct atmo_comp_desc desc = { .slot = slot, .status = status };
	struct atmo_tx_side *tx = &inst->tx;

	if (atmo_owner_of(READ_ONCE(inst->owners[slot])) == ATMO_OWNER_RECYCLE) {
		if (atmo_page_move(inst, slot, ATMO_OWNER_RECYCLE, ATMO_OWNER_SPARE))
			tx->recycled[tx->nr_recycled++] = slot;
		return;
	}
	if (!atmo_page_move(inst, slot, ATMO_OWNER_TX, ATMO_OWNER_USER))
		return;
	atmo_ring_put_comp(&tx->comp, tx->nr_comp++, &desc);
	tx->comp_room--;
}

/* Pages that the lane is done with, if it has any. */
static void collect(struct atmo_instance *inst)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	u32 i, n, got, slot;

	do {
		if (!tx->nr_lane)
			return;
		n = min_t(u32, tx->comp_room, ATMO_CHUNK);
		got = min(ep->ops->tx_return(ep->lane, tx->done, n), n);
		tx->nr_lane -= min(got, tx->nr_lane);
		for (i = 0; i < got; i++) {
			if (atmo_page_known(inst, tx->done[i], &slot))
				give_back(inst, slot, 0);
			else
				atmo_instance_fail(inst);
		}
	} while (got == ATMO_CHUNK);
}

/* For the receive side: recycles what has been sent. Called with tx.mutex held. */
void atmo_tx_collect(struct atmo_instance *inst)
{
	lockdep_assert_held(&inst->tx.mutex);
	if (!inst->ep.lane)
		return;
	tx_begin(inst);
	collect(inst);
	tx_end(&inst->tx);
}

/* ---- Frames to the lane ---- */

/* The first @n of those that were held. */
static void capture_taken(struct atmo_instance *inst, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 i;

	for (i = 0; i < n; i++)
		atmo_capture_tx(inst, &tx->frames[tx->held + i]);
}

static void push_held(struct atmo_instance *inst)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	u32 took;

	took = min(ep->ops->tx_provide(ep->lane, &tx->frames[tx->held], tx->nr_held),
		   tx->nr_held);
	tx->packets += took;
	tx->nr_held -= took;
	if (atmo_captured(inst))
		capture_taken(inst, took);
	for (; took; took--) {
		trace_atmo_transmit(inst->id, false, tx->payload_len[tx->held]);
		tx->bytes += tx->payload_len[tx->held++];
	}
}

/* The device is down: nothing will be sent, so nothing may be kept. */
static void drop_held(struct atmo_instance *inst, int status)
{
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_frame *frame;

	for (; tx->nr_held && tx->comp_room; tx->nr_held--) {
		frame = &tx->frames[tx->held++];
		atmo_tx_drop(inst, ATMO_DROP_TX_DEVICE);
		if (frame->page) {
			tx->nr_lane--;
			give_back(inst, frame->page->slot, status);
		}
	}
}

/* ---- Entries of the tx ring ---- */

/*
 * Takes entry @i; returns whether *work is to be judged by the protocol. Counts in
 * *nr_recycle. @flags: that the protocol knows
 */
static __always_inline bool take_entry(struct atmo_instance *inst, u32 i,
				       struct atmo_tx_work *work, u32 flags, u32 *nr_recycle)
{
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_desc *desc = &work->desc;
	u32 owner;
	u8 reason;
	int err;

	atmo_ring_copy_tx(&tx->ring, i, desc);
	if (desc->slot >= inst->nr_pages) {
		atmo_tx_drop(inst, ATMO_DROP_TX_BAD_SLOT);
		return false;
	}
	desc->slot = array_index_nospec(desc->slot, inst->nr_pages);
	owner = desc->flags & ATMO_TX_RECYCLE ? ATMO_OWNER_RECYCLE : ATMO_OWNER_TX;
	if (!atmo_owner_take(&inst->owners[desc->slot], inst->member, owner)) {
		atmo_tx_drop(inst, ATMO_DROP_TX_NOT_OWNED);
		return false;
	}
	*nr_recycle += owner == ATMO_OWNER_RECYCLE;
	err = atmo_check_tx(desc, tx->max_payload, flags, &reason);
	if (err) {
		atmo_tx_drop(inst, reason);
		give_back(inst, desc->slot, err);
		return false;
	}
	work->payload = inst->pages[desc->slot].va + desc->offset;
	work->verdict = ATMO_TX_REFUSE;
	work->reason = ATMO_DROP_TX_DEVICE;
	work->status = -EIO;
	work->csum = ATMO_TX_CSUM_UDP4;
	work->skip = 0;
	work->head_len = 0;
	return true;
}

/* Consumes @n entries; returns how many are in tx->work. */
static u32 take_entries(struct atmo_instance *inst, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	const u32 flags = inst->proto->tx_flags | ATMO_TX_RECYCLE;
	struct atmo_tx_work *work = tx->work;
	u32 i, nr_recycle = 0;

	for (i = 0; i < n; i++)
		work += take_entry(inst, i, work, flags, &nr_recycle);
	atmo_ring_release(&tx->ring, n);
	WRITE_ONCE(tx->nr_recycle, tx->nr_recycle + nr_recycle);
	return work - tx->work;
}

/*
 * Adds a judged entry to the frames for the lane. What fits behind its headers is
 * copied there, so that the page comes back at once.
 */
static void queue_frame(struct atmo_instance *inst, struct atmo_tx_work *work)
{
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_frame *frame = &tx->frames[tx->nr_held];
	const struct atmo_tx_desc *desc = &work->desc;
	u16 len = desc->len - work->skip;

	tx->payload_len[tx->nr_held++] = desc->len;
	frame->head = work->head;
	frame->csum = work->csum;
	if (work->head_len && work->head_len + len <= ATMO_TX_HEAD_MAX) {
		memcpy(work->head + work->head_len, work->payload + work->skip, len);
		frame->head_len = work->head_len + len;
		frame->page = NULL;
		frame->offset = 0;
		frame->len = 0;
		give_back(inst, desc->slot, 0);
	} else {
		frame->head_len = work->head_len;
		tx->nr_lane++;
		frame->page = &inst->pages[desc->slot];
		frame->offset = desc->offset + work->skip;
		frame->len = len;
	}
}

static void finish_entry(struct atmo_instance *inst, struct atmo_tx_work *work)
{
	struct atmo_tx_side *tx = &inst->tx;

	if (likely(work->verdict == ATMO_TX_SEND && inst->ep.lane &&
		   work->head_len <= ATMO_TX_HEAD_MAX && work->skip <= work->desc.len)) {
		queue_frame(inst, work);
		return;
	}
	switch (work->verdict) {
	case ATMO_TX_SENT:
		tx->packets++;
		tx->slow++;
		tx->bytes += work->desc.len;
		atmo_capture_sent(inst, work);
		trace_atmo_transmit(inst->id, true, work->desc.len);
		give_back(inst, work->desc.slot, 0);
		return;
	case ATMO_TX_SEND:
		/* The protocol asked for what this lane hasn't got. */
		atmo_tx_drop(inst, ATMO_DROP_TX_DEVICE);
		give_back(inst, work->desc.slot, -EIO);
		return;
	default:
		atmo_tx_drop(inst, work->reason);
		give_back(inst, work->desc.slot, work->status);
		return;
	}
}

/* ---- Batches ---- */

/* Up to @nr entries; returns how many were consumed. */
static u32 tx_chunk(struct atmo_instance *inst, u32 nr)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 i, m, filled, n;

	if (!atmo_ring_peek(&tx->ring, &filled))
		atmo_tx_drop(inst, ATMO_DROP_BAD_CURSOR);
	n = min3(nr, filled, tx->comp_room);
	n = min_t(u32, n, ATMO_CHUNK);
	if (!n)
		return 0;
	m = take_entries(inst, n);
	if (m)
		inst->proto->tx(inst, inst->proto_priv, tx->work, m);
	tx->held = 0;
	for (i = 0; i < m; i++)
		finish_entry(inst, &tx->work[i]);
	if (tx->nr_held)
		push_held(inst);
	return n;
}

static u32 tx_locked(struct atmo_instance *inst, u32 nr)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 got, handled = 0;

	lockdep_assert_held(&tx->mutex);
	tx->max_payload = inst->proto->max_payload(inst);
	do {
		tx_begin(inst);
		if (inst->ep.lane)
			collect(inst);
		if (unlikely(tx->nr_held))
			push_held(inst);
		got = tx->nr_held ? 0 : tx_chunk(inst, nr - handled);
		tx_end(tx);
		handled += got;
		cond_resched();
	} while (got && handled < nr && !READ_ONCE(inst->failed));
	return handled;
}

/* While the device is down pages still come back. */
static void tx_down(struct atmo_instance *inst, int status)
{
	tx_begin(inst);
	if (inst->ep.lane)
		collect(inst);
	drop_held(inst, status);
	tx_end(&inst->tx);
}

/* Number of entries consumed, or a negative errno. */
int atmo_instance_tx(struct atmo_instance *inst, u32 nr)
{
	int ret;

	mutex_lock(&inst->tx.mutex);
	ret = atmo_instance_error(inst);
	if (!ret && !inst->proto)
		ret = -EPROTONOSUPPORT;
	if (!ret) {
		ret = atmo_instance_device_error(inst);
		if (ret)
			tx_down(inst, ret);
		else
			ret = tx_locked(inst, nr);
	}
	mutex_unlock(&inst->tx.mutex);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_tx);
