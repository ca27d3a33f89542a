// SPDX-License-Identifier: GPL-2.0
/*
 * A traffic generator as far end: it sends what it was told to, at a rate or as
 * fast as the port has descriptors for it, and judges what comes back, on any
 * port that has a generator.
 */
#include <stdlib.h>
#include <string.h>

#include "gen_run.h"
#include "loop.h"
#include "nic.h"
#include "wire_priv.h"

#define NR_GENS		2
#define GEN_ROUND	64u		/* frames sent before others get their turn */
#define GEN_POLL_NS	2000u		/* between looks at a port that was full */
#define GEN_BUSY_PS	5000000u	/* frames less than 5 us apart */
#define GEN_BURST_PS	20000000u	/* what is due within 20 us goes out together */
#define GEN_LAG_PS	1000000000u	/* made up for after a delay: 1 ms, or */
#define GEN_LAG_FRAMES	64u		/* this many frames */
#define GEN_CLOCK_FRAMES 8u		/* may have the same reading of the clock */
#define FCS_LEN		4u

static struct gen *gens[NR_GENS];
static uint16_t last_run;

struct gen *gen_port(unsigned int port)
{
	return port < NR_GENS ? gens[port] : NULL;
}

/* ---- time ---- */

enum frame_way { FRAME_OUT, FRAME_BACK };

static struct {
	uint64_t ns;
	uint64_t round_ns;		/* of the loop, in which it was read */
	enum frame_way way;
	unsigned int left;		/* frames that it is still good for */
} clock_read;

/*
 * Reading the clock costs as much as a fifth of all else that a frame does. So it is
 * read once for a few frames which go the same way, one behind the other in a round of
 * the loop. A frame that comes back always has a later reading than when it was sent.
 */
static uint64_t frame_clock_ns(enum frame_way way)
{
	uint64_t round = bus_now_ns();

	if (!clock_read.left || clock_read.round_ns != round || clock_read.way != way) {
		clock_read.ns = loop_clock_ns();
		clock_read.round_ns = round;
		clock_read.way = way;
		clock_read.left = GEN_CLOCK_FRAMES;
	}
	clock_read.left--;
	return clock_read.ns;
}

/* ---- sending ---- */

/* Everything that was to be sent has been, or is out of time. */
static bool is_finished(const struct gen *g, uint64_t now)
{
	const struct gen_config *c = &g->run.config;

	return (c->count && g->run.sent >= c->count) ||
	       (c->duration_ns && now - g->run.start_ns >= c->duration_ns) ||
	       g->seq == UINT32_MAX;	/* one more, and numbers would repeat */
}

static size_t build(struct gen *g, uint8_t *f)
{
	struct gen_tag t = {
		.run = g->run.id,
		.flow = (uint16_t)g->flow,
		.seq = g->seq,
		.ns = frame_clock_ns(FRAME_OUT),
	};

	if (g->run.asked_ns)
		gen_kv_sent(&g->run, g->run.sent, t.ns);
	return gen_frame_build(&g->run.config, &t, f);
}

static void emit(struct gen *g, const uint8_t *f, size_t len)
{
	struct gen_run *r = &g->run;

	if (++g->flow == r->config.flows) {
		g->flow = 0;
		g->seq++;
	}
	r->sent++;
	r->sent_bytes += len + FCS_LEN;
	r->last_tx_ns = bus_now_ns();
	wire_deliver(g->wire, f, len);
}

/* No rest while frames are sent one soon after the other. */
static void keep_awake(struct gen *g, bool on)
{
	if (g->awake == on)
		return;
	g->awake = on;
	loop_keep_awake(on);
}

static void run_over(struct gen *g)
{
	keep_awake(g, false);
	bus_timer_cancel(&g->timer);
	g->run.state = GEN_DONE;
	gen_control_over(g);
}

static bool all_is_back(const struct gen_run *r)
{
	return !r->config.back || r->good == r->sent;
}

/* Nothing more is sent. */
static void wind_up(struct gen *g, uint64_t now)
{
	keep_awake(g, false);
	g->run.last_tx_ns = now;
	g->run.state = GEN_DRAINING;
	if (all_is_back(&g->run))
		run_over(g);
	else
		bus_timer_arm(&g->timer, now + g->run.config.drain_ms * 1000000);
}

/* A frame that comes late is still good; silence ends the run. */
static void drain(struct gen *g, uint64_t now)
{
	const struct gen_run *r = &g->run;
	uint64_t last = r->last_rx_ns > r->last_tx_ns ? r->last_rx_ns : r->last_tx_ns;
	uint64_t end = last + r->config.drain_ms * 1000000;

	if (now < end)
		bus_timer_arm(&g->timer, end);
	else
		run_over(g);
}

/* As many are out as may be, or were until now. */
static bool is_window_full(const struct gen_run *r)
{
	return r->config.window && r->sent - r->received >= r->config.window;
}

/* It is, and nothing comes back any more. */
static bool is_stuck(const struct gen_run *r, uint64_t now)
{
	uint64_t last = r->last_rx_ns > r->last_tx_ns ? r->last_rx_ns : r->last_tx_ns;

	return is_window_full(r) && now >= last + r->config.drain_ms * 1000000;
}

/* As the port takes them. Returns when to go on. */
static uint64_t send_max(struct gen *g, uint64_t now)
{
	uint8_t f[GEN_SIZE_MAX];
	unsigned int n;
	size_t len, room;

	room = g->wire->nic ? nic_rx_room(g->wire->nic) : 0;
	for (n = 0; n < GEN_ROUND && !is_finished(g, now); n++) {
		if (is_window_full(&g->run)) {
			g->run.held++;
			return now + GEN_POLL_NS;
		}
		len = build(g, f);
		/* A queue that nobody sends to may well be full. */
		if (room) {
			room--;
		} else if (!g->wire->nic || !nic_rx_takes(g->wire->nic, f, len)) {
			g->run.held++;
			return now + GEN_POLL_NS;
		}
		emit(g, f, len);
	}
	return now;
}

/*
 * This process was kept from running: a wire would have carried the frames in
 * time. Some are sent now, the others never.
 */
static void slip(struct gen *g, uint64_t now_ps)
{
	uint64_t allowed, frames, step = g->interval_ps;

	if (g->run.config.backlog)
		allowed = g->run.config.backlog * step;
	else
		allowed = step > GEN_LAG_PS / GEN_LAG_FRAMES ? step * GEN_LAG_FRAMES : GEN_LAG_PS;
	if (now_ps <= g->due_ps + allowed)
		return;
	frames = (now_ps - g->due_ps - allowed) / step + 1;
	g->due_ps += frames * step;
	g->run.slipped += frames;
}

static uint64_t send_due(struct gen *g, uint64_t now)
{
	uint64_t now_ps = (now - g->run.start_ns) * 1000, ahead;
	uint8_t f[GEN_SIZE_MAX];
	unsigned int n = GEN_ROUND;
	size_t len;

	slip(g, now_ps);
	while (g->due_ps <= now_ps && n-- && !is_finished(g, now)) {
		len = build(g, f);
		g->due_ps += gen_interval_ps(&g->run.config, len);
		emit(g, f, len);
	}
	if (g->due_ps <= now_ps || is_finished(g, now))
		return now;
	ahead = g->run.config.burst ? (g->run.config.burst - 1) * g->interval_ps : GEN_BURST_PS;
	return g->run.start_ns + (g->due_ps + ahead) / 1000;
}

static void tick(struct bus_timer *t)
{
	struct gen *g = (struct gen *)((char *)t - offsetof(struct gen, timer));
	uint64_t now = bus_now_ns(), next;

	if (g->run.state == GEN_DRAINING) {
		drain(g, now);
		return;
	}
	next = g->interval_ps ? send_due(g, now) : send_max(g, now);
	if (is_finished(g, now) || is_stuck(&g->run, now))
		wind_up(g, now);
	else
		bus_timer_arm(t, next);
}

const char *gen_start(struct gen *g)
{
	const struct gen_config *c = &g->config;
	uint64_t now = bus_now_ns();

	if (g->run.state == GEN_RUNNING || g->run.state == GEN_DRAINING)
		return "a run is in progress: stop it, or wait for its end";
	if (!++last_run)
		last_run = 1;
	if (!gen_run_begin(&g->run, c, last_run, now))
		return "out of memory for the flows";
	g->flow = 0;
	g->seq = 0;
	g->due_ps = 0;
	g->interval_ps = gen_interval_ps(c, c->size[0].hi);
	keep_awake(g, g->interval_ps < GEN_BUSY_PS);
	bus_timer_arm(&g->timer, now);
	return NULL;
}

void gen_stop(struct gen *g)
{
	if (g->run.state == GEN_RUNNING)
		wind_up(g, bus_now_ns());
	else if (g->run.state == GEN_DRAINING)
		run_over(g);
}

void gen_reset(struct gen *g)
{
	gen_stop(g);
	gen_stop(g);	/* once for sending, once for waiting */
	gen_run_clear(&g->run);
	gen_config_default(&g->config, g->port, g->mac);
	g->other = 0;
	g->stale = 0;
	g->damaged = 0;
	g->arp_answers = 0;
}

/* ---- receiving ---- */

static struct gen *run_owner(uint16_t id)
{
	unsigned int i;

	for (i = 0; i < NR_GENS; i++)
		if (gens[i] && gens[i]->run.state != GEN_IDLE && gens[i]->run.id == id)
			return gens[i];
	return NULL;
}

static void arp_send(struct bus_timer *t)
{
	struct gen *g = (struct gen *)((char *)t - offsetof(struct gen, arp_timer));
	unsigned int i;

	for (i = 0; i < g->nr_arp; i++)
		wire_deliver(g->wire, g->arp[i], 60);
	g->nr_arp = 0;
}

/* The answer waits until the port has finished with the request. */
static bool arp_take(struct gen *g, const uint8_t *f, size_t len)
{
	uint8_t *answer = g->arp[g->nr_arp];

	if (g->nr_arp == ARRAY_SIZE(g->arp))
		return false;
	if (!gen_arp_answer(&g->config, f, len, answer) &&
	    (g->run.state == GEN_IDLE || !gen_arp_answer(&g->run.config, f, len, answer)))
		return false;
	g->nr_arp++;
	g->arp_answers++;
	bus_timer_arm(&g->arp_timer, bus_now_ns());
	return true;
}

static bool answer_take(struct gen *g, const uint8_t *f, size_t len)
{
	struct gen_run *r = &g->run;

	if (!r->asked_ns || r->state == GEN_DONE ||
	    !gen_kv_take(r, f, len, frame_clock_ns(FRAME_BACK)))
		return false;
	if (r->state == GEN_DRAINING && all_is_back(r))
		run_over(g);
	return true;
}

static void gen_send(struct wire *w, const void *frame, size_t len)
{
	struct gen *g = w->far, *owner;
	struct gen_tag t;
	enum gen_found found;

	if (answer_take(g, frame, len))
		return;
	found = gen_frame_find(frame, len, &t);
	if (found == GEN_NONE) {
		if (!arp_take(g, frame, len))
			g->other++;
		return;
	}
	owner = run_owner(t.run);
	if (owner && owner->run.state != GEN_DONE && found == GEN_DAMAGED)
		gen_run_damaged(&owner->run, len, &t, frame_clock_ns(FRAME_BACK));
	else if (found == GEN_DAMAGED)
		g->damaged++;
	else if (!owner || owner->run.state == GEN_DONE)
		g->stale++;
	else
		gen_run_take(&owner->run, w->port, frame, len, &t,
			     frame_clock_ns(FRAME_BACK));
	if (owner && owner->run.state == GEN_DRAINING && all_is_back(&owner->run))
		run_over(owner);
}

static bool gen_carrier(const struct wire *w)
{
	(void)w;
	return true;
}

static void gen_destroy(struct wire *w)
{
	struct gen *g = w->far;

	keep_awake(g, false);
	bus_timer_cancel(&g->timer);
	bus_timer_cancel(&g->arp_timer);
	gens[g->port] = NULL;
	gen_run_clear(&g->run);
	free(g);
}

static const struct wire_kind kind_gen = {
	.send = gen_send,
	.carrier = gen_carrier,
	.destroy = gen_destroy,
};

int wire_gen(struct wire *w, const uint8_t mac[6])
{
	struct gen *g = calloc(1, sizeof(*g));

	if (!g) {
		bus_log("out of memory for the generator of port %u", w->port);
		return -1;
	}
	gen_frame_init();
	g->port = w->port;
	g->wire = w;
	memcpy(g->mac, mac, 6);
	g->timer.fn = tick;
	g->arp_timer.fn = arp_send;
	gen_config_default(&g->config, w->port, mac);
	gens[w->port] = g;
	w->far = g;
	w->kind = &kind_gen;
	return 0;
}
