// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <string.h>

#include "../../../atmo_demux/parse.h"
#include "../../../atmo_udp/header.h"
#include "check.h"

#define MAX_PAYLOAD	1472

static u16 checksum(const u8 *p, size_t len)
{
	u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

/* As checksum offload does it. */
static void finish(u8 *frame, size_t len)
{
	u16 sum = checksum(frame + 34, len - 34);

	put(frame + 24, checksum(frame + 14, 20));
	put(frame + 40, sum ? sum : 0xffff);
}

static void check_one(u8 *frame, u16 payload_len)
{
	struct atmo_header h = {
		.ttl = check_random(),
		.dont_fragment = check_random() & 1,
		.id = check_random(),
		.saddr = htonl((check_random() & 0x00ffffff) | 0x0a000000),
		.daddr = check_random(),
		.sport = check_random(),
		.dport = check_random(),
		.payload_len = payload_len,
	};
	size_t len = ATMO_HEADER_LEN + payload_len;
	struct atmo_packet pkt;

	atmo_header_build(frame, &h);
	finish(frame, len);
	CHECK(atmo_parse_udp4(frame, len, &pkt) == ATMO_PARSE_OK);
	CHECK(pkt.saddr == h.saddr && pkt.daddr == h.daddr);
	CHECK(pkt.sport == h.sport && pkt.dport == h.dport);
	CHECK(pkt.payload_len == payload_len);
	CHECK(atmo_parse_ipv4_checksum_ok(frame, &pkt));
	CHECK(atmo_parse_udp4_checksum_ok(frame, &pkt));
	CHECK(atmo_header_is_for(frame, len, h.daddr, h.dport));
	frame[ATMO_HEADER_ETH_LEN + check_random() % 20] ^= 1 << check_random() % 8;
	CHECK(!atmo_parse_ipv4_checksum_ok(frame, &pkt));
}

/* Anything at all, in a block of exactly its size. */
static void check_hostile(void)
{
	size_t len = check_random() % (ATMO_HEADER_SNAP_LEN + 1);
	u8 *head = malloc(len ? len : 1);
	size_t i;

	CHECK(head);
	for (i = 0; i < len; i++)
		head[i] = check_random();
	if (len > 14)
		memcpy(head + 12, check_random() % 2 ? "\x08\x00" : "\x81\x00", 2);
	if (len > 18 && check_random() % 2)
		memcpy(head + 16, "\x08\x00", 2);
	if (len > 23)
		head[23] = 17;
	if (len > 14)
		head[14] = 0x40 | check_random() % 16;
	atmo_header_is_for(head, len, check_random(), check_random());
	free(head);
}

void check_headers(void)
{
	u8 *frame;
	u32 i, len;

	for (i = 0; i < 4; i++) {
		for (len = 0; len <= MAX_PAYLOAD; len++) {
			frame = malloc(ATMO_HEADER_LEN + len);
			CHECK(frame);
			memset(frame, check_random(), ATMO_HEADER_LEN + len);
			check_one(frame, len);
			free(frame);
		}
	}
	for (i = 0; i < 300000; i++)
		check_hostile();
}
