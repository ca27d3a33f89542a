// SPDX-License-Identifier: GPL-2.0
/*
 * Random frames and mutations of valid ones, each in a block of memory of
 * exactly its size. The parser must say what a reference says that was written
 * from the RFCs in another way: on a frame with an accessor that can't leave it.
 */
#include <string.h>

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

static enum atmo_parse_result reference(const struct input *in, u16 *payload_len)
{
	int total = word_at(in, 16);
	int udp = word_at(in, 38);

	*payload_len = 0;
	if (word_at(in, 12) != 0x0800)
		return ATMO_PARSE_OTHER;
	if (at(in, 33) < 0)
		return ATMO_PARSE_MALFORMED;
	if (at(in, 14) / 16 != 4 || at(in, 23) != 17)
		return ATMO_PARSE_OTHER;
	if (at(in, 14) % 16 > 5 || word_at(in, 20) % 0x4000 != 0)
		return ATMO_PARSE_OTHER;
	if (at(in, 26) == 0 || at(in, 26) == 127 || at(in, 26) > 223)
		return ATMO_PARSE_OTHER;
	if (at(in, 14) % 16 < 5 || at(in, 41) < 0)
		return ATMO_PARSE_MALFORMED;
	if (total < 28 || (size_t)total + 14 > in->len || udp < 8 || udp > total - 20)
		return ATMO_PARSE_MALFORMED;
	*payload_len = udp - 8;
	return ATMO_PARSE_OK;
}

/* Fields that say how the rest is to be read, where a wrong value does most. */
static const u8 interesting[] = { 12, 13, 14, 16, 17, 20, 21, 23, 26, 38, 39, 40, 41 };

static size_t make_frame(u8 *frame)
{
	size_t payload = check_random() % 8 ? check_random() % 64 : check_random() % 1500;
	u16 total = 28 + payload;
	size_t len = 14 + total;
	u32 i, n;

	for (i = 0; i < FRAME_MAX; i++)
		frame[i] = check_random();
	if (check_random() % 16 == 0)
		return check_random() % FRAME_MAX;
	memcpy(frame + 12, "\x08\x00\x45", 3);
	frame[16] = total >> 8;
	frame[17] = total & 0xff;
	frame[20] = check_random() % 4 ? 0x40 : 0;
	frame[21] = 0;
	frame[23] = 17;
	frame[26] = 10;
	frame[38] = (total - 20) >> 8;
	frame[39] = (total - 20) & 0xff;
	for (n = check_random() % 4; n; n--) {
		i = interesting[check_random() % sizeof(interesting)];
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

static void check_one(const u8 *frame, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	struct input in = { copy, len };
	enum atmo_parse_result result;
	struct atmo_packet pkt;
	u16 payload_len;

	CHECK(copy);
	memcpy(copy, frame, len);
	result = atmo_parse_udp4(copy, len, &pkt);
	CHECK(result == reference(&in, &payload_len));
	CHECK(pkt.payload_len == payload_len);
	if (result == ATMO_PARSE_OK) {
		CHECK(pkt.l3_offset == 14 && pkt.l4_offset == 34 && pkt.payload_offset == 42);
		CHECK((size_t)pkt.payload_offset + pkt.payload_len <= len);
		CHECK(!memcmp(&pkt.daddr, copy + 30, 4) && !memcmp(&pkt.dport, copy + 36, 2));
		/* Their answer doesn't matter here; what they read does. */
		atmo_parse_ipv4_checksum_ok(copy, &pkt);
		atmo_parse_udp4_checksum_ok(copy, &pkt);
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
	CHECK(atmo_parse_udp4(copy, len, &a) == atmo_parse_udp4(frame, len, &b));
	CHECK(!memcmp(&a, &b, sizeof(a)));
	free(copy);
}

void check_parse(u32 nr_frames)
{
	u8 frame[FRAME_MAX];
	size_t len;

	while (nr_frames--) {
		len = make_frame(frame);
		check_one(frame, len);
		check_snapshot(frame, len);
	}
}
