/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Static neighbours and routes of an instance. Pure: no allocation, no locks,
 * compiles outside the kernel too. Both tables are short and searched in a line.
 */
#ifndef ATMO_STACK_OVERRIDE_H
#define ATMO_STACK_OVERRIDE_H

#include "pure.h"
#include "../uapi/linux/atmo.h"

/**
 * struct atmo_static_neigh - a neighbour
 * @addr: its address
 * @mac: its MAC address
 */
struct atmo_static_neigh {
	__be32	addr[4];
	u8	mac[6];
};

/**
 * struct atmo_static_route - a route
 * @dst: destination network
 * @gateway: next hop; zero: none
 * @prefix_len: bits of @dst
 */
struct atmo_static_route {
	__be32	dst[4];
	__be32	gateway[4];
	u32	prefix_len;
};

/**
 * struct atmo_override - what an instance was told and Linux wasn't
 * @family: AF_INET or AF_INET6
 * @nr_neighs: of @neigh
 * @nr_routes: of @route
 * @neigh: in no order
 * @route: longest prefix first, so the first that matches is the one
 */
struct atmo_override {
	u16	family;
	u32	nr_neighs;
	u32	nr_routes;
	struct atmo_static_neigh neigh[ATMO_MAX_NEIGHS];
	struct atmo_static_route route[ATMO_MAX_ROUTES];
};

void atmo_override_init(struct atmo_override *o, u16 family);
int atmo_override_check_neigh(u16 family, const struct atmo_neigh *arg);
int atmo_override_check_route(u16 family, const struct atmo_route *arg);
int atmo_override_set_neigh(struct atmo_override *o, const struct atmo_neigh *arg);
int atmo_override_set_route(struct atmo_override *o, const struct atmo_route *arg);
int atmo_override_vouches(const struct atmo_override *o, const struct atmo_route *arg);
const u8 *atmo_override_mac(const struct atmo_override *o, const __be32 *addr);
const struct atmo_static_route *atmo_override_route(const struct atmo_override *o,
						    const __be32 *daddr);

/* Where packets for @daddr go to by that route: the gateway, if there is one. */
static inline const __be32 *atmo_override_nexthop(const struct atmo_static_route *r,
						  const __be32 *daddr)
{
	const __be32 *gw = r->gateway;

	return gw[0] | gw[1] | gw[2] | gw[3] ? gw : daddr;
}

#endif /* ATMO_STACK_OVERRIDE_H */
