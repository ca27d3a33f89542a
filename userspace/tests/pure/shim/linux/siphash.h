/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_SIPHASH_H
#define SHIM_LINUX_SIPHASH_H

#include <linux/types.h>

/* A macro, as the kernel's name is a typedef's. */
#define hsiphash_key_t struct hsiphash_key
struct hsiphash_key {
	unsigned long key[2];
};

/* FNV-1a, seeded: spreads as well, but doesn't withstand an attacker. */
static inline u32 hsiphash(const void *data, size_t len, const hsiphash_key_t *key)
{
	u32 hash = 0x811c9dc5 ^ (u32)key->key[0];
	const u8 *p = data;

	while (len--)
		hash = (hash ^ *p++) * 0x01000193;
	return hash ^ hash >> 16;
}

static inline u32 hsiphash_3u32(u32 a, u32 b, u32 c, const hsiphash_key_t *key)
{
	const u32 words[] = { a, b, c };

	return hsiphash(words, sizeof(words), key);
}

#endif /* SHIM_LINUX_SIPHASH_H */
