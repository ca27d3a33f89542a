/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judges copies of what the application handed in: arguments of ioctls, entries
 * of the tx ring. Nothing here follows a pointer into shared memory.
 */
#ifndef ATMO_STACK_CHECK_H
#define ATMO_STACK_CHECK_H

#include "pure.h"
#include "../uapi/linux/atmo.h"
#include "../uapi/linux/atmo_ring.h"

/* 0: one of ours; ENOTTY: no such number; EINVAL: wrong size or direction. */
static inline int atmo_check_cmd(unsigned int cmd)
{
	static const unsigned int known[] = {
		ATMO_BIND, ATMO_GET_INFO, ATMO_GET_STATS, ATMO_RX_BATCH,
		ATMO_TX_BATCH,
	};
	unsigned int i;

	if (_IOC_TYPE(cmd) != ATMO_IOC_MAGIC)
		return -ENOTTY;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (_IOC_NR(cmd) == _IOC_NR(known[i]))
			return cmd == known[i] ? 0 : -EINVAL;
	}
	return -ENOTTY;
}

static inline bool atmo_all_zero(const __u32 *words, unsigned int n)
{
	__u32 sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum |= words[i];
	return !sum;
}

static inline bool atmo_check_nr_pages(__u32 nr)
{
	return nr >= ATMO_MIN_PAGES && nr <= ATMO_MAX_PAGES && !(nr & (nr - 1));
}

/* Which protocols there are is not judged here. */
static inline int atmo_check_bind(const struct atmo_bind *bind)
{
	if (bind->version != ATMO_UAPI_VERSION || bind->flags ||
	    !atmo_all_zero(bind->reserved, 4))
		return -EINVAL;
	if (bind->family != AF_INET || bind->lane > ATMO_LANE_SHARED ||
	    bind->ifindex > 0x7fffffff || !atmo_check_nr_pages(bind->nr_pages))
		return -EINVAL;
	if (!bind->lport || bind->rport || bind->raddr[0] || bind->raddr[1] ||
	    bind->raddr[2] || bind->raddr[3])
		return -EINVAL;
	/* IPv4 has the first word only. */
	if (bind->laddr[1] || bind->laddr[2] || bind->laddr[3])
		return -EINVAL;
	return 0;
}

static inline int atmo_check_info(const struct atmo_info *info)
{
	if (info->version != ATMO_UAPI_VERSION || info->reserved0 ||
	    !atmo_all_zero(info->reserved, 8))
		return -EINVAL;
	return 0;
}

static inline int atmo_check_stats(const struct atmo_stats *stats)
{
	if (stats->version != ATMO_UAPI_VERSION || stats->reserved[0] ||
	    stats->reserved[1] || stats->reserved[2] || stats->reserved[3])
		return -EINVAL;
	return 0;
}

static inline int atmo_check_batch(const struct atmo_batch *batch)
{
	if (!batch->nr || batch->nr > ATMO_MAX_BATCH || batch->flags)
		return -EINVAL;
	return 0;
}

/*
 * An entry of the tx ring whose slot has been checked. Returns 0, or a negative
 * errno for the completion and *reason to count.
 */
static inline int atmo_check_tx(const struct atmo_tx_desc *desc, u32 max_payload,
				u8 *reason)
{
	if (desc->reserved || desc->flags) {
		*reason = ATMO_DROP_TX_RESERVED;
		return -EINVAL;
	}
	/* Neither sum nor difference can wrap: both are 16 bits wide. */
	if ((u32)desc->offset + desc->len > ATMO_PAGE_SIZE) {
		*reason = ATMO_DROP_TX_BAD_RANGE;
		return -EINVAL;
	}
	if (desc->len > max_payload) {
		*reason = ATMO_DROP_TX_TOO_LONG;
		return -EMSGSIZE;
	}
	return 0;
}

#endif /* ATMO_STACK_CHECK_H */
