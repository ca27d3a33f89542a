/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ATMO_UDP_PRIV_H
#define ATMO_UDP_PRIV_H

#include "../atmo_stack/atmo_stack.h"

void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
void atmo_udp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
int atmo_udp_headers(struct atmo_instance *inst, void *priv, struct atmo_headers *arg);
u32 atmo_udp_max_payload(struct atmo_instance *inst);

#endif /* ATMO_UDP_PRIV_H */
