// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "../atmo_portmgr/flow.h"
#include "../atmo_stack/l3.h"

#define HEADER_LEN	(ATMO_ETH_LEN + ATMO_IPV4_LEN + 8)
#define IP		14
#define UDP		34

/* 192.0.2.1:12345 -> 192.0.2.2:9000, 8 bytes, checksums for offload. */
static const u8 example_bytes[HEADER_LEN] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x24, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0x00, 0x00, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x10,
	0x84, 0x25,
};

static void known_ipv6(struct kunit *test)
{
	static const u8 expected[ATMO_ETH_LEN + ATMO_IPV6_LEN] = {
		0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
		0x00, 0x00, 0x00, 0x01, 0x86, 0xdd, 0x60, 0x00,
		0x00, 0x00, 0x01, 0x02, 0x06, 0x3f, 0x20, 0x01,
		0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
		0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	};
	struct atmo_l3 l3 = {
		.dmac = { 0x02, 0, 0, 0, 0, 0x02 },
		.smac = { 0x02, 0, 0, 0, 0, 0x01 },
		.family = AF_INET6,
		.protocol = IPPROTO_TCP,
		.ttl = 63,
		.l4_len = 0x102,
	};
	u8 buf[sizeof(expected) + 1];

	memcpy(l3.saddr, expected + 22, 16);
	memcpy(l3.daddr, expected + 38, 16);
	memset(buf, 0xaa, sizeof(buf));
	KUNIT_EXPECT_EQ(test, atmo_l3_build(buf, &l3), sizeof(expected));
	KUNIT_EXPECT_EQ(test, memcmp(buf, expected, sizeof(expected)), 0);
	KUNIT_EXPECT_EQ(test, buf[sizeof(expected)], 0xaa);
	/* 2 * (0x2001 + 0xdb8) + 1 + 2 + 0x102 + 6 */
	KUNIT_EXPECT_EQ(test, atmo_l3_pseudo_sum(&l3), 0x5c7d);
}

/* Inserts @n bytes at @offset of the example; returns the length. */
static size_t with_inserted(u8 *frame, size_t offset, const char *bytes, size_t n)
{
	memcpy(frame, example_bytes, offset);
	memcpy(frame + offset, bytes, n);
	memcpy(frame + offset + n, example_bytes + offset, HEADER_LEN - offset);
	return HEADER_LEN + n;
}

static bool peek(const u8 *frame, size_t len)
{
	struct atmo_flow flow;

	return atmo_l3_peek(frame, len, &flow) && flow.family == AF_INET &&
	       flow.protocol == IPPROTO_UDP && flow.laddr[0] == htonl(0xc0000202) &&
	       flow.raddr[0] == htonl(0xc0000201) && flow.lport == htons(9000) &&
	       flow.rport == htons(12345);
}

static void peek_plain(struct kunit *test)
{
	u8 frame[HEADER_LEN];
	size_t len;

	memcpy(frame, example_bytes, sizeof(frame));
	KUNIT_EXPECT_TRUE(test, peek(frame, sizeof(frame)));
	/* The ports end at byte 38: less isn't enough. */
	for (len = 0; len <= sizeof(frame); len++)
		KUNIT_EXPECT_EQ_MSG(test, peek(frame, len), len >= 38, "%zu bytes", len);
	frame[IP + 9] = 6;
	KUNIT_EXPECT_FALSE(test, peek(frame, sizeof(frame)));
	frame[IP + 9] = 17;
	frame[IP] = 0x65;
	KUNIT_EXPECT_FALSE(test, peek(frame, sizeof(frame)));
	frame[IP] = 0x44;
	KUNIT_EXPECT_FALSE(test, peek(frame, sizeof(frame)));
	frame[IP] = 0x45;
	frame[13] = 0x06;
	KUNIT_EXPECT_FALSE(test, peek(frame, sizeof(frame)));
}

static void peek_fragment(struct kunit *test)
{
	u8 frame[HEADER_LEN];

	memcpy(frame, example_bytes, sizeof(frame));
	frame[IP + 6] = 0x20;
	KUNIT_EXPECT_TRUE(test, peek(frame, sizeof(frame)));
	frame[IP + 7] = 0x01;
	KUNIT_EXPECT_FALSE(test, peek(frame, sizeof(frame)));
}

static void peek_options(struct kunit *test)
{
	u8 frame[HEADER_LEN + 40];
	char options[40];
	size_t n, len;

	memset(options, 1, sizeof(options));
	for (n = 4; n <= sizeof(options); n += 4) {
		len = with_inserted(frame, UDP, options, n);
		/* Options, but the header length doesn't count them. */
		KUNIT_EXPECT_FALSE(test, peek(frame, len));
		frame[IP] = 0x45 + n / 4;
		KUNIT_EXPECT_TRUE(test, peek(frame, len));
		KUNIT_EXPECT_TRUE(test, peek(frame, UDP + n + 4));
		KUNIT_EXPECT_FALSE(test, peek(frame, UDP + n + 3));
	}
}

static void peek_vlan(struct kunit *test)
{
	u8 frame[HEADER_LEN + 8];
	size_t len, n;

	len = with_inserted(frame, 12, "\x81\x00\x00\x05", 4);
	KUNIT_EXPECT_TRUE(test, peek(frame, len));
	for (n = 0; n < 42; n++)
		KUNIT_EXPECT_FALSE(test, peek(frame, n));
	frame[17] = 0x06;
	KUNIT_EXPECT_FALSE(test, peek(frame, len));
	len = with_inserted(frame, 12, "\x81\x00\x00\x05\x81\x00\x00\x06", 8);
	KUNIT_EXPECT_FALSE(test, peek(frame, len));
}

static struct kunit_case l3_cases[] = {
	KUNIT_CASE(known_ipv6),
	KUNIT_CASE(peek_plain),
	KUNIT_CASE(peek_fragment),
	KUNIT_CASE(peek_options),
	KUNIT_CASE(peek_vlan),
	{}
};

static struct kunit_suite l3_suite = {
	.name = "atmo_stack_l3",
	.test_cases = l3_cases,
};

kunit_test_suite(l3_suite);

MODULE_DESCRIPTION("KUnit suite of the IP headers");
MODULE_LICENSE("GPL");
