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

#include "alike.h"
#include "priv.h"
#include "trace.h"

static const u8 *frame_data(const struct atmo_rx_frame *frame)
{
	return frame->page->va + frame->offset;
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

/**
 * struct match - whose a flow is: the frames of a batch tend to be of one flow
 * @id: whose the last one is that was looked up, or ATMO_STACK_NONE
 * @ep: the same, if it is in the shared lane and started; under RCU
 * @has_head: @head is set: the flow is of IPv4
 * @is_udp: and of UDP
 * @is_full: @ep's queue was full then; that there may be room by now is for the next batch
 * @head: the frame that was looked up
 */
struct match {
	u32 id;
	struct atmo_endpoint *ep;
	bool has_head;
	bool is_udp;
	bool is_full;
	u8 head[ATMO_ALIKE_LEN];
};

/* Is a frame of the flow that was looked up last? */
static bool is_alike(const struct match *m, const u8 *data, u32 len)
{
	return m->has_head && len >= ATMO_ALIKE_LEN && atmo_is_alike(data, m->head);
}

/* How many frames of that flow come now, one behind the other. */
static u32 nr_alike(const struct match *m, const struct atmo_rx_frame *frames, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if ((frames[i].flags & (ATMO_RX_HW_ERROR | ATMO_RX_MULTI_DESC)) ||
		    frames[i].len < ATMO_ALIKE_LEN ||
		    !atmo_is_alike(frame_data(&frames[i]), m->head))
			break;
	return i;
}

static void look_up(struct atmo_nic *nic, const u8 *data, enum atmo_parse_result result,
		    const struct atmo_packet *pkt, struct match *m)
{
	struct atmo_flow flow = {
		.lport = pkt->dport,
		.rport = pkt->sport,
		.family = pkt->family,
		.protocol = pkt->protocol,
	};

	memcpy(flow.laddr, pkt->daddr, sizeof(flow.laddr));
	memcpy(flow.raddr, pkt->saddr, sizeof(flow.raddr));
	m->id = atmo_port_lookup(nic->ports, &flow);
	m->ep = m->id == ATMO_STACK_NONE ? NULL : xa_load(&nic->matched, m->id);
	m->has_head = result == ATMO_PARSE_OK && flow.family == AF_INET;
	m->is_udp = m->has_head && flow.protocol == IPPROTO_UDP;
	if (m->has_head)
		memcpy(m->head, data, ATMO_ALIKE_LEN);
	m->is_full = m->has_head && m->ep && atmo_queue_is_full(m->ep->queue);
}

static enum atmo_verdict drop(struct atmo_nic *nic, struct atmo_endpoint *ep,
			      enum atmo_drop reason, enum atmo_nic_stat stat)
{
	atmo_queue_drop(ep->queue, reason, 1);
	atmo_nic_count(nic, stat, 1);
	trace_atmo_drop(ep->instance, reason);
	return ATMO_VERDICT_DROPPED;
}

/*
 * Whoever sends more than is received shall not cost others much: what its queue has no
 * room for is known at a glance. Returns how many frames are dropped so, from the first on.
 */
static u32 drop_at_a_glance(struct atmo_nic *nic, const struct match *m,
			    const struct atmo_rx_frame *frames, enum atmo_verdict *verdicts,
			    u32 n)
{
	u32 i;

	n = nr_alike(m, frames, n);
	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		verdicts[i] = ATMO_VERDICT_DROPPED;
	atmo_nic_count(nic, ATMO_NIC_DROP_QUEUE_FULL, n);
	atmo_queue_drop(m->ep->queue, ATMO_DROP_RX_QUEUE_FULL, n);
	for (i = 0; i < n && trace_atmo_drop_enabled(); i++)
		trace_atmo_drop(m->ep->instance, ATMO_DROP_RX_QUEUE_FULL);
	return n;
}

/* As atmo_queue_push(), one by one: before each its page is known, behind it the spare. */
static u32 push_traced(struct atmo_endpoint *ep, struct atmo_rx_frame *frames, u32 n)
{
	u32 i, took;

	for (took = 0; took < n; took++) {
		struct page *page = frames[took].page->page;

		if (!atmo_queue_push(ep->queue, &frames[took], 1))
			break;
		trace_atmo_flip(ep->instance, page, frames[took].page->page, frames[took].len);
	}
	/* Those behind one that found no room don't find any: order is kept. */
	if (took + 1 < n)
		atmo_queue_drop(ep->queue, ATMO_DROP_RX_QUEUE_FULL, n - took - 1);
	for (i = took; i < n; i++)
		trace_atmo_drop(ep->instance, ATMO_DROP_RX_QUEUE_FULL);
	return took;
}

/* Frames that came one behind the other and are of one endpoint. */
static void hand_over(struct atmo_nic *nic, struct atmo_endpoint *ep,
		      struct atmo_rx_frame *frames, enum atmo_verdict *verdicts, u32 n)
{
	bool traced = trace_atmo_flip_enabled() || trace_atmo_drop_enabled();
	u32 i, took;

	took = traced ? push_traced(ep, frames, n) : atmo_queue_push(ep->queue, frames, n);

	for (i = 0; i < n; i++)
		verdicts[i] = i < took ? ATMO_VERDICT_TAKEN : ATMO_VERDICT_DROPPED;
	if (took) {
		atmo_nic_count(nic, ATMO_NIC_TAKEN, took);
		ep->wake(ep);
	}
	if (took < n)
		atmo_nic_count(nic, ATMO_NIC_DROP_QUEUE_FULL, n - took);
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
	atmo_nic_count(nic, ATMO_NIC_DROP_STRAY, 1);
	return ATMO_VERDICT_DROPPED;
}

/* Of an endpoint, to which the frame is handed over if it is as it should be. */
static enum atmo_verdict claimed(struct atmo_nic *nic, struct atmo_endpoint *ep,
				 struct atmo_rx_frame *frame, enum atmo_parse_result result,
				 const struct atmo_packet *pkt)
{
	if (result == ATMO_PARSE_MALFORMED)
		return drop(nic, ep, ATMO_DROP_RX_MALFORMED, ATMO_NIC_DROP_MALFORMED);
	if (!atmo_demux_checksums_ok(frame_data(frame), frame_data(frame), frame->flags, pkt))
		return drop(nic, ep, ATMO_DROP_RX_CHECKSUM, ATMO_NIC_DROP_CHECKSUM);
	frame->flags |= ATMO_RX_L3_OK | ATMO_RX_L4_OK;
	return ATMO_VERDICT_TAKEN;
}

/* The raw endpoint, if there is one in the shared lane. */
static struct atmo_endpoint *raw_endpoint(struct atmo_nic *nic)
{
	static const struct atmo_flow raw = { .family = AF_PACKET };
	u32 id = atmo_port_lookup(nic->ports, &raw);

	return likely(id == ATMO_STACK_NONE) ? NULL : xa_load(&nic->matched, id);
}

/* A datagram of the flow looked up last, which the parser and the NIC find right? */
static bool is_good_alike(const struct match *m, const u8 *data, const struct atmo_rx_frame *frame)
{
	const u32 verified = ATMO_RX_L3_OK | ATMO_RX_L4_OK;

	return m->is_udp && m->ep && (frame->flags & verified) == verified &&
	       atmo_alike_len_ok(data, frame->len);
}

/* By all of its headers, if it takes that. */
static noinline struct atmo_endpoint *classify_parsed(struct atmo_nic *nic,
						      struct atmo_rx_frame *frame, bool alike,
						      struct match *m, enum atmo_verdict *verdict)
{
	const u8 *data = frame_data(frame);
	enum atmo_parse_result result;
	struct atmo_packet pkt;

	result = atmo_parse(data, frame->len, &pkt);
	if (result == ATMO_PARSE_OTHER ||
	    !(alike || atmo_parse_dmac_ok(data, &pkt, nic->netdev->dev_addr)))
		return raw_endpoint(nic);
	if (!alike)
		look_up(nic, data, result, &pkt, m);
	if (m->id == ATMO_STACK_NONE)
		return raw_endpoint(nic);
	*verdict = m->ep ? claimed(nic, m->ep, frame, result, &pkt) : stray(nic, &pkt);
	return *verdict == ATMO_VERDICT_TAKEN ? m->ep : NULL;
}

/*
 * Whose a frame is: an endpoint, to which it is to be handed over, or NULL and what
 * becomes of it. What didn't come to our MAC address, or a group's, isn't for this
 * host: not even if it is addressed so in IP.
 */
static struct atmo_endpoint *classify(struct atmo_nic *nic, struct atmo_rx_frame *frame,
				      struct match *m, enum atmo_verdict *verdict)
{
	const u8 *data = frame_data(frame);
	bool alike;

	*verdict = ATMO_VERDICT_LINUX;
	if (unlikely(frame->flags & ATMO_RX_HW_ERROR)) {
		atmo_nic_count(nic, ATMO_NIC_DROP_HW_ERROR, 1);
		*verdict = ATMO_VERDICT_DROPPED;
		return NULL;
	}
	/* What spans several buffers is longer than what instances receive. */
	if (unlikely(frame->flags & ATMO_RX_MULTI_DESC))
		return NULL;
	alike = is_alike(m, data, frame->len);
	return likely(alike && is_good_alike(m, data, frame)) ? m->ep :
		classify_parsed(nic, frame, alike, m, verdict);
}

/**
 * atmo_demux_rx() - decide who gets frames of an ordinary queue
 * @nic: where they came from
 * @frames: the frames, in the order in which they came; their memory is synchronised
 *	for the CPU and no process has it mapped. Of those with ATMO_VERDICT_TAKEN
 *	the page stands for other memory now.
 * @verdicts: out: enum atmo_verdict of each. The page is the caller's in each case.
 * @n: how many
 *
 * Whoever claims the flow, by 5-tuple or by local port; else the raw endpoint;
 * else Linux. Frames of one endpoint that come one behind the other are put on its
 * queue together, and it is woken once.
 *
 * Context: softirq (NAPI), several CPUs at a time.
 */
void atmo_demux_rx(struct atmo_nic *nic, struct atmo_rx_frame *frames,
		   enum atmo_verdict *verdicts, u32 n)
{
	struct atmo_endpoint *ep, *last = NULL;
	struct match match;
	u32 i, dropped, first = 0;

	match.has_head = false;
	match.is_full = false;
	rcu_read_lock();
	for (i = 0; i < n; i += dropped ?: 1) {
		ep = NULL;
		dropped = match.is_full ? drop_at_a_glance(nic, &match, &frames[i], &verdicts[i],
							   n - i) : 0;
		if (!dropped)
			ep = classify(nic, &frames[i], &match, &verdicts[i]);
		if (ep == last)
			continue;
		if (last)
			hand_over(nic, last, &frames[first], &verdicts[first], i - first);
		last = ep;
		first = i;
	}
	if (last)
		hand_over(nic, last, &frames[first], &verdicts[first], n - first);
	rcu_read_unlock();
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
	atmo_nic_count(nic, skb ? ATMO_NIC_PASSED : ATMO_NIC_PASS_FAILED, 1);
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
