// SPDX-License-Identifier: GPL-2.0
/*
 * Sending. By a hardware lane the headers are built here and the payload goes
 * out from where it lies. Where there is no such lane, or the neighbour's MAC
 * address isn't known yet, the datagram is copied and Linux sends it: it waits
 * for the address, and queueing disciplines and tcpdump see it.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/route.h>

#include "header.h"
#include "priv.h"

static_assert(ATMO_HEADER_LEN <= ATMO_TX_HEAD_MAX);

static void refuse(struct atmo_tx_work *work, enum atmo_drop reason, int err)
{
	work->verdict = ATMO_TX_REFUSE;
	work->reason = reason;
	work->status = err;
}

/*
 * As Linux does it for a UDP socket: DF, so that the path's MTU is found out,
 * unless that is switched off. Only fragments need an identification.
 */
static void fill_ip(struct atmo_header *h, struct net *net, const struct rtable *rt)
{
	struct iphdr iph = {
		.protocol = IPPROTO_UDP,
		.saddr = h->saddr,
		.daddr = h->daddr,
	};

	h->ttl = ip4_dst_hoplimit(&rt->dst);
	h->dont_fragment = !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) &&
			   !dst_metric_locked(&rt->dst, RTAX_MTU);
	if (h->dont_fragment)
		return;
	__ip_select_ident(net, &iph, 1);
	h->id = ntohs(iph.id);
}

/* A copy of the datagram as skb: from the IPv4 header on, the rest is Linux's. */
static struct sk_buff *make_skb(struct atmo_tx_work *work, struct net_device *netdev)
{
	unsigned int reserve = LL_RESERVED_SPACE(netdev);
	struct sk_buff *skb;

	skb = alloc_skb(reserve + ATMO_HEADER_L3_LEN + work->desc.len + netdev->needed_tailroom,
			GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, reserve);
	skb_put_data(skb, work->head + ATMO_HEADER_ETH_LEN, ATMO_HEADER_L3_LEN);
	skb_put_data(skb, work->payload, work->desc.len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, ATMO_HEADER_IPV4_LEN);
	skb->protocol = htons(ETH_P_IP);
	/* The UDP checksum field holds the pseudo-header's sum already. */
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	return skb;
}

static void send_by_linux(struct atmo_tx_work *work, struct net_device *netdev,
			  struct rtable *rt)
{
	struct sk_buff *skb = make_skb(work, netdev);
	int err;

	if (!skb)
		return refuse(work, ATMO_DROP_TX_NO_MEMORY, -ENOMEM);
	skb_dst_set(skb, dst_clone(&rt->dst));
	err = ip_local_out(dev_net(netdev), NULL, skb);
	if (err > 0)
		err = net_xmit_errno(err);
	if (err == -ENOBUFS)
		return refuse(work, ATMO_DROP_TX_NO_MEMORY, err);
	if (err < 0)
		return refuse(work, ATMO_DROP_TX_NO_ROUTE, err);
	work->verdict = ATMO_TX_SENT;
}

static void send_one(struct atmo_udp *udp, const struct atmo_endpoint *ep,
		     struct atmo_tx_work *work)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);
	const struct atmo_tx_desc *desc = &work->desc;
	struct atmo_header h = {
		.saddr = ep->flow.laddr[0],
		.daddr = desc->addr[0],
		.sport = ep->flow.lport,
		.dport = desc->port,
		.payload_len = desc->len,
	};
	struct rtable *rt;
	bool direct;

	if (!desc->port || desc->addr[1] || desc->addr[2] || desc->addr[3])
		return refuse(work, ATMO_DROP_TX_BAD_DEST, -EINVAL);
	rt = atmo_route_get(udp, ep, h.daddr);
	if (IS_ERR(rt))
		return refuse(work, PTR_ERR(rt) == -EINVAL ? ATMO_DROP_TX_BAD_DEST :
			      ATMO_DROP_TX_NO_ROUTE, PTR_ERR(rt));
	/* The path may be narrower than the device. */
	if (desc->len + ATMO_HEADER_L3_LEN > dst_mtu(&rt->dst))
		return refuse(work, ATMO_DROP_TX_TOO_LONG, -EMSGSIZE);
	direct = ep->lane && atmo_route_mac(rt, netdev, h.daddr, h.dmac);
	ether_addr_copy(h.smac, netdev->dev_addr);
	fill_ip(&h, dev_net(netdev), rt);
	atmo_header_build(work->head, &h);
	if (!direct)
		return send_by_linux(work, netdev, rt);
	work->head_len = ATMO_HEADER_LEN;
	work->verdict = ATMO_TX_SEND;
}

/* atmo_proto.tx */
void atmo_udp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	u32 i;

	for (i = 0; i < n; i++)
		send_one(priv, ep, &work[i]);
}

/* atmo_proto.max_payload: what fits into one frame; datagrams aren't fragmented. */
u32 atmo_udp_max_payload(struct atmo_instance *inst)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	u32 mtu = READ_ONCE(atmo_nic_netdev(ep->nic)->mtu);

	mtu = min_t(u32, mtu, ETH_DATA_LEN);
	return mtu > ATMO_HEADER_L3_LEN ? mtu - ATMO_HEADER_L3_LEN : 0;
}
