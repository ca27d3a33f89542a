// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Data path of a socket.
 *
 *          atmo_rx_batch                     atmo_tx_batch
 *   pool ───> free ring ─ kernel ─ rx ring ───> application
 *    ^                                               │
 *    ├── atmo_rx_release, atmo_page_free ────────────┤
 *    └── completion ring ─ kernel ─ tx ring <────────┘
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "sock.h"

/* Short of pages: how often atmo_wait() looks whether some have been sent. */
#define STARVED_POLL_MS	1

/* Runs a batch ioctl; returns the number of entries handled or -errno. */
static int sock_kick(const struct atmo_sock *s, unsigned long request, uint32_t nr)
{
	struct atmo_batch batch = {
		.nr = atmo_ring_min(nr, ATMO_MAX_BATCH),
	};

	if (ioctl(s->fd, request, &batch))
		return -errno;
	return (int)batch.nr;
}

/* Puts up to the target number of pages into the free ring. */
static void rx_post(struct atmo_sock *s)
{
	uint32_t i, slot, n = s->rx_target - s->nr_posted;
	struct page_domain *d = s->domain;

	if (!n)
		return;
	n = atmo_ring_reserve(&s->free, n);

	pthread_mutex_lock(&d->lock);
	n = atmo_ring_min(n, d->nr_pool);
	for (i = 0; i < n; i++) {
		/* Last in, first out: the page most likely still cached. */
		slot = d->pool[--d->nr_pool];
		page_set_state(s, slot, sock_state(s, PAGE_RX));
		*atmo_ring_free(&s->free, i) = (struct atmo_free_desc){ .slot = slot };
	}
	pthread_mutex_unlock(&d->lock);

	if (n)
		atmo_ring_submit(&s->free, n);
	s->nr_posted += n;
}

/* Moves the completion ring's pages into the pool; tx_lock held. */
static void tx_reap(struct atmo_sock *s)
{
	uint32_t n = atmo_ring_peek(&s->comp, s->comp.entries);
	uint32_t i, slot, nr_back = 0;
	struct page_domain *d = s->domain;

	if (!n)
		return;
	pthread_mutex_lock(&d->lock);
	for (i = 0; i < n; i++) {
		slot = atmo_ring_comp(&s->comp, i)->slot;
		if (slot >= s->nr_pages || page_state(s, slot) != sock_state(s, PAGE_TX))
			continue;
		pool_put(d, slot);
		nr_back++;
	}
	pthread_mutex_unlock(&d->lock);
	atmo_ring_release(&s->comp, n);
	__atomic_store_n(&s->nr_sent, s->nr_sent - nr_back, __ATOMIC_RELAXED);
}

/* Few pages are left to receive into; the others are sent or held elsewhere. */
static bool rx_starved(const struct atmo_sock *s)
{
	return s->nr_posted < (s->rx_target + 1) / 2;
}

/*
 * Receive side: fetch pages that have been sent. If another thread is sending, it
 * does so itself.
 */
static void rx_reclaim(struct atmo_sock *s)
{
	if (!__atomic_load_n(&s->nr_sent, __ATOMIC_RELAXED) ||
	    pthread_mutex_trylock(&s->tx_lock))
		return;
	/* The tx ring is empty: this only completes, and errors can wait. */
	sock_kick(s, ATMO_TX_BATCH, 1);
	tx_reap(s);
	pthread_mutex_unlock(&s->tx_lock);
}

/* Copies one rx entry; false if no sane kernel would have written it. */
static bool rx_take(struct atmo_sock *s, uint32_t i, struct atmo_packet *pkt)
{
	struct atmo_rx_desc desc = *atmo_ring_rx(&s->rx, i);

	if (desc.slot >= s->nr_pages || page_state(s, desc.slot) != sock_state(s, PAGE_RX) ||
	    desc.offset > ATMO_PAGE_SIZE || desc.len > ATMO_PAGE_SIZE - desc.offset ||
	    desc.frame_offset > desc.offset)
		return false;
	page_set_state(s, desc.slot, PAGE_APP);
	pkt->data = sock_page(s, desc.slot) + desc.offset;
	pkt->frame = sock_page(s, desc.slot) + desc.frame_offset;
	pkt->slot = desc.slot;
	pkt->len = desc.len;
	pkt->port = desc.port;
	pkt->flags = 0;
	memcpy(pkt->addr, desc.addr, sizeof(pkt->addr));
	return true;
}

int atmo_rx_batch(struct atmo_sock *s, struct atmo_packet *pkts, unsigned int nr)
{
	uint32_t i, n, nr_taken = 0;
	int err = 0;

	nr = atmo_ring_min(nr, ATMO_MAX_BATCH);
	if (!nr)
		return 0;
	if (rx_starved(s))
		rx_reclaim(s);
	rx_post(s);

	n = atmo_ring_peek(&s->rx, nr);
	if (n < nr) {
		err = sock_kick(s, ATMO_RX_BATCH, nr - n);
		n = atmo_ring_peek(&s->rx, nr);
	}
	for (i = 0; i < n; i++)
		nr_taken += rx_take(s, i, &pkts[nr_taken]);
	if (n)
		atmo_ring_release(&s->rx, n);
	s->nr_posted -= nr_taken;

	/* Packets first; an error that lasts comes back with the next call. */
	if (!nr_taken && err < 0)
		return err;
	return (int)nr_taken;
}

int atmo_rx_release(struct atmo_sock *s, const struct atmo_packet *pkts, unsigned int nr)
{
	struct page_domain *d = s->domain;
	unsigned int i;
	int nr_back = 0;

	pthread_mutex_lock(&d->lock);
	for (i = 0; i < nr; i++) {
		if (!sock_owns(s, pkts[i].slot))
			continue;
		pool_put(d, pkts[i].slot);
		nr_back++;
	}
	pthread_mutex_unlock(&d->lock);
	return nr_back;
}

int atmo_page_alloc(struct atmo_sock *s, struct atmo_packet *pkt)
{
	struct page_domain *d = s->domain;
	int err = -ENOBUFS;
	uint32_t slot;

	pthread_mutex_lock(&d->lock);
	if (d->nr_pool) {
		slot = d->pool[--d->nr_pool];
		page_set_state(s, slot, PAGE_APP);
		*pkt = (struct atmo_packet){
			.data = sock_page(s, slot),
			.slot = slot,
			.len = ATMO_PAGE_SIZE,
		};
		err = 0;
	}
	pthread_mutex_unlock(&d->lock);
	return err;
}

int atmo_page_free(struct atmo_sock *s, const struct atmo_packet *pkt)
{
	return atmo_rx_release(s, pkt, 1) ? 0 : -EINVAL;
}

/* Fills one tx entry from a packet of the application's. */
static bool tx_put(struct atmo_sock *s, uint32_t i, const struct atmo_packet *pkt)
{
	bool whole = pkt->flags & ATMO_TX_FRAME;
	uintptr_t page, start, end = (uintptr_t)pkt->data + pkt->len;

	if (!sock_owns(s, pkt->slot))
		return false;
	page = (uintptr_t)sock_page(s, pkt->slot);
	start = (uintptr_t)(whole ? pkt->frame : pkt->data);
	if (start < page || end < start || end - page > ATMO_PAGE_SIZE)
		return false;
	*atmo_ring_tx(&s->tx, i) = (struct atmo_tx_desc){
		.slot = pkt->slot,
		.offset = (uint16_t)(start - page),
		.len = (uint16_t)(end - start),
		.flags = pkt->flags,
		.port = whole ? 0 : pkt->port,
		.addr = {
			whole ? 0 : pkt->addr[0], whole ? 0 : pkt->addr[1],
			whole ? 0 : pkt->addr[2], whole ? 0 : pkt->addr[3],
		},
	};
	page_set_state(s, pkt->slot, sock_state(s, PAGE_TX));
	return true;
}

/* Sends what tx_put() has put; returns how many of @n were taken, or -errno. */
static int tx_flush(struct atmo_sock *s, const struct atmo_packet *pkts, uint32_t n)
{
	uint32_t i, nr_back;
	int err;

	atmo_ring_submit(&s->tx, n);
	err = sock_kick(s, ATMO_TX_BATCH, n);
	nr_back = atmo_ring_cancel(&s->tx);
	for (i = n - nr_back; i < n; i++)
		page_set_state(s, pkts[i].slot, PAGE_APP);
	__atomic_store_n(&s->nr_sent, s->nr_sent + n - nr_back, __ATOMIC_RELAXED);

	return nr_back == n && err < 0 ? err : (int)(n - nr_back);
}

int atmo_tx_batch(struct atmo_sock *s, const struct atmo_packet *pkts, unsigned int nr)
{
	uint32_t i, n;
	int ret;

	pthread_mutex_lock(&s->tx_lock);
	n = atmo_ring_reserve(&s->tx, atmo_ring_min(nr, ATMO_MAX_BATCH));
	for (i = 0; i < n; i++)
		if (!tx_put(s, i, &pkts[i]))
			break;
	if (i)
		ret = tx_flush(s, pkts, i);
	else if (nr)
		ret = n ? -EINVAL : 0;
	else
		ret = sock_kick(s, ATMO_TX_BATCH, 1);
	tx_reap(s);
	pthread_mutex_unlock(&s->tx_lock);
	return ret;
}

/* Milliseconds of CLOCK_MONOTONIC. */
static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Nobody tells when pages have been sent or released, and with none to receive
 * into no packet would ever end the wait. So a starved socket looks for pages by
 * the millisecond. True: it still is starved.
 */
bool atmo_sock_feed(struct atmo_sock *s)
{
	if (!rx_starved(s))
		return false;
	rx_reclaim(s);
	rx_post(s);
	/* The kernel takes posted pages in this call only. */
	sock_kick(s, ATMO_RX_BATCH, 1);
	return rx_starved(s);
}

int atmo_wait(struct atmo_sock *s, int timeout_ms)
{
	int64_t end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	int ret, slice, left = timeout_ms;

	for (;;) {
		slice = left;
		if (atmo_sock_feed(s) && (left < 0 || left > STARVED_POLL_MS))
			slice = STARVED_POLL_MS;
		if (atmo_ring_peek(&s->rx, 1))
			return 1;
		ret = poll(&pfd, 1, slice);
		if (ret < 0)
			return -errno;
		if (ret > 0)
			return pfd.revents & POLLNVAL ? -EBADF : 1;
		if (timeout_ms > 0)
			left = (int)(end - now_ms());
		if (timeout_ms >= 0 && left <= 0)
			return 0;
	}
}
