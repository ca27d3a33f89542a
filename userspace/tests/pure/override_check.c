// SPDX-License-Identifier: GPL-2.0
/*
 * The static entries against a reference that keeps them in any order and looks
 * at every bit, and against nonsense.
 */
#include <arpa/inet.h>
#include <string.h>

#include "../../../atmo_stack/override.h"
#include "check.h"

static struct atmo_route route(u16 family, const char *dst, u32 prefix_len, const char *gateway)
{
	struct atmo_route r = { .prefix_len = prefix_len };

	CHECK(inet_pton(family, dst, r.dst) == 1);
	CHECK(!gateway || inet_pton(family, gateway, r.gateway) == 1);
	return r;
}

static int check_route(u16 family, const char *dst, u32 prefix_len, const char *gateway)
{
	struct atmo_route r = route(family, dst, prefix_len, gateway);

	return atmo_override_check_route(family, &r);
}

static void check_bad_routes(void)
{
	struct atmo_route r = route(AF_INET, "10.0.0.0", 8, NULL);

	CHECK(!check_route(AF_INET, "0.0.0.0", 0, NULL));
	CHECK(!check_route(AF_INET, "10.1.2.3", 32, "10.0.0.1"));
	CHECK(!check_route(AF_INET, "10.1.2.128", 25, NULL));
	CHECK(check_route(AF_INET, "10.1.2.128", 24, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "10.1.2.1", 31, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "10.0.0.0", 33, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "10.0.0.0", 0xffffffff, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "128.0.0.0", 0, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "224.0.0.0", 4, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "127.0.0.0", 8, NULL) == -EINVAL);
	CHECK(check_route(AF_INET, "10.0.0.0", 8, "224.0.0.1") == -EINVAL);
	CHECK(check_route(AF_INET, "10.0.0.0", 8, "255.255.255.255") == -EINVAL);
	CHECK(check_route(AF_INET, "10.0.0.0", 8, "127.0.0.1") == -EINVAL);
	r.dst[3] = 1;
	CHECK(atmo_override_check_route(AF_INET, &r) == -EINVAL);
	r.dst[3] = 0;
	r.gateway[2] = 1;
	CHECK(atmo_override_check_route(AF_INET, &r) == -EINVAL);
	CHECK(!check_route(AF_INET6, "::", 0, "fe80::1"));
	CHECK(!check_route(AF_INET6, "2001:db8::1", 128, NULL));
	CHECK(!check_route(AF_INET6, "2001:db8::8000:0:0:0", 65, NULL));
	CHECK(check_route(AF_INET6, "2001:db8::8000:0:0:0", 64, NULL) == -EINVAL);
	CHECK(check_route(AF_INET6, "2001:db8::", 129, NULL) == -EINVAL);
	CHECK(check_route(AF_INET6, "ff00::", 8, NULL) == -EINVAL);
	CHECK(check_route(AF_INET6, "2001:db8::", 32, "ff02::1") == -EINVAL);
	CHECK(check_route(AF_INET6, "2001:db8::", 32, "::1") == -EINVAL);
}

static int check_neigh(u16 family, const char *addr, u32 flags, const char *mac)
{
	struct atmo_neigh n = { .flags = flags };

	CHECK(inet_pton(family, addr, n.addr) == 1);
	memcpy(n.mac, mac, 6);
	return atmo_override_check_neigh(family, &n);
}

static void check_bad_neighs(void)
{
	CHECK(!check_neigh(AF_INET, "10.0.0.2", 0, "\2\0\0\0\0\1"));
	CHECK(!check_neigh(AF_INET, "10.0.0.2", ATMO_ENTRY_DELETE, "\0\0\0\0\0\0"));
	CHECK(check_neigh(AF_INET, "10.0.0.2", ATMO_ENTRY_DELETE, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET, "10.0.0.2", 0, "\0\0\0\0\0\0") == -EINVAL);
	CHECK(check_neigh(AF_INET, "10.0.0.2", 0, "\1\0\x5e\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET, "10.0.0.2", 0, "\xff\xff\xff\xff\xff\xff") == -EINVAL);
	CHECK(check_neigh(AF_INET, "224.0.0.1", 0, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET, "0.0.0.0", 0, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(!check_neigh(AF_INET6, "fe80::2", 0, "\2\0\0\0\0\1"));
	CHECK(check_neigh(AF_INET6, "::", 0, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET6, "::1", 0, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET6, "::ffff:10.0.0.2", 0, "\2\0\0\0\0\1") == -EINVAL);
	CHECK(check_neigh(AF_INET6, "ff02::2", 0, "\2\0\0\0\0\1") == -EINVAL);
}

/* What a gateway may lie behind. */
static void check_gateways(void)
{
	static struct atmo_override o;
	struct atmo_neigh n = { .mac = { 2 } };
	struct atmo_route r;

	atmo_override_init(&o, AF_INET);
	r = route(AF_INET, "0.0.0.0", 0, "10.0.0.1");
	CHECK(atmo_override_vouches(&o, &r) == 0);
	CHECK(!atmo_override_set_route(&o, &r));
	/* Not because of itself, but of what is there already. */
	CHECK(atmo_override_vouches(&o, &r) == 0);
	r = route(AF_INET, "10.9.0.0", 16, "10.0.0.7");
	CHECK(atmo_override_vouches(&o, &r) == -EINVAL);
	r = route(AF_INET, "10.0.0.0", 24, NULL);
	CHECK(atmo_override_vouches(&o, &r) == 1);
	CHECK(!atmo_override_set_route(&o, &r));
	r = route(AF_INET, "10.9.0.0", 16, "10.0.0.7");
	CHECK(atmo_override_vouches(&o, &r) == 1);
	r = route(AF_INET, "10.9.0.0", 16, "10.0.1.7");
	CHECK(atmo_override_vouches(&o, &r) == -EINVAL);
	inet_pton(AF_INET, "10.0.1.7", n.addr);
	CHECK(!atmo_override_set_neigh(&o, &n));
	CHECK(atmo_override_vouches(&o, &r) == 1);
}

static void check_full(void)
{
	static struct atmo_override o;
	struct atmo_neigh n = { .mac = { 2 } };
	struct atmo_route r = { .prefix_len = 32 };
	u32 i;

	atmo_override_init(&o, AF_INET);
	for (i = 0; i < ATMO_MAX_ROUTES; i++) {
		r.dst[0] = htonl(0x0a000000 + i);
		n.addr[0] = r.dst[0];
		CHECK(!atmo_override_set_route(&o, &r) && !atmo_override_set_neigh(&o, &n));
	}
	/* What is there can still be changed. */
	n.mac[5] = 7;
	CHECK(!atmo_override_set_neigh(&o, &n) && atmo_override_mac(&o, n.addr)[5] == 7);
	r.gateway[0] = htonl(0x0b000001);
	CHECK(!atmo_override_set_route(&o, &r));
	CHECK(atmo_override_route(&o, r.dst)->gateway[0] == r.gateway[0]);
	r.dst[0] = htonl(0x0a000000 + i);
	n.addr[0] = r.dst[0];
	CHECK(atmo_override_set_route(&o, &r) == -ENOSPC);
	CHECK(atmo_override_set_neigh(&o, &n) == -ENOSPC);
	r.flags = ATMO_ENTRY_DELETE;
	n.flags = ATMO_ENTRY_DELETE;
	CHECK(atmo_override_set_route(&o, &r) == -ENOENT);
	CHECK(atmo_override_set_neigh(&o, &n) == -ENOENT);
	r.dst[0] = htonl(0x0a000000);
	CHECK(atmo_override_set_route(&o, &r) == -ENOENT);	/* another gateway */
	for (i = 0; i < ATMO_MAX_ROUTES; i++) {
		r.dst[0] = htonl(0x0a000000 + i);
		r.gateway[0] = 0;
		n.addr[0] = r.dst[0];
		CHECK(!atmo_override_set_route(&o, &r) && !atmo_override_set_neigh(&o, &n));
	}
	CHECK(!o.nr_routes && !o.nr_neighs && !atmo_override_route(&o, n.addr));
}

static bool bit(const __be32 *addr, u32 i)
{
	return ((const u8 *)addr)[i / 8] >> (7 - i % 8) & 1;
}

/* The longest prefix among all of them, bit by bit. */
static const struct atmo_route *reference(const struct atmo_route *routes, u32 nr,
					  const __be32 *daddr)
{
	const struct atmo_route *best = NULL;
	u32 i, k;

	for (i = 0; i < nr; i++) {
		for (k = 0; k < routes[i].prefix_len; k++) {
			if (bit(routes[i].dst, k) != bit(daddr, k))
				break;
		}
		if (k == routes[i].prefix_len && (!best || best->prefix_len < k))
			best = &routes[i];
	}
	return best;
}

/* Few different bits, so that prefixes nest and repeat. */
static void random_addr(u16 family, __be32 *addr)
{
	u8 *p = (u8 *)addr;
	u32 i;

	memset(addr, 0, 16);
	p[0] = 0x20;
	for (i = 1; i < (family == AF_INET ? 4 : 16); i++)
		p[i] = check_random() % 3 ? 0 : check_random() % 2 ? 0x80 : 1;
}

static void random_route(u16 family, struct atmo_route *r)
{
	u8 *p = (u8 *)r->dst;
	u32 i;

	memset(r, 0, sizeof(*r));
	random_addr(family, r->dst);
	r->prefix_len = 3 + check_random() % (family == AF_INET ? 30 : 126);
	for (i = r->prefix_len; i < 128; i++)
		p[i / 8] &= ~(1 << (7 - i % 8));
	random_addr(family, r->gateway);
	if (check_random() % 4 == 0)
		memset(r->gateway, 0, sizeof(r->gateway));
}

static u32 reference_set(struct atmo_route *routes, u32 nr, const struct atmo_route *r)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (routes[i].prefix_len == r->prefix_len && !memcmp(routes[i].dst, r->dst, 16))
			break;
	}
	if (!(r->flags & ATMO_ENTRY_DELETE)) {
		routes[i] = *r;
		return i == nr ? nr + 1 : nr;
	}
	if (i == nr)
		return nr;
	routes[i] = routes[nr - 1];
	return nr - 1;
}

static void check_random_routes(u16 family)
{
	struct atmo_route routes[ATMO_MAX_ROUTES], r;
	static struct atmo_override o;
	const struct atmo_route *want;
	const struct atmo_static_route *got;
	u32 i, k, nr = 0;
	__be32 daddr[4];

	atmo_override_init(&o, family);
	for (i = 0; i < 3000; i++) {
		random_route(family, &r);
		CHECK(!atmo_override_check_route(family, &r));
		if (nr == ATMO_MAX_ROUTES || (nr && check_random() % 3 == 0)) {
			r = routes[check_random() % nr];
			r.flags = ATMO_ENTRY_DELETE;
		}
		CHECK(!atmo_override_set_route(&o, &r));
		nr = reference_set(routes, nr, &r);
		CHECK(o.nr_routes == nr);
		for (k = 0; k < 20; k++) {
			random_addr(family, daddr);
			want = reference(routes, nr, daddr);
			got = atmo_override_route(&o, daddr);
			CHECK(!want == !got);
			CHECK(!want || (want->prefix_len == got->prefix_len &&
					!memcmp(want->gateway, got->gateway, 16)));
		}
	}
}

void check_override(void)
{
	check_bad_routes();
	check_bad_neighs();
	check_gateways();
	check_full();
	check_random_routes(AF_INET);
	check_random_routes(AF_INET6);
}
