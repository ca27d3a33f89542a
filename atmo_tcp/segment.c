// SPDX-License-Identifier: GPL-2.0
/*
 * Judging the TCP header of a segment to be sent (RFC 9293, 3.1): whose it is and
 * where it ends. Sequence numbers, flags and options are the sender's business. Pure.
 */
#include <linux/export.h>

#include "segment.h"

#define TCP_DPORT	2
#define TCP_OFFSET	12	/* data offset, in words, in the upper half */
#define TCP_CHECK	16

/**
 * atmo_tcp_segment_check() - is this a header that the sender may send?
 * @head: copy of the segment's first ATMO_TCP_LEN_MAX bytes, or of all of it
 * @len: length of the segment
 * @sport: source port that it must have
 * @dport: destination port that it must have
 *
 * Context: any.
 * Return: bytes of the header, options included; 0: it isn't.
 */
u32 atmo_tcp_segment_check(const u8 *head, size_t len, __be16 sport, __be16 dport)
{
	u32 header_len;

	if (len < ATMO_TCP_LEN)
		return 0;
	header_len = (head[TCP_OFFSET] >> 4) * 4;
	if (header_len < ATMO_TCP_LEN || header_len > len ||
	    memcmp(head, &sport, sizeof(sport)) ||
	    memcmp(head + TCP_DPORT, &dport, sizeof(dport)))
		return 0;
	return header_len;
}
EXPORT_SYMBOL_GPL(atmo_tcp_segment_check);

/**
 * atmo_tcp_segment_finish() - prepare the checksum field for offload
 * @head: the header
 * @l3: addresses, protocol and l4_len count
 *
 * Context: any.
 */
void atmo_tcp_segment_finish(u8 *head, const struct atmo_l3 *l3)
{
	atmo_put_u16(head + TCP_CHECK, atmo_l3_pseudo_sum(l3));
}
EXPORT_SYMBOL_GPL(atmo_tcp_segment_finish);
