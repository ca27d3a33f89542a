// SPDX-License-Identifier: GPL-2.0
/* nic82599: puts ports, buses and wires together, and runs the loop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bus_priv.h"
#include "gen_run.h"
#include "log.h"
#include "nic.h"
#include "options.h"
#include "pcapng.h"
#include "vfu.h"
#include "wire_priv.h"

struct port {
	struct bus bus;
	struct vfu *vfu;
	struct wire *wire;
	struct pcapng *capture;
};

static struct port *ports[NR_PORTS];
static struct pcapng *capture_all;
static struct loop_fd signals = { .fd = -1 };

static void signal_event(struct loop_fd *l, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(l->fd, &info, sizeof(info)) == sizeof(info))
		bus_debug("signal %u: shutting down", info.ssi_signo);
	loop_stop(0);
}

static int signals_catch(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	signals.fn = signal_event;
	if (signals.fd < 0)
		return -errno;
	return loop_add(&signals, EPOLLIN);
}

static int port_wire(const struct options *o, unsigned int i)
{
	const char *kind = o->wire[i];
	struct wire *w = ports[i]->wire;

	if (!strncmp(kind, "unix:", 5) && wire_unix(w, kind + 5))
		return -1;
	if (!strncmp(kind, "pcap-in:", 8) && wire_pcap(w, kind + 8))
		return -1;
	if (!strcmp(kind, "gen") && wire_gen(w, o->mac[i]))
		return -1;
	if (o->inject[i] && wire_inject(w, o->inject[i]))
		return -1;
	return 0;
}

static int port_capture(const struct options *o, unsigned int i)
{
	static const char *const names[NR_PORTS] = { "port0", "port1" };
	struct port *p = ports[i];

	if (capture_all)
		wire_capture(p->wire, capture_all, i);
	if (!o->capture[i])
		return 0;
	p->capture = pcapng_create(o->capture[i], names + i, 1);
	if (!p->capture)
		return -1;
	wire_capture(p->wire, p->capture, 0);
	return 0;
}

static struct port *port_create(const struct options *o, unsigned int i)
{
	struct port *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->bus.port = i;
	intr_init(&p->bus);
	pci_init(&p->bus, o->mac[i]);
	p->wire = wire_create(i);
	if (!p->wire) {
		free(p);
		return NULL;
	}
	return p;
}

/* The socket comes last: who can connect finds a whole device. */
static int port_start(const struct options *o, unsigned int i)
{
	struct port *p = ports[i];

	p->bus.nic = nic_create(i, &p->bus, p->wire, o->mac[i]);
	if (!p->bus.nic) {
		bus_log("out of memory for port %u", i);
		return -1;
	}
	wire_attach(p->wire, p->bus.nic);
	wire_vanish(p->wire, &p->bus, o->vanish[i]);
	p->vfu = vfu_create(o->socket[i], &p->bus);
	return p->vfu ? 0 : -1;
}

static int start(const struct options *o)
{
	static const char *const names[NR_PORTS] = { "port0", "port1" };
	unsigned int i;

	if (o->capture_all) {
		capture_all = pcapng_create(o->capture_all, names, NR_PORTS);
		if (!capture_all)
			return -1;
	}
	for (i = 0; i < NR_PORTS && o->socket[i]; i++) {
		ports[i] = port_create(o, i);
		if (!ports[i])
			return -1;
		if (port_wire(o, i) || port_capture(o, i))
			return -1;
	}
	if (!strcmp(o->wire[0], "loop"))
		wire_loop(ports[0]->wire, ports[1]->wire);
	if (o->gen_control && gen_control_open(o->gen_control))
		return -1;
	for (i = 0; i < NR_PORTS && ports[i]; i++)
		if (port_start(o, i))
			return -1;
	return 0;
}

/*
 * Clients first, which resets the ports; then the ports, and the wires when
 * nobody listens to them any more.
 */
static void stop(void)
{
	unsigned int i;

	gen_control_close();
	for (i = 0; i < NR_PORTS; i++)
		if (ports[i])
			vfu_destroy(ports[i]->vfu);
	for (i = 0; i < NR_PORTS; i++) {
		if (!ports[i])
			continue;
		wire_attach(ports[i]->wire, NULL);
		if (ports[i]->bus.nic)
			nic_destroy(ports[i]->bus.nic);
	}
	for (i = 0; i < NR_PORTS; i++) {
		if (!ports[i])
			continue;
		wire_destroy(ports[i]->wire);
		pcapng_destroy(ports[i]->capture);
		free(ports[i]);
	}
	pcapng_destroy(capture_all);
	if (signals.fd >= 0)
		close(signals.fd);
}

int main(int argc, char **argv)
{
	struct options o;
	int err;

	options_parse(&o, argc, argv);
	err = log_open(o.log, o.verbose);
	if (err) {
		fprintf(stderr, "nic82599: cannot write the log %s: %s\n", o.log, strerror(-err));
		return 1;
	}
	err = loop_init();
	if (!err)
		err = signals_catch();
	if (err)
		bus_log("cannot set up the event loop: %s", strerror(-err));
	else if (start(&o))
		err = -1;
	else
		err = loop_run();
	stop();
	loop_exit();
	log_close();
	return err ? 1 : 0;
}
