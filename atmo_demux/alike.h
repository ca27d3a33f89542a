/* SPDX-License-Identifier: GPL-2.0 */
/* Are two frames of one flow? By a look at their bytes. Pure. */
#ifndef ATMO_DEMUX_ALIKE_H
#define ATMO_DEMUX_ALIKE_H

#include <linux/string.h>
#include <linux/types.h>

/* Headers up to the ports: Ethernet, IPv4 without options. */
#define ATMO_ALIKE_LEN	38

static __always_inline u64 atmo_alike_word(const u8 *bytes)
{
	u64 word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/**
 * atmo_is_alike() - is a frame of the same flow as another one?
 * @a: its first ATMO_ALIKE_LEN bytes
 * @b: those of one that is known to be UDP or TCP over IPv4 without options, no fragment
 *
 * All of the headers up to the ports have to be the same, but for length, identification,
 * time to live and checksum.
 *
 * Context: any.
 * Return: true if it is.
 */
static __always_inline bool atmo_is_alike(const u8 *a, const u8 *b)
{
	/* From byte 16 on: those of the fragment's place, and the protocol. */
	static const u8 counts[sizeof(u64)] = { 0, 0, 0, 0, 0xff, 0xff, 0, 0xff };

	/* The last eight overlap with those before. */
	return !((atmo_alike_word(a) ^ atmo_alike_word(b)) |
		 (atmo_alike_word(a + 8) ^ atmo_alike_word(b + 8)) |
		 ((atmo_alike_word(a + 16) ^ atmo_alike_word(b + 16)) & atmo_alike_word(counts)) |
		 (atmo_alike_word(a + 26) ^ atmo_alike_word(b + 26)) |
		 (atmo_alike_word(a + 30) ^ atmo_alike_word(b + 30)));
}

static __always_inline u32 atmo_alike_u16(const u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

/**
 * atmo_alike_len_ok() - are the lengths in a datagram that is alike to a good one true?
 * @a: its first bytes, ATMO_ALIKE_LEN or more
 * @len: of the frame, without FCS
 *
 * Then atmo_parse() says ATMO_PARSE_OK, otherwise ATMO_PARSE_MALFORMED. UDP only.
 *
 * Context: any.
 * Return: true if they are.
 */
static __always_inline bool atmo_alike_len_ok(const u8 *a, u32 len)
{
	const u32 eth = 14, ip = 20, udp = 8;
	u32 total_len, udp_len;

	if (len < eth + ip + udp)
		return false;
	total_len = atmo_alike_u16(a + eth + 2);
	udp_len = atmo_alike_u16(a + eth + ip + 4);
	return total_len <= len - eth && udp_len >= udp && ip + udp_len <= total_len;
}

#endif /* ATMO_DEMUX_ALIKE_H */
