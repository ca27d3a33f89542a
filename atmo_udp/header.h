/* SPDX-License-Identifier: GPL-2.0 */
/* Headers of sent datagrams: building them, and judging those in place. Pure. */
#ifndef ATMO_UDP_HEADER_H
#define ATMO_UDP_HEADER_H

#include "../atmo_stack/l3.h"

#define ATMO_UDP_HEADER_MAX	(ATMO_ETH_LEN + ATMO_IPV6_LEN + ATMO_UDP_LEN)

/**
 * struct atmo_udp_ports - what a UDP header says beyond its length
 * @sport: source port
 * @dport: destination port
 */
struct atmo_udp_ports {
	__be16	sport;
	__be16	dport;
};

struct atmo_flow;
struct atmo_packet;

u32 atmo_udp_header_check(const u8 *head, size_t len, const struct atmo_flow *flow,
			  const u8 *smac, struct atmo_packet *pkt);
void atmo_udp_header_finish(u8 *head, const struct atmo_packet *pkt);
u32 atmo_udp_header_build(u8 *buf, const struct atmo_l3 *l3, const struct atmo_udp_ports *ports);

#endif /* ATMO_UDP_HEADER_H */
