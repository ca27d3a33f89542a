// SPDX-License-Identifier: GPL-2.0
#include <linux/in.h>
#include <linux/module.h>
#include <linux/socket.h>

#include "priv.h"

/* The cache starts empty: the memory is zeroed. */
static int udp_instance_init(struct atmo_instance *inst, void *priv)
{
	return 0;
}

static void udp_instance_exit(struct atmo_instance *inst, void *priv)
{
	atmo_route_flush(priv);
}

static const struct atmo_proto atmo_udp_proto = {
	.owner		= THIS_MODULE,
	.family		= AF_INET,
	.protocol	= IPPROTO_UDP,
	.priv_len	= sizeof(struct atmo_udp),
	.init		= udp_instance_init,
	.exit		= udp_instance_exit,
	.rx		= atmo_udp_rx,
	.tx		= atmo_udp_tx,
	.max_payload	= atmo_udp_max_payload,
};

static int __init atmo_udp_init(void)
{
	return atmo_proto_register(&atmo_udp_proto);
}
module_init(atmo_udp_init);

static void __exit atmo_udp_exit(void)
{
	atmo_proto_unregister(&atmo_udp_proto);
}
module_exit(atmo_udp_exit);

MODULE_DESCRIPTION("Atmosphere UDP over IPv4");
MODULE_LICENSE("GPL");
