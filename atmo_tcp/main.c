// SPDX-License-Identifier: GPL-2.0
/*
 * TCP segments of one connection, or of a listener, whole: checked, with their
 * addresses and ports enforced, and no more. Sequence numbers, retransmission,
 * windows and congestion control are the application's.
 */
#include <linux/in.h>
#include <linux/module.h>
#include <linux/socket.h>

#include "priv.h"

static const struct atmo_proto atmo_tcp_protos[] = {
	{
		.owner		= THIS_MODULE,
		.family		= AF_INET,
		.protocol	= IPPROTO_TCP,
		.rx		= atmo_tcp_rx,
		.tx		= atmo_tcp_tx,
		.max_payload	= atmo_tcp_max_payload,
	},
	{
		.owner		= THIS_MODULE,
		.family		= AF_INET6,
		.protocol	= IPPROTO_TCP,
		.rx		= atmo_tcp_rx,
		.tx		= atmo_tcp_tx,
		.max_payload	= atmo_tcp_max_payload,
	},
};

static int __init atmo_tcp_init(void)
{
	return atmo_protos_register(atmo_tcp_protos, ARRAY_SIZE(atmo_tcp_protos));
}
module_init(atmo_tcp_init);

static void __exit atmo_tcp_exit(void)
{
	atmo_protos_unregister(atmo_tcp_protos, ARRAY_SIZE(atmo_tcp_protos));
}
module_exit(atmo_tcp_exit);

MODULE_DESCRIPTION("Atmosphere TCP segments");
MODULE_LICENSE("GPL");
