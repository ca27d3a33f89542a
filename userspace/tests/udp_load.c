// SPDX-License-Identifier: GPL-2.0
/*
 * udp_load - an ordinary UDP client that checks an echo server byte by byte.
 *
 * Keeps a window of datagrams in flight, of one size after the other (or mixed),
 * and compares every byte that comes back. A datagram is lost when its echo did
 * not come within the timeout, corrupted when what came back is none of those in
 * flight, duplicated when it came a second time, late when it came after it was
 * given up.
 *
 * Datagram: the low bytes of its sequence number, little endian, as many as fit
 * (4 at most), then bytes of a pseudo-random table from a place that depends on the
 * sequence number. Payload goes to and from the sockets without being copied.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SIZES	32
#define MAX_WINDOW	128
#define MAX_SIZE	65507
#define SEQ_LEN		4
#define TABLE_LEN	0x20000
#define TABLE_SPREAD	(TABLE_LEN - MAX_SIZE - 1)
/* Nothing has come back for so many timeouts: the server is not there. */
#define PATIENCE	10
/* Datagrams remembered: for one-byte payloads no two alike among them. */
#define HISTORY		256

enum counter { SENT, ECHOED, LOST, CORRUPTED, DUPLICATED, LATE, REFUSED, NR_COUNTERS };

static const char *const counter_names[] = {
	"sent", "echoed", "lost", "corrupted", "duplicated", "late", "refused",
};

struct result {
	unsigned int size;	/* 0: mixed */
	unsigned int window;
	uint64_t n[NR_COUNTERS];
	uint64_t rtt_sum_us, rtt_max_us;
	double seconds;
};

/* GIVEN_UP: its echo may still come. */
enum state { IDLE, FLYING, DONE, GIVEN_UP };

struct flight {
	uint64_t sent_ns;
	uint32_t seq;
	unsigned int size;
	enum state state;
};

static struct {
	unsigned int sizes[MAX_SIZES];
	unsigned int nr_sizes;
	unsigned int window;
	unsigned int pause_us;
	unsigned int timeout_ms;
	uint64_t count;
	double duration;
	bool mixed, json, quiet;
	int fd;
} opt = {
	.sizes = { 64 }, .nr_sizes = 1, .window = 1, .timeout_ms = 1000, .count = 1000,
};

static uint8_t table[TABLE_LEN];
static struct flight flights[HISTORY];
static uint32_t base_seq, next_seq;	/* [base, next): perhaps in flight */
static unsigned int nr_flying;
static uint64_t last_echo_ns;
static volatile sig_atomic_t stop;
static uint8_t rx_buf[MAX_WINDOW][MAX_SIZE + 1];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void on_signal(int sig)
{
	stop = sig;
}

static uint32_t random32(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void fill_table(void)
{
	size_t i;

	for (i = 0; i < TABLE_LEN; i++)
		table[i] = random32() >> 24;
}

static const uint8_t *body_of(uint32_t seq)
{
	return table + (seq * 2654435761u >> 8) % TABLE_SPREAD;
}

static unsigned int head_len(unsigned int size)
{
	return size < SEQ_LEN ? size : SEQ_LEN;
}

static struct flight *flight_of(uint32_t seq)
{
	return &flights[seq % HISTORY];
}

static bool same_bytes(const struct flight *f, const uint8_t *buf, unsigned int len)
{
	unsigned int i, head = head_len(len);

	for (i = 0; i < head; i++)
		if (buf[i] != (uint8_t)(f->seq >> (8 * i)))
			return false;
	return !memcmp(buf + head, body_of(f->seq), len - head);
}

/* Which of the datagrams remembered came back? Flying ones first, in order. */
static struct flight *find(const uint8_t *buf, unsigned int len)
{
	uint32_t seq, oldest = next_seq > HISTORY ? next_seq - HISTORY : 0;
	struct flight *f;

	for (seq = base_seq; seq != next_seq; seq++) {
		f = flight_of(seq);
		if (f->state == FLYING && f->size == len && same_bytes(f, buf, len))
			return f;
	}
	for (seq = next_seq; seq-- > oldest;) {
		f = flight_of(seq);
		if (f->state != FLYING && f->size == len && same_bytes(f, buf, len))
			return f;
	}
	return NULL;
}

static void advance_base(void)
{
	while (base_seq != next_seq && flight_of(base_seq)->state != FLYING)
		base_seq++;
}

static void judge(struct result *r, const uint8_t *buf, unsigned int len)
{
	struct flight *f = find(buf, len);
	uint64_t rtt_us;

	if (!f) {
		r->n[CORRUPTED]++;
	} else if (f->state == DONE) {
		r->n[DUPLICATED]++;
	} else if (f->state == GIVEN_UP) {
		r->n[LATE]++;
		f->state = DONE;
	} else {
		f->state = DONE;
		nr_flying--;
		r->n[ECHOED]++;
		last_echo_ns = now_ns();
		rtt_us = (last_echo_ns - f->sent_ns) / 1000;
		r->rtt_sum_us += rtt_us;
		if (rtt_us > r->rtt_max_us)
			r->rtt_max_us = rtt_us;
		advance_base();
	}
}

/* Gives up those that have been under way for @limit. */
static void expire(struct result *r, uint64_t limit)
{
	uint64_t now = now_ns();
	struct flight *f;

	while (base_seq != next_seq) {
		f = flight_of(base_seq);
		if (f->state == FLYING) {
			if (now - f->sent_ns < limit)
				return;
			f->state = GIVEN_UP;
			nr_flying--;
			r->n[LOST]++;
		}
		base_seq++;
	}
}

/* ICMP errors of earlier datagrams; the server may be away for a while. */
static bool passing_error(struct result *r)
{
	if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH ||
	    errno == ENETDOWN || errno == EPERM) {
		r->n[REFUSED]++;
		return true;
	}
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
}

static void prepare(uint32_t seq, unsigned int size, uint8_t *head, struct iovec *iov)
{
	unsigned int i;

	for (i = 0; i < SEQ_LEN; i++)
		head[i] = seq >> (8 * i);
	iov[0] = (struct iovec){ head, head_len(size) };
	iov[1] = (struct iovec){ (void *)body_of(seq), size - head_len(size) };
	*flight_of(seq) = (struct flight){ .seq = seq, .size = size, .state = FLYING };
}

/* Sends up to @n datagrams with one call; false on an error that lasts. */
static bool send_some(struct result *r, unsigned int n)
{
	static uint8_t heads[MAX_WINDOW][SEQ_LEN];
	struct mmsghdr msgs[MAX_WINDOW];
	struct iovec iov[MAX_WINDOW][2];
	unsigned int i, size;
	uint64_t now;
	int sent;

	for (i = 0; i < n; i++) {
		size = r->size ? r->size : opt.sizes[(next_seq + i) % opt.nr_sizes];
		prepare(next_seq + i, size, heads[i], iov[i]);
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = iov[i], .msg_iovlen = 2 };
	}
	now = now_ns();
	for (i = 0; i < n; i++)
		flight_of(next_seq + i)->sent_ns = now;
	sent = sendmmsg(opt.fd, msgs, n, 0);
	if (sent < 0) {
		if (passing_error(r)) {
			usleep(1000);
			return true;
		}
		perror("udp_load: sendmmsg");
		return false;
	}
	next_seq += sent;
	nr_flying += sent;
	r->n[SENT] += sent;
	return true;
}

/* Receives up to @nr; unless told not to, waits for all of them, a tick for each. */
static bool receive_some(struct result *r, unsigned int nr, int flags)
{
	struct mmsghdr msgs[MAX_WINDOW];
	struct iovec iov[MAX_WINDOW];
	unsigned int i;
	int n;

	for (i = 0; i < nr; i++) {
		iov[i] = (struct iovec){ rx_buf[i], sizeof(rx_buf[i]) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(opt.fd, msgs, nr, flags, NULL);
	if (n < 0) {
		if (passing_error(r))
			return true;
		perror("udp_load: recvmmsg");
		return false;
	}
	for (i = 0; i < (unsigned int)n; i++)
		judge(r, rx_buf[i], msgs[i].msg_len);
	return true;
}

/*
 * Half of what may be in flight, so that calls on both sides handle batches; never
 * more than there is to come.
 */
static unsigned int half_window(void)
{
	unsigned int half = (opt.window + 1) / 2;

	return nr_flying < half ? nr_flying : half;
}

static bool run(struct result *r)
{
	uint64_t start = now_ns(), end = opt.duration ? start + opt.duration * 1e9 : 0;
	uint64_t left, room, timeout = opt.timeout_ms * 1000000ull;

	last_echo_ns = start;
	for (;;) {
		/* A run of a given duration ends by itself. */
		if (!end && now_ns() - last_echo_ns > PATIENCE * timeout) {
			fprintf(stderr, "udp_load: no echo for %u ms, given up\n",
				PATIENCE * opt.timeout_ms);
			expire(r, 0);
			break;
		}
		if (stop)
			left = 0;
		else if (end)
			left = now_ns() < end ? UINT64_MAX : 0;
		else
			left = opt.count - r->n[SENT];
		if (!left && !nr_flying)
			break;
		/* By age, not by number: one-byte payloads must stay distinct. */
		room = opt.window - (next_seq - base_seq);
		if (room > left)
			room = left;
		if (room && !send_some(r, room))
			return false;
		if (nr_flying && !receive_some(r, half_window(), 0))
			return false;
		expire(r, timeout);
		if (opt.pause_us && !nr_flying)
			usleep(random32() % opt.pause_us);
	}
	r->seconds = (now_ns() - start) / 1e9;
	/* A second echo would come right behind the first. */
	usleep(2000);
	return receive_some(r, opt.window, MSG_DONTWAIT);
}

static unsigned long long rtt_mean_us(const struct result *r)
{
	return r->n[ECHOED] ? r->rtt_sum_us / r->n[ECHOED] : 0;
}

static void print_text(const struct result *r)
{
	char size[16] = "mixed";
	unsigned int i;

	if (r->size)
		snprintf(size, sizeof(size), "%u", r->size);
	printf("%5s bytes, %3u in flight:", size, r->window);
	for (i = 0; i <= DUPLICATED; i++)
		printf(" %llu %s,", (unsigned long long)r->n[i], counter_names[i]);
	printf(" %.0f/s, rtt %llu us, longest %llu us\n", r->n[ECHOED] / r->seconds,
	       rtt_mean_us(r), (unsigned long long)r->rtt_max_us);
	fflush(stdout);
}

static void print_json(const struct result *r, const char *end)
{
	unsigned int i;

	printf("{\"size\":%u,\"window\":%u", r->size, r->window);
	for (i = 0; i < NR_COUNTERS; i++)
		printf(",\"%s\":%llu", counter_names[i], (unsigned long long)r->n[i]);
	printf(",\"rtt_us\":%llu,\"rtt_max_us\":%llu,\"seconds\":%.3f}%s\n",
	       rtt_mean_us(r), (unsigned long long)r->rtt_max_us, r->seconds, end);
}

/* Runs all sizes; 0 if every datagram came back once and whole. */
static int run_all(void)
{
	unsigned int i, nr = opt.mixed ? 1 : opt.nr_sizes;
	struct result results[MAX_SIZES] = { 0 };
	bool good = true;

	for (i = 0; i < nr && !stop; i++) {
		struct result *r = &results[i];

		r->size = opt.mixed ? 0 : opt.sizes[i];
		r->window = opt.window;
		if (!run(r))
			return 1;
		/* A run given up has lost datagrams, or sent none. */
		good &= r->n[SENT] && r->n[ECHOED] == r->n[SENT] &&
			!r->n[CORRUPTED] && !r->n[DUPLICATED];
		if (!opt.json && !opt.quiet)
			print_text(r);
	}
	if (opt.json) {
		printf("[");
		nr = i;
		for (i = 0; i < nr; i++)
			print_json(&results[i], i + 1 < nr ? "," : "]");
	}
	return good ? 0 : 1;
}

static int bad_usage(void)
{
	fputs("usage: udp_load [options] ADDRESS PORT\n"
	      "  -s, --sizes=N[,N...]  payload bytes, 1..65507 (default 64)\n"
	      "  -c, --count=N         datagrams of each size (default 1000)\n"
	      "  -w, --window=N        datagrams in flight, 1..128, 64 with 1-byte payloads\n"
	      "  -d, --duration=SEC    so long for each size, instead of --count\n"
	      "  -t, --timeout=MS      when an echo counts as lost (default 1000)\n"
	      "  -p, --pause=USEC      random pause up to this before each window\n"
	      "  -b, --bind=PORT       source port\n"
	      "  -m, --mixed           all sizes mixed in one run of --count\n"
	      "  -j, --json            print results as JSON\n"
	      "  -q, --quiet           print nothing but errors\n"
	      "SIGINT and SIGTERM end the sending; what is in flight is waited for.\n"
	      "Exit status: 0 every datagram echoed once and whole, 1 not, 2 usage\n", stderr);
	return 2;
}

static bool parse_sizes(char *list)
{
	char *word, *end, *save = NULL;

	opt.nr_sizes = 0;
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		unsigned long n = strtoul(word, &end, 10);

		if (*end || !n || n > MAX_SIZE || opt.nr_sizes == MAX_SIZES)
			return false;
		opt.sizes[opt.nr_sizes++] = n;
	}
	return opt.nr_sizes;
}

static bool parse_options(int argc, char **argv, unsigned int *source_port)
{
	static const struct option longs[] = {
		{ "sizes", 1, NULL, 's' }, { "count", 1, NULL, 'c' },
		{ "window", 1, NULL, 'w' }, { "duration", 1, NULL, 'd' },
		{ "timeout", 1, NULL, 't' }, { "pause", 1, NULL, 'p' },
		{ "bind", 1, NULL, 'b' }, { "mixed", 0, NULL, 'm' },
		{ "json", 0, NULL, 'j' }, { "quiet", 0, NULL, 'q' }, { 0 },
	};
	unsigned int i;
	int c;

	while ((c = getopt_long(argc, argv, "s:c:w:d:t:p:b:mjq", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			if (!parse_sizes(optarg))
				return false;
			break;
		case 'c':
			opt.count = strtoull(optarg, NULL, 10);
			break;
		case 'w':
			opt.window = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			opt.duration = strtod(optarg, NULL);
			break;
		case 't':
			opt.timeout_ms = strtoul(optarg, NULL, 10);
			break;
		case 'p':
			opt.pause_us = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			*source_port = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			opt.mixed = true;
			break;
		case 'j':
			opt.json = true;
			break;
		case 'q':
			opt.quiet = true;
			break;
		default:
			return false;
		}
	}
	for (i = 0; i < opt.nr_sizes; i++)
		if (opt.sizes[i] == 1 && opt.window > HISTORY / 4)
			return false;
	return argc - optind == 2 && opt.window && opt.window <= MAX_WINDOW &&
	       opt.count && opt.timeout_ms && *source_port < 65536;
}

static int connect_to(const char *host, const char *port, unsigned int source_port)
{
	struct sockaddr_in local = {
		.sin_family = AF_INET, .sin_port = htons(source_port),
	};
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *ai;
	/* Looks at the clock so often while nothing comes. */
	struct timeval tick = { .tv_usec = 50000 };
	int err, len = 4 << 20;

	err = getaddrinfo(host, port, &hints, &ai);
	if (err) {
		fprintf(stderr, "udp_load: %s port %s: %s\n", host, port, gai_strerror(err));
		return -1;
	}
	opt.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(opt.fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof(len));
	setsockopt(opt.fd, SOL_SOCKET, SO_SNDBUF, &len, sizeof(len));
	setsockopt(opt.fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	if (bind(opt.fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(opt.fd, ai->ai_addr, ai->ai_addrlen)) {
		fprintf(stderr, "udp_load: %s port %s: %s; is there a route, is the port free?\n",
			host, port, strerror(errno));
		err = -1;
	}
	freeaddrinfo(ai);
	return err;
}

int main(int argc, char **argv)
{
	unsigned int source_port = 0;

	if (!parse_options(argc, argv, &source_port))
		return bad_usage();
	if (connect_to(argv[optind], argv[optind + 1], source_port))
		return 1;
	fill_table();
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	return run_all();
}
