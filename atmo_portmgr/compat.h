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

#endif /* ATMO_COMPAT_H */
