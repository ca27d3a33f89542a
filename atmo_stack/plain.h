/* SPDX-License-Identifier: GPL-2.0 */
/* Delivering what match.h finds to be a plain datagram, for stack and protocol. */
#ifndef ATMO_STACK_PLAIN_H
#define ATMO_STACK_PLAIN_H

#include "atmo_stack.h"
#include "match.h"

/**
 * atmo_plain_len() - is a received frame a plain datagram, verified by the NIC?
 * @frame: the frame; its page is longer than the headers
 * @m: what to look for
 * @head: out: copy of the headers. In a lane the application can write to the frame
 *
 * Context: any.
 * Return: length of the UDP datagram with its header, or 0.
 */
static __always_inline u32 atmo_plain_len(const struct atmo_rx_frame *frame,
					  const struct atmo_udp_match *m,
					  struct atmo_udp_head *head)
{
	const u32 verified = ATMO_RX_L3_OK | ATMO_RX_L4_OK;

	if ((frame->flags & (verified | ATMO_RX_HW_ERROR | ATMO_RX_MULTI_DESC)) != verified)
		return 0;
	return atmo_udp_matches(m, frame->page->va + frame->offset, frame->len, head);
}

/**
 * atmo_plain_fill() - the rx entry of such a datagram
 * @desc: out: all but slot and flags
 * @offset: of the frame in its page
 * @head: filled in by atmo_plain_len()
 * @len: returned there
 *
 * Context: any.
 */
static __always_inline void atmo_plain_fill(struct atmo_rx_desc *desc,
					    u16 offset, const struct atmo_udp_head *head,
					    u32 len)
{
	desc->offset = offset + ATMO_UDP4_HEADERS;
	desc->len = len - ATMO_UDP_LEN;
	desc->frame_offset = offset;
	desc->port = atmo_udp_sport(head);
	desc->addr[0] = atmo_udp_saddr(head);
	desc->addr[1] = 0;
	desc->addr[2] = 0;
	desc->addr[3] = 0;
}

#endif /* ATMO_STACK_PLAIN_H */
