// SPDX-License-Identifier: GPL-2.0
/*
 * Which bucket of Flow Director's table a perfect rule is in (data sheet
 * 7.1.2.7): the device looks for a packet's rule in the bucket of the packet's
 * hash only, so a rule that software puts elsewhere never matches.
 *
 * The hash is linear over single bits. It is defined on a stream of 336 bits
 *
 *	  0..15    flow type; above it the pool (zero)
 *	 16..31    flexible bytes (masked: zero)
 *	 32..319   ports, source address, destination address; IPv4: mostly zero
 *	320..335   VLAN tag (masked: zero)
 *
 * with its last 15 bits put once more in front of it, and its first 15 behind:
 * for each i of 0..350 for which bit (i + 1) mod 32 of the key is set, the 16 bits
 * that begin at bit i of that are XORed into the hash. Windows that begin at the
 * same bit of their word have the same bit of the key, so all words can be XORed
 * first. The flow type is in there twice: its copy at the end is half a word off.
 */
#include "fdir_hash.h"

/* 8K buckets at most; with fewer rules the device ignores the upper bits. */
#define BUCKET_MASK	0x1fff

/**
 * atmo_ixgbe_fdir_hash() - bucket of a rule
 * @key: what it compares
 *
 * Return: what belongs into FDIRHASH.HASH.
 */
u16 atmo_ixgbe_fdir_hash(const struct atmo_ixgbe_fdir_key *key)
{
	u32 words = key->daddr ^ key->saddr ^ ((u32)key->sport << 16 | key->dport);
	u32 type = key->type;
	/* Windows that begin in the lower half of a word, and in the upper one. */
	u32 low = words ^ type ^ type << 16;
	u32 high = (words << 16 | words >> 16) ^ type << 16;
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (ATMO_IXGBE_FDIR_KEY >> i & 1)
			hash ^= high >> i;
		if (ATMO_IXGBE_FDIR_KEY >> (i + 16) & 1)
			hash ^= low >> i;
	}
	return hash & BUCKET_MASK;
}
