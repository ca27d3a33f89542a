// SPDX-License-Identifier: GPL-2.0
/*
 * cost - one operation of the pure core, over and over, for callgrind to count.
 *
 * usage: cost NAME TIMES
 *        cost			prints the names
 */
#include <arpa/inet.h>
#include <string.h>

#include "../../../atmo_demux/parse.h"
#include "../../../atmo_portmgr/table.h"
#include "../../../atmo_stack/override.h"
#include "../../../atmo_tcp/segment.h"
#include "../../../atmo_udp/header.h"
#include "check.h"

#define PAYLOAD		18
#define NR_FLOWS	1000
#define NR_SLOTS	4096

static u8 frame4[128], frame6[128], segment[64];
static size_t len4, len6;
static struct atmo_l3 l3 = {
	.dmac = { 2 }, .smac = { 2, 1 }, .family = AF_INET, .protocol = IPPROTO_UDP, .ttl = 64,
	.dont_fragment = true, .l4_len = ATMO_UDP_LEN + PAYLOAD,
};

static const struct atmo_udp_ports ports;
static struct atmo_flow flow, flows[NR_FLOWS];
static struct atmo_table *table;
static struct atmo_override routes;
static struct atmo_packet parsed;
static volatile u32 result;
static u32 n;

u32 check_random(void)
{
	return 1;
}

static size_t build(u8 *frame, u16 family)
{
	l3.family = family;
	return atmo_udp_header_build(frame, &l3, &ports) + PAYLOAD;
}

static void prepare(void)
{
	const hsiphash_key_t key = { { 1, 2 } };
	u32 i;

	l3.saddr[0] = htonl(0x0a520001);
	l3.daddr[0] = htonl(0x0a520002);
	len6 = build(frame6, AF_INET6);
	len4 = build(frame4, AF_INET);
	flow = (struct atmo_flow){ .family = AF_INET, .protocol = IPPROTO_UDP };
	flow.laddr[0] = l3.saddr[0];
	segment[12] = 0x50;
	table = malloc(atmo_table_bytes(NR_SLOTS));
	CHECK(table && !atmo_table_init(table, NR_SLOTS, &key));
	for (i = 0; i < NR_FLOWS; i++) {
		flows[i] = flow;
		flows[i].lport = htons((u16)(1 + i));
		CHECK(!atmo_table_insert(table, &flows[i], i + 1));
	}
	atmo_override_init(&routes, AF_INET);
}

static void parse_udp4(void)
{
	result = atmo_parse(frame4, len4, &parsed);
}

static void parse_udp6(void)
{
	result = atmo_parse(frame6, len6, &parsed);
}

static void build_udp4(void)
{
	result = (u32)build(frame4, AF_INET);
}

static void build_udp6(void)
{
	result = (u32)build(frame6, AF_INET6);
}

static void judge_in_place(void)
{
	result = atmo_udp_header_check(frame4, len4, &flow, l3.smac, &parsed);
}

static void judge_segment(void)
{
	result = atmo_tcp_segment_check(segment, sizeof(segment), 0, 0);
}

static void lookup_hit(void)
{
	result = atmo_table_lookup(table, &flows[n++ % NR_FLOWS]);
}

static void lookup_miss(void)
{
	struct atmo_flow other = flow;

	other.lport = htons((u16)(2000 + n++ % NR_FLOWS));
	result = atmo_table_lookup(table, &other);
}

static void no_static_route(void)
{
	result = !atmo_override_mac(&routes, l3.daddr);
}

static const struct {
	const char *name;
	void (*run)(void);
} operations[] = {
	{ "parse_udp4", parse_udp4 },
	{ "parse_udp6", parse_udp6 },
	{ "build_udp4", build_udp4 },
	{ "build_udp6", build_udp6 },
	{ "judge_in_place", judge_in_place },
	{ "judge_segment", judge_segment },
	{ "lookup_hit", lookup_hit },
	{ "lookup_miss", lookup_miss },
	{ "no_static_route", no_static_route },
};

int main(int argc, char **argv)
{
	unsigned long times, i, j;

	for (i = 0; argc == 1 && i < ARRAY_SIZE(operations); i++)
		puts(operations[i].name);
	if (argc != 3)
		return argc == 1 ? 0 : 2;
	prepare();
	times = strtoul(argv[2], NULL, 10);
	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		if (strcmp(operations[i].name, argv[1]))
			continue;
		for (j = 0; j < times; j++)
			operations[i].run();
		return 0;
	}
	return 2;
}
