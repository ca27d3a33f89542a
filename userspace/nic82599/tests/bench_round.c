// SPDX-License-Identifier: GPL-2.0
/*
 * What a frame costs the device model and its traffic generator, with neither a virtual
 * machine nor a socket: the generator of port 0 sends 64-byte frames (a million) into a
 * receive ring, a guest in the same loop hands them out by a transmit ring over the same
 * buffers, as userspace/bench/recycle.c does.
 *
 * usage: bench-round [SETTING...]
 *
 * Settings are those of docs/generator.md; "count" has to be a multiple of 64. Prints the
 * numbers of the run, and fails if a frame got lost. A busy machine spoils the rate, but
 * not so much the time of the processor, and not at all the instructions:
 *
 *	perf stat bench-round count=6400000
 *	valgrind --tool=callgrind bench-round count=64000
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus_priv.h"
#include "desc.h"
#include "gen_run.h"
#include "loop.h"
#include "nic.h"
#include "regs.h"
#include "wire_priv.h"

#define NR_DESC		2048u
#define CHUNK		64u
#define BUF_LEN		2048u
#define MEM_LEN		(8ull << 20)
#define RX_RING		0u
#define TX_RING		(NR_DESC * DESC_LEN)
#define BUFS		(1u << 20)
#define FRAME_LEN	60u
#define TX_CMD		(TXD_EOP | TXD_IFCS)

static const uint8_t mac[6] = { 0x02, 0x82, 0x59, 0x90, 0x00, 0x00 };

static struct guest {
	struct bus bus;
	struct desc *rx, *tx;
	unsigned int out, back, in_flight;
	struct bus_timer timer;
} guest;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void wr(uint32_t off, uint32_t val)
{
	nic_write(guest.bus.nic, off, val);
}

static uint32_t rd(uint32_t off)
{
	return nic_read(guest.bus.nic, off);
}

static struct desc fresh(unsigned int i)
{
	return (struct desc){ .lo = BUFS + (uint64_t)i * BUF_LEN };
}

static void make_memory(void)
{
	struct dma_map_req req = { .size = MEM_LEN, .read = true, .write = true };
	unsigned int i;
	uint8_t *mem;

	req.fd = memfd_create("guest", MFD_CLOEXEC);
	if (req.fd < 0 || ftruncate(req.fd, MEM_LEN))
		fail("memfd");
	mem = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, req.fd, 0);
	errno = -dma_map(&guest.bus.dma, &req);
	if (mem == MAP_FAILED || errno)
		fail("guest memory");
	close(req.fd);
	guest.rx = (struct desc *)(mem + RX_RING);
	guest.tx = (struct desc *)(mem + TX_RING);
	for (i = 0; i < NR_DESC; i++) {
		guest.rx[i] = fresh(i);
		guest.tx[i].lo = fresh(i).lo;
		guest.tx[i].hi = FRAME_LEN | TX_CMD | (i % CHUNK == CHUNK - 1 ? TXD_RS : 0);
	}
}

static void start_rings(void)
{
	wr(EIMC, ~0u);
	wr(FCTRL, FCTRL_UPE | FCTRL_MPE | FCTRL_BAM);
	wr(HLREG0, rd(HLREG0) | HLREG0_TXCRCEN | HLREG0_RXCRCSTRP);
	wr(RDRXCTL, rd(RDRXCTL) | RDRXCTL_CRCSTRIP);
	wr(RX_QUEUE(0) + SRRCTL, DESCTYPE_ADV_ONEBUF << 25 | BUF_LEN / 1024);
	wr(RX_QUEUE(0) + RDBAL, RX_RING);
	wr(RX_QUEUE(0) + RDLEN, NR_DESC * DESC_LEN);
	wr(RX_QUEUE(0) + RXDCTL, rd(RX_QUEUE(0) + RXDCTL) | RXDCTL_ENABLE);
	wr(RXCTRL, RXCTRL_RXEN);
	wr(DMATXCTL, rd(DMATXCTL) | DMATXCTL_TE);
	wr(TX_QUEUE(0) + TDBAL, TX_RING);
	wr(TX_QUEUE(0) + TDLEN, NR_DESC * DESC_LEN);
	wr(TX_QUEUE(0) + TXDCTL, rd(TX_QUEUE(0) + TXDCTL) | TXDCTL_ENABLE);
	wr(RX_QUEUE(0) + RDT, NR_DESC - CHUNK);
}

/* What has come goes out; what has gone out is given back. */
static bool turn(struct guest *g)
{
	unsigned int last = g->back + CHUNK - 1, i;

	if (g->rx[g->out + CHUNK - 1].hi & RXD_DD && g->in_flight < NR_DESC / CHUNK - 1) {
		g->rx[g->out + CHUNK - 1].hi = 0;
		g->out = (g->out + CHUNK) % NR_DESC;
		g->in_flight++;
		wr(TX_QUEUE(0) + TDT, g->out);
		return true;
	}
	if (!g->in_flight || !(g->tx[last].hi & TXD_DD))
		return false;
	g->tx[last].hi = FRAME_LEN | TX_CMD | TXD_RS;
	for (i = g->back; i <= last; i++)
		g->rx[i] = fresh(i);
	wr(RX_QUEUE(0) + RDT, g->back);
	g->back = (g->back + CHUNK) % NR_DESC;
	g->in_flight--;
	return true;
}

static void tick(struct bus_timer *t)
{
	while (turn(&guest))
		;
	if (gen_port(0)->run.state == GEN_DONE)
		loop_stop(0);
	bus_timer_arm(t, bus_now_ns());
}

/* The link takes a while: frames before that would be lost. */
static void begin(struct bus_timer *t)
{
	const char *err;

	if (!(rd(LINKS) & LINKS_UP)) {
		bus_timer_arm(t, bus_now_ns() + 1000000);
		return;
	}
	err = gen_start(gen_port(0));
	if (err) {
		fprintf(stderr, "%s\n", err);
		exit(1);
	}
	t->fn = tick;
	bus_timer_arm(t, bus_now_ns());
}

static void set(const char *word)
{
	char err[200];

	if (gen_config_set(&gen_port(0)->config, word, err, sizeof(err)))
		return;
	fprintf(stderr, "%s\n", err);
	exit(2);
}

int main(int argc, char **argv)
{
	struct wire *w;

	(void)argc;
	if (loop_init())
		fail("event loop");
	intr_init(&guest.bus);
	pci_init(&guest.bus, mac);
	w = wire_create(0);
	if (!w || wire_gen(w, mac))
		fail("wire");
	guest.bus.nic = nic_create(0, &guest.bus, w, mac);
	if (!guest.bus.nic)
		fail("port");
	wire_attach(w, guest.bus.nic);
	set("count=1000000");
	set("rate=max");
	set("match=same");
	while (*++argv)
		set(*argv);
	guest.bus.pci.mastering = true;
	nic_bus_master_changed(guest.bus.nic);
	make_memory();
	start_rings();
	guest.timer.fn = begin;
	bus_timer_arm(&guest.timer, bus_now_ns());
	loop_run();
	fputs("{\"ok\":true", stdout);
	gen_run_show(&gen_port(0)->run, stdout);
	puts("}");
	return gen_port(0)->run.good == gen_port(0)->run.sent ? 0 : 1;
}
