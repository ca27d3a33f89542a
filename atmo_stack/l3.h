/* SPDX-License-Identifier: GPL-2.0 */
/* Ethernet and IP headers of what instances send and receive. Pure. */
#ifndef ATMO_STACK_L3_H
#define ATMO_STACK_L3_H

#include "pure.h"

struct atmo_flow;

#define ATMO_ETH_LEN	14
#define ATMO_IPV4_LEN	20
#define ATMO_IPV6_LEN	40
#define ATMO_UDP_LEN	8

/* Enough to see the ports behind a VLAN tag and all IPv4 options there can be. */
#define ATMO_L3_SNAP_LEN	(ATMO_ETH_LEN + 4 + 60 + 4)

/**
 * struct atmo_l3 - what the Ethernet and IP headers of a packet say
 * @dmac: destination MAC
 * @smac: source MAC
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_UDP or IPPROTO_TCP
 * @ttl: time to live, or hop limit
 * @dont_fragment: DF bit; IPv6 always means it
 * @id: IPv4 identification; of no meaning with @dont_fragment (RFC 6864)
 * @saddr: source address; IPv4 in the first word, the others zero
 * @daddr: destination address, likewise
 * @l4_len: bytes behind the IP header
 */
struct atmo_l3 {
	u8	dmac[6];
	u8	smac[6];
	u16	family;
	u8	protocol;
	u8	ttl;
	bool	dont_fragment;
	u16	id;
	__be32	saddr[4];
	__be32	daddr[4];
	u16	l4_len;
};

/* A field of two bytes, wherever it lies. */
static inline u16 atmo_get_u16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline void atmo_put_u16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static inline u32 atmo_l3_len(u16 family)
{
	return family == AF_INET ? ATMO_IPV4_LEN : ATMO_IPV6_LEN;
}

u32 atmo_l3_build(u8 *buf, const struct atmo_l3 *l3);
u16 atmo_l3_pseudo_sum(const struct atmo_l3 *l3);
bool atmo_l3_peek(const u8 *head, size_t len, struct atmo_flow *flow);

#endif /* ATMO_STACK_L3_H */
