// SPDX-License-Identifier: GPL-2.0
/*
 * Starting and stopping the port, and its network device: everything that no
 * stack instance has claimed.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "priv.h"

#define WATCHDOG_PERIOD		HZ
/* Ticks between looks for an SFP+ module while there is none. */
#define SFP_TICKS		2

/* ---- Start, data sheet 4.6 ---- */

static int start_queue(struct atmo_ixgbe *port, struct atmo_ixgbe_queue *q)
{
	struct atmo_ixgbe_tx *tx = &q->tx;
	int err;

	atmo_ixgbe_rx_repost(&q->rx);
	err = atmo_ixgbe_rx_hw_start(port, &q->rx);
	if (err)
		return err;
	atmo_ixgbe_rx_tail(&q->rx);
	atmo_ixgbe_tx_drop_all(q);
	return atmo_ixgbe_tx_hw_start(port, tx->reg, tx->dma, tx->mask + 1);
}

static int start_queues(struct atmo_ixgbe *port)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < port->nr_shared; i++)
		err = start_queue(port, port->queue[i]);
	for (i = 0; !err && i < port->nr_lanes; i++) {
		if (!port->lane[i])
			continue;
		atmo_ixgbe_irq_map_lane(port->lane[i]);
		if (!port->lane[i]->retired)
			err = atmo_ixgbe_lane_start(port->lane[i]);
	}
	return err;
}

static void start_rx_mode(struct atmo_ixgbe *port)
{
	netif_addr_lock_bh(port->netdev);
	/* After a reset the device has only the EEPROM's address. */
	port->nr_rar = IXGBE_NR_RAR;
	atmo_ixgbe_filter_rx_mode(port);
	netif_addr_unlock_bh(port->netdev);
}

/*
 * The reset ends all DMA of queues that would not stop. If not even that works,
 * the device loses the bus: from then on it can't touch any page, so all of them
 * can be let go.
 */
static void stop_dma(struct atmo_ixgbe *port)
{
	if (atmo_ixgbe_hw_reset(port) != -ETIMEDOUT)
		return;
	dev_err(port->dev, "device does not reset: cut off from memory and given up\n");
	pci_clear_master(port->pdev);
	WRITE_ONCE(port->removed, true);
}

static void freeze_lanes(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_lanes; i++)
		if (port->lane[i])
			atmo_ixgbe_lane_freeze(port->lane[i]);
}

static void flush_lanes(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_lanes; i++)
		if (port->lane[i])
			atmo_ixgbe_lane_flush(port->lane[i]);
}

/**
 * atmo_ixgbe_port_start() - from reset to receiving
 * @port: port, stopped; rings of the ordinary queues are filled
 *
 * Lanes' filters are in place before reception is enabled, so that no packet of
 * a lane goes to Linux meanwhile.
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0 or a negative errno, the port is stopped then.
 */
int atmo_ixgbe_port_start(struct atmo_ixgbe *port)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&port->lock);
	if (READ_ONCE(port->removed))
		return -ENODEV;
	err = atmo_ixgbe_hw_reset(port);
	if (err)
		return err;
	pci_set_master(port->pdev);
	atmo_ixgbe_hw_init(port);
	atmo_ixgbe_filter_rss(port);
	atmo_ixgbe_filter_restore(port);
	err = atmo_ixgbe_fdir_start(port);
	if (err)
		goto reset;
	start_rx_mode(port);
	err = start_queues(port);
	if (err) {
		dev_err(port->dev, "queues do not start (%pe)\n", ERR_PTR(err));
		goto reset;
	}
	atmo_ixgbe_hw_rx_enable(port, true);

	for (i = 0; i < port->nr_shared; i++)
		napi_enable(&port->queue[i]->napi);
	WRITE_ONCE(port->up, true);
	atmo_ixgbe_irq_start(port);
	netif_tx_start_all_queues(port->netdev);
	atmo_ixgbe_link_start(port);
	mod_delayed_work(system_percpu_wq, &port->watchdog, 0);
	atmo_ixgbe_lanes_notify(port);
	return 0;

reset:
	freeze_lanes(port);
	stop_dma(port);
	flush_lanes(port);
	return err;
}

/* ---- Stop ---- */

/* All queues at once before the wait for the slowest. */
static void stop_queues(struct atmo_ixgbe *port)
{
	unsigned int i;
	u16 reg;

	for (reg = 0; reg < ATMO_IXGBE_NR_QUEUES; reg++) {
		if (reg >= port->nr_shared && !port->lane[reg - port->nr_shared])
			continue;
		atmo_ixgbe_wr(port, IXGBE_TXDCTL(reg), IXGBE_TXDCTL_SWFLSH);
		atmo_ixgbe_clear_bits(port, IXGBE_RXDCTL(reg), IXGBE_RXDCTL_ENABLE);
	}
	for (i = 0; i < port->nr_shared; i++) {
		atmo_ixgbe_rx_hw_stop(port, &port->queue[i]->rx);
		atmo_ixgbe_tx_hw_stop(port, port->queue[i]->tx.reg);
	}
}

/**
 * atmo_ixgbe_port_stop() - no DMA, no interrupt, no NAPI after return
 * @port: port, started
 *
 * Lanes stay open; what they were sending is dropped and yielded by tx_return,
 * their receive pages wait in their rings. Their owners are woken.
 *
 * Context: process, sleeps, holds port->lock.
 */
void atmo_ixgbe_port_stop(struct atmo_ixgbe *port)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);
	WRITE_ONCE(port->up, false);
	netif_tx_disable(port->netdev);
	freeze_lanes(port);
	atmo_ixgbe_irq_stop(port);
	for (i = 0; i < port->nr_shared; i++)
		napi_disable(&port->queue[i]->napi);
	cancel_delayed_work_sync(&port->watchdog);
	netif_carrier_off(port->netdev);
	WRITE_ONCE(port->link, false);

	atmo_ixgbe_stats_update(port);
	atmo_ixgbe_link_stop(port);
	atmo_ixgbe_hw_rx_enable(port, false);
	stop_queues(port);
	stop_dma(port);

	for (i = 0; i < port->nr_shared; i++)
		atmo_ixgbe_tx_drop_all(port->queue[i]);
	flush_lanes(port);
	atmo_ixgbe_lanes_notify(port);
}

/**
 * atmo_ixgbe_port_reset() - stop and start again, if started
 * @port: port
 *
 * Context: process, sleeps, holds port->lock.
 */
void atmo_ixgbe_port_reset(struct atmo_ixgbe *port)
{
	lockdep_assert_held(&port->lock);
	if (!port->up)
		return;
	port->resets++;
	atmo_ixgbe_port_stop(port);
	if (atmo_ixgbe_port_start(port))
		dev_err(port->dev, "reset failed, the port stays down\n");
}

static void reset_work(struct work_struct *work)
{
	struct atmo_ixgbe *port = container_of(work, struct atmo_ixgbe, reset_work);

	mutex_lock(&port->lock);
	atmo_ixgbe_port_reset(port);
	mutex_unlock(&port->lock);
}

/* ---- Watchdog ---- */

static void update_link(struct atmo_ixgbe *port)
{
	bool link = atmo_ixgbe_link_up(port);

	if (link == port->link)
		return;
	WRITE_ONCE(port->link, link);
	if (link) {
		netif_carrier_on(port->netdev);
		netif_tx_wake_all_queues(port->netdev);
	} else {
		netif_carrier_off(port->netdev);
	}
	if (netif_msg_link(port))
		netdev_info(port->netdev, "link %s\n", link ? "up, 10 Gb/s full duplex" : "down");
}

/*
 * A module plugged in late, or another one, is taken into use. Not every board
 * has the pin that tells of it wired, so an empty cage is looked into regularly.
 */
static void look_for_sfp(struct atmo_ixgbe *port)
{
	bool changed = xchg(&port->sfp_changed, false);

	if (!changed && (port->sfp != ATMO_IXGBE_SFP_NONE || ++port->sfp_age < SFP_TICKS))
		return;
	port->sfp_age = 0;
	atmo_ixgbe_sfp_identify(port);
	atmo_ixgbe_link_start(port);
}

/* PAUSE frames of the peer hold transmission up rightfully. */
static bool lanes_hung(struct atmo_ixgbe *port)
{
	u64 xoff = port->hw_stats.rx_xoff;
	bool hung = false;
	unsigned int i;

	atmo_ixgbe_stats_update(port);
	if (!port->link || port->hw_stats.rx_xoff != xoff)
		return false;
	for (i = 0; i < port->nr_lanes; i++)
		if (port->lane[i] && atmo_ixgbe_lane_hung(port->lane[i])) {
			dev_err(port->dev, "transmit queue %u hangs\n", port->nr_shared + i);
			hung = true;
		}
	return hung;
}

/*
 * Runs only while the port is up: stopping, which holds port->lock, waits for
 * it. So that lock is tried, not waited for; whoever has it is busy changing
 * what would be looked at here.
 */
static void watchdog(struct work_struct *work)
{
	struct atmo_ixgbe *port = container_of(to_delayed_work(work), struct atmo_ixgbe,
					       watchdog);
	bool gone = READ_ONCE(port->removed);

	if (!READ_ONCE(port->up))
		return;
	if (!gone)
		look_for_sfp(port);
	update_link(port);
	if (mutex_trylock(&port->lock)) {
		if (READ_ONCE(port->removed)) {
			atmo_ixgbe_lanes_notify(port);
			gone = true;
		} else if (lanes_hung(port)) {
			schedule_work(&port->reset_work);
		}
		mutex_unlock(&port->lock);
	} else {
		gone = false;
	}
	/* All is said and done once everybody has heard that it is gone. */
	if (!gone)
		mod_delayed_work(system_percpu_wq, &port->watchdog, WATCHDOG_PERIOD);
}

/* ---- Operations ---- */

static int port_open(struct net_device *netdev)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);
	int err;

	netif_carrier_off(netdev);
	mutex_lock(&port->lock);
	err = atmo_ixgbe_queues_fill(port);
	if (!err) {
		err = atmo_ixgbe_port_start(port);
		if (err)
			atmo_ixgbe_queues_empty(port);
	}
	mutex_unlock(&port->lock);
	return err;
}

static int port_close(struct net_device *netdev)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	mutex_lock(&port->lock);
	/* Stopped already if a reset failed. */
	if (port->up)
		atmo_ixgbe_port_stop(port);
	atmo_ixgbe_queues_empty(port);
	mutex_unlock(&port->lock);
	return 0;
}

static void port_set_rx_mode(struct net_device *netdev)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	/* Otherwise port_start() does it. */
	if (READ_ONCE(port->up))
		atmo_ixgbe_filter_rx_mode(port);
}

static int port_set_mac(struct net_device *netdev, void *p)
{
	struct sockaddr *addr = p;

	if (!is_valid_ether_addr(addr->sa_data))
		return -EADDRNOTAVAIL;
	eth_hw_addr_set(netdev, addr->sa_data);
	netif_addr_lock_bh(netdev);
	port_set_rx_mode(netdev);
	netif_addr_unlock_bh(netdev);
	return 0;
}

/* Buffers and JUMBOEN suit all of the allowed sizes: nothing to set up. */
static int port_change_mtu(struct net_device *netdev, int mtu)
{
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static void port_tx_timeout(struct net_device *netdev, unsigned int txq)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);

	schedule_work(&port->reset_work);
}

static const struct net_device_ops port_netdev_ops = {
	.ndo_open = port_open,
	.ndo_stop = port_close,
	.ndo_start_xmit = atmo_ixgbe_tx_xmit,
	.ndo_set_rx_mode = port_set_rx_mode,
	.ndo_set_mac_address = port_set_mac,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = port_change_mtu,
	.ndo_tx_timeout = port_tx_timeout,
	.ndo_get_stats64 = atmo_ixgbe_stats_get64,
};

/**
 * atmo_ixgbe_netdev_init() - fill in the network device
 * @port: port
 *
 * Context: probe, before register_netdev().
 */
void atmo_ixgbe_netdev_init(struct atmo_ixgbe *port)
{
	struct net_device *netdev = port->netdev;

	netdev->netdev_ops = &port_netdev_ops;
	netdev->ethtool_ops = &atmo_ixgbe_ethtool_ops;
	netdev->watchdog_timeo = 5 * HZ;
	netdev->min_mtu = ETH_MIN_MTU;
	/* One frame, one page of 4 KB, 2 KB of it for the NIC: no jumbo frames. */
	netdev->max_mtu = ETH_DATA_LEN;
	netdev->hw_features = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM |
			      NETIF_F_RXCSUM | NETIF_F_RXHASH;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;
	netdev->priv_flags |= IFF_UNICAST_FLT;

	INIT_DELAYED_WORK(&port->watchdog, watchdog);
	INIT_WORK(&port->reset_work, reset_work);
}
