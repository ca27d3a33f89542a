// SPDX-License-Identifier: GPL-2.0
/*
 * The short ways of UDP against the long ones: a frame that matches is one that the
 * parser finds fit for the instance, and one that it finds fit and plain matches; a
 * header from a template is the one that would have been built.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "../../../atmo_stack/match.h"
#include "../../../atmo_stack/template.h"
#include "../../../atmo_udp/header.h"
#include "check.h"

#define FRAME_MAX	128
#define MAX_PAYLOAD	1472

static const u8 own_mac[6] = { 2, 0x82, 0x59, 0x90, 0, 0 };

static void random_flow(struct atmo_flow *flow, u16 family)
{
	memset(flow, 0, sizeof(*flow));
	flow->family = family;
	flow->protocol = IPPROTO_UDP;
	flow->laddr[0] = htonl(0x0a520001);
	flow->lport = htons(check_random() & 0xffff);
	if (check_random() & 1) {
		flow->raddr[0] = htonl(0x0a520002);
		flow->rport = htons((check_random() & 0xffff) | 1);
	}
}

/* A datagram to @flow of @len bytes in all. */
static void plain_frame(u8 *frame, size_t len, const struct atmo_flow *flow)
{
	struct atmo_l3 l3 = {
		.family = AF_INET, .protocol = IPPROTO_UDP, .ttl = 64,
		.dont_fragment = check_random() & 1, .id = check_random(),
		.l4_len = len - ATMO_ETH_LEN - ATMO_IPV4_LEN,
	};
	struct atmo_udp_ports ports = { .sport = flow->rport, .dport = flow->lport };

	memcpy(l3.dmac, own_mac, 6);
	l3.saddr[0] = flow->rport ? flow->raddr[0] : htonl(check_random());
	l3.daddr[0] = flow->laddr[0];
	memset(frame, 0x5a, FRAME_MAX);
	atmo_udp_header_build(frame, &l3, &ports);
}

/* Now and then something else, mostly in the headers. */
static void mutate(u8 *frame, size_t *len)
{
	u32 n = check_random() % 4;

	while (n--)
		frame[check_random() % (check_random() & 7 ? 44 : FRAME_MAX)] ^=
			check_random() & 1 ? 1u << check_random() % 8 : check_random();
	if (!(check_random() & 7))
		*len = check_random() % FRAME_MAX;
	else if (!(check_random() & 3))
		*len += check_random() % 20;	/* padding */
}

static bool is_fit(const u8 *frame, size_t len, const struct atmo_flow *flow,
		   struct atmo_packet *pkt)
{
	return atmo_parse(frame, len, pkt) == ATMO_PARSE_OK && pkt->family == flow->family &&
	       pkt->protocol == flow->protocol && atmo_parse_dmac_ok(frame, pkt, own_mac) &&
	       pkt->dport == flow->lport && !memcmp(pkt->daddr, flow->laddr, 16) &&
	       (!flow->rport || (pkt->sport == flow->rport &&
				 !memcmp(pkt->saddr, flow->raddr, 16)));
}

void check_match(u32 nr_frames)
{
	u32 i, matched = 0, got;
	struct atmo_udp_head head;
	struct atmo_udp_match m;
	struct atmo_packet pkt;
	struct atmo_flow flow;
	u8 frame[FRAME_MAX] __attribute__((aligned(8)));
	size_t len;

	for (i = 0; i < nr_frames; i++) {
		random_flow(&flow, i % 16 ? AF_INET : AF_INET6);
		atmo_udp_match_set(&m, &flow, own_mac);
		len = ATMO_UDP4_HEADERS + check_random() % 60;
		plain_frame(frame, len, &flow);
		mutate(frame, &len);
		got = atmo_udp_matches(&m, frame, len, &head);
		/* Of IPv4 without options all that is fit is plain. */
		CHECK(!!got == (flow.family == AF_INET && is_fit(frame, len, &flow, &pkt)));
		if (!got)
			continue;
		CHECK(got == (u32)pkt.payload_len + ATMO_UDP_LEN);
		CHECK(atmo_udp_saddr(&head) == pkt.saddr[0] && atmo_udp_sport(&head) == pkt.sport);
		CHECK(pkt.payload_offset == ATMO_UDP4_HEADERS);
		matched++;
	}
	/* Neither nothing nor all. */
	CHECK(matched > nr_frames / 16 && matched < nr_frames - nr_frames / 16);
}

void check_template(void)
{
	u8 built[ATMO_UDP_HEADER_MAX], written[sizeof(((struct atmo_udp_template *)0)->head)];
	struct atmo_udp_template t = { .max_payload = MAX_PAYLOAD };
	struct atmo_udp_ports ports;
	u32 round, len;

	for (round = 0; round < 300; round++) {
		struct atmo_l3 l3 = {
			.family = AF_INET, .protocol = IPPROTO_UDP, .ttl = check_random(),
			.dont_fragment = true, .l4_len = ATMO_UDP_LEN,
			.saddr = { check_random() }, .daddr = { check_random() },
		};

		/* Sums that wrap, too. */
		if (!(round % 3))
			l3.saddr[0] = htonl(0xffff0000 | round);
		ports.sport = htons(check_random());
		ports.dport = htons(check_random());
		atmo_udp_header_build(t.head, &l3, &ports);
		t.sum = atmo_l3_pseudo_sum(&l3);
		for (len = 0; len <= MAX_PAYLOAD; len++) {
			l3.l4_len = ATMO_UDP_LEN + len;
			CHECK(atmo_udp_header_build(built, &l3, &ports) == ATMO_UDP4_HEADERS);
			CHECK(atmo_udp_template_write(&t, written, len) == ATMO_UDP4_HEADERS);
			CHECK(!memcmp(built, written, ATMO_UDP4_HEADERS));
		}
	}
}
