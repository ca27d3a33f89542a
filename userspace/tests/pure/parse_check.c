// SPDX-License-Identifier: GPL-2.0
/*
 * Random frames and mutations of valid ones, each in a block of memory of
 * exactly its size. The parser must say what a reference says that was written
 * from the RFCs in another way: on a frame with an accessor that can't leave it.
 */
#include <string.h>
#include <sys/socket.h>

#include "../../../atmo_demux/alike.h"
#include "../../../atmo_demux/parse.h"
#include "check.h"

#define FRAME_MAX	1600

struct input {
	const u8 *bytes;
	size_t len;
};

/* The byte at @i, or -1 behind the end. */
static int at(const struct input *in, size_t i)
{
	return i < in->len ? in->bytes[i] : -1;
}

static int word_at(const struct input *in, size_t i)
{
	return at(in, i + 1) < 0 ? -1 : at(in, i) << 8 | at(in, i + 1);
}

/* UDP or TCP at @l4, to which IP gives @room bytes. */
static enum atmo_parse_result reference_l4(const struct input *in, int protocol, size_t l4,
					   int room, int *payload, int *payload_len)
{
	int length;

	if (at(in, l4 + (protocol == 17 ? 7 : 19)) < 0)
		return ATMO_PARSE_MALFORMED;
	if (room < 0 || (room > 0 && at(in, l4 + room - 1) < 0))
		return ATMO_PARSE_MALFORMED;
	if (protocol == 17) {
		length = word_at(in, l4 + 4);
		if (room < 8 || length < 8 || length > room)
			return ATMO_PARSE_MALFORMED;
		*payload = l4 + 8;
		*payload_len = length - 8;
		return ATMO_PARSE_OK;
	}
	length = at(in, l4 + 12) / 16;
	if (length < 5 || 4 * length > room)
		return ATMO_PARSE_MALFORMED;
	*payload = l4 + 4 * length;
	*payload_len = room - 4 * length;
	return ATMO_PARSE_OK;
}

static enum atmo_parse_result reference4(const struct input *in, int *payload, int *payload_len)
{
	int protocol = at(in, 23);

	if (at(in, 33) < 0)
		return ATMO_PARSE_MALFORMED;
	if (at(in, 14) / 16 != 4 || (protocol != 17 && protocol != 6))
		return ATMO_PARSE_OTHER;
	if (at(in, 14) % 16 > 5 || word_at(in, 20) % 0x4000 != 0)
		return ATMO_PARSE_OTHER;
	if (at(in, 26) == 0 || at(in, 26) == 127 || at(in, 26) > 223)
		return ATMO_PARSE_OTHER;
	if (at(in, 14) % 16 < 5)
		return ATMO_PARSE_MALFORMED;
	return reference_l4(in, protocol, 34, word_at(in, 16) - 20, payload, payload_len);
}

/* The number of leading zero bytes of the source address. */
static int zeros6(const struct input *in)
{
	int n;

	for (n = 0; n < 16 && at(in, 22 + n) == 0; n++)
		;
	return n;
}

static enum atmo_parse_result reference6(const struct input *in, int *payload, int *payload_len)
{
	int protocol = at(in, 20);

	if (at(in, 53) < 0)
		return ATMO_PARSE_MALFORMED;
	if (at(in, 14) / 16 != 6 || (protocol != 17 && protocol != 6))
		return ATMO_PARSE_OTHER;
	if (at(in, 22) == 255 || zeros6(in) == 16 || (zeros6(in) == 15 && at(in, 37) == 1) ||
	    (zeros6(in) == 10 && word_at(in, 32) == 0xffff))
		return ATMO_PARSE_OTHER;
	return reference_l4(in, protocol, 54, word_at(in, 18), payload, payload_len);
}

static enum atmo_parse_result reference(const struct input *in, int *payload, int *payload_len)
{
	*payload = 0;
	*payload_len = 0;
	if (word_at(in, 12) == 0x0800)
		return reference4(in, payload, payload_len);
	if (word_at(in, 12) == 0x86dd)
		return reference6(in, payload, payload_len);
	return ATMO_PARSE_OTHER;
}

/* Fields that say how the rest is to be read, where a wrong value does most. */
static const u8 interesting4[] = { 12, 13, 14, 16, 17, 20, 21, 23, 26, 38, 39, 46 };
static const u8 interesting6[] = { 12, 13, 14, 18, 19, 20, 22, 31, 32, 33, 37, 58, 59, 66 };

/* Headers of @room bytes of UDP or TCP, of the family that @six says. */
static void make_headers(u8 *frame, bool six, bool tcp, u16 room)
{
	u8 *l4 = frame + (six ? 54 : 34);

	if (six) {
		memcpy(frame + 12, "\x86\xdd\x60", 3);
		frame[18] = room >> 8;
		frame[19] = room & 0xff;
		frame[20] = tcp ? 6 : 17;
		frame[22] = check_random() % 4 ? 0x20 : 0;
		if (check_random() % 4 == 0)
			memset(frame + 22, 0, 10 + check_random() % 6);
	} else {
		memcpy(frame + 12, "\x08\x00\x45", 3);
		frame[16] = (room + 20) >> 8;
		frame[17] = (room + 20) & 0xff;
		frame[20] = check_random() % 4 ? 0x40 : 0;
		frame[21] = 0;
		frame[23] = tcp ? 6 : 17;
		frame[26] = 10;
	}
	if (tcp) {
		l4[12] = check_random() % 2 ? 0x50 : check_random();
	} else {
		l4[4] = room >> 8;
		l4[5] = room & 0xff;
	}
}

static size_t make_frame(u8 *frame)
{
	size_t payload = check_random() % 8 ? check_random() % 64 : check_random() % 1400;
	bool six = check_random() % 2, tcp = check_random() % 2;
	u16 room = payload + (tcp ? 20 : 8);
	size_t len = (six ? 54 : 34) + room;
	u32 i, n;

	for (i = 0; i < FRAME_MAX; i++)
		frame[i] = check_random();
	if (check_random() % 16 == 0)
		return check_random() % FRAME_MAX;
	make_headers(frame, six, tcp, room);
	for (n = check_random() % 4; n; n--) {
		i = six ? interesting6[check_random() % sizeof(interesting6)] :
			  interesting4[check_random() % sizeof(interesting4)];
		frame[i] = check_random() % 2 ? check_random() : frame[i] + check_random() % 5 - 2;
	}
	switch (check_random() % 4) {
	case 0:
		len = check_random() % (len + 1);
		break;
	case 1:
		len += check_random() % 32;
		break;
	default:
		break;
	}
	return len;
}

/* What is said of a good frame is what stands in it. */
static void check_fields(const u8 *frame, size_t len, const struct atmo_packet *pkt)
{
	bool six = pkt->family == AF_INET6;

	CHECK(six || pkt->family == AF_INET);
	CHECK(pkt->l3_offset == 14 && pkt->l4_offset == (six ? 54 : 34));
	CHECK(pkt->protocol == frame[six ? 20 : 23]);
	CHECK((size_t)pkt->payload_offset + pkt->payload_len <= len);
	CHECK(!memcmp(pkt->saddr, frame + (six ? 22 : 26), six ? 16 : 4));
	CHECK(!memcmp(pkt->daddr, frame + (six ? 38 : 30), six ? 16 : 4));
	CHECK(six || (!pkt->saddr[1] && !pkt->saddr[2] && !pkt->saddr[3]));
	CHECK(six || (!pkt->daddr[1] && !pkt->daddr[2] && !pkt->daddr[3]));
	CHECK(!memcmp(&pkt->sport, frame + pkt->l4_offset, 2));
	CHECK(!memcmp(&pkt->dport, frame + pkt->l4_offset + 2, 2));
}

/* One's complement sum, the textbook's way. */
static u16 checksum(const u8 *p, size_t len, u32 sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Puts the right checksums into the frame, then breaks one bit of what they cover. */
static void check_checksums(u8 *frame, const struct atmo_packet *pkt)
{
	u8 *l4 = frame + pkt->l4_offset;
	size_t len = pkt->payload_offset + pkt->payload_len - pkt->l4_offset;
	size_t at = pkt->protocol == 17 ? 6 : 16;
	u16 sum;

	memset(l4 + at, 0, 2);
	if (pkt->protocol == 17)
		CHECK(atmo_parse_l4_checksum_ok(frame, pkt) == (pkt->family == AF_INET));
	sum = checksum((const u8 *)pkt->saddr, 16, pkt->protocol + len);
	sum = checksum((const u8 *)pkt->daddr, 16, sum);
	sum = ~checksum(l4, len, sum);
	if (!sum)
		sum = 0xffff;
	l4[at] = sum >> 8;
	l4[at + 1] = sum & 0xff;
	CHECK(atmo_parse_l4_checksum_ok(frame, pkt));
	at = check_random() % len;
	l4[at] ^= 1 << check_random() % 8;
	/* A bit of the checksum that was its last one makes "none". */
	if (pkt->protocol != 17 || l4[6] || l4[7])
		CHECK(!atmo_parse_l4_checksum_ok(frame, pkt));
	if (pkt->family == AF_INET6)
		CHECK(atmo_parse_l3_checksum_ok(frame, pkt));
}

static void check_one(const u8 *frame, size_t len)
{
	static const struct atmo_packet nothing;
	u8 *copy = malloc(len ? len : 1);
	struct input in = { copy, len };
	int payload, payload_len;
	enum atmo_parse_result result;
	struct atmo_packet pkt;

	CHECK(copy);
	memcpy(copy, frame, len);
	result = atmo_parse(copy, len, &pkt);
	CHECK(result == reference(&in, &payload, &payload_len));
	CHECK(pkt.payload_offset == payload && pkt.payload_len == payload_len);
	if (result == ATMO_PARSE_OTHER)
		CHECK(!memcmp(&pkt, &nothing, sizeof(pkt)));
	if (result == ATMO_PARSE_OK) {
		check_fields(copy, len, &pkt);
		check_checksums(copy, &pkt);
	}
	free(copy);
}

/* No more than the promised part of the frame is read: a copy of it will do. */
static void check_snapshot(const u8 *frame, size_t len)
{
	size_t snap = len < ATMO_PARSE_LEN ? len : ATMO_PARSE_LEN;
	u8 *copy = malloc(snap ? snap : 1);
	struct atmo_packet a, b;

	CHECK(copy);
	memcpy(copy, frame, snap);
	CHECK(atmo_parse(copy, len, &a) == atmo_parse(frame, len, &b));
	CHECK(!memcmp(&a, &b, sizeof(a)));
	free(copy);
}

/* Which destination MAC addresses go with which destinations. */
static void check_dmac(void)
{
	static const u8 mac[] = { 0x02, 0, 0, 0, 0, 0x01 };
	u8 group4[] = { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 };
	u8 group6[] = { 0x33, 0x33, 0x00, 0x01, 0x02, 0x03 };
	struct atmo_packet four = { .family = AF_INET }, six = { .family = AF_INET6 };
	u32 bit;

	memcpy(four.daddr, "\x0a\x01\x02\x03", 4);
	memcpy(six.daddr, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03", 16);
	CHECK(atmo_parse_dmac_ok(mac, &four, mac) && atmo_parse_dmac_ok(mac, &six, mac));
	CHECK(!atmo_parse_dmac_ok(group4, &four, mac) && !atmo_parse_dmac_ok(group6, &six, mac));
	memcpy(four.daddr, "\xef\x81\x02\x03", 4);
	memcpy(six.daddr, "\xff\x02", 2);
	CHECK(atmo_parse_dmac_ok(group4, &four, mac) && atmo_parse_dmac_ok(group6, &six, mac));
	CHECK(!atmo_parse_dmac_ok(mac, &four, mac) && !atmo_parse_dmac_ok(mac, &six, mac));
	for (bit = 0; bit < 48; bit++) {
		group4[bit / 8] ^= 1 << bit % 8;
		group6[bit / 8] ^= 1 << bit % 8;
		CHECK(!atmo_parse_dmac_ok(group4, &four, mac));
		CHECK(!atmo_parse_dmac_ok(group6, &six, mac));
		group4[bit / 8] ^= 1 << bit % 8;
		group6[bit / 8] ^= 1 << bit % 8;
	}
}

/*
 * What is alike to a frame of some flow is of that flow: alike are those that differ in
 * length, identification, time to live and checksum only. Of a datagram only the lengths
 * can be wrong then.
 */
static void check_alike(const u8 *frame, size_t len)
{
	struct atmo_packet pkt, other;
	u8 changed[FRAME_MAX];
	bool good, alike = true;
	u32 i, n;

	if (atmo_parse(frame, len, &pkt) != ATMO_PARSE_OK || pkt.family != AF_INET)
		return;
	memcpy(changed, frame, FRAME_MAX);
	for (n = check_random() % 4; n; n--)
		changed[check_random() % 44] ^= 1 << check_random() % 8;
	for (i = 0; i < ATMO_ALIKE_LEN; i++)
		if ((i < 16 || i > 19) && i != 22 && i != 24 && i != 25)
			alike = alike && changed[i] == frame[i];
	CHECK(atmo_is_alike(changed, frame) == alike);
	if (!alike)
		return;
	if (check_random() % 4 == 0)
		len = ATMO_ALIKE_LEN + check_random() % 8;
	good = atmo_parse(changed, len, &other) == ATMO_PARSE_OK;
	if (pkt.protocol == 17)
		CHECK(atmo_alike_len_ok(changed, len) == good);
	if (good)
		CHECK(other.protocol == pkt.protocol && other.sport == pkt.sport &&
		      other.dport == pkt.dport && other.saddr[0] == pkt.saddr[0] &&
		      other.daddr[0] == pkt.daddr[0]);
}

void check_parse(u32 nr_frames)
{
	u8 frame[FRAME_MAX];
	size_t len;

	check_dmac();
	while (nr_frames--) {
		len = make_frame(frame);
		check_one(frame, len);
		check_snapshot(frame, len);
		check_alike(frame, len);
	}
}
