// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit of the ordinary queues: skbs of Linux, scattered, with TCP and UDP
 * checksums by the NIC. Small frames are copied and their skbs freed at once.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "priv.h"

#define TX_NO_CONTEXT	(~0ULL)

/*
 * Linux's byte limit doesn't go below: 52 us of the wire. It learns from how much is
 * sent while there is always more, which is not how batches come.
 */
#define TX_MIN_LIMIT	65536

/* Context, and each part of the largest skb. */
#define TX_MAX_DESCS	(1 + 1 + MAX_SKB_FRAGS)
static_assert(TX_MAX_DESCS < ATMO_IXGBE_MIN_RING);

/* Frames freed by one round of NAPI. */
#define TX_CLEAN_MAX	256

static struct netdev_queue *tx_netdev_queue(const struct atmo_ixgbe_queue *q)
{
	return netdev_get_tx_queue(q->port->netdev, q->index);
}

static u32 tx_room(const struct atmo_ixgbe_tx *tx)
{
	/* Pairs with tx_release(): a slot counted as free has been emptied. */
	return tx->mask - (tx->use - smp_load_acquire(&tx->clean));
}

/* Stopped first, looked at again afterwards: the cleaner may have run between. */
static bool tx_stop_if_full(struct atmo_ixgbe_queue *q)
{
	struct netdev_queue *nq = tx_netdev_queue(q);

	if (likely(tx_room(&q->tx) >= TX_MAX_DESCS))
		return false;
	netif_tx_stop_queue(nq);
	/* Pairs with the one in tx_clean(): either sees what the other did. */
	smp_mb();
	if (tx_room(&q->tx) < TX_MAX_DESCS)
		return true;
	netif_tx_start_queue(nq);
	return false;
}

/* ---- Checksum offload ---- */

/*
 * Lengths and types that the NIC needs (7.2.5), as a number to compare with
 * what it was told last. TX_NO_CONTEXT: can't be done in hardware.
 */
static u64 tx_csum_context(const struct sk_buff *skb)
{
	u32 maclen = skb_network_offset(skb);
	u32 iplen = skb_network_header_len(skb);
	u32 tucmd = 0;

	if (skb->csum_offset == offsetof(struct tcphdr, check))
		tucmd |= IXGBE_TXC_TUCMD_L4T_TCP;
	else if (skb->csum_offset != offsetof(struct udphdr, check))
		return TX_NO_CONTEXT;
	if (skb->protocol == htons(ETH_P_IP))
		tucmd |= IXGBE_TXC_TUCMD_IPV4;
	else if (skb->protocol != htons(ETH_P_IPV6))
		return TX_NO_CONTEXT;
	if (skb_checksum_start_offset(skb) != skb_transport_offset(skb) ||
	    !FIELD_FIT(IXGBE_TXC_MACLEN, maclen) || !FIELD_FIT(IXGBE_TXC_IPLEN, iplen))
		return TX_NO_CONTEXT;
	return (u64)tucmd << 32 | FIELD_PREP(IXGBE_TXC_MACLEN, maclen) |
	       FIELD_PREP(IXGBE_TXC_IPLEN, iplen);
}

static void tx_write_context(struct atmo_ixgbe_tx *tx, u64 context)
{
	struct ixgbe_tx_context *c = (void *)&tx->desc[tx->use & tx->mask];

	c->vlan_macip_lens = cpu_to_le32(lower_32_bits(context));
	c->fcoef_ipsec = 0;
	c->type_tucmd = cpu_to_le32(upper_32_bits(context) | IXGBE_TXD_DCMD_DEXT |
				    FIELD_PREP(IXGBE_TXD_DTYP, IXGBE_TXD_DTYP_CONTEXT));
	c->mss_l4len_idx = 0;
	memset(&tx->buf[tx->use & tx->mask], 0, sizeof(*tx->buf));
	tx->context = context;
	tx->use++;
}

/* Returns olinfo_status bits; writes a context descriptor if needed. */
static int tx_csum(struct atmo_ixgbe_tx *tx, struct sk_buff *skb, u32 *olinfo)
{
	u64 context;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	context = tx_csum_context(skb);
	if (context == TX_NO_CONTEXT)
		return skb_checksum_help(skb);
	if (context != tx->context)
		tx_write_context(tx, context);
	*olinfo |= IXGBE_TXD_CC | IXGBE_TXD_POPTS_TXSM;
	return 0;
}

/* ---- Mapping ---- */

static void tx_unmap(struct device *dev, struct atmo_ixgbe_tx_buf *buf)
{
	if (!buf->len)
		return;
	if (buf->single)
		dma_unmap_single(dev, dma_unmap_addr(buf, dma), buf->len, DMA_TO_DEVICE);
	else
		dma_unmap_page(dev, dma_unmap_addr(buf, dma), buf->len, DMA_TO_DEVICE);
	buf->len = 0;
}

static void tx_write_data(struct atmo_ixgbe_tx *tx, dma_addr_t dma, u32 len, bool single,
			  u32 olinfo)
{
	struct atmo_ixgbe_tx_buf *buf = &tx->buf[tx->use & tx->mask];
	union ixgbe_tx_desc *d = &tx->desc[tx->use & tx->mask];

	buf->skb = NULL;
	buf->frame_len = 0;
	buf->len = len;
	buf->single = single;
	dma_unmap_addr_set(buf, dma, dma);
	d->read.addr = cpu_to_le64(dma);
	d->read.cmd_type_len = cpu_to_le32(IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS |
					   FIELD_PREP(IXGBE_TXD_DTYP, IXGBE_TXD_DTYP_DATA) |
					   FIELD_PREP(IXGBE_TXD_DTALEN, len));
	d->read.olinfo_status = cpu_to_le32(olinfo);
	tx->use++;
}

static int tx_map(struct atmo_ixgbe_queue *q, struct sk_buff *skb, u32 olinfo)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	struct device *dev = q->port->dev;
	u32 len = skb_headlen(skb);
	dma_addr_t dma;
	unsigned int i;

	dma = dma_map_single(dev, skb->data, len, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	tx_write_data(&q->tx, dma, len, true, olinfo);
	for (i = 0; i < info->nr_frags; i++) {
		len = skb_frag_size(&info->frags[i]);
		dma = skb_frag_dma_map(dev, &info->frags[i], 0, len, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			return -ENOMEM;
		tx_write_data(&q->tx, dma, len, false, olinfo);
	}
	return 0;
}

/* Where the frame whose next descriptor is @i has its copy. */
static u32 tx_copy_offset(const struct atmo_ixgbe_tx *tx, u32 i)
{
	return (i & tx->mask) * ATMO_IXGBE_TX_COPY_LEN;
}

static int tx_copy(struct atmo_ixgbe_tx *tx, struct sk_buff *skb, u32 olinfo)
{
	u32 offset = tx_copy_offset(tx, tx->use);

	if (skb_is_nonlinear(skb)) {
		if (skb_copy_bits(skb, 0, tx->copies + offset, skb->len))
			return -EFAULT;
	} else {
		skb_copy_from_linear_data(skb, tx->copies + offset, skb->len);
	}
	tx_write_data(tx, tx->copies_dma + offset, skb->len, true, olinfo);
	/* Nothing to unmap. */
	tx->buf[(tx->use - 1) & tx->mask].len = 0;
	return 0;
}

/* Takes back what was written since @first; the device hasn't seen it. */
static void tx_unwind(struct atmo_ixgbe_queue *q, u32 first)
{
	while (q->tx.use != first) {
		q->tx.use--;
		tx_unmap(q->port->dev, &q->tx.buf[q->tx.use & q->tx.mask]);
	}
	/* A context descriptor may have been among them. */
	q->tx.context = TX_NO_CONTEXT;
}

/* On success the skb is the ring's, or was copied and is the caller's: *copied. */
static int tx_write_skb(struct atmo_ixgbe_queue *q, struct sk_buff *skb, bool *copied)
{
	struct atmo_ixgbe_tx *tx = &q->tx;
	u32 olinfo = FIELD_PREP(IXGBE_TXD_PAYLEN, skb->len);
	u32 first = tx->use;
	u32 last;
	int err;

	*copied = skb->len <= ATMO_IXGBE_TX_COPY_LEN && tx->copies;
	err = tx_csum(tx, skb, &olinfo);
	if (!err)
		err = *copied ? tx_copy(tx, skb, olinfo) : tx_map(q, skb, olinfo);
	if (err) {
		tx_unwind(q, first);
		return err;
	}
	last = (tx->use - 1) & tx->mask;
	tx->desc[last].read.cmd_type_len |= cpu_to_le32(IXGBE_TXD_DCMD_EOP | IXGBE_TXD_DCMD_RS);
	tx->buf[last].skb = *copied ? NULL : skb;
	tx->buf[last].frame_len = skb->len;
	/* Pairs with tx_clean(), which sees whole frames only. */
	smp_store_release(&tx->sent, tx->use);
	return 0;
}

static void tx_count(struct atmo_ixgbe_queue *q, u64 *counter, u64 n)
{
	u64_stats_update_begin(&q->stats.tx_sync);
	*counter += n;
	u64_stats_update_end(&q->stats.tx_sync);
}

static void tx_count_sent(struct atmo_ixgbe_queue *q, u32 len)
{
	u64_stats_update_begin(&q->stats.tx_sync);
	q->stats.tx_packets++;
	q->stats.tx_bytes += len;
	u64_stats_update_end(&q->stats.tx_sync);
}

/* Netpoll sends from anywhere; all others with BHs off, as NAPI, whose cache it is then. */
static void tx_consume(struct sk_buff *skb)
{
	if (unlikely(in_hardirq() || irqs_disabled()))
		dev_consume_skb_irq(skb);
	else
		napi_consume_skb(skb, NAPI_POLL_WEIGHT);
}

/**
 * atmo_ixgbe_tx_xmit() - ndo_start_xmit
 * @skb: frame
 * @netdev: network device
 *
 * Context: Linux holds the queue's lock, BHs are off.
 * Return: NETDEV_TX_OK (the skb is the driver's) or NETDEV_TX_BUSY.
 */
netdev_tx_t atmo_ixgbe_tx_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);
	struct atmo_ixgbe_queue *q = port->queue[skb_get_queue_mapping(skb)];
	bool copied;
	u32 len;

	if (skb_put_padto(skb, IXGBE_TX_MIN_LEN))
		goto dropped;	/* freed by skb_put_padto() */
	if (unlikely(tx_stop_if_full(q))) {
		tx_count(q, &q->stats.tx_busy, 1);
		return NETDEV_TX_BUSY;
	}
	len = skb->len;
	if (unlikely(len > ATMO_FRAME_MAX || tx_write_skb(q, skb, &copied))) {
		dev_kfree_skb_any(skb);
		goto dropped;
	}

	skb_tx_timestamp(skb);
	if (copied)
		tx_consume(skb);
	tx_count_sent(q, len);
	tx_stop_if_full(q);
	/* writel() orders the descriptors before it. */
	if (__netdev_tx_sent_queue(tx_netdev_queue(q), len, netdev_xmit_more()))
		writel(q->tx.use & q->tx.mask, q->tx.tail);
	return NETDEV_TX_OK;

dropped:
	tx_count(q, &q->stats.tx_drop, 1);
	/* Earlier frames may have been held back for this one. */
	writel(q->tx.use & q->tx.mask, q->tx.tail);
	return NETDEV_TX_OK;
}

/* ---- Completion ---- */

/* Index after the last descriptor of the frame at @i. */
static u32 tx_frame_end(const struct atmo_ixgbe_tx *tx, u32 i, u32 sent)
{
	while (i != sent && !tx->buf[i & tx->mask].frame_len)
		i++;
	return i == sent ? sent : i + 1;
}

static u32 tx_release(struct atmo_ixgbe_queue *q, u32 end, int budget)
{
	struct atmo_ixgbe_tx_buf *buf = NULL;
	u32 i;

	for (i = q->tx.clean; i != end; i++) {
		buf = &q->tx.buf[i & q->tx.mask];
		tx_unmap(q->port->dev, buf);
	}
	if (buf->skb)
		napi_consume_skb(buf->skb, budget);
	buf->skb = NULL;
	/* Pairs with tx_room(). */
	smp_store_release(&q->tx.clean, end);
	return buf->frame_len;
}

/**
 * atmo_ixgbe_tx_clean() - free what has been sent
 * @q: queue
 * @budget: NAPI's budget
 *
 * Context: NAPI. Return: true if all that was done has been cleaned.
 */
bool atmo_ixgbe_tx_clean(struct atmo_ixgbe_queue *q, int budget)
{
	struct netdev_queue *nq = tx_netdev_queue(q);
	struct atmo_ixgbe_tx *tx = &q->tx;
	/* Pairs with tx_write_skb(). */
	u32 sent = smp_load_acquire(&tx->sent);
	unsigned int frames = 0;
	unsigned int bytes = 0;

	while (tx->clean != sent && frames < TX_CLEAN_MAX) {
		u32 end = tx_frame_end(tx, tx->clean, sent);

		if (!(le32_to_cpu(READ_ONCE(tx->desc[(end - 1) & tx->mask].wb.status)) &
		      IXGBE_TXD_STA_DD))
			break;
		/* Not to free anything before DD has been seen. */
		dma_rmb();
		bytes += tx_release(q, end, budget);
		frames++;
	}
	netdev_tx_completed_queue(nq, frames, bytes);
	smp_mb(); /* pairs with the one in tx_stop_if_full() */
	if (unlikely(netif_tx_queue_stopped(nq)) && READ_ONCE(q->port->up) &&
	    tx_room(tx) >= TX_MAX_DESCS && netif_carrier_ok(q->port->netdev))
		netif_tx_wake_queue(nq);
	return frames < TX_CLEAN_MAX;
}

/**
 * atmo_ixgbe_tx_drop_all() - forget what has not been sent
 * @q: queue; the device doesn't have its ring, Linux doesn't send
 *
 * Context: process.
 */
void atmo_ixgbe_tx_drop_all(struct atmo_ixgbe_queue *q)
{
	struct atmo_ixgbe_tx *tx = &q->tx;

	while (tx->clean != tx->sent)
		tx_release(q, tx_frame_end(tx, tx->clean, tx->sent), 0);
	tx->use = 0;
	tx->sent = 0;
	tx->clean = 0;
	tx->context = TX_NO_CONTEXT;
	netdev_tx_reset_queue(tx_netdev_queue(q));
	netdev_queue_set_dql_min_limit(tx_netdev_queue(q), TX_MIN_LIMIT);
}
