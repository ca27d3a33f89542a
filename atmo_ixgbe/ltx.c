// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit ring of a hardware lane.
 *
 *   frames:       clean ........ done ........ next        ring of frame_mask + 1
 *                 sent, to be    in flight
 *                 yielded
 *   descriptors:           free ............. use          ring of mask + 1
 *
 * A frame is one descriptor (its head, copied into the frame's own head slot,
 * which no process can map), one (page alone) or two (head and page). The first
 * two descriptors are context descriptors that say where the checksums of UDP and
 * of TCP frames go; the device keeps both until the queue is disabled.
 *
 * Which frames report: the last one of each batch, and in long batches each
 * RS_INTERVAL-th. A frame without a report is followed in its own batch by one
 * with a report, so completion comes for any pattern of calls, at one 16-byte
 * write-back a batch. Reports come in order: one covers all frames before it.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "priv.h"

#define RS_INTERVAL	32
/* Watchdog ticks without progress until the queue counts as hung. */
#define HANG_TICKS	5

static struct atmo_ixgbe_tx_frame *ltx_frame(struct atmo_ixgbe_ltx *tx, u32 i)
{
	return &tx->frame[i & tx->frame_mask];
}

static bool ltx_has_room(const struct atmo_ixgbe_ltx *tx)
{
	/* Two descriptors, and one stays empty: TDH = TDT means none. */
	return tx->mask - (tx->use - tx->free) >= 2 && tx->next - tx->clean <= tx->frame_mask;
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

static void ltx_write(struct atmo_ixgbe_ltx *tx, dma_addr_t dma, u32 len,
		      const struct atmo_tx_frame *f)
{
	u32 total = max_t(u32, (u32)f->head_len + f->len, IXGBE_TX_MIN_LEN);
	union ixgbe_tx_desc *d = &tx->desc[tx->use & tx->mask];

	d->read.addr = cpu_to_le64(dma);
	d->read.cmd_type_len = cpu_to_le32(IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS |
					   FIELD_PREP(IXGBE_TXD_DTYP, IXGBE_TXD_DTYP_DATA) |
					   FIELD_PREP(IXGBE_TXD_DTALEN, len));
	d->read.olinfo_status = cpu_to_le32(ltx_olinfo[f->csum] |
					    FIELD_PREP(IXGBE_TXD_PAYLEN, total));
	tx->use++;
}

/* What the stack module may ask for; anything else would confuse the device. */
static bool ltx_valid(const struct atmo_tx_frame *f)
{
	u32 total = (u32)f->head_len + f->len;

	return f->csum < ARRAY_SIZE(ltx_min_head) && f->head_len >= ltx_min_head[f->csum] &&
	       f->head_len <= ATMO_TX_HEAD_MAX && !f->page == !f->len &&
	       (u32)f->offset + f->len <= PAGE_SIZE &&
	       total >= ETH_HLEN && total <= ATMO_FRAME_MAX;
}

/* Too short for the device as it is: copied whole, and filled up with zeros. */
static u32 ltx_copy_tiny(u8 *head, const struct atmo_tx_frame *f)
{
	memset(head, 0, IXGBE_TX_MIN_LEN);
	memcpy(head, f->head, f->head_len);
	if (f->page)
		memcpy(head + f->head_len, f->page->va + f->offset, f->len);
	return IXGBE_TX_MIN_LEN;
}

/* What the frame's first descriptor is to send from its head slot. */
static u32 ltx_copy_head(u8 *head, const struct atmo_tx_frame *f)
{
	if (unlikely((u32)f->head_len + f->len < IXGBE_TX_MIN_LEN))
		return ltx_copy_tiny(head, f);
	memcpy(head, f->head, f->head_len);
	return f->head_len;
}

static void ltx_put_frame(struct atmo_ixgbe_ltx *tx, const struct atmo_tx_frame *f, bool rs)
{
	u32 slot = tx->next & tx->frame_mask;
	u32 in_chunk = slot % ATMO_IXGBE_HEADS_PER_CHUNK * ATMO_IXGBE_HEAD_LEN;
	struct atmo_ixgbe_head_chunk *c = &tx->head[slot / ATMO_IXGBE_HEADS_PER_CHUNK];
	struct atmo_ixgbe_tx_frame *fr = ltx_frame(tx, tx->next);
	u32 head_len = ltx_copy_head(c->va + in_chunk, f);
	u32 cmd = IXGBE_TXD_DCMD_EOP;

	if (head_len)
		ltx_write(tx, c->dma + in_chunk, head_len, f);
	/* Of a tiny frame all has been copied. */
	if (f->page && head_len == f->head_len) {
		dma_sync_single_range_for_device(tx->dev, f->page->dma, f->offset, f->len,
						 DMA_BIDIRECTIONAL);
		ltx_write(tx, f->page->dma + f->offset, f->len, f);
	}
	if (rs)
		cmd |= IXGBE_TXD_DCMD_RS;
	tx->desc[(tx->use - 1) & tx->mask].read.cmd_type_len |= cpu_to_le32(cmd);
	fr->page = f->page;
	fr->end = tx->use;
	fr->rs = rs;
	tx->next++;
}

/* Finds the next frame that reports, and whether it has. */
static bool ltx_report_done(struct atmo_ixgbe_ltx *tx)
{
	u32 i = tx->done;
	u32 last;

	if (!tx->rs_known) {
		while (i != tx->next && !ltx_frame(tx, i)->rs)
			i++;
		if (i == tx->next)
			return false;
		tx->rs = i;
		tx->rs_known = true;
	}
	last = ltx_frame(tx, tx->rs)->end - 1;
	return le32_to_cpu(READ_ONCE(tx->desc[last & tx->mask].wb.status)) & IXGBE_TXD_STA_DD;
}

static void ltx_reap(struct atmo_ixgbe_ltx *tx)
{
	if (!tx->running)
		return;
	while (tx->done != tx->next && ltx_report_done(tx)) {
		/* Nothing is given away before DD has been seen. */
		dma_rmb();
		tx->free = ltx_frame(tx, tx->rs)->end;
		tx->done = tx->rs + 1;
		tx->rs_known = false;
	}
}

/* Frames without a page yield nothing: they need not wait for tx_return. */
static void ltx_skip_pageless(struct atmo_ixgbe_ltx *tx)
{
	while (tx->clean != tx->done && !ltx_frame(tx, tx->clean)->page)
		tx->clean++;
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
 * Context: process or softirq; one caller at a time in this half of the lane.
 * Return: frames taken, 0 while the device is down.
 */
u32 atmo_ixgbe_lane_tx_provide(struct atmo_lane *lane, const struct atmo_tx_frame *frames,
			       u32 n)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	u32 taken = 0;
	bool rs;

	spin_lock_bh(&tx->lock);
	if (!tx->running)
		goto out;
	if (!ltx_has_room(tx)) {
		ltx_reap(tx);
		ltx_skip_pageless(tx);
	}
	while (taken < n && ltx_has_room(tx) && ltx_valid(&frames[taken])) {
		rs = taken % RS_INTERVAL == RS_INTERVAL - 1;
		ltx_put_frame(tx, &frames[taken], rs);
		taken++;
	}
	if (taken) {
		struct atmo_ixgbe_tx_frame *fr = ltx_frame(tx, tx->next - 1);
		u32 last = (tx->use - 1) & tx->mask;

		/* The batch's last frame reports; the device hasn't seen it yet. */
		tx->desc[last].read.cmd_type_len |= cpu_to_le32(IXGBE_TXD_DCMD_RS);
		fr->rs = true;
		lane->tx_frames += taken;
		/* Orders the descriptors before it. */
		writel(tx->use & tx->mask, tx->tail);
	}
out:
	spin_unlock_bh(&tx->lock);
	return taken;
}

/**
 * atmo_ixgbe_lane_tx_return() - tx_return of struct atmo_nic_ops
 * @lane: lane
 * @pages: filled with the pages of frames that were sent, or dropped by a reset
 * @n: most pages to return
 *
 * Context: process or softirq; one caller at a time in this half of the lane.
 * Return: pages returned, in the order of sending.
 */
u32 atmo_ixgbe_lane_tx_return(struct atmo_lane *lane, struct atmo_page **pages, u32 n)
{
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	u32 nr = 0;

	spin_lock_bh(&tx->lock);
	ltx_reap(tx);
	ltx_skip_pageless(tx);
	while (nr < n && tx->clean != tx->done) {
		struct atmo_ixgbe_tx_frame *fr = ltx_frame(tx, tx->clean);

		pages[nr++] = fr->page;
		fr->page = NULL;
		tx->clean++;
		ltx_skip_pageless(tx);
	}
	spin_unlock_bh(&tx->lock);
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
	tx->rs_known = false;
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

	spin_lock_bh(&tx->lock);
	ltx_reap(tx);
	if (!tx->running || tx->done == tx->next || tx->done != tx->hang_done) {
		tx->hang_done = tx->done;
		tx->hang_ticks = 0;
	} else if (tx->hang_ticks < HANG_TICKS) {
		hung = ++tx->hang_ticks == HANG_TICKS;
	}
	spin_unlock_bh(&tx->lock);
	return hung;
}
