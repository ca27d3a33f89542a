/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ATMO_UDP_PRIV_H
#define ATMO_UDP_PRIV_H

#include <linux/if_ether.h>

#include "../atmo_stack/atmo_stack.h"
#include "../atmo_stack/match.h"
#include "../atmo_stack/template.h"

#define ATMO_UDP_TEMPLATES	8

/**
 * struct atmo_udp - what UDP keeps of an instance; all of it can be made anew
 * @match: what its datagrams look like; receive mutex
 * @mac: MAC address in @match
 * @templates: headers of the batch that is being sent, by destination; transmit mutex
 */
struct atmo_udp {
	struct atmo_udp_match match;
	u8 mac[ETH_ALEN] __aligned(2);
	struct atmo_udp_template templates[ATMO_UDP_TEMPLATES];
};

int atmo_udp_instance_init(struct atmo_instance *inst, void *priv);
void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
void atmo_udp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
const struct atmo_udp_match *atmo_udp_rx_plain(struct atmo_instance *inst, void *priv);
void atmo_udp_tx_begin(struct atmo_instance *inst, void *priv);
const struct atmo_udp_template *atmo_udp_tx_plain(struct atmo_instance *inst, void *priv,
						  const struct atmo_tx_desc *desc);
int atmo_udp_headers(struct atmo_instance *inst, void *priv, struct atmo_headers *arg);
u32 atmo_udp_max_payload(struct atmo_instance *inst);

#endif /* ATMO_UDP_PRIV_H */
