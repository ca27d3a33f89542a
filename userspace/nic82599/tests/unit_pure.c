// SPDX-License-Identifier: GPL-2.0
/* The parts that compute: hashes, checksums, filters, parser, EEPROM, SFP+. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

/* Key and vectors: Microsoft, "Verifying the RSS Hash Calculation". */
static const uint8_t rss_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

struct rss4 {
	uint8_t src[4], dst[4];
	uint16_t sport, dport;
	uint32_t ip_hash, tcp_hash;
};

static const struct rss4 rss4[] = {
	{ { 66, 9, 149, 187 }, { 161, 142, 100, 80 }, 2794, 1766,
	  0x323e8fc2, 0x51ccc178 },
	{ { 199, 92, 111, 2 }, { 65, 69, 140, 83 }, 14230, 4739,
	  0xd718262a, 0xc626b0ea },
	{ { 24, 19, 198, 95 }, { 12, 22, 207, 184 }, 12898, 38024,
	  0xd2d0a5de, 0x5c2b394a },
	{ { 38, 27, 205, 30 }, { 209, 142, 163, 6 }, 48228, 2217,
	  0x82989176, 0xafc7327f },
	{ { 153, 39, 163, 191 }, { 202, 188, 127, 2 }, 44251, 1303,
	  0x5d1809c5, 0x10e828a2 },
};

static void pure_toeplitz_ipv4(void **state)
{
	uint8_t in[12];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rss4); i++) {
		memcpy(in, rss4[i].src, 4);
		memcpy(in + 4, rss4[i].dst, 4);
		put_be16(in + 8, rss4[i].sport);
		put_be16(in + 10, rss4[i].dport);
		assert_int_equal(rss_toeplitz(rss_key, in, 8), rss4[i].ip_hash);
		assert_int_equal(rss_toeplitz(rss_key, in, 12), rss4[i].tcp_hash);
	}
}

static void pure_toeplitz_ipv6(void **state)
{
	static const uint8_t in[36] = {
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff,
		0, 0, 0, 0, 0, 0, 0, 0x07,
		0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03,
		0, 0, 0, 0, 0, 0, 0, 0x01,
		0x0a, 0xea, 0x06, 0xe6,		/* 2794, 1766 */
	};

	(void)state;
	assert_int_equal(rss_toeplitz(rss_key, in, 32), 0x2cc18cd5);
	assert_int_equal(rss_toeplitz(rss_key, in, 36), 0x40207d3d);
}

/* RFC 1071, section 3: the sum is ddf2. */
static void pure_csum(void **state)
{
	static const uint8_t data[8] = {
		0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7,
	};
	uint8_t big[1501];
	size_t len;

	(void)state;
	assert_int_equal(csum_fold(csum_add(0, data, 8)), 0xffff & ~0xddf2);
	memset(big, 0xff, sizeof(big));
	for (len = 0; len <= sizeof(big); len++)
		assert_int_equal(csum_fold(csum_add(0x1234, big, len)),
				 plain_csum(big, len, 0x1234));
}

static void pure_crc(void **state)
{
	(void)state;
	assert_true(~crc32c_seed(~0u, "123456789", 9) == 0xe3069283);
	assert_int_equal(crc32_fcs("123456789", 9), 0xcbf43926);
}

/*
 * Signature hashes which Linux's ixgbe computes for a TCP flow over IPv4,
 * 192.168.0.1:1234 to 10.0.0.5:5201, without tag and with tag 6007h.
 */
static void pure_fdir_hash(void **state)
{
	uint32_t in[11] = {
		[0] = 2u << 16, [1] = 0x0a000005, [5] = 0xc0a80001,
		[9] = 1234u << 16 | 5201, [10] = 0x0800u << 16,
	};

	(void)state;
	assert_int_equal(fdir_hash(0x3dad14e2, in), 0x2306);
	assert_int_equal(fdir_hash(0x174d3614, in), 0x1a2a);
	in[0] |= 0x6007;
	assert_int_equal(fdir_hash(0x3dad14e2, in), 0x4d5c);
	assert_int_equal(fdir_hash(0x174d3614, in), 0x43c6);
}

static void parse(struct rxpkt *p, const uint8_t *f, size_t len)
{
	memset(p, 0, sizeof(*p));
	p->data = f;
	p->len = (uint32_t)len;
	parse_frame(p, 0x8100);
}

#define SRC	0xc0a80101u
#define DST	0xc0a80102u

/* As the registers hold them: first byte of the wire in bits 7:0 */
#define REG_SRC	0x0101a8c0u
#define REG_DST	0x0201a8c0u
#define REG_PORTS(s, d)	(htobe16(s) | (uint32_t)htobe16(d) << 16)

#define TF_ALL_MASKED	(0x1fu << 25)

static bool tuple_matches(const struct tuple_filter *f, const struct rxpkt *p)
{
	struct tuple_rule rule = filter_tuple_rule(f);

	return filter_find_5tuple(&rule, 1, p) == &rule;
}

static void pure_tuple_fields(void **state)
{
	struct tuple_filter f = { REG_SRC, REG_DST, REG_PORTS(1000, 7), 1, 0 };
	struct rxpkt p;
	uint8_t frame[200];

	(void)state;
	parse(&p, frame, make_udp4(frame, SRC, DST, 1000, 7, 30));
	assert_true(tuple_matches(&f, &p));
	f.saqf++;
	assert_false(tuple_matches(&f, &p));
	f.ftqf |= 1u << 25;
	assert_true(tuple_matches(&f, &p));
	f.daqf++;
	assert_false(tuple_matches(&f, &p));
	f.ftqf |= 1u << 26;
	assert_true(tuple_matches(&f, &p));
	f.sdpqf = REG_PORTS(1001, 7);
	assert_false(tuple_matches(&f, &p));
	f.ftqf |= 1u << 27;
	assert_true(tuple_matches(&f, &p));
	f.sdpqf = REG_PORTS(1001, 8);
	assert_false(tuple_matches(&f, &p));
	f.ftqf |= 1u << 28;
	assert_true(tuple_matches(&f, &p));
	f.ftqf &= ~3u;		/* TCP */
	assert_false(tuple_matches(&f, &p));
	f.ftqf |= 1u << 29;
	assert_true(tuple_matches(&f, &p));
}

static void pure_tuple_not_for(void **state)
{
	struct tuple_filter ports = { 0, 0, REG_PORTS(0, 7),
				      1 | (0x1fu & ~8u) << 25, 0 };
	struct tuple_filter any = { 0, 0, 0, TF_ALL_MASKED, 0 };
	struct rxpkt p;
	uint8_t frame[200];
	size_t len = make_udp4(frame, SRC, DST, 1000, 7, 30);

	(void)state;
	parse(&p, frame, len);
	assert_true(tuple_matches(&ports, &p));
	put_be16(frame + 20, 0x2000);		/* first fragment */
	parse(&p, frame, len);
	assert_false(tuple_matches(&ports, &p));
	assert_false(tuple_matches(&any, &p));
	put_be16(frame + 20, 0x4000);		/* don't fragment: whole */
	parse(&p, frame, len);
	assert_true(tuple_matches(&ports, &p));
	put_be16(frame + 16, 1000);		/* total length lies */
	parse(&p, frame, len);
	assert_false(tuple_matches(&ports, &p));
	parse(&p, frame, make_udp6(frame, 1000, 7, 30));
	assert_false(tuple_matches(&ports, &p));
	assert_false(tuple_matches(&any, &p));
}

static void pure_parse_cut_short(void **state)
{
	uint8_t frame[200], copy[200];
	size_t len = make_tcp4(frame, SRC, DST, 1, 2, 50, 0x10), cut;
	struct rxpkt p;

	(void)state;
	/* Every length, in a buffer that ends there: for the sanitizer */
	for (cut = FRAME_MIN; cut <= len; cut++) {
		uint8_t *exact = test_malloc(cut);

		memcpy(exact, frame, cut);
		parse(&p, exact, cut);
		parse_checksums(&p, true);
		assert_int_equal(p.has_l4, cut >= ETH_HLEN + 90);
		test_free(exact);
	}
	memcpy(copy, frame, sizeof(copy));
	copy[14] = 0x4f;		/* header longer than the packet */
	put_be16(copy + 16, 24);
	parse(&p, copy, len);
	assert_false(p.l3_ok);
	copy[14] = 0x41;
	parse(&p, copy, len);
	assert_int_equal(p.ptype, 0);
}

static uint32_t checked(const uint8_t *f, size_t len)
{
	struct rxpkt p;

	parse(&p, f, len);
	parse_checksums(&p, false);
	return p.status;
}

static void pure_checksum_status(void **state)
{
	uint8_t f[1600];
	size_t len;

	(void)state;
	for (len = 0; len < 1473; len += 61) {
		size_t total = make_udp4(f, SRC, DST, 9, 10, len);

		assert_int_equal(checked(f, total), RXD_IPCS | RXD_L4I);
		total = make_tcp4(f, SRC, DST, 9, 10, len % 1461, 0x18);
		assert_int_equal(checked(f, total), RXD_IPCS | RXD_L4I);
		total = make_udp6(f, 9, 10, len % 1453);
		assert_int_equal(checked(f, total), RXD_L4I);
	}
	len = make_udp4(f, SRC, DST, 9, 10, 100);
	f[24] ^= 1;
	assert_int_equal(checked(f, len), RXD_IPCS | RXD_ERR_IPE | RXD_L4I);
	len = make_udp4(f, SRC, DST, 9, 10, 100);
	f[60] ^= 1;
	assert_int_equal(checked(f, len), RXD_IPCS | RXD_L4I | RXD_ERR_L4E);
	len = make_udp4(f, SRC, DST, 9, 10, 100);
	put_be16(f + 40, 0);	/* the erratum: no checksum is a bad one */
	assert_int_equal(checked(f, len), RXD_IPCS | RXD_L4I | RXD_ERR_L4E);
}

static void pure_eeprom(void **state)
{
	struct rig *r = rig_new();
	uint16_t *im = r->n->eeprom, sum = 0;
	unsigned int i, j;

	(void)state;
	for (i = 0; i <= 0x3f; i++)
		sum = (uint16_t)(sum + im[i]);
	for (i = 3; i <= 0xe; i++)
		if (im[i] != 0xffff)
			for (j = 1; j <= im[im[i]]; j++)
				sum = (uint16_t)(sum + im[im[i] + j]);
	assert_int_equal(sum, 0xbaba);
	assert_int_equal(eeprom_checksum(im, EEPROM_WORDS), im[0x3f]);
	im[im[9] + 1] ^= 0x100;
	assert_int_not_equal(eeprom_checksum(im, EEPROM_WORDS), im[0x3f]);
	im[3] = EEPROM_WORDS - 2;	/* a section that leaves the image */
	im[EEPROM_WORDS - 2] = 40;
	(void)eeprom_checksum(im, EEPROM_WORDS);
	rig_free(r);
}

static void pure_eerd(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	wr(r, EERD, 0x3fu << 2 | EERD_START);
	assert_int_equal(rd(r, EERD) >> 16, r->n->eeprom[0x3f]);
	assert_true(rd(r, EERD) & EERD_DONE);
	wr(r, EERD, 0x3fffu << 2 | EERD_START);
	assert_int_equal(rd(r, EERD) >> 16, 0);
	rig_free(r);
}

/* ---- the two-wire bus, as a driver moves it ---- */

static void wires(struct rig *r, bool scl, bool sda)
{
	wr(r, I2CCTL, (scl ? I2CCTL_CLK_OUT : 0) | (sda ? I2CCTL_DATA_OUT : 0));
}

static void i2c_start(struct rig *r)
{
	wires(r, false, true);
	wires(r, true, true);
	wires(r, true, false);
	wires(r, false, false);
}

static bool i2c_bit(struct rig *r, bool out)
{
	bool in;

	wires(r, false, out);
	wires(r, true, out);
	in = rd(r, I2CCTL) & I2CCTL_DATA_IN;
	wires(r, false, out);
	return in;
}

static bool i2c_send(struct rig *r, uint8_t byte)
{
	int i;

	for (i = 7; i >= 0; i--)
		i2c_bit(r, byte >> i & 1);
	return !i2c_bit(r, true);
}

static uint8_t i2c_recv(struct rig *r, bool more)
{
	unsigned int byte = 0;
	int i;

	for (i = 0; i < 8; i++)
		byte = byte << 1 | i2c_bit(r, true);
	i2c_bit(r, !more);
	return (uint8_t)byte;
}

static void i2c_stop(struct rig *r)
{
	wires(r, false, false);
	wires(r, true, false);
	wires(r, true, true);
}

static uint8_t sfp_read(struct rig *r, uint8_t dev, uint8_t offset)
{
	uint8_t byte;

	i2c_start(r);
	assert_true(i2c_send(r, dev));
	assert_true(i2c_send(r, offset));
	i2c_start(r);
	assert_true(i2c_send(r, dev | 1));
	byte = i2c_recv(r, false);
	i2c_stop(r);
	return byte;
}

static void pure_sfp(void **state)
{
	struct rig *r = rig_new();
	uint8_t sum = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < 63; i++)
		sum = (uint8_t)(sum + sfp_read(r, 0xa0, (uint8_t)i));
	assert_int_equal(sum, sfp_read(r, 0xa0, 63));
	for (i = 64, sum = 0; i < 95; i++)
		sum = (uint8_t)(sum + sfp_read(r, 0xa0, (uint8_t)i));
	assert_int_equal(sum, sfp_read(r, 0xa0, 95));
	assert_int_equal(sfp_read(r, 0xa0, 0), 3);
	assert_int_equal(sfp_read(r, 0xa2, 96), 0x23);
	i2c_start(r);
	assert_false(i2c_send(r, 0x40));	/* nobody lives there */
	i2c_stop(r);
	i2c_start(r);
	assert_true(i2c_send(r, 0xa0));
	assert_true(i2c_send(r, 20));
	i2c_start(r);
	assert_true(i2c_send(r, 0xa1));
	assert_int_equal(i2c_recv(r, true), 'I');	/* several in a row */
	assert_int_equal(i2c_recv(r, true), 'n');
	assert_int_equal(i2c_recv(r, false), 't');
	i2c_stop(r);
	rig_free(r);
}

const struct CMUnitTest pure_tests[] = {
	cmocka_unit_test(pure_toeplitz_ipv4),
	cmocka_unit_test(pure_toeplitz_ipv6),
	cmocka_unit_test(pure_csum),
	cmocka_unit_test(pure_crc),
	cmocka_unit_test(pure_fdir_hash),
	cmocka_unit_test(pure_tuple_fields),
	cmocka_unit_test(pure_tuple_not_for),
	cmocka_unit_test(pure_parse_cut_short),
	cmocka_unit_test(pure_checksum_status),
	cmocka_unit_test(pure_eeprom),
	cmocka_unit_test(pure_eerd),
	cmocka_unit_test(pure_sfp),
};

const size_t nr_pure_tests = ARRAY_SIZE(pure_tests);
