// SPDX-License-Identifier: GPL-2.0
/* Flow table, see table.h for the states of a slot. */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/socket.h>
#include <linux/string.h>

#include <asm/barrier.h>

#include "table.h"

/**
 * atmo_table_bytes() - memory that a table needs
 * @nr_slots: number of slots
 *
 * Context: any.
 * Return: bytes, or 0 when @nr_slots is not a power of two within the limits.
 */
size_t atmo_table_bytes(u32 nr_slots)
{
	if (nr_slots < ATMO_TABLE_MIN_SLOTS || nr_slots > ATMO_TABLE_MAX_SLOTS ||
	    (nr_slots & (nr_slots - 1)))
		return 0;
	return sizeof(struct atmo_table) + (size_t)nr_slots * sizeof(struct atmo_table_slot);
}
EXPORT_SYMBOL_GPL(atmo_table_bytes);

/**
 * atmo_table_init() - make an empty table
 * @t: atmo_table_bytes(@nr_slots) bytes; what they hold doesn't matter
 * @nr_slots: number of slots
 * @key: secret of the hash function, copied
 *
 * Context: any; nobody else may use @t yet.
 * Return: 0, or -EINVAL when @nr_slots won't do.
 */
int atmo_table_init(struct atmo_table *t, u32 nr_slots, const hsiphash_key_t *key)
{
	size_t bytes = atmo_table_bytes(nr_slots);

	if (!bytes)
		return -EINVAL;
	memset(t, 0, bytes);
	t->nr_slots = nr_slots;
	t->key = *key;
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_table_init);

/* The last words are zero in all flows of IPv4: a shorter hash is as good. */
static u32 table_hash(const struct atmo_table *t, const struct atmo_flow *flow)
{
	if (flow->family == AF_INET)
		return hsiphash_3u32((__force u32)flow->laddr[0], (__force u32)flow->raddr[0],
				     (__force u32)flow->lport << 16 |
				     (__force u32)flow->rport, &t->key);
	return hsiphash(flow, sizeof(*flow), &t->key);
}

static u32 table_first(const struct atmo_table *t, const struct atmo_flow *flow)
{
	return table_hash(t, flow) & (t->nr_slots - 1);
}

/*
 * The live slot of @flow, or the empty one that ends its run of slots. There is
 * always an empty one, as at most half of the slots are ever used; the loop is
 * bounded by the table all the same.
 */
static u32 table_find(const struct atmo_table *t, const struct atmo_flow *flow, u32 *id)
{
	u32 i = table_first(t, flow);
	u32 n;

	for (n = 0; n < t->nr_slots; n++) {
		/* Pairs with the release in atmo_table_insert(): id, then flow. */
		*id = smp_load_acquire(&t->slots[i].id);
		if (*id == ATMO_STACK_NONE)
			return i;
		if (*id != ATMO_TABLE_DEAD && atmo_flow_is_same(&t->slots[i].flow, flow))
			return i;
		i = (i + 1) & (t->nr_slots - 1);
	}
	*id = ATMO_STACK_NONE;
	return t->nr_slots;
}

/**
 * atmo_table_insert() - add a flow
 * @t: the table
 * @flow: key, copied; unused bytes zero
 * @id: stack id, neither ATMO_STACK_NONE nor ATMO_TABLE_DEAD
 *
 * Context: one writer at a time; lookups may run at the same time and find the
 * flow either completely or not at all.
 * Return: 0; -EINVAL: @id won't do; -EEXIST: @flow is there already, whoever's
 * it is; -ENOSPC: copy to a larger table first. Unless 0, @t is unchanged.
 */
int atmo_table_insert(struct atmo_table *t, const struct atmo_flow *flow, u32 id)
{
	u32 i, old;

	if (id == ATMO_STACK_NONE || id == ATMO_TABLE_DEAD)
		return -EINVAL;
	i = table_find(t, flow, &old);
	if (old != ATMO_STACK_NONE)
		return -EEXIST;
	if (t->nr_used >= t->nr_slots / 2)
		return -ENOSPC;
	t->slots[i].flow = *flow;
	/* Pairs with the acquire in table_find(). */
	smp_store_release(&t->slots[i].id, id);
	t->nr_used++;
	t->nr_live++;
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_table_insert);

/**
 * atmo_table_remove() - take a flow away
 * @t: the table
 * @flow: key
 * @id: stack id it was inserted with
 *
 * Context: as atmo_table_insert(). A lookup that runs at the same time may
 * still return @id.
 * Return: 0, or -ENOENT when @flow isn't there or is another's.
 */
int atmo_table_remove(struct atmo_table *t, const struct atmo_flow *flow, u32 id)
{
	u32 i, old;

	i = table_find(t, flow, &old);
	if (old == ATMO_STACK_NONE || old != id)
		return -ENOENT;
	WRITE_ONCE(t->slots[i].id, ATMO_TABLE_DEAD);
	t->nr_live--;
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_table_remove);

/**
 * atmo_table_lookup() - whose flow is it
 * @t: the table
 * @flow: key; unused bytes zero
 *
 * Context: any; wait-free; the memory of @t must stay (RCU).
 * Return: stack id or ATMO_STACK_NONE.
 */
u32 atmo_table_lookup(const struct atmo_table *t, const struct atmo_flow *flow)
{
	u32 id;

	table_find(t, flow, &id);
	return id;
}
EXPORT_SYMBOL_GPL(atmo_table_lookup);

/**
 * atmo_table_copy() - put all that lives in one table into another
 * @to: an initialised table that nobody else uses yet
 * @from: the source; unchanged
 *
 * Context: no writer of @from may run; lookups may.
 * Return: 0, or -ENOSPC when it doesn't fit; @to is useless then.
 */
int atmo_table_copy(struct atmo_table *to, const struct atmo_table *from)
{
	u32 i;

	for (i = 0; i < from->nr_slots; i++) {
		const struct atmo_table_slot *slot = &from->slots[i];
		int err;

		if (slot->id == ATMO_STACK_NONE || slot->id == ATMO_TABLE_DEAD)
			continue;
		err = atmo_table_insert(to, &slot->flow, slot->id);
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(atmo_table_copy);
