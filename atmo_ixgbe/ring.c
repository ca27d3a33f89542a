// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the rings, and starting and stopping the device's queues.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "priv.h"

#define QUEUE_POLL_US		100
#define QUEUE_POLL_STEPS	100

/* ---- Memory ---- */

/**
 * atmo_ixgbe_rx_alloc() - memory of a receive ring
 * @rx: ring; @rx->dev is set
 * @len: descriptors, a power of two
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int atmo_ixgbe_rx_alloc(struct atmo_ixgbe_rx *rx, u32 len)
{
	rx->page = kvcalloc(len, sizeof(*rx->page), GFP_KERNEL);
	if (!rx->page)
		return -ENOMEM;
	rx->desc = dma_alloc_coherent(rx->dev, len * sizeof(*rx->desc), &rx->dma, GFP_KERNEL);
	if (!rx->desc) {
		kvfree(rx->page);
		rx->page = NULL;
		return -ENOMEM;
	}
	rx->mask = len - 1;
	atmo_ixgbe_rx_forget(rx);
	return 0;
}

/**
 * atmo_ixgbe_rx_forget() - make a receive ring as new: empty
 * @rx: ring; nobody uses it, and its pages are the caller's business
 *
 * Context: any.
 */
void atmo_ixgbe_rx_forget(struct atmo_ixgbe_rx *rx)
{
	memset(rx->page, 0, (rx->mask + 1) * sizeof(*rx->page));
	memset(rx->desc, 0, (rx->mask + 1) * sizeof(*rx->desc));
	rx->clean = 0;
	rx->use = 0;
	rx->tailed = 0;
	rx->in_multi = false;
}

/* The device is done with the ring; pages in it are the caller's business. */
void atmo_ixgbe_rx_free(struct atmo_ixgbe_rx *rx)
{
	if (!rx->desc)
		return;
	dma_free_coherent(rx->dev, (rx->mask + 1) * sizeof(*rx->desc), rx->desc, rx->dma);
	rx->desc = NULL;
	kvfree(rx->page);
	rx->page = NULL;
}

/* As far as there are any. */
static void ltx_free_heads(struct atmo_ixgbe_ltx *tx)
{
	struct atmo_ixgbe_tx_frame *fr;

	for (fr = tx->frame; fr <= &tx->frame[tx->frame_mask] && fr->head;
	     fr += ATMO_IXGBE_HEADS_PER_PAGE)
		dma_free_coherent(tx->dev, PAGE_SIZE, fr->head, fr->head_dma);
}

/* Page by page: one block of up to half a megabyte may not be found. */
static int ltx_alloc_heads(struct atmo_ixgbe_ltx *tx)
{
	dma_addr_t dma = 0;
	u8 *head = NULL;
	u32 i;

	for (i = 0; i <= tx->frame_mask; i++) {
		if (i % ATMO_IXGBE_HEADS_PER_PAGE) {
			head += ATMO_IXGBE_HEAD_LEN;
			dma += ATMO_IXGBE_HEAD_LEN;
		} else {
			head = dma_alloc_coherent(tx->dev, PAGE_SIZE, &dma, GFP_KERNEL);
			if (!head) {
				ltx_free_heads(tx);
				return -ENOMEM;
			}
		}
		tx->frame[i].head = head;
		tx->frame[i].head_dma = dma;
	}
	return 0;
}

/**
 * atmo_ixgbe_ltx_alloc() - memory of a lane's transmit ring
 * @tx: ring; @tx->dev is set
 * @nr_frames: frames in flight, a power of two, at most half of MAX_RING
 *
 * A frame needs one or two descriptors, so there are twice as many.
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int atmo_ixgbe_ltx_alloc(struct atmo_ixgbe_ltx *tx, u32 nr_frames)
{
	u32 len = 2 * nr_frames;

	tx->mask = len - 1;
	tx->frame_mask = nr_frames - 1;
	tx->frame = kvcalloc(nr_frames, sizeof(*tx->frame), GFP_KERNEL);
	if (!tx->frame)
		return -ENOMEM;
	tx->desc = dma_alloc_coherent(tx->dev, len * sizeof(*tx->desc), &tx->dma, GFP_KERNEL);
	if (!tx->desc)
		goto free_frame;
	if (!ltx_alloc_heads(tx))
		return 0;

	dma_free_coherent(tx->dev, len * sizeof(*tx->desc), tx->desc, tx->dma);
	tx->desc = NULL;
free_frame:
	kvfree(tx->frame);
	tx->frame = NULL;
	return -ENOMEM;
}

/* The device is done with the ring; pages in it are the caller's business. */
void atmo_ixgbe_ltx_free(struct atmo_ixgbe_ltx *tx)
{
	if (!tx->desc)
		return;
	ltx_free_heads(tx);
	dma_free_coherent(tx->dev, (tx->mask + 1) * sizeof(*tx->desc), tx->desc, tx->dma);
	tx->desc = NULL;
	kvfree(tx->frame);
	tx->frame = NULL;
}

/*
 * The same for a lane's transmit ring, of which nothing is in flight. The indices go on:
 * the device may have the ring. The descriptors are cleared at each start.
 */
void atmo_ixgbe_ltx_forget(struct atmo_ixgbe_ltx *tx)
{
	u32 i;

	for (i = 0; i <= tx->frame_mask; i++)
		tx->frame[i].page = 0;
	tx->clean = tx->next;
	tx->done = tx->next;
	tx->nr_paged = 0;
}

static int tx_alloc(struct atmo_ixgbe_queue *q, u32 len)
{
	struct atmo_ixgbe_tx *tx = &q->tx;

	tx->buf = kvcalloc(len, sizeof(*tx->buf), GFP_KERNEL);
	if (!tx->buf)
		return -ENOMEM;
	tx->desc = dma_alloc_coherent(q->port->dev, len * sizeof(*tx->desc), &tx->dma,
				      GFP_KERNEL);
	if (!tx->desc) {
		kvfree(tx->buf);
		tx->buf = NULL;
		return -ENOMEM;
	}
	/* Can be done without. */
	tx->copies = dma_alloc_coherent(q->port->dev, len * ATMO_IXGBE_TX_COPY_LEN,
					&tx->copies_dma, GFP_KERNEL | __GFP_NOWARN);
	tx->mask = len - 1;
	tx->use = 0;
	tx->sent = 0;
	tx->clean = 0;
	return 0;
}

static void tx_free(struct atmo_ixgbe_queue *q)
{
	struct atmo_ixgbe_tx *tx = &q->tx;

	if (!tx->desc)
		return;
	if (tx->copies)
		dma_free_coherent(q->port->dev, (tx->mask + 1) * ATMO_IXGBE_TX_COPY_LEN,
				  tx->copies, tx->copies_dma);
	tx->copies = NULL;
	dma_free_coherent(q->port->dev, (tx->mask + 1) * sizeof(*tx->desc), tx->desc, tx->dma);
	tx->desc = NULL;
	kvfree(tx->buf);
	tx->buf = NULL;
}

/* ---- Ordinary queues ---- */

int atmo_ixgbe_queues_create(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_shared; i++) {
		struct atmo_ixgbe_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

		if (!q) {
			atmo_ixgbe_queues_destroy(port);
			return -ENOMEM;
		}
		q->port = port;
		q->index = i;
		q->rx.dev = port->dev;
		q->rx.reg = i;
		q->rx.tail = (u32 __iomem *)(port->bar + IXGBE_RDT(i));
		q->tx.reg = i;
		q->tx.tail = (u32 __iomem *)(port->bar + IXGBE_TDT(i));
		spin_lock_init(&q->rx.lock);
		u64_stats_init(&q->stats.rx_sync);
		u64_stats_init(&q->stats.tx_sync);
		port->queue[i] = q;
	}
	return 0;
}

void atmo_ixgbe_queues_destroy(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < ATMO_IXGBE_MAX_SHARED; i++) {
		kfree(port->queue[i]);
		port->queue[i] = NULL;
	}
}

/*
 * Neutral pages have a struct of their own each, because the demultiplexer
 * swaps them one by one against its own: whoever holds one last frees it.
 */
static struct atmo_page *neutral_page_create(struct device *dev)
{
	struct atmo_page *page = kzalloc(sizeof(*page), GFP_KERNEL);

	if (page && atmo_page_init(page, dev, GFP_KERNEL)) {
		kfree(page);
		page = NULL;
	}
	return page;
}

static void rx_empty(struct atmo_ixgbe_rx *rx)
{
	for (; rx->clean != rx->use; rx->clean++) {
		struct atmo_page *page = rx->page[rx->clean & rx->mask];

		rx->page[rx->clean & rx->mask] = NULL;
		atmo_page_exit(page, rx->dev);
		kfree(page);
	}
}

static int rx_fill(struct atmo_ixgbe_rx *rx)
{
	while (atmo_ixgbe_rx_room(rx)) {
		struct atmo_page *page = neutral_page_create(rx->dev);

		if (!page)
			return -ENOMEM;
		atmo_ixgbe_rx_post(rx, page);
	}
	return 0;
}

/**
 * atmo_ixgbe_queues_fill() - rings and neutral pages of the ordinary queues
 * @port: port; the hardware is stopped
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int atmo_ixgbe_queues_fill(struct atmo_ixgbe *port)
{
	unsigned int i;
	int err;

	for (i = 0; i < port->nr_shared; i++) {
		struct atmo_ixgbe_queue *q = port->queue[i];

		err = atmo_ixgbe_rx_alloc(&q->rx, port->rx_ring_len);
		if (!err)
			err = rx_fill(&q->rx);
		if (!err)
			err = tx_alloc(q, port->tx_ring_len);
		if (err) {
			atmo_ixgbe_queues_empty(port);
			return err;
		}
	}
	return 0;
}

/**
 * atmo_ixgbe_queues_empty() - undo atmo_ixgbe_queues_fill(), whole or half done
 * @port: port; the hardware is stopped
 *
 * Context: process.
 */
void atmo_ixgbe_queues_empty(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_shared; i++) {
		struct atmo_ixgbe_queue *q = port->queue[i];

		tx_free(q);
		if (q->rx.desc)
			rx_empty(&q->rx);
		atmo_ixgbe_rx_free(&q->rx);
	}
}

/* ---- The device's side ---- */

/**
 * atmo_ixgbe_rx_hw_start() - give a receive ring to the device (4.6.7, 4.6.7.1)
 * @port: port
 * @rx: ring; its entries have been reposted
 *
 * DROP_EN is on for every queue: with it off, one queue that is not emptied
 * fills the packet buffer and stops reception for all others.
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0, -ETIMEDOUT, -ENODEV.
 */
int atmo_ixgbe_rx_hw_start(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx)
{
	u32 srrctl = IXGBE_SRRCTL_DROP_EN |
		     FIELD_PREP(IXGBE_SRRCTL_BSIZEPACKET, ATMO_IXGBE_RX_BUF_KB) |
		     FIELD_PREP(IXGBE_SRRCTL_DESCTYPE, IXGBE_SRRCTL_DESCTYPE_ADV_ONE);
	u16 q = rx->reg;

	rx->rxdctl = atmo_ixgbe_rd(port, IXGBE_RXDCTL(q)) &
		     ~(IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME);
	atmo_ixgbe_wr(port, IXGBE_RXDCTL(q), rx->rxdctl);
	atmo_ixgbe_wr(port, IXGBE_RDBAL(q), lower_32_bits(rx->dma));
	atmo_ixgbe_wr(port, IXGBE_RDBAH(q), upper_32_bits(rx->dma));
	atmo_ixgbe_wr(port, IXGBE_RDLEN(q), (rx->mask + 1) * sizeof(*rx->desc));
	atmo_ixgbe_wr(port, IXGBE_SRRCTL(q), srrctl);
	atmo_ixgbe_wr(port, IXGBE_RSCCTL(q), 0);
	atmo_ixgbe_clear_bits(port, IXGBE_DCA_RXCTRL(q), IXGBE_DCA_RXCTRL_RESERVED_ONE);
	return atmo_ixgbe_rx_hw_restart(port, rx);
}

/**
 * atmo_ixgbe_rx_hw_restart() - give a receive ring back to the device
 * @port: port
 * @rx: ring, which atmo_ixgbe_rx_hw_stop() has taken; the device was not reset since, so
 *	it has place, size and kind of the ring yet. Its entries have been reposted
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0, -ETIMEDOUT, -ENODEV.
 */
int atmo_ixgbe_rx_hw_restart(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx)
{
	u16 q = rx->reg;

	atmo_ixgbe_wr(port, IXGBE_RDH(q), 0);
	atmo_ixgbe_wr(port, IXGBE_RDT(q), 0);
	atmo_ixgbe_wr(port, IXGBE_RXDCTL(q), rx->rxdctl | IXGBE_RXDCTL_ENABLE);
	/* The tail may only be written once the queue has come up. */
	return atmo_ixgbe_hw_poll(port, IXGBE_RXDCTL(q), IXGBE_RXDCTL_ENABLE,
				  IXGBE_RXDCTL_ENABLE, QUEUE_POLL_US, QUEUE_POLL_STEPS);
}

/**
 * atmo_ixgbe_rx_hw_stop() - take a receive ring from the device (4.6.7.1)
 * @port: port
 * @rx: ring; no filter points to it any more
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0: the device writes neither to the ring nor to its pages any more, but
 * the last write may still have to land, which the caller waits for. -ETIMEDOUT: it may still
 * write; only a reset helps. -ENODEV: gone.
 */
int atmo_ixgbe_rx_hw_stop(struct atmo_ixgbe *port, struct atmo_ixgbe_rx *rx)
{
	atmo_ixgbe_wr(port, IXGBE_RXDCTL(rx->reg), rx->rxdctl);
	return atmo_ixgbe_hw_poll(port, IXGBE_RXDCTL(rx->reg), IXGBE_RXDCTL_ENABLE, 0,
				  QUEUE_POLL_US, QUEUE_POLL_STEPS);
}

/**
 * atmo_ixgbe_tx_hw_start() - give a transmit ring to the device (4.6.8)
 * @port: port
 * @reg: queue
 * @dma: descriptors
 * @len: number of descriptors
 *
 * WTHRESH 0: each descriptor that asks for it (RS) is written back at once, so
 * completion never depends on further traffic. PTHRESH + HTHRESH stay below the
 * 40 descriptors that the device holds.
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0, -ETIMEDOUT, -ENODEV.
 */
int atmo_ixgbe_tx_hw_start(struct atmo_ixgbe *port, u16 reg, dma_addr_t dma, u32 len)
{
	atmo_ixgbe_wr(port, IXGBE_TXDCTL(reg), 0);
	atmo_ixgbe_wr(port, IXGBE_TDBAL(reg), lower_32_bits(dma));
	atmo_ixgbe_wr(port, IXGBE_TDBAH(reg), upper_32_bits(dma));
	atmo_ixgbe_wr(port, IXGBE_TDLEN(reg), len * sizeof(union ixgbe_tx_desc));
	atmo_ixgbe_wr(port, IXGBE_TDH(reg), 0);
	atmo_ixgbe_wr(port, IXGBE_TDT(reg), 0);
	atmo_ixgbe_wr(port, IXGBE_TXDCTL(reg), IXGBE_TXDCTL_ENABLE |
		      FIELD_PREP(IXGBE_TXDCTL_PTHRESH, 32) |
		      FIELD_PREP(IXGBE_TXDCTL_HTHRESH, 1));
	return atmo_ixgbe_hw_poll(port, IXGBE_TXDCTL(reg), IXGBE_TXDCTL_ENABLE,
				  IXGBE_TXDCTL_ENABLE, QUEUE_POLL_US, QUEUE_POLL_STEPS);
}

/**
 * atmo_ixgbe_tx_hw_stop() - take a transmit ring from the device (4.6.8.1)
 * @port: port
 * @reg: queue
 *
 * Waits a little until the queue has run empty. It may not, without link or
 * while the peer sends PAUSE; what is left then is not sent.
 *
 * Context: process, sleeps, holds port->lock.
 * Return: as atmo_ixgbe_rx_hw_stop(); nothing is left to land.
 */
int atmo_ixgbe_tx_hw_stop(struct atmo_ixgbe *port, u16 reg)
{
	u32 tail = atmo_ixgbe_rd(port, IXGBE_TDT(reg));

	if (READ_ONCE(port->link))
		atmo_ixgbe_hw_poll(port, IXGBE_TDH(reg), ~0U, tail, 50, 40);
	atmo_ixgbe_wr(port, IXGBE_TXDCTL(reg), IXGBE_TXDCTL_SWFLSH);
	return atmo_ixgbe_hw_poll(port, IXGBE_TXDCTL(reg), IXGBE_TXDCTL_ENABLE, 0,
				  QUEUE_POLL_US, QUEUE_POLL_STEPS);
}
