/* SPDX-License-Identifier: GPL-2.0 */
/* Short forms for the lines of the register tables. */
#ifndef NIC82599_REGS_TABLE_H
#define NIC82599_REGS_TABLE_H

#include "nic_priv.h"

/* Read and write under a mask; an array of those */
#define RW(nm, o, rst, m) \
	{ .name = nm, .off = o, .count = 1, .reset = rst, .wmask = m }
#define RWA(nm, o, cnt, strd, rst, m) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, \
	  .reset = rst, .wmask = m }

/* Read only, with a constant or hook-kept value */
#define RO(nm, o, rst) \
	{ .name = nm, .off = o, .count = 1, .reset = rst }
#define ROA(nm, o, cnt, strd, rst) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, .reset = rst }

/* Statistics: cleared by reading */
#define RC(nm, o) \
	{ .name = nm, .off = o, .count = 1, .flags = RF_RC }
#define RCA(nm, o, cnt, strd) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, .flags = RF_RC }

/* Statistics of what can't happen here */
#define RZ(nm, o) \
	{ .name = nm, .off = o, .count = 1, .flags = RF_RC | RF_NEVER }
#define RZA(nm, o, cnt, strd) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, \
	  .flags = RF_RC | RF_NEVER }

/* Storage without effect */
#define ST(nm, o, rst, m) \
	{ .name = nm, .off = o, .count = 1, .reset = rst, .wmask = m, \
	  .flags = RF_STORE }
#define STA(nm, o, cnt, strd, rst, m) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, .reset = rst, \
	  .wmask = m, .flags = RF_STORE }

/* With hooks */
#define HK(nm, o, rst, m, r, w) \
	{ .name = nm, .off = o, .count = 1, .reset = rst, .wmask = m, \
	  .rd = r, .wr = w }
#define HKA(nm, o, cnt, strd, frst, rst, m, r, w) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, .first = frst, \
	  .reset = rst, .wmask = m, .rd = r, .wr = w }

/* A second address of other registers */
#define AL(nm, o, cnt, strd, to, to_strd) \
	{ .name = nm, .off = o, .count = cnt, .stride = strd, \
	  .alias = to, .alias_stride = to_strd }

#define ALL32	0xffffffffu

#endif /* NIC82599_REGS_TABLE_H */
