// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing of received frames: Ethernet II, IPv4 (RFC 791), IPv6 (RFC 8200), UDP
 * (RFC 768), TCP (RFC 9293). Pure. Each field is read once, after it was checked
 * to lie in the frame.
 */
#include <linux/export.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "parse.h"

#define ETH_LEN		14
#define ETH_TYPE	12
#define ETH_TYPE_IPV4	0x0800
#define ETH_TYPE_IPV6	0x86dd

#define IP4_LEN		20	/* without options */
#define IP4_TOTAL_LEN	2
#define IP4_FRAGMENT	6
#define IP4_PROTOCOL	9
#define IP4_SADDR	12
#define IP4_DADDR	16
#define IP4_MORE_OR_OFFSET	0x3fff	/* MF and the fragment offset */

#define IP6_LEN		40
#define IP6_PAYLOAD_LEN	4
#define IP6_NEXT_HEADER	6
#define IP6_SADDR	8
#define IP6_DADDR	24

#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17

#define L4_DPORT	2
#define UDP_LEN		8
#define UDP_LENGTH	4
#define UDP_CHECK	6
#define TCP_LEN		20	/* without options */
#define TCP_OFFSET	12	/* upper four bits: words of header */

static u16 get_u16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/* A sender can't have these addresses (RFC 1122, 3.2.1.3; RFC 1112, 7.2). */
static bool source4_impossible(const u8 *addr)
{
	return addr[0] == 0 || addr[0] == 127 || addr[0] >= 224;
}

/*
 * Nor these: multicast, unspecified, loopback (RFC 4291, 2.7, 2.5.2, 2.5.3), and
 * IPv4 addresses in disguise, which are never seen on the wire (RFC 4942, 2.2).
 */
static bool source6_impossible(const u8 *addr)
{
	static const u8 zeros[10];

	if (addr[0] == 0xff)
		return true;
	if (memcmp(addr, zeros, 10))
		return false;
	if (addr[10] == 0xff && addr[11] == 0xff)
		return true;
	return !memcmp(addr + 10, zeros, 5) && addr[15] <= 1;
}

static size_t l4_header_len(u8 protocol)
{
	return protocol == PROTOCOL_TCP ? TCP_LEN : UDP_LEN;
}

/* @room: bytes that the IP header leaves. A shorter datagram has padding behind it. */
static enum atmo_parse_result parse_udp(const u8 *udp, size_t room, struct atmo_packet *pkt)
{
	size_t len = get_u16(udp + UDP_LENGTH);

	if (len < UDP_LEN || len > room)
		return ATMO_PARSE_MALFORMED;
	pkt->payload_offset = pkt->l4_offset + UDP_LEN;
	pkt->payload_len = (u16)(len - UDP_LEN);
	return ATMO_PARSE_OK;
}

static enum atmo_parse_result parse_tcp(const u8 *tcp, size_t room, struct atmo_packet *pkt)
{
	size_t header_len = (tcp[TCP_OFFSET] >> 4) * 4;

	if (header_len < TCP_LEN || header_len > room)
		return ATMO_PARSE_MALFORMED;
	pkt->payload_offset = (u16)(pkt->l4_offset + header_len);
	pkt->payload_len = (u16)(room - header_len);
	return ATMO_PARSE_OK;
}

/*
 * The header of the layer above IP lies in the frame. @room: bytes that the IP
 * header leaves to it; @left: bytes that there are.
 */
static enum atmo_parse_result parse_l4(const u8 *l4, size_t room, size_t left,
				       struct atmo_packet *pkt)
{
	memcpy(&pkt->sport, l4, sizeof(pkt->sport));
	memcpy(&pkt->dport, l4 + L4_DPORT, sizeof(pkt->dport));
	if (room > left || room < l4_header_len(pkt->protocol))
		return ATMO_PARSE_MALFORMED;
	if (pkt->protocol == PROTOCOL_TCP)
		return parse_tcp(l4, room, pkt);
	return parse_udp(l4, room, pkt);
}

/* @len: bytes of the frame from the IP header on. */
static enum atmo_parse_result parse_ip4(const u8 *ip, size_t len, struct atmo_packet *pkt)
{
	size_t total_len;
	u8 version;

	if (len < IP4_LEN)
		return ATMO_PARSE_MALFORMED;
	version = ip[0];
	pkt->protocol = ip[IP4_PROTOCOL];
	if (version >> 4 != 4 ||
	    (pkt->protocol != PROTOCOL_UDP && pkt->protocol != PROTOCOL_TCP))
		return ATMO_PARSE_OTHER;
	pkt->family = AF_INET;
	memcpy(pkt->saddr, ip + IP4_SADDR, 4);
	memcpy(pkt->daddr, ip + IP4_DADDR, 4);
	if ((version & 0xf) > IP4_LEN / 4 || source4_impossible((const u8 *)pkt->saddr) ||
	    (get_u16(ip + IP4_FRAGMENT) & IP4_MORE_OR_OFFSET))
		return ATMO_PARSE_OTHER;
	total_len = get_u16(ip + IP4_TOTAL_LEN);
	if ((version & 0xf) < IP4_LEN / 4 || len < IP4_LEN + l4_header_len(pkt->protocol))
		return ATMO_PARSE_MALFORMED;
	pkt->l3_offset = ETH_LEN;
	pkt->l4_offset = ETH_LEN + IP4_LEN;
	if (total_len < IP4_LEN)
		total_len = IP4_LEN;
	return parse_l4(ip + IP4_LEN, total_len - IP4_LEN, len - IP4_LEN, pkt);
}

static enum atmo_parse_result parse_ip6(const u8 *ip, size_t len, struct atmo_packet *pkt)
{
	if (len < IP6_LEN)
		return ATMO_PARSE_MALFORMED;
	pkt->protocol = ip[IP6_NEXT_HEADER];
	pkt->family = AF_INET6;
	memcpy(pkt->saddr, ip + IP6_SADDR, 16);
	memcpy(pkt->daddr, ip + IP6_DADDR, 16);
	if (ip[0] >> 4 != 6 || source6_impossible((const u8 *)pkt->saddr) ||
	    (pkt->protocol != PROTOCOL_UDP && pkt->protocol != PROTOCOL_TCP))
		return ATMO_PARSE_OTHER;
	if (len < IP6_LEN + l4_header_len(pkt->protocol))
		return ATMO_PARSE_MALFORMED;
	pkt->l3_offset = ETH_LEN;
	pkt->l4_offset = ETH_LEN + IP6_LEN;
	return parse_l4(ip + IP6_LEN, get_u16(ip + IP6_PAYLOAD_LEN), len - IP6_LEN, pkt);
}

/**
 * atmo_parse() - find out what a frame is
 * @frame: the frame from the Ethernet header on. No more than the first
 *	ATMO_PARSE_LEN bytes are read, none of them twice: a copy of these will do.
 * @len: length of the whole frame, without FCS
 * @pkt: out. For ATMO_PARSE_OK all of it. For ATMO_PARSE_MALFORMED family,
 *	protocol, addresses and ports as far as they lie in the frame. What isn't
 *	set is zero.
 *
 * Ethernet padding behind the IP packet is allowed, and so is padding behind
 * the UDP datagram. Checksums are not looked at.
 *
 * Context: any.
 * Return: enum atmo_parse_result.
 */
enum atmo_parse_result atmo_parse(const u8 *frame, size_t len, struct atmo_packet *pkt)
{
	enum atmo_parse_result result = ATMO_PARSE_OTHER;
	u16 type;

	memset(pkt, 0, sizeof(*pkt));
	if (len < ETH_LEN)
		return ATMO_PARSE_OTHER;
	/* A VLAN tag is another type. */
	type = get_u16(frame + ETH_TYPE);
	if (type == ETH_TYPE_IPV4)
		result = parse_ip4(frame + ETH_LEN, len - ETH_LEN, pkt);
	else if (type == ETH_TYPE_IPV6)
		result = parse_ip6(frame + ETH_LEN, len - ETH_LEN, pkt);
	if (result == ATMO_PARSE_OTHER)
		memset(pkt, 0, sizeof(*pkt));
	return result;
}
EXPORT_SYMBOL_GPL(atmo_parse);

/* Sum of 16-bit words in memory order (RFC 1071, 2(B)); at most 64 KiB. */
static u32 sum_words(const u8 *p, size_t len)
{
	u64 sum = 0;
	u32 word;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, p, len);
	sum += word;
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return (u32)sum;
}

static bool sum_is_right(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/**
 * atmo_parse_l3_checksum_ok() - verify the checksum of the IP header
 * @frame: as parsed; the first ATMO_PARSE_LEN bytes will do
 * @pkt: what atmo_parse() made of it with ATMO_PARSE_OK
 *
 * Context: any.
 * Return: true if it is right, or IPv6, which has none.
 */
bool atmo_parse_l3_checksum_ok(const u8 *frame, const struct atmo_packet *pkt)
{
	if (pkt->family == AF_INET6)
		return true;
	return sum_is_right(sum_words(frame + pkt->l3_offset, IP4_LEN));
}
EXPORT_SYMBOL_GPL(atmo_parse_l3_checksum_ok);

/**
 * atmo_parse_l4_checksum_ok() - verify the checksum of a UDP datagram or TCP segment
 * @frame: the whole frame; if others can write to it, what they write may change
 *	the answer but no bound: those come from @pkt
 * @pkt: what atmo_parse() made of it with ATMO_PARSE_OK
 *
 * Context: any.
 * Return: true if it is right, or zero in UDP over IPv4: the sender computed none
 * (RFC 768). Over IPv6 it must (RFC 8200, 8.1).
 */
bool atmo_parse_l4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt)
{
	const u8 *l4 = frame + pkt->l4_offset;
	u16 len = (u16)(pkt->payload_offset + pkt->payload_len - pkt->l4_offset);
	const u8 rest[4] = { 0, pkt->protocol, len >> 8, len & 0xff };

	if (pkt->protocol == PROTOCOL_UDP && !l4[UDP_CHECK] && !l4[UDP_CHECK + 1])
		return pkt->family == AF_INET;
	/* Both families' pseudo-headers: zeros and the order of words change no sum. */
	return sum_is_right(sum_words((const u8 *)pkt->saddr, sizeof(pkt->saddr)) +
			    sum_words((const u8 *)pkt->daddr, sizeof(pkt->daddr)) +
			    sum_words(rest, sizeof(rest)) + sum_words(l4, len));
}
EXPORT_SYMBOL_GPL(atmo_parse_l4_checksum_ok);

/**
 * atmo_parse_dmac_ok() - did a frame come to the right MAC address
 * @frame: as parsed; its first six bytes will do
 * @pkt: what atmo_parse() made of it; its destination address is set
 * @mac: the NIC's MAC address
 *
 * Context: any.
 * Return: true if it came to @mac, or to a multicast group by the MAC address
 * that stands for the group (RFC 1112, 6.4; RFC 2464, 7).
 */
bool atmo_parse_dmac_ok(const u8 *frame, const struct atmo_packet *pkt, const u8 *mac)
{
	const u8 *addr = (const u8 *)pkt->daddr;

	if (pkt->family == AF_INET && addr[0] >> 4 == 0xe)
		return frame[0] == 0x01 && frame[1] == 0x00 && frame[2] == 0x5e &&
		       frame[3] == (addr[1] & 0x7f) && !memcmp(frame + 4, addr + 2, 2);
	if (pkt->family == AF_INET6 && addr[0] == 0xff)
		return frame[0] == 0x33 && frame[1] == 0x33 && !memcmp(frame + 2, addr + 12, 4);
	return !memcmp(frame, mac, 6);
}
EXPORT_SYMBOL_GPL(atmo_parse_dmac_ok);
