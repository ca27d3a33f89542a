// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Life of a socket: open, bind, map, close; and what can be asked about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atmo_abi_check.h>

#include "sock.h"

/* Copies the caller's options, of whatever version; checks what it can. */
static int options_get(struct atmo_udp_options *opt, const struct atmo_udp_options *user)
{
	const unsigned char *byte = (const unsigned char *)user;
	size_t i;

	/* The fields that the first version had must be there. */
	if (!user || user->size < sizeof(*opt))
		return -EINVAL;
	/* A newer caller may use only what this library knows. */
	for (i = sizeof(*opt); i < user->size; i++)
		if (byte[i])
			return -E2BIG;
	*opt = *user;

	if (!opt->ifname || opt->flags || !opt->local.sin_port)
		return -EINVAL;
	if (opt->local.sin_family != AF_INET &&
	    (opt->local.sin_family != AF_UNSPEC || opt->local.sin_addr.s_addr))
		return -EAFNOSUPPORT;
	if (!opt->nr_pages)
		opt->nr_pages = ATMO_DEFAULT_PAGES;
	if (!opt->nr_tx_pages)
		opt->nr_tx_pages = opt->nr_pages / 4;
	if (opt->lane > ATMO_LANE_SHARED || opt->nr_tx_pages > opt->nr_pages)
		return -EINVAL;
	return 0;
}

static int sock_bind(struct atmo_sock *s, const struct atmo_udp_options *opt)
{
	struct atmo_bind bind = {
		.version = ATMO_UAPI_VERSION,
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
		.lane = (__u8)opt->lane,
		.ifindex = if_nametoindex(opt->ifname),
		.nr_pages = opt->nr_pages,
		.laddr = { opt->local.sin_addr.s_addr },
		.lport = opt->local.sin_port,
	};

	if (!bind.ifindex)
		return -ENODEV;
	return ioctl(s->fd, ATMO_BIND, &bind) ? -errno : 0;
}

/*
 * One ring out of the mapping. The kernel is trusted, but a library built from
 * other headers than the kernel shall fail here and not on the first packet.
 */
static int ring_init(struct atmo_ring *r, const struct atmo_sock *s,
		     const struct atmo_ring_info *info, size_t desc_size, bool produce)
{
	struct atmo_ring_cursors *c;

	if (info->desc_size != desc_size || info->entries != s->nr_pages ||
	    info->cursor_offset % sizeof(*c) || info->desc_offset % sizeof(__u32) ||
	    info->cursor_offset > s->rings_len - sizeof(*c) ||
	    info->desc_offset > s->rings_len ||
	    (s->rings_len - info->desc_offset) / desc_size < info->entries)
		return -EPROTO;

	c = (struct atmo_ring_cursors *)(s->rings + info->cursor_offset);
	r->mine = produce ? &c->producer : &c->consumer;
	r->theirs = produce ? &c->consumer : &c->producer;
	r->desc = s->rings + info->desc_offset;
	r->entries = info->entries;
	r->cursor = __atomic_load_n(r->mine, __ATOMIC_RELAXED);
	r->seen = __atomic_load_n(r->theirs, __ATOMIC_ACQUIRE);
	return 0;
}

static int rings_init(struct atmo_sock *s, const struct atmo_info *info)
{
	const struct atmo_ring_info *ring = info->ring;
	int err;

	err = ring_init(&s->free, s, &ring[ATMO_RING_FREE],
			sizeof(struct atmo_free_desc), true);
	if (!err)
		err = ring_init(&s->rx, s, &ring[ATMO_RING_RX],
				sizeof(struct atmo_rx_desc), false);
	if (!err)
		err = ring_init(&s->tx, s, &ring[ATMO_RING_TX],
				sizeof(struct atmo_tx_desc), true);
	if (!err)
		err = ring_init(&s->comp, s, &ring[ATMO_RING_COMP],
				sizeof(struct atmo_comp_desc), false);
	return err;
}

/* Maps @len bytes of the instance at @offset; NULL with errno set on failure. */
static uint8_t *sock_map(const struct atmo_sock *s, uint64_t offset, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)offset);

	return p == MAP_FAILED ? NULL : p;
}

static int sock_map_all(struct atmo_sock *s)
{
	struct atmo_info info;
	int err;

	err = atmo_info(s, &info);
	if (err)
		return err;
	if (info.nr_pages != s->nr_pages || info.rings_len < ATMO_PAGE_SIZE ||
	    info.pages_len != (uint64_t)s->nr_pages * ATMO_PAGE_SIZE ||
	    info.rings_len > SIZE_MAX / 2)
		return -EPROTO;

	s->rings_len = (size_t)info.rings_len;
	s->rings = sock_map(s, ATMO_MMAP_RINGS, s->rings_len);
	if (!s->rings)
		return -errno;
	s->pages_len = (size_t)info.pages_len;
	s->pages = sock_map(s, ATMO_MMAP_PAGES, s->pages_len);
	if (!s->pages)
		return -errno;
	return rings_init(s, &info);
}

/* All pages free, the first ones on top. */
static int pool_init(struct atmo_sock *s)
{
	uint32_t i;

	s->pool = calloc(s->nr_pages, sizeof(*s->pool));
	s->state = calloc(s->nr_pages, sizeof(*s->state));
	if (!s->pool || !s->state)
		return -ENOMEM;
	for (i = 0; i < s->nr_pages; i++)
		s->pool[i] = s->nr_pages - 1 - i;
	s->nr_pool = s->nr_pages;
	return 0;
}

static int sock_open(struct atmo_sock *s, const struct atmo_udp_options *opt)
{
	int err;

	s->nr_pages = opt->nr_pages;
	s->rx_target = opt->nr_pages - opt->nr_tx_pages;
	s->fd = open(ATMO_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	err = sock_bind(s, opt);
	if (err)
		return err;
	err = sock_map_all(s);
	if (err)
		return err;
	err = pool_init(s);
	if (err)
		return err;
	/* Pages for the first packets; a device that is down takes them later. */
	atmo_sock_feed(s);
	return 0;
}

int atmo_udp_open(struct atmo_sock **sock, const struct atmo_udp_options *user)
{
	struct atmo_udp_options opt;
	struct atmo_sock *s;
	int err;

	err = options_get(&opt, user);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	pthread_mutex_init(&s->tx_lock, NULL);
	pthread_mutex_init(&s->pool_lock, NULL);

	err = sock_open(s, &opt);
	if (err) {
		atmo_close(s);
		return err;
	}
	*sock = s;
	return 0;
}

/* Also undoes a sock_open() that stopped half-way. */
void atmo_close(struct atmo_sock *s)
{
	if (!s)
		return;
	if (s->pages)
		munmap(s->pages, s->pages_len);
	if (s->rings)
		munmap(s->rings, s->rings_len);
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->pool_lock);
	pthread_mutex_destroy(&s->tx_lock);
	free(s->state);
	free(s->pool);
	free(s);
}

int atmo_fd(const struct atmo_sock *s)
{
	return s->fd;
}

int atmo_info(const struct atmo_sock *s, struct atmo_info *info)
{
	memset(info, 0, sizeof(*info));
	info->version = ATMO_UAPI_VERSION;
	return ioctl(s->fd, ATMO_GET_INFO, info) ? -errno : 0;
}

int atmo_stats(const struct atmo_sock *s, struct atmo_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->version = ATMO_UAPI_VERSION;
	if (ioctl(s->fd, ATMO_GET_STATS, stats))
		return -errno;
	/* A newer kernel may know more reasons than there is room for. */
	if (stats->nr_drops > ATMO_MAX_DROPS)
		stats->nr_drops = ATMO_MAX_DROPS;
	return 0;
}
