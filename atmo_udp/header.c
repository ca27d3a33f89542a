// SPDX-License-Identifier: GPL-2.0
/* Building and judging of a datagram's headers. Pure. */
#include <linux/export.h>

#include "../atmo_demux/parse.h"
#include "../atmo_portmgr/flow.h"
#include "header.h"

#define IPV4_TOTAL_LEN	2
#define IPV4_FRAGMENT	6
#define IPV4_TTL	8
#define IPV4_CHECK	10
#define IPV4_RESERVED	0x80	/* of the fragment field's first byte (RFC 791, 3.1) */
#define IPV6_PAYLOAD_LEN	4
#define IPV6_HOP_LIMIT	7
#define UDP_CHECK	6

/* That the lengths are possible has been checked: are they the frame's? */
static bool ipv4_fits(const u8 *ip, size_t len)
{
	return atmo_get_u16(ip + IPV4_TOTAL_LEN) == len && ip[IPV4_TTL] &&
	       !(ip[IPV4_FRAGMENT] & IPV4_RESERVED);
}

static bool ipv6_fits(const u8 *ip, size_t len)
{
	return atmo_get_u16(ip + IPV6_PAYLOAD_LEN) == len - ATMO_IPV6_LEN && ip[IPV6_HOP_LIMIT];
}

/**
 * atmo_udp_header_check() - are these headers that an instance may send?
 * @head: copy of the frame's first ATMO_PARSE_LEN bytes, or of all of it
 * @len: length of the frame
 * @flow: of the instance
 * @smac: MAC address of its device
 * @pkt: out, if so: where things are, and whom it is to
 *
 * Type of service, identification, DF, time to live, flow label and, not
 * connected, the destination are the sender's; so is the destination MAC address,
 * as far as this function is concerned. Checksums are not looked at.
 *
 * Context: any.
 * Return: bytes of headers; 0: they are not.
 */
u32 atmo_udp_header_check(const u8 *head, size_t len, const struct atmo_flow *flow,
			  const u8 *smac, struct atmo_packet *pkt)
{
	const u8 *ip = head + ATMO_ETH_LEN;

	if (atmo_parse(head, len, pkt) != ATMO_PARSE_OK || pkt->family != flow->family ||
	    pkt->protocol != flow->protocol)
		return 0;
	/* Padding would be bytes that no header speaks of. */
	if ((size_t)pkt->payload_offset + pkt->payload_len != len)
		return 0;
	if (pkt->family == AF_INET ? !ipv4_fits(ip, len - ATMO_ETH_LEN) :
				     !ipv6_fits(ip, len - ATMO_ETH_LEN))
		return 0;
	if (memcmp(head + 6, smac, 6) || pkt->sport != flow->lport ||
	    memcmp(pkt->saddr, flow->laddr, sizeof(pkt->saddr)))
		return 0;
	return pkt->payload_offset;
}
EXPORT_SYMBOL_GPL(atmo_udp_header_check);

/**
 * atmo_udp_header_finish() - prepare checked headers for checksum offload
 * @head: the copy that was checked
 * @pkt: what atmo_udp_header_check() made of it
 *
 * Context: any.
 */
void atmo_udp_header_finish(u8 *head, const struct atmo_packet *pkt)
{
	struct atmo_l3 l3 = {
		.protocol = pkt->protocol,
		.l4_len = ATMO_UDP_LEN + pkt->payload_len,
	};

	memcpy(l3.saddr, pkt->saddr, sizeof(l3.saddr));
	memcpy(l3.daddr, pkt->daddr, sizeof(l3.daddr));
	if (pkt->family == AF_INET)
		atmo_put_u16(head + ATMO_ETH_LEN + IPV4_CHECK, 0);
	atmo_put_u16(head + pkt->l4_offset + UDP_CHECK, atmo_l3_pseudo_sum(&l3));
}
EXPORT_SYMBOL_GPL(atmo_udp_header_finish);

/**
 * atmo_udp_header_build() - write the headers of a datagram
 * @buf: out: at most ATMO_UDP_HEADER_MAX bytes
 * @l3: Ethernet and IP headers; l4_len counts the UDP header
 * @ports: ports
 *
 * The IPv4 checksum is left zero and the UDP checksum holds the sum of the
 * pseudo-header: the rest is for checksum offload (RFC 768, RFC 1071).
 *
 * Context: any.
 * Return: bytes written.
 */
u32 atmo_udp_header_build(u8 *buf, const struct atmo_l3 *l3, const struct atmo_udp_ports *ports)
{
	u32 len = atmo_l3_build(buf, l3);
	u8 *udp = buf + len;

	memcpy(udp, &ports->sport, 2);
	memcpy(udp + 2, &ports->dport, 2);
	atmo_put_u16(udp + 4, l3->l4_len);
	atmo_put_u16(udp + 6, atmo_l3_pseudo_sum(l3));
	return len + ATMO_UDP_LEN;
}
EXPORT_SYMBOL_GPL(atmo_udp_header_build);
