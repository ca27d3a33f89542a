// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_bus.h"

#define MAX_TIMERS	256u

uint64_t fake_now = 1000000000ull;
char fake_log[4096];
unsigned int fake_log_lines;
static struct bus_timer *timers[MAX_TIMERS];

/* ---- bus ---- */

void *bus_dma(struct bus *b, uint64_t addr, size_t len, bool write)
{
	(void)write;
	if (!b->master || addr < MEM_BASE || addr - MEM_BASE > MEM_LEN ||
	    len > MEM_LEN - (addr - MEM_BASE))
		return NULL;
	return b->mem + (addr - MEM_BASE);
}

int bus_read(struct bus *b, uint64_t addr, void *buf, size_t len)
{
	void *p = bus_dma(b, addr, len, false);

	if (!p)
		return -1;
	memcpy(buf, p, len);
	return 0;
}

int bus_write(struct bus *b, uint64_t addr, const void *buf, size_t len)
{
	void *p = bus_dma(b, addr, len, true);

	if (!p)
		return -1;
	memcpy(p, buf, len);
	return 0;
}

void bus_msix(struct bus *b, unsigned int vector)
{
	if (vector >= NR_VECTORS)
		abort();
	b->irqs[vector]++;
}

void bus_intx(struct bus *b, bool level)
{
	if (level && !b->intx)
		b->intx_edges++;
	b->intx = level;
}

bool bus_msix_enabled(const struct bus *b)
{
	return b->msix;
}

bool bus_mastering(const struct bus *b)
{
	return b->master;
}

uint64_t bus_now_ns(void)
{
	return fake_now;
}

/* ---- timers ---- */

static unsigned int find_timer(const struct bus_timer *t)
{
	unsigned int i;

	for (i = 0; i < MAX_TIMERS && timers[i] != t; i++)
		;
	return i;
}

void bus_timer_arm(struct bus_timer *t, uint64_t due_ns)
{
	unsigned int i = find_timer(t);

	t->due_ns = due_ns;
	if (i < MAX_TIMERS)
		return;
	i = find_timer(NULL);
	if (i == MAX_TIMERS)
		abort();
	timers[i] = t;
}

void bus_timer_cancel(struct bus_timer *t)
{
	unsigned int i = find_timer(t);

	if (i < MAX_TIMERS)
		timers[i] = NULL;
}

unsigned int fake_timers(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < MAX_TIMERS; i++)
		if (timers[i])
			nr++;
	return nr;
}

static struct bus_timer *earliest(void)
{
	struct bus_timer *first = NULL;
	unsigned int i;

	for (i = 0; i < MAX_TIMERS; i++)
		if (timers[i] && (!first || timers[i]->due_ns < first->due_ns))
			first = timers[i];
	return first;
}

void fake_run(uint64_t ns)
{
	uint64_t end = fake_now + ns;
	struct bus_timer *t;

	while ((t = earliest()) && t->due_ns <= end) {
		if (t->due_ns > fake_now)
			fake_now = t->due_ns;
		bus_timer_cancel(t);
		t->fn(t);
	}
	fake_now = end;
}

/* ---- wire and log ---- */

void wire_send(struct wire *w, const void *frame, size_t len)
{
	struct sent *s = &w->sent[w->nr];

	if (len < FRAME_MIN || len > FRAME_MAX)
		abort();
	if (w->nr == MAX_SENT)
		return;
	s->data = malloc(len);
	memcpy(s->data, frame, len);
	s->len = len;
	w->nr++;
}

bool wire_carrier(const struct wire *w)
{
	return w->carrier;
}

void wire_light(struct wire *w, bool on)
{
	w->light = on;
}

void bus_log(const char *fmt, ...)
{
	va_list ap;

	fake_log_lines++;
	va_start(ap, fmt);
	vsnprintf(fake_log, sizeof(fake_log), fmt, ap);
	va_end(ap);
}

void bus_debug(const char *fmt, ...)
{
	(void)fmt;
}

/* ---- rigs ---- */

struct rig *rig_new(void)
{
	static const uint8_t mac[6] = { 0x02, 0x82, 0x59, 0x90, 0x00, 0x00 };
	struct rig *r = calloc(1, sizeof(*r));

	r->bus.mem = calloc(1, MEM_LEN);
	r->bus.master = true;
	r->bus.msix = true;
	r->wire.carrier = true;
	r->n = nic_create(0, &r->bus, &r->wire, mac);
	if (!r->n)
		abort();
	fake_run(100000000);
	wr(r, HLREG0, rd(r, HLREG0) | HLREG0_JUMBOEN);
	wr(r, MAXFRS, 9728u << 16);
	wr(r, RDRXCTL, rd(r, RDRXCTL) | RDRXCTL_CRCSTRIP);
	wr(r, FCTRL, FCTRL_BAM);
	wr(r, RXCTRL, RXCTRL_RXEN);
	wr(r, DMATXCTL, rd(r, DMATXCTL) | DMATXCTL_TE);
	return r;
}

void rig_forget(struct rig *r)
{
	while (r->wire.nr)
		free(r->wire.sent[--r->wire.nr].data);
}

void rig_free(struct rig *r)
{
	nic_destroy(r->n);
	if (fake_timers())
		abort();
	rig_forget(r);
	free(r->bus.mem);
	free(r);
}

uint64_t rx_ring_at(unsigned int q)
{
	return MEM_BASE + 0x1000ull * q;
}

uint64_t tx_ring_at(unsigned int q)
{
	return MEM_BASE + 0x80000 + 0x1000ull * q;
}

uint64_t buf_at(unsigned int i)
{
	return MEM_BASE + 0x100000 + 0x4000ull * i;
}

struct desc *rx_desc(struct rig *r, unsigned int q, unsigned int i)
{
	return (struct desc *)mem(r, rx_ring_at(q)) + i;
}

struct desc *tx_desc(struct rig *r, unsigned int q, unsigned int i)
{
	return (struct desc *)mem(r, tx_ring_at(q)) + i;
}

void rx_setup(struct rig *r, unsigned int q, uint32_t srrctl, unsigned int nr)
{
	uint32_t base = RX_QUEUE(q);
	unsigned int i;

	for (i = 0; i < nr; i++)
		*rx_desc(r, q, i) = (struct desc){ buf_at(i), 0 };
	wr(r, base + RDBAL, (uint32_t)rx_ring_at(q));
	wr(r, base + RDBAH, (uint32_t)(rx_ring_at(q) >> 32));
	wr(r, base + RDLEN, RING_DESCS * DESC_LEN);
	wr(r, base + RDH, 0);
	wr(r, base + RDT, 0);
	wr(r, base + SRRCTL, srrctl);
	wr(r, base + RXDCTL, RXDCTL_ENABLE);
	wr(r, base + RDT, nr);
}

void tx_setup(struct rig *r, unsigned int q)
{
	uint32_t base = TX_QUEUE(q);

	wr(r, base + TDBAL, (uint32_t)tx_ring_at(q));
	wr(r, base + TDBAH, (uint32_t)(tx_ring_at(q) >> 32));
	wr(r, base + TDLEN, RING_DESCS * DESC_LEN);
	wr(r, base + TDH, 0);
	wr(r, base + TDT, 0);
	wr(r, base + TXDCTL, TXDCTL_ENABLE);
	r->tail[q] = 0;
}

void tx_put(struct rig *r, unsigned int q, uint64_t lo, uint64_t hi)
{
	*tx_desc(r, q, r->tail[q]) = (struct desc){ lo, hi };
	r->tail[q] = (r->tail[q] + 1) % RING_DESCS;
}

void tx_go(struct rig *r, unsigned int q)
{
	wr(r, TX_QUEUE(q) + TDT, r->tail[q]);
	fake_run(1000);
}

void tx_frame(struct rig *r, unsigned int q, const void *f, size_t len,
	      uint64_t hi)
{
	uint64_t at = buf_at(40 + r->tail[q]);

	memcpy(mem(r, at), f, len);
	tx_put(r, q, at, hi | TXD_DEXT | 3ull << 20 | len |
	       (uint64_t)len << 46 | TXD_EOP | TXD_IFCS | TXD_RS);
	tx_go(r, q);
}
