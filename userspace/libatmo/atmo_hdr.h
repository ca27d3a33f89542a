/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Header fields in place: Ethernet, IPv4, IPv6, UDP.
 *
 *	pkt->frame   atmo_ip()        atmo_udp()   pkt->data
 *	| Ethernet   | IPv4 or IPv6   | UDP        | payload ...
 *
 * atmo_NAME(header) reads a field and atmo_set_NAME(header, value) writes it, where
 * header is what the function named above it returns. Addresses and ports are in
 * network byte order, everything else in host order. No alignment is needed.
 *
 * A received packet with its addresses swapped is ready to be sent back, headers
 * and all:
 *
 *	if (!atmo_swap(&pkt))
 *		atmo_tx_batch(sock, &pkt, 1);
 */
#ifndef LIBATMO_ATMO_HDR_H
#define LIBATMO_ATMO_HDR_H

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "atmo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lengths of headers, and what the types and protocols are. */
#define ATMO_ETH_LEN		14
#define ATMO_IP4_LEN		20
#define ATMO_IP6_LEN		40
#define ATMO_UDP_LEN		8
#define ATMO_ETH_TYPE_IP4	0x0800
#define ATMO_ETH_TYPE_IP6	0x86dd

/* A field of one byte, or of more in network byte order that stays so. */
#define ATMO_HDR_FIELD(name, type, offset)					\
enum { atmo_##name##_at = (offset) };						\
										\
static inline type atmo_##name(const void *header)				\
{										\
	type value;								\
										\
	memcpy(&value, (const uint8_t *)header + atmo_##name##_at, sizeof(value));\
	return value;								\
}										\
										\
static inline void atmo_set_##name(void *header, type value)			\
{										\
	memcpy((uint8_t *)header + atmo_##name##_at, &value, sizeof(value));	\
}

/* A number of two bytes, converted to and from host order. */
#define ATMO_HDR_NUMBER(name, offset)						\
enum { atmo_##name##_at = (offset) };						\
										\
static inline uint16_t atmo_##name(const void *header)				\
{										\
	uint16_t value;								\
										\
	memcpy(&value, (const uint8_t *)header + atmo_##name##_at, sizeof(value));\
	return ntohs(value);							\
}										\
										\
static inline void atmo_set_##name(void *header, uint16_t value)		\
{										\
	value = htons(value);							\
	memcpy((uint8_t *)header + atmo_##name##_at, &value, sizeof(value));	\
}

/* Some bytes, copied to and from the caller's. */
#define ATMO_HDR_BYTES(name, nr, offset)					\
enum { atmo_##name##_at = (offset), atmo_##name##_len = (nr) };			\
										\
static inline void atmo_##name(const void *header, void *value)			\
{										\
	memcpy(value, (const uint8_t *)header + atmo_##name##_at, atmo_##name##_len);\
}										\
										\
static inline void atmo_set_##name(void *header, const void *value)		\
{										\
	memcpy((uint8_t *)header + atmo_##name##_at, value, atmo_##name##_len);	\
}

/* Ethernet: pkt->frame. */
ATMO_HDR_BYTES(eth_dst, 6, 0)
ATMO_HDR_BYTES(eth_src, 6, 6)
ATMO_HDR_NUMBER(eth_type, 12)

/* IPv4 (RFC 791): atmo_ip(). */
ATMO_HDR_FIELD(ip4_version_ihl, uint8_t, 0)
ATMO_HDR_FIELD(ip4_tos, uint8_t, 1)
ATMO_HDR_NUMBER(ip4_len, 2)
ATMO_HDR_NUMBER(ip4_id, 4)
ATMO_HDR_NUMBER(ip4_frag, 6)
ATMO_HDR_FIELD(ip4_ttl, uint8_t, 8)
ATMO_HDR_FIELD(ip4_protocol, uint8_t, 9)
ATMO_HDR_NUMBER(ip4_checksum, 10)
ATMO_HDR_FIELD(ip4_src, in_addr_t, 12)
ATMO_HDR_FIELD(ip4_dst, in_addr_t, 16)

/* IPv6 (RFC 8200): atmo_ip(). */
ATMO_HDR_NUMBER(ip6_payload_len, 4)
ATMO_HDR_FIELD(ip6_next_header, uint8_t, 6)
ATMO_HDR_FIELD(ip6_hop_limit, uint8_t, 7)
ATMO_HDR_BYTES(ip6_src, 16, 8)
ATMO_HDR_BYTES(ip6_dst, 16, 24)

/* UDP (RFC 768): atmo_udp(). */
ATMO_HDR_FIELD(udp_src, in_port_t, 0)
ATMO_HDR_FIELD(udp_dst, in_port_t, 2)
ATMO_HDR_NUMBER(udp_len, 4)
ATMO_HDR_NUMBER(udp_checksum, 6)

/* Bytes from the Ethernet header to the end of the packet; 0: there is no frame. */
static inline size_t atmo_frame_len(const struct atmo_packet *pkt)
{
	return pkt->frame ? (size_t)((uint8_t *)pkt->data + pkt->len - (uint8_t *)pkt->frame) : 0;
}

/**
 * atmo_ip - where the IP header of a packet is
 * @pkt: packet with a frame
 *
 * Return: the header if atmo_eth_type() says IPv4 or IPv6 and it lies within the
 * packet, without options or extensions; else NULL.
 */
static inline void *atmo_ip(const struct atmo_packet *pkt)
{
	size_t len = atmo_frame_len(pkt);
	uint8_t *frame = (uint8_t *)pkt->frame;

	if (len < ATMO_ETH_LEN + ATMO_IP4_LEN)
		return NULL;
	switch (atmo_eth_type(frame)) {
	case ATMO_ETH_TYPE_IP4:
		return atmo_ip4_version_ihl(frame + ATMO_ETH_LEN) == 0x45 ?
		       frame + ATMO_ETH_LEN : NULL;
	case ATMO_ETH_TYPE_IP6:
		return len >= ATMO_ETH_LEN + ATMO_IP6_LEN ? frame + ATMO_ETH_LEN : NULL;
	default:
		return NULL;
	}
}

/**
 * atmo_udp - where the UDP header of a packet is
 * @pkt: packet with a frame
 *
 * Return: the header if it follows the IP header and lies within the packet; else
 * NULL.
 */
static inline void *atmo_udp(const struct atmo_packet *pkt)
{
	uint8_t *ip = (uint8_t *)atmo_ip(pkt);
	size_t before = ATMO_ETH_LEN + ATMO_IP4_LEN;
	uint8_t protocol;

	if (!ip)
		return NULL;
	if (atmo_eth_type(pkt->frame) == ATMO_ETH_TYPE_IP4) {
		/* Of a fragment, only the first has a UDP header: take none. */
		protocol = atmo_ip4_frag(ip) & 0x3fff ? 0 : atmo_ip4_protocol(ip);
	} else {
		protocol = atmo_ip6_next_header(ip);
		before = ATMO_ETH_LEN + ATMO_IP6_LEN;
	}
	if (protocol != IPPROTO_UDP || atmo_frame_len(pkt) < before + ATMO_UDP_LEN)
		return NULL;
	return (uint8_t *)pkt->frame + before;
}

static inline void atmo_swap_bytes(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t tmp[16];

	memcpy(tmp, a, len);
	memcpy(a, b, len);
	memcpy(b, tmp, len);
}

/**
 * atmo_swap - turn a received datagram round in its page
 * @pkt: received packet; MAC addresses, IP addresses and ports change places, and
 *	ATMO_TX_FRAME is set, so that this very page is sent
 *
 * Return: 0, or -EINVAL if this is no UDP datagram with its headers.
 */
static inline int atmo_swap(struct atmo_packet *pkt)
{
	uint8_t *frame = (uint8_t *)pkt->frame;
	uint8_t *ip = frame + ATMO_ETH_LEN;
	uint8_t *udp = (uint8_t *)atmo_udp(pkt);

	if (!udp)
		return -EINVAL;
	atmo_swap_bytes(frame, frame + 6, 6);
	if (atmo_eth_type(frame) == ATMO_ETH_TYPE_IP4)
		atmo_swap_bytes(ip + 12, ip + 16, 4);
	else
		atmo_swap_bytes(ip + 8, ip + 24, 16);
	atmo_swap_bytes(udp, udp + 2, 2);
	pkt->flags |= ATMO_TX_FRAME;
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* LIBATMO_ATMO_HDR_H */
