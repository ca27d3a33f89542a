/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making wires, and the kinds of far ends. A port has one wire; a wire has one
 * far end of some kind, any number of captures up to two, and beside it a
 * socket from which frames can be injected.
 */
#ifndef NIC82599_WIRE_PRIV_H
#define NIC82599_WIRE_PRIV_H

#include <stdint.h>

#include "bus.h"
#include "wire.h"

#define WIRE_FRAME_MAX	16128	/* more than the 15,872 bytes the MAC can be set to */
#define WIRE_CAPTURES	2	/* one of the port, one of both ports */

struct bus;
struct nic;
struct pcapng;
struct wire_sock;

struct wire_kind {
	void (*send)(struct wire *w, const void *frame, size_t len);
	bool (*carrier)(const struct wire *w);
	void (*light)(struct wire *w);		/* optional: w->dark has changed */
	void (*destroy)(struct wire *w);
};

struct wire_frame {
	struct wire_frame *next;
	size_t len;
	uint8_t data[];
};

struct wire {
	unsigned int port;
	struct nic *nic;		/* hears what the far end sends */
	const struct wire_kind *kind;
	void *far;			/* the kind's own */
	bool dark;			/* the port's laser is off */
	struct wire_sock *inject;
	struct bus *vanish;		/* taken away when vanish_left frames have come */
	unsigned long vanish_left;
	struct {
		struct pcapng *file;
		uint32_t interface;
	} capture[WIRE_CAPTURES];
	/* Deliveries which nested too deeply, until the loop is back at its top. */
	unsigned int depth;
	struct wire_frame *late;
	struct wire_frame **late_tail;
	unsigned int nr_late;
	struct bus_timer late_timer;
	uint64_t nr_late_dropped;
};

struct wire *wire_create(unsigned int port);
void wire_destroy(struct wire *w);
void wire_attach(struct wire *w, struct nic *nic);
void wire_vanish(struct wire *w, struct bus *b, unsigned long nr_frames);
void wire_capture(struct wire *w, struct pcapng *file, uint32_t interface);

/* Far ends. 0, or -1 with a message in the log. Without one: nobody is there. */
void wire_loop(struct wire *a, struct wire *b);
int wire_unix(struct wire *w, const char *path);
int wire_pcap(struct wire *w, const char *spec);
int wire_gen(struct wire *w, const uint8_t mac[6]);
int wire_inject(struct wire *w, const char *path);
void wire_inject_destroy(struct wire *w);

/* For the far ends: a frame for the port, and a change of carrier. */
void wire_deliver(struct wire *w, const void *frame, size_t len);
void wire_carrier_changed(struct wire *w);

#endif /* NIC82599_WIRE_PRIV_H */
