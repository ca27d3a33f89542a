// SPDX-License-Identifier: GPL-2.0
/*
 * many_socks - one UDP socket on each of many ports in a row, all echoing
 *
 * For the traffic generator of the device model, whose flow f goes to the f-th of
 * these ports: each datagram says in its payload which flow it is of, so one that
 * came to the wrong socket is seen.
 *
 * Prints `ready ...` when all are open, with how many of the first ones in a row are
 * in the hardware lane (leading); `idle` after work, when there has been none for a
 * while and all pages are back from sending; and counters when it is told to end by
 * SIGTERM or SIGINT. With --hold the last socket, which has so many pages, is left
 * alone until SIGUSR1: its queue fills up.
 */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <atmo.h>

#define BATCH		64
#define IDLE_MS		100
#define TAG_MAGIC	0xa7c3	/* docs/generator.md */
#define TAG_LEN		18

struct one {
	struct atmo_sock *sock;
	uint64_t received;
	uint64_t misdelivered;
	uint64_t unsent;
};

static struct {
	const char *ifname;
	uint32_t first_port;
	uint32_t nr;
	uint32_t nr_pages;
	uint32_t lane;
	uint32_t hold;
} args = { .nr_pages = 64, .lane = ATMO_LANE_ANY };

static struct one *ones;
static volatile sig_atomic_t ended, released;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		released = 1;
	else
		ended = 1;
}

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	int lane;

	switch (key) {
	case 'l':
		lane = atmo_lane_parse(arg);
		if (lane < 0)
			argp_error(state, "no such lane: %s", arg);
		args.lane = lane;
		return 0;
	case 'p':
		args.nr_pages = strtoul(arg, NULL, 0);
		return 0;
	case 'h':
		args.hold = strtoul(arg, NULL, 0);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			args.ifname = arg;
		else if (state->arg_num == 1)
			args.first_port = strtoul(arg, NULL, 0);
		else if (state->arg_num == 2)
			args.nr = strtoul(arg, NULL, 0);
		else
			argp_usage(state);
		return 0;
	case ARGP_KEY_END:
		if (!args.nr || !args.first_port || args.first_port + args.nr > 65536)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "lane", 'l', "LANE", 0, "any, hardware or shared", 0 },
	{ "pages", 'p', "N", 0, "packet pages of each socket", 0 },
	{ "hold", 'h', "N", 0, "leave the last socket alone until SIGUSR1; its pages", 0 },
	{}
};

static const struct argp argp = {
	.options = options, .parser = parse_arg, .args_doc = "DEV FIRST_PORT NUMBER",
	.doc = "An echo on each of many ports.",
};

static struct atmo_sock *open_one(uint32_t i)
{
	const struct atmo_options opt = {
		.size = sizeof(opt),
		.ifname = args.ifname,
		.local.v4 = { .sin_family = AF_INET, .sin_port = htons(args.first_port + i) },
		.nr_pages = args.hold && i == args.nr - 1 ? args.hold : args.nr_pages,
		.lane = args.lane,
	};
	struct atmo_sock *sock;
	char text[256];
	int err = atmo_udp_open(&sock, &opt);

	if (!err)
		return sock;
	fprintf(stderr, "socket %u of %u: %s\n", i + 1, args.nr,
		atmo_open_explain(err, &opt, text, sizeof(text)));
	exit(1);
}

static bool is_held(uint32_t i)
{
	return args.hold && !released && i == args.nr - 1;
}

static void watch(int epfd, uint32_t i)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, atmo_fd(ones[i].sock), &ev)) {
		perror("epoll_ctl");
		exit(1);
	}
}

static void open_all(int epfd)
{
	uint32_t i, nr_hardware = 0, leading = 0;
	struct atmo_packet pkt;
	struct atmo_info info;

	for (i = 0; i < args.nr; i++) {
		ones[i].sock = open_one(i);
		if (!is_held(i))
			watch(epfd, i);
		/* Hands pages to the lane: what came before would be lost. */
		if (!is_held(i))
			atmo_rx_batch(ones[i].sock, &pkt, 1);
		if (!atmo_info(ones[i].sock, &info) && info.lane == ATMO_LANE_HARDWARE) {
			nr_hardware++;
			leading += leading == i;
		}
	}
	printf("ready sockets=%u hardware=%u shared=%u leading=%u\n", args.nr, nr_hardware,
	       args.nr - nr_hardware, leading);
	fflush(stdout);
}

static uint32_t word(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Is it of the flow that goes to this port? */
static bool is_for(uint32_t i, const struct atmo_packet *pkt)
{
	const uint8_t *tag = pkt->data;

	return pkt->len >= TAG_LEN && word(tag) == TAG_MAGIC && word(tag + 4) % args.nr == i;
}

/* Sends them back, or gives up after a while: the device may be down. */
static void send_back(struct one *one, const struct atmo_packet *pkts, int n)
{
	int tries, sent, done = 0;

	for (tries = 0; done < n && tries < 100000; tries++) {
		sent = atmo_tx_batch(one->sock, pkts + done, n - done);
		if (sent < 0 && sent != -ENETDOWN)
			break;
		done += sent > 0 ? sent : 0;
	}
	if (done < n) {
		one->unsent += n - done;
		atmo_rx_release(one->sock, pkts + done, n - done);
	}
}

/* One batch, so that all sockets have their turn. False: there was nothing. */
static bool serve(uint32_t i)
{
	struct atmo_packet pkts[BATCH];
	struct one *one = &ones[i];
	int j, n;

	n = atmo_rx_batch(one->sock, pkts, BATCH);
	if (n <= 0)
		return false;
	for (j = 0; j < n; j++)
		one->misdelivered += !is_for(i, &pkts[j]);
	one->received += n;
	send_back(one, pkts, n);
	return true;
}

/* A turn of those that have something; how many that were. */
static int serve_ready(int epfd, int timeout_ms)
{
	struct epoll_event events[BATCH];
	int j, n = epoll_wait(epfd, events, BATCH, timeout_ms);

	for (j = 0; j < n; j++)
		serve(events[j].data.u32);
	return n;
}

/*
 * Fetches pages that have been sent, as nothing else tells of them, and hands them to
 * the lane. That takes long with thousands of sockets, so who has something goes first.
 * True if there was nothing else to do.
 */
static bool tidy(int epfd)
{
	bool idle = true;
	uint32_t i;

	for (i = 0; i < args.nr; i++) {
		if (is_held(i))
			continue;
		if (serve_ready(epfd, 0) > 0)
			idle = false;
		atmo_tx_batch(ones[i].sock, NULL, 0);
		if (serve(i))
			idle = false;
	}
	return idle;
}

static void loop(int epfd)
{
	bool holding = args.hold, worked = true;
	int n;

	while (!ended) {
		if (holding && released) {
			holding = false;
			watch(epfd, args.nr - 1);
		}
		n = serve_ready(epfd, IDLE_MS);
		worked |= n > 0;
		if (!n && tidy(epfd) && worked) {
			worked = false;
			puts(holding ? "idle" : "idle, none held");
			fflush(stdout);
		}
	}
}

static void print_drops(const char *whose, const __u64 *drops)
{
	unsigned int j;

	for (j = 0; j < ATMO_NR_DROPS; j++) {
		if (drops[j])
			printf(" %s%s=%llu", whose, atmo_drop_name(j),
			       (unsigned long long)drops[j]);
	}
}

/* What all have counted; the last one by itself when it was held. */
static void report(void)
{
	uint64_t received = 0, misdelivered = 0, unsent = 0, least = UINT64_MAX, most = 0;
	__u64 drops[ATMO_MAX_DROPS] = {};
	struct atmo_stats stats = {};
	uint32_t i, j, nr = args.nr - !!args.hold;

	for (i = 0; i < nr; i++) {
		received += ones[i].received;
		misdelivered += ones[i].misdelivered;
		unsent += ones[i].unsent;
		least = ones[i].received < least ? ones[i].received : least;
		most = ones[i].received > most ? ones[i].received : most;
		if (!atmo_stats(ones[i].sock, &stats)) {
			for (j = 0; j < stats.nr_drops; j++)
				drops[j] += stats.drops[j];
		}
	}
	printf("received=%llu least=%llu most=%llu misdelivered=%llu unsent=%llu",
	       (unsigned long long)received, (unsigned long long)least, (unsigned long long)most,
	       (unsigned long long)misdelivered, (unsigned long long)unsent);
	print_drops("", drops);
	if (args.hold && !atmo_stats(ones[nr].sock, &stats)) {
		printf(" held_received=%llu held_misdelivered=%llu",
		       (unsigned long long)ones[nr].received,
		       (unsigned long long)ones[nr].misdelivered);
		print_drops("held_", stats.drops);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	uint32_t i;
	int epfd;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	ones = calloc(args.nr, sizeof(*ones));
	epfd = epoll_create1(0);
	if (!ones || epfd < 0) {
		perror("many_socks");
		return 1;
	}
	open_all(epfd);
	loop(epfd);
	report();
	for (i = 0; i < args.nr; i++)
		atmo_close(ones[i].sock);
	free(ones);
	return 0;
}
