// SPDX-License-Identifier: GPL-2.0
/* Writing pcapng. Blocks are in host order, which the section header tells. */
#include <assert.h>
#include <string.h>

#include "pcapng.h"

#define SECTION_HEADER		0x0a0d0d0a
#define BYTE_ORDER_MAGIC	0x1a2b3c4d
#define INTERFACE		1
#define STATISTICS		5
#define ENHANCED_PACKET		6
#define LINKTYPE_ETHERNET	1

/* Options, by block. */
#define OPT_END			0
#define OPT_COMMENT		1
#define SHB_USERAPPL		4
#define IF_NAME			2
#define IF_TSRESOL		9
#define IF_FILTER		11
#define EPB_FLAGS		2
#define ISB_STARTTIME		2
#define ISB_ENDTIME		3
#define ISB_IFRECV		4
#define ISB_IFDROP		5
#define ISB_FILTERACCEPT	6

#define NANOSECONDS		9	/* 10^-9 */
#define FLAG_INBOUND		1
#define FLAG_OUTBOUND		2

/* What options may say; the rest is cut off. */
#define MAX_TEXT		4096

/* A block but for its frame: all there is fits. */
struct block {
	size_t len;
	unsigned char bytes[4 * MAX_TEXT];
};

static void add(struct block *b, const void *data, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	assert(padded <= sizeof(b->bytes) - b->len);
	memset(b->bytes + b->len, 0, padded);
	memcpy(b->bytes + b->len, data, len);
	b->len += padded;
}

static void add_u32(struct block *b, __u32 value)
{
	add(b, &value, sizeof(value));
}

/* High word first, whatever the byte order. */
static void add_time(struct block *b, __u64 time_ns)
{
	add_u32(b, time_ns >> 32);
	add_u32(b, (__u32)time_ns);
}

static void add_option(struct block *b, __u16 code, const void *data, size_t len)
{
	const __u16 head[2] = { code, len };

	add(b, head, sizeof(head));
	add(b, data, len);
}

static void add_text(struct block *b, __u16 code, const char *text)
{
	if (text)
		add_option(b, code, text, strnlen(text, MAX_TEXT));
}

static void add_count(struct block *b, __u16 code, __u64 value)
{
	add_option(b, code, &value, sizeof(value));
}

static void add_time_option(struct block *b, __u16 code, __u64 time_ns)
{
	const __u32 words[2] = { time_ns >> 32, (__u32)time_ns };

	add_option(b, code, words, sizeof(words));
}

/* Of the block, @before bytes come before the frame, the options behind it. */
static void put(FILE *out, __u32 type, const struct block *b, size_t before,
		const void *frame, size_t len)
{
	static const unsigned char zeroes[3];
	size_t pad = -len & 3;
	__u32 total = 12 + b->len + len + pad;

	fwrite(&type, sizeof(type), 1, out);
	fwrite(&total, sizeof(total), 1, out);
	fwrite(b->bytes, before, 1, out);
	fwrite(frame, len, 1, out);
	fwrite(zeroes, pad, 1, out);
	fwrite(b->bytes + before, b->len - before, 1, out);
	fwrite(&total, sizeof(total), 1, out);
}

static void put_block(FILE *out, __u32 type, const struct block *b)
{
	put(out, type, b, b->len, "", 0);
}

void pcapng_begin(FILE *out, const struct pcapng_about *about)
{
	const __u16 version[2] = { 1, 0 };
	const __s64 unknown_length = -1;
	const unsigned char resolution = NANOSECONDS;
	const __u16 link[2] = { LINKTYPE_ETHERNET, 0 };
	char filter[MAX_TEXT];
	int len;
	struct block b = { 0 };

	add_u32(&b, BYTE_ORDER_MAGIC);
	add(&b, version, sizeof(version));
	add(&b, &unknown_length, sizeof(unknown_length));
	add_text(&b, OPT_COMMENT, about->comment);
	add_text(&b, SHB_USERAPPL, about->program);
	add_u32(&b, OPT_END);
	put_block(out, SECTION_HEADER, &b);

	b.len = 0;
	add(&b, link, sizeof(link));
	add_u32(&b, about->snaplen);
	add_text(&b, IF_NAME, about->device);
	add_option(&b, IF_TSRESOL, &resolution, sizeof(resolution));
	if (about->filter) {
		/* 0: a pcap expression follows. */
		len = snprintf(filter, sizeof(filter), "%c%s", 0, about->filter);
		add_option(&b, IF_FILTER, filter, len < MAX_TEXT ? len : MAX_TEXT - 1);
	}
	add_u32(&b, OPT_END);
	put_block(out, INTERFACE, &b);
}

void pcapng_write(FILE *out, const struct pcapng_frame *frame)
{
	const __u32 flags = frame->inbound ? FLAG_INBOUND : FLAG_OUTBOUND;
	struct block b;
	size_t before;

	/* Not all of it: of its 16 KiB a packet needs some dozens of bytes. */
	b.len = 0;
	add_u32(&b, 0);
	add_time(&b, frame->time_ns);
	add_u32(&b, frame->caplen);
	add_u32(&b, frame->len);
	before = b.len;
	add_text(&b, OPT_COMMENT, frame->comment);
	add_option(&b, EPB_FLAGS, &flags, sizeof(flags));
	add_u32(&b, OPT_END);
	put(out, ENHANCED_PACKET, &b, before, frame->data, frame->caplen);
}

void pcapng_end(FILE *out, const struct pcapng_totals *totals)
{
	struct block b = { 0 };

	add_u32(&b, 0);
	add_time(&b, totals->end_ns);
	add_time_option(&b, ISB_STARTTIME, totals->start_ns);
	add_time_option(&b, ISB_ENDTIME, totals->end_ns);
	if (totals->counted) {
		add_count(&b, ISB_IFRECV, totals->received);
		add_count(&b, ISB_IFDROP, totals->dropped);
	}
	add_count(&b, ISB_FILTERACCEPT, totals->written);
	add_u32(&b, OPT_END);
	put_block(out, STATISTICS, &b);
}
