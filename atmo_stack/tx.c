// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit path, in the context of the application's ATMO_TX_BATCH:
 *
 *   tx ring -> entry copied and checked, page taken -> protocol builds headers
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
#include "match.h"
#include "priv.h"
#include "template.h"
#include "../atmo_portmgr/compat.h"

/* Payloads up to this long are copied without regard to how long they are. */
#define SHORT_COPY	32

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

/* A page of an entry; false: it isn't the application's. */
static __always_inline bool take_page(u32 *word, u32 member, u32 to, bool alone)
{
	return alone ? atmo_owner_take_alone(word, member, to) :
		       atmo_owner_take(word, member, to);
}

/*
 * Takes the page of an entry, of which *desc is a copy. False: it was refused. Counts in
 * *nr_recycle. @flags: that the protocol knows
 */
static __always_inline bool take_entry(struct atmo_instance *inst, struct atmo_tx_desc *desc,
				       u32 flags, u32 *nr_recycle)
{
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
	return true;
}

/* @n entries have been taken, of which @nr_recycle with ATMO_TX_RECYCLE. */
static void release_entries(struct atmo_tx_side *tx, u32 n, u32 nr_recycle)
{
	atmo_ring_release(&tx->ring, n);
	WRITE_ONCE(tx->nr_recycle, tx->nr_recycle + nr_recycle);
}

static u32 entry_flags(const struct atmo_instance *inst)
{
	return inst->proto->tx_flags | ATMO_TX_RECYCLE;
}

/* The same for an entry, in work->desc, that the protocol is to judge. */
static __always_inline bool take_work(struct atmo_instance *inst, struct atmo_tx_work *work,
				      u32 flags, u32 *nr_recycle)
{
	if (!take_entry(inst, &work->desc, flags, nr_recycle))
		return false;
	work->payload = inst->pages[work->desc.slot].va + work->desc.offset;
	work->verdict = ATMO_TX_REFUSE;
	work->reason = ATMO_DROP_TX_DEVICE;
	work->status = -EIO;
	work->csum = ATMO_TX_CSUM_UDP4;
	work->skip = 0;
	work->head_len = 0;
	return true;
}

/* Consumes @n entries; returns how many are in tx->work, for the protocol to judge. */
static u32 take_entries(struct atmo_instance *inst, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	const struct atmo_ring ring = tx->ring;
	const u32 flags = entry_flags(inst);
	struct atmo_tx_work *work = tx->work;
	u32 i, nr_recycle = 0;

	for (i = 0; i < n; i++) {
		atmo_ring_copy_tx(&ring, i, &work->desc);
		work += take_work(inst, work, flags, &nr_recycle);
	}
	release_entries(tx, n, nr_recycle);
	return work - tx->work;
}

/* A whole frame whose entry is not as most are; false: it was refused. */
static noinline bool take_whole(struct atmo_instance *inst, const struct atmo_tx_words *words,
				struct atmo_tx_desc *desc, u32 *nr_recycle)
{
	u8 reason;
	int err;

	memcpy(desc, words, sizeof(*desc));
	if (!take_entry(inst, desc, entry_flags(inst), nr_recycle))
		return false;
	err = atmo_check_tx_whole(desc, &reason);
	if (err)
		refuse(inst, desc->slot, reason, err);
	return !err;
}

static __always_inline void queue_page(struct atmo_instance *inst, u32 held, u32 slot,
				       u16 offset, u16 len, bool recycle)
{
	struct atmo_tx_side *tx = &inst->tx;

	tx->payload_len[held] = len;
	tx->frames[held] = (struct atmo_tx_frame) {
		.page = &inst->pages[slot],
		.offset = offset,
		.len = len,
		.csum = ATMO_TX_CSUM_NONE,
		.recycle = recycle,
	};
}

/* Consumes @n entries that are whole frames, to go out as they are. */
static void queue_whole(struct atmo_instance *inst, u32 n)
{
	const u32 nr_pages = inst->nr_pages, member = inst->member;
	struct atmo_tx_side *tx = &inst->tx;
	const u32 max_payload = tx->max_payload;
	const struct atmo_ring ring = tx->ring;
	u32 i, slot, held = 0, nr_recycle = 0;
	const bool alone = tx->alone;
	u32 *owners = inst->owners;

	for (i = 0; i < n; i++) {
		const struct atmo_tx_words words = atmo_ring_read_tx(&ring, i);

		if (unlikely(!atmo_tx_is_plain_whole(&words, nr_pages, max_payload))) {
			struct atmo_tx_words copy = words;
			struct atmo_tx_desc desc;

			if (take_whole(inst, &copy, &desc, &nr_recycle))
				queue_page(inst, held++, desc.slot, desc.offset, desc.len,
					   desc.flags & ATMO_TX_RECYCLE);
			continue;
		}
		slot = array_index_nospec(words.slot, nr_pages);
		if (unlikely(!take_page(&owners[slot], member, ATMO_OWNER_RECYCLE, alone))) {
			atmo_tx_drop(inst, ATMO_DROP_TX_NOT_OWNED);
			continue;
		}
		nr_recycle++;
		queue_page(inst, held++, slot, words.offset, words.len, true);
	}
	release_entries(tx, n, nr_recycle);
	tx->nr_held = held;
	tx->nr_lane += held;
}

/*
 * Copies @len bytes at @offset of a page behind @at bytes of @head. They may be changed
 * meanwhile.
 */
static __always_inline void copy_payload(u8 *head, u32 at, const struct atmo_page *page,
					 u32 offset, u32 len)
{
	/* What is copied beyond the end is overwritten, or not sent. */
	if (len <= SHORT_COPY && offset <= ATMO_PAGE_SIZE - SHORT_COPY &&
	    at <= ATMO_TX_HEAD_MAX - SHORT_COPY)
		memcpy(head + at, page->va + offset, SHORT_COPY);
	else
		memcpy(head + at, page->va + offset, len);
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
		copy_payload(work->head, work->head_len, frame->page, frame->offset, len);
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

/* ---- Datagrams to the same destination ---- */

/**
 * struct plain - what an entry has to be for the headers of the one before
 * @t: these headers; NULL: there are none
 * @rest: of its words
 * @addr: likewise
 * @max_len: of its payload
 */
struct plain {
	const struct atmo_udp_template *t;
	u64 rest;
	u64 addr[2];
	u32 max_len;
};

static __always_inline bool is_plain(const struct atmo_tx_words *words, const struct plain *p,
				     u32 nr_pages)
{
	return atmo_tx_in_range(words, nr_pages, p->max_len) &&
	       !((words->rest ^ p->rest) | (words->addr[0] ^ p->addr[0]) |
		 (words->addr[1] ^ p->addr[1]));
}

/* What the protocol has headers for already, if the entry is odd in no other way. */
static noinline struct plain find_plain(struct atmo_instance *inst,
					const struct atmo_tx_words *words)
{
	struct atmo_tx_desc desc;
	struct plain p = { };

	memcpy(&desc, words, sizeof(desc));
	if (words->rest == atmo_tx_rest(desc.port, ATMO_TX_RECYCLE))
		p.t = inst->proto->tx_plain(inst, inst->proto_priv, &desc);
	if (p.t) {
		p.rest = words->rest;
		p.addr[0] = words->addr[0];
		p.addr[1] = words->addr[1];
		p.max_len = min(p.t->max_payload, inst->tx.max_payload);
	}
	return p;
}

/* An entry that the protocol has to judge. */
static noinline void queue_other(struct atmo_instance *inst, const struct atmo_tx_words *words,
				 u32 *nr_recycle)
{
	struct atmo_tx_side *tx = &inst->tx;
	struct atmo_tx_work *work = &tx->work[tx->nr_held];

	memcpy(&work->desc, words, sizeof(work->desc));
	if (!take_work(inst, work, entry_flags(inst), nr_recycle))
		return;
	inst->proto->tx(inst, inst->proto_priv, work, 1);
	finish_entry(inst, work);
}

/*
 * A frame with headers written by @t into @head, and behind them a short payload, copied
 * from @offset of the page.
 */
static __always_inline struct atmo_tx_frame make_frame(const struct atmo_udp_template *t,
						       u8 *head, struct atmo_page *page,
						       u32 offset, u32 len)
{
	const bool is_short = len <= ATMO_TX_HEAD_MAX - ATMO_UDP4_HEADERS;

	atmo_udp_template_write(t, head, len);
	if (likely(is_short))
		copy_payload(head, ATMO_UDP4_HEADERS, page, offset, len);
	return (struct atmo_tx_frame) {
		.head = head,
		.page = page,
		.head_len = ATMO_UDP4_HEADERS + (likely(is_short) ? len : 0),
		.offset = offset,
		.len = likely(is_short) ? 0 : len,
		.csum = ATMO_TX_CSUM_UDP4,
		.recycle = true,
	};
}

/* Where the heads of @n frames are to be built: by the lane's leave where it sends them from. */
static u8 **get_heads(struct atmo_instance *inst, u32 n)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_tx_side *tx = &inst->tx;
	u32 i;

	for (i = ep->ops->tx_heads(ep->lane, tx->heads, n); unlikely(i < n); i++)
		tx->heads[i] = tx->work[i].head;
	return tx->heads;
}

/*
 * Consumes @n entries of datagrams. Most go where the one before went, and are to be
 * recycled: these are taken at a glance, with the result that the protocol would have.
 */
static void queue_datagrams(struct atmo_instance *inst, u32 n)
{
	const u32 nr_pages = inst->nr_pages, member = inst->member;
	struct atmo_tx_side *tx = &inst->tx;
	const struct atmo_ring ring = tx->ring;
	struct atmo_page *pages = inst->pages;
	u32 i, slot, held, plain = 0, nr_recycle = 0;
	u8 **heads = get_heads(inst, n);
	const bool alone = tx->alone;
	u32 *owners = inst->owners;
	struct plain p = { };

	for (i = 0; i < n; i++) {
		const struct atmo_tx_words words = atmo_ring_read_tx(&ring, i);

		if (unlikely(!p.t || !is_plain(&words, &p, nr_pages))) {
			const struct atmo_tx_words copy = words;

			p = find_plain(inst, &copy);
			if (!p.t || !is_plain(&copy, &p, nr_pages)) {
				queue_other(inst, &copy, &nr_recycle);
				continue;
			}
		}
		slot = array_index_nospec(words.slot, nr_pages);
		if (unlikely(!take_page(&owners[slot], member, ATMO_OWNER_RECYCLE, alone))) {
			atmo_tx_drop(inst, ATMO_DROP_TX_NOT_OWNED);
			continue;
		}
		held = tx->nr_held++;
		tx->frames[held] = make_frame(p.t, heads[held], &pages[slot], words.offset,
					      words.len);
		tx->payload_len[held] = words.len;
		plain++;
	}
	tx->nr_lane += plain;
	release_entries(tx, n, nr_recycle + plain);
}

/* ---- Batches ---- */

/* Consumes @n entries, which the protocol judges. */
static void queue_judged(struct atmo_instance *inst, u32 n)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 i, m = take_entries(inst, n);

	if (m)
		inst->proto->tx(inst, inst->proto_priv, tx->work, m);
	if (!inst->ep.lane)
		atmo_direct_send(inst, tx->work, m);
	for (i = 0; i < m; i++)
		finish_entry(inst, &tx->work[i]);
}

/* Up to @nr entries; returns how many were consumed. */
static u32 tx_chunk(struct atmo_instance *inst, u32 nr)
{
	struct atmo_tx_side *tx = &inst->tx;
	u32 filled, n;

	if (!atmo_ring_peek(&tx->ring, &filled))
		atmo_tx_drop(inst, ATMO_DROP_BAD_CURSOR);
	n = min3(nr, filled, tx->comp_room);
	n = min_t(u32, n, ATMO_CHUNK);
	if (!n)
		return 0;
	tx->held = 0;
	if (inst->proto->tx_begin)
		inst->proto->tx_begin(inst, inst->proto_priv);
	if (atmo_instance_is_whole(inst))
		queue_whole(inst, n);
	else if (inst->ep.lane && inst->proto->tx_plain)
		queue_datagrams(inst, n);
	else
		queue_judged(inst, n);
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
		if (inst->ep.lane && is_worth_collecting(inst))
			collect(inst);
		if (unlikely(tx->nr_held))
			push_held(inst);
		got = tx->nr_held ? 0 : tx_chunk(inst, nr - handled);
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

/* The same with tx.mutex held. */
int atmo_instance_tx_held(struct atmo_instance *inst, u32 nr)
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
	return tx_locked(inst, nr);
}

/* Number of entries consumed, or a negative errno. */
int atmo_instance_tx(struct atmo_instance *inst, u32 nr)
{
	int ret;

	mutex_lock(&inst->tx.mutex);
	ret = atmo_instance_tx_held(inst, nr);
	mutex_unlock(&inst->tx.mutex);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_tx);
