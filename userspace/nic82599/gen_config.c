// SPDX-License-Identifier: GPL-2.0
/*
 * The generator's settings: KEY=VALUE in, JSON out. A table says of each key
 * how it is read and shown, so that what can be set can be seen.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "gen.h"

#define NSEC_PER_SEC	1000000000ull
#define RATE_MAX	20000000u
#define WEIGHT_MAX	10000u

struct key {
	const char *name;
	/* False: the value makes no sense; @what says what would. */
	bool (*set)(struct gen_config *c, const struct key *k, const char *value);
	void (*show)(const struct gen_config *c, const struct key *k, FILE *to);
	const char *what;
	size_t off;
	uint64_t min, max;
	bool wide;			/* 64 bits */
};

/* Decimal digits and nothing else, up to @end's character */
static bool number(const char *s, const char **end, uint64_t min, uint64_t max, uint64_t *v)
{
	char *stop;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*v = strtoull(s, &stop, 10);
	if (end)
		*end = stop;
	else if (*stop)
		return false;
	return !errno && *v >= min && *v <= max;
}

static bool set_number(struct gen_config *c, const struct key *k, const char *value)
{
	char *at = (char *)c + k->off;
	uint64_t v;

	if (!number(value, NULL, k->min, k->max, &v))
		return false;
	if (k->wide)
		*(uint64_t *)at = v;
	else
		*(uint32_t *)at = (uint32_t)v;
	return true;
}

static void show_number(const struct gen_config *c, const struct key *k, FILE *to)
{
	const char *at = (const char *)c + k->off;

	fprintf(to, "%llu", k->wide ? (unsigned long long)*(const uint64_t *)at
				    : *(const uint32_t *)at);
}

static bool set_mac(struct gen_config *c, const struct key *k, const char *value)
{
	uint8_t *mac = (uint8_t *)c + k->off;
	unsigned int v[6];
	int i, end = 0;

	if (k->max && !strcmp(value, "any")) {
		memset(mac, 0, 6);
		return true;
	}
	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", v, v + 1, v + 2, v + 3, v + 4, v + 5,
		   &end) != 6 || value[end])
		return false;
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)v[i];
	return true;
}

static void show_mac(const struct gen_config *c, const struct key *k, FILE *to)
{
	const uint8_t *m = (const uint8_t *)c + k->off;

	if (k->max && !(m[0] | m[1] | m[2] | m[3] | m[4] | m[5]))
		fputs("\"any\"", to);
	else
		fprintf(to, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", m[0], m[1], m[2], m[3], m[4],
			m[5]);
}

static bool set_ip(struct gen_config *c, const struct key *k, const char *value)
{
	struct in_addr a;

	if (inet_pton(AF_INET, value, &a) != 1)
		return false;
	*(uint32_t *)((char *)c + k->off) = ntohl(a.s_addr);
	return true;
}

static void show_ip(const struct gen_config *c, const struct key *k, FILE *to)
{
	uint32_t a = *(const uint32_t *)((const char *)c + k->off);

	fprintf(to, "\"%u.%u.%u.%u\"", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

/* N or N-M */
static bool range(const char *s, const char **end, uint64_t min, uint64_t max, uint64_t v[2])
{
	if (!number(s, end, min, max, v))
		return false;
	v[1] = v[0];
	return **end != '-' || number(*end + 1, end, v[0], max, v + 1);
}

static bool set_dport(struct gen_config *c, const struct key *k, const char *value)
{
	const char *end;
	uint64_t v[2];

	if (!range(value, &end, k->min, k->max, v) || *end)
		return false;
	c->dport_lo = (uint32_t)v[0];
	c->dport_hi = (uint32_t)v[1];
	return true;
}

static void show_dport(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	fprintf(to, "\"%u-%u\"", c->dport_lo, c->dport_hi);
}

/* N[-M][:WEIGHT],... */
static bool set_size(struct gen_config *c, const struct key *k, const char *value)
{
	struct gen_size size[GEN_SIZES];
	uint64_t v[2], weight;
	uint32_t n = 0;

	if (!strcmp(value, "imix"))
		value = "64:7,594:4,1518:1";
	for (;; value++) {
		if (n == GEN_SIZES || !range(value, &value, k->min, k->max, v))
			return false;
		weight = 1;
		if (*value == ':' && !number(value + 1, &value, 1, WEIGHT_MAX, &weight))
			return false;
		size[n].lo = (uint32_t)v[0];
		size[n].hi = (uint32_t)v[1];
		size[n++].weight = (uint32_t)weight;
		if (*value != ',')
			break;
	}
	if (*value)
		return false;
	memcpy(c->size, size, n * sizeof(size[0]));
	c->nr_sizes = n;
	return true;
}

static void show_size(const struct gen_config *c, const struct key *k, FILE *to)
{
	uint32_t i;

	(void)k;
	for (i = 0; i < c->nr_sizes; i++)
		fprintf(to, "%c%u-%u:%u", i ? ',' : '"', c->size[i].lo, c->size[i].hi,
			c->size[i].weight);
	fputc('"', to);
}

/* One of rate and mbit counts: the one that was set last. */
static bool set_rate(struct gen_config *c, const struct key *k, const char *value)
{
	uint64_t v = 0;

	if (strcmp(value, "max") && !number(value, NULL, k->min, k->max, &v))
		return false;
	c->rate = v;
	c->mbit = 0;
	return true;
}

static void show_rate(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	if (!c->rate && !c->mbit)
		fputs("\"max\"", to);
	else
		fprintf(to, "%llu", (unsigned long long)c->rate);
}

static bool set_mbit(struct gen_config *c, const struct key *k, const char *value)
{
	if (!set_number(c, k, value))
		return false;
	c->rate = 0;
	return true;
}

static bool set_duration(struct gen_config *c, const struct key *k, const char *value)
{
	uint64_t v, ns = 0, unit = NSEC_PER_SEC;

	if (!number(value, &value, k->min, k->max, &v))
		return false;
	if (*value == '.')
		while (*++value >= '0' && *value <= '9') {
			unit /= 10;
			ns += unit * (uint64_t)(*value - '0');
		}
	c->duration_ns = v * NSEC_PER_SEC + ns;
	return !*value;
}

static void show_duration(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	fprintf(to, "%.9g", (double)c->duration_ns / (double)NSEC_PER_SEC);
}

static bool set_ethertype(struct gen_config *c, const struct key *k, const char *value)
{
	char *end;
	unsigned long v = 0;

	if (strcmp(value, "udp")) {
		if (strncmp(value, "0x", 2))
			return false;
		v = strtoul(value, &end, 16);
		if (*end || v < k->min || v > k->max || v == 0x0800 || v == 0x0806)
			return false;
	}
	c->ethertype = (uint32_t)v;
	return true;
}

static void show_ethertype(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	if (c->ethertype)
		fprintf(to, "\"0x%04x\"", c->ethertype);
	else
		fputs("\"udp\"", to);
}

static const char *const matches[] = { "none", "same", "forward", "route", "echo" };

static bool set_match(struct gen_config *c, const struct key *k, const char *value)
{
	uint32_t i;

	(void)k;
	for (i = 0; i < ARRAY_SIZE(matches); i++) {
		if (strcmp(value, matches[i]))
			continue;
		c->match = i;
		return true;
	}
	return false;
}

static void show_match(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	fprintf(to, "\"%s\"", matches[c->match]);
}

static const char *const payloads[] = { "tag", "memcached" };

static bool set_payload(struct gen_config *c, const struct key *k, const char *value)
{
	uint32_t i;

	(void)k;
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		if (strcmp(value, payloads[i]))
			continue;
		c->payload = i;
		return true;
	}
	return false;
}

static void show_payload(const struct gen_config *c, const struct key *k, FILE *to)
{
	(void)k;
	fprintf(to, "\"%s\"", payloads[c->payload]);
}

static bool set_rx_port(struct gen_config *c, const struct key *k, const char *value)
{
	if (strcmp(value, "any"))
		return set_number(c, k, value);
	c->rx_port = GEN_ANY_PORT;
	return true;
}

static void show_rx_port(const struct gen_config *c, const struct key *k, FILE *to)
{
	if (c->rx_port == GEN_ANY_PORT)
		fputs("\"any\"", to);
	else
		show_number(c, k, to);
}

#define NUMBER(name, min, max, wide, what)	{ #name, set_number, show_number, what, \
	offsetof(struct gen_config, name), min, max, wide }
#define MAC(name, any, what)	{ #name, set_mac, show_mac, what, \
	offsetof(struct gen_config, name), 0, any, false }
#define IP(name)	{ #name, set_ip, show_ip, "an IPv4 address", \
	offsetof(struct gen_config, name), 0, 0, false }
#define OTHER(name, min, max, what) { #name, set_##name, show_##name, what, 0, min, max, false }

static const struct key keys[] = {
	NUMBER(flows, 1, GEN_FLOWS_MAX, false, "1 to 65535"),
	OTHER(size, GEN_SIZE_MIN, GEN_SIZE_MAX,
	      "imix or up to 32 times N[-M][:WEIGHT] with 64 to 1518 bytes, separated by commas"),
	NUMBER(sweep, 0, 1, false, "0 or 1"),
	OTHER(rate, 1, RATE_MAX, "max or 1 to 20000000 frames a second"),
	{ "mbit", set_mbit, show_number, "1 to 10000 megabits a second",
	  offsetof(struct gen_config, mbit), 1, 10000, true },
	NUMBER(count, 0, 1ull << 48, true, "a number of frames up to 2^48, or 0 for no limit"),
	OTHER(duration, 0, 1000000, "seconds, such as 1.5, or 0 for no limit"),
	NUMBER(burst, 0, 1024, true, "0 to 1024 frames"),
	NUMBER(backlog, 0, 65536, true, "0 to 65536 frames"),
	NUMBER(drain_ms, 0, 60000, true, "0 to 60000 milliseconds"),
	NUMBER(window, 0, 65536, true, "0 to 65536 frames"),
	OTHER(payload, 0, 0, "tag or memcached"),
	NUMBER(keys, 1, UINT32_MAX, false, "a number of keys up to 2^32"),
	NUMBER(sets, 0, 100, false, "0 to 100 per cent"),
	NUMBER(value, 0, GEN_VALUE_MAX, false, "0 to 1024 bytes"),
	MAC(dst_mac, 0, "an Ethernet address"),
	MAC(src_mac, 0, "an Ethernet address"),
	IP(src),
	NUMBER(srcs, 1, GEN_FLOWS_MAX, false, "1 to 65535"),
	IP(dst),
	NUMBER(sport, 1, 65535, false, "1 to 65535"),
	OTHER(dport, 1, 65535, "N or N-M, from 1 to 65535"),
	OTHER(ethertype, 0x0600, 0xffff, "udp or 0x0600 to 0xffff, neither IPv4 nor ARP"),
	NUMBER(udp_csum, 0, 1, false, "0 or 1"),
	NUMBER(back, 0, 1, false, "0 or 1"),
	OTHER(match, 0, 0, "none, same, forward, route or echo"),
	{ "rx_port", set_rx_port, show_rx_port, "0, 1 or any",
	  offsetof(struct gen_config, rx_port), 0, 1, false },
	MAC(rx_dst_mac, 1, "an Ethernet address or any"),
	MAC(rx_src_mac, 1, "an Ethernet address or any"),
};

bool gen_config_set(struct gen_config *c, const char *word, char *err, size_t err_len)
{
	const char *value = strchr(word, '=');
	struct gen_config new = *c;
	size_t i, len;

	if (!value) {
		snprintf(err, err_len, "%.40s is no KEY=VALUE", word);
		return false;
	}
	len = (size_t)(value - word);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == len && !memcmp(keys[i].name, word, len))
			break;
	if (i == ARRAY_SIZE(keys)) {
		snprintf(err, err_len, "there is no setting %.*s", (int)(len < 40 ? len : 40),
			 word);
		return false;
	}
	if (!keys[i].set(&new, keys + i, value + 1)) {
		snprintf(err, err_len, "%s is %s, not %.60s", keys[i].name, keys[i].what,
			 value + 1);
		return false;
	}
	*c = new;
	return true;
}

void gen_config_show(const struct gen_config *c, FILE *to)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		fprintf(to, ",\"%s\":", keys[i].name);
		keys[i].show(c, keys + i, to);
	}
}

/* The other end's address of each port is that of the port's usual peer. */
void gen_config_default(struct gen_config *c, unsigned int port, const uint8_t mac[6])
{
	const struct gen_config def = {
		.src_mac = { 0x02, 0x82, 0x59, 0x90, 0x01, (uint8_t)port },
		.src = 0x0a520001 + !port,
		.dst = 0x0a520001 + port,
		.srcs = 1,
		.sport = 1024,
		.dport_lo = 9,
		.dport_hi = 9,
		.flows = 1,
		.size = { { GEN_SIZE_MIN, GEN_SIZE_MIN, 1 } },
		.nr_sizes = 1,
		.rate = 1000,
		.count = 1000,
		.drain_ms = 1000,
		.keys = 1000,
		.sets = 5,
		.value = 32,
		.udp_csum = 1,
		.back = 1,
		.match = GEN_MATCH_FORWARD,
		.rx_port = GEN_ANY_PORT,
	};

	*c = def;
	memcpy(c->dst_mac, mac, 6);
}

uint64_t gen_interval_ps(const struct gen_config *c, size_t len)
{
	if (c->rate)
		return 1000000000000ull / c->rate;
	if (c->mbit)
		return (len + 4 + GEN_LINE) * 8 * 1000000 / c->mbit;
	return 0;
}
