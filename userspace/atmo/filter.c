// SPDX-License-Identifier: GPL-2.0
/* pcap expressions, and what a NIC does to a frame after it was captured. */
#include <ctype.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "tool.h"

/* ---- Expressions ---- */

static bool compiles(pcap_t *pcap, const char *text, size_t len)
{
	struct bpf_program program;
	char *copy = strndup(text, len);
	bool done = copy && !pcap_compile(pcap, &program, copy, 1, PCAP_NETMASK_UNKNOWN);

	if (done)
		pcap_freecode(&program);
	free(copy);
	return done;
}

/*
 * libpcap does not say where an error is. All words before the place it returns
 * are an expression by themselves, and no longer beginning of the text is.
 */
static size_t error_place(pcap_t *pcap, const char *text)
{
	size_t i, place = 0, len = strlen(text);

	for (i = 1; i < len; i++) {
		bool ends_word = isspace((unsigned char)text[i]) &&
				 !isspace((unsigned char)text[i - 1]);

		if (ends_word && compiles(pcap, text, i))
			place = i;
	}
	while (isspace((unsigned char)text[place]))
		place++;
	return place;
}

static void explain(pcap_t *pcap, const char *text)
{
	/* Trying its beginnings overwrites the message. */
	char *message = strdup(pcap_geterr(pcap));
	size_t place = error_place(pcap, text);

	complain("filter: %s", message ?: "wrong expression");
	fputs("    ", stderr);
	print_text(stderr, text);
	fprintf(stderr, "\n    %*s^ from here on\n", (int)place, "");
	free(message);
}

int filter_compile(const char *text, int snaplen, struct bpf_program *program)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, snaplen);
	int status = 0;

	if (!pcap) {
		complain("no memory");
		return 1;
	}
	if (pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		explain(pcap, text);
		status = EXIT_USAGE;
	}
	pcap_close(pcap);
	return status;
}

/* ---- Checksums (RFC 1071) ---- */

static __u32 sum_bytes(const unsigned char *p, size_t len, __u32 sum)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put_u16(unsigned char *p, __u16 value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

/* The field at @check holds the sum of the pseudo-header, which is part of it. */
static void finish_l4(unsigned char *l4, size_t len, unsigned char protocol)
{
	size_t check = protocol == IPPROTO_UDP ? 6 : 16;
	__u16 sum;

	if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || len < check + 2)
		return;
	sum = fold(sum_bytes(l4, len, 0));
	/* RFC 768: zero means that there is none. */
	if (!sum && protocol == IPPROTO_UDP)
		sum = 0xffff;
	put_u16(l4 + check, sum);
}

void frame_finish(unsigned char *frame, size_t len)
{
	unsigned char *ip = frame + ETH_HLEN;
	unsigned int type, ihl, total;

	if (len < ETH_HLEN + 20)
		return;
	type = frame[12] << 8 | frame[13];
	len -= ETH_HLEN;
	if (type == ETHERTYPE_IPV6 && len >= 40) {
		total = 40 + (ip[4] << 8 | ip[5]);
		if (total <= len)
			finish_l4(ip + 40, total - 40, ip[6]);
		return;
	}
	ihl = (ip[0] & 0xf) * 4;
	total = ip[2] << 8 | ip[3];
	if (type != ETHERTYPE_IP || ihl < 20 || total < ihl || total > len)
		return;
	put_u16(ip + 10, 0);
	put_u16(ip + 10, fold(sum_bytes(ip, ihl, 0)));
	finish_l4(ip + ihl, total - ihl, ip[9]);
}
