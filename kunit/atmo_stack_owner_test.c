// SPDX-License-Identifier: GPL-2.0
/* Who may give a page to whom. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../atmo_stack/owner.h"

/* The whole table, written a second time, from the picture in owner.h. */
static const bool allowed[ATMO_NR_OWNERS][ATMO_NR_OWNERS] = {
	[ATMO_OWNER_USER][ATMO_OWNER_SPARE] = true,
	[ATMO_OWNER_USER][ATMO_OWNER_TX] = true,
	[ATMO_OWNER_SPARE][ATMO_OWNER_NIC_RX] = true,
	[ATMO_OWNER_SPARE][ATMO_OWNER_USER] = true,
	[ATMO_OWNER_NIC_RX][ATMO_OWNER_SPARE] = true,
	[ATMO_OWNER_NIC_RX][ATMO_OWNER_USER] = true,
	[ATMO_OWNER_TX][ATMO_OWNER_USER] = true,
};

static void table_is_complete(struct kunit *test)
{
	u32 from, to;

	for (from = 0; from < ATMO_NR_OWNERS; from++)
		for (to = 0; to < ATMO_NR_OWNERS; to++)
			KUNIT_EXPECT_EQ_MSG(test, atmo_owner_may(from, to), allowed[from][to],
					    "from %u to %u", from, to);
	KUNIT_EXPECT_FALSE(test, atmo_owner_may(ATMO_NR_OWNERS, ATMO_OWNER_USER));
	KUNIT_EXPECT_FALSE(test, atmo_owner_may(ATMO_OWNER_USER, ATMO_NR_OWNERS));
	KUNIT_EXPECT_FALSE(test, atmo_owner_may(U32_MAX, U32_MAX));
}

/* The same slot twice in a ring, or in both rings. */
static void page_is_taken_once(struct kunit *test)
{
	u32 owner = ATMO_OWNER_USER;

	KUNIT_EXPECT_TRUE(test, atmo_owner_take(&owner, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_SPARE);
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, ATMO_OWNER_TX));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_SPARE);
}

static void application_gives_to_no_one_else(struct kunit *test)
{
	u32 owner = ATMO_OWNER_USER;

	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, ATMO_OWNER_USER));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, ATMO_OWNER_NIC_RX));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, ATMO_NR_OWNERS));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

/* A page that the application has leaves it by taking only. */
static void move_never_takes_from_application(struct kunit *test)
{
	u32 owner = ATMO_OWNER_USER;

	KUNIT_EXPECT_FALSE(test, atmo_owner_move(&owner, ATMO_OWNER_USER, ATMO_OWNER_TX));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

static void lane_returns_what_it_has(struct kunit *test)
{
	u32 owner = ATMO_OWNER_SPARE;

	KUNIT_EXPECT_TRUE(test, atmo_owner_move(&owner, ATMO_OWNER_SPARE, ATMO_OWNER_NIC_RX));
	KUNIT_EXPECT_TRUE(test, atmo_owner_move(&owner, ATMO_OWNER_NIC_RX, ATMO_OWNER_USER));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

/* A driver that yields a page twice, or one that it never had. */
static void lane_returns_what_it_has_not(struct kunit *test)
{
	u32 owner;

	for (owner = 0; owner < ATMO_NR_OWNERS; owner++) {
		u32 word = owner;

		if (owner != ATMO_OWNER_NIC_RX) {
			KUNIT_EXPECT_FALSE(test, atmo_owner_move(&word, ATMO_OWNER_NIC_RX,
								 ATMO_OWNER_USER));
			KUNIT_EXPECT_EQ(test, word, owner);
		}
		if (owner != ATMO_OWNER_TX) {
			KUNIT_EXPECT_FALSE(test, atmo_owner_move(&word, ATMO_OWNER_TX,
								 ATMO_OWNER_USER));
			KUNIT_EXPECT_EQ(test, word, owner);
		}
	}
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(table_is_complete),
	KUNIT_CASE(page_is_taken_once),
	KUNIT_CASE(application_gives_to_no_one_else),
	KUNIT_CASE(move_never_takes_from_application),
	KUNIT_CASE(lane_returns_what_it_has),
	KUNIT_CASE(lane_returns_what_it_has_not),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "atmo_stack_owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);

MODULE_DESCRIPTION("KUnit suite of atmo_stack/owner.h");
MODULE_LICENSE("GPL");
