// SPDX-License-Identifier: GPL-2.0
/* Static neighbours and routes: judging, keeping and finding them. Pure. */
#include "check.h"
#include "override.h"

#define ADDR_LEN	16	/* of the field; IPv4 has its first four bytes */

static bool is_zero(const __be32 *addr)
{
	return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

static bool is_same(const __be32 *a, const __be32 *b)
{
	return !memcmp(a, b, ADDR_LEN);
}

static u32 family_bits(u16 family)
{
	return family == AF_INET ? 32 : 128;
}

/* An address that a single other host can have on a wire. */
static bool is_unicast(u16 family, const __be32 *addr)
{
	if (family == AF_INET && (addr[1] | addr[2] | addr[3]))
		return false;
	return atmo_check_unicast(family, addr);
}

static bool is_unicast_mac(const u8 *mac)
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* Whether the first @bits bits are the same. */
static bool matches(const __be32 *a, const __be32 *b, u32 bits)
{
	const u8 *p = (const u8 *)a;
	const u8 *q = (const u8 *)b;
	u32 bytes = bits / 8;

	if (memcmp(p, q, bytes))
		return false;
	return bits % 8 == 0 || !((p[bytes] ^ q[bytes]) >> (8 - bits % 8));
}

static bool has_host_bits(const __be32 *dst, u32 bits)
{
	const u8 *p = (const u8 *)dst;
	u32 i;

	if (bits < 128 && p[bits / 8] & (0xff >> bits % 8))
		return true;
	for (i = bits / 8 + 1; i < ADDR_LEN; i++) {
		if (p[i])
			return true;
	}
	return false;
}

/**
 * atmo_override_init() - begin with no entries
 * @o: the tables
 * @family: AF_INET or AF_INET6
 *
 * Context: any.
 */
void atmo_override_init(struct atmo_override *o, u16 family)
{
	memset(o, 0, sizeof(*o));
	o->family = family;
}

/**
 * atmo_override_check_neigh() - can this be a neighbour?
 * @family: of the instance
 * @arg: copy of what the application handed in; flags and reserved are checked
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int atmo_override_check_neigh(u16 family, const struct atmo_neigh *arg)
{
	static const u8 none[6];

	if (!is_unicast(family, arg->addr))
		return -EINVAL;
	if (arg->flags & ATMO_ENTRY_DELETE)
		return memcmp(arg->mac, none, sizeof(none)) ? -EINVAL : 0;
	return is_unicast_mac(arg->mac) ? 0 : -EINVAL;
}

/**
 * atmo_override_check_route() - can this be a route?
 * @family: of the instance
 * @arg: copy of what the application handed in; flags and reserved are checked
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int atmo_override_check_route(u16 family, const struct atmo_route *arg)
{
	if (arg->prefix_len > family_bits(family) || has_host_bits(arg->dst, arg->prefix_len))
		return -EINVAL;
	/* Of groups and of this machine: no routes, but for the one to all. */
	if (arg->prefix_len && !is_unicast(family, arg->dst))
		return -EINVAL;
	if (is_zero(arg->gateway) || is_unicast(family, arg->gateway))
		return 0;
	return -EINVAL;
}

static struct atmo_static_neigh *find_neigh(struct atmo_override *o, const __be32 *addr)
{
	u32 i;

	for (i = 0; i < o->nr_neighs; i++) {
		if (is_same(o->neigh[i].addr, addr))
			return &o->neigh[i];
	}
	return NULL;
}

/**
 * atmo_override_set_neigh() - add, change or delete a neighbour
 * @o: the tables
 * @arg: as atmo_override_check_neigh() found right
 *
 * Context: any; the caller serialises all calls for @o.
 * Return: 0; -ENOENT: none to delete; -ENOSPC: no room for another one.
 */
int atmo_override_set_neigh(struct atmo_override *o, const struct atmo_neigh *arg)
{
	struct atmo_static_neigh *n = find_neigh(o, arg->addr);

	if (arg->flags & ATMO_ENTRY_DELETE) {
		if (!n)
			return -ENOENT;
		*n = o->neigh[--o->nr_neighs];
		return 0;
	}
	if (!n) {
		if (o->nr_neighs == ATMO_MAX_NEIGHS)
			return -ENOSPC;
		n = &o->neigh[o->nr_neighs++];
		memcpy(n->addr, arg->addr, sizeof(n->addr));
	}
	memcpy(n->mac, arg->mac, sizeof(n->mac));
	return 0;
}

static bool is_route(const struct atmo_static_route *r, const struct atmo_route *arg)
{
	return r->prefix_len == arg->prefix_len && is_same(r->dst, arg->dst);
}

static int delete_route(struct atmo_override *o, u32 i, const struct atmo_route *arg)
{
	if (i == o->nr_routes)
		return -ENOENT;
	if (!is_zero(arg->gateway) && !is_same(arg->gateway, o->route[i].gateway))
		return -ENOENT;
	o->nr_routes--;
	memmove(&o->route[i], &o->route[i + 1], (o->nr_routes - i) * sizeof(o->route[0]));
	return 0;
}

/* Behind those that have as long a prefix. */
static void insert_route(struct atmo_override *o, const struct atmo_route *arg)
{
	u32 i = o->nr_routes++;

	for (; i && o->route[i - 1].prefix_len < arg->prefix_len; i--)
		o->route[i] = o->route[i - 1];
	memcpy(o->route[i].dst, arg->dst, sizeof(arg->dst));
	memcpy(o->route[i].gateway, arg->gateway, sizeof(arg->gateway));
	o->route[i].prefix_len = arg->prefix_len;
}

/**
 * atmo_override_set_route() - add, change or delete a route
 * @o: the tables
 * @arg: as atmo_override_check_route() found right. To delete: the gateway is
 *	zero or the route's.
 *
 * Context: any; the caller serialises all calls for @o.
 * Return: 0; -ENOENT: none to delete; -ENOSPC: no room for another one.
 */
int atmo_override_set_route(struct atmo_override *o, const struct atmo_route *arg)
{
	u32 i;

	for (i = 0; i < o->nr_routes; i++) {
		if (is_route(&o->route[i], arg))
			break;
	}
	if (arg->flags & ATMO_ENTRY_DELETE)
		return delete_route(o, i, arg);
	if (i < o->nr_routes) {
		memcpy(o->route[i].gateway, arg->gateway, sizeof(arg->gateway));
		return 0;
	}
	if (o->nr_routes == ATMO_MAX_ROUTES)
		return -ENOSPC;
	insert_route(o, arg);
	return 0;
}

/**
 * atmo_override_vouches() - is the gateway of a new route a neighbour?
 * @o: the tables, @arg not yet among them
 * @arg: as atmo_override_check_route() found right
 *
 * It is if the static entries say so: it is a static neighbour, or a static route
 * without a gateway leads to it. The new route itself doesn't count, whether or
 * not it is to replace one.
 *
 * Context: as atmo_override_set_route().
 * Return: 1: it is, or there is no gateway; 0: Linux must be asked; -EINVAL: it
 * lies behind another gateway.
 */
int atmo_override_vouches(const struct atmo_override *o, const struct atmo_route *arg)
{
	u32 i;

	if (is_zero(arg->gateway) || atmo_override_mac(o, arg->gateway))
		return 1;
	for (i = 0; i < o->nr_routes; i++) {
		const struct atmo_static_route *r = &o->route[i];

		if (!is_route(r, arg) && matches(r->dst, arg->gateway, r->prefix_len))
			return is_zero(r->gateway) ? 1 : -EINVAL;
	}
	return 0;
}

/**
 * atmo_override_mac() - look a neighbour up
 * @o: the tables
 * @addr: its address
 *
 * Context: as atmo_override_set_neigh().
 * Return: its MAC address, valid until the next change; NULL: ask Linux.
 */
const u8 *atmo_override_mac(const struct atmo_override *o, const __be32 *addr)
{
	u32 i;

	for (i = 0; i < o->nr_neighs; i++) {
		if (is_same(o->neigh[i].addr, addr))
			return o->neigh[i].mac;
	}
	return NULL;
}

/**
 * atmo_override_route() - look a destination up
 * @o: the tables
 * @daddr: destination
 *
 * Context: as atmo_override_set_route().
 * Return: the route with the longest prefix, valid until the next change; NULL:
 * ask Linux.
 */
const struct atmo_static_route *atmo_override_route(const struct atmo_override *o,
						    const __be32 *daddr)
{
	u32 i;

	for (i = 0; i < o->nr_routes; i++) {
		if (matches(o->route[i].dst, daddr, o->route[i].prefix_len))
			return &o->route[i];
	}
	return NULL;
}
