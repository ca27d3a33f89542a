// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/udp.h>

/*
 * The port manager has no state of its own: each NIC has its table, see
 * atmo_ports_create().
 *
 * A reservation of a UDP port is an encapsulation socket. The first such socket of a
 * machine has the kernel patch its code, and the last one has that undone: milliseconds
 * that each bind and close would take. One reference keeps it patched.
 */
static int __init atmo_portmgr_init(void)
{
	udp_encap_enable();
	return 0;
}
module_init(atmo_portmgr_init);

static void __exit atmo_portmgr_exit(void)
{
	udp_encap_disable();
}
module_exit(atmo_portmgr_exit);

MODULE_DESCRIPTION("Atmosphere port manager: who owns which port");
MODULE_LICENSE("GPL");
