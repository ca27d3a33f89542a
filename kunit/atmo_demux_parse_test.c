// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "../atmo_demux/parse.h"

/*
 * UDP 192.0.2.1:12345 -> 192.0.2.2:9000. The payload is the example of RFC 1071,
 * section 3, whose sum is 0xddf2: with the pseudo-header (0xc000 + 0x0201 +
 * 0xc000 + 0x0202 + 17 + 16) and the UDP header (0x3039 + 0x2328 + 16) that makes
 * 0xb589, and the checksum 0x4a76.
 */
static const u8 valid[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x24, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11,
	0xa4, 0x91, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x10,
	0x4a, 0x76, 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5,
	0xf6, 0xf7,
};

/* The same flow, eleven bytes: "atmosphere!" */
static const u8 odd[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x27, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11,
	0xa4, 0x8e, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x13,
	0xea, 0x43, 0x61, 0x74, 0x6d, 0x6f, 0x73, 0x70,
	0x68, 0x65, 0x72, 0x65, 0x21,
};

/* The same flow, a datagram whose checksum is computed as 0 and sent as 0xffff. */
static const u8 all_ones[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x1e, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11,
	0xa4, 0x97, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x0a,
	0xff, 0xff, 0x28, 0x75,
};

/* The same ports over TCP, one option (MSS), five bytes of data. */
static const u8 tcp4[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00,
	0x00, 0x31, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06,
	0xa4, 0x8f, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00,
	0x02, 0x02, 0x30, 0x39, 0x23, 0x28, 0x00, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x60, 0x18,
	0x04, 0x00, 0xc2, 0xe0, 0x00, 0x00, 0x02, 0x04,
	0x05, 0xb4, 0x64, 0x61, 0x74, 0x61, 0x21,
};

/* 2001:db8::1 -> 2001:db8::2, the same segment. */
static const u8 tcp6[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x86, 0xdd, 0x60, 0x00,
	0x00, 0x00, 0x00, 0x1d, 0x06, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x30, 0x39,
	0x23, 0x28, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x00, 0x02, 0x60, 0x18, 0x04, 0x00, 0xeb, 0x6f,
	0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x64, 0x61,
	0x74, 0x61, 0x21,
};

/* The same addresses and ports over UDP, five bytes of data. */
static const u8 udp6[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x86, 0xdd, 0x60, 0x00,
	0x00, 0x00, 0x00, 0x0d, 0x11, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x30, 0x39,
	0x23, 0x28, 0x00, 0x0d, 0x57, 0x3b, 0x64, 0x61,
	0x74, 0x61, 0x21,
};

/* Offsets into these frames. */
#define VERSION_IHL	14
#define TOTAL_LEN	16
#define FRAGMENT	20
#define PROTOCOL	23
#define SADDR		26
#define UDP_LENGTH	38
#define UDP_CHECK	40
#define PAYLOAD		42

/*
 * Parses a copy of exactly @len bytes, so that a sanitizer sees each byte read
 * beyond, and checks what must hold for whatever was parsed.
 */
static enum atmo_parse_result parse(struct kunit *test, const u8 *frame, size_t len,
				    struct atmo_packet *pkt)
{
	static const struct atmo_packet nothing;
	enum atmo_parse_result result;
	u8 *copy = kmalloc(len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, frame, len);
	result = atmo_parse(copy, len, pkt);
	if (result == ATMO_PARSE_OK) {
		KUNIT_EXPECT_GE(test, pkt->payload_offset, PAYLOAD);
		KUNIT_EXPECT_LE(test, (size_t)pkt->payload_offset + pkt->payload_len, len);
		/* Mustn't read beyond the copy either, whatever they say. */
		atmo_parse_l3_checksum_ok(copy, pkt);
		atmo_parse_l4_checksum_ok(copy, pkt);
	} else {
		KUNIT_EXPECT_EQ(test, pkt->payload_len, 0);
	}
	if (result == ATMO_PARSE_OTHER)
		KUNIT_EXPECT_EQ(test, memcmp(pkt, &nothing, sizeof(nothing)), 0);
	kfree(copy);
	return result;
}

/* Parses the valid frame with the 16-bit word at @offset replaced. */
static enum atmo_parse_result parse_with(struct kunit *test, size_t offset, u16 word,
					 struct atmo_packet *pkt)
{
	u8 frame[sizeof(valid)];

	memcpy(frame, valid, sizeof(valid));
	frame[offset] = word >> 8;
	frame[offset + 1] = word & 0xff;
	return parse(test, frame, sizeof(frame), pkt);
}

static void valid_frame(struct kunit *test)
{
	struct atmo_packet pkt;

	KUNIT_ASSERT_EQ(test, parse(test, valid, sizeof(valid), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.saddr[0]), 0xc0000201);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.daddr[0]), 0xc0000202);
	KUNIT_EXPECT_EQ(test, ntohs(pkt.sport), 12345);
	KUNIT_EXPECT_EQ(test, ntohs(pkt.dport), 9000);
	KUNIT_EXPECT_EQ(test, pkt.l3_offset, 14);
	KUNIT_EXPECT_EQ(test, pkt.l4_offset, 34);
	KUNIT_EXPECT_EQ(test, pkt.payload_offset, 42);
	KUNIT_EXPECT_EQ(test, pkt.payload_len, 8);
	KUNIT_EXPECT_TRUE(test, atmo_parse_l3_checksum_ok(valid, &pkt));
	KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(valid, &pkt));
}

static void truncated_at_every_byte(struct kunit *test)
{
	struct atmo_packet pkt;
	size_t len;

	for (len = 0; len < sizeof(valid); len++) {
		enum atmo_parse_result want = len < VERSION_IHL ? ATMO_PARSE_OTHER :
							 ATMO_PARSE_MALFORMED;

		KUNIT_EXPECT_EQ_MSG(test, parse(test, valid, len, &pkt), want, "%zu bytes", len);
		/* Ports are known as soon as they are there. */
		KUNIT_EXPECT_EQ(test, ntohs(pkt.dport), len < PAYLOAD ? 0 : 9000);
	}
}

static void padded_at_every_length(struct kunit *test)
{
	u8 frame[sizeof(valid) + 64] = {};
	struct atmo_packet pkt;
	size_t len;

	memcpy(frame, valid, sizeof(valid));
	memset(frame + sizeof(valid), 0xa5, 64);
	for (len = sizeof(valid); len <= sizeof(frame); len++) {
		KUNIT_EXPECT_EQ(test, parse(test, frame, len, &pkt), ATMO_PARSE_OK);
		KUNIT_EXPECT_EQ(test, pkt.payload_len, 8);
		KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(frame, &pkt));
	}
}

/* Every total length there can be: right for one, more than fits or too few. */
static void total_length_lies(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 total;

	for (total = 0; total <= 0xffff; total++) {
		enum atmo_parse_result want = total == sizeof(valid) - 14 ? ATMO_PARSE_OK :
								    ATMO_PARSE_MALFORMED;

		KUNIT_ASSERT_EQ_MSG(test, parse_with(test, TOTAL_LEN, total, &pkt), want,
				    "total length %u", total);
		KUNIT_ASSERT_EQ(test, ntohs(pkt.dport), 9000);
	}
}

static void udp_length_lies(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 len;

	for (len = 0; len <= 0xffff; len++) {
		/* Less than the IP payload is padding (as Linux has it). */
		bool fits = len >= 8 && len <= 16;

		KUNIT_ASSERT_EQ_MSG(test, parse_with(test, UDP_LENGTH, len, &pkt),
				    fits ? ATMO_PARSE_OK : ATMO_PARSE_MALFORMED,
				    "UDP length %u", len);
		KUNIT_ASSERT_EQ(test, pkt.payload_len, fits ? len - 8 : 0);
		KUNIT_ASSERT_EQ(test, ntohs(pkt.dport), 9000);
	}
}

static void empty_datagram(struct kunit *test)
{
	u8 frame[PAYLOAD];
	struct atmo_packet pkt;

	memcpy(frame, valid, sizeof(frame));
	frame[TOTAL_LEN + 1] = 28;
	frame[UDP_LENGTH + 1] = 8;
	KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_EQ(test, pkt.payload_len, 0);
}

static void every_version_and_header_length(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 v;

	for (v = 0; v <= 0xff; v++) {
		enum atmo_parse_result want = ATMO_PARSE_OTHER;

		if (v == 0x45)
			want = ATMO_PARSE_OK;
		else if (v >= 0x40 && v < 0x45)
			want = ATMO_PARSE_MALFORMED;
		KUNIT_EXPECT_EQ_MSG(test, parse_with(test, VERSION_IHL, v << 8, &pkt), want,
				    "first byte %#x", v);
	}
}

static void every_fragment_word(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 word;

	for (word = 0; word <= 0xffff; word++) {
		/* DF and the reserved bit say nothing; MF and the offset do. */
		enum atmo_parse_result want = word & 0x3fff ? ATMO_PARSE_OTHER : ATMO_PARSE_OK;

		KUNIT_ASSERT_EQ_MSG(test, parse_with(test, FRAGMENT, word, &pkt), want,
				    "fragment word %#x", word);
	}
}

static void every_protocol(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 protocol;

	for (protocol = 0; protocol <= 0xff; protocol++) {
		enum atmo_parse_result want = ATMO_PARSE_OTHER;

		if (protocol == 17)
			want = ATMO_PARSE_OK;
		else if (protocol == 6)		/* shorter than a TCP header */
			want = ATMO_PARSE_MALFORMED;
		KUNIT_EXPECT_EQ(test, parse_with(test, PROTOCOL - 1, 64 << 8 | protocol, &pkt),
				want);
	}
}

static void every_ethertype(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 type;

	for (type = 0; type <= 0xffff; type++) {
		enum atmo_parse_result want = ATMO_PARSE_OTHER;

		if (type == 0x0800)
			want = ATMO_PARSE_OK;
		else if (type == 0x86dd)	/* shorter than an IPv6 header */
			want = ATMO_PARSE_MALFORMED;
		KUNIT_ASSERT_EQ(test, parse_with(test, 12, type, &pkt), want);
	}
}

static void vlan_tag(struct kunit *test)
{
	u8 frame[sizeof(valid) + 4];
	struct atmo_packet pkt;

	memcpy(frame, valid, 12);
	memcpy(frame + 12, "\x81\x00\x00\x05", 4);
	memcpy(frame + 16, valid + 12, sizeof(valid) - 12);
	KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OTHER);
}

static void sources_that_cannot_be(struct kunit *test)
{
	struct atmo_packet pkt;
	u32 first;

	for (first = 0; first <= 0xff; first++) {
		bool can_be = first != 0 && first != 127 && first < 224;

		KUNIT_EXPECT_EQ(test, parse_with(test, SADDR, first << 8, &pkt),
				can_be ? ATMO_PARSE_OK : ATMO_PARSE_OTHER);
	}
}

static void checksum_of_odd_length(struct kunit *test)
{
	struct atmo_packet pkt;

	KUNIT_ASSERT_EQ(test, parse(test, odd, sizeof(odd), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_EQ(test, pkt.payload_len, 11);
	KUNIT_EXPECT_TRUE(test, atmo_parse_l3_checksum_ok(odd, &pkt));
	KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(odd, &pkt));
}

static void checksum_of_all_ones(struct kunit *test)
{
	struct atmo_packet pkt;

	KUNIT_ASSERT_EQ(test, parse(test, all_ones, sizeof(all_ones), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(all_ones, &pkt));
}

static void checksum_zero_is_none(struct kunit *test)
{
	u8 frame[sizeof(valid)];
	struct atmo_packet pkt;

	memcpy(frame, valid, sizeof(valid));
	frame[UDP_CHECK] = 0;
	frame[UDP_CHECK + 1] = 0;
	frame[PAYLOAD] ^= 0xff;
	KUNIT_ASSERT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(frame, &pkt));
}

/* Each single bit of the datagram and of the IPv4 header counts. */
static void checksum_sees_every_bit(struct kunit *test)
{
	u8 frame[sizeof(odd)];
	struct atmo_packet pkt;
	size_t bit;

	KUNIT_ASSERT_EQ(test, parse(test, odd, sizeof(odd), &pkt), ATMO_PARSE_OK);
	for (bit = 8 * 14; bit < 8 * sizeof(odd); bit++) {
		bool in_ip = bit < 8 * 34;

		memcpy(frame, odd, sizeof(odd));
		frame[bit / 8] ^= 1 << (bit % 8);
		KUNIT_EXPECT_EQ_MSG(test, atmo_parse_l3_checksum_ok(frame, &pkt), !in_ip,
				    "bit %zu", bit);
		KUNIT_EXPECT_EQ_MSG(test, atmo_parse_l4_checksum_ok(frame, &pkt), in_ip,
				    "bit %zu", bit);
	}
}

/* Addresses are part of the sum: a datagram for another host is not right here. */
static void checksum_covers_addresses(struct kunit *test)
{
	struct atmo_packet pkt;

	KUNIT_ASSERT_EQ(test, parse(test, valid, sizeof(valid), &pkt), ATMO_PARSE_OK);
	pkt.daddr[0] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, atmo_parse_l4_checksum_ok(valid, &pkt));
}

/* The widely printed example of an IPv4 header, checksum 0xb861. */
static void checksum_of_known_ipv4_header(struct kunit *test)
{
	static const u8 header[] = {
		0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
	};
	const struct atmo_packet pkt = { .family = AF_INET };

	KUNIT_EXPECT_TRUE(test, atmo_parse_l3_checksum_ok(header, &pkt));
}

/**
 * struct vector - a valid frame, and what is known of it
 * @name: for people
 * @frame: the frame
 * @len: its length
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @l4_offset: first byte of TCP's or UDP's header
 * @payload_offset: first byte of the payload
 */
static const struct vector {
	const char *name;
	const u8 *frame;
	size_t len;
	u16 family;
	u8 protocol;
	u16 l4_offset;
	u16 payload_offset;
} vectors[] = {
	{ "TCP", tcp4, sizeof(tcp4), AF_INET, IPPROTO_TCP, 34, 58 },
	{ "TCP over IPv6", tcp6, sizeof(tcp6), AF_INET6, IPPROTO_TCP, 54, 78 },
	{ "UDP over IPv6", udp6, sizeof(udp6), AF_INET6, IPPROTO_UDP, 54, 62 },
};

static void vector_name(const struct vector *v, char *name)
{
	strscpy(name, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, vectors, vector_name);

static void other_kinds(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct atmo_packet pkt;

	KUNIT_ASSERT_EQ(test, parse(test, v->frame, v->len, &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_EQ(test, pkt.family, v->family);
	KUNIT_EXPECT_EQ(test, pkt.protocol, v->protocol);
	KUNIT_EXPECT_EQ(test, ntohs(pkt.sport), 12345);
	KUNIT_EXPECT_EQ(test, ntohs(pkt.dport), 9000);
	KUNIT_EXPECT_EQ(test, pkt.l4_offset, v->l4_offset);
	KUNIT_EXPECT_EQ(test, pkt.payload_offset, v->payload_offset);
	KUNIT_EXPECT_EQ(test, pkt.payload_len, 5);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.saddr[0]), v->family == AF_INET ? 0xc0000201 : 0x20010db8);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.daddr[3]), v->family == AF_INET ? 0 : 2);
	KUNIT_EXPECT_TRUE(test, atmo_parse_l3_checksum_ok(v->frame, &pkt));
	KUNIT_EXPECT_TRUE(test, atmo_parse_l4_checksum_ok(v->frame, &pkt));
}

static void other_kinds_truncated(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct atmo_packet pkt;
	size_t len;

	for (len = 0; len < v->len; len++)
		KUNIT_EXPECT_EQ_MSG(test, parse(test, v->frame, len, &pkt),
				    len < 14 ? ATMO_PARSE_OTHER : ATMO_PARSE_MALFORMED,
				    "%zu bytes", len);
}

/* Each bit of the segment or datagram counts, and so do its addresses. */
static void other_kinds_checksum(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct atmo_packet pkt;
	u8 frame[sizeof(tcp6)];
	size_t bit;

	memcpy(frame, v->frame, v->len);
	KUNIT_ASSERT_EQ(test, parse(test, frame, v->len, &pkt), ATMO_PARSE_OK);
	for (bit = 8 * v->l4_offset; bit < 8 * v->len; bit++) {
		frame[bit / 8] ^= 1 << (bit % 8);
		KUNIT_EXPECT_FALSE_MSG(test, atmo_parse_l4_checksum_ok(frame, &pkt), "bit %zu",
				       bit);
		frame[bit / 8] ^= 1 << (bit % 8);
	}
	pkt.saddr[0] ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, atmo_parse_l4_checksum_ok(frame, &pkt));
}

/* RFC 8200, 8.1: over IPv6 there is no datagram without a checksum. */
static void checksum_is_mandatory_in_ipv6(struct kunit *test)
{
	u8 frame[sizeof(udp6)];
	struct atmo_packet pkt;

	memcpy(frame, udp6, sizeof(frame));
	frame[60] = 0;
	frame[61] = 0;
	KUNIT_ASSERT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OK);
	KUNIT_EXPECT_FALSE(test, atmo_parse_l4_checksum_ok(frame, &pkt));
}

/* Five words of header at least, and no more than the segment has. */
static void every_tcp_header_length(struct kunit *test)
{
	u8 frame[sizeof(tcp4)];
	struct atmo_packet pkt;
	u32 words;

	memcpy(frame, tcp4, sizeof(frame));
	for (words = 0; words < 16; words++) {
		bool fits = words >= 5 && 34 + 4 * words <= sizeof(tcp4);

		frame[46] = words << 4;
		KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt),
				fits ? ATMO_PARSE_OK : ATMO_PARSE_MALFORMED);
		if (fits)
			KUNIT_EXPECT_EQ(test, pkt.payload_len, sizeof(tcp4) - 34 - 4 * words);
	}
}

/* Extension headers, ICMPv6 and the rest are Linux's. */
static void every_next_header(struct kunit *test)
{
	u8 frame[sizeof(tcp6)];
	struct atmo_packet pkt;
	u32 next;

	memcpy(frame, tcp6, sizeof(frame));
	for (next = 0; next <= 0xff; next++) {
		enum atmo_parse_result want = ATMO_PARSE_OTHER;

		if (next == 6)
			want = ATMO_PARSE_OK;
		else if (next == 17)		/* its length field is TCP's sequence number */
			want = ATMO_PARSE_MALFORMED;
		frame[20] = next;
		KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt), want);
	}
}

static void ipv6_sources_that_cannot_be(struct kunit *test)
{
	static const u8 impossible[][16] = {
		{ 0xff, 0x02, [15] = 1 }, { 0 }, { [15] = 1 }, { [10] = 0xff, 0xff, 192, 0, 2, 1 },
	};
	u8 frame[sizeof(udp6)];
	struct atmo_packet pkt;
	u32 i;

	memcpy(frame, udp6, sizeof(frame));
	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		memcpy(frame + 22, impossible[i], 16);
		KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OTHER);
	}
	memset(frame + 22, 0, 16);
	frame[37] = 2;
	KUNIT_EXPECT_EQ(test, parse(test, frame, sizeof(frame), &pkt), ATMO_PARSE_OK);
}

static struct kunit_case parse_cases[] = {
	KUNIT_CASE(valid_frame),
	KUNIT_CASE(truncated_at_every_byte),
	KUNIT_CASE(padded_at_every_length),
	KUNIT_CASE(total_length_lies),
	KUNIT_CASE(udp_length_lies),
	KUNIT_CASE(empty_datagram),
	KUNIT_CASE(every_version_and_header_length),
	KUNIT_CASE(every_fragment_word),
	KUNIT_CASE(every_protocol),
	KUNIT_CASE(every_ethertype),
	KUNIT_CASE(vlan_tag),
	KUNIT_CASE(sources_that_cannot_be),
	KUNIT_CASE(checksum_of_odd_length),
	KUNIT_CASE(checksum_of_all_ones),
	KUNIT_CASE(checksum_zero_is_none),
	KUNIT_CASE(checksum_sees_every_bit),
	KUNIT_CASE(checksum_covers_addresses),
	KUNIT_CASE(checksum_of_known_ipv4_header),
	KUNIT_CASE_PARAM(other_kinds, vector_gen_params),
	KUNIT_CASE_PARAM(other_kinds_truncated, vector_gen_params),
	KUNIT_CASE_PARAM(other_kinds_checksum, vector_gen_params),
	KUNIT_CASE(checksum_is_mandatory_in_ipv6),
	KUNIT_CASE(every_tcp_header_length),
	KUNIT_CASE(every_next_header),
	KUNIT_CASE(ipv6_sources_that_cannot_be),
	{}
};

static struct kunit_suite parse_suite = {
	.name = "atmo_demux_parse",
	.test_cases = parse_cases,
};

kunit_test_suite(parse_suite);

MODULE_DESCRIPTION("KUnit suite of the frame parser");
MODULE_LICENSE("GPL");
