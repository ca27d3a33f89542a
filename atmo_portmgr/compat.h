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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define system_percpu_wq	system_wq
#endif

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

#endif /* ATMO_COMPAT_H */
