// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver.
 *
 * It has no id table: a port is only taken when the administrator says so, and
 * all others stay with Linux's ixgbe. There are two ways to say so:
 *
 *   driver_override: echo atmo_ixgbe > /sys/bus/pci/devices/DEV/driver_override
 *                    echo DEV > /sys/bus/pci/drivers_probe
 *   new_id:          echo 8086 10fb > /sys/bus/pci/drivers/atmo_ixgbe/new_id
 *                    (takes every unbound port of that kind)
 *
 * The PCI core matches a driver whose name equals driver_override without asking
 * for an id, and a missing table, unlike an empty one, lets new_id accept ids.
 * Since both let any device through, probe looks at the device itself.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "priv.h"

#define BAR	0

static unsigned int queues;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "Ordinary queue pairs per port, 1..8 (default: one per CPU, at most 4); the rest are lanes");

/* 82599 with SFP+ cages; the same programming for all of them. */
static const u16 supported_ids[] = {
	0x10fb,		/* 82599ES */
	0x1507,		/* 82599EB */
	0x1529,		/* 82599 with FCoE */
	0x154d,		/* 82599, four ports on two chips */
	0x1557,		/* 82599EN, single port */
};

static bool is_supported(const struct pci_dev *pdev)
{
	unsigned int i;

	if (pdev->vendor != PCI_VENDOR_ID_INTEL)
		return false;
	for (i = 0; i < ARRAY_SIZE(supported_ids); i++)
		if (pdev->device == supported_ids[i])
			return true;
	return false;
}

static u16 nr_queues(void)
{
	unsigned int n = queues ? queues : min(num_online_cpus(), 4U);

	return clamp_t(unsigned int, n, 1, ATMO_IXGBE_MAX_SHARED);
}

/* ---- Probe ---- */

static int enable_device(struct atmo_ixgbe *port)
{
	struct pci_dev *pdev = port->pdev;
	int err = pci_enable_device_mem(pdev);

	if (err)
		return err;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (err) {
		dev_err(&pdev->dev, "no usable DMA addresses\n");
		goto disable;
	}
	err = pci_request_mem_regions(pdev, ATMO_IXGBE_NAME);
	if (err)
		goto disable;
	port->bar = pci_ioremap_bar(pdev, BAR);
	if (!port->bar) {
		err = -ENOMEM;
		goto release;
	}
	pci_set_master(pdev);
	return 0;

release:
	pci_release_mem_regions(pdev);
disable:
	pci_disable_device(pdev);
	return err;
}

static void disable_device(struct atmo_ixgbe *port)
{
	pci_clear_master(port->pdev);
	iounmap(port->bar);
	pci_release_mem_regions(port->pdev);
	pci_disable_device(port->pdev);
}

static int init_hardware(struct atmo_ixgbe *port)
{
	u8 addr[ETH_ALEN];
	int err;

	/*
	 * The port number decides which I2C bus and which tuning are used. It is
	 * the chip's own, whatever the PCI function is called here.
	 */
	port->lan_id = FIELD_GET(IXGBE_STATUS_LAN_ID, atmo_ixgbe_rd(port, IXGBE_STATUS)) & 1;
	err = atmo_ixgbe_hw_reset(port);
	if (err)
		return err;
	err = atmo_ixgbe_hw_read_mac(port, addr);
	if (err) {
		dev_err(port->dev, "EEPROM has no valid MAC address\n");
		return err;
	}
	eth_hw_addr_set(port->netdev, addr);
	ether_addr_copy(port->netdev->perm_addr, addr);
	/* Whatever is found is reported. */
	port->sfp = ATMO_IXGBE_SFP_UNKNOWN;
	atmo_ixgbe_sfp_identify(port);
	atmo_ixgbe_link_stop(port);
	return READ_ONCE(port->removed) ? -ENODEV : 0;
}

static void port_destroy(struct atmo_ixgbe *port)
{
	atmo_ixgbe_fdir_destroy(port);
	free_netdev(port->netdev);
}

static struct atmo_ixgbe *port_create(struct pci_dev *pdev)
{
	u16 nr_shared = nr_queues();
	struct net_device *netdev;
	struct atmo_ixgbe *port;

	netdev = alloc_etherdev_mqs(sizeof(*port), nr_shared, nr_shared);
	if (!netdev)
		return NULL;
	SET_NETDEV_DEV(netdev, &pdev->dev);
	port = netdev_priv(netdev);
	port->pdev = pdev;
	port->dev = &pdev->dev;
	port->netdev = netdev;
	port->nr_shared = nr_shared;
	port->nr_lanes = ATMO_IXGBE_NR_QUEUES - nr_shared;
	port->rx_ring_len = ATMO_IXGBE_DEF_RING;
	port->tx_ring_len = ATMO_IXGBE_DEF_RING;
	port->msg_enable = NETIF_MSG_DRV | NETIF_MSG_PROBE | NETIF_MSG_LINK;
	port->nic_ops = atmo_ixgbe_nic_ops;
	port->nic_ops.max_lanes = port->nr_lanes;
	if (atmo_ixgbe_fdir_create(port)) {
		free_netdev(netdev);
		return NULL;
	}
	netdev_rss_key_fill(port->rss_key, sizeof(port->rss_key));
	mutex_init(&port->lock);
	mutex_init(&port->hw_lock);
	atmo_ixgbe_netdev_init(port);
	pci_set_drvdata(pdev, port);
	return port;
}

/* The network device first: a stack instance finds us through it. */
static int publish(struct atmo_ixgbe *port)
{
	struct atmo_nic *nic;
	int err;

	netif_carrier_off(port->netdev);
	err = register_netdev(port->netdev);
	if (err)
		return err;
	nic = atmo_nic_register(port->netdev, port->dev, &port->nic_ops);
	if (IS_ERR(nic)) {
		unregister_netdev(port->netdev);
		return PTR_ERR(nic);
	}
	rcu_assign_pointer(port->nic, nic);
	return 0;
}

static int atmo_ixgbe_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct atmo_ixgbe *port;
	int err;

	if (!is_supported(pdev)) {
		dev_err(&pdev->dev, "%04x:%04x is not an 82599 with SFP+\n", pdev->vendor,
			pdev->device);
		return -ENODEV;
	}
	port = port_create(pdev);
	if (!port)
		return -ENOMEM;
	err = enable_device(port);
	if (err)
		goto free_port;
	err = init_hardware(port);
	if (err)
		goto disable;
	err = atmo_ixgbe_queues_create(port);
	if (err)
		goto disable;
	err = atmo_ixgbe_irq_init(port);
	if (err)
		goto destroy_queues;
	err = publish(port);
	if (err)
		goto exit_irq;
	netdev_info(port->netdev, "82599 port %u, %pM: %u ordinary queues, %u lanes, %u vectors\n",
		    port->lan_id, port->netdev->dev_addr, port->nr_shared, port->nr_lanes,
		    port->nr_vecs);
	return 0;

exit_irq:
	atmo_ixgbe_irq_exit(port);
destroy_queues:
	atmo_ixgbe_queues_destroy(port);
disable:
	disable_device(port);
free_port:
	port_destroy(port);
	return err;
}

/* ---- Remove ---- */

/*
 * No frame reaches the demultiplexer any more, then it lets go of the port,
 * closing all lanes while the hardware can still do so properly, then Linux
 * does.
 */
static void unpublish(struct atmo_ixgbe *port)
{
	struct atmo_nic *nic = rcu_dereference_protected(port->nic, true);

	RCU_INIT_POINTER(port->nic, NULL);
	synchronize_net();
	atmo_nic_unregister(nic);
	unregister_netdev(port->netdev);
	/* Stopped by now, but queued perhaps; they find the port down. */
	cancel_work_sync(&port->reset_work);
	cancel_delayed_work_sync(&port->watchdog);
	atmo_ixgbe_lanes_remove(port);
}

/* Also when the device has been pulled out: it reads as all ones then. */
static void atmo_ixgbe_remove(struct pci_dev *pdev)
{
	struct atmo_ixgbe *port = pci_get_drvdata(pdev);

	atmo_ixgbe_rd(port, IXGBE_STATUS);
	unpublish(port);
	atmo_ixgbe_irq_exit(port);
	atmo_ixgbe_clear_bits(port, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_DRV_LOAD);
	atmo_ixgbe_queues_destroy(port);
	disable_device(port);
	port_destroy(port);
}

/* Power-off and kexec: no DMA into what comes after. */
static void atmo_ixgbe_shutdown(struct pci_dev *pdev)
{
	struct atmo_ixgbe *port = pci_get_drvdata(pdev);

	mutex_lock(&port->lock);
	if (port->up)
		atmo_ixgbe_port_stop(port);
	mutex_unlock(&port->lock);
	pci_clear_master(pdev);
}

static struct pci_driver atmo_ixgbe_driver = {
	.name = ATMO_IXGBE_NAME,
	.probe = atmo_ixgbe_probe,
	.remove = atmo_ixgbe_remove,
	.shutdown = atmo_ixgbe_shutdown,
};

int atmo_ixgbe_pci_register(void)
{
	return pci_register_driver(&atmo_ixgbe_driver);
}

void atmo_ixgbe_pci_unregister(void)
{
	pci_unregister_driver(&atmo_ixgbe_driver);
}
