// SPDX-License-Identifier: GPL-2.0
/*
 * wire_sock - a socket that a script drives, line by line.
 *
 * usage: wire_sock LANE DEVICE PORT PAGES
 *
 * First it says `bound LANE` or `error TEXT`. Then each command is answered by
 * any number of lines, of which the last is `end`:
 *
 *   receive MS PAYLOAD   receives until a datagram has this payload, or MS
 *                        milliseconds have passed without. `rx ADDRESS PORT
 *                        PAYLOAD` for each datagram; payloads are hexadecimal,
 *                        an empty one is `-`. MS 0: what is there now.
 *   send ADDRESS PORT PAYLOAD
 *   stats                `NAME VALUE` for each counter that is not zero
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <atmo.h>

#define MAX_PAYLOAD	2048
#define BATCH		32

static const char *hex(const struct atmo_packet *pkt)
{
	static char text[2 * ATMO_PAGE_SIZE + 1];
	const unsigned char *p = pkt->data;
	unsigned int i;

	if (!pkt->len)
		return "-";
	for (i = 0; i < pkt->len; i++)
		sprintf(text + 2 * i, "%02x", p[i]);
	return text;
}

/* Returns the length, or -1. */
static int unhex(const char *text, unsigned char *payload)
{
	unsigned int i;

	if (!strcmp(text, "-"))
		return 0;
	if (strlen(text) % 2 || strlen(text) / 2 > MAX_PAYLOAD)
		return -1;
	for (i = 0; i < strlen(text) / 2; i++)
		if (sscanf(text + 2 * i, "%2hhx", &payload[i]) != 1)
			return -1;
	return i;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Shows a batch; returns whether the payload waited for was in it. */
static bool show(struct atmo_sock *s, const struct atmo_packet *pkts, int n, const char *wanted)
{
	char addr[INET_ADDRSTRLEN];
	bool found = false;
	int i;

	for (i = 0; i < n; i++) {
		printf("rx %s %u %s\n", inet_ntop(AF_INET, pkts[i].addr, addr, sizeof(addr)),
		       ntohs(pkts[i].port), hex(&pkts[i]));
		found |= !strcmp(hex(&pkts[i]), wanted);
	}
	atmo_rx_release(s, pkts, n);
	return found;
}

static void receive(struct atmo_sock *s, long long ms, const char *wanted)
{
	long long end = now_ms() + ms;
	struct atmo_packet pkts[BATCH];
	bool found = false;
	int n;

	do {
		n = atmo_rx_batch(s, pkts, BATCH);
		if (n > 0)
			found |= show(s, pkts, n, wanted);
		else if (n < 0)
			printf("error %s\n", strerror(-n));
		if (n <= 0 && !found && now_ms() < end)
			atmo_wait(s, end - now_ms());
	} while (n > 0 || (!found && now_ms() < end));
}

static void transmit(struct atmo_sock *s, const char *addr, unsigned int port, const char *payload)
{
	struct atmo_packet pkt;
	int err = atmo_page_alloc(s, &pkt);

	if (!err) {
		pkt.len = unhex(payload, pkt.data);
		pkt.port = htons(port);
		inet_pton(AF_INET, addr, pkt.addr);
		err = atmo_tx_batch(s, &pkt, 1);
	}
	if (err != 1)
		printf("error %s\n", err ? strerror(-err) : "not taken");
}

static void show_stats(struct atmo_sock *s)
{
	struct atmo_stats stats;
	unsigned int i;

	if (atmo_stats(s, &stats))
		return;
	printf("rx_packets %llu\ntx_packets %llu\ntx_slow %llu\nrx_passed %llu\n",
	       stats.rx_packets, stats.tx_packets, stats.tx_slow, stats.rx_passed);
	for (i = 0; i < stats.nr_drops; i++)
		if (stats.drops[i])
			printf("%s %llu\n", atmo_drop_name(i), stats.drops[i]);
}

static void command(struct atmo_sock *s, const char *line)
{
	static char payload[2 * MAX_PAYLOAD + 1];
	char addr[INET_ADDRSTRLEN];
	unsigned int port;
	long long ms;

	if (sscanf(line, "receive %lld %4096s", &ms, payload) == 2)
		receive(s, ms, payload);
	else if (sscanf(line, "send %15s %u %4096s", addr, &port, payload) == 3)
		transmit(s, addr, port, payload);
	else if (!strcmp(line, "stats\n"))
		show_stats(s);
	else
		printf("error what is this: %s", line);
	printf("end\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt) };
	struct atmo_sock *s;
	struct atmo_info info;
	static char line[3 * MAX_PAYLOAD];
	char why[256];
	int err;

	if (argc != 5 || atmo_lane_parse(argv[1]) < 0) {
		fprintf(stderr, "usage: %s LANE DEVICE PORT PAGES\n", argv[0]);
		return 2;
	}
	opt.lane = atmo_lane_parse(argv[1]);
	opt.ifname = argv[2];
	opt.local.sa.sa_family = AF_INET;
	opt.local.v4.sin_port = htons(atoi(argv[3]));
	opt.nr_pages = atoi(argv[4]);
	err = atmo_udp_open(&s, &opt);
	if (!err)
		err = atmo_info(s, &info);
	if (err) {
		printf("error %s\n", atmo_open_explain(err, &opt, why, sizeof(why)));
		return 1;
	}
	printf("bound %s\n", atmo_lane_name(info.lane));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		command(s, line);
	atmo_close(s);
	return 0;
}
