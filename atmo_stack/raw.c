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

#include "check.h"
#include "priv.h"
#include "../atmo_portmgr/compat.h"

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

static void send_one(struct atmo_tx_work *work)
{
	u8 reason;
	int err;

	err = atmo_check_tx_whole(&work->desc, &reason);
	if (err)
		return atmo_tx_refuse(work, reason, err);
	work->csum = ATMO_TX_CSUM_NONE;
	work->verdict = ATMO_TX_SEND;
}

static void raw_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		send_one(&work[i]);
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
EXPORT_SYMBOL_IF_KUNIT(atmo_raw_proto);
