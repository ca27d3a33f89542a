// SPDX-License-Identifier: GPL-2.0
/* Building and checking of Ethernet, IPv4 and UDP headers. Pure. */
#include <linux/export.h>
#include <linux/string.h>

#include "header.h"

#define ETH_TYPE	12
#define ETH_TYPE_IPV4	0x0800
#define ETH_TYPE_VLAN	0x8100
#define ETH_TYPE_QINQ	0x88a8
#define VLAN_LEN	4

#define IP_VERSION_IHL	0x45		/* version 4, five words of header */
#define IP_DF		0x4000
#define IP_OFFSET	0x1fff
#define PROTOCOL_UDP	17

static void put_u16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static u16 get_u16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/* Not complemented: the NIC adds the datagram to it and complements the sum. */
static u16 pseudo_header_sum(const struct atmo_header *h)
{
	const u8 *s = (const u8 *)&h->saddr;
	const u8 *d = (const u8 *)&h->daddr;
	u32 sum = PROTOCOL_UDP + ATMO_HEADER_UDP_LEN + h->payload_len;

	sum += get_u16(s) + get_u16(s + 2) + get_u16(d) + get_u16(d + 2);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)((sum & 0xffff) + (sum >> 16));
}

/**
 * atmo_header_build() - write the headers of a datagram
 * @buf: out: ATMO_HEADER_LEN bytes
 * @h: what they say; the payload is at most 65507 bytes
 *
 * The IPv4 checksum is left zero and the UDP checksum holds the sum of the
 * pseudo-header: the rest is for checksum offload (RFC 768, RFC 1071).
 *
 * Context: any.
 */
void atmo_header_build(u8 *buf, const struct atmo_header *h)
{
	u8 *ip = buf + ATMO_HEADER_ETH_LEN;
	u8 *udp = ip + ATMO_HEADER_IPV4_LEN;

	memcpy(buf, h->dmac, 6);
	memcpy(buf + 6, h->smac, 6);
	put_u16(buf + ETH_TYPE, ETH_TYPE_IPV4);

	ip[0] = IP_VERSION_IHL;
	ip[1] = 0;
	put_u16(ip + 2, ATMO_HEADER_L3_LEN + h->payload_len);
	put_u16(ip + 4, h->id);
	put_u16(ip + 6, h->dont_fragment ? IP_DF : 0);
	ip[8] = h->ttl;
	ip[9] = PROTOCOL_UDP;
	put_u16(ip + 10, 0);
	memcpy(ip + 12, &h->saddr, 4);
	memcpy(ip + 16, &h->daddr, 4);

	memcpy(udp, &h->sport, 2);
	memcpy(udp + 2, &h->dport, 2);
	put_u16(udp + 4, ATMO_HEADER_UDP_LEN + h->payload_len);
	put_u16(udp + 6, pseudo_header_sum(h));
}
EXPORT_SYMBOL_GPL(atmo_header_build);

/**
 * atmo_header_is_for() - may a NIC have steered this frame to a socket
 * @head: the first ATMO_HEADER_SNAP_LEN bytes of the frame, or all of it
 * @len: length of @head
 * @laddr: address of the socket
 * @lport: its port
 *
 * True for IPv4/UDP to that address and port: with options, a VLAN tag or as
 * first fragment as well. Nothing else can have matched a filter on these.
 *
 * Context: any.
 * Return: whether it is.
 */
bool atmo_header_is_for(const u8 *head, size_t len, __be32 laddr, __be16 lport)
{
	size_t ip = ATMO_HEADER_ETH_LEN;
	size_t ihl;
	u16 type;

	if (len < ip + ATMO_HEADER_IPV4_LEN)
		return false;
	type = get_u16(head + ETH_TYPE);
	if (type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ) {
		type = get_u16(head + ETH_TYPE + VLAN_LEN);
		ip += VLAN_LEN;
	}
	if (type != ETH_TYPE_IPV4 || len < ip + ATMO_HEADER_IPV4_LEN)
		return false;
	head += ip;
	len -= ip;
	ihl = (head[0] & 0xf) * 4;
	if (head[0] >> 4 != 4 || ihl < ATMO_HEADER_IPV4_LEN || len < ihl + 4)
		return false;
	return head[9] == PROTOCOL_UDP && !(get_u16(head + 6) & IP_OFFSET) &&
	       !memcmp(head + 16, &laddr, sizeof(laddr)) &&
	       !memcmp(head + ihl + 2, &lport, sizeof(lport));
}
EXPORT_SYMBOL_GPL(atmo_header_is_for);
