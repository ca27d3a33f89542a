// SPDX-License-Identifier: GPL-2.0
/*
 * Private queue of a shared-lane endpoint, and packet flipping.
 *
 * Each of the N entries always holds a page. Free entries hold spare ones. A
 * frame is put on the queue by exchanging what the driver's struct atmo_page and
 * the entry's stand for: the frame stays where it lies, the driver goes on with
 * a free page, and neither side ever has a page more or less. The queue's pages
 * are made for the same device, and no process has them mapped.
 *
 *	entries  ..|spare|frame|frame|frame|spare|..
 *	                 ^consumer         ^producer
 *
 * Producers (softirqs of several queues of the NIC) take a lock, the single
 * consumer doesn't:
 *
 *	producer                        consumer
 *	(A) load-acquire consumer       (C) load-acquire producer
 *	    exchange pages                  read frames
 *	(B) store-release producer      (D) store-release consumer
 *
 * A pairs with D: without it a page could go to the NIC while its frame is still
 * read. B pairs with C: without it a frame could be read before it is there.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <asm/barrier.h>

#include "priv.h"

struct queue_entry {
	struct atmo_page page;
	u16	offset;
	u16	len;
	u32	flags;
};

/**
 * struct atmo_queue - the queue
 * @dma_dev: device that its pages are mapped for
 * @nr_entries: a power of two
 * @lock: serialises producers
 * @producer: frames ever put in; written under @lock
 * @drops: by enum atmo_drop
 * @consumer: frames ever taken out; written by the consumer
 * @entries: the entries
 */
struct atmo_queue {
	struct device *dma_dev;
	u32	nr_entries;

	spinlock_t lock ____cacheline_aligned_in_smp;	/* serialises producers */
	u32	producer;
	atomic64_t drops[ATMO_NR_DROPS];

	u32	consumer ____cacheline_aligned_in_smp;

	struct queue_entry entries[] ____cacheline_aligned_in_smp;
};

static struct queue_entry *queue_entry(struct atmo_queue *q, u32 cursor)
{
	return &q->entries[cursor & (q->nr_entries - 1)];
}

static void queue_free(struct atmo_queue *q)
{
	u32 i;

	for (i = 0; i < q->nr_entries && q->entries[i].page.page; i++)
		atmo_page_exit(&q->entries[i].page, q->dma_dev);
	kvfree(q);
}

/*
 * Spare pages for all entries, or for the first ones of them. They are not cleared: what
 * of a page no frame was written to is shown to nobody.
 */
static int queue_fill(struct atmo_queue *q)
{
	unsigned int order = ATMO_BLOCK_ORDER;
	struct page *page;
	u32 i, nr = 0;
	int err = 0;

	while (!err && nr < q->nr_entries) {
		page = atmo_pages_alloc(&order, q->nr_entries - nr, ATMO_GFP_ASKED_FOR);
		if (!page)
			return -ENOMEM;
		for (i = 0; i < 1U << order; i++) {
			if (!err)
				err = atmo_page_map(&q->entries[nr + i].page, page + i,
						    q->dma_dev);
			/* The mapping has a reference of its own. */
			put_page(page + i);
		}
		nr += i;
	}
	return err;
}

/**
 * atmo_queue_create() - make an empty queue, with a spare page in each entry
 * @dma_dev: the NIC's device
 * @nr_entries: a power of two, at most ATMO_MAX_PAGES
 *
 * The memory is charged to the caller's control group. A charge stays with its
 * page: as pages are exchanged, the queue's sum of charges moves on to the NIC's
 * ordinary queues, and is never more than what was charged here.
 *
 * Context: process context, may sleep.
 * Return: to be given to atmo_queue_destroy(), or NULL.
 */
struct atmo_queue *atmo_queue_create(struct device *dma_dev, u32 nr_entries)
{
	struct atmo_queue *q;

	if (!is_power_of_2(nr_entries) || nr_entries > ATMO_MAX_PAGES)
		return NULL;
	q = kvzalloc(struct_size(q, entries, nr_entries), ATMO_GFP_ASKED_FOR);
	if (!q)
		return NULL;
	q->dma_dev = dma_dev;
	q->nr_entries = nr_entries;
	spin_lock_init(&q->lock);
	if (queue_fill(q)) {
		queue_free(q);
		return NULL;
	}
	return q;
}
EXPORT_SYMBOL_GPL(atmo_queue_create);

/**
 * atmo_queue_destroy() - free a queue and the pages in it
 * @q: the queue; neither producer nor consumer use it any more. NULL is allowed.
 *
 * Context: process context.
 */
void atmo_queue_destroy(struct atmo_queue *q)
{
	if (q)
		queue_free(q);
}
EXPORT_SYMBOL_GPL(atmo_queue_destroy);

/**
 * atmo_queue_push() - put frames on the queue
 * @q: the queue
 * @frames: the frames. The pages of those that are put on the queue stand for other,
 *	free pages, which the caller owns; the rest is unchanged.
 * @n: how many
 *
 * Context: softirq (all producers in the same kind of context).
 * Return: number of frames put on the queue, from the first on. For the rest there is
 * no room, counted as ATMO_DROP_RX_QUEUE_FULL.
 */
u32 atmo_queue_push(struct atmo_queue *q, struct atmo_rx_frame *frames, u32 n)
{
	u32 i, room;

	spin_lock(&q->lock);
	/* (A), pairs with (D). */
	room = q->nr_entries - (q->producer - smp_load_acquire(&q->consumer));
	room = min(room, n);
	for (i = 0; i < room; i++) {
		struct queue_entry *e = queue_entry(q, q->producer + i);

		atmo_page_exchange(&e->page, frames[i].page);
		e->offset = frames[i].offset;
		e->len = frames[i].len;
		e->flags = frames[i].flags;
	}
	/* (B), pairs with (C). */
	smp_store_release(&q->producer, q->producer + room);
	spin_unlock(&q->lock);
	if (room < n)
		atomic64_add(n - room, &q->drops[ATMO_DROP_RX_QUEUE_FULL]);
	return room;
}
EXPORT_SYMBOL_GPL(atmo_queue_push);

/**
 * atmo_queue_is_full() - would atmo_queue_push() put nothing on the queue?
 * @q: the queue
 *
 * Context: as atmo_queue_push().
 * Return: true; at the next moment there may be room.
 */
bool atmo_queue_is_full(const struct atmo_queue *q)
{
	return READ_ONCE(q->producer) - READ_ONCE(q->consumer) >= q->nr_entries;
}

/**
 * atmo_queue_peek() - look at the oldest frames
 * @q: the queue
 * @frames: out; valid until atmo_queue_release() of them
 * @n: most frames wanted
 *
 * Context: any; the only consumer.
 * Return: number of frames.
 */
u32 atmo_queue_peek(struct atmo_queue *q, struct atmo_rx_frame *frames, u32 n)
{
	/* (C), pairs with (B). */
	u32 filled = smp_load_acquire(&q->producer) - q->consumer;
	u32 i;

	n = min(n, filled);
	for (i = 0; i < n; i++) {
		struct queue_entry *e = queue_entry(q, q->consumer + i);

		frames[i].page = &e->page;
		frames[i].offset = e->offset;
		frames[i].len = e->len;
		frames[i].flags = e->flags;
	}
	return n;
}
EXPORT_SYMBOL_GPL(atmo_queue_peek);

/**
 * atmo_queue_release() - done with the oldest frames
 * @q: the queue
 * @n: how many; at most as many as atmo_queue_peek() has shown
 *
 * Context: any; the only consumer.
 */
void atmo_queue_release(struct atmo_queue *q, u32 n)
{
	/* (D), pairs with (A). */
	smp_store_release(&q->consumer, q->consumer + n);
}
EXPORT_SYMBOL_GPL(atmo_queue_release);

/**
 * atmo_queue_purge() - forget what is on the queue
 * @q: the queue; neither producer nor consumer are at work
 *
 * Context: any.
 */
void atmo_queue_purge(struct atmo_queue *q)
{
	atmo_queue_release(q, q->producer - q->consumer);
}
EXPORT_SYMBOL_GPL(atmo_queue_purge);

/**
 * atmo_queue_fill() - how full a queue is
 * @q: the queue
 * @len: out: frames that it can hold
 * @used: out: frames that are on it
 *
 * Context: any.
 */
void atmo_queue_fill(const struct atmo_queue *q, u32 *len, u32 *used)
{
	u32 consumer = READ_ONCE(q->consumer);

	*len = q->nr_entries;
	*used = min(READ_ONCE(q->producer) - consumer, q->nr_entries);
}
EXPORT_SYMBOL_GPL(atmo_queue_fill);

/**
 * atmo_queue_drop() - count drops
 * @q: the queue
 * @reason: why
 * @n: how many
 *
 * Context: any.
 */
void atmo_queue_drop(struct atmo_queue *q, enum atmo_drop reason, u32 n)
{
	atomic64_add(n, &q->drops[reason]);
}
EXPORT_SYMBOL_GPL(atmo_queue_drop);

/**
 * atmo_queue_dropped() - how many frames were dropped
 * @q: the queue
 * @reason: why
 *
 * Context: any.
 * Return: number since the queue was made.
 */
u64 atmo_queue_dropped(const struct atmo_queue *q, enum atmo_drop reason)
{
	return atomic64_read(&q->drops[reason]);
}
EXPORT_SYMBOL_GPL(atmo_queue_dropped);
