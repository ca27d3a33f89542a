/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hash table of byte strings: FNV-1a, open addressing with linear probing, a fixed
 * number of entries of a fixed size each, in one piece of memory. Nothing is
 * allocated, no lock is taken, no system call made.
 *
 *	entry   | struct kv_entry | key, key_max bytes | value, value_max bytes |
 *
 * A deleted entry leaves no mark: those behind it move up (Knuth 6.4, algorithm R),
 * so lookups stay as short as the table's load makes them.
 */
#ifndef KV_TABLE_H
#define KV_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KV_MIN_CAPACITY_LOG2	4
#define KV_MAX_CAPACITY_LOG2	28

/**
 * struct kv_entry - what is known of a key; the key follows
 * @hash: bits of the hash that choose its place
 * @flags: the client's
 * @expires: Unix time from which on it is gone; 0: never
 * @value_len: bytes of the value
 * @key_len: bytes of the key; 0: the entry is free
 */
struct kv_entry {
	uint32_t hash;
	uint32_t flags;
	uint32_t expires;
	uint16_t value_len;
	uint8_t	key_len;
	uint8_t	pad;
};

/**
 * struct kv_table - a table
 * @mem: its entries
 * @mask: number of entries - 1
 * @nr: entries in use
 * @limit: most that may be; probing gets long beyond
 * @stride: bytes of an entry
 * @key_max: longest key
 * @value_max: longest value
 */
struct kv_table {
	uint8_t	*mem;
	uint32_t mask;
	uint32_t nr;
	uint32_t limit;
	uint32_t stride;
	uint16_t key_max;
	uint16_t value_max;
};

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
uint64_t kv_hash(const void *key, size_t len);

/* Bytes of memory that a table of 2^@capacity_log2 entries needs. */
size_t kv_table_size(unsigned int capacity_log2, uint16_t key_max, uint16_t value_max);

/* @mem: kv_table_size() bytes of zeroes, aligned to 8. */
void kv_table_init(struct kv_table *t, void *mem, unsigned int capacity_log2,
		   uint16_t key_max, uint16_t value_max);

/* The entry of a key, or NULL. Valid until the table is changed. */
struct kv_entry *kv_table_find(const struct kv_table *t, uint64_t hash, const void *key,
			       size_t len);

/*
 * An entry for a key, found or new, whose value the caller sets. NULL: the table
 * holds as much as it may. @len is 1..key_max.
 */
struct kv_entry *kv_table_put(struct kv_table *t, uint64_t hash, const void *key, size_t len);

/* Of this table, and found just now. */
void kv_table_delete(struct kv_table *t, struct kv_entry *entry);

/* Looks at every entry, until all those in use are gone. */
void kv_table_clear(struct kv_table *t);

static inline uint8_t *kv_key(const struct kv_entry *entry)
{
	return (uint8_t *)(entry + 1);
}

static inline uint8_t *kv_value(const struct kv_table *t, const struct kv_entry *entry)
{
	return kv_key(entry) + t->key_max;
}

#endif /* KV_TABLE_H */
