// SPDX-License-Identifier: GPL-2.0
/* Received datagrams: the application gets the payload. */
#include "../atmo_demux/parse.h"
#include "priv.h"

/* atmo_proto.rx */
void atmo_udp_rx(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n)
{
	struct atmo_packet pkt;
	u32 i;

	for (i = 0; i < n; i++) {
		if (atmo_rx_judge(inst, &work[i], &pkt))
			atmo_rx_deliver(&work[i], &pkt, pkt.payload_offset);
	}
}
