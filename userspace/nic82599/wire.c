// SPDX-License-Identifier: GPL-2.0
/* Wires: captures, delivery, and the two simplest far ends (none, the peer port). */
#include <stdlib.h>
#include <string.h>

#include "bus_priv.h"
#include "nic.h"
#include "pcapng.h"
#include "wire_priv.h"

/*
 * How deeply deliveries may nest: a frame sent by one port, the PAUSE frame
 * with which the other answers before it has returned, and some reserve. The
 * nesting is what makes PAUSE work in time: the sender is stopped before its
 * next frame, not after its whole ring.
 */
#define WIRE_DEPTH	4
#define WIRE_LATE_MAX	1024

static void capture_frame(struct wire *w, const void *frame, size_t len, bool out)
{
	int i;

	for (i = 0; i < WIRE_CAPTURES; i++)
		if (w->capture[i].file)
			pcapng_frame(w->capture[i].file, w->capture[i].interface, frame,
				     len, out);
}

void wire_send(struct wire *w, const void *frame, size_t len)
{
	if (w->capture[0].file || w->capture[1].file)
		capture_frame(w, frame, len, true);
	if (w->kind)
		w->kind->send(w, frame, len);
}

bool wire_carrier(const struct wire *w)
{
	return w->kind && w->kind->carrier(w);
}

void wire_light(struct wire *w, bool on)
{
	if (w->dark == !on)
		return;
	w->dark = !on;
	if (w->kind && w->kind->light)
		w->kind->light(w);
}

static void deliver_late(struct bus_timer *t)
{
	struct wire *w = (struct wire *)((char *)t - offsetof(struct wire, late_timer));
	unsigned int n = w->nr_late;	/* those that come meanwhile: next time */
	struct wire_frame *f;

	while (n--) {
		f = w->late;
		w->late = f->next;
		if (!w->late)
			w->late_tail = &w->late;
		w->nr_late--;
		wire_deliver(w, f->data, f->len);
		free(f);
	}
}

static void keep_late(struct wire *w, const void *frame, size_t len)
{
	struct wire_frame *f = NULL;

	if (w->nr_late < WIRE_LATE_MAX)
		f = malloc(sizeof(*f) + len);
	if (!f) {
		if (!w->nr_late_dropped++)
			bus_log("port %u: ports answer each other without end: frames dropped",
				w->port);
		return;
	}
	f->next = NULL;
	f->len = len;
	memcpy(f->data, frame, len);
	*w->late_tail = f;
	w->late_tail = &f->next;
	w->nr_late++;
	bus_timer_arm(&w->late_timer, bus_now_ns());
}

void wire_deliver(struct wire *w, const void *frame, size_t len)
{
	if (!w->nic)
		return;
	if (w->depth >= WIRE_DEPTH) {
		keep_late(w, frame, len);
		return;
	}
	if (w->capture[0].file || w->capture[1].file)
		capture_frame(w, frame, len, false);
	if (w->vanish_left && !--w->vanish_left)
		bus_vanish(w->vanish);
	w->depth++;
	nic_receive(w->nic, frame, len);
	w->depth--;
}

void wire_carrier_changed(struct wire *w)
{
	if (w->nic)
		nic_wire_carrier(w->nic, wire_carrier(w));
}

struct wire *wire_create(unsigned int port)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->port = port;
	w->late_tail = &w->late;
	w->late_timer.fn = deliver_late;
	return w;
}

void wire_attach(struct wire *w, struct nic *nic)
{
	w->nic = nic;
}

/* Surprise removal of @b when the port has received @nr_frames. */
void wire_vanish(struct wire *w, struct bus *b, unsigned long nr_frames)
{
	w->vanish = b;
	w->vanish_left = nr_frames;
}

void wire_capture(struct wire *w, struct pcapng *file, uint32_t interface)
{
	int i = w->capture[0].file ? 1 : 0;

	w->capture[i].file = file;
	w->capture[i].interface = interface;
}

void wire_destroy(struct wire *w)
{
	struct wire_frame *f;

	if (!w)
		return;
	bus_timer_cancel(&w->late_timer);
	while ((f = w->late)) {
		w->late = f->next;
		free(f);
	}
	if (w->inject)
		wire_inject_destroy(w);
	if (w->kind && w->kind->destroy)
		w->kind->destroy(w);
	free(w);
}

/* ---- the other port ---- */

static void loop_send(struct wire *w, const void *frame, size_t len)
{
	wire_deliver(w->far, frame, len);
}

static bool loop_carrier(const struct wire *w)
{
	const struct wire *far = w->far;

	return !far->dark;
}

static void loop_light(struct wire *w)
{
	wire_carrier_changed(w->far);
}

static const struct wire_kind kind_loop = {
	.send = loop_send,
	.carrier = loop_carrier,
	.light = loop_light,
};

void wire_loop(struct wire *a, struct wire *b)
{
	a->kind = &kind_loop;
	a->far = b;
	b->kind = &kind_loop;
	b->far = a;
}
