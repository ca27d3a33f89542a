/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lock order: atmo_ports.lock (port.c), then Linux's socket locks. Lookups take
 * no lock.
 */
#ifndef ATMO_PORTMGR_PRIV_H
#define ATMO_PORTMGR_PRIV_H

#include <linux/rhashtable.h>
#include <linux/uidgid.h>

#include "atmo_portmgr.h"

/**
 * struct atmo_reservations - local ports that are held in Linux
 * @by_port: struct reservation by family, protocol, local address and port
 * @bytes: memory that they take, as far as it is ours
 *
 * All of it is protected by the user's lock.
 */
struct atmo_reservations {
	struct rhashtable by_port;
	size_t bytes;
};

extern unsigned int atmo_ports_max_flows;

/* All memory that claims take but Linux's sockets; kvfree(). Tests make it fail. */
void *atmo_ports_alloc(size_t bytes);

int atmo_reservations_init(struct atmo_reservations *all);
void atmo_reservations_exit(struct atmo_reservations *all);
int atmo_reservation_get(struct atmo_reservations *all, struct net *net, u32 ifindex,
			 struct atmo_flow *flow, kuid_t owner);
void atmo_reservation_put(struct atmo_reservations *all, const struct atmo_flow *flow);

static inline bool atmo_flow_connected(const struct atmo_flow *flow)
{
	return flow->rport;
}

#endif /* ATMO_PORTMGR_PRIV_H */
