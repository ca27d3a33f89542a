// SPDX-License-Identifier: GPL-2.0
/* Judging received frames. */
#include <linux/compiler.h>
#include <linux/etherdevice.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"
#include "header.h"
#include "priv.h"

static void drop(struct atmo_rx_work *work, enum atmo_drop reason)
{
	work->verdict = ATMO_RX_DROP;
	work->reason = reason;
}

static void deliver(struct atmo_rx_work *work, const struct atmo_packet *pkt)
{
	const struct atmo_rx_frame *frame = &work->frame;

	work->verdict = ATMO_RX_DELIVER;
	work->desc = (struct atmo_rx_desc) {
		.offset = frame->offset + pkt->payload_offset,
		.len = pkt->payload_len,
		.frame_offset = frame->offset,
		.port = pkt->sport,
		.addr = { pkt->saddr },
	};
}

static bool checksums_ok(const u8 *data, const u8 *head, u32 flags,
			 const struct atmo_packet *pkt)
{
	return (flags & ATMO_RX_L3_OK || atmo_parse_ipv4_checksum_ok(head, pkt)) &&
	       (flags & ATMO_RX_L4_OK || atmo_parse_udp4_checksum_ok(data, pkt));
}

/*
 * In the hardware lane the application can write to the frame while it is being
 * judged: all decisions and bounds come from a copy of its headers. What is
 * summed up for the checksum is the frame itself; who changes that cheats only
 * himself.
 */
static void judge(const struct atmo_endpoint *ep, const struct net_device *netdev,
		  struct atmo_rx_work *work)
{
	const struct atmo_rx_frame *frame = &work->frame;
	const u8 *data = frame->page->va + frame->offset;
	size_t head_len = min_t(size_t, frame->len, ATMO_HEADER_SNAP_LEN);
	enum atmo_parse_result result;
	u8 head[ATMO_HEADER_SNAP_LEN];
	struct atmo_packet pkt;

	if (frame->flags & ATMO_RX_HW_ERROR)
		return drop(work, ATMO_DROP_RX_HW_ERROR);
	if (frame->flags & ATMO_RX_MULTI_DESC)
		return drop(work, ATMO_DROP_RX_MULTI_DESC);
	memcpy(head, data, head_len);
	/* Not to be read again in place of the copy. */
	barrier();
	result = atmo_parse_udp4(head, frame->len, &pkt);
	if (result == ATMO_PARSE_MALFORMED)
		return drop(work, ATMO_DROP_RX_MALFORMED);
	if (result == ATMO_PARSE_OTHER || !ether_addr_equal(head, netdev->dev_addr)) {
		if (!atmo_header_is_for(head, head_len, ep->flow.laddr[0], ep->flow.lport))
			return drop(work, ATMO_DROP_RX_NOT_MINE);
		work->verdict = ATMO_RX_TO_LINUX;
		return;
	}
	if (pkt.daddr != ep->flow.laddr[0] || pkt.dport != ep->flow.lport)
		return drop(work, ATMO_DROP_RX_NOT_MINE);
	if (!checksums_ok(data, head, frame->flags, &pkt))
		return drop(work, ATMO_DROP_RX_CHECKSUM);
	deliver(work, &pkt);
}

/* atmo_proto.rx */
void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n)
{
	const struct atmo_endpoint *ep = atmo_instance_endpoint(inst);
	const struct net_device *netdev = atmo_nic_netdev(ep->nic);
	u32 i;

	for (i = 0; i < n; i++)
		judge(ep, netdev, &work[i]);
}
