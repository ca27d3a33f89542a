/* SPDX-License-Identifier: GPL-2.0 */
/* What is claimed and looked up. Pure: compiles outside the kernel too. */
#ifndef ATMO_PORTMGR_FLOW_H
#define ATMO_PORTMGR_FLOW_H

#include <linux/types.h>

/* Stack identifiers: no stack, and the first and last that a stack can have. */
#define ATMO_STACK_NONE		0
#define ATMO_STACK_FIRST	1
#define ATMO_STACK_LAST		0xfffffffeU

/**
 * struct atmo_flow - what an instance claims, and what a packet is matched with
 * @laddr: local address; IPv4 in the first word, the others zero
 * @raddr: remote address; zero in a claim: any
 * @lport: local port
 * @rport: remote port; zero in a claim: any
 * @family: AF_INET or AF_INET6; AF_PACKET: all frames of a port that nobody else
 *	claims, all else zero
 * @protocol: IPPROTO_UDP or IPPROTO_TCP
 * @zero: zero
 */
struct atmo_flow {
	__be32	laddr[4];
	__be32	raddr[4];
	__be16	lport;
	__be16	rport;
	u16	family;
	u8	protocol;
	u8	zero;
};

static inline bool atmo_address_is_same(const __be32 *a, const __be32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* Not by memcmp(): that is a call, and goes byte by byte. */
static inline bool atmo_flow_is_same(const struct atmo_flow *a, const struct atmo_flow *b)
{
	return a->lport == b->lport && a->rport == b->rport && a->protocol == b->protocol &&
	       a->family == b->family && a->zero == b->zero &&
	       atmo_address_is_same(a->laddr, b->laddr) &&
	       atmo_address_is_same(a->raddr, b->raddr);
}

#endif /* ATMO_PORTMGR_FLOW_H */
