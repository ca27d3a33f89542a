// SPDX-License-Identifier: GPL-2.0
/*
 * Which of the device's means a flow is steered by.
 *
 *	UDP port of an address     5-tuple filter, source not compared
 *	UDP or TCP connection      Flow Director rule
 *	every frame                redirection table of RSS; EtherType filter for ARP
 *
 * The device looks at EtherType filters first, then 5-tuple filters by priority,
 * then Flow Director, then RSS (data sheet 7.1.2). So the filter of a whole port
 * would take the packets of connections to that port from their rules:
 *
 *  - a connection to a port that has such a filter gets a filter too, of higher
 *    priority;
 *  - a port is refused while Flow Director has rules for connections to it;
 *  - a TCP listener's filter would take all of its connections' segments, whoever
 *    owns them: refused.
 */
#include <linux/in.h>
#include <linux/socket.h>

#include "priv.h"

bool atmo_ixgbe_steer_is_raw(const struct atmo_flow *flow)
{
	return flow->family == AF_PACKET;
}

static struct atmo_ixgbe_tuple flow_tuple(const struct atmo_flow *flow)
{
	return (struct atmo_ixgbe_tuple) {
		.laddr = flow->laddr[0],
		.raddr = flow->raddr[0],
		.lport = flow->lport,
		.rport = flow->rport,
		.protocol = flow->protocol,
	};
}

/* IPv4, UDP or TCP, both ends of an address and port, or the local one only. */
static bool tuple_possible(const struct atmo_flow *flow)
{
	return flow->family == AF_INET && flow->laddr[0] && flow->lport &&
	       !flow->raddr[0] == !flow->rport &&
	       (flow->protocol == IPPROTO_UDP || flow->protocol == IPPROTO_TCP);
}

static int steer_port(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	if (tuple->protocol != IPPROTO_UDP || atmo_ixgbe_fdir_has_port(lane->port, tuple))
		return -EOPNOTSUPP;
	return atmo_ixgbe_filter_add(lane, tuple);
}

static int steer_connection(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	const struct atmo_ixgbe *port = lane->port;

	if (!port->fdir.nr_rules || atmo_ixgbe_filter_has_port(port, tuple))
		return atmo_ixgbe_filter_add(lane, tuple);
	return atmo_ixgbe_fdir_add(lane, tuple);
}

/* The redirection table has room for four bits of a queue's index only. */
static int steer_all(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	if (port->raw)
		return -EBUSY;
	if (lane->rx.reg >= IXGBE_RETA_QUEUES)
		return -EOPNOTSUPP;
	port->raw = lane;
	if (port->up)
		atmo_ixgbe_filter_ordinary(port);
	return 0;
}

static void unsteer_all(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	if (port->raw != lane)
		return;
	port->raw = NULL;
	if (port->up)
		atmo_ixgbe_filter_ordinary(port);
}

/**
 * atmo_ixgbe_lane_steer() - lane_steer of struct atmo_nic_ops
 * @lane: lane
 * @flow: what it is to receive, beside what it does already
 *
 * Context: process, sleeps.
 * Return: 0; -EOPNOTSUPP, -ENOSPC, -EBUSY as the operation says; -ETIMEDOUT when
 * the device doesn't answer.
 */
int atmo_ixgbe_lane_steer(struct atmo_lane *lane, const struct atmo_flow *flow)
{
	struct atmo_ixgbe_tuple tuple = flow_tuple(flow);
	bool raw = atmo_ixgbe_steer_is_raw(flow);
	int err;

	if (!raw && !tuple_possible(flow))
		return -EOPNOTSUPP;
	mutex_lock(&lane->port->lock);
	if (raw)
		err = steer_all(lane);
	else if (tuple.rport)
		err = steer_connection(lane, &tuple);
	else
		err = steer_port(lane, &tuple);
	/* Nobody knows then whether the device has the rule. */
	if (err == -ETIMEDOUT)
		atmo_ixgbe_port_reset(lane->port);
	mutex_unlock(&lane->port->lock);
	return err;
}

/**
 * atmo_ixgbe_lane_unsteer() - lane_unsteer of struct atmo_nic_ops
 * @lane: lane
 * @flow: as given to lane_steer; one that isn't steered here is left alone
 *
 * A rule that the device won't give up goes by a reset.
 *
 * Context: process, sleeps.
 */
void atmo_ixgbe_lane_unsteer(struct atmo_lane *lane, const struct atmo_flow *flow)
{
	struct atmo_ixgbe_tuple tuple = flow_tuple(flow);
	struct atmo_ixgbe *port = lane->port;

	mutex_lock(&port->lock);
	if (atmo_ixgbe_steer_is_raw(flow))
		unsteer_all(lane);
	else if (!atmo_ixgbe_filter_del(lane, &tuple) &&
		 atmo_ixgbe_fdir_del(lane, &tuple) == -ETIMEDOUT)
		atmo_ixgbe_port_reset(port);
	mutex_unlock(&port->lock);
}

/**
 * atmo_ixgbe_steer_del_lane() - steer nothing to a lane any more
 * @lane: lane
 *
 * Frames already in the packet buffer can still arrive, and all that come until the
 * device has got what was written here.
 *
 * Context: process, holds port->lock.
 * Return: 0, -ENODEV, or -ETIMEDOUT: the device still has a rule, only a reset
 * helps.
 */
int atmo_ixgbe_steer_del_lane(struct atmo_lane *lane)
{
	lockdep_assert_held(&lane->port->lock);
	unsteer_all(lane);
	atmo_ixgbe_filter_del_lane(lane);
	return atmo_ixgbe_fdir_del_lane(lane);
}
