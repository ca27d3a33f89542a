// SPDX-License-Identifier: GPL-2.0
#include "kv_table.h"

#include <string.h>

#define FNV_OFFSET	0xcbf29ce484222325ULL
#define FNV_PRIME	0x00000100000001b3ULL

uint64_t kv_hash(const void *key, size_t len)
{
	const uint8_t *p = key, *end = p + len;
	uint64_t hash = FNV_OFFSET;

	while (p < end) {
		hash ^= *p++;
		hash *= FNV_PRIME;
	}
	return hash;
}

/* All 64 bits in 32. */
static uint32_t fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t stride_of(uint16_t key_max, uint16_t value_max)
{
	return (uint32_t)((sizeof(struct kv_entry) + key_max + value_max + 7) & ~7ULL);
}

size_t kv_table_size(unsigned int capacity_log2, uint16_t key_max, uint16_t value_max)
{
	return (size_t)stride_of(key_max, value_max) << capacity_log2;
}

void kv_table_init(struct kv_table *t, void *mem, unsigned int capacity_log2,
		   uint16_t key_max, uint16_t value_max)
{
	uint32_t capacity = (uint32_t)1 << capacity_log2;

	*t = (struct kv_table){
		.mem = mem,
		.mask = capacity - 1,
		.limit = capacity - capacity / 16,
		.stride = stride_of(key_max, value_max),
		.key_max = key_max,
		.value_max = value_max,
	};
}

static struct kv_entry *entry_at(const struct kv_table *t, uint32_t i)
{
	return (struct kv_entry *)(t->mem + (size_t)(i & t->mask) * t->stride);
}

/* The entry of the key, or the free one where the search ends: one is always free. */
static struct kv_entry *probe(const struct kv_table *t, uint32_t hash, const void *key,
			      size_t len)
{
	struct kv_entry *entry;
	uint32_t i;

	for (i = hash; ; i++) {
		entry = entry_at(t, i);
		if (!entry->key_len || (entry->hash == hash && entry->key_len == len &&
					!memcmp(kv_key(entry), key, len)))
			return entry;
	}
}

struct kv_entry *kv_table_find(const struct kv_table *t, uint64_t hash, const void *key,
			       size_t len)
{
	struct kv_entry *entry = probe(t, fold(hash), key, len);

	return entry->key_len ? entry : NULL;
}

struct kv_entry *kv_table_put(struct kv_table *t, uint64_t hash, const void *key, size_t len)
{
	struct kv_entry *entry = probe(t, fold(hash), key, len);

	if (entry->key_len)
		return entry;
	if (t->nr >= t->limit)
		return NULL;
	t->nr++;
	*entry = (struct kv_entry){ .hash = fold(hash), .key_len = (uint8_t)len };
	memcpy(kv_key(entry), key, len);
	return entry;
}

void kv_table_delete(struct kv_table *t, struct kv_entry *entry)
{
	uint32_t hole = (uint32_t)((size_t)((uint8_t *)entry - t->mem) / t->stride);
	uint32_t i = hole;

	t->nr--;
	for (;;) {
		i = (i + 1) & t->mask;
		entry = entry_at(t, i);
		if (!entry->key_len)
			break;
		/* It may move into the hole unless its own place lies behind that. */
		if (((i - entry->hash) & t->mask) >= ((i - hole) & t->mask)) {
			memcpy(entry_at(t, hole), entry, t->stride);
			hole = i;
		}
	}
	entry_at(t, hole)->key_len = 0;
}

void kv_table_clear(struct kv_table *t)
{
	uint32_t i;

	for (i = 0; i <= t->mask && t->nr; i++) {
		if (entry_at(t, i)->key_len) {
			entry_at(t, i)->key_len = 0;
			t->nr--;
		}
	}
}
