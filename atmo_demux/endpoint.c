// SPDX-License-Identifier: GPL-2.0
/* Where stack instances attach to a NIC. */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/inetdevice.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "priv.h"

/* The address is one of the device's; zero becomes the device's first one. */
static int resolve_inet(struct net_device *netdev, __be32 *addr)
{
	struct in_device *in_dev;
	struct in_ifaddr *ifa;
	int err = -EADDRNOTAVAIL;

	rcu_read_lock();
	in_dev = __in_dev_get_rcu(netdev);
	if (!in_dev)
		goto out;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		if (*addr ? ifa->ifa_local == *addr : !(ifa->ifa_flags & IFA_F_SECONDARY)) {
			*addr = ifa->ifa_local;
			err = 0;
			break;
		}
	}
out:
	rcu_read_unlock();
	return err;
}

/*
 * Which address is the better one to be known by: 0: none at all. One that is
 * being checked for duplicates, or failed to pass, isn't ours (RFC 4862, 5.4).
 */
static int rank_inet6(const struct inet6_ifaddr *ifa)
{
	u32 flags = READ_ONCE(ifa->flags);

	if ((flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC)) || flags & IFA_F_DADFAILED)
		return 0;
	if (ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL)
		return 1;
	return flags & (IFA_F_DEPRECATED | IFA_F_TEMPORARY) ? 2 : 3;
}

/* The same for IPv6: zero becomes a global address, or else the link-local one. */
static int resolve_inet6(struct net_device *netdev, __be32 addr[4])
{
	static const __be32 any[4];
	const struct inet6_ifaddr *ifa, *found = NULL;
	struct inet6_dev *idev;
	struct in6_addr wanted;
	int rank, best = 0;

	memcpy(&wanted, addr, sizeof(wanted));
	rcu_read_lock();
	idev = __in6_dev_get(netdev);
	if (!idev)
		goto out;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
		rank = rank_inet6(ifa);
		if (memcmp(addr, any, sizeof(any)) && !ipv6_addr_equal(&ifa->addr, &wanted))
			continue;
		if (rank > best) {
			best = rank;
			found = ifa;
		}
	}
	if (found)
		memcpy(addr, &found->addr, sizeof(found->addr));
out:
	rcu_read_unlock();
	return found ? 0 : -EADDRNOTAVAIL;
}

static int resolve_address(struct net_device *netdev, struct atmo_flow *flow)
{
	switch (flow->family) {
	case AF_INET:
		return resolve_inet(netdev, &flow->laddr[0]);
	case AF_INET6:
		return resolve_inet6(netdev, flow->laddr);
	case AF_PACKET:
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static int limit_rate(const struct atmo_endpoint *ep, struct atmo_lane *lane)
{
	if (!ep->tx_rate)
		return 0;
	return ep->ops->lane_rate ? ep->ops->lane_rate(lane, ep->tx_rate) : -EOPNOTSUPP;
}

/* @ep has a lane, limited and steered, or as before. */
static int open_lane(struct atmo_endpoint *ep, u32 nr_pages)
{
	struct atmo_lane *lane;
	int err;

	/* It gets what else the ordinary queues would; they would starve. */
	if (ep->flow.family == AF_PACKET && ep->nic->nr_shared)
		return -EBUSY;
	lane = ep->ops->lane_open(ep->nic, ep, nr_pages, &ep->flow);
	if (IS_ERR(lane))
		return PTR_ERR(lane);
	err = limit_rate(ep, lane);
	if (!err)
		err = ep->ops->lane_steer(lane, &ep->flow);
	if (!err)
		err = atmo_groups_steer(ep, lane);
	if (err) {
		ep->ops->lane_close(lane);
		return err;
	}
	ep->lane = lane;
	ep->lane_type = ATMO_LANE_HARDWARE;
	if (ep->flow.family == AF_PACKET)
		ep->nic->raw_lane = true;
	return 0;
}

/* The private queue is made when the NIC's lock isn't held any more. */
static int join_shared(struct atmo_endpoint *ep)
{
	/* Nothing would come by the ordinary queues, see open_lane(). */
	if (ep->nic->raw_lane)
		return -EBUSY;
	ep->lane_type = ATMO_LANE_SHARED;
	ep->nic->nr_shared++;
	return 0;
}

/* Why there is no hardware lane, as far as a shared one makes up for it. */
static int lane_reason(const struct atmo_endpoint *ep, int err)
{
	switch (err) {
	case -EBUSY:
		if (ep->flow.family == AF_PACKET && ep->nic->nr_shared)
			return ATMO_LANE_SHARED_USED;
		return ATMO_LANE_NO_QUEUE;
	case -ENOSPC:
		return ATMO_LANE_NO_FILTER;
	case -EOPNOTSUPP:
		return ATMO_LANE_UNSUPPORTED;
	default:
		return -1;
	}
}

static int take_lane(struct atmo_endpoint *ep, u8 wanted, u32 nr_pages)
{
	int reason, err;

	ep->reason = ATMO_LANE_ASKED;
	if (wanted == ATMO_LANE_SHARED)
		return ep->tx_rate ? -EOPNOTSUPP : join_shared(ep);
	err = open_lane(ep, nr_pages);
	/* Only hardware can keep a limit. */
	if (wanted == ATMO_LANE_HARDWARE || (err && ep->tx_rate))
		return err == -ENOSPC ? -EBUSY : err;
	if (!err) {
		ep->reason = ATMO_LANE_GRANTED;
		return 0;
	}
	reason = lane_reason(ep, err);
	if (reason < 0)
		return err;
	ep->reason = reason;
	return join_shared(ep);
}

/* With the NIC's lock held: all of bind but finding and pinning the NIC. */
static int bind_locked(struct atmo_endpoint *ep, u8 lane_wanted, u32 nr_pages)
{
	struct atmo_nic *nic = ep->nic;
	int err;

	lockdep_assert_held(&nic->lock);
	if (nic->dying || nic->netdev->reg_state != NETREG_REGISTERED ||
	    !net_eq(dev_net(nic->netdev), ep->net))
		return -ENODEV;
	err = resolve_address(nic->netdev, &ep->flow);
	if (err)
		return err;
	/* A reserved id: softirqs find nothing under it before start. */
	err = xa_alloc_cyclic(&nic->matched, &ep->id, NULL, XA_LIMIT(1, INT_MAX),
			      &nic->next_id, GFP_KERNEL);
	if (err < 0)
		return err;
	err = atmo_port_claim(nic->ports, ep->net, nic->netdev->ifindex, &ep->flow, ep->id,
			      ep->owner);
	if (err)
		goto err_id;
	err = take_lane(ep, lane_wanted, nr_pages);
	if (err)
		goto err_port;
	list_add_tail(&ep->link, &nic->bound);
	return 0;

err_port:
	atmo_port_release(nic->ports, &ep->flow, ep->id);
err_id:
	xa_erase(&nic->matched, ep->id);
	return err;
}

/*
 * Raw endpoints get what isn't for this host, too. RTNL goes before atmo_nic.lock,
 * so that isn't held. A device that is being unregistered forgets by itself.
 */
static void set_promiscuous(struct atmo_nic *nic, int n)
{
	rtnl_lock();
	if (nic->netdev->reg_state == NETREG_REGISTERED)
		dev_set_promiscuity(nic->netdev, n);
	rtnl_unlock();
}

/**
 * atmo_endpoint_bind() - attach an endpoint to a NIC
 * @ep: flow, owner, tx_rate, instance, wake, hold and gone set. A local address of
 *	zero is replaced by the device's first one, a local port of zero by an
 *	ephemeral one. The memory stays until unbind has returned.
 * @net: network namespace to look the device up in
 * @ifindex: the device
 * @lane_wanted: enum atmo_lane_type
 * @nr_pages: pages in flight at most; a power of two
 *
 * On success the port and the lane are the endpoint's and the NIC's driver is
 * pinned. wake() may be called from now on; so may gone().
 *
 * Context: process context, may sleep, takes RTNL. The caller serialises the
 * calls for one endpoint.
 * Return: 0; -ENODEV: no such NIC; -EADDRNOTAVAIL: no address of it, or not yet
 * (duplicate address detection is under way); -EADDRINUSE, -EACCES and others of
 * atmo_port_claim(); -EBUSY: no hardware lane left, and one was demanded (tx_rate
 * does), or one of AF_PACKET keeps the ordinary queues from getting anything;
 * -EAGAIN: no hardware lane left, but some will be when retired endpoints have stopped;
 * -EOPNOTSUPP: demanded, and the NIC can't steer the flow, or tx_rate in the
 * shared lane; -ERANGE: the NIC can't limit to tx_rate; other errors of the
 * driver; -ENOMEM.
 */
int atmo_endpoint_bind(struct atmo_endpoint *ep, struct net *net, u32 ifindex,
		       u8 lane_wanted, u32 nr_pages)
{
	struct atmo_nic *nic = atmo_nic_find(net, ifindex);
	int err = -ENODEV;

	if (!nic)
		return -ENODEV;
	ep->net = get_net(net);
	ep->nic = nic;
	ep->ops = nic->ops;
	ep->lane = NULL;
	ep->queue = NULL;
	ep->retired = false;
	ep->nr_groups = 0;
	INIT_LIST_HEAD(&ep->groups);
	mutex_lock(&nic->lock);
	/* A dying NIC's driver may be gone with its operations. */
	if (!nic->dying && try_module_get(nic->ops->owner)) {
		err = bind_locked(ep, lane_wanted, nr_pages);
		if (err)
			module_put(nic->ops->owner);
	}
	mutex_unlock(&nic->lock);
	if (err) {
		ep->nic = NULL;
		put_net(ep->net);
		atmo_nic_put(nic);
		return err;
	}
	if (ep->flow.family == AF_PACKET)
		set_promiscuous(nic, 1);
	if (ep->lane_type == ATMO_LANE_SHARED) {
		/* Thousands of pages, perhaps: nobody else waits for them. */
		ep->queue = atmo_queue_create(nic->dma_dev, nr_pages);
		if (!ep->queue) {
			atmo_endpoint_unbind(ep);
			return -ENOMEM;
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_endpoint_bind);

/**
 * atmo_endpoint_start() - let packets in
 * @ep: bound; pages are provided
 *
 * Context: process context, may sleep; serialised with the other calls for @ep.
 * Return: 0; -ENOMEM.
 */
int atmo_endpoint_start(struct atmo_endpoint *ep)
{
	/* The filter of a hardware lane is set since bind. */
	if (ep->lane)
		return 0;
	/* Publishes the queue to softirqs. */
	return xa_err(xa_store(&ep->nic->matched, ep->id, ep, GFP_KERNEL));
}
EXPORT_SYMBOL_GPL(atmo_endpoint_start);

/**
 * atmo_endpoint_stop() - no more packets
 * @ep: bound; started or not
 *
 * On return neither NIC nor softirqs touch the endpoint or its pages, and wake()
 * isn't called any more:
 *  - hardware lane: the driver's lane_close() has seen to it. Softirqs never
 *    find such an endpoint.
 *  - shared lane: the endpoint is taken away from where softirqs find it, and
 *    those that had found it are waited for.
 * The port stays claimed, and the NIC can't go before unbind. One that is stopped
 * already, or isn't bound, is left alone.
 *
 * Context: process context, may sleep; serialised with the other calls for @ep.
 * The NIC's lock is not held while the lane is closed: that takes its time.
 */
void atmo_endpoint_stop(struct atmo_endpoint *ep)
{
	struct atmo_nic *nic = ep->nic;

	if (!nic)
		return;
	if (ep->lane) {
		ep->ops->lane_close(ep->lane);
		mutex_lock(&nic->lock);
		ep->lane = NULL;
		mutex_unlock(&nic->lock);
	}
	if (ep->queue) {
		/* Takes it out; the id stays reserved, as the port is its. */
		xa_store(&nic->matched, ep->id, NULL, GFP_KERNEL);
		/* Expedited: a process with thousands of sockets may be exiting. */
		synchronize_rcu_expedited();
		atmo_queue_purge(ep->queue);
	}
}
EXPORT_SYMBOL_GPL(atmo_endpoint_stop);

/**
 * atmo_endpoint_reopen() - a lane of the same type again
 * @ep: bound, and stopped
 * @nr_pages: as at bind
 *
 * The flow and the groups are still the endpoint's. The caller provides pages then
 * and calls atmo_endpoint_start(). A private queue keeps its pages and counters.
 *
 * Context: process context, may sleep; serialised with the other calls for @ep.
 * Return: 0; -EBUSY: no hardware lane is left; -ENODEV: the NIC is going away;
 * errors of the driver. Unless 0, the endpoint stays stopped.
 */
int atmo_endpoint_reopen(struct atmo_endpoint *ep, u32 nr_pages)
{
	struct atmo_nic *nic = ep->nic;
	int err = 0;

	if (!nic)
		return -ENODEV;
	mutex_lock(&nic->lock);
	if (nic->dying)
		err = -ENODEV;
	else if (!ep->queue && !ep->lane)
		err = open_lane(ep, nr_pages);
	mutex_unlock(&nic->lock);
	return err == -ENOSPC || err == -EAGAIN ? -EBUSY : err;
}
EXPORT_SYMBOL_GPL(atmo_endpoint_reopen);

/**
 * atmo_endpoint_retire() - give up the port at once
 * @ep: bound. On return its port can be bound again, and no more packets are steered
 *	to it, though what is on its way may still arrive: stop and unbind must follow.
 *	They may be late, since neither the driver nor anybody who wants the port waits
 *	for them; but unregistering the NIC does, and gone() isn't called any more. One
 *	that is retired, or isn't bound, is left alone.
 *
 * Context: process context, may sleep, takes RTNL; serialised with the other calls
 * for @ep.
 */
void atmo_endpoint_retire(struct atmo_endpoint *ep)
{
	struct atmo_nic *nic = ep->nic;

	if (!nic || ep->retired)
		return;
	atmo_groups_leave(ep);
	if (ep->flow.family == AF_PACKET)
		set_promiscuous(nic, -1);
	if (ep->lane)
		ep->ops->lane_retire(ep->lane);
	mutex_lock(&nic->lock);
	atmo_port_release(nic->ports, &ep->flow, ep->id);
	if (ep->lane_type == ATMO_LANE_SHARED)
		nic->nr_shared--;
	else if (ep->flow.family == AF_PACKET)
		nic->raw_lane = false;
	ep->retired = true;
	mutex_unlock(&nic->lock);
	module_put(ep->ops->owner);
}
EXPORT_SYMBOL_GPL(atmo_endpoint_retire);

/**
 * atmo_endpoint_unbind() - detach an endpoint from its NIC
 * @ep: stopped; retired or not. On return its port can be bound again, and its memory
 *	is the caller's (unless a gone() is still to return, see atmo_endpoint.hold).
 *	One that isn't bound is left alone.
 *
 * Context: process context, may sleep, takes RTNL; serialised with the other calls
 * for @ep.
 */
void atmo_endpoint_unbind(struct atmo_endpoint *ep)
{
	struct atmo_nic *nic = ep->nic;

	if (!nic)
		return;
	atmo_endpoint_retire(ep);
	atmo_queue_destroy(ep->queue);
	ep->queue = NULL;
	mutex_lock(&nic->lock);
	xa_erase(&nic->matched, ep->id);
	ep->nic = NULL;
	list_del(&ep->link);
	wake_up(&nic->unbound);
	mutex_unlock(&nic->lock);
	put_net(ep->net);
	atmo_nic_put(nic);
}
EXPORT_SYMBOL_GPL(atmo_endpoint_unbind);
