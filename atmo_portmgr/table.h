/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flow table: open addressing with linear probing. Pure: no allocation, no
 * locks, compiles outside the kernel too.
 *
 * A slot goes through at most three states in the life of a table:
 *
 *	empty (id 0)  ->  live (a stack id)  ->  dead (ATMO_TABLE_DEAD)
 *
 * It is never taken twice. So the flow of a slot doesn't change any more once
 * its id is published, and lookups need neither lock nor retry while one writer
 * inserts and removes. Dead slots are got rid of by copying what lives into a
 * new table (atmo_table_copy), which is also how a table grows.
 */
#ifndef ATMO_PORTMGR_TABLE_H
#define ATMO_PORTMGR_TABLE_H

#include <linux/bits.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include "flow.h"

#define ATMO_TABLE_DEAD		(ATMO_STACK_LAST + 1)
#define ATMO_TABLE_MIN_SLOTS	8U
#define ATMO_TABLE_MAX_SLOTS	BIT(24)

/**
 * struct atmo_table_slot - one slot
 * @flow: the key; written before @id, never changed afterwards
 * @id: ATMO_STACK_NONE, a stack id or ATMO_TABLE_DEAD
 */
struct atmo_table_slot {
	struct atmo_flow flow;
	u32	id;
};

/**
 * struct atmo_table - the table; lies in memory its user hands in
 * @nr_slots: a power of two
 * @nr_used: slots that are not empty; at most half of them
 * @nr_live: slots with a stack id
 * @key: secret of the hash: remote peers and local users choose the flows
 * @slots: the slots
 */
struct atmo_table {
	u32	nr_slots;
	u32	nr_used;
	u32	nr_live;
	hsiphash_key_t key;
	struct atmo_table_slot slots[];
};

size_t atmo_table_bytes(u32 nr_slots);
int atmo_table_init(struct atmo_table *t, u32 nr_slots, const hsiphash_key_t *key);
int atmo_table_insert(struct atmo_table *t, const struct atmo_flow *flow, u32 id);
int atmo_table_remove(struct atmo_table *t, const struct atmo_flow *flow, u32 id);
u32 atmo_table_lookup(const struct atmo_table *t, const struct atmo_flow *flow);
int atmo_table_copy(struct atmo_table *to, const struct atmo_table *from);

#endif /* ATMO_PORTMGR_TABLE_H */
