// SPDX-License-Identifier: GPL-2.0
/* What the driver of the 82599 computes. */
#include <errno.h>

#include "../../../atmo_ixgbe/fdir_hash.h"
#include "../../../atmo_ixgbe/moderate.h"
#include "../../../atmo_ixgbe/rate.h"
#include "check.h"

/* ---- Flow Director's hash ---- */

#define BITS		336
#define WRAP		15

/* The stream as fdir_hash.c describes it, and its ends once more around it. */
static void put(bool *stream, unsigned int at, u32 value)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++)
		stream[at + bit] |= value >> bit & 1;
}

/* Bit by bit, from the definition. */
static u16 reference(const struct atmo_ixgbe_fdir_key *key)
{
	bool wrapped[WRAP + BITS + WRAP] = {};
	bool *stream = wrapped + WRAP;
	unsigned int i, b;
	u32 hash = 0;

	put(stream, 0, key->type);
	put(stream, 32, (u32)key->sport << 16 | key->dport);
	put(stream, 64, key->saddr);
	put(stream, 192, key->daddr);
	for (i = 0; i < WRAP; i++) {
		wrapped[i] = stream[BITS - WRAP + i];
		stream[BITS + i] = stream[i];
	}
	for (i = 0; i < BITS + WRAP; i++) {
		if (!(ATMO_IXGBE_FDIR_KEY >> ((i + 1) % 32) & 1))
			continue;
		for (b = 0; b < 16; b++)
			hash ^= (u32)wrapped[i + b] << b;
	}
	return hash & 0x1fff;
}

/* Computed by another program, from the definition as well. */
static const struct {
	struct atmo_ixgbe_fdir_key key;
	u16 hash;
} known[] = {
	{ { 0x0a520001, 0x0a520002, 7001, 40000, ATMO_IXGBE_FDIR_UDP4 }, 0x03b8 },
	{ { 0x0a520001, 0x0a520002, 7001, 40000, ATMO_IXGBE_FDIR_TCP4 }, 0x0cc3 },
	{ { 0xc0000201, 0xc6336407, 80, 65535, ATMO_IXGBE_FDIR_TCP4 }, 0x1b1e },
	{ { 0x00000001, 0x80000000, 1, 32768, ATMO_IXGBE_FDIR_UDP4 }, 0x0529 },
	{ { 0xffffffff, 0xffffffff, 65535, 65535, ATMO_IXGBE_FDIR_TCP4 }, 0x0a52 },
	{ { 0xcb007109, 0xc00002fe, 443, 1024, ATMO_IXGBE_FDIR_TCP4 }, 0x19cf },
};

void check_fdir_hash(void)
{
	struct atmo_ixgbe_fdir_key key;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		CHECK(reference(&known[i].key) == known[i].hash);
		CHECK(atmo_ixgbe_fdir_hash(&known[i].key) == known[i].hash);
	}
	for (i = 0; i < 20000; i++) {
		key.daddr = check_random();
		key.saddr = check_random();
		key.dport = check_random();
		key.sport = check_random();
		key.type = i % 2 ? ATMO_IXGBE_FDIR_UDP4 : ATMO_IXGBE_FDIR_TCP4;
		CHECK(atmo_ixgbe_fdir_hash(&key) == reference(&key));
	}
}

/* ---- Rate ---- */

#define LINK		10000

void check_rate(void)
{
	u32 mbps, factor;

	CHECK(!atmo_ixgbe_rate_factor(LINK, LINK, &factor) && factor == 1 << 14);
	CHECK(!atmo_ixgbe_rate_factor(LINK, 10, &factor) && factor == 1000 << 14);
	CHECK(!atmo_ixgbe_rate_factor(LINK, 4000, &factor) && factor == 5 << 13);
	for (mbps = 10; mbps <= LINK; mbps++) {
		CHECK(!atmo_ixgbe_rate_factor(LINK, mbps, &factor));
		CHECK(factor < 1 << 24);
		/* The least factor that doesn't exceed the rate. */
		CHECK((u64)factor * mbps >= (u64)LINK << 14);
		CHECK((u64)(factor - 1) * mbps < (u64)LINK << 14);
	}
	CHECK(atmo_ixgbe_rate_factor(LINK, 0, &factor) == -ERANGE);
	CHECK(atmo_ixgbe_rate_factor(LINK, 9, &factor) == -ERANGE);
	CHECK(atmo_ixgbe_rate_factor(LINK, LINK + 1, &factor) == -ERANGE);
	CHECK(atmo_ixgbe_rate_factor(LINK, ~0U, &factor) == -ERANGE);
	CHECK(atmo_ixgbe_rate_factor(~0U, ~0U, &factor) == -ERANGE);
	/* The smallest rate of a slower link is smaller. */
	CHECK(!atmo_ixgbe_rate_factor(1000, 1, &factor) && factor == 1000 << 14);
}

/* ---- Moderation ---- */

void check_moderation(void)
{
	unsigned int us = ATMO_IXGBE_SHORT_INTERVAL, frames, step;

	/* Under load it grows to its end, in idleness it shrinks to its end. */
	for (step = 0; step < 20; step++)
		us = atmo_ixgbe_interval(us, 64);
	CHECK(us == ATMO_IXGBE_LONG_INTERVAL);
	CHECK(atmo_ixgbe_interval(us, 5) == us);
	for (step = 0; step < 20; step++)
		us = atmo_ixgbe_interval(us, 1);
	CHECK(us == ATMO_IXGBE_SHORT_INTERVAL);
	CHECK(atmo_ixgbe_interval(us, 0) == us);
	/* Twice the interval has twice the frames, which must not be few: it would swing. */
	for (frames = ATMO_IXGBE_MANY_FRAMES; frames < 4 * ATMO_IXGBE_MANY_FRAMES; frames++)
		CHECK(atmo_ixgbe_interval(2 * us, 2 * frames) >= 2 * us);
	for (frames = 0; frames <= ATMO_IXGBE_FEW_FRAMES; frames++)
		CHECK(atmo_ixgbe_interval(us, frames / 2) == us);
}
