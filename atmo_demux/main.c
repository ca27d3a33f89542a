// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "priv.h"

/* NICs come and go by atmo_nic_register(). */
static int __init atmo_demux_init(void)
{
	int err = atmo_kept_init();

	if (err)
		return err;
	err = atmo_nics_init();
	if (err)
		atmo_kept_exit();
	return err;
}
module_init(atmo_demux_init);

static void __exit atmo_demux_exit(void)
{
	atmo_nics_exit();
	atmo_kept_exit();
}
module_exit(atmo_demux_exit);

MODULE_DESCRIPTION("Atmosphere demultiplexer: frames to the stacks that own them");
MODULE_LICENSE("GPL");
