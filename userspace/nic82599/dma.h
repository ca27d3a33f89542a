/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory: the ranges of bus addresses which the client has mapped for
 * one function. The lookups are bus_dma(), bus_read() and bus_write().
 */
#ifndef NIC82599_DMA_H
#define NIC82599_DMA_H

#include <stdbool.h>
#include <stdint.h>

#define DMA_CACHE_SIZE	256
#define DMA_MAX_RANGES	65535	/* what a client may assume without asking */

struct dma_range;
struct dma_file;

struct dma_table {
	void *root;			/* tsearch() tree, ordered by address */
	struct dma_file *files;
	unsigned int nr_ranges;
	/* Last range seen for a page, by low bits of the page number. */
	struct dma_range *cache[DMA_CACHE_SIZE];
};

struct dma_map_req {
	uint64_t addr;
	uint64_t size;
	uint64_t offset;	/* in the file */
	int fd;			/* stays the caller's; -1: not mappable */
	bool read;
	bool write;
};

/* 0 or -errno: EINVAL, EEXIST (overlap), ENOSPC (too many), or of mmap(). */
int dma_map(struct dma_table *t, const struct dma_map_req *req);

/*
 * Unmap every range inside [addr, addr + size). -EINVAL when that would cut a
 * range in two; a piece where nothing is mapped is no error, because a guest
 * which flushes its whole IOMMU domain is announced as one large unmap.
 */
int dma_unmap(struct dma_table *t, uint64_t addr, uint64_t size);
void dma_unmap_all(struct dma_table *t);

#endif /* NIC82599_DMA_H */
