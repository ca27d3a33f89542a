// SPDX-License-Identifier: GPL-2.0
/*
 * Reservation of local ports in Linux, so that neither side takes the other's:
 * one kernel socket for each (family, protocol, local address, local port),
 * shared by all claims of that port: a million connections need one socket.
 *
 * Linux binds these sockets as it binds any: what it refuses is refused here,
 * and what is bound here it refuses to others. They set neither SO_REUSEADDR nor
 * SO_REUSEPORT, and Linux wants both sides to agree to sharing. Nor are they
 * bound to a device, or else a socket with SO_BINDTODEVICE could have the port;
 * only addresses that mean something on one link alone (IPv6 link-local ones,
 * multicast groups) are reserved for that link.
 *
 * What reaches such a socket came by another way than the demultiplexer's:
 *  - UDP (reassembled from fragments, or over loopback): dropped, and counted as
 *    the socket's drops. The port is ours, so no other Linux socket may have it.
 *  - TCP: the socket is bound and neither listens nor is connected, so Linux
 *    doesn't find it and answers with a reset, as for a port that nobody has.
 */
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/udp_tunnel.h>

#include "compat.h"
#include "priv.h"

/**
 * struct port_key - what a reservation is found by
 * @laddr: as in struct atmo_flow
 * @lport: likewise
 * @family: likewise
 * @protocol: likewise
 */
struct port_key {
	__be32	laddr[4];
	__be16	lport;
	u16	family;
	u32	protocol;
};

/**
 * struct reservation - a local port that is held in Linux
 * @node: in atmo_reservations.by_port
 * @key: the port
 * @owner: user that the claims are of
 * @nr_whole: claims of the whole port: 0 or 1
 * @nr_connected: claims with a remote address
 * @net: network namespace of @sock, held
 * @sock: holds the port in Linux
 */
struct reservation {
	struct rhash_head node;
	struct port_key key;
	kuid_t owner;
	u32 nr_whole;
	u32 nr_connected;
	struct net *net;
	struct socket *sock;
};

static const struct rhashtable_params by_port_params = {
	.key_len = sizeof(struct port_key),
	.key_offset = offsetof(struct reservation, key),
	.head_offset = offsetof(struct reservation, node),
	.automatic_shrinking = true,
};

static struct port_key key_of(const struct atmo_flow *flow)
{
	struct port_key key = {
		.lport = flow->lport,
		.family = flow->family,
		.protocol = flow->protocol,
	};

	memcpy(key.laddr, flow->laddr, sizeof(key.laddr));
	return key;
}

static int reserved_rcv(struct sock *sk, struct sk_buff *skb)
{
	atmo_sock_count_drop(sk);
	kfree_skb(skb);
	return 0;
}

/* Does the address say nothing without a link? */
static bool needs_link(const struct port_key *key)
{
	struct in6_addr addr;

	if (key->family == AF_INET)
		return ipv4_is_multicast(key->laddr[0]);
	memcpy(&addr, key->laddr, sizeof(addr));
	return ipv6_addr_type(&addr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST);
}

static int sock_bind(struct socket *sock, const struct port_key *key)
{
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6,
		.sin6_port = key->lport,
	};
	struct sockaddr_in four = {
		.sin_family = AF_INET,
		.sin_port = key->lport,
		.sin_addr.s_addr = key->laddr[0],
	};

	/* void: the parameter is another kind of sockaddr from 6.19 on. */
	if (key->family == AF_INET)
		return kernel_bind(sock, (void *)&four, sizeof(four));
	memcpy(&six.sin6_addr, key->laddr, sizeof(six.sin6_addr));
	return kernel_bind(sock, (void *)&six, sizeof(six));
}

/* A socket bound to @key; where its port is 0, Linux has chosen one, written back. */
static struct socket *sock_open(struct net *net, u32 ifindex, struct port_key *key)
{
	bool udp = key->protocol == IPPROTO_UDP;
	struct socket *sock;
	int err;

	err = sock_create_kern(net, key->family, udp ? SOCK_DGRAM : SOCK_STREAM,
			       key->protocol, &sock);
	if (err)
		return ERR_PTR(err);
	if (udp) {
		/* Before the bind: nothing may ever get into the receive queue. */
		udp_sk(sock->sk)->encap_rcv = reserved_rcv;
		WRITE_ONCE(udp_sk(sock->sk)->encap_type, 1);
		udp_tunnel_encap_enable(sock->sk);
	}
	if (needs_link(key))
		err = sock_bindtoindex(sock->sk, ifindex, true);
	if (!err)
		err = sock_bind(sock, key);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	key->lport = inet_sk(sock->sk)->inet_sport;
	return sock;
}

static void reservation_destroy(struct reservation *r)
{
	if (!IS_ERR_OR_NULL(r->sock))
		sock_release(r->sock);
	put_net(r->net);
	kvfree(r);
}

static struct reservation *reservation_create(struct net *net, u32 ifindex,
					      const struct port_key *key, kuid_t owner)
{
	struct reservation *r = atmo_ports_alloc(sizeof(*r));
	int err;

	if (!r)
		return ERR_PTR(-ENOMEM);
	/* A kernel socket doesn't keep its namespace alive; the reservation must. */
	*r = (struct reservation) { .key = *key, .owner = owner, .net = get_net(net) };
	r->sock = sock_open(net, ifindex, &r->key);
	if (IS_ERR(r->sock)) {
		err = PTR_ERR(r->sock);
		reservation_destroy(r);
		return ERR_PTR(err);
	}
	return r;
}

/*
 * May @flow be claimed beside what is there? Of another user never: nobody gets
 * at a listener's connections, or a server's datagrams, from beside. Apart from
 * that as with Linux's sockets that don't share their address: a datagram socket
 * has its port alone or, where all have a peer of their own, with its equals; a
 * TCP listener has it together with its connections.
 */
static bool may_join(const struct reservation *r, const struct net *net,
		     const struct atmo_flow *flow, kuid_t owner)
{
	if (!net_eq(r->net, net) || !uid_eq(r->owner, owner))
		return false;
	if (atmo_flow_connected(flow))
		return flow->protocol == IPPROTO_TCP || !r->nr_whole;
	return flow->protocol == IPPROTO_TCP && !r->nr_whole;
}

static void count(struct reservation *r, const struct atmo_flow *flow, int n)
{
	if (atmo_flow_connected(flow))
		r->nr_connected += n;
	else
		r->nr_whole += n;
}

/*
 * Reserve the local port of @flow, or join those who have it. Port 0: an
 * ephemeral one, written back. 0 or a negative errno; then nothing has changed.
 */
int atmo_reservation_get(struct atmo_reservations *all, struct net *net, u32 ifindex,
			 struct atmo_flow *flow, kuid_t owner)
{
	struct port_key key = key_of(flow);
	struct reservation *r;
	int err;

	r = rhashtable_lookup_fast(&all->by_port, &key, by_port_params);
	if (r) {
		if (!may_join(r, net, flow, owner))
			return -EADDRINUSE;
		count(r, flow, 1);
		return 0;
	}
	r = reservation_create(net, ifindex, &key, owner);
	if (IS_ERR(r))
		return PTR_ERR(r);
	/* Linux may choose a port that is ours in another namespace. */
	err = rhashtable_lookup_insert_fast(&all->by_port, &r->node, by_port_params);
	if (err) {
		reservation_destroy(r);
		/* What else the table may say, it says for want of memory. */
		return err == -EEXIST ? -EADDRINUSE : -ENOMEM;
	}
	count(r, flow, 1);
	flow->lport = r->key.lport;
	all->bytes += sizeof(*r);
	return 0;
}

/* Undoes get; @flow with the port that it wrote back. */
void atmo_reservation_put(struct atmo_reservations *all, const struct atmo_flow *flow)
{
	struct port_key key = key_of(flow);
	struct reservation *r = rhashtable_lookup_fast(&all->by_port, &key, by_port_params);

	if (!r)
		return;
	count(r, flow, -1);
	if (r->nr_whole || r->nr_connected)
		return;
	all->bytes -= sizeof(*r);
	rhashtable_remove_fast(&all->by_port, &r->node, by_port_params);
	/* Only ever looked up under the lock: no reader is left. */
	reservation_destroy(r);
}

int atmo_reservations_init(struct atmo_reservations *all)
{
	all->bytes = 0;
	return rhashtable_init(&all->by_port, &by_port_params);
}

static void free_one(void *ptr, void *arg)
{
	reservation_destroy(ptr);
}

void atmo_reservations_exit(struct atmo_reservations *all)
{
	rhashtable_free_and_destroy(&all->by_port, free_one, NULL);
}
