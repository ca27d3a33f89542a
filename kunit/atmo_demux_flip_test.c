// SPDX-License-Identifier: GPL-2.0
/*
 * Packet flipping between the rings of a driver and the private queues of several
 * endpoints, in random order, against a model that says for each page where it
 * is: none may be lost, none may be in two places, and each side has as many as it
 * began with.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../atmo_demux/priv.h"

#define NR_RING_PAGES	96
#define NR_QUEUES	5
#define MAX_ENTRIES	256
#define NR_PUSHES	3600000
#define CHECK_EACH	100000
#define MIX_EACH	1000	/* pushes until another queue gets most frames */

static const u32 queue_sizes[NR_QUEUES] = { 1, 2, 16, 64, MAX_ENTRIES };

/* Pages there are in all. */
#define NR_PAGES	(NR_RING_PAGES + 1 + 2 + 16 + 64 + MAX_ENTRIES)

/**
 * struct model - what is known of a queue
 * @q: the queue
 * @size: entries
 * @in: frames pushed
 * @out: frames released
 * @dropped: frames refused
 * @page: by entry: number of the page in it
 * @frame: by entry: number of the frame in it
 */
struct model {
	struct atmo_queue *q;
	u32 size;
	u32 in;
	u32 out;
	u32 dropped;
	u32 page[MAX_ENTRIES];
	u32 frame[MAX_ENTRIES];
};

/**
 * struct fixture - a driver's pages and some queues
 * @pdev: device that the pages are mapped for
 * @ring: the driver's pages
 * @ring_page: their numbers
 * @va: by number: memory of the page
 * @dma: by number: bus address of the page
 * @queues: the queues
 * @nr_known: pages that have got a number
 * @favourite: queue that gets most frames at present
 * @random: state of the random numbers
 */
struct fixture {
	struct platform_device *pdev;
	struct atmo_page ring[NR_RING_PAGES];
	u32 ring_page[NR_RING_PAGES];
	void *va[NR_PAGES];
	dma_addr_t dma[NR_PAGES];
	struct model queues[NR_QUEUES];
	u32 nr_known;
	u32 favourite;
	struct rnd_state random;
};

static u32 random_below(struct fixture *f, u32 n)
{
	return prandom_u32_state(&f->random) % n;
}

/* Gives a page the next number. */
static u32 learn(struct fixture *f, const struct atmo_page *page)
{
	f->va[f->nr_known] = page->va;
	f->dma[f->nr_known] = page->dma;
	return f->nr_known++;
}

static bool is_page(const struct fixture *f, const struct atmo_page *page, u32 number)
{
	return page->va == f->va[number] && page->dma == f->dma[number] &&
	       page_address(page->page) == page->va;
}

/* The spare pages of an empty queue, by pushing until each has come out. */
static void learn_queue(struct kunit *test, struct fixture *f, struct model *m)
{
	struct atmo_rx_frame frame;
	u32 i, was;

	for (i = 0; i < m->size; i++) {
		frame = (struct atmo_rx_frame) { .page = &f->ring[0], .len = 60 };
		was = f->ring_page[0];
		KUNIT_ASSERT_TRUE(test, atmo_queue_push(m->q, &frame, 1));
		f->ring_page[0] = learn(f, &f->ring[0]);
		m->page[i] = was;
	}
	atmo_queue_release(m->q, m->size);
	/* A whole round: the cursors stand at the first entry again. */
	m->in = m->size;
	m->out = m->size;
}

static int flip_init(struct kunit *test)
{
	struct fixture *f = kvzalloc(sizeof(*f), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	prandom_seed_state(&f->random, 82599);
	f->pdev = platform_device_register_simple("atmo_flip_test", -1, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->pdev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&f->pdev->dev, DMA_BIT_MASK(64)), 0);
	for (i = 0; i < NR_RING_PAGES; i++) {
		KUNIT_ASSERT_EQ(test, atmo_page_init(&f->ring[i], &f->pdev->dev, GFP_KERNEL), 0);
		f->ring[i].slot = i;
		f->ring_page[i] = learn(f, &f->ring[i]);
	}
	for (i = 0; i < NR_QUEUES; i++) {
		struct model *m = &f->queues[i];

		m->size = queue_sizes[i];
		m->q = atmo_queue_create(&f->pdev->dev, m->size);
		KUNIT_ASSERT_NOT_NULL(test, m->q);
		learn_queue(test, f, m);
	}
	KUNIT_ASSERT_EQ(test, f->nr_known, NR_PAGES);
	return 0;
}

static void flip_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	if (!f)
		return;
	for (i = 0; i < NR_QUEUES; i++)
		atmo_queue_destroy(f->queues[i].q);
	for (i = 0; i < NR_RING_PAGES; i++) {
		if (f->ring[i].page)
			atmo_page_exit(&f->ring[i], &f->pdev->dev);
	}
	if (!IS_ERR_OR_NULL(f->pdev))
		platform_device_unregister(f->pdev);
	kvfree(f);
}

/* Whom the next frame is for: half the time, one and the same. */
static struct model *next_queue(struct fixture *f, u32 number)
{
	if (number % MIX_EACH == 0)
		f->favourite = random_below(f, NR_QUEUES);
	return &f->queues[random_below(f, 2) ? f->favourite : random_below(f, NR_QUEUES)];
}

/* A frame in a random page of the ring for a random queue; counts what is wrong. */
static u32 push_one(struct fixture *f, u32 number)
{
	struct model *m = next_queue(f, number);
	u32 i = random_below(f, NR_RING_PAGES);
	struct atmo_rx_frame frame = {
		.page = &f->ring[i],
		.offset = ATMO_FRAME_OFFSET,
		.len = 60 + number % 1000,
		.flags = number,
	};
	bool room = m->in - m->out < m->size;
	u32 e = m->in % m->size;

	if (atmo_queue_push(m->q, &frame, 1) != room)
		return 1;
	if (room) {
		swap(f->ring_page[i], m->page[e]);
		m->frame[e] = number;
		m->in++;
	} else {
		m->dropped++;
	}
	return !is_page(f, &f->ring[i], f->ring_page[i]) || f->ring[i].slot != i;
}

/* The application of a random queue takes up to eight frames. */
static u32 take_some(struct fixture *f)
{
	struct model *m = &f->queues[random_below(f, NR_QUEUES)];
	u32 n = min(random_below(f, 9), m->in - m->out);
	struct atmo_rx_frame frames[8];
	u32 i, e, wrong = 0;

	if (atmo_queue_peek(m->q, frames, n) != n)
		return 1;
	for (i = 0; i < n; i++) {
		e = (m->out + i) % m->size;
		wrong += !is_page(f, frames[i].page, m->page[e]) ||
			 frames[i].flags != m->frame[e] ||
			 frames[i].len != 60 + m->frame[e] % 1000;
	}
	atmo_queue_release(m->q, n);
	m->out += n;
	return wrong;
}

/* Every page is in one place; each side has as many as it began with. */
static void check_permutation(struct kunit *test, struct fixture *f)
{
	static u8 seen[NR_PAGES];
	u32 i, e, len, used, wrong = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < NR_RING_PAGES; i++)
		seen[f->ring_page[i]]++;
	for (i = 0; i < NR_QUEUES; i++) {
		for (e = 0; e < f->queues[i].size; e++)
			seen[f->queues[i].page[e]]++;
		atmo_queue_fill(f->queues[i].q, &len, &used);
		KUNIT_EXPECT_EQ(test, len, f->queues[i].size);
		KUNIT_EXPECT_EQ(test, used, f->queues[i].in - f->queues[i].out);
	}
	for (i = 0; i < NR_PAGES; i++)
		wrong += seen[i] != 1;
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void pages_are_a_permutation(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i, taken = 0, wrong = 0;

	for (i = 0; i < NR_PUSHES; i++) {
		wrong += push_one(f, i);
		/* In turns more and less often than frames come. */
		if (random_below(f, 8) < (i >> 12) % 8)
			wrong += take_some(f);
		if (i % CHECK_EACH == 0)
			check_permutation(test, f);
		cond_resched();
	}
	check_permutation(test, f);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	for (i = 0; i < NR_QUEUES; i++) {
		struct model *m = &f->queues[i];

		KUNIT_EXPECT_EQ(test, atmo_queue_dropped(m->q, ATMO_DROP_RX_QUEUE_FULL),
				m->dropped);
		KUNIT_EXPECT_GT(test, m->dropped, 0);
		taken += m->in - m->size + m->dropped;
	}
	KUNIT_EXPECT_EQ(test, taken, NR_PUSHES);
}

static struct kunit_case flip_cases[] = {
	KUNIT_CASE(pages_are_a_permutation),
	{}
};

static struct kunit_suite flip_suite = {
	.name = "atmo_demux_flip",
	.init = flip_init,
	.exit = flip_exit,
	.test_cases = flip_cases,
};

kunit_test_suite(flip_suite);

MODULE_DESCRIPTION("KUnit suite of packet flipping between many queues");
MODULE_LICENSE("GPL");
