// SPDX-License-Identifier: GPL-2.0
#include "kv_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int kv_store_create(struct kv_store *s, unsigned int capacity_log2, uint16_t key_max,
		    uint16_t value_max)
{
	/* No segment smaller than 1,024 entries: small ones fill unevenly. */
	unsigned int log2 = capacity_log2 > 10 ? capacity_log2 - 10 : 0;
	size_t len;
	unsigned int i;

	if (log2 > KV_MAX_SEGMENTS_LOG2)
		log2 = KV_MAX_SEGMENTS_LOG2;
	if (capacity_log2 < KV_MIN_CAPACITY_LOG2 || capacity_log2 > KV_MAX_CAPACITY_LOG2 ||
	    !key_max || key_max > KV_MAX_KEY || !value_max || value_max > KV_MAX_VALUE)
		return -EINVAL;
	*s = (struct kv_store){
		.nr_segments = 1u << log2, .key_max = key_max, .value_max = value_max,
	};
	len = kv_table_size(capacity_log2 - log2, key_max, value_max);
	s->mem_len = len << log2;
	s->mem = mmap(NULL, s->mem_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->mem == MAP_FAILED)
		return -errno;
	s->segments = aligned_alloc(64, s->nr_segments * sizeof(*s->segments));
	if (!s->segments) {
		munmap(s->mem, s->mem_len);
		return -ENOMEM;
	}
	for (i = 0; i < s->nr_segments; i++) {
		pthread_mutex_init(&s->segments[i].lock, NULL);
		kv_table_init(&s->segments[i].table, (uint8_t *)s->mem + i * len,
			      capacity_log2 - log2, key_max, value_max);
	}
	return 0;
}

void kv_store_destroy(struct kv_store *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_segments; i++)
		pthread_mutex_destroy(&s->segments[i].lock);
	free(s->segments);
	munmap(s->mem, s->mem_len);
}

/*
 * FNV-1a's upper bits hardly know the last bytes of a key; multiplied by 2^64 divided
 * by the golden ratio (Knuth 6.4), they do.
 */
static unsigned int segment_of(uint64_t hash)
{
	return (unsigned int)((hash * 0x9e3779b97f4a7c15ull) >> (64 - KV_MAX_SEGMENTS_LOG2));
}

static struct kv_segment *lock_segment(struct kv_store *s, uint64_t hash)
{
	struct kv_segment *seg = &s->segments[segment_of(hash) & (s->nr_segments - 1)];

	pthread_mutex_lock(&seg->lock);
	return seg;
}

/* The entry of a key that has not expired; one that has is deleted. */
static struct kv_entry *find_live(struct kv_table *t, uint64_t hash, struct kv_str key,
				  uint32_t now)
{
	struct kv_entry *entry = kv_table_find(t, hash, key.p, key.len);

	if (entry && entry->expires && entry->expires <= now) {
		kv_table_delete(t, entry);
		return NULL;
	}
	return entry;
}

bool kv_store_get(struct kv_store *s, struct kv_str key, uint32_t now, struct kv_reply *r)
{
	uint64_t hash = kv_hash(key.p, key.len);
	struct kv_segment *seg = lock_segment(s, hash);
	struct kv_entry *entry = find_live(&seg->table, hash, key, now);

	if (entry)
		kv_reply_value(r, key, entry->flags, kv_value(&seg->table, entry),
			       entry->value_len);
	pthread_mutex_unlock(&seg->lock);
	return entry;
}

bool kv_store_set(struct kv_store *s, const struct kv_command *cmd)
{
	uint64_t hash = kv_hash(cmd->key.p, cmd->key.len);
	struct kv_segment *seg = lock_segment(s, hash);
	struct kv_entry *entry = kv_table_put(&seg->table, hash, cmd->key.p, cmd->key.len);

	if (entry) {
		entry->flags = cmd->flags;
		entry->expires = cmd->expires;
		entry->value_len = (uint16_t)cmd->value.len;
		memcpy(kv_value(&seg->table, entry), cmd->value.p, cmd->value.len);
	}
	pthread_mutex_unlock(&seg->lock);
	return entry;
}

bool kv_store_delete(struct kv_store *s, struct kv_str key, uint32_t now)
{
	uint64_t hash = kv_hash(key.p, key.len);
	struct kv_segment *seg = lock_segment(s, hash);
	struct kv_entry *entry = find_live(&seg->table, hash, key, now);

	if (entry)
		kv_table_delete(&seg->table, entry);
	pthread_mutex_unlock(&seg->lock);
	return entry;
}

/*
 * Whole pages are given back, and read as zeroes from then on, as private anonymous
 * memory does (madvise(2)). Entry by entry it would take the time, and the memory,
 * of all that there could be, with the lock held.
 */
static void clear_segment(struct kv_store *s, unsigned int i)
{
	size_t len = s->mem_len / s->nr_segments;
	size_t beyond = len & ((size_t)sysconf(_SC_PAGESIZE) - 1);

	if (beyond || madvise((uint8_t *)s->mem + i * len, len, MADV_DONTNEED))
		kv_table_clear(&s->segments[i].table);
	else
		s->segments[i].table.nr = 0;
}

void kv_store_clear(struct kv_store *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_segments; i++) {
		pthread_mutex_lock(&s->segments[i].lock);
		clear_segment(s, i);
		pthread_mutex_unlock(&s->segments[i].lock);
	}
}

uint64_t kv_store_count(struct kv_store *s)
{
	uint64_t nr = 0;
	unsigned int i;

	for (i = 0; i < s->nr_segments; i++) {
		pthread_mutex_lock(&s->segments[i].lock);
		nr += s->segments[i].table.nr;
		pthread_mutex_unlock(&s->segments[i].lock);
	}
	return nr;
}
