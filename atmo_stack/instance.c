// SPDX-License-Identifier: GPL-2.0
/*
 * Life of an instance.
 *
 *   open -> NEW -> bind -> BOUND -> close, or the NIC goes -> GONE
 *
 * Who may hold an instance: its open file (which mappings, running calls and
 * descriptors in flight to another process keep open) or after that its close, which
 * goes on in the background; and a gone callback. Close and gone may meet: both
 * withdraw the instance under bind_mutex, and whoever comes second finds nothing to
 * do. The reference taken by hold keeps the memory for a gone callback that lost the
 * race.
 *
 * Withdrawing first makes the state GONE with both sides' mutexes held. From then
 * on no call gets past atmo_instance_error(), none is under way, and pages,
 * lane and queue are used by nobody but who has withdrawn it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <net/ip.h>

#include "capture.h"
#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* Of a bind, as long as there is something to wait for. */
#define MAX_TRIES	4

static void rx_side_init(struct atmo_rx_side *rx)
{
	memset(rx->drops, 0, sizeof(rx->drops));
	rx->packets = 0;
	rx->bytes = 0;
	rx->passed = 0;
	rx->copied = 0;
	rx->remapped_total = 0;
	rx->nr_spare = 0;
	rx->nr_nic = 0;
}

static void tx_side_init(struct atmo_tx_side *tx)
{
	memset(tx->drops, 0, sizeof(tx->drops));
	tx->packets = 0;
	tx->bytes = 0;
	tx->slow = 0;
	tx->nr_held = 0;
	tx->nr_comp = 0;
	tx->nr_recycle = 0;
	tx->nr_moved = 0;
	tx->nr_recycled = 0;
	tx->nr_lane = 0;
}

struct atmo_instance *atmo_instance_create(void)
{
	struct atmo_instance *inst = kvzalloc(sizeof(*inst), GFP_KERNEL_ACCOUNT);

	if (!inst)
		return ERR_PTR(-ENOMEM);
	kref_init(&inst->ref);
	init_waitqueue_head(&inst->waitq);
	mutex_init(&inst->bind_mutex);
	mutex_init(&inst->rx.mutex);
	mutex_init(&inst->tx.mutex);
	INIT_LIST_HEAD(&inst->proto_link);
	atmo_mapping_init(&inst->mapping);
	return inst;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_create);

static void instance_destroy(struct kref *ref)
{
	struct atmo_instance *inst = container_of(ref, struct atmo_instance, ref);

	put_pid(inst->binder.pid);
	mutex_destroy(&inst->tx.mutex);
	mutex_destroy(&inst->rx.mutex);
	mutex_destroy(&inst->bind_mutex);
	kvfree(inst);
}

void atmo_instance_put(struct atmo_instance *inst)
{
	kref_put(&inst->ref, instance_destroy);
}

static void set_state(struct atmo_instance *inst, enum atmo_instance_state state)
{
	lockdep_assert_held(&inst->bind_mutex);
	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	inst->state = state;
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
}

/* 0: the device is up. The instance is known to work. */
int atmo_instance_device_error(const struct atmo_instance *inst)
{
	const struct atmo_endpoint *ep = &inst->ep;

	if (ep->lane)
		return ep->ops->lane_error(ep->lane);
	return netif_running(atmo_nic_netdev(ep->nic)) ? 0 : -ENETDOWN;
}

/* Calls fail from now on, but for those that are under way. Any context. */
static bool set_failed(struct atmo_instance *inst, enum atmo_failure why)
{
	if (READ_ONCE(inst->failed))
		return false;
	WRITE_ONCE(inst->failed, true);
	trace_atmo_failure(inst->id, why);
	wake_up_interruptible_poll(&inst->waitq, EPOLLERR);
	return true;
}

/* A driver yielded a page that it did not have: nothing about pages is certain. */
void atmo_instance_fail(struct atmo_instance *inst)
{
	if (set_failed(inst, ATMO_FAILURE_OWNERSHIP))
		pr_err_ratelimited("atmo_stack: port %u stopped: a page came back that its lane did not own\n",
				   be16_to_cpu(inst->ep.flow.lport));
}

/* The administrator wants it to stop. One that isn't bound has nothing to stop. */
int atmo_instance_stop(struct atmo_instance *inst)
{
	int err;

	mutex_lock(&inst->rx.mutex);
	err = atmo_instance_error(inst);
	if (!err)
		set_failed(inst, ATMO_FAILURE_STOPPED);
	mutex_unlock(&inst->rx.mutex);
	return err == -EIO ? 0 : err;
}

/* ---- Callbacks of the demultiplexer ---- */

static void endpoint_wake(struct atmo_endpoint *ep)
{
	struct atmo_instance *inst = container_of(ep, struct atmo_instance, ep);

	/* The barrier in here pairs with the one in atmo_instance_poll(). */
	if (wq_has_sleeper(&inst->waitq))
		wake_up_interruptible_poll(&inst->waitq, EPOLLIN | EPOLLRDNORM);
}

static void endpoint_hold(struct atmo_endpoint *ep)
{
	struct atmo_instance *inst = container_of(ep, struct atmo_instance, ep);

	kref_get(&inst->ref);
	__module_get(THIS_MODULE);
}

/*
 * Undoes bind, from wherever it got to. The NIC is let go of last, because it
 * may be unregistered then, and the pages are mapped for its device. @keep: the next
 * instance may have them, since the file is closed and no mapping is left.
 */
static void detach_endpoint(struct atmo_instance *inst, bool keep)
{
	lockdep_assert_held(&inst->bind_mutex);
	atmo_endpoint_stop(&inst->ep);
	if (keep)
		atmo_pages_keep(inst);
	atmo_pages_destroy(inst);
	atmo_proto_detach(inst);
	atmo_routes_destroy(inst);
	atmo_endpoint_unbind(&inst->ep);
}

/* Undoes create_memory(), if there is any. */
static void destroy_memory(struct atmo_instance *inst)
{
	atmo_domain_leave(inst);
	atmo_charge_drop(&inst->charge);
	atmo_rings_destroy(inst);
}

/* No calls any more. True: it was bound, and the caller has to detach the endpoint. */
static bool withdraw(struct atmo_instance *inst)
{
	lockdep_assert_held(&inst->bind_mutex);
	if (inst->state != ATMO_INSTANCE_BOUND)
		return false;
	set_state(inst, ATMO_INSTANCE_GONE);
	return true;
}

static void endpoint_gone(struct atmo_endpoint *ep)
{
	struct atmo_instance *inst = container_of(ep, struct atmo_instance, ep);

	mutex_lock(&inst->bind_mutex);
	if (withdraw(inst))
		detach_endpoint(inst, false);
	mutex_unlock(&inst->bind_mutex);
	wake_up_interruptible_poll(&inst->waitq, EPOLLERR | EPOLLHUP);
	atmo_instance_put(inst);
	module_put(THIS_MODULE);
}

/* The end of close, perhaps in the background. The reference is given back. */
void atmo_instance_end(struct atmo_instance *inst)
{
	mutex_lock(&inst->bind_mutex);
	if (inst->ep.nic)
		detach_endpoint(inst, true);
	/* A capture may hold the instance for long, but no mapping is left. */
	destroy_memory(inst);
	mutex_unlock(&inst->bind_mutex);
	atmo_instance_put(inst);
}

/*
 * On return the port is free. Shared pages are the application's again, too: those
 * that use them on can't know when else.
 */
void atmo_instance_close(struct atmo_instance *inst)
{
	bool later;

	atmo_registry_remove(inst);
	atmo_capture_end(inst);
	mutex_lock(&inst->bind_mutex);
	later = withdraw(inst) && !READ_ONCE(inst->domain->shared);
	atmo_endpoint_retire(&inst->ep);
	mutex_unlock(&inst->bind_mutex);
	if (!later || !atmo_closing_add(inst))
		atmo_instance_end(inst);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_close);

/* ---- Bind ---- */

static int check_rights(struct net *net, const struct atmo_bind *bind)
{
	if (bind->family == AF_PACKET)
		return ns_capable(net->user_ns, CAP_NET_RAW) ? 0 : -EPERM;
	/* An ephemeral port needs no right. */
	if (bind->lport && inet_port_requires_bind_service(net, be16_to_cpu(bind->lport)) &&
	    !ns_capable(net->user_ns, CAP_NET_BIND_SERVICE))
		return -EACCES;
	return 0;
}

static void endpoint_init(struct atmo_endpoint *ep, const struct atmo_bind *bind)
{
	memset(ep, 0, sizeof(*ep));
	memcpy(ep->flow.laddr, bind->laddr, sizeof(ep->flow.laddr));
	memcpy(ep->flow.raddr, bind->raddr, sizeof(ep->flow.raddr));
	ep->flow.lport = bind->lport;
	ep->flow.rport = bind->rport;
	ep->flow.family = bind->family;
	ep->flow.protocol = bind->protocol;
	ep->owner = current_fsuid();
	ep->tx_rate = bind->tx_rate;
	ep->wake = endpoint_wake;
	ep->hold = endpoint_hold;
	ep->gone = endpoint_gone;
}

static int attach_endpoint(struct atmo_instance *inst, struct net *net,
			   const struct atmo_bind *bind)
{
	int err;

	err = atmo_endpoint_bind(&inst->ep, net, bind->ifindex, bind->lane, bind->nr_pages);
	if (err)
		return err;
	/* A shared lane's private queue has as many pages again. */
	if (inst->ep.queue) {
		err = atmo_charge_add(&inst->charge, inst->nr_pages);
		if (err)
			goto err_detach;
	}
	err = atmo_pages_create(inst, atmo_nic_dma_dev(inst->ep.nic));
	if (err)
		goto err_detach;
	err = atmo_proto_attach(inst);
	if (err)
		goto err_detach;
	err = atmo_endpoint_start(&inst->ep);
	if (err)
		goto err_detach;
	return 0;

err_detach:
	detach_endpoint(inst, false);
	return err;
}

/* Rings and pages, and who pays for them. @domain: to join, NULL: a new one. */
static int create_memory(struct atmo_instance *inst, struct atmo_domain *domain)
{
	int err;

	err = atmo_rings_create(inst);
	if (err)
		return err;
	err = atmo_charge_add(&inst->charge, inst->rings_len / PAGE_SIZE);
	if (err)
		goto err_rings;
	if (domain)
		kref_get(&domain->ref);
	else
		domain = atmo_domain_create(inst->nr_pages);
	if (IS_ERR(domain)) {
		err = PTR_ERR(domain);
		goto err_charge;
	}
	err = atmo_domain_join(domain, inst);
	if (err)
		goto err_domain;
	return 0;

err_domain:
	atmo_domain_put(domain);
err_charge:
	atmo_charge_drop(&inst->charge);
err_rings:
	atmo_rings_destroy(inst);
	return err;
}

static int bind_locked(struct atmo_instance *inst, struct net *net,
		       const struct atmo_bind *bind, struct atmo_domain *domain)
{
	int err;

	lockdep_assert_held(&inst->bind_mutex);
	err = atmo_registry_reserve(inst);
	if (err)
		return err;
	endpoint_init(&inst->ep, bind);
	inst->ep.instance = inst->id;
	rx_side_init(&inst->rx);
	tx_side_init(&inst->tx);
	/* Before a port is taken, which others would notice. */
	if (!atmo_proto_available(inst))
		return -EPROTONOSUPPORT;
	inst->ifindex = bind->ifindex;
	inst->nr_pages = bind->nr_pages;
	err = create_memory(inst, domain);
	if (err)
		return err;
	err = attach_endpoint(inst, net, bind);
	if (err) {
		destroy_memory(inst);
		return err;
	}
	set_state(inst, ATMO_INSTANCE_BOUND);
	atmo_registry_add(inst, net);
	return 0;
}

static int bind_once(struct atmo_instance *inst, struct net *net, struct atmo_bind *bind,
		     struct atmo_domain *domain)
{
	int err;

	mutex_lock(&inst->bind_mutex);
	switch (inst->state) {
	case ATMO_INSTANCE_NEW:
		err = bind_locked(inst, net, bind, domain);
		if (err)
			break;
		memcpy(bind->laddr, inst->ep.flow.laddr, sizeof(bind->laddr));
		bind->lport = inst->ep.flow.lport;
		break;
	case ATMO_INSTANCE_BOUND:
		err = -EISCONN;
		break;
	default:
		err = -ENODEV;
	}
	mutex_unlock(&inst->bind_mutex);
	return err;
}

/*
 * There is too little of something, and what is being closed has been waited for, and
 * pages that were kept are given back.
 */
static bool may_try_again(int err)
{
	bool waited;

	if (err != -ENOMEM && err != -EAGAIN)
		return false;
	waited = atmo_closing_wait();
	if (err == -ENOMEM)
		return atmo_kept_drop(NULL) || waited;
	return true;
}

/*
 * @bind has been checked; its laddr and lport are filled in. @domain: the pages to
 * share, the caller's reference stays his; NULL: new ones.
 */
int atmo_instance_bind(struct atmo_instance *inst, struct net *net, struct atmo_bind *bind,
		       struct atmo_domain *domain)
{
	int err = check_rights(net, bind);
	unsigned int tries;

	if (err)
		return err;
	err = bind_once(inst, net, bind, domain);
	for (tries = 1; tries < MAX_TRIES && may_try_again(err); tries++)
		err = bind_once(inst, net, bind, domain);
	return err == -EAGAIN ? -EBUSY : err;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_bind);

/* ---- Questions ---- */

static void fill_info(const struct atmo_instance *inst, struct atmo_info *info)
{
	const struct atmo_endpoint *ep = &inst->ep;

	memset(info, 0, sizeof(*info));
	info->version = ATMO_UAPI_VERSION;
	info->family = ep->flow.family;
	info->lane = ep->lane_type;
	info->lane_reason = ep->reason;
	info->ifindex = inst->ifindex;
	info->nr_pages = inst->nr_pages;
	memcpy(info->laddr, ep->flow.laddr, sizeof(info->laddr));
	info->lport = ep->flow.lport;
	memcpy(info->raddr, ep->flow.raddr, sizeof(info->raddr));
	info->rport = ep->flow.rport;
	ether_addr_copy(info->mac, atmo_nic_netdev(ep->nic)->dev_addr);
	info->id = inst->id;
	info->tx_rate = ep->tx_rate;
	info->rx_queue = U32_MAX;
	info->tx_queue = U32_MAX;
	if (ep->lane)
		ep->ops->lane_queues(ep->lane, &info->rx_queue, &info->tx_queue);
	info->rings_len = inst->rings_len;
	info->pages_len = (u64)inst->nr_pages * ATMO_PAGE_SIZE;
	atmo_rings_describe(inst, info->ring);
}

int atmo_instance_info(struct atmo_instance *inst, struct atmo_info *info)
{
	int err;

	mutex_lock(&inst->rx.mutex);
	err = atmo_instance_error(inst);
	if (!err) {
		fill_info(inst, info);
		/* While the protocol is away, nothing will be sent. */
		if (inst->proto)
			info->max_payload = inst->proto->max_payload(inst);
	}
	mutex_unlock(&inst->rx.mutex);
	return err;
}

/* Both sides' mutexes are held. */
void atmo_instance_fill_stats(const struct atmo_instance *inst, struct atmo_stats *stats)
{
	const struct atmo_queue *queue = NULL;
	int i;

	/* Teardown frees the queue, and has not begun while this is so. */
	if (inst->state == ATMO_INSTANCE_BOUND)
		queue = inst->ep.queue;
	memset(stats, 0, sizeof(*stats));
	stats->version = ATMO_UAPI_VERSION;
	stats->nr_drops = ATMO_NR_DROPS;
	stats->rx_packets = inst->rx.packets;
	stats->rx_bytes = inst->rx.bytes;
	stats->tx_packets = inst->tx.packets;
	stats->tx_bytes = inst->tx.bytes;
	stats->tx_slow = inst->tx.slow;
	stats->rx_passed = inst->rx.passed;
	stats->rx_copied = inst->rx.copied;
	stats->rx_remapped = inst->rx.remapped_total;
	for (i = 0; i < ATMO_NR_DROPS; i++) {
		stats->drops[i] = inst->rx.drops[i] + inst->tx.drops[i];
		/* What the demultiplexer dropped on our behalf comes from the wire. */
		if (queue && i < ATMO_DROP_FREE_BAD_SLOT)
			stats->drops[i] += atmo_queue_dropped(queue, i);
	}
}

int atmo_instance_stats(struct atmo_instance *inst, struct atmo_stats *stats)
{
	int err;

	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	err = atmo_instance_error(inst);
	if (!err)
		atmo_instance_fill_stats(inst, stats);
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
	return err;
}

/* ---- Waiting ---- */

static __poll_t poll_locked(struct atmo_instance *inst)
{
	/*
	 * The end of a transmission raises no interrupt, hence no wake-up, and
	 * the device's going up none in the shared lane: who wants to send is
	 * never put to sleep, but told by ATMO_TX_BATCH how things stand.
	 */
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;
	u32 room;

	lockdep_assert_held(&inst->rx.mutex);
	switch (atmo_instance_error(inst)) {
	case 0:
		break;
	case -ENODEV:
		return EPOLLERR | EPOLLHUP;
	default:
		return EPOLLERR;
	}
	/* Any entry not consumed is news; so is a cursor that can't be. */
	if (!atmo_ring_reserve(&inst->rx.ring, &room) || room < inst->nr_pages ||
	    atmo_instance_rx_waits(inst))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

__poll_t atmo_instance_poll(struct atmo_instance *inst, struct file *file, poll_table *wait)
{
	__poll_t mask;

	poll_wait(file, &inst->waitq, wait);
	/* We are on the list before we look: pairs with endpoint_wake(). */
	smp_mb();
	mutex_lock(&inst->rx.mutex);
	mask = poll_locked(inst);
	mutex_unlock(&inst->rx.mutex);
	return mask;
}
