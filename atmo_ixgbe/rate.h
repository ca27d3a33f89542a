/* SPDX-License-Identifier: GPL-2.0 */
/* Arithmetic of the transmit rate limit. Pure: also compiled outside the kernel. */
#ifndef ATMO_IXGBE_RATE_H
#define ATMO_IXGBE_RATE_H

#include <linux/types.h>

/* What the factor's ten integer bits and good sense allow, as link / rate. */
#define ATMO_IXGBE_RATE_MAX_FACTOR	1000
/* Fractional bits of the factor. */
#define ATMO_IXGBE_RATE_SHIFT		14

int atmo_ixgbe_rate_factor(u32 link_mbps, u32 mbps, u32 *factor);

#endif /* ATMO_IXGBE_RATE_H */
