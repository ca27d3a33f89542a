// SPDX-License-Identifier: GPL-2.0
/*
 * The generator's frames: built, recognized, compared byte for byte.
 *
 * What a frame looks like depends on nothing but the settings of its run, its
 * flow and its number, so what comes back is compared with a frame that is
 * built again. The pattern is a window of a fixed table, for whose sum a table
 * of partial sums is kept: a checksum costs no look at the payload. Headers and
 * tag are put together in words, and summed up before they are stored.
 */
#include <endian.h>
#include <string.h>

#include "gen.h"

#define ETH_HLEN	14u
#define ETH_P_IPV4	0x0800
#define ETH_P_ARP	0x0806
#define IP_HLEN		20u
#define UDP_HLEN	8u
#define UDP_PAYLOAD	(ETH_HLEN + IP_HLEN + UDP_HLEN)
#define FCS_LEN		4u
#define IP_PROTO_UDP	17
#define IP_TTL		64
#define ARP_LEN		28u
#define FRAME_MIN	60u

#define TAG_MAGIC	0xa7c3
#define TAG_NS_MASK	((1ull << 48) - 1)

#define PATTERN_WINDOWS	65536u
#define PATTERN_LEN	(PATTERN_WINDOWS + 1536u)

static struct {
	bool ready;
	uint16_t crc[16][256];			/* of each byte at each place of a tag */
	uint8_t pattern[PATTERN_LEN];
	uint32_t sum[PATTERN_LEN / 2 + 1];	/* of the 16-bit words before */
} table;

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Sum of the four 16-bit words */
static uint32_t sum64(uint64_t v)
{
	v = (v & 0x0000ffff0000ffffull) + (v >> 16 & 0x0000ffff0000ffffull);
	return (uint32_t)(v + (v >> 32));
}

static uint32_t sum_words(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (; len >= 8; len -= 8, p += 8)
		sum += sum64(get64(p));
	for (; len >= 2; len -= 2, p += 2)
		sum += get16(p);
	return len ? sum + (uint32_t)(*p << 8) : sum;
}

/* CRC-16/CCITT is linear: that of a tag is the XOR of those of its bytes in their places. */
static void fill_crc(void)
{
	unsigned int i, bit, place;

	for (i = 0; i < 256; i++) {
		uint16_t c = (uint16_t)(i << 8);

		for (bit = 0; bit < 8; bit++)
			c = (uint16_t)(c & 0x8000 ? c << 1 ^ 0x1021 : c << 1);
		table.crc[15][i] = c;
	}
	for (place = 15; place-- > 0;) {
		for (i = 0; i < 256; i++) {
			uint16_t c = table.crc[place + 1][i];

			table.crc[place][i] = (uint16_t)(c << 8 ^ table.crc[15][c >> 8]);
		}
	}
}

void gen_frame_init(void)
{
	uint64_t x = 0x9e3779b97f4a7c15ull;
	unsigned int i;

	if (table.ready)
		return;
	fill_crc();
	for (i = 0; i < PATTERN_LEN; i++) {	/* xorshift64 */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		table.pattern[i] = (uint8_t)(x >> 32);
	}
	for (i = 0; i < PATTERN_LEN / 2; i++)
		table.sum[i + 1] = table.sum[i] + get16(table.pattern + 2 * i);
	table.ready = true;
}

/* Of the 16 bytes of two words. The initial value meets the first two of them. */
static uint16_t crc16(uint64_t w0, uint64_t w1)
{
	unsigned int i, shift;
	uint16_t c = 0;

	w0 ^= 0xffffull << 48;
	for (i = 0; i < 8; i++) {
		shift = 56 - 8 * i;
		c ^= table.crc[i][w0 >> shift & 0xff] ^ table.crc[8 + i][w1 >> shift & 0xff];
	}
	return c;
}

static uint32_t mix(uint32_t h)
{
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	return h ^ h >> 15;
}

static uint32_t tag_hash(const struct gen_tag *t)
{
	return mix(t->seq * 0x9e3779b1u + t->flow);
}

/* Any value below @n, each nearly as likely as the others */
static uint32_t below(uint32_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)hash * n >> 32);
}

/* Each size of each range in turn, by the number of the frame in its run */
static uint32_t swept_size(const struct gen_config *c, const struct gen_tag *t)
{
	const struct gen_size *s = c->size;
	uint32_t total = 0, pick, i;

	for (i = 0; i < c->nr_sizes; i++)
		total += c->size[i].hi - c->size[i].lo + 1;
	pick = (uint32_t)(((uint64_t)t->seq * c->flows + t->flow) % total);
	for (; pick > s->hi - s->lo; s++)
		pick -= s->hi - s->lo + 1;
	return s->lo + pick;
}

static uint32_t random_size(const struct gen_config *c, uint32_t hash)
{
	const struct gen_size *s = c->size;
	uint32_t total = 0, pick, i;

	if (c->nr_sizes == 1 && s->lo == s->hi)
		return s->lo;
	hash = mix(hash + 1);
	if (c->nr_sizes > 1) {
		for (i = 0; i < c->nr_sizes; i++)
			total += c->size[i].weight;
		pick = below(hash, total);
		hash = mix(hash);
		for (; pick >= s->weight; s++)
			pick -= s->weight;
	}
	return s->lo + below(hash, s->hi - s->lo + 1);
}

static size_t frame_len(const struct gen_config *c, const struct gen_tag *t, uint32_t hash)
{
	return (c->sweep ? swept_size(c, t) : random_size(c, hash)) - FCS_LEN;
}

static uint32_t put_tag(const struct gen_tag *t, uint8_t *p)
{
	uint64_t w0 = (uint64_t)TAG_MAGIC << 48 | (uint64_t)t->run << 32 |
		      (uint64_t)t->flow << 16 | t->seq >> 16;
	uint64_t w1 = (uint64_t)t->seq << 48 | (t->ns & TAG_NS_MASK);
	uint16_t crc = crc16(w0, w1);

	put64(p, w0);
	put64(p + 8, w1);
	put16(p + 16, crc);
	return sum64(w0) + sum64(w1) + crc;
}

/* What the tag leaves room for; its sum. */
static uint32_t put_pattern(uint32_t hash, uint8_t *p, size_t len)
{
	uint32_t from = hash & (PATTERN_WINDOWS - 2), words = (uint32_t)len / 2;

	memcpy(p, table.pattern + from, len);
	return table.sum[from / 2 + words] - table.sum[from / 2] +
	       (len & 1 ? (uint32_t)p[len - 1] << 8 : 0);
}

/* The payload; its sum. In the shortest frames there is no pattern to be fetched. */
static uint32_t put_payload(const struct gen_tag *t, uint32_t hash, uint8_t *p, size_t len)
{
	uint32_t sum = put_tag(t, p);

	if (len > GEN_TAG_LEN)
		sum += put_pattern(hash, p + GEN_TAG_LEN, len - GEN_TAG_LEN);
	return sum;
}

/* Few flows need no division. */
static uint32_t modulo(uint32_t flow, uint32_t n)
{
	return flow < n ? flow : flow % n;
}

static uint32_t flow_src(const struct gen_config *c, uint32_t flow)
{
	return c->src + modulo(flow, c->srcs);
}

static uint32_t flow_port(const struct gen_config *c, uint32_t flow)
{
	return 1 + modulo(c->sport - 1 + flow, 65535);	/* 0 is no port */
}

static uint32_t flow_dport(const struct gen_config *c, uint32_t flow)
{
	return c->dport_lo + modulo(flow, c->dport_hi - c->dport_lo + 1);
}

static void put_headers(const struct gen_config *c, const struct gen_tag *t, uint8_t *ip,
			size_t len, uint32_t payload_sum)
{
	const uint32_t first = 0x4500, frag = 0x4000, ttl_proto = IP_TTL << 8 | IP_PROTO_UDP;
	uint32_t src = flow_src(c, t->flow), udp_len = (uint32_t)len - IP_HLEN;
	uint32_t sport = flow_port(c, t->flow), dport = flow_dport(c, t->flow);
	uint32_t addrs = sum64((uint64_t)src << 32 | c->dst), sum = 0;

	if (c->udp_csum) {
		sum = payload_sum + addrs + IP_PROTO_UDP + 2 * udp_len + sport + dport;
		sum = (uint16_t)~fold(sum);
		sum = sum ? sum : 0xffff;
	}
	put64(ip, (uint64_t)first << 48 | (uint64_t)len << 32 | frag);
	put64(ip + 16, (uint64_t)c->dst << 32 | sport << 16 | dport);
	put32(ip + 24, udp_len << 16 | sum);
	sum = (uint16_t)~fold(first + (uint32_t)len + frag + ttl_proto + addrs);
	put64(ip + 8, (uint64_t)ttl_proto << 48 | (uint64_t)sum << 32 | src);
}

static size_t build_request(const struct gen_config *c, const struct gen_tag *t, uint8_t *f)
{
	size_t len = gen_kv_request(c, (uint64_t)t->seq * c->flows + t->flow, f + UDP_PAYLOAD);

	put16(f + 12, ETH_P_IPV4);
	put_headers(c, t, f + ETH_HLEN, IP_HLEN + UDP_HLEN + len,
		    sum_words(f + UDP_PAYLOAD, len));
	return UDP_PAYLOAD + len;
}

size_t gen_frame_build(const struct gen_config *c, const struct gen_tag *t, uint8_t *f)
{
	uint32_t hash = tag_hash(t), sum;
	size_t len = frame_len(c, t, hash);

	memcpy(f, c->dst_mac, 6);
	memcpy(f + 6, c->src_mac, 6);
	if (c->payload == GEN_PAYLOAD_MEMCACHED)
		return build_request(c, t, f);
	if (c->ethertype) {
		put16(f + 12, c->ethertype);
		put_payload(t, hash, f + ETH_HLEN, len - ETH_HLEN);
		return len;
	}
	put16(f + 12, ETH_P_IPV4);
	sum = put_payload(t, hash, f + UDP_PAYLOAD, len - UDP_PAYLOAD);
	put_headers(c, t, f + ETH_HLEN, len - ETH_HLEN, sum);
	return len;
}

enum gen_found gen_frame_find(const uint8_t *f, size_t len, struct gen_tag *t)
{
	const uint8_t *p = f + ETH_HLEN;
	uint64_t w0, w1;

	if (len < FRAME_MIN || len > GEN_SIZE_MAX - FCS_LEN)
		return GEN_NONE;
	if (get16(f + 12) == ETH_P_IPV4) {
		if (f[ETH_HLEN] != 0x45 || f[ETH_HLEN + 9] != IP_PROTO_UDP)
			return GEN_NONE;
		p = f + UDP_PAYLOAD;
	}
	w0 = get64(p);
	w1 = get64(p + 8);
	if (w0 >> 48 != TAG_MAGIC)
		return GEN_NONE;
	t->run = (uint16_t)(w0 >> 32);
	t->flow = (uint16_t)(w0 >> 16);
	t->seq = (uint32_t)(w0 << 16 | w1 >> 48);
	t->ns = w1 & TAG_NS_MASK;
	return crc16(w0, w1) == get16(p + 16) ? GEN_FOUND : GEN_DAMAGED;
}

/* ---- comparison ---- */

static bool differ_at(const uint8_t *f, const uint8_t *want, size_t at, struct gen_diff *d)
{
	d->at = (int)at;
	d->is = f[at];
	d->expected = want[at];
	return false;
}

static bool compare(const uint8_t *f, const uint8_t *want, size_t from, size_t to,
		    struct gen_diff *d)
{
	if (!memcmp(f + from, want + from, to - from))
		return true;
	while (f[from] == want[from])
		from++;
	return differ_at(f, want, from, d);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t tmp[6];

	memcpy(tmp, a, len);
	memcpy(a, b, len);
	memcpy(b, tmp, len);
}

static uint16_t udp_sum(const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + ETH_HLEN, *udp = ip + IP_HLEN;

	return fold(fold(sum_words(ip + 12, 8) + IP_PROTO_UDP + get16(udp + 4)) +
		    fold(sum_words(udp, len - ETH_HLEN - IP_HLEN)));
}

/*
 * An answer that somebody wrote anew: what is in its headers beside addresses,
 * ports and lengths is the sender's choice, as long as the checksums fit.
 */
static bool compare_echo(const uint8_t *f, uint8_t *want, size_t len, struct gen_diff *d)
{
	static const uint8_t free_bytes[] = { 1, 4, 5, 6, 7, 8, 10, 11 };
	const uint8_t *ip = f + ETH_HLEN;
	size_t i;

	swap(want + 26, want + 30, 4);
	swap(want + 34, want + 36, 2);
	for (i = 0; i < sizeof(free_bytes); i++)
		want[ETH_HLEN + free_bytes[i]] = ip[free_bytes[i]];
	want[40] = f[40];
	want[41] = f[41];
	if (!compare(f, want, 12, len, d))
		return false;
	if (fold(sum_words(ip, IP_HLEN)) != 0xffff)
		return differ_at(f, want, ETH_HLEN + 10, d);
	if (get16(f + 40) && udp_sum(f, len) != 0xffff)
		return differ_at(f, want, 40, d);
	return true;
}

/* A router counts the time to live down and mends the checksum. */
static bool compare_route(const uint8_t *f, uint8_t *want, size_t len, struct gen_diff *d)
{
	uint8_t *ip = want + ETH_HLEN;

	if (f[ETH_HLEN + 8] && f[ETH_HLEN + 8] < IP_TTL)
		ip[8] = f[ETH_HLEN + 8];
	else
		ip[8]--;
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~fold(sum_words(ip, IP_HLEN)));
	return compare(f, want, 12, len, d);
}

static bool mac_fits(const uint8_t *f, uint8_t *want, const uint8_t mac[6], size_t at,
		     struct gen_diff *d)
{
	static const uint8_t any[6];

	if (!memcmp(mac, any, 6))
		return true;
	memcpy(want + at, mac, 6);
	return compare(f, want, at, at + 6, d);
}

bool gen_frame_check(const struct gen_config *c, const struct gen_tag *t,
		     const uint8_t *f, size_t len, struct gen_diff *d)
{
	size_t payload = c->ethertype ? ETH_HLEN : UDP_PAYLOAD;
	uint8_t want[GEN_SIZE_MAX];

	if (gen_frame_build(c, t, want) != len) {
		d->at = GEN_AT_LENGTH;
		return false;
	}
	if (!compare(f, want, 12, 14, d))
		return false;
	if (c->match != GEN_MATCH_SAME &&
	    (!mac_fits(f, want, c->rx_dst_mac, 0, d) || !mac_fits(f, want, c->rx_src_mac, 6, d)))
		return false;
	switch (c->match) {
	case GEN_MATCH_NONE:
		return compare(f, want, payload, len, d);
	case GEN_MATCH_SAME:
		return compare(f, want, 0, len, d);
	case GEN_MATCH_ROUTE:
		return c->ethertype ? compare(f, want, 12, len, d)
				    : compare_route(f, want, len, d);
	case GEN_MATCH_ECHO:
		return c->ethertype ? compare(f, want, 12, len, d)
				    : compare_echo(f, want, len, d);
	default:
		return compare(f, want, 12, len, d);
	}
}

bool gen_frame_answers(const struct gen_config *c, const struct gen_tag *t,
		       const uint8_t *f, size_t len, size_t *payload)
{
	const uint8_t *ip = f + ETH_HLEN, *udp = ip + IP_HLEN;
	uint32_t ip_len = get16(ip + 2);

	if (get16(f + 12) != ETH_P_IPV4 || ip[0] != 0x45 || ip[9] != IP_PROTO_UDP ||
	    get32(ip + 12) != c->dst || get32(ip + 16) != flow_src(c, t->flow) ||
	    get16(udp) != flow_dport(c, t->flow) || get16(udp + 2) != flow_port(c, t->flow))
		return false;
	/* Short frames are padded. */
	if (ip_len + ETH_HLEN > len || get16(udp + 4) + IP_HLEN != ip_len ||
	    ip_len < IP_HLEN + UDP_HLEN || fold(sum_words(ip, IP_HLEN)) != 0xffff ||
	    (get16(udp + 6) && udp_sum(f, ETH_HLEN + ip_len) != 0xffff))
		return false;
	*payload = ip_len - IP_HLEN - UDP_HLEN;
	return true;
}

/* RFC 826, for Ethernet and IPv4. Probes (no sender address) are answered, too. */
size_t gen_arp_answer(const struct gen_config *c, const uint8_t *f, size_t len,
		      uint8_t *answer)
{
	static const uint8_t request[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	const uint8_t *arp = f + ETH_HLEN;
	uint8_t *a = answer + ETH_HLEN;

	if (len < ETH_HLEN + ARP_LEN || get16(f + 12) != ETH_P_ARP ||
	    memcmp(arp, request, sizeof(request)) || arp[8] & 1 ||
	    get32(arp + 24) - c->src >= c->srcs)
		return 0;
	memset(answer, 0, FRAME_MIN);
	memcpy(answer, arp + 8, 6);
	memcpy(answer + 6, c->src_mac, 6);
	put16(answer + 12, ETH_P_ARP);
	memcpy(a, request, 7);
	a[7] = 2;
	memcpy(a + 8, c->src_mac, 6);
	memcpy(a + 14, arp + 24, 4);
	memcpy(a + 18, arp + 8, 10);
	return FRAME_MIN;
}
