/* SPDX-License-Identifier: GPL-2.0 */
/* Headers of datagrams that differ from those before in their length only. Pure. */
#ifndef ATMO_STACK_TEMPLATE_H
#define ATMO_STACK_TEMPLATE_H

#include "l3.h"

/**
 * struct atmo_udp_template - headers to one destination, by IPv4
 * @addr: the destination as tx entries name it
 * @port: its port, likewise
 * @valid: there are headers
 * @sum: what the UDP checksum field holds without payload
 * @max_payload: bytes
 * @key: of these headers: atmo_head_key(); no others in the memory of any lane have it
 * @head: for no payload; ATMO_UDP4_HEADERS of it
 */
struct atmo_udp_template {
	__be32	addr[4];
	__be16	port;
	bool	valid;
	u16	sum;
	u32	max_payload;
	u64	key;
	u8	head[48];
};

static inline bool atmo_udp_template_is(const struct atmo_udp_template *t, const __be32 *addr,
					__be16 port)
{
	return t->valid && t->port == port && !memcmp(t->addr, addr, sizeof(t->addr));
}

/**
 * atmo_udp_template_write() - headers for a datagram
 * @t: valid
 * @head: out: room for sizeof(@t->head)
 * @len: bytes of payload, at most @t->max_payload
 *
 * Context: any.
 * Return: bytes of headers.
 */
static __always_inline u32 atmo_udp_template_write(const struct atmo_udp_template *t, u8 *head,
						   u32 len)
{
	u8 *ip = head + ATMO_ETH_LEN, *udp = ip + ATMO_IPV4_LEN;
	/* The length is in the pseudo-header (RFC 768). */
	u32 sum = t->sum + len;

	memcpy(head, t->head, sizeof(t->head));
	atmo_put_u16(ip + 2, ATMO_IPV4_LEN + ATMO_UDP_LEN + len);
	atmo_put_u16(udp + 4, ATMO_UDP_LEN + len);
	atmo_put_u16(udp + 6, (sum & 0xffff) + (sum >> 16));
	return ATMO_ETH_LEN + ATMO_IPV4_LEN + ATMO_UDP_LEN;
}

#endif /* ATMO_STACK_TEMPLATE_H */
