// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoints on a NIC whose driver does as it is told, and whose network device is
 * the loopback device, as that has addresses: who gets which frame, and what
 * bind, join, reopen and unbind leave behind.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/igmp.h>
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "fixture.h"
#include "../atmo_demux/priv.h"

#define NR_PAGES	16
#define LANES		2
#define GROUP		0xe0000142	/* 224.0.1.66 */
#define VERIFIED	(ATMO_RX_L3_OK | ATMO_RX_L4_OK)

/* What the driver was asked, and what it shall answer. */
struct atmo_lane {
	bool open;
	bool retired;
	u32 rate;
	u32 nr_flows;
	struct atmo_flow flows[4];
};

static struct driver {
	struct atmo_lane lanes[LANES];
	int steer_error;
	int rate_error;
} driver;

static struct atmo_lane *fake_lane_open(struct atmo_nic *nic, void *owner, u32 nr_pages,
					const struct atmo_flow *flow)
{
	u32 i;

	for (i = 0; i < LANES; i++) {
		if (!driver.lanes[i].open) {
			driver.lanes[i] = (struct atmo_lane) { .open = true };
			return &driver.lanes[i];
		}
	}
	return ERR_PTR(-EBUSY);
}

static int fake_lane_steer(struct atmo_lane *lane, const struct atmo_flow *flow)
{
	if (!driver.steer_error)
		lane->flows[lane->nr_flows++] = *flow;
	return driver.steer_error;
}

/* Only ever the newest here. */
static void fake_lane_unsteer(struct atmo_lane *lane, const struct atmo_flow *flow)
{
	if (lane->nr_flows && !memcmp(&lane->flows[lane->nr_flows - 1], flow, sizeof(*flow)))
		lane->nr_flows--;
}

static int fake_lane_rate(struct atmo_lane *lane, u32 mbps)
{
	lane->rate = mbps;
	return driver.rate_error;
}

static void fake_lane_retire(struct atmo_lane *lane)
{
	lane->retired = true;
	lane->nr_flows = 0;
}

static void fake_lane_close(struct atmo_lane *lane)
{
	lane->open = false;
}

static const struct atmo_nic_ops fake_ops = {
	.owner		= THIS_MODULE,
	.max_lanes	= LANES,
	.lane_open	= fake_lane_open,
	.lane_steer	= fake_lane_steer,
	.lane_unsteer	= fake_lane_unsteer,
	.lane_rate	= fake_lane_rate,
	.lane_retire	= fake_lane_retire,
	.lane_close	= fake_lane_close,
};

/* ---- Endpoints ---- */

#define NR_ENDPOINTS	4

struct fixture {
	struct platform_device *pdev;
	struct atmo_nic *nic;
	struct atmo_page page;
	struct atmo_endpoint eps[NR_ENDPOINTS];
	u32 woken;
};

static struct fixture *fixture;

static void ep_wake(struct atmo_endpoint *ep)
{
	fixture->woken++;
}

static void ep_hold(struct atmo_endpoint *ep)
{
}

static void ep_gone(struct atmo_endpoint *ep)
{
	atmo_endpoint_stop(ep);
	atmo_endpoint_unbind(ep);
}

static int endpoint_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct net_device *lo = init_net.loopback_dev;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	fixture = f;
	memset(&driver, 0, sizeof(driver));
	KUNIT_ASSERT_EQ(test, loopback_up(), 0);
	f->pdev = platform_device_register_simple("atmo_endpoint_test", -1, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->pdev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&f->pdev->dev, DMA_BIT_MASK(64)), 0);
	KUNIT_ASSERT_EQ(test, atmo_page_init(&f->page, &f->pdev->dev, GFP_KERNEL), 0);
	f->nic = atmo_nic_register(lo, &f->pdev->dev, &fake_ops);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->nic));
	return 0;
}

static void endpoint_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (!f)
		return;
	/* Takes the endpoints down, too. */
	if (!IS_ERR_OR_NULL(f->nic))
		atmo_nic_unregister(f->nic);
	if (f->page.page)
		atmo_page_exit(&f->page, &f->pdev->dev);
	if (!IS_ERR_OR_NULL(f->pdev))
		platform_device_unregister(f->pdev);
}

static int bind(struct kunit *test, u32 i, struct atmo_flow flow, u8 lane)
{
	struct fixture *f = test->priv;
	struct atmo_endpoint *ep = &f->eps[i];
	int err;

	ep->flow = flow;
	ep->owner = KUIDT_INIT(1000);
	ep->wake = ep_wake;
	ep->hold = ep_hold;
	ep->gone = ep_gone;
	err = atmo_endpoint_bind(ep, &init_net, init_net.loopback_dev->ifindex, lane, NR_PAGES);
	return err ?: atmo_endpoint_start(ep);
}

static void bind_ok(struct kunit *test, u32 i, struct atmo_flow flow, u8 lane)
{
	KUNIT_ASSERT_EQ(test, bind(test, i, flow, lane), 0);
}

static void unbind(struct kunit *test, u32 i)
{
	struct fixture *f = test->priv;

	ep_gone(&f->eps[i]);
}

static struct atmo_flow whole(u16 family, u8 protocol, u16 lport)
{
	return (struct atmo_flow) { .family = family, .protocol = protocol, .lport = htons(lport) };
}

static struct atmo_flow connected(u16 family, u8 protocol, u16 lport)
{
	struct atmo_flow flow = whole(family, protocol, lport);

	flow.raddr[0] = htonl(0xc0000201);
	if (family == AF_INET6)
		flow.raddr[3] = htonl(1);
	flow.rport = htons(9);
	return flow;
}

static const struct atmo_flow raw = { .family = AF_PACKET };

/* ---- Frames ---- */

/* A frame of @protocol from where connected() says, to @daddr and port @dport. */
static u16 build(u8 *frame, u16 family, u8 protocol, const __be32 *daddr, u16 dport)
{
	bool six = family == AF_INET6;
	u8 *l4 = frame + (six ? 54 : 34);
	u16 len = protocol == IPPROTO_TCP ? 20 : 8;

	memset(frame, 0, 128);
	memcpy(frame + 12, six ? "\x86\xdd\x60" : "\x08\x00\x45", 3);
	if (six) {
		frame[19] = len;
		frame[20] = protocol;
		memcpy(frame + 22, "\xc0\x00\x02\x01", 4);
		frame[37] = 1;
		memcpy(frame + 38, daddr, 16);
	} else {
		frame[17] = 20 + len;
		frame[23] = protocol;
		memcpy(frame + 26, "\xc0\x00\x02\x01", 4);
		memcpy(frame + 30, daddr, 4);
	}
	l4[1] = 9;
	l4[2] = dport >> 8;
	l4[3] = dport & 0xff;
	if (protocol == IPPROTO_TCP)
		l4[12] = 0x50;
	else
		l4[5] = len;
	return (six ? 54 : 34) + len;
}

/* What becomes of the frame of @len bytes in the driver's page. */
static enum atmo_verdict receive(struct kunit *test, u16 len, u32 flags)
{
	struct fixture *f = test->priv;
	struct atmo_rx_frame frame = {
		.page = &f->page, .offset = 0, .len = len, .flags = flags,
	};
	enum atmo_verdict verdict;

	local_bh_disable();
	atmo_demux_rx(f->nic, &frame, &verdict, 1);
	local_bh_enable();
	return verdict;
}

static enum atmo_verdict receive_flow(struct kunit *test, u16 family, u8 protocol, u16 dport)
{
	static const __be32 loopback6[4] = { 0, 0, 0, htonl(1) };
	static const __be32 loopback4[4] = { htonl(INADDR_LOOPBACK) };
	struct fixture *f = test->priv;
	u16 len = build(f->page.va, family, protocol, family == AF_INET6 ? loopback6 : loopback4,
			dport);

	return receive(test, len, VERIFIED);
}

static enum atmo_verdict receive_group(struct kunit *test, u32 group, u16 dport)
{
	const __be32 daddr[4] = { htonl(group) };
	struct fixture *f = test->priv;
	u8 *frame = f->page.va;
	u16 len = build(frame, AF_INET, IPPROTO_UDP, daddr, dport);

	memcpy(frame, "\x01\x00\x5e", 3);
	frame[3] = group >> 16 & 0x7f;
	frame[4] = group >> 8 & 0xff;
	frame[5] = group & 0xff;
	return receive(test, len, VERIFIED);
}

/* Frames that wait on the private queue; taken from it. */
static u32 got(struct kunit *test, u32 i)
{
	struct atmo_rx_frame frames[NR_PAGES];
	struct fixture *f = test->priv;
	u32 n = atmo_queue_peek(f->eps[i].queue, frames, NR_PAGES);

	atmo_queue_release(f->eps[i].queue, n);
	return n;
}

/* ---- Tests ---- */

static void each_gets_its_own(struct kunit *test)
{
	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 1, whole(AF_INET6, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 2, whole(AF_INET, IPPROTO_TCP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 3, connected(AF_INET, IPPROTO_TCP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 1);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET6, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 1), 1);
	/* The connection's, not the listener's; without it the listener's. */
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_TCP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 3), 1);
	KUNIT_EXPECT_EQ(test, got(test, 2), 0);
	unbind(test, 3);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_TCP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 2), 1);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7001), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET6, IPPROTO_TCP, 7000), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, ((struct fixture *)test->priv)->woken, 4);
}

#define NR_BATCH	6

/* A batch of frames, each in a page of its own, to ports of this machine. */
struct batch {
	struct atmo_page pages[NR_BATCH];
	struct atmo_rx_frame frames[NR_BATCH];
	enum atmo_verdict verdicts[NR_BATCH];
};

static struct batch *batch_create(struct kunit *test, const u16 *port)
{
	static const __be32 loopback4[4] = { htonl(INADDR_LOOPBACK) };
	struct batch *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct fixture *f = test->priv;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < NR_BATCH; i++) {
		KUNIT_ASSERT_EQ(test, atmo_page_init(&b->pages[i], &f->pdev->dev, GFP_KERNEL), 0);
		b->frames[i] = (struct atmo_rx_frame) {
			.page = &b->pages[i],
			.len = build(b->pages[i].va, AF_INET, IPPROTO_UDP, loopback4, port[i]),
			.flags = VERIFIED,
		};
	}
	return b;
}

static void batch_receive(struct kunit *test, struct batch *b)
{
	struct fixture *f = test->priv;

	local_bh_disable();
	atmo_demux_rx(f->nic, b->frames, b->verdicts, NR_BATCH);
	local_bh_enable();
}

static void batch_destroy(struct kunit *test, struct batch *b)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < NR_BATCH; i++)
		atmo_page_exit(&b->pages[i], &f->pdev->dev);
}

/* Of several flows, mixed: each gets its own, in order; a run of one flow wakes once. */
static void a_batch_of_several(struct kunit *test)
{
	static const u16 port[NR_BATCH] = { 7000, 7000, 7002, 7001, 7001, 7000 };
	struct batch *b = batch_create(test, port);
	struct fixture *f = test->priv;
	u32 i;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_SHARED);
	batch_receive(test, b);
	for (i = 0; i < NR_BATCH; i++)
		KUNIT_EXPECT_EQ(test, b->verdicts[i], port[i] == 7002 ? ATMO_VERDICT_LINUX :
				ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, f->woken, 3);
	KUNIT_EXPECT_EQ(test, got(test, 0), 3);
	KUNIT_EXPECT_EQ(test, got(test, 1), 2);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_TAKEN), 5);
	batch_destroy(test, b);
}

/* Behind a frame of its flow, what is not quite like it is looked at as ever. */
static void a_batch_of_one_flow(struct kunit *test)
{
	static const u16 port[NR_BATCH] = { 7000, 7000, 7000, 7000, 7000, 7000 };
	struct batch *b = batch_create(test, port);
	struct fixture *f = test->priv;
	u8 *frame[NR_BATCH];
	u32 i;

	for (i = 0; i < NR_BATCH; i++)
		frame[i] = b->pages[i].va;
	frame[1][5] ^= 1;		/* another MAC address */
	frame[2][20] = 0x20;		/* a fragment */
	frame[3][14] = 0x46;		/* an option */
	frame[4][38] = 0xff;		/* a length that lies */
	frame[5][15] = 0x55;		/* type of service */
	frame[5][22] = 7;		/* time to live */
	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	batch_receive(test, b);
	KUNIT_EXPECT_EQ(test, b->verdicts[0], ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, b->verdicts[1], ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, b->verdicts[2], ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, b->verdicts[3], ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, b->verdicts[4], ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, b->verdicts[5], ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 2);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_MALFORMED), 1);
	batch_destroy(test, b);
}

/* A full queue drops early, and counts as ever; another's frames between get through. */
static void a_batch_for_a_full_queue(struct kunit *test)
{
	static const u16 port[NR_BATCH] = { 7000, 7000, 7001, 7000, 7000, 7000 };
	struct batch *b = batch_create(test, port);
	struct fixture *f = test->priv;
	u32 i;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_SHARED);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_ASSERT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000),
				ATMO_VERDICT_TAKEN);
	batch_receive(test, b);
	for (i = 0; i < NR_BATCH; i++)
		KUNIT_EXPECT_EQ(test, b->verdicts[i], port[i] == 7001 ? ATMO_VERDICT_TAKEN :
				ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->eps[0].queue, ATMO_DROP_RX_QUEUE_FULL), 5);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_QUEUE_FULL), 5);
	KUNIT_EXPECT_EQ(test, got(test, 0), NR_PAGES);
	KUNIT_EXPECT_EQ(test, got(test, 1), 1);
	batch_destroy(test, b);
}

/* Only what is of the flow drops early, and only until the next batch. */
static void a_full_queue_and_what_is_like_it(struct kunit *test)
{
	static const u16 port[NR_BATCH] = { 7000, 7000, 7000, 7000, 7000, 7000 };
	struct batch *b = batch_create(test, port);
	struct fixture *f = test->priv;
	u32 i;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_ASSERT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000),
				ATMO_VERDICT_TAKEN);
	((u8 *)b->pages[1].va)[20] = 0x20;	/* a fragment */
	b->frames[2].flags |= ATMO_RX_MULTI_DESC;
	b->frames[3].len = 37;
	b->frames[4].flags |= ATMO_RX_HW_ERROR;
	batch_receive(test, b);
	KUNIT_EXPECT_EQ(test, b->verdicts[0], ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, b->verdicts[1], ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, b->verdicts[2], ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_NE(test, b->verdicts[3], ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, b->verdicts[4], ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, b->verdicts[5], ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_QUEUE_FULL), 2);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_HW_ERROR), 1);
	KUNIT_EXPECT_EQ(test, got(test, 0), NR_PAGES);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 1);
	batch_destroy(test, b);
}

/* Nobody's address, or not ours: Linux's, whatever IP says. */
static void other_mac_address(struct kunit *test)
{
	static const __be32 loopback4[4] = { htonl(INADDR_LOOPBACK) };
	struct fixture *f = test->priv;
	u8 *frame = f->page.va;
	u16 len;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	len = build(frame, AF_INET, IPPROTO_UDP, loopback4, 7000);
	frame[5] ^= 1;
	KUNIT_EXPECT_EQ(test, receive(test, len, VERIFIED), ATMO_VERDICT_LINUX);
	memset(frame, 0xff, 6);
	KUNIT_EXPECT_EQ(test, receive(test, len, VERIFIED), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, got(test, 0), 0);
}

static void bad_frames_are_counted(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 *frame;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_TCP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_TCP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_TCP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 2);
	/* Another page than before: those were flipped. */
	frame = f->page.va;
	build(frame, AF_INET, IPPROTO_TCP, (const __be32 [4]) { htonl(INADDR_LOOPBACK) }, 7000);
	/* Checksums are zero, which is right for neither header. */
	KUNIT_EXPECT_EQ(test, receive(test, 54, 0), ATMO_VERDICT_DROPPED);
	frame[46] = 0x60;
	KUNIT_EXPECT_EQ(test, receive(test, 54, VERIFIED), ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, receive(test, 54, ATMO_RX_HW_ERROR), ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, receive(test, 54, ATMO_RX_MULTI_DESC), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->eps[0].queue, ATMO_DROP_RX_CHECKSUM), 1);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->eps[0].queue, ATMO_DROP_RX_MALFORMED), 1);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_HW_ERROR), 1);
}

/* Full: only that endpoint drops, and counts each. */
static void full_queue_drops_its_own(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_SHARED);
	for (i = 0; i < NR_PAGES + 5; i++) {
		enum atmo_verdict want = i < NR_PAGES ? ATMO_VERDICT_TAKEN : ATMO_VERDICT_DROPPED;

		KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), want);
	}
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7001), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->eps[0].queue, ATMO_DROP_RX_QUEUE_FULL), 5);
	KUNIT_EXPECT_EQ(test, atmo_queue_dropped(f->eps[1].queue, ATMO_DROP_RX_QUEUE_FULL), 0);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_QUEUE_FULL), 5);
	KUNIT_EXPECT_EQ(test, got(test, 0), NR_PAGES);
	KUNIT_EXPECT_EQ(test, got(test, 1), 1);
}

static void raw_gets_the_rest(struct kunit *test)
{
	struct net_device *lo = init_net.loopback_dev;
	struct fixture *f = test->priv;
	u32 promiscuity = lo->promiscuity;

	bind_ok(test, 0, raw, ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, bind(test, 1, raw, ATMO_LANE_SHARED), -EADDRINUSE);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, lo->promiscuity, promiscuity + 1);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 0);
	KUNIT_EXPECT_EQ(test, got(test, 1), 1);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7001), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 1);
	/* Not IP, for everybody; and nothing at all. */
	memset(f->page.va, 0xff, 64);
	KUNIT_EXPECT_EQ(test, receive(test, 60, 0), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, receive(test, 0, 0), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 2);
	unbind(test, 0);
	KUNIT_EXPECT_EQ(test, lo->promiscuity, promiscuity);
	KUNIT_EXPECT_EQ(test, receive(test, 60, 0), ATMO_VERDICT_LINUX);
}

/* It would take away all that comes by the ordinary queues. */
static void raw_lane_and_shared_lane(struct kunit *test)
{
	struct fixture *f = test->priv;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, bind(test, 1, raw, ATMO_LANE_HARDWARE), -EBUSY);
	bind_ok(test, 1, raw, ATMO_LANE_ANY);
	KUNIT_EXPECT_EQ(test, f->eps[1].lane_type, ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, f->eps[1].reason, ATMO_LANE_SHARED_USED);
	unbind(test, 1);
	unbind(test, 0);
	bind_ok(test, 1, raw, ATMO_LANE_ANY);
	KUNIT_EXPECT_EQ(test, f->eps[1].lane_type, ATMO_LANE_HARDWARE);
	KUNIT_EXPECT_EQ(test, bind(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, bind(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_ANY), 0);
	KUNIT_EXPECT_EQ(test, f->eps[0].lane_type, ATMO_LANE_HARDWARE);
	unbind(test, 1);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_SHARED);
}

/* Linux would reset the connection; a datagram it drops. */
static void strays_of_a_hardware_lane(struct kunit *test)
{
	struct fixture *f = test->priv;

	bind_ok(test, 0, connected(AF_INET, IPPROTO_TCP, 7000), ATMO_LANE_HARDWARE);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_HARDWARE);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_TCP, 7000), ATMO_VERDICT_DROPPED);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, atmo_nic_stat_read(f->nic, ATMO_NIC_DROP_STRAY), 1);
}

static void rate_limit(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->eps[0].tx_rate = 100;
	KUNIT_EXPECT_EQ(test, bind(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED),
			-EOPNOTSUPP);
	driver.rate_error = -ERANGE;
	KUNIT_EXPECT_EQ(test, bind(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_ANY),
			-ERANGE);
	KUNIT_EXPECT_FALSE(test, driver.lanes[0].open);
	driver.rate_error = 0;
	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_ANY);
	KUNIT_EXPECT_EQ(test, driver.lanes[0].rate, 100);
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_ANY);
	KUNIT_EXPECT_EQ(test, driver.lanes[1].rate, 0);
	/* No lane is left; the shared one won't do. */
	f->eps[2].tx_rate = 100;
	KUNIT_EXPECT_EQ(test, bind(test, 2, whole(AF_INET, IPPROTO_UDP, 7002), ATMO_LANE_ANY),
			-EBUSY);
	f->eps[2].tx_rate = 0;
	KUNIT_EXPECT_EQ(test, bind(test, 2, whole(AF_INET, IPPROTO_UDP, 7002), ATMO_LANE_ANY), 0);
	KUNIT_EXPECT_EQ(test, f->eps[2].lane_type, ATMO_LANE_SHARED);
}

static void reopen(struct kunit *test)
{
	const __be32 group[4] = { htonl(GROUP) };
	struct fixture *f = test->priv;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_HARDWARE);
	KUNIT_ASSERT_EQ(test, atmo_endpoint_join(&f->eps[0], group), 0);
	atmo_endpoint_stop(&f->eps[0]);
	/* Others take the lanes meanwhile: it stays stopped, and may try again. */
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_HARDWARE);
	bind_ok(test, 2, whole(AF_INET, IPPROTO_UDP, 7002), ATMO_LANE_HARDWARE);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_reopen(&f->eps[0], NR_PAGES), -EBUSY);
	KUNIT_EXPECT_NULL(test, f->eps[0].lane);
	unbind(test, 1);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_reopen(&f->eps[0], NR_PAGES), 0);
	KUNIT_ASSERT_NOT_NULL(test, f->eps[0].lane);
	KUNIT_EXPECT_EQ(test, f->eps[0].lane->nr_flows, 2);
	KUNIT_EXPECT_EQ(test, f->eps[0].lane->flows[1].laddr[0], group[0]);
	/* The port was its own all the time. */
	KUNIT_EXPECT_EQ(test, bind(test, 1, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED),
			-EADDRINUSE);
}

static void reopen_in_the_shared_lane(struct kunit *test)
{
	struct fixture *f = test->priv;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	atmo_endpoint_stop(&f->eps[0]);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_reopen(&f->eps[0], NR_PAGES), 0);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_start(&f->eps[0]), 0);
	KUNIT_EXPECT_EQ(test, got(test, 0), 0);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, got(test, 0), 1);
}

/* Is the device a member of the group, by how many? */
static u32 members(u32 group)
{
	struct in_device *in_dev;
	struct ip_mc_list *im;
	u32 n = 0;

	rtnl_lock();
	in_dev = __in_dev_get_rtnl(init_net.loopback_dev);
	for (im = in_dev ? rtnl_dereference(in_dev->mc_list) : NULL; im;
	     im = rtnl_dereference(im->next_rcu)) {
		if (im->multiaddr == htonl(group))
			n = im->users;
	}
	rtnl_unlock();
	return n;
}

/* The port is another's at once; the lane is closed when its owner gets to it. */
static void retire(struct kunit *test)
{
	struct net_device *lo = init_net.loopback_dev;
	struct fixture *f = test->priv;
	u32 promiscuity = lo->promiscuity;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_HARDWARE);
	bind_ok(test, 1, raw, ATMO_LANE_HARDWARE);
	atmo_endpoint_retire(&f->eps[0]);
	atmo_endpoint_retire(&f->eps[1]);
	atmo_endpoint_retire(&f->eps[1]);
	KUNIT_EXPECT_EQ(test, lo->promiscuity, promiscuity);
	KUNIT_EXPECT_TRUE(test, driver.lanes[0].retired && driver.lanes[0].open);
	KUNIT_EXPECT_EQ(test, driver.lanes[0].nr_flows, 0);
	bind_ok(test, 2, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_TAKEN);
	unbind(test, 0);
	unbind(test, 1);
	KUNIT_EXPECT_FALSE(test, driver.lanes[0].open || driver.lanes[1].open);
	atmo_endpoint_retire(&f->eps[2]);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, 7000), ATMO_VERDICT_LINUX);
	bind_ok(test, 0, raw, ATMO_LANE_HARDWARE);
	KUNIT_EXPECT_EQ(test, bind(test, 1, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED),
			-EBUSY);
	unbind(test, 2);
}

static void groups(struct kunit *test)
{
	const __be32 group[4] = { htonl(GROUP) }, unicast[4] = { htonl(0x0a000001) };
	const __be32 group6[4] = { htonl(0xff020000), 0, 0, htonl(0x142) };
	struct fixture *f = test->priv;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 1, whole(AF_INET6, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	bind_ok(test, 2, connected(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP, 7000), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[0], unicast), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[0], group6), -EINVAL);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[2], group), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_leave(&f->eps[0], group), -ENOENT);

	KUNIT_ASSERT_EQ(test, atmo_endpoint_join(&f->eps[0], group), 0);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[1], group6), 0);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[0], group), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, members(GROUP), 1);
	KUNIT_EXPECT_TRUE(test, atmo_endpoint_in_group(&f->eps[0], group));
	KUNIT_EXPECT_FALSE(test, atmo_endpoint_in_group(&f->eps[1], group));
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP, 7000), ATMO_VERDICT_TAKEN);
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP, 7001), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP + 1, 7000), ATMO_VERDICT_LINUX);
	KUNIT_EXPECT_EQ(test, got(test, 0), 1);

	KUNIT_EXPECT_EQ(test, atmo_endpoint_leave(&f->eps[0], group), 0);
	KUNIT_EXPECT_EQ(test, members(GROUP), 0);
	KUNIT_EXPECT_FALSE(test, atmo_endpoint_in_group(&f->eps[0], group));
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP, 7000), ATMO_VERDICT_LINUX);
	/* Unbind leaves what was joined. */
	KUNIT_ASSERT_EQ(test, atmo_endpoint_join(&f->eps[0], group), 0);
	unbind(test, 0);
	KUNIT_EXPECT_EQ(test, members(GROUP), 0);
	KUNIT_EXPECT_EQ(test, receive_group(test, GROUP, 7000), ATMO_VERDICT_LINUX);
}

static void group_limits(struct kunit *test)
{
	struct fixture *f = test->priv;
	__be32 group[4] = {};
	u32 i;

	bind_ok(test, 0, whole(AF_INET, IPPROTO_UDP, 7000), ATMO_LANE_SHARED);
	for (i = 0; i <= ATMO_MAX_GROUPS; i++) {
		group[0] = htonl(GROUP + i);
		KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[0], group),
				i < ATMO_MAX_GROUPS ? 0 : -ENOSPC);
	}
	/* What the NIC can't steer isn't joined. */
	bind_ok(test, 1, whole(AF_INET, IPPROTO_UDP, 7001), ATMO_LANE_HARDWARE);
	driver.steer_error = -ENOSPC;
	group[0] = htonl(GROUP + 100);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[1], group), -ENOSPC);
	KUNIT_EXPECT_EQ(test, members(GROUP + 100), 0);
	driver.steer_error = 0;
	KUNIT_EXPECT_EQ(test, atmo_endpoint_join(&f->eps[1], group), 0);
	KUNIT_EXPECT_EQ(test, f->eps[1].lane->nr_flows, 2);
	KUNIT_EXPECT_EQ(test, atmo_endpoint_leave(&f->eps[1], group), 0);
	KUNIT_EXPECT_EQ(test, f->eps[1].lane->nr_flows, 1);
}

static void addresses_and_ports(struct kunit *test)
{
	struct atmo_flow flow = whole(AF_INET, IPPROTO_UDP, 0);
	struct fixture *f = test->priv;

	bind_ok(test, 0, flow, ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, f->eps[0].flow.laddr[0], htonl(INADDR_LOOPBACK));
	KUNIT_EXPECT_NE(test, f->eps[0].flow.lport, 0);
	KUNIT_EXPECT_EQ(test, receive_flow(test, AF_INET, IPPROTO_UDP, ntohs(f->eps[0].flow.lport)),
			ATMO_VERDICT_TAKEN);
	flow.laddr[0] = htonl(0xc0000201);
	KUNIT_EXPECT_EQ(test, bind(test, 1, flow, ATMO_LANE_SHARED), -EADDRNOTAVAIL);
	flow = whole(AF_INET6, IPPROTO_TCP, 0);
	flow.laddr[0] = htonl(0x20010db8);
	KUNIT_EXPECT_EQ(test, bind(test, 1, flow, ATMO_LANE_SHARED), -EADDRNOTAVAIL);
	flow.laddr[0] = 0;
	bind_ok(test, 1, flow, ATMO_LANE_SHARED);
	KUNIT_EXPECT_EQ(test, f->eps[1].flow.laddr[3], htonl(1));
	flow.family = AF_UNIX;
	KUNIT_EXPECT_EQ(test, bind(test, 2, flow, ATMO_LANE_SHARED), -EAFNOSUPPORT);
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE(each_gets_its_own),
	KUNIT_CASE(a_batch_of_several),
	KUNIT_CASE(a_batch_of_one_flow),
	KUNIT_CASE(a_batch_for_a_full_queue),
	KUNIT_CASE(a_full_queue_and_what_is_like_it),
	KUNIT_CASE(other_mac_address),
	KUNIT_CASE(bad_frames_are_counted),
	KUNIT_CASE(full_queue_drops_its_own),
	KUNIT_CASE(raw_gets_the_rest),
	KUNIT_CASE(raw_lane_and_shared_lane),
	KUNIT_CASE(strays_of_a_hardware_lane),
	KUNIT_CASE(rate_limit),
	KUNIT_CASE(reopen),
	KUNIT_CASE(reopen_in_the_shared_lane),
	KUNIT_CASE(retire),
	KUNIT_CASE(groups),
	KUNIT_CASE(group_limits),
	KUNIT_CASE(addresses_and_ports),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "atmo_demux_endpoint",
	.init = endpoint_init,
	.exit = endpoint_exit,
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);

MODULE_DESCRIPTION("KUnit suite of endpoints and who gets which frame");
MODULE_LICENSE("GPL");
