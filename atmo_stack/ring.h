/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's side of a shared ring. Layout, orderings A to D and who writes
 * which word: uapi/linux/atmo_ring.h.
 *
 * Own cursor and size are in this structure, which the application can't reach.
 * Of the shared words the kernel reads only the other side's cursor and, as a
 * consumer, entries; each is read once per call and judged as a copy.
 *
 *   consumer (free, tx)                     producer (rx, completion)
 *   peek     how many entries wait          reserve  how many entries fit
 *   copy     one of them                    put      one of them
 *   release  the first n are done with      submit   the first n are filled
 */
#ifndef ATMO_STACK_RING_H
#define ATMO_STACK_RING_H

#include "pure.h"
#include "../uapi/linux/atmo_ring.h"

/**
 * struct atmo_ring - one ring, as the kernel sees it
 * @cursors: the shared cursors
 * @entries: the shared entries
 * @size: number of entries, a power of two
 * @cursor: entries ever consumed or produced by the kernel
 */
struct atmo_ring {
	struct atmo_ring_cursors *cursors;
	void	*entries;
	u32	size;
	u32	cursor;
};

static inline void atmo_ring_init(struct atmo_ring *ring, struct atmo_ring_cursors *cursors,
				  void *entries, u32 size)
{
	ring->cursors = cursors;
	ring->entries = entries;
	ring->size = size;
	ring->cursor = 0;
}

/*
 * Consumer: *nr entries are filled. False, and none, when the application's
 * cursor can't be.
 */
static inline bool atmo_ring_peek(const struct atmo_ring *ring, u32 *nr)
{
	/* (C) pairs with the application's (B). */
	u32 filled = smp_load_acquire(&ring->cursors->producer) - ring->cursor;

	*nr = filled <= ring->size ? filled : 0;
	return filled <= ring->size;
}

/* Producer: *nr entries are empty. False, and none, when that can't be. */
static inline bool atmo_ring_reserve(const struct atmo_ring *ring, u32 *nr)
{
	/* (A) pairs with the application's (D). */
	u32 filled = ring->cursor - smp_load_acquire(&ring->cursors->consumer);

	*nr = filled <= ring->size ? ring->size - filled : 0;
	return filled <= ring->size;
}

/*
 * Producer: *nr of the entries from @from on have been released. False, and none, when
 * the application's cursor can't be.
 */
static inline bool atmo_ring_released(const struct atmo_ring *ring, u32 from, u32 *nr)
{
	/* (A) pairs with the application's (D): what it has written there can be read, too. */
	u32 released = smp_load_acquire(&ring->cursors->consumer) - from;

	*nr = released <= ring->cursor - from ? released : 0;
	return released <= ring->cursor - from;
}

/* Consumer: the first @n entries may be overwritten. */
static inline void atmo_ring_release(struct atmo_ring *ring, u32 n)
{
	ring->cursor += n;
	/* (D) pairs with the application's (A). */
	smp_store_release(&ring->cursors->consumer, ring->cursor);
}

/* Producer: the first @n entries may be read. */
static inline void atmo_ring_submit(struct atmo_ring *ring, u32 n)
{
	ring->cursor += n;
	/* (B) pairs with the application's (C). */
	smp_store_release(&ring->cursors->producer, ring->cursor);
}

static inline u32 atmo_ring_index(const struct atmo_ring *ring, u32 i)
{
	return (ring->cursor + i) & (ring->size - 1);
}

/*
 * Each word once: the application may change the entry at any time, so only the
 * copy is ever judged.
 */
static inline void atmo_ring_copy_free(const struct atmo_ring *ring, u32 i,
				       struct atmo_free_desc *copy)
{
	const u64 *from = (const u64 *)ring->entries + atmo_ring_index(ring, i);

	static_assert(sizeof(*copy) == sizeof(*from), "not one word");
	*(u64 *)copy = READ_ONCE(*from);
}

static inline void atmo_ring_copy_tx(const struct atmo_ring *ring, u32 i,
				     struct atmo_tx_desc *copy)
{
	const u64 *from = (const u64 *)ring->entries + 4 * (size_t)atmo_ring_index(ring, i);
	u64 *to = (u64 *)copy;

	static_assert(sizeof(*copy) == 4 * sizeof(*from), "not four words");
	to[0] = READ_ONCE(from[0]);
	to[1] = READ_ONCE(from[1]);
	to[2] = READ_ONCE(from[2]);
	to[3] = READ_ONCE(from[3]);
}

/**
 * struct atmo_tx_words - copy of a tx entry, for a loop that judges most of them at a glance
 * @slot: as in struct atmo_tx_desc
 * @offset: likewise
 * @len: likewise
 * @rest: reserved, port and flags
 * @addr: the address
 */
struct atmo_tx_words {
	u32	slot;
	u32	offset;
	u32	len;
	u64	rest;
	u64	addr[2];
};

/* As atmo_ring_copy_tx(). */
static __always_inline struct atmo_tx_words atmo_tx_words_read(const struct atmo_tx_desc *from)
{
	const u64 *words = (const u64 *)from;
	u32 offset = READ_ONCE(from->offset), len = READ_ONCE(from->len);

	/* Numbers of 32 bits: else they are cut to 16 bits and extended again at each use. */
	OPTIMIZER_HIDE_VAR(offset);
	OPTIMIZER_HIDE_VAR(len);
	return (struct atmo_tx_words) {
		.slot = READ_ONCE(from->slot),
		.offset = offset,
		.len = len,
		.rest = READ_ONCE(words[1]),
		.addr = { READ_ONCE(words[2]), READ_ONCE(words[3]) },
	};
}

/* Never read back. */
static inline void atmo_ring_put_rx(const struct atmo_ring *ring, u32 i,
				    const struct atmo_rx_desc *desc)
{
	struct atmo_rx_desc *entries = ring->entries;

	entries[atmo_ring_index(ring, i)] = *desc;
}

static inline void atmo_ring_put_comp(const struct atmo_ring *ring, u32 i,
				      const struct atmo_comp_desc *desc)
{
	struct atmo_comp_desc *entries = ring->entries;

	entries[atmo_ring_index(ring, i)] = *desc;
}

#endif /* ATMO_STACK_RING_H */
