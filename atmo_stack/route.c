// SPDX-License-Identifier: GPL-2.0
/*
 * Routes and neighbours: the instance's static ones first, else Linux's. Linux's
 * routes are cached per instance, a few of them, and asked each time whether they
 * still hold: any change of routes or addresses makes Linux say no. Neighbours
 * are not cached: a reference to one would keep its device from going away, and
 * the lookup is one hash and no lock.
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "check.h"
#include "priv.h"

/* A group's datagrams stay on the link, unless asked otherwise: as in Linux. */
#define MULTICAST_TTL	1

static bool is_multicast(u16 family, const __be32 *addr)
{
	return family == AF_INET ? ipv4_is_multicast(addr[0]) :
	       ipv6_addr_is_multicast((const struct in6_addr *)addr);
}

/* ---- Linux's routes, IPv4 ---- */

/* A destination that is a single other host. */
static bool is_unicast4(struct net *net, const struct net_device *netdev, __be32 daddr)
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

static struct dst_entry *lookup4(const struct atmo_endpoint *ep, const __be32 *daddr)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);
	bool multicast = ipv4_is_multicast(*daddr);
	struct net *net = ep->net;
	struct flowi4 fl4 = {
		.flowi4_oif = netdev->ifindex,
		.flowi4_proto = ep->flow.protocol,
		.daddr = *daddr,
		.saddr = ep->flow.laddr[0],
		.fl4_sport = ep->flow.lport,
	};
	struct rtable *rt;

	if (!multicast && !is_unicast4(net, netdev, *daddr))
		return ERR_PTR(-EINVAL);
	/* Groups need no route: the bound device is where they are. */
	if (!multicast && !is_reachable(net, &fl4))
		return ERR_PTR(-ENETUNREACH);
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return ERR_PTR(-ENETUNREACH);
	if (rt->dst.dev != netdev || rt->rt_type != (multicast ? RTN_MULTICAST : RTN_UNICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	return &rt->dst;
}

static void set_nexthop4(struct atmo_path *path, const __be32 *daddr)
{
	const struct rtable *rt = container_of(path->dst, struct rtable, dst);

	if (rt->rt_gw_family == AF_INET6) {
		path->nexthop_family = AF_INET6;
		memcpy(path->nexthop, &rt->rt_gw6, sizeof(path->nexthop));
	} else {
		path->nexthop[0] = rt_nexthop(rt, *daddr);
	}
}

/* ---- Linux's routes, IPv6 ---- */

#if IS_ENABLED(CONFIG_IPV6)

static struct dst_entry *lookup6(const struct atmo_endpoint *ep, const __be32 *daddr)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);
	struct flowi6 fl6 = {
		.flowi6_oif = netdev->ifindex,
		.flowi6_proto = ep->flow.protocol,
		.fl6_sport = ep->flow.lport,
	};
	struct dst_entry *dst;
	u32 flags;

	memcpy(&fl6.daddr, daddr, sizeof(fl6.daddr));
	memcpy(&fl6.saddr, ep->flow.laddr, sizeof(fl6.saddr));
	if (!ipv6_addr_is_multicast(&fl6.daddr) &&
	    (!atmo_check_unicast(AF_INET6, daddr) ||
	     ipv6_chk_addr(ep->net, &fl6.daddr, netdev, 0)))
		return ERR_PTR(-EINVAL);
	dst = ip6_route_output(ep->net, NULL, &fl6);
	flags = container_of(dst, struct rt6_info, dst)->rt6i_flags;
	if (dst->error || dst->dev != netdev || flags & (RTF_LOCAL | RTF_ANYCAST | RTF_REJECT)) {
		dst_release(dst);
		return ERR_PTR(-ENETUNREACH);
	}
	return dst;
}

static u32 dst_cookie(const struct atmo_endpoint *ep, struct dst_entry *dst)
{
	if (ep->flow.family == AF_INET)
		return 0;
	return rt6_get_cookie(container_of(dst, struct rt6_info, dst));
}

static void set_nexthop6(struct atmo_path *path, const __be32 *daddr)
{
	const struct rt6_info *rt = container_of(path->dst, struct rt6_info, dst);

	memcpy(path->nexthop, rt6_nexthop(rt, (struct in6_addr *)daddr), sizeof(path->nexthop));
}

static bool is_own6(struct net *net, struct net_device *netdev, const __be32 *addr)
{
	return ipv6_chk_addr(net, (const struct in6_addr *)addr, netdev, 0);
}

static u8 hop_limit6(struct atmo_path *path, struct net_device *netdev)
{
	struct inet6_dev *idev;
	u8 limit;

	if (path->dst)
		return ip6_dst_hoplimit(path->dst);
	rcu_read_lock();
	idev = __in6_dev_get(netdev);
	limit = idev ? READ_ONCE(idev->cnf.hop_limit) : IPV6_DEFAULT_HOPLIMIT;
	rcu_read_unlock();
	return limit;
}

static struct neigh_table *table_of(u16 family)
{
	return family == AF_INET ? &arp_tbl : &nd_tbl;
}

static struct neighbour *find_neigh6(struct net_device *netdev, const __be32 *addr)
{
	return __ipv6_neigh_lookup_noref(netdev, addr);
}

#else /* No instance of AF_INET6 can be bound. */

static struct dst_entry *lookup6(const struct atmo_endpoint *ep, const __be32 *daddr)
{
	return ERR_PTR(-ENETUNREACH);
}

static u32 dst_cookie(const struct atmo_endpoint *ep, struct dst_entry *dst)
{
	return 0;
}

static void set_nexthop6(struct atmo_path *path, const __be32 *daddr)
{
}

static bool is_own6(struct net *net, struct net_device *netdev, const __be32 *addr)
{
	return false;
}

static u8 hop_limit6(struct atmo_path *path, struct net_device *netdev)
{
	return IPV6_DEFAULT_HOPLIMIT;
}

static struct neigh_table *table_of(u16 family)
{
	return &arp_tbl;
}

static struct neighbour *find_neigh6(struct net_device *netdev, const __be32 *addr)
{
	return NULL;
}

#endif

/* ---- The cache of Linux's routes ---- */

/* Returns the cache's reference, valid until the next call. */
static struct dst_entry *get_dst(struct atmo_instance *inst, const __be32 *daddr)
{
	const struct atmo_endpoint *ep = &inst->ep;
	u32 i = jhash2((const u32 __force *)daddr, 4, 0) % ATMO_ROUTE_ENTRIES;
	struct atmo_route_entry *entry = &inst->routes.cache[i];
	struct dst_entry *dst;

	if (entry->dst) {
		if (!memcmp(entry->daddr, daddr, sizeof(entry->daddr)) &&
		    dst_check(entry->dst, entry->cookie))
			return entry->dst;
		dst_release(entry->dst);
		entry->dst = NULL;
	}
	dst = ep->flow.family == AF_INET ? lookup4(ep, daddr) : lookup6(ep, daddr);
	if (IS_ERR(dst))
		return dst;
	memcpy(entry->daddr, daddr, sizeof(entry->daddr));
	entry->cookie = dst_cookie(ep, dst);
	entry->dst = dst;
	return dst;
}

/* Cache and static entries. Context: nobody sends any more. */
void atmo_routes_destroy(struct atmo_instance *inst)
{
	u32 i;

	for (i = 0; i < ATMO_ROUTE_ENTRIES; i++) {
		dst_release(inst->routes.cache[i].dst);
		inst->routes.cache[i].dst = NULL;
	}
	kfree(inst->routes.override);
	inst->routes.override = NULL;
}

/* ---- Paths ---- */

/* By a static route the destination is judged here, else by Linux's lookup. */
static int check_static(const struct atmo_endpoint *ep, const __be32 *daddr)
{
	struct net_device *netdev = atmo_nic_netdev(ep->nic);

	if (!atmo_check_unicast(ep->flow.family, daddr))
		return -EINVAL;
	if (ep->flow.family == AF_INET)
		return is_unicast4(ep->net, netdev, *daddr) ? 0 : -EINVAL;
	return is_own6(ep->net, netdev, daddr) ? -EINVAL : 0;
}

/* The way that Linux knows, as atmo_path_find(). */
int atmo_path_by_linux(struct atmo_instance *inst, const __be32 *daddr,
		       struct atmo_path *path)
{
	struct dst_entry *dst = get_dst(inst, daddr);

	*path = (struct atmo_path){ .nexthop_family = inst->ep.flow.family };
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	path->dst = dst;
	if (inst->ep.flow.family == AF_INET)
		set_nexthop4(path, daddr);
	else
		set_nexthop6(path, daddr);
	return 0;
}

static void map_multicast(struct atmo_path *path, const __be32 *daddr)
{
	if (path->nexthop_family == AF_INET)
		ip_eth_mc_map(*daddr, path->mac);
	else
		ipv6_eth_mc_map((const struct in6_addr *)daddr, path->mac);
	path->multicast = true;
	path->mac_known = true;
}

/**
 * atmo_path_dest() - the destination of an entry of the tx ring
 * @inst: sender
 * @addr: address that the entry names; connected: zero stands for the peer's
 * @port: port that it names; likewise
 * @daddr: out: destination address
 * @dport: out: destination port
 *
 * Context: as atmo_path_find().
 * Return: false: nothing that can be sent to, or not the peer.
 */
bool atmo_path_dest(struct atmo_instance *inst, const __be32 *addr, __be16 port,
		    __be32 *daddr, __be16 *dport)
{
	const struct atmo_flow *flow = &inst->ep.flow;

	if (!flow->rport) {
		memcpy(daddr, addr, sizeof(flow->raddr));
		*dport = port;
		return port && (flow->family == AF_INET6 || !(addr[1] | addr[2] | addr[3]));
	}
	memcpy(daddr, flow->raddr, sizeof(flow->raddr));
	*dport = flow->rport;
	return (!port || port == flow->rport) &&
	       (!(addr[0] | addr[1] | addr[2] | addr[3]) ||
		!memcmp(addr, flow->raddr, sizeof(flow->raddr)));
}
EXPORT_SYMBOL_GPL(atmo_path_dest);

/**
 * atmo_path_find() - the way to a destination
 * @inst: sender
 * @daddr: destination; IPv4 in the first word, the others zero
 * @path: out. Valid until the next call, for Linux's route is the cache's.
 *
 * Context: process context, under the instance's transmit mutex.
 * Return: 0, and the way leads out of the bound device; -EINVAL: neither the
 * address of a single other host nor a group; -ENETUNREACH: no route, or not
 * through that device.
 */
int atmo_path_find(struct atmo_instance *inst, const __be32 *daddr, struct atmo_path *path)
{
	const struct atmo_override *o = inst->routes.override;
	const struct atmo_static_route *r = NULL;
	u16 family = inst->ep.flow.family;
	const u8 *mac = NULL;
	int err;

	*path = (struct atmo_path){ .nexthop_family = family };
	if (is_multicast(family, daddr)) {
		err = atmo_path_by_linux(inst, daddr, path);
		map_multicast(path, daddr);
		return err;
	}
	if (o)
		r = atmo_override_route(o, daddr);
	if (r) {
		err = check_static(&inst->ep, daddr);
		memcpy(path->nexthop, atmo_override_nexthop(r, daddr), sizeof(path->nexthop));
	} else {
		err = atmo_path_by_linux(inst, daddr, path);
	}
	if (!err && o && path->nexthop_family == family)
		mac = atmo_override_mac(o, path->nexthop);
	if (mac) {
		ether_addr_copy(path->mac, mac);
		path->mac_known = true;
		path->mac_static = true;
	}
	return err;
}
EXPORT_SYMBOL_GPL(atmo_path_find);

static struct neighbour *find_neigh(struct net_device *netdev, const struct atmo_path *path)
{
	if (path->nexthop_family == AF_INET)
		return __ipv4_neigh_lookup_noref(netdev, (__force u32)path->nexthop[0]);
	return find_neigh6(netdev, path->nexthop);
}

/**
 * atmo_path_resolve() - fill in the MAC address that frames go to
 * @inst: sender
 * @path: as found; unless it is a static one, Linux's neighbour is looked up
 *
 * Looking tells Linux that the neighbour is in use, so that it verifies the
 * address as long as packets are sent.
 *
 * Context: any but hard interrupt.
 * Return: false when the address isn't known (yet): let Linux send then.
 */
bool atmo_path_resolve(struct atmo_instance *inst, struct atmo_path *path)
{
	struct net_device *netdev = atmo_nic_netdev(inst->ep.nic);
	struct neighbour *n;

	if (path->mac_known)
		return true;
	/* Both: kernels before 6.4 look neighbours up under the BH flavour. */
	rcu_read_lock_bh();
	rcu_read_lock();
	n = find_neigh(netdev, path);
	if (n && !neigh_event_send(n, NULL) && READ_ONCE(n->nud_state) & NUD_VALID) {
		neigh_ha_snapshot(path->mac, n, netdev);
		path->mac_known = true;
	}
	rcu_read_unlock();
	rcu_read_unlock_bh();
	return path->mac_known;
}
EXPORT_SYMBOL_GPL(atmo_path_resolve);

/* Linux's neighbour of a path, made if there is none; the caller's reference. */
struct neighbour *atmo_path_neigh(struct atmo_instance *inst, const struct atmo_path *path)
{
	return __neigh_lookup(table_of(path->nexthop_family), path->nexthop,
			      atmo_nic_netdev(inst->ep.nic), 1);
}

/**
 * atmo_path_ask() - have Linux find out the neighbour's MAC address
 * @inst: sender
 * @path: as found, not resolved
 *
 * Context: as atmo_path_find().
 */
void atmo_path_ask(struct atmo_instance *inst, const struct atmo_path *path)
{
	struct neighbour *n = atmo_path_neigh(inst, path);

	if (!n)
		return;
	neigh_event_send(n, NULL);
	neigh_release(n);
}
EXPORT_SYMBOL_GPL(atmo_path_ask);

/**
 * atmo_path_mtu() - longest IP packet for a path
 * @inst: sender
 * @path: as found
 *
 * The path may be narrower than the device. Context: as atmo_path_find().
 * Return: bytes, IP header included.
 */
u32 atmo_path_mtu(struct atmo_instance *inst, const struct atmo_path *path)
{
	u32 mtu = READ_ONCE(atmo_nic_netdev(inst->ep.nic)->mtu);

	/* A route may promise more than the device can do. */
	mtu = min_t(u32, mtu, ETH_DATA_LEN);
	return path->dst ? min(dst_mtu(path->dst), mtu) : mtu;
}
EXPORT_SYMBOL_GPL(atmo_path_mtu);

/*
 * As Linux does it: DF, so that the path's MTU is found out, unless that is
 * switched off. Only fragments need an identification.
 */
static void fill_ipv4(struct net *net, const struct atmo_path *path, struct atmo_l3 *l3)
{
	struct iphdr iph = {
		.protocol = l3->protocol,
		.saddr = l3->saddr[0],
		.daddr = l3->daddr[0],
	};

	l3->ttl = path->dst ? ip4_dst_hoplimit(path->dst) :
			      READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
	l3->dont_fragment = !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) &&
			    !(path->dst && dst_metric_locked(path->dst, RTAX_MTU));
	if (l3->dont_fragment)
		return;
	__ip_select_ident(net, &iph, 1);
	l3->id = ntohs(iph.id);
}

/**
 * atmo_path_fill() - what headers to a destination say by default
 * @inst: sender
 * @path: as found; resolved where the headers go to a lane
 * @l3: in: daddr, protocol, l4_len; out: the rest
 *
 * Context: as atmo_path_find().
 */
void atmo_path_fill(struct atmo_instance *inst, struct atmo_path *path, struct atmo_l3 *l3)
{
	struct net_device *netdev = atmo_nic_netdev(inst->ep.nic);

	ether_addr_copy(l3->dmac, path->mac);
	ether_addr_copy(l3->smac, netdev->dev_addr);
	l3->family = inst->ep.flow.family;
	memcpy(l3->saddr, inst->ep.flow.laddr, sizeof(l3->saddr));
	if (l3->family == AF_INET)
		fill_ipv4(inst->ep.net, path, l3);
	else
		l3->ttl = hop_limit6(path, netdev);
	if (path->multicast)
		l3->ttl = MULTICAST_TTL;
}
EXPORT_SYMBOL_GPL(atmo_path_fill);
