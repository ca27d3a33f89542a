// SPDX-License-Identifier: GPL-2.0
/* The generator's computing parts: frames, order, latencies, settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bus.h"
#include "../gen_run.h"

static const uint8_t port_mac[6] = { 0x02, 0, 0, 0, 0, 7 };

static void set(struct gen_config *c, const char *word)
{
	char err[200] = "";

	if (!gen_config_set(c, word, err, sizeof(err)))
		fail_msg("%s: %s", word, err);
}

static struct gen_config config(const char *words)
{
	char *copy = strdup(words), *rest = copy, *word;
	struct gen_config c;

	gen_frame_init();
	gen_config_default(&c, 0, port_mac);
	while ((word = strtok_r(rest, " ", &rest)))
		set(&c, word);
	free(copy);
	return c;
}

static unsigned int word16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Byte by byte, unlike the generator: RFC 1071 */
static unsigned int plain_sum(const uint8_t *p, size_t len, unsigned long sum)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (unsigned long)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned int)sum;
}

static bool sums_right(const uint8_t *f, size_t len)
{
	return plain_sum(f + 14, 20, 0) == 0xffff &&
	       plain_sum(f + 34, len - 34, plain_sum(f + 26, 8, 17 + len - 34)) == 0xffff;
}

static void gen_frame_headers(void **state)
{
	struct gen_config c = config("size=64-1518 flows=65535 dport=1000-1999 srcs=3");
	struct gen_tag t = { .run = 1 };
	uint8_t f[GEN_SIZE_MAX];
	size_t len;

	(void)state;
	for (t.seq = 0; t.seq < 5000; t.seq++) {
		t.flow = (uint16_t)(t.seq * 13);
		t.ns = t.seq * 123456789ull;
		len = gen_frame_build(&c, &t, f);
		assert_in_range(len, 60, 1514);
		assert_memory_equal(f, port_mac, 6);
		assert_int_equal(word16(f + 16), len - 14);
		assert_int_equal(word16(f + 38), len - 34);
		assert_int_equal(f[29], 2 + t.flow % 3);
		assert_int_equal(word16(f + 36), 1000 + t.flow % 1000);
		assert_true(word16(f + 34) > 0);
		assert_true(sums_right(f, len));
	}
	set(&c, "udp_csum=0");
	gen_frame_build(&c, &t, f);
	assert_int_equal(word16(f + 40), 0);
	set(&c, "ethertype=0x88b5");
	gen_frame_build(&c, &t, f);
	assert_int_equal(word16(f + 12), 0x88b5);
	assert_int_equal(word16(f + 14), 0xa7c3);
}

static void gen_flows_have_tuples_of_their_own(void **state)
{
	struct gen_config c = config("flows=65535 sport=60000");
	static uint8_t seen[65536];
	struct gen_tag t = { .run = 1 };
	uint8_t f[GEN_SIZE_MAX];
	uint32_t flow;

	(void)state;
	for (flow = 0; flow < c.flows; flow++) {
		t.flow = (uint16_t)flow;
		gen_frame_build(&c, &t, f);
		assert_int_equal(seen[word16(f + 34)]++, 0);
	}
	assert_int_equal(seen[0], 0);
}

static void gen_sizes_follow_their_weights(void **state)
{
	struct gen_config c = config("size=imix"), r = config("size=64-67");
	unsigned int n[GEN_SIZE_MAX + 1] = { 0 }, m[4] = { 0 };
	struct gen_tag t = { .run = 1 };
	uint8_t f[GEN_SIZE_MAX];

	(void)state;
	for (t.seq = 0; t.seq < 12000; t.seq++) {
		n[gen_frame_build(&c, &t, f) + 4]++;
		m[gen_frame_build(&r, &t, f) - 60]++;
	}
	assert_int_equal(n[64] + n[594] + n[1518], 12000);
	assert_in_range(n[64], 6700, 7300);
	assert_in_range(n[594], 3700, 4300);
	assert_in_range(n[1518], 850, 1150);
	for (t.seq = 0; t.seq < 4; t.seq++)
		assert_in_range(m[t.seq], 2700, 3300);
}

/* Any so many frames in a row have each size once, however many flows there are. */
static void sizes_of_run(const char *words, uint32_t frames, unsigned int n[GEN_SIZE_MAX + 1])
{
	struct gen_config c = config(words);
	struct gen_tag t = { .run = 1 };
	uint8_t f[GEN_SIZE_MAX];
	struct gen_diff d;
	uint32_t i;
	size_t len;

	memset(n, 0, (GEN_SIZE_MAX + 1) * sizeof(n[0]));
	for (i = 0; i < frames; i++) {
		t.flow = (uint16_t)(i % c.flows);
		t.seq = i / c.flows;
		len = gen_frame_build(&c, &t, f);
		assert_true(gen_frame_check(&c, &t, f, len, &d));
		n[len + 4]++;
	}
}

static void gen_sizes_in_turn(void **state)
{
	static const char *const words[] = {
		"size=64-1518 sweep=1", "size=64-1518 sweep=1 flows=100",
		"size=64-1518 sweep=1 flows=1455", "size=64-1518 sweep=1 flows=65535",
	};
	unsigned int n[GEN_SIZE_MAX + 1], missing, size;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		sizes_of_run(words[i], 2 * 1455, n);
		for (size = GEN_SIZE_MIN; size <= GEN_SIZE_MAX; size++)
			assert_int_equal(n[size], 2);
	}
	sizes_of_run("size=100-102:9,64,1518:3 sweep=1 flows=7", 50, n);
	assert_true(n[100] == 10 && n[101] == 10 && n[102] == 10 && n[64] == 10 && n[1518] == 10);
	/* By chance some sizes would not be there: what the setting is for. */
	sizes_of_run("size=64-1518", 2 * 1455, n);
	for (missing = 0, size = GEN_SIZE_MIN; size <= GEN_SIZE_MAX; size++)
		missing += !n[size];
	assert_in_range(missing, 100, 300);
}

/* CRC-16/CCITT bit by bit, unlike the generator */
static unsigned int plain_crc(const uint8_t *p, size_t len)
{
	unsigned int crc = 0xffff, bit;

	while (len--) {
		crc ^= (unsigned int)*p++ << 8;
		for (bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x8000 ? 0x11021 : 0);
	}
	return crc;
}

static void gen_tag_has_its_crc(void **state)
{
	struct gen_config c = config("flows=65535 size=64");
	struct gen_tag t = { .run = 1 };
	uint8_t f[GEN_SIZE_MAX];
	unsigned int i;

	(void)state;
	assert_int_equal(plain_crc((const uint8_t *)"123456789", 9), 0x29b1);
	for (i = 0; i < 5000; i++) {
		t.run = (uint16_t)(i * 31);
		t.flow = (uint16_t)(i * 13);
		t.seq = i * 0x9e3779b1u;
		t.ns = i * 123456789123ull;
		gen_frame_build(&c, &t, f);
		assert_int_equal(word16(f + 58), plain_crc(f + 42, 16));
	}
}

static void gen_frame_is_found_again(void **state)
{
	struct gen_config c = config("flows=1000 size=64");
	struct gen_tag t = { .run = 77, .flow = 999, .seq = 0xfffffffe, .ns = 0xabcdef012345 };
	struct gen_tag u;
	uint8_t f[GEN_SIZE_MAX];
	size_t len = gen_frame_build(&c, &t, f), i;

	(void)state;
	assert_int_equal(gen_frame_find(f, len, &u), GEN_FOUND);
	assert_memory_equal(&t, &u, sizeof(t));
	for (i = 0; i < len; i++)
		assert_int_equal(gen_frame_find(f, i, &u), GEN_NONE);
	for (i = 42; i < len; i++) {
		f[i] ^= 0x10;
		assert_int_equal(gen_frame_find(f, len, &u), i < 44 ? GEN_NONE : GEN_DAMAGED);
		f[i] ^= 0x10;
	}
}

/* No bit of a frame can change without being noticed. */
static void every_bit(const char *words, size_t from)
{
	struct gen_config c = config(words);
	struct gen_tag t = { .run = 5, .flow = 0, .seq = 3, .ns = 4 }, u;
	uint8_t f[GEN_SIZE_MAX];
	size_t len = gen_frame_build(&c, &t, f), bit;
	struct gen_diff d;

	assert_true(gen_frame_check(&c, &t, f, len, &d));
	assert_false(gen_frame_check(&c, &t, f, len - 1, &d));
	assert_int_equal(d.at, -1);
	for (bit = 0; bit < len * 8; bit++) {
		f[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (gen_frame_find(f, len, &u) == GEN_FOUND) {
			if (gen_frame_check(&c, &u, f, len, &d) != (bit / 8 < from))
				fail_msg("%s: byte %zu", words, bit / 8);
			if (bit / 8 >= from)
				assert_int_equal(d.is ^ d.expected, 1 << bit % 8);
		}
		f[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void gen_every_bit_counts(void **state)
{
	(void)state;
	every_bit("size=64 match=same", 0);
	every_bit("size=1518 match=same", 0);
	every_bit("size=200 match=same udp_csum=0", 0);
	every_bit("size=64 match=forward", 12);
	every_bit("size=1518 match=forward", 12);
	every_bit("size=999 match=forward ethertype=0x1234", 12);
}

static void make_echo(uint8_t *f)
{
	uint8_t tmp[12];

	memcpy(tmp, f, 6);
	memmove(f, f + 6, 6);
	memcpy(f + 6, tmp, 6);
	memcpy(tmp, f + 26, 4);
	memmove(f + 26, f + 30, 4);
	memcpy(f + 30, tmp, 4);
	memcpy(tmp, f + 34, 2);
	memmove(f + 34, f + 36, 2);
	memcpy(f + 36, tmp, 2);
}

static void mend_ip(uint8_t *f)
{
	unsigned int sum;

	f[24] = 0;
	f[25] = 0;
	sum = ~plain_sum(f + 14, 20, 0);
	f[24] = (uint8_t)(sum >> 8);
	f[25] = (uint8_t)sum;
}

static void gen_echo_is_recognized(void **state)
{
	struct gen_config c = config("size=65 match=echo");
	struct gen_tag t = { .run = 5, .seq = 3 };
	uint8_t f[GEN_SIZE_MAX];
	size_t len = gen_frame_build(&c, &t, f), i;
	struct gen_diff d;

	(void)state;
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	make_echo(f);
	assert_true(gen_frame_check(&c, &t, f, len, &d));
	f[18] = 0x99;			/* identification, fragment bits, TTL */
	f[20] = 0;
	f[22] = 3;
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	assert_int_equal(d.at, 24);
	mend_ip(f);
	assert_true(gen_frame_check(&c, &t, f, len, &d));
	f[40] ^= 1;
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	f[40] = 0;
	f[41] = 0;
	assert_true(gen_frame_check(&c, &t, f, len, &d));
	for (i = 26; i < len; i++) {
		f[i] ^= 0x80;
		assert_false(gen_frame_check(&c, &t, f, len, &d));
		f[i] ^= 0x80;
	}
	set(&c, "rx_dst_mac=02:82:59:90:01:00");
	assert_true(gen_frame_check(&c, &t, f, len, &d));
	set(&c, "rx_src_mac=02:82:59:90:01:00");
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	assert_int_equal(d.at, 7);
}

static void gen_routed_is_recognized(void **state)
{
	struct gen_config c = config("size=100 match=route");
	struct gen_tag t = { .run = 5, .seq = 3 };
	uint8_t f[GEN_SIZE_MAX];
	size_t len = gen_frame_build(&c, &t, f);
	struct gen_diff d;

	(void)state;
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	f[22] -= 2;
	assert_false(gen_frame_check(&c, &t, f, len, &d));
	mend_ip(f);
	memset(f, 0x42, 12);
	assert_true(gen_frame_check(&c, &t, f, len, &d));
	f[22] = 65;
	mend_ip(f);
	assert_false(gen_frame_check(&c, &t, f, len, &d));
}

static void gen_arp(void **state)
{
	struct gen_config c = config("src=10.0.0.250 srcs=10");
	static const uint8_t request[60] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 1, 1, 1, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 1, 1, 1, 1, 1, 10, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 10, 0, 0, 255,
	};
	uint8_t f[60], a[64];
	size_t i;

	(void)state;
	memcpy(f, request, 60);
	assert_int_equal(gen_arp_answer(&c, f, 60, a), 60);
	assert_memory_equal(a, request + 6, 6);
	assert_memory_equal(a + 6, c.src_mac, 6);
	assert_int_equal(a[21], 2);
	assert_memory_equal(a + 22, c.src_mac, 6);
	assert_memory_equal(a + 28, request + 38, 4);
	assert_memory_equal(a + 32, request + 22, 10);
	for (i = 0; i < 42; i++)
		assert_int_equal(gen_arp_answer(&c, f, i, a), 0);
	f[41] = 249;
	assert_int_equal(gen_arp_answer(&c, f, 60, a), 0);
	memcpy(f + 38, "\x0a\0\1\4", 4);	/* the address after the last */
	assert_int_equal(gen_arp_answer(&c, f, 60, a), 0);
	f[41] = 3;
	assert_int_equal(gen_arp_answer(&c, f, 60, a), 60);
	f[21] = 2;				/* an answer */
	assert_int_equal(gen_arp_answer(&c, f, 60, a), 0);
}

static void gen_order(void **state)
{
	struct gen_flow f = { 0 };

	(void)state;
	assert_int_equal(gen_flow_take(&f, 0), GEN_IN_ORDER);
	assert_int_equal(gen_flow_take(&f, 0), GEN_DUPLICATE);
	assert_int_equal(gen_flow_take(&f, 3), GEN_AHEAD);
	assert_int_equal(gen_flow_take(&f, 1), GEN_LATE);
	assert_int_equal(gen_flow_take(&f, 1), GEN_DUPLICATE);
	assert_int_equal(gen_flow_take(&f, 4), GEN_IN_ORDER);
	assert_int_equal(gen_flow_take(&f, 4 + GEN_WINDOW), GEN_AHEAD);
	assert_int_equal(gen_flow_take(&f, 5), GEN_LATE);
	assert_int_equal(gen_flow_take(&f, 4), GEN_TOO_LATE);
	assert_int_equal(gen_flow_take(&f, 100000), GEN_AHEAD);
	assert_int_equal(gen_flow_take(&f, 99999), GEN_LATE);
	assert_int_equal(gen_flow_take(&f, 100000), GEN_DUPLICATE);
	assert_int_equal(gen_flow_take(&f, 100001 - GEN_WINDOW), GEN_LATE);
	assert_int_equal(gen_flow_take(&f, 100000 - GEN_WINDOW), GEN_TOO_LATE);
	assert_int_equal(gen_flow_take(&f, UINT32_MAX - 1), GEN_AHEAD);
}

/* Any order, against a list of all that were seen */
static void gen_order_at_random(void **state)
{
	struct gen_flow f = { 0 };
	static bool seen[20000];
	enum gen_order got, want;
	uint32_t i, next = 0, seq;

	(void)state;
	srand(1);
	for (i = 0; i < 20000; i++) {
		seq = next + (uint32_t)(rand() % 300);
		seq = seq > 280 ? seq - 280 : 0;
		if (rand() % 3)
			seq = next;
		if (seq >= 20000)
			break;
		got = gen_flow_take(&f, seq);
		if (seq >= next)
			want = seq == next ? GEN_IN_ORDER : GEN_AHEAD;
		else if (next - seq > GEN_WINDOW)
			want = GEN_TOO_LATE;
		else
			want = seen[seq] ? GEN_DUPLICATE : GEN_LATE;
		assert_int_equal(got, want);
		seen[seq] = true;
		if (seq >= next)
			next = seq + 1;
	}
	assert_true(i > 10000);
}

static void gen_latency_buckets(void **state)
{
	struct gen_hist h = { 0 };
	unsigned int bucket, last = 0;
	uint64_t ns;

	(void)state;
	for (ns = 0; ns < 1ull << 43; ns += ns / 50 + 1) {
		bucket = gen_hist_bucket(ns);
		assert_true(bucket >= last && bucket < GEN_HIST_LEN);
		assert_true(gen_hist_lower(bucket) <= ns && ns < gen_hist_lower(bucket + 1));
		assert_true(gen_hist_lower(bucket + 1) - gen_hist_lower(bucket) <= ns / 32 + 1);
		last = bucket;
	}
	assert_true(gen_hist_bucket(UINT64_MAX) == GEN_HIST_LEN - 1);
	for (ns = 1; ns <= 10000; ns++)
		gen_hist_add(&h, ns);
	assert_int_equal(h.min, 1);
	assert_int_equal(h.max, 10000);
	assert_int_equal(h.sum / h.n, 5000);
	assert_in_range(gen_hist_at(&h, 500000), 5000, 5160);
	assert_in_range(gen_hist_at(&h, 990000), 9900, 10000);
	assert_int_equal(gen_hist_at(&h, 1000000), 10000);
	memset(&h, 0, sizeof(h));
	assert_int_equal(gen_hist_at(&h, 500000), 0);
}

static void gen_settings_refused(void **state)
{
	static const char *const bad[] = {
		"", "=", "flows", "flows=", "flows=0", "flows=65536", "flows=-1", "flows= 1",
		"flows=1x", "flows=99999999999999999999", "size=63", "size=1519", "size=64,",
		"size=100-99", "size=64:0", "size=64:10001", "size=64;65", "size=", "size=64-",
		"size=64-65-66", "rate=0", "rate=20000001", "rate=fast", "mbit=0", "mbit=10001",
		"duration=-1", "duration=1.5s", "duration=.5", "dst_mac=any", "dst_mac=1:2:3",
		"dst_mac=02:00:00:00:00:001", "src=10.0.0", "src=10.0.0.256", "src=", "sport=0",
		"dport=2-1", "dport=1-65536", "dport=1-2x", "ethertype=0x0800",
		"ethertype=0x0806", "ethertype=0x05ff", "ethertype=0x10000", "ethertype=2048",
		"match=all", "sweep=2", "rx_port=2", "back=2", "Flows=1", "flow=1", "flowss=1",
	};
	struct gen_config c = config(""), before = c;
	char err[100], many[400] = "size=64";
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err[0] = '\0';
		if (gen_config_set(&c, bad[i], err, sizeof(err)) || !*err)
			fail_msg("%s was taken", bad[i]);
		assert_memory_equal(&c, &before, sizeof(c));
	}
	for (i = 1; i < GEN_SIZES; i++)
		strcat(many, ",1518:10000");
	assert_true(gen_config_set(&c, many, err, sizeof(err)));
	strcat(many, ",65");
	assert_false(gen_config_set(&c, many, err, sizeof(err)));
}

/* What is set is shown; all of it, as members of an object. */
static void gen_settings_shown(void **state)
{
	static const char *const words[][2] = {
		{ "flows=9", ",\"flows\":9," },
		{ "size=64-70:3,99", ",\"size\":\"64-70:3,99-99:1\"," },
		{ "sweep=1", ",\"sweep\":1," },
		{ "rate=5", ",\"rate\":5,\"mbit\":0," },
		{ "mbit=100", ",\"rate\":0,\"mbit\":100," },
		{ "rate=max", ",\"rate\":\"max\",\"mbit\":0," },
		{ "count=281474976710656", ",\"count\":281474976710656," },
		{ "duration=1.25", ",\"duration\":1.25," },
		{ "burst=1024", ",\"burst\":1024," },
		{ "backlog=65536", ",\"backlog\":65536," },
		{ "drain_ms=0", ",\"drain_ms\":0," },
		{ "dst_mac=0a:B0:0c:00:00:01", ",\"dst_mac\":\"0a:b0:0c:00:00:01\"," },
		{ "src=1.2.3.4", ",\"src\":\"1.2.3.4\"," },
		{ "dport=7-9", ",\"dport\":\"7-9\"," },
		{ "ethertype=0x88b5", ",\"ethertype\":\"0x88b5\"," },
		{ "ethertype=udp", ",\"ethertype\":\"udp\"," },
		{ "match=echo", ",\"match\":\"echo\"," },
		{ "rx_port=1", ",\"rx_port\":1," },
		{ "rx_port=any", ",\"rx_port\":\"any\"," },
		{ "rx_dst_mac=02:00:00:00:00:09", ",\"rx_dst_mac\":\"02:00:00:00:00:09\"," },
		{ "rx_dst_mac=any", ",\"rx_dst_mac\":\"any\"," },
	};
	struct gen_config c = config("");
	char *text;
	size_t i, len;
	FILE *f;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		set(&c, words[i][0]);
		f = open_memstream(&text, &len);
		gen_config_show(&c, f);
		fclose(f);
		if (!strstr(text, words[i][1]))
			fail_msg("%s is not in %s", words[i][1], text);
		free(text);
	}
}

static void gen_intervals(void **state)
{
	struct gen_config c = config("rate=1000000");

	(void)state;
	assert_int_equal(gen_interval_ps(&c, 60), 1000000);
	set(&c, "mbit=10000");
	assert_int_equal(gen_interval_ps(&c, 60), 67200);	/* 14.88 million a second */
	assert_int_equal(gen_interval_ps(&c, 1514), 1230400);
	set(&c, "rate=max");
	assert_int_equal(gen_interval_ps(&c, 60), 0);
}

/* One run: frames built, damaged, handed back; what is counted. */
static void gen_run_counts(void **state)
{
	struct gen_config c = config("flows=3 size=64 match=same rx_port=1");
	struct gen_run r = { 0 };
	struct gen_tag t = { .run = 9 };
	uint8_t f[GEN_SIZE_MAX];
	size_t len;

	(void)state;
	assert_true(gen_run_begin(&r, &c, 9, 0));
	r.sent = 7;				/* flow 0 three times, the others twice */
	len = gen_frame_build(&c, &t, f);
	gen_run_take(&r, 1, f, len, &t, 100);
	gen_run_take(&r, 1, f, len, &t, 200);
	assert_true(r.good == 1 && r.duplicates == 1 && r.received == 2);
	gen_run_take(&r, 0, f, len, &t, 300);
	assert_true(r.misdirected == 1 && r.good == 1);
	t.seq = 2;
	len = gen_frame_build(&c, &t, f);
	gen_run_take(&r, 1, f, len, &t, 400);
	t.flow = 1;				/* never sent */
	len = gen_frame_build(&c, &t, f);
	gen_run_take(&r, 1, f, len, &t, 400);
	t.flow = 3;				/* no such flow */
	gen_run_take(&r, 1, f, len, &t, 400);
	assert_true(r.good == 2 && r.corrupt == 2);
	t.flow = 0;
	t.seq = 1;
	len = gen_frame_build(&c, &t, f);
	gen_run_take(&r, 1, f, len, &t, 500);
	assert_true(r.good == 3 && r.reordered == 1 && r.hist.n == 3 && r.hist.max == 500);
	assert_int_equal(r.received_bytes, 7 * 64);
	gen_run_clear(&r);
}

/* Turns a request round and puts @text in the place of its own; the length. */
static size_t answer(uint8_t *f, const char *text)
{
	size_t len = 8 + strlen(text);
	unsigned int sum;

	memcpy(f + 50, text, len - 8);
	make_echo(f);
	f[16] = (uint8_t)((len + 28) >> 8);
	f[17] = (uint8_t)(len + 28);
	f[38] = (uint8_t)((len + 8) >> 8);
	f[39] = (uint8_t)(len + 8);
	mend_ip(f);
	f[40] = 0;
	f[41] = 0;
	sum = 0xffff - plain_sum(f + 34, len + 8, plain_sum(f + 26, 8, 17 + len + 8));
	f[40] = (uint8_t)(sum >> 8);
	f[41] = (uint8_t)sum;
	return len + 42;
}

static void gen_requests_are_what_was_asked_for(void **state)
{
	struct gen_config c = config("payload=memcached keys=3 sets=25 value=5 flows=2");
	unsigned int sets = 0, i;
	uint8_t f[GEN_SIZE_MAX];
	size_t len;

	(void)state;
	for (i = 0; i < 10000; i++) {
		struct gen_tag t = { .flow = i % 2, .seq = i / 2 };

		len = gen_frame_build(&c, &t, f);
		assert_true(sums_right(f, len));
		assert_int_equal(word16(f + 42), i & 0xffff);
		assert_memory_equal(f + 44, "\0\0\0\1\0\0", 6);
		assert_int_equal(word16(f + 34), 1024 + i % 2);
		if (f[50] == 's') {
			sets++;
			assert_int_equal(len, 50 + 30);
			assert_memory_equal(f + 50, "set k000000000", 14);
			assert_memory_equal(f + 65, " 0 0 5\r\nvvvvv\r\n", 15);
		} else {
			assert_int_equal(len, 50 + 17);
			assert_memory_equal(f + 50, "get k000000000", 14);
		}
		assert_in_range(f[64], '0', '2');
	}
	assert_in_range(sets, 2300, 2700);
}

static void gen_answers_are_judged(void **state)
{
	struct gen_config c = config("payload=memcached keys=1 sets=0 value=5");
	const char *hit = "VALUE k0000000000 0 5\r\nvvvvv\r\nEND\r\n";
	struct gen_run r = { 0 };
	struct gen_tag t = { 0 };
	uint8_t f[GEN_SIZE_MAX];
	size_t len;

	(void)state;
	assert_true(gen_run_begin(&r, &c, 9, 0));
	for (t.seq = 0; t.seq < 4; t.seq++) {
		gen_kv_sent(&r, r.sent++, 100);
		gen_frame_build(&c, &t, f);
		if (t.seq == 3)
			break;
		len = answer(f, t.seq == 0 ? hit : t.seq == 1 ? "END\r\n" : "ERROR\r\n");
		assert_true(gen_kv_take(&r, f, len, 300));
	}
	assert_true(r.good == 2 && r.misses == 1 && r.corrupt == 1 && r.hist.max == 200);
	assert_false(gen_kv_take(&r, f, 42 + 25, 300));	/* the request itself */
	len = answer(f, hit);
	f[60] ^= 1;					/* its checksum is wrong now */
	assert_false(gen_kv_take(&r, f, len, 300));
	f[60] ^= 1;
	assert_true(gen_kv_take(&r, f, len, 300));
	assert_true(gen_kv_take(&r, f, len, 300));
	assert_true(r.good == 3 && r.duplicates == 1 && r.received == 5);
	f[43] = 4;					/* no such request */
	assert_false(gen_kv_take(&r, f, len, 300));
	gen_run_clear(&r);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(gen_frame_headers),
	cmocka_unit_test(gen_flows_have_tuples_of_their_own),
	cmocka_unit_test(gen_sizes_follow_their_weights),
	cmocka_unit_test(gen_sizes_in_turn),
	cmocka_unit_test(gen_tag_has_its_crc),
	cmocka_unit_test(gen_frame_is_found_again),
	cmocka_unit_test(gen_every_bit_counts),
	cmocka_unit_test(gen_echo_is_recognized),
	cmocka_unit_test(gen_routed_is_recognized),
	cmocka_unit_test(gen_arp),
	cmocka_unit_test(gen_order),
	cmocka_unit_test(gen_order_at_random),
	cmocka_unit_test(gen_latency_buckets),
	cmocka_unit_test(gen_settings_refused),
	cmocka_unit_test(gen_settings_shown),
	cmocka_unit_test(gen_intervals),
	cmocka_unit_test(gen_run_counts),
	cmocka_unit_test(gen_requests_are_what_was_asked_for),
	cmocka_unit_test(gen_answers_are_judged),
};

int main(void)
{
	return cmocka_run_group_tests_name("generator", tests, NULL, NULL);
}
