/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judges copies of what the application handed in: arguments of ioctls, entries
 * of the tx ring. Nothing here follows a pointer into shared memory.
 */
#ifndef ATMO_STACK_CHECK_H
#define ATMO_STACK_CHECK_H

#include <linux/if_ether.h>

#include "pure.h"
#include "ring.h"
#include "../uapi/linux/atmo.h"
#include "../uapi/linux/atmo_capture.h"
#include "../uapi/linux/atmo_ring.h"

/* 0: one of ours; ENOTTY: no such number; EINVAL: wrong size or direction. */
static inline int atmo_check_cmd(unsigned int cmd)
{
	static const unsigned int known[] = {
		ATMO_BIND, ATMO_GET_INFO, ATMO_GET_STATS, ATMO_RX_BATCH,
		ATMO_TX_BATCH, ATMO_RESTART, ATMO_NEIGH, ATMO_ROUTE, ATMO_GROUP,
		ATMO_GET_HEADERS, ATMO_EXCHANGE, ATMO_REPLY, ATMO_CAPTURE,
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

/* Words of an address that the family has; the others are zero. */
static inline unsigned int atmo_addr_words(__u16 family)
{
	switch (family) {
	case AF_INET:
		return 1;
	case AF_INET6:
		return 4;
	default:
		return 0;
	}
}

/* The address of a single host, as far as it can be told from the address alone. */
static inline bool atmo_check_unicast(__u16 family, const __be32 *addr)
{
	const __u8 *bytes = (const __u8 *)addr;

	if (family == AF_INET)
		return bytes[0] && bytes[0] != 127 && bytes[0] < 224;
	/* No group, not this host, no IPv4 address in disguise (RFC 4291, 2.5 and 2.7). */
	return bytes[0] != 0xff &&
	       (addr[0] || addr[1] || (addr[2] && addr[2] != cpu_to_be32(0xffff)));
}

/* A remote address and port come together, and only where packets have any. */
static inline bool atmo_check_flow(const struct atmo_bind *bind)
{
	const unsigned int words = atmo_addr_words(bind->family);
	const bool connected = !atmo_all_zero((const __force __u32 *)bind->raddr, 4);

	if (!atmo_all_zero((const __force __u32 *)bind->laddr + words, 4 - words) ||
	    !atmo_all_zero((const __force __u32 *)bind->raddr + words, 4 - words))
		return false;
	if (!words && bind->lport)
		return false;
	return connected == !!bind->rport &&
	       (!connected || atmo_check_unicast(bind->family, bind->raddr));
}

static inline int atmo_check_rate(const struct atmo_bind *bind)
{
	if (!bind->tx_rate)
		return 0;
	if (bind->tx_rate < ATMO_MIN_TX_RATE || bind->tx_rate > ATMO_MAX_TX_RATE)
		return -ERANGE;
	/* Only a queue of its own can be slowed down. */
	return bind->lane == ATMO_LANE_SHARED ? -EOPNOTSUPP : 0;
}

/* Which protocols there are is not judged here. */
static inline int atmo_check_bind(const struct atmo_bind *bind)
{
	if (bind->version != ATMO_UAPI_VERSION || bind->flags & ~ATMO_BIND_SHARE_PAGES ||
	    !atmo_all_zero(bind->reserved, 2))
		return -EINVAL;
	if (bind->pages_fd && !(bind->flags & ATMO_BIND_SHARE_PAGES))
		return -EINVAL;
	if (bind->family != AF_INET && bind->family != AF_INET6 && bind->family != AF_PACKET)
		return -EINVAL;
	if (bind->lane > ATMO_LANE_SHARED || bind->ifindex > 0x7fffffff ||
	    !atmo_check_nr_pages(bind->nr_pages) || !atmo_check_flow(bind))
		return -EINVAL;
	return atmo_check_rate(bind);
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
	    stats->reserved[1])
		return -EINVAL;
	return 0;
}

static inline int atmo_check_batch(const struct atmo_batch *batch)
{
	if (!batch->nr || batch->nr > ATMO_MAX_BATCH || batch->flags)
		return -EINVAL;
	return 0;
}

static inline int atmo_check_exchange(const struct atmo_exchange *exchange)
{
	if (!(exchange->tx_nr | exchange->rx_nr) || exchange->tx_nr > ATMO_MAX_BATCH ||
	    exchange->rx_nr > ATMO_MAX_BATCH)
		return -EINVAL;
	return 0;
}

/* Addresses depend on the instance's family: override.c judges them. */
static inline int atmo_check_neigh(const struct atmo_neigh *neigh)
{
	static const u8 zero[sizeof(neigh->reserved)];

	if (neigh->flags & ~ATMO_ENTRY_DELETE ||
	    memcmp(neigh->reserved, zero, sizeof(zero)))
		return -EINVAL;
	return 0;
}

static inline int atmo_check_route(const struct atmo_route *route)
{
	if (route->flags & ~ATMO_ENTRY_DELETE || !atmo_all_zero(route->reserved, 2))
		return -EINVAL;
	return 0;
}

static inline int atmo_check_group(const struct atmo_group *group)
{
	if (group->flags & ~ATMO_ENTRY_DELETE || !atmo_all_zero(group->reserved, 3))
		return -EINVAL;
	return 0;
}

static inline int atmo_check_headers(const struct atmo_headers *headers)
{
	return headers->flags ? -EINVAL : 0;
}

/*
 * An entry of the tx ring whose slot has been checked; @flags are those that the
 * protocol knows. Returns 0, or a negative errno for the completion and *reason
 * to count.
 */
static inline int atmo_check_tx(const struct atmo_tx_desc *desc, u32 max_payload,
				u32 flags, u8 *reason)
{
	if (desc->reserved || desc->flags & ~flags) {
		*reason = ATMO_DROP_TX_RESERVED;
		return -EINVAL;
	}
	/* Neither sum nor difference can wrap: both are 16 bits wide. */
	if ((u32)desc->offset + desc->len > ATMO_PAGE_SIZE) {
		*reason = ATMO_DROP_TX_BAD_RANGE;
		return -EINVAL;
	}
	/* Headers in place are long in another way. */
	if (!(desc->flags & ATMO_TX_FRAME) && desc->len > max_payload) {
		*reason = ATMO_DROP_TX_TOO_LONG;
		return -EMSGSIZE;
	}
	return 0;
}

/*
 * Of an entry that is a whole frame, what only such ones must be: the frame itself
 * says where it goes. As atmo_check_tx(), after that.
 */
static inline int atmo_check_tx_whole(const struct atmo_tx_desc *desc, u8 *reason)
{
	if (desc->port || desc->addr[0] | desc->addr[1] | desc->addr[2] | desc->addr[3]) {
		*reason = ATMO_DROP_TX_BAD_DEST;
		return -EINVAL;
	}
	if (desc->len < ETH_HLEN) {
		*reason = ATMO_DROP_TX_BAD_HEADER;
		return -EINVAL;
	}
	return 0;
}

/* The word of an entry that is atmo_tx_words.rest. */
union atmo_tx_rest {
	struct {
		u16 reserved;
		__be16 port;
		u32 flags;
	} part;
	u64 word;
};

static inline u64 atmo_tx_rest(u16 reserved, __be16 port, u32 flags)
{
	const union atmo_tx_rest rest = {
		.part = { .reserved = reserved, .port = port, .flags = flags },
	};

	return rest.word;
}

static inline __be16 atmo_tx_rest_port(u64 word)
{
	const union atmo_tx_rest rest = { .word = word };

	return rest.part.port;
}

/*
 * Of slot, offset and length: as atmo_check_tx() and the check of the slot before. There
 * are @mask + 1 pages, and payloads shorter than @end bytes may be sent.
 */
static __always_inline bool atmo_tx_in_range(const struct atmo_tx_words *words, u32 mask,
					     u32 end)
{
	return words->slot <= mask && words->len < end &&
	       words->offset + words->len <= ATMO_PAGE_SIZE;
}

#endif /* ATMO_STACK_CHECK_H */
