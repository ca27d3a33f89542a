// SPDX-License-Identifier: GPL-2.0
/*
 * A capture file as far end: its frames reach the port at a fixed rate, from
 * one second after the driver has enabled reception. What the port sends goes
 * nowhere.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"
#include "wire_priv.h"

#define NSEC_PER_SEC	1000000000ULL
#define PCAP_TICK_NS	1000000ULL	/* frames due within 1 ms go out together */
#define PCAP_POLL_NS	100000000ULL
#define PCAP_RATE	10000		/* frames a second, if nothing is said */

/* RXCTRL of the 82599 (data sheet section 8.2.3.8.10), read as a driver would. */
#define REG_RXCTRL	0x3000
#define RXCTRL_RXEN	1

struct wire_file {
	struct wire *wire;
	struct bus_timer timer;
	pcap_t *pcap;
	char path[256];
	unsigned long rate;
	bool again;
	bool running;
	uint64_t next_ns;	/* when the next frame is due */
	uint64_t nr_frames;
	uint64_t nr_round;	/* of this pass through the file */
};

static pcap_t *file_open(const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, err);

	if (!p) {
		bus_log("cannot read the capture: %s", err);
		return NULL;
	}
	if (pcap_datalink(p) != DLT_EN10MB) {
		bus_log("%s: link type %s: only Ethernet captures can be sent", path,
			pcap_datalink_val_to_name(pcap_datalink(p)) ?: "unknown");
		pcap_close(p);
		return NULL;
	}
	return p;
}

static bool file_rewind(struct wire_file *f)
{
	if (!f->again || !f->nr_round)
		return false;
	pcap_close(f->pcap);
	f->pcap = file_open(f->path);
	f->nr_round = 0;
	return f->pcap;
}

/* Send the next frame; false at the end. */
static bool file_send(struct wire_file *f)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int ret = pcap_next_ex(f->pcap, &h, &data);

	if (ret != 1 && !(ret == PCAP_ERROR_BREAK && file_rewind(f) &&
			  pcap_next_ex(f->pcap, &h, &data) == 1)) {
		bus_log("port %u: %s: %llu frames sent%s%s", f->wire->port, f->path,
			(unsigned long long)f->nr_frames, ret == PCAP_ERROR ? ", then: " : "",
			ret == PCAP_ERROR ? pcap_geterr(f->pcap) : "");
		return false;
	}
	f->nr_frames++;
	f->nr_round++;
	if (h->caplen && h->caplen <= WIRE_FRAME_MAX)
		wire_deliver(f->wire, data, h->caplen);
	return true;
}

static bool file_started(struct wire_file *f, uint64_t now)
{
	if (f->running)
		return true;
	if (!f->wire->nic || !(nic_read(f->wire->nic, REG_RXCTRL) & RXCTRL_RXEN)) {
		bus_timer_arm(&f->timer, now + PCAP_POLL_NS);
		return false;
	}
	f->running = true;
	f->next_ns = now + NSEC_PER_SEC;
	bus_timer_arm(&f->timer, f->next_ns);
	return false;
}

static void file_tick(struct bus_timer *t)
{
	struct wire_file *f = (struct wire_file *)((char *)t -
						   offsetof(struct wire_file, timer));
	uint64_t now = bus_now_ns();
	int burst = 64;

	if (!file_started(f, now))
		return;
	while (f->next_ns <= now && burst--) {
		if (!file_send(f))
			return;
		f->next_ns += NSEC_PER_SEC / f->rate;
	}
	/* Late by more than a second: the rate is beyond what this machine can do. */
	if (f->next_ns + NSEC_PER_SEC < now)
		f->next_ns = now;
	bus_timer_arm(t, f->next_ns > now + PCAP_TICK_NS ? f->next_ns : now + PCAP_TICK_NS);
}

static void pcap_wire_send(struct wire *w, const void *frame, size_t len)
{
	(void)w;
	(void)frame;
	(void)len;
}

static bool pcap_wire_carrier(const struct wire *w)
{
	(void)w;
	return true;
}

static void pcap_wire_destroy(struct wire *w)
{
	struct wire_file *f = w->far;

	bus_timer_cancel(&f->timer);
	if (f->pcap)
		pcap_close(f->pcap);
	free(f);
}

static const struct wire_kind kind_pcap = {
	.send = pcap_wire_send,
	.carrier = pcap_wire_carrier,
	.destroy = pcap_wire_destroy,
};

/* FILE[,loop][,rate=FRAMES_PER_SECOND] */
static int parse_spec(struct wire_file *f, const char *spec)
{
	const char *comma = strchrnul(spec, ',');
	char *end;

	if (comma == spec || (size_t)(comma - spec) >= sizeof(f->path)) {
		bus_log("pcap-in: the name of the capture file is missing or too long");
		return -1;
	}
	memcpy(f->path, spec, (size_t)(comma - spec));
	while (*comma) {
		spec = comma + 1;
		comma = strchrnul(spec, ',');
		if (!strncmp(spec, "rate=", 5)) {
			f->rate = strtoul(spec + 5, &end, 10);
			if (end == comma && f->rate >= 1 && f->rate <= 15000000)
				continue;
		} else if (comma - spec == 4 && !strncmp(spec, "loop", 4)) {
			f->again = true;
			continue;
		}
		bus_log("pcap-in: \"%.*s\": use loop, or rate=N (1 to 15000000 frames/s)",
			(int)(comma - spec), spec);
		return -1;
	}
	return 0;
}

int wire_pcap(struct wire *w, const char *spec)
{
	struct wire_file *f = calloc(1, sizeof(*f));

	if (!f) {
		bus_log("out of memory for the capture of port %u", w->port);
		return -1;
	}
	f->wire = w;
	f->rate = PCAP_RATE;
	if (parse_spec(f, spec))
		goto free_file;
	f->pcap = file_open(f->path);
	if (!f->pcap)
		goto free_file;
	w->far = f;
	w->kind = &kind_pcap;
	f->timer.fn = file_tick;
	bus_timer_arm(&f->timer, bus_now_ns() + PCAP_POLL_NS);
	return 0;

free_file:
	free(f);
	return -1;
}
