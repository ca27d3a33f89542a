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

#include "priv.h"

#define RS_INTERVAL	32
/* In @page of a frame: the page is to be received into next. */
#define LTX_RECYCLE	1UL
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
 */
struct ltx_cursor {
	u32 use;
	u32 next;
	u32 nr_paged;
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
static __always_inline bool ltx_valid(const struct atmo_tx_frame *f, u32 total)
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
static noinline void ltx_copy_head(u8 *to, const struct atmo_tx_frame *f)
{
	if (likely(f->head_len <= LTX_SHORT_HEAD))
		memcpy(to, f->head, LTX_SHORT_HEAD);
	else
		memcpy(to, f->head, ATMO_TX_HEAD_MAX);
}

/* A frame, or the rest of it, in its page. */
static __always_inline void ltx_put_page(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
					 const struct atmo_tx_frame *f, u8 csum, u32 total)
{
	dma_sync_single_range_for_device(tx->dev, f->page->dma, f->offset, f->len,
					 DMA_BIDIRECTIONAL);
	ltx_write(tx, c, f->page->dma + f->offset, f->len, IXGBE_TXD_DCMD_EOP, csum, total);
}

static __always_inline void ltx_put_head(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
					 const struct atmo_ixgbe_tx_frame *place,
					 const struct atmo_tx_frame *f, u32 total)
{
	if (unlikely(total < IXGBE_TX_MIN_LEN)) {
		ltx_copy_tiny(place->head, f);
		ltx_write(tx, c, place->head_dma, IXGBE_TX_MIN_LEN, IXGBE_TXD_DCMD_EOP, f->csum,
			  IXGBE_TX_MIN_LEN);
		return;
	}
	if (unlikely(f->head != place->head))
		ltx_copy_head(place->head, f);
	ltx_write(tx, c, place->head_dma, f->head_len, f->len ? 0 : IXGBE_TXD_DCMD_EOP, f->csum,
		  total);
	if (f->len)
		ltx_put_page(tx, c, f, f->csum, total);
}

/* False: @f breaks the rules of struct atmo_tx_frame. */
static __always_inline bool ltx_put(struct atmo_ixgbe_ltx *tx, struct ltx_cursor *c,
				    const struct atmo_tx_frame *f)
{
	struct atmo_ixgbe_tx_frame *place = ltx_frame(tx, c->next);
	u32 total = (u32)f->head_len + f->len;
	unsigned long page = 0;

	if (unlikely(!ltx_valid(f, total)))
		return false;
	if (f->head_len || unlikely(total < IXGBE_TX_MIN_LEN))
		ltx_put_head(tx, c, place, f, total);
	else
		ltx_put_page(tx, c, f, ATMO_TX_CSUM_NONE, total);
	if (f->page) {
		page = (unsigned long)f->page | f->recycle;
		c->nr_paged++;
	}
	place->page = page;
	place->end = c->use;
	c->next++;
	return true;
}

/* The frame put last reports for all since @first; the device hasn't seen it yet. */
static void ltx_report(struct atmo_ixgbe_ltx *tx, u32 first, const struct ltx_cursor *c)
{
	ltx_frame(tx, first)->report = c->next - 1;
	tx->desc[(c->use - 1) & tx->mask].read.cmd_type_len |= cpu_to_le32(IXGBE_TXD_DCMD_RS);
}

static bool ltx_descriptor_done(const struct atmo_ixgbe_ltx *tx, u32 i)
{
	return le32_to_cpu(READ_ONCE(tx->desc[i & tx->mask].wb.status)) & IXGBE_TXD_STA_DD;
}

static void ltx_reap(struct atmo_ixgbe_ltx *tx)
{
	u32 report, end;

	if (!tx->running)
		return;
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

/* Frames without a page yield nothing: they need not wait for tx_return. */
static void ltx_skip_pageless(struct atmo_ixgbe_ltx *tx)
{
	if (!tx->nr_paged)
		tx->clean = tx->done;
	while (tx->clean != tx->done && !ltx_frame(tx, tx->clean)->page)
		tx->clean++;
}

/**
 * atmo_ixgbe_lane_tx_heads() - tx_heads of struct atmo_nic_ops
 * @lane: lane
 * @heads: filled with where the heads of the next frames go, in order
 * @n: room in @heads
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: how many, as far as places are free that are known to be.
 */
u32 atmo_ixgbe_lane_tx_heads(struct atmo_lane *lane, u8 **heads, u32 n)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	u32 i;

	spin_lock(&tx->lock);
	n = min(n, tx->frame_mask + 1 - (tx->next - tx->clean));
	for (i = 0; i < n; i++)
		heads[i] = ltx_frame(tx, tx->next + i)->head;
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
	if (ltx_room(tx) < n) {
		ltx_reap(tx);
		ltx_skip_pageless(tx);
		n = min(n, ltx_room(tx));
	}
	c = (struct ltx_cursor) { .use = tx->use, .next = tx->next, .nr_paged = tx->nr_paged };
	do {
		first = c.next;
		end = min(n, taken + RS_INTERVAL);
		while (taken < end && ltx_put(tx, &c, &frames[taken]))
			taken++;
		if (c.next != first)
			ltx_report(tx, first, &c);
	} while (c.next - first == RS_INTERVAL);
	if (taken) {
		tx->use = c.use;
		tx->next = c.next;
		tx->nr_paged = c.nr_paged;
		lane->tx_frames += taken;
		/* Orders the descriptors before it. */
		writel(tx->use & tx->mask, tx->tail);
	}
out:
	spin_unlock(&tx->lock);
	return taken;
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
	u32 i, use, full, nr = 0;
	unsigned long page;

	spin_lock(&tx->lock);
	ltx_reap(tx);
	spin_lock(&rx->lock);
	use = rx->use;
	full = use + atmo_ixgbe_rx_room(rx);
	for (i = tx->clean; i != tx->done; i++) {
		page = ltx_frame(tx, i)->page;
		if (page & LTX_RECYCLE && use != full) {
			atmo_ixgbe_rx_write(rx, use++, (struct atmo_page *)(page & ~LTX_RECYCLE));
			continue;
		}
		if (nr == n)
			break;
		pages[nr] = (struct atmo_page *)(page & ~LTX_RECYCLE);
		nr += !!page;
	}
	tx->clean = i;
	*recycled = use - rx->use;
	rx->use = use;
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
