// SPDX-License-Identifier: GPL-2.0
/*
 * Whole frames of a port (AF_PACKET), for those who may see and forge everything
 * on the wire anyway: binding needs CAP_NET_RAW. Nothing of a frame is judged but
 * its length, so none is copied for that. In a hardware lane rx.c and tx.c deliver and
 * send them by themselves.
 */
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "check.h"
#include "priv.h"

static void raw_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n)
{
	const struct atmo_rx_frame *frame;
	u32 i;

	for (i = 0; i < n; i++) {
		frame = &work[i].frame;
		work[i].verdict = ATMO_RX_DELIVER;
		work[i].desc = (struct atmo_rx_desc) {
			.offset = frame->offset,
			.len = frame->len,
			.frame_offset = frame->offset,
		};
	}
}

/* Without a lane: by the device's queueing discipline, as packet(7) does. */
static int send_by_linux(struct atmo_instance *inst, const struct atmo_tx_work *work)
{
	struct net_device *netdev = atmo_nic_netdev(inst->ep.nic);
	unsigned int reserve = LL_RESERVED_SPACE(netdev);
	u32 len = work->desc.len;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb(reserve + len + netdev->needed_tailroom, GFP_KERNEL);
	if (!skb)
		return -ENOBUFS;
	skb_reserve(skb, reserve);
	skb_reset_mac_header(skb);
	skb_put_data(skb, work->payload, len);
	skb_set_network_header(skb, ETH_HLEN);
	skb->dev = netdev;
	skb->protocol = dev_parse_header_protocol(skb);
	skb_probe_transport_header(skb);
	err = dev_queue_xmit(skb);
	return err > 0 ? net_xmit_errno(err) : err;
}

static void send_one(struct atmo_instance *inst, struct atmo_tx_work *work)
{
	u8 reason;
	int err;

	err = atmo_check_tx_whole(&work->desc, &reason);
	if (err)
		return atmo_tx_refuse(work, reason, err);
	err = send_by_linux(inst, work);
	if (err == -ENOBUFS)
		atmo_tx_refuse(work, ATMO_DROP_TX_NO_MEMORY, err);
	else if (err)
		atmo_tx_refuse(work, ATMO_DROP_TX_DEVICE, err);
	else
		work->verdict = ATMO_TX_SENT;
}

static void raw_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		send_one(inst, &work[i]);
}

/* The longest frame without FCS; as for Linux's own, a VLAN tag comes on top. */
static u32 raw_max_payload(struct atmo_instance *inst)
{
	u32 mtu = READ_ONCE(atmo_nic_netdev(inst->ep.nic)->mtu);

	return min_t(u32, mtu, ETH_DATA_LEN) + VLAN_ETH_HLEN;
}

const struct atmo_proto atmo_raw_proto = {
	.owner		= THIS_MODULE,
	.family		= AF_PACKET,
	.rx		= raw_rx,
	.tx		= raw_tx,
	.max_payload	= raw_max_payload,
};
