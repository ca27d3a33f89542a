// SPDX-License-Identifier: GPL-2.0
/*
 * Captures: one section, an interface description block for each port, then
 * enhanced packet blocks with the direction and a time in nanoseconds.
 *
 * Blocks are collected and written together, whole ones only, so that a reader
 * can open the file while it grows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "pcapng.h"

#define BLOCK_SECTION	0x0a0d0d0a
#define BLOCK_INTERFACE	1
#define BLOCK_PACKET	6
#define BYTE_ORDER_MARK	0x1a2b3c4d
#define LINKTYPE_ETHERNET 1

#define OPT_END		0
#define OPT_SHB_USERAPPL 4
#define OPT_IF_NAME	2
#define OPT_IF_TSRESOL	9
#define OPT_EPB_FLAGS	2
#define FLAG_INBOUND	1
#define FLAG_OUTBOUND	2

#define PCAPNG_BUF	65536
#define PCAPNG_FRAME_MAX 32768
#define PCAPNG_DELAY_NS	50000000ULL

struct pcapng {
	int fd;
	struct bus_timer flush;
	size_t len;
	size_t block;		/* start of the block being written */
	uint8_t buf[PCAPNG_BUF];
};

static void buf_flush(struct pcapng *p)
{
	size_t done = 0;
	ssize_t n;

	while (p->fd >= 0 && done < p->len) {
		n = write(p->fd, p->buf + done, p->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			bus_log("capture stopped: %s", strerror(errno));
			close(p->fd);
			p->fd = -1;
			break;
		}
		done += (size_t)n;
	}
	p->len = 0;
}

static void flush_due(struct bus_timer *t)
{
	buf_flush((struct pcapng *)((char *)t - offsetof(struct pcapng, flush)));
}

static void put(struct pcapng *p, const void *data, size_t len)
{
	memcpy(p->buf + p->len, data, len);
	p->len += len;
	while (p->len & 3)		/* everything is padded to 32 bits */
		p->buf[p->len++] = 0;
}

static void put32(struct pcapng *p, uint32_t v)
{
	put(p, &v, sizeof(v));
}

static void put_option(struct pcapng *p, uint16_t code, const void *data, uint16_t len)
{
	put32(p, code | (uint32_t)len << 16);
	if (len)
		put(p, data, len);
}

static void block_begin(struct pcapng *p, uint32_t type)
{
	p->block = p->len;
	put32(p, type);
	put32(p, 0);
}

static void block_end(struct pcapng *p)
{
	uint32_t len = (uint32_t)(p->len - p->block) + 4;

	memcpy(p->buf + p->block + 4, &len, sizeof(len));
	put32(p, len);
}

static void put_section(struct pcapng *p)
{
	static const char app[] = "nic82599";
	uint64_t unknown = UINT64_MAX;

	block_begin(p, BLOCK_SECTION);
	put32(p, BYTE_ORDER_MARK);
	put32(p, 1);			/* version 1.0 */
	put(p, &unknown, sizeof(unknown));
	put_option(p, OPT_SHB_USERAPPL, app, sizeof(app) - 1);
	put_option(p, OPT_END, NULL, 0);
	block_end(p);
}

static void put_interface(struct pcapng *p, const char *name)
{
	uint8_t nanoseconds = 9;

	block_begin(p, BLOCK_INTERFACE);
	put32(p, LINKTYPE_ETHERNET);
	put32(p, 0);			/* whole frames */
	put_option(p, OPT_IF_NAME, name, (uint16_t)strlen(name));
	put_option(p, OPT_IF_TSRESOL, &nanoseconds, 1);
	put_option(p, OPT_END, NULL, 0);
	block_end(p);
}

void pcapng_frame(struct pcapng *p, uint32_t interface, const void *frame, size_t len,
		  bool out)
{
	uint32_t flags = out ? FLAG_OUTBOUND : FLAG_INBOUND;
	struct timespec ts;
	uint64_t ns;

	if (p->fd < 0 || len > PCAPNG_FRAME_MAX)
		return;
	if (p->len + len + 64 > PCAPNG_BUF)
		buf_flush(p);
	clock_gettime(CLOCK_REALTIME, &ts);
	ns = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	block_begin(p, BLOCK_PACKET);
	put32(p, interface);
	put32(p, (uint32_t)(ns >> 32));
	put32(p, (uint32_t)ns);
	put32(p, (uint32_t)len);
	put32(p, (uint32_t)len);
	put(p, frame, len);
	put_option(p, OPT_EPB_FLAGS, &flags, sizeof(flags));
	put_option(p, OPT_END, NULL, 0);
	block_end(p);
	if (!p->flush.slot)
		bus_timer_arm(&p->flush, bus_now_ns() + PCAPNG_DELAY_NS);
}

struct pcapng *pcapng_create(const char *path, const char *const *names, unsigned int nr)
{
	struct pcapng *p = calloc(1, sizeof(*p));
	unsigned int i;

	if (!p) {
		bus_log("out of memory for the capture %s", path);
		return NULL;
	}
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (p->fd < 0) {
		bus_log("cannot write the capture %s: %s", path, strerror(errno));
		free(p);
		return NULL;
	}
	p->flush.fn = flush_due;
	put_section(p);
	for (i = 0; i < nr; i++)
		put_interface(p, names[i]);
	buf_flush(p);
	return p;
}

void pcapng_destroy(struct pcapng *p)
{
	if (!p)
		return;
	bus_timer_cancel(&p->flush);
	buf_flush(p);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}
