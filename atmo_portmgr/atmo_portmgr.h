/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns which port. The port manager knows stacks only as opaque non-zero
 * identifiers, and is the only place where ports are claimed and released.
 */
#ifndef ATMO_PORTMGR_H
#define ATMO_PORTMGR_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include "flow.h"

struct net;
struct atmo_ports;

/**
 * atmo_ports_create() - an empty set of claims, for one NIC
 *
 * Precondition: none. Postcondition: lookups yield ATMO_STACK_NONE.
 *
 * Context: process context, may sleep.
 * Return: to be given back to atmo_ports_destroy(), or NULL: no memory.
 */
struct atmo_ports *atmo_ports_create(void);

/**
 * atmo_ports_destroy() - free a set of claims
 * @ports: from atmo_ports_create()
 *
 * Precondition: no other call for @ports runs or will run.
 * Postcondition: what was still claimed is released.
 *
 * Context: process context, may sleep.
 */
void atmo_ports_destroy(struct atmo_ports *ports);

/**
 * atmo_port_claim() - claim a flow for a stack
 * @ports: the ports of the NIC the address belongs to
 * @net: network namespace to hold the port in; a reference is kept until the
 *	release
 * @ifindex: device of the NIC there
 * @flow: one of
 *	- local address and port: whatever comes to the port, but for
 *	- local and remote address and port: what one peer sends to the port. A
 *	  local port of 0: an ephemeral one is chosen as Linux does, and written back
 *	- a multicast group as local address, and a port (UDP only)
 *	- AF_PACKET: all frames that nobody else claims
 * @stack_id: whose it is to be: ATMO_STACK_FIRST to ATMO_STACK_LAST; it may have any
 *	number of claims
 * @owner: user whose port it is to be. Claims of one local port (of one address,
 *	family and protocol) are all of one user; for UDP they are either one of
 *	the whole port or several with a remote address, for TCP one of the whole
 *	port (a listener) and any number with a remote address. UDP and TCP know
 *	nothing of each other's ports, nor do different local addresses.
 *
 * Precondition: no claim of the same flow in @ports.
 * Postcondition: lookups of packets of @flow, and of no others, yield @stack_id,
 * and Linux refuses the local address and port to everybody else. On failure
 * nothing has changed, @flow neither.
 *
 * Context: process context, may sleep; takes the ports' mutex.
 * Return: 0; -EADDRINUSE: claimed already, the port is another user's or not to be
 * shared (see @owner), or some Linux socket has it; -EACCES: the port needs
 * CAP_NET_BIND_SERVICE; -EADDRNOTAVAIL: @flow's address is not a local one;
 * -EINVAL, -EAFNOSUPPORT, -EPROTONOSUPPORT: @flow is not what is asked for above;
 * -ENOMEM: no memory, or as many flows claimed as the parameter max_flows allows.
 */
int atmo_port_claim(struct atmo_ports *ports, struct net *net, u32 ifindex,
		    struct atmo_flow *flow, u32 stack_id, kuid_t owner);

/**
 * atmo_port_release() - give a claimed flow back
 * @ports: as claimed
 * @flow: as claimed, with the port that was written back
 * @stack_id: as claimed
 *
 * Precondition: none; a release of what isn't claimed, or by another stack,
 * changes nothing.
 * Postcondition: @flow may be claimed again, and its local port, if this was the
 * last claim of it, here and in Linux. A lookup that began before may still yield
 * @stack_id.
 *
 * Context: process context, may sleep; takes the ports' mutex.
 */
void atmo_port_release(struct atmo_ports *ports, const struct atmo_flow *flow,
		       u32 stack_id);

/**
 * atmo_port_lookup() - which stack a packet is for
 * @ports: the ports of the NIC it came from
 * @flow: all that is known of it; or AF_PACKET and all else zero, for a frame that
 *	is none of the others'
 *
 * Precondition: @flow is not a local port of 0.
 * Postcondition: nothing has changed.
 *
 * Context: any; wait-free: at most two lookups, by 5-tuple and by local port.
 * Return: a stack id, or ATMO_STACK_NONE.
 */
u32 atmo_port_lookup(struct atmo_ports *ports, const struct atmo_flow *flow);

/**
 * atmo_ports_bytes() - memory that the claims of a NIC take
 * @ports: the ports of the NIC
 *
 * Precondition: none. Postcondition: nothing has changed.
 *
 * Context: process context, may sleep; takes the ports' mutex.
 * Return: bytes, without Linux's sockets.
 */
size_t atmo_ports_bytes(struct atmo_ports *ports);

#endif /* ATMO_PORTMGR_H */
