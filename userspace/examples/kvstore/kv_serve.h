/* SPDX-License-Identifier: GPL-2.0 */
/* One request datagram in, one reply out: protocol and store together. */
#ifndef KV_SERVE_H
#define KV_SERVE_H

#include "kv_store.h"

/**
 * struct kv_counters - of one worker
 * @commands: by enum kv_op
 * @get_keys: keys asked for
 * @get_hits: and found
 * @errors: error lines sent
 * @short_frames: datagrams without a whole frame header
 */
struct kv_counters {
	uint64_t commands[KV_QUIT + 1];
	uint64_t get_keys;
	uint64_t get_hits;
	uint64_t errors;
	uint64_t short_frames;
};

/**
 * kv_serve - answer a request
 * @s: store
 * @c: counters of the caller's own
 * @now: Unix time
 * @data: datagram
 * @len: its length
 * @r: empty reply
 *
 * Return: number of datagrams to send from @r, 0 for no answer. @r->nr buffers are
 * the caller's to send or give back in any case.
 */
unsigned int kv_serve(struct kv_store *s, struct kv_counters *c, uint32_t now,
		      const uint8_t *data, size_t len, struct kv_reply *r);

#endif /* KV_SERVE_H */
