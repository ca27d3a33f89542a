// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What a socket can be told besides packets: neighbours, routes, groups. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sock.h"

#define ADDR_LEN	(4 * sizeof(in_addr_t))

static int control(const struct atmo_sock *s, unsigned long request, void *arg)
{
	return ioctl(s->fd, request, arg) ? -errno : 0;
}

int atmo_neigh_add(struct atmo_sock *s, const in_addr_t addr[4], const uint8_t mac[6])
{
	struct atmo_neigh neigh = { 0 };

	memcpy(neigh.addr, addr, ADDR_LEN);
	memcpy(neigh.mac, mac, sizeof(neigh.mac));
	return control(s, ATMO_NEIGH, &neigh);
}

int atmo_neigh_del(struct atmo_sock *s, const in_addr_t addr[4])
{
	struct atmo_neigh neigh = { .flags = ATMO_ENTRY_DELETE };

	memcpy(neigh.addr, addr, ADDR_LEN);
	return control(s, ATMO_NEIGH, &neigh);
}

int atmo_route_add(struct atmo_sock *s, const in_addr_t dst[4], unsigned int prefix_len,
		   const in_addr_t *gateway)
{
	struct atmo_route route = { .prefix_len = prefix_len };

	memcpy(route.dst, dst, ADDR_LEN);
	if (gateway)
		memcpy(route.gateway, gateway, ADDR_LEN);
	return control(s, ATMO_ROUTE, &route);
}

int atmo_route_del(struct atmo_sock *s, const in_addr_t dst[4], unsigned int prefix_len)
{
	struct atmo_route route = { .flags = ATMO_ENTRY_DELETE, .prefix_len = prefix_len };

	memcpy(route.dst, dst, ADDR_LEN);
	return control(s, ATMO_ROUTE, &route);
}

static int group_control(const struct atmo_sock *s, uint32_t flags, const in_addr_t group[4])
{
	struct atmo_group arg = { .flags = flags };

	memcpy(arg.addr, group, ADDR_LEN);
	return control(s, ATMO_GROUP, &arg);
}

int atmo_group_join(struct atmo_sock *s, const in_addr_t group[4])
{
	return group_control(s, 0, group);
}

int atmo_group_leave(struct atmo_sock *s, const in_addr_t group[4])
{
	return group_control(s, ATMO_ENTRY_DELETE, group);
}
