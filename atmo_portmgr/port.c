// SPDX-License-Identifier: GPL-2.0
/*
 * Claims and releases of ports. Lookups are wait-free under RCU; writers take a
 * mutex. A claim costs an entry in the table and, where it is the first of its
 * local port, a reservation in Linux (reserve.c); nothing is kept per stack.
 *
 * The table grows, or is freed of its dead slots, by publishing a copy; the old
 * one is freed after a grace period that nobody waits for. It happens after as
 * many changes as a quarter of the table at least, so that its cost per change
 * is bounded.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "compat.h"
#include "priv.h"
#include "table.h"

#define PORTS_FIRST_SLOTS	256U

/* A table that is made anew has four slots for each of them. */
#define PORTS_MAX_FLOWS		(ATMO_TABLE_MAX_SLOTS / 4)

unsigned int atmo_ports_max_flows = PORTS_MAX_FLOWS;
EXPORT_SYMBOL_IF_KUNIT(atmo_ports_max_flows);
module_param_named(max_flows, atmo_ports_max_flows, uint, 0644);
MODULE_PARM_DESC(max_flows, "Most flows of a NIC that may be claimed at a time, up to 4194304");

/**
 * struct ports_table - a table that readers may still be looking at
 * @rcu: for its end
 * @t: the table
 */
struct ports_table {
	struct rcu_head rcu;
	struct atmo_table t;	/* must be last: has the slots at its end */
};

/**
 * struct atmo_ports - the ports of one NIC
 * @table: who owns which flow; replaced, never resized
 * @nr_connected: flows in it with a remote address: without any, packets need be
 *	looked up by their local port only
 * @raw: whose the frames are that nobody else claims
 * @lock: protects the writing of all of this
 * @reserved: the local ports of all flows in @table
 */
struct atmo_ports {
	struct ports_table __rcu *table;
	u32 nr_connected;
	u32 raw;
	struct mutex lock;	/* protects the writing of all of this */
	struct atmo_reservations reserved;
};

void *atmo_ports_alloc(size_t bytes)
{
	KUNIT_STATIC_STUB_REDIRECT(atmo_ports_alloc, bytes);
	return kvmalloc(bytes, GFP_KERNEL);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_ports_alloc);

static struct ports_table *table_create(u32 nr_slots, const hsiphash_key_t *key)
{
	size_t bytes = atmo_table_bytes(nr_slots);
	struct ports_table *table;

	if (!bytes)
		return NULL;
	table = atmo_ports_alloc(offsetof(struct ports_table, t) + bytes);
	if (table)
		atmo_table_init(&table->t, nr_slots, key);
	return table;
}

static struct ports_table *ports_table(struct atmo_ports *ports)
{
	return rcu_dereference_protected(ports->table, lockdep_is_held(&ports->lock));
}

/* A copy without dead slots, of which at most a quarter is in use. */
static int ports_regrow(struct atmo_ports *ports)
{
	struct ports_table *old = ports_table(ports);
	struct ports_table *table;
	u32 nr_slots;

	nr_slots = roundup_pow_of_two(max(4 * old->t.nr_live, PORTS_FIRST_SLOTS));
	table = table_create(nr_slots, &old->t.key);
	if (!table)
		return -ENOMEM;
	if (atmo_table_copy(&table->t, &old->t)) {
		kvfree(table);
		return -ENOMEM;
	}
	rcu_assign_pointer(ports->table, table);
	kvfree_rcu(old, rcu);
	return 0;
}

static int ports_insert(struct atmo_ports *ports, const struct atmo_flow *flow, u32 id)
{
	int err;

	if (ports_table(ports)->t.nr_live >= min_t(u32, READ_ONCE(atmo_ports_max_flows),
						   PORTS_MAX_FLOWS))
		return -ENOMEM;
	err = atmo_table_insert(&ports_table(ports)->t, flow, id);
	if (err != -ENOSPC)
		return err;
	err = ports_regrow(ports);
	if (err)
		return err;
	return atmo_table_insert(&ports_table(ports)->t, flow, id);
}

static bool address_is_zero(const __be32 addr[4])
{
	return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

static bool address_is_multicast(u16 family, const __be32 addr[4])
{
	return family == AF_INET ? ipv4_is_multicast(addr[0]) : *(const u8 *)addr == 0xff;
}

/* An IPv4 address leaves the other words zero. */
static bool address_fits(u16 family, const __be32 addr[4])
{
	return family == AF_INET6 || !(addr[1] | addr[2] | addr[3]);
}

static int raw_check(const struct atmo_flow *flow)
{
	static const struct atmo_flow raw = { .family = AF_PACKET };

	return memcmp(flow, &raw, sizeof(raw)) ? -EINVAL : 0;
}

static int flow_check(const struct atmo_flow *flow)
{
	bool connected = atmo_flow_connected(flow);

	if (flow->family == AF_PACKET)
		return raw_check(flow);
	if (flow->family != AF_INET && flow->family != AF_INET6)
		return -EAFNOSUPPORT;
	if (flow->protocol != IPPROTO_UDP && flow->protocol != IPPROTO_TCP)
		return -EPROTONOSUPPORT;
	if (!address_fits(flow->family, flow->laddr) || !address_fits(flow->family, flow->raddr))
		return -EINVAL;
	if (address_is_zero(flow->laddr) || connected == address_is_zero(flow->raddr) ||
	    flow->zero || address_is_multicast(flow->family, flow->raddr))
		return -EINVAL;
	/* A group is received by whoever has joined it, and sends nothing. */
	if (address_is_multicast(flow->family, flow->laddr) &&
	    (connected || flow->protocol != IPPROTO_UDP))
		return -EINVAL;
	return 0;
}

static int raw_claim(struct atmo_ports *ports, u32 stack_id)
{
	lockdep_assert_held(&ports->lock);
	if (ports->raw != ATMO_STACK_NONE)
		return -EADDRINUSE;
	WRITE_ONCE(ports->raw, stack_id);
	return 0;
}

static int ports_claim(struct atmo_ports *ports, struct net *net, u32 ifindex,
		       struct atmo_flow *flow, u32 stack_id, kuid_t owner)
{
	__be16 lport = flow->lport;
	int err;

	lockdep_assert_held(&ports->lock);
	if (atmo_table_lookup(&ports_table(ports)->t, flow) != ATMO_STACK_NONE)
		return -EADDRINUSE;
	err = atmo_reservation_get(&ports->reserved, net, ifindex, flow, owner);
	if (err)
		return err;
	err = ports_insert(ports, flow, stack_id);
	if (err) {
		atmo_reservation_put(&ports->reserved, flow);
		flow->lport = lport;
		return err;
	}
	if (atmo_flow_connected(flow))
		WRITE_ONCE(ports->nr_connected, ports->nr_connected + 1);
	return 0;
}

int atmo_port_claim(struct atmo_ports *ports, struct net *net, u32 ifindex,
		    struct atmo_flow *flow, u32 stack_id, kuid_t owner)
{
	int err;

	if (stack_id < ATMO_STACK_FIRST || stack_id > ATMO_STACK_LAST)
		return -EINVAL;
	err = flow_check(flow);
	if (err)
		return err;
	mutex_lock(&ports->lock);
	if (flow->family == AF_PACKET)
		err = raw_claim(ports, stack_id);
	else
		err = ports_claim(ports, net, ifindex, flow, stack_id, owner);
	mutex_unlock(&ports->lock);
	return err;
}
EXPORT_SYMBOL_GPL(atmo_port_claim);

void atmo_port_release(struct atmo_ports *ports, const struct atmo_flow *flow,
		       u32 stack_id)
{
	if (stack_id == ATMO_STACK_NONE)
		return;
	mutex_lock(&ports->lock);
	if (flow->family == AF_PACKET) {
		if (!raw_check(flow) && ports->raw == stack_id)
			WRITE_ONCE(ports->raw, ATMO_STACK_NONE);
	} else if (!atmo_table_remove(&ports_table(ports)->t, flow, stack_id)) {
		if (atmo_flow_connected(flow))
			WRITE_ONCE(ports->nr_connected, ports->nr_connected - 1);
		atmo_reservation_put(&ports->reserved, flow);
	}
	mutex_unlock(&ports->lock);
}
EXPORT_SYMBOL_GPL(atmo_port_release);

u32 atmo_port_lookup(struct atmo_ports *ports, const struct atmo_flow *flow)
{
	const struct atmo_table *t;
	struct atmo_flow whole;
	u32 id = ATMO_STACK_NONE;

	if (flow->family == AF_PACKET)
		return READ_ONCE(ports->raw);
	rcu_read_lock();
	t = &rcu_dereference(ports->table)->t;
	if (READ_ONCE(ports->nr_connected) && atmo_flow_connected(flow))
		id = atmo_table_lookup(t, flow);
	if (id == ATMO_STACK_NONE) {
		whole = *flow;
		memset(whole.raddr, 0, sizeof(whole.raddr));
		whole.rport = 0;
		id = atmo_table_lookup(t, &whole);
	}
	rcu_read_unlock();
	return id;
}
EXPORT_SYMBOL_GPL(atmo_port_lookup);

size_t atmo_ports_bytes(struct atmo_ports *ports)
{
	size_t bytes;

	mutex_lock(&ports->lock);
	bytes = offsetof(struct ports_table, t) + ports->reserved.bytes +
		atmo_table_bytes(ports_table(ports)->t.nr_slots);
	mutex_unlock(&ports->lock);
	return bytes;
}
EXPORT_SYMBOL_GPL(atmo_ports_bytes);

struct atmo_ports *atmo_ports_create(void)
{
	struct atmo_ports *ports = kzalloc(sizeof(*ports), GFP_KERNEL);
	struct ports_table *table;
	hsiphash_key_t key;

	if (!ports)
		return NULL;
	get_random_bytes(&key, sizeof(key));
	table = table_create(PORTS_FIRST_SLOTS, &key);
	if (!table)
		goto err_ports;
	if (atmo_reservations_init(&ports->reserved))
		goto err_table;
	RCU_INIT_POINTER(ports->table, table);
	mutex_init(&ports->lock);
	return ports;

err_table:
	kvfree(table);
err_ports:
	kfree(ports);
	return NULL;
}
EXPORT_SYMBOL_GPL(atmo_ports_create);

void atmo_ports_destroy(struct atmo_ports *ports)
{
	atmo_reservations_exit(&ports->reserved);
	kvfree(rcu_dereference_protected(ports->table, true));
	mutex_destroy(&ports->lock);
	kfree(ports);
}
EXPORT_SYMBOL_GPL(atmo_ports_destroy);
