// SPDX-License-Identifier: GPL-2.0
/*
 * The two regions that an application maps: the rings (layout in
 * uapi/linux/atmo_ring.h) and its packet pages.
 *
 * A region is mapped as a whole. Of the packet pages, which memory stands behind a
 * slot can change: then the mappings of that slot, wherever they are, are taken
 * away, and the next access faults the new memory in. For this each instance is an
 * address space of its own: all open files of /dev/atmo have the same inode. A
 * mapping is found there only after our mmap handler has returned, so that one
 * leaves everything to faults. A mapping holds its file open, and that rings and
 * pages.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/vmalloc.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

static const u32 desc_sizes[ATMO_NR_RINGS] = {
	[ATMO_RING_FREE] = sizeof(struct atmo_free_desc),
	[ATMO_RING_RX]	 = sizeof(struct atmo_rx_desc),
	[ATMO_RING_TX]	 = sizeof(struct atmo_tx_desc),
	[ATMO_RING_COMP] = sizeof(struct atmo_comp_desc),
};

/* Rings follow each other; sizes of entries keep them aligned. */
void atmo_rings_describe(const struct atmo_instance *inst, struct atmo_ring_info *info)
{
	u32 offset = PAGE_SIZE, id;

	for (id = 0; id < ATMO_NR_RINGS; id++) {
		info[id].cursor_offset = id * sizeof(struct atmo_ring_cursors);
		info[id].desc_offset = offset;
		info[id].entries = inst->nr_pages;
		info[id].desc_size = desc_sizes[id];
		offset += inst->nr_pages * desc_sizes[id];
	}
}

static size_t rings_len(u32 entries)
{
	size_t len = PAGE_SIZE;
	u32 id;

	for (id = 0; id < ATMO_NR_RINGS; id++)
		len += (size_t)entries * desc_sizes[id];
	return PAGE_ALIGN(len);
}

/* Empty rings; the memory is clear. */
static void rings_init(struct atmo_instance *inst)
{
	struct atmo_ring *const rings[ATMO_NR_RINGS] = {
		[ATMO_RING_FREE] = &inst->rx.free,
		[ATMO_RING_RX]	 = &inst->rx.ring,
		[ATMO_RING_TX]	 = &inst->tx.ring,
		[ATMO_RING_COMP] = &inst->tx.comp,
	};
	struct atmo_ring_info info[ATMO_NR_RINGS];
	u32 id;

	atmo_rings_describe(inst, info);
	for (id = 0; id < ATMO_NR_RINGS; id++)
		atmo_ring_init(rings[id], inst->rings + info[id].cursor_offset,
			       inst->rings + info[id].desc_offset, inst->nr_pages);
	inst->rx.released = (struct atmo_ring_cursors){ };
	atmo_ring_init(&inst->rx.replies, &inst->rx.released, inst->rx.ring.entries,
		       inst->nr_pages);
}

int atmo_rings_create(struct atmo_instance *inst)
{
	inst->rings_len = rings_len(inst->nr_pages);
	inst->rings = __vmalloc(inst->rings_len, ATMO_GFP_ASKED_FOR | __GFP_ZERO);
	if (!inst->rings)
		return -ENOMEM;
	rings_init(inst);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_rings_create);

/* As new; the instance's calls are stopped. */
void atmo_rings_clear(struct atmo_instance *inst)
{
	memset(inst->rings, 0, inst->rings_len);
	rings_init(inst);
}

void atmo_rings_destroy(struct atmo_instance *inst)
{
	vfree(inst->rings);
	inst->rings = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_rings_destroy);

static struct page *ring_page(const struct atmo_instance *inst, unsigned long i)
{
	return vmalloc_to_page(inst->rings + i * PAGE_SIZE);
}

/* ---- Faults ---- */

/* A fault puts so many pages in place at most: as many as a page table has. */
#define FAULT_PAGES	PTRS_PER_PTE

/*
 * What belongs at @pgoff, and behind it: *nr pages at most, made less if there are fewer.
 * Of the rings up to ATMO_CHUNK at a time, by way of @buf.
 */
static struct page **region_pages(const struct atmo_instance *inst, pgoff_t pgoff,
				  struct page **buf, unsigned long *nr)
{
	const pgoff_t first = ATMO_MMAP_PAGES >> PAGE_SHIFT;
	unsigned long i, len = inst->rings_len / PAGE_SIZE;

	if (pgoff >= first) {
		pgoff -= first;
		*nr = min(*nr, inst->nr_pages - min_t(pgoff_t, pgoff, inst->nr_pages));
		return &inst->domain->pages[pgoff];
	}
	*nr = min3(*nr, len - min(pgoff, len), (unsigned long)ATMO_CHUNK);
	for (i = 0; i < *nr; i++)
		buf[i] = ring_page(inst, pgoff + i);
	return buf;
}

/* From @from on, until one is in place already, before @end. At least that at @from, or fails. */
static int insert_pages(struct atmo_instance *inst, struct vm_area_struct *vma,
			pgoff_t from, pgoff_t end)
{
	unsigned long addr = vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT);
	unsigned long left, nr = end - from;
	struct page *buf[ATMO_CHUNK];
	struct page **pages = region_pages(inst, from, buf, &nr);
	int err;

	if (!nr)
		return -EFAULT;
	left = nr;
	err = vm_insert_pages(vma, addr, pages, &left);
	return left < nr ? 0 : err;
}

/*
 * The page at @pgoff, and those around it: whoever begins to use a region, in whatever
 * order, faults once.
 */
static int insert_around(struct atmo_instance *inst, struct vm_area_struct *vma, pgoff_t pgoff)
{
	const pgoff_t block = round_down(pgoff, FAULT_PAGES);
	const pgoff_t start = max(block, vma->vm_pgoff);
	const pgoff_t end = min(block + FAULT_PAGES, vma->vm_pgoff + vma_pages(vma));
	int err;

	lockdep_assert_held(&inst->rx.mutex);
	err = insert_pages(inst, vma, pgoff, end);
	if (!err && start < pgoff)
		insert_pages(inst, vma, start, pgoff);
	return err;
}

/*
 * The lock is held until the pages are in place: who replaces memory does so under
 * the same lock and takes mappings away afterwards, these among them.
 */
static vm_fault_t region_fault(struct vm_fault *vmf)
{
	struct atmo_instance *inst = vmf->vma->vm_private_data;
	int err;

	mutex_lock(&inst->rx.mutex);
	err = insert_around(inst, vmf->vma, vmf->pgoff);
	mutex_unlock(&inst->rx.mutex);
	/* -EBUSY: another thread's fault was faster. */
	if (!err || err == -EBUSY)
		return VM_FAULT_NOPAGE;
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct region_ops = {
	.fault = region_fault,
};

/* Is it a mapping of all packet pages of this instance? mmap_lock is held. */
bool atmo_instance_maps_pages(const struct atmo_instance *inst,
			      struct vm_area_struct *vma)
{
	return vma->vm_ops == &region_ops && vma->vm_private_data == inst &&
	       vma->vm_pgoff == ATMO_MMAP_PAGES >> PAGE_SHIFT && vma_pages(vma) == inst->nr_pages;
}

/* There is no page cache, only mappings of it. */
static const struct address_space_operations no_cache;

/* The host is set when a file is opened. */
void atmo_mapping_init(struct address_space *mapping)
{
	address_space_init_once(mapping);
	mapping->a_ops = &no_cache;
	mapping_set_gfp_mask(mapping, GFP_KERNEL);
}

/**
 * atmo_instance_unmap_pages() - take slots out of all mappings of an instance
 * @inst: the instance
 * @slot: first slot
 * @nr: number of slots
 *
 * On return no page table and no TLB has the memory that was behind them; an
 * access faults in what is behind them then. References by other means (pages
 * pinned for direct I/O, in a pipe) are not affected.
 *
 * Context: process context, may sleep; rx.mutex may be held.
 */
void atmo_instance_unmap_pages(struct atmo_instance *inst, u32 slot, u32 nr)
{
	unmap_mapping_range(&inst->mapping, ATMO_MMAP_PAGES + (loff_t)slot * PAGE_SIZE,
			    (loff_t)nr * PAGE_SIZE, false);
}

/* mmap_lock is held for writing. */
int atmo_instance_mmap(struct atmo_instance *inst, struct vm_area_struct *vma)
{
	const size_t len = vma->vm_end - vma->vm_start;
	const u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	int err;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	mutex_lock(&inst->rx.mutex);
	err = atmo_instance_error(inst);
	if (err)
		goto out;
	err = -EINVAL;
	if (!(offset == ATMO_MMAP_RINGS && len == inst->rings_len) &&
	    !(offset == ATMO_MMAP_PAGES && len == (size_t)inst->nr_pages * PAGE_SIZE))
		goto out;
	/* Not inherited: a child's fd is another user of the same rings. */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_private_data = inst;
	vma->vm_ops = &region_ops;
	if (offset == ATMO_MMAP_PAGES)
		WRITE_ONCE(inst->pages_addr, vma->vm_start);
	err = 0;
out:
	mutex_unlock(&inst->rx.mutex);
	return err;
}
