// SPDX-License-Identifier: GPL-2.0
/*
 * Sending by way of Linux's IP layer: where there is no hardware lane and somebody may
 * be looking (see direct.c), or the neighbour's MAC address isn't known yet. The packet
 * is copied; it waits for the address, and queueing disciplines and tcpdump see it.
 * What Linux's own route decides passes netfilter, too; what a static entry of the
 * instance decides can't.
 */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/neighbour.h>

#include "priv.h"

/* A copy of the packet: from the IP header on, the rest is Linux's. */
static struct sk_buff *make_skb(const struct atmo_endpoint *ep, const struct atmo_tx_work *work)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);
	unsigned int reserve = LL_RESERVED_SPACE(netdev);
	u32 head_len = work->head_len - ATMO_ETH_LEN;
	u32 len = work->desc.len - work->skip;
	struct sk_buff *skb;

	skb = alloc_skb(reserve + head_len + len + netdev->needed_tailroom, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, reserve);
	skb_put_data(skb, work->head + ATMO_ETH_LEN, head_len);
	skb_put_data(skb, work->payload + work->skip, len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, atmo_l3_len(ep->flow.family));
	skb->protocol = htons(ep->flow.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	skb->dev = netdev;
	/* The checksum field holds the pseudo-header's sum already. */
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = ep->flow.protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
							      offsetof(struct udphdr, check);
	return skb;
}

static int send_by_route(const struct atmo_endpoint *ep, const struct atmo_path *path,
			 struct sk_buff *skb)
{
	struct net *net = ep->net;

	skb_dst_set(skb, dst_clone(path->dst));
	if (ep->flow.family == AF_INET)
		return ip_local_out(net, NULL, skb);
#if IS_ENABLED(CONFIG_IPV6)
	return ip6_local_out(net, NULL, skb);
#else
	kfree_skb(skb);
	return -EAFNOSUPPORT;
#endif
}

static int send_to_mac(const struct atmo_path *path, struct sk_buff *skb)
{
	if (dev_hard_header(skb, skb->dev, ntohs(skb->protocol), path->mac, NULL, skb->len) < 0) {
		kfree_skb(skb);
		return -EINVAL;
	}
	return dev_queue_xmit(skb);
}

static int send_to_neigh(struct atmo_instance *inst, const struct atmo_path *path,
			 struct sk_buff *skb)
{
	struct neighbour *n = atmo_path_neigh(inst, path);
	int err;

	if (!n) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	rcu_read_lock();
	err = neigh_output(n, skb, false);
	rcu_read_unlock();
	neigh_release(n);
	return err;
}

static int send_skb(struct atmo_instance *inst, const struct atmo_path *path,
		    struct sk_buff *skb)
{
	if (path->dst && !path->mac_static)
		return send_by_route(&inst->ep, path, skb);
	/* Linux's IP layer does that otherwise. */
	if (inst->ep.flow.family == AF_INET)
		ip_send_check(ip_hdr(skb));
	return path->mac_static ? send_to_mac(path, skb) : send_to_neigh(inst, path, skb);
}

static void send_by_linux(struct atmo_instance *inst, const struct atmo_path *path,
			  struct atmo_tx_work *work)
{
	struct sk_buff *skb = make_skb(&inst->ep, work);
	int err;

	/* Not before what is left to be sent together. */
	if (!inst->ep.lane)
		atmo_direct_send(inst, inst->tx.work, work - inst->tx.work);
	if (!skb)
		return atmo_tx_refuse(work, ATMO_DROP_TX_NO_MEMORY, -ENOMEM);
	err = send_skb(inst, path, skb);
	if (err > 0)
		err = net_xmit_errno(err);
	if (err == -ENOBUFS)
		return atmo_tx_refuse(work, ATMO_DROP_TX_NO_MEMORY, err);
	if (err < 0)
		return atmo_tx_refuse(work, ATMO_DROP_TX_NO_ROUTE, err);
	work->verdict = ATMO_TX_SENT;
}

/**
 * atmo_path_send() - the last step of a protocol's tx
 * @inst: sender
 * @path: as found, and resolved
 * @work: head, head_len, csum and skip are filled in; the head fits the path. Its
 *	verdict is set: the packet is left to the lane, has been sent by way of
 *	Linux, or is refused.
 *
 * Context: as atmo_path_find(). The page stays the stack's.
 */
void atmo_path_send(struct atmo_instance *inst, struct atmo_path *path,
		    struct atmo_tx_work *work)
{
	if (path->mac_known && inst->ep.flow.family == AF_INET &&
	    (inst->ep.lane || atmo_path_is_plain(inst, path)))
		work->verdict = ATMO_TX_SEND;
	else
		send_by_linux(inst, path, work);
}
EXPORT_SYMBOL_GPL(atmo_path_send);
