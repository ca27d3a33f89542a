// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit ring of a hardware lane.
 *
 *   frames:       clean ........ done ........ next        ring of frame_mask + 1
 *                 sent, to be    in flight
 *                 yielded
 *   descriptors:           free ............. use          ring of mask + 1
 *
 * A frame is one descriptor (its head, in memory of its place in the ring, which no
 * process can map), one (page alone) or two (head and page). The first
 * two descriptors are context descriptors that say where the checksums of UDP and
 * of TCP frames go; the device keeps both until the queue is disabled.
 *
 * Which frames report: the last one of each batch, and in long batches each
 * RS_INTERVAL-th. A frame without a report is followed in its own batch by one
 * with a report, so completion comes for any pattern of calls, at one 16-byte
 * write-back a batch. Reports come in order: one covers all frames since the one
 * before, and the first of those knows which it is. @done is always such a first one.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "../atmo_stack/fast.h"
#include "priv.h"

#define RS_INTERVAL	32
/* In @page of a frame: the page, if there is one, is not to be received into next. */
#define LTX_YIELD	1UL
/* Heads up to this long are copied without regard to how long they are. */
#define LTX_SHORT_HEAD	64
/* Watchdog ticks without progress until the queue counts as hung. */
#define HANG_TICKS	5

static struct atmo_ixgbe_tx_frame *ltx_frame(struct atmo_ixgbe_ltx *tx, u32 i)
{
	return &tx->frame[i & tx->frame_mask];
}

/* Frames that there is room for, whatever they are made of. */
static u32 ltx_room(const struct atmo_ixgbe_ltx *tx)
{
	/* Two descriptors, and one stays empty: TDH = TDT means none. */
	return min((tx->mask - (tx->use - tx->free)) / 2,
		   tx->frame_mask + 1 - (tx->next - tx->clean));
}

/* olinfo_status by kind of checksum; contexts are in the same order. */
static const u32 ltx_olinfo[] = {
	[ATMO_TX_CSUM_UDP4] = IXGBE_TXD_CC | IXGBE_TXD_IDX(0) |
			      IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM,
	[ATMO_TX_CSUM_TCP4] = IXGBE_TXD_CC | IXGBE_TXD_IDX(1) |
			      IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM,
	[ATMO_TX_CSUM_NONE] = 0,
};

/* What a frame has to begin with, in the head. */
static const u8 ltx_min_head[] = {
	[ATMO_TX_CSUM_UDP4] = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr),
	[ATMO_TX_CSUM_TCP4] = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr),
	[ATMO_TX_CSUM_NONE] = 0,
};

/* Of every data descriptor. */
#define LTX_CMD	(IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS | \
		 FIELD_PREP(IXGBE_TXD_DTYP, IXGBE_TXD_DTYP_DATA))

/**
 * struct ltx_cursor - where a batch has got to; these fields of the ring at its end
 * @use: next descriptor to write
 * @next: next frame to put
 * @nr_paged: frames with a page that wait to be yielded
 * @bytes: of the fast path's batch: sum of its entries' lengths
 */
struct ltx_cursor {
	u32 use;
	u32 next;
	u32 nr_paged;
	u32 bytes;
};

/* @cmd: further bits of the command; @total: bytes of the frame */
static __always_inline void ltx_write(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
				      dma_addr_t dma, u32 len, u32 cmd, u8 csum, u32 total)
{
	union ixgbe_tx_desc *d = &tx->desc[c->use++ & tx->mask];

	d->read.addr = cpu_to_le64(dma);
	d->read.cmd_type_len = cpu_to_le32(LTX_CMD | cmd | FIELD_PREP(IXGBE_TXD_DTALEN, len));
	d->read.olinfo_status = cpu_to_le32(ltx_olinfo[csum] |
					    FIELD_PREP(IXGBE_TXD_PAYLEN, total));
}

/* What the stack module may ask for; anything else would confuse the device. */
static bool ltx_valid(const struct atmo_tx_frame *f, u32 total)
{
	if (total < ETH_HLEN || total > ATMO_FRAME_MAX || (u32)f->offset + f->len > PAGE_SIZE)
		return false;
	if (!f->head_len)
		return f->page && f->csum == ATMO_TX_CSUM_NONE;
	return f->csum < ARRAY_SIZE(ltx_min_head) && f->head_len >= ltx_min_head[f->csum] &&
	       f->head_len <= ATMO_TX_HEAD_MAX && (f->page || !f->len);
}

/* Too short for the device as it is: whole, and filled up with zeros. */
static noinline void ltx_copy_tiny(u8 *to, const struct atmo_tx_frame *f)
{
	u8 tiny[IXGBE_TX_MIN_LEN] = { };

	memcpy(tiny, f->head, f->head_len);
	if (f->len)
		memcpy(tiny + f->head_len, f->page->va + f->offset, f->len);
	memcpy(to, tiny, sizeof(tiny));
}

/* There are always ATMO_TX_HEAD_MAX bytes; those beyond the head aren't sent. */
static void ltx_copy_head(u8 *to, const struct atmo_tx_frame *f)
{
	if (likely(f->head_len <= LTX_SHORT_HEAD))
		memcpy(to, f->head, LTX_SHORT_HEAD);
	else
		memcpy(to, f->head, ATMO_TX_HEAD_MAX);
}

/* A frame, or the rest of it, in its page. @sync: it may have to be synchronised */
static __always_inline void ltx_put_range(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
					  const struct atmo_page *page, u32 offset, u32 len,
					  u8 csum, u32 total, bool sync)
{
	if (unlikely(sync))
		dma_sync_single_range_for_device(tx->dev, page->dma, offset, len,
						 DMA_BIDIRECTIONAL);
	ltx_write(tx, c, page->dma + offset, len, IXGBE_TXD_DCMD_EOP, csum, total);
}

static void ltx_put_page(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
			 const struct atmo_tx_frame *f, u8 csum, u32 total)
{
	ltx_put_range(tx, c, f->page, f->offset, f->len, csum, total, true);
}

static void ltx_put_head(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
			 const struct atmo_ixgbe_tx_frame *place,
			 const struct atmo_tx_frame *f, u32 total)
{
	struct atmo_fast_head *head = (void *)place->head;

	head->key = 0;
	if (unlikely(total < IXGBE_TX_MIN_LEN)) {
		ltx_copy_tiny(place->head, f);
		ltx_write(tx, c, place->head_dma, IXGBE_TX_MIN_LEN, IXGBE_TXD_DCMD_EOP, f->csum,
			  IXGBE_TX_MIN_LEN);
		return;
	}
	ltx_copy_head(place->head, f);
	ltx_write(tx, c, place->head_dma, f->head_len, f->len ? 0 : IXGBE_TXD_DCMD_EOP, f->csum,
		  total);
	if (f->len)
		ltx_put_page(tx, c, f, f->csum, total);
}

/* False: @f breaks the rules of struct atmo_tx_frame. */
static bool ltx_put(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
		    const struct atmo_tx_frame *f)
{
	struct atmo_ixgbe_tx_frame *place = ltx_frame(tx, c->next);
	u32 total = (u32)f->head_len + f->len;

	if (unlikely(!ltx_valid(f, total)))
		return false;
	if (f->head_len || unlikely(total < IXGBE_TX_MIN_LEN))
		ltx_put_head(tx, c, place, f, total);
	else
		ltx_put_page(tx, c, f, ATMO_TX_CSUM_NONE, total);
	place->page = (unsigned long)f->page | (f->page && f->recycle ? 0 : LTX_YIELD);
	c->nr_paged += !!f->page;
	c->next++;
	return true;
}

/* The frame put last reports for all since @first; the device hasn't seen it yet. */
static void ltx_report(struct atmo_ixgbe_ltx *tx, u32 first, struct ltx_cursor c)
{
	ltx_frame(tx, first)->report = c.next - 1;
	ltx_frame(tx, c.next - 1)->end = c.use;
	tx->desc[(c.use - 1) & tx->mask].read.cmd_type_len |= cpu_to_le32(IXGBE_TXD_DCMD_RS);
}

static bool ltx_descriptor_done(const struct atmo_ixgbe_ltx *tx, u32 i)
{
	return le32_to_cpu(READ_ONCE(tx->desc[i & tx->mask].wb.status)) & IXGBE_TXD_STA_DD;
}

static void ltx_reap_sent(struct atmo_ixgbe_ltx *tx)
{
	u32 report, end;

	while (tx->done != tx->next) {
		report = ltx_frame(tx, tx->done)->report;
		end = ltx_frame(tx, report)->end;
		if (!ltx_descriptor_done(tx, end - 1))
			return;
		/* Nothing is given away before DD has been seen. */
		dma_rmb();
		tx->free = end;
		tx->done = report + 1;
	}
}

static void ltx_reap(struct atmo_ixgbe_ltx *tx)
{
	if (tx->running)
		ltx_reap_sent(tx);
}

/* Frames without a page yield nothing: they need not wait for tx_return. */
static void ltx_skip_pageless(struct atmo_ixgbe_ltx *tx)
{
	if (!tx->nr_paged)
		tx->clean = tx->done;
	while (tx->clean != tx->done && ltx_frame(tx, tx->clean)->page == LTX_YIELD)
		tx->clean++;
}

/* Makes room for up to @n frames; returns for how many there is. */
static u32 ltx_make_room(struct atmo_ixgbe_ltx *tx, u32 n)
{
	if (ltx_room(tx) < n) {
		ltx_reap(tx);
		ltx_skip_pageless(tx);
		n = min(n, ltx_room(tx));
	}
	return n;
}

static struct ltx_cursor ltx_begin(const struct atmo_ixgbe_ltx *tx)
{
	return (struct ltx_cursor) {
		.use = tx->use, .next = tx->next, .nr_paged = tx->nr_paged,
	};
}

/* The batch that ends at @c goes to the device. */
static void ltx_end(struct atmo_lane *lane, struct ltx_cursor c)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;

	lane->tx_frames += c.next - tx->next;
	tx->use = c.use;
	tx->next = c.next;
	tx->nr_paged = c.nr_paged;
	/* Orders the descriptors before it. */
	writel(tx->use & tx->mask, tx->tail);
}

/* A datagram: its head, and a payload that doesn't fit there from where it lies. */
static __always_inline void ltx_put_datagram(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
					     const struct atmo_ixgbe_tx_frame *place,
					     const struct atmo_fast_tx *f,
					     const struct atmo_page *page,
					     const struct atmo_tx_words *words, bool sync)
{
	const u32 head_len = atmo_fast_tx_head(f, (void *)place->head, page, words);
	const u32 total = ATMO_UDP4_HEADERS + words->len;

	ltx_write(tx, c, place->head_dma, head_len, head_len == total ? IXGBE_TXD_DCMD_EOP : 0,
		  ATMO_TX_CSUM_UDP4, total);
	if (unlikely(head_len != total))
		ltx_put_range(tx, c, page, words->offset, words->len, ATMO_TX_CSUM_UDP4, total,
			      sync);
}

/*
 * Up to the frame number @end. @datagrams: or whole frames; constant. What it is told it
 * reads at its beginning, and what it has to say it returns: so nearly all registers are
 * free for the loop.
 */
static __always_inline struct ltx_cursor ltx_fast_loop(struct atmo_ixgbe_ltx *tx,
						       const struct atmo_fast_tx *from, u32 end,
						       bool datagrams)
{
	const bool sync = dma_dev_need_sync(tx->dev);
	struct ltx_cursor c = ltx_begin(tx);
	struct atmo_ixgbe_tx_frame *place;
	struct atmo_fast_tx f = *from;
	struct atmo_tx_words words;
	struct atmo_page *page;

	while (c.next != end && atmo_fast_tx_next(&f, &words, datagrams)) {
		page = &f.pages[words.slot];
		place = ltx_frame(tx, c.next++);
		if (datagrams)
			ltx_put_datagram(tx, &c, place, &f, page, &words, sync);
		else
			ltx_put_range(tx, &c, page, words.offset, words.len,
				      ATMO_TX_CSUM_NONE, words.len, sync);
		place->page = (unsigned long)page;
		c.bytes += words.len;
	}
	return c;
}

/* By themselves, for the same reason. */
static noinline struct ltx_cursor ltx_fast_datagrams(struct atmo_ixgbe_ltx *tx,
						     const struct atmo_fast_tx *from, u32 end)
{
	return ltx_fast_loop(tx, from, end, true);
}

static noinline struct ltx_cursor ltx_fast_whole(struct atmo_ixgbe_ltx *tx,
						 const struct atmo_fast_tx *from, u32 end)
{
	return ltx_fast_loop(tx, from, end, false);
}

/**
 * atmo_ixgbe_lane_tx_fast() - tx_fast of struct atmo_nic_ops
 * @lane: lane
 * @from: where entries are
 * @n: most entries to send
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: entries sent, 0 while the device is down.
 */
u32 atmo_ixgbe_lane_tx_fast(struct atmo_lane *lane, struct atmo_fast_tx *from, u32 n)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	struct ltx_cursor c;
	u32 first, end;

	spin_lock(&tx->lock);
	first = tx->next;
	if (unlikely(!tx->running)) {
		n = 0;
		goto out;
	}
	end = first + min_t(u32, ltx_make_room(tx, n), RS_INTERVAL);
	c = from->find ? ltx_fast_datagrams(tx, from, end) : ltx_fast_whole(tx, from, end);
	n = c.next - first;
	from->bytes = c.bytes;
	from->other = c.next != end;
	if (n) {
		c.nr_paged += n;
		ltx_report(tx, first, c);
		ltx_end(lane, c);
	}
out:
	spin_unlock(&tx->lock);
	return n;
}

/**
 * atmo_ixgbe_lane_tx_provide() - tx_provide of struct atmo_nic_ops
 * @lane: lane
 * @frames: frames to send; heads are copied, pages are the NIC's afterwards
 * @n: number of frames
 *
 * Stops before a frame that breaks the rules of struct atmo_tx_frame: it would
 * confuse the device, perhaps for good.
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: frames taken, 0 while the device is down.
 */
u32 atmo_ixgbe_lane_tx_provide(struct atmo_lane *lane, const struct atmo_tx_frame *frames,
			       u32 n)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	struct ltx_cursor c;
	u32 first, end, taken = 0;

	spin_lock(&tx->lock);
	if (!tx->running)
		goto out;
	n = ltx_make_room(tx, n);
	c = ltx_begin(tx);
	do {
		first = c.next;
		end = min(n, taken + RS_INTERVAL);
		while (taken < end && ltx_put(tx, &c, &frames[taken]))
			taken++;
		if (c.next != first)
			ltx_report(tx, first, c);
	} while (c.next - first == RS_INTERVAL);
	if (taken)
		ltx_end(lane, c);
out:
	spin_unlock(&tx->lock);
	return taken;
}

/*
 * Moves the pages of frames that were sent to the receive ring, up to the first that is
 * not to be received into, or as far as there is room. Returns how many.
 */
static u32 ltx_recycle(struct atmo_ixgbe_ltx *tx, struct atmo_ixgbe_rx *rx)
{
	const u32 clean = tx->clean, frame_mask = tx->frame_mask, mask = rx->mask, use = rx->use;
	const u32 n = min(tx->done - clean, atmo_ixgbe_rx_room(rx));
	const struct atmo_ixgbe_tx_frame *frame = tx->frame;
	union ixgbe_rx_desc *desc = rx->desc;
	struct atmo_page **pages = rx->page;
	struct device *dev = rx->dev;
	unsigned long page;
	u32 i, at;

	for (i = 0; i < n; i++) {
		page = frame[(clean + i) & frame_mask].page;
		if (unlikely(page & LTX_YIELD))
			break;
		at = (use + i) & mask;
		pages[at] = (struct atmo_page *)page;
		atmo_ixgbe_rx_fill(dev, &desc[at], pages[at]);
	}
	tx->clean = clean + i;
	rx->use = use + i;
	return i;
}

/*
 * Yields the page of the next frame that was sent. *nr: how many have been, of @n. False:
 * there is no such frame, or no room for its page.
 */
static bool ltx_yield(struct atmo_ixgbe_ltx *tx, struct atmo_page **pages, u32 n, u32 *nr)
{
	unsigned long page;

	if (tx->clean == tx->done || *nr == n)
		return false;
	page = ltx_frame(tx, tx->clean++)->page;
	if (page != LTX_YIELD)
		pages[(*nr)++] = (struct atmo_page *)(page & ~LTX_YIELD);
	return true;
}

/**
 * atmo_ixgbe_lane_tx_return() - tx_return of struct atmo_nic_ops
 * @lane: lane
 * @pages: filled with the pages of frames that were sent, or dropped by a reset
 * @n: most pages to return
 * @recycled: how many pages went to the receive ring instead
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: pages returned, in the order of sending.
 */
u32 atmo_ixgbe_lane_tx_return(struct atmo_lane *lane, struct atmo_page **pages, u32 n,
			      u32 *recycled)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	struct atmo_ixgbe_rx *rx = &lane->rx;
	u32 nr = 0;

	spin_lock(&tx->lock);
	ltx_reap(tx);
	spin_lock(&rx->lock);
	*recycled = 0;
	do {
		*recycled += ltx_recycle(tx, rx);
	} while (ltx_yield(tx, pages, n, &nr));
	tx->nr_paged -= nr + *recycled;
	if (rx->running)
		atmo_ixgbe_rx_tail_lazily(rx);
	spin_unlock(&rx->lock);
	spin_unlock(&tx->lock);
	return nr;
}

/* ---- Start and stop ---- */

/* 7.2.5: no VLAN, Ethernet header, IPv4 header without options, UDP or TCP. */
static void ltx_write_context(struct atmo_ixgbe_ltx *tx, u32 idx, u32 l4t)
{
	struct ixgbe_tx_context *c = (void *)&tx->desc[tx->use & tx->mask];

	c->vlan_macip_lens = cpu_to_le32(FIELD_PREP(IXGBE_TXC_MACLEN, ETH_HLEN) |
					 FIELD_PREP(IXGBE_TXC_IPLEN, sizeof(struct iphdr)));
	c->fcoef_ipsec = 0;
	c->type_tucmd = cpu_to_le32(IXGBE_TXC_TUCMD_IPV4 | l4t | IXGBE_TXD_DCMD_DEXT |
				    FIELD_PREP(IXGBE_TXD_DTYP, IXGBE_TXD_DTYP_CONTEXT));
	c->mss_l4len_idx = cpu_to_le32(IXGBE_TXD_IDX(idx));
	tx->use++;
}

/**
 * atmo_ixgbe_ltx_restart() - prepare the ring for a device that starts anew
 * @tx: ring; the device doesn't have it, atmo_ixgbe_ltx_abandon() was called
 *
 * The contexts go out together with the first frame: they are below the first
 * tail. Context: holds tx->lock.
 */
void atmo_ixgbe_ltx_restart(struct atmo_ixgbe_ltx *tx)
{
	lockdep_assert_held(&tx->lock);
	memset(tx->desc, 0, (tx->mask + 1) * sizeof(*tx->desc));
	tx->use = 0;
	tx->free = 0;
	ltx_write_context(tx, 0, 0);
	ltx_write_context(tx, 1, IXGBE_TXC_TUCMD_L4T_TCP);
}

/**
 * atmo_ixgbe_ltx_abandon() - count all frames in flight as done
 * @tx: ring; the device doesn't have it any more
 *
 * What wasn't sent never will be; tx_return yields the pages. Context: holds
 * tx->lock.
 */
void atmo_ixgbe_ltx_abandon(struct atmo_ixgbe_ltx *tx)
{
	lockdep_assert_held(&tx->lock);
	tx->done = tx->next;
	tx->hang_ticks = 0;
}

/**
 * atmo_ixgbe_ltx_is_empty() - has the device sent all it was given?
 * @tx: ring the device has, frozen
 *
 * Context: holds port->lock.
 * Return: true if it will look at no frame's memory any more.
 */
bool atmo_ixgbe_ltx_is_empty(struct atmo_ixgbe_ltx *tx)
{
	bool empty;

	spin_lock(&tx->lock);
	ltx_reap_sent(tx);
	empty = tx->done == tx->next;
	spin_unlock(&tx->lock);
	return empty;
}

/**
 * atmo_ixgbe_ltx_hung() - has the queue been stuck for long? Once per tick.
 * @tx: ring
 *
 * Context: watchdog, link is up.
 * Return: true if frames are in flight and none was sent for HANG_TICKS.
 */
bool atmo_ixgbe_ltx_hung(struct atmo_ixgbe_ltx *tx)
{
	bool hung = false;

	spin_lock(&tx->lock);
	ltx_reap(tx);
	if (!tx->running || tx->done == tx->next || tx->done != tx->hang_done) {
		tx->hang_done = tx->done;
		tx->hang_ticks = 0;
	} else if (tx->hang_ticks < HANG_TICKS) {
		hung = ++tx->hang_ticks == HANG_TICKS;
	}
	spin_unlock(&tx->lock);
	return hung;
}
