// SPDX-License-Identifier: GPL-2.0
/* The packet pages of an instance: its domain's memory, mapped for its NIC. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* The instance is a member of its domain. All its pages are the application's. */
int atmo_pages_create(struct atmo_instance *inst, struct device *dma_dev)
{
	const gfp_t gfp = ATMO_GFP_ASKED_FOR;
	u32 slot;
	int err;

	inst->dma_dev = dma_dev;
	inst->rx.spare = kvcalloc(inst->nr_pages, sizeof(*inst->rx.spare), gfp);
	inst->tx.recycled = kvcalloc(inst->nr_pages, sizeof(*inst->tx.recycled), gfp);
	inst->pages = kvcalloc(inst->nr_pages, sizeof(*inst->pages), gfp);
	inst->rx.bounce.page = alloc_page(gfp);
	err = -ENOMEM;
	if (!inst->rx.bounce.page || !inst->rx.spare || !inst->tx.recycled || !inst->pages)
		goto err_free;
	inst->rx.bounce.va = page_address(inst->rx.bounce.page);
	for (slot = 0; slot < inst->nr_pages; slot++) {
		err = atmo_page_map(&inst->pages[slot], inst->domain->pages[slot], dma_dev);
		if (err)
			goto err_free;
		inst->pages[slot].slot = slot;
	}
	return 0;

err_free:
	atmo_pages_destroy(inst);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_pages_create);

/* The NIC must have let go of all pages. The memory stays, as the domain's. */
void atmo_pages_destroy(struct atmo_instance *inst)
{
	u32 slot;

	for (slot = 0; inst->pages && slot < inst->nr_pages; slot++) {
		if (!inst->pages[slot].page)
			break;
		atmo_page_exit(&inst->pages[slot], inst->dma_dev);
	}
	atmo_domain_reclaim(inst);
	kvfree(inst->pages);
	inst->pages = NULL;
	kvfree(inst->rx.spare);
	inst->rx.spare = NULL;
	inst->rx.nr_spare = 0;
	inst->rx.nr_nic = 0;
	inst->tx.nr_moved = 0;
	kvfree(inst->tx.recycled);
	inst->tx.recycled = NULL;
	if (inst->rx.bounce.page)
		__free_page(inst->rx.bounce.page);
	inst->rx.bounce.page = NULL;
	inst->dma_dev = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_pages_destroy);

/* Other memory behind one slot, clear. On an error all is as it was. */
static int page_renew(struct atmo_instance *inst, u32 slot)
{
	struct atmo_page fresh, *page = &inst->pages[slot];
	struct page *memory = atmo_domain_new_page();
	int err;

	if (!memory)
		return -ENOMEM;
	err = atmo_page_map(&fresh, memory, inst->dma_dev);
	if (err) {
		put_page(memory);
		return err;
	}
	/* A fault looks the memory up under this lock, see mmap.c. */
	mutex_lock(&inst->rx.mutex);
	swap(inst->domain->pages[slot], memory);
	mutex_unlock(&inst->rx.mutex);
	atmo_page_exit(page, inst->dma_dev);
	put_page(memory);
	*page = fresh;
	page->slot = slot;
	return 0;
}

/* Up to @nr slots. What was replaced is free then, and no mapping has it. */
static int chunk_renew(struct atmo_instance *inst, u32 slot, u32 nr)
{
	u32 done;
	int err = 0;

	for (done = 0; !err && done < nr; done++)
		err = page_renew(inst, slot + done);
	atmo_instance_unmap_pages(inst, slot, nr);
	return err;
}

/*
 * Fresh memory for all pages, and all are the application's. For a failed instance
 * whose endpoint is stopped. A chunk at a time: there is never more memory than
 * was paid for, plus that. Pages that other instances use, too, stay as they are.
 *
 * -ENOMEM: some are fresh; may be tried again.
 */
int atmo_pages_renew(struct atmo_instance *inst)
{
	u32 slot, nr;
	int err;

	for (slot = 0; !READ_ONCE(inst->domain->shared) && slot < inst->nr_pages; slot += nr) {
		nr = min_t(u32, inst->nr_pages - slot, ATMO_CHUNK);
		err = chunk_renew(inst, slot, nr);
		if (err)
			return err;
		cond_resched();
	}
	atmo_domain_reclaim(inst);
	inst->rx.nr_spare = 0;
	inst->rx.nr_nic = 0;
	inst->tx.nr_moved = 0;
	return 0;
}
