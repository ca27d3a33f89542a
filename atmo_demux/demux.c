// SPDX-License-Identifier: GPL-2.0
/* The data path: frames of the ordinary queues on their way to endpoints. */
#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>

#include "priv.h"

static const u8 *frame_data(const struct atmo_rx_frame *frame)
{
	return frame->page->va + frame->offset;
}

/*
 * The endpoint of the shared lane that a packet is for, or NULL. Hardware-lane
 * endpoints aren't among them: a packet of theirs that comes here (before the
 * filter is set, after it is removed) is Linux's, where the port is reserved.
 */
static struct atmo_endpoint *find_endpoint(struct atmo_nic *nic, const struct atmo_packet *pkt)
{
	const struct atmo_flow flow = {
		.laddr = { pkt->daddr },
		.lport = pkt->dport,
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
	};
	u32 id = atmo_port_lookup(nic->ports, &flow);

	return id == ATMO_STACK_NONE ? NULL : xa_load(&nic->matched, id);
}

static bool checksums_ok(const struct atmo_rx_frame *frame, const struct atmo_packet *pkt)
{
	const u8 *data = frame_data(frame);

	return (frame->flags & ATMO_RX_L3_OK || atmo_parse_ipv4_checksum_ok(data, pkt)) &&
	       (frame->flags & ATMO_RX_L4_OK || atmo_parse_udp4_checksum_ok(data, pkt));
}

static enum atmo_verdict drop(struct atmo_nic *nic, struct atmo_endpoint *ep,
			      enum atmo_drop reason, enum atmo_nic_stat stat)
{
	atmo_queue_drop(ep->queue, reason);
	atmo_nic_count(nic, stat);
	return ATMO_VERDICT_DROPPED;
}

static enum atmo_verdict hand_over(struct atmo_nic *nic, struct atmo_endpoint *ep,
				   struct atmo_rx_frame *frame)
{
	frame->flags |= ATMO_RX_L3_OK | ATMO_RX_L4_OK;
	if (!atmo_queue_push(ep->queue, frame)) {
		atmo_nic_count(nic, ATMO_NIC_DROP_QUEUE_FULL);
		return ATMO_VERDICT_DROPPED;
	}
	atmo_nic_count(nic, ATMO_NIC_TAKEN);
	ep->wake(ep);
	return ATMO_VERDICT_TAKEN;
}

/**
 * atmo_demux_rx() - decide who gets a frame of an ordinary queue
 * @nic: where it came from
 * @frame: the frame; its memory is synchronised for the CPU and no process has
 *	it mapped. For ATMO_VERDICT_TAKEN its page stands for other memory now.
 *
 * Context: softirq (NAPI), several CPUs at a time.
 * Return: enum atmo_verdict. The page is the caller's in each case.
 */
enum atmo_verdict atmo_demux_rx(struct atmo_nic *nic, struct atmo_rx_frame *frame)
{
	const u8 *data = frame_data(frame);
	enum atmo_parse_result result;
	enum atmo_verdict verdict;
	struct atmo_endpoint *ep;
	struct atmo_packet pkt;

	if (frame->flags & ATMO_RX_HW_ERROR) {
		atmo_nic_count(nic, ATMO_NIC_DROP_HW_ERROR);
		return ATMO_VERDICT_DROPPED;
	}
	/* What spans several buffers is longer than what instances receive. */
	if (frame->flags & ATMO_RX_MULTI_DESC)
		return ATMO_VERDICT_LINUX;
	result = atmo_parse_udp4(data, frame->len, &pkt);
	if (result == ATMO_PARSE_OTHER || !ether_addr_equal(data, nic->netdev->dev_addr))
		return ATMO_VERDICT_LINUX;

	rcu_read_lock();
	ep = find_endpoint(nic, &pkt);
	if (!ep)
		verdict = ATMO_VERDICT_LINUX;
	else if (result == ATMO_PARSE_MALFORMED)
		verdict = drop(nic, ep, ATMO_DROP_RX_MALFORMED, ATMO_NIC_DROP_MALFORMED);
	else if (!checksums_ok(frame, &pkt))
		verdict = drop(nic, ep, ATMO_DROP_RX_CHECKSUM, ATMO_NIC_DROP_CHECKSUM);
	else
		verdict = hand_over(nic, ep, frame);
	rcu_read_unlock();
	return verdict;
}
EXPORT_SYMBOL_GPL(atmo_demux_rx);

/**
 * atmo_demux_pass() - hand a frame that came by a hardware lane to Linux
 * @nic: the NIC
 * @frame: the frame; copied, its page stays the caller's. The caller has made
 *	sure that no process can write to it any more, or else whoever can could
 *	make Linux receive what it likes.
 *
 * Counted as ATMO_NIC_PASSED or ATMO_NIC_PASS_FAILED. Nothing that the NIC found
 * out about checksums is passed on: Linux verifies them itself.
 *
 * Context: any but hard interrupt.
 */
void atmo_demux_pass(struct atmo_nic *nic, const struct atmo_rx_frame *frame)
{
	struct net_device *netdev = nic->netdev;
	struct sk_buff *skb = NULL;

	rcu_read_lock();
	if (netif_running(netdev) && frame->len >= ETH_HLEN)
		skb = netdev_alloc_skb_ip_align(netdev, frame->len);
	if (skb) {
		skb_put_data(skb, frame_data(frame), frame->len);
		skb->protocol = eth_type_trans(skb, netdev);
		skb->ip_summed = CHECKSUM_NONE;
		netif_rx(skb);
	}
	rcu_read_unlock();
	atmo_nic_count(nic, skb ? ATMO_NIC_PASSED : ATMO_NIC_PASS_FAILED);
}
EXPORT_SYMBOL_GPL(atmo_demux_pass);

/**
 * atmo_lane_wake() - frames have come by a hardware lane
 * @owner: as given to lane_open()
 *
 * Context: hard or soft interrupt; not after lane_close() has returned.
 */
void atmo_lane_wake(void *owner)
{
	struct atmo_endpoint *ep = owner;

	ep->wake(ep);
}
EXPORT_SYMBOL_GPL(atmo_lane_wake);
