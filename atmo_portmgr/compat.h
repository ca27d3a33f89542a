/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels 6.1 and 7.3, and nothing else. */
#ifndef ATMO_COMPAT_H
#define ATMO_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#include <linux/mm.h>

/* Only in an mmap handler, where mmap_lock is held for writing. */
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* For what is of no use to other modules but their tests. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#define KUNIT_STATIC_STUB_REDIRECT(fn, args...)	do { } while (0)
#else
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define ATMO_IMPORT_KUNIT_SYMBOLS()	MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING)
#else
#define ATMO_IMPORT_KUNIT_SYMBOLS()	MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING")
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define dma_dev_need_sync(dev)	((void)(dev), true)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define system_percpu_wq	system_wq
#endif

#include <linux/shrinker.h>
#include <linux/slab.h>

/* NULL: no memory. */
static inline struct shrinker *
atmo_shrinker_create(const char *name,
		     unsigned long (*count)(struct shrinker *, struct shrink_control *),
		     unsigned long (*scan)(struct shrinker *, struct shrink_control *))
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
#else
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);
#endif

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	if (register_shrinker(shrinker, "%s", name)) {
		kfree(shrinker);
		return NULL;
	}
#else
	shrinker_register(shrinker);
#endif
	return shrinker;
}

static inline void atmo_shrinker_destroy(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	unregister_shrinker(shrinker);
	kfree(shrinker);
#else
	shrinker_free(shrinker);
#endif
}

#include <net/sock.h>

/* What /proc/net/udp and ss show as drops. */
static inline void atmo_sock_count_drop(struct sock *sk)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	atomic_inc(&sk->sk_drops);
#else
	sk_drops_inc(sk);
#endif
}

#include <net/sch_generic.h>

#ifdef __CHECKER__
/* Sparse can't follow a lock that only some disciplines have. */
bool atmo_qdisc_run_begin(struct Qdisc *q);
void atmo_qdisc_run_end(struct Qdisc *q);
#else
static inline bool atmo_qdisc_run_begin(struct Qdisc *q)
{
	return qdisc_run_begin(q);
}

/* By who has dequeued nothing. */
static inline void atmo_qdisc_run_end(struct Qdisc *q)
{
#ifdef TCQ_F_DEQUEUE_DROPS
	kfree_skb_list(qdisc_run_end(q));
#else
	qdisc_run_end(q);
#endif
}
#endif

/* tc's filters and BPF, or netfilter, where frames leave a device. */
static inline bool atmo_netdev_has_egress(const struct net_device *netdev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(netdev->nf_hooks_egress))
		return true;
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_CLS_ACT
	return rcu_access_pointer(netdev->miniq_egress);
#endif
#elif defined(CONFIG_NET_XGRESS)
	return rcu_access_pointer(netdev->tcx_egress);
#endif
	return false;
}

#endif /* ATMO_COMPAT_H */
