// SPDX-License-Identifier: GPL-2.0
/* What came back: order, loss, duplicates of a flow; latencies. */
#include <string.h>

#include "gen.h"

static void mark(struct gen_flow *f, uint32_t seq, bool seen)
{
	uint64_t bit = 1ull << seq % 64;
	uint64_t *word = &f->seen[seq % GEN_WINDOW / 64];

	*word = seen ? *word | bit : *word & ~bit;
}

static bool was_seen(const struct gen_flow *f, uint32_t seq)
{
	return f->seen[seq % GEN_WINDOW / 64] >> seq % 64 & 1;
}

/* A frame of the flow has come: what that means, noted in the flow. */
enum gen_order gen_flow_take(struct gen_flow *f, uint32_t seq)
{
	uint32_t skipped = seq - f->next;

	if (seq < f->next) {
		if (f->next - seq > GEN_WINDOW)
			return GEN_TOO_LATE;
		if (was_seen(f, seq))
			return GEN_DUPLICATE;
		mark(f, seq, true);
		return GEN_LATE;
	}
	if (skipped >= GEN_WINDOW)
		memset(f->seen, 0, sizeof(f->seen));
	else
		for (; f->next != seq; f->next++)
			mark(f, f->next, false);
	mark(f, seq, true);
	f->next = seq + 1;
	return skipped ? GEN_AHEAD : GEN_IN_ORDER;
}

/* Up to 31 ns each value has a bucket of its own. */
unsigned int gen_hist_bucket(uint64_t ns)
{
	unsigned int shift, bucket;

	if (ns < GEN_HIST_SUB)
		return (unsigned int)ns;
	shift = 63u - (unsigned int)__builtin_clzll(ns) - 5;
	bucket = (shift + 1) * GEN_HIST_SUB + (unsigned int)(ns >> shift) % GEN_HIST_SUB;
	return bucket < GEN_HIST_LEN ? bucket : GEN_HIST_LEN - 1;
}

uint64_t gen_hist_lower(unsigned int bucket)
{
	unsigned int shift = bucket / GEN_HIST_SUB;

	if (!shift)
		return bucket;
	return (uint64_t)(GEN_HIST_SUB + bucket % GEN_HIST_SUB) << (shift - 1);
}

void gen_hist_add(struct gen_hist *h, uint64_t ns)
{
	if (!h->n || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	h->n++;
	h->sum += ns;
	h->bucket[gen_hist_bucket(ns)]++;
}

uint64_t gen_hist_at(const struct gen_hist *h, unsigned int millionths)
{
	uint64_t before = h->n / 1000000 * millionths + h->n % 1000000 * millionths / 1000000;
	unsigned int i;

	for (i = 0; i < GEN_HIST_LEN - 1; i++) {
		if (before < h->bucket[i])
			break;
		before -= h->bucket[i];
	}
	if (i == GEN_HIST_LEN - 1 || gen_hist_lower(i + 1) > h->max)
		return h->max;
	return gen_hist_lower(i + 1) - 1;
}
