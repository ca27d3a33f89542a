// SPDX-License-Identifier: GPL-2.0
/* atmo status: ports and instances, once, for people or for programs. */
#include <argp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <atmo.h>

#include "tool.h"

#define ENDPOINT_LEN	64

/* ---- For people ---- */

static void print_counters(FILE *out, const struct port *port)
{
	unsigned int i, told = 0;

	for (i = 0; i < port->nr_counters; i++) {
		if (!port->counters[i].value)
			continue;
		fprintf(out, "%s%s %llu", told++ ? ", " : "    ", port->counters[i].name,
			port->counters[i].value);
	}
	if (told)
		fputc('\n', out);
}

static void print_port(FILE *out, const struct port *port)
{
	char name[IF_NAMESIZE];
	unsigned int i;

	fprintf(out, "%s: %u instance%s, %u of %u hardware lanes in use",
		device_name(port->ifindex, name), port->instances,
		port->instances == 1 ? "" : "s", port->lanes, port->max_lanes);
	for (i = 0; i < port->nr_limits; i++)
		fprintf(out, ", %llu of %llu %s", port->limits[i].value, port->limits[i].max,
			port->limits[i].name);
	fputc('\n', out);
	print_counters(out, port);
}

static void print_owner(FILE *out, const struct instance *inst)
{
	const struct passwd *user = getpwuid(inst->uid);

	fputs("    bound by ", out);
	print_text(out, inst->comm);
	if (inst->pid)
		fprintf(out, ", process %u", inst->pid);
	if (user)
		fprintf(out, ", user %s\n", user->pw_name);
	else
		fprintf(out, ", user %u\n", inst->uid);
}

static void print_buffers(FILE *out, const struct instance *inst)
{
	unsigned int i;

	fprintf(out, "    %u pages", inst->nr_pages);
	for (i = 0; inst->has_buffers && i < ATMO_NR_BUFFERS; i++)
		fprintf(out, "%s %s %u", i ? "," : ":", buffers_name(i), inst->buffers[i]);
	if (inst->shared)
		fprintf(out, "; private queue: %u of %u", inst->queue_used, inst->queue_len);
	fputc('\n', out);
}

static void print_traffic(FILE *out, const struct instance *inst)
{
	unsigned int i, told = 0;

	fprintf(out, "    received %llu packets, %llu bytes; sent %llu packets, %llu bytes",
		inst->rx_packets, inst->rx_bytes, inst->tx_packets, inst->tx_bytes);
	if (inst->tx_slow)
		fprintf(out, ", %llu of them by Linux", inst->tx_slow);
	if (inst->rx_copied || inst->rx_remapped)
		fprintf(out, "; %llu received by copying, %llu by remapping", inst->rx_copied,
			inst->rx_remapped);
	if (inst->rx_passed)
		fprintf(out, "; %llu passed to Linux", inst->rx_passed);
	fputc('\n', out);
	for (i = 0; i < inst->nr_drops; i++) {
		if (inst->drops[i])
			fprintf(out, "%s %s %llu", told++ ? "," : "    dropped:",
				atmo_drop_name(i), inst->drops[i]);
	}
	if (told)
		fputc('\n', out);
}

static void print_instance(FILE *out, const struct instance *inst)
{
	char local[ENDPOINT_LEN], remote[ENDPOINT_LEN], name[IF_NAMESIZE];

	endpoint_text(inst, false, local, sizeof(local));
	endpoint_text(inst, true, remote, sizeof(remote));
	fprintf(out, "%u: %s %s", inst->id, protocol_name(inst), local);
	if (inst->connected)
		fprintf(out, " to %s", remote);
	fprintf(out, " on %s, %s\n", device_name(inst->ifindex, name), state_name(inst->state));
	fprintf(out, "    %s lane (%s)", atmo_lane_name(inst->lane),
		atmo_lane_reason_text(inst->lane_reason));
	if (inst->hardware)
		fprintf(out, ", receive queue %u, transmit queue %u", inst->rx_queue,
			inst->tx_queue);
	if (inst->tx_rate)
		fprintf(out, ", at most %u Mbit/s", inst->tx_rate);
	fputc('\n', out);
	print_owner(out, inst);
	print_buffers(out, inst);
	print_traffic(out, inst);
}

void status_print(FILE *out, const struct view *view)
{
	size_t i;

	fputs(view->nr_ports ? "PORTS\n" : "No port: no NIC is driven by atmo_ixgbe.\n", out);
	for (i = 0; i < view->nr_ports; i++)
		print_port(out, &view->ports[i]);
	fputs(view->nr_instances ? "\nINSTANCES\n" : "\nNo instance.\n", out);
	for (i = 0; i < view->nr_instances; i++)
		print_instance(out, &view->instances[i]);
}

/* ---- For programs ---- */

static void json_list(FILE *out, const char *name, const struct counter *list, unsigned int nr,
		      bool limits)
{
	unsigned int i;

	fprintf(out, ",\"%s\":{", name);
	for (i = 0; i < nr; i++) {
		fputs(i ? "," : "", out);
		print_json_text(out, list[i].name);
		if (limits)
			fprintf(out, ":{\"used\":%llu,\"max\":%llu}", list[i].value, list[i].max);
		else
			fprintf(out, ":%llu", list[i].value);
	}
	fputc('}', out);
}

static void json_port(FILE *out, const struct port *port)
{
	char name[IF_NAMESIZE];

	fputs("{\"device\":", out);
	print_json_text(out, device_name(port->ifindex, name));
	fprintf(out, ",\"ifindex\":%u,\"lanes\":%u,\"max_lanes\":%u,\"instances\":%u",
		port->ifindex, port->lanes, port->max_lanes, port->instances);
	json_list(out, "limits", port->limits, port->nr_limits, true);
	json_list(out, "counters", port->counters, port->nr_counters, false);
	fputc('}', out);
}

static void json_endpoint(FILE *out, const char *name, const struct instance *inst, bool remote)
{
	char text[ENDPOINT_LEN];

	fprintf(out, ",\"%s\":", name);
	if (inst->family == AF_PACKET || (remote && !inst->connected)) {
		fputs("null", out);
		return;
	}
	fprintf(out, "{\"address\":\"%s\",\"port\":%u}",
		address_text(inst, remote ? inst->raddr : inst->laddr, text, sizeof(text)),
		ntohs(remote ? inst->rport : inst->lport));
}

static void json_lane(FILE *out, const struct instance *inst)
{
	fprintf(out, ",\"lane\":\"%s\",\"lane_reason\":\"%s\",\"tx_rate\":%u",
		atmo_lane_name(inst->lane), reason_name(inst->lane_reason), inst->tx_rate);
	if (inst->hardware)
		fprintf(out, ",\"queues\":{\"rx\":%u,\"tx\":%u}", inst->rx_queue,
			inst->tx_queue);
	else
		fputs(",\"queues\":null", out);
	if (inst->shared)
		fprintf(out, ",\"private_queue\":{\"length\":%u,\"used\":%u}", inst->queue_len,
			inst->queue_used);
	else
		fputs(",\"private_queue\":null", out);
}

static void json_buffers(FILE *out, const struct instance *inst)
{
	unsigned int i;

	fprintf(out, ",\"pages\":%u,\"buffers\":", inst->nr_pages);
	if (!inst->has_buffers) {
		fputs("null", out);
		return;
	}
	for (i = 0; i < ATMO_NR_BUFFERS; i++)
		fprintf(out, "%c\"%s\":%u", i ? ',' : '{', buffers_name(i), inst->buffers[i]);
	fputc('}', out);
}

static void json_traffic(FILE *out, const struct instance *inst)
{
	unsigned int i;

	fprintf(out, ",\"rx_packets\":%llu,\"rx_bytes\":%llu,\"rx_passed\":%llu",
		inst->rx_packets, inst->rx_bytes, inst->rx_passed);
	fprintf(out, ",\"rx_copied\":%llu,\"rx_remapped\":%llu", inst->rx_copied,
		inst->rx_remapped);
	fprintf(out, ",\"tx_packets\":%llu,\"tx_bytes\":%llu,\"tx_slow\":%llu",
		inst->tx_packets, inst->tx_bytes, inst->tx_slow);
	fputs(",\"drops\":{", out);
	/* Reasons that this program is too old to know share a name that isn't unique. */
	for (i = 0; i < inst->nr_drops && i < ATMO_NR_DROPS; i++)
		fprintf(out, "%s\"%s\":%llu", i ? "," : "", atmo_drop_name(i), inst->drops[i]);
	fputc('}', out);
}

static void json_instance(FILE *out, const struct instance *inst)
{
	char name[IF_NAMESIZE];

	fprintf(out, "{\"id\":%u,\"state\":\"%s\",\"family\":\"%s\",\"protocol\":\"%s\"",
		inst->id, state_name(inst->state), family_name(inst->family),
		protocol_name(inst));
	json_endpoint(out, "local", inst, false);
	json_endpoint(out, "remote", inst, true);
	fprintf(out, ",\"ifindex\":%u,\"device\":", inst->ifindex);
	print_json_text(out, device_name(inst->ifindex, name));
	json_lane(out, inst);
	fprintf(out, ",\"owner\":{\"uid\":%u,\"pid\":%u,\"program\":", inst->uid, inst->pid);
	print_json_text(out, inst->comm);
	fputc('}', out);
	json_buffers(out, inst);
	json_traffic(out, inst);
	fputc('}', out);
}

void status_print_json(FILE *out, const struct view *view)
{
	size_t i;

	fprintf(out, "{\"version\":\"%s\",\"ports\":[", LIBATMO_VERSION);
	for (i = 0; i < view->nr_ports; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_port(out, &view->ports[i]);
	}
	fputs("],\"instances\":[", out);
	for (i = 0; i < view->nr_instances; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_instance(out, &view->instances[i]);
	}
	fputs("]}\n", out);
}

/* ---- The command ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: %s", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_status(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', NULL, 0, "One JSON object", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Lists ports and instances.",
	};
	struct view view;
	struct link link;
	bool json = false;
	bool done;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	if (!link_open(&link))
		return 1;
	done = view_read(&link, &view);
	link_close(&link);
	if (!done)
		return 1;
	if (json)
		status_print_json(stdout, &view);
	else
		status_print(stdout, &view);
	view_free(&view);
	if (fflush(stdout)) {
		complain("can't write: %m");
		return 1;
	}
	return 0;
}
