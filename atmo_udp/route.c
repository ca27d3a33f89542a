// SPDX-License-Identifier: GPL-2.0
/*
 * Routes and neighbours, both Linux's. Routes are cached per instance, a few of
 * them, and asked each time whether they still hold: any change of routes or
 * addresses makes Linux say no. Neighbours are not cached: a reference to one
 * would keep its device from going away, and the lookup is one hash and no lock.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/ip_fib.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "priv.h"

/* A destination that is a single other host. */
static bool is_unicast(struct net *net, const struct net_device *netdev, __be32 daddr)
{
	unsigned int type = inet_addr_type_dev_table(net, netdev, daddr);

	return type != RTN_LOCAL && type != RTN_BROADCAST && type != RTN_MULTICAST &&
	       type != RTN_ANYCAST;
}

/*
 * Asked for a route through a given device, Linux makes one up ("on link") when
 * its tables have none. The tables are asked first.
 */
static bool is_reachable(struct net *net, const struct flowi4 *flow)
{
	struct flowi4 fl4 = *flow;
	struct fib_result res;
	bool found;

	rcu_read_lock();
	found = !fib_lookup(net, &fl4, &res, 0);
	rcu_read_unlock();
	return found;
}

static struct rtable *lookup(const struct atmo_endpoint *ep, __be32 daddr)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);
	struct net *net = dev_net(netdev);
	struct flowi4 fl4 = {
		.flowi4_oif = netdev->ifindex,
		.flowi4_proto = ep->flow.protocol,
		.daddr = daddr,
		.saddr = ep->flow.laddr[0],
		.fl4_sport = ep->flow.lport,
	};
	struct rtable *rt;

	if (!is_unicast(net, netdev, daddr))
		return ERR_PTR(-EINVAL);
	if (!is_reachable(net, &fl4))
		return ERR_PTR(-ENETUNREACH);
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return ERR_PTR(-ENETUNREACH);
	if (rt->dst.dev != netdev || rt->rt_type != RTN_UNICAST) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	return rt;
}

/**
 * atmo_route_get() - the route to a destination
 * @udp: with the cache
 * @ep: sender
 * @daddr: destination
 *
 * Context: process context, under the instance's transmit mutex.
 * Return: a route out of @ep's device, the cache's (valid until the next call);
 * or ERR_PTR: -EINVAL: not the address of a single other host, -ENETUNREACH: no
 * route, or not through that device.
 */
struct rtable *atmo_route_get(struct atmo_udp *udp, const struct atmo_endpoint *ep, __be32 daddr)
{
	u32 i = hash_32((__force u32)daddr, ATMO_ROUTE_BITS);
	struct atmo_route *entry = &udp->routes[i];
	struct rtable *rt;

	if (entry->rt) {
		if (entry->daddr == daddr && dst_check(&entry->rt->dst, 0))
			return entry->rt;
		ip_rt_put(entry->rt);
		entry->rt = NULL;
	}
	rt = lookup(ep, daddr);
	if (IS_ERR(rt))
		return rt;
	entry->daddr = daddr;
	entry->rt = rt;
	return rt;
}

/**
 * atmo_route_mac() - the MAC address that frames for a destination go to
 * @rt: route to it
 * @netdev: the route's device
 * @daddr: destination
 * @mac: out
 *
 * Looking tells Linux that the neighbour is in use, so that it verifies the
 * address as long as datagrams are sent.
 *
 * Context: any but hard interrupt.
 * Return: false when the address isn't known (yet): let Linux send then.
 */
bool atmo_route_mac(const struct rtable *rt, struct net_device *netdev, __be32 daddr, u8 *mac)
{
	struct neighbour *n;
	bool known = false;

	if (rt->rt_gw_family == AF_INET6)
		return false;
	/* Both: kernels before 6.4 look neighbours up under the BH flavour. */
	rcu_read_lock_bh();
	rcu_read_lock();
	n = __ipv4_neigh_lookup_noref(netdev, (__force u32)rt_nexthop(rt, daddr));
	if (n && !neigh_event_send(n, NULL) && READ_ONCE(n->nud_state) & NUD_VALID) {
		neigh_ha_snapshot(mac, n, netdev);
		known = true;
	}
	rcu_read_unlock();
	rcu_read_unlock_bh();
	return known;
}

/**
 * atmo_route_flush() - empty the cache
 * @udp: with the cache
 *
 * Context: as atmo_route_get().
 */
void atmo_route_flush(struct atmo_udp *udp)
{
	u32 i;

	for (i = 0; i < ATMO_ROUTE_ENTRIES; i++) {
		if (udp->routes[i].rt)
			ip_rt_put(udp->routes[i].rt);
		udp->routes[i].rt = NULL;
	}
}
