// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"
#include "../atmo_udp/header.h"

static const struct atmo_header example = {
	.dmac = { 0x02, 0, 0, 0, 0, 0x02 },
	.smac = { 0x02, 0, 0, 0, 0, 0x01 },
	.ttl = 64,
	.dont_fragment = true,
	.saddr = cpu_to_be32(0xc0000201),
	.daddr = cpu_to_be32(0xc0000202),
	.sport = cpu_to_be16(12345),
	.dport = cpu_to_be16(9000),
	.payload_len = 8,
};

/* 192.0.2.1:12345 -> 192.0.2.2:9000, 8 bytes, checksums for offload. */
static const u8 example_bytes[ATMO_HEADER_LEN] = {
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

/* What checksum offload makes of a frame. */
static void offload(u8 *frame, size_t len)
{
	u16 ip = ~sum(frame + IP, 20);
	u16 udp = ~sum(frame + UDP, len - UDP);

	frame[IP + 10] = ip >> 8;
	frame[IP + 11] = ip & 0xff;
	udp = udp ?: 0xffff;
	frame[UDP + 6] = udp >> 8;
	frame[UDP + 7] = udp & 0xff;
}

static void known_bytes(struct kunit *test)
{
	u8 buf[ATMO_HEADER_LEN + 1];

	memset(buf, 0xaa, sizeof(buf));
	atmo_header_build(buf, &example);
	KUNIT_EXPECT_EQ(test, memcmp(buf, example_bytes, sizeof(example_bytes)), 0);
	KUNIT_EXPECT_EQ(test, buf[ATMO_HEADER_LEN], 0xaa);
}

static void fragmentable(struct kunit *test)
{
	struct atmo_header h = example;
	u8 buf[ATMO_HEADER_LEN];

	h.dont_fragment = false;
	h.id = 0xabcd;
	h.ttl = 1;
	atmo_header_build(buf, &h);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 4), 0xabcd);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 6), 0);
	KUNIT_EXPECT_EQ(test, buf[IP + 8], 1);
}

/* What is built is what the parser accepts, for every length there can be. */
static void parses_at_every_length(struct kunit *test)
{
	u8 *frame = kunit_kzalloc(test, ATMO_HEADER_LEN + MAX_PAYLOAD, GFP_KERNEL);
	struct atmo_header h = example;
	struct atmo_packet pkt;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	for (len = 0; len <= MAX_PAYLOAD; len++) {
		h.payload_len = len;
		h.sport = htons(1 + len * 41);
		if (len)
			frame[ATMO_HEADER_LEN + len - 1] = 0xff - len * 7;
		atmo_header_build(frame, &h);
		offload(frame, ATMO_HEADER_LEN + len);
		KUNIT_ASSERT_EQ(test, atmo_parse_udp4(frame, ATMO_HEADER_LEN + len, &pkt),
				ATMO_PARSE_OK);
		KUNIT_ASSERT_EQ(test, pkt.payload_len, len);
		KUNIT_ASSERT_TRUE(test, pkt.sport == h.sport);
		KUNIT_ASSERT_TRUE(test, pkt.dport == h.dport);
		KUNIT_ASSERT_TRUE(test, pkt.saddr == h.saddr);
		KUNIT_ASSERT_TRUE(test, pkt.daddr == h.daddr);
		KUNIT_ASSERT_TRUE(test, atmo_parse_ipv4_checksum_ok(frame, &pkt));
		KUNIT_ASSERT_NE(test, word(frame + UDP + 6), 0);
		KUNIT_ASSERT_TRUE(test, atmo_parse_udp4_checksum_ok(frame, &pkt));
	}
}

/* Carries over 16 bits, once and twice, in the pseudo-header's sum. */
static void pseudo_header_carries(struct kunit *test)
{
	struct atmo_header h = example;
	u8 buf[ATMO_HEADER_LEN];

	h.saddr = htonl(0xffffffff);
	h.daddr = htonl(0xffffffff);
	h.payload_len = 65507;
	atmo_header_build(buf, &h);
	/* 4 * 0xffff + 17 + 65515 = 0x4fff8, folded: 0xfffc. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfffc);
	KUNIT_EXPECT_EQ(test, word(buf + IP + 2), 65535);
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 4), 65515);
	h.payload_len = 65497;
	atmo_header_build(buf, &h);
	/* 0x4ffee, folded 0xfff2. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfff2);
	h.saddr = htonl(0xffff0000);
	h.daddr = htonl(0x0000ffd7);
	h.payload_len = 8;
	atmo_header_build(buf, &h);
	/* 0xffff + 0xffd7 + 33 = 0x1fff7, folded 0xfff8. */
	KUNIT_EXPECT_EQ(test, word(buf + UDP + 6), 0xfff8);
}

/* Inserts @n bytes at @offset of the example; returns the length. */
static size_t with_inserted(u8 *frame, size_t offset, const char *bytes, size_t n)
{
	memcpy(frame, example_bytes, offset);
	memcpy(frame + offset, bytes, n);
	memcpy(frame + offset + n, example_bytes + offset, ATMO_HEADER_LEN - offset);
	return ATMO_HEADER_LEN + n;
}

static bool is_for_us(const u8 *frame, size_t len)
{
	return atmo_header_is_for(frame, len, example.daddr, example.dport);
}

static void is_for_plain(struct kunit *test)
{
	u8 frame[ATMO_HEADER_LEN];
	size_t len;

	memcpy(frame, example_bytes, sizeof(frame));
	KUNIT_EXPECT_TRUE(test, is_for_us(frame, sizeof(frame)));
	KUNIT_EXPECT_FALSE(test, atmo_header_is_for(frame, sizeof(frame), example.saddr,
						    example.dport));
	KUNIT_EXPECT_FALSE(test, atmo_header_is_for(frame, sizeof(frame), example.daddr,
						    example.sport));
	/* The ports end at byte 38: less isn't enough. */
	for (len = 0; len <= sizeof(frame); len++)
		KUNIT_EXPECT_EQ_MSG(test, is_for_us(frame, len), len >= 38, "%zu bytes", len);
	frame[IP + 9] = 6;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, sizeof(frame)));
	frame[IP + 9] = 17;
	frame[IP] = 0x65;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, sizeof(frame)));
	frame[IP] = 0x44;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, sizeof(frame)));
	frame[IP] = 0x45;
	frame[13] = 0x06;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, sizeof(frame)));
}

static void is_for_fragment(struct kunit *test)
{
	u8 frame[ATMO_HEADER_LEN];

	memcpy(frame, example_bytes, sizeof(frame));
	frame[IP + 6] = 0x20;
	KUNIT_EXPECT_TRUE(test, is_for_us(frame, sizeof(frame)));
	frame[IP + 7] = 0x01;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, sizeof(frame)));
}

static void is_for_options(struct kunit *test)
{
	u8 frame[ATMO_HEADER_LEN + 40];
	char options[40];
	size_t n, len;

	memset(options, 1, sizeof(options));
	for (n = 4; n <= sizeof(options); n += 4) {
		len = with_inserted(frame, UDP, options, n);
		/* Options, but the header length doesn't count them. */
		KUNIT_EXPECT_FALSE(test, is_for_us(frame, len));
		frame[IP] = 0x45 + n / 4;
		KUNIT_EXPECT_TRUE(test, is_for_us(frame, len));
		KUNIT_EXPECT_TRUE(test, is_for_us(frame, UDP + n + 4));
		KUNIT_EXPECT_FALSE(test, is_for_us(frame, UDP + n + 3));
	}
}

static void is_for_vlan(struct kunit *test)
{
	u8 frame[ATMO_HEADER_LEN + 8];
	size_t len, n;

	len = with_inserted(frame, 12, "\x81\x00\x00\x05", 4);
	KUNIT_EXPECT_TRUE(test, is_for_us(frame, len));
	for (n = 0; n < 42; n++)
		KUNIT_EXPECT_FALSE(test, is_for_us(frame, n));
	frame[17] = 0x06;
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, len));
	len = with_inserted(frame, 12, "\x81\x00\x00\x05\x81\x00\x00\x06", 8);
	KUNIT_EXPECT_FALSE(test, is_for_us(frame, len));
}

static struct kunit_case header_cases[] = {
	KUNIT_CASE(known_bytes),
	KUNIT_CASE(fragmentable),
	KUNIT_CASE(parses_at_every_length),
	KUNIT_CASE(pseudo_header_carries),
	KUNIT_CASE(is_for_plain),
	KUNIT_CASE(is_for_fragment),
	KUNIT_CASE(is_for_options),
	KUNIT_CASE(is_for_vlan),
	{}
};

static struct kunit_suite header_suite = {
	.name = "atmo_udp_header",
	.test_cases = header_cases,
};

kunit_test_suite(header_suite);

MODULE_DESCRIPTION("KUnit suite of the header builder");
MODULE_LICENSE("GPL");
