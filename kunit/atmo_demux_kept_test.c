// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "../atmo_demux/memcg.h"
#include "../atmo_demux/priv.h"

#define NR	16

/* The only thing that is kept: no NIC is there. */
static struct platform_device *nic, *other_nic;
static struct cgroup_subsys_state *memcg;

static struct platform_device *device_named(struct kunit *test, const char *name)
{
	struct platform_device *pdev = platform_device_register_simple(name, -1, NULL, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64)), 0);
	return pdev;
}

static int kept_init(struct kunit *test)
{
	nic = device_named(test, "atmo_kept_test");
	other_nic = device_named(test, "atmo_kept_other_test");
	memcg = atmo_memcg_get();
	return 0;
}

static void kept_exit(struct kunit *test)
{
	atmo_kept_drop(NULL);
	atmo_memcg_put(memcg);
	platform_device_unregister(other_nic);
	platform_device_unregister(nic);
}

static struct atmo_page_set *new_set(struct kunit *test, struct platform_device *pdev, u32 nr)
{
	struct atmo_page_set *set = kzalloc(sizeof(*set), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	set->dma_dev = &pdev->dev;
	set->memcg = atmo_memcg_get();
	set->nr_pages = nr;
	set->memory = kvcalloc(nr, sizeof(*set->memory), GFP_KERNEL);
	set->pages = kvcalloc(nr, sizeof(*set->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, set->memory);
	KUNIT_ASSERT_NOT_NULL(test, set->pages);
	for (i = 0; i < nr; i++) {
		set->memory[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, set->memory[i]);
		KUNIT_ASSERT_EQ(test, atmo_page_map(&set->pages[i], set->memory[i],
						    &pdev->dev), 0);
	}
	return set;
}

/* Keeps a set; returns one of its pages, with a reference of the caller's. */
static struct page *keep(struct kunit *test, struct platform_device *pdev, u32 nr)
{
	struct atmo_page_set *set = new_set(test, pdev, nr);
	struct page *page = set->memory[nr - 1];

	get_page(page);
	atmo_kept_add(set);
	return page;
}

/* Has the set let go of it? */
static bool is_free(struct page *page)
{
	bool free = page_count(page) == 1;

	put_page(page);
	return free;
}

static void the_same_set_comes_back(struct kunit *test)
{
	struct atmo_page_set *set = new_set(test, nic, NR);

	atmo_kept_add(set);
	KUNIT_ASSERT_PTR_EQ(test, atmo_kept_take(&nic->dev, memcg, NR), set);
	KUNIT_EXPECT_NULL(test, atmo_kept_take(&nic->dev, memcg, NR));
	atmo_page_set_destroy(set);
}

static void nobody_else_gets_it(struct kunit *test)
{
	struct page *page = keep(test, nic, NR);

	KUNIT_EXPECT_NULL(test, atmo_kept_take(&other_nic->dev, memcg, NR));
	KUNIT_EXPECT_NULL(test, atmo_kept_take(&nic->dev, NULL, NR));
	KUNIT_EXPECT_NULL(test, atmo_kept_take(&nic->dev, memcg, 2 * NR));
	KUNIT_EXPECT_TRUE(test, atmo_kept_drop(&nic->dev));
	KUNIT_EXPECT_TRUE(test, is_free(page));
}

static void there_is_room_for_1024_pages(struct kunit *test)
{
	struct page *first = keep(test, nic, 512), *second = keep(test, nic, 512);
	struct page *third;

	KUNIT_EXPECT_FALSE(test, atmo_kept_room(1));
	third = keep(test, nic, NR);
	KUNIT_EXPECT_TRUE(test, is_free(third));
	KUNIT_EXPECT_TRUE(test, atmo_kept_drop(NULL));
	KUNIT_EXPECT_TRUE(test, atmo_kept_room(1024));
	KUNIT_EXPECT_TRUE(test, is_free(first));
	KUNIT_EXPECT_TRUE(test, is_free(second));
}

static void more_than_all_is_never_kept(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, atmo_kept_room(2048));
	KUNIT_EXPECT_FALSE(test, atmo_kept_room(U32_MAX));
}

static void a_nic_goes_with_what_is_mapped_for_it(struct kunit *test)
{
	struct page *ours = keep(test, nic, NR), *theirs = keep(test, other_nic, NR);
	struct atmo_page_set *left;

	KUNIT_EXPECT_TRUE(test, atmo_kept_drop(&nic->dev));
	KUNIT_EXPECT_FALSE(test, atmo_kept_drop(&nic->dev));
	KUNIT_EXPECT_TRUE(test, is_free(ours));
	left = atmo_kept_take(&other_nic->dev, memcg, NR);
	KUNIT_ASSERT_NOT_NULL(test, left);
	KUNIT_EXPECT_FALSE(test, is_free(theirs));
	atmo_page_set_destroy(left);
}

static void what_nobody_takes_is_given_back(struct kunit *test)
{
	struct page *page = keep(test, nic, NR);

	msleep(1000);
	KUNIT_EXPECT_NULL(test, atmo_kept_take(&nic->dev, memcg, NR));
	KUNIT_EXPECT_TRUE(test, is_free(page));
}

static struct kunit_case kept_cases[] = {
	KUNIT_CASE(the_same_set_comes_back),
	KUNIT_CASE(nobody_else_gets_it),
	KUNIT_CASE(there_is_room_for_1024_pages),
	KUNIT_CASE(more_than_all_is_never_kept),
	KUNIT_CASE(a_nic_goes_with_what_is_mapped_for_it),
	KUNIT_CASE(what_nobody_takes_is_given_back),
	{}
};

static struct kunit_suite kept_suite = {
	.name = "atmo_demux_kept",
	.init = kept_init,
	.exit = kept_exit,
	.test_cases = kept_cases,
};

kunit_test_suite(kept_suite);

MODULE_DESCRIPTION("KUnit tests of the page sets that are kept");
MODULE_LICENSE("GPL");
