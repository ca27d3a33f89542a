// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory.
 *
 * Without an IOMMU in the guest there are a handful of large ranges. With one
 * there are thousands of single pages which come and go all the time, so the
 * ranges live in a balanced tree (tsearch(), where two ranges compare equal
 * when they overlap), and a file is mapped once as a whole and shared by all
 * ranges in it: mapping a page costs no system call.
 */
#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus_priv.h"

#define DMA_PAGE_SHIFT	12
#define DMA_PAGE_SIZE	(1UL << DMA_PAGE_SHIFT)
#define DMA_FILE_MAX	(1ULL << 40)	/* larger files: map only what is asked for */

struct dma_range {
	uint64_t addr;
	uint64_t last;		/* inclusive: a range can end at 2^64 - 1 */
	uint8_t *host;		/* of addr; NULL: the client sent no descriptor */
	struct dma_file *file;
	bool read;
	bool write;
};

/* A mapping of [start, start + len) of a file. */
struct dma_file {
	struct dma_file *next;
	struct dma_file *next_live;
	dev_t dev;
	ino_t ino;
	uint64_t start;
	uint64_t len;
	uint8_t *base;
	bool write;
	unsigned int nr_ranges;
};

/*
 * Every mapping of the process, for the handler of SIGBUS: a client which
 * truncates its memory file after mapping it must not kill the other port's
 * device. Only changed with SIGBUS impossible (no guest access in progress).
 */
static struct dma_file *dma_live;

static bool sigbus_repair(uintptr_t at)
{
	struct dma_file *f;
	uintptr_t base;

	for (f = dma_live; f; f = f->next_live) {
		base = (uintptr_t)f->base;
		if (at < base || at - base >= f->len)
			continue;
		at &= ~(DMA_PAGE_SIZE - 1);
		return mmap((void *)at, DMA_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
	}
	return false;
}

static void sigbus(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	if (info->si_code > 0 && sigbus_repair((uintptr_t)info->si_addr))
		return;
	signal(sig, SIG_DFL);
	raise(sig);
}

static void sigbus_catch(void)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };
	static bool done;

	if (done)
		return;
	sa.sa_sigaction = sigbus;
	sigaction(SIGBUS, &sa, NULL);
	done = true;
}

static int range_compare(const void *pa, const void *pb)
{
	const struct dma_range *a = pa;
	const struct dma_range *b = pb;

	if (a->last < b->addr)
		return -1;
	return a->addr > b->last;
}

/* Any range that has a byte in [addr, last]. */
static struct dma_range *range_find(struct dma_table *t, uint64_t addr, uint64_t last)
{
	struct dma_range key = { .addr = addr, .last = last };
	struct dma_range **node = tfind(&key, &t->root, range_compare);

	return node ? *node : NULL;
}

static struct dma_file *file_find(struct dma_table *t, const struct stat *st,
				  const struct dma_map_req *req)
{
	struct dma_file *f;

	for (f = t->files; f; f = f->next)
		if (f->dev == st->st_dev && f->ino == st->st_ino &&
		    (f->write || !req->write) && req->offset >= f->start &&
		    req->offset - f->start + req->size <= f->len)
			return f;
	return NULL;
}

static struct dma_file *file_mmap(const struct dma_map_req *req, uint64_t start, uint64_t len)
{
	struct dma_file *f = calloc(1, sizeof(*f));
	void *base;
	int err;

	if (!f)
		return NULL;
	base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, req->fd, (off_t)start);
	f->write = base != MAP_FAILED;
	if (!f->write && !req->write)
		base = mmap(NULL, len, PROT_READ, MAP_SHARED, req->fd, (off_t)start);
	if (base == MAP_FAILED) {
		err = errno;
		free(f);
		errno = err;
		return NULL;
	}
	f->base = base;
	f->start = start;
	f->len = len;
	return f;
}

static struct dma_file *file_get(struct dma_table *t, const struct dma_map_req *req, int *err)
{
	struct dma_file *f = NULL;
	struct stat st;

	if (fstat(req->fd, &st)) {
		*err = -errno;
		return NULL;
	}
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < req->offset + req->size) {
		*err = -EINVAL;		/* the pages beyond the end would fault */
		return NULL;
	}
	f = file_find(t, &st, req);
	if (f)
		return f;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= DMA_FILE_MAX)
		f = file_mmap(req, 0, (uint64_t)st.st_size);
	if (!f)
		f = file_mmap(req, req->offset, req->size);
	if (!f) {
		*err = -errno;
		return NULL;
	}
	sigbus_catch();
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->next = t->files;
	t->files = f;
	f->next_live = dma_live;
	dma_live = f;
	return f;
}

/* Unmap a file which no range uses any more. */
static void file_release(struct dma_table *t, struct dma_file *f)
{
	struct dma_file **p;

	for (p = &t->files; *p != f; p = &(*p)->next)
		;
	*p = f->next;
	for (p = &dma_live; *p != f; p = &(*p)->next_live)
		;
	*p = f->next_live;
	munmap(f->base, f->len);
	free(f);
}

static int map_check(struct dma_table *t, const struct dma_map_req *req)
{
	uint64_t end;

	if (!req->size || req->addr + (req->size - 1) < req->addr)
		return -EINVAL;
	if (req->fd >= 0) {
		if (__builtin_add_overflow(req->offset, req->size, &end) || end > INT64_MAX)
			return -EINVAL;
		if ((req->addr | req->size | req->offset) & (DMA_PAGE_SIZE - 1))
			return -EINVAL;
	}
	if (range_find(t, req->addr, req->addr + (req->size - 1)))
		return -EEXIST;
	return t->nr_ranges < DMA_MAX_RANGES ? 0 : -ENOSPC;
}

static int range_attach(struct dma_table *t, struct dma_range *r,
			const struct dma_map_req *req)
{
	int err = 0;

	if (req->fd < 0)
		return 0;
	r->file = file_get(t, req, &err);
	if (!r->file)
		return err;
	r->host = r->file->base + (req->offset - r->file->start);
	r->file->nr_ranges++;
	return 0;
}

static void range_detach(struct dma_table *t, struct dma_range *r)
{
	if (r->file && !--r->file->nr_ranges)
		file_release(t, r->file);
}

int dma_map(struct dma_table *t, const struct dma_map_req *req)
{
	struct dma_range *r;
	int err;

	err = map_check(t, req);
	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->addr = req->addr;
	r->last = req->addr + (req->size - 1);
	r->read = req->read;
	r->write = req->write;
	err = range_attach(t, r, req);
	if (err) {
		free(r);
		return err;
	}
	if (!tsearch(r, &t->root, range_compare)) {
		range_detach(t, r);
		free(r);
		return -ENOMEM;
	}
	t->nr_ranges++;
	return 0;
}

static void range_free(struct dma_table *t, struct dma_range *r)
{
	range_detach(t, r);
	t->nr_ranges--;
	free(r);
}

static void range_remove(struct dma_table *t, struct dma_range *r)
{
	unsigned int i;

	for (i = 0; i < DMA_CACHE_SIZE; i++)
		if (t->cache[i] == r)
			t->cache[i] = NULL;
	tdelete(r, &t->root, range_compare);
	range_free(t, r);
}

int dma_unmap(struct dma_table *t, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	struct dma_range *r;

	if (!size || last < addr)
		return -EINVAL;
	r = range_find(t, addr, addr);
	if (r && r->addr != addr)
		return -EINVAL;
	r = range_find(t, last, last);
	if (r && r->last != last)
		return -EINVAL;
	while ((r = range_find(t, addr, last)))
		range_remove(t, r);
	return 0;
}

void dma_unmap_all(struct dma_table *t)
{
	struct dma_range *r;

	memset(t->cache, 0, sizeof(t->cache));
	while (t->root) {
		r = *(struct dma_range **)t->root;
		tdelete(r, &t->root, range_compare);
		range_free(t, r);
	}
}

static struct dma_range **cache_slot(struct dma_table *t, uint64_t addr)
{
	return &t->cache[(addr >> DMA_PAGE_SHIFT) % DMA_CACHE_SIZE];
}

/* Out of line, so that what finds its range in the cache does not pay for this. */
static __attribute__((noinline)) struct dma_range *range_search(struct dma_table *t,
								 uint64_t addr)
{
	struct dma_range *r = range_find(t, addr, addr);

	if (r)
		*cache_slot(t, addr) = r;
	return r;
}

static inline struct dma_range *range_lookup(struct dma_table *t, uint64_t addr)
{
	struct dma_range *r = *cache_slot(t, addr);

	return r && addr >= r->addr && addr <= r->last ? r : range_search(t, addr);
}

static bool range_allows(const struct dma_range *r, bool write)
{
	return r && r->host && (write ? r->write : r->read);
}

/* Whether the bytes that follow @r on the bus follow it in memory as well. */
static struct dma_range *range_next(struct dma_table *t, const struct dma_range *r, bool write)
{
	struct dma_range *next;

	if (r->last == UINT64_MAX)
		return NULL;
	next = range_lookup(t, r->last + 1);
	if (!range_allows(next, write) || next->file != r->file ||
	    next->host != r->host + (r->last - r->addr) + 1)
		return NULL;
	return next;
}

static __attribute__((noinline)) bool range_continues(struct dma_table *t, struct dma_range *r,
						      uint64_t last, bool write)
{
	while (r && last > r->last)
		r = range_next(t, r, write);
	return r;
}

void *bus_dma(struct bus *b, uint64_t addr, size_t len, bool write)
{
	struct dma_range *r;
	uint64_t last = addr + (len - 1);

	if (!b->pci.mastering || !len || last < addr)
		return NULL;
	r = range_lookup(&b->dma, addr);
	if (!range_allows(r, write))
		return NULL;
	if (last > r->last && !range_continues(&b->dma, r, last, write))
		return NULL;
	return r->host + (addr - r->addr);
}

/* One step of a copy: the pointer, and in @len how much of it is usable. */
static uint8_t *dma_step(struct bus *b, uint64_t addr, size_t *len, bool write)
{
	struct dma_range *r;

	if (!b->pci.mastering)
		return NULL;
	r = range_lookup(&b->dma, addr);
	if (!range_allows(r, write))
		return NULL;
	if (*len - 1 > r->last - addr)
		*len = r->last - addr + 1;
	return r->host + (addr - r->addr);
}

int bus_read(struct bus *b, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;
	uint8_t *from;
	size_t n;

	while (len) {
		n = len;
		from = dma_step(b, addr, &n, false);
		if (!from)
			return -EFAULT;
		memcpy(to, from, n);
		to += n;
		addr += n;
		len -= n;
	}
	return 0;
}

int bus_write(struct bus *b, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *from = buf;
	uint8_t *to;
	size_t n;

	while (len) {
		n = len;
		to = dma_step(b, addr, &n, true);
		if (!to)
			return -EFAULT;
		memcpy(to, from, n);
		from += n;
		addr += n;
		len -= n;
	}
	return 0;
}
