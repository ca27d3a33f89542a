// SPDX-License-Identifier: GPL-2.0
/* Where drivers register their NICs, and how long a NIC lives. */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "priv.h"

static LIST_HEAD(nics);
static DEFINE_MUTEX(nics_lock);	/* protects nics */

static const char *const nic_stat_names[ATMO_NR_NIC_STATS] = {
	[ATMO_NIC_TAKEN]		= "demux_taken",
	[ATMO_NIC_DROP_HW_ERROR]	= "demux_drop_hw_error",
	[ATMO_NIC_DROP_MALFORMED]	= "demux_drop_malformed",
	[ATMO_NIC_DROP_CHECKSUM]	= "demux_drop_checksum",
	[ATMO_NIC_DROP_QUEUE_FULL]	= "demux_drop_queue_full",
	[ATMO_NIC_DROP_STRAY]		= "demux_drop_stray",
	[ATMO_NIC_PASSED]		= "demux_passed",
	[ATMO_NIC_PASS_FAILED]		= "demux_pass_failed",
};

static void nic_release(struct kref *ref)
{
	struct atmo_nic *nic = container_of(ref, struct atmo_nic, ref);

	xa_destroy(&nic->matched);
	atmo_ports_destroy(nic->ports);
	free_percpu(nic->pcpu);
	mutex_destroy(&nic->lock);
	kfree(nic);
}

/* Gives a reference back, the one of atmo_nic_find() for example. */
void atmo_nic_put(struct atmo_nic *nic)
{
	kref_put(&nic->ref, nic_release);
}

/*
 * The NIC whose device has this index in this namespace, with a reference, or
 * NULL. It may be on its way out: see atmo_nic.dying.
 */
struct atmo_nic *atmo_nic_find(struct net *net, u32 ifindex)
{
	struct atmo_nic *nic, *found = NULL;

	mutex_lock(&nics_lock);
	list_for_each_entry(nic, &nics, link) {
		if ((u32)nic->netdev->ifindex == ifindex &&
		    net_eq(dev_net(nic->netdev), net)) {
			kref_get(&nic->ref);
			found = nic;
			break;
		}
	}
	mutex_unlock(&nics_lock);
	return found;
}

static struct nic_pcpu __percpu *nic_pcpu_create(void)
{
	struct nic_pcpu __percpu *pcpu = alloc_percpu(struct nic_pcpu);
	int cpu;

	if (!pcpu)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(pcpu, cpu)->sync);
	return pcpu;
}

/*
 * An endpoint that may not stay: of a dying NIC all, else those left behind. Retired
 * ones are on their way out.
 */
static struct atmo_endpoint *to_revoke(const struct atmo_nic *nic)
{
	struct atmo_endpoint *ep;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry(ep, &nic->bound, link) {
		if (!ep->retired &&
		    (nic->dying || !net_eq(ep->net, dev_net(nic->netdev))))
			return ep;
	}
	return NULL;
}

/*
 * gone() runs without the lock, so the endpoint may be unbound by its closing
 * owner at the same time. hold() comes first, under the lock, while the endpoint
 * is on the list and thus alive; after gone() it must not be touched again.
 */
static void nic_revoke(struct atmo_nic *nic)
{
	struct atmo_endpoint *ep;

	mutex_lock(&nic->lock);
	while ((ep = to_revoke(nic))) {
		ep->hold(ep);
		mutex_unlock(&nic->lock);
		ep->gone(ep);
		mutex_lock(&nic->lock);
	}
	mutex_unlock(&nic->lock);
}

static void moved_work(struct work_struct *work)
{
	nic_revoke(container_of(work, struct atmo_nic, moved));
}

/*
 * A device comes to another network namespace down, and is announced there with
 * RTNL held, which gone() needs. A bind that found the NIC before looks again.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct net_device *netdev = netdev_notifier_info_to_dev(ptr);
	struct atmo_nic *nic;

	if (event != NETDEV_REGISTER)
		return NOTIFY_DONE;
	mutex_lock(&nics_lock);
	list_for_each_entry(nic, &nics, link) {
		if (nic->netdev == netdev)
			schedule_work(&nic->moved);
	}
	mutex_unlock(&nics_lock);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int atmo_nics_init(void)
{
	return register_netdevice_notifier(&netdev_notifier);
}

void atmo_nics_exit(void)
{
	unregister_netdevice_notifier(&netdev_notifier);
}

/**
 * atmo_nic_register() - make a NIC known, so that instances can be bound to it
 * @netdev: its network device, registered or about to be
 * @dma_dev: device to map packet pages for
 * @ops: the driver's operations
 *
 * Context: process context, may sleep. The operations may be called before this
 * returns.
 * Return: to be given to atmo_nic_unregister(); or ERR_PTR(-ENOMEM).
 */
struct atmo_nic *atmo_nic_register(struct net_device *netdev, struct device *dma_dev,
				   const struct atmo_nic_ops *ops)
{
	struct atmo_nic *nic = kzalloc(sizeof(*nic), GFP_KERNEL);

	if (!nic)
		return ERR_PTR(-ENOMEM);
	nic->ports = atmo_ports_create();
	if (!nic->ports)
		goto err_nic;
	nic->pcpu = nic_pcpu_create();
	if (!nic->pcpu)
		goto err_ports;
	nic->netdev = netdev;
	nic->dma_dev = dma_dev;
	nic->ops = ops;
	xa_init_flags(&nic->matched, XA_FLAGS_ALLOC1);
	mutex_init(&nic->lock);
	INIT_LIST_HEAD(&nic->bound);
	init_waitqueue_head(&nic->unbound);
	INIT_WORK(&nic->moved, moved_work);
	kref_init(&nic->ref);
	mutex_lock(&nics_lock);
	list_add_tail(&nic->link, &nics);
	mutex_unlock(&nics_lock);
	return nic;

err_ports:
	atmo_ports_destroy(nic->ports);
err_nic:
	kfree(nic);
	return ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_GPL(atmo_nic_register);

/**
 * atmo_nic_unregister() - a NIC is going away: take it from its instances
 * @nic: the NIC; gone when this returns. atmo_demux_rx() is not running for it
 *	and won't be called any more.
 *
 * On return no endpoint is bound, all lanes are closed, all pages unmapped, and
 * no operation of the driver will be called any more.
 *
 * Context: process context, may sleep; neither RTNL nor any lock that the
 * driver's operations take may be held.
 */
void atmo_nic_unregister(struct atmo_nic *nic)
{
	mutex_lock(&nics_lock);
	list_del(&nic->link);
	mutex_unlock(&nics_lock);
	cancel_work_sync(&nic->moved);
	mutex_lock(&nic->lock);
	nic->dying = true;
	mutex_unlock(&nic->lock);
	nic_revoke(nic);
	wait_event(nic->unbound, list_empty_careful(&nic->bound));
	/* Those who could add to it are gone. */
	atmo_kept_drop(nic->dma_dev);
	atmo_nic_put(nic);
}
EXPORT_SYMBOL_GPL(atmo_nic_unregister);

/**
 * atmo_nic_netdev() - network device of a NIC
 * @nic: the NIC
 *
 * Context: any, between bind and unbind of an endpoint.
 * Return: the device; stays as long as the endpoint is bound.
 */
struct net_device *atmo_nic_netdev(const struct atmo_nic *nic)
{
	return nic->netdev;
}
EXPORT_SYMBOL_GPL(atmo_nic_netdev);

/**
 * atmo_nic_dma_dev() - device to map packet pages for
 * @nic: the NIC
 *
 * Context: any, between bind and unbind of an endpoint.
 * Return: the device; stays as long as the endpoint is bound.
 */
struct device *atmo_nic_dma_dev(const struct atmo_nic *nic)
{
	return nic->dma_dev;
}
EXPORT_SYMBOL_GPL(atmo_nic_dma_dev);

/* The NIC of this namespace with the smallest index above @ifindex, with a reference. */
static struct atmo_nic *nic_above(struct net *net, u32 ifindex)
{
	struct atmo_nic *nic, *found = NULL;

	mutex_lock(&nics_lock);
	list_for_each_entry(nic, &nics, link) {
		if ((u32)nic->netdev->ifindex > ifindex &&
		    (!found || nic->netdev->ifindex < found->netdev->ifindex) &&
		    net_eq(dev_net(nic->netdev), net))
			found = nic;
	}
	if (found)
		kref_get(&found->ref);
	mutex_unlock(&nics_lock);
	return found;
}

/* False: it is on its way out, and its driver may not be asked any more. */
static bool nic_describe(struct atmo_nic *nic, struct atmo_nic_info *info)
{
	struct atmo_endpoint *ep;
	bool alive;

	memset(info, 0, sizeof(*info));
	mutex_lock(&nic->lock);
	alive = !nic->dying;
	if (alive) {
		info->ifindex = nic->netdev->ifindex;
		info->max_lanes = nic->ops->max_lanes;
		list_for_each_entry(ep, &nic->bound, link) {
			if (ep->retired)
				continue;
			info->endpoints++;
			info->lanes += !!ep->lane;
		}
		if (nic->ops->limits)
			info->nr_limits = min_t(u32, ATMO_MAX_NIC_LIMITS,
						nic->ops->limits(nic, info->limits,
								 ATMO_MAX_NIC_LIMITS));
	}
	mutex_unlock(&nic->lock);
	return alive;
}

/**
 * atmo_nic_next() - describe a network namespace's NICs, one by one
 * @net: the namespace
 * @ifindex: of the one before, 0 at first
 * @info: out: the NIC with the next larger index
 *
 * Context: process context, may sleep.
 * Return: false: there is none.
 */
bool atmo_nic_next(struct net *net, u32 ifindex, struct atmo_nic_info *info)
{
	struct atmo_nic *nic;
	bool alive = false;
	int i;

	while (!alive) {
		nic = nic_above(net, ifindex);
		if (!nic)
			return false;
		alive = nic_describe(nic, info);
		for (i = 0; alive && i < ATMO_NR_NIC_STATS; i++)
			info->stats[i] = atmo_nic_stat_read(nic, i);
		atmo_nic_put(nic);
	}
	return true;
}
EXPORT_SYMBOL_GPL(atmo_nic_next);

/* Counts one; any context but hard interrupt. */
void atmo_nic_count(struct atmo_nic *nic, enum atmo_nic_stat stat, u32 n)
{
	struct nic_pcpu *pcpu;

	local_bh_disable();
	pcpu = this_cpu_ptr(nic->pcpu);
	u64_stats_update_begin(&pcpu->sync);
	u64_stats_add(&pcpu->stats[stat], n);
	u64_stats_update_end(&pcpu->sync);
	local_bh_enable();
}

/**
 * atmo_nic_stat_read() - read a counter
 * @nic: the NIC
 * @stat: which
 *
 * Context: any.
 * Return: sum over all CPUs since the NIC was registered.
 */
u64 atmo_nic_stat_read(const struct atmo_nic *nic, enum atmo_nic_stat stat)
{
	unsigned int start;
	u64 sum = 0;
	u64 one;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct nic_pcpu *pcpu = per_cpu_ptr(nic->pcpu, cpu);

		do {
			start = u64_stats_fetch_begin(&pcpu->sync);
			one = u64_stats_read(&pcpu->stats[stat]);
		} while (u64_stats_fetch_retry(&pcpu->sync, start));
		sum += one;
	}
	return sum;
}
EXPORT_SYMBOL_GPL(atmo_nic_stat_read);

/**
 * atmo_nic_stat_name() - name of a counter, as for ethtool -S
 * @stat: which
 *
 * Context: any.
 * Return: shorter than ETH_GSTRING_LEN; NULL when there is no such counter.
 */
const char *atmo_nic_stat_name(enum atmo_nic_stat stat)
{
	return stat < ATMO_NR_NIC_STATS ? nic_stat_names[stat] : NULL;
}
EXPORT_SYMBOL_GPL(atmo_nic_stat_name);

/* Here, since this module stays as long as there are lanes. */
u64 atmo_head_key(void)
{
	static atomic64_t last;

	return (u64)atomic64_inc_return(&last) << 16;
}
EXPORT_SYMBOL_GPL(atmo_head_key);
