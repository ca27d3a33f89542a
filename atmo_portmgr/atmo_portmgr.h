/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns which port. The port manager knows stacks only as opaque non-zero
 * identifiers, and is the only place where ports are claimed and released.
 */
#ifndef ATMO_PORTMGR_H
#define ATMO_PORTMGR_H

#include <linux/types.h>

struct net;
struct atmo_ports;

#define ATMO_STACK_NONE	0

/**
 * struct atmo_flow - what an instance claims, and what a packet is matched with
 * @laddr: local address; IPv4 in the first word, the others zero
 * @raddr: remote address; zero in a claim: any
 * @lport: local port
 * @rport: remote port; zero in a claim: any
 * @family: AF_INET
 * @protocol: IPPROTO_UDP
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

struct atmo_ports *atmo_ports_create(void);
void atmo_ports_destroy(struct atmo_ports *ports);
int atmo_port_claim(struct atmo_ports *ports, struct net *net,
		    const struct atmo_flow *flow, u32 stack_id);
void atmo_port_release(struct atmo_ports *ports, const struct atmo_flow *flow,
		       u32 stack_id);
u32 atmo_port_lookup(struct atmo_ports *ports, const struct atmo_flow *flow);

#endif /* ATMO_PORTMGR_H */
