// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Life of a socket: open, bind, map, close; and what can be asked about it. */
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

/* What the three kinds of sockets differ in. */
struct kind {
	uint8_t protocol;
	bool raw;
};

/* Copies the caller's options, of whatever version; checks what it can. */
static int options_get(struct atmo_options *opt, const struct atmo_options *user)
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

	if (!opt->ifname || opt->flags || opt->lane > ATMO_LANE_SHARED)
		return -EINVAL;
	if (!opt->nr_pages)
		opt->nr_pages = opt->share ? opt->share->nr_pages : ATMO_DEFAULT_PAGES;
	if (opt->share && opt->share->nr_pages != opt->nr_pages)
		return -EINVAL;
	return 0;
}

/* Address and port in the UAPI's form, of @family; 0 or a negative errno. */
static int address_get(const union atmo_sockaddr *from, int family, unsigned int ifindex,
		       __be32 addr[4], __be16 *port)
{
	static const struct in6_addr any;

	*port = from->v4.sin_port;
	/* A family must be given with an address, but not with a port alone. */
	if (from->sa.sa_family == AF_UNSPEC)
		return from->v4.sin_addr.s_addr ||
		       memcmp(&from->v6.sin6_addr, &any, sizeof(any)) ? -EAFNOSUPPORT : 0;
	if (from->sa.sa_family != family)
		return -EAFNOSUPPORT;
	if (family == AF_INET) {
		addr[0] = from->v4.sin_addr.s_addr;
		return 0;
	}
	if (from->v6.sin6_scope_id && from->v6.sin6_scope_id != ifindex)
		return -EINVAL;
	memcpy(addr, &from->v6.sin6_addr, sizeof(from->v6.sin6_addr));
	return 0;
}

static int family_of(const struct atmo_options *opt)
{
	int family = opt->local.sa.sa_family;

	if (family == AF_UNSPEC)
		family = opt->remote.sa.sa_family;
	return family == AF_UNSPEC ? AF_INET : family;
}

static int sock_bind(struct atmo_sock *s, const struct atmo_options *opt,
		     const struct kind *kind)
{
	struct atmo_bind bind = {
		.version = ATMO_UAPI_VERSION,
		.family = kind->raw ? AF_PACKET : (__u16)family_of(opt),
		.protocol = kind->protocol,
		.lane = (__u8)opt->lane,
		.ifindex = if_nametoindex(opt->ifname),
		.nr_pages = opt->nr_pages,
		.tx_rate = opt->tx_rate,
	};
	int err;

	if (!bind.ifindex)
		return -ENODEV;
	if (bind.family != AF_INET && bind.family != AF_INET6 && !kind->raw)
		return -EAFNOSUPPORT;
	err = address_get(&opt->local, bind.family, bind.ifindex, bind.laddr, &bind.lport);
	if (!err)
		err = address_get(&opt->remote, bind.family, bind.ifindex, bind.raddr,
				  &bind.rport);
	if (err)
		return err;
	if (opt->share) {
		bind.flags = ATMO_BIND_SHARE_PAGES;
		bind.pages_fd = opt->share->fd;
	}
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
	atmo_ring_sync(r);
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

uint8_t *atmo_sock_map(const struct atmo_sock *s, uint64_t offset, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)offset);

	return p == MAP_FAILED ? NULL : p;
}

static int sock_map_all(struct atmo_sock *s, struct atmo_sock *share)
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
	s->rings = atmo_sock_map(s, ATMO_MMAP_RINGS, s->rings_len);
	if (!s->rings)
		return -errno;
	err = rings_init(s, &info);
	if (err)
		return err;
	return atmo_domain_join(s, share, (size_t)info.pages_len);
}

/* Joins the pages as the last thing that can fail. */
static int sock_start(struct atmo_sock *s, const struct atmo_options *opt,
		      const struct kind *kind)
{
	int err;

	s->fd = open(ATMO_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	err = sock_bind(s, opt, kind);
	if (err)
		return err;
	return sock_map_all(s, opt->share);
}

static int sock_open(struct atmo_sock *s, const struct atmo_options *opt,
		     const struct kind *kind)
{
	int err;

	s->nr_pages = opt->nr_pages;
	err = atmo_domain_reserve(s, opt->share, opt->nr_rx_pages);
	if (err)
		return err;
	err = sock_start(s, opt, kind);
	if (err) {
		atmo_domain_cancel(s, opt->share);
		return err;
	}
	/* Pages for the first packets; a device that is down takes them later. */
	atmo_sock_feed(s);
	return 0;
}

static int open_kind(struct atmo_sock **sock, const struct atmo_options *user,
		     const struct kind *kind)
{
	struct atmo_options opt;
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

	err = sock_open(s, &opt, kind);
	if (err) {
		atmo_close(s);
		return err;
	}
	*sock = s;
	return 0;
}

int atmo_udp_open(struct atmo_sock **sock, const struct atmo_options *opt)
{
	return open_kind(sock, opt, &(struct kind){ .protocol = IPPROTO_UDP });
}

int atmo_tcp_open(struct atmo_sock **sock, const struct atmo_options *opt)
{
	return open_kind(sock, opt, &(struct kind){ .protocol = IPPROTO_TCP });
}

int atmo_raw_open(struct atmo_sock **sock, const struct atmo_options *opt)
{
	return open_kind(sock, opt, &(struct kind){ .raw = true });
}

/* Also undoes a sock_open() that stopped half-way. */
void atmo_close(struct atmo_sock *s)
{
	if (!s)
		return;
	if (s->rings)
		munmap(s->rings, s->rings_len);
	if (s->domain)
		atmo_domain_leave(s);
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->tx_lock);
	free(s);
}

int atmo_stack_restart(struct atmo_sock *s)
{
	if (ioctl(s->fd, ATMO_RESTART))
		return -errno;
	atmo_ring_sync(&s->free);
	atmo_ring_sync(&s->rx);
	atmo_ring_sync(&s->tx);
	atmo_ring_sync(&s->comp);
	s->nr_burst = 0;
	s->nr_replies = 0;
	atmo_domain_reclaim(s);
	atmo_sock_feed(s);
	return 0;
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
