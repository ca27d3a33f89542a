/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What atmo.c (life of a socket) and batch.c (its data path) share. */
#ifndef LIBATMO_SOCK_H
#define LIBATMO_SOCK_H

#include <pthread.h>
#include <stdbool.h>

#include "atmo.h"
#include "ring.h"

/**
 * enum page_state - where a page is, as far as the library knows
 * @PAGE_POOL: free, in the library's pool
 * @PAGE_APP: the application's
 * @PAGE_RX: in the free ring or with the kernel, for reception
 * @PAGE_TX: in the tx ring or with the kernel, for sending
 *
 * Turns a double release into an error instead of one page in two places.
 */
enum page_state {
	PAGE_POOL,
	PAGE_APP,
	PAGE_RX,
	PAGE_TX,
};

/*
 * A page passes between the sides only through the pool, or by the application's
 * own synchronisation; so a state needs no lock but the one of who changes it.
 *
 * Lock order: tx_lock, pool_lock.
 */
struct atmo_sock {
	/* Constant after open. */
	int fd;
	uint32_t nr_pages;
	uint32_t rx_target;	/* pages to keep with the kernel for reception */
	uint8_t *pages;
	size_t pages_len;
	uint8_t *rings;
	size_t rings_len;
	uint8_t *state;		/* enum page_state by slot */

	/* Receive side: one thread at a time, by contract. */
	struct atmo_ring free;
	struct atmo_ring rx;
	uint32_t nr_posted;	/* pages in PAGE_RX */

	/*
	 * Transmit side. The lock is there because the receive side takes
	 * completions when it runs out of pages.
	 */
	pthread_mutex_t tx_lock;	/* protects tx, comp and nr_sent's writers */
	struct atmo_ring tx;
	struct atmo_ring comp;
	uint32_t nr_sent;	/* pages in PAGE_TX; read without the lock */

	pthread_mutex_t pool_lock;	/* protects pool, nr_pool */
	uint32_t *pool;
	uint32_t nr_pool;
};

static inline uint8_t *sock_page(const struct atmo_sock *s, uint32_t slot)
{
	return s->pages + (size_t)slot * ATMO_PAGE_SIZE;
}

static inline bool sock_owns(const struct atmo_sock *s, uint32_t slot)
{
	return slot < s->nr_pages && s->state[slot] == PAGE_APP;
}

/* batch.c: give the kernel pages to receive into; true: there are too few. */
bool atmo_sock_feed(struct atmo_sock *s);

#endif /* LIBATMO_SOCK_H */
