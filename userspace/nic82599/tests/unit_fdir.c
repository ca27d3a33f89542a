// SPDX-License-Identifier: GPL-2.0
/* Flow Director: perfect filters as a driver programs them, its corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bus.h"
#include "units.h"

#define SRC		0x0a000001u
#define DST		0x0a000002u
#define ADV_2K		(1u << 25 | 2)
#define UDP		1u
#define TCP		2u
#define HKEY		0x3dad14e2u

#define MASKS		(FDIRM_VLANID | FDIRM_VLANP | FDIRM_POOL | FDIRM_FLEX | FDIRM_DIPV6)
#define DROP_Q		127u
#define CTRL_PERFECT	(FDIRCTRL_PERFECT | DROP_Q << 8 | 6u << 16 | 10u << 24)
#define ADD		(FDIRCMD_CMD_ADD | FDIRCMD_LAST | FDIRCMD_QUEUE_EN)

struct flow {
	uint32_t type, src, dst;
	uint16_t sport, dport;
};

static uint8_t frame[FRAME_MAX];
static const struct flow udp_flow = { UDP, SRC, DST, 1, 7 };
static const struct flow tcp_flow = { TCP, SRC, DST, 40000, 80 };

static void start(struct rig *r, uint32_t ctrl)
{
	unsigned int i;

	for (i = 0; i < NR_TCS; i++)
		wr(r, RXPBSIZE(i), i ? 0 : 256 * 1024);
	wr(r, FDIRM, MASKS);
	wr(r, FDIRCTRL, ctrl);
	assert_true(rd(r, FDIRCTRL) & FDIRCTRL_INIT_DONE);
}

static uint32_t hash_of(const struct flow *f)
{
	uint32_t in[11] = {
		[0] = f->type << 16, [1] = f->dst, [5] = f->src,
		[9] = (uint32_t)f->sport << 16 | f->dport,
	};

	return fdir_hash(HKEY, in) & 0x1fff;
}

static void command(struct rig *r, const struct flow *f, uint16_t id, uint32_t cmd)
{
	wr(r, FDIRIPSA, htobe32(f->src));
	wr(r, FDIRIPDA, htobe32(f->dst));
	wr(r, FDIRPORT, (uint32_t)f->dport << 16 | f->sport);
	wr(r, FDIRVLAN, 0);
	wr(r, FDIRHASH, hash_of(f) | FDIRHASH_BUCKET_VALID | (uint32_t)id << 16);
	wr(r, FDIRCMD, cmd | f->type << 5);
	assert_false(rd(r, FDIRCMD) & FDIRCMD_CMD);
}

static void receive(struct rig *r, const struct flow *f)
{
	size_t len;

	if (f->type == UDP)
		len = make_udp4(frame, f->src, f->dst, f->sport, f->dport, 100);
	else
		len = make_tcp4(frame, f->src, f->dst, f->sport, f->dport, 100, 0x10);
	nic_receive(r->n, frame, len);
}

/* How many frames a queue has got, by its descriptors */
static unsigned int got(struct rig *r, unsigned int q)
{
	unsigned int i = 0;

	while (i < 16 && rx_desc(r, q, i)->hi & RXD_DD)
		i++;
	return i;
}

static void fdir_perfect(void **state)
{
	static const struct flow flows[] = { udp_flow, tcp_flow };
	struct flow other;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		struct rig *r = rig_new();

		rx_setup(r, 0, ADV_2K, 8);
		rx_setup(r, 126, ADV_2K, 8);
		start(r, 1 | CTRL_PERFECT);
		assert_int_equal(rd(r, FDIRFREE), 2046);
		command(r, &flows[i], 77, ADD | 126u << 16);
		assert_int_equal(rd(r, FDIRFREE), 2045);
		receive(r, &flows[i]);
		assert_int_equal(got(r, 126), 1);
		assert_true(rx_desc(r, 126, 0)->hi & RXD_FLM);
		other = flows[i], other.src++;
		receive(r, &other);
		other = flows[i], other.dst++;
		receive(r, &other);
		other = flows[i], other.sport++;
		receive(r, &other);
		other = flows[i], other.dport++;
		receive(r, &other);
		other = flows[i], other.type = UDP + TCP - other.type;
		receive(r, &other);
		assert_int_equal(got(r, 126), 1);
		assert_int_equal(got(r, 0), 5);
		assert_int_equal(rd(r, FDIRMATCH), 1);
		assert_int_equal(rd(r, FDIRMISS), 5);
		command(r, &flows[i], 77, FDIRCMD_CMD_REMOVE);
		receive(r, &flows[i]);
		assert_int_equal(got(r, 0), 6);
		assert_int_equal(rd(r, FDIRUSTAT), 1u << 16 | 1);
		command(r, &flows[i], 77, FDIRCMD_CMD_REMOVE);
		assert_int_equal(rd(r, FDIRFSTAT), 1u << 8);
		rig_free(r);
	}
}

/* Under a wrong hash nobody finds it, and neither one with masked bits. */
static void fdir_unreachable(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 1, ADV_2K, 8);
	start(r, 3 | CTRL_PERFECT);
	command(r, &udp_flow, 1, 0);
	wr(r, FDIRHASH, (hash_of(&udp_flow) ^ 1) | 1u << 16);
	wr(r, FDIRCMD, ADD | UDP << 5 | 1u << 16);
	receive(r, &udp_flow);
	assert_int_equal(got(r, 0), 1);
	wr(r, FDIRHASH, hash_of(&udp_flow) | 2u << 16);
	wr(r, FDIRVLAN, 5);
	wr(r, FDIRCMD, ADD | UDP << 5 | 1u << 16);
	assert_non_null(strstr(fake_log, "masked"));
	receive(r, &udp_flow);
	assert_int_equal(got(r, 0), 2);
	rig_free(r);
}

/* The ports masked: a filter for a host. Masks are bit by bit reversed there. */
static void fdir_masks(void **state)
{
	struct flow host = { TCP, SRC, DST, 0, 0 }, f = tcp_flow;
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	rx_setup(r, 3, ADV_2K, 8);
	wr(r, FDIRTCPM, 0xffffffff);
	start(r, 1 | CTRL_PERFECT);
	command(r, &host, 1, ADD | 3u << 16);
	receive(r, &f);
	f.sport = 5;
	receive(r, &f);
	assert_int_equal(got(r, 3), 2);
	wr(r, FDIRCMD, FDIRCMD_CLEARHT);
	wr(r, FDIRCMD, 0);
	wr(r, FDIRTCPM, 0x0000c000);	/* the last two bits of the source port */
	wr(r, FDIRCTRL, 1 | CTRL_PERFECT);
	f.sport = 40000;
	command(r, &f, 1, ADD | 3u << 16);
	f.sport = 40003;
	receive(r, &f);
	assert_int_equal(got(r, 3), 3);
	f.sport = 40004;
	receive(r, &f);
	assert_int_equal(got(r, 0), 1);
	rig_free(r);
}

static void fdir_full(void **state)
{
	static const uint16_t limits[4] = { 0, 2046, 4094, 8190 };
	unsigned int pballoc, i;

	(void)state;
	for (pballoc = 1; pballoc < 4; pballoc++) {
		struct rig *r = rig_new();
		struct flow f = tcp_flow;

		rx_setup(r, 0, ADV_2K, 8);
		rx_setup(r, 1, ADV_2K, 8);
		start(r, pballoc | CTRL_PERFECT | 4u << 28);
		for (i = 0; i < limits[pballoc]; i++) {
			f.src = SRC + i * 7;
			f.sport = (uint16_t)(1024 + i);
			if (limits[pballoc] - i == 64)
				assert_false(rd(r, EICS) & EICR_FLOW_DIR);
			command(r, &f, (uint16_t)i, ADD | 1u << 16);
			if (limits[pballoc] - i == 65)
				assert_true(rd(r, EICR) & EICR_FLOW_DIR);
		}
		assert_int_equal(rd(r, FDIRFREE), 0);
		assert_int_equal(rd(r, FDIRFSTAT), 0);
		receive(r, &f);
		assert_int_equal(got(r, 1), 1);
		f.dport++;
		command(r, &f, 9999, ADD | 1u << 16);
		assert_int_equal(rd(r, FDIRFSTAT), 1);
		assert_true(rd(r, EICR) & EICR_FLOW_DIR);
		receive(r, &f);
		assert_int_equal(got(r, 0), 1);
		command(r, &f, 9999, FDIRCMD_CMD_QUERY);
		assert_false(rd(r, FDIRCMD) & FDIRCMD_FILTER_VALID);
		wr(r, FDIRCMD, FDIRCMD_CLEARHT);
		assert_int_equal(rd(r, FDIRFREE), limits[pballoc]);
		assert_in_range(rd(r, FDIRLEN) & FDIRLEN_MAXLEN, 2, 20);
		rig_free(r);
	}
}

static void fdir_signature_full(void **state)
{
	struct rig *r = rig_new();
	unsigned int i;

	(void)state;
	wr(r, FDIRCTRL, 1);
	for (i = 0; i < 8200; i++) {
		wr(r, FDIRHASH, (i & 0x1fff) | FDIRHASH_BUCKET_VALID | i >> 13 << 16);
		wr(r, FDIRCMD, FDIRCMD_CMD_ADD | FDIRCMD_QUEUE_EN | 2u << 5);
	}
	assert_int_equal(rd(r, FDIRFREE), 0);
	assert_int_equal(rd(r, FDIRFSTAT) & 0xff, 10);
	rig_free(r);
}

static void fdir_collision(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 1, ADV_2K, 8);
	rx_setup(r, 2, ADV_2K, 8);
	start(r, 1 | CTRL_PERFECT);
	command(r, &udp_flow, 5, ADD | 1u << 16);
	command(r, &udp_flow, 5, ADD | 1u << 16);	/* the same: nothing happens */
	assert_int_equal(rd(r, FDIRFREE), 2045);
	command(r, &udp_flow, 5, ADD | 2u << 16);	/* stays at queue 1 */
	assert_int_equal(rd(r, FDIRFREE), 1u << 16 | 2045);
	receive(r, &udp_flow);
	assert_int_equal(got(r, 1), 1);
	assert_true(rx_desc(r, 1, 0)->hi & RXD_ERR_FDIR_COLL);
	command(r, &udp_flow, 5, ADD | FDIRCMD_FILTER_UPDATE | 2u << 16);
	receive(r, &udp_flow);
	assert_int_equal(got(r, 2), 1);
	assert_int_equal(rd(r, FDIRUSTAT), 1);
	command(r, &udp_flow, 5, FDIRCMD_CMD_REMOVE);
	assert_int_equal(rd(r, FDIRFREE), 2046);
	rig_free(r);
}

static void fdir_query(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	start(r, 1 | CTRL_PERFECT);
	command(r, &tcp_flow, 9, FDIRCMD_CMD_QUERY);
	assert_false(rd(r, FDIRHASH) & FDIRHASH_BUCKET_VALID);
	assert_false(rd(r, FDIRCMD) & FDIRCMD_FILTER_VALID);
	command(r, &tcp_flow, 9, ADD | 99u << 16);
	command(r, &udp_flow, 10, 0);		/* other fields in the registers */
	wr(r, FDIRHASH, hash_of(&tcp_flow) | 9u << 16);
	wr(r, FDIRCMD, FDIRCMD_CMD_QUERY);
	assert_true(rd(r, FDIRHASH) & FDIRHASH_BUCKET_VALID);
	assert_int_equal(rd(r, FDIRCMD), FDIRCMD_FILTER_VALID | TCP << 5 |
			 FDIRCMD_QUEUE_EN | 99u << 16);
	assert_int_equal(rd(r, FDIRIPSA), htobe32(SRC));
	assert_int_equal(rd(r, FDIRIPDA), htobe32(DST));
	assert_int_equal(rd(r, FDIRPORT), 80u << 16 | 40000);
	wr(r, FDIRHASH, hash_of(&tcp_flow) | 8u << 16);
	wr(r, FDIRCMD, FDIRCMD_CMD_QUERY);
	assert_true(rd(r, FDIRHASH) & FDIRHASH_BUCKET_VALID);
	assert_false(rd(r, FDIRCMD) & FDIRCMD_FILTER_VALID);
	assert_int_equal(rd(r, FDIRLEN), 1u << 8 | 1 |
			 (hash_of(&tcp_flow) & 0x7ff) << 16);
	rig_free(r);
}

/* Dropping is a queue that nobody enabled, and it counts there. */
static void fdir_drop(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	wr(r, RQSMR(DROP_Q / 4), 3u << 24);
	start(r, 1 | CTRL_PERFECT);
	command(r, &udp_flow, 1, ADD | FDIRCMD_DROP | DROP_Q << 16);
	receive(r, &udp_flow);
	assert_int_equal(got(r, 0), 0);
	assert_int_equal(rd(r, QPRDC(3)), 1);
	assert_int_equal(rd(r, FDIRMATCH), 1);
	rig_free(r);
}

/* 7.1.2: an L3/L4 filter and the SYN filter go before; both are counted. */
static void fdir_order(void **state)
{
	struct rig *r = rig_new();
	size_t len;

	(void)state;
	rx_setup(r, 1, ADV_2K, 8);
	rx_setup(r, 2, ADV_2K, 8);
	rx_setup(r, 4, ADV_2K, 8);
	start(r, 1 | CTRL_PERFECT);
	command(r, &tcp_flow, 1, ADD | 1u << 16);
	wr(r, SYNQF, SYNQF_QUEUE_EN | 2u << 1);
	len = make_tcp4(frame, SRC, DST, 40000, 80, 0, 0x02);
	nic_receive(r->n, frame, len);
	assert_int_equal(got(r, 2), 1);
	receive(r, &tcp_flow);
	assert_int_equal(got(r, 1), 1);
	wr(r, L34TIMIR(0), 4u << 21);		/* TCP to port 80 */
	wr(r, SDPQF(0), htobe16(80) << 16);
	wr(r, FTQF(0), BIT(31) | 0x17u << 25 | BIT(30));
	receive(r, &tcp_flow);
	assert_int_equal(got(r, 4), 1);
	assert_true(rx_desc(r, 4, 0)->hi & RXD_FLM);
	assert_int_equal(rd(r, FDIRMATCH), 3);
	rig_free(r);
}

static void fdir_report(void **state)
{
	struct rig *r = rig_new();
	uint32_t id = (hash_of(&udp_flow) & 0x7ff) | 77u << 16;

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	wr(r, RXCSUM, RXCSUM_PCSD);
	start(r, 1 | CTRL_PERFECT | FDIRCTRL_REPORT | FDIRCTRL_REPORT_ALWAYS);
	receive(r, &udp_flow);
	assert_int_equal(rx_desc(r, 0, 0)->lo & 0xf, RSS_FDIR);
	command(r, &udp_flow, 77, ADD);
	receive(r, &udp_flow);
	assert_int_equal(rx_desc(r, 0, 1)->lo >> 32, id);
	rig_free(r);
}

/* Lists longer than MAX_LENGTH (in units of two) are said in the descriptor. */
static void fdir_length(void **state)
{
	struct rig *r = rig_new();
	struct flow f = udp_flow;
	unsigned int nr = 0;

	(void)state;
	rx_setup(r, 0, ADV_2K, 8);
	start(r, 1 | (CTRL_PERFECT & ~(0xfu << 24)) | 1u << 24);
	for (f.src = 1; nr < 3; f.src++) {
		if ((hash_of(&f) & 0x7ff) != (hash_of(&udp_flow) & 0x7ff))
			continue;
		command(r, &f, (uint16_t)nr, ADD);
		receive(r, &f);
		assert_int_equal(!!(rx_desc(r, 0, nr)->hi & RXD_ERR_FDIR_LEN), nr == 2);
		nr++;
	}
	assert_int_equal(rd(r, FDIRLEN) & FDIRLEN_MAXLEN, 3);
	receive(r, &udp_flow);			/* matches none of them */
	assert_true(rx_desc(r, 0, 3)->hi & RXD_ERR_FDIR_LEN);
	assert_false(rx_desc(r, 0, 3)->hi & RXD_FLM);
	rig_free(r);
}

/* The table's memory is the packet buffer's. */
static void fdir_buffer(void **state)
{
	struct rig *r = rig_new();
	unsigned int before, i;

	(void)state;
	assert_int_equal(r->n->fifo.limit, 512 * 1024);
	wr(r, FDIRCTRL, 2 | CTRL_PERFECT);
	assert_non_null(strstr(fake_log, "run into filters"));
	assert_int_equal(r->n->fifo.limit, 384 * 1024);
	nic_flr(r->n);
	assert_int_equal(r->n->fifo.limit, 512 * 1024);
	rig_free(r);

	r = rig_new();
	for (i = 0; i < NR_TCS; i++)
		wr(r, RXPBSIZE(i), i ? 0 : 256 * 1024);
	before = fake_log_lines;
	wr(r, FDIRCTRL, 3 | CTRL_PERFECT);
	assert_int_equal(fake_log_lines, before);
	assert_int_equal(r->n->fifo.limit, 256 * 1024);
	wr(r, FDIRCTRL, 3 | CTRL_PERFECT);
	assert_non_null(strstr(fake_log, "CLEARHT"));
	rig_free(r);
}

const struct CMUnitTest fdir_tests[] = {
	cmocka_unit_test(fdir_perfect),
	cmocka_unit_test(fdir_unreachable),
	cmocka_unit_test(fdir_masks),
	cmocka_unit_test(fdir_full),
	cmocka_unit_test(fdir_signature_full),
	cmocka_unit_test(fdir_collision),
	cmocka_unit_test(fdir_query),
	cmocka_unit_test(fdir_drop),
	cmocka_unit_test(fdir_order),
	cmocka_unit_test(fdir_report),
	cmocka_unit_test(fdir_length),
	cmocka_unit_test(fdir_buffer),
};

const size_t nr_fdir_tests = ARRAY_SIZE(fdir_tests);
