// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../atmo_demux/priv.h"

#define NR_ENTRIES	8
#define NR_DRIVER_PAGES	4

/**
 * struct fixture - a queue, and pages of a driver's ring
 * @pdev: device to map pages for
 * @q: the queue
 * @pages: the driver's
 */
struct fixture {
	struct platform_device *pdev;
	struct atmo_queue *q;
	struct atmo_page pages[NR_DRIVER_PAGES];
};

static int queue_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->pdev = platform_device_register_simple("atmo_queue_test", -1, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->pdev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&f->pdev->dev, DMA_BIT_MASK(64)), 0);
	f->q = atmo_queue_create(&f->pdev->dev, NR_ENTRIES);
	KUNIT_ASSERT_NOT_NULL(test, f->q);
	for (i = 0; i < NR_DRIVER_PAGES; i++) {
		KUNIT_ASSERT_EQ(test, atmo_page_init(&f->pages[i], &f->pdev->dev, GFP_KERNEL), 0);
		f->pages[i].slot = 100 + i;
	}
	return 0;
}

static void queue_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	if (!f || IS_ERR_OR_NULL(f->pdev))
		return;
	atmo_queue_destroy(f->q);
	for (i = 0; i < NR_DRIVER_PAGES; i++) {
		if (f->pages[i].page)
			atmo_page_exit(&f->pages[i], &f->pdev->dev);
	}
	platform_device_unregister(f->pdev);
}

/* A frame in the driver's @page that says @n. */
static bool push(struct atmo_queue *q, struct atmo_page *page, u32 n)
{
	struct atmo_rx_frame frame = {
		.page = page,
		.offset = 64 + n % 16,
		.len = 60 + n % 1000,
		.flags = n,
	};

	memcpy(page->va, &n, sizeof(n));
	return atmo_queue_push(q, &frame, 1);
}

static u32 frame_says(const struct atmo_rx_frame *frame)
{
	u32 n;

	memcpy(&n, frame->page->va, sizeof(n));
	return n;
}

static void sizes(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_NULL(test, atmo_queue_create(&f->pdev->dev, 0));
	KUNIT_EXPECT_NULL(test, atmo_queue_create(&f->pdev->dev, 12));
	KUNIT_EXPECT_NULL(test, atmo_queue_create(&f->pdev->dev, ATMO_MAX_PAGES * 2));
	atmo_queue_destroy(NULL);
}

static void empty(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame frame;

	KUNIT_EXPECT_EQ(test, atmo_queue_peek(f->q, &frame, 1), 0);
	atmo_queue_release(f->q, 0);
	KUNIT_EXPECT_EQ(test, atmo_queue_peek(f->q, &frame, 1), 0);
}

/* The memory changes hands, the struct atmo_page of each side stays its own. */
static void push_exchanges_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_page before = f->pages[0];
	struct atmo_rx_frame frame;

	KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], 1));
	KUNIT_EXPECT_PTR_NE(test, f->pages[0].page, before.page);
	KUNIT_EXPECT_PTR_NE(test, f->pages[0].va, before.va);
	KUNIT_EXPECT_NE(test, f->pages[0].dma, before.dma);
	KUNIT_EXPECT_PTR_EQ(test, f->pages[0].va, page_address(f->pages[0].page));
	KUNIT_EXPECT_EQ(test, f->pages[0].slot, 100);
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, &frame, 1), 1);
	KUNIT_EXPECT_PTR_EQ(test, frame.page->page, before.page);
	KUNIT_EXPECT_PTR_EQ(test, frame.page->va, before.va);
	KUNIT_EXPECT_EQ(test, frame.page->dma, before.dma);
}

static void frames_keep_order_and_description(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame frames[NR_ENTRIES];
	u32 i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[i % 2], i));
	KUNIT_EXPECT_EQ(test, atmo_queue_peek(f->q, frames, 2), 2);
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, frames, NR_ENTRIES), 5);
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, frame_says(&frames[i]), i);
		KUNIT_EXPECT_EQ(test, frames[i].offset, 64 + i);
		KUNIT_EXPECT_EQ(test, frames[i].len, 60 + i);
		KUNIT_EXPECT_EQ(test, frames[i].flags, i);
	}
	atmo_queue_release(f->q, 3);
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, frames, NR_ENTRIES), 2);
	KUNIT_EXPECT_EQ(test, frame_says(&frames[0]), 3);
}

static void full_drops_and_counts(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame frames[NR_ENTRIES];
	struct atmo_page before;
	u32 i;

	for (i = 0; i < NR_ENTRIES; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], i));
	before = f->pages[0];
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, push(f->q, &f->pages[0], 99));
	KUNIT_EXPECT_EQ(test, memcmp(&before, &f->pages[0], sizeof(before)), 0);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, ATMO_DROP_RX_QUEUE_FULL), 3);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, ATMO_DROP_RX_CHECKSUM), 0);
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, frames, NR_ENTRIES), NR_ENTRIES);
	KUNIT_EXPECT_EQ(test, frame_says(&frames[NR_ENTRIES - 1]), NR_ENTRIES - 1);
	atmo_queue_release(f->q, 1);
	KUNIT_EXPECT_TRUE(test, push(f->q, &f->pages[0], NR_ENTRIES));
	KUNIT_EXPECT_FALSE(test, push(f->q, &f->pages[0], 99));
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, ATMO_DROP_RX_QUEUE_FULL), 4);
}

/* Together: as many as there is room for, from the first on; the rest is unchanged. */
static void push_several(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame in[NR_DRIVER_PAGES], out[NR_ENTRIES];
	struct atmo_page before[NR_DRIVER_PAGES];
	u32 i;

	for (i = 0; i < NR_ENTRIES - 2; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], i));
	for (i = 0; i < NR_DRIVER_PAGES; i++) {
		u32 says = 1000 + i;

		in[i] = (struct atmo_rx_frame) { .page = &f->pages[i], .len = 60 + i };
		memcpy(f->pages[i].va, &says, sizeof(says));
		before[i] = f->pages[i];
	}
	KUNIT_ASSERT_EQ(test, atmo_queue_push(f->q, in, NR_DRIVER_PAGES), 2);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, ATMO_DROP_RX_QUEUE_FULL),
			NR_DRIVER_PAGES - 2);
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, out, NR_ENTRIES), NR_ENTRIES);
	for (i = 0; i < NR_DRIVER_PAGES; i++) {
		KUNIT_EXPECT_EQ(test, f->pages[i].va == before[i].va, i >= 2);
		if (i >= 2)
			continue;
		KUNIT_EXPECT_EQ(test, frame_says(&out[NR_ENTRIES - 2 + i]), 1000 + i);
		KUNIT_EXPECT_EQ(test, out[NR_ENTRIES - 2 + i].len, 60 + i);
	}
	KUNIT_EXPECT_EQ(test, atmo_queue_push(f->q, in, NR_DRIVER_PAGES), 0);
}

static void purge(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame frame;
	u32 i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], i));
	atmo_queue_purge(f->q);
	KUNIT_EXPECT_EQ(test, atmo_queue_peek(f->q, &frame, 1), 0);
	for (i = 0; i < NR_ENTRIES; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], i));
}

static void drops_by_reason(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 reason;

	for (reason = 0; reason < ATMO_NR_DROPS; reason++) {
		atmo_queue_drop(f->q, reason, reason);
		atmo_queue_drop(f->q, reason, 1);
	}
	for (reason = 0; reason < ATMO_NR_DROPS; reason++)
		KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, reason), reason + 1);
}

/* Is @va one of the first @n of @seen? If not, it is added. */
static bool seen_before(void **seen, u32 *n, void *va)
{
	u32 i;

	for (i = 0; i < *n; i++) {
		if (seen[i] == va)
			return true;
	}
	seen[(*n)++] = va;
	return false;
}

/* However frames come and go, each side has as many pages as before, all distinct. */
static void nobody_loses_a_page(struct kunit *test)
{
	void *seen[NR_ENTRIES + NR_DRIVER_PAGES + 1];
	struct fixture *f = test->priv;
	struct atmo_rx_frame frames[NR_ENTRIES];
	u32 next_in = 0, next_out = 0, nr_seen = 0;
	u32 i, n;

	for (i = 0; i < 1000; i++) {
		if (push(f->q, &f->pages[i % NR_DRIVER_PAGES], next_in))
			next_in++;
		n = atmo_queue_peek(f->q, frames, i % 3);
		KUNIT_ASSERT_LE(test, n, i % 3);
		while (n--) {
			atmo_queue_peek(f->q, frames, 1);
			KUNIT_ASSERT_EQ(test, frame_says(&frames[0]), next_out++);
			atmo_queue_release(f->q, 1);
		}
	}
	atmo_queue_purge(f->q);
	for (i = 0; i < NR_DRIVER_PAGES; i++) {
		KUNIT_EXPECT_FALSE(test, seen_before(seen, &nr_seen, f->pages[i].va));
		KUNIT_EXPECT_EQ(test, f->pages[i].slot, 100 + i);
	}
	for (i = 0; i < NR_ENTRIES; i++)
		KUNIT_ASSERT_TRUE(test, push(f->q, &f->pages[0], i));
	KUNIT_ASSERT_EQ(test, atmo_queue_peek(f->q, frames, NR_ENTRIES), NR_ENTRIES);
	/* Page 0 was exchanged eight times; seven pages of the queue are old ones. */
	for (i = 1; i < NR_ENTRIES; i++)
		KUNIT_EXPECT_FALSE(test, seen_before(seen, &nr_seen, frames[i].page->va));
	KUNIT_EXPECT_FALSE(test, seen_before(seen, &nr_seen, f->pages[0].va));
	KUNIT_EXPECT_EQ(test, nr_seen, NR_ENTRIES + NR_DRIVER_PAGES);
}

#define NR_PRODUCERS	2
#define NR_FRAMES	20000

/**
 * struct producer - one of several softirqs, played by a thread
 * @q: the queue
 * @page: the page its frames are in
 * @id: which one
 * @taken: frames that the queue has taken
 * @dropped: frames that it hasn't
 * @done: all frames were pushed
 */
struct producer {
	struct atmo_queue *q;
	struct atmo_page *page;
	u32 id;
	u32 taken;
	u32 dropped;
	struct completion done;
};

static int produce(void *arg)
{
	struct producer *p = arg;
	u32 i;

	for (i = 0; i < NR_FRAMES; i++) {
		local_bh_disable();
		if (push(p->q, p->page, p->id << 24 | i))
			p->taken++;
		else
			p->dropped++;
		local_bh_enable();
		if (i % 64 == 0)
			cond_resched();
	}
	kthread_complete_and_exit(&p->done, 0);
	return 0;
}

/*
 * Takes what there is; checks that no producer's frames come out of order. No
 * assertions: they would leave the producers alone.
 */
static u32 consume(struct kunit *test, struct atmo_queue *q, u32 *next)
{
	struct atmo_rx_frame frames[4];
	u32 n = atmo_queue_peek(q, frames, ARRAY_SIZE(frames));
	u32 i;

	for (i = 0; i < n; i++) {
		u32 said = frame_says(&frames[i]);
		u32 id = said >> 24;

		KUNIT_EXPECT_EQ(test, said, frames[i].flags);
		KUNIT_EXPECT_LT(test, id, NR_PRODUCERS);
		if (id >= NR_PRODUCERS)
			continue;
		KUNIT_EXPECT_GE(test, said & 0xffffff, next[id]);
		next[id] = (said & 0xffffff) + 1;
	}
	atmo_queue_release(q, n);
	return n;
}

static void several_producers_one_consumer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct producer producers[NR_PRODUCERS];
	u32 next[NR_PRODUCERS] = {};
	u32 i, got = 0, taken = 0, dropped = 0;

	for (i = 0; i < NR_PRODUCERS; i++) {
		struct producer *p = &producers[i];

		*p = (struct producer) { .q = f->q, .page = &f->pages[i], .id = i };
		init_completion(&p->done);
		if (IS_ERR(kthread_run(produce, p, "atmo_producer/%u", i)))
			complete(&p->done);
	}
	for (i = 0; i < NR_PRODUCERS; i++) {
		while (!try_wait_for_completion(&producers[i].done)) {
			got += consume(test, f->q, next);
			cond_resched();
		}
		taken += producers[i].taken;
		dropped += producers[i].dropped;
	}
	for (i = 0; i < NR_ENTRIES; i++)
		got += consume(test, f->q, next);
	KUNIT_EXPECT_EQ(test, taken + dropped, NR_PRODUCERS * NR_FRAMES);
	KUNIT_EXPECT_EQ(test, got, taken);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->q, ATMO_DROP_RX_QUEUE_FULL), dropped);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(sizes),
	KUNIT_CASE(empty),
	KUNIT_CASE(push_exchanges_memory),
	KUNIT_CASE(frames_keep_order_and_description),
	KUNIT_CASE(full_drops_and_counts),
	KUNIT_CASE(push_several),
	KUNIT_CASE(purge),
	KUNIT_CASE(drops_by_reason),
	KUNIT_CASE(nobody_loses_a_page),
	KUNIT_CASE(several_producers_one_consumer),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "atmo_demux_queue",
	.init = queue_init,
	.exit = queue_exit,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

MODULE_DESCRIPTION("KUnit suite of the private queue");
MODULE_LICENSE("GPL");
