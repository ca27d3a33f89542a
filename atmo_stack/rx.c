// SPDX-License-Identifier: GPL-2.0
/*
 * The receive path, in the context of the application's ATMO_RX_BATCH:
 *
 *   free ring, pages that were sent -> spare slots
 *   spare slots -> the lane's receive queue                hardware lane
 *   receive queue -> rx ring                               the page itself, by the
 *                                                          fast path (fast.h), or
 *                    protocol judges                       one that is not as most
 *   private queue -> protocol judges -> rx ring            copied to a spare slot,
 *                                                          or remapped: remap.c
 *
 * Frames that the rx ring has no room for stay where they are.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "capture.h"
#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* ---- Pages in ---- */

/* Pages that the lane's receive queue has. */
static u32 nr_nic(const struct atmo_instance *inst)
{
	return inst->rx.nr_nic + READ_ONCE(inst->tx.nr_moved);
}

static void take_free_entry(struct atmo_instance *inst, u32 i)
{
	struct atmo_rx_side *rx = &inst->rx;
	struct atmo_free_desc desc;

	atmo_ring_copy_free(&rx->free, i, &desc);
	if (desc.slot >= inst->nr_pages || desc.reserved) {
		atmo_rx_drop(inst, ATMO_DROP_FREE_BAD_SLOT);
		return;
	}
	desc.slot = array_index_nospec(desc.slot, inst->nr_pages);
	if (!atmo_owner_take(&inst->owners[desc.slot], inst->member, ATMO_OWNER_SPARE)) {
		atmo_rx_drop(inst, ATMO_DROP_FREE_NOT_OWNED);
		return;
	}
	/* Has room: there are as many places as slots, and each is SPARE once. */
	rx->spare[rx->nr_spare++] = desc.slot;
}

static void take_free(struct atmo_instance *inst)
{
	struct atmo_rx_side *rx = &inst->rx;
	u32 i, nr;

	lockdep_assert_held(&rx->mutex);
	if (!atmo_ring_peek(&rx->free, &nr))
		atmo_rx_drop(inst, ATMO_DROP_BAD_CURSOR);
	if (!nr)
		return;
	for (i = 0; i < nr; i++)
		take_free_entry(inst, i);
	atmo_ring_release(&rx->free, nr);
}

/* Pages of packets sent with ATMO_TX_RECYCLE, with tx.mutex held. */
static void take_recycled(struct atmo_instance *inst)
{
	struct atmo_rx_side *rx = &inst->rx;
	struct atmo_tx_side *tx = &inst->tx;

	lockdep_assert_held(&tx->mutex);
	/* Who sends collects. Otherwise there is no hurry while the NIC has more. */
	if (!tx->nr_recycled && nr_nic(inst) <= tx->nr_recycle)
		atmo_tx_collect(inst);
	if (!tx->nr_recycled)
		return;
	memcpy(&rx->spare[rx->nr_spare], tx->recycled, tx->nr_recycled * sizeof(*rx->spare));
	rx->nr_spare += tx->nr_recycled;
	WRITE_ONCE(tx->nr_recycle, tx->nr_recycle - tx->nr_recycled);
	tx->nr_recycled = 0;
}

/*
 * While another thread is sending, they can wait for the next call. @all: before a sleep,
 * all that have been sent by now
 */
static void try_recycled(struct atmo_instance *inst, bool all)
{
	if (!READ_ONCE(inst->tx.nr_recycle) || !mutex_trylock(&inst->tx.mutex))
		return;
	if (all)
		atmo_tx_collect(inst);
	take_recycled(inst);
	mutex_unlock(&inst->tx.mutex);
}

/* What the queue has no room for stays spare, and is offered by the next call. */
static void provide(struct atmo_instance *inst)
{
	struct atmo_page *pages[ATMO_CHUNK];
	struct atmo_rx_side *rx = &inst->rx;
	struct atmo_endpoint *ep = &inst->ep;
	const u32 member = inst->member;
	u32 *owners = inst->owners;
	const u32 *top;
	u32 i, n, took;

	do {
		n = min_t(u32, rx->nr_spare, ATMO_CHUNK);
		if (!n)
			return;
		top = &rx->spare[rx->nr_spare - 1];
		for (i = 0; i < n; i++)
			pages[i] = &inst->pages[top[-(s32)i]];
		took = min(ep->ops->rx_provide(ep->lane, pages, n, rx->nr_spare > n), n);
		for (i = 0; i < took; i++)
			if (unlikely(!atmo_owner_move(&owners[top[-(s32)i]], member,
						      ATMO_OWNER_SPARE, ATMO_OWNER_NIC_RX)))
				atmo_instance_fail(inst);
		rx->nr_spare -= took;
		rx->nr_nic += took;
	} while (took == ATMO_CHUNK);
}

/*
 * The same when it is worth it: for each time the driver writes to the device, which
 * costs more than all else in a small batch.
 */
static void provide_lazily(struct atmo_instance *inst)
{
	const struct atmo_rx_side *rx = &inst->rx;

	if (rx->nr_spare && inst->ep.lane &&
	    (rx->nr_spare >= ATMO_CHUNK || rx->nr_spare > nr_nic(inst) / 4))
		provide(inst);
}

/* ---- Frames ---- */

/*
 * Hardware lane: the page of a frame has a new owner. It was put into the receive queue
 * by provide(), or by the lane itself after it had been sent.
 */
static __always_inline bool page_arrived(struct atmo_instance *inst, u32 slot, u32 to)
{
	u32 *word = &inst->owners[slot];

	if (likely(atmo_owner_move(word, inst->member, ATMO_OWNER_RECYCLE, to) ||
		   atmo_owner_move(word, inst->member, ATMO_OWNER_NIC_RX, to)))
		return true;
	atmo_instance_fail(inst);
	return false;
}

/* The page goes back to the NIC by way of the spare slots. */
static void give_back(struct atmo_instance *inst, u32 slot)
{
	struct atmo_rx_side *rx = &inst->rx;

	if (page_arrived(inst, slot, ATMO_OWNER_SPARE))
		rx->spare[rx->nr_spare++] = slot;
}

static bool is_sound(const struct atmo_rx_frame *frame)
{
	return !(frame->flags & (ATMO_RX_MULTI_DESC | ATMO_RX_HW_ERROR)) &&
	       frame->offset + frame->len <= ATMO_PAGE_SIZE;
}

/* @slot: of its page, in the hardware lane */
static noinline void drop_unsound(struct atmo_instance *inst, const struct atmo_rx_frame *frame,
				  u32 slot)
{
	enum atmo_drop reason = ATMO_DROP_RX_MALFORMED;

	if (frame->flags & ATMO_RX_MULTI_DESC)
		reason = ATMO_DROP_RX_MULTI_DESC;
	else if (frame->flags & ATMO_RX_HW_ERROR)
		reason = ATMO_DROP_RX_HW_ERROR;
	atmo_rx_drop(inst, reason);
	/* Not what says that it is longer than its page. */
	if (frame->offset + frame->len <= ATMO_PAGE_SIZE)
		atmo_capture_rx(inst, frame, reason);
	if (inst->ep.lane)
		give_back(inst, slot);
}

/* False: it has been dropped. @slot: out: of its page, in the hardware lane */
static __always_inline bool may_deliver(struct atmo_instance *inst,
					const struct atmo_rx_frame *frame, u32 *slot)
{
	if (inst->ep.lane && unlikely(!atmo_page_known(inst, frame->page, slot))) {
		atmo_instance_fail(inst);
		return false;
	}
	if (unlikely(!is_sound(frame))) {
		drop_unsound(inst, frame, *slot);
		return false;
	}
	return true;
}

/*
 * Lets the protocol judge the first @n of rx->frames, in rx->work. Returns how
 * many it judged: frames that the NIC flagged are not among them.
 */
static u32 judge(struct atmo_instance *inst, u32 n)
{
	struct atmo_rx_side *rx = &inst->rx;
	u32 i, m = 0, slot = ATMO_NO_SLOT;

	for (i = 0; i < n; i++) {
		const struct atmo_rx_frame *frame = &rx->frames[i];

		if (unlikely(!may_deliver(inst, frame, &slot)))
			continue;
		rx->work[m].frame = *frame;
		rx->work[m++].slot = slot;
	}
	if (m)
		inst->proto->rx(inst, inst->proto_priv, rx->work, m);
	return m;
}

/*
 * The application can write to a page of its lane at any time, so the frame that
 * Linux gets must be judged where it can't: on a copy. Only frames that the
 * lane's filter could have matched are passed, so nobody can feed Linux with
 * anything but datagrams to the own port.
 */
static void pass_to_linux(struct atmo_instance *inst, const struct atmo_rx_frame *frame)
{
	struct atmo_rx_side *rx = &inst->rx;
	struct atmo_rx_work work = { .frame = *frame };

	if (inst->ep.lane) {
		memcpy(rx->bounce.va, frame->page->va + frame->offset, frame->len);
		work.frame.page = &rx->bounce;
		work.frame.offset = 0;
		inst->proto->rx(inst, inst->proto_priv, &work, 1);
		if (work.verdict != ATMO_RX_TO_LINUX) {
			atmo_rx_drop(inst, ATMO_DROP_RX_MALFORMED);
			return;
		}
	}
	rx->passed++;
	atmo_demux_pass(inst->ep.nic, &work.frame);
}

/* Puts a frame into the rx ring, as entry @i from the cursor. */
static __always_inline void put_rx(struct atmo_instance *inst, u32 i,
				   struct atmo_rx_desc *desc, u32 slot)
{
	struct atmo_rx_side *rx = &inst->rx;

	desc->slot = slot;
	desc->flags = 0;
	atmo_ring_put_rx(&rx->ring, i, desc);
	rx->packets++;
	rx->bytes += desc->len;
	trace_atmo_receive(inst->id, inst->ep.lane_type, slot, desc->len);
}

/* Returns whether it went to the rx ring. */
static __always_inline bool finish_lane(struct atmo_instance *inst, struct atmo_rx_work *work,
					u32 i)
{
	u32 slot = work->slot;

	if (likely(work->verdict == ATMO_RX_DELIVER)) {
		/* Owner first, entry second: the entry says whose it is. */
		if (!page_arrived(inst, slot, ATMO_OWNER_USER))
			return false;
		put_rx(inst, i, &work->desc, slot);
		return true;
	}
	if (work->verdict == ATMO_RX_TO_LINUX)
		pass_to_linux(inst, &work->frame);
	else
		atmo_rx_drop(inst, work->reason);
	give_back(inst, slot);
	return false;
}

/*
 * The frame lies in a neutral page; the application sees a copy of its bytes and
 * of nothing else. There is a spare slot for each frame.
 */
static void copy_to_spare(struct atmo_instance *inst, struct atmo_rx_work *work, u32 i)
{
	const struct atmo_rx_frame *frame = &work->frame;
	struct atmo_rx_side *rx = &inst->rx;
	u32 slot = rx->spare[--rx->nr_spare];

	memcpy(inst->pages[slot].va + ATMO_FRAME_OFFSET, frame->page->va + frame->offset,
	       frame->len);
	work->desc.offset += ATMO_FRAME_OFFSET - frame->offset;
	work->desc.frame_offset = ATMO_FRAME_OFFSET;
	rx->copied++;
	if (atmo_page_move(inst, slot, ATMO_OWNER_SPARE, ATMO_OWNER_USER))
		put_rx(inst, i, &work->desc, slot);
}

/* The page is behind the slot already. */
static void deliver_remapped(struct atmo_instance *inst, struct atmo_rx_work *work, u32 slot,
			     u32 i)
{
	inst->rx.remapped_total++;
	if (atmo_page_move(inst, slot, ATMO_OWNER_SPARE, ATMO_OWNER_USER))
		put_rx(inst, i, &work->desc, slot);
}

/* @slot: that the frame's page was put behind, or ATMO_NO_SLOT */
static bool finish_shared(struct atmo_instance *inst, struct atmo_rx_work *work, u32 slot, u32 i)
{
	if (slot != ATMO_NO_SLOT) {
		deliver_remapped(inst, work, slot, i);
		return true;
	}
	if (work->verdict == ATMO_RX_DELIVER &&
	    work->frame.len > ATMO_PAGE_SIZE - ATMO_FRAME_OFFSET) {
		work->verdict = ATMO_RX_DROP;
		work->reason = ATMO_DROP_RX_MALFORMED;
	}
	switch (work->verdict) {
	case ATMO_RX_DELIVER:
		copy_to_spare(inst, work, i);
		return true;
	case ATMO_RX_TO_LINUX:
		pass_to_linux(inst, &work->frame);
		return false;
	default:
		atmo_rx_drop(inst, work->reason);
		return false;
	}
}

/* ---- Batches ---- */

/*
 * The first @n of rx->work, before remapping, which puts other memory behind their
 * pages. What goes to Linux is seen there.
 */
static void capture_judged(struct atmo_instance *inst, u32 n)
{
	const struct atmo_rx_work *work = inst->rx.work;

	for (; n; n--, work++) {
		if (work->verdict == ATMO_RX_DELIVER)
			atmo_capture_rx(inst, &work->frame, ATMO_NR_DROPS);
		else if (work->verdict == ATMO_RX_DROP)
			atmo_capture_rx(inst, &work->frame, work->reason);
	}
}

static u32 finish_all_lane(struct atmo_instance *inst, u32 n)
{
	u32 i, delivered = 0;

	for (i = 0; i < n; i++)
		delivered += finish_lane(inst, &inst->rx.work[i], delivered);
	return delivered;
}

static u32 finish_all_shared(struct atmo_instance *inst, u32 n)
{
	struct atmo_rx_side *rx = &inst->rx;
	u32 i, delivered = 0;

	atmo_remap_chunk(inst, n);
	for (i = 0; i < n; i++)
		delivered += finish_shared(inst, &rx->work[i], rx->remapped[i], delivered);
	return delivered;
}

/* Handles the first @n of rx->frames; the rx ring has room for them. */
static void handle(struct atmo_instance *inst, u32 n)
{
	u32 delivered, m = judge(inst, n);

	if (atmo_captured(inst))
		capture_judged(inst, m);
	delivered = inst->ep.lane ? finish_all_lane(inst, m) : finish_all_shared(inst, m);
	if (delivered)
		atmo_ring_submit(&inst->rx.ring, delivered);
}

/* What is captured or traced has been judged. */
static bool is_fast(const struct atmo_instance *inst)
{
	return (inst->proto->rx_plain || atmo_instance_is_whole(inst)) && !atmo_captured(inst) &&
	       !trace_atmo_receive_enabled();
}

/* Delivers up to @n frames, as far as all are as expected; *other: one isn't. */
static u32 lane_fast(struct atmo_instance *inst, u32 n, bool *other)
{
	const struct atmo_proto *proto = inst->proto;
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_rx_side *rx = &inst->rx;
	struct atmo_fast_rx *to = &rx->fast;

	to->match = proto->rx_plain ? proto->rx_plain(inst, inst->proto_priv) : NULL;
	to->pages = inst->pages;
	to->owners = inst->owners;
	to->entries = rx->ring.entries;
	to->mask = rx->ring.size - 1;
	to->cursor = rx->ring.cursor;
	to->recycle = atmo_owner_word(inst->member, ATMO_OWNER_RECYCLE);
	to->bytes = 0;
	to->other = false;
	n = min(ep->ops->rx_fast(ep->lane, to, n), n);
	*other = to->other;
	rx->nr_nic -= n;
	rx->packets += n;
	rx->bytes += to->bytes;
	if (n)
		atmo_ring_submit(&rx->ring, n);
	return n;
}

static u32 lane_chunk(struct atmo_instance *inst, u32 n)
{
	struct atmo_endpoint *ep = &inst->ep;
	u32 got, fast = 0;
	bool other = true;

	if (likely(is_fast(inst)))
		fast = lane_fast(inst, n, &other);
	if (likely(!other))
		return fast;
	n -= fast;
	got = min(ep->ops->rx_return(ep->lane, inst->rx.frames, n), n);
	inst->rx.nr_nic -= got;
	if (got)
		handle(inst, got);
	return fast + got;
}

/* A frame never waits for a slot half done: no more frames than spare slots. */
static u32 queue_chunk(struct atmo_instance *inst, u32 n)
{
	struct atmo_endpoint *ep = &inst->ep;

	n = min(n, inst->rx.nr_spare);
	if (n)
		n = min(atmo_queue_peek(ep->queue, inst->rx.frames, n), n);
	if (n) {
		handle(inst, n);
		atmo_queue_release(ep->queue, n);
	}
	return n;
}

/*
 * Returns whether frames wait, else a wake-up will come when one does. It would not
 * come without a page to receive into: as long as all are being sent, to be recycled,
 * the caller must look again.
 */
bool atmo_instance_rx_waits(struct atmo_instance *inst)
{
	struct atmo_endpoint *ep = &inst->ep;
	struct atmo_rx_frame frame;

	lockdep_assert_held(&inst->rx.mutex);
	if (ep->lane) {
		try_recycled(inst, true);
		provide(inst);
		return ep->ops->rx_arm(ep->lane) ||
		       (!nr_nic(inst) && READ_ONCE(inst->tx.nr_recycle));
	}
	return atmo_queue_peek(ep->queue, &frame, 1);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_rx_waits);

/*
 * epoll asks again only after a wake-up when it is edge-triggered, so one must
 * be owed whenever a call has found the queue empty. Costs nothing without epoll:
 * poll() and select() leave the wait queue before they return.
 */
static void arm_for_epoll(struct atmo_instance *inst)
{
	if (wq_has_sleeper(&inst->waitq) && atmo_instance_rx_waits(inst))
		wake_up_interruptible_poll(&inst->waitq, EPOLLIN | EPOLLRDNORM);
}

/* Entries of the rx ring that may be filled. */
static u32 rx_room(struct atmo_instance *inst, bool replied)
{
	struct atmo_rx_side *rx = &inst->rx;
	u32 room;

	/* What has been released but not been looked at is still to be sent. */
	if (replied)
		return rx->ring.size - (rx->ring.cursor - rx->replies.cursor);
	if (!atmo_ring_reserve(&rx->ring, &room))
		atmo_rx_drop(inst, ATMO_DROP_BAD_CURSOR);
	else
		rx->replies.cursor = rx->ring.cursor - (rx->ring.size - room);
	return room;
}

/* @replied: what has been released before is looked at by ATMO_REPLY */
static u32 rx_locked(struct atmo_instance *inst, u32 nr, bool replied)
{
	u32 n, got, handled = 0;

	take_free(inst);
	provide_lazily(inst);
	/* Reckoned as if each frame were delivered. */
	nr = min(nr, rx_room(inst, replied));
	while (handled < nr && !READ_ONCE(inst->failed)) {
		n = min_t(u32, nr - handled, ATMO_CHUNK);
		got = inst->ep.lane ? lane_chunk(inst, n) : queue_chunk(inst, n);
		handled += got;
		if (got < n) {
			arm_for_epoll(inst);
			break;
		}
		if (handled < nr)
			cond_resched();
	}
	/* Pages of dropped frames. */
	provide_lazily(inst);
	return handled;
}

/* 0: there may be frames. */
static int rx_error(const struct atmo_instance *inst)
{
	int err = atmo_instance_error(inst);

	if (err)
		return err;
	return unlikely(!inst->proto) ? -EPROTONOSUPPORT : atmo_instance_device_error(inst);
}

static int receive(struct atmo_instance *inst, u32 nr, bool replied)
{
	struct vm_area_struct *vma = atmo_remap_begin(inst);
	int ret;

	mutex_lock(&inst->rx.mutex);
	inst->rx.vma = vma;
	ret = rx_error(inst);
	if (!ret) {
		try_recycled(inst, false);
		ret = rx_locked(inst, nr, replied);
	}
	inst->rx.vma = NULL;
	mutex_unlock(&inst->rx.mutex);
	atmo_remap_end(vma);
	return ret;
}

/* Number of frames handled, or a negative errno. */
int atmo_instance_rx(struct atmo_instance *inst, u32 nr)
{
	return receive(inst, nr, false);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_rx);

/* What the application has released of the rx ring since, to be sent; rx.mutex is held. */
struct atmo_ring *atmo_rx_replies(struct atmo_instance *inst)
{
	struct atmo_rx_side *rx = &inst->rx;
	u32 nr;

	lockdep_assert_held(&rx->mutex);
	if (!atmo_ring_released(&rx->ring, rx->replies.cursor, &nr))
		atmo_rx_drop(inst, ATMO_DROP_BAD_CURSOR);
	rx->released.producer = rx->replies.cursor + nr;
	return &rx->replies;
}

/* Both mutexes are held. Number of entries consumed, or a negative errno. */
static int send_held(struct atmo_instance *inst, u32 nr, bool reply)
{
	int sent;

	/* No second member joins without the first one's rx.mutex. */
	inst->tx.alone = inst->ep.lane && !inst->domain->shared;
	sent = atmo_instance_tx_held(inst, nr, reply);
	inst->tx.alone = false;
	return sent;
}

/* In a lane: both halves in one go, so that pages get from one to the other. */
static int exchange_in_lane(struct atmo_instance *inst, const struct atmo_exchange *arg,
			    bool reply, int *received)
{
	int sent = 0;

	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	if (arg->tx_nr)
		sent = send_held(inst, arg->tx_nr, reply);
	else
		*received = rx_error(inst);
	if (sent >= 0 && !*received && inst->tx.nr_recycle)
		take_recycled(inst);
	mutex_unlock(&inst->tx.mutex);
	if (sent >= 0 && !*received && arg->rx_nr)
		*received = rx_locked(inst, arg->rx_nr, reply);
	mutex_unlock(&inst->rx.mutex);
	return sent;
}

/* The same in the shared lane, where there is another order of locks to receive. */
static int exchange_shared(struct atmo_instance *inst, const struct atmo_exchange *arg,
			   bool reply, int *received)
{
	int sent = 0;

	if (arg->tx_nr) {
		mutex_lock(&inst->rx.mutex);
		mutex_lock(&inst->tx.mutex);
		sent = send_held(inst, arg->tx_nr, reply);
		mutex_unlock(&inst->tx.mutex);
		mutex_unlock(&inst->rx.mutex);
	}
	if (sent >= 0 && arg->rx_nr)
		*received = receive(inst, arg->rx_nr, reply);
	return sent;
}

/*
 * Sends, then receives; the numbers in @arg become those of what was handled. An error
 * of the second half that lasts is told by the next call. @reply: what is sent are
 * entries of the rx ring. 0, or a negative errno.
 */
int atmo_instance_exchange(struct atmo_instance *inst, struct atmo_exchange *arg, bool reply)
{
	int sent, received = 0;

	if (likely(READ_ONCE(inst->ep.lane)))
		sent = exchange_in_lane(inst, arg, reply, &received);
	else
		sent = exchange_shared(inst, arg, reply, &received);
	if (sent < 0)
		return sent;
	if (received < 0 && !sent)
		return received;
	arg->tx_nr = sent;
	arg->rx_nr = max(received, 0);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_exchange);
