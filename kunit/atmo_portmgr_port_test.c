// SPDX-License-Identifier: GPL-2.0
/*
 * Claims of ports with a real network stack behind them: the addresses are those
 * of the loopback device, the sockets on the other side are Linux's.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/net_namespace.h>

#include "fixture.h"
#include "../atmo_portmgr/compat.h"
#include "../atmo_portmgr/priv.h"
#include "../atmo_portmgr/table.h"

#define ALICE	KUIDT_INIT(1000)
#define BOB	KUIDT_INIT(1001)

static int claim(struct kunit *test, struct atmo_flow *flow, u32 id, kuid_t owner)
{
	return atmo_port_claim(test->priv, &init_net, init_net.loopback_dev->ifindex, flow, id,
			       owner);
}

/* The local port @lport of a loopback address: 127.0.0.1 or ::1. */
static struct atmo_flow whole(u16 family, u8 protocol, u16 lport)
{
	struct atmo_flow flow = {
		.lport = htons(lport),
		.family = family,
		.protocol = protocol,
	};

	if (family == AF_INET)
		flow.laddr[0] = htonl(INADDR_LOOPBACK);
	else
		flow.laddr[3] = htonl(1);
	return flow;
}

/* The same, with the remote port @rport of a remote address. */
static struct atmo_flow connected(u16 family, u8 protocol, u16 lport, u16 rport)
{
	struct atmo_flow flow = whole(family, protocol, lport);

	flow.rport = htons(rport);
	if (family == AF_INET)
		flow.raddr[0] = htonl(0xc0000201);
	else
		flow.raddr[0] = htonl(0x20010db8);
	return flow;
}

/* A socket of Linux's, bound as @flow's local side says; @err: what bind said. */
static struct socket *linux_socket(struct kunit *test, const struct atmo_flow *flow, int *err)
{
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = flow->lport,
		.sin_addr.s_addr = flow->laddr[0],
	};
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = flow->lport };
	bool udp = flow->protocol == IPPROTO_UDP;
	struct socket *sock;

	memcpy(&six.sin6_addr, flow->laddr, sizeof(six.sin6_addr));
	*err = sock_create_kern(&init_net, flow->family, udp ? SOCK_DGRAM : SOCK_STREAM,
				flow->protocol, &sock);
	KUNIT_ASSERT_EQ(test, *err, 0);
	if (flow->family == AF_INET)
		*err = kernel_bind(sock, (void *)&four, sizeof(four));
	else
		*err = kernel_bind(sock, (void *)&six, sizeof(six));
	return sock;
}

/* Can Linux have the local port? */
static int linux_bind(struct kunit *test, const struct atmo_flow *flow)
{
	int err;

	sock_release(linux_socket(test, flow, &err));
	return err;
}

/* Refused, and not touched. */
static void expect_refused(struct kunit *test, struct atmo_flow *flow, int error)
{
	struct atmo_flow before = *flow;

	KUNIT_EXPECT_EQ(test, claim(test, flow, 7, ALICE), error);
	KUNIT_EXPECT_EQ(test, memcmp(flow, &before, sizeof(before)), 0);
}

static const struct kind {
	u16 family;
	u8 protocol;
	const char *name;
} kinds[] = {
	{ AF_INET, IPPROTO_UDP, "UDP" },
	{ AF_INET, IPPROTO_TCP, "TCP" },
	{ AF_INET6, IPPROTO_UDP, "UDP over IPv6" },
	{ AF_INET6, IPPROTO_TCP, "TCP over IPv6" },
};

static void kind_name(const struct kind *kind, char *name)
{
	strscpy(name, kind->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_name);

static struct atmo_flow whole_of(struct kunit *test, u16 lport)
{
	const struct kind *kind = test->param_value;

	return whole(kind->family, kind->protocol, lport);
}

static struct atmo_flow connected_of(struct kunit *test, u16 lport, u16 rport)
{
	const struct kind *kind = test->param_value;

	return connected(kind->family, kind->protocol, lport, rport);
}

static void claim_lookup_release(struct kunit *test)
{
	struct atmo_flow port = whole_of(test, 7000), packet = connected_of(test, 7000, 9);
	struct atmo_flow other = connected_of(test, 7001, 9);

	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &packet), ATMO_STACK_NONE);
	KUNIT_ASSERT_EQ(test, claim(test, &port, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &packet), 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &port), 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &other), ATMO_STACK_NONE);
	atmo_port_release(test->priv, &port, 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &packet), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, claim(test, &port, 8, BOB), 0);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &packet), 8);
}

static void connected_is_found_by_its_peer(struct kunit *test)
{
	struct atmo_flow a = connected_of(test, 7000, 9), b = connected_of(test, 7000, 10);
	struct atmo_flow stranger = connected_of(test, 7000, 11);

	KUNIT_ASSERT_EQ(test, claim(test, &a, 7, ALICE), 0);
	KUNIT_ASSERT_EQ(test, claim(test, &b, 8, ALICE), 0);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &a), 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &b), 8);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &stranger), ATMO_STACK_NONE);
	atmo_port_release(test->priv, &a, 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &a), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &b), 8);
}

/* TCP: a listener has its port together with its connections. UDP: nobody has. */
static void whole_and_connected(struct kunit *test)
{
	bool tcp = ((const struct kind *)test->param_value)->protocol == IPPROTO_TCP;
	struct atmo_flow port = whole_of(test, 7000), one = connected_of(test, 7000, 9);
	struct atmo_flow other = connected_of(test, 7000, 10);
	struct atmo_flow second = whole_of(test, 7001), its = connected_of(test, 7001, 9);

	KUNIT_ASSERT_EQ(test, claim(test, &port, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &one, 8, ALICE), tcp ? 0 : -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &one), tcp ? 8 : 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &other), 7);
	KUNIT_ASSERT_EQ(test, claim(test, &its, 9, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &second, 10, ALICE), tcp ? 0 : -EADDRINUSE);
	/* The listener may go first. */
	atmo_port_release(test->priv, &port, 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &one), tcp ? 8 : ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &port), tcp ? -EADDRINUSE : 0);
}

static void claimed_already(struct kunit *test)
{
	struct atmo_flow port = whole_of(test, 7000), again = port;
	struct atmo_flow one = connected_of(test, 7001, 9), twice = one;

	KUNIT_ASSERT_EQ(test, claim(test, &port, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &again, 8, ALICE), -EADDRINUSE);
	KUNIT_ASSERT_EQ(test, claim(test, &one, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &twice, 8, ALICE), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &port), 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &one), 7);
}

/* Nobody gets at a listener's connections, nor a server's peers, from beside. */
static void port_of_another_user(struct kunit *test)
{
	struct atmo_flow port = whole_of(test, 7000), one = connected_of(test, 7000, 9);
	struct atmo_flow mine = connected_of(test, 7001, 9), his = connected_of(test, 7001, 10);

	KUNIT_ASSERT_EQ(test, claim(test, &port, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &one, 8, BOB), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, claim(test, &one, 8, GLOBAL_ROOT_UID), -EADDRINUSE);
	KUNIT_ASSERT_EQ(test, claim(test, &mine, 9, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &his, 10, BOB), -EADDRINUSE);
	atmo_port_release(test->priv, &mine, 9);
	KUNIT_EXPECT_EQ(test, claim(test, &his, 10, BOB), 0);
}

/* Reserved in Linux as long as any claim of the port is left, and no longer. */
static void reserved_in_linux(struct kunit *test)
{
	struct atmo_flow one = connected_of(test, 7000, 9), two = connected_of(test, 7000, 10);

	KUNIT_ASSERT_EQ(test, claim(test, &one, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &one), -EADDRINUSE);
	KUNIT_ASSERT_EQ(test, claim(test, &two, 8, ALICE), 0);
	atmo_port_release(test->priv, &one, 7);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &one), -EADDRINUSE);
	atmo_port_release(test->priv, &two, 8);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &one), 0);
}

static void taken_in_linux(struct kunit *test)
{
	struct atmo_flow port = whole_of(test, 7000), one = connected_of(test, 7000, 9);
	struct socket *sock;
	int err;

	sock = linux_socket(test, &port, &err);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, claim(test, &port, 7, ALICE), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, claim(test, &one, 7, ALICE), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &one), ATMO_STACK_NONE);
	sock_release(sock);
	KUNIT_EXPECT_EQ(test, claim(test, &port, 7, ALICE), 0);
}

#define NR_EPHEMERAL	200

/* In the namespace's range, each another one, and Linux can't have them. */
static void ephemeral_ports(struct kunit *test)
{
	struct atmo_flow flow, first = {};
	int i, low, high;

	inet_get_local_port_range(&init_net, &low, &high);
	for (i = 0; i < NR_EPHEMERAL; i++) {
		flow = i % 2 ? whole_of(test, 0) : connected_of(test, 0, 9);
		KUNIT_ASSERT_EQ(test, claim(test, &flow, i + 1, ALICE), 0);
		KUNIT_EXPECT_GE(test, ntohs(flow.lport), low);
		KUNIT_EXPECT_LE(test, ntohs(flow.lport), high);
		KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &flow), i + 1);
		if (!i)
			first = flow;
	}
	KUNIT_EXPECT_EQ(test, linux_bind(test, &first), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &first), 1);
	atmo_port_release(test->priv, &first, 1);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &first), 0);
}

/* What isn't the caller's claim exactly is left alone. */
static void foreign_releases(struct kunit *test)
{
	struct atmo_flow port = whole_of(test, 7000), one = connected_of(test, 7001, 9);
	struct atmo_flow part = connected_of(test, 7000, 9), all = whole_of(test, 7001);
	static const struct atmo_flow nothing;

	KUNIT_ASSERT_EQ(test, claim(test, &port, 7, ALICE), 0);
	KUNIT_ASSERT_EQ(test, claim(test, &one, 8, ALICE), 0);
	atmo_port_release(test->priv, &port, 8);
	atmo_port_release(test->priv, &one, 7);
	atmo_port_release(test->priv, &part, 7);
	atmo_port_release(test->priv, &all, 8);
	atmo_port_release(test->priv, &port, ATMO_STACK_NONE);
	atmo_port_release(test->priv, &port, ATMO_TABLE_DEAD);
	atmo_port_release(test->priv, &nothing, 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &port), 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &one), 8);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &port), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &one), -EADDRINUSE);
	/* Once is enough. */
	atmo_port_release(test->priv, &port, 7);
	atmo_port_release(test->priv, &port, 7);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &port), 0);
}

/* UDP and TCP, IPv4 and IPv6, one address and another have ports of their own. */
static void kinds_are_apart(struct kunit *test)
{
	struct atmo_flow flow;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		flow = whole(kinds[i].family, kinds[i].protocol, 7000);
		KUNIT_EXPECT_EQ(test, claim(test, &flow, i + 1, ALICE), 0);
	}
	flow = whole(AF_INET, IPPROTO_UDP, 7000);
	flow.laddr[0] = htonl(INADDR_LOOPBACK + 1);
	KUNIT_EXPECT_EQ(test, claim(test, &flow, 10, BOB), 0);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		flow = connected(kinds[i].family, kinds[i].protocol, 7000, 9);
		KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &flow), i + 1);
	}
}

/* A group is claimed for one port, for the link, and for UDP without a peer. */
static void multicast_groups(struct kunit *test)
{
	struct atmo_flow four = whole(AF_INET, IPPROTO_UDP, 7000);
	struct atmo_flow six = whole(AF_INET6, IPPROTO_UDP, 7000);
	struct atmo_flow again, bad;

	four.laddr[0] = htonl(0xe0000142);
	six.laddr[0] = htonl(0xff020000);
	KUNIT_EXPECT_EQ(test, claim(test, &four, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &six, 7, ALICE), 0);
	again = four;
	KUNIT_EXPECT_EQ(test, claim(test, &again, 8, ALICE), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &four), -EADDRINUSE);
	bad = four;
	bad.protocol = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, claim(test, &bad, 8, ALICE), -EINVAL);
	bad = four;
	bad.raddr[0] = htonl(0xc0000201);
	bad.rport = htons(9);
	KUNIT_EXPECT_EQ(test, claim(test, &bad, 8, ALICE), -EINVAL);
	again = four;
	again.raddr[0] = htonl(0xc0000201);
	again.rport = htons(9);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &again), 7);
	atmo_port_release(test->priv, &four, 7);
	atmo_port_release(test->priv, &six, 7);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &four), 0);
}

static void one_raw_claim(struct kunit *test)
{
	struct atmo_flow raw = { .family = AF_PACKET }, port = whole(AF_INET, IPPROTO_UDP, 7000);

	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &raw), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, claim(test, &raw, 7, ALICE), 0);
	KUNIT_EXPECT_EQ(test, claim(test, &raw, 8, ALICE), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &raw), 7);
	/* What is somebody's port is found by that, and nothing else is. */
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &port), ATMO_STACK_NONE);
	atmo_port_release(test->priv, &raw, 8);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &raw), 7);
	atmo_port_release(test->priv, &raw, 7);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &raw), ATMO_STACK_NONE);
	raw.lport = htons(7000);
	KUNIT_EXPECT_EQ(test, claim(test, &raw, 7, ALICE), -EINVAL);
}

#define EXPECT_BAD_CLAIM(test, member, value, error) do {			\
	struct atmo_flow _flow = connected(AF_INET, IPPROTO_TCP, 7000, 9);	\
										\
	_flow.member = (value);							\
	expect_refused(test, &_flow, error);					\
} while (0)

static void malformed_claims(struct kunit *test)
{
	struct atmo_flow flow = whole(AF_INET, IPPROTO_UDP, 7000);

	EXPECT_BAD_CLAIM(test, family, AF_UNIX, -EAFNOSUPPORT);
	EXPECT_BAD_CLAIM(test, family, 0, -EAFNOSUPPORT);
	EXPECT_BAD_CLAIM(test, protocol, IPPROTO_SCTP, -EPROTONOSUPPORT);
	EXPECT_BAD_CLAIM(test, protocol, 0, -EPROTONOSUPPORT);
	EXPECT_BAD_CLAIM(test, zero, 1, -EINVAL);
	EXPECT_BAD_CLAIM(test, laddr[0], 0, -EINVAL);
	EXPECT_BAD_CLAIM(test, laddr[1], htonl(1), -EINVAL);
	EXPECT_BAD_CLAIM(test, laddr[3], htonl(1), -EINVAL);
	EXPECT_BAD_CLAIM(test, raddr[0], 0, -EINVAL);
	EXPECT_BAD_CLAIM(test, raddr[1], htonl(1), -EINVAL);
	EXPECT_BAD_CLAIM(test, raddr[0], htonl(0xe0000001), -EINVAL);
	EXPECT_BAD_CLAIM(test, rport, 0, -EINVAL);
	EXPECT_BAD_CLAIM(test, laddr[0], htonl(0xc0000201), -EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, claim(test, &flow, ATMO_STACK_NONE, ALICE), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(test, &flow, ATMO_TABLE_DEAD, ALICE), -EINVAL);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &flow), 0);
}

/* Nothing is half-claimed, and what is claimed stays; with room, all is well again. */
static void more_than_there_is_memory_for(struct kunit *test)
{
	unsigned int max = atmo_ports_max_flows;
	struct atmo_flow flow, port = whole_of(test, 7001);
	u32 n;

	atmo_ports_max_flows = 300;
	for (n = 1; n <= 300; n++) {
		flow = connected_of(test, 7000, n);
		KUNIT_EXPECT_EQ(test, claim(test, &flow, n, ALICE), 0);
	}
	expect_refused(test, &port, -ENOMEM);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &port), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, linux_bind(test, &port), 0);
	port.lport = 0;
	expect_refused(test, &port, -ENOMEM);
	for (n = 1; n <= 300; n++) {
		flow = connected_of(test, 7000, n);
		KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &flow), n);
	}
	atmo_port_release(test->priv, &flow, 300);
	KUNIT_EXPECT_EQ(test, claim(test, &port, 7, ALICE), 0);
	atmo_ports_max_flows = max;
}

/* Allocations until there is no memory any more. */
static u32 nr_allocs_left;

static void *alloc_some(size_t bytes)
{
	if (!nr_allocs_left)
		return NULL;
	nr_allocs_left--;
	return kvmalloc(bytes, GFP_KERNEL);
}

/*
 * A claim for whose first @n allocations only there is memory. Where that doesn't do,
 * all is as before: the flow is nobody's, its port Linux's. Returns whether it did.
 */
static bool claim_with_allocs(struct kunit *test, struct atmo_flow *flow, u32 id, u32 n)
{
	const struct atmo_flow before = *flow;
	size_t bytes = atmo_ports_bytes(test->priv);
	int err;

	nr_allocs_left = n;
	err = claim(test, flow, id, ALICE);
	if (!err)
		return true;
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_EQ(test, memcmp(flow, &before, sizeof(before)), 0);
	KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, flow), ATMO_STACK_NONE);
	KUNIT_EXPECT_EQ(test, linux_bind(test, flow), 0);
	KUNIT_EXPECT_EQ(test, atmo_ports_bytes(test->priv), bytes);
	return false;
}

/*
 * Each claim needs memory for the reservation of its port, some of them also for a
 * larger table: that fails when the port is reserved already.
 */
static void no_memory(struct kunit *test)
{
	const u32 first_port = 7000, nr = 300;
	u32 n, nr_regrown = 0;
	struct atmo_flow flow;

	kunit_activate_static_stub(test, atmo_ports_alloc, alloc_some);
	for (n = 1; n <= nr; n++) {
		flow = whole_of(test, first_port + n);
		KUNIT_EXPECT_FALSE(test, claim_with_allocs(test, &flow, n, 0));
		if (claim_with_allocs(test, &flow, n, 1))
			continue;
		nr_regrown++;
		KUNIT_EXPECT_TRUE(test, claim_with_allocs(test, &flow, n, 2));
	}
	kunit_deactivate_static_stub(test, atmo_ports_alloc);
	KUNIT_EXPECT_GT(test, nr_regrown, 0);
	for (n = 1; n <= nr; n++) {
		flow = whole_of(test, first_port + n);
		KUNIT_EXPECT_EQ(test, atmo_port_lookup(test->priv, &flow), n);
		KUNIT_EXPECT_EQ(test, linux_bind(test, &flow), -EADDRINUSE);
	}
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE_PARAM(claim_lookup_release, kind_gen_params),
	KUNIT_CASE_PARAM(connected_is_found_by_its_peer, kind_gen_params),
	KUNIT_CASE_PARAM(whole_and_connected, kind_gen_params),
	KUNIT_CASE_PARAM(claimed_already, kind_gen_params),
	KUNIT_CASE_PARAM(port_of_another_user, kind_gen_params),
	KUNIT_CASE_PARAM(reserved_in_linux, kind_gen_params),
	KUNIT_CASE_PARAM(taken_in_linux, kind_gen_params),
	KUNIT_CASE_PARAM(ephemeral_ports, kind_gen_params),
	KUNIT_CASE_PARAM(foreign_releases, kind_gen_params),
	KUNIT_CASE_PARAM(more_than_there_is_memory_for, kind_gen_params),
	KUNIT_CASE_PARAM(no_memory, kind_gen_params),
	KUNIT_CASE(kinds_are_apart),
	KUNIT_CASE(multicast_groups),
	KUNIT_CASE(one_raw_claim),
	KUNIT_CASE(malformed_claims),
	{}
};

static struct kunit_suite port_suite = {
	.name = "atmo_portmgr_port",
	.init = ports_init,
	.exit = ports_exit,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);

MODULE_DESCRIPTION("KUnit suite of claims and releases of ports");
MODULE_LICENSE("GPL");
ATMO_IMPORT_KUNIT_SYMBOLS();
