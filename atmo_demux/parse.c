// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing of received frames: Ethernet II, IPv4 (RFC 791), UDP (RFC 768). Pure.
 * Each field is read once, after it was checked to lie in the frame.
 */
#include <linux/export.h>
#include <linux/string.h>

#include "parse.h"

#define ETH_LEN		14
#define ETH_TYPE	12
#define ETH_TYPE_IPV4	0x0800

#define IP_LEN		20	/* without options */
#define IP_TOTAL_LEN	2
#define IP_FRAGMENT	6
#define IP_PROTOCOL	9
#define IP_SADDR	12
#define IP_DADDR	16
#define IP_MORE_OR_OFFSET	0x3fff	/* MF and the fragment offset */
#define PROTOCOL_UDP	17

#define UDP_LEN		8
#define UDP_DPORT	2
#define UDP_LENGTH	4
#define UDP_CHECK	6

static u16 get_u16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/* A sender can't have these addresses (RFC 1122, 3.2.1.3; RFC 1112, 7.2). */
static bool source_impossible(const u8 *addr)
{
	return addr[0] == 0 || addr[0] == 127 || addr[0] >= 224;
}

static enum atmo_parse_result parse_udp(const u8 *udp, size_t room, struct atmo_packet *pkt)
{
	size_t len;

	memcpy(&pkt->sport, udp, sizeof(pkt->sport));
	memcpy(&pkt->dport, udp + UDP_DPORT, sizeof(pkt->dport));
	len = get_u16(udp + UDP_LENGTH);
	/* Shorter than the IP payload is allowed: the rest is padding. */
	if (len < UDP_LEN || len > room)
		return ATMO_PARSE_MALFORMED;
	pkt->payload_len = (u16)(len - UDP_LEN);
	return ATMO_PARSE_OK;
}

/**
 * atmo_parse_udp4() - find out what a frame is
 * @frame: the frame from the Ethernet header on. No more than the first
 *	ATMO_PARSE_LEN bytes are read, none of them twice: a copy of these will do.
 * @len: length of the whole frame, without FCS
 * @pkt: out. For ATMO_PARSE_OK all of it. For ATMO_PARSE_MALFORMED the addresses
 *	and ports as far as they lie in the frame. What isn't set is zero.
 *
 * Ethernet padding behind the IP packet is allowed, and so is padding behind
 * the UDP datagram. Checksums are not looked at.
 *
 * Context: any.
 * Return: enum atmo_parse_result.
 */
enum atmo_parse_result atmo_parse_udp4(const u8 *frame, size_t len, struct atmo_packet *pkt)
{
	const u8 *ip = frame + ETH_LEN;
	u16 total_len;
	u8 version;

	memset(pkt, 0, sizeof(*pkt));
	/* A VLAN tag is another type. */
	if (len < ETH_LEN || get_u16(frame + ETH_TYPE) != ETH_TYPE_IPV4)
		return ATMO_PARSE_OTHER;
	len -= ETH_LEN;
	if (len < IP_LEN)
		return ATMO_PARSE_MALFORMED;
	version = ip[0];
	if (version >> 4 != 4 || ip[IP_PROTOCOL] != PROTOCOL_UDP)
		return ATMO_PARSE_OTHER;
	if ((version & 0xf) > IP_LEN / 4 || (get_u16(ip + IP_FRAGMENT) & IP_MORE_OR_OFFSET) ||
	    source_impossible(ip + IP_SADDR))
		return ATMO_PARSE_OTHER;
	memcpy(&pkt->saddr, ip + IP_SADDR, sizeof(pkt->saddr));
	memcpy(&pkt->daddr, ip + IP_DADDR, sizeof(pkt->daddr));
	total_len = get_u16(ip + IP_TOTAL_LEN);
	if ((version & 0xf) < IP_LEN / 4 || len < IP_LEN + UDP_LEN)
		return ATMO_PARSE_MALFORMED;
	pkt->l3_offset = ETH_LEN;
	pkt->l4_offset = ETH_LEN + IP_LEN;
	pkt->payload_offset = ETH_LEN + IP_LEN + UDP_LEN;
	if (total_len < IP_LEN + UDP_LEN || total_len > len) {
		parse_udp(ip + IP_LEN, 0, pkt);
		return ATMO_PARSE_MALFORMED;
	}
	return parse_udp(ip + IP_LEN, total_len - IP_LEN, pkt);
}
EXPORT_SYMBOL_GPL(atmo_parse_udp4);

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
 * atmo_parse_ipv4_checksum_ok() - verify the checksum of the IPv4 header
 * @frame: as parsed; the first ATMO_PARSE_LEN bytes will do
 * @pkt: what atmo_parse_udp4() made of it with ATMO_PARSE_OK
 *
 * Context: any.
 * Return: true if it is right.
 */
bool atmo_parse_ipv4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt)
{
	return sum_is_right(sum_words(frame + pkt->l3_offset, IP_LEN));
}
EXPORT_SYMBOL_GPL(atmo_parse_ipv4_checksum_ok);

/**
 * atmo_parse_udp4_checksum_ok() - verify the checksum of a UDP datagram
 * @frame: the whole frame; if others can write to it, what they write may change
 *	the answer but no bound: those come from @pkt
 * @pkt: what atmo_parse_udp4() made of it with ATMO_PARSE_OK
 *
 * Context: any.
 * Return: true if it is right, or zero: the sender computed none (RFC 768).
 */
bool atmo_parse_udp4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt)
{
	const u8 *udp = frame + pkt->l4_offset;
	u16 len = UDP_LEN + pkt->payload_len;
	const u8 pseudo[4] = { 0, PROTOCOL_UDP, len >> 8, len & 0xff };

	if (!udp[UDP_CHECK] && !udp[UDP_CHECK + 1])
		return true;
	return sum_is_right(sum_words((const u8 *)&pkt->saddr, sizeof(pkt->saddr)) +
			    sum_words((const u8 *)&pkt->daddr, sizeof(pkt->daddr)) +
			    sum_words(pseudo, sizeof(pseudo)) + sum_words(udp, len));
}
EXPORT_SYMBOL_GPL(atmo_parse_udp4_checksum_ok);
