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

struct atmo_ports *atmo_ports_create(void);
void atmo_ports_destroy(struct atmo_ports *ports);
int atmo_port_claim(struct atmo_ports *ports, struct net *net, u32 ifindex,
		    struct atmo_flow *flow, u32 stack_id, kuid_t owner);
void atmo_port_release(struct atmo_ports *ports, const struct atmo_flow *flow,
		       u32 stack_id);
u32 atmo_port_lookup(struct atmo_ports *ports, const struct atmo_flow *flow);
size_t atmo_ports_bytes(struct atmo_ports *ports);

#endif /* ATMO_PORTMGR_H */
