/* SPDX-License-Identifier: GPL-2.0 */
/* Headers of sent datagrams, and a second look at received ones. Pure. */
#ifndef ATMO_UDP_HEADER_H
#define ATMO_UDP_HEADER_H

#include <linux/types.h>

#define ATMO_HEADER_ETH_LEN	14
#define ATMO_HEADER_IPV4_LEN	20
#define ATMO_HEADER_UDP_LEN	8
/* What IPv4 and UDP take of the MTU. */
#define ATMO_HEADER_L3_LEN	(ATMO_HEADER_IPV4_LEN + ATMO_HEADER_UDP_LEN)
#define ATMO_HEADER_LEN		(ATMO_HEADER_ETH_LEN + ATMO_HEADER_L3_LEN)

/* Enough to see the ports behind a VLAN tag and all IPv4 options there can be. */
#define ATMO_HEADER_SNAP_LEN	(ATMO_HEADER_ETH_LEN + 4 + 60 + 4)

/**
 * struct atmo_header - what the headers of a datagram say
 * @dmac: destination MAC
 * @smac: source MAC
 * @ttl: time to live
 * @dont_fragment: DF bit
 * @id: IPv4 identification; of no meaning with @dont_fragment (RFC 6864)
 * @saddr: source address
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @payload_len: bytes behind the headers
 */
struct atmo_header {
	u8	dmac[6];
	u8	smac[6];
	u8	ttl;
	bool	dont_fragment;
	u16	id;
	__be32	saddr;
	__be32	daddr;
	__be16	sport;
	__be16	dport;
	u16	payload_len;
};

void atmo_header_build(u8 *buf, const struct atmo_header *h);
bool atmo_header_is_for(const u8 *head, size_t len, __be32 laddr, __be16 lport);

#endif /* ATMO_UDP_HEADER_H */
