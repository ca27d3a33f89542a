// SPDX-License-Identifier: GPL-2.0
/*
 * Access to the register space: finds the definition of an offset, applies
 * write masks, read-to-clear and aliases, and calls the hooks.
 *
 * What no table defines reads as zero and drops writes, and is logged the first
 * time it is touched, once for reading and writing together.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nic_priv.h"

#define NR_SLOTS	(NIC_BAR0_SIZE / 4)

static const struct reg_table *const tables[] = {
	&regs_general, &regs_nvm, &regs_rx, &regs_filter, &regs_tx, &regs_mac,
	&regs_stats, &regs_irq, &regs_misc, &regs_sfp,
	&regs_flow, &regs_fdir,
};

#define NR_TABLES	ARRAY_SIZE(tables)

/* By offset: the definition and the number of the register within it */
static struct slot {
	const struct reg_def *def;
	uint16_t i;
} slots[NR_SLOTS];

static bool ready;

static int enter_def(const struct reg_def *d)
{
	unsigned int count = d->count ? d->count : 1;
	unsigned int i;

	for (i = 0; i < count; i++) {
		uint32_t slot = (d->off + i * d->stride) / 4;

		if (slot >= NR_SLOTS || slots[slot].def) {
			bus_log("register table: %s(%u) at 0x%05x is taken by %s",
				d->name, i, slot * 4,
				slot < NR_SLOTS ? slots[slot].def->name : "?");
			return -1;
		}
		slots[slot].def = d;
		slots[slot].i = (uint16_t)i;
	}
	return 0;
}

int regs_init(void)
{
	unsigned int t, i;
	int err = 0;

	if (ready)
		return 0;
	for (t = 0; t < NR_TABLES; t++)
		for (i = 0; i < tables[t]->nr; i++)
			err |= enter_def(&tables[t]->def[i]);
	ready = !err;
	return err;
}

const struct reg_def *regs_find(uint32_t off, unsigned int *i)
{
	*i = slots[off / 4].i;
	return slots[off / 4].def;
}

void regs_reset(struct nic *n, bool power_on)
{
	uint32_t s;

	for (s = 0; s < NR_SLOTS; s++) {
		const struct reg_def *d = slots[s].def;

		if (!d || d->alias || (!power_on && d->flags & RF_KEEP))
			continue;
		n->reg[s] = d->reset;
	}
}

static void log_absent(struct nic *n, uint32_t off, bool write, uint32_t val)
{
	uint32_t s = off / 4;

	if (n->seen[s / 8] & (1u << s % 8))
		return;
	n->seen[s / 8] |= (uint8_t)(1u << s % 8);
	if (write)
		bus_log("port %u: write of 0x%08x to unimplemented register 0x%05x",
			n->port, val, off);
	else
		bus_log("port %u: read of unimplemented register 0x%05x",
			n->port, off);
}

/* What is stored without having an effect is logged once to a definition. */
static void log_stored(struct nic *n, const struct reg_def *d, unsigned int i,
		       uint32_t off, uint32_t val)
{
	uint32_t s = d->off / 4;

	if (n->seen[s / 8] & (1u << s % 8) || val == d->reset)
		return;
	n->seen[s / 8] |= (uint8_t)(1u << s % 8);
	bus_log("port %u: %s(%u) at 0x%05x = 0x%08x: stored, has no effect",
		n->port, d->name, i, off, val);
}

uint32_t nic_read(struct nic *n, uint32_t off)
{
	const struct reg_def *d;
	unsigned int i;
	uint32_t val;

	if (off >= NIC_BAR0_SIZE || off % 4)
		return 0;
	d = regs_find(off, &i);
	if (!d) {
		log_absent(n, off, false, 0);
		return 0;
	}
	if (d->alias)
		return nic_read(n, d->alias + i * d->alias_stride);
	if (d->rd)
		return d->rd(n, d->first + i);
	val = n->reg[off / 4];
	if (d->flags & RF_RC)
		n->reg[off / 4] = 0;
	return val;
}

void nic_write(struct nic *n, uint32_t off, uint32_t val)
{
	const struct reg_def *d;
	unsigned int i;
	uint32_t old;

	if (off >= NIC_BAR0_SIZE || off % 4)
		return;
	d = regs_find(off, &i);
	if (!d) {
		log_absent(n, off, true, val);
		return;
	}
	if (d->alias) {
		nic_write(n, d->alias + i * d->alias_stride, val);
		return;
	}
	if (d->flags & RF_STORE)
		log_stored(n, d, i, off, val);
	old = n->reg[off / 4];
	n->reg[off / 4] = (old & ~d->wmask) | (val & d->wmask);
	if (d->wr)
		d->wr(n, d->first + i, old, val);
}

void nic_once(struct nic *n, enum once what, const char *fmt, ...)
{
	char line[200];
	va_list ap;

	if (n->once[what])
		return;
	n->once[what] = true;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	bus_log("port %u: %s", n->port, line);
}
