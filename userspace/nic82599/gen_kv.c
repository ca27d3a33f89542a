// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to memcached in the place of tagged payload (memcached's doc/protocol.txt:
 * a frame header of 8 bytes, then text), and their answers.
 *
 * What a request says depends on nothing but the settings and its number in the run,
 * of which the header carries the last 16 bits. So an answer is judged without
 * keeping the request; of each only the time is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "gen_run.h"

#define HEADERS		42u	/* Ethernet, IPv4, UDP */
#define KV_HEADER	8u
#define KEY_DIGITS	10u
#define NR_IDS		65536u

struct request {
	uint32_t key;
	bool is_set;
};

static uint64_t mix64(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static struct request request_of(const struct gen_config *c, uint64_t nr)
{
	uint64_t hash = mix64(nr + 1);

	return (struct request){
		.key = (uint32_t)((c->sweep ? nr : hash >> 16) % c->keys),
		.is_set = (hash & 0xffff) * 100 >> 16 < c->sets,
	};
}

static uint8_t *put_text(uint8_t *p, const char *text)
{
	size_t len = strlen(text);

	memcpy(p, text, len);
	return p + len;
}

/* @digits of them, or with 0 as many as it takes */
static uint8_t *put_number(uint8_t *p, uint32_t n, unsigned int digits)
{
	uint32_t rest = n;
	unsigned int i;

	for (i = 1; !digits && (rest /= 10); i++)
		;
	digits = digits ? digits : i;
	for (i = digits; i--; n /= 10)
		p[i] = (uint8_t)('0' + n % 10);
	return p + digits;
}

static uint8_t *put_key(uint8_t *p, uint32_t key)
{
	*p++ = 'k';
	return put_number(p, key, KEY_DIGITS);
}

static uint8_t *put_value(uint8_t *p, uint32_t len)
{
	p = put_text(put_number(p, len, 0), "\r\n");
	memset(p, 'v', len);
	return put_text(p + len, "\r\n");
}

size_t gen_kv_request(const struct gen_config *c, uint64_t nr, uint8_t *p)
{
	const uint8_t header[KV_HEADER] = { (uint8_t)(nr >> 8), (uint8_t)nr, 0, 0, 0, 1 };
	struct request q = request_of(c, nr);
	uint8_t *end = p + KV_HEADER;

	memcpy(p, header, KV_HEADER);
	end = put_key(put_text(end, q.is_set ? "set " : "get "), q.key);
	if (q.is_set)
		end = put_value(put_text(end, " 0 0 "), c->value);
	else
		end = put_text(end, "\r\n");
	return (size_t)(end - p);
}

/* What the answer's text has to be; with @miss that to a key that isn't there. */
static size_t expected(const struct gen_config *c, struct request q, bool miss, uint8_t *p)
{
	uint8_t *end = p;

	if (q.is_set) {
		end = put_text(end, "STORED\r\n");
	} else {
		if (!miss)
			end = put_value(put_text(put_key(put_text(end, "VALUE "), q.key), " 0 "),
					c->value);
		end = put_text(end, "END\r\n");
	}
	return (size_t)(end - p);
}

static bool text_is(const struct gen_config *c, struct request q, bool miss, const uint8_t *p,
		    size_t len)
{
	uint8_t want[GEN_SIZE_MAX];

	return expected(c, q, miss, want) == len && !memcmp(p, want, len);
}

bool gen_kv_begin(struct gen_run *r)
{
	r->asked_ns = calloc(NR_IDS, sizeof(*r->asked_ns));
	return r->asked_ns;
}

void gen_kv_sent(struct gen_run *r, uint64_t nr, uint64_t ns)
{
	r->asked_ns[nr % NR_IDS] = ns;
}

/* Numbers begin with 0; the last one with these 16 bits. False: there is none. */
static bool number_of(const struct gen_run *r, const uint8_t *p, uint64_t *nr)
{
	uint64_t back = (r->sent - 1 - (uint64_t)(p[0] << 8 | p[1])) % NR_IDS;

	*nr = r->sent - 1 - back;
	return r->sent > back;
}

bool gen_kv_take(struct gen_run *r, const uint8_t *f, size_t len, uint64_t now)
{
	static const uint8_t rest[6] = { 0, 0, 0, 1, 0, 0 };
	const struct gen_config *c = &r->config;
	const uint8_t *p = f + HEADERS;
	struct gen_tag t = { .run = r->id };
	struct gen_diff d = { .at = GEN_AT_LENGTH };
	struct request q;
	uint64_t nr, *asked;
	size_t text;
	bool miss;

	if (len < HEADERS + KV_HEADER || memcmp(p + 2, rest, sizeof(rest)) ||
	    !number_of(r, p, &nr))
		return false;
	t.flow = (uint16_t)(nr % c->flows);
	t.seq = (uint32_t)(nr / c->flows);
	if (!gen_frame_answers(c, &t, f, len, &text))
		return false;
	asked = &r->asked_ns[nr % NR_IDS];
	q = request_of(c, nr);
	miss = text_is(c, q, true, p + KV_HEADER, text - KV_HEADER) && !q.is_set;
	gen_run_arrived(r, len, now);
	if (!miss && !text_is(c, q, false, p + KV_HEADER, text - KV_HEADER)) {
		gen_run_corrupt(r, &t, &d);
	} else if (!*asked) {
		r->duplicates++;
	} else {
		r->misses += miss;
		gen_run_good(r, now - *asked);
		*asked = 0;
	}
	return true;
}
