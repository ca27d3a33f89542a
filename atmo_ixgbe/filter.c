// SPDX-License-Identifier: GPL-2.0
/*
 * Which frames the port accepts, and which queue they go to: MAC addresses, RSS
 * over the ordinary queues, 5-tuple filters for lanes. All of it is shadowed and
 * written anew after each reset.
 */
#include <linux/bitfield.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>

#include "priv.h"

/* ---- 5-tuple filters, 7.1.2.5 ---- */

/*
 * UDP, destination address, destination port; source address and port are not
 * compared. Addresses and ports are in network byte order in the registers (the
 * first byte on the wire is the least significant one), so they are taken as
 * they lie in memory on a little-endian machine. FTQF has the enable bit and
 * comes last.
 */
static void filter_write(struct atmo_ixgbe *port, unsigned int i)
{
	const struct atmo_ixgbe_filter *f = &port->filter[i];
	__le32 daddr;
	__le16 dport;

	atmo_ixgbe_wr(port, IXGBE_FTQF(i), 0);
	if (!f->lane)
		return;
	memcpy(&daddr, &f->daddr, sizeof(daddr));
	memcpy(&dport, &f->dport, sizeof(dport));
	atmo_ixgbe_wr(port, IXGBE_SAQF(i), 0);
	atmo_ixgbe_wr(port, IXGBE_DAQF(i), le32_to_cpu(daddr));
	atmo_ixgbe_wr(port, IXGBE_SDPQF(i), FIELD_PREP(IXGBE_SDPQF_DESTINATION_PORT,
						       le16_to_cpu(dport)));
	atmo_ixgbe_wr(port, IXGBE_L34T_IMIR(i), IXGBE_L34T_IMIR_SIZE_BP |
		      IXGBE_L34T_IMIR_RESERVED_ONE |
		      FIELD_PREP(IXGBE_L34T_IMIR_QUEUE, f->lane->rx.reg));
	atmo_ixgbe_wr(port, IXGBE_FTQF(i), IXGBE_FTQF_QUEUE_ENABLE | IXGBE_FTQF_POOL_MASK |
		      IXGBE_FTQF_MASK_SOURCE_ADDRESS | IXGBE_FTQF_MASK_SOURCE_PORT |
		      FIELD_PREP(IXGBE_FTQF_PRIORITY, 1) |
		      FIELD_PREP(IXGBE_FTQF_PROTOCOL, IXGBE_FTQF_PROTOCOL_UDP));
}

/**
 * atmo_ixgbe_filter_add() - steer UDP datagrams to a lane
 * @lane: lane
 * @daddr: destination address
 * @dport: destination port
 *
 * Context: process, holds port->lock.
 * Return: 0, or -ENOSPC when all filters are in use.
 */
int atmo_ixgbe_filter_add(struct atmo_lane *lane, __be32 daddr, __be16 dport)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++) {
		if (port->filter[i].lane)
			continue;
		port->filter[i].lane = lane;
		port->filter[i].daddr = daddr;
		port->filter[i].dport = dport;
		if (port->up)
			filter_write(port, i);
		return 0;
	}
	return -ENOSPC;
}

/**
 * atmo_ixgbe_filter_del_lane() - remove all filters of a lane
 * @lane: lane
 *
 * Context: process, holds port->lock. Frames already in the packet buffer can
 * still arrive.
 */
void atmo_ixgbe_filter_del_lane(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++) {
		if (port->filter[i].lane != lane)
			continue;
		port->filter[i].lane = NULL;
		if (port->up)
			filter_write(port, i);
	}
	if (port->up)
		atmo_ixgbe_flush(port);
}

/* After a reset, before reception is enabled. Context: holds port->lock. */
void atmo_ixgbe_filter_restore(struct atmo_ixgbe *port)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < IXGBE_NR_5TUPLE; i++)
		filter_write(port, i);
}

/* ---- RSS, 7.1.2.8: the ordinary queues only ---- */

void atmo_ixgbe_filter_rss(struct atmo_ixgbe *port)
{
	unsigned int i, k;

	for (i = 0; i < IXGBE_RSSRK_REGS; i++)
		atmo_ixgbe_wr(port, IXGBE_RSSRK(i), port->rss_key[i]);
	for (i = 0; i < IXGBE_RETA_ENTRIES / 4; i++) {
		u32 reta = 0;

		for (k = 0; k < 4; k++)
			reta |= (4 * i + k) % port->nr_shared << (8 * k);
		atmo_ixgbe_wr(port, IXGBE_RETA(i), reta);
	}
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
