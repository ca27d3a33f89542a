// SPDX-License-Identifier: GPL-2.0
#include "kv_proto.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const kv_error_frame = "SERVER_ERROR multi-packet request not supported\r\n";
const char *const kv_error_full = "SERVER_ERROR out of memory storing object\r\n";
static const char error_name[] = "ERROR\r\n";
static const char error_line[] = "CLIENT_ERROR bad command line format\r\n";
static const char error_data[] = "CLIENT_ERROR bad data chunk\r\n";
static const char error_size[] = "SERVER_ERROR object too large for cache\r\n";
static const char error_reply[] = "SERVER_ERROR out of memory writing get response\r\n";

static_assert(KV_FRAME_LEN + sizeof(error_reply) - 1 <= KV_MIN_ROOM, "no room for an error");

/* Longer expiration times than 30 days are Unix times. */
#define MAX_RELATIVE	(60 * 60 * 24 * 30)
/* Words of the longest command but get: set KEY FLAGS EXPTIME BYTES noreply. */
#define MAX_WORDS	6

static bool str_is(struct kv_str s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.p, word, s.len);
}

/* Takes the next word off a line; false: there is none. */
static bool next_word(struct kv_str *line, struct kv_str *word)
{
	size_t i = 0;

	while (i < line->len && line->p[i] == ' ')
		i++;
	word->p = line->p + i;
	word->len = 0;
	while (i < line->len && line->p[i] != ' ') {
		i++;
		word->len++;
	}
	line->p += i;
	line->len -= i;
	return word->len > 0;
}

bool kv_next_key(struct kv_str *list, struct kv_str *key)
{
	return next_word(list, key);
}

/* Takes a line off the text, without its end; false: it has none. */
static bool next_line(struct kv_str *text, struct kv_str *line)
{
	const char *end = memchr(text->p, '\n', text->len);

	if (!end)
		return false;
	line->p = text->p;
	line->len = (size_t)(end - text->p);
	text->len -= line->len + 1;
	text->p = end + 1;
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* No control characters: a space would have ended the word. */
static bool key_is_valid(struct kv_str key, size_t key_max)
{
	size_t i;

	if (!key.len || key.len > key_max)
		return false;
	for (i = 0; i < key.len; i++)
		if ((unsigned char)key.p[i] < 0x21 || key.p[i] == 0x7f)
			return false;
	return true;
}

/* A decimal number, with a sign if @min is negative. */
static bool number(struct kv_str s, int64_t min, int64_t max, int64_t *value)
{
	bool minus = min < 0 && s.len && s.p[0] == '-';
	size_t i = minus;
	int64_t n = 0;

	/* 18 digits can't overflow. */
	if (i == s.len || s.len - i > 18)
		return false;
	for (; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (s.p[i] - '0');
	}
	*value = minus ? -n : n;
	return *value >= min && *value <= max;
}

static uint32_t expiry(int64_t exptime, uint32_t now)
{
	if (!exptime)
		return 0;
	if (exptime < 0)
		return 1;
	if (exptime <= MAX_RELATIVE)
		return now + (uint32_t)exptime;
	return exptime > UINT32_MAX ? UINT32_MAX : (uint32_t)exptime;
}

static const char *parse_get(struct kv_str line, size_t key_max, struct kv_command *cmd)
{
	struct kv_str key;

	cmd->key = line;
	if (!next_word(&line, &key))
		return error_name;
	do {
		if (!key_is_valid(key, key_max))
			return error_line;
	} while (next_word(&line, &key));
	return NULL;
}

/* Takes the data block off the text; what is too long or has no end is lost. */
static const char *take_block(struct kv_str *text, size_t len, struct kv_str *value)
{
	struct kv_str rest = *text;

	text->len = 0;
	if (rest.len < len + 2 || rest.p[len] != '\r' || rest.p[len + 1] != '\n')
		return error_data;
	value->p = rest.p;
	value->len = len;
	text->p = rest.p + len + 2;
	text->len = rest.len - len - 2;
	return NULL;
}

/* @w: key, flags, exptime, bytes, perhaps noreply. */
static const char *parse_set(struct kv_str *text, struct kv_str *w, unsigned int nr,
			     uint32_t now, size_t key_max, size_t value_max,
			     struct kv_command *cmd)
{
	int64_t flags, exptime, len;
	const char *error;

	if (nr < 4 || nr > 5)
		return error_name;
	if (nr == 5 && !str_is(w[4], "noreply"))
		return error_line;
	if (!key_is_valid(w[0], key_max) || !number(w[1], 0, UINT32_MAX, &flags) ||
	    !number(w[2], INT32_MIN, UINT32_MAX, &exptime) ||
	    !number(w[3], 0, INT32_MAX, &len)) {
		/* Where the data block ends is anyone's guess. */
		text->len = 0;
		return error_line;
	}
	cmd->key = w[0];
	cmd->flags = (uint32_t)flags;
	cmd->expires = expiry(exptime, now);
	cmd->noreply = nr == 5;
	error = take_block(text, (size_t)len, &cmd->value);
	return (size_t)len > value_max ? error_size : error;
}

/* @w: key, perhaps a 0 as old clients send it, perhaps noreply. */
static const char *parse_delete(struct kv_str *w, unsigned int nr, size_t key_max,
				struct kv_command *cmd)
{
	if (!nr || nr > 3)
		return error_name;
	cmd->noreply = nr > 1 && str_is(w[nr - 1], "noreply");
	nr -= cmd->noreply;
	if (nr > 2 || (nr == 2 && !str_is(w[1], "0")) || !key_is_valid(w[0], key_max))
		return error_line;
	cmd->key = w[0];
	return NULL;
}

static const char *parse_flush_all(struct kv_str *w, unsigned int nr, struct kv_command *cmd)
{
	int64_t delay;

	cmd->noreply = nr && str_is(w[nr - 1], "noreply");
	nr -= cmd->noreply;
	/* Only at once. */
	if (nr > 1 || (nr && !number(w[0], 0, 0, &delay)))
		return error_line;
	return NULL;
}

static const struct {
	const char *name;
	enum kv_op op;
} commands[] = {
	{ "get", KV_GET }, { "set", KV_SET }, { "delete", KV_DELETE },
	{ "version", KV_VERSION }, { "stats", KV_STATS }, { "flush_all", KV_FLUSH_ALL },
	{ "quit", KV_QUIT }, { NULL, KV_QUIT },
};

static bool find_command(struct kv_str name, enum kv_op *op)
{
	size_t i;

	for (i = 0; commands[i].name; i++) {
		if (str_is(name, commands[i].name)) {
			*op = commands[i].op;
			return true;
		}
	}
	return false;
}

const char *kv_parse(struct kv_str *text, uint32_t now, size_t key_max, size_t value_max,
		     struct kv_command *cmd)
{
	struct kv_str line, name, w[MAX_WORDS] = { 0 };
	unsigned int nr = 0;

	*cmd = (struct kv_command){ 0 };
	if (!next_line(text, &line)) {
		text->len = 0;
		return error_line;
	}
	if (!next_word(&line, &name) || !find_command(name, &cmd->op))
		return error_name;
	if (cmd->op == KV_GET)
		return parse_get(line, key_max, cmd);
	while (nr < MAX_WORDS && next_word(&line, &w[nr]))
		nr++;

	switch (cmd->op) {
	case KV_SET:
		return parse_set(text, w, nr, now, key_max, value_max, cmd);
	case KV_DELETE:
		return parse_delete(w, nr, key_max, cmd);
	case KV_FLUSH_ALL:
		return parse_flush_all(w, nr, cmd);
	default:
		return nr ? error_name : NULL;
	}
}

int kv_frame(const uint8_t *data, size_t len, uint16_t *id, struct kv_str *text)
{
	if (len < KV_FRAME_LEN)
		return -1;
	*id = (uint16_t)(data[0] << 8 | data[1]);
	text->p = (const char *)data + KV_FRAME_LEN;
	text->len = len - KV_FRAME_LEN;
	/* Sequence number 0 of a total of 1. */
	return data[2] || data[3] || data[4] || data[5] != 1;
}

void kv_reply_init(struct kv_reply *r, uint8_t *first, size_t room,
		   uint8_t *(*more)(void *ctx), void *ctx)
{
	r->buf[0] = first;
	r->len[0] = KV_FRAME_LEN;
	r->nr = 1;
	r->room = room;
	r->more = more;
	r->ctx = ctx;
	r->lost = false;
}

static bool reply_grow(struct kv_reply *r)
{
	if (r->nr < KV_MAX_DATAGRAMS)
		r->buf[r->nr] = r->more(r->ctx);
	if (r->nr == KV_MAX_DATAGRAMS || !r->buf[r->nr]) {
		r->lost = true;
		return false;
	}
	r->len[r->nr++] = KV_FRAME_LEN;
	return true;
}

void kv_reply_add(struct kv_reply *r, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t part, *used;

	while (len && !r->lost) {
		used = &r->len[r->nr - 1];
		part = r->room - *used < len ? r->room - *used : len;
		memcpy(r->buf[r->nr - 1] + *used, from, part);
		*used += part;
		from += part;
		len -= part;
		if (len)
			reply_grow(r);
	}
}

void kv_reply_line(struct kv_reply *r, const char *line)
{
	kv_reply_add(r, line, strlen(line));
}

void kv_reply_value(struct kv_reply *r, struct kv_str key, uint32_t flags, const void *value,
		    size_t len)
{
	char numbers[32];
	int n = snprintf(numbers, sizeof(numbers), " %u %zu\r\n", flags, len);

	kv_reply_line(r, "VALUE ");
	kv_reply_add(r, key.p, key.len);
	kv_reply_add(r, numbers, (size_t)n);
	kv_reply_add(r, value, len);
	kv_reply_line(r, "\r\n");
}

unsigned int kv_reply_finish(struct kv_reply *r, uint16_t id)
{
	unsigned int i, nr = r->nr;

	if (r->lost) {
		/* One datagram says so; the caller still has r->nr buffers. */
		nr = 1;
		memcpy(r->buf[0] + KV_FRAME_LEN, error_reply, sizeof(error_reply) - 1);
		r->len[0] = KV_FRAME_LEN + sizeof(error_reply) - 1;
	}
	if (r->len[0] == KV_FRAME_LEN)
		return 0;
	for (i = 0; i < nr; i++) {
		r->buf[i][0] = (uint8_t)(id >> 8);
		r->buf[i][1] = (uint8_t)id;
		r->buf[i][2] = 0;
		r->buf[i][3] = (uint8_t)i;
		r->buf[i][4] = 0;
		r->buf[i][5] = (uint8_t)nr;
		r->buf[i][6] = 0;
		r->buf[i][7] = 0;
	}
	return nr;
}
