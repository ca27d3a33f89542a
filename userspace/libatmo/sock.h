/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the files of the library share: open.c (life of a socket), domain.c (its
 * pages), batch.c (its data path), prepare.c and control.c.
 */
#ifndef LIBATMO_SOCK_H
#define LIBATMO_SOCK_H

#include <pthread.h>
#include <stdbool.h>

#include "atmo.h"
#include "ring.h"

/**
 * enum page_state - where a page is, as far as the library knows
 * @PAGE_POOL: free, in the domain's pool
 * @PAGE_APP: the application's
 * @PAGE_RX: in the free ring or with the kernel, for reception, or to be received
 *	into when it has been sent
 * @PAGE_TX: in the tx ring or with the kernel, for sending
 *
 * Turns a double release into an error instead of one page in two places. With
 * PAGE_RX and PAGE_TX the socket's number stands in the higher bits.
 */
enum page_state {
	PAGE_POOL,
	PAGE_APP,
	PAGE_RX,
	PAGE_TX,
};

#define PAGE_STATE_BITS	2

/**
 * struct page_domain - packet pages, of one socket or of several that share them
 * @nr_pages: constant
 * @pages: where they are used; stays the same while a socket is open
 * @pages_len: its length
 * @state: enum page_state by slot. A page passes between the sides and sockets
 *	only through the pool, or by the application's own synchronisation; so a
 *	state needs no lock but the one of who changes it
 * @lock: protects all below
 * @socks: sockets that use the pages
 * @nr_rx_pages: sum of their rx_target, and of those that are being opened
 * @last_id: last number given to a socket
 * @pool: free slots
 * @nr_pool: how many
 */
struct page_domain {
	uint32_t nr_pages;
	uint8_t *pages;
	size_t pages_len;
	uint32_t *state;

	pthread_mutex_t lock;
	struct atmo_sock *socks;
	uint32_t nr_rx_pages;
	uint32_t last_id;
	uint32_t *pool;
	uint32_t nr_pool;
};

/* Lock order: tx_lock, domain's lock. */
struct atmo_sock {
	/* Constant after open. */
	int fd;
	uint32_t id;		/* within the domain */
	uint32_t nr_pages;
	uint32_t rx_target;	/* pages to keep with the kernel for reception */
	struct page_domain *domain;
	uint8_t *rings;
	size_t rings_len;

	/* In the domain; its lock. */
	struct atmo_sock *next;
	uint8_t *pages;		/* own mapping: the domain's, or a spare one */

	/* Receive side: one thread at a time, by contract. */
	struct atmo_ring free;
	struct atmo_ring rx;
	uint32_t nr_posted;	/* pages in PAGE_RX; atomic, both sides write it */
	uint32_t nr_burst;	/* entries of rx that the application has by atmo_reply() */
	uint32_t nr_replies;	/* released ones that the kernel has not looked at */

	/*
	 * Transmit side. The lock is there because the receive side takes
	 * completions when it runs out of pages.
	 */
	pthread_mutex_t tx_lock;	/* protects tx, comp and nr_sent's writers */
	struct atmo_ring tx;
	struct atmo_ring comp;
	uint32_t nr_sent;	/* pages in PAGE_TX; read without the lock */
};

static inline uint8_t *sock_page(const struct atmo_sock *s, uint32_t slot)
{
	return s->domain->pages + (size_t)slot * ATMO_PAGE_SIZE;
}

static inline uint32_t sock_state(const struct atmo_sock *s, enum page_state state)
{
	return s->id << PAGE_STATE_BITS | state;
}

/* Atomic for atmo_domain_reclaim(), which looks at all states, also of other threads. */
static inline uint32_t page_state(const struct atmo_sock *s, uint32_t slot)
{
	return __atomic_load_n(&s->domain->state[slot], __ATOMIC_RELAXED);
}

static inline void page_set_state(const struct atmo_sock *s, uint32_t slot, uint32_t state)
{
	__atomic_store_n(&s->domain->state[slot], state, __ATOMIC_RELAXED);
}

static inline bool sock_owns(const struct atmo_sock *s, uint32_t slot)
{
	return slot < s->nr_pages && page_state(s, slot) == PAGE_APP;
}

/* Domain's lock held: a page that was in no one's hands joins the pool. */
static inline void pool_put(struct page_domain *d, uint32_t slot)
{
	__atomic_store_n(&d->state[slot], PAGE_POOL, __ATOMIC_RELAXED);
	d->pool[d->nr_pool++] = slot;
}

/* Between files only. In the static library they are globals all the same: atmo_*. */
#pragma GCC visibility push(hidden)

/*
 * domain.c. First a socket reserves, out of the pages of @share or of nr_pages new
 * ones, those to keep with the kernel for reception: rx_target, for @wanted, or for 0
 * the default. Then it joins the pages of @share, or creates some when that is NULL;
 * or cancels. At the end it leaves them, which closes its descriptor, and frees them
 * with the last socket.
 */
int atmo_domain_reserve(struct atmo_sock *s, struct atmo_sock *share, uint32_t wanted);
void atmo_domain_cancel(struct atmo_sock *s, struct atmo_sock *share);
int atmo_domain_join(struct atmo_sock *s, struct atmo_sock *share, size_t pages_len);
void atmo_domain_leave(struct atmo_sock *s);
/* All pages that are with the socket's kernel side, which has let go of them. */
void atmo_domain_reclaim(struct atmo_sock *s);

/* open.c: maps a region; NULL with errno on failure. */
uint8_t *atmo_sock_map(const struct atmo_sock *s, uint64_t offset, size_t len);

/* batch.c: give the kernel pages to receive into; true: there are too few. */
bool atmo_sock_feed(struct atmo_sock *s);

#pragma GCC visibility pop

#endif /* LIBATMO_SOCK_H */
