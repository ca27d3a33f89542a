// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a frame that the wire is about to send would find descriptors: what a
 * far end asks that wants to keep the rings full and lose nothing. No hardware
 * can ask this; nothing that software sees changes by it.
 */
#include <string.h>

#include "nic_priv.h"

#define USUAL_MAX	1518u

static bool is_receiving(struct nic *n)
{
	return n->link_up && n->rx_on && !(REG(n, HLREG0) & HLREG0_LPBK) &&
	       !n->fifo.count && nic_can_dma(n);
}

uint32_t nic_rx_room(struct nic *n)
{
	uint32_t room = UINT32_MAX, free;
	const struct rxq *q;

	if (!is_receiving(n))
		return 0;
	for (q = n->rxq; q < n->rxq + NR_QUEUES; q++) {
		if (!q->enabled)
			continue;
		free = rx_nr_free(q) / rx_descs_for(q, USUAL_MAX);
		if (free < room)
			room = free;
	}
	return room == UINT32_MAX ? 0 : room;
}

bool nic_rx_takes(struct nic *n, const void *frame, size_t len)
{
	uint32_t matched = REG(n, FDIRMATCH), missed = REG(n, FDIRMISS);
	struct rxpkt p = { .data = frame, .len = (uint32_t)len };
	const struct rxq *q;
	bool takes = true;

	if (!is_receiving(n))
		return false;
	if (len < FRAME_MIN || len > FRAME_MAX)
		return true;	/* refused by the MAC */
	parse_frame(&p, REG(n, VLNCTRL) & VLNCTRL_VET);
	if (filter_l2(n, &p)) {
		steer_queue(n, &p);
		q = &n->rxq[p.queue];
		takes = !q->enabled || rx_nr_free(q) >= rx_descs_for(q, p.len);
	}
	REG(n, FDIRMATCH) = matched;
	REG(n, FDIRMISS) = missed;
	return takes;
}
