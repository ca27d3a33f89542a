/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The traffic generator: its frames, what becomes of them, its settings. The
 * parts declared here compute only; wire_gen.c gives them a wire and a clock,
 * gen_control.c an operator.
 *
 * Every generated frame carries a tag at the start of its payload, big-endian:
 *
 *	bytes  0-1	0xa7c3, by which it is recognized
 *	bytes  2-3	number of the run
 *	bytes  4-5	number of the flow, from 0
 *	bytes  6-9	number of the frame in its flow, from 0
 *	bytes 10-15	time of sending, nanoseconds modulo 2^48
 *	bytes 16-17	CRC-16/CCITT (initial value 0xffff) of bytes 0-15
 *
 * which is what a 64-byte UDP frame has room for. Behind it comes a piece of a
 * fixed pattern that flow and number choose.
 */
#ifndef NIC82599_GEN_H
#define NIC82599_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_TAG_LEN	18u
#define GEN_FLOWS_MAX	65535u
#define GEN_SIZE_MIN	64u		/* frames, with FCS */
#define GEN_SIZE_MAX	1518u
#define GEN_SIZES	32u		/* entries of a mixture of sizes */
#define GEN_LINE	20u		/* preamble and gap between frames, in bytes */
#define GEN_VALUE_MAX	1024u		/* of what is stored at memcached */
#define GEN_WINDOW	256u		/* how late a frame can be told from a duplicate */

enum gen_match {
	GEN_MATCH_NONE,			/* the payload only */
	GEN_MATCH_SAME,			/* the very frame */
	GEN_MATCH_FORWARD,		/* all but the Ethernet addresses */
	GEN_MATCH_ROUTE,		/* and the time to live is lower */
	GEN_MATCH_ECHO,			/* addresses and ports are swapped */
};

enum gen_payload {
	GEN_PAYLOAD_TAG,		/* as above */
	GEN_PAYLOAD_MEMCACHED,		/* requests: gen_kv.c */
};

struct gen_size {
	uint32_t lo, hi;		/* any size from lo to hi, equally likely */
	uint32_t weight;
};

struct gen_config {
	uint8_t dst_mac[6], src_mac[6];
	uint8_t rx_dst_mac[6], rx_src_mac[6];	/* of what comes back; zero: any */
	uint32_t src, dst;		/* IPv4, host byte order */
	uint32_t srcs;			/* source addresses, from src */
	uint32_t sport, dport_lo, dport_hi;
	uint32_t ethertype;		/* 0: UDP over IPv4 */
	uint32_t flows;
	struct gen_size size[GEN_SIZES];
	uint32_t nr_sizes;
	uint32_t sweep;			/* each size in turn */
	uint64_t rate;			/* frames/s; 0: as the port takes them */
	uint64_t mbit;			/* or this instead, preamble and gap included */
	uint64_t burst;			/* frames sent together, 0: as fits the rate */
	uint64_t backlog;		/* frames to be made up for, 0: as fits the rate */
	uint64_t count;			/* 0: no limit */
	uint64_t duration_ns;		/* 0: no limit */
	uint64_t drain_ms;		/* silence that ends the wait for frames */
	uint64_t window;		/* frames that may be out at once, 0: any number */
	uint32_t payload;		/* enum gen_payload */
	uint32_t keys, sets, value;	/* of requests: how many, per cent, bytes */
	uint32_t udp_csum;
	uint32_t back;			/* whether the frames are to come back */
	uint32_t match;			/* enum gen_match */
	uint32_t rx_port;		/* where: 0, 1, or GEN_ANY_PORT */
};

#define GEN_ANY_PORT	2u

struct gen_tag {
	uint16_t run, flow;
	uint32_t seq;
	uint64_t ns;
};

/* ---- frames: gen_frame.c. Lengths without FCS; buffers of GEN_SIZE_MAX. ---- */

void gen_frame_init(void);
size_t gen_frame_build(const struct gen_config *c, const struct gen_tag *t, uint8_t *f);

enum gen_found {
	GEN_NONE,			/* not one of ours */
	GEN_DAMAGED,			/* it was, but its tag can't be trusted */
	GEN_FOUND,
};

enum gen_found gen_frame_find(const uint8_t *f, size_t len, struct gen_tag *t);

#define GEN_AT_LENGTH	(-1)
#define GEN_AT_TAG	(-2)

/* The first byte that is not as it should be */
struct gen_diff {
	int at;				/* its place, or GEN_AT_... */
	unsigned int is, expected;
};

/* Whether @f is what has to come back for the frame with this tag. */
bool gen_frame_check(const struct gen_config *c, const struct gen_tag *t,
		     const uint8_t *f, size_t len, struct gen_diff *d);

/* Whether @f is a datagram to where this flow's come from; out: bytes of its payload. */
bool gen_frame_answers(const struct gen_config *c, const struct gen_tag *t,
		       const uint8_t *f, size_t len, size_t *payload);

/* The answer to an ARP request for an address of the generator; 0: there is none. */
size_t gen_arp_answer(const struct gen_config *c, const uint8_t *f, size_t len,
		      uint8_t *answer);

/* ---- requests: gen_kv.c ---- */

/* Request number @nr of a run; its length. */
size_t gen_kv_request(const struct gen_config *c, uint64_t nr, uint8_t *p);

/* ---- what came back: gen_track.c ---- */

/* One flow's frames: bit (number % GEN_WINDOW) of the last ones, seen or not */
struct gen_flow {
	uint32_t next;
	uint64_t seen[GEN_WINDOW / 64];
};

enum gen_order { GEN_IN_ORDER, GEN_AHEAD, GEN_LATE, GEN_DUPLICATE, GEN_TOO_LATE };

enum gen_order gen_flow_take(struct gen_flow *f, uint32_t seq);

/* Latency in buckets of 1/32 of a power of two: 3 % wide */
#define GEN_HIST_SUB	32u
#define GEN_HIST_LEN	(GEN_HIST_SUB * 40u)

struct gen_hist {
	uint64_t n, sum, min, max;
	uint64_t bucket[GEN_HIST_LEN];
};

void gen_hist_add(struct gen_hist *h, uint64_t ns);
unsigned int gen_hist_bucket(uint64_t ns);
uint64_t gen_hist_lower(unsigned int bucket);
/* What the given share of all latencies, in millionths, does not exceed. */
uint64_t gen_hist_at(const struct gen_hist *h, unsigned int millionths);

/* ---- settings: gen_config.c ---- */

void gen_config_default(struct gen_config *c, unsigned int port, const uint8_t mac[6]);
/* One KEY=VALUE. False, with what is wrong in @err. */
bool gen_config_set(struct gen_config *c, const char *word, char *err, size_t err_len);
/* The settings as members of a JSON object, each with a comma before it. */
void gen_config_show(const struct gen_config *c, FILE *to);
/* Picoseconds from a frame of @len bytes without FCS to the next one; 0: no rate. */
uint64_t gen_interval_ps(const struct gen_config *c, size_t len);

#endif /* NIC82599_GEN_H */
