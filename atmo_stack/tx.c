// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit path, in the context of the application's ATMO_TX_BATCH:
 *
 *   tx ring -> entry copied and checked, page taken
 *     as most are     by the fast path (fast.h), in a lane
 *     otherwise       protocol builds headers
 *     small payload   copied behind the headers
 *     large payload   sent from the page itself, which is TX until the lane yields it
 *
 * Every page taken comes back by the completion ring. With ATMO_TX_RECYCLE the lane
 * receives into it when it has sent it; one that the lane did not get, or has no room
 * for, goes to the spare slots, see rx.c. The application may leave the completion ring
 * full; then nothing more is taken or collected.
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

static __always_inline void tx_begin(struct atmo_instance *inst)
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
 * A page that isn't to be recycled is the application's again. The caller has seen to
 * it that there is room in the completion ring.
 */
static noinline void yield_page(struct atmo_instance *inst, u32 slot, s32 status)
{
	const struct atmo_comp_desc desc = { .slot = slot, .status = status };
	struct atmo_tx_side *tx = &inst->tx;

	if (!atmo_page_move(inst, slot, ATMO_OWNER_TX, ATMO_OWNER_USER))
		return;
	atmo_ring_put_comp(&tx->comp, tx->nr_comp++, &desc);
	tx->comp_room--;
}

/* The page is done with; in the list of recycled ones there is room for each slot. */
static __always_inline void give_back(struct atmo_instance *inst, u32 slot, s32 status)
{
	struct atmo_tx_side *tx = &inst->tx;

	if (likely(atmo_owner_move(&inst->owners[slot], inst->member, ATMO_OWNER_RECYCLE,
				   ATMO_OWNER_SPARE)))
		tx->recycled[tx->nr_recycled++] = slot;
	else
		yield_page(inst, slot, status);
}

/*
 * Pages of which nobody waits for a completion are collected by the chunk, or when
 * there are few in all by fewer: it is into these that is received.
 */
static bool is_worth_collecting(const struct atmo_instance *inst)
{
	const struct atmo_tx_side *tx = &inst->tx;

	return tx->nr_lane >= min_t(u32, ATMO_CHUNK, inst->nr_pages / 16) ||
	       tx->nr_lane > tx->nr_recycle - tx->nr_recycled;
}

/* Pages that the lane is done with, if it has any. */
static void collect(struct atmo_instance *inst)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	u32 i, n, got, slot, moved;

	do {
		if (!tx->nr_lane)
			return;
		n = min_t(u32, tx->comp_room, ATMO_CHUNK);
		got = min(ep->ops->tx_return(ep->lane, tx->done, n, &moved), n);
		tx->nr_lane -= min(got + moved, tx->nr_lane);
		WRITE_ONCE(tx->nr_recycle, tx->nr_recycle - min(moved, tx->nr_recycle));
		WRITE_ONCE(tx->nr_moved, tx->nr_moved + moved);
		for (i = 0; i < got; i++) {
			if (likely(atmo_page_known(inst, tx->done[i], &slot)))
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

/* The first @n of those that were held: counted, and told to who listens. */
static void account_taken(struct atmo_instance *inst, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 i;

	tx->packets += n;
	for (i = tx->held; i < tx->held + n; i++)
		tx->bytes += tx->payload_len[i];
	if (atmo_captured(inst))
		for (i = tx->held; i < tx->held + n; i++)
			atmo_capture_tx(inst, &tx->frames[i]);
	if (trace_atmo_transmit_enabled())
		for (i = tx->held; i < tx->held + n; i++)
			trace_atmo_transmit(inst->id, false, tx->payload_len[i]);
}

static void push_held(struct atmo_instance *inst)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	u32 took;

	took = min(ep->ops->tx_provide(ep->lane, &tx->frames[tx->held], tx->nr_held),
		   tx->nr_held);
	account_taken(inst, took);
	tx->nr_held -= took;
	tx->held += took;
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

static noinline void refuse(struct atmo_instance *inst, u32 slot, enum atmo_drop reason, int err)
{
	atmo_tx_drop(inst, reason);
	give_back(inst, slot, err);
}

/* @n entries have been taken, of which @nr_recycle with ATMO_TX_RECYCLE. */
static void release_entries(struct atmo_tx_side *tx, struct atmo_ring *ring, u32 n,
			    u32 nr_recycle)
{
	atmo_ring_release(ring, n);
	WRITE_ONCE(tx->nr_recycle, tx->nr_recycle + nr_recycle);
}

/*
 * Takes the page of an entry, of which work->desc is a copy, for the protocol to judge.
 * False: it was refused. Counts in *nr_recycle. @flags: that the protocol knows
 */
static bool take_entry(struct atmo_instance *inst, struct atmo_tx_work *work, u32 flags,
		       u32 *nr_recycle)
{
	struct atmo_tx_desc *desc = &work->desc;
	struct atmo_tx_side *tx = &inst->tx;
	u32 owner;
	u8 reason;
	int err;

	if (unlikely(desc->slot >= inst->nr_pages)) {
		atmo_tx_drop(inst, ATMO_DROP_TX_BAD_SLOT);
		return false;
	}
	desc->slot = array_index_nospec(desc->slot, inst->nr_pages);
	owner = desc->flags & ATMO_TX_RECYCLE ? ATMO_OWNER_RECYCLE : ATMO_OWNER_TX;
	if (unlikely(!atmo_owner_take(&inst->owners[desc->slot], inst->member, owner))) {
		atmo_tx_drop(inst, ATMO_DROP_TX_NOT_OWNED);
		return false;
	}
	*nr_recycle += owner == ATMO_OWNER_RECYCLE;
	err = atmo_check_tx(desc, tx->max_payload, flags, &reason);
	if (unlikely(err)) {
		refuse(inst, desc->slot, reason, err);
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

/* Of an entry of the rx ring: the page of one that isn't to be sent comes back, too. */
static bool take_reply(struct atmo_instance *inst, struct atmo_tx_work *work, u32 flags,
		       u32 *nr_recycle)
{
	struct atmo_tx_desc *desc = &work->desc;
	const bool is_reply = desc->flags;

	/* Where the frame began is of no interest. */
	desc->reserved = 0;
	desc->flags |= ATMO_TX_RECYCLE;
	if (!take_entry(inst, work, flags, nr_recycle))
		return false;
	if (!is_reply)
		give_back(inst, desc->slot, 0);
	return is_reply;
}

/* Consumes @n entries; returns how many are in tx->work. */
static u32 take_entries(struct atmo_instance *inst, struct atmo_ring *ring, u32 n)
{
	const u32 flags = inst->proto->tx_flags | ATMO_TX_RECYCLE;
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_work *work = tx->work;
	u32 i, nr_recycle = 0;

	for (i = 0; i < n; i++) {
		atmo_ring_copy_tx(ring, i, &work->desc);
		work += ring == &tx->ring ? take_entry(inst, work, flags, &nr_recycle) :
					    take_reply(inst, work, flags, &nr_recycle);
	}
	release_entries(tx, ring, n, nr_recycle);
	return work - tx->work;
}

/*
 * Adds a judged entry to the frames for the lane. What fits behind its headers is
 * copied there; a page that isn't to be recycled then comes back at once.
 */
static void queue_frame(struct atmo_instance *inst, struct atmo_tx_work *work)
{
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_frame *frame = &tx->frames[tx->nr_held];
	const struct atmo_tx_desc *desc = &work->desc;
	u32 len = desc->len - work->skip;

	tx->payload_len[tx->nr_held++] = desc->len;
	*frame = (struct atmo_tx_frame) {
		.head = work->head,
		.head_len = work->head_len,
		.page = &inst->pages[desc->slot],
		.offset = desc->offset + work->skip,
		.len = len,
		.csum = work->csum,
		.recycle = desc->flags & ATMO_TX_RECYCLE,
	};
	if (work->head_len && work->head_len + len <= ATMO_TX_HEAD_MAX) {
		atmo_copy_payload(work->head, work->head_len, frame->page, frame->offset, len);
		frame->head_len += len;
		frame->len = 0;
		if (!frame->recycle) {
			frame->page = NULL;
			give_back(inst, desc->slot, 0);
			return;
		}
	}
	tx->nr_lane++;
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

/* ---- The fast path ---- */

/* What is captured or traced goes the long way. */
static bool is_fast(const struct atmo_instance *inst)
{
	return inst->ep.lane && (inst->proto->tx_plain || atmo_instance_is_whole(inst)) &&
	       !atmo_captured(inst) && !trace_atmo_transmit_enabled();
}

/* atmo_fast_tx.find: what the protocol has headers for, if the entry is odd in no other way */
static struct atmo_fast_dest find_dest(void *ctx, const struct atmo_tx_words *words)
{
	struct atmo_fast_dest dest = { };
	struct atmo_instance *inst = ctx;
	struct atmo_tx_desc desc = { .port = atmo_tx_rest_port(words->rest) };

	memcpy(desc.addr, words->addr, sizeof(desc.addr));
	if (words->rest == atmo_tx_rest(0, desc.port, ATMO_TX_RECYCLE))
		dest.t = inst->proto->tx_plain(inst, inst->proto_priv, &desc);
	if (dest.t) {
		dest.rest = words->rest;
		dest.addr[0] = words->addr[0];
		dest.addr[1] = words->addr[1];
		dest.end = min(dest.t->max_payload, inst->tx.max_payload) + 1;
	}
	return dest;
}

/* Sends up to @n entries, as far as all are as expected; *other: one isn't. */
static __always_inline u32 send_fast(struct atmo_instance *inst, struct atmo_ring *ring, u32 n,
				     bool *other)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_fast_tx *from = &tx->fast;

	from->entries = ring->entries;
	from->pages = inst->pages;
	from->owners = inst->owners;
	from->mask = ring->size - 1;
	from->cursor = ring->cursor;
	from->member = inst->member;
	from->alone = tx->alone;
	from->care = ring == &tx->ring ? ~0ULL : ~atmo_tx_rest(U16_MAX, 0, 0);
	from->dest.t = NULL;
	from->dest.addr[0] = 0;
	from->dest.addr[1] = 0;
	if (inst->proto->tx_plain) {
		from->find = find_dest;
		from->dest.rest = 0;
		from->dest.end = 0;
	} else {
		from->find = NULL;
		from->dest.rest = atmo_tx_rest(0, 0, ATMO_TX_RECYCLE);
		from->dest.end = tx->max_payload + 1;
	}
	from->ctx = inst;
	from->bytes = 0;
	from->other = false;
	n = min(ep->ops->tx_fast(ep->lane, from, n), n);
	*other = from->other;
	tx->packets += n;
	tx->bytes += from->bytes;
	tx->nr_lane += n;
	release_entries(tx, ring, n, n);
	return n;
}

/* ---- Batches ---- */

/* Consumes @n entries, which the protocol judges, and sends what it leaves to the lane. */
static void send_judged(struct atmo_instance *inst, struct atmo_ring *ring, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 i, m = take_entries(inst, ring, n);

	if (m)
		inst->proto->tx(inst, inst->proto_priv, tx->work, m);
	if (!inst->ep.lane)
		atmo_direct_send(inst, tx->work, m);
	for (i = 0; i < m; i++)
		finish_entry(inst, &tx->work[i]);
	if (tx->nr_held)
		push_held(inst);
}

/* Up to @nr entries; returns how many were consumed. */
static u32 tx_chunk(struct atmo_instance *inst, struct atmo_ring *ring, u32 nr)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 filled, n, fast = 0;
	bool other = true;

	if (!atmo_ring_peek(ring, &filled))
		atmo_tx_drop(inst, ATMO_DROP_BAD_CURSOR);
	n = min3(nr, filled, tx->comp_room);
	n = min_t(u32, n, ATMO_CHUNK);
	if (!n)
		return 0;
	tx->held = 0;
	if (inst->proto->tx_begin)
		inst->proto->tx_begin(inst, inst->proto_priv);
	if (likely(is_fast(inst)))
		fast = send_fast(inst, ring, n, &other);
	if (likely(!other))
		return fast;
	send_judged(inst, ring, n - fast);
	return n;
}

static u32 tx_locked(struct atmo_instance *inst, struct atmo_ring *ring, u32 nr)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 got, handled = 0;

	lockdep_assert_held(&tx->mutex);
	tx->max_payload = inst->proto->max_payload(inst);
	do {
		tx_begin(inst);
		if (inst->ep.lane && is_worth_collecting(inst))
			collect(inst);
		if (unlikely(tx->nr_held))
			push_held(inst);
		got = tx->nr_held ? 0 : tx_chunk(inst, ring, nr - handled);
		tx_end(tx);
		handled += got;
		if (!got || handled == nr)
			break;
		cond_resched();
	} while (!READ_ONCE(inst->failed));
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

/* The same with tx.mutex held. @reply: entries of the rx ring; rx.mutex is held, too */
int atmo_instance_tx_held(struct atmo_instance *inst, u32 nr, bool reply)
{
	int ret = atmo_instance_error(inst);

	if (ret)
		return ret;
	if (unlikely(!inst->proto))
		return -EPROTONOSUPPORT;
	ret = atmo_instance_device_error(inst);
	if (unlikely(ret)) {
		tx_down(inst, ret);
		return ret;
	}
	return tx_locked(inst, reply ? atmo_rx_replies(inst) : &inst->tx.ring, nr);
}

/* Number of entries consumed, or a negative errno. */
int atmo_instance_tx(struct atmo_instance *inst, u32 nr)
{
	int ret;

	mutex_lock(&inst->tx.mutex);
	ret = atmo_instance_tx_held(inst, nr, false);
	mutex_unlock(&inst->tx.mutex);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_tx);
