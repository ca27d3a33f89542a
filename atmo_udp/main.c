// SPDX-License-Identifier: GPL-2.0
/* UDP. What its packets need is in the endpoint; beside it only copies are kept. */
#include <linux/in.h>
#include <linux/module.h>
#include <linux/socket.h>

#include "priv.h"

static const struct atmo_proto atmo_udp_protos[] = {
	{
		.owner		= THIS_MODULE,
		.family		= AF_INET,
		.protocol	= IPPROTO_UDP,
		.tx_flags	= ATMO_TX_FRAME,
		.priv_len	= sizeof(struct atmo_udp),
		.init		= atmo_udp_instance_init,
		.rx		= atmo_udp_rx,
		.rx_plain	= atmo_udp_rx_plain,
		.tx_begin	= atmo_udp_tx_begin,
		.tx		= atmo_udp_tx,
		.tx_plain	= atmo_udp_tx_plain,
		.headers	= atmo_udp_headers,
		.max_payload	= atmo_udp_max_payload,
	},
	{
		.owner		= THIS_MODULE,
		.family		= AF_INET6,
		.protocol	= IPPROTO_UDP,
		.tx_flags	= ATMO_TX_FRAME,
		.priv_len	= sizeof(struct atmo_udp),
		.init		= atmo_udp_instance_init,
		.rx		= atmo_udp_rx,
		.tx_begin	= atmo_udp_tx_begin,
		.tx		= atmo_udp_tx,
		.headers	= atmo_udp_headers,
		.max_payload	= atmo_udp_max_payload,
	},
};

static int __init atmo_udp_init(void)
{
	return atmo_protos_register(atmo_udp_protos, ARRAY_SIZE(atmo_udp_protos));
}
module_init(atmo_udp_init);

static void __exit atmo_udp_exit(void)
{
	atmo_protos_unregister(atmo_udp_protos, ARRAY_SIZE(atmo_udp_protos));
}
module_exit(atmo_udp_exit);

MODULE_DESCRIPTION("Atmosphere UDP");
MODULE_LICENSE("GPL");
