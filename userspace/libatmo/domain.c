// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Pages of a socket, or of several that share them. Every socket's descriptor can
 * map the pages; they are mapped once, through that of the first socket in the
 * list. A mapping keeps the instance alive behind it, so when that socket is
 * closed, the next one's mapping takes its place, at the same address: pointers
 * into packets stay valid.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sock.h"

static void domain_free(struct page_domain *d)
{
	if (d->pages)
		munmap(d->pages, d->pages_len);
	pthread_mutex_destroy(&d->lock);
	free(d->state);
	free(d->pool);
	free(d);
}

/* All pages free, the first ones on top. */
static struct page_domain *domain_create(const struct atmo_sock *s, size_t pages_len)
{
	struct page_domain *d = calloc(1, sizeof(*d));
	uint32_t i;
	int err;

	if (!d)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	d->nr_pages = s->nr_pages;
	d->pages_len = pages_len;
	d->pool = calloc(d->nr_pages, sizeof(*d->pool));
	d->state = calloc(d->nr_pages, sizeof(*d->state));
	if (d->pool && d->state)
		d->pages = sock_map(s, ATMO_MMAP_PAGES, pages_len, NULL);
	if (!d->pages) {
		err = errno;
		domain_free(d);
		errno = err;
		return NULL;
	}
	for (i = 0; i < d->nr_pages; i++)
		d->pool[i] = d->nr_pages - 1 - i;
	d->nr_pool = d->nr_pages;
	return d;
}

int domain_join(struct atmo_sock *s, struct atmo_sock *share, size_t pages_len)
{
	struct page_domain *d;
	struct atmo_sock **at;

	d = share ? share->domain : domain_create(s, pages_len);
	if (!d)
		return -errno;
	pthread_mutex_lock(&d->lock);
	/* At the end: who maps the pages stays in front. */
	for (at = &d->socks; *at; at = &(*at)->next)
		;
	*at = s;
	s->domain = d;
	s->id = ++d->last_id;
	d->nr_rx_pages += s->rx_target;
	pthread_mutex_unlock(&d->lock);
	return 0;
}

/* Domain's lock held. */
static void reclaim_locked(struct atmo_sock *s)
{
	struct page_domain *d = s->domain;
	uint32_t slot, state;

	for (slot = 0; slot < d->nr_pages; slot++) {
		state = page_state(s, slot);
		if (state == sock_state(s, PAGE_RX) || state == sock_state(s, PAGE_TX))
			pool_put(d, slot);
	}
	s->nr_posted = 0;
	__atomic_store_n(&s->nr_sent, 0, __ATOMIC_RELAXED);
}

void domain_reclaim(struct atmo_sock *s)
{
	pthread_mutex_lock(&s->domain->lock);
	reclaim_locked(s);
	pthread_mutex_unlock(&s->domain->lock);
}

void domain_leave(struct atmo_sock *s)
{
	struct page_domain *d = s->domain;
	struct atmo_sock **at;
	bool last;

	pthread_mutex_lock(&d->lock);
	for (at = &d->socks; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	last = !d->socks;
	d->nr_rx_pages -= s->rx_target;
	/*
	 * Should this mapping fail, the old one stays, and with it the closed
	 * instance until the last socket goes: wasteful, but sound.
	 */
	if (at == &d->socks && !last)
		sock_map(d->socks, ATMO_MMAP_PAGES, d->pages_len, d->pages);
	if (!last) {
		/* Only after this are the socket's pages back. */
		close(s->fd);
		s->fd = -1;
		reclaim_locked(s);
	}
	pthread_mutex_unlock(&d->lock);
	if (last)
		domain_free(d);
	s->domain = NULL;
}

int domain_rx_target(struct atmo_sock *share, uint32_t nr_pages, uint32_t wanted,
		     uint32_t *target)
{
	uint32_t left = nr_pages;

	if (share) {
		pthread_mutex_lock(&share->domain->lock);
		left -= share->domain->nr_rx_pages;
		pthread_mutex_unlock(&share->domain->lock);
	}
	*target = wanted ? wanted : left - left / 4;
	return *target <= left ? 0 : -EINVAL;
}
