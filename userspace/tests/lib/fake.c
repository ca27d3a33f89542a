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
#include <unistd.h>

#define RINGS_LEN	8192
#define PAGES_LEN	(NR_PAGES * ATMO_PAGE_SIZE)
/* Cursors start shortly before they wrap. */
#define FIRST_CURSOR	0xfffffff0u

static const uint32_t desc_sizes[ATMO_NR_RINGS] = {
	sizeof(struct atmo_free_desc), sizeof(struct atmo_rx_desc),
	sizeof(struct atmo_tx_desc), sizeof(struct atmo_comp_desc),
};

struct fake k;

void fake_reset(void)
{
	static uint8_t *mem;
	static int mem_fd;

	if (!mem) {
		mem_fd = memfd_create("pages", MFD_CLOEXEC);
		assert_int_equal(ftruncate(mem_fd, PAGES_LEN), 0);
		mem = __real_mmap64(NULL, PAGES_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
				    mem_fd, 0);
		assert_ptr_not_equal(mem, MAP_FAILED);
	}
	memset(mem, 0, PAGES_LEN);
	k = (struct fake){
		.lock = PTHREAD_MUTEX_INITIALIZER, .tx_room = UINT32_MAX,
		.max_payload = 1472, .mem_fd = mem_fd, .mem = mem,
	};
}

const struct atmo_options fake_options = {
	.size = sizeof(fake_options),
	.ifname = "eth7",
	.local.v4 = { .sin_family = AF_INET, .sin_port = 0x0700 },
	.nr_pages = NR_PAGES,
};

int fake_setup(void **state)
{
	struct atmo_sock *s;

	fake_reset();
	assert_int_equal(atmo_udp_open(&s, &fake_options), 0);
	*state = s;
	return 0;
}

int fake_teardown(void **state)
{
	atmo_close(*state);
	assert_int_equal(k.nr_open, 0);
	assert_int_equal(k.nr_maps, 0);
	assert_int_equal(k.nr_bad, 0);
	return 0;
}

static struct fake_instance *instance(int fd)
{
	assert_in_range(fd, FAKE_FD, FAKE_FD + NR_INSTANCES - 1);
	assert_true(k.i[fd - FAKE_FD].open && !k.i[fd - FAKE_FD].closed);
	return &k.i[fd - FAKE_FD];
}

static struct atmo_ring_cursors *cursors(const struct fake_instance *in, int ring)
{
	return (struct atmo_ring_cursors *)in->rings + ring;
}

struct atmo_ring_cursors *fake_cursors(int ring)
{
	return cursors(&k.i[0], ring);
}

static uint32_t desc_offset(int ring)
{
	return 4096 + ring * 1024;
}

static void *entry_at(const struct fake_instance *in, int ring, uint32_t cursor)
{
	return in->rings + desc_offset(ring) + cursor % NR_PAGES * desc_sizes[ring];
}

static void *entry(const struct fake_instance *in, int ring)
{
	return entry_at(in, ring, in->cursor[ring]);
}

static bool consumer_take(const struct fake_instance *in, int ring)
{
	return __atomic_load_n(&cursors(in, ring)->producer, __ATOMIC_ACQUIRE) !=
	       in->cursor[ring];
}

static void consumer_done(struct fake_instance *in, int ring)
{
	__atomic_store_n(&cursors(in, ring)->consumer, ++in->cursor[ring], __ATOMIC_RELEASE);
}

static void put(struct fake_instance *in, int ring, const void *desc)
{
	uint32_t consumer = __atomic_load_n(&cursors(in, ring)->consumer, __ATOMIC_ACQUIRE);

	assert_true(in->cursor[ring] - consumer < NR_PAGES);
	memcpy(entry(in, ring), desc, desc_sizes[ring]);
	__atomic_store_n(&cursors(in, ring)->producer, ++in->cursor[ring], __ATOMIC_RELEASE);
}

void fake_put(int ring, const void *desc)
{
	put(&k.i[0], ring, desc);
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

static uint32_t fake_rx(struct fake_instance *in, uint32_t nr)
{
	struct atmo_rx_desc rx = {
		.offset = 106, .len = 4, .frame_offset = 64, .port = htons(7),
	};
	uint32_t n = 0;

	while (consumer_take(in, ATMO_RING_FREE)) {
		page_take(((struct atmo_free_desc *)entry(in, ATMO_RING_FREE))->slot,
			  in->posted, &in->nr_posted);
		consumer_done(in, ATMO_RING_FREE);
	}
	for (; n < nr && in->nr_posted && in->nr_waiting; n++, in->nr_waiting--) {
		rx.slot = in->posted[--in->nr_posted];
		rx.addr[0] = htonl(0x0a000001);
		k.ours[rx.slot] = false;
		memcpy(k.mem + rx.slot * ATMO_PAGE_SIZE + rx.offset, &k.nr_received, 4);
		k.nr_received++;
		put(in, ATMO_RING_RX, &rx);
	}
	return n;
}

static void complete(struct fake_instance *in)
{
	struct atmo_comp_desc comp = { 0 };

	while (in->nr_sent) {
		comp.slot = in->sent[--in->nr_sent];
		if (k.recycle[comp.slot]) {
			in->posted[in->nr_posted++] = comp.slot;
			continue;
		}
		k.ours[comp.slot] = false;
		put(in, ATMO_RING_COMP, &comp);
	}
}

void fake_complete(void)
{
	complete(&k.i[0]);
}

static uint32_t fake_tx(struct fake_instance *in, uint32_t nr)
{
	uint32_t n = 0;

	while (n < nr && n < k.tx_room && consumer_take(in, ATMO_RING_TX)) {
		in->last_tx = *(struct atmo_tx_desc *)entry(in, ATMO_RING_TX);
		page_take(in->last_tx.slot, in->sent, &in->nr_sent);
		k.recycle[in->last_tx.slot % NR_PAGES] = in->last_tx.flags & ATMO_TX_RECYCLE;
		consumer_done(in, ATMO_RING_TX);
		n++;
	}
	k.nr_transmitted += n;
	if (!k.tx_slow)
		complete(in);
	return n;
}

/* The instance lets go of its pages: they are the application's. */
static void drop_pages(struct fake_instance *in)
{
	while (in->nr_posted)
		k.ours[in->posted[--in->nr_posted]] = false;
	while (in->nr_sent)
		k.ours[in->sent[--in->nr_sent]] = false;
}

static void fake_restart(struct fake_instance *in)
{
	int ring;

	drop_pages(in);
	in->failed = false;
	memset(in->rings, 0, RINGS_LEN);
	for (ring = 0; ring < ATMO_NR_RINGS; ring++)
		in->cursor[ring] = 0;
	in->replied = 0;
}

static int fake_info(const struct fake_instance *in, struct atmo_info *info)
{
	int i;

	info->lane = ATMO_LANE_HARDWARE;
	info->nr_pages = in->bind.nr_pages;
	info->max_payload = k.max_payload;
	info->rings_len = RINGS_LEN;
	info->pages_len = (uint64_t)in->bind.nr_pages * ATMO_PAGE_SIZE;
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
	int i = 0;

	assert_string_equal(path, ATMO_DEVICE_PATH);
	assert_true(flags & O_CLOEXEC);
	if (k.open_errno)
		return refuse(k.open_errno);
	while (k.i[i].open)
		assert_true(++i < NR_INSTANCES);
	k.i[i].open = true;
	k.nr_open++;
	return FAKE_FD + i;
}

/* The last reference is gone: a descriptor's or a mapping's. */
static void release(struct fake_instance *in)
{
	drop_pages(in);
	*in = (struct fake_instance){ 0 };
	k.nr_open--;
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
	struct fake_instance *in = instance(fd);

	/* A mapping that is left keeps the instance alive: no more than it must. */
	assert_null(in->rings);
	if (!k.move_fails)
		assert_null(in->pages);
	in->closed = true;
	if (!in->pages)
		release(in);
	return 0;
}

unsigned int __wrap_if_nametoindex(const char *name);
unsigned int __wrap_if_nametoindex(const char *name)
{
	return strcmp(name, "eth7") ? 0 : 7;
}

/* What was mapped at @addr, and something was, no longer is. */
static void unmapped(const uint8_t *addr)
{
	int i, nr = 0;

	for (i = 0; i < NR_INSTANCES; i++) {
		if (k.i[i].rings == addr)
			k.i[i].rings = NULL;
		else if (k.i[i].pages == addr)
			k.i[i].pages = NULL;
		else
			continue;
		nr++;
		if (k.i[i].closed)
			release(&k.i[i]);
	}
	assert_int_equal(nr, 1);
	k.nr_maps--;
}

static void rings_reset(struct fake_instance *in)
{
	int i;

	for (i = 0; i < ATMO_NR_RINGS; i++) {
		in->cursor[i] = FIRST_CURSOR;
		in->replied = FIRST_CURSOR;
		*cursors(in, i) = (struct atmo_ring_cursors){
			.producer = FIRST_CURSOR, .consumer = FIRST_CURSOR,
		};
	}
}

/* As in Linux, who refuses is asked when what was at a fixed address is gone. */
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	int err = k.map_fails_at && k.map_fails_at == k.nr_maps + 1 ? ENOMEM : 0;
	struct fake_instance *in = instance(fd);
	uint8_t *mem;

	if (in->failed)
		err = EIO;
	assert_int_equal(prot, PROT_READ | PROT_WRITE);
	assert_int_equal(flags, MAP_SHARED | (addr ? MAP_FIXED : 0));
	if (addr) {
		unmapped(addr);
		__real_munmap(addr, len);
	}
	if (err)
		return (void *)(intptr_t)refuse(err);
	k.nr_maps++;
	if ((uint64_t)offset == ATMO_MMAP_PAGES) {
		assert_int_equal(len, PAGES_LEN);
		mem = __real_mmap64(addr, len, prot, flags, k.mem_fd, 0);
		in->pages = mem;
		return mem;
	}
	assert_int_equal(offset, ATMO_MMAP_RINGS);
	mem = __real_mmap64(addr, len, prot, flags | MAP_ANONYMOUS, -1, 0);
	in->rings = mem;
	rings_reset(in);
	return mem;
}

int __wrap_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len)
{
	unmapped(addr);
	return __real_munmap(addr, len);
}

void *__wrap_mremap(void *old, size_t old_len, size_t len, int flags, ...);
void *__wrap_mremap(void *old, size_t old_len, size_t len, int flags, ...)
{
	void *addr;
	va_list ap;
	int i;

	va_start(ap, flags);
	addr = va_arg(ap, void *);
	va_end(ap);
	assert_int_equal(old_len, PAGES_LEN);
	assert_int_equal(len, PAGES_LEN);
	assert_int_equal(flags, MREMAP_MAYMOVE | MREMAP_FIXED);
	if (k.move_fails)
		return (void *)(intptr_t)refuse(ENOMEM);
	unmapped(addr);
	for (i = 0; i < NR_INSTANCES; i++)
		if (k.i[i].pages == old)
			k.i[i].pages = addr;
	return __real_mremap(old, old_len, len, flags, addr);
}

static int fake_batch(struct fake_instance *in, unsigned long request, struct atmo_batch *batch)
{
	int err;

	assert_in_range(batch->nr, 1, ATMO_MAX_BATCH);
	assert_int_equal(batch->flags, 0);
	pthread_mutex_lock(&k.lock);
	err = in->failed ? EIO : k.batch_errno;
	if (request == ATMO_RX_BATCH)
		in->replied = cursors(in, ATMO_RING_RX)->consumer;
	if (!err)
		batch->nr = request == ATMO_RX_BATCH ? fake_rx(in, batch->nr) :
						       fake_tx(in, batch->nr);
	pthread_mutex_unlock(&k.lock);
	return err ? refuse(err) : 0;
}

/* Of the entries of the rx ring that were released since the last call. */
static uint32_t fake_replies(struct fake_instance *in, uint32_t nr)
{
	uint32_t n = 0, released = __atomic_load_n(&cursors(in, ATMO_RING_RX)->consumer,
						   __ATOMIC_ACQUIRE);
	const struct atmo_tx_desc *desc;

	assert_true(released - in->replied <= NR_PAGES);
	for (; n < nr && n < k.tx_room && in->replied != released; n++) {
		desc = entry_at(in, ATMO_RING_RX, in->replied++);
		if (!(desc->flags & ATMO_TX_RECYCLE)) {
			page_take(desc->slot, in->posted, &in->nr_posted);
			continue;
		}
		in->last_tx = *desc;
		page_take(desc->slot, in->sent, &in->nr_sent);
		k.recycle[desc->slot % NR_PAGES] = true;
		k.nr_transmitted++;
	}
	if (!k.tx_slow)
		complete(in);
	return n;
}

/* Sending, then receiving. */
static int fake_exchange(struct fake_instance *in, struct atmo_exchange *arg, bool reply)
{
	int err;

	assert_true(arg->tx_nr || arg->rx_nr);
	assert_true(arg->tx_nr <= ATMO_MAX_BATCH && arg->rx_nr <= ATMO_MAX_BATCH);
	pthread_mutex_lock(&k.lock);
	err = in->failed ? EIO : k.batch_errno;
	if (!err) {
		arg->tx_nr = reply ? fake_replies(in, arg->tx_nr) : fake_tx(in, arg->tx_nr);
		arg->rx_nr = fake_rx(in, arg->rx_nr);
	}
	pthread_mutex_unlock(&k.lock);
	return err ? refuse(err) : 0;
}

static int fake_bind(struct fake_instance *in, const struct atmo_bind *bind)
{
	void (*at_bind)(void) = k.at_bind;

	k.at_bind = NULL;
	if (at_bind)
		at_bind();
	if (k.bind_errno)
		return refuse(k.bind_errno);
	assert_int_equal(bind->version, ATMO_UAPI_VERSION);
	if (bind->flags & ATMO_BIND_SHARE_PAGES)
		assert_int_equal(instance(bind->pages_fd)->bind.nr_pages, bind->nr_pages);
	else
		assert_int_equal(bind->pages_fd, 0);
	in->bind = *bind;
	return 0;
}

/* Everything that is no batch and has an argument to look at later. */
static int fake_control(unsigned long request, void *arg)
{
	struct atmo_headers *h = arg;

	assert_true(_IOC_SIZE(request) <= sizeof(k.last_arg));
	k.last_request = request;
	memcpy(&k.last_arg, arg, _IOC_SIZE(request));
	if (k.control_errno)
		return refuse(k.control_errno);
	if (request == ATMO_GET_HEADERS) {
		h->len = k.headers.len;
		memcpy(h->bytes, k.headers.bytes, sizeof(h->bytes));
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_instance *in = instance(fd);
	void *arg = NULL;
	va_list ap;

	if (_IOC_SIZE(request)) {
		va_start(ap, request);
		arg = va_arg(ap, void *);
		va_end(ap);
	}
	switch (request) {
	case ATMO_BIND:
		return fake_bind(in, arg);
	case ATMO_GET_INFO:
		return fake_info(in, arg);
	case ATMO_GET_STATS:
		((struct atmo_stats *)arg)->nr_drops = 1000;
		return 0;
	case ATMO_RESTART:
		if (k.control_errno)
			return refuse(k.control_errno);
		fake_restart(in);
		return 0;
	case ATMO_RX_BATCH:
	case ATMO_TX_BATCH:
		return fake_batch(in, request, arg);
	case ATMO_EXCHANGE:
	case ATMO_REPLY:
		return fake_exchange(in, arg, request == ATMO_REPLY);
	default:
		return fake_control(request, arg);
	}
}

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	struct fake_instance *in = instance(fds->fd);

	assert_int_equal(nr, 1);
	/* A wait without end that nothing can end would hang the test. */
	assert_true(timeout >= 0 || in->nr_waiting);
	/* It doesn't sleep while all pages to receive into are still being sent. */
	if (k.tx_slow && (timeout == 1 || (!in->nr_posted && in->nr_sent)))
		complete(in);
	fds->revents = in->nr_waiting && in->nr_posted ? POLLIN : 0;
	return !!fds->revents;
}
