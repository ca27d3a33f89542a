/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small kernel for unit tests of libatmo: the system calls that the library
 * makes are wrapped (-Wl,--wrap) and end here. It keeps its own cursors, takes
 * and gives pages as <linux/atmo_ring.h> says, and can be told to refuse, to be
 * slow, or to lie.
 */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include <atmo.h>

#include <linux/atmo.h>
#include <linux/atmo_ring.h>

#define NR_PAGES	16
/* Descriptors are FAKE_FD and, of further instances, the next ones. */
#define FAKE_FD		1000
#define NR_INSTANCES	3

struct fake_instance {
	bool open;
	bool closed;		/* but a mapping keeps it, and what it has */
	bool failed;		/* an order: -EIO until it is restarted */
	struct atmo_bind bind;
	uint8_t *rings, *pages;	/* where they are mapped */
	uint32_t cursor[ATMO_NR_RINGS];
	uint32_t replied;	/* of the rx ring: entries before it have been looked at */
	uint32_t posted[NR_PAGES], nr_posted;
	uint32_t sent[NR_PAGES], nr_sent;
	unsigned int nr_waiting;	/* packets on the wire */
	struct atmo_tx_desc last_tx;
};

struct fake {
	pthread_mutex_t lock;
	/* Orders. */
	int open_errno, bind_errno, batch_errno, control_errno;
	unsigned int map_fails_at;	/* the how manieth mmap() fails */
	bool move_fails;	/* mremap() does */
	uint32_t tx_room;	/* entries taken per call */
	bool tx_slow;		/* sent pages come back by fake_complete() only */
	void (*at_bind)(void);	/* called once, by the next ATMO_BIND */
	uint32_t lie_entries;
	uint32_t max_payload;
	struct atmo_headers headers;	/* answer to ATMO_GET_HEADERS */
	/* State. */
	struct fake_instance i[NR_INSTANCES];
	int mem_fd;		/* memory of the pages, of all instances: they share */
	uint8_t *mem;		/* the kernel's own mapping of it */
	bool ours[NR_PAGES];	/* the kernel's: posted or sent */
	bool recycle[NR_PAGES];	/* sent, and to be posted then */
	uint32_t nr_received, nr_transmitted;
	uint32_t nr_bad;	/* entries a kernel would have refused */
	unsigned int nr_open, nr_maps;
	unsigned long last_request;	/* other than batches, and its argument */
	union {
		struct atmo_neigh neigh;
		struct atmo_route route;
		struct atmo_group group;
		struct atmo_headers headers;
	} last_arg;
};

extern struct fake k;

/* What is mapped really is, so that a hole is one. */
void *__real_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t len);
void *__real_mremap(void *old, size_t old_len, size_t len, int flags, ...);

void fake_reset(void);

/* A socket as *state, and the end of it, which left nothing behind */
extern const struct atmo_options fake_options;
int fake_setup(void **state);
int fake_teardown(void **state);

struct atmo_ring_cursors *fake_cursors(int ring);
void fake_put(int ring, const void *desc);
void fake_complete(void);

/* Groups of tests besides those of lib_test.c; return how many failed. */
int share_tests(void);
int header_tests(void);
int exchange_tests(void);
int reply_tests(void);

#endif /* FAKE_H */
