// SPDX-License-Identifier: GPL-2.0
/* atmo_stack: stack instances, one per open file of /dev/atmo. */
#include <linux/module.h>

#include "priv.h"

static int __init atmo_stack_init(void)
{
	return atmo_chardev_register();
}
module_init(atmo_stack_init);

static void __exit atmo_stack_exit(void)
{
	atmo_chardev_unregister();
}
module_exit(atmo_stack_exit);

MODULE_DESCRIPTION("Atmosphere: protocol stack instances");
MODULE_LICENSE("GPL");
