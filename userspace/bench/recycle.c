// SPDX-License-Identifier: GPL-2.0
/*
 * recycle - the least that a guest can do for frames to go round: what the device model
 * and its traffic generator are capable of by themselves.
 *
 * usage: recycle PCI_ADDRESS
 *
 * One receive and one transmit ring lie over the same buffers; descriptor i of both
 * names buffer i. When CHUNK frames have come, as many transmit descriptors are handed
 * out as they are; when these are done, CHUNK receive descriptors are copied anew from
 * a template. No frame is looked at. That is about five instructions a frame.
 *
 * The device must have no driver and no IOMMU before it. Register numbers and the
 * order of steps: 82599 data sheet, 4.6. Says "ready"; ends by a signal.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_DESC		2048u
#define CHUNK		64u
#define BUF_LEN		2048u
#define FRAME_LEN	60u
#define HUGE_LEN	(2u << 20)
#define BAR_LEN		0x20000u

#define CTRL		0x0
#define CTRL_RST	(1u << 26 | 1u << 3)	/* the device and its link */
#define ESDP		0x20
#define ESDP_LASER_OFF	(1u << 3)
#define EIMC		0x888
#define LINKS		0x42a4
#define LINKS_UP	(1u << 30)
#define FCTRL		0x5080
#define FCTRL_PROMISC	(7u << 8)
#define HLREG0		0x4240
#define RDRXCTL		0x2f00
#define RDRXCTL_CRCSTRIP	(1u << 1)
#define RXCTRL		0x3000
#define SRRCTL		0x2100
#define SRRCTL_ADVANCED	(1u << 25)
#define RX		0x1000
#define TX		0x6000
#define BAL		0x0	/* of a ring */
#define BAH		0x4
#define LEN		0x8
#define TAIL		0x18
#define DCTL		0x28
#define DCTL_ENABLE	(1u << 25)
#define DMATXCTL	0x4a80

/* A legacy transmit descriptor: command bits EOP, IFCS, RS; status bit DD. */
#define TX_CMD		(UINT64_C(0x3) << 24)
#define TX_RS		(UINT64_C(0x8) << 24)
#define TX_DD		(UINT64_C(1) << 32)
#define RX_DD		UINT64_C(1)

struct desc {
	uint64_t addr, rest;
};

static volatile uint32_t *bar;
static volatile struct desc *rx, *tx;
static struct desc rx_fresh[NR_DESC];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void wr(uint32_t reg, uint32_t value)
{
	bar[reg / 4] = value;
}

static uint32_t rd(uint32_t reg)
{
	return bar[reg / 4];
}

static int open_file(const char *device, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		fail(path);
	return fd;
}

static void enable(const char *device)
{
	uint16_t command;
	int fd = open_file(device, "config");

	if (pread(fd, &command, 2, 4) != 2)
		fail("config");
	command |= 6;			/* memory space, bus master */
	if (pwrite(fd, &command, 2, 4) != 2)
		fail("config");
	close(fd);
	fd = open_file(device, "resource0");
	bar = mmap(NULL, BAR_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED)
		fail("resource0");
}

/* A huge page, and where it lies. */
static void *huge_page(uint64_t *phys)
{
	uint64_t entry;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	char *p = mmap(NULL, HUGE_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		fail("huge page");
	if (pread(fd, &entry, 8, (off_t)((uintptr_t)p / 4096 * 8)) != 8)
		fail("pagemap");
	close(fd);
	*phys = (entry & ((UINT64_C(1) << 55) - 1)) * 4096;
	return p;
}

static void make_rings(uint64_t *rx_phys, uint64_t *tx_phys)
{
	uint64_t bufs = 0;
	unsigned int i;

	rx = huge_page(rx_phys);
	tx = rx + NR_DESC;
	*tx_phys = *rx_phys + NR_DESC * sizeof(*rx);
	for (i = 0; i < NR_DESC; i++) {
		if (i % (HUGE_LEN / BUF_LEN) == 0)
			huge_page(&bufs);
		rx_fresh[i].addr = bufs + i % (HUGE_LEN / BUF_LEN) * BUF_LEN;
		rx[i] = rx_fresh[i];
		tx[i].addr = rx_fresh[i].addr;
		tx[i].rest = FRAME_LEN | TX_CMD | (i % CHUNK == CHUNK - 1 ? TX_RS : 0);
	}
}

static void start_ring(uint32_t ring, uint64_t phys)
{
	wr(ring + BAL, (uint32_t)phys);
	wr(ring + BAH, (uint32_t)(phys >> 32));
	wr(ring + LEN, NR_DESC * sizeof(struct desc));
	wr(ring + DCTL, rd(ring + DCTL) | DCTL_ENABLE);
	while (!(rd(ring + DCTL) & DCTL_ENABLE))
		;
}

static void start(void)
{
	uint64_t rx_phys, tx_phys;

	wr(EIMC, ~0u);
	wr(CTRL, rd(CTRL) | CTRL_RST);
	usleep(50000);
	wr(EIMC, ~0u);
	wr(ESDP, rd(ESDP) & ~ESDP_LASER_OFF);
	make_rings(&rx_phys, &tx_phys);
	wr(FCTRL, rd(FCTRL) | FCTRL_PROMISC);
	wr(HLREG0, rd(HLREG0) | 3);	/* FCS added on transmit, stripped on receive */
	wr(RDRXCTL, rd(RDRXCTL) | RDRXCTL_CRCSTRIP);
	wr(SRRCTL, SRRCTL_ADVANCED | BUF_LEN / 1024);
	start_ring(RX, rx_phys);
	wr(RXCTRL, rd(RXCTRL) | 1);
	wr(DMATXCTL, rd(DMATXCTL) | 1);
	start_ring(TX, tx_phys);
	while (!(rd(LINKS) & LINKS_UP))
		usleep(1000);
	wr(RX + TAIL, NR_DESC - CHUNK);
}

/* @back, @out: first descriptors of the chunks that come back next and go out next. */
static void run(void)
{
	unsigned int out = 0, back = 0, in_flight = 0, last, i;

	for (;;) {
		if (rx[out + CHUNK - 1].rest & RX_DD && in_flight < NR_DESC / CHUNK - 1) {
			/* Or the next look would see the frame of the round before. */
			rx[out + CHUNK - 1].rest = 0;
			out = (out + CHUNK) % NR_DESC;
			in_flight++;
			wr(TX + TAIL, out);
		}
		last = back + CHUNK - 1;
		if (!in_flight || !(tx[last].rest & TX_DD))
			continue;
		tx[last].rest = FRAME_LEN | TX_CMD | TX_RS;
		for (i = back; i <= last; i++)
			rx[i] = rx_fresh[i];
		/* One chunk stays out: a full ring and an empty one look alike. */
		wr(RX + TAIL, back);
		back = (back + CHUNK) % NR_DESC;
		in_flight--;
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: recycle PCI_ADDRESS\n", stderr);
		return 2;
	}
	enable(argv[1]);
	start();
	puts("ready");
	fflush(stdout);
	run();
}
