/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ATMO_TCP_PRIV_H
#define ATMO_TCP_PRIV_H

#include "../atmo_stack/atmo_stack.h"

void atmo_tcp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
void atmo_tcp_tx(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
u32 atmo_tcp_max_payload(struct atmo_instance *inst);

#endif /* ATMO_TCP_PRIV_H */
