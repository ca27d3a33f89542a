// SPDX-License-Identifier: GPL-2.0
/* The packet pages of an instance: its domain's memory, mapped for its NIC. */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "priv.h"
#include "../atmo_demux/memcg.h"
#include "../atmo_portmgr/compat.h"

/* Pages that somebody of the same control group has just had. False: there are none. */
static bool pages_take(struct atmo_instance *inst)
{
	struct cgroup_subsys_state *memcg = atmo_memcg_get();
	struct atmo_page_set *set = atmo_kept_take(inst->dma_dev, memcg, inst->nr_pages);

	atmo_memcg_put(memcg);
	if (!set)
		return false;
	inst->domain->memcg = set->memcg;
	inst->domain->pages = set->memory;
	inst->pages = set->pages;
	kfree(set);
	return true;
}

static int pages_map(struct atmo_instance *inst)
{
	u32 slot;
	int err;

	inst->pages = kvcalloc(inst->nr_pages, sizeof(*inst->pages), ATMO_GFP_ASKED_FOR);
	if (!inst->pages)
		return -ENOMEM;
	for (slot = 0; slot < inst->nr_pages; slot++) {
		err = atmo_page_map(&inst->pages[slot], inst->domain->pages[slot],
				    inst->dma_dev);
		if (err)
			return err;
		inst->pages[slot].slot = slot;
	}
	return 0;
}

/*
 * The instance is a member of its domain, whose memory is there if it is shared. All its
 * pages are the application's.
 */
int atmo_pages_create(struct atmo_instance *inst, struct device *dma_dev)
{
	const gfp_t gfp = ATMO_GFP_ASKED_FOR;
	int err;

	inst->dma_dev = dma_dev;
	inst->rx.spare = kvcalloc(inst->nr_pages, sizeof(*inst->rx.spare), gfp);
	inst->tx.recycled = kvcalloc(inst->nr_pages, sizeof(*inst->tx.recycled), gfp);
	inst->rx.bounce.page = alloc_page(gfp);
	err = -ENOMEM;
	if (!inst->rx.bounce.page || !inst->rx.spare || !inst->tx.recycled)
		goto err_free;
	inst->rx.bounce.va = page_address(inst->rx.bounce.page);
	if (!inst->domain->pages) {
		if (pages_take(inst))
			return 0;
		err = atmo_domain_fill(inst->domain);
		if (err)
			goto err_free;
	}
	err = pages_map(inst);
	if (err)
		goto err_free;
	return 0;

err_free:
	atmo_pages_destroy(inst);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_pages_create);

/* Did anybody but this instance see its pages, or may still? */
static bool pages_are_private(const struct atmo_instance *inst)
{
	const struct atmo_domain *domain = inst->domain;
	u32 slot;

	if (!inst->pages || !domain->memcg || READ_ONCE(domain->shared) ||
	    READ_ONCE(inst->failed))
		return false;
	for (slot = 0; slot < inst->nr_pages; slot++) {
		if (!atmo_page_is_private(domain->pages[slot], ATMO_SLOT_REFS))
			return false;
	}
	return true;
}

/*
 * Clears the pages and keeps them for the next instance, if nobody can have anything to do
 * with them any more: what somebody else refers to is given back as usual.
 *
 * The NIC has let go of all pages, and the instance's file is closed, so no reference can
 * be added to those that there are.
 */
void atmo_pages_keep(struct atmo_instance *inst)
{
	struct atmo_page_set *set;
	u32 slot;

	if (!atmo_kept_room(inst->nr_pages) || !pages_are_private(inst))
		return;
	set = kmalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return;
	for (slot = 0; slot < inst->nr_pages; slot++) {
		clear_page(inst->pages[slot].va);
		/* As a new mapping would: into the bounce buffer, if there is one. */
		dma_sync_single_for_device(inst->dma_dev, inst->pages[slot].dma, PAGE_SIZE,
					   DMA_BIDIRECTIONAL);
	}
	*set = (struct atmo_page_set){
		.dma_dev = inst->dma_dev, .memcg = inst->domain->memcg,
		.nr_pages = inst->nr_pages, .memory = inst->domain->pages,
		.pages = inst->pages,
	};
	inst->domain->memcg = NULL;
	inst->domain->pages = NULL;
	inst->pages = NULL;
	atmo_kept_add(set);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_pages_keep);

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
	/* Whoever calls this pays for it. */
	atmo_domain_mix(inst->domain);
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
