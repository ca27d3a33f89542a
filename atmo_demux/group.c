// SPDX-License-Identifier: GPL-2.0
/*
 * Multicast groups of an endpoint. A group is claimed like a local address, the
 * device joins it (so the NIC lets its frames in, and IGMP or MLD tell routers),
 * and a hardware lane has it steered.
 *
 * RTNL protects each endpoint's list against change; readers use RCU.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/igmp.h>
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/addrconf.h>

#include "priv.h"

/**
 * struct group - a group that an endpoint has joined
 * @link: in atmo_endpoint.groups
 * @rcu: for its end
 * @flow: what is claimed for it
 */
struct group {
	struct list_head link;
	struct rcu_head rcu;
	struct atmo_flow flow;
};

static bool is_multicast(u16 family, const __be32 addr[4])
{
	if (family == AF_INET)
		return ipv4_is_multicast(addr[0]) && !addr[1] && !addr[2] && !addr[3];
	return *(const u8 *)addr == 0xff;
}

static struct group *group_find(const struct atmo_endpoint *ep, const __be32 addr[4])
{
	struct group *g;

	list_for_each_entry_rcu(g, &ep->groups, link, lockdep_rtnl_is_held()) {
		if (!memcmp(g->flow.laddr, addr, sizeof(g->flow.laddr)))
			return g;
	}
	return NULL;
}

static bool device_has(const struct in_device *in_dev, __be32 group)
{
	const struct ip_mc_list *im;

	for (im = rtnl_dereference(in_dev->mc_list); im; im = rtnl_dereference(im->next_rcu)) {
		if (im->multiaddr == group)
			return true;
	}
	return false;
}

/* On behalf of the device. */
static int device_join(struct net_device *netdev, const struct atmo_flow *flow)
{
	struct in_device *in_dev;
	struct in6_addr addr6;

	ASSERT_RTNL();
	if (netdev->reg_state != NETREG_REGISTERED)
		return -ENODEV;
	if (flow->family == AF_INET6) {
		memcpy(&addr6, flow->laddr, sizeof(addr6));
		return IS_ENABLED(CONFIG_IPV6) ? ipv6_dev_mc_inc(netdev, &addr6) : -EAFNOSUPPORT;
	}
	in_dev = __in_dev_get_rtnl(netdev);
	if (!in_dev)
		return -ENODEV;
	/* Says nothing when it has no memory. */
	ip_mc_inc_group(in_dev, flow->laddr[0]);
	return device_has(in_dev, flow->laddr[0]) ? 0 : -ENOMEM;
}

/*
 * A device that is being unregistered has left all groups, or will; one that has
 * left the namespace has left them there.
 */
static void device_leave(struct net_device *netdev, const struct net *net,
			 const struct atmo_flow *flow)
{
	struct in_device *in_dev;
	struct in6_addr addr6;

	ASSERT_RTNL();
	if (netdev->reg_state != NETREG_REGISTERED || !net_eq(dev_net(netdev), net))
		return;
	if (flow->family == AF_INET6) {
		memcpy(&addr6, flow->laddr, sizeof(addr6));
		if (IS_ENABLED(CONFIG_IPV6))
			ipv6_dev_mc_dec(netdev, &addr6);
		return;
	}
	in_dev = __in_dev_get_rtnl(netdev);
	if (in_dev)
		ip_mc_dec_group(in_dev, flow->laddr[0]);
}

/* All groups of @ep to @lane, which isn't its own yet. Undone by closing @lane. */
int atmo_groups_steer(const struct atmo_endpoint *ep, struct atmo_lane *lane)
{
	struct group *g;
	int err = 0;

	/*
	 * The caller serialises the calls for one endpoint, so the list doesn't
	 * change: RTNL isn't needed, nor could it be taken inside the NIC's lock.
	 */
	list_for_each_entry(g, &ep->groups, link) {
		err = ep->ops->lane_steer(lane, &g->flow);
		if (err)
			break;
	}
	return err;
}

/* With RTNL and the NIC's lock: claim, steer, join the group. */
static int group_claim(struct atmo_endpoint *ep, struct group *g)
{
	struct atmo_nic *nic = ep->nic;
	struct net_device *netdev = nic->netdev;
	int err;

	lockdep_assert_held(&nic->lock);
	if (!net_eq(dev_net(netdev), ep->net))
		return -ENODEV;
	err = atmo_port_claim(nic->ports, ep->net, netdev->ifindex, &g->flow, ep->id,
			      ep->owner);
	if (err)
		return err;
	if (ep->lane)
		err = ep->ops->lane_steer(ep->lane, &g->flow);
	if (err)
		goto err_port;
	err = device_join(netdev, &g->flow);
	if (err)
		goto err_lane;
	return 0;

err_lane:
	if (ep->lane)
		ep->ops->lane_unsteer(ep->lane, &g->flow);
err_port:
	atmo_port_release(nic->ports, &g->flow, ep->id);
	return err;
}

static void group_release(struct atmo_endpoint *ep, struct group *g)
{
	struct atmo_nic *nic = ep->nic;

	ASSERT_RTNL();
	device_leave(nic->netdev, ep->net, &g->flow);
	mutex_lock(&nic->lock);
	if (ep->lane)
		ep->ops->lane_unsteer(ep->lane, &g->flow);
	atmo_port_release(nic->ports, &g->flow, ep->id);
	mutex_unlock(&nic->lock);
	list_del_rcu(&g->link);
	ep->nr_groups--;
	kfree_rcu(g, rcu);
}

static struct group *group_create(const struct atmo_endpoint *ep, const __be32 addr[4])
{
	struct group *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);

	if (!g)
		return NULL;
	g->flow.family = ep->flow.family;
	g->flow.protocol = ep->flow.protocol;
	g->flow.lport = ep->flow.lport;
	memcpy(g->flow.laddr, addr, sizeof(g->flow.laddr));
	return g;
}

static int join_locked(struct atmo_endpoint *ep, const __be32 addr[4])
{
	struct atmo_nic *nic = ep->nic;
	struct group *g;
	int err = -ENODEV;

	ASSERT_RTNL();
	if (group_find(ep, addr))
		return -EADDRINUSE;
	if (ep->nr_groups >= ATMO_MAX_GROUPS)
		return -ENOSPC;
	g = group_create(ep, addr);
	if (!g)
		return -ENOMEM;
	mutex_lock(&nic->lock);
	if (!nic->dying)
		err = group_claim(ep, g);
	mutex_unlock(&nic->lock);
	if (err) {
		kfree(g);
		return err;
	}
	list_add_tail_rcu(&g->link, &ep->groups);
	ep->nr_groups++;
	return 0;
}

/**
 * atmo_endpoint_join() - receive a multicast group, too
 * @ep: bound
 * @addr: the group, of the endpoint's family
 *
 * The device joins the group, and its datagrams to flow.lport are @ep's.
 *
 * Context: process context, may sleep, takes RTNL; serialised with the other calls
 * for @ep, but for atmo_endpoint_in_group().
 * Return: 0; -EINVAL: not a multicast address; -EOPNOTSUPP: @ep isn't unconnected
 * UDP, or the NIC can't steer the group to its hardware lane; -EADDRINUSE: this
 * port of the group is received already, by @ep or another here, or in Linux;
 * -ENOSPC: @ep has ATMO_MAX_GROUPS, or the NIC has no filter left; -ENODEV: the
 * NIC is going away; -ENOMEM; errors of Linux.
 */
int atmo_endpoint_join(struct atmo_endpoint *ep, const __be32 addr[4])
{
	int err;

	if (!ep->nic)
		return -ENODEV;
	if (ep->flow.protocol != IPPROTO_UDP || ep->flow.rport)
		return -EOPNOTSUPP;
	if (!is_multicast(ep->flow.family, addr))
		return -EINVAL;
	rtnl_lock();
	err = join_locked(ep, addr);
	rtnl_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(atmo_endpoint_join);

/**
 * atmo_endpoint_leave() - undo atmo_endpoint_join()
 * @ep: bound
 * @addr: the group
 *
 * Context: as atmo_endpoint_join().
 * Return: 0; -ENOENT: @ep hasn't joined it.
 */
int atmo_endpoint_leave(struct atmo_endpoint *ep, const __be32 addr[4])
{
	struct group *g;

	if (!ep->nic)
		return -ENOENT;
	rtnl_lock();
	g = group_find(ep, addr);
	if (g)
		group_release(ep, g);
	rtnl_unlock();
	return g ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(atmo_endpoint_leave);

/* All of them; @ep is about to be unbound. */
void atmo_groups_leave(struct atmo_endpoint *ep)
{
	struct group *g, *next;

	if (list_empty(&ep->groups))
		return;
	rtnl_lock();
	list_for_each_entry_safe(g, next, &ep->groups, link)
		group_release(ep, g);
	rtnl_unlock();
}

/**
 * atmo_endpoint_in_group() - has an endpoint joined a group?
 * @ep: bound, or being unbound
 * @addr: any address of the endpoint's family
 *
 * Context: any, at the same time as other calls for @ep.
 * Return: whether it has.
 */
bool atmo_endpoint_in_group(const struct atmo_endpoint *ep, const __be32 addr[4])
{
	bool joined;

	rcu_read_lock();
	joined = group_find(ep, addr);
	rcu_read_unlock();
	return joined;
}
EXPORT_SYMBOL_GPL(atmo_endpoint_in_group);
