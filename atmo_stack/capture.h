/* SPDX-License-Identifier: GPL-2.0 */
/* Captures, as the data path sees them: a pointer that is NULL while there is none. */
#ifndef ATMO_STACK_CAPTURE_H
#define ATMO_STACK_CAPTURE_H

#include <linux/rcupdate.h>

#include "priv.h"
#include "../uapi/linux/atmo_capture.h"

long atmo_capture_open(struct net *net, const struct atmo_capture *arg);
void atmo_capture_end(struct atmo_instance *inst);

void atmo_capture_rx_slow(struct atmo_instance *inst, const struct atmo_rx_frame *frame,
			  u32 reason);
void atmo_capture_tx_slow(struct atmo_instance *inst, const struct atmo_tx_frame *frame);
void atmo_capture_sent_slow(struct atmo_instance *inst, const struct atmo_tx_work *work);

static inline bool atmo_captured(const struct atmo_instance *inst)
{
	return unlikely(rcu_access_pointer(inst->tap));
}

/*
 * A received frame, before its page changes hands. @reason: what it is dropped
 * for, ATMO_NR_DROPS: it is delivered. Its page is not longer than it says.
 */
static inline void atmo_capture_rx(struct atmo_instance *inst,
				   const struct atmo_rx_frame *frame, u32 reason)
{
	if (atmo_captured(inst))
		atmo_capture_rx_slow(inst, frame, reason);
}

/* A frame that the lane has taken. Its page is not given back yet. */
static inline void atmo_capture_tx(struct atmo_instance *inst,
				   const struct atmo_tx_frame *frame)
{
	if (atmo_captured(inst))
		atmo_capture_tx_slow(inst, frame);
}

/* An entry that was sent by way of Linux. Its page is not given back yet. */
static inline void atmo_capture_sent(struct atmo_instance *inst,
				     const struct atmo_tx_work *work)
{
	if (atmo_captured(inst))
		atmo_capture_sent_slow(inst, work);
}

#endif /* ATMO_STACK_CAPTURE_H */
