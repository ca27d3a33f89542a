/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bare access to /dev/atmo for tests that break its rules on purpose, so
 * nothing of libatmo, which keeps them. One thread, unless a test says else.
 */
#ifndef ATMO_TESTS_RAW_H
#define ATMO_TESTS_RAW_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/atmo.h>
#include <linux/atmo_ring.h>

#include "clock.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* ---- TAP ---- */

static unsigned int nr_checks, nr_failed;

/* One named result; on failure @got tells what was seen. */
static inline bool check(bool good, const char *got, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%s %u - ", good ? "ok" : "not ok", ++nr_checks);
	vprintf(format, args);
	printf("\n");
	if (!good)
		printf("# got %s\n", got);
	va_end(args);
	fflush(stdout);
	nr_failed += !good;
	return good;
}

static inline const char *number(long long n)
{
	static char text[4][32];
	static unsigned int i;
	char *t = text[i++ % 4];

	snprintf(t, sizeof(text[0]), "%lld", n);
	return t;
}

/* A call that shall fail with @want, which is 0 or an errno. */
#define CHECK_ERR(ret, want, ...) do {					\
	long ret_ = (long)(ret);					\
	int err_ = ret_ == -1 ? errno : 0;				\
	check(err_ == (want), strerror(err_), __VA_ARGS__);		\
} while (0)

#define CHECK_EQ(a, b, ...) do {					\
	long long a_ = (a), b_ = (b);					\
	check(a_ == b_, number(a_), __VA_ARGS__);			\
} while (0)

static inline __attribute__((noreturn)) void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int finish(void)
{
	printf("1..%u\n", nr_checks);
	return nr_failed != 0;
}

/* ---- Where the test runs ---- */

struct place {
	const char *ifname;
	__u32	ifindex;
	__be32	local;
	const char *netns;	/* the peer's */
	__be32	peer;
	int	config;		/* PCI configuration space of our port */
};

static inline int config_open(const char *ifname)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/config", ifname);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static inline void place_parse(struct place *p, int argc, char **argv)
{
	struct in_addr local, peer;

	if (argc != 5 || !inet_aton(argv[2], &local) || !inet_aton(argv[4], &peer)) {
		fprintf(stderr, "usage: %s IFNAME ADDRESS PEER_NETNS PEER_ADDRESS\n"
			"The netns is a name of ip-netns(8); both addresses are set up.\n",
			argv[0]);
		exit(2);
	}
	p->ifname = argv[1];
	p->ifindex = if_nametoindex(argv[1]);
	p->local = local.s_addr;
	p->netns = argv[3];
	p->peer = peer.s_addr;
	if (!p->ifindex)
		bail(argv[1]);
	p->config = config_open(p->ifname);
	if (p->config < 0)
		bail("the port's PCI configuration space");
}

/*
 * What the driver has written to our port is there: a write may still be on its
 * way, but no read overtakes it. Otherwise a frame of the peer, whose port gets
 * its writes on its own way, could be there before the page for it.
 */
static inline void port_sync(const struct place *p)
{
	__u32 status;

	if (pread(p->config, &status, sizeof(status), 4) != sizeof(status))
		bail("PCI configuration space");
}

/* An ordinary UDP socket at the other end of the wire; port 0: any. */
static inline int peer_socket_at(const struct place *p, __u16 port, struct sockaddr_in *addr)
{
	char path[256];
	int here, there, fd;
	socklen_t len = sizeof(*addr);
	struct timeval wait = { .tv_sec = 2 };

	snprintf(path, sizeof(path), "/run/netns/%s", p->netns);
	here = open("/proc/self/ns/net", O_RDONLY);
	there = open(path, O_RDONLY);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		bail(path);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setns(here, CLONE_NEWNET) || fd < 0)
		bail("socket in the peer's netns");
	close(here);
	close(there);
	*addr = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = p->peer,
	};
	if (bind(fd, (struct sockaddr *)addr, sizeof(*addr)) ||
	    getsockname(fd, (struct sockaddr *)addr, &len) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		bail("bind at the peer");
	return fd;
}

static inline int peer_socket(const struct place *p, struct sockaddr_in *addr)
{
	return peer_socket_at(p, 0, addr);
}

static inline void peer_send(int fd, const struct place *p, __u16 port, const void *data,
			     size_t len)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = p->local,
	};

	port_sync(p);
	if (sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)len)
		bail("sendto at the peer");
}

/* ---- Sockets ---- */

static const struct {
	__u8	lane;
	const char *name;
} lanes[] __attribute__((unused)) = {
	{ ATMO_LANE_HARDWARE, "hardware lane" }, { ATMO_LANE_SHARED, "shared lane" },
};

struct raw {
	int	fd;
	__u16	port;
	struct atmo_info info;
	unsigned char *rings;
	unsigned char *pages;
	/* Own cursors. */
	__u32	free_producer, rx_consumer, tx_producer, comp_consumer;
};

static inline int atmo_open(void)
{
	int fd = open(ATMO_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail(ATMO_DEVICE_PATH);
	return fd;
}

static inline struct atmo_bind bind_args(const struct place *p, __u16 port, __u8 lane)
{
	return (struct atmo_bind){
		.version = ATMO_UAPI_VERSION, .family = AF_INET, .protocol = IPPROTO_UDP,
		.lane = lane, .ifindex = p->ifindex, .nr_pages = 64,
		.laddr = { p->local }, .lport = htons(port),
	};
}

/* A new instance that is bound or not: -1 with errno set. */
static inline int bind_new(const struct atmo_bind *bind)
{
	struct atmo_bind copy = *bind;
	int fd = atmo_open();
	int err;

	if (!ioctl(fd, ATMO_BIND, &copy))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static inline void raw_map(struct raw *s)
{
	s->info = (struct atmo_info){ .version = ATMO_UAPI_VERSION };
	if (ioctl(s->fd, ATMO_GET_INFO, &s->info))
		bail("ATMO_GET_INFO");
	s->rings = mmap(NULL, s->info.rings_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
			ATMO_MMAP_RINGS);
	s->pages = mmap(NULL, s->info.pages_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
			ATMO_MMAP_PAGES);
	if (s->rings == MAP_FAILED || s->pages == MAP_FAILED)
		bail("mmap");
}

static inline struct raw *raw_open_bind(const struct atmo_bind *bind)
{
	struct raw *s = calloc(1, sizeof(*s));

	if (!s)
		bail("calloc");
	s->port = ntohs(bind->lport);
	s->fd = bind_new(bind);
	if (s->fd < 0)
		bail("ATMO_BIND");
	raw_map(s);
	return s;
}

static inline struct raw *raw_open(const struct place *p, __u16 port, __u8 lane)
{
	struct atmo_bind bind = bind_args(p, port, lane);

	return raw_open_bind(&bind);
}

static inline void raw_close(struct raw *s)
{
	munmap(s->rings, s->info.rings_len);
	munmap(s->pages, s->info.pages_len);
	close(s->fd);
	free(s);
}

static inline struct atmo_ring_cursors *raw_cursors(struct raw *s, int ring)
{
	return (void *)(s->rings + s->info.ring[ring].cursor_offset);
}

static inline void *raw_entry(struct raw *s, int ring, __u32 cursor)
{
	const struct atmo_ring_info *r = &s->info.ring[ring];

	return s->rings + r->desc_offset + (size_t)(cursor % r->entries) * r->desc_size;
}

static inline __u32 raw_read(__u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void raw_write(__u32 *word, __u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline unsigned char *raw_page(struct raw *s, __u32 slot)
{
	return s->pages + (size_t)slot * ATMO_PAGE_SIZE;
}

/* ---- Ring verbs ---- */

static inline void raw_put_free(struct raw *s, __u32 slot, __u32 reserved)
{
	struct atmo_free_desc *desc = raw_entry(s, ATMO_RING_FREE, s->free_producer);

	desc->slot = slot;
	desc->reserved = reserved;
	raw_write(&raw_cursors(s, ATMO_RING_FREE)->producer, ++s->free_producer);
}

static inline void raw_put_tx(struct raw *s, const struct atmo_tx_desc *desc)
{
	*(struct atmo_tx_desc *)raw_entry(s, ATMO_RING_TX, s->tx_producer) = *desc;
	raw_write(&raw_cursors(s, ATMO_RING_TX)->producer, ++s->tx_producer);
}

static inline bool raw_get_rx(struct raw *s, struct atmo_rx_desc *desc)
{
	struct atmo_ring_cursors *c = raw_cursors(s, ATMO_RING_RX);

	if (raw_read(&c->producer) == s->rx_consumer)
		return false;
	*desc = *(struct atmo_rx_desc *)raw_entry(s, ATMO_RING_RX, s->rx_consumer);
	raw_write(&c->consumer, ++s->rx_consumer);
	return true;
}

static inline bool raw_get_comp(struct raw *s, struct atmo_comp_desc *desc)
{
	struct atmo_ring_cursors *c = raw_cursors(s, ATMO_RING_COMP);

	if (raw_read(&c->producer) == s->comp_consumer)
		return false;
	*desc = *(struct atmo_comp_desc *)raw_entry(s, ATMO_RING_COMP, s->comp_consumer);
	raw_write(&c->consumer, ++s->comp_consumer);
	return true;
}

/* Handled, or -1 with errno set. */
static inline int raw_batch(struct raw *s, unsigned long cmd, __u32 nr)
{
	struct atmo_batch batch = { .nr = nr };

	return ioctl(s->fd, cmd, &batch) ? -1 : (int)batch.nr;
}

/* ATMO_REPLY: entries of the rx ring consumed, or -1 with errno set. */
static inline int raw_reply(struct raw *s, __u32 tx_nr, __u32 rx_nr)
{
	struct atmo_exchange x = { .tx_nr = tx_nr, .rx_nr = rx_nr };

	return ioctl(s->fd, ATMO_REPLY, &x) ? -1 : (int)x.tx_nr;
}

static inline struct atmo_stats raw_stats(struct raw *s)
{
	struct atmo_stats stats = { .version = ATMO_UAPI_VERSION };

	if (ioctl(s->fd, ATMO_GET_STATS, &stats))
		bail("ATMO_GET_STATS");
	return stats;
}

/* Waits up to two seconds for a packet. */
static inline bool raw_receive(struct raw *s, struct atmo_rx_desc *desc)
{
	double end = now() + 2;
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	do {
		if (raw_batch(s, ATMO_RX_BATCH, 1) < 0)
			return false;
		if (raw_get_rx(s, desc))
			return true;
		poll(&fd, 1, 100);
	} while (now() < end);
	return false;
}

/* Waits up to two seconds for the end of a transmission. */
static inline bool raw_complete(struct raw *s, struct atmo_comp_desc *desc)
{
	double end = now() + 2;

	do {
		if (raw_get_comp(s, desc))
			return true;
		if (raw_batch(s, ATMO_TX_BATCH, ATMO_MAX_BATCH) < 0)
			return false;
	} while (now() < end);
	return false;
}

#endif /* ATMO_TESTS_RAW_H */
