// SPDX-License-Identifier: GPL-2.0
/* The kernel's ring verbs against an application that follows no rule. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../atmo_stack/ring.h"

#define NR 16

struct fixture {
	struct atmo_ring ring;
	struct atmo_ring_cursors cursors;
	union {
		struct atmo_free_desc free[NR];
		struct atmo_rx_desc rx[NR];
		struct atmo_tx_desc tx[NR];
		struct atmo_comp_desc comp[NR];
	};
};

static struct fixture *fixture_create(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	atmo_ring_init(&f->ring, &f->cursors, f->free, NR);
	return f;
}

/* Both cursors of kernel and application at @cursor: an empty ring. */
static void start_at(struct fixture *f, u32 cursor)
{
	f->ring.cursor = cursor;
	f->cursors.producer = cursor;
	f->cursors.consumer = cursor;
}

static void consumer_starts_empty(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr = 99;

	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
}

static void consumer_sees_what_was_produced(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	struct atmo_free_desc desc;
	u32 i, nr;

	for (i = 0; i < NR; i++)
		f->free[i].slot = 100 + i;
	f->cursors.producer = NR;
	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, NR);
	for (i = 0; i < nr; i++) {
		atmo_ring_copy_free(&f->ring, i, &desc);
		KUNIT_EXPECT_EQ(test, desc.slot, 100 + i);
	}
	atmo_ring_release(&f->ring, nr);
	KUNIT_EXPECT_EQ(test, f->cursors.consumer, NR);
	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
}

/* Cursors run through all 32-bit values, entries through the ring. */
static void consumer_crosses_wrap(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	struct atmo_tx_desc desc;
	u32 nr;

	start_at(f, U32_MAX - 1);
	f->tx[NR - 2].slot = 1;
	f->tx[NR - 1].slot = 2;
	f->tx[0].slot = 3;
	f->cursors.producer = 1;
	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 3);
	atmo_ring_copy_tx(&f->ring, 0, &desc);
	KUNIT_EXPECT_EQ(test, desc.slot, 1);
	atmo_ring_copy_tx(&f->ring, 1, &desc);
	KUNIT_EXPECT_EQ(test, desc.slot, 2);
	atmo_ring_copy_tx(&f->ring, 2, &desc);
	KUNIT_EXPECT_EQ(test, desc.slot, 3);
	atmo_ring_release(&f->ring, nr);
	KUNIT_EXPECT_EQ(test, f->cursors.consumer, 1);
}

static void consumer_rejects_cursor_ahead(struct kunit *test)
{
	static const u32 ahead[] = { NR + 1, NR + 2, 0x1000, 0x80000000, U32_MAX };
	struct fixture *f = fixture_create(test);
	u32 nr, i;

	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		start_at(f, 1000);
		f->cursors.producer = 1000 + ahead[i];
		KUNIT_EXPECT_FALSE(test, atmo_ring_peek(&f->ring, &nr));
		KUNIT_EXPECT_EQ(test, nr, 0);
	}
}

static void consumer_rejects_cursor_behind(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr;

	start_at(f, 5);
	f->cursors.producer = 4;
	KUNIT_EXPECT_FALSE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
}

/* A cursor that is put right again is good again. */
static void consumer_recovers(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr;

	f->cursors.producer = NR + 1;
	KUNIT_EXPECT_FALSE(test, atmo_ring_peek(&f->ring, &nr));
	f->cursors.producer = NR;
	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, NR);
}

/* The kernel's own cursor in shared memory is for reading only. */
static void own_cursor_is_not_read_back(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr;

	f->cursors.producer = 3;
	f->cursors.consumer = 0xdead;
	KUNIT_EXPECT_TRUE(test, atmo_ring_peek(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 3);
	atmo_ring_release(&f->ring, 2);
	KUNIT_EXPECT_EQ(test, f->cursors.consumer, 2);

	start_at(f, 0);
	f->cursors.producer = 0xbeef;
	KUNIT_EXPECT_TRUE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, NR);
	atmo_ring_submit(&f->ring, 1);
	KUNIT_EXPECT_EQ(test, f->cursors.producer, 1);
}

static void producer_fills_to_the_brim(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	struct atmo_comp_desc desc = { .status = -5 };
	u32 nr, i;

	start_at(f, U32_MAX - 3);
	KUNIT_EXPECT_TRUE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, NR);
	for (i = 0; i < nr; i++) {
		desc.slot = i;
		atmo_ring_put_comp(&f->ring, i, &desc);
	}
	/* Nothing shows before it is submitted. */
	KUNIT_EXPECT_EQ(test, f->cursors.producer, U32_MAX - 3);
	atmo_ring_submit(&f->ring, nr);
	KUNIT_EXPECT_EQ(test, f->cursors.producer, NR - 4);
	KUNIT_EXPECT_TRUE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, f->comp[NR - 4].slot, 0);
	KUNIT_EXPECT_EQ(test, f->comp[0].slot, 4);
	KUNIT_EXPECT_EQ(test, f->comp[0].status, -5);
	f->cursors.consumer = U32_MAX;
	KUNIT_EXPECT_TRUE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 3);
}

static void producer_rejects_consumer_ahead(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr;

	start_at(f, 10);
	f->cursors.consumer = 11;
	KUNIT_EXPECT_FALSE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
}

static void producer_rejects_consumer_too_far_behind(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	u32 nr;

	start_at(f, 100);
	f->cursors.consumer = 100 - NR - 1;
	KUNIT_EXPECT_FALSE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
	f->cursors.consumer = 100 - NR;
	KUNIT_EXPECT_TRUE(test, atmo_ring_reserve(&f->ring, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
}

/* An entry is copied whole, and stays what it was when the ring changes. */
static void copies_do_not_change(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	struct atmo_tx_desc desc;

	f->tx[0] = (struct atmo_tx_desc){
		.slot = 7, .offset = 100, .len = 200, .port = cpu_to_be16(9),
		.addr = { cpu_to_be32(0x0a000001), 0, 0, cpu_to_be32(5) },
	};
	atmo_ring_copy_tx(&f->ring, 0, &desc);
	memset(&f->tx[0], 0xff, sizeof(f->tx[0]));
	KUNIT_EXPECT_EQ(test, desc.slot, 7);
	KUNIT_EXPECT_EQ(test, desc.offset, 100);
	KUNIT_EXPECT_EQ(test, desc.len, 200);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(desc.port), 9);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(desc.addr[0]), 0x0a000001);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(desc.addr[3]), 5);
}

static void rx_entries_land_in_order(struct kunit *test)
{
	struct fixture *f = fixture_create(test);
	struct atmo_rx_desc desc = { .len = 18 };
	u32 i;

	start_at(f, NR - 1);
	for (i = 0; i < 3; i++) {
		desc.slot = i;
		atmo_ring_put_rx(&f->ring, i, &desc);
	}
	KUNIT_EXPECT_EQ(test, f->rx[NR - 1].slot, 0);
	KUNIT_EXPECT_EQ(test, f->rx[0].slot, 1);
	KUNIT_EXPECT_EQ(test, f->rx[1].slot, 2);
	KUNIT_EXPECT_EQ(test, f->rx[1].len, 18);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(consumer_starts_empty),
	KUNIT_CASE(consumer_sees_what_was_produced),
	KUNIT_CASE(consumer_crosses_wrap),
	KUNIT_CASE(consumer_rejects_cursor_ahead),
	KUNIT_CASE(consumer_rejects_cursor_behind),
	KUNIT_CASE(consumer_recovers),
	KUNIT_CASE(own_cursor_is_not_read_back),
	KUNIT_CASE(producer_fills_to_the_brim),
	KUNIT_CASE(producer_rejects_consumer_ahead),
	KUNIT_CASE(producer_rejects_consumer_too_far_behind),
	KUNIT_CASE(copies_do_not_change),
	KUNIT_CASE(rx_entries_land_in_order),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "atmo_stack_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit suite of atmo_stack/ring.h");
MODULE_LICENSE("GPL");
