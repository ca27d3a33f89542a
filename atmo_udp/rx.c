// SPDX-License-Identifier: GPL-2.0
/* Received datagrams: the application gets the payload. */
#include <linux/compiler.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>

#include "../atmo_demux/parse.h"
#include "../atmo_stack/plain.h"
#include "priv.h"

/* Called with the instance's receive mutex held, or before it is received on. */
static void match_own_mac(struct atmo_instance *inst, struct atmo_udp *udp)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	const u8 *mac = atmo_nic_netdev(ep->nic)->dev_addr;

	if (likely(ether_addr_equal(udp->mac, mac)))
		return;
	ether_addr_copy(udp->mac, mac);
	atmo_udp_match_set(&udp->match, &ep->flow, udp->mac);
}

/* atmo_proto.init */
int atmo_udp_instance_init(struct atmo_instance *inst, void *priv)
{
	struct atmo_udp *udp = priv;

	atmo_udp_match_set(&udp->match, &atmo_instance_endpoint(inst)->flow, udp->mac);
	match_own_mac(inst, udp);
	return 0;
}

/* Delivers a frame that is what nearly all are; false: it isn't, or may not be. */
static bool deliver_plain(const struct atmo_udp *udp, struct atmo_rx_work *work)
{
	struct atmo_udp_head head;
	u32 len = atmo_plain_len(&work->frame, &udp->match, &head);

	if (!len)
		return false;
	work->verdict = ATMO_RX_DELIVER;
	atmo_plain_fill(&work->desc, work->frame.offset, &head, len);
	return true;
}

/* atmo_proto.rx_plain */
const struct atmo_udp_match *atmo_udp_rx_plain(struct atmo_instance *inst, void *priv)
{
	struct atmo_udp *udp = priv;

	match_own_mac(inst, udp);
	return &udp->match;
}

static noinline void judge(struct atmo_instance *inst, struct atmo_rx_work *work)
{
	struct atmo_packet pkt;

	if (atmo_rx_judge(inst, work, &pkt))
		atmo_rx_deliver(work, &pkt, pkt.payload_offset);
}

/* atmo_proto.rx */
void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n)
{
	struct atmo_udp *udp = priv;
	u32 i;

	match_own_mac(inst, udp);
	for (i = 0; i < n; i++)
		if (!deliver_plain(udp, &work[i]))
			judge(inst, &work[i]);
}
