// SPDX-License-Identifier: GPL-2.0
/*
 * Flow Director, data sheet 7.1.2.7: perfect rules for connections. One mask
 * serves all rules of a port: both addresses, both ports and the protocol are
 * compared, VLAN tag, pool and flexible bytes are not.
 *
 * The table takes a part of the receive packet buffer (512 KB): 64 KB for 2K
 * rules, 128 KB for 4K, 256 KB for 8K. What is left is what a burst may fill
 * while the bus is busy: 448 KB are 0.37 ms at line rate, 256 KB are 0.21 ms. A
 * rule needs a lane and there are less than 128 of them, so 2K is the default.
 *
 * The device keeps a rule in the bucket that software names, with an index that
 * software gives: here the one in the shadow table, from which all rules are
 * written anew after each reset.
 */
#include <linux/bitfield.h>
#include <linux/in.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include "fdir_hash.h"
#include "priv.h"

static unsigned int flow_director = 2048;
module_param(flow_director, uint, 0444);
MODULE_PARM_DESC(flow_director, "Flow Director rules per port: 2048 (default), 4096 or 8192; 0: none");

#define MIN_RULES		2048
#define MAX_RULES		8192
/* The device keeps two entries for itself (8.2.3.21.1). */
#define OWN_RULES		2
#define KB_PER_2K		64

#define CMD_POLL_US		10
#define CMD_POLL_STEPS		100
#define INIT_POLL_US		1000
#define INIT_POLL_STEPS		20

/* ---- Commands ---- */

static u32 fdir_type(const struct atmo_ixgbe_tuple *t)
{
	return t->protocol == IPPROTO_UDP ? ATMO_IXGBE_FDIR_UDP4 : ATMO_IXGBE_FDIR_TCP4;
}

/* Where rule @i is: its bucket, and its index. */
static u32 fdir_place(const struct atmo_ixgbe_tuple *t, unsigned int i)
{
	struct atmo_ixgbe_fdir_key key = {
		.daddr = be32_to_cpu(t->laddr),
		.saddr = be32_to_cpu(t->raddr),
		.dport = be16_to_cpu(t->lport),
		.sport = be16_to_cpu(t->rport),
		.type = fdir_type(t),
	};

	return FIELD_PREP(IXGBE_FDIRHASH_HASH, atmo_ixgbe_fdir_hash(&key)) |
	       FIELD_PREP(IXGBE_FDIRHASH_SW_INDEX, i);
}

/* The registers that the command works on are written before it. */
static int fdir_command(struct atmo_ixgbe *port, u32 place, u32 cmd)
{
	int err;

	atmo_ixgbe_wr(port, IXGBE_FDIRHASH, place);
	atmo_ixgbe_flush(port);
	atmo_ixgbe_wr(port, IXGBE_FDIRCMD, cmd);
	err = atmo_ixgbe_hw_poll(port, IXGBE_FDIRCMD, IXGBE_FDIRCMD_CMD, 0, CMD_POLL_US,
				 CMD_POLL_STEPS);
	if (err == -ETIMEDOUT)
		dev_err(port->dev, "Flow Director does not answer\n");
	return err;
}

static int fdir_write(struct atmo_ixgbe *port, unsigned int i)
{
	const struct atmo_ixgbe_rule *r = &port->fdir.rule[i];
	const struct atmo_ixgbe_tuple *t = &r->tuple;
	int err;

	atmo_ixgbe_wr(port, IXGBE_FDIRIPSA, atmo_ixgbe_wire32(t->raddr));
	atmo_ixgbe_wr(port, IXGBE_FDIRIPDA, atmo_ixgbe_wire32(t->laddr));
	atmo_ixgbe_wr(port, IXGBE_FDIRPORT,
		      FIELD_PREP(IXGBE_FDIRPORT_SOURCE, be16_to_cpu(t->rport)) |
		      FIELD_PREP(IXGBE_FDIRPORT_DESTINATION, be16_to_cpu(t->lport)));
	atmo_ixgbe_wr(port, IXGBE_FDIRVLAN, 0);
	err = fdir_command(port, fdir_place(t, i), IXGBE_FDIRCMD_CMD_ADD |
			   IXGBE_FDIRCMD_FILTER_UPDATE | IXGBE_FDIRCMD_LAST |
			   IXGBE_FDIRCMD_QUEUE_EN |
			   FIELD_PREP(IXGBE_FDIRCMD_L4TYPE, fdir_type(t)) |
			   FIELD_PREP(IXGBE_FDIRCMD_RX_QUEUE, r->lane->rx.reg));
	if (err)
		return err;
	/* Counts, and is cleared by reading. */
	if (FIELD_GET(IXGBE_FDIRFSTAT_FADD, atmo_ixgbe_rd(port, IXGBE_FDIRFSTAT)))
		return -ENOSPC;
	return 0;
}

/* Removing a rule that isn't there isn't defined: it is asked for first. */
static int fdir_erase(struct atmo_ixgbe *port, unsigned int i)
{
	u32 place = fdir_place(&port->fdir.rule[i].tuple, i);
	int err = fdir_command(port, place, IXGBE_FDIRCMD_CMD_QUERY);

	if (err || !(atmo_ixgbe_rd(port, IXGBE_FDIRCMD) & IXGBE_FDIRCMD_FILTER_VALID))
		return err;
	return fdir_command(port, place, IXGBE_FDIRCMD_CMD_REMOVE);
}

/* ---- Rules ---- */

/**
 * atmo_ixgbe_fdir_add() - steer a connection to a lane
 * @lane: lane
 * @tuple: connection
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0; -ENOSPC: all rules are in use; -ETIMEDOUT, -ENODEV.
 */
int atmo_ixgbe_fdir_add(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_fdir *f = &port->fdir;
	unsigned int i = 0;
	int err = 0;

	lockdep_assert_held(&port->lock);
	if (f->used == f->nr_rules)
		return -ENOSPC;
	while (f->rule[i].lane)
		i++;
	f->rule[i].lane = lane;
	f->rule[i].tuple = *tuple;
	f->used++;
	if (port->up)
		err = fdir_write(port, i);
	if (err) {
		f->rule[i].lane = NULL;
		f->used--;
	}
	return err;
}

static int fdir_del_one(struct atmo_ixgbe *port, unsigned int i)
{
	int err = port->up ? fdir_erase(port, i) : 0;

	port->fdir.rule[i].lane = NULL;
	port->fdir.used--;
	return err;
}

/**
 * atmo_ixgbe_fdir_del() - steer a connection to a lane no more
 * @lane: lane
 * @tuple: connection; left alone if it is none of the lane's
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0, -ENODEV; -ETIMEDOUT: the device may still have the rule.
 */
int atmo_ixgbe_fdir_del(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_rule *rule = port->fdir.rule;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < port->fdir.nr_rules; i++)
		if (rule[i].lane == lane && atmo_ixgbe_tuple_same(&rule[i].tuple, tuple))
			return fdir_del_one(port, i);
	return 0;
}

/* All rules of @lane; otherwise as atmo_ixgbe_fdir_del(). */
int atmo_ixgbe_fdir_del_lane(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;
	int err = 0;

	lockdep_assert_held(&port->lock);
	for (i = 0; port->fdir.used && i < port->fdir.nr_rules; i++)
		if (port->fdir.rule[i].lane == lane)
			err = fdir_del_one(port, i) ?: err;
	return err;
}

/* Is there a rule for a connection to this local address and port? */
bool atmo_ixgbe_fdir_has_port(const struct atmo_ixgbe *port,
			      const struct atmo_ixgbe_tuple *tuple)
{
	const struct atmo_ixgbe_fdir *f = &port->fdir;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; f->used && i < f->nr_rules; i++) {
		const struct atmo_ixgbe_tuple *t = &f->rule[i].tuple;

		if (f->rule[i].lane && t->laddr == tuple->laddr && t->lport == tuple->lport &&
		    t->protocol == tuple->protocol)
			return true;
	}
	return false;
}

/* ---- Start ---- */

/* Writing FDIRCTRL has the device set up its table, in the bucket key's terms. */
static int fdir_init(struct atmo_ixgbe *port)
{
	int err;

	atmo_ixgbe_wr(port, IXGBE_FDIRHKEY, ATMO_IXGBE_FDIR_KEY);
	atmo_ixgbe_wr(port, IXGBE_FDIRCTRL, IXGBE_FDIRCTRL_PERFECT_MATCH |
		      FIELD_PREP(IXGBE_FDIRCTRL_PBALLOC, port->fdir.alloc) |
		      FIELD_PREP(IXGBE_FDIRCTRL_MAX_LENGTH, 10) |
		      FIELD_PREP(IXGBE_FDIRCTRL_FULL_THRESH, 4));
	err = atmo_ixgbe_hw_poll(port, IXGBE_FDIRCTRL, IXGBE_FDIRCTRL_INIT_DONE,
				 IXGBE_FDIRCTRL_INIT_DONE, INIT_POLL_US, INIT_POLL_STEPS);
	if (err)
		return err;
	/* A set bit of a mask is not compared. */
	atmo_ixgbe_wr(port, IXGBE_FDIRM, IXGBE_FDIRM_VLANID | IXGBE_FDIRM_VLANP |
		      IXGBE_FDIRM_POOL | IXGBE_FDIRM_FLEX | IXGBE_FDIRM_DIPV6);
	atmo_ixgbe_wr(port, IXGBE_FDIRDIP4M, 0);
	atmo_ixgbe_wr(port, IXGBE_FDIRSIP4M, 0);
	atmo_ixgbe_wr(port, IXGBE_FDIRTCPM, 0);
	atmo_ixgbe_wr(port, IXGBE_FDIRUDPM, 0);
	atmo_ixgbe_rd(port, IXGBE_FDIRFSTAT);
	return 0;
}

/**
 * atmo_ixgbe_fdir_start() - switch Flow Director on and write all rules
 * @port: port, after a reset; its packet buffer is set up, reception is off
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0, -ETIMEDOUT, -ENODEV, -ENOSPC.
 */
int atmo_ixgbe_fdir_start(struct atmo_ixgbe *port)
{
	unsigned int i;
	int err = 0;

	lockdep_assert_held(&port->lock);
	if (!port->fdir.nr_rules)
		return 0;
	err = fdir_init(port);
	for (i = 0; !err && i < port->fdir.nr_rules; i++)
		if (port->fdir.rule[i].lane)
			err = fdir_write(port, i);
	if (err && err != -ENODEV)
		dev_err(port->dev, "Flow Director does not start (%pe)\n", ERR_PTR(err));
	return err;
}

/* Context: probe. Return: 0 or -ENOMEM. */
int atmo_ixgbe_fdir_create(struct atmo_ixgbe *port)
{
	struct atmo_ixgbe_fdir *f = &port->fdir;
	u32 nr;

	if (!flow_director)
		return 0;
	nr = roundup_pow_of_two(clamp_t(u32, flow_director, MIN_RULES, MAX_RULES));
	f->rule = kvcalloc(nr, sizeof(*f->rule), GFP_KERNEL);
	if (!f->rule)
		return -ENOMEM;
	f->nr_rules = nr - OWN_RULES;
	f->alloc = ilog2(nr / MIN_RULES) + 1;
	f->buf_kb = nr / MIN_RULES * KB_PER_2K;
	return 0;
}

void atmo_ixgbe_fdir_destroy(struct atmo_ixgbe *port)
{
	kvfree(port->fdir.rule);
	port->fdir.rule = NULL;
}
