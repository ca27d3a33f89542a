// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

/*
 * The port manager has no state of its own: each NIC has its table, see
 * atmo_ports_create().
 */
MODULE_DESCRIPTION("Atmosphere port manager: who owns which port");
MODULE_LICENSE("GPL");
