// SPDX-License-Identifier: GPL-2.0
/* The command line. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

enum {
	OPT_SOCKET0 = 0x100, OPT_SOCKET1,
	OPT_WIRE, OPT_WIRE0, OPT_WIRE1,
	OPT_INJECT0, OPT_INJECT1,
	OPT_CAPTURE, OPT_CAPTURE0, OPT_CAPTURE1,
	OPT_MAC0, OPT_MAC1,
	OPT_VANISH0, OPT_VANISH1,
	OPT_GEN_CONTROL,
	OPT_LOG,
};

static const struct argp_option option_list[] = {
	{ "socket0", OPT_SOCKET0, "PATH", 0,
	  "Unix socket on which port 0 waits for its vfio-user client", 1 },
	{ "socket1", OPT_SOCKET1, "PATH", 0, "The same for port 1; without it there is no port 1",
	  1 },
	{ "mac0", OPT_MAC0, "ADDR", 0,
	  "Ethernet address in the EEPROM of port 0 (default 02:82:59:90:00:00)", 1 },
	{ "mac1", OPT_MAC1, "ADDR", 0,
	  "Ethernet address in the EEPROM of port 1 (default 02:82:59:90:00:01)", 1 },
	{ "wire", OPT_WIRE, "KIND", 0, "What both ports are attached to (default loop)", 2 },
	{ "wire0", OPT_WIRE0, "KIND", 0, "What port 0 is attached to", 2 },
	{ "wire1", OPT_WIRE1, "KIND", 0, "What port 1 is attached to", 2 },
	{ "inject0", OPT_INJECT0, "unix:PATH", 0,
	  "Socket whose frames port 0 receives beside those of its wire", 2 },
	{ "inject1", OPT_INJECT1, "unix:PATH", 0, "The same for port 1", 2 },
	{ "gen-control", OPT_GEN_CONTROL, "PATH", 0,
	  "Socket for commands to the generators: see docs/generator.md", 2 },
	{ "capture", OPT_CAPTURE, "FILE", 0,
	  "Record the frames of both ports in one pcapng file (nanoseconds)", 3 },
	{ "capture0", OPT_CAPTURE0, "FILE", 0, "Record the frames of port 0", 3 },
	{ "capture1", OPT_CAPTURE1, "FILE", 0, "Record the frames of port 1", 3 },
	{ "vanish0", OPT_VANISH0, "N", 0,
	  "Surprise removal of port 0 when N frames have come in", 4 },
	{ "vanish1", OPT_VANISH1, "N", 0, "The same for port 1", 4 },
	{ "log", OPT_LOG, "FILE", 0, "Where the log goes (default -, standard error)", 5 },
	{ "verbose", 'v', NULL, 0, "Log resets, connections and dropped accesses too", 5 },
	{ 0 }
};

static const char doc[] =
	"A two-port Intel 82599 10 GbE adapter for virtual machines. Each port is a\n"
	"PCI function (8086:10fb) served over vfio-user, to which QEMU 10.1 or newer\n"
	"attaches with -device vfio-user-pci; guest memory must be shared (share=on).\n"
	"\vKinds of wires:\n"
	"  loop          port 0 to port 1, for both ports\n"
	"  none          nothing: no link\n"
	"  unix:PATH     a SOCK_SEQPACKET socket, one Ethernet frame without FCS\n"
	"                a message; the link is up while a client is connected\n"
	"  pcap-in:FILE[,loop][,rate=N]\n"
	"                receive the frames of a capture file, N frames a second\n"
	"                (default 10000), once or over and over, from one second\n"
	"                after the driver has enabled reception\n"
	"  gen           a traffic generator, which also judges what comes back;\n"
	"                --gen-control is where it gets its commands\n"
	"\n"
	"Exit status: 0 after SIGTERM or SIGINT, 1 when something failed, 2 for a\n"
	"command line that makes no sense.\n";

static void parse_mac(struct argp_state *state, const char *arg, uint8_t mac[6])
{
	unsigned int v[6];
	char end;
	int i;

	if (sscanf(arg, "%2x:%2x:%2x:%2x:%2x:%2x%c", v, v + 1, v + 2, v + 3, v + 4, v + 5,
		   &end) != 6)
		argp_error(state, "\"%s\" is not an Ethernet address like 02:82:59:90:00:00", arg);
	if (v[0] & 1)
		argp_error(state, "%s is a multicast address: a port needs a unicast one", arg);
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)v[i];
}

static unsigned long parse_count(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-' || !n || n > INT32_MAX)
		argp_error(state, "\"%s\" is not a number of frames, 1 or more", arg);
	return n;
}

static const char *parse_unix(struct argp_state *state, const char *option, const char *arg)
{
	if (strncmp(arg, "unix:", 5) || !arg[5])
		argp_error(state, "--%s takes unix:PATH, not \"%s\"", option, arg);
	return arg + 5;
}

static const char *parse_wire(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "loop") && strcmp(arg, "none") && strcmp(arg, "gen") &&
	    strncmp(arg, "unix:", 5) && strncmp(arg, "pcap-in:", 8))
		argp_error(state,
			   "unknown wire \"%s\": use loop, none, gen, unix:PATH or pcap-in:FILE",
			   arg);
	return arg;
}

static bool is_loop(const char *wire)
{
	return wire && !strcmp(wire, "loop");
}

static bool has_generator(const struct options *o)
{
	return (o->socket[0] && !strcmp(o->wire[0], "gen")) ||
	       (o->socket[1] && !strcmp(o->wire[1], "gen"));
}

/* Without a word about wires, and with both ports: port to port. */
static void finish(struct argp_state *state, struct options *o)
{
	bool both = o->socket[0] && o->socket[1];
	int i;

	if (!o->socket[0])
		argp_error(state, "--socket0 is missing: where is port 0 to be served?");
	if (!o->wire[0] && !o->wire[1] && both) {
		o->wire[0] = "loop";
		o->wire[1] = "loop";
	}
	for (i = 0; i < NR_PORTS; i++)
		if (!o->wire[i])
			o->wire[i] = "none";
	if (is_loop(o->wire[0]) != is_loop(o->wire[1]))
		argp_error(state, "a loop has two ends: use --wire loop, or no loop at all");
	if (is_loop(o->wire[0]) && !both)
		argp_error(state, "a loop needs both ports: give --socket1 too");
	if (has_generator(o) != !!o->gen_control)
		argp_error(state, o->gen_control ?
			   "--gen-control without a generator: give a port --wire gen" :
			   "a generator needs --gen-control: where is it to get its commands?");
}

static error_t parse_wiring(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_WIRE:
		if (strcmp(arg, "loop") && strcmp(arg, "none") && strcmp(arg, "gen"))
			argp_error(state, "--wire takes loop, none or gen: use --wire0 for \"%s\"",
				   arg);
		o->wire[0] = arg;
		o->wire[1] = arg;
		break;
	case OPT_WIRE0:
	case OPT_WIRE1:
		o->wire[key - OPT_WIRE0] = parse_wire(state, arg);
		break;
	case OPT_GEN_CONTROL:
		o->gen_control = arg;
		break;
	case OPT_INJECT0:
		o->inject[0] = parse_unix(state, "inject0", arg);
		break;
	case OPT_VANISH0:
	case OPT_VANISH1:
		o->vanish[key - OPT_VANISH0] = parse_count(state, arg);
		break;
	case OPT_INJECT1:
		o->inject[1] = parse_unix(state, "inject1", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_SOCKET0:
	case OPT_SOCKET1:
		o->socket[key - OPT_SOCKET0] = arg;
		break;
	case OPT_MAC0:
	case OPT_MAC1:
		parse_mac(state, arg, o->mac[key - OPT_MAC0]);
		break;
	case OPT_CAPTURE:
		o->capture_all = arg;
		break;
	case OPT_CAPTURE0:
	case OPT_CAPTURE1:
		o->capture[key - OPT_CAPTURE0] = arg;
		break;
	case OPT_LOG:
		o->log = arg;
		break;
	case 'v':
		o->verbose = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": there are no arguments beside the options", arg);
		break;
	case ARGP_KEY_END:
		finish(state, o);
		break;
	default:
		return parse_wiring(key, arg, state);
	}
	return 0;
}

void options_parse(struct options *o, int argc, char **argv)
{
	static const uint8_t mac[6] = { 0x02, 0x82, 0x59, 0x90, 0x00, 0x00 };
	static const struct argp argp = {
		.options = option_list,
		.parser = parse_option,
		.doc = doc,
	};
	int i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < NR_PORTS; i++) {
		memcpy(o->mac[i], mac, sizeof(mac));
		o->mac[i][5] = (uint8_t)i;
	}
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, o))
		exit(2);
}
