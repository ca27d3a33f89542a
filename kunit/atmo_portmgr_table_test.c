// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/in.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "../atmo_portmgr/table.h"

static const hsiphash_key_t key = { { 0x0123456789abcdefUL, 0xfedcba987UL } };

static struct atmo_table *make_table(struct kunit *test, u32 nr_slots)
{
	struct atmo_table *t = kunit_kzalloc(test, atmo_table_bytes(nr_slots), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, atmo_table_init(t, nr_slots, &key), 0);
	return t;
}

static struct atmo_flow make_flow(u32 n)
{
	return (struct atmo_flow) {
		.laddr = { htonl(0x0a000000 | n >> 16) },
		.lport = htons(n & 0xffff),
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
	};
}

/* The slot that a flow's probing begins at: where it is when it is alone. */
static u32 first_slot(struct atmo_table *scratch, const struct atmo_flow *flow)
{
	u32 i = 0;

	atmo_table_init(scratch, scratch->nr_slots, &key);
	atmo_table_insert(scratch, flow, 1);
	while (i < scratch->nr_slots && scratch->slots[i].id != 1)
		i++;
	return i;
}

/* The n-th flow whose probing begins at @slot in a table of the size of @scratch. */
static struct atmo_flow colliding_flow(struct atmo_table *scratch, u32 slot, u32 n)
{
	struct atmo_flow flow;
	u32 i;

	for (i = 1; ; i++) {
		flow = make_flow(i);
		if (first_slot(scratch, &flow) == slot && !n--)
			return flow;
	}
}

static u32 next_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void sizes(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);

	KUNIT_EXPECT_EQ(test, atmo_table_bytes(0), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_bytes(4), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_bytes(12), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_bytes(0xffffffff), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_bytes(ATMO_TABLE_MAX_SLOTS * 2), 0);
	KUNIT_EXPECT_GE(test, atmo_table_bytes(8), 8 * sizeof(struct atmo_table_slot));
	KUNIT_EXPECT_EQ(test, atmo_table_init(t, 0, &key), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_table_init(t, 9, &key), -EINVAL);
}

static void insert_lookup_remove(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow a = make_flow(1), b = make_flow(2);

	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 7), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), 7);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &b), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, 7), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 8), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), 8);
}

static void insert_twice(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow a = make_flow(1);

	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 7), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 8), -EEXIST);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 7), -EEXIST);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), 7);
	KUNIT_EXPECT_EQ(test, t->nr_used, 1);
}

static void reserved_ids(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow a = make_flow(1);

	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, ATMO_STACK_NONE), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, ATMO_TABLE_DEAD), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->nr_used, 0);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 1), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, 1), 0);
	/* A dead slot is nobody's, whatever id is asked for. */
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, ATMO_TABLE_DEAD), -ENOENT);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, ATMO_STACK_NONE), -ENOENT);
}

static void remove_of_another(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow a = make_flow(1), b = make_flow(2);

	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 7), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, 8), -ENOENT);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &b, 7), -ENOENT);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &a), 7);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, 7), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &a, 7), -ENOENT);
}

/* A lookup must differ in every single bit of the key. */
static void every_bit_of_the_key(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow a = make_flow(1), b;
	size_t bit;

	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &a, 7), 0);
	for (bit = 0; bit < 8 * sizeof(a); bit++) {
		b = a;
		((u8 *)&b)[bit / 8] ^= 1 << (bit % 8);
		KUNIT_EXPECT_EQ_MSG(test, atmo_table_lookup(t, &b), ATMO_STACK_NONE,
				    "bit %zu", bit);
	}
}

static void full(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 64);
	struct atmo_flow flow;
	u32 i;

	for (i = 1; i <= 32; i++) {
		flow = make_flow(i);
		KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, i), 0);
	}
	flow = make_flow(33);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, 33), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flow), ATMO_STACK_NONE);
	flow = make_flow(5);
	/* Taken comes before full. */
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, 33), -EEXIST);
	for (i = 1; i <= 32; i++) {
		flow = make_flow(i);
		KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flow), i);
	}
}

/* Readers may be looking at a dead slot: it isn't taken again, a copy drops it. */
static void dead_slots_stay_dead(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_table *copy = make_table(test, 8);
	struct atmo_flow flow = make_flow(1);
	u32 i;

	for (i = 1; i <= 4; i++) {
		KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, i), 0);
		KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &flow, i), 0);
	}
	KUNIT_EXPECT_EQ(test, t->nr_live, 0);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, 5), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atmo_table_copy(copy, t), 0);
	KUNIT_EXPECT_EQ(test, copy->nr_used, 0);
	KUNIT_EXPECT_EQ(test, atmo_table_insert(copy, &flow, 5), 0);
}

static void copy_to_smaller(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 64);
	struct atmo_table *copy = make_table(test, 8);
	struct atmo_flow flow;
	u32 i;

	for (i = 1; i <= 5; i++) {
		flow = make_flow(i);
		KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, i), 0);
	}
	KUNIT_EXPECT_EQ(test, atmo_table_copy(copy, t), -ENOSPC);
	for (i = 1; i <= 5; i++) {
		flow = make_flow(i);
		KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flow), i);
	}
}

/* Several flows that all begin at the last slot: probing goes round the end. */
static void collisions_and_wrap(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 16), *scratch = make_table(test, 16);
	struct atmo_flow flows[6], absent;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		flows[i] = colliding_flow(scratch, 15, i);
		KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flows[i], i + 1), 0);
	}
	absent = colliding_flow(scratch, 15, ARRAY_SIZE(flows));
	KUNIT_EXPECT_EQ(test, t->slots[15].id, 1);
	KUNIT_EXPECT_EQ(test, t->slots[0].id, 2);
	KUNIT_EXPECT_EQ(test, t->slots[4].id, 6);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &absent), ATMO_STACK_NONE);
	/* A gap in the run doesn't hide what is behind it. */
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &flows[0], 1), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_remove(t, &flows[2], 3), 0);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flows[0]), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flows[1]), 2);
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flows[2]), ATMO_STACK_NONE);
	for (i = 3; i < ARRAY_SIZE(flows); i++)
		KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flows[i]), i + 1);
}

/* A table without an empty slot can't be made, but must not hang a lookup. */
static void lookup_ends_without_empty_slot(struct kunit *test)
{
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow flow = make_flow(1);
	u32 i;

	for (i = 0; i < 8; i++)
		t->slots[i].id = ATMO_TABLE_DEAD;
	KUNIT_EXPECT_EQ(test, atmo_table_lookup(t, &flow), ATMO_STACK_NONE);
	t->nr_used = 8;
	KUNIT_EXPECT_EQ(test, atmo_table_insert(t, &flow, 1), -ENOSPC);
}

#define NR_FLOWS	300
#define NR_OPERATIONS	50000

/* Copies as the port manager does it; the old table stays until the test ends. */
static struct atmo_table *regrow(struct kunit *test, struct atmo_table *t)
{
	u32 nr_slots = t->nr_live >= t->nr_slots / 4 ? 2 * t->nr_slots : t->nr_slots;
	struct atmo_table *copy = make_table(test, nr_slots);

	KUNIT_ASSERT_EQ(test, atmo_table_copy(copy, t), 0);
	KUNIT_ASSERT_EQ(test, copy->nr_live, t->nr_live);
	KUNIT_ASSERT_EQ(test, copy->nr_used, t->nr_live);
	kunit_kfree(test, t);
	return copy;
}

/* Random operations against an array that says for each flow whose it is. */
static void random_against_reference(struct kunit *test)
{
	u32 *owner = kunit_kzalloc(test, NR_FLOWS * sizeof(*owner), GFP_KERNEL);
	struct atmo_table *t = make_table(test, 8);
	struct atmo_flow flow;
	u32 state = 20, live = 0;
	u32 i, n, id;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, owner);
	for (i = 1; i <= NR_OPERATIONS; i++) {
		n = next_random(&state) % NR_FLOWS;
		flow = make_flow(n * 7919);
		switch (next_random(&state) % 3) {
		case 0:
			err = atmo_table_insert(t, &flow, i);
			if (err == -ENOSPC) {
				t = regrow(test, t);
				err = atmo_table_insert(t, &flow, i);
			}
			KUNIT_ASSERT_EQ(test, err, owner[n] ? -EEXIST : 0);
			if (!owner[n])
				live++;
			owner[n] = owner[n] ?: i;
			break;
		case 1:
			id = owner[n] ?: i;
			err = atmo_table_remove(t, &flow, id);
			KUNIT_ASSERT_EQ(test, err, owner[n] ? 0 : -ENOENT);
			if (owner[n])
				live--;
			owner[n] = 0;
			break;
		default:
			KUNIT_ASSERT_EQ(test, atmo_table_lookup(t, &flow), owner[n]);
		}
		KUNIT_ASSERT_EQ(test, t->nr_live, live);
	}
	/* Removing as often as inserting must not let the table grow on. */
	KUNIT_EXPECT_LE(test, t->nr_slots, 2048);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(sizes),
	KUNIT_CASE(insert_lookup_remove),
	KUNIT_CASE(insert_twice),
	KUNIT_CASE(reserved_ids),
	KUNIT_CASE(remove_of_another),
	KUNIT_CASE(every_bit_of_the_key),
	KUNIT_CASE(full),
	KUNIT_CASE(dead_slots_stay_dead),
	KUNIT_CASE(copy_to_smaller),
	KUNIT_CASE(collisions_and_wrap),
	KUNIT_CASE(lookup_ends_without_empty_slot),
	KUNIT_CASE(random_against_reference),
	{}
};

static struct kunit_suite table_suite = {
	.name = "atmo_portmgr_table",
	.test_cases = table_cases,
};

kunit_test_suite(table_suite);

MODULE_DESCRIPTION("KUnit suite of the flow table");
MODULE_LICENSE("GPL");
