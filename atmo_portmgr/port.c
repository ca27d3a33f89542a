// SPDX-License-Identifier: GPL-2.0
/*
 * Claims and releases of ports. Lookups are wait-free under RCU; writers take a
 * mutex and grow the table by publishing a larger copy.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/udp_tunnel.h>

#include "atmo_portmgr.h"
#include "compat.h"
#include "table.h"

#define PORTS_FIRST_SLOTS	64

/**
 * struct atmo_ports - the ports of one NIC
 * @table: who owns which flow; replaced, never resized
 * @lock: protects @claims and writing to @table
 * @claims: struct claim by stack id
 */
struct atmo_ports {
	struct atmo_table __rcu *table;
	struct mutex lock;	/* protects claims and writing to table */
	struct xarray claims;
};

/**
 * struct claim - one claimed flow
 * @flow: the flow
 * @net: network namespace of @sock, held
 * @sock: holds the port in Linux
 */
struct claim {
	struct atmo_flow flow;
	struct net *net;
	struct socket *sock;
};

static struct atmo_table *table_create(u32 nr_slots, const hsiphash_key_t *key)
{
	size_t bytes = atmo_table_bytes(nr_slots);
	struct atmo_table *t;

	if (!bytes)
		return NULL;
	t = kvmalloc(bytes, GFP_KERNEL);
	if (t)
		atmo_table_init(t, nr_slots, key);
	return t;
}

static struct atmo_table *ports_table(struct atmo_ports *ports)
{
	return rcu_dereference_protected(ports->table, lockdep_is_held(&ports->lock));
}

/* A copy without dead slots; twice the size when it would soon be full again. */
static int ports_regrow(struct atmo_ports *ports)
{
	struct atmo_table *old = ports_table(ports);
	u32 nr_slots = old->nr_slots;
	struct atmo_table *t;

	if (old->nr_live >= nr_slots / 4)
		nr_slots *= 2;
	t = table_create(nr_slots, &old->key);
	if (!t)
		return -ENOMEM;
	if (atmo_table_copy(t, old)) {
		kvfree(t);
		return -ENOMEM;
	}
	rcu_assign_pointer(ports->table, t);
	synchronize_rcu();
	kvfree(old);
	return 0;
}

static int ports_insert(struct atmo_ports *ports, const struct atmo_flow *flow, u32 id)
{
	int err = atmo_table_insert(ports_table(ports), flow, id);

	if (err != -ENOSPC)
		return err;
	err = ports_regrow(ports);
	if (err)
		return err;
	return atmo_table_insert(ports_table(ports), flow, id);
}

/*
 * A datagram that came to the reserved port by another way than the NIC's (or
 * past the demultiplexer: reassembled from fragments): the port is ours, so no
 * Linux socket may have it, and nobody would ever read it from this one. Counted
 * as the socket's drops.
 */
static int reserved_rcv(struct sock *sk, struct sk_buff *skb)
{
	atmo_sock_count_drop(sk);
	kfree_skb(skb);
	return 0;
}

/*
 * Hold the port in Linux with a socket that is bound to it. It sets neither
 * SO_REUSEADDR nor SO_REUSEPORT, and Linux wants both sides to agree to sharing:
 * no other socket can get the port as long as this one is bound, and this one
 * doesn't get a port that another has. Nor is it bound to a device, so that a
 * socket with SO_BINDTODEVICE can't have the port either.
 */
static int claim_reserve(struct claim *claim)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = claim->flow.lport,
		.sin_addr.s_addr = claim->flow.laddr[0],
	};
	struct socket *sock;
	int err;

	err = sock_create_kern(claim->net, PF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	/* Before the bind: nothing may ever get into the receive queue. */
	udp_sk(sock->sk)->encap_rcv = reserved_rcv;
	WRITE_ONCE(udp_sk(sock->sk)->encap_type, 1);
	udp_tunnel_encap_enable(sock->sk);
	/* void: the parameter is another kind of sockaddr from 6.19 on. */
	err = kernel_bind(sock, (void *)&addr, sizeof(addr));
	if (err) {
		sock_release(sock);
		return err;
	}
	claim->sock = sock;
	return 0;
}

static struct claim *claim_create(struct net *net, const struct atmo_flow *flow)
{
	struct claim *claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	int err;

	if (!claim)
		return ERR_PTR(-ENOMEM);
	claim->flow = *flow;
	/* A kernel socket doesn't keep its namespace alive; the claim must. */
	claim->net = get_net(net);
	err = claim_reserve(claim);
	if (err) {
		put_net(claim->net);
		kfree(claim);
		return ERR_PTR(err);
	}
	return claim;
}

static void claim_destroy(struct claim *claim)
{
	sock_release(claim->sock);
	put_net(claim->net);
	kfree(claim);
}

/* Only whole ports can be claimed so far, and only of UDP over IPv4. */
static int flow_check(const struct atmo_flow *flow)
{
	static const __be32 none[4];

	if (flow->family != AF_INET)
		return -EAFNOSUPPORT;
	if (flow->protocol != IPPROTO_UDP)
		return -EPROTONOSUPPORT;
	if (!flow->laddr[0] || memcmp(&flow->laddr[1], none, 12) || !flow->lport)
		return -EINVAL;
	if (memcmp(flow->raddr, none, 16) || flow->rport || flow->zero)
		return -EINVAL;
	return 0;
}

static int ports_claim(struct atmo_ports *ports, struct net *net,
		       const struct atmo_flow *flow, u32 stack_id)
{
	struct claim *claim;
	int err;

	lockdep_assert_held(&ports->lock);
	if (atmo_table_lookup(ports_table(ports), flow) != ATMO_STACK_NONE)
		return -EADDRINUSE;
	claim = claim_create(net, flow);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	err = xa_insert(&ports->claims, stack_id, claim, GFP_KERNEL);
	if (err)
		goto err_claim;
	err = ports_insert(ports, flow, stack_id);
	if (err)
		goto err_xa;
	return 0;

err_xa:
	xa_erase(&ports->claims, stack_id);
err_claim:
	claim_destroy(claim);
	return err;
}

/**
 * atmo_port_claim() - claim a local address and port for a stack
 * @ports: the ports of the NIC the address belongs to
 * @net: network namespace to hold the port in; a reference is kept until the
 *	release
 * @flow: family, protocol, local address and port, all set; all else zero
 * @stack_id: whose it is to be: neither ATMO_STACK_NONE nor ATMO_TABLE_DEAD, and
 *	not the id of another claim
 *
 * On success lookups of @flow yield @stack_id, and Linux refuses the address
 * and port to everybody else. On failure nothing has changed.
 *
 * Context: process context, may sleep; takes the ports' mutex.
 * Return: 0; -EADDRINUSE: claimed already, or some Linux socket has it;
 * -EACCES: the port needs CAP_NET_BIND_SERVICE; -EADDRNOTAVAIL: @flow's address
 * is not a local one; -EINVAL, -EAFNOSUPPORT, -EPROTONOSUPPORT: @flow is not
 * what is asked for above; -EBUSY: @stack_id has a claim; -ENOMEM.
 */
int atmo_port_claim(struct atmo_ports *ports, struct net *net,
		    const struct atmo_flow *flow, u32 stack_id)
{
	int err;

	if (stack_id == ATMO_STACK_NONE || stack_id == ATMO_TABLE_DEAD)
		return -EINVAL;
	err = flow_check(flow);
	if (err)
		return err;
	mutex_lock(&ports->lock);
	err = ports_claim(ports, net, flow, stack_id);
	mutex_unlock(&ports->lock);
	return err;
}
EXPORT_SYMBOL_GPL(atmo_port_claim);

/**
 * atmo_port_release() - give a claimed port back
 * @ports: as claimed
 * @flow: as claimed
 * @stack_id: as claimed; a release of what another stack owns changes nothing
 *
 * On return the port may be claimed again, here and in Linux. A lookup that
 * began before may still yield @stack_id.
 *
 * Context: process context, may sleep; takes the ports' mutex.
 */
void atmo_port_release(struct atmo_ports *ports, const struct atmo_flow *flow,
		       u32 stack_id)
{
	struct claim *claim;

	mutex_lock(&ports->lock);
	claim = xa_load(&ports->claims, stack_id);
	if (claim && !memcmp(&claim->flow, flow, sizeof(*flow))) {
		atmo_table_remove(ports_table(ports), flow, stack_id);
		xa_erase(&ports->claims, stack_id);
		claim_destroy(claim);
	}
	mutex_unlock(&ports->lock);
}
EXPORT_SYMBOL_GPL(atmo_port_release);

/**
 * atmo_port_lookup() - which stack a packet is for
 * @ports: the ports of the NIC it came from
 * @flow: its family, protocol, local address and port; all else zero
 *
 * Context: any; wait-free.
 * Return: a stack id, or ATMO_STACK_NONE.
 */
u32 atmo_port_lookup(struct atmo_ports *ports, const struct atmo_flow *flow)
{
	u32 id;

	rcu_read_lock();
	id = atmo_table_lookup(rcu_dereference(ports->table), flow);
	rcu_read_unlock();
	return id;
}
EXPORT_SYMBOL_GPL(atmo_port_lookup);

/**
 * atmo_ports_create() - an empty set of claims, for one NIC
 *
 * Context: process context, may sleep.
 * Return: to be given back to atmo_ports_destroy(), or NULL: no memory.
 */
struct atmo_ports *atmo_ports_create(void)
{
	struct atmo_ports *ports = kzalloc(sizeof(*ports), GFP_KERNEL);
	struct atmo_table *table;
	hsiphash_key_t key;

	if (!ports)
		return NULL;
	get_random_bytes(&key, sizeof(key));
	table = table_create(PORTS_FIRST_SLOTS, &key);
	if (!table) {
		kfree(ports);
		return NULL;
	}
	RCU_INIT_POINTER(ports->table, table);
	mutex_init(&ports->lock);
	xa_init(&ports->claims);
	return ports;
}
EXPORT_SYMBOL_GPL(atmo_ports_create);

/**
 * atmo_ports_destroy() - free a set of claims
 * @ports: from atmo_ports_create(); no lookup runs or will run. What is still
 *	claimed is released.
 *
 * Context: process context, may sleep.
 */
void atmo_ports_destroy(struct atmo_ports *ports)
{
	struct claim *claim;
	unsigned long id;

	xa_for_each(&ports->claims, id, claim)
		claim_destroy(claim);
	xa_destroy(&ports->claims);
	kvfree(rcu_dereference_protected(ports->table, true));
	mutex_destroy(&ports->lock);
	kfree(ports);
}
EXPORT_SYMBOL_GPL(atmo_ports_destroy);
