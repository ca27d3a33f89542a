// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"
#include "../atmo_portmgr/flow.h"
#include "../atmo_udp/header.h"

#define HEADER_LEN	(ATMO_ETH_LEN + ATMO_IPV4_LEN + ATMO_UDP_LEN)
#define PAYLOAD_LEN	8

static const struct atmo_l3 example = {
	.dmac = { 0x02, 0, 0, 0, 0, 0x02 },
	.smac = { 0x02, 0, 0, 0, 0, 0x01 },
	.family = AF_INET,
	.protocol = IPPROTO_UDP,
	.ttl = 64,
	.dont_fragment = true,
	.saddr = { cpu_to_be32(0xc0000201) },
	.daddr = { cpu_to_be32(0xc0000202) },
	.l4_len = ATMO_UDP_LEN + PAYLOAD_LEN,
};

static const struct atmo_udp_ports ports = {
	.sport = cpu_to_be16(12345),
	.dport = cpu_to_be16(9000),
};

/* 192.0.2.1:12345 -> 192.0.2.2:9000, 8 bytes, checksums for offload. */
static const u8 example_bytes[HEADER_LEN] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x24, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0x00, 0x00, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x10,
	0x84, 0x25,
};

#define IP		14
#define UDP		34
#define MAX_PAYLOAD	1472

static u16 word(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/* RFC 1071, straightforwardly. */
static u16 sum(const u8 *p, size_t len)
{
	u32 s = 0;
	size_t i;

	for (i = 0; i < len; i++)
		s += i % 2 ? p[i] : p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* What checksum offload makes of a frame; @l4: where the UDP header is. */
static void offload(u8 *frame, size_t l4, size_t len)
{
	u16 udp = ~sum(frame + l4, len - l4);
	u16 ip;

	if (l4 == UDP) {
		ip = ~sum(frame + IP, 20);
		frame[IP + 10] = ip >> 8;
		frame[IP + 11] = ip & 0xff;
	}
	udp = udp ?: 0xffff;
	frame[l4 + 6] = udp >> 8;
	frame[l4 + 7] = udp & 0xff;
}

static void known_bytes(struct kunit *test)
{
	u8 buf[HEADER_LEN + 1];

	memset(buf, 0xaa, sizeof(buf));
	KUNIT_EXPECT_EQ(test, atmo_udp_header_build(buf, &example, &ports), HEADER_LEN);
	KUNIT_EXPECT_EQ(test, memcmp(buf, example_bytes, sizeof(example_bytes)), 0);
	KUNIT_EXPECT_EQ(test, buf[HEADER_LEN], 0xaa);
}

static void fragmentable(struct kunit *test)
{
	struct atmo_l3 h = example;
	u8 buf[HEADER_LEN];

	h.dont_fragment = false;
	h.id = 0xabcd;
	h.ttl = 1;
	atmo_udp_header_build(buf, &h, &ports);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 4), 0xabcd);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 6), 0);
	KUNIT_EXPECT_EQ(test, buf[IP + 8], 1);
}

static void expect_parsed(struct kunit *test, const struct atmo_l3 *l3,
			  const struct atmo_udp_ports *p, const struct atmo_packet *pkt)
{
	KUNIT_ASSERT_EQ(test, pkt->family, l3->family);
	KUNIT_ASSERT_EQ(test, pkt->payload_len, l3->l4_len - ATMO_UDP_LEN);
	KUNIT_ASSERT_TRUE(test, pkt->sport == p->sport && pkt->dport == p->dport);
	KUNIT_ASSERT_EQ(test, memcmp(pkt->saddr, l3->saddr, sizeof(pkt->saddr)), 0);
	KUNIT_ASSERT_EQ(test, memcmp(pkt->daddr, l3->daddr, sizeof(pkt->daddr)), 0);
}

/* What is built is what the parser accepts, for every length there can be. */
static void check_every_length(struct kunit *test, struct atmo_l3 *l3)
{
	u8 *frame = kunit_kzalloc(test, ATMO_UDP_HEADER_MAX + MAX_PAYLOAD, GFP_KERNEL);
	struct atmo_udp_ports p = ports;
	struct atmo_packet pkt;
	u32 len, head_len;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	for (len = 0; len <= MAX_PAYLOAD; len++) {
		l3->l4_len = ATMO_UDP_LEN + len;
		p.sport = htons(1 + len * 41);
		head_len = atmo_udp_header_build(frame, l3, &p);
		if (len)
			frame[head_len + len - 1] = 0xff - len * 7;
		offload(frame, head_len - ATMO_UDP_LEN, head_len + len);
		KUNIT_ASSERT_EQ(test, atmo_parse(frame, head_len + len, &pkt), ATMO_PARSE_OK);
		expect_parsed(test, l3, &p, &pkt);
		KUNIT_ASSERT_TRUE(test, atmo_parse_l3_checksum_ok(frame, &pkt));
		KUNIT_ASSERT_NE(test, word(frame + head_len - 2), 0);
		KUNIT_ASSERT_TRUE(test, atmo_parse_l4_checksum_ok(frame, &pkt));
	}
}

static void parses_at_every_length(struct kunit *test)
{
	struct atmo_l3 l3 = example;

	check_every_length(test, &l3);
}

static void parses_at_every_length_ipv6(struct kunit *test)
{
	struct atmo_l3 l3 = example;

	l3.family = AF_INET6;
	memcpy(l3.saddr, "\x20\x01\x0d\xb8\xff\xff\xff\xff\0\0\0\0\0\0\0\1", 16);
	memcpy(l3.daddr, "\x20\x01\x0d\xb8\0\0\0\0\xff\xff\xff\xff\0\0\0\2", 16);
	check_every_length(test, &l3);
}

/* Carries over 16 bits, once and twice, in the pseudo-header's sum. */
static void pseudo_header_carries(struct kunit *test)
{
	struct atmo_l3 h = example;
	u8 buf[HEADER_LEN];

	h.saddr[0] = htonl(0xffffffff);
	h.daddr[0] = htonl(0xffffffff);
	h.l4_len = 65515;
	atmo_udp_header_build(buf, &h, &ports);
	/* 4 * 0xffff + 17 + 65515 = 0x4fff8, folded: 0xfffc. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfffc);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 2), 65535);
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 4), 65515);
	h.l4_len = 65505;
	atmo_udp_header_build(buf, &h, &ports);
	/* 0x4ffee, folded 0xfff2. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfff2);
	h.saddr[0] = htonl(0xffff0000);
	h.daddr[0] = htonl(0x0000ffd7);
	h.l4_len = 16;
	atmo_udp_header_build(buf, &h, &ports);
	/* 0xffff + 0xffd7 + 33 = 0x1fff7, folded 0xfff8. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfff8);
}

/* ---- Headers in place ---- */

#define FRAME_LEN	(HEADER_LEN + PAYLOAD_LEN)

static const struct atmo_flow sender = {
	.laddr = { cpu_to_be32(0xc0000201) },
	.lport = cpu_to_be16(12345),
	.family = AF_INET,
	.protocol = IPPROTO_UDP,
};

static u32 check(const u8 *frame, size_t len)
{
	struct atmo_packet pkt;

	return atmo_udp_header_check(frame, len, &sender, example.smac, &pkt);
}

static void in_place(struct kunit *test)
{
	u8 frame[FRAME_LEN] = { };
	struct atmo_packet pkt;

	memcpy(frame, example_bytes, HEADER_LEN);
	/* Whatever stands in the checksums: they become what is built. */
	memset(frame + IP + 10, 0xaa, 2);
	memset(frame + UDP + 6, 0xaa, 2);
	KUNIT_ASSERT_EQ(test, atmo_udp_header_check(frame, FRAME_LEN, &sender, example.smac, &pkt),
			HEADER_LEN);
	KUNIT_EXPECT_TRUE(test, pkt.daddr[0] == example.daddr[0] && pkt.dport == ports.dport);
	atmo_udp_header_finish(frame, &pkt);
	KUNIT_EXPECT_EQ(test, memcmp(frame, example_bytes, HEADER_LEN), 0);
}

/* Every bit of the headers is either the sender's choice, or refused when changed. */
static void in_place_every_bit(struct kunit *test)
{
	/* Bytes that are free: destination, type of service, id, TTL, checksums. */
	static const char is_free[HEADER_LEN + 1] =
		"yyyyyynnnnnnnnnynnyyFnynyynnnnyyyynnyynnyy";
	u8 frame[FRAME_LEN] = { };
	u32 byte, bit;

	memcpy(frame, example_bytes, HEADER_LEN);
	/* No single bit makes that zero. */
	frame[IP + 8] = 65;
	for (byte = 0; byte < HEADER_LEN; byte++) {
		for (bit = 0; bit < 8; bit++) {
			/* DF alone is free of the fragment field's bits. */
			bool expected = is_free[byte] == 'y' ||
					(is_free[byte] == 'F' && bit == 6);

			frame[byte] ^= 1 << bit;
			KUNIT_EXPECT_EQ_MSG(test, check(frame, FRAME_LEN) == HEADER_LEN, expected,
					    "byte %u, bit %u", byte, bit);
			frame[byte] ^= 1 << bit;
		}
	}
	frame[IP + 8] = 0;
	KUNIT_EXPECT_EQ(test, check(frame, FRAME_LEN), 0);
}

static void in_place_lengths(struct kunit *test)
{
	u8 frame[FRAME_LEN + 1] = { };
	u32 len;

	memcpy(frame, example_bytes, HEADER_LEN);
	for (len = 0; len <= sizeof(frame); len++)
		KUNIT_EXPECT_EQ_MSG(test, check(frame, len), len == FRAME_LEN ? HEADER_LEN : 0,
				    "%u bytes", len);
}

static struct kunit_case header_cases[] = {
	KUNIT_CASE(known_bytes),
	KUNIT_CASE(fragmentable),
	KUNIT_CASE(parses_at_every_length),
	KUNIT_CASE(parses_at_every_length_ipv6),
	KUNIT_CASE(pseudo_header_carries),
	KUNIT_CASE(in_place),
	KUNIT_CASE(in_place_every_bit),
	KUNIT_CASE(in_place_lengths),
	{}
};

static struct kunit_suite header_suite = {
	.name = "atmo_udp_header",
	.test_cases = header_cases,
};

kunit_test_suite(header_suite);

MODULE_DESCRIPTION("KUnit suite of the header builder");
MODULE_LICENSE("GPL");
