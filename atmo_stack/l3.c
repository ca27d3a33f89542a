// SPDX-License-Identifier: GPL-2.0
/* Building of Ethernet, IPv4 and IPv6 headers, and a look behind odd ones. Pure. */
#include <linux/export.h>

#include "l3.h"
#include "../atmo_portmgr/flow.h"

#define ETH_TYPE	12
#define ETH_TYPE_IPV4	0x0800
#define ETH_TYPE_IPV6	0x86dd
#define ETH_TYPE_VLAN	0x8100
#define ETH_TYPE_QINQ	0x88a8
#define VLAN_LEN	4

#define IPV4_VERSION_IHL	0x45	/* version 4, five words of header */
#define IPV4_DF		0x4000
#define IPV4_OFFSET	0x1fff
#define IPV6_VERSION	0x60

/* The checksum is left zero: offload computes it. */
static void build_ipv4(u8 *ip, const struct atmo_l3 *l3)
{
	ip[0] = IPV4_VERSION_IHL;
	ip[1] = 0;
	atmo_put_u16(ip + 2, ATMO_IPV4_LEN + l3->l4_len);
	atmo_put_u16(ip + 4, l3->id);
	atmo_put_u16(ip + 6, l3->dont_fragment ? IPV4_DF : 0);
	ip[8] = l3->ttl;
	ip[9] = l3->protocol;
	atmo_put_u16(ip + 10, 0);
	memcpy(ip + 12, l3->saddr, 4);
	memcpy(ip + 16, l3->daddr, 4);
}

/* RFC 8200, 3. */
static void build_ipv6(u8 *ip, const struct atmo_l3 *l3)
{
	memset(ip, 0, 4);
	ip[0] = IPV6_VERSION;
	atmo_put_u16(ip + 4, l3->l4_len);
	ip[6] = l3->protocol;
	ip[7] = l3->ttl;
	memcpy(ip + 8, l3->saddr, 16);
	memcpy(ip + 24, l3->daddr, 16);
}

/**
 * atmo_l3_build() - write Ethernet and IP headers
 * @buf: out: ATMO_ETH_LEN + atmo_l3_len() bytes
 * @l3: what they say
 *
 * Context: any.
 * Return: bytes written.
 */
u32 atmo_l3_build(u8 *buf, const struct atmo_l3 *l3)
{
	bool ipv4 = l3->family == AF_INET;

	memcpy(buf, l3->dmac, 6);
	memcpy(buf + 6, l3->smac, 6);
	atmo_put_u16(buf + ETH_TYPE, ipv4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);
	if (ipv4)
		build_ipv4(buf + ATMO_ETH_LEN, l3);
	else
		build_ipv6(buf + ATMO_ETH_LEN, l3);
	return ATMO_ETH_LEN + atmo_l3_len(l3->family);
}
EXPORT_SYMBOL_GPL(atmo_l3_build);

/* Of 16-bit words in network byte order, so not folded yet (RFC 1071, 2(B)). */
static u64 sum_address(const __be32 *addr)
{
	return (u64)(__force u32)addr[0] + (__force u32)addr[1] + (__force u32)addr[2] +
	       (__force u32)addr[3];
}

/**
 * atmo_l3_pseudo_sum() - sum of the pseudo-header (RFC 768, RFC 9293, RFC 8200)
 * @l3: addresses, protocol and l4_len count
 *
 * Context: any.
 * Return: what checksum offload wants to find in the field, in host order. Not
 * complemented: the sum goes on from it.
 */
u16 atmo_l3_pseudo_sum(const struct atmo_l3 *l3)
{
	u64 addresses = sum_address(l3->saddr) + sum_address(l3->daddr);
	u16 folded;
	u32 sum;

	addresses = (addresses & 0xffffffff) + (addresses >> 32);
	sum = (addresses & 0xffff) + (addresses >> 16 & 0xffff) + (u32)(addresses >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	folded = (u16)((sum & 0xffff) + (sum >> 16));
	sum = l3->protocol + l3->l4_len + atmo_get_u16((const u8 *)&folded);
	return (u16)((sum & 0xffff) + (sum >> 16));
}
EXPORT_SYMBOL_GPL(atmo_l3_pseudo_sum);

/**
 * atmo_l3_peek() - addresses and ports of a frame that is not quite plain
 * @head: the first ATMO_L3_SNAP_LEN bytes of the frame, or all of it
 * @len: length of @head
 * @flow: out: as a filter of the NIC sees it, local is the destination
 *
 * For IPv4 with UDP or TCP: with options, a VLAN tag or as first fragment as well.
 * Nothing else can have matched a filter on these.
 *
 * Context: any.
 * Return: false: it is something else.
 */
bool atmo_l3_peek(const u8 *head, size_t len, struct atmo_flow *flow)
{
	size_t ip = ATMO_ETH_LEN;
	size_t ihl;
	u16 type;

	memset(flow, 0, sizeof(*flow));
	if (len < ip + ATMO_IPV4_LEN)
		return false;
	type = atmo_get_u16(head + ETH_TYPE);
	if (type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ) {
		type = atmo_get_u16(head + ETH_TYPE + VLAN_LEN);
		ip += VLAN_LEN;
	}
	if (type != ETH_TYPE_IPV4 || len < ip + ATMO_IPV4_LEN)
		return false;
	head += ip;
	len -= ip;
	ihl = (head[0] & 0xf) * 4;
	if (head[0] >> 4 != 4 || ihl < ATMO_IPV4_LEN || len < ihl + 4)
		return false;
	if ((head[9] != IPPROTO_UDP && head[9] != IPPROTO_TCP) ||
	    atmo_get_u16(head + 6) & IPV4_OFFSET)
		return false;
	flow->family = AF_INET;
	flow->protocol = head[9];
	memcpy(flow->raddr, head + 12, 4);
	memcpy(flow->laddr, head + 16, 4);
	memcpy(&flow->rport, head + ihl, 2);
	memcpy(&flow->lport, head + ihl + 2, 2);
	return true;
}
EXPORT_SYMBOL_GPL(atmo_l3_peek);
