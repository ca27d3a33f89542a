/* SPDX-License-Identifier: GPL-2.0 */
/* Parsing of received frames: pure, compiles outside the kernel too. */
#ifndef ATMO_PARSE_H
#define ATMO_PARSE_H

#include <linux/types.h>

/* Bytes that parsing reads: Ethernet, IPv6 and TCP header without options. */
#define ATMO_PARSE_LEN	(14 + 40 + 20)

/**
 * enum atmo_parse_result - what a frame is to an instance
 * @ATMO_PARSE_OK: unfragmented IPv4 without options or IPv6 without extension
 *	headers, from an address that a host can have; UDP or TCP, all lengths true
 * @ATMO_PARSE_OTHER: something else, valid or not: Linux's business
 * @ATMO_PARSE_MALFORMED: claims to be one of the above, and its lengths lie
 */
enum atmo_parse_result {
	ATMO_PARSE_OK,
	ATMO_PARSE_OTHER,
	ATMO_PARSE_MALFORMED,
};

/**
 * struct atmo_packet - where things are in a parsed frame
 * @saddr: source address; IPv4 in the first word, the others zero
 * @daddr: destination address, likewise
 * @sport: source port
 * @dport: destination port
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_UDP or IPPROTO_TCP
 * @l3_offset: first byte of the IP header, from the start of the frame
 * @l4_offset: first byte of the UDP or TCP header
 * @payload_offset: first byte of the payload, behind TCP's options
 * @payload_len: bytes of payload: what the UDP header says, or what the IP header
 *	leaves to TCP; checked
 */
struct atmo_packet {
	__be32	saddr[4];
	__be32	daddr[4];
	__be16	sport;
	__be16	dport;
	u16	family;
	u8	protocol;
	u16	l3_offset;
	u16	l4_offset;
	u16	payload_offset;
	u16	payload_len;
};

enum atmo_parse_result atmo_parse(const u8 *frame, size_t len, struct atmo_packet *pkt);
bool atmo_parse_l3_checksum_ok(const u8 *frame, const struct atmo_packet *pkt);
bool atmo_parse_l4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt);
bool atmo_parse_dmac_ok(const u8 *frame, const struct atmo_packet *pkt, const u8 *mac);

#endif /* ATMO_PARSE_H */
