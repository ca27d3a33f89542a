/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A generator on its wire, and a run of it: from the start until what was sent
 * has come back or is given up. Numbers in a run never go backwards.
 */
#ifndef NIC82599_GEN_RUN_H
#define NIC82599_GEN_RUN_H

#include "bus.h"
#include "gen.h"

struct wire;

enum gen_state {
	GEN_IDLE,			/* never started, or reset */
	GEN_RUNNING,			/* sends */
	GEN_DRAINING,			/* waits for what it has sent */
	GEN_DONE,
};

struct gen_run {
	struct gen_config config;	/* as it was at the start */
	enum gen_state state;
	uint16_t id;
	uint64_t start_ns, last_tx_ns, first_rx_ns, last_rx_ns;
	uint64_t sent, sent_bytes;	/* bytes: with FCS, as in all that follows */
	uint64_t slipped;		/* not sent because it was too late for them */
	uint64_t held;			/* times that the port was full (rate=max) */
	uint64_t received, received_bytes;
	uint64_t good;			/* intact, each counted once */
	uint64_t reordered, duplicates, too_late, corrupt, misdirected;
	uint64_t misses;		/* good answers that a key isn't there */
	uint64_t *asked_ns;		/* requests, by their 16 bits; 0: none is out */
	struct gen_tag bad_tag;		/* of the first that is not as expected */
	struct gen_diff bad;
	struct gen_flow *flow;
	struct gen_hist hist;
};

struct gen {
	unsigned int port;
	struct wire *wire;
	uint8_t mac[6];			/* of the port */
	struct gen_config config;	/* of the next run */
	struct gen_run run;
	struct bus_timer timer;
	uint32_t flow, seq;		/* of the next frame */
	uint64_t due_ps, interval_ps;	/* since the start: its time */
	bool awake;			/* keeps the loop so */
	uint64_t other, stale, damaged, arp_answers;
	struct bus_timer arp_timer;
	unsigned int nr_arp;
	uint8_t arp[16][64];		/* answers to be sent */
};

/* ---- accounting: gen_run.c ---- */

/* False without memory for the flows. */
bool gen_run_begin(struct gen_run *r, const struct gen_config *c, uint16_t id, uint64_t now);
void gen_run_clear(struct gen_run *r);
/* A frame with what looks like this run's number, but its tag is not intact. */
void gen_run_damaged(struct gen_run *r, size_t len, const struct gen_tag *t, uint64_t now);
/* A frame with this run's number has come back to @port. */
void gen_run_take(struct gen_run *r, unsigned int port, const uint8_t *f, size_t len,
		  const struct gen_tag *t, uint64_t now);
/* The same in parts, for what has no tag. */
void gen_run_arrived(struct gen_run *r, size_t len, uint64_t now);
void gen_run_corrupt(struct gen_run *r, const struct gen_tag *t, const struct gen_diff *d);
void gen_run_good(struct gen_run *r, uint64_t latency_ns);
/* As members of a JSON object, each with a comma before it. */
void gen_run_show(const struct gen_run *r, FILE *to);
void gen_run_show_hist(const struct gen_run *r, FILE *to);

/* ---- requests and answers: gen_kv.c ---- */

bool gen_kv_begin(struct gen_run *r);		/* false without memory */
void gen_kv_sent(struct gen_run *r, uint64_t nr, uint64_t ns);
/* False: no answer to a request of this run. */
bool gen_kv_take(struct gen_run *r, const uint8_t *f, size_t len, uint64_t now);

/* ---- on the wire: wire_gen.c ---- */

struct gen *gen_port(unsigned int port);	/* NULL: none there */
const char *gen_start(struct gen *g);		/* NULL, or why not */
void gen_stop(struct gen *g);
void gen_reset(struct gen *g);

/* ---- control: gen_control.c ---- */

int gen_control_open(const char *path);
void gen_control_close(void);
void gen_control_over(struct gen *g);		/* its run is done */

#endif /* NIC82599_GEN_RUN_H */
