// SPDX-License-Identifier: GPL-2.0
/*
 * atmo_ixgbe: driver of the Intel 82599. Where to look:
 *
 *   pci.c      binding, probe and remove
 *   netdev.c   starting and stopping the port, watchdog, network device
 *   hw.c       reset, semaphores, EEPROM, what is common to all queues
 *   sfp.c      SFP+ module and link
 *   irq.c      vectors, handlers, NAPI
 *   ring.c     memory of rings, starting and stopping queues
 *   rx.c tx.c  data path of the ordinary queues (Linux and demultiplexer)
 *   lane.c     hardware lanes: life and reception
 *   ltx.c      hardware lanes: transmission
 *   rate.c     transmit rate limit, the arithmetic
 *   steer.c    which filter a flow of a lane gets
 *   filter.c   MAC addresses, RSS, 5-tuple filters
 *   fdir.c     Flow Director; fdir_hash.c: its hash
 */
#include <linux/module.h>

#include "priv.h"

static int __init atmo_ixgbe_init(void)
{
	return atmo_ixgbe_pci_register();
}
module_init(atmo_ixgbe_init);

static void __exit atmo_ixgbe_exit(void)
{
	atmo_ixgbe_pci_unregister();
}
module_exit(atmo_ixgbe_exit);

MODULE_DESCRIPTION("Atmosphere: Intel 82599 driver with hardware lanes");
MODULE_LICENSE("GPL");
