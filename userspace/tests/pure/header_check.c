// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <string.h>

#include "../../../atmo_demux/parse.h"
#include "../../../atmo_portmgr/flow.h"
#include "../../../atmo_tcp/segment.h"
#include "../../../atmo_udp/header.h"
#include "check.h"

#define MAX_PAYLOAD	1472

static u16 checksum(const u8 *p, size_t len)
{
	u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

/* As checksum offload does it; @l4: where the UDP header is. */
static void finish(u8 *frame, size_t l4, size_t len)
{
	u16 sum = checksum(frame + l4, len - l4);

	if (l4 == ATMO_ETH_LEN + ATMO_IPV4_LEN)
		put(frame + 24, checksum(frame + 14, 20));
	put(frame + l4 + 6, sum ? sum : 0xffff);
}

static void random_address(u16 family, __be32 *addr)
{
	int i;

	addr[0] = htonl((check_random() & 0x00ffffff) | 0x0a000000);
	for (i = 1; i < 4; i++)
		addr[i] = family == AF_INET ? 0 : check_random();
}

static void check_parsed(const struct atmo_l3 *l3, const struct atmo_udp_ports *ports,
			 const struct atmo_packet *pkt)
{
	CHECK(pkt->family == l3->family && pkt->protocol == IPPROTO_UDP);
	CHECK(!memcmp(pkt->saddr, l3->saddr, 16) && !memcmp(pkt->daddr, l3->daddr, 16));
	CHECK(pkt->sport == ports->sport && pkt->dport == ports->dport);
	CHECK(pkt->payload_len == l3->l4_len - ATMO_UDP_LEN);
}

/* In a block of exactly its size. */
static void check_one(u16 family, u16 payload_len)
{
	const struct atmo_udp_ports ports = { check_random(), check_random() };
	size_t head_len = ATMO_ETH_LEN + atmo_l3_len(family) + ATMO_UDP_LEN;
	size_t len = head_len + payload_len;
	struct atmo_l3 l3 = {
		.family = family,
		.protocol = IPPROTO_UDP,
		.ttl = check_random(),
		.dont_fragment = check_random() & 1,
		.id = check_random(),
		.l4_len = ATMO_UDP_LEN + payload_len,
	};
	u8 *frame = malloc(len);
	struct atmo_packet pkt;
	struct atmo_flow flow;

	CHECK(frame);
	memset(frame, check_random(), len);
	random_address(family, l3.saddr);
	random_address(family, l3.daddr);
	CHECK(atmo_udp_header_build(frame, &l3, &ports) == head_len);
	finish(frame, head_len - ATMO_UDP_LEN, len);
	CHECK(atmo_parse(frame, len, &pkt) == ATMO_PARSE_OK);
	check_parsed(&l3, &ports, &pkt);
	CHECK(atmo_parse_l3_checksum_ok(frame, &pkt) && atmo_parse_l4_checksum_ok(frame, &pkt));
	CHECK(atmo_l3_peek(frame, len, &flow) == (family == AF_INET));
	if (family == AF_INET) {
		CHECK(flow.laddr[0] == l3.daddr[0] && flow.lport == ports.dport);
		CHECK(flow.raddr[0] == l3.saddr[0] && flow.rport == ports.sport);
		frame[ATMO_ETH_LEN + check_random() % 20] ^= 1 << check_random() % 8;
		CHECK(!atmo_parse_l3_checksum_ok(frame, &pkt));
	}
	free(frame);
}

/* Anything at all, in a block of exactly its size. */
static void check_hostile(void)
{
	size_t len = check_random() % (ATMO_L3_SNAP_LEN + 1);
	u8 *head = malloc(len ? len : 1);
	struct atmo_flow flow;
	size_t i;

	CHECK(head);
	for (i = 0; i < len; i++)
		head[i] = check_random();
	if (len > 14)
		memcpy(head + 12, check_random() % 2 ? "\x08\x00" : "\x81\x00", 2);
	if (len > 18 && check_random() % 2)
		memcpy(head + 16, "\x08\x00", 2);
	if (len > 23)
		head[23] = check_random() % 2 ? IPPROTO_UDP : IPPROTO_TCP;
	if (len > 14)
		head[14] = 0x40 | check_random() % 16;
	atmo_l3_peek(head, len, &flow);
	free(head);
}

/*
 * Headers in place that are almost right, in a block of exactly what is copied.
 * What is accepted must be the sender's and must say how long it is.
 */
static void check_in_place(u16 family)
{
	const struct atmo_udp_ports ports = { htons(1 + check_random() % 65535), 9 };
	size_t head_len = ATMO_ETH_LEN + atmo_l3_len(family) + ATMO_UDP_LEN;
	size_t len = head_len + check_random() % 40;
	struct atmo_flow flow = { .lport = ports.sport, .family = family, .protocol = IPPROTO_UDP };
	struct atmo_l3 l3 = {
		.smac = { 2 },
		.family = family,
		.protocol = IPPROTO_UDP,
		.ttl = 64,
		.l4_len = len - head_len + ATMO_UDP_LEN,
	};
	u8 whole[ATMO_UDP_HEADER_MAX + 40] = { 0 };
	struct atmo_packet pkt;
	u32 i, got, flips = check_random() % 3;
	u8 *head;

	random_address(family, l3.saddr);
	random_address(family, l3.daddr);
	memcpy(flow.laddr, l3.saddr, sizeof(flow.laddr));
	atmo_udp_header_build(whole, &l3, &ports);
	for (i = 0; i < flips; i++)
		whole[check_random() % head_len] ^= 1 << check_random() % 8;
	if (check_random() % 4 == 0)
		len = check_random() % (len + 1);
	head = malloc(len < ATMO_PARSE_LEN ? len : ATMO_PARSE_LEN);
	CHECK(head || !len);
	memcpy(head, whole, len < ATMO_PARSE_LEN ? len : ATMO_PARSE_LEN);
	got = atmo_udp_header_check(head, len, &flow, l3.smac, &pkt);
	if (got) {
		CHECK(got == head_len && pkt.payload_len + head_len == len);
		CHECK(!memcmp(head + 6, l3.smac, 6) && !memcmp(pkt.saddr, l3.saddr, 16));
		CHECK(pkt.sport == ports.sport);
		atmo_udp_header_finish(head, &pkt);
	}
	CHECK(got || flips || len != head_len + l3.l4_len - ATMO_UDP_LEN);
	free(head);
}

static void check_segment(void)
{
	size_t len = check_random() % 100, copied = len < ATMO_TCP_LEN_MAX ? len : ATMO_TCP_LEN_MAX;
	u8 *head = malloc(copied ? copied : 1);
	u32 got;
	size_t i;

	CHECK(head);
	for (i = 0; i < copied; i++)
		head[i] = i < 4 ? 7 : check_random();
	got = atmo_tcp_segment_check(head, len, 0x0707, 0x0707);
	CHECK(!got || (got >= ATMO_TCP_LEN && got <= copied && got == (head[12] >> 4) * 4u));
	free(head);
}

void check_headers(void)
{
	u32 i, len;

	for (i = 0; i < 4; i++) {
		for (len = 0; len <= MAX_PAYLOAD; len++) {
			check_one(AF_INET, len);
			check_one(AF_INET6, len);
		}
	}
	for (i = 0; i < 300000; i++)
		check_hostile();
	for (i = 0; i < 300000; i++) {
		check_in_place(check_random() % 2 ? AF_INET : AF_INET6);
		check_segment();
	}
}
