/* SPDX-License-Identifier: GPL-2.0 */
/* The Flow Director's table: between fdir.c and fdir_table.c. */
#ifndef NIC82599_FDIR_H
#define NIC82599_FDIR_H

#include "nic_priv.h"

#define NR_BUCKETS	32768u
#define MAX_FILTERS	32768u
#define FDIR_END	0xffffu
#define FDIR_HASH_MASK	0x7fffu

/* The hashed stream, in words of network order: 7.1.2.7.3 */
enum {
	IN_FLOW,		/* pool, flow type, VLAN */
	IN_DST = 1,		/* four words; IPv4 uses the first */
	IN_SRC = 5,
	IN_PORTS = 9,		/* source, destination */
	IN_FLEX = 10,		/* two flexible bytes, zero */
	IN_WORDS = 11,
};

struct filter {
	uint16_t next;
	uint16_t hash;
	uint16_t id;		/* signature, or the software's index */
	uint8_t queue;
	bool drop, queue_en, irq;
	bool collision;		/* programmed again with another action */
	uint32_t in[IN_WORDS];	/* perfect: what it compares with */
};

struct fdir {
	uint16_t bucket[NR_BUCKETS];
	struct filter filter[MAX_FILTERS];
	uint32_t nr, limit, nr_collisions;
	uint16_t free;
	uint16_t hash_mask;	/* as many bits of the hash as there are buckets */
	bool cleared;		/* FDIRCMD.CLEARHT since FDIRCTRL was written */
};

static inline bool fdir_is_perfect(const struct nic *n)
{
	return REG(n, FDIRCTRL) & FDIRCTRL_PERFECT;
}

/*
 * The link to the filter of a bucket that compares equal: with @in, or where
 * that is NULL with @id. @index: how many filters come before it, or how many
 * there are when there is no such one.
 */
uint16_t *fdir_find(struct fdir *f, uint16_t hash, uint16_t id,
		    const uint32_t *in, unsigned int *index);

/* Clear what the mask registers leave out. */
void fdir_mask(struct nic *n, uint32_t in[IN_WORDS], bool ipv6);

#endif /* NIC82599_FDIR_H */
