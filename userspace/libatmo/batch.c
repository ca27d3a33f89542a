// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Data path of a socket.
 *
 *          atmo_rx_batch                     atmo_tx_batch
 *   pool ───> free ring ─ kernel ─ rx ring ───> application
 *    ^                      ^                        │
 *    ├── atmo_rx_release, atmo_page_free ────────────┤
 *    └── completion ring ─ kernel ─ tx ring <────────┘
 *
 * A page that is sent while there are too few to receive into goes from the tx ring
 * straight to where those of the free ring go: ATMO_TX_RECYCLE. For who sends about
 * what it receives these are all, and the two outer rings are not used. With
 * atmo_reply() not even the tx ring is: the application works on the rx ring's entries.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "sock.h"

/* Short of pages: how often atmo_wait() looks whether some have been sent. */
#define STARVED_POLL_MS	1
/*
 * How long atmo_wait() looks for packets before it sleeps. What an interrupt and a wake-up
 * take is of that order, and under load the next packet is not far.
 */
#define SPIN_US		50
/*
 * What a receiving call asks the kernel for at least: whoever takes packets one by one
 * finds the next ones in the ring.
 */
#define RX_STAGE	32

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

/* The application has done with its burst: the kernel is to look at the entries. */
static void burst_release(struct atmo_sock *s)
{
	if (!s->nr_burst)
		return;
	atmo_ring_release(&s->rx, s->nr_burst);
	s->nr_replies += s->nr_burst;
	s->nr_burst = 0;
}

/*
 * Has the kernel send the replies, then receive up to @nr packets. 0 or -errno. Without
 * replies it is like ATMO_RX_BATCH, which would forget them.
 */
static int sock_reply(struct atmo_sock *s, uint32_t nr)
{
	struct atmo_exchange x = {
		.tx_nr = atmo_ring_min(s->nr_replies, ATMO_MAX_BATCH), .rx_nr = nr,
	};

	if (!(x.tx_nr | x.rx_nr))
		return 0;
	if (ioctl(s->fd, ATMO_REPLY, &x))
		return -errno;
	s->nr_replies -= atmo_ring_min(x.tx_nr, s->nr_replies);
	return 0;
}

/* Replies that the device had no room for; true: it still hasn't. */
static bool replies_push(struct atmo_sock *s)
{
	if (s->nr_replies)
		sock_reply(s, 0);
	return s->nr_replies;
}

/* Receives up to @nr packets, when they are not for atmo_reply(). As sock_kick(). */
static int sock_receive(struct atmo_sock *s, uint32_t nr)
{
	return s->nr_replies ? sock_reply(s, nr) : sock_kick(s, ATMO_RX_BATCH, nr);
}

/* Takes up to @n places of pages for reception, as far as the target goes. */
static uint32_t posted_reserve(struct atmo_sock *s, uint32_t n)
{
	uint32_t old = __atomic_load_n(&s->nr_posted, __ATOMIC_RELAXED);

	do {
		if (old >= s->rx_target)
			return 0;
		n = atmo_ring_min(n, s->rx_target - old);
	} while (!__atomic_compare_exchange_n(&s->nr_posted, &old, old + n, 1,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return n;
}

static void posted_drop(struct atmo_sock *s, uint32_t n)
{
	if (n)
		__atomic_fetch_sub(&s->nr_posted, n, __ATOMIC_RELAXED);
}

/* Puts up to the target number of pages into the free ring. */
static void rx_post(struct atmo_sock *s)
{
	uint32_t i, slot, n, wanted = posted_reserve(s, s->rx_target);
	struct page_domain *d = s->domain;

	if (!wanted)
		return;
	n = atmo_ring_reserve(&s->free, wanted);

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
	posted_drop(s, wanted - n);
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
	return __atomic_load_n(&s->nr_posted, __ATOMIC_RELAXED) < (s->rx_target + 1) / 2;
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

/*
 * Takes the first @n rx entries, as far as there are any; returns how many packets
 * they made. Entries that no sane kernel would have written make none.
 */
static uint32_t rx_take(struct atmo_sock *s, struct atmo_packet *pkts, uint32_t n)
{
	const uint32_t nr_pages = s->nr_pages, rx_state = sock_state(s, PAGE_RX);
	const struct atmo_ring ring = s->rx;
	uint32_t *state = s->domain->state;
	uint8_t *page, *pages = s->domain->pages;
	const struct atmo_rx_desc *desc;
	struct atmo_packet *pkt = pkts;
	uint32_t i, slot, offset, len;

	n = atmo_ring_peek(&s->rx, n);
	for (i = 0; i < n; i++) {
		desc = atmo_ring_rx(&ring, i);
		slot = desc->slot;
		offset = desc->offset;
		len = desc->len;
		if (slot >= nr_pages || state[slot] != rx_state ||
		    offset + len > ATMO_PAGE_SIZE || desc->frame_offset > offset)
			continue;
		__atomic_store_n(&state[slot], PAGE_APP, __ATOMIC_RELAXED);
		page = pages + (size_t)slot * ATMO_PAGE_SIZE;
		pkt->data = page + offset;
		pkt->frame = page + desc->frame_offset;
		pkt->slot = slot;
		pkt->len = (uint16_t)len;
		pkt->port = desc->port;
		memcpy(pkt->addr, desc->addr, sizeof(pkt->addr));
		pkt->flags = 0;
		pkt++;
	}
	if (n)
		atmo_ring_release(&s->rx, n);
	posted_drop(s, (uint32_t)(pkt - pkts));
	return (uint32_t)(pkt - pkts);
}

/* Gives the kernel pages to receive into. */
static void rx_feed(struct atmo_sock *s)
{
	if (rx_starved(s))
		rx_reclaim(s);
	rx_post(s);
}

/* How many packets to ask for when @n are missing. */
static uint32_t rx_wanted(uint32_t n)
{
	return n && n < RX_STAGE ? RX_STAGE : n;
}

int atmo_rx_batch(struct atmo_sock *s, struct atmo_packet *pkts, unsigned int nr)
{
	uint32_t n;
	int err = 0;

	nr = atmo_ring_min(nr, ATMO_MAX_BATCH);
	if (!nr)
		return 0;
	burst_release(s);
	rx_feed(s);
	n = atmo_ring_peek(&s->rx, nr);
	if (n < nr)
		err = sock_receive(s, rx_wanted(nr - n));
	n = rx_take(s, pkts, nr);

	/* Packets first; an error that lasts comes back with the next call. */
	return !n && err < 0 ? err : (int)n;
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

/*
 * Fills all but the destination of a tx entry: @len bytes from @start of the page on.
 * One that begins before the page begins far behind it, too.
 */
static inline bool tx_fill(struct atmo_tx_desc *desc, const struct atmo_packet *pkt,
			   uintptr_t start, uintptr_t len, uint32_t flags)
{
	if (start > ATMO_PAGE_SIZE || len > ATMO_PAGE_SIZE - start)
		return false;
	desc->slot = pkt->slot;
	desc->offset = (uint16_t)start;
	desc->len = (uint16_t)len;
	desc->reserved = 0;
	desc->flags = (pkt->flags & ~ATMO_TX_RECYCLE) | flags;
	return true;
}

static inline bool tx_fill_payload(struct atmo_tx_desc *desc, const struct atmo_packet *pkt,
				   const uint8_t *page, uint32_t flags)
{
	desc->port = pkt->port;
	memcpy(desc->addr, pkt->addr, sizeof(desc->addr));
	return tx_fill(desc, pkt, (uintptr_t)pkt->data - (uintptr_t)page, pkt->len, flags);
}

/* With headers in place, which say where it goes. */
static bool tx_fill_frame(struct atmo_tx_desc *desc, const struct atmo_packet *pkt,
			  const uint8_t *page, uint32_t flags)
{
	const uintptr_t headers = (uintptr_t)pkt->data - (uintptr_t)pkt->frame;

	desc->port = 0;
	memset(desc->addr, 0, sizeof(desc->addr));
	return tx_fill(desc, pkt, (uintptr_t)pkt->frame - (uintptr_t)page, headers + pkt->len,
		       flags);
}

/* The first @nr valid packets as tx entries from the @at-th on; returns how many. */
static uint32_t tx_put(struct atmo_sock *s, const struct atmo_packet *pkts, uint32_t at,
		       uint32_t nr, uint32_t flags)
{
	const uint32_t tx_state = sock_state(s, flags & ATMO_TX_RECYCLE ? PAGE_RX : PAGE_TX);
	const uint8_t *page, *pages = s->domain->pages;
	const struct atmo_packet *pkt, *end = pkts + nr;
	uint32_t *state = s->domain->state;
	const uint32_t nr_pages = s->nr_pages;
	const struct atmo_ring ring = s->tx;
	struct atmo_tx_desc *desc;

	for (pkt = pkts; pkt != end; pkt++) {
		if (pkt->slot >= nr_pages || state[pkt->slot] != PAGE_APP)
			break;
		desc = atmo_ring_tx(&ring, at++);
		page = pages + (size_t)pkt->slot * ATMO_PAGE_SIZE;
		if (pkt->flags & ATMO_TX_FRAME ? !tx_fill_frame(desc, pkt, page, flags) :
						 !tx_fill_payload(desc, pkt, page, flags))
			break;
		__atomic_store_n(&state[pkt->slot], tx_state, __ATOMIC_RELAXED);
	}
	return (uint32_t)(pkt - pkts);
}

/*
 * Puts packets into the tx ring and submits them, up to the first that is not valid;
 * returns how many. Of these the first @nr_recycled will be received into.
 */
static uint32_t tx_queue(struct atmo_sock *s, const struct atmo_packet *pkts, uint32_t nr,
			 uint32_t *nr_recycled)
{
	uint32_t n = atmo_ring_reserve(&s->tx, nr), nr_plain = 0;
	const uint32_t recycle = posted_reserve(s, n);

	*nr_recycled = tx_put(s, pkts, 0, recycle, ATMO_TX_RECYCLE);
	if (*nr_recycled == recycle && recycle < n)
		nr_plain = tx_put(s, pkts + recycle, recycle, n - recycle, 0);
	posted_drop(s, recycle - *nr_recycled);
	n = *nr_recycled + nr_plain;
	if (n)
		atmo_ring_submit(&s->tx, n);
	if (nr_plain)
		__atomic_store_n(&s->nr_sent, s->nr_sent + nr_plain, __ATOMIC_RELAXED);
	return n;
}

/* Sends what was queued; returns how many of @n were taken, or -errno. */
static int tx_flush(struct atmo_sock *s, const struct atmo_packet *pkts, uint32_t n,
		    uint32_t nr_recycled)
{
	uint32_t i, taken, not_sent = 0;
	int err;

	err = sock_kick(s, ATMO_TX_BATCH, atmo_ring_unconsumed(&s->tx));
	taken = n - atmo_ring_cancel(&s->tx, n);
	for (i = taken; i < n; i++) {
		page_set_state(s, pkts[i].slot, PAGE_APP);
		not_sent += i >= nr_recycled;
	}
	if (taken < n) {
		posted_drop(s, n - taken - not_sent);
		__atomic_store_n(&s->nr_sent, s->nr_sent - not_sent, __ATOMIC_RELAXED);
	}
	return !taken && err < 0 ? err : (int)taken;
}

int atmo_tx_batch(struct atmo_sock *s, const struct atmo_packet *pkts, unsigned int nr)
{
	uint32_t n, nr_recycled;
	int ret;

	pthread_mutex_lock(&s->tx_lock);
	nr = atmo_ring_min(nr, ATMO_MAX_BATCH);
	n = tx_queue(s, pkts, nr, &nr_recycled);
	if (n)
		ret = tx_flush(s, pkts, n, nr_recycled);
	else if (nr)
		ret = atmo_ring_reserve(&s->tx, 1) ? -EINVAL : 0;
	else
		ret = sock_kick(s, ATMO_TX_BATCH, ATMO_MAX_BATCH);
	tx_reap(s);
	pthread_mutex_unlock(&s->tx_lock);
	return ret;
}

/* All of them: those that are not valid are released, as far as they are the caller's. */
static void tx_queue_all(struct atmo_sock *s, const struct atmo_packet *pkts, uint32_t nr)
{
	uint32_t n, nr_recycled;

	while (nr) {
		n = tx_queue(s, pkts, nr, &nr_recycled);
		pkts += n;
		nr -= n;
		if (nr) {
			atmo_rx_release(s, pkts, 1);
			pkts++;
			nr--;
		}
	}
}

int atmo_exchange(struct atmo_sock *s, const struct atmo_packet *out, unsigned int nr_out,
		  struct atmo_packet *in, unsigned int nr_in)
{
	struct atmo_exchange x;
	int err = 0;
	uint32_t n;

	nr_in = atmo_ring_min(nr_in, ATMO_MAX_BATCH);
	burst_release(s);
	replies_push(s);
	/* By contract nobody else sends or receives: tx_lock has no work here. */
	tx_queue_all(s, out, nr_out);
	if (__atomic_load_n(&s->nr_sent, __ATOMIC_RELAXED))
		tx_reap(s);
	rx_post(s);
	x.tx_nr = atmo_ring_min(s->tx.cursor - s->tx.seen, ATMO_MAX_BATCH);
	x.rx_nr = rx_wanted(nr_in - atmo_ring_peek(&s->rx, nr_in));
	if ((x.tx_nr || x.rx_nr) && ioctl(s->fd, ATMO_EXCHANGE, &x))
		err = -errno;
	atmo_ring_unconsumed(&s->tx);

	n = rx_take(s, in, nr_in);
	return !n && err < 0 ? err : (int)n;
}

int atmo_reply(struct atmo_sock *s, struct atmo_burst *burst, unsigned int nr)
{
	int err;

	nr = atmo_ring_min(nr, ATMO_MAX_BATCH);
	burst_release(s);
	rx_post(s);
	err = sock_reply(s, rx_wanted(nr - atmo_ring_peek(&s->rx, nr)));
	s->nr_burst = atmo_ring_peek(&s->rx, nr);
	burst->entries = s->rx.desc;
	burst->pages = s->domain->pages;
	burst->first = s->rx.cursor;
	burst->mask = s->rx.entries - 1;
	burst->nr = s->nr_burst;
	return !burst->nr && err < 0 ? err : (int)burst->nr;
}

/* Packets that the device had no room for; true: it still hasn't. */
static bool tx_push(struct atmo_sock *s)
{
	uint32_t n;

	/* Who is sending does so itself. */
	if (pthread_mutex_trylock(&s->tx_lock))
		return false;
	n = atmo_ring_unconsumed(&s->tx);
	if (n) {
		sock_kick(s, ATMO_TX_BATCH, n);
		n = atmo_ring_unconsumed(&s->tx);
	}
	pthread_mutex_unlock(&s->tx_lock);
	return n;
}

/* Of CLOCK_MONOTONIC. */
static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
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
	rx_feed(s);
	/* The kernel takes posted pages when it receives only. */
	sock_receive(s, 1);
	return rx_starved(s);
}

/* True: there are packets. Otherwise the time is up, or poll() has something to say. */
static bool rx_spin(struct atmo_sock *s)
{
	int64_t end = now_us() + SPIN_US;

	do {
		if (sock_receive(s, RX_STAGE) < 0)
			return false;
		if (atmo_ring_peek(&s->rx, 1))
			return true;
	} while (now_us() < end);
	return false;
}

int atmo_wait(struct atmo_sock *s, int timeout_ms)
{
	int64_t end = timeout_ms > 0 ? now_us() + timeout_ms * (int64_t)1000 : 0;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	int ret, slice, left = timeout_ms;
	bool look_again;

	if (atmo_ring_peek(&s->rx, 1) || (timeout_ms && rx_spin(s)))
		return 1;

	for (;;) {
		slice = left;
		look_again = atmo_sock_feed(s);
		look_again |= tx_push(s);
		look_again |= replies_push(s);
		if (look_again && (left < 0 || left > STARVED_POLL_MS))
			slice = STARVED_POLL_MS;
		if (atmo_ring_peek(&s->rx, 1))
			return 1;
		ret = poll(&pfd, 1, slice);
		if (ret < 0)
			return -errno;
		if (ret > 0)
			return pfd.revents & POLLNVAL ? -EBADF : 1;
		if (timeout_ms > 0)
			left = (int)((end - now_us() + 999) / 1000);
		if (timeout_ms >= 0 && left <= 0)
			return 0;
	}
}
