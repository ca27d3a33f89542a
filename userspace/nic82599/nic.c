// SPDX-License-Identifier: GPL-2.0
/*
 * A port as a whole: creation, resets, general control registers (datasheet
 * 4.2, 8.2.3.1).
 */
#include <stdlib.h>
#include <string.h>

#include "regs_table.h"

bool nic_can_dma(struct nic *n)
{
	if (bus_mastering(n->bus) && !(REG(n, CTRL) & CTRL_MASTER_DISABLE))
		return true;
	n->faults.no_bme++;
	nic_once(n, ONCE_NO_BME,
		 "DMA wanted while bus mastering is off: nothing moves");
	return false;
}

/*
 * What a software reset and stronger ones have in common. The EEPROM is read
 * again at once, so EEC.ARD and RDRXCTL.DMAIDONE are set when software looks.
 */
static void reset(struct nic *n, bool power_on)
{
	tx_reset(n);
	rx_reset(n);
	irq_reset(n);
	fdir_reset(n);
	regs_reset(n, power_on);
	memset(n->qbrc, 0, sizeof(n->qbrc));
	memset(n->qbtc, 0, sizeof(n->qbtc));
	REG(n, STATUS) = n->port << STATUS_LAN_ID_SHIFT | STATUS_MASTER_ENABLE |
			 (n->link_up ? STATUS_LINK_UP : 0);
	n->rss_ready = false;
	eeprom_load(n);
	txarb_update(n);
	n->stale_5tuple = true;
	filter_update_etqf(n);
	rx_update_on(n);
	irq_update(n);
}

/* CTRL.LRST takes the link down as well; both bits clear themselves. */
static void ctrl_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	if (val & (CTRL_RST | CTRL_LRST)) {
		reset(n, false);
		mac_reset(n, val & CTRL_LRST);
		return;
	}
	/* Requests in flight end with the callback that made them */
	if (val & CTRL_MASTER_DISABLE)
		REG(n, STATUS) &= ~STATUS_MASTER_ENABLE;
	else
		REG(n, STATUS) |= STATUS_MASTER_ENABLE;
	rx_update_on(n);
}

static uint32_t frtimer_rd(struct nic *n, unsigned int i)
{
	(void)n;
	(void)i;
	return (uint32_t)(bus_now_ns() / 1000) & 0x7fffffffu;
}

struct nic *nic_create(unsigned int port, struct bus *b, struct wire *w,
		       const uint8_t mac[6])
{
	struct nic *n;

	if (regs_init())
		return NULL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->port = port & 1;
	n->bus = b;
	n->wire = w;
	memcpy(n->mac, mac, 6);
	n->fifo.buf = malloc(RX_FIFO_BUF_LEN);
	n->txbuf = malloc(TX_BUF_LEN);
	n->fdir = fdir_create();
	if (!n->fifo.buf || !n->txbuf || !n->fdir) {
		nic_destroy(n);
		return NULL;
	}
	n->fifo.size = RX_FIFO_BUF_LEN;
	eeprom_build(n);
	sfp_init(&n->sfp, n->port);
	irq_init(n);
	tx_init(n);
	mac_init(n);
	flow_init(n);
	reset(n, true);
	mac_reset(n, true);
	return n;
}

static void log_faults(const struct nic *n)
{
	const struct faults *f = &n->faults;

	const struct {
		const char *what;
		uint64_t nr;
	} lines[] = {
		{ "receive DMA outside guest memory", f->rx_dma },
		{ "transmit DMA outside guest memory", f->tx_dma },
		{ "DMA wanted without bus mastering", f->no_bme },
		{ "tail beyond its ring", f->bad_tail },
		{ "descriptor refused", f->bad_desc },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].nr)
			bus_log("port %u: %llu times: %s", n->port,
				(unsigned long long)lines[i].nr, lines[i].what);
}

void nic_destroy(struct nic *n)
{
	if (!n)
		return;
	log_faults(n);
	if (n->txbuf)
		tx_reset(n);
	irq_reset(n);
	mac_stop(n);
	fdir_destroy(n->fdir);
	free(n->txbuf);
	free(n->fifo.buf);
	free(n);
}

void nic_flr(struct nic *n)
{
	reset(n, true);
	mac_reset(n, true);
}

void nic_bus_master_changed(struct nic *n)
{
	rx_update_on(n);
	if (bus_mastering(n->bus))
		tx_restart(n);
}

void nic_receive(struct nic *n, const void *frame, size_t len)
{
	if (len > FRAME_MAX)
		return;
	mac_receive(n, frame, (uint32_t)len, false);
}

void nic_wire_carrier(struct nic *n, bool up)
{
	n->carrier = up;
	mac_update_link(n);
}

static const struct reg_def defs[] = {
	HK("CTRL", CTRL, 0, CTRL_MASTER_DISABLE, NULL, ctrl_wr),
	RO("STATUS", STATUS, 0),
	RW("CTRL_EXT", CTRL_EXT, 0, 0x14035000),
	HK("FRTIMER", FRTIMER, 0, 0, frtimer_rd, NULL),
	ST("LEDCTL", LEDCTL, 0x00c0060a, 0xcfcfcfcf),
	ST("CORESPARE", 0x00600, 0, ALL32),
};

const struct reg_table regs_general = { defs, ARRAY_SIZE(defs) };
