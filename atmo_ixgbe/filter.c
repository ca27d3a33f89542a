// SPDX-License-Identifier: GPL-2.0
/*
 * Which frames the port accepts, and which queue they go to: MAC addresses, RSS
 * over the ordinary queues, 5-tuple filters for lanes. All of it is shadowed and
 * written anew after each reset. Which filter a flow gets is decided in steer.c.
 */
#include <linux/bitfield.h>
#include <linux/etherdevice.h>
#include <linux/in.h>
#include <linux/netdevice.h>

#include "priv.h"

/* ---- 5-tuple filters, 7.1.2.5 ---- */

/* A connection's filter comes before that of the whole port. */
#define PRIORITY_PORT		1
#define PRIORITY_CONNECTION	2

/*
 * Of a port's filter, source address and port are not compared. FTQF has the
 * enable bit and comes last; one that is written anew was off before.
 */
static void filter_write(struct atmo_ixgbe *port, unsigned int i)
{
	const struct atmo_ixgbe_rule *f = &port->filter[i];
	const struct atmo_ixgbe_tuple *t = &f->tuple;
	u32 ftqf = IXGBE_FTQF_QUEUE_ENABLE | IXGBE_FTQF_POOL_MASK;

	if (!f->lane) {
		atmo_ixgbe_wr(port, IXGBE_FTQF(i), 0);
		return;
	}
	ftqf |= FIELD_PREP(IXGBE_FTQF_PROTOCOL, t->protocol == IPPROTO_UDP ?
			   IXGBE_FTQF_PROTOCOL_UDP : IXGBE_FTQF_PROTOCOL_TCP);
	if (t->rport) {
		ftqf |= FIELD_PREP(IXGBE_FTQF_PRIORITY, PRIORITY_CONNECTION);
		atmo_ixgbe_wr(port, IXGBE_SAQF(i), atmo_ixgbe_wire32(t->raddr));
	} else {
		ftqf |= FIELD_PREP(IXGBE_FTQF_PRIORITY, PRIORITY_PORT) |
			IXGBE_FTQF_MASK_SOURCE_ADDRESS | IXGBE_FTQF_MASK_SOURCE_PORT;
	}
	atmo_ixgbe_wr(port, IXGBE_DAQF(i), atmo_ixgbe_wire32(t->laddr));
	atmo_ixgbe_wr(port, IXGBE_SDPQF(i),
		      FIELD_PREP(IXGBE_SDPQF_SOURCE_PORT, atmo_ixgbe_wire16(t->rport)) |
		      FIELD_PREP(IXGBE_SDPQF_DESTINATION_PORT, atmo_ixgbe_wire16(t->lport)));
	atmo_ixgbe_wr(port, IXGBE_L34T_IMIR(i), IXGBE_L34T_IMIR_SIZE_BP |
		      IXGBE_L34T_IMIR_RESERVED_ONE |
		      FIELD_PREP(IXGBE_L34T_IMIR_QUEUE, f->lane->rx.reg));
	atmo_ixgbe_wr(port, IXGBE_FTQF(i), ftqf);
}

static void filter_set(struct atmo_ixgbe *port, unsigned int i, struct atmo_lane *lane)
{
	port->filter[i].lane = lane;
	if (port->up)
		filter_write(port, i);
}

/**
 * atmo_ixgbe_filter_add() - steer a UDP port or a connection to a lane
 * @lane: lane
 * @tuple: remote address and port zero: not compared
 *
 * Context: process, holds port->lock.
 * Return: 0, or -ENOSPC when all filters are in use.
 */
int atmo_ixgbe_filter_add(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++) {
		if (port->filter[i].lane)
			continue;
		port->filter[i].tuple = *tuple;
		filter_set(port, i, lane);
		return 0;
	}
	return -ENOSPC;
}

/* Returns false if the lane has no such filter. Context: holds port->lock. */
bool atmo_ixgbe_filter_del(struct atmo_lane *lane, const struct atmo_ixgbe_tuple *tuple)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++) {
		if (port->filter[i].lane != lane ||
		    !atmo_ixgbe_tuple_same(&port->filter[i].tuple, tuple))
			continue;
		filter_set(port, i, NULL);
		return true;
	}
	return false;
}

/* Remove all filters of a lane. Context: holds port->lock. */
void atmo_ixgbe_filter_del_lane(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++)
		if (port->filter[i].lane == lane)
			filter_set(port, i, NULL);
}

/* Is there a filter for all of this local address and port? */
bool atmo_ixgbe_filter_has_port(const struct atmo_ixgbe *port,
				const struct atmo_ixgbe_tuple *tuple)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++) {
		const struct atmo_ixgbe_tuple *t = &port->filter[i].tuple;

		if (port->filter[i].lane && !t->rport && t->laddr == tuple->laddr &&
		    t->lport == tuple->lport && t->protocol == tuple->protocol)
			return true;
	}
	return false;
}

unsigned int atmo_ixgbe_filter_count(const struct atmo_ixgbe *port)
{
	unsigned int i, n = 0;

	for (i = 0; i < IXGBE_NR_5TUPLE; i++)
		n += !!port->filter[i].lane;
	return n;
}

/* After a reset, before reception is enabled. Context: holds port->lock. */
void atmo_ixgbe_filter_restore(struct atmo_ixgbe *port)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++)
		filter_write(port, i);
}

/* ---- What no filter is for ---- */

#define ETQF_ARP	0

/**
 * atmo_ixgbe_filter_ordinary() - where frames go that no filter is for
 * @port: port
 *
 * To the ordinary queues by RSS (7.1.2.8), or all to the lane of raw frames. RSS
 * knows IP only: what else there is goes to queue 0, but for ARP, which has an
 * EtherType filter (7.1.2.3) then. The table may change while frames arrive.
 *
 * Context: process, holds port->lock.
 */
void atmo_ixgbe_filter_ordinary(struct atmo_ixgbe *port)
{
	const struct atmo_lane *raw = port->raw;
	unsigned int i, k;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_RETA_ENTRIES / 4; i++) {
		u32 reta = 0;

		for (k = 0; k < 4; k++) {
			u32 q = raw ? raw->rx.reg : (4 * i + k) % port->nr_shared;

			reta |= q << (8 * k);
		}
		atmo_ixgbe_wr(port, IXGBE_RETA(i), reta);
	}
	atmo_ixgbe_wr(port, IXGBE_ETQF(ETQF_ARP), 0);
	if (!raw)
		return;
	atmo_ixgbe_wr(port, IXGBE_ETQS(ETQF_ARP), IXGBE_ETQS_QUEUE_ENABLE |
		      FIELD_PREP(IXGBE_ETQS_RX_QUEUE, raw->rx.reg));
	atmo_ixgbe_wr(port, IXGBE_ETQF(ETQF_ARP), IXGBE_ETQF_FILTER_ENABLE |
		      FIELD_PREP(IXGBE_ETQF_ETYPE, ETH_P_ARP));
}

/* After a reset, before reception is enabled. Context: holds port->lock. */
void atmo_ixgbe_filter_rss(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < IXGBE_RSSRK_REGS; i++)
		atmo_ixgbe_wr(port, IXGBE_RSSRK(i), port->rss_key[i]);
	atmo_ixgbe_filter_ordinary(port);
	/* Not by UDP ports: fragments have none and would overtake. */
	atmo_ixgbe_wr(port, IXGBE_MRQC, FIELD_PREP(IXGBE_MRQC_MRQE, IXGBE_MRQC_MRQE_RSS) |
		      IXGBE_MRQC_RSS_IPV4 | IXGBE_MRQC_RSS_IPV4_TCP |
		      IXGBE_MRQC_RSS_IPV6 | IXGBE_MRQC_RSS_IPV6_TCP);
}

/* ---- MAC addresses, 7.1.1 ---- */

/* Bits 47:36 of the address (MCSTCTRL.MO = 0) select one of 4096 bits. */
static void mta_set(u32 *mta, const u8 *addr)
{
	u32 bit = (u32)addr[5] << 4 | addr[4] >> 4;

	mta[bit / 32] |= BIT(bit % 32);
}

static void write_multicast(struct atmo_ixgbe *port)
{
	struct netdev_hw_addr *ha;
	u32 mta[128] = {};
	unsigned int i;

	netdev_for_each_mc_addr(ha, port->netdev)
		mta_set(mta, ha->addr);
	for (i = 0; i < ARRAY_SIZE(mta); i++)
		atmo_ixgbe_wr(port, IXGBE_MTA(i), mta[i]);
	atmo_ixgbe_wr(port, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
}

/* Returns false if there are more addresses than entries. */
static bool write_unicast(struct atmo_ixgbe *port)
{
	unsigned int used = port->nr_rar;
	struct netdev_hw_addr *ha;
	unsigned int i = 0;
	bool all = true;

	atmo_ixgbe_hw_set_rar(port, i++, port->netdev->dev_addr);
	netdev_for_each_uc_addr(ha, port->netdev) {
		if (i == IXGBE_NR_RAR) {
			all = false;
			break;
		}
		atmo_ixgbe_hw_set_rar(port, i++, ha->addr);
	}
	port->nr_rar = i;
	while (i < used)
		atmo_ixgbe_hw_set_rar(port, i++, NULL);
	return all;
}

/**
 * atmo_ixgbe_filter_rx_mode() - accept what Linux asked for
 * @port: port
 *
 * Context: atomic, holds netif_addr_lock.
 */
void atmo_ixgbe_filter_rx_mode(struct atmo_ixgbe *port)
{
	unsigned int flags = port->netdev->flags;
	u32 fctrl = IXGBE_FCTRL_BAM;

	if (!write_unicast(port) || (flags & IFF_PROMISC))
		fctrl |= IXGBE_FCTRL_UPE;
	write_multicast(port);
	if (flags & (IFF_PROMISC | IFF_ALLMULTI))
		fctrl |= IXGBE_FCTRL_MPE;
	atmo_ixgbe_wr(port, IXGBE_FCTRL, fctrl);
}
