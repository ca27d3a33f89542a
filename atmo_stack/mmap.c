// SPDX-License-Identifier: GPL-2.0
/*
 * The two regions that an application maps: the rings (layout in
 * uapi/linux/atmo_ring.h) and its packet pages.
 *
 * A region is mapped as a whole, and populated at once: there is no fault
 * handler, so a part that the application unmaps stays unmapped. A mapping
 * holds its file open, and its pages by their reference counts.
 */
#include <linux/mm.h>
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

int atmo_rings_create(struct atmo_instance *inst)
{
	struct atmo_ring *const rings[ATMO_NR_RINGS] = {
		[ATMO_RING_FREE] = &inst->rx.free,
		[ATMO_RING_RX]	 = &inst->rx.ring,
		[ATMO_RING_TX]	 = &inst->tx.ring,
		[ATMO_RING_COMP] = &inst->tx.comp,
	};
	struct atmo_ring_info info[ATMO_NR_RINGS];
	u32 id;

	inst->rings_len = rings_len(inst->nr_pages);
	inst->rings = __vmalloc(inst->rings_len, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!inst->rings)
		return -ENOMEM;
	atmo_rings_describe(inst, info);
	for (id = 0; id < ATMO_NR_RINGS; id++)
		atmo_ring_init(rings[id], inst->rings + info[id].cursor_offset,
			       inst->rings + info[id].desc_offset, inst->nr_pages);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_rings_create);

void atmo_rings_destroy(struct atmo_instance *inst)
{
	vfree(inst->rings);
	inst->rings = NULL;
}

static struct page *ring_page(const struct atmo_instance *inst, unsigned long i)
{
	return vmalloc_to_page(inst->rings + i * PAGE_SIZE);
}

static struct page *packet_page(const struct atmo_instance *inst, unsigned long i)
{
	return inst->pages[i].page;
}

static int insert_pages(struct atmo_instance *inst, struct vm_area_struct *vma,
			struct page *(*get)(const struct atmo_instance *inst, unsigned long i))
{
	unsigned long done, n, left, nr = vma_pages(vma);
	struct page *pages[ATMO_CHUNK];
	int err;

	for (done = 0; done < nr; done += n) {
		for (n = 0; n < ATMO_CHUNK && done + n < nr; n++)
			pages[n] = get(inst, done + n);
		left = n;
		err = vm_insert_pages(vma, vma->vm_start + done * PAGE_SIZE, pages, &left);
		if (err)
			return err;
	}
	return 0;
}

/* mmap_lock is held for writing. On an error the caller unmaps what was done. */
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
	/* Not inherited: a child's fd is another user of the same rings. */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYEXEC);
	if (offset == ATMO_MMAP_RINGS && len == inst->rings_len)
		err = insert_pages(inst, vma, ring_page);
	else if (offset == ATMO_MMAP_PAGES && len == (size_t)inst->nr_pages * PAGE_SIZE)
		err = insert_pages(inst, vma, packet_page);
	else
		err = -EINVAL;
out:
	mutex_unlock(&inst->rx.mutex);
	return err;
}
