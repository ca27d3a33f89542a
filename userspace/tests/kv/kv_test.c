// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the key-value store's parts that know no sockets: table, store,
 * protocol, and requests made of garbage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kv_serve.h"

#define NOW	1000000000u
#define ROOM	1472
#define NR_OF(array)	(sizeof(array) / sizeof((array)[0]))

/* xorshift: the same numbers in every run. */
static uint64_t seed = 88172645463325252ull;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

/* The published values of FNV-1a for these strings. */
static void hash_is_fnv1a(void **state)
{
	(void)state;
	assert_true(kv_hash("", 0) == 0xcbf29ce484222325ull);
	assert_true(kv_hash("a", 1) == 0xaf63dc4c8601ec8cull);
	assert_true(kv_hash("foobar", 6) == 0x85944171f73967e8ull);
}

#define NR_KEYS	64

static size_t key_of(uint32_t i, char *key)
{
	return (size_t)sprintf(key, "key%u", i);
}

/* What the table must hold, by key: 0: nothing. */
static void check_all(const struct kv_table *t, const uint32_t *expected, uint64_t spread)
{
	struct kv_entry *entry;
	uint32_t i, nr = 0, value;
	char key[16];
	size_t len;

	for (i = 0; i < NR_KEYS; i++) {
		len = key_of(i, key);
		entry = kv_table_find(t, kv_hash(key, len) & spread, key, len);
		assert_int_equal(!!entry, !!expected[i]);
		if (!entry)
			continue;
		nr++;
		memcpy(&value, kv_value(t, entry), sizeof(value));
		assert_int_equal(value, expected[i]);
	}
	assert_int_equal(t->nr, nr);
}

static void random_operation(struct kv_table *t, uint32_t *expected, uint64_t spread)
{
	uint32_t i = rnd(NR_KEYS), value = rnd(UINT32_MAX - 1) + 1;
	struct kv_entry *entry;
	char key[16];
	size_t len = key_of(i, key);
	uint64_t hash = kv_hash(key, len) & spread;
	bool full = t->nr == t->limit;

	if (rnd(2)) {
		entry = kv_table_put(t, hash, key, len);
		assert_int_equal(!entry, !expected[i] && full);
		if (!entry)
			return;
		memcpy(kv_value(t, entry), &value, sizeof(value));
		expected[i] = value;
		return;
	}
	entry = kv_table_find(t, hash, key, len);
	if (entry)
		kv_table_delete(t, entry);
	expected[i] = 0;
}

/* Against an array, with hashes from all alike to all different, and often full. */
static void table_holds_what_an_array_would(void **state)
{
	static const uint64_t spreads[] = { 0, 1, 3, 0xff, UINT64_MAX };
	static uint64_t mem[32 * 4];
	uint32_t expected[NR_KEYS];
	struct kv_table t;
	int i, round;

	(void)state;
	assert_int_equal(kv_table_size(5, 8, 8), sizeof(mem));
	for (i = 0; i < 5; i++) {
		memset(mem, 0, sizeof(mem));
		memset(expected, 0, sizeof(expected));
		kv_table_init(&t, mem, 5, 8, 8);
		assert_int_equal(t.limit, 30);
		for (round = 0; round < 20000; round++) {
			random_operation(&t, expected, spreads[i]);
			check_all(&t, expected, spreads[i]);
		}
		kv_table_clear(&t);
		memset(expected, 0, sizeof(expected));
		check_all(&t, expected, spreads[i]);
	}
}

static struct kv_store store;
static struct kv_counters counters;
static uint8_t pages[KV_MAX_DATAGRAMS][ROOM];
static unsigned int nr_pages, pages_left;

static uint8_t *more(void *ctx)
{
	(void)ctx;
	if (!pages_left)
		return NULL;
	pages_left--;
	return pages[nr_pages++];
}

/* Serves a datagram from a block of exactly its length; returns datagrams to send. */
static unsigned int serve_raw(const void *data, size_t len, struct kv_reply *r)
{
	uint8_t *copy = malloc(len + !len);
	unsigned int nr;

	memcpy(copy, data, len);
	nr_pages = 1;
	pages_left = KV_MAX_DATAGRAMS;
	kv_reply_init(r, pages[0], ROOM, more, NULL);
	nr = kv_serve(&store, &counters, NOW, copy, len, r);
	free(copy);
	return nr;
}

/* Serves commands and returns all text of the reply. */
static const char *serve(const char *text, size_t len)
{
	static char reply[KV_MAX_DATAGRAMS * ROOM + 1];
	uint8_t request[65536] = { 0xab, 0xcd, 0, 0, 0, 1, 0, 0 };
	size_t at = 0;
	struct kv_reply r;
	unsigned int i, nr;

	memcpy(request + KV_FRAME_LEN, text, len);
	nr = serve_raw(request, KV_FRAME_LEN + len, &r);
	for (i = 0; i < nr; i++) {
		assert_memory_equal(r.buf[i], "\xab\xcd\0", 3);
		assert_int_equal(r.buf[i][3], i);
		assert_int_equal(r.buf[i][5], nr);
		memcpy(reply + at, r.buf[i] + KV_FRAME_LEN, r.len[i] - KV_FRAME_LEN);
		at += r.len[i] - KV_FRAME_LEN;
	}
	reply[at] = 0;
	return reply;
}

#define SAYS(request, reply) \
	assert_string_equal(serve(request, sizeof(request) - 1), reply)

static int setup(void **state)
{
	(void)state;
	memset(&counters, 0, sizeof(counters));
	return kv_store_create(&store, 10, KV_MAX_KEY, KV_MAX_VALUE);
}

static int teardown(void **state)
{
	(void)state;
	kv_store_destroy(&store);
	return 0;
}

static void commands_do_what_the_protocol_says(void **state)
{
	(void)state;
	SAYS("get a\r\n", "END\r\n");
	SAYS("set a 7 0 5\r\nhello\r\n", "STORED\r\n");
	SAYS("get a\r\n", "VALUE a 7 5\r\nhello\r\nEND\r\n");
	SAYS("set a 4294967295 0 0\r\n\r\n", "STORED\r\n");
	SAYS("get a\r\n", "VALUE a 4294967295 0\r\n\r\nEND\r\n");
	/* Any byte may stand in the data, line ends too. */
	SAYS("set b 0 0 6\r\n\r\n\0\r\nx\r\n", "STORED\r\n");
	SAYS("get  a   b c \r\n",
	     "VALUE a 4294967295 0\r\n\r\nVALUE b 0 6\r\n\r\n");	/* up to the zero byte */
	SAYS("set b 0 0 1 noreply\r\nq\r\n", "");
	SAYS("get b\n", "VALUE b 0 1\r\nq\r\nEND\r\n");
	SAYS("delete b\r\n", "DELETED\r\n");
	SAYS("delete b\r\n", "NOT_FOUND\r\n");
	SAYS("delete a 0 noreply\r\n", "");
	SAYS("get a\r\n", "END\r\n");
	SAYS("version\r\n", "VERSION atmo-kvstore-1\r\n");
	SAYS("set a 0 0 1\r\n1\r\n", "STORED\r\n");
	SAYS("flush_all\r\n", "OK\r\n");
	SAYS("flush_all 0 noreply\r\n", "");
	SAYS("get a\r\n", "END\r\n");
	assert_non_null(strstr(serve("stats\r\n", 7), "STAT curr_items 0\r\n"));
	SAYS("quit\r\n", "");
	/* Several commands in one datagram. */
	SAYS("set a 0 0 1\r\n1\r\nget a\r\ndelete a\r\n",
	     "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\nDELETED\r\n");
}

static void items_expire(void **state)
{
	(void)state;
	SAYS("set a 0 10 1\r\n1\r\nset b 0 -1 1\r\n1\r\nset c 0 999999999 1\r\n1\r\n",
	     "STORED\r\nSTORED\r\nSTORED\r\n");
	SAYS("set d 0 1000000001 1\r\n1\r\n", "STORED\r\n");
	assert_int_equal(kv_store_count(&store), 4);
	SAYS("get a b c d\r\n", "VALUE a 0 1\r\n1\r\nVALUE d 0 1\r\n1\r\nEND\r\n");
	assert_int_equal(kv_store_count(&store), 2);
	SAYS("set b 0 -1 1\r\n1\r\ndelete b\r\n", "STORED\r\nNOT_FOUND\r\n");
}

#define LINE	"CLIENT_ERROR bad command line format\r\n"
#define DATA	"CLIENT_ERROR bad data chunk\r\n"
#define SIZE	"SERVER_ERROR object too large for cache\r\n"

static void malformed_commands_are_answered(void **state)
{
	char text[400];

	(void)state;
	SAYS("\r\n", "ERROR\r\n");
	SAYS("hello\r\n", "ERROR\r\n");
	SAYS("GET a\r\n", "ERROR\r\n");
	SAYS("get\r\n", "ERROR\r\n");
	SAYS("get a", LINE);
	SAYS("get a\1b\r\n", LINE);
	SAYS("delete\r\n", "ERROR\r\n");
	SAYS("delete a b\r\n", LINE);
	SAYS("delete a 1\r\n", LINE);
	SAYS("version 1\r\n", "ERROR\r\n");
	SAYS("flush_all soon\r\n", LINE);
	SAYS("set a 0 0\r\n", "ERROR\r\n");
	SAYS("set a 0 0 1 noreply x\r\n1\r\n", "ERROR\r\nERROR\r\n");
	SAYS("set a x 0 1\r\n1\r\n", LINE);
	SAYS("set a -1 0 1\r\n1\r\n", LINE);
	SAYS("set a 4294967296 0 1\r\n1\r\n", LINE);
	SAYS("set a 99999999999999999999 0 1\r\n1\r\n", LINE);
	SAYS("set a 0 x 1\r\n1\r\n", LINE);
	SAYS("set a 0 0 -1\r\n1\r\n", LINE);
	SAYS("set a 0 0 1x\r\n1\r\n", LINE);
	SAYS("set a 0 0 2147483647\r\n1\r\n", SIZE);
	SAYS("set a 0 0 1025\r\n1\r\n", SIZE);
	SAYS("set a 0 0 2\r\n1\r\n", DATA);
	SAYS("set a 0 0 1\r\n12\r\n", DATA);
	SAYS("set a 0 0 1\r\n1", DATA);
	SAYS("set a 0 0 1\r\n1\r", DATA);
	/* The command behind a wrong one is carried out. */
	SAYS("bad\r\nset a 0 0 1\r\n1\r\n", "ERROR\r\nSTORED\r\n");
	memset(text, 'k', sizeof(text));
	memcpy(text, "get ", 4);
	memcpy(text + 4 + 251, "\r\n", 2);
	assert_string_equal(serve(text, 4 + 251 + 2), LINE);
	memcpy(text + 4 + 250, "\r\n", 2);
	assert_string_equal(serve(text, 4 + 250 + 2), "END\r\n");
}

static void frames_are_checked(void **state)
{
	static const uint8_t good[] = "\x12\x34\0\0\0\1\0\0version\r\n";
	uint8_t bad[sizeof(good)];
	struct kv_reply r;
	size_t i;

	(void)state;
	for (i = 0; i < KV_FRAME_LEN; i++)
		assert_int_equal(serve_raw(good, i, &r), 0);
	assert_int_equal(counters.short_frames, KV_FRAME_LEN);
	/* A frame with nothing in it is no command: no answer. */
	assert_int_equal(serve_raw(good, KV_FRAME_LEN, &r), 0);
	assert_int_equal(serve_raw(good, sizeof(good) - 1, &r), 1);
	for (i = 2; i < 6; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i] ^= 2;
		assert_int_equal(serve_raw(bad, sizeof(bad) - 1, &r), 1);
		assert_memory_equal(r.buf[0], "\x12\x34\0\0\0\1\0\0", 8);
		assert_memory_equal(r.buf[0] + 8, kv_error_frame, strlen(kv_error_frame));
	}
}

static void long_replies_take_many_datagrams(void **state)
{
	char text[KV_MAX_VALUE + 64], keys[800] = "get";
	const char *reply;
	int i, n;

	(void)state;
	for (i = 0; i < 90; i++) {
		n = sprintf(text, "set key%02d 0 0 1024\r\n", i);
		memset(text + n, 'A' + i % 26, KV_MAX_VALUE);
		memcpy(text + n + KV_MAX_VALUE, "\r\n", 2);
		assert_string_equal(serve(text, (size_t)n + KV_MAX_VALUE + 2), "STORED\r\n");
		sprintf(keys + strlen(keys), " key%02d", i);
		/* 30 fit in; later 90 do not. */
		if (i == 29) {
			strcat(keys, "\r\n");
			reply = serve(keys, strlen(keys));
			assert_int_equal(strlen(reply), 30 * (20 + 1024 + 2) + 5);
			assert_string_equal(reply + strlen(reply) - 5, "END\r\n");
			keys[strlen(keys) - 2] = 0;
		}
	}
	strcat(keys, "\r\n");
	assert_string_equal(serve(keys, strlen(keys)),
			    "SERVER_ERROR out of memory writing get response\r\n");
}

/* However little fits in: what could not be said is said to be so, within the room. */
static void shortest_datagrams_hold_an_error(void **state)
{
	static const uint8_t request[] = "\0\1\0\0\0\1\0\0get a\r\nstats\r\n";
	uint8_t *first = malloc(KV_MIN_ROOM);
	struct kv_reply r;

	(void)state;
	pages_left = 0;
	kv_reply_init(&r, first, KV_MIN_ROOM, more, NULL);
	assert_int_equal(kv_serve(&store, &counters, NOW, request, sizeof(request) - 1, &r), 1);
	assert_int_equal(r.len[0], KV_FRAME_LEN + 49);
	assert_memory_equal(first + KV_FRAME_LEN, "SERVER_ERROR out of memory writing get", 38);
	free(first);
}

static void full_store_says_so(void **state)
{
	char text[64];
	int i, n, nr_stored = 0;

	(void)state;
	for (i = 0; i < 2000; i++) {
		n = sprintf(text, "set %d 0 0 1\r\n1\r\n", i);
		if (!strcmp(serve(text, (size_t)n), "STORED\r\n"))
			nr_stored++;
		else
			assert_string_equal(serve(text, (size_t)n), kv_error_full);
	}
	assert_true(nr_stored >= 768);
	assert_true(nr_stored < 1024);
	assert_int_equal(kv_store_count(&store), nr_stored);
	/* What is there can still be changed. */
	SAYS("set 0 0 0 1\r\n2\r\nget 0\r\n", "STORED\r\nVALUE 0 0 1\r\n2\r\nEND\r\n");
}

/* Keys that count up are the worst there are for an even spread. */
static void segments_fill_evenly(void **state)
{
	static const char *const formats[] = { "k%010u", "key-%u", "%u", "%08x-user" };
	struct kv_store big;
	struct kv_command cmd = { .op = KV_SET, .value = { "v", 1 } };
	uint32_t nr = (1 << 16) / 4 * 3, n, i;
	char key[32];

	(void)state;
	for (i = 0; i < NR_OF(formats); i++) {
		assert_int_equal(kv_store_create(&big, 16, 20, 8), 0);
		assert_int_equal(big.nr_segments, 64);
		for (n = 0; n < nr; n++) {
			cmd.key = (struct kv_str){ key, (size_t)sprintf(key, formats[i], n) };
			assert_true(kv_store_set(&big, &cmd));
		}
		assert_int_equal(kv_store_count(&big), nr);
		kv_store_destroy(&big);
	}
}

static size_t resident_pages(const struct kv_store *s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), nr = (s->mem_len + page - 1) / page;
	unsigned char *resident = malloc(nr);
	size_t i, sum = 0;

	assert_int_equal(mincore(s->mem, s->mem_len, resident), 0);
	for (i = 0; i < nr; i++)
		sum += resident[i] & 1;
	free(resident);
	return sum;
}

/* Of many pages, which go back, and of a few entries, which don't fill one. */
static void flush_all_leaves_nothing(void **state)
{
	static const unsigned int sizes[] = { 4, 6, 10, 16 };
	struct kv_command cmd = { .op = KV_SET, .value = { "v", 1 } };
	struct kv_store s;
	struct kv_reply r;
	uint32_t i, n, round;
	char key[32];

	(void)state;
	for (i = 0; i < NR_OF(sizes); i++) {
		assert_int_equal(kv_store_create(&s, sizes[i], 20, 8), 0);
		for (round = 0; round < 2; round++) {
			for (n = 0; n < (1u << sizes[i]) / 4 * 3; n++) {
				cmd.key = (struct kv_str){ key, (size_t)sprintf(key, "%u", n) };
				assert_true(kv_store_set(&s, &cmd));
			}
			assert_int_equal(kv_store_count(&s), n);
			kv_store_clear(&s);
			assert_int_equal(kv_store_count(&s), 0);
		}
		for (n = 0; n < (1u << sizes[i]) / 4 * 3; n++) {
			cmd.key = (struct kv_str){ key, (size_t)sprintf(key, "%u", n) };
			kv_reply_init(&r, pages[0], ROOM, more, NULL);
			assert_false(kv_store_get(&s, cmd.key, NOW, &r));
		}
		kv_store_destroy(&s);
	}
}

/* What was never touched stays so, whoever asks for it, and however often. */
static void flush_all_takes_no_memory(void **state)
{
	struct kv_command cmd = { .op = KV_SET, .key = { "a", 1 }, .value = { "v", 1 } };
	struct kv_store s;

	(void)state;
	assert_int_equal(kv_store_create(&s, 20, 16, 32), 0);
	kv_store_clear(&s);
	assert_int_equal(resident_pages(&s), 0);
	assert_true(kv_store_set(&s, &cmd));
	assert_true(resident_pages(&s) > 0);
	kv_store_clear(&s);
	assert_int_equal(resident_pages(&s), 0);
	assert_int_equal(kv_store_count(&s), 0);
	kv_store_destroy(&s);
}

/* A reply is well-formed: lines of the protocol, frame headers that agree. */
static void check_reply(const struct kv_reply *r, unsigned int nr, const uint8_t *id)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		assert_memory_equal(r->buf[i], id, 2);
		assert_int_equal(r->buf[i][3], i);
		assert_int_equal(r->buf[i][5], nr);
		assert_true(r->len[i] > KV_FRAME_LEN && r->len[i] <= ROOM);
	}
	if (nr)
		assert_memory_equal(r->buf[nr - 1] + r->len[nr - 1] - 2, "\r\n", 2);
}

/* Requests with bytes changed, cut and repeated; all kinds of noise. */
static void garbage_does_no_harm(void **state)
{
	static const char *const words[] = {
		"get", "set", "delete", "stats", "flush_all", " ", " ", " ", "a", "bb", "0", "1",
		"5", "-1", "1024", "4294967296", "noreply", "\r\n", "\r\n", "\n", "\r", "hello",
	};
	uint8_t request[ROOM + 64];
	struct kv_reply r;
	size_t len, n;
	int round;

	(void)state;
	for (round = 0; round < 200000; round++) {
		for (len = 0; len < KV_FRAME_LEN; len++)
			request[len] = (uint8_t)rnd(256);
		if (rnd(8))
			memcpy(request + 2, "\0\0\0\1", 4);
		for (n = rnd(16); n; n--) {
			const char *word = words[rnd(NR_OF(words))];

			memcpy(request + len, word, strlen(word));
			len += strlen(word);
		}
		for (n = rnd(4) ? 0 : rnd(6); n; n--)
			request[rnd((uint32_t)len)] = (uint8_t)rnd(256);
		len -= rnd(8) ? 0 : rnd((uint32_t)len);
		check_reply(&r, serve_raw(request, len, &r), request);
	}
}

#define NR_ROUNDS	20000

static void *hammer(void *arg)
{
	uint32_t x = (uint32_t)(uintptr_t)arg, n;
	uint8_t page[ROOM];
	struct kv_command cmd = { .op = KV_SET };
	struct kv_reply r;
	char key[16], value[64];
	int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		x = x * 1664525 + 1013904223;
		n = x >> 24;
		cmd.key = (struct kv_str){ key, (size_t)sprintf(key, "k%u", n) };
		memset(value, (int)n, sizeof(value));
		cmd.value = (struct kv_str){ value, 1 + (x >> 8) % sizeof(value) };
		if (x & 1)
			assert_true(kv_store_set(&store, &cmd));
		else if (x & 2)
			kv_store_delete(&store, cmd.key, NOW);
		kv_reply_init(&r, page, sizeof(page), more, NULL);
		/* Whatever the other thread does: the value is whole and of this key. */
		if (kv_store_get(&store, cmd.key, NOW, &r))
			assert_int_equal(page[r.len[0] - 3], (uint8_t)n);
	}
	return NULL;
}

static void two_workers_share_the_store(void **state)
{
	pthread_t threads[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(intptr_t)i), 0);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_fnv1a),
		cmocka_unit_test(table_holds_what_an_array_would),
		WITH_STORE(commands_do_what_the_protocol_says),
		WITH_STORE(items_expire),
		WITH_STORE(malformed_commands_are_answered),
		WITH_STORE(frames_are_checked),
		WITH_STORE(long_replies_take_many_datagrams),
		WITH_STORE(shortest_datagrams_hold_an_error),
		WITH_STORE(full_store_says_so),
		cmocka_unit_test(segments_fill_evenly),
		cmocka_unit_test(flush_all_leaves_nothing),
		cmocka_unit_test(flush_all_takes_no_memory),
		WITH_STORE(garbage_does_no_harm),
		WITH_STORE(two_workers_share_the_store),
	};

	return cmocka_run_group_tests_name("kvstore", tests, NULL, NULL);
}
