/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A short way for the frames that nearly all are: plain datagrams (IPv4 without
 * options, not a fragment) to the own addresses and port, with checksums that the NIC
 * has found right. What does not match has to be looked at by atmo_rx_judge(), which
 * decides the same and knows why. Pure.
 */
#ifndef ATMO_STACK_MATCH_H
#define ATMO_STACK_MATCH_H

#include <asm/byteorder.h>

#include "../atmo_demux/parse.h"
#include "../atmo_portmgr/flow.h"
#include "l3.h"

/* Ethernet, IPv4 and UDP header but for the checksum. */
#define ATMO_UDP_MATCH_WORDS	5
#define ATMO_UDP4_HEADERS	(ATMO_ETH_LEN + ATMO_IPV4_LEN + ATMO_UDP_LEN)

/**
 * struct atmo_udp_match - what the headers of such a datagram look like
 * @mask: bits that are the same in all of them, in memory order
 * @value: these bits. Of what never matches, more than in @mask
 */
struct atmo_udp_match {
	u64 mask[ATMO_UDP_MATCH_WORDS];
	u64 value[ATMO_UDP_MATCH_WORDS];
};

/**
 * struct atmo_udp_head - the first bytes of a frame, in words in memory order
 * @words: of these, so that they are in registers when they are looked at
 */
struct atmo_udp_head {
	u64 words[ATMO_UDP_MATCH_WORDS];
};

void atmo_udp_match_set(struct atmo_udp_match *m, const struct atmo_flow *flow, const u8 *mac);

/* Byte @at of the frame. */
static __always_inline u8 atmo_udp_byte(const struct atmo_udp_head *head, u32 at)
{
#ifdef __LITTLE_ENDIAN_BITFIELD
	return head->words[at / 8] >> at % 8 * 8;
#else
	return head->words[at / 8] >> (7 - at % 8) * 8;
#endif
}

/* A number of the frame that lies in one word. */
static __always_inline u16 atmo_udp_u16(const struct atmo_udp_head *head, u32 at)
{
#ifdef __LITTLE_ENDIAN_BITFIELD
	return __be16_to_cpu((__force __be16)(u16)(head->words[at / 8] >> at % 8 * 8));
#else
	return head->words[at / 8] >> (6 - at % 8) * 8;
#endif
}

/* Source address and port, as they lie there. */
static __always_inline __be32 atmo_udp_saddr(const struct atmo_udp_head *head)
{
	/* In the middle of their word, in either order. */
	return (__force __be32)(u32)(head->words[3] >> 16);
}

static __always_inline __be16 atmo_udp_sport(const struct atmo_udp_head *head)
{
#ifdef __LITTLE_ENDIAN_BITFIELD
	return (__force __be16)(u16)(head->words[4] >> 16);
#else
	return (__force __be16)(u16)(head->words[4] >> 32);
#endif
}

/* Copies a word, once, and returns in what it differs. */
static __always_inline u64 atmo_udp_read(const struct atmo_udp_match *m,
					 struct atmo_udp_head *head, const u64 *frame, int word)
{
	head->words[word] = READ_ONCE(frame[word]);
	return (head->words[word] & m->mask[word]) ^ m->value[word];
}

/**
 * atmo_udp_matches() - is it a plain datagram for whom @m was set?
 * @m: what to look for
 * @frame: first byte of the frame, at a multiple of eight: ATMO_FRAME_OFFSET. It may be
 *	changed meanwhile
 * @len: length of the frame without FCS; bytes of the headers beyond it can be read
 * @head: out: copy of the headers, of which alone the answer is true
 *
 * Checksums are not looked at.
 *
 * Context: any.
 * Return: length of the UDP datagram with its header, which lies in the frame; 0: it
 * is something else, or its lengths lie.
 */
static __always_inline u32 atmo_udp_matches(const struct atmo_udp_match *m, const u8 *frame,
					    u32 len, struct atmo_udp_head *head)
{
	const u64 *words = (const u64 *)frame;
	u32 total_len, udp_len;
	u64 other;
	u8 net;

	other = atmo_udp_read(m, head, words, 0);
	other |= atmo_udp_read(m, head, words, 1);
	other |= atmo_udp_read(m, head, words, 2);
	other |= atmo_udp_read(m, head, words, 3);
	other |= atmo_udp_read(m, head, words, 4);
	total_len = atmo_udp_u16(head, ATMO_ETH_LEN + 2);
	udp_len = atmo_udp_u16(head, ATMO_ETH_LEN + ATMO_IPV4_LEN + 4);
	/* The source: no host has 0/8, 127/8 or a group's (RFC 1122, 3.2.1.3). */
	net = atmo_udp_byte(head, ATMO_ETH_LEN + 12);
	/* Frames shorter than the headers are among those whose lengths lie. */
	if (other || total_len + ATMO_ETH_LEN > len || udp_len < ATMO_UDP_LEN ||
	    udp_len + ATMO_IPV4_LEN > total_len || net == 0 || net == 127 || net >= 224)
		return 0;
	return udp_len;
}

#endif /* ATMO_STACK_MATCH_H */
