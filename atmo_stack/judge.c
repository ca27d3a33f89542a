// SPDX-License-Identifier: GPL-2.0
/* Whose a received frame is, for the protocols over IP. */
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"
#include "priv.h"

static_assert(ATMO_L3_SNAP_LEN >= ATMO_PARSE_LEN);

static bool drop(struct atmo_rx_work *work, enum atmo_drop reason)
{
	work->verdict = ATMO_RX_DROP;
	work->reason = reason;
	return false;
}

static bool same_address(const __be32 *a, const __be32 *b)
{
	return !memcmp(a, b, 4 * sizeof(*a));
}

/* To the own address, or a group joined, and port; connected: from the peer. */
static bool is_for(const struct atmo_endpoint *ep, const __be32 *daddr, __be16 dport,
		   const __be32 *saddr, __be16 sport)
{
	const struct atmo_flow *flow = &ep->flow;

	if (dport != flow->lport)
		return false;
	if (!same_address(daddr, flow->laddr) && !atmo_endpoint_in_group(ep, daddr))
		return false;
	return !flow->rport || (sport == flow->rport && same_address(saddr, flow->raddr));
}

/* May the NIC have steered this frame to us, though it isn't for us? */
static bool may_be_for(const struct atmo_endpoint *ep, const u8 *head, size_t head_len)
{
	struct atmo_flow flow;

	return atmo_l3_peek(head, head_len, &flow) && flow.protocol == ep->flow.protocol &&
	       is_for(ep, flow.laddr, flow.lport, flow.raddr, flow.rport);
}

/**
 * atmo_rx_judge() - is a received frame a packet for this instance?
 * @inst: receiver, of AF_INET or AF_INET6
 * @work: the frame. If it isn't for the application, its verdict is set.
 * @pkt: out, if it is: where things are in the frame
 *
 * In the hardware lane the application can write to the frame while it is being
 * judged: all decisions and bounds come from a copy of its headers. What is
 * summed up for the checksum is the frame itself; who changes that cheats only
 * himself.
 *
 * Context: process, under the instance's receive mutex. The page stays the
 * stack's.
 * Return: true if it is for the application, and sound.
 */
bool atmo_rx_judge(struct atmo_instance *inst, struct atmo_rx_work *work,
		   struct atmo_packet *pkt)
{
	const struct atmo_endpoint *ep = &inst->ep;
	const struct atmo_rx_frame *frame = &work->frame;
	const u8 *data = frame->page->va + frame->offset;
	size_t head_len = min_t(size_t, frame->len, ATMO_L3_SNAP_LEN);
	enum atmo_parse_result result;
	u8 head[ATMO_L3_SNAP_LEN];

	if (frame->flags & ATMO_RX_HW_ERROR)
		return drop(work, ATMO_DROP_RX_HW_ERROR);
	if (frame->flags & ATMO_RX_MULTI_DESC)
		return drop(work, ATMO_DROP_RX_MULTI_DESC);
	memcpy(head, data, head_len);
	/* Not to be read again in place of the copy. */
	barrier();
	result = atmo_parse(head, frame->len, pkt);
	if (result == ATMO_PARSE_OK && (pkt->family != ep->flow.family ||
					pkt->protocol != ep->flow.protocol))
		result = ATMO_PARSE_OTHER;
	if (result == ATMO_PARSE_MALFORMED)
		return drop(work, ATMO_DROP_RX_MALFORMED);
	if (result == ATMO_PARSE_OTHER ||
	    !atmo_parse_dmac_ok(head, pkt, atmo_nic_netdev(ep->nic)->dev_addr)) {
		if (!may_be_for(ep, head, head_len))
			return drop(work, ATMO_DROP_RX_NOT_MINE);
		work->verdict = ATMO_RX_TO_LINUX;
		return false;
	}
	if (!is_for(ep, pkt->daddr, pkt->dport, pkt->saddr, pkt->sport))
		return drop(work, ATMO_DROP_RX_NOT_MINE);
	if (!atmo_demux_checksums_ok(data, head, frame->flags, pkt))
		return drop(work, ATMO_DROP_RX_CHECKSUM);
	return true;
}
EXPORT_SYMBOL_GPL(atmo_rx_judge);

/**
 * atmo_rx_deliver() - let the application have a judged packet
 * @work: as judged; its verdict and entry are set
 * @pkt: as judged
 * @offset: first byte that the application gets, from the start of the frame; the
 *	last one is that of the payload
 *
 * Context: as atmo_rx_judge().
 */
void atmo_rx_deliver(struct atmo_rx_work *work, const struct atmo_packet *pkt, u16 offset)
{
	const struct atmo_rx_frame *frame = &work->frame;

	work->verdict = ATMO_RX_DELIVER;
	work->desc = (struct atmo_rx_desc) {
		.offset = frame->offset + offset,
		.len = pkt->payload_offset + pkt->payload_len - offset,
		.frame_offset = frame->offset,
		.port = pkt->sport,
	};
	memcpy(work->desc.addr, pkt->saddr, sizeof(work->desc.addr));
}
EXPORT_SYMBOL_GPL(atmo_rx_deliver);
