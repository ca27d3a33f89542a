// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of the shared lane, complete from the Ethernet header on, to the device: a
 * batch at a time and with one write to its tail, as long as nobody between us and it
 * would look at them. What may be looking is asked once a batch:
 *
 *   path is plain     netfilter, tunnels, VRFs: else slow.c sends, packet by packet
 *   device is plain   tcpdump, tc, netfilter's egress hook: else dev_queue_xmit()
 *   discipline idle   it may be bypassed and holds nothing: else dev_queue_xmit()
 *
 * The order of an instance's packets is that of Linux: what bypasses a queueing
 * discipline does so as its only runner, while it is empty, and what the device has no
 * room for is queued there, so that all that follows is queued as well.
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

/*
 * A batch.
 *
 * @nr: frames
 * @skb: the frames
 * @work: the entries of the tx ring that they are of
 */
struct direct {
	u32 nr;
	struct sk_buff *skb[ATMO_CHUNK];
	struct atmo_tx_work *work[ATMO_CHUNK];
};

/* ---- Who may be looking ---- */

#ifdef CONFIG_NETFILTER

/*
 * A security module's hook at this place (AppArmor has one wherever it is built in)
 * judges packets by their label and changes none: make_frame() asks it. Rules of
 * nft and iptables, connection tracking, NAT and BPF are others.
 */
static bool only_judges(const struct nf_hook_entries *hooks)
{
	const struct nf_hook_ops *ops;

	if (hooks->num_hook_entries != 1)
		return false;
	ops = nf_hook_entries_get_hook_ops(hooks)[0];
	return ops->priority == NF_IP_PRI_SELINUX_FIRST &&
	       ops->hook_ops_type == NF_HOOK_OP_UNDEFINED;
}

static bool netfilter_is_plain(const struct net *net)
{
	const struct nf_hook_entries *hooks;
	bool plain;

	rcu_read_lock();
	hooks = rcu_dereference(net->nf.hooks_ipv4[NF_INET_POST_ROUTING]);
	plain = !rcu_access_pointer(net->nf.hooks_ipv4[NF_INET_LOCAL_OUT]) &&
		(!hooks || only_judges(hooks));
	rcu_read_unlock();
	return plain;
}

#else

static bool netfilter_is_plain(const struct net *net)
{
	return true;
}

#endif

/*
 * Would Linux's IP layer do nothing to packets on this path but find the neighbour?
 * Context: as atmo_path_find().
 */
bool atmo_path_is_plain(const struct atmo_instance *inst, const struct atmo_path *path)
{
	const struct net_device *netdev = atmo_nic_netdev(inst->ep.nic);

	/* What an instance's static entries decide is rare, and IPv6 not done yet. */
	if (!path->dst || path->mac_static || inst->ep.flow.family != AF_INET)
		return false;
	/* Linux has members of the group on this machine, too. */
	if (path->multicast)
		return false;
	/* A tunnel, or IPsec. */
	if (READ_ONCE(path->dst->output) != ip_output)
		return false;
	/* A VRF's rules come between. */
	if (netif_is_l3_slave(netdev))
		return false;
	return netfilter_is_plain(inst->ep.net);
}

/* Is there nobody who sees, changes or places frames above the device's queues? */
static bool device_is_plain(struct net_device *netdev)
{
	/* Packet sockets: tcpdump. */
	if (dev_nit_active(netdev))
		return false;
	/* tc's filters, BPF, netfilter's hook of the device. */
	if (atmo_netdev_has_egress(netdev))
		return false;
	/* A queue that the driver wants to choose. */
	if (netdev->netdev_ops->ndo_select_queue)
		return false;
	/* Linux computes checksums itself where that is switched off. */
	return netdev->features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM);
}

/* ---- Frames ---- */

/* Of what the headers say; the checksum field holds the pseudo-header's sum already. */
static void set_headers(struct sk_buff *skb, u8 csum)
{
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	if (csum == ATMO_TX_CSUM_NONE) {
		skb->protocol = dev_parse_header_protocol(skb);
		return;
	}
	skb->protocol = htons(ETH_P_IP);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(struct iphdr));
	ip_send_check(ip_hdr(skb));
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = csum == ATMO_TX_CSUM_TCP4 ? offsetof(struct tcphdr, check) :
						       offsetof(struct udphdr, check);
}

/*
 * Of the memory that drivers receive into: it comes and goes with less ado than what
 * sockets send from. At least a frame that needs no padding.
 */
static struct sk_buff *alloc_frame(struct net_device *netdev, u32 len)
{
	unsigned int reserve = LL_RESERVED_SPACE(netdev);
	unsigned int size = SKB_DATA_ALIGN(reserve + max_t(u32, len, ETH_ZLEN) +
					   netdev->needed_tailroom) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	void *data = napi_alloc_frag(size);
	struct sk_buff *skb;

	if (unlikely(!data))
		return NULL;
	skb = napi_build_skb(data, size);
	if (unlikely(!skb)) {
		skb_free_frag(data);
		return NULL;
	}
	skb_reserve(skb, reserve);
	skb->dev = netdev;
	return skb;
}

/* A copy of the frame, or NULL: the entry is refused. */
static struct sk_buff *make_frame(const struct atmo_endpoint *ep, struct atmo_tx_work *work)
{
	u32 len = work->desc.len - work->skip;
	struct sk_buff *skb;

	skb = alloc_frame(atmo_nic_netdev(ep->nic), work->head_len + len);
	if (!skb) {
		atmo_tx_refuse(work, ATMO_DROP_TX_NO_MEMORY, -ENOBUFS);
		return NULL;
	}
	skb_put_data(skb, work->head, work->head_len);
	skb_put_data(skb, work->payload + work->skip, len);
	set_headers(skb, work->csum);
	return skb;
}

/* Returns false if the skb is gone: a hook of a security module wouldn't have it. */
static bool is_let_out(const struct atmo_endpoint *ep, struct sk_buff *skb,
		       struct atmo_tx_work *work)
{
	int ret;

	if (work->csum == ATMO_TX_CSUM_NONE)
		return true;
	__skb_pull(skb, ETH_HLEN);
	ret = nf_hook(NFPROTO_IPV4, NF_INET_POST_ROUTING, ep->net, NULL, skb, NULL, skb->dev,
		      NULL);
	if (ret < 0)
		atmo_tx_refuse(work, ATMO_DROP_TX_NO_ROUTE, ret);
	if (ret != 1)
		return false;
	__skb_push(skb, ETH_HLEN);
	return true;
}

/* Those of @n entries that are left to the lane. */
static void make_frames(const struct atmo_endpoint *ep, struct atmo_tx_work *work, u32 n,
			struct direct *d)
{
	struct sk_buff *skb;
	u32 i;

	d->nr = 0;
	for (i = 0; i < n; i++, work++) {
		if (work->verdict != ATMO_TX_SEND || work->head_len > ATMO_TX_HEAD_MAX ||
		    work->skip > work->desc.len)
			continue;
		skb = make_frame(ep, work);
		if (!skb)
			continue;
		work->verdict = ATMO_TX_SENT;
		if (!is_let_out(ep, skb, work))
			continue;
		d->skb[d->nr] = skb;
		d->work[d->nr++] = work;
	}
}

/* ---- To the device ---- */

/* Both have addresses and ports in the same place, unless they are raw. */
static bool is_same_flow(const struct sk_buff *a, const struct sk_buff *b)
{
	return a->ip_summed == CHECKSUM_PARTIAL && b->ip_summed == CHECKSUM_PARTIAL &&
	       !memcmp(&ip_hdr(a)->saddr, &ip_hdr(b)->saddr, 12);
}

/* The queue that Linux would choose, for each; the choice is one by flow. */
static void choose_queues(struct net_device *netdev, const struct direct *d)
{
	u16 queue = 0;
	u32 i;

	for (i = 0; i < d->nr; i++) {
		if (netdev->real_num_tx_queues > 1 &&
		    !(i && is_same_flow(d->skb[i], d->skb[i - 1])))
			queue = netdev_pick_tx(netdev, d->skb[i], NULL);
		skb_set_queue_mapping(d->skb[i], queue);
	}
}

/* Frames of the same queue, from @first on. */
static u32 run_len(const struct direct *d, u32 first)
{
	u16 queue = skb_get_queue_mapping(d->skb[first]);
	u32 i = first + 1;

	while (i < d->nr && skb_get_queue_mapping(d->skb[i]) == queue)
		i++;
	return i - first;
}

static void send_by_qdisc(struct sk_buff *skb, struct atmo_tx_work *work)
{
	int err;

	/* Anything else would be taken for the queue that it was received by. */
	skb_set_queue_mapping(skb, 0);
	if (!skb_transport_header_was_set(skb))
		skb_probe_transport_header(skb);
	err = dev_queue_xmit(skb);
	if (err > 0)
		err = net_xmit_errno(err);
	if (err)
		atmo_tx_refuse(work, err == -ENOBUFS ? ATMO_DROP_TX_NO_MEMORY :
			       ATMO_DROP_TX_DEVICE, err);
}

/*
 * Sends what the protocol has left to a lane, as there is none: verdict becomes
 * ATMO_TX_SENT, or the entry is refused.
 *
 * Context: process, under tx.mutex. The pages stay the stack's.
 */
void atmo_direct_send(struct atmo_instance *inst, struct atmo_tx_work *work, u32 n)
{
	struct net_device *netdev = atmo_nic_netdev(inst->ep.nic);
	struct direct d;
	u32 i, end;
	bool plain;

	/* For what Linux keeps by processor, skbs among it, and RCU. */
	rcu_read_lock_bh();
	make_frames(&inst->ep, work, n, &d);
	plain = device_is_plain(netdev);
	if (plain)
		choose_queues(netdev, &d);
	for (i = 0; i < d.nr; i = end) {
		end = i + (plain ? run_len(&d, i) : d.nr);
		if (plain)
			i += atmo_qdisc_bypass(skb_get_tx_queue(netdev, d.skb[i]), &d.skb[i],
					       end - i);
		for (; i < end; i++)
			send_by_qdisc(d.skb[i], d.work[i]);
	}
	rcu_read_unlock_bh();
}
