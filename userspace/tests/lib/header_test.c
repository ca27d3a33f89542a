// SPDX-License-Identifier: GPL-2.0
/* Unit tests of libatmo: headers in place, and datagrams cut from a buffer. */
#include "fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <atmo.h>
#include <atmo_hdr.h>

#define HEAD4	(ATMO_ETH_LEN + ATMO_IP4_LEN + ATMO_UDP_LEN)
#define HEAD6	(ATMO_ETH_LEN + ATMO_IP6_LEN + ATMO_UDP_LEN)

/* 10.0.0.1:4660 to 10.0.0.2:7, 3 bytes of payload. */
static const uint8_t frame4[HEAD4 + 3] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0x01, 0, 31, 0xab, 0xcd, 0x40, 0, 64, 17, 0x12, 0x34, 10, 0, 0, 1, 10, 0, 0, 2,
	0x12, 0x34, 0, 7, 0, 11, 0xbe, 0xef, 'a', 'b', 'c',
};

/* fe80::1, port 4660, to fe80::2, port 7. */
static const uint8_t frame6[HEAD6 + 3] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
	0x60, 0, 0, 0, 0, 11, 17, 255,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0x12, 0x34, 0, 7, 0, 11, 0xbe, 0xef, 'a', 'b', 'c',
};

/* A packet at an odd address, as a driver might place it. */
static struct atmo_packet packet(uint8_t *mem, const uint8_t *frame, size_t len, size_t head)
{
	memcpy(mem + 1, frame, len);
	return (struct atmo_packet){
		.frame = mem + 1, .data = mem + 1 + head, .len = (uint16_t)(len - head),
	};
}

static void fields_are_read(void **state)
{
	struct atmo_packet pkt;
	uint8_t mem[128], mac[6];
	void *ip, *udp;

	(void)state;
	pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	ip = atmo_ip(&pkt);
	udp = atmo_udp(&pkt);
	assert_ptr_equal(ip, mem + 1 + ATMO_ETH_LEN);
	assert_ptr_equal(udp, (uint8_t *)pkt.data - ATMO_UDP_LEN);
	atmo_eth_dst(pkt.frame, mac);
	assert_memory_equal(mac, frame4, 6);
	atmo_eth_src(pkt.frame, mac);
	assert_memory_equal(mac, frame4 + 6, 6);
	assert_int_equal(atmo_eth_type(pkt.frame), ATMO_ETH_TYPE_IP4);
	assert_int_equal(atmo_ip4_version_ihl(ip), 0x45);
	assert_int_equal(atmo_ip4_tos(ip), 1);
	assert_int_equal(atmo_ip4_len(ip), 31);
	assert_int_equal(atmo_ip4_id(ip), 0xabcd);
	assert_int_equal(atmo_ip4_frag(ip), 0x4000);
	assert_int_equal(atmo_ip4_ttl(ip), 64);
	assert_int_equal(atmo_ip4_protocol(ip), 17);
	assert_int_equal(atmo_ip4_checksum(ip), 0x1234);
	assert_int_equal(atmo_ip4_src(ip), inet_addr("10.0.0.1"));
	assert_int_equal(atmo_ip4_dst(ip), inet_addr("10.0.0.2"));
	assert_int_equal(atmo_udp_src(udp), htons(4660));
	assert_int_equal(atmo_udp_dst(udp), htons(7));
	assert_int_equal(atmo_udp_len(udp), 11);
	assert_int_equal(atmo_udp_checksum(udp), 0xbeef);
}

/* Every setter at once on zeroed memory gives the frame that was written by hand. */
static void fields_are_written(void **state)
{
	uint8_t mem[sizeof(frame4) + 1] = { 0 };
	uint8_t *eth = mem + 1, *ip = eth + ATMO_ETH_LEN, *udp = ip + ATMO_IP4_LEN;

	(void)state;
	atmo_set_eth_dst(eth, frame4);
	atmo_set_eth_src(eth, frame4 + 6);
	atmo_set_eth_type(eth, ATMO_ETH_TYPE_IP4);
	atmo_set_ip4_version_ihl(ip, 0x45);
	atmo_set_ip4_tos(ip, 1);
	atmo_set_ip4_len(ip, 31);
	atmo_set_ip4_id(ip, 0xabcd);
	atmo_set_ip4_frag(ip, 0x4000);
	atmo_set_ip4_ttl(ip, 64);
	atmo_set_ip4_protocol(ip, 17);
	atmo_set_ip4_checksum(ip, 0x1234);
	atmo_set_ip4_src(ip, inet_addr("10.0.0.1"));
	atmo_set_ip4_dst(ip, inet_addr("10.0.0.2"));
	atmo_set_udp_src(udp, htons(4660));
	atmo_set_udp_dst(udp, htons(7));
	atmo_set_udp_len(udp, 11);
	atmo_set_udp_checksum(udp, 0xbeef);
	assert_memory_equal(eth, frame4, HEAD4);
}

static void ip6_fields_are_read_and_written(void **state)
{
	uint8_t mem[128], addr[16];
	struct atmo_packet pkt = packet(mem, frame6, sizeof(frame6), HEAD6);
	uint8_t *ip = atmo_ip(&pkt);

	(void)state;
	assert_int_equal(atmo_ip6_payload_len(ip), 11);
	assert_int_equal(atmo_ip6_next_header(ip), 17);
	assert_int_equal(atmo_ip6_hop_limit(ip), 255);
	atmo_ip6_dst(ip, addr);
	assert_int_equal(addr[15], 2);
	atmo_set_ip6_src(ip, addr);
	assert_memory_equal(ip + 8, frame6 + ATMO_ETH_LEN + 24, 16);
	atmo_set_ip6_payload_len(ip, 0x0102);
	assert_int_equal(ip[4] << 8 | ip[5], 0x0102);
}

static void swap_turns_a_datagram_round(void **state)
{
	uint8_t mem[128];
	struct atmo_packet pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	uint8_t *ip = atmo_ip(&pkt), *udp = atmo_udp(&pkt);

	(void)state;
	assert_int_equal(atmo_swap(&pkt), 0);
	assert_int_equal(pkt.flags, ATMO_TX_FRAME);
	assert_memory_equal(pkt.frame, frame4 + 6, 6);
	assert_memory_equal((uint8_t *)pkt.frame + 6, frame4, 6);
	assert_int_equal(atmo_ip4_src(ip), inet_addr("10.0.0.2"));
	assert_int_equal(atmo_ip4_dst(ip), inet_addr("10.0.0.1"));
	assert_int_equal(atmo_udp_src(udp), htons(7));
	assert_int_equal(atmo_udp_dst(udp), htons(4660));
	/* Twice is not at all. */
	assert_int_equal(atmo_swap(&pkt), 0);
	assert_memory_equal(pkt.frame, frame4, sizeof(frame4));

	pkt = packet(mem, frame6, sizeof(frame6), HEAD6);
	assert_int_equal(atmo_swap(&pkt), 0);
	ip = atmo_ip(&pkt);
	assert_int_equal(ip[8 + 15], 2);
	assert_int_equal(ip[24 + 15], 1);
}

static void swap_refuses_other_frames(void **state)
{
	uint8_t mem[128];
	struct atmo_packet pkt;
	size_t len;

	(void)state;
	/* Too short for its headers, at every length; exact copies for the sanitiser. */
	for (len = ATMO_ETH_LEN; len < HEAD4; len++) {
		pkt = packet(mem, frame4, len, ATMO_ETH_LEN);
		assert_int_equal(atmo_swap(&pkt), -EINVAL);
		assert_int_equal(pkt.flags, 0);
	}
	for (len = ATMO_ETH_LEN; len < HEAD6; len++) {
		pkt = packet(mem, frame6, len, ATMO_ETH_LEN);
		assert_int_equal(atmo_swap(&pkt), -EINVAL);
	}
	pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	mem[1 + 12] = 0x88;			/* another EtherType */
	assert_int_equal(atmo_swap(&pkt), -EINVAL);
	pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	mem[1 + ATMO_ETH_LEN] = 0x46;		/* IP options */
	assert_int_equal(atmo_swap(&pkt), -EINVAL);
	pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	mem[1 + ATMO_ETH_LEN + 7] = 1;		/* a fragment */
	assert_int_equal(atmo_swap(&pkt), -EINVAL);
	pkt = packet(mem, frame4, sizeof(frame4), HEAD4);
	mem[1 + ATMO_ETH_LEN + 9] = 6;		/* TCP */
	assert_int_equal(atmo_swap(&pkt), -EINVAL);
	pkt = (struct atmo_packet){ .data = mem, .len = sizeof(mem) };
	assert_int_equal(atmo_swap(&pkt), -EINVAL);
}

static int setup(void **state)
{
	static const struct atmo_options opt = {
		.size = sizeof(opt), .ifname = "eth7", .nr_pages = NR_PAGES, .nr_rx_pages = 4,
	};
	struct atmo_sock *s;

	fake_reset();
	k.headers.len = HEAD4;
	memcpy(k.headers.bytes, frame4, HEAD4);
	assert_int_equal(atmo_udp_open(&s, &opt), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	atmo_close(*state);
	assert_int_equal(k.nr_bad, 0);
	return 0;
}

static const in_addr_t dest[4] = { 0x0200000a };

static void echo_in_place_sends_the_frame(void **state)
{
	struct atmo_packet pkt;

	k.i[0].nr_waiting = 1;
	assert_int_equal(atmo_rx_batch(*state, &pkt, 1), 1);
	assert_int_equal((uint8_t *)pkt.data - (uint8_t *)pkt.frame, HEAD4);
	assert_int_equal(pkt.flags, 0);
	memcpy(pkt.frame, frame4, HEAD4);
	assert_int_equal(atmo_swap(&pkt), 0);
	assert_int_equal(atmo_tx_batch(*state, &pkt, 1), 1);
	assert_int_equal(k.i[0].last_tx.flags, ATMO_TX_FRAME | ATMO_TX_RECYCLE);
	assert_int_equal(k.i[0].last_tx.offset, 64);
	assert_int_equal(k.i[0].last_tx.len, HEAD4 + 4);
	assert_int_equal(k.i[0].last_tx.port, 0);
	assert_int_equal(k.i[0].last_tx.addr[0], 0);
}

static void frame_must_lie_in_the_page(void **state)
{
	struct atmo_packet pkt;

	assert_int_equal(atmo_page_alloc(*state, &pkt), 0);
	pkt.flags = ATMO_TX_FRAME;
	assert_int_equal(atmo_tx_batch(*state, &pkt, 1), -EINVAL);	/* no frame */
	pkt.frame = (uint8_t *)pkt.data - 1;
	assert_int_equal(atmo_tx_batch(*state, &pkt, 1), -EINVAL);
	pkt.frame = (uint8_t *)pkt.data + ATMO_PAGE_SIZE + 1;
	assert_int_equal(atmo_tx_batch(*state, &pkt, 1), -EINVAL);
	pkt.frame = pkt.data;
	assert_int_equal(atmo_tx_batch(*state, &pkt, 1), 1);
}

static void prepare_cuts_a_buffer(void **state)
{
	struct atmo_packet pkts[4];
	uint8_t buf[2500];
	size_t i, done = 0;
	int n;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7);
	n = atmo_prepare_batch(*state, buf, sizeof(buf), 1000, dest, htons(7), pkts, 4);
	assert_int_equal(n, 3);
	assert_int_equal(k.last_arg.headers.addr[0], dest[0]);
	assert_int_equal(k.last_arg.headers.port, htons(7));
	for (i = 0; i < 3; i++) {
		assert_int_equal(pkts[i].len, i < 2 ? 1000 : 500);
		assert_memory_equal(pkts[i].data, buf + done, pkts[i].len);
		done += pkts[i].len;
		assert_int_equal(atmo_frame_len(&pkts[i]), HEAD4 + pkts[i].len);
		assert_int_equal(atmo_ip4_len(atmo_ip(&pkts[i])), 28 + pkts[i].len);
		assert_int_equal(atmo_udp_len(atmo_udp(&pkts[i])), 8 + pkts[i].len);
		assert_memory_equal(pkts[i].frame, frame4, ATMO_ETH_LEN + 2);
	}
	assert_int_equal(atmo_tx_batch(*state, pkts, 3), 3);
	assert_int_equal(k.i[0].last_tx.flags, ATMO_TX_FRAME);
	assert_int_equal(k.i[0].last_tx.len, HEAD4 + 500);
}

static void prepare_knows_ip6(void **state)
{
	struct atmo_packet pkt;

	k.headers.len = HEAD6;
	memcpy(k.headers.bytes, frame6, HEAD6);
	assert_int_equal(atmo_prepare_batch(*state, "abcd", 4, 0, NULL, 0, &pkt, 1), 1);
	assert_int_equal(k.last_arg.headers.addr[0], 0);
	assert_int_equal(atmo_ip6_payload_len(atmo_ip(&pkt)), 12);
	assert_int_equal(atmo_udp_len(atmo_udp(&pkt)), 12);
	assert_int_equal(atmo_frame_len(&pkt), HEAD6 + 4);
}

static void prepare_stops_where_it_must(void **state)
{
	struct atmo_packet pkts[NR_PAGES];
	uint8_t buf[NR_PAGES] = { 0 };
	int n;

	/* Nothing to send is one empty datagram. */
	assert_int_equal(atmo_prepare_batch(*state, NULL, 0, 0, dest, 1, pkts, 2), 1);
	assert_int_equal(pkts[0].len, 0);
	assert_int_equal(atmo_udp_len(atmo_udp(&pkts[0])), 8);
	assert_int_equal(atmo_page_free(*state, pkts), 0);
	/* Room for two. */
	assert_int_equal(atmo_prepare_batch(*state, buf, 3, 1, dest, 1, pkts, 2), 2);
	assert_int_equal(atmo_rx_release(*state, pkts, 2), 2);
	/* Pages for twelve: four wait for packets. */
	n = atmo_prepare_batch(*state, buf, NR_PAGES, 1, dest, 1, pkts, NR_PAGES);
	assert_int_equal(n, NR_PAGES - 4);
	assert_int_equal(atmo_prepare_batch(*state, buf, 1, 1, dest, 1, pkts + n, 1), -ENOBUFS);
	assert_int_equal(atmo_rx_release(*state, pkts, n), n);
	assert_int_equal(atmo_prepare_batch(*state, buf, 1, 4033, dest, 1, pkts, 1), -EMSGSIZE);
	k.control_errno = EAGAIN;
	assert_int_equal(atmo_prepare_batch(*state, buf, 1, 1, dest, 1, pkts, 1), -EAGAIN);
	k.control_errno = 0;
	k.headers.len = ATMO_MAX_HEADERS + 1;
	assert_int_equal(atmo_prepare_batch(*state, buf, 1, 1, dest, 1, pkts, 1), -EPROTO);
}

/* While the protocol's module is not loaded there are neither headers nor a limit. */
static void prepare_waits_for_the_module(void **state)
{
	struct atmo_packet pkt;

	k.max_payload = 0;
	k.control_errno = EPROTONOSUPPORT;
	assert_int_equal(atmo_prepare_batch(*state, "a", 1, 0, dest, 1, &pkt, 1),
			 -EPROTONOSUPPORT);
	assert_int_equal(atmo_prepare_batch(*state, "a", 1, 1, dest, 1, &pkt, 1),
			 -EPROTONOSUPPORT);
	/* Unloaded between the two questions. */
	k.control_errno = 0;
	assert_int_equal(atmo_prepare_batch(*state, "a", 1, 0, dest, 1, &pkt, 1),
			 -EPROTONOSUPPORT);
	k.max_payload = 1472;
	assert_int_equal(atmo_prepare_batch(*state, "a", 1, 0, dest, 1, &pkt, 1), 1);
}

#define WITH_SOCK(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int header_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(fields_are_written),
		cmocka_unit_test(ip6_fields_are_read_and_written),
		cmocka_unit_test(swap_turns_a_datagram_round),
		cmocka_unit_test(swap_refuses_other_frames),
		WITH_SOCK(echo_in_place_sends_the_frame),
		WITH_SOCK(frame_must_lie_in_the_page),
		WITH_SOCK(prepare_cuts_a_buffer),
		WITH_SOCK(prepare_knows_ip6),
		WITH_SOCK(prepare_stops_where_it_must),
		WITH_SOCK(prepare_waits_for_the_module),
	};

	return cmocka_run_group_tests_name("libatmo headers", tests, NULL, NULL);
}
