// SPDX-License-Identifier: GPL-2.0
/* Who may give a page to whom. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../atmo_stack/owner.h"

/* The member that most tests speak for. */
#define M	5

/* The whole table, written a second time, from the picture in owner.h. */
static const bool allowed[ATMO_NR_OWNERS][ATMO_NR_OWNERS] = {
	[ATMO_OWNER_USER][ATMO_OWNER_SPARE] = true,
	[ATMO_OWNER_USER][ATMO_OWNER_TX] = true,
	[ATMO_OWNER_USER][ATMO_OWNER_RECYCLE] = true,
	[ATMO_OWNER_SPARE][ATMO_OWNER_NIC_RX] = true,
	[ATMO_OWNER_SPARE][ATMO_OWNER_USER] = true,
	[ATMO_OWNER_NIC_RX][ATMO_OWNER_SPARE] = true,
	[ATMO_OWNER_NIC_RX][ATMO_OWNER_USER] = true,
	[ATMO_OWNER_TX][ATMO_OWNER_USER] = true,
	[ATMO_OWNER_RECYCLE][ATMO_OWNER_SPARE] = true,
	[ATMO_OWNER_RECYCLE][ATMO_OWNER_USER] = true,
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

	KUNIT_EXPECT_TRUE(test, atmo_owner_take(&owner, M, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_EQ(test, owner, atmo_owner_word(M, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_OWNER_TX));
	KUNIT_EXPECT_EQ(test, owner, atmo_owner_word(M, ATMO_OWNER_SPARE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take_alone(&owner, M, ATMO_OWNER_TX));
	atmo_owner_give(&owner);
	KUNIT_EXPECT_TRUE(test, atmo_owner_take_alone(&owner, M, ATMO_OWNER_RECYCLE));
	KUNIT_EXPECT_EQ(test, owner, atmo_owner_word(M, ATMO_OWNER_RECYCLE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take_alone(&owner, M, ATMO_OWNER_RECYCLE));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_OWNER_RECYCLE));
}

static void application_gives_to_no_one_else(struct kunit *test)
{
	u32 owner = ATMO_OWNER_USER;

	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_OWNER_USER));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_OWNER_NIC_RX));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take_alone(&owner, M, ATMO_OWNER_USER));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take_alone(&owner, M, ATMO_OWNER_NIC_RX));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&owner, M, ATMO_NR_OWNERS));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

/* A page that the application has leaves it by taking only. */
static void move_never_takes_from_application(struct kunit *test)
{
	u32 owner = ATMO_OWNER_USER;

	KUNIT_EXPECT_FALSE(test, atmo_owner_move(&owner, M, ATMO_OWNER_USER, ATMO_OWNER_TX));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

static void lane_returns_what_it_has(struct kunit *test)
{
	u32 owner = atmo_owner_word(M, ATMO_OWNER_SPARE);

	KUNIT_EXPECT_TRUE(test, atmo_owner_move(&owner, M, ATMO_OWNER_SPARE, ATMO_OWNER_NIC_RX));
	KUNIT_EXPECT_TRUE(test, atmo_owner_move(&owner, M, ATMO_OWNER_NIC_RX, ATMO_OWNER_USER));
	KUNIT_EXPECT_EQ(test, owner, ATMO_OWNER_USER);
}

/* A driver that yields a page twice, or one that it never had. */
static void lane_returns_what_it_has_not(struct kunit *test)
{
	u32 owner;

	for (owner = 0; owner < ATMO_NR_OWNERS; owner++) {
		u32 word = atmo_owner_word(M, owner), before = word;

		if (owner != ATMO_OWNER_NIC_RX) {
			KUNIT_EXPECT_FALSE(test, atmo_owner_move(&word, M, ATMO_OWNER_NIC_RX,
								 ATMO_OWNER_USER));
			KUNIT_EXPECT_EQ(test, word, before);
		}
		if (owner != ATMO_OWNER_TX) {
			KUNIT_EXPECT_FALSE(test, atmo_owner_move(&word, M, ATMO_OWNER_TX,
								 ATMO_OWNER_USER));
			KUNIT_EXPECT_EQ(test, word, before);
		}
	}
}

/* Members of a page domain: what one has, no other can move or be given. */
static void members_keep_apart(struct kunit *test)
{
	u32 word = ATMO_OWNER_USER, other;

	KUNIT_EXPECT_TRUE(test, atmo_owner_take(&word, M, ATMO_OWNER_TX));
	KUNIT_EXPECT_FALSE(test, atmo_owner_take(&word, M + 1, ATMO_OWNER_TX));
	for (other = 0; other < ATMO_MAX_MEMBERS; other++) {
		KUNIT_EXPECT_EQ(test, atmo_owner_is_member(word, other), other == M);
		if (other != M)
			KUNIT_EXPECT_FALSE(test, atmo_owner_move(&word, other, ATMO_OWNER_TX,
								 ATMO_OWNER_USER));
	}
	KUNIT_EXPECT_TRUE(test, atmo_owner_move(&word, M, ATMO_OWNER_TX, ATMO_OWNER_USER));
	KUNIT_EXPECT_EQ(test, word, ATMO_OWNER_USER);
	KUNIT_EXPECT_FALSE(test, atmo_owner_is_member(word, M));
	KUNIT_EXPECT_FALSE(test, atmo_owner_is_member(word, 0));
	KUNIT_EXPECT_TRUE(test, atmo_owner_take(&word, M + 1, ATMO_OWNER_SPARE));
}

static void words_are_all_different(struct kunit *test)
{
	static u32 words[ATMO_MAX_MEMBERS * ATMO_NR_OWNERS];
	u32 member, owner, i, n = 0;

	for (member = 0; member < ATMO_MAX_MEMBERS; member++) {
		for (owner = 0; owner < ATMO_NR_OWNERS; owner++) {
			u32 word = atmo_owner_word(member, owner);

			KUNIT_EXPECT_EQ(test, atmo_owner_of(word), owner);
			if (owner == ATMO_OWNER_USER)
				continue;
			for (i = 0; i < n; i++)
				KUNIT_ASSERT_NE(test, words[i], word);
			words[n++] = word;
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
	KUNIT_CASE(members_keep_apart),
	KUNIT_CASE(words_are_all_different),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "atmo_stack_owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);

MODULE_DESCRIPTION("KUnit suite of atmo_stack/owner.h");
MODULE_LICENSE("GPL");
