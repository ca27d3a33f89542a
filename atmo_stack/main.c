// SPDX-License-Identifier: GPL-2.0
/* atmo_stack: stack instances, one per open file of /dev/atmo. */
#include <linux/module.h>

#include "priv.h"

static int __init atmo_stack_init(void)
{
	int err = atmo_netlink_register();

	if (err)
		return err;
	err = atmo_closing_init();
	if (err)
		goto err_netlink;
	err = atmo_proto_register(&atmo_raw_proto);
	if (err)
		goto err_closing;
	err = atmo_chardev_register();
	if (err)
		goto err_raw;
	return 0;

err_raw:
	atmo_proto_unregister(&atmo_raw_proto);
err_closing:
	atmo_closing_exit();
err_netlink:
	atmo_netlink_unregister();
	return err;
}
module_init(atmo_stack_init);

static void __exit atmo_stack_exit(void)
{
	atmo_chardev_unregister();
	atmo_closing_exit();
	atmo_proto_unregister(&atmo_raw_proto);
	atmo_netlink_unregister();
}
module_exit(atmo_stack_exit);

MODULE_DESCRIPTION("Atmosphere: protocol stack instances");
MODULE_LICENSE("GPL");
