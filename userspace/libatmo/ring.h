/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The application's side of the four shared rings. The layout, who writes which
 * word, and what breaks without each of the orderings A to D stand in
 * <linux/atmo_ring.h>; the verbs here name the letter that they implement.
 *
 *               producer                         consumer
 *   reserve     (A) how much room there is       peek      (C) what is there
 *               fill the entries                           copy the entries
 *   submit      (B) give them to the kernel      release   (D) give room back
 *
 * The own cursor lives in private memory and is only ever written to the shared
 * page; the kernel's cursor is read once per call.
 */
#ifndef LIBATMO_RING_H
#define LIBATMO_RING_H

#include <stdint.h>

#include <linux/atmo_ring.h>

/**
 * struct atmo_ring - one side of one ring
 * @mine: shared word that this side writes
 * @theirs: shared word that the kernel writes
 * @desc: first entry
 * @entries: number of entries, a power of two
 * @cursor: private copy of *@mine
 * @seen: kernel's cursor when it was last read
 */
struct atmo_ring {
	__u32	*mine;
	const __u32 *theirs;
	void	*desc;
	uint32_t entries;
	uint32_t cursor;
	uint32_t seen;
};

/* Takes up the shared cursors: after mapping the ring, and after a restart. */
static inline void atmo_ring_sync(struct atmo_ring *r)
{
	r->cursor = __atomic_load_n(r->mine, __ATOMIC_RELAXED);
	r->seen = __atomic_load_n(r->theirs, __ATOMIC_ACQUIRE);
}

static inline uint32_t atmo_ring_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Index of the @i-th entry from the own cursor on. */
static inline uint32_t atmo_ring_index(const struct atmo_ring *r, uint32_t i)
{
	return (r->cursor + i) & (r->entries - 1);
}

/*
 * Producer: room for up to @n entries. The kernel's word is looked at only when
 * what is known already does not suffice: it is another processor's cache line.
 */
static inline uint32_t atmo_ring_reserve(struct atmo_ring *r, uint32_t n)
{
	uint32_t used = r->cursor - r->seen;

	if (r->entries - used < n) {
		/* (A) pairs with the kernel's (D). */
		r->seen = __atomic_load_n(r->theirs, __ATOMIC_ACQUIRE);
		used = r->cursor - r->seen;
		/* A consumer ahead of its producer: nothing fits. */
		if (used > r->entries)
			used = r->entries;
	}
	return atmo_ring_min(r->entries - used, n);
}

/* Producer: the first @n reserved entries are filled. */
static inline void atmo_ring_submit(struct atmo_ring *r, uint32_t n)
{
	r->cursor += n;
	/* (B) pairs with the kernel's (C). */
	__atomic_store_n(r->mine, r->cursor, __ATOMIC_RELEASE);
}

/* Producer: submitted entries that the kernel has not consumed. */
static inline uint32_t atmo_ring_unconsumed(struct atmo_ring *r)
{
	uint32_t n;

	/* (A) */
	r->seen = __atomic_load_n(r->theirs, __ATOMIC_ACQUIRE);
	n = r->cursor - r->seen;
	return n <= r->entries ? n : 0;
}

/*
 * Producer: take back those of the last @n submitted entries that the kernel has
 * not consumed; returns how many. Only for the tx ring, and only by the thread that
 * has just returned from ATMO_TX_BATCH: the kernel looks at that ring in no other
 * place than the calls that send, so nobody can be reading what is taken back.
 */
static inline uint32_t atmo_ring_cancel(struct atmo_ring *r, uint32_t n)
{
	n = atmo_ring_min(n, atmo_ring_unconsumed(r));
	if (!n)
		return 0;
	r->cursor -= n;
	__atomic_store_n(r->mine, r->cursor, __ATOMIC_RELEASE);
	return n;
}

/* Consumer: up to @n filled entries can be read; all from the own cursor on. */
static inline uint32_t atmo_ring_peek(struct atmo_ring *r, uint32_t n)
{
	uint32_t filled = r->seen - r->cursor;

	if (filled < n) {
		/* (C) pairs with the kernel's (B). */
		r->seen = __atomic_load_n(r->theirs, __ATOMIC_ACQUIRE);
		filled = r->seen - r->cursor;
		/* A producer too far ahead: nothing can be trusted. */
		if (filled > r->entries) {
			r->seen = r->cursor;
			filled = 0;
		}
	}
	return atmo_ring_min(filled, n);
}

/* Consumer: done with the first @n peeked entries. */
static inline void atmo_ring_release(struct atmo_ring *r, uint32_t n)
{
	r->cursor += n;
	/* (D) pairs with the kernel's (A). */
	__atomic_store_n(r->mine, r->cursor, __ATOMIC_RELEASE);
}

/* The @i-th entry from the own cursor on, by the ring's kind. */
static inline struct atmo_free_desc *atmo_ring_free(const struct atmo_ring *r, uint32_t i)
{
	return (struct atmo_free_desc *)r->desc + atmo_ring_index(r, i);
}

static inline const struct atmo_rx_desc *atmo_ring_rx(const struct atmo_ring *r, uint32_t i)
{
	return (const struct atmo_rx_desc *)r->desc + atmo_ring_index(r, i);
}

static inline struct atmo_tx_desc *atmo_ring_tx(const struct atmo_ring *r, uint32_t i)
{
	return (struct atmo_tx_desc *)r->desc + atmo_ring_index(r, i);
}

static inline const struct atmo_comp_desc *atmo_ring_comp(const struct atmo_ring *r, uint32_t i)
{
	return (const struct atmo_comp_desc *)r->desc + atmo_ring_index(r, i);
}

#endif /* LIBATMO_RING_H */
