// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Pages of a socket, or of several that share them. Every socket maps the pages by
 * its own descriptor when it is opened, and those of the first one are used. A mapping
 * keeps the instance alive behind it, so when that socket is closed, another one's
 * mapping is moved to its place: pointers into packets stay valid.
 *
 * To map at that address only then would not do. An instance that has failed or lost
 * its NIC refuses, and when it is asked, what was there has been unmapped already.
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

	if (!d)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	d->nr_pages = s->nr_pages;
	d->pages_len = pages_len;
	d->pool = calloc(d->nr_pages, sizeof(*d->pool));
	d->state = calloc(d->nr_pages, sizeof(*d->state));
	if (!d->pool || !d->state) {
		domain_free(d);
		return NULL;
	}
	d->nr_rx_pages = s->rx_target;
	for (i = 0; i < d->nr_pages; i++)
		d->pool[i] = d->nr_pages - 1 - i;
	d->nr_pool = d->nr_pages;
	return d;
}

/* Of @left pages; false: that can't be, or is none. */
static bool rx_target_set(struct atmo_sock *s, uint32_t left, uint32_t wanted)
{
	s->rx_target = wanted ? wanted : left - left / 4;
	return s->rx_target && s->rx_target <= left;
}

/* Found and taken under one lock: sockets may be opened side by side. */
int atmo_domain_reserve(struct atmo_sock *s, struct atmo_sock *share, uint32_t wanted)
{
	struct page_domain *d;
	bool done;

	if (!share)
		return rx_target_set(s, s->nr_pages, wanted) ? 0 : -EINVAL;
	d = share->domain;
	pthread_mutex_lock(&d->lock);
	done = rx_target_set(s, d->nr_pages - d->nr_rx_pages, wanted);
	if (done)
		d->nr_rx_pages += s->rx_target;
	pthread_mutex_unlock(&d->lock);
	return done ? 0 : -EINVAL;
}

void atmo_domain_cancel(struct atmo_sock *s, struct atmo_sock *share)
{
	if (!share)
		return;
	pthread_mutex_lock(&share->domain->lock);
	share->domain->nr_rx_pages -= s->rx_target;
	pthread_mutex_unlock(&share->domain->lock);
}

int atmo_domain_join(struct atmo_sock *s, struct atmo_sock *share, size_t pages_len)
{
	uint8_t *pages = atmo_sock_map(s, ATMO_MMAP_PAGES, pages_len);
	struct page_domain *d;

	if (!pages)
		return -errno;
	d = share ? share->domain : domain_create(s, pages_len);
	if (!d) {
		munmap(pages, pages_len);
		return -ENOMEM;
	}
	pthread_mutex_lock(&d->lock);
	if (!d->pages)
		d->pages = pages;
	s->pages = pages;
	s->domain = d;
	s->id = ++d->last_id;
	s->next = d->socks;
	d->socks = s;
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

void atmo_domain_reclaim(struct atmo_sock *s)
{
	pthread_mutex_lock(&s->domain->lock);
	reclaim_locked(s);
	pthread_mutex_unlock(&s->domain->lock);
}

/*
 * Domain's lock held: puts another socket's mapping in the place of the one in use.
 * False: the process has too many mappings, and nothing has changed.
 */
static bool replace_mapping(struct page_domain *d)
{
	struct atmo_sock *s = d->socks;

	if (mremap(s->pages, d->pages_len, d->pages_len, MREMAP_MAYMOVE | MREMAP_FIXED,
		   d->pages) == MAP_FAILED)
		return false;
	s->pages = d->pages;
	return true;
}

void atmo_domain_leave(struct atmo_sock *s)
{
	struct page_domain *d = s->domain;
	bool last, ends = true;
	struct atmo_sock **at;

	pthread_mutex_lock(&d->lock);
	for (at = &d->socks; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	last = !d->socks;
	if (s->pages != d->pages)
		munmap(s->pages, d->pages_len);
	else if (!last)
		ends = replace_mapping(d);
	if (!last) {
		close(s->fd);
		s->fd = -1;
	}
	/*
	 * Only now are the socket's pages back. An instance whose mapping is still in
	 * use goes on behind it, and receives, until the last socket is closed. What
	 * it has stays with it: wasteful, but sound.
	 */
	if (!last && ends) {
		d->nr_rx_pages -= s->rx_target;
		reclaim_locked(s);
	}
	pthread_mutex_unlock(&d->lock);
	if (last)
		domain_free(d);
	s->domain = NULL;
}
