/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ATMO_UDP_PRIV_H
#define ATMO_UDP_PRIV_H

#include <linux/bits.h>
#include <linux/types.h>

#include "../atmo_stack/atmo_stack.h"

struct net_device;
struct rtable;

#define ATMO_ROUTE_BITS		4
#define ATMO_ROUTE_ENTRIES	BIT(ATMO_ROUTE_BITS)

/**
 * struct atmo_route - a cached route
 * @daddr: destination
 * @rt: the route, with a reference; NULL: free entry
 */
struct atmo_route {
	__be32	daddr;
	struct rtable *rt;
};

/**
 * struct atmo_udp - what the protocol keeps of an instance: only what it can
 *	find out again. Used under the instance's transmit mutex.
 * @routes: cache, indexed by a hash of the destination
 */
struct atmo_udp {
	struct atmo_route routes[ATMO_ROUTE_ENTRIES];
};

struct rtable *atmo_route_get(struct atmo_udp *udp, const struct atmo_endpoint *ep, __be32 daddr);
bool atmo_route_mac(const struct rtable *rt, struct net_device *netdev, __be32 daddr, u8 *mac);
void atmo_route_flush(struct atmo_udp *udp);

void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
void atmo_udp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
u32 atmo_udp_max_payload(struct atmo_instance *inst);

#endif /* ATMO_UDP_PRIV_H */
