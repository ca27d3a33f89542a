// SPDX-License-Identifier: GPL-2.0
/*
 * A million flows in the table, a million claims in a real namespace, and lookups
 * while others claim and release and while the table grows. Says what that takes:
 * memory, and time in this kernel with its checks.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <net/net_namespace.h>

#include "fixture.h"
#include "../atmo_portmgr/atmo_portmgr.h"
#include "../atmo_portmgr/table.h"

#define NR_FLOWS	1000000
#define NR_CLAIMS	100000
#define NR_LPORTS	16
#define FIRST_LPORT	7000

/* The n-th connection: few local ports, and many peers of a few networks. */
static struct atmo_flow make_flow(u32 n)
{
	return (struct atmo_flow) {
		.laddr = { htonl(INADDR_LOOPBACK) },
		.raddr = { htonl(0x0a000001 + n / NR_LPORTS / 50000) },
		.lport = htons(FIRST_LPORT + n % NR_LPORTS),
		.rport = htons(1 + n / NR_LPORTS % 50000),
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
	};
}

static int claim(struct atmo_ports *ports, u32 n, u32 id)
{
	struct atmo_flow flow = make_flow(n);

	return atmo_port_claim(ports, &init_net, init_net.loopback_dev->ifindex, &flow, id,
			       KUIDT_INIT(1000));
}

static u32 lookup(struct atmo_ports *ports, u32 n)
{
	struct atmo_flow flow = make_flow(n);

	return atmo_port_lookup(ports, &flow);
}

static void release(struct atmo_ports *ports, u32 n, u32 id)
{
	struct atmo_flow flow = make_flow(n);

	atmo_port_release(ports, &flow, id);
}

static void say(struct kunit *test, const char *what, u64 start_ns, u32 nr)
{
	u64 ns = ktime_get_ns() - start_ns;

	kunit_info(test, "%u flows %s: %llu ms, %llu ns each\n", nr, what, ns / NSEC_PER_MSEC,
		   ns / nr);
}

/* Grows as the port manager's does. */
static struct atmo_table *table_copy(struct atmo_table *old, u32 nr_slots)
{
	static const hsiphash_key_t key = { { 0x0123456789abcdefUL, 0xfedcba987UL } };
	struct atmo_table *t = kvmalloc(atmo_table_bytes(nr_slots), GFP_KERNEL);

	if (!t)
		return NULL;
	atmo_table_init(t, nr_slots, &key);
	if (old && atmo_table_copy(t, old)) {
		kvfree(t);
		return NULL;
	}
	kvfree(old);
	return t;
}

static struct atmo_table *insert_all(struct kunit *test)
{
	struct atmo_table *t = table_copy(NULL, 256);
	struct atmo_flow flow;
	u32 n, wrong = 0;

	for (n = 0; t && n < NR_FLOWS; n++) {
		flow = make_flow(n);
		if (atmo_table_insert(t, &flow, n + 1) == -ENOSPC) {
			t = table_copy(t, 2 * t->nr_slots);
			wrong += !t || atmo_table_insert(t, &flow, n + 1);
		}
		if (n % 256 == 0)
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	return t;
}

static void look_up_all(struct kunit *test, const struct atmo_table *t)
{
	struct atmo_flow flow;
	u32 n, wrong = 0;

	for (n = 0; n < NR_FLOWS; n++) {
		flow = make_flow(n);
		wrong += atmo_table_lookup(t, &flow) != n + 1;
		if (n % 256 == 0)
			cond_resched();
	}
	for (n = NR_FLOWS; n < NR_FLOWS + 1000; n++) {
		flow = make_flow(n);
		wrong += atmo_table_lookup(t, &flow) != ATMO_STACK_NONE;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void remove_all(struct kunit *test, struct atmo_table *t)
{
	struct atmo_flow flow;
	u32 n, wrong = 0;

	for (n = 0; n < NR_FLOWS; n++) {
		flow = make_flow(n);
		wrong += atmo_table_remove(t, &flow, n + 1) != 0;
		if (n % 256 == 0)
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void million_flows(struct kunit *test)
{
	u64 start = ktime_get_ns();
	struct atmo_table *t = insert_all(test);

	KUNIT_ASSERT_NOT_NULL(test, t);
	say(test, "inserted", start, NR_FLOWS);
	kunit_info(test, "%zu bytes a flow\n", atmo_table_bytes(t->nr_slots) / NR_FLOWS);
	KUNIT_EXPECT_EQ(test, t->nr_live, NR_FLOWS);
	start = ktime_get_ns();
	look_up_all(test, t);
	say(test, "looked up", start, NR_FLOWS);
	start = ktime_get_ns();
	remove_all(test, t);
	say(test, "removed", start, NR_FLOWS);
	KUNIT_EXPECT_EQ(test, t->nr_live, 0);
	kvfree(t);
}

static void hundred_thousand_claims(struct kunit *test)
{
	struct atmo_ports *ports = test->priv;
	size_t empty = atmo_ports_bytes(ports), full;
	u64 start = ktime_get_ns();
	u32 n, wrong = 0;

	for (n = 0; n < NR_CLAIMS; n++) {
		wrong += claim(ports, n, n + 1) != 0;
		cond_resched();
	}
	say(test, "claimed", start, NR_CLAIMS);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	full = atmo_ports_bytes(ports);
	kunit_info(test, "%zu bytes a flow\n", (full - empty) / NR_CLAIMS);
	/* Each flow once: the second claim is refused, and the first is still there. */
	for (n = 0; n < NR_CLAIMS; n += 97) {
		wrong += claim(ports, n, n + 2) != -EADDRINUSE;
		wrong += lookup(ports, n) != n + 1;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	start = ktime_get_ns();
	for (n = 0; n < NR_CLAIMS; n++) {
		release(ports, n, n + 1);
		cond_resched();
	}
	say(test, "released", start, NR_CLAIMS);
	for (n = 0; n < NR_CLAIMS; n += 13)
		wrong += lookup(ports, n) != ATMO_STACK_NONE;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* A table full of dead slots is given back when there are claims again. */
	for (n = 0; n < NR_CLAIMS / 2; n++)
		wrong += claim(ports, n, 1) != 0;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_LT(test, atmo_ports_bytes(ports), full);
}

#define NR_STABLE	20000	/* never released */
#define NR_CHURN	30000	/* claimed and released */
#define ROUNDS		2

/**
 * struct reader - a softirq that looks packets up, played by a thread
 * @ports: where
 * @nr_stable: flows that are claimed, from the first one on; may grow
 * @nr_flows: flows to look up
 * @seed: where it begins
 * @stop: it shall end
 * @nr: lookups done
 * @found: flows found
 * @wrong: answers that can't be
 * @done: it has ended
 */
struct reader {
	struct atmo_ports *ports;
	const u32 *nr_stable;
	u32 nr_flows;
	u32 seed;
	bool stop;
	u64 nr;
	u64 found;
	u32 wrong;
	struct completion done;
};

/*
 * A flow that is always there must always be found, whatever happens beside it;
 * one that comes and goes is found as its owner's or not at all.
 */
static int read_flows(void *arg)
{
	struct reader *r = arg;
	u32 n = r->seed;
	u32 id, stable;

	while (!READ_ONCE(r->stop)) {
		n = (n + 7919) % r->nr_flows;
		/* What was claimed before the lookup. Pairs with grow(). */
		stable = smp_load_acquire(r->nr_stable);
		id = lookup(r->ports, n);
		if (id != n + 1 && (n < stable || id != ATMO_STACK_NONE))
			r->wrong++;
		r->found += id == n + 1;
		if (++r->nr % 64 == 0)
			cond_resched();
	}
	kthread_complete_and_exit(&r->done, 0);
	return 0;
}

static void start_readers(struct reader *readers, u32 nr, struct atmo_ports *ports,
			  const u32 *nr_stable, u32 nr_flows)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		readers[i] = (struct reader) {
			.ports = ports, .nr_stable = nr_stable, .nr_flows = nr_flows, .seed = i,
		};
		init_completion(&readers[i].done);
		if (IS_ERR(kthread_run(read_flows, &readers[i], "atmo_reader/%u", i)))
			complete(&readers[i].done);
	}
}

static void stop_readers(struct kunit *test, struct reader *readers, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		WRITE_ONCE(readers[i].stop, true);
		wait_for_completion(&readers[i].done);
		KUNIT_EXPECT_EQ(test, readers[i].wrong, 0);
		KUNIT_EXPECT_GT(test, readers[i].found, 0);
		kunit_info(test, "reader %u: %llu lookups, %llu found\n", i, readers[i].nr,
			   readers[i].found);
	}
}

static void change(struct kunit *test, struct atmo_ports *ports)
{
	u32 round, n, wrong = 0;

	for (round = 0; round < ROUNDS; round++) {
		for (n = NR_STABLE; n < NR_STABLE + NR_CHURN; n++) {
			wrong += claim(ports, n, n + 1) != 0;
			cond_resched();
		}
		for (n = NR_STABLE; n < NR_STABLE + NR_CHURN; n++) {
			release(ports, n, n + 1);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void lookups_during_changes(struct kunit *test)
{
	static const u32 nr_stable = NR_STABLE;
	struct atmo_ports *ports = test->priv;
	struct reader readers[2];
	u64 start = ktime_get_ns();
	u32 n, wrong = 0;

	for (n = 0; n < NR_STABLE; n++)
		wrong += claim(ports, n, n + 1) != 0;
	KUNIT_ASSERT_EQ(test, wrong, 0);
	start_readers(readers, ARRAY_SIZE(readers), ports, &nr_stable, NR_STABLE + NR_CHURN);
	change(test, ports);
	stop_readers(test, readers, ARRAY_SIZE(readers));
	say(test, "claimed or released beside", start, 2 * ROUNDS * NR_CHURN);
}

/* Claims those up to the @end-th; *nr_claimed says how far that is. */
static u32 grow(struct atmo_ports *ports, u32 *nr_claimed, u32 end)
{
	u32 n, wrong = 0;

	for (n = *nr_claimed; n < end; n++) {
		wrong += claim(ports, n, n + 1) != 0;
		/* Pairs with read_flows(). */
		smp_store_release(nr_claimed, n + 1);
		cond_resched();
	}
	return wrong;
}

/* From a hundred thousand claims to a million, the table is replaced several times. */
static void lookups_during_growth(struct kunit *test)
{
	struct atmo_ports *ports = test->priv;
	struct reader readers[2];
	u32 nr_claimed = 0, n, wrong = 0;
	size_t before, bytes, last;
	u32 nr_replaced = 0;
	u64 start;

	KUNIT_ASSERT_EQ(test, grow(ports, &nr_claimed, NR_CLAIMS), 0);
	before = atmo_ports_bytes(ports);
	last = before;
	start = ktime_get_ns();
	start_readers(readers, ARRAY_SIZE(readers), ports, &nr_claimed, NR_FLOWS);
	for (n = NR_CLAIMS; n < NR_FLOWS; n += 10000) {
		wrong += grow(ports, &nr_claimed, n + 10000);
		bytes = atmo_ports_bytes(ports);
		nr_replaced += bytes != last;
		last = bytes;
	}
	stop_readers(test, readers, ARRAY_SIZE(readers));
	say(test, "claimed under lookups", start, NR_FLOWS - NR_CLAIMS);
	kunit_info(test, "%zu, then %zu bytes: the table grew %u times\n", before, last,
		   nr_replaced);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_GE(test, nr_replaced, 2);
	for (n = 0; n < NR_FLOWS; n += 7)
		wrong += lookup(ports, n) != n + 1;
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static struct kunit_case scale_cases[] = {
	KUNIT_CASE(million_flows),
	KUNIT_CASE(hundred_thousand_claims),
	KUNIT_CASE(lookups_during_changes),
	KUNIT_CASE(lookups_during_growth),
	{}
};

static struct kunit_suite scale_suite = {
	.name = "atmo_portmgr_scale",
	.init = ports_init,
	.exit = ports_exit,
	.test_cases = scale_cases,
};

kunit_test_suite(scale_suite);

MODULE_DESCRIPTION("KUnit suite of a million claims");
MODULE_LICENSE("GPL");
