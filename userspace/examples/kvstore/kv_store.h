/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table that all workers share: up to 64 tables (segments), chosen by the hash,
 * each under a lock of its own. So probing and deletion never leave what is locked,
 * and two workers wait for each other only when their keys meet in one segment.
 */
#ifndef KV_STORE_H
#define KV_STORE_H

#include <pthread.h>

#include "kv_proto.h"
#include "kv_table.h"

#define KV_MAX_SEGMENTS_LOG2	6

struct kv_segment {
	_Alignas(64) pthread_mutex_t lock;	/* protects table */
	struct kv_table table;
};

struct kv_store {
	struct kv_segment *segments;
	unsigned int nr_segments;
	void	*mem;
	size_t	mem_len;
	uint16_t key_max;
	uint16_t value_max;
};

/**
 * kv_store_create - reserve memory, which is used as it is filled
 * @s: out: the store
 * @capacity_log2: 2^this entries. It holds at least three quarters of them;
 *	segments fill unevenly, so the last ones may not find room
 * @key_max: 1..KV_MAX_KEY
 * @value_max: 1..KV_MAX_VALUE
 *
 * Return: 0 or a negative errno.
 */
int kv_store_create(struct kv_store *s, unsigned int capacity_log2, uint16_t key_max,
		    uint16_t value_max);
void kv_store_destroy(struct kv_store *s);

/* Adds the item to @r, if it is there and has not expired; true if so. */
bool kv_store_get(struct kv_store *s, struct kv_str key, uint32_t now, struct kv_reply *r);
/* False: full. */
bool kv_store_set(struct kv_store *s, const struct kv_command *cmd);
bool kv_store_delete(struct kv_store *s, struct kv_str key, uint32_t now);
void kv_store_clear(struct kv_store *s);
/* Entries in use, expired ones included. */
uint64_t kv_store_count(struct kv_store *s);

#endif /* KV_STORE_H */
