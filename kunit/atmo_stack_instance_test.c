// SPDX-License-Identifier: GPL-2.0
/*
 * The data path of an instance between a lane and a protocol that do as they are
 * told: what a driver may not do, and what only happens when queues are full.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "../atmo_portmgr/compat.h"
#include "../atmo_stack/match.h"
#include "../atmo_stack/priv.h"
#include "../atmo_stack/template.h"

#define NR	16
#define HEAD	42

/* An instance, and the lane and protocol behind it. */
struct fake {
	struct atmo_instance *inst;
	struct platform_device *pdev;		/* to map pages for */
	struct atmo_page *provided[NR];		/* pages that rx_provide took */
	u32	nr_provided;
	struct atmo_rx_frame frames[NR];	/* what rx_return shall yield */
	u32	nr_frames;
	struct atmo_tx_frame sent[NR];		/* frames that tx_provide took */
	u32	nr_sent;
	struct atmo_page *returned[NR];		/* what tx_return shall yield */
	u32 nr_moved;				/* what it shall have recycled itself */
	u32	nr_returned;
	u32	tx_room;			/* how many tx_provide will take */
	struct atmo_fast_head heads[NR];	/* where tx_fast builds heads */
	u32	nr_fast;			/* frames and entries that took the fast path */
	int	error;				/* what lane_error says */
	u8	verdicts[NR];			/* on received frames, in order */
	u32	nr_verdicts;			/* given so far */
	u32	slow;				/* entries sent by the protocol */
};

/* The protocol is given the instance, not the lane. */
static struct fake *fake;

/* ---- The lane ---- */

static u32 fake_rx_provide(struct atmo_lane *lane, struct atmo_page *const *pages, u32 n,
			   bool more)
{
	u32 i;

	for (i = 0; i < n; i++)
		fake->provided[fake->nr_provided++] = pages[i];
	return n;
}

static u32 fake_rx_return(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n)
{
	n = min(n, fake->nr_frames);
	memcpy(frames, fake->frames, n * sizeof(*frames));
	fake->nr_frames -= n;
	memmove(fake->frames, &fake->frames[n], fake->nr_frames * sizeof(*frames));
	return n;
}

static bool fake_rx_arm(struct atmo_lane *lane)
{
	return fake->nr_frames;
}

static u32 fake_tx_provide(struct atmo_lane *lane, const struct atmo_tx_frame *frames, u32 n)
{
	n = min(n, fake->tx_room);
	memcpy(&fake->sent[fake->nr_sent], frames, n * sizeof(*frames));
	fake->nr_sent += n;
	fake->tx_room -= n;
	return n;
}

/* As the driver does it, with what the hardware would say. */
static u32 fake_rx_fast(struct atmo_lane *lane, struct atmo_fast_rx *to, u32 n)
{
	const u32 wanted = to->match ? ATMO_RX_L3_OK | ATMO_RX_L4_OK : 0;
	const u32 looked_at = wanted | ATMO_RX_HW_ERROR | ATMO_RX_MULTI_DESC;
	const struct atmo_rx_frame *frame = fake->frames;
	u32 i;

	n = min(n, fake->nr_frames);
	for (i = 0; i < n; i++, frame++) {
		to->other = (frame->flags & looked_at) != wanted ||
			    !(to->match ? atmo_fast_rx_datagram(to, frame->page, frame->len) :
					  atmo_fast_rx_whole(to, frame->page, frame->len));
		if (to->other)
			break;
	}
	fake->nr_fast += i;
	fake->nr_frames -= i;
	memmove(fake->frames, frame, fake->nr_frames * sizeof(*frame));
	return i;
}

static struct atmo_tx_frame fast_frame(const struct atmo_fast_tx *from,
				       struct atmo_fast_head *head,
				       const struct atmo_tx_words *words)
{
	struct atmo_tx_frame frame = {
		.head = head->bytes, .page = &from->pages[words->slot], .offset = words->offset,
		.len = words->len, .csum = ATMO_TX_CSUM_NONE, .recycle = true,
	};

	if (from->find) {
		frame.csum = ATMO_TX_CSUM_UDP4;
		frame.head_len = atmo_fast_tx_head(from, head, frame.page, words);
		if (frame.head_len > HEAD)
			frame.len = 0;
	}
	return frame;
}

static u32 fake_tx_fast(struct atmo_lane *lane, struct atmo_fast_tx *from, u32 n)
{
	struct atmo_tx_words words;
	u32 i, at;

	n = min(n, fake->tx_room);
	for (i = 0; i < n && atmo_fast_tx_next(from, &words, from->find); i++) {
		at = fake->nr_sent++;
		fake->sent[at] = fast_frame(from, &fake->heads[at], &words);
		from->bytes += words.len;
	}
	from->other = i < n;
	fake->nr_fast += i;
	fake->tx_room -= i;
	return i;
}

static u32 fake_tx_return(struct atmo_lane *lane, struct atmo_page **pages, u32 n,
			  u32 *recycled)
{
	*recycled = fake->nr_moved;
	fake->nr_moved = 0;
	n = min(n, fake->nr_returned);
	memcpy(pages, fake->returned, n * sizeof(*pages));
	fake->nr_returned -= n;
	memmove(fake->returned, &fake->returned[n], fake->nr_returned * sizeof(*pages));
	return n;
}

static int fake_lane_error(const struct atmo_lane *lane)
{
	return fake->error;
}

static const struct atmo_nic_ops fake_ops = {
	.rx_provide	= fake_rx_provide,
	.rx_fast	= fake_rx_fast,
	.rx_return	= fake_rx_return,
	.rx_arm		= fake_rx_arm,
	.tx_provide	= fake_tx_provide,
	.tx_fast	= fake_tx_fast,
	.tx_return	= fake_tx_return,
	.lane_error	= fake_lane_error,
};

/* ---- The protocol ---- */

static void fake_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		work[i].verdict = fake->verdicts[fake->nr_verdicts++ % NR];
		work[i].reason = ATMO_DROP_RX_CHECKSUM;
		work[i].desc.offset = work[i].frame.offset + HEAD;
		work[i].desc.len = work[i].frame.len - HEAD;
	}
}

/* The payload's first byte says what becomes of it. */
static void fake_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		switch (*(const char *)work[i].payload) {
		case 'l':
			work[i].verdict = ATMO_TX_SENT;
			fake->slow++;
			break;
		case 'r':
			work[i].verdict = ATMO_TX_REFUSE;
			work[i].reason = ATMO_DROP_TX_NO_ROUTE;
			work[i].status = -ENETUNREACH;
			break;
		default:
			work[i].verdict = ATMO_TX_SEND;
			work[i].head_len = HEAD;
			memset(work[i].head, 'h', HEAD);
		}
	}
}

static u32 fake_max_payload(struct atmo_instance *inst)
{
	return 1472;
}

static const struct atmo_proto fake_proto = {
	.rx = fake_rx, .tx = fake_tx, .max_payload = fake_max_payload,
};

/* One that has headers for port 7, and knows its datagrams by their version. */
static const struct atmo_udp_template *fake_tx_plain(struct atmo_instance *inst, void *priv,
						     const struct atmo_tx_desc *desc)
{
	static const struct atmo_udp_template headers = {
		.max_payload = 1472, .valid = true, .key = 1 << 16, .head = "headers",
	};

	return desc->port == cpu_to_be16(7) ? &headers : NULL;
}

static const struct atmo_udp_match *fake_rx_plain(struct atmo_instance *inst, void *priv)
{
	static struct atmo_udp_match match;

	memset((u8 *)match.mask + ATMO_ETH_LEN, 0xff, 1);
	memset((u8 *)match.value + ATMO_ETH_LEN, 0x45, 1);
	return &match;
}

static const struct atmo_proto fake_plain_proto = {
	.rx = fake_rx, .tx = fake_tx, .max_payload = fake_max_payload,
	.rx_plain = fake_rx_plain, .tx_plain = fake_tx_plain,
};

/* ---- The application ---- */

static void put_free(u32 slot)
{
	struct atmo_ring *ring = &fake->inst->rx.free;
	struct atmo_free_desc *entries = ring->entries;

	entries[ring->cursors->producer++ % NR] = (struct atmo_free_desc){ .slot = slot };
}

static void put_tx(u32 slot, char what, u16 len)
{
	struct atmo_ring *ring = &fake->inst->tx.ring;
	struct atmo_tx_desc *entries = ring->entries;

	*(char *)fake->inst->pages[slot].va = what;
	entries[ring->cursors->producer++ % NR] = (struct atmo_tx_desc){ .slot = slot, .len = len };
}

static void put_recycled(u32 slot, char what, u16 len)
{
	struct atmo_ring *ring = &fake->inst->tx.ring;
	struct atmo_tx_desc *entries = ring->entries;
	u32 i = ring->cursors->producer % NR;

	put_tx(slot, what, len);
	entries[i].flags = ATMO_TX_RECYCLE;
}

static u32 nr_in(const struct atmo_ring *ring)
{
	return ring->cursors->producer - ring->cursors->consumer;
}

static struct atmo_comp_desc get_comp(void)
{
	struct atmo_ring *ring = &fake->inst->tx.comp;
	const struct atmo_comp_desc *entries = ring->entries;

	return entries[ring->cursors->consumer++ % NR];
}

/* The lane received a frame into a page that it has. */
static void frame_in(struct atmo_page *page, u32 flags)
{
	fake->frames[fake->nr_frames++] = (struct atmo_rx_frame){
		.page = page, .offset = ATMO_FRAME_OFFSET, .len = 100, .flags = flags,
	};
}

/* ---- Set-up ---- */

static int create_pages(struct atmo_instance *inst)
{
	struct atmo_domain *domain = atmo_domain_create(NR);
	int err;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	inst->nr_pages = NR;
	err = atmo_domain_join(domain, inst);
	if (!err)
		err = atmo_pages_create(inst, &fake->pdev->dev);
	return err ?: atmo_rings_create(inst);
}

static int instance_init(struct kunit *test)
{
	struct atmo_instance *inst = atmo_instance_create();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, inst);
	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->inst = inst;
	fake->tx_room = NR;
	fake->pdev = platform_device_register_simple("atmo_instance_test", -1, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->pdev);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&fake->pdev->dev, DMA_BIT_MASK(64)), 0);
	inst->ep.ops = &fake_ops;
	inst->ep.lane = (struct atmo_lane *)fake;
	inst->proto = &fake_proto;
	inst->state = ATMO_INSTANCE_BOUND;
	KUNIT_ASSERT_EQ(test, create_pages(inst), 0);
	return 0;
}

static void instance_exit(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;

	atmo_pages_destroy(inst);
	atmo_kept_drop(NULL);
	/* Nothing to tear down but what is left. */
	inst->state = ATMO_INSTANCE_GONE;
	atmo_instance_close(inst);
	platform_device_unregister(fake->pdev);
}

/* Provides the first @n slots to the lane. */
static void provide(struct kunit *test, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		put_free(i);
	KUNIT_ASSERT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	KUNIT_ASSERT_EQ(test, fake->nr_provided, n);
}

/* ---- Receive ---- */

static void frame_is_delivered(struct kunit *test)
{
	const struct atmo_rx_desc *entries = fake->inst->rx.ring.entries;
	struct atmo_page *page;

	provide(test, 3);
	page = fake->provided[1];
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[page->slot]), ATMO_OWNER_NIC_RX);
	frame_in(page, 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 1);
	KUNIT_EXPECT_EQ(test, entries[0].slot, page->slot);
	KUNIT_EXPECT_EQ(test, entries[0].len, 100 - HEAD);
	KUNIT_EXPECT_EQ(test, fake->inst->owners[page->slot], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.packets, 1);
}

static void dropped_frame_gives_its_page_back(struct kunit *test)
{
	provide(test, 1);
	fake->verdicts[0] = ATMO_RX_DROP;
	frame_in(fake->provided[0], 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 0);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.drops[ATMO_DROP_RX_CHECKSUM], 1);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 2);
	KUNIT_EXPECT_PTR_EQ(test, fake->provided[1], fake->provided[0]);
}

static void flagged_frames_are_not_judged(struct kunit *test)
{
	provide(test, 3);
	frame_in(fake->provided[0], ATMO_RX_HW_ERROR);
	frame_in(fake->provided[1], ATMO_RX_MULTI_DESC);
	frame_in(fake->provided[2], 0);
	fake->frames[2].len = ATMO_PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 3);
	KUNIT_EXPECT_EQ(test, fake->nr_verdicts, 0);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.drops[ATMO_DROP_RX_HW_ERROR], 1);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.drops[ATMO_DROP_RX_MULTI_DESC], 1);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.drops[ATMO_DROP_RX_MALFORMED], 1);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 6);
}

/* The application rewrote the frame between the two looks at it. */
static void frame_for_linux_is_judged_twice(struct kunit *test)
{
	provide(test, 1);
	fake->verdicts[0] = ATMO_RX_TO_LINUX;
	fake->verdicts[1] = ATMO_RX_DROP;
	frame_in(fake->provided[0], 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_verdicts, 2);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.passed, 0);
	KUNIT_EXPECT_EQ(test, fake->inst->rx.drops[ATMO_DROP_RX_MALFORMED], 1);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 2);
}

static void full_rx_ring_takes_no_frame(struct kunit *test)
{
	provide(test, 2);
	fake->inst->rx.ring.cursor = NR;
	frame_in(fake->provided[0], 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_frames, 1);
	fake->inst->rx.ring.cursors->consumer = 1;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 1);
}

/* ---- Drivers that break the rules ---- */

static void expect_failed(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, fake->inst->failed);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), -EIO);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), -EIO);
}

static void page_received_twice(struct kunit *test)
{
	provide(test, 2);
	frame_in(fake->provided[0], 0);
	frame_in(fake->provided[0], 0);
	atmo_instance_rx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 1);
	expect_failed(test);
}

static void page_received_that_was_not_provided(struct kunit *test)
{
	provide(test, 2);
	frame_in(&fake->inst->pages[7], 0);
	atmo_instance_rx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 0);
	expect_failed(test);
}

static void page_received_of_another(struct kunit *test)
{
	struct atmo_page other = {};

	provide(test, 2);
	frame_in(&other, 0);
	atmo_instance_rx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 0);
	expect_failed(test);
}

static void page_received_from_amid_the_array(struct kunit *test)
{
	provide(test, 2);
	frame_in((void *)fake->inst->pages + 4, 0);
	atmo_instance_rx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->rx.ring), 0);
	expect_failed(test);
}

static void page_sent_that_was_not_provided(struct kunit *test)
{
	put_tx(2, 's', 1472);
	atmo_instance_tx(fake->inst, NR);
	fake->returned[fake->nr_returned++] = &fake->inst->pages[3];
	atmo_instance_tx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 0);
	expect_failed(test);
}

/* ---- Transmit ---- */

static void small_payload_is_copied(struct kunit *test)
{
	put_tx(2, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 1);
	KUNIT_EXPECT_NULL(test, fake->sent[0].page);
	KUNIT_EXPECT_EQ(test, fake->sent[0].head_len, HEAD + 18);
	KUNIT_EXPECT_EQ(test, fake->inst->owners[2], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 1);
	KUNIT_EXPECT_EQ(test, get_comp().slot, 2);
}

static void large_payload_stays_in_its_page(struct kunit *test)
{
	put_tx(2, 's', 1472);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->sent[0].page, &fake->inst->pages[2]);
	KUNIT_EXPECT_EQ(test, fake->sent[0].head_len, HEAD);
	KUNIT_EXPECT_EQ(test, fake->sent[0].len, 1472);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[2]), ATMO_OWNER_TX);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 0);
	fake->returned[fake->nr_returned++] = fake->sent[0].page;
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->inst->owners[2], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 1);
}

static void expect_provided(struct kunit *test, u32 slot)
{
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->provided[0], &fake->inst->pages[slot]);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[slot]), ATMO_OWNER_NIC_RX);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.nr_recycle, 0);
}

/* Sent, yielded, collected by the receive side alone. */
static void recycled_page_is_received_into(struct kunit *test)
{
	put_recycled(2, 's', 1472);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[2]), ATMO_OWNER_RECYCLE);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 0);
	fake->returned[fake->nr_returned++] = fake->sent[0].page;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	expect_provided(test, 2);
}

static void small_recycled_page_is_received_into(struct kunit *test)
{
	put_recycled(5, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->sent[0].head_len, HEAD + 18);
	KUNIT_EXPECT_EQ(test, fake->sent[0].len, 0);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[5]), ATMO_OWNER_RECYCLE);
	fake->returned[fake->nr_returned++] = fake->sent[0].page;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	expect_provided(test, 5);
}

static void refused_recycled_page_is_received_into(struct kunit *test)
{
	put_recycled(1, 'r', 1000);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.drops[ATMO_DROP_TX_NO_ROUTE], 1);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, NR), 0);
	expect_provided(test, 1);
}

static void recycled_page_yielded_twice(struct kunit *test)
{
	put_recycled(2, 's', 1472);
	/* Its completion is waited for. */
	put_tx(3, 's', 1472);
	atmo_instance_tx(fake->inst, NR);
	fake->returned[fake->nr_returned++] = &fake->inst->pages[2];
	fake->returned[fake->nr_returned++] = &fake->inst->pages[2];
	atmo_instance_tx(fake->inst, NR);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.nr_recycled, 1);
	expect_failed(test);
}

/* Entries of all kinds: from the second on they go the long way. */
static void whole_frames_are_sent_as_they_are(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	struct atmo_tx_desc *entries = inst->tx.ring.entries;
	struct atmo_proto raw = atmo_raw_proto;

	raw.max_payload = fake_max_payload;
	inst->ep.flow.family = AF_PACKET;
	inst->proto = &raw;
	put_recycled(0, 's', 60);
	put_tx(1, 's', 1472);
	put_recycled(2, 's', ETH_HLEN - 1);
	put_recycled(3, 's', 60);
	entries[3].addr[3] = cpu_to_be32(1);
	put_recycled(4, 's', 60);
	entries[4].slot = NR;
	put_recycled(0, 's', 60);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(inst, NR), 6);
	inst->proto = &fake_proto;
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 1);
	KUNIT_ASSERT_EQ(test, fake->nr_sent, 2);
	KUNIT_EXPECT_PTR_EQ(test, fake->sent[0].page, &inst->pages[0]);
	KUNIT_EXPECT_EQ(test, fake->sent[0].head_len, 0);
	KUNIT_EXPECT_EQ(test, fake->sent[0].len, 60);
	KUNIT_EXPECT_EQ(test, fake->sent[0].csum, ATMO_TX_CSUM_NONE);
	KUNIT_EXPECT_TRUE(test, fake->sent[0].recycle);
	KUNIT_EXPECT_PTR_EQ(test, fake->sent[1].page, &inst->pages[1]);
	KUNIT_EXPECT_EQ(test, fake->sent[1].len, 1472);
	KUNIT_EXPECT_FALSE(test, fake->sent[1].recycle);
	KUNIT_EXPECT_EQ(test, inst->tx.packets, 2);
	KUNIT_EXPECT_EQ(test, inst->tx.bytes, 60 + 1472);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_BAD_HEADER], 1);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_BAD_DEST], 1);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_BAD_SLOT], 1);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_NOT_OWNED], 1);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[0]), ATMO_OWNER_RECYCLE);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[1]), ATMO_OWNER_TX);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[2]), ATMO_OWNER_SPARE);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[3]), ATMO_OWNER_SPARE);
}

static void whole_frames_are_delivered_as_they_are(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	const struct atmo_rx_desc *entries = inst->rx.ring.entries;
	struct atmo_page *page;

	provide(test, 3);
	inst->ep.flow.family = AF_PACKET;
	inst->proto = &atmo_raw_proto;
	page = fake->provided[1];
	frame_in(fake->provided[0], ATMO_RX_HW_ERROR);
	frame_in(page, 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 2);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 0);
	frame_in(fake->provided[2], 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 1);
	KUNIT_ASSERT_EQ(test, nr_in(&inst->rx.ring), 2);
	KUNIT_EXPECT_EQ(test, entries[0].slot, page->slot);
	KUNIT_EXPECT_EQ(test, entries[0].len, 100);
	KUNIT_EXPECT_EQ(test, entries[1].slot, fake->provided[2]->slot);
	KUNIT_EXPECT_EQ(test, entries[1].len, 100);
	KUNIT_EXPECT_EQ(test, entries[1].offset, entries[1].frame_offset);
	KUNIT_EXPECT_EQ(test, entries[0].offset, entries[0].frame_offset);
	KUNIT_EXPECT_EQ(test, inst->owners[page->slot], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, inst->rx.packets, 2);
	KUNIT_EXPECT_EQ(test, inst->rx.bytes, 200);
	KUNIT_EXPECT_EQ(test, inst->rx.drops[ATMO_DROP_RX_HW_ERROR], 1);
	KUNIT_EXPECT_EQ(test, fake->nr_verdicts, 0);
}

/* Nothing is known of any destination yet, not even of none. */
static void empty_entry_takes_no_headers(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;

	inst->proto = &fake_plain_proto;
	put_tx(0, 's', 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 0);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 1);
}

/* From one that is not recycled on they are the protocol's to judge. */
static void datagrams_use_the_same_headers(struct kunit *test)
{
	static const u16 lens[] = { 18, 150, 151, 1472, 18, 18, 18 };
	struct atmo_instance *inst = fake->inst;
	struct atmo_tx_desc *entries = inst->tx.ring.entries;
	u32 i;

	inst->proto = &fake_plain_proto;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		if (i == 4)
			put_tx(i, 's', lens[i]);
		else
			put_recycled(i, 's', lens[i]);
		entries[i].port = cpu_to_be16(i == 5 ? 8 : 7);
	}
	put_recycled(0, 's', 18);
	entries[i].port = cpu_to_be16(7);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(inst, NR), ARRAY_SIZE(lens) + 1);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 4);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_NOT_OWNED], 1);
	KUNIT_ASSERT_EQ(test, fake->nr_sent, ARRAY_SIZE(lens));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		const struct atmo_tx_frame *frame = &fake->sent[i];
		bool is_short = lens[i] <= ATMO_TX_HEAD_MAX - HEAD;

		KUNIT_EXPECT_EQ(test, frame->head_len + frame->len, HEAD + lens[i]);
		KUNIT_EXPECT_EQ(test, frame->csum, ATMO_TX_CSUM_UDP4);
		KUNIT_EXPECT_EQ(test, frame->len, is_short ? 0 : lens[i]);
		KUNIT_EXPECT_EQ(test, !frame->page, i == 4);
		KUNIT_EXPECT_EQ(test, frame->recycle, i != 4);
		KUNIT_EXPECT_EQ(test, ((char *)frame->head)[1], i < 4 ? 'e' : 'h');
		if (is_short)
			KUNIT_EXPECT_EQ(test, ((char *)frame->head)[HEAD], 's');
		KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[i]),
				i == 4 ? ATMO_OWNER_USER : ATMO_OWNER_RECYCLE);
	}
	KUNIT_EXPECT_EQ(test, inst->tx.nr_recycle, ARRAY_SIZE(lens) - 1);
	KUNIT_EXPECT_EQ(test, inst->tx.nr_lane, ARRAY_SIZE(lens) - 1);
	KUNIT_EXPECT_EQ(test, inst->tx.packets, ARRAY_SIZE(lens));
}

/* The second one is not of the kind, and the third not verified. */
static void plain_datagrams_are_delivered(struct kunit *test)
{
	static const u8 headers[] = {
		[ATMO_ETH_LEN] = 0x45, [ATMO_ETH_LEN + 3] = 60, [ATMO_ETH_LEN + 12] = 10,
		[ATMO_ETH_LEN + 15] = 1, [ATMO_ETH_LEN + ATMO_IPV4_LEN + 1] = 9,
		[ATMO_ETH_LEN + ATMO_IPV4_LEN + 5] = 40,
	};
	const u32 verified = ATMO_RX_L3_OK | ATMO_RX_L4_OK;
	struct atmo_instance *inst = fake->inst;
	const struct atmo_rx_desc *entries = inst->rx.ring.entries;
	u32 i;

	inst->proto = &fake_plain_proto;
	provide(test, 4);
	for (i = 0; i < 3; i++) {
		memcpy(fake->provided[i]->va + ATMO_FRAME_OFFSET, headers, sizeof(headers));
		frame_in(fake->provided[i], i == 2 ? 0 : verified);
	}
	*(u8 *)(fake->provided[1]->va + ATMO_FRAME_OFFSET + ATMO_ETH_LEN) = 0x46;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 3);
	KUNIT_EXPECT_EQ(test, fake->nr_verdicts, 2);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 1);
	KUNIT_ASSERT_EQ(test, nr_in(&inst->rx.ring), 3);
	KUNIT_EXPECT_EQ(test, entries[0].slot, fake->provided[0]->slot);
	KUNIT_EXPECT_EQ(test, entries[0].offset, ATMO_FRAME_OFFSET + HEAD);
	KUNIT_EXPECT_EQ(test, entries[0].len, 32);
	KUNIT_EXPECT_EQ(test, entries[0].frame_offset, ATMO_FRAME_OFFSET);
	KUNIT_EXPECT_EQ(test, entries[0].addr[0], cpu_to_be32(0x0a000001));
	KUNIT_EXPECT_EQ(test, entries[0].port, cpu_to_be16(9));
	KUNIT_EXPECT_EQ(test, entries[1].len, 100 - HEAD);
	KUNIT_EXPECT_EQ(test, entries[2].len, 100 - HEAD);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, inst->owners[fake->provided[i]->slot], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, inst->rx.packets, 3);
}

/* Sent, and received into, without the stack having it in between. */
static void lane_recycles_by_itself(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;

	put_recycled(2, 's', 1472);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(inst, NR), 1);
	KUNIT_EXPECT_TRUE(test, fake->sent[0].recycle);
	KUNIT_EXPECT_EQ(test, inst->tx.nr_recycle, 1);
	fake->nr_moved = 1;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 0);
	KUNIT_EXPECT_EQ(test, inst->tx.nr_recycle, 0);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[2]), ATMO_OWNER_RECYCLE);
	frame_in(&inst->pages[2], 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 1);
	KUNIT_EXPECT_EQ(test, inst->owners[2], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, nr_in(&inst->rx.ring), 1);
	/* A second frame in it is one too many. */
	frame_in(&inst->pages[2], 0);
	atmo_instance_rx(inst, NR);
	expect_failed(test);
}

/* With nothing to receive into no frame would end a wait. */
static void nobody_sleeps_while_all_is_recycled(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;

	mutex_lock(&inst->rx.mutex);
	KUNIT_EXPECT_FALSE(test, atmo_instance_rx_waits(inst));
	mutex_unlock(&inst->rx.mutex);
	put_recycled(2, 's', 1472);
	atmo_instance_tx(inst, NR);
	mutex_lock(&inst->rx.mutex);
	KUNIT_EXPECT_TRUE(test, atmo_instance_rx_waits(inst));
	mutex_unlock(&inst->rx.mutex);
	fake->returned[fake->nr_returned++] = &inst->pages[2];
	atmo_instance_rx(inst, NR);
	mutex_lock(&inst->rx.mutex);
	KUNIT_EXPECT_FALSE(test, atmo_instance_rx_waits(inst));
	mutex_unlock(&inst->rx.mutex);
}

/* Receives @n frames into the first pages, to be replied to. */
static void receive_for_reply(struct kunit *test, u32 n)
{
	struct atmo_exchange x = { .rx_nr = n };
	u32 i;

	provide(test, n);
	for (i = 0; i < n; i++)
		frame_in(fake->provided[i], 0);
	KUNIT_ASSERT_EQ(test, atmo_instance_exchange(fake->inst, &x, true), 0);
	KUNIT_ASSERT_EQ(test, x.rx_nr, n);
}

static int reply(u32 nr, u32 *sent)
{
	struct atmo_exchange x = { .tx_nr = nr };
	int err = atmo_instance_exchange(fake->inst, &x, true);

	*sent = x.tx_nr;
	return err;
}

/* The first is sent, the second isn't, the third is too long, the fourth not released. */
static void replies_are_sent_from_their_entries(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	struct atmo_rx_desc *entries = inst->rx.ring.entries;
	u32 sent;

	receive_for_reply(test, 4);
	entries[0].flags = ATMO_TX_RECYCLE;
	entries[2].flags = ATMO_TX_RECYCLE;
	entries[2].len = 1473;
	entries[3].flags = ATMO_TX_RECYCLE;
	inst->rx.ring.cursors->consumer += 3;
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 3);
	KUNIT_ASSERT_EQ(test, fake->nr_sent, 1);
	KUNIT_EXPECT_PTR_EQ(test, fake->sent[0].page, &inst->pages[entries[0].slot]);
	KUNIT_EXPECT_EQ(test, fake->sent[0].head_len, 100);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_TOO_LONG], 1);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[entries[0].slot]),
			ATMO_OWNER_RECYCLE);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[entries[1].slot]), ATMO_OWNER_SPARE);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(inst->owners[entries[2].slot]), ATMO_OWNER_SPARE);
	KUNIT_EXPECT_EQ(test, inst->owners[entries[3].slot], ATMO_OWNER_USER);
	/* Nothing is looked at twice. */
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 0);
	inst->rx.ring.cursors->consumer++;
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 2);
}

/* Slots that aren't, cursors that can't be; and what another call has made of them. */
static void bad_replies_are_refused(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	struct atmo_rx_desc *entries = inst->rx.ring.entries;
	u32 sent;

	receive_for_reply(test, 3);
	entries[0].flags = ATMO_TX_RECYCLE;
	entries[0].slot = NR;
	entries[1].flags = ATMO_TX_RECYCLE;
	entries[1].slot = NR - 1;
	put_free(NR - 1);
	entries[2].flags = ~0;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 0);
	inst->rx.ring.cursors->consumer += 4;
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 0);
	KUNIT_EXPECT_EQ(test, inst->rx.drops[ATMO_DROP_BAD_CURSOR], 1);
	inst->rx.ring.cursors->consumer--;
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 3);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_BAD_SLOT], 1);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_NOT_OWNED], 1);
	KUNIT_EXPECT_EQ(test, inst->tx.drops[ATMO_DROP_TX_RESERVED], 1);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 0);
}

/* What has no room waits, and no entry of it is overwritten. */
static void replies_wait_for_room(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	struct atmo_rx_desc *entries = inst->rx.ring.entries;
	struct atmo_exchange x = { .tx_nr = NR, .rx_nr = NR };
	u32 i, sent;

	inst->proto = &fake_plain_proto;
	receive_for_reply(test, 2);
	for (i = 0; i < 2; i++) {
		entries[i].flags = ATMO_TX_RECYCLE;
		entries[i].port = cpu_to_be16(7);
	}
	fake->tx_room = 1;
	inst->rx.ring.cursors->consumer += 2;
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(inst, &x, true), 0);
	KUNIT_EXPECT_EQ(test, x.tx_nr, 1);
	KUNIT_EXPECT_EQ(test, inst->owners[entries[1].slot], ATMO_OWNER_USER);
	fake->tx_room = NR;
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_fast, 2);
	/* Calls that don't reply take what was released before for done with. */
	frame_in(&inst->pages[fake->sent[0].page->slot], 0);
	fake->nr_moved = 2;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 1);
	inst->rx.ring.cursors->consumer++;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, NR), 0);
	KUNIT_EXPECT_EQ(test, reply(NR, &sent), 0);
	KUNIT_EXPECT_EQ(test, sent, 0);
}

static void exchange_does_both(struct kunit *test)
{
	struct atmo_exchange x = { .tx_nr = 3, .rx_nr = 2 };

	provide(test, 3);
	frame_in(fake->provided[0], 0);
	put_recycled(7, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(fake->inst, &x, false), 0);
	KUNIT_EXPECT_EQ(test, x.tx_nr, 1);
	KUNIT_EXPECT_EQ(test, x.rx_nr, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_provided, 3);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(fake->inst->owners[7]), ATMO_OWNER_RECYCLE);
	/* A page that isn't the application's, and a call that only sends. */
	put_recycled(7, 's', 18);
	put_recycled(8, 's', 18);
	x = (struct atmo_exchange){ .tx_nr = 2, .rx_nr = 1 };
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(fake->inst, &x, false), 0);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.drops[ATMO_DROP_TX_NOT_OWNED], 1);
	put_recycled(9, 's', 18);
	x = (struct atmo_exchange){ .tx_nr = 2 };
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(fake->inst, &x, false), 0);
	KUNIT_EXPECT_EQ(test, x.tx_nr, 1);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 3);
	fake->error = -ENETDOWN;
	x = (struct atmo_exchange){ .rx_nr = 1 };
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(fake->inst, &x, false), -ENETDOWN);
	x = (struct atmo_exchange){ .tx_nr = 1 };
	KUNIT_EXPECT_EQ(test, atmo_instance_exchange(fake->inst, &x, false), -ENETDOWN);
}

static void refused_entry_comes_back(struct kunit *test)
{
	put_tx(4, 'r', 1000);
	put_tx(5, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 2);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 1);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.drops[ATMO_DROP_TX_NO_ROUTE], 1);
	KUNIT_EXPECT_EQ(test, get_comp().status, -ENETUNREACH);
	KUNIT_EXPECT_EQ(test, get_comp().status, 0);
}

/* A chunk with a datagram that Linux has sent can't be put back into the ring. */
static void full_lane_holds_what_was_judged(struct kunit *test)
{
	fake->tx_room = 1;
	put_tx(0, 's', 1000);
	put_tx(1, 's', 1000);
	put_tx(2, 'l', 1000);
	put_tx(3, 's', 1000);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 4);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 1);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.nr_held, 2);
	put_tx(4, 's', 1000);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 0);
	fake->tx_room = 1;
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 2);
	fake->tx_room = NR;
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	KUNIT_EXPECT_EQ(test, fake->nr_sent, 4);
	KUNIT_EXPECT_EQ(test, fake->sent[1].page->slot, 1);
	KUNIT_EXPECT_EQ(test, fake->sent[2].page->slot, 3);
	KUNIT_EXPECT_EQ(test, fake->sent[3].page->slot, 4);
	KUNIT_EXPECT_EQ(test, fake->slow, 1);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.packets, 5);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.bytes, 5000);
}

static void held_frames_are_dropped_with_the_device(struct kunit *test)
{
	fake->tx_room = 0;
	put_tx(0, 's', 1000);
	put_tx(1, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 2);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.nr_held, 2);
	KUNIT_EXPECT_EQ(test, get_comp().slot, 1);
	fake->error = -ENETDOWN;
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), -ENETDOWN);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.nr_held, 0);
	KUNIT_EXPECT_EQ(test, fake->inst->tx.drops[ATMO_DROP_TX_DEVICE], 2);
	KUNIT_EXPECT_EQ(test, nr_in(&fake->inst->tx.comp), 1);
	KUNIT_EXPECT_EQ(test, get_comp().status, -ENETDOWN);
	KUNIT_EXPECT_EQ(test, fake->inst->owners[0], ATMO_OWNER_USER);
}

static void full_completion_ring_stops_everything(struct kunit *test)
{
	put_tx(0, 's', 1000);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
	fake->returned[fake->nr_returned++] = fake->sent[0].page;
	fake->inst->tx.comp.cursor = NR;
	put_tx(1, 's', 18);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_returned, 1);
	fake->inst->tx.comp.cursors->consumer = 1;
	/* The page that comes back takes the one place there is. */
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 0);
	KUNIT_EXPECT_EQ(test, fake->nr_returned, 0);
	fake->inst->tx.comp.cursors->consumer = 2;
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, NR), 1);
}

/* ---- State ---- */

static void errors_by_state(struct kunit *test)
{
	fake->inst->proto = NULL;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, 1), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, 1), -EPROTONOSUPPORT);
	fake->inst->state = ATMO_INSTANCE_NEW;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, 1), -ENOTCONN);
	fake->inst->state = ATMO_INSTANCE_GONE;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(fake->inst, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, atmo_instance_tx(fake->inst, 1), -ENODEV);
}

/* ---- Pages that the next instance gets ---- */

static void fill_and_keep(struct atmo_instance *inst)
{
	u32 slot;

	for (slot = 0; slot < NR; slot++)
		memset(inst->pages[slot].va, 0x5a, PAGE_SIZE);
	atmo_pages_keep(inst);
}

/* As a close and a bind would: a domain of one's own. */
static void bind_again(struct kunit *test)
{
	atmo_pages_destroy(fake->inst);
	atmo_domain_leave(fake->inst);
	atmo_rings_destroy(fake->inst);
	KUNIT_ASSERT_EQ(test, create_pages(fake->inst), 0);
}

static void kept_pages_are_clear(struct kunit *test)
{
	struct atmo_instance *inst = fake->inst;
	struct page *first = inst->domain->pages[0];
	u32 slot;

	fill_and_keep(inst);
	KUNIT_ASSERT_NULL(test, inst->pages);
	bind_again(test);
	KUNIT_EXPECT_PTR_EQ(test, inst->domain->pages[0], first);
	for (slot = 0; slot < NR; slot++) {
		KUNIT_EXPECT_EQ(test, inst->pages[slot].slot, slot);
		KUNIT_EXPECT_PTR_EQ(test, inst->pages[slot].page, inst->domain->pages[slot]);
		KUNIT_EXPECT_EQ(test, page_count(inst->pages[slot].page), ATMO_SLOT_REFS);
		KUNIT_EXPECT_NULL(test, memchr_inv(inst->pages[slot].va, 0, PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, inst->owners[slot], ATMO_OWNER_USER);
	}
}

static void a_page_in_a_pipe_is_not_kept(struct kunit *test)
{
	struct page *page = fake->inst->domain->pages[3];

	get_page(page);
	fill_and_keep(fake->inst);
	KUNIT_EXPECT_NOT_NULL(test, fake->inst->pages);
	KUNIT_EXPECT_EQ(test, *(u8 *)page_address(page), 0x5a);
	put_page(page);
}

static void pages_of_a_failed_one_are_not_kept(struct kunit *test)
{
	WRITE_ONCE(fake->inst->failed, true);
	fill_and_keep(fake->inst);
	KUNIT_EXPECT_NOT_NULL(test, fake->inst->pages);
}

static void shared_pages_are_not_kept(struct kunit *test)
{
	WRITE_ONCE(fake->inst->domain->shared, true);
	fill_and_keep(fake->inst);
	KUNIT_EXPECT_NOT_NULL(test, fake->inst->pages);
}

static void pages_of_several_groups_are_not_kept(struct kunit *test)
{
	atmo_domain_mix(fake->inst->domain);
	fill_and_keep(fake->inst);
	KUNIT_EXPECT_NOT_NULL(test, fake->inst->pages);
}

static struct kunit_case instance_cases[] = {
	KUNIT_CASE(frame_is_delivered),
	KUNIT_CASE(dropped_frame_gives_its_page_back),
	KUNIT_CASE(flagged_frames_are_not_judged),
	KUNIT_CASE(frame_for_linux_is_judged_twice),
	KUNIT_CASE(full_rx_ring_takes_no_frame),
	KUNIT_CASE(page_received_twice),
	KUNIT_CASE(page_received_that_was_not_provided),
	KUNIT_CASE(page_received_of_another),
	KUNIT_CASE(page_received_from_amid_the_array),
	KUNIT_CASE(page_sent_that_was_not_provided),
	KUNIT_CASE(small_payload_is_copied),
	KUNIT_CASE(large_payload_stays_in_its_page),
	KUNIT_CASE(recycled_page_is_received_into),
	KUNIT_CASE(small_recycled_page_is_received_into),
	KUNIT_CASE(refused_recycled_page_is_received_into),
	KUNIT_CASE(recycled_page_yielded_twice),
	KUNIT_CASE(lane_recycles_by_itself),
	KUNIT_CASE(empty_entry_takes_no_headers),
	KUNIT_CASE(datagrams_use_the_same_headers),
	KUNIT_CASE(plain_datagrams_are_delivered),
	KUNIT_CASE(whole_frames_are_sent_as_they_are),
	KUNIT_CASE(whole_frames_are_delivered_as_they_are),
	KUNIT_CASE(nobody_sleeps_while_all_is_recycled),
	KUNIT_CASE(replies_are_sent_from_their_entries),
	KUNIT_CASE(bad_replies_are_refused),
	KUNIT_CASE(replies_wait_for_room),
	KUNIT_CASE(exchange_does_both),
	KUNIT_CASE(refused_entry_comes_back),
	KUNIT_CASE(full_lane_holds_what_was_judged),
	KUNIT_CASE(held_frames_are_dropped_with_the_device),
	KUNIT_CASE(full_completion_ring_stops_everything),
	KUNIT_CASE(errors_by_state),
	KUNIT_CASE(kept_pages_are_clear),
	KUNIT_CASE(a_page_in_a_pipe_is_not_kept),
	KUNIT_CASE(pages_of_a_failed_one_are_not_kept),
	KUNIT_CASE(shared_pages_are_not_kept),
	KUNIT_CASE(pages_of_several_groups_are_not_kept),
	{}
};

static struct kunit_suite instance_suite = {
	.name = "atmo_stack_instance",
	.init = instance_init,
	.exit = instance_exit,
	.test_cases = instance_cases,
};

kunit_test_suite(instance_suite);

ATMO_IMPORT_KUNIT_SYMBOLS();
MODULE_DESCRIPTION("KUnit suite of atmo_stack's data path");
MODULE_LICENSE("GPL");
