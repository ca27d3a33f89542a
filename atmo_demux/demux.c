// SPDX-License-Identifier: GPL-2.0
/* The data path: frames of the ordinary queues on their way to endpoints. */
#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "priv.h"
#include "trace.h"

static const u8 *frame_data(const struct atmo_rx_frame *frame)
{
	return frame->page->va + frame->offset;
}

/*
 * Whose a frame is, or ATMO_STACK_NONE. What didn't come to our MAC address, or
 * a group's, isn't for this host: not even if it is addressed so in IP.
 */
static u32 find_flow(struct atmo_nic *nic, const u8 *data, const struct atmo_packet *pkt)
{
	struct atmo_flow flow = {
		.lport = pkt->dport,
		.rport = pkt->sport,
		.family = pkt->family,
		.protocol = pkt->protocol,
	};

	if (!atmo_parse_dmac_ok(data, pkt, nic->netdev->dev_addr))
		return ATMO_STACK_NONE;
	memcpy(flow.laddr, pkt->daddr, sizeof(flow.laddr));
	memcpy(flow.raddr, pkt->saddr, sizeof(flow.raddr));
	return atmo_port_lookup(nic->ports, &flow);
}

/**
 * atmo_demux_checksums_ok() - are the checksums of a packet right?
 * @data: the frame; if others can write to it, see atmo_parse_l4_checksum_ok()
 * @head: its first ATMO_PARSE_LEN bytes, where nobody else can write: @data will do
 *	if that is so there
 * @flags: ATMO_RX_*: what the NIC has verified is not looked at again
 * @pkt: what atmo_parse() made of it with ATMO_PARSE_OK
 *
 * Context: any.
 * Return: true if they are.
 */
bool atmo_demux_checksums_ok(const u8 *data, const u8 *head, u32 flags,
			     const struct atmo_packet *pkt)
{
	return (flags & ATMO_RX_L3_OK || atmo_parse_l3_checksum_ok(head, pkt)) &&
	       (flags & ATMO_RX_L4_OK || atmo_parse_l4_checksum_ok(data, pkt));
}
EXPORT_SYMBOL_GPL(atmo_demux_checksums_ok);

static enum atmo_verdict drop(struct atmo_nic *nic, struct atmo_endpoint *ep,
			      enum atmo_drop reason, enum atmo_nic_stat stat)
{
	atmo_queue_drop(ep->queue, reason);
	atmo_nic_count(nic, stat);
	trace_atmo_drop(ep->instance, reason);
	return ATMO_VERDICT_DROPPED;
}

static enum atmo_verdict hand_over(struct atmo_nic *nic, struct atmo_endpoint *ep,
				   struct atmo_rx_frame *frame)
{
	struct page *page = frame->page->page;

	if (!atmo_queue_push(ep->queue, frame)) {
		atmo_nic_count(nic, ATMO_NIC_DROP_QUEUE_FULL);
		trace_atmo_drop(ep->instance, ATMO_DROP_RX_QUEUE_FULL);
		return ATMO_VERDICT_DROPPED;
	}
	atmo_nic_count(nic, ATMO_NIC_TAKEN);
	trace_atmo_flip(ep->instance, page, frame->page->page, frame->len);
	ep->wake(ep);
	return ATMO_VERDICT_TAKEN;
}

/*
 * Softirqs don't find the endpoints of hardware lanes, nor those that aren't
 * started. What comes here for them (before a filter is set, after it is removed)
 * is Linux's, where the port is reserved and a datagram dropped. A segment would
 * be answered with a reset, which the connection didn't deserve.
 */
static enum atmo_verdict stray(struct atmo_nic *nic, const struct atmo_packet *pkt)
{
	if (pkt->protocol != IPPROTO_TCP)
		return ATMO_VERDICT_LINUX;
	atmo_nic_count(nic, ATMO_NIC_DROP_STRAY);
	return ATMO_VERDICT_DROPPED;
}

static enum atmo_verdict claimed(struct atmo_nic *nic, u32 id, struct atmo_rx_frame *frame,
				 enum atmo_parse_result result, const struct atmo_packet *pkt)
{
	struct atmo_endpoint *ep = xa_load(&nic->matched, id);

	if (!ep)
		return stray(nic, pkt);
	if (result == ATMO_PARSE_MALFORMED)
		return drop(nic, ep, ATMO_DROP_RX_MALFORMED, ATMO_NIC_DROP_MALFORMED);
	if (!atmo_demux_checksums_ok(frame_data(frame), frame_data(frame), frame->flags, pkt))
		return drop(nic, ep, ATMO_DROP_RX_CHECKSUM, ATMO_NIC_DROP_CHECKSUM);
	frame->flags |= ATMO_RX_L3_OK | ATMO_RX_L4_OK;
	return hand_over(nic, ep, frame);
}

/* The raw endpoint's, if there is one in the shared lane. */
static enum atmo_verdict unclaimed(struct atmo_nic *nic, struct atmo_rx_frame *frame)
{
	static const struct atmo_flow raw = { .family = AF_PACKET };
	u32 id = atmo_port_lookup(nic->ports, &raw);
	struct atmo_endpoint *ep;

	if (likely(id == ATMO_STACK_NONE))
		return ATMO_VERDICT_LINUX;
	ep = xa_load(&nic->matched, id);
	return ep ? hand_over(nic, ep, frame) : ATMO_VERDICT_LINUX;
}

/**
 * atmo_demux_rx() - decide who gets a frame of an ordinary queue
 * @nic: where it came from
 * @frame: the frame; its memory is synchronised for the CPU and no process has
 *	it mapped. For ATMO_VERDICT_TAKEN its page stands for other memory now.
 *
 * Whoever claims the flow, by 5-tuple or by local port; else the raw endpoint;
 * else Linux.
 *
 * Context: softirq (NAPI), several CPUs at a time.
 * Return: enum atmo_verdict. The page is the caller's in each case.
 */
enum atmo_verdict atmo_demux_rx(struct atmo_nic *nic, struct atmo_rx_frame *frame)
{
	const u8 *data = frame_data(frame);
	enum atmo_parse_result result;
	enum atmo_verdict verdict;
	u32 id = ATMO_STACK_NONE;
	struct atmo_packet pkt;

	if (frame->flags & ATMO_RX_HW_ERROR) {
		atmo_nic_count(nic, ATMO_NIC_DROP_HW_ERROR);
		return ATMO_VERDICT_DROPPED;
	}
	/* What spans several buffers is longer than what instances receive. */
	if (frame->flags & ATMO_RX_MULTI_DESC)
		return ATMO_VERDICT_LINUX;
	result = atmo_parse(data, frame->len, &pkt);

	rcu_read_lock();
	if (result != ATMO_PARSE_OTHER)
		id = find_flow(nic, data, &pkt);
	if (id == ATMO_STACK_NONE)
		verdict = unclaimed(nic, frame);
	else
		verdict = claimed(nic, id, frame, result, &pkt);
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
