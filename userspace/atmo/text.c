// SPDX-License-Identifier: GPL-2.0
/* Words and numbers, in and out. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

#define NR_OF(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const state_names[] = {
	[ATMO_STATE_WORKS]	 = "works",
	[ATMO_STATE_DOWN]	 = "down",
	[ATMO_STATE_NO_PROTOCOL] = "no_protocol",
	[ATMO_STATE_FAILED]	 = "failed",
	[ATMO_STATE_GONE]	 = "gone",
};

static const char *const buffers_names[ATMO_NR_BUFFERS] = {
	[ATMO_BUFFERS_USER]	= "user",
	[ATMO_BUFFERS_SPARE]	= "spare",
	[ATMO_BUFFERS_NIC_RX]	= "nic_rx",
	[ATMO_BUFFERS_TX]	= "tx",
	[ATMO_BUFFERS_SHARED]	= "shared",
};

static const char *const reason_names[] = {
	[ATMO_LANE_ASKED]	= "asked",
	[ATMO_LANE_GRANTED]	= "granted",
	[ATMO_LANE_NO_QUEUE]	= "no_queue",
	[ATMO_LANE_NO_FILTER]	= "no_filter",
	[ATMO_LANE_UNSUPPORTED]	= "unsupported",
	[ATMO_LANE_SHARED_USED]	= "shared_used",
};

static const char *name_of(const char *const *names, size_t nr, size_t i)
{
	return i < nr && names[i] ? names[i] : "unknown";
}

const char *state_name(unsigned int state)
{
	return name_of(state_names, NR_OF(state_names), state);
}

const char *buffers_name(unsigned int i)
{
	return name_of(buffers_names, NR_OF(buffers_names), i);
}

const char *reason_name(unsigned int reason)
{
	return name_of(reason_names, NR_OF(reason_names), reason);
}

const char *family_name(unsigned int family)
{
	switch (family) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_PACKET:
		return "packet";
	default:
		return "unknown";
	}
}

const char *protocol_name(const struct instance *inst)
{
	if (inst->family == AF_PACKET)
		return "raw";
	switch (inst->protocol) {
	case IPPROTO_UDP:
		return inst->family == AF_INET6 ? "udp6" : "udp";
	case IPPROTO_TCP:
		return inst->family == AF_INET6 ? "tcp6" : "tcp";
	default:
		return "unknown";
	}
}

/* The name it has now; its number where it has gone. */
const char *device_name(__u32 ifindex, char name[IF_NAMESIZE])
{
	if (!if_indextoname(ifindex, name))
		snprintf(name, IF_NAMESIZE, "%u", ifindex);
	return name;
}

const char *address_text(const struct instance *inst, const unsigned char *addr, char *buf,
			 size_t len)
{
	int family = inst->family == AF_INET6 ? AF_INET6 : AF_INET;

	return inet_ntop(family, addr, buf, len) ?: "?";
}

/* ADDRESS:PORT as people write it. */
void endpoint_text(const struct instance *inst, bool remote, char *buf, size_t len)
{
	const unsigned char *addr = remote ? inst->raddr : inst->laddr;
	unsigned int port = ntohs(remote ? inst->rport : inst->lport);
	char text[INET6_ADDRSTRLEN];

	if (inst->family == AF_PACKET || (remote && !inst->connected))
		snprintf(buf, len, "*");
	else if (inst->family == AF_INET6)
		snprintf(buf, len, "[%s]:%u", address_text(inst, addr, text, sizeof(text)), port);
	else
		snprintf(buf, len, "%s:%u", address_text(inst, addr, text, sizeof(text)), port);
}

void complain(const char *format, ...)
{
	va_list args;

	fputs("atmo: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* Calls that wait return; what was asked for is finished properly. */
void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
}

long long parse_number(const char *text, long long max)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > max)
		return -1;
	return value;
}

/* A process may call itself anything: no control characters to the terminal. */
void print_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
}

/* Bytes beyond ASCII as the characters of the same number: always valid JSON. */
void print_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c >= ' ' && c <= '~')
			fputc(c, out);
		else
			fprintf(out, "\\u%04x", c);
	}
	fputc('"', out);
}
