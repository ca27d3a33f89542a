/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bus, a wire and an event loop for tests of the 82599 half: guest memory is
 * one array, frames sent are kept, timers run when the test says so.
 */
#ifndef NIC82599_FAKE_BUS_H
#define NIC82599_FAKE_BUS_H

#include "../nic_priv.h"

#define MEM_BASE	0x100000000ull	/* above 4 GB: high halves matter */
#define MEM_LEN		(4u << 20)
#define MAX_SENT	4096u

struct bus {
	uint8_t *mem;
	bool master;
	bool msix;
	unsigned int irqs[NR_VECTORS];
	bool intx;
	unsigned int intx_edges;
};

struct sent {
	uint8_t *data;
	size_t len;
};

struct wire {
	bool carrier;
	bool light;
	struct sent sent[MAX_SENT];
	unsigned int nr;
};

extern uint64_t fake_now;
extern char fake_log[4096];
extern unsigned int fake_log_lines;

/* Everything that a test needs: a port with link, its bus, its wire. */
struct rig {
	struct bus bus;
	struct wire wire;
	struct nic *n;
	uint32_t tail[NR_QUEUES];	/* of the transmit rings, by the test */
};

struct rig *rig_new(void);
void rig_free(struct rig *r);
void rig_forget(struct rig *r);		/* what was sent */

/* Run timers up to @ns from now. */
void fake_run(uint64_t ns);
unsigned int fake_timers(void);

static inline void wr(struct rig *r, uint32_t off, uint32_t val)
{
	nic_write(r->n, off, val);
}

static inline uint32_t rd(struct rig *r, uint32_t off)
{
	return nic_read(r->n, off);
}

static inline uint8_t *mem(struct rig *r, uint64_t addr)
{
	return r->bus.mem + (addr - MEM_BASE);
}

/* Rings and buffers at fixed places of guest memory, by queue */
uint64_t rx_ring_at(unsigned int q);
uint64_t tx_ring_at(unsigned int q);
uint64_t buf_at(unsigned int i);	/* 16 KB each */

#define RING_DESCS	32u

void rx_setup(struct rig *r, unsigned int q, uint32_t srrctl, unsigned int nr);
void tx_setup(struct rig *r, unsigned int q);
struct desc *rx_desc(struct rig *r, unsigned int q, unsigned int i);
struct desc *tx_desc(struct rig *r, unsigned int q, unsigned int i);

/* Put a descriptor at the tail without moving it; move it. */
void tx_put(struct rig *r, unsigned int q, uint64_t lo, uint64_t hi);
void tx_go(struct rig *r, unsigned int q);
/* An advanced descriptor over a buffer of its own */
void tx_frame(struct rig *r, unsigned int q, const void *f, size_t len,
	      uint64_t hi);

/* Frames. Each returns the length. Checksums are right. */
size_t make_udp4(uint8_t *f, uint32_t src, uint32_t dst, uint16_t sport,
		 uint16_t dport, size_t payload);
size_t make_tcp4(uint8_t *f, uint32_t src, uint32_t dst, uint16_t sport,
		 uint16_t dport, size_t payload, uint8_t flags);
size_t make_udp6(uint8_t *f, uint16_t sport, uint16_t dport, size_t payload);
size_t add_tag(uint8_t *f, size_t len, uint16_t tci);
/* Plain ones' complement sum, byte by byte: independent of the model's */
uint16_t plain_csum(const uint8_t *p, size_t len, uint32_t sum);
bool ip4_good(const uint8_t *ip);
bool l4_good4(const uint8_t *ip);

#endif /* NIC82599_FAKE_BUS_H */
