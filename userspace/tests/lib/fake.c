// SPDX-License-Identifier: GPL-2.0
/* The kernel's side of the rings, for unit tests: see fake.h. */
#include "fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>

#define RINGS_LEN	8192
/* Cursors start shortly before they wrap. */
#define FIRST_CURSOR	0xfffffff0u

static const uint32_t desc_sizes[ATMO_NR_RINGS] = {
	sizeof(struct atmo_free_desc), sizeof(struct atmo_rx_desc),
	sizeof(struct atmo_tx_desc), sizeof(struct atmo_comp_desc),
};

struct fake k;

void fake_reset(void)
{
	k = (struct fake){ .lock = PTHREAD_MUTEX_INITIALIZER, .tx_room = UINT32_MAX };
}

struct atmo_ring_cursors *fake_cursors(int ring)
{
	return (struct atmo_ring_cursors *)k.rings + ring;
}

static uint32_t desc_offset(int ring)
{
	return 4096 + ring * 1024;
}

static void *entry(int ring)
{
	uint32_t i = k.cursor[ring] % NR_PAGES;

	return k.rings + desc_offset(ring) + i * desc_sizes[ring];
}

static bool consumer_take(int ring)
{
	uint32_t producer = __atomic_load_n(&fake_cursors(ring)->producer, __ATOMIC_ACQUIRE);

	return producer != k.cursor[ring];
}

static void consumer_done(int ring)
{
	__atomic_store_n(&fake_cursors(ring)->consumer, ++k.cursor[ring], __ATOMIC_RELEASE);
}

void fake_put(int ring, const void *desc)
{
	uint32_t consumer = __atomic_load_n(&fake_cursors(ring)->consumer, __ATOMIC_ACQUIRE);

	assert_true(k.cursor[ring] - consumer < NR_PAGES);
	memcpy(entry(ring), desc, desc_sizes[ring]);
	__atomic_store_n(&fake_cursors(ring)->producer, ++k.cursor[ring], __ATOMIC_RELEASE);
}

static void page_take(uint32_t slot, uint32_t *list, uint32_t *nr)
{
	/* What the kernel would count as a refused entry is a bug of the library. */
	if (slot >= NR_PAGES || k.ours[slot]) {
		k.nr_bad++;
		return;
	}
	k.ours[slot] = true;
	list[(*nr)++] = slot;
}

static uint32_t fake_rx(uint32_t nr)
{
	struct atmo_rx_desc rx = { .offset = 106, .len = 4, .port = htons(7) };
	uint32_t n = 0;

	while (consumer_take(ATMO_RING_FREE)) {
		page_take(((struct atmo_free_desc *)entry(ATMO_RING_FREE))->slot,
			  k.posted, &k.nr_posted);
		consumer_done(ATMO_RING_FREE);
	}
	for (; n < nr && k.nr_posted && k.nr_waiting; n++, k.nr_waiting--) {
		rx.slot = k.posted[--k.nr_posted];
		rx.addr[0] = htonl(0x0a000001);
		k.ours[rx.slot] = false;
		memcpy(k.pages + rx.slot * ATMO_PAGE_SIZE + rx.offset, &k.nr_received, 4);
		k.nr_received++;
		fake_put(ATMO_RING_RX, &rx);
	}
	return n;
}

void fake_complete(void)
{
	struct atmo_comp_desc comp = { 0 };

	while (k.nr_sent) {
		comp.slot = k.sent[--k.nr_sent];
		k.ours[comp.slot] = false;
		fake_put(ATMO_RING_COMP, &comp);
	}
}

static uint32_t fake_tx(uint32_t nr)
{
	uint32_t n = 0;

	while (n < nr && n < k.tx_room && consumer_take(ATMO_RING_TX)) {
		k.last_tx = *(struct atmo_tx_desc *)entry(ATMO_RING_TX);
		page_take(k.last_tx.slot, k.sent, &k.nr_sent);
		consumer_done(ATMO_RING_TX);
		n++;
	}
	k.nr_transmitted += n;
	if (!k.tx_slow)
		fake_complete();
	return n;
}

static int fake_info(struct atmo_info *info)
{
	int i;

	info->lane = ATMO_LANE_HARDWARE;
	info->nr_pages = k.bind.nr_pages;
	info->rings_len = RINGS_LEN;
	info->pages_len = (uint64_t)k.bind.nr_pages * ATMO_PAGE_SIZE;
	for (i = 0; i < ATMO_NR_RINGS; i++)
		info->ring[i] = (struct atmo_ring_info){
			.cursor_offset = i * sizeof(struct atmo_ring_cursors),
			.desc_offset = desc_offset(i),
			.entries = k.lie_entries ? k.lie_entries : NR_PAGES,
			.desc_size = desc_sizes[i],
		};
	return 0;
}

static int refuse(int err)
{
	errno = err;
	return -1;
}

int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	assert_string_equal(path, ATMO_DEVICE_PATH);
	assert_true(flags & O_CLOEXEC);
	if (k.open_errno)
		return refuse(k.open_errno);
	k.nr_open++;
	return FAKE_FD;
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
	assert_int_equal(fd, FAKE_FD);
	k.nr_open--;
	return 0;
}

unsigned int __wrap_if_nametoindex(const char *name);
unsigned int __wrap_if_nametoindex(const char *name)
{
	return strcmp(name, "eth7") ? 0 : 7;
}

void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	uint8_t *mem;
	int i;

	assert_ptr_equal(addr, NULL);
	assert_int_equal(fd, FAKE_FD);
	assert_int_equal(prot, PROT_READ | PROT_WRITE);
	assert_int_equal(flags, MAP_SHARED);
	if (k.map_fails_at && k.map_fails_at == k.nr_maps + 1)
		return (void *)(intptr_t)refuse(ENOMEM);
	k.nr_maps++;
	mem = aligned_alloc(ATMO_PAGE_SIZE, len);
	memset(mem, 0, len);
	if ((uint64_t)offset == ATMO_MMAP_PAGES) {
		k.pages = mem;
		return mem;
	}
	assert_int_equal(offset, ATMO_MMAP_RINGS);
	k.rings = mem;
	for (i = 0; i < ATMO_NR_RINGS; i++) {
		k.cursor[i] = FIRST_CURSOR;
		*fake_cursors(i) = (struct atmo_ring_cursors){
			.producer = FIRST_CURSOR, .consumer = FIRST_CURSOR,
		};
	}
	return mem;
}

int __wrap_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len)
{
	(void)len;
	k.nr_maps--;
	free(addr);
	return 0;
}

static int fake_batch(unsigned long request, struct atmo_batch *batch)
{
	int err;

	assert_in_range(batch->nr, 1, ATMO_MAX_BATCH);
	assert_int_equal(batch->flags, 0);
	pthread_mutex_lock(&k.lock);
	err = k.batch_errno;
	if (!err)
		batch->nr = request == ATMO_RX_BATCH ? fake_rx(batch->nr) : fake_tx(batch->nr);
	pthread_mutex_unlock(&k.lock);
	return err ? refuse(err) : 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	assert_int_equal(fd, FAKE_FD);

	switch (request) {
	case ATMO_BIND:
		if (k.bind_errno)
			return refuse(k.bind_errno);
		k.bind = *(struct atmo_bind *)arg;
		return 0;
	case ATMO_GET_INFO:
		return fake_info(arg);
	case ATMO_GET_STATS:
		((struct atmo_stats *)arg)->nr_drops = 1000;
		return 0;
	default:
		return fake_batch(request, arg);
	}
}

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	assert_int_equal(nr, 1);
	/* A wait without end that nothing can end would hang the test. */
	assert_true(timeout >= 0 || k.nr_waiting);
	fds->revents = k.nr_waiting && k.nr_posted ? POLLIN : 0;
	if (k.tx_slow && timeout == 1)
		fake_complete();
	return !!fds->revents;
}
