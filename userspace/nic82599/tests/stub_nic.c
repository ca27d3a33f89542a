// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of the 82599, for the tests of the bus half: a device whose
 * registers do one thing each, so that a test can order a DMA, an interrupt or
 * a frame without a driver.
 */
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "nic.h"
#include "wire.h"

#define STUB_MSIX	0x100	/* send vector N */
#define STUB_INTX	0x104	/* line up or down */
#define STUB_SEND	0x108	/* send a frame of N bytes, each the port number */
#define STUB_ADDR_LO	0x110
#define STUB_ADDR_HI	0x114
#define STUB_LEN	0x118
#define STUB_DMA	0x11c	/* 1: bus_write(), 2: bus_read(), 3, 4: bus_dma() to write, read */
#define STUB_RESULT	0x120	/* 0 or 1: went wrong */
#define STUB_SUM	0x124	/* sum of the bytes read */
#define STUB_TIMER	0x128	/* in N us: TIMER_FIRED + 1 */
#define STUB_TIMER_FIRED 0x12c
#define STUB_RX_FRAMES	0x200
#define STUB_RX_LEN	0x204
#define STUB_RX_ANSWER	0x208	/* answer each frame with one of N bytes */
#define STUB_CARRIER	0x20c
#define STUB_RESETS	0x210
#define STUB_BME	0x214
#define STUB_LIGHT	0x218	/* laser on or off */
#define STUB_FULL	0x21c	/* its rings are */
#define STUB_REFLECT	0x220	/* send frames back: see reflect() */
#define STUB_RXCTRL	0x3000	/* where the pcap-in wire looks for RXEN */

#define STUB_BUF	65536

struct nic {
	struct bus *bus;
	struct wire *wire;
	unsigned int port;
	struct bus_timer timer;
	uint8_t held[2048];	/* a frame to be sent after the next one */
	size_t held_len;
	uint32_t reg[NIC_BAR0_SIZE / 4];
};

static uint8_t stub_buf[STUB_BUF];

static uint32_t *reg(struct nic *n, uint32_t off)
{
	return &n->reg[off / 4];
}

static void timer_fired(struct bus_timer *t)
{
	struct nic *n = (struct nic *)((char *)t - offsetof(struct nic, timer));

	++*reg(n, STUB_TIMER_FIRED);
}

struct nic *nic_create(unsigned int port, struct bus *b, struct wire *w,
		       const uint8_t mac[6])
{
	struct nic *n = calloc(1, sizeof(*n));

	(void)mac;
	if (!n)
		return NULL;
	n->bus = b;
	n->wire = w;
	n->port = port;
	n->timer.fn = timer_fired;
	*reg(n, STUB_CARRIER) = wire_carrier(w);
	return n;
}

void nic_destroy(struct nic *n)
{
	bus_timer_cancel(&n->timer);
	free(n);
}

static int stub_dma(struct nic *n, uint32_t how)
{
	uint64_t addr = *reg(n, STUB_ADDR_LO) | (uint64_t)*reg(n, STUB_ADDR_HI) << 32;
	size_t len = *reg(n, STUB_LEN);
	uint32_t sum = 0;
	size_t i;
	void *p;

	if (len > STUB_BUF)
		return -1;
	switch (how) {
	case 1:
		memset(stub_buf, 0xa5, len);
		return bus_write(n->bus, addr, stub_buf, len);
	case 2:
		if (bus_read(n->bus, addr, stub_buf, len))
			return -1;
		break;
	default:
		p = bus_dma(n->bus, addr, len, how == 3);
		if (!p)
			return -1;
		if (how == 3)
			memset(p, 0x5a, len);
		memcpy(stub_buf, p, len);
	}
	for (i = 0; i < len; i++)
		sum += stub_buf[i];
	*reg(n, STUB_SUM) = sum;
	return 0;
}

uint32_t nic_read(struct nic *n, uint32_t off)
{
	return *reg(n, off);
}

void nic_write(struct nic *n, uint32_t off, uint32_t val)
{
	uint8_t frame[16384];

	*reg(n, off) = val;
	switch (off) {
	case STUB_MSIX:
		bus_msix(n->bus, val);
		break;
	case STUB_INTX:
		bus_intx(n->bus, val);
		break;
	case STUB_SEND:
		memset(frame, (int)n->port, sizeof(frame));
		if (val <= sizeof(frame))
			wire_send(n->wire, frame, val);
		break;
	case STUB_DMA:
		*reg(n, STUB_RESULT) = stub_dma(n, val) ? 1 : 0;
		break;
	case STUB_LIGHT:
		wire_light(n->wire, val);
		break;
	case STUB_TIMER:
		bus_timer_arm(&n->timer, bus_now_ns() + val * 1000ULL);
		break;
	}
}

void nic_flr(struct nic *n)
{
	uint32_t resets = *reg(n, STUB_RESETS);

	bus_timer_cancel(&n->timer);
	memset(n->reg, 0, sizeof(n->reg));
	*reg(n, STUB_RESETS) = resets + 1;
	*reg(n, STUB_CARRIER) = wire_carrier(n->wire);
}

void nic_bus_master_changed(struct nic *n)
{
	++*reg(n, STUB_BME);
}

/* In ways which a generator has to notice, beside the first */
static void reflect(struct nic *n, const uint8_t *frame, size_t len)
{
	uint32_t nr = *reg(n, STUB_RX_FRAMES);
	uint8_t f[2048];

	if (len > sizeof(f))
		return;
	memcpy(f, frame, len);
	switch (*reg(n, STUB_REFLECT)) {
	case 2:			/* every tenth twice */
		if (nr % 10 == 0)
			wire_send(n->wire, f, len);
		break;
	case 3:			/* every tenth with another last bit */
		f[len - 1] ^= nr % 10 == 0;
		break;
	case 4:			/* every tenth after the next one */
		if (nr % 10 == 0) {
			memcpy(n->held, f, len);
			n->held_len = len;
			return;
		}
		break;
	case 5:			/* all but every tenth */
		if (nr % 10 == 0)
			return;
		break;
	}
	wire_send(n->wire, f, len);
	if (n->held_len)
		wire_send(n->wire, n->held, n->held_len);
	n->held_len = 0;
}

void nic_receive(struct nic *n, const void *frame, size_t len)
{
	uint8_t answer[16384] = { 0 };

	++*reg(n, STUB_RX_FRAMES);
	*reg(n, STUB_RX_LEN) = (uint32_t)len;
	memcpy(stub_buf, frame, len);
	if (*reg(n, STUB_REFLECT))
		reflect(n, frame, len);
	if (*reg(n, STUB_RX_ANSWER) && *reg(n, STUB_RX_ANSWER) <= sizeof(answer))
		wire_send(n->wire, answer, *reg(n, STUB_RX_ANSWER));
}

uint32_t nic_rx_room(struct nic *n)
{
	return *reg(n, STUB_FULL) ? 0 : 64;
}

bool nic_rx_takes(struct nic *n, const void *frame, size_t len)
{
	(void)frame;
	(void)len;
	return !*reg(n, STUB_FULL);
}

void nic_wire_carrier(struct nic *n, bool up)
{
	*reg(n, STUB_CARRIER) = up;
}
