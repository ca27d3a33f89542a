// SPDX-License-Identifier: GPL-2.0
/*
 * Receive. The path of an ordinary queue, bottom up: rx_take() reads a descriptor,
 * rx_chunk_done() asks the demultiplexer and makes skbs of what it leaves to Linux,
 * atmo_ixgbe_rx_clean() is the NAPI loop. The path of a lane ends in
 * atmo_ixgbe_lane_rx_return().
 *
 * Nothing here allocates pages: each page that a frame arrived in, or the one
 * that the demultiplexer gave for it, is posted again at once.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>

#include "../atmo_stack/fast.h"
#include "priv.h"

/* Pages that a write of the tail is worth. */
#define RX_TAIL_BATCH	32

/**
 * atmo_ixgbe_rx_post_batch() - put pages into the ring, as many as there is room for
 * @rx: ring
 * @pages: pages; those that are taken are the ring's from now on
 * @n: how many
 *
 * Return: number of pages taken, from the first on.
 */
u32 atmo_ixgbe_rx_post_batch(struct atmo_ixgbe_rx *rx, struct atmo_page *const *pages, u32 n)
{
	u32 i;

	n = min(n, atmo_ixgbe_rx_room(rx));
	for (i = 0; i < n; i++)
		atmo_ixgbe_rx_post(rx, pages[i]);
	return n;
}

static void pages_reverse(struct atmo_page **from, struct atmo_page **end)
{
	for (; from < --end; from++)
		swap(*from, *end);
}

/*
 * Turns the ring so that what it holds begins at its first place, which is where the
 * device begins when it starts anew.
 */
static void rx_turn(struct atmo_ixgbe_rx *rx)
{
	struct atmo_page **first = &rx->page[rx->clean & rx->mask];
	struct atmo_page **end = &rx->page[rx->mask + 1];

	pages_reverse(rx->page, first);
	pages_reverse(first, end);
	pages_reverse(rx->page, end);
	rx->use -= rx->clean;
	rx->clean = 0;
}

/**
 * atmo_ixgbe_rx_repost() - prepare the ring for a device that starts anew
 * @rx: ring; the device doesn't have it
 *
 * All pages stay. Frames that were received but not fetched are lost.
 */
void atmo_ixgbe_rx_repost(struct atmo_ixgbe_rx *rx)
{
	u32 i = rx->clean;

	for (; i != rx->use && (le32_to_cpu(rx->desc[i & rx->mask].wb.status_error) &
				IXGBE_RXD_STAT_DD); i++)
		rx->lost++;
	rx_turn(rx);
	rx->tailed = 0;
	rx->in_multi = false;
	for (i = 0; i != rx->use; i++)
		atmo_ixgbe_rx_write(rx, i, rx->page[i]);
}

/**
 * atmo_ixgbe_rx_tail() - tell the device about the pages posted
 * @rx: ring the device has
 *
 * writel() orders the descriptors before it.
 */
void atmo_ixgbe_rx_tail(struct atmo_ixgbe_rx *rx)
{
	if (rx->tailed == rx->use)
		return;
	rx->tailed = rx->use;
	writel(rx->use & rx->mask, rx->tail);
}

/**
 * atmo_ixgbe_rx_tail_lazily() - the same when it is worth a write to the device
 * @rx: ring the device has
 *
 * Or when the device has no more pages left than are held back.
 */
void atmo_ixgbe_rx_tail_lazily(struct atmo_ixgbe_rx *rx)
{
	u32 held = rx->use - rx->tailed;

	if (held >= RX_TAIL_BATCH || held >= rx->tailed - rx->clean)
		atmo_ixgbe_rx_tail(rx);
}

static u32 rx_status(const struct atmo_ixgbe_rx *rx)
{
	const union ixgbe_rx_desc *d = &rx->desc[rx->clean & rx->mask];

	return le32_to_cpu(READ_ONCE(d->wb.status_error));
}

/* Is a frame, or a part of one, waiting at @rx->clean? */
bool atmo_ixgbe_rx_waiting(const struct atmo_ixgbe_rx *rx)
{
	return rx->clean != rx->use && (rx_status(rx) & IXGBE_RXD_STAT_DD);
}

static u32 rx_flags(u32 status, u32 info)
{
	u32 flags = 0;

	if (status & IXGBE_RXD_ERR_RXE)
		flags |= ATMO_RX_HW_ERROR;
	if ((status & (IXGBE_RXD_STAT_IPCS | IXGBE_RXD_ERR_IPE)) == IXGBE_RXD_STAT_IPCS)
		flags |= ATMO_RX_L3_OK;
	if ((status & (IXGBE_RXD_STAT_L4I | IXGBE_RXD_ERR_L4E)) == IXGBE_RXD_STAT_L4I &&
	    (info & (IXGBE_RXD_PKT_UDP | IXGBE_RXD_PKT_IS_ETQF)) == IXGBE_RXD_PKT_UDP)
		flags |= ATMO_RX_L4_OK;
	return flags;
}

/* What most frames are: whole, UDP, both checksums right. */
#define RX_PLAIN_STATUS	(IXGBE_RXD_STAT_EOP | IXGBE_RXD_STAT_IPCS | IXGBE_RXD_STAT_L4I)
#define RX_PLAIN_ERRORS	(IXGBE_RXD_ERR_RXE | IXGBE_RXD_ERR_IPE | IXGBE_RXD_ERR_L4E)

static __always_inline bool rx_is_plain(u32 status, u32 info)
{
	return (status & (RX_PLAIN_STATUS | RX_PLAIN_ERRORS)) == RX_PLAIN_STATUS &&
	       (info & (IXGBE_RXD_PKT_UDP | IXGBE_RXD_PKT_IS_ETQF)) == IXGBE_RXD_PKT_UDP;
}

/*
 * A frame over several buffers can't arrive with JUMBOEN off; if a device does so all
 * the same, each part is flagged, the last one included.
 */
static u32 rx_multi(struct atmo_ixgbe_rx *rx, u32 status)
{
	if (likely(!rx->in_multi && (status & IXGBE_RXD_STAT_EOP)))
		return 0;
	rx->in_multi = !(status & IXGBE_RXD_STAT_EOP);
	return ATMO_RX_MULTI_DESC;
}

/*
 * Fetches the buffer of descriptor @d, whose page is the caller's then. False if nothing
 * has arrived there.
 */
static __always_inline bool rx_take(struct atmo_ixgbe_rx *rx, const union ixgbe_rx_desc *d,
				    struct atmo_page **page, struct atmo_rx_frame *frame)
{
	u32 status = le32_to_cpu(READ_ONCE(d->wb.status_error));
	u32 info, flags;
	u16 len;

	if (!(status & IXGBE_RXD_STAT_DD))
		return false;
	/* The device writes the status last: no other field before it. */
	dma_rmb();
	info = le32_to_cpu(READ_ONCE(d->wb.pkt_info));
	len = le16_to_cpu(READ_ONCE(d->wb.length));
	if (likely(rx_is_plain(status, info) && !rx->in_multi))
		flags = ATMO_RX_L3_OK | ATMO_RX_L4_OK;
	else
		flags = rx_flags(status, info) | rx_multi(rx, status);
	if (unlikely(len > ATMO_IXGBE_RX_BUF_LEN)) {
		len = 0;
		flags |= ATMO_RX_HW_ERROR;
	}
	frame->page = *page;
	frame->offset = ATMO_FRAME_OFFSET;
	frame->len = len;
	frame->flags = flags;
	dma_sync_single_range_for_cpu(rx->dev, frame->page->dma, ATMO_FRAME_OFFSET,
				      len, DMA_BIDIRECTIONAL);
	*page = NULL;
	return true;
}

static __always_inline u32 rx_take_batch(struct atmo_ixgbe_rx *rx, struct atmo_rx_frame *frames,
					 u32 n)
{
	const u32 clean = rx->clean, mask = rx->mask;
	const union ixgbe_rx_desc *desc = rx->desc;
	struct atmo_page **page = rx->page;
	u32 i = 0;

	n = min(n, rx->use - clean);
	while (i < n && rx_take(rx, &desc[(clean + i) & mask], &page[(clean + i) & mask],
				&frames[i]))
		i++;
	rx->clean = clean + i;
	return i;
}

/* What frames of the fast path are: whole and sound, and, of datagrams, with right checksums. */
static __always_inline bool rx_is_fast(const union ixgbe_rx_desc *d, u32 status, bool datagram)
{
	if (datagram)
		return rx_is_plain(status, le32_to_cpu(READ_ONCE(d->wb.pkt_info)));
	return (status & (IXGBE_RXD_STAT_EOP | IXGBE_RXD_ERR_RXE)) == IXGBE_RXD_STAT_EOP;
}

/**
 * struct rx_fast_sum - what a loop of the fast path has done
 * @n: frames
 * @bytes: sum of the entries' lengths
 */
struct rx_fast_sum {
	u64 n;
	u64 bytes;
};

/*
 * @datagrams: or whole frames; constant. What it is told it reads at its beginning, and what
 * it has to say it returns: so nearly all registers are free for the loop.
 */
static __always_inline struct rx_fast_sum rx_fast_loop(const struct atmo_ixgbe_rx *rx,
						       const struct atmo_fast_rx *to, u32 n,
						       bool datagrams)
{
	const bool sync = dma_dev_need_sync(rx->dev);
	const u32 clean = rx->clean, mask = rx->mask;
	const union ixgbe_rx_desc *d, *desc = rx->desc;
	struct atmo_page *const *pages = rx->page;
	struct atmo_fast_rx f = *to;
	struct atmo_page *page;
	u32 i, at, status, len;

	n = min(n, rx->use - clean);
	for (i = 0; i < n; i++) {
		at = (clean + i) & mask;
		d = &desc[at];
		status = le32_to_cpu(READ_ONCE(d->wb.status_error));
		if (!(status & IXGBE_RXD_STAT_DD))
			break;
		/* The device writes the status last: no other field before it. */
		dma_rmb();
		len = le16_to_cpu(READ_ONCE(d->wb.length));
		OPTIMIZER_HIDE_VAR(len);
		if (unlikely(!rx_is_fast(d, status, datagrams)))
			break;
		if (unlikely(len > ATMO_IXGBE_RX_BUF_LEN))
			break;
		page = pages[at];
		if (unlikely(sync))
			dma_sync_single_range_for_cpu(rx->dev, page->dma, ATMO_FRAME_OFFSET, len,
						      DMA_BIDIRECTIONAL);
		if (unlikely(!(datagrams ? atmo_fast_rx_datagram(&f, page, len) :
					   atmo_fast_rx_whole(&f, page, len))))
			break;
	}
	return (struct rx_fast_sum) { .n = i, .bytes = f.bytes };
}

/* By themselves, for the same reason. */
static noinline struct rx_fast_sum rx_fast_datagrams(const struct atmo_ixgbe_rx *rx,
						     const struct atmo_fast_rx *to, u32 n)
{
	return rx_fast_loop(rx, to, n, true);
}

static noinline struct rx_fast_sum rx_fast_whole(const struct atmo_ixgbe_rx *rx,
						 const struct atmo_fast_rx *to, u32 n)
{
	return rx_fast_loop(rx, to, n, false);
}

/**
 * atmo_ixgbe_lane_rx_fast() - rx_fast of struct atmo_nic_ops
 * @lane: lane
 * @to: where frames go
 * @n: most frames to take
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: number of frames.
 */
u32 atmo_ixgbe_lane_rx_fast(struct atmo_lane *lane, struct atmo_fast_rx *to, u32 n)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;
	struct rx_fast_sum sum = { };

	spin_lock(&rx->lock);
	if (likely(!rx->in_multi))
		sum = to->match ? rx_fast_datagrams(rx, to, n) : rx_fast_whole(rx, to, n);
	rx->clean += sum.n;
	lane->rx_frames += sum.n;
	to->bytes = sum.bytes;
	/* What has come since then is handled, too. */
	to->other = sum.n < n && atmo_ixgbe_rx_waiting(rx);
	if (rx->running)
		atmo_ixgbe_rx_tail_lazily(rx);
	spin_unlock(&rx->lock);
	return sum.n;
}

/**
 * atmo_ixgbe_lane_rx_return() - rx_return of struct atmo_nic_ops
 * @lane: lane
 * @frames: filled in; their pages are the caller's
 * @n: room in @frames
 *
 * Context: process; one caller at a time in this half of the lane.
 * Return: number of frames.
 */
u32 atmo_ixgbe_lane_rx_return(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;

	spin_lock(&rx->lock);
	n = rx_take_batch(rx, frames, n);
	lane->rx_frames += n;
	if (rx->running)
		atmo_ixgbe_rx_tail_lazily(rx);
	spin_unlock(&rx->lock);
	return n;
}

/* ---- Ordinary queues ---- */

static void rx_count(struct atmo_ixgbe_queue *q, u64 *counter, u64 n)
{
	u64_stats_update_begin(&q->stats.rx_sync);
	*counter += n;
	u64_stats_update_end(&q->stats.rx_sync);
}

static void rx_drop(struct atmo_ixgbe_queue *q, enum atmo_ixgbe_rx_drop why)
{
	rx_count(q, &q->stats.rx_drop[why], 1);
}

static void rx_set_hash(struct sk_buff *skb, const union ixgbe_rx_desc *d)
{
	u32 type = FIELD_GET(IXGBE_RXD_RSS_TYPE, le32_to_cpu(READ_ONCE(d->wb.pkt_info)));

	if (!(skb->dev->features & NETIF_F_RXHASH) || !type)
		return;
	skb_set_hash(skb, le32_to_cpu(READ_ONCE(d->wb.rss_hash)),
		     type == IXGBE_RXD_RSS_TYPE_IPV4_TCP ||
		     type == IXGBE_RXD_RSS_TYPE_IPV6_TCP ? PKT_HASH_TYPE_L4 :
		     PKT_HASH_TYPE_L3);
}

/*
 * A frame that the NIC finds wrong is given to Linux unchecked, which looks for
 * itself: the 82599 reports UDP datagrams with checksum zero as wrong.
 */
static void rx_set_csum(struct atmo_ixgbe_queue *q, struct sk_buff *skb,
			const union ixgbe_rx_desc *d)
{
	u32 status = le32_to_cpu(READ_ONCE(d->wb.status_error));

	skb_checksum_none_assert(skb);
	if (!(skb->dev->features & NETIF_F_RXCSUM))
		return;
	if (((status & IXGBE_RXD_STAT_IPCS) && (status & IXGBE_RXD_ERR_IPE)) ||
	    ((status & IXGBE_RXD_STAT_L4I) && (status & IXGBE_RXD_ERR_L4E))) {
		rx_count(q, &q->stats.rx_csum_bad, 1);
		return;
	}
	if (status & IXGBE_RXD_STAT_L4I)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
}

/* A frame for Linux, copied: the page goes back to the ring. @d: as the device wrote it */
static void rx_to_linux(struct atmo_ixgbe_queue *q, const struct atmo_rx_frame *frame,
			const union ixgbe_rx_desc *d)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, frame->len);

	if (unlikely(!skb)) {
		rx_drop(q, ATMO_IXGBE_RX_NO_SKB);
		return;
	}
	skb_put_data(skb, frame->page->va + frame->offset, frame->len);
	skb_record_rx_queue(skb, q->index);
	rx_count(q, &q->stats.rx_packets, 1);
	rx_count(q, &q->stats.rx_bytes, frame->len);
	skb->protocol = eth_type_trans(skb, q->port->netdev);
	rx_set_hash(skb, d);
	rx_set_csum(q, skb, d);
	napi_gro_receive(&q->napi, skb);
}

static bool rx_is_whole(const struct atmo_rx_frame *frame)
{
	return !(frame->flags & (ATMO_RX_HW_ERROR | ATMO_RX_MULTI_DESC)) && frame->len >= ETH_HLEN;
}

/* It is counted, its page posted again. */
static noinline void rx_refuse(struct atmo_ixgbe_queue *q, const struct atmo_rx_frame *frame)
{
	if (frame->flags & ATMO_RX_HW_ERROR)
		rx_drop(q, ATMO_IXGBE_RX_HW_ERROR);
	else if (frame->flags & ATMO_RX_MULTI_DESC)
		rx_drop(q, ATMO_IXGBE_RX_MULTI_DESC);
	else
		rx_drop(q, ATMO_IXGBE_RX_RUNT);
	atmo_ixgbe_rx_post(&q->rx, frame->page);
}

/*
 * Takes up to @n frames, to the first that is not whole: this one ends the chunk without
 * being in it, so that others' descriptors are found by their numbers. Returns how many
 * there were with that.
 */
static u32 rx_take_chunk(struct atmo_ixgbe_queue *q, u32 n)
{
	const u32 clean = q->rx.clean, mask = q->rx.mask;
	const union ixgbe_rx_desc *desc = q->rx.desc;
	struct atmo_rx_frame *frame = q->chunk.frame;
	struct atmo_page **page = q->rx.page;
	bool whole = true;
	u32 i, at;

	n = min(n, q->rx.use - clean);
	for (i = 0; i < n && whole; i++) {
		at = (clean + i) & mask;
		if (!rx_take(&q->rx, &desc[at], &page[at], &frame[i]))
			break;
		whole = rx_is_whole(&frame[i]);
	}
	q->rx.clean = clean + i;
	q->chunk.first = clean;
	q->chunk.nr = whole ? i : i - 1;
	if (unlikely(!whole))
		rx_refuse(q, &frame[i - 1]);
	return i;
}

/* The pages of frames that were taken: there is room. */
static void rx_post_chunk(struct atmo_ixgbe_rx *rx, const struct atmo_ixgbe_rx_chunk *c)
{
	const u32 use = rx->use, mask = rx->mask, nr = c->nr;
	union ixgbe_rx_desc *desc = rx->desc;
	struct atmo_page **page = rx->page;
	struct device *dev = rx->dev;
	u32 i, at;

	for (i = 0; i < nr; i++) {
		at = (use + i) & mask;
		page[at] = c->frame[i].page;
		atmo_ixgbe_rx_fill(dev, &desc[at], c->frame[i].page);
	}
	rx->use = use + nr;
}

/*
 * After return the frames' pages, possibly other ones, are posted again. Only then: until
 * a place of the ring is written anew, its descriptor tells about the frame.
 */
static void rx_chunk_done(struct atmo_ixgbe_queue *q, struct atmo_nic *nic)
{
	u32 i, nr[ATMO_VERDICT_DROPPED + 1] = { 0 };
	struct atmo_ixgbe_rx_chunk *c = &q->chunk;

	if (nic)
		atmo_demux_rx(nic, c->frame, c->verdict, c->nr);
	for (i = 0; i < c->nr; i++) {
		enum atmo_verdict verdict = nic ? c->verdict[i] : ATMO_VERDICT_LINUX;

		if (verdict == ATMO_VERDICT_LINUX)
			rx_to_linux(q, &c->frame[i], &q->rx.desc[(c->first + i) & q->rx.mask]);
		nr[verdict]++;
	}
	rx_post_chunk(&q->rx, c);
	if (nr[ATMO_VERDICT_TAKEN])
		rx_count(q, &q->stats.rx_taken, nr[ATMO_VERDICT_TAKEN]);
	if (nr[ATMO_VERDICT_DROPPED])
		rx_count(q, &q->stats.rx_drop[ATMO_IXGBE_RX_DEMUX], nr[ATMO_VERDICT_DROPPED]);
}

/**
 * atmo_ixgbe_rx_clean() - receive up to @budget frames of an ordinary queue
 * @q: queue
 * @budget: most frames to handle
 *
 * Context: NAPI, which is an RCU reader: the registration with the
 * demultiplexer can't vanish meanwhile.
 * Return: frames handled.
 */
int atmo_ixgbe_rx_clean(struct atmo_ixgbe_queue *q, int budget)
{
	struct atmo_nic *nic;
	int got, done = 0;

	rcu_read_lock();
	nic = rcu_dereference(q->port->nic);
	do {
		got = rx_take_chunk(q, min(budget - done, ATMO_IXGBE_RX_CHUNK));
		rx_chunk_done(q, nic);
		done += got;
	} while ((got == ATMO_IXGBE_RX_CHUNK || got > q->chunk.nr) && done < budget);
	rcu_read_unlock();
	if (done)
		atmo_ixgbe_rx_tail(&q->rx);
	return done;
}
