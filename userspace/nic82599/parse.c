// SPDX-License-Identifier: GPL-2.0
/*
 * Receive parser: where headers are and what they say (datasheet 7.1.2.1,
 * 7.1.11). Every offset is checked against the frame; what is cut short or
 * lies about its length is simply not recognized.
 */
#include "nic_priv.h"

#define ETH_P_IPV4	0x0800
#define ETH_P_IPV6	0x86dd

#define PROTO_HOPOPTS	0
#define PROTO_TCP	6
#define PROTO_UDP	17
#define PROTO_ROUTING	43
#define PROTO_FRAGMENT	44
#define PROTO_AH	51
#define PROTO_DSTOPTS	60
#define PROTO_SCTP	132

#define TCP_HLEN	20u
#define UDP_HLEN	8u
#define SCTP_HLEN	12u

#define MAX_EXT_HEADERS	8	/* a bound, for chains without end */

static void parse_l4(struct rxpkt *p)
{
	const uint8_t *l4 = p->data + p->l4;
	uint32_t left = p->l3_end - p->l4, need;

	switch (p->ip_proto) {
	case PROTO_TCP:
		need = TCP_HLEN;
		break;
	case PROTO_UDP:
		need = UDP_HLEN;
		break;
	case PROTO_SCTP:
		need = SCTP_HLEN;
		break;
	default:
		return;
	}
	if (left < need)
		return;
	p->has_l4 = true;
	p->sport = get_be16(l4);
	p->dport = get_be16(l4 + 2);
	if (p->ip_proto == PROTO_TCP) {
		p->ptype |= PTYPE_TCP;
		p->tcp_flags = l4[13];
	} else {
		p->ptype |= p->ip_proto == PROTO_UDP ? PTYPE_UDP : PTYPE_SCTP;
	}
}

static void parse_ipv4(struct rxpkt *p)
{
	const uint8_t *ip = p->data + p->l3;
	uint32_t left = p->len - p->l3, hlen, total;
	uint16_t frag;

	if (left < 20 || ip[0] >> 4 != 4)
		return;
	hlen = (ip[0] & 0xfu) * 4;
	total = get_be16(ip + 2);
	if (hlen < 20 || hlen > left || total < hlen)
		return;
	p->ptype |= hlen > 20 ? PTYPE_IPV4 | PTYPE_IPV4E : PTYPE_IPV4;
	p->l4 = (uint16_t)(p->l3 + hlen);
	p->ip_proto = ip[9];
	frag = get_be16(ip + 6) & 0x3fff;
	p->fragment = frag != 0;
	if (total > left)	/* longer than the frame: no look beyond */
		return;
	p->l3_end = p->l3 + total;
	p->l3_ok = true;
	if (!p->fragment)
		parse_l4(p);
}

/* Length of an extension header, or 0 for one that isn't. */
static uint32_t ext_len(uint8_t proto, const uint8_t *h)
{
	switch (proto) {
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_DSTOPTS:
		return 8u * (h[1] + 1u);
	case PROTO_FRAGMENT:
		return 8;
	case PROTO_AH:
		return 4u * (h[1] + 2u);
	default:
		return 0;
	}
}

static void parse_ipv6(struct rxpkt *p)
{
	const uint8_t *ip = p->data + p->l3;
	uint32_t left = p->len - p->l3, at = p->l3 + 40, len;
	unsigned int i;

	if (left < 40 || ip[0] >> 4 != 6)
		return;
	p->ptype |= PTYPE_IPV6;
	p->ip_proto = ip[6];
	if (get_be16(ip + 4) > left - 40)
		return;
	p->l3_end = p->l3 + 40u + get_be16(ip + 4);
	for (i = 0; i < MAX_EXT_HEADERS && at + 8 <= p->l3_end; i++) {
		len = ext_len(p->ip_proto, p->data + at);
		if (!len)
			break;
		p->ptype |= PTYPE_IPV6E;
		if (p->ip_proto == PROTO_FRAGMENT)
			p->fragment = true;
		p->ip_proto = p->data[at];
		at += len;
	}
	if (at > p->l3_end)
		return;
	p->l3_ok = true;
	p->l4 = (uint16_t)at;
	if (!p->fragment)
		parse_l4(p);
}

/* @vet: the VLAN tag's Ethernet type. @p has data and len, the rest is zero. */
void parse_frame(struct rxpkt *p, uint16_t vet)
{
	p->l3 = ETH_HLEN;
	p->ethertype = get_be16(p->data + 12);
	if (p->ethertype == vet) {
		p->tagged = true;
		p->vlan = get_be16(p->data + 14);
		p->ethertype = get_be16(p->data + 16);
		p->l3 += VLAN_HLEN;
	}
	if (p->ethertype == ETH_P_IPV4)
		parse_ipv4(p);
	else if (p->ethertype == ETH_P_IPV6)
		parse_ipv6(p);
}

static bool l4_good(const struct rxpkt *p)
{
	const uint8_t *ip = p->data + p->l3, *l4 = p->data + p->l4;
	uint32_t len = p->l3_end - p->l4, sum;

	if (p->ip_proto == PROTO_SCTP) {
		static const uint8_t zero[4];
		uint32_t c = crc32c_seed(~0u, l4, 8);

		c = crc32c_seed(c, zero, 4);
		c = ~crc32c_seed(c, l4 + 12, len - 12);
		return c == ((uint32_t)l4[8] | (uint32_t)l4[9] << 8 |
			     (uint32_t)l4[10] << 16 | (uint32_t)l4[11] << 24);
	}
	/*
	 * No UDP checksum (zero) is reported as a bad one by this hardware:
	 * 82599 specification update, the driver has to look itself.
	 */
	if (p->ip_proto == PROTO_UDP) {
		if (!get_be16(l4 + 6))
			return false;
		if (get_be16(l4 + 4) < UDP_HLEN || get_be16(l4 + 4) > len)
			return false;
		len = get_be16(l4 + 4);
	}
	sum = p->ptype & PTYPE_IPV4 ? csum_pseudo4(ip, p->ip_proto, len)
				    : csum_pseudo6(ip, p->ip_proto, len);
	return csum_fold(csum_add(sum, l4, len)) == 0;
}

/*
 * Checksum status. @frag_csum: RXCSUM.PCSD is off, so the ring gets the IP
 * identification and the sum over a fragment's payload in place of RSS.
 */
void parse_checksums(struct rxpkt *p, bool frag_csum)
{
	const uint8_t *ip = p->data + p->l3;

	if (p->ptype & PTYPE_IPV4) {
		p->status |= RXD_IPCS;
		if (csum_fold(csum_add(0, ip, (ip[0] & 0xfu) * 4)))
			p->status |= RXD_ERR_IPE;
		if (frag_csum && p->l3_ok && p->fragment) {
			uint16_t sum = csum_fold(csum_add(0, p->data + p->l4,
							  p->l3_end - p->l4));

			p->frag_csum = get_be16(ip + 4) |
				       (uint32_t)(uint16_t)~sum << 16;
		}
	}
	if (!p->has_l4)
		return;
	p->status |= RXD_L4I;
	if (!l4_good(p))
		p->status |= RXD_ERR_L4E;
}
