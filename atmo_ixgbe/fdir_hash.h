/* SPDX-License-Identifier: GPL-2.0 */
/* Flow Director's hash. Pure: also compiled outside the kernel. */
#ifndef ATMO_IXGBE_FDIR_HASH_H
#define ATMO_IXGBE_FDIR_HASH_H

#include <linux/types.h>

/* FDIRHKEY's value; the one it has after a reset. */
#define ATMO_IXGBE_FDIR_KEY	0x3dad14e2

/* Flow types of the hashed stream and of FDIRCMD.L4TYPE. */
enum atmo_ixgbe_fdir_type {
	ATMO_IXGBE_FDIR_UDP4 = 1,
	ATMO_IXGBE_FDIR_TCP4 = 2,
};

/**
 * struct atmo_ixgbe_fdir_key - what a rule compares, in host byte order
 * @daddr: destination IPv4 address
 * @saddr: source IPv4 address
 * @dport: destination port
 * @sport: source port
 * @type: enum atmo_ixgbe_fdir_type
 */
struct atmo_ixgbe_fdir_key {
	u32 daddr;
	u32 saddr;
	u16 dport;
	u16 sport;
	u8 type;
};

u16 atmo_ixgbe_fdir_hash(const struct atmo_ixgbe_fdir_key *key);

#endif /* ATMO_IXGBE_FDIR_HASH_H */
