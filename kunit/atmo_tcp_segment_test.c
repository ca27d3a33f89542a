// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "../atmo_tcp/segment.h"

static const __be16 sport = cpu_to_be16(7000);
static const __be16 dport = cpu_to_be16(40000);

static void make(u8 *tcp, size_t len, u32 words)
{
	memset(tcp, 0xaa, len);
	memcpy(tcp, &sport, 2);
	memcpy(tcp + 2, &dport, 2);
	tcp[12] = words << 4;
}

/* Every length of header in segments of every length up to the longest. */
static void lengths(struct kunit *test)
{
	u8 tcp[ATMO_TCP_LEN_MAX];
	u32 words, len, expected;

	for (words = 0; words < 16; words++) {
		make(tcp, sizeof(tcp), words);
		for (len = 0; len <= 100; len++) {
			expected = words >= 5 && words * 4 <= len ? words * 4 : 0;
			KUNIT_EXPECT_EQ_MSG(test, atmo_tcp_segment_check(tcp, len, sport, dport),
					    expected, "%u words, %u bytes", words, len);
		}
	}
}

static void other_ports(struct kunit *test)
{
	u8 tcp[ATMO_TCP_LEN];
	u32 bit;

	make(tcp, sizeof(tcp), 5);
	KUNIT_EXPECT_EQ(test, atmo_tcp_segment_check(tcp, 20, sport, dport), 20);
	for (bit = 0; bit < 32; bit++) {
		tcp[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, atmo_tcp_segment_check(tcp, 20, sport, dport), 0,
				    "bit %u", bit);
		tcp[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, atmo_tcp_segment_check(tcp, 20, dport, sport), 0);
}

/* The field gets the pseudo-header's sum, and nothing else changes. */
static void checksum_field(struct kunit *test)
{
	const struct atmo_l3 l3 = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.saddr = { cpu_to_be32(0xc0000201) },
		.daddr = { cpu_to_be32(0xc0000202) },
		.l4_len = 20,
	};
	u8 tcp[ATMO_TCP_LEN], was[ATMO_TCP_LEN];

	make(tcp, sizeof(tcp), 5);
	memcpy(was, tcp, sizeof(was));
	atmo_tcp_segment_finish(tcp, &l3);
	/* 2 * 0xc000 + 0x201 + 0x202 + 6 + 20 = 0x1841d, folded 0x841e. */
	was[16] = 0x84;
	was[17] = 0x1e;
	KUNIT_EXPECT_EQ(test, memcmp(tcp, was, sizeof(was)), 0);
}

static struct kunit_case segment_cases[] = {
	KUNIT_CASE(lengths),
	KUNIT_CASE(other_ports),
	KUNIT_CASE(checksum_field),
	{}
};

static struct kunit_suite segment_suite = {
	.name = "atmo_tcp_segment",
	.test_cases = segment_cases,
};

kunit_test_suite(segment_suite);

MODULE_DESCRIPTION("KUnit suite of the judge of TCP headers");
MODULE_LICENSE("GPL");
