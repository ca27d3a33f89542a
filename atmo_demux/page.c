// SPDX-License-Identifier: GPL-2.0
/* Packet pages: allocated and DMA-mapped once, in the life of a page. */
#include <linux/build_bug.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "atmo_demux.h"

/* The user interface speaks of 4 KiB pages, each mapped by itself. */
static_assert(PAGE_SIZE == ATMO_PAGE_SIZE);
static_assert(ATMO_FRAME_OFFSET + ATMO_FRAME_MAX <= ATMO_PAGE_SIZE);

/**
 * atmo_pages_alloc() - memory for many packet pages, by the block as long as there are any
 * @order: out of so many pages at most: 2^@order. Made less when there is no such block;
 *	2^@order pages have been allocated on return
 * @most: no more pages than that
 * @gfp: may the caller sleep, is a control group charged, is the memory cleared
 *
 * Each page is by itself then, as if they had come one by one, and has a reference of its
 * own. Nothing is reclaimed for a block: there are always single pages.
 *
 * Context: as @gfp says.
 * Return: the first page; or NULL.
 */
struct page *atmo_pages_alloc(unsigned int *order, u32 most, gfp_t gfp)
{
	struct page *page = NULL;

	*order = min_t(unsigned int, *order, ilog2(most));
	while (*order) {
		page = alloc_pages(gfp & ~__GFP_RECLAIM, *order);
		if (page) {
			split_page(page, *order);
			return page;
		}
		--*order;
	}
	return alloc_page(gfp);
}
EXPORT_SYMBOL_GPL(atmo_pages_alloc);

/**
 * atmo_page_map() - map memory that is there for a NIC, as a packet page
 * @p: filled in; the slot is zero
 * @page: the memory, one page; gets a reference
 * @dma_dev: the NIC's device
 *
 * Context: any.
 * Return: 0: @p is to be given to atmo_page_exit(); or -ENOMEM.
 */
int atmo_page_map(struct atmo_page *p, struct page *page, struct device *dma_dev)
{
	dma_addr_t dma = dma_map_page(dma_dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);

	if (dma_mapping_error(dma_dev, dma))
		return -ENOMEM;
	get_page(page);
	p->page = page;
	p->va = page_address(page);
	p->dma = dma;
	p->slot = 0;
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_page_map);

/**
 * atmo_page_init() - allocate a packet page and map it for a NIC
 * @p: filled in; the slot is zero
 * @dma_dev: the NIC's device
 * @gfp: may the caller sleep, is a control group charged
 *
 * Context: as @gfp says.
 * Return: 0; the zeroed memory is the caller's, to be given to atmo_page_exit();
 * or -ENOMEM.
 */
int atmo_page_init(struct atmo_page *p, struct device *dma_dev, gfp_t gfp)
{
	struct page *page = alloc_pages_node(dev_to_node(dma_dev), gfp | __GFP_ZERO, 0);
	int err;

	if (!page)
		return -ENOMEM;
	err = atmo_page_map(p, page, dma_dev);
	/* The mapping has a reference of its own. */
	put_page(page);
	return err;
}
EXPORT_SYMBOL_GPL(atmo_page_init);

/**
 * atmo_page_exit() - unmap a packet page and let go of its memory
 * @p: from atmo_page_init() or atmo_page_map(); no NIC uses it any more
 * @dma_dev: the device it was made for
 *
 * Context: any but hard interrupt. Memory that somebody else has got a reference
 * to (a mapping) stays until that is dropped.
 */
void atmo_page_exit(struct atmo_page *p, struct device *dma_dev)
{
	/*
	 * Each frame was synced when it came: what a bounce buffer still holds may
	 * be another's, and the memory behind the page may have an owner.
	 */
	dma_unmap_page_attrs(dma_dev, p->dma, PAGE_SIZE, DMA_BIDIRECTIONAL,
			     DMA_ATTR_SKIP_CPU_SYNC);
	put_page(p->page);
	p->page = NULL;
	p->va = NULL;
}
EXPORT_SYMBOL_GPL(atmo_page_exit);
