// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit rate limit, data sheet 7.7.2.1: after a frame the queue waits for as
 * long as (factor - 1) times the frame took, so the factor is link rate / rate.
 */
#include <linux/errno.h>

#include "rate.h"

/**
 * atmo_ixgbe_rate_factor() - the rate factor for a rate
 * @link_mbps: what the link carries, Mbit/s
 * @mbps: what the queue may send, Mbit/s
 * @factor: filled in: RTTBCNRC's RF_INT and RF_DEC, 10.14 bits; rounded up, so
 *	that the rate isn't exceeded
 *
 * Return: 0, or -ERANGE: more than the link carries, or too little.
 */
int atmo_ixgbe_rate_factor(u32 link_mbps, u32 mbps, u32 *factor)
{
	/* 64 bits only for the product: kernels don't divide these everywhere. */
	u32 whole, rest;

	if (!mbps || mbps > link_mbps || link_mbps >> (31 - ATMO_IXGBE_RATE_SHIFT) ||
	    link_mbps > (u64)mbps * ATMO_IXGBE_RATE_MAX_FACTOR)
		return -ERANGE;
	whole = link_mbps / mbps;
	rest = link_mbps % mbps;
	*factor = (whole << ATMO_IXGBE_RATE_SHIFT) +
		  ((rest << ATMO_IXGBE_RATE_SHIFT) + mbps - 1) / mbps;
	return 0;
}
