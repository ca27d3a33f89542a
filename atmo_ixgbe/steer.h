/* SPDX-License-Identifier: GPL-2.0 */
/* Which frames go to which lane: shadows of what the device has been told. */
#ifndef ATMO_IXGBE_STEER_H
#define ATMO_IXGBE_STEER_H

#include <linux/swab.h>
#include <linux/types.h>
#include <asm/byteorder.h>

struct atmo_flow;
struct atmo_ixgbe;
struct atmo_lane;

/**
 * struct atmo_ixgbe_tuple - flow of a lane, IPv4
 * @laddr: destination address of its packets
 * @raddr: source address; zero together with @rport: any
 * @lport: destination port
 * @rport: source port
 * @protocol: IPPROTO_UDP or IPPROTO_TCP
 */
struct atmo_ixgbe_tuple {
	__be32 laddr;
	__be32 raddr;
	__be16 lport;
	__be16 rport;
	u8 protocol;
};

/**
 * struct atmo_ixgbe_rule - shadow of a 5-tuple filter or of a Flow Director rule
 * @lane: where it steers to; NULL: unused
 * @tuple: what it compares
 */
struct atmo_ixgbe_rule {
	struct atmo_lane *lane;
	struct atmo_ixgbe_tuple tuple;
};

/**
 * struct atmo_ixgbe_fdir - Flow Director
 * @rule: its rules, by software index
 * @nr_rules: rules there is room for; 0: it is off
 * @used: rules in use
 * @alloc: FDIRCTRL.PBALLOC
 * @buf_kb: what it takes of the receive packet buffer
 */
struct atmo_ixgbe_fdir {
	struct atmo_ixgbe_rule *rule;
	u16 nr_rules;
	u16 used;
	u8 alloc;
	u16 buf_kb;
};

static inline bool atmo_ixgbe_tuple_same(const struct atmo_ixgbe_tuple *a,
					 const struct atmo_ixgbe_tuple *b)
{
	return a->laddr == b->laddr && a->raddr == b->raddr && a->lport == b->lport &&
	       a->rport == b->rport && a->protocol == b->protocol;
}

/* As registers have addresses and ports: the wire's first byte is the lowest. */
static inline u32 atmo_ixgbe_wire32(__be32 v)
{
	return swab32(be32_to_cpu(v));
}

static inline u16 atmo_ixgbe_wire16(__be16 v)
{
	return swab16(be16_to_cpu(v));
}

/* ---- filter.c ---- */
int atmo_ixgbe_filter_add(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple);
bool atmo_ixgbe_filter_del(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple);
void atmo_ixgbe_filter_del_lane(struct atmo_lane *lane);
bool atmo_ixgbe_filter_has_port(const struct atmo_ixgbe *port,
				const struct atmo_ixgbe_tuple *tuple);
unsigned int atmo_ixgbe_filter_count(const struct atmo_ixgbe *port);
void atmo_ixgbe_filter_restore(struct atmo_ixgbe *port);
void atmo_ixgbe_filter_ordinary(struct atmo_ixgbe *port);
void atmo_ixgbe_filter_rss(struct atmo_ixgbe *port);
void atmo_ixgbe_filter_rx_mode(struct atmo_ixgbe *port);
/* ---- fdir.c ---- */
int atmo_ixgbe_fdir_create(struct atmo_ixgbe *port);
void atmo_ixgbe_fdir_destroy(struct atmo_ixgbe *port);
int atmo_ixgbe_fdir_start(struct atmo_ixgbe *port);
int atmo_ixgbe_fdir_add(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple);
int atmo_ixgbe_fdir_del(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple);
int atmo_ixgbe_fdir_del_lane(struct atmo_lane *lane);
bool atmo_ixgbe_fdir_has_port(const struct atmo_ixgbe *port,
			      const struct atmo_ixgbe_tuple *tuple);
/* ---- steer.c ---- */
bool atmo_ixgbe_steer_is_raw(const struct atmo_flow *flow);
int atmo_ixgbe_lane_steer(struct atmo_lane *lane, const struct atmo_flow *flow);
void atmo_ixgbe_lane_unsteer(struct atmo_lane *lane, const struct atmo_flow *flow);
int atmo_ixgbe_steer_del_lane(struct atmo_lane *lane);

#endif /* ATMO_IXGBE_STEER_H */
