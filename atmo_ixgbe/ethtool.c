// SPDX-License-Identifier: GPL-2.0
/* ethtool: identity, link, ring sizes, statistics. */
#include <linux/ethtool.h>
#include <linux/linkmode.h>
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

#include "priv.h"

static void get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	strscpy(info->driver, ATMO_IXGBE_NAME, sizeof(info->driver));
	strscpy(info->bus_info, pci_name(port->pdev), sizeof(info->bus_info));
}

static int get_link_ksettings(struct net_device *netdev, struct ethtool_link_ksettings *s)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);
	enum atmo_ixgbe_sfp sfp = READ_ONCE(port->sfp);
	bool copper = sfp == ATMO_IXGBE_SFP_DA_PASSIVE || sfp == ATMO_IXGBE_SFP_DA_ACTIVE;

	ethtool_link_ksettings_zero_link_mode(s, supported);
	if (copper) {
		linkmode_set_bit(ETHTOOL_LINK_MODE_10000baseCR_Full_BIT, s->link_modes.supported);
	} else {
		linkmode_set_bit(ETHTOOL_LINK_MODE_FIBRE_BIT, s->link_modes.supported);
		linkmode_set_bit(ETHTOOL_LINK_MODE_10000baseSR_Full_BIT, s->link_modes.supported);
	}
	linkmode_copy(s->link_modes.advertising, s->link_modes.supported);
	s->base.port = sfp == ATMO_IXGBE_SFP_NONE ? PORT_NONE : copper ? PORT_DA : PORT_FIBRE;
	s->base.autoneg = AUTONEG_DISABLE;
	s->base.speed = netif_carrier_ok(netdev) ? SPEED_10000 : SPEED_UNKNOWN;
	s->base.duplex = netif_carrier_ok(netdev) ? DUPLEX_FULL : DUPLEX_UNKNOWN;
	return 0;
}

/* Obeyed, but not sent: see init_flow_control(). */
static void get_pauseparam(struct net_device *netdev, struct ethtool_pauseparam *pause)
{
	pause->autoneg = AUTONEG_DISABLE;
	pause->rx_pause = 1;
	pause->tx_pause = 0;
}

static u32 get_msglevel(struct net_device *netdev)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	return port->msg_enable;
}

static void set_msglevel(struct net_device *netdev, u32 level)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	port->msg_enable = level;
}

static void get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	ring->rx_max_pending = ATMO_IXGBE_MAX_RING;
	ring->tx_max_pending = ATMO_IXGBE_MAX_RING;
	ring->rx_pending = port->rx_ring_len;
	ring->tx_pending = port->tx_ring_len;
}

static u32 ring_size(u32 wanted)
{
	return roundup_pow_of_two(clamp_t(u32, wanted, ATMO_IXGBE_MIN_RING,
					  ATMO_IXGBE_MAX_RING));
}

/* Stop, new rings, start; lanes see the device go down and up. */
static int resize_rings(struct atmo_ixgbe *port, u32 rx_len, u32 tx_len)
{
	u32 old_rx = port->rx_ring_len;
	u32 old_tx = port->tx_ring_len;
	int err;

	atmo_ixgbe_port_stop(port);
	atmo_ixgbe_queues_empty(port);
	port->rx_ring_len = rx_len;
	port->tx_ring_len = tx_len;
	err = atmo_ixgbe_queues_fill(port);
	if (err) {
		port->rx_ring_len = old_rx;
		port->tx_ring_len = old_tx;
		if (atmo_ixgbe_queues_fill(port))
			return err;	/* stays down until closed and opened */
	}
	return atmo_ixgbe_port_start(port) ?: err;
}

static int set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);
	u32 rx_len = ring_size(ring->rx_pending);
	u32 tx_len = ring_size(ring->tx_pending);
	int err = 0;

	if (ring->rx_mini_pending || ring->rx_jumbo_pending)
		return -EINVAL;
	mutex_lock(&port->lock);
	if (rx_len == port->rx_ring_len && tx_len == port->tx_ring_len)
		goto out;
	if (port->up) {
		err = resize_rings(port, rx_len, tx_len);
	} else if (netif_running(netdev)) {
		err = -ENETDOWN;
	} else {
		port->rx_ring_len = rx_len;
		port->tx_ring_len = tx_len;
	}
out:
	mutex_unlock(&port->lock);
	return err;
}

static void get_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	ch->max_combined = port->nr_shared;
	ch->combined_count = port->nr_shared;
	ch->max_other = 1;
	ch->other_count = 1;
}

static int get_sset_count(struct net_device *netdev, int sset)
{
	return sset == ETH_SS_STATS ? atmo_ixgbe_stats_count(netdev_priv(netdev)) : -EOPNOTSUPP;
}

static void get_strings(struct net_device *netdev, u32 sset, u8 *buf)
{
	if (sset == ETH_SS_STATS)
		atmo_ixgbe_stats_names(netdev_priv(netdev), buf);
}

static void get_stats(struct net_device *netdev, struct ethtool_stats *stats, u64 *val)
{
	memset(val, 0, stats->n_stats * sizeof(*val));
	atmo_ixgbe_stats_values(netdev_priv(netdev), val);
}

const struct ethtool_ops atmo_ixgbe_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.get_pauseparam = get_pauseparam,
	.get_msglevel = get_msglevel,
	.set_msglevel = set_msglevel,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_channels = get_channels,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};
