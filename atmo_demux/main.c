// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

/* No state of its own: NICs come and go by atmo_nic_register(). */
MODULE_DESCRIPTION("Atmosphere demultiplexer: frames to the stacks that own them");
MODULE_LICENSE("GPL");
