// SPDX-License-Identifier: GPL-2.0
/*
 * What an instance is told after it was bound: static neighbours and routes,
 * groups; and what headers to a destination look like. Gateways are checked against
 * Linux when they are added, and are the administrator's business afterwards.
 */
#include <linux/capability.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "priv.h"

/* With tx.mutex held: may this instance have static entries of the caller's? */
static int check(const struct atmo_instance *inst)
{
	int err = atmo_instance_error(inst);

	if (err)
		return err;
	if (inst->ep.flow.family != AF_INET && inst->ep.flow.family != AF_INET6)
		return -EOPNOTSUPP;
	if (!ns_capable(inst->ep.net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	return 0;
}

/* The tables are made when they are needed: few instances have any. */
static struct atmo_override *get_override(struct atmo_instance *inst)
{
	struct atmo_routes *routes = &inst->routes;

	lockdep_assert_held(&inst->tx.mutex);
	if (!routes->override) {
		routes->override = kzalloc(sizeof(*routes->override), GFP_KERNEL_ACCOUNT);
		if (routes->override)
			atmo_override_init(routes->override, inst->ep.flow.family);
	}
	return routes->override;
}

/* @arg: flags and reserved are checked. Errors as documented for ATMO_NEIGH. */
int atmo_instance_neigh(struct atmo_instance *inst, const struct atmo_neigh *arg)
{
	struct atmo_override *o;
	int err;

	mutex_lock(&inst->tx.mutex);
	err = check(inst);
	if (!err)
		err = atmo_override_check_neigh(inst->ep.flow.family, arg);
	if (!err) {
		o = get_override(inst);
		err = o ? atmo_override_set_neigh(o, arg) : -ENOMEM;
	}
	mutex_unlock(&inst->tx.mutex);
	return err;
}

/* Of a gateway that no static entry knows: it must be a neighbour by Linux's routes. */
static int check_gateway(struct atmo_instance *inst, const struct atmo_route *arg)
{
	const struct atmo_override *o = inst->routes.override;
	struct atmo_path path;
	int vouched;

	if (arg->flags & ATMO_ENTRY_DELETE)
		return 0;
	vouched = atmo_override_vouches(o, arg);
	if (vouched)
		return vouched < 0 ? vouched : 0;
	if (atmo_path_by_linux(inst, arg->gateway, &path) ||
	    path.nexthop_family != inst->ep.flow.family ||
	    memcmp(path.nexthop, arg->gateway, sizeof(path.nexthop)))
		return -EINVAL;
	return 0;
}

/* @arg: flags and reserved are checked. Errors as documented for ATMO_ROUTE. */
int atmo_instance_route(struct atmo_instance *inst, const struct atmo_route *arg)
{
	struct atmo_override *o;
	int err;

	mutex_lock(&inst->tx.mutex);
	err = check(inst);
	if (!err)
		err = atmo_override_check_route(inst->ep.flow.family, arg);
	if (!err) {
		o = get_override(inst);
		err = o ? check_gateway(inst, arg) : -ENOMEM;
	}
	if (!err)
		err = atmo_override_set_route(o, arg);
	mutex_unlock(&inst->tx.mutex);
	return err;
}

static int set_group(struct atmo_instance *inst, const struct atmo_group *arg)
{
	if (arg->flags & ATMO_ENTRY_DELETE)
		return atmo_endpoint_leave(&inst->ep, arg->addr);
	return atmo_endpoint_join(&inst->ep, arg->addr);
}

/*
 * @arg: flags and reserved are checked. Errors as documented for ATMO_GROUP. Waits
 * for RTNL, hence only under bind_mutex, which keeps the endpoint bound as well.
 */
int atmo_instance_group(struct atmo_instance *inst, const struct atmo_group *arg)
{
	int err;

	mutex_lock(&inst->bind_mutex);
	err = atmo_instance_error(inst);
	if (!err)
		err = set_group(inst, arg);
	mutex_unlock(&inst->bind_mutex);
	return err;
}

/* @arg: flags are checked. Errors as documented for ATMO_GET_HEADERS. */
int atmo_instance_headers(struct atmo_instance *inst, struct atmo_headers *arg)
{
	int err;

	mutex_lock(&inst->tx.mutex);
	err = atmo_instance_error(inst);
	if (!err && !inst->proto)
		err = -EPROTONOSUPPORT;
	if (!err)
		err = atmo_instance_device_error(inst);
	if (!err && !inst->proto->headers)
		err = -EOPNOTSUPP;
	if (!err) {
		arg->len = 0;
		memset(arg->bytes, 0, sizeof(arg->bytes));
		err = inst->proto->headers(inst, inst->proto_priv, arg);
	}
	mutex_unlock(&inst->tx.mutex);
	return err;
}
