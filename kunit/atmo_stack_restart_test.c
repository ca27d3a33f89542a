// SPDX-License-Identifier: GPL-2.0
/*
 * Failure, restart, close, and pages shared by two instances, on a NIC whose driver
 * does as it is told: on the loopback device, so that there is an address to bind to.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "fixture.h"
#include "../atmo_portmgr/compat.h"
#include "../atmo_stack/priv.h"

#define NR	16
#define MANY	(4 * ATMO_CHUNK)
#define PORT	7700
#define LANES	2

struct atmo_lane {
	bool	open;
	bool	retired;
	struct atmo_page *provided[MANY];
	u32	nr_provided;
	u32	nr_told;			/* of them, when told last */
	u32	nr_tells;
};

static struct driver {
	struct atmo_lane lanes[LANES];
	u32	opened;
	u32	closed;
	bool	busy;			/* no lane for anybody */
	bool	slow;			/* close waits for let_go */
	struct completion let_go;
	struct atmo_page *strange;	/* what rx_return yields, once */
} driver;

static struct fixture {
	struct platform_device *pdev;
	struct atmo_nic *nic;
	struct atmo_instance *inst[2];
} fixture;

/* ---- The driver ---- */

static struct atmo_lane *fake_lane_open(struct atmo_nic *nic, void *owner, u32 nr_pages,
					const struct atmo_flow *flow)
{
	bool some_retired = false;
	u32 i;

	for (i = 0; i < LANES && !driver.busy; i++) {
		some_retired |= driver.lanes[i].retired;
		if (driver.lanes[i].open)
			continue;
		driver.lanes[i] = (struct atmo_lane){ .open = true };
		driver.opened++;
		return &driver.lanes[i];
	}
	return ERR_PTR(some_retired ? -EAGAIN : -EBUSY);
}

static int fake_lane_steer(struct atmo_lane *lane, const struct atmo_flow *flow)
{
	return 0;
}

static void fake_lane_retire(struct atmo_lane *lane)
{
	lane->retired = true;
}

static void fake_lane_close(struct atmo_lane *lane)
{
	if (driver.slow)
		wait_for_completion(&driver.let_go);
	lane->open = false;
	lane->retired = false;
	driver.closed++;
}

static u32 fake_rx_provide(struct atmo_lane *lane, struct atmo_page *const *pages, u32 n,
			   bool more)
{
	memcpy(&lane->provided[lane->nr_provided], pages, n * sizeof(*pages));
	lane->nr_provided += n;
	if (!more) {
		lane->nr_told = lane->nr_provided;
		lane->nr_tells++;
	}
	return n;
}

static u32 fake_rx_return(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n)
{
	if (!driver.strange)
		return 0;
	frames[0] = (struct atmo_rx_frame){ .page = driver.strange, .len = 100 };
	driver.strange = NULL;
	return 1;
}

static bool fake_rx_arm(struct atmo_lane *lane)
{
	return false;
}

static u32 fake_tx_provide(struct atmo_lane *lane, const struct atmo_tx_frame *frames, u32 n)
{
	return n;
}

/* Everything goes the long way. */
static u32 fake_rx_fast(struct atmo_lane *lane, struct atmo_fast_rx *to, u32 n)
{
	to->other = true;
	return 0;
}

static u32 fake_tx_fast(struct atmo_lane *lane, struct atmo_fast_tx *from, u32 n)
{
	from->other = true;
	return 0;
}

static u32 fake_tx_return(struct atmo_lane *lane, struct atmo_page **pages, u32 n,
			  u32 *recycled)
{
	*recycled = 0;
	return 0;
}

static int fake_lane_error(const struct atmo_lane *lane)
{
	return 0;
}

static const struct atmo_nic_ops fake_ops = {
	.owner		= THIS_MODULE,
	.max_lanes	= LANES,
	.lane_open	= fake_lane_open,
	.lane_steer	= fake_lane_steer,
	.lane_retire	= fake_lane_retire,
	.lane_close	= fake_lane_close,
	.rx_provide	= fake_rx_provide,
	.rx_fast	= fake_rx_fast,
	.rx_return	= fake_rx_return,
	.rx_arm		= fake_rx_arm,
	.tx_provide	= fake_tx_provide,
	.tx_fast	= fake_tx_fast,
	.tx_return	= fake_tx_return,
	.lane_error	= fake_lane_error,
};

/* ---- Set-up ---- */

static int restart_init(struct kunit *test)
{
	struct net_device *lo = init_net.loopback_dev;

	memset(&driver, 0, sizeof(driver));
	init_completion(&driver.let_go);
	memset(&fixture, 0, sizeof(fixture));
	KUNIT_ASSERT_EQ(test, loopback_up(), 0);
	fixture.pdev = platform_device_register_simple("atmo_restart_test", -1, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fixture.pdev));
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&fixture.pdev->dev, DMA_BIT_MASK(64)), 0);
	fixture.nic = atmo_nic_register(lo, &fixture.pdev->dev, &fake_ops);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fixture.nic));
	return 0;
}

static void restart_exit(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fixture.inst); i++)
		if (!IS_ERR_OR_NULL(fixture.inst[i]))
			atmo_instance_close(fixture.inst[i]);
	if (!IS_ERR_OR_NULL(fixture.nic))
		atmo_nic_unregister(fixture.nic);
	if (!IS_ERR_OR_NULL(fixture.pdev))
		platform_device_unregister(fixture.pdev);
}

static struct atmo_bind binding(u32 i)
{
	return (struct atmo_bind) {
		.version = ATMO_UAPI_VERSION, .family = AF_INET, .protocol = IPPROTO_UDP,
		.lane = ATMO_LANE_HARDWARE, .ifindex = init_net.loopback_dev->ifindex,
		.nr_pages = NR, .laddr = { htonl(INADDR_LOOPBACK) }, .lport = htons(PORT + i),
	};
}

static int bind(struct kunit *test, u32 i, struct atmo_domain *domain)
{
	struct atmo_bind bind = binding(i);

	fixture.inst[i] = atmo_instance_create();
	KUNIT_ASSERT_FALSE(test, IS_ERR(fixture.inst[i]));
	return atmo_instance_bind(fixture.inst[i], &init_net, &bind, domain);
}

static void no_lane_is_left(struct kunit *test)
{
	struct atmo_bind arg = binding(2);
	struct atmo_instance *inst = atmo_instance_create();

	KUNIT_ASSERT_FALSE(test, IS_ERR(inst));
	KUNIT_EXPECT_EQ(test, atmo_instance_bind(inst, &init_net, &arg, NULL), -EBUSY);
	atmo_instance_close(inst);
}

static struct atmo_instance *bound(struct kunit *test, u32 i, struct atmo_domain *domain)
{
	KUNIT_ASSERT_EQ(test, bind(test, i, domain), 0);
	return fixture.inst[i];
}

static void give(struct atmo_instance *inst, u32 slot)
{
	struct atmo_ring *ring = &inst->rx.free;
	struct atmo_free_desc *entries = ring->entries;

	entries[ring->cursors->producer++ % NR] = (struct atmo_free_desc){ .slot = slot };
}

static u32 nr_of(const struct atmo_instance *inst, enum atmo_owner owner)
{
	u32 slot, n = 0;

	for (slot = 0; slot < NR; slot++)
		n += atmo_owner_of(inst->owners[slot]) == owner;
	return n;
}

/* The driver yields a page that the lane doesn't have. */
static void violate(struct kunit *test, struct atmo_instance *inst)
{
	driver.strange = &inst->pages[NR - 1];
	atmo_instance_rx(inst, 1);
	KUNIT_ASSERT_EQ(test, atmo_instance_rx(inst, 1), -EIO);
	KUNIT_ASSERT_EQ(test, atmo_instance_tx(inst, 1), -EIO);
}

/* ---- Restart ---- */

static void failed_instance_comes_back(struct kunit *test)
{
	struct atmo_instance *inst = bound(test, 0, NULL), *other = bound(test, 1, NULL);
	struct page *before[NR];
	u32 slot, id = inst->id;

	for (slot = 0; slot < NR; slot++) {
		before[slot] = inst->domain->pages[slot];
		get_page(before[slot]);
		memset(inst->pages[slot].va, 0xaa, PAGE_SIZE);
	}
	give(inst, 1);
	give(inst, 2);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_of(inst, ATMO_OWNER_NIC_RX), 2);
	violate(test, inst);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(other, 1), 0);
	inst->rx.packets = 77;
	KUNIT_ASSERT_EQ(test, atmo_instance_restart(inst), 0);
	KUNIT_EXPECT_EQ(test, driver.opened, 3);
	KUNIT_EXPECT_EQ(test, driver.closed, 1);
	KUNIT_EXPECT_EQ(test, nr_of(inst, ATMO_OWNER_USER), NR);
	KUNIT_EXPECT_EQ(test, inst->rx.ring.cursor + inst->rx.free.cursor, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(inst->rings, 0, inst->rings_len));
	KUNIT_EXPECT_EQ(test, inst->rx.packets, 77);
	KUNIT_EXPECT_EQ(test, inst->id, id);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(inst->ep.flow.lport), PORT);
	for (slot = 0; slot < NR; slot++) {
		KUNIT_EXPECT_PTR_NE(test, inst->pages[slot].page, before[slot]);
		KUNIT_EXPECT_PTR_EQ(test, inst->pages[slot].page, inst->domain->pages[slot]);
		KUNIT_EXPECT_EQ(test, inst->pages[slot].slot, slot);
		KUNIT_EXPECT_NULL(test, memchr_inv(inst->pages[slot].va, 0, PAGE_SIZE));
		/* Nothing but the reference taken above is left. */
		KUNIT_EXPECT_EQ(test, page_count(before[slot]), 1);
		put_page(before[slot]);
	}
	give(inst, 3);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_of(inst, ATMO_OWNER_NIC_RX), 1);
}

/* A write to a device costs more than the pages that it tells of. */
static void lane_is_told_of_many_pages_at_once(struct kunit *test)
{
	struct atmo_instance *inst = atmo_instance_create();
	struct atmo_bind arg = binding(0);
	struct atmo_free_desc *entries;
	u32 slot;

	KUNIT_ASSERT_FALSE(test, IS_ERR(inst));
	fixture.inst[0] = inst;
	arg.nr_pages = MANY;
	KUNIT_ASSERT_EQ(test, atmo_instance_bind(inst, &init_net, &arg, NULL), 0);
	entries = inst->rx.free.entries;
	for (slot = 0; slot < MANY; slot++)
		entries[slot].slot = slot;
	inst->rx.free.cursors->producer = MANY;
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, 1), 0);
	KUNIT_EXPECT_EQ(test, inst->ep.lane->nr_provided, MANY);
	KUNIT_EXPECT_EQ(test, inst->ep.lane->nr_told, MANY);
	KUNIT_EXPECT_EQ(test, inst->ep.lane->nr_tells, 1);
}

static void lost_lane_can_be_asked_for_again(struct kunit *test)
{
	struct atmo_instance *inst = bound(test, 0, NULL);

	driver.busy = true;
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(inst), -EBUSY);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, 1), -EIO);
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(inst), -EBUSY);
	/* The port is its own all the time. */
	KUNIT_EXPECT_EQ(test, be16_to_cpu(inst->ep.flow.lport), PORT);
	driver.busy = false;
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(inst), 0);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(inst, 1), 0);
}

static void restart_without_nic(struct kunit *test)
{
	struct atmo_instance *inst = atmo_instance_create();

	KUNIT_ASSERT_FALSE(test, IS_ERR(inst));
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(inst), -ENOTCONN);
	atmo_instance_close(inst);
	inst = bound(test, 0, NULL);
	atmo_nic_unregister(fixture.nic);
	fixture.nic = NULL;
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(inst), -ENODEV);
}

/* ---- Close ---- */

static void close(u32 i)
{
	atmo_instance_close(fixture.inst[i]);
	fixture.inst[i] = NULL;
}

static void let_go(struct work_struct *work)
{
	complete_all(&driver.let_go);
}

static DECLARE_DELAYED_WORK(let_go_work, let_go);

/* The port is free at once, the pages when the device has let go of them. */
static void close_goes_on_in_the_background(struct kunit *test)
{
	struct atmo_instance *inst = bound(test, 0, NULL);
	struct page *page = inst->domain->pages[1];

	get_page(page);
	give(inst, 1);
	atmo_instance_rx(inst, 1);
	driver.slow = true;
	close(0);
	KUNIT_EXPECT_TRUE(test, driver.lanes[0].retired);
	KUNIT_EXPECT_EQ(test, bind(test, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, driver.closed, 0);
	KUNIT_EXPECT_GT(test, page_count(page), 1);
	let_go(NULL);
	atmo_closing_wait();
	KUNIT_EXPECT_FALSE(test, atmo_closing_wait());
	KUNIT_EXPECT_EQ(test, driver.closed, 1);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
}

static void bind_waits_for_lanes_being_closed(struct kunit *test)
{
	bound(test, 0, NULL);
	bound(test, 1, NULL);
	driver.slow = true;
	close(0);
	close(1);
	schedule_delayed_work(&let_go_work, HZ / 20);
	KUNIT_EXPECT_EQ(test, bind(test, 0, NULL), 0);
	flush_delayed_work(&let_go_work);
	/* Nobody closes anything now. */
	bound(test, 1, NULL);
	driver.lanes[0].retired = true;
	no_lane_is_left(test);
	driver.lanes[0].retired = false;
}

/* Unregistering waits for what is being closed. */
static void nic_goes_while_closing(struct kunit *test)
{
	bound(test, 0, NULL);
	driver.slow = true;
	close(0);
	schedule_delayed_work(&let_go_work, HZ / 20);
	atmo_nic_unregister(fixture.nic);
	fixture.nic = NULL;
	KUNIT_EXPECT_EQ(test, driver.closed, 1);
	flush_delayed_work(&let_go_work);
}

/* ---- Shared pages ---- */

/* The second instance on the pages of the first. */
static struct atmo_instance *sharing(struct kunit *test, struct atmo_instance *first)
{
	struct atmo_domain *domain = atmo_domain_get(first, NR);
	struct atmo_instance *inst;

	KUNIT_ASSERT_FALSE(test, IS_ERR(domain));
	inst = bound(test, 1, domain);
	atmo_domain_put(domain);
	return inst;
}

static void members_have_the_same_memory(struct kunit *test)
{
	struct atmo_instance *a = bound(test, 0, NULL), *b = sharing(test, a);
	u32 slot;

	KUNIT_EXPECT_NE(test, a->member, b->member);
	for (slot = 0; slot < NR; slot++) {
		KUNIT_EXPECT_PTR_EQ(test, a->pages[slot].page, b->pages[slot].page);
		KUNIT_EXPECT_PTR_NE(test, &a->pages[slot], &b->pages[slot]);
	}
	give(a, 4);
	atmo_instance_rx(a, 1);
	give(b, 4);
	atmo_instance_rx(b, 1);
	KUNIT_EXPECT_EQ(test, b->rx.drops[ATMO_DROP_FREE_NOT_OWNED], 1);
	KUNIT_EXPECT_EQ(test, nr_of(a, ATMO_OWNER_NIC_RX), 1);
}

/* A driver that yields to one what the other has. */
static void page_of_the_other_member(struct kunit *test)
{
	struct atmo_instance *a = bound(test, 0, NULL), *b = sharing(test, a);

	give(b, NR - 1);
	atmo_instance_rx(b, 1);
	violate(test, a);
	KUNIT_EXPECT_TRUE(test, atmo_owner_is_member(b->owners[NR - 1], b->member));
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(b, 1), 0);
}

static void restart_leaves_shared_pages(struct kunit *test)
{
	struct atmo_instance *a = bound(test, 0, NULL), *b = sharing(test, a);
	struct page *before = a->pages[9].page;

	memset(a->pages[9].va, 'x', PAGE_SIZE);
	give(a, 1);
	atmo_instance_rx(a, 1);
	give(b, 2);
	atmo_instance_rx(b, 1);
	KUNIT_EXPECT_EQ(test, atmo_instance_restart(a), 0);
	KUNIT_EXPECT_PTR_EQ(test, a->pages[9].page, before);
	KUNIT_EXPECT_NULL(test, memchr_inv(b->pages[9].va, 'x', PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, a->owners[1], ATMO_OWNER_USER);
	KUNIT_EXPECT_EQ(test, atmo_owner_of(b->owners[2]), ATMO_OWNER_NIC_RX);
}

static void member_outlives_the_first(struct kunit *test)
{
	struct atmo_instance *a = bound(test, 0, NULL), *b = sharing(test, a);

	give(a, 1);
	atmo_instance_rx(a, 1);
	fixture.inst[0] = NULL;
	atmo_instance_close(a);
	KUNIT_EXPECT_EQ(test, nr_of(b, ATMO_OWNER_USER), NR);
	give(b, 1);
	KUNIT_EXPECT_EQ(test, atmo_instance_rx(b, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_of(b, ATMO_OWNER_NIC_RX), 1);
}

static void domains_that_cannot_be_had(struct kunit *test)
{
	struct atmo_instance *inst = bound(test, 0, NULL), *fresh = atmo_instance_create();

	KUNIT_ASSERT_FALSE(test, IS_ERR(fresh));
	KUNIT_EXPECT_EQ(test, PTR_ERR(atmo_domain_get(fresh, NR)), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, PTR_ERR(atmo_domain_get(inst, 2 * NR)), -EINVAL);
	inst->domain->uid = KUIDT_INIT(4711);
	KUNIT_EXPECT_EQ(test, PTR_ERR(atmo_domain_get(inst, NR)), -EPERM);
	KUNIT_EXPECT_FALSE(test, inst->domain->shared);
	violate(test, inst);
	KUNIT_EXPECT_EQ(test, PTR_ERR(atmo_domain_get(inst, NR)), -EIO);
	atmo_instance_close(fresh);
}

static struct kunit_case restart_cases[] = {
	KUNIT_CASE(failed_instance_comes_back),
	KUNIT_CASE(lane_is_told_of_many_pages_at_once),
	KUNIT_CASE(lost_lane_can_be_asked_for_again),
	KUNIT_CASE(restart_without_nic),
	KUNIT_CASE(close_goes_on_in_the_background),
	KUNIT_CASE(bind_waits_for_lanes_being_closed),
	KUNIT_CASE(nic_goes_while_closing),
	KUNIT_CASE(members_have_the_same_memory),
	KUNIT_CASE(page_of_the_other_member),
	KUNIT_CASE(restart_leaves_shared_pages),
	KUNIT_CASE(member_outlives_the_first),
	KUNIT_CASE(domains_that_cannot_be_had),
	{}
};

static struct kunit_suite restart_suite = {
	.name = "atmo_stack_restart",
	.init = restart_init,
	.exit = restart_exit,
	.test_cases = restart_cases,
};

kunit_test_suite(restart_suite);

ATMO_IMPORT_KUNIT_SYMBOLS();
MODULE_DESCRIPTION("KUnit suite of failure, restart and shared pages");
MODULE_LICENSE("GPL");
