/* SPDX-License-Identifier: GPL-2.0 */
/* Parsing of received frames: pure, compiles outside the kernel too. */
#ifndef ATMO_PARSE_H
#define ATMO_PARSE_H

#include <linux/types.h>

/* Bytes that parsing reads: Ethernet, IPv4 without options and UDP header. */
#define ATMO_PARSE_LEN	42

/**
 * enum atmo_parse_result - what a frame is to an instance
 * @ATMO_PARSE_OK: unfragmented IPv4 without options, from an address that a host
 *	can have, UDP, all lengths true
 * @ATMO_PARSE_OTHER: something else, valid or not: Linux's business
 * @ATMO_PARSE_MALFORMED: claims to be plain IPv4/UDP, and its lengths lie
 */
enum atmo_parse_result {
	ATMO_PARSE_OK,
	ATMO_PARSE_OTHER,
	ATMO_PARSE_MALFORMED,
};

/**
 * struct atmo_packet - where things are in a parsed frame
 * @saddr: source address (IPv4)
 * @daddr: destination address (IPv4)
 * @sport: source port
 * @dport: destination port
 * @l3_offset: first byte of the IP header, from the start of the frame
 * @l4_offset: first byte of the UDP header
 * @payload_offset: first byte of the payload
 * @payload_len: bytes of payload: what the UDP header says, checked
 */
struct atmo_packet {
	__be32	saddr;
	__be32	daddr;
	__be16	sport;
	__be16	dport;
	u16	l3_offset;
	u16	l4_offset;
	u16	payload_offset;
	u16	payload_len;
};

enum atmo_parse_result atmo_parse_udp4(const u8 *frame, size_t len,
				       struct atmo_packet *pkt);
bool atmo_parse_udp4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt);
bool atmo_parse_ipv4_checksum_ok(const u8 *frame, const struct atmo_packet *pkt);

#endif /* ATMO_PARSE_H */
