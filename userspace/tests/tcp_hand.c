// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_hand - one TCP connection by hand, over the segments of atmo_tcp_open().
 *
 * Opens a connection, actively or passively, sends and receives bytes of two
 * patterns at the same time, closes, and stays for what the peer repeats. RFC 9293
 * with the least that works against a real TCP: one timer, going back to the first
 * byte that was not acknowledged (after three duplicates, too); segments out of order
 * are not kept; no options but the maximum segment size.
 *
 *	sequence numbers   iss | SYN | data, to_send bytes | FIN | end
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atmo.h>

#define BATCH		64
#define WINDOW		65535
#define DEFAULT_MSS	536	/* RFC 9293, 3.7.1: when the peer names none */
#define FIRST_RTO_MS	300
#define MAX_RTO_MS	3000
#define MAX_TRIES	12
/* Segments in flight at most: pages for them must be there. */
#define MAX_FLIGHT	32
/* So long nothing more has come after the end: the peer is content. */
#define LINGER_MS	1000
#define GIVE_UP_MS	60000

enum state { SYN_SENT, SYN_RECEIVED, OPEN };

struct conn {
	struct atmo_sock *sock;
	in_addr_t addr[4];
	in_port_t lport, rport;
	enum state state;

	uint32_t iss, una, nxt, max_sent, wnd, mss;
	uint32_t irs, rcv_nxt;
	uint32_t to_send;
	unsigned int dups, tries;
	uint64_t deadline, rto_ms;
	bool fin_received, ack_now;
	int err;

	uint32_t received, retransmits, lost;
	unsigned long drop, nr_out;	/* every @drop-th segment is not sent */
};

/* What came in, in host order. */
struct segment {
	uint32_t seq, ack, wnd, mss, len;
	uint8_t flags;
	const uint8_t *data;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Is sequence number @a before @b? */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* The patterns of the two directions; the peer knows them, too. */
static uint8_t sent_byte(uint32_t i)
{
	return (uint8_t)(i * 31 + (i >> 9));
}

static uint8_t expected_byte(uint32_t i)
{
	return (uint8_t)(i * 17 + (i >> 7) + 5);
}

static uint32_t end_of(const struct conn *c)
{
	return c->iss + 1 + c->to_send + 1;
}

/* Header of a segment into @p, with room for the option of a SYN; its length. */
static size_t put_header(const struct conn *c, uint8_t *p, uint8_t flags, uint32_t seq)
{
	struct tcphdr th = {
		.th_sport = c->lport, .th_dport = c->rport, .th_seq = htonl(seq),
		.th_ack = flags & TH_ACK ? htonl(c->rcv_nxt) : 0,
		.th_flags = flags, .th_win = htons(WINDOW), .th_off = sizeof(th) / 4,
	};
	static const uint8_t mss[4] = { TCPOPT_MAXSEG, TCPOLEN_MAXSEG, 1440 >> 8, 1440 & 0xff };

	if (flags & TH_SYN) {
		th.th_off += sizeof(mss) / 4;
		memcpy(p + sizeof(th), mss, sizeof(mss));
	}
	memcpy(p, &th, sizeof(th));
	return th.th_off * 4u;
}

/* Sends @len bytes of the pattern from @seq on; false: no page or room now. */
static bool send_segment(struct conn *c, uint8_t flags, uint32_t seq, uint32_t len)
{
	struct atmo_packet pkt;
	size_t header_len;
	uint32_t i;

	if (atmo_page_alloc(c->sock, &pkt)) {
		atmo_tx_batch(c->sock, NULL, 0);
		return false;
	}
	header_len = put_header(c, pkt.data, flags, seq);
	for (i = 0; i < len; i++)
		((uint8_t *)pkt.data)[header_len + i] = sent_byte(seq - c->iss - 1 + i);
	pkt.len = (uint16_t)(header_len + len);
	pkt.port = c->rport;
	memcpy(pkt.addr, c->addr, sizeof(pkt.addr));
	if (c->drop && ++c->nr_out % c->drop == 0) {
		c->lost++;
		atmo_page_free(c->sock, &pkt);
	} else if (atmo_tx_batch(c->sock, &pkt, 1) != 1) {
		atmo_page_free(c->sock, &pkt);
		return false;
	}
	if (flags & TH_ACK)
		c->ack_now = false;
	return true;
}

static void start_timer(struct conn *c)
{
	c->deadline = now_ms() + c->rto_ms;
}

/* @len sequence numbers from nxt on have been sent. */
static void advance(struct conn *c, uint32_t len)
{
	if (before(c->nxt, c->max_sent))
		c->retransmits++;
	if (c->nxt == c->una)
		start_timer(c);
	c->nxt += len;
	if (before(c->max_sent, c->nxt))
		c->max_sent = c->nxt;
}

static void send_syn(struct conn *c)
{
	uint8_t flags = c->state == SYN_SENT ? TH_SYN : TH_SYN | TH_ACK;

	if (c->nxt == c->iss && send_segment(c, flags, c->iss, 0))
		advance(c, 1);
}

/* As much data as the peer's window and our pages allow, then FIN. */
static void send_data(struct conn *c)
{
	uint32_t fin = end_of(c) - 1, limit = c->una + MAX_FLIGHT * c->mss, len;

	/* Into a closed window one byte goes all the same, by the timer. */
	if (before(c->una + (c->wnd ? c->wnd : 1), limit))
		limit = c->una + (c->wnd ? c->wnd : 1);
	while (before(c->nxt, fin) && before(c->nxt, limit)) {
		len = fin - c->nxt < c->mss ? fin - c->nxt : c->mss;
		if (limit - c->nxt < len)
			len = limit - c->nxt;
		if (!send_segment(c, TH_ACK | TH_PUSH, c->nxt, len))
			return;
		advance(c, len);
	}
	if (c->nxt == fin && send_segment(c, TH_ACK | TH_FIN, fin, 0))
		advance(c, 1);
}

static void output(struct conn *c)
{
	if (c->state == OPEN)
		send_data(c);
	else
		send_syn(c);
	if (c->ack_now && c->state == OPEN)
		send_segment(c, TH_ACK, c->nxt, 0);
}

static void check_timer(struct conn *c)
{
	if (c->una == c->max_sent || now_ms() < c->deadline)
		return;
	if (++c->tries > MAX_TRIES)
		c->err = -ETIMEDOUT;
	c->nxt = c->una;
	c->rto_ms = c->rto_ms * 2 < MAX_RTO_MS ? c->rto_ms * 2 : MAX_RTO_MS;
	start_timer(c);
}

/* The only option that counts; 0: it is not there. */
static uint32_t mss_option(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] != TCPOPT_EOL) {
		if (p[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || p[i + 1] < 2 || i + p[i + 1] > len)
			break;
		if (p[i] == TCPOPT_MAXSEG && p[i + 1] == TCPOLEN_MAXSEG)
			return (uint32_t)p[i + 2] << 8 | p[i + 3];
		i += p[i + 1];
	}
	return 0;
}

/* False: no whole header. */
static bool parse(const struct atmo_packet *pkt, struct segment *seg)
{
	const uint8_t *p = pkt->data;
	struct tcphdr th;
	size_t header_len;

	if (pkt->len < sizeof(th))
		return false;
	memcpy(&th, p, sizeof(th));
	header_len = th.th_off * 4u;
	if (header_len < sizeof(th) || header_len > pkt->len)
		return false;
	*seg = (struct segment){
		.seq = ntohl(th.th_seq), .ack = ntohl(th.th_ack), .wnd = ntohs(th.th_win),
		.flags = th.th_flags, .data = p + header_len,
		.len = (uint32_t)(pkt->len - header_len),
		.mss = mss_option(p + sizeof(th), header_len - sizeof(th)),
	};
	return true;
}

static void take_mss(struct conn *c, const struct segment *seg)
{
	c->mss = seg->mss ? seg->mss : DEFAULT_MSS;
	if (c->mss > 1440)
		c->mss = 1440;
}

static void input_ack(struct conn *c, const struct segment *seg)
{
	if (before(c->una, seg->ack) && !before(c->max_sent, seg->ack)) {
		c->una = seg->ack;
		if (before(c->nxt, c->una))
			c->nxt = c->una;
		c->dups = 0;
		c->tries = 0;
		c->rto_ms = FIRST_RTO_MS;
		start_timer(c);
	} else if (seg->ack == c->una && !seg->len && seg->wnd == c->wnd &&
		   c->una != c->max_sent && ++c->dups == 3) {
		/* RFC 5681, 3.2: the segment at una is lost. */
		c->nxt = c->una;
	}
	c->wnd = seg->wnd;
}

/* In order, or a repetition that reaches further: takes what is new. */
static void input_data(struct conn *c, const struct segment *seg)
{
	uint32_t i, old = c->rcv_nxt - seg->seq;

	if (seg->len || seg->flags & TH_FIN)
		c->ack_now = true;
	if (before(c->rcv_nxt, seg->seq) || old > seg->len || c->fin_received)
		return;
	for (i = old; i < seg->len; i++) {
		if (seg->data[i] != expected_byte(c->received)) {
			fprintf(stderr, "tcp_hand: wrong byte at %u\n", c->received);
			c->err = -EBADMSG;
		}
		c->received++;
	}
	c->rcv_nxt = seg->seq + seg->len;
	if (seg->flags & TH_FIN) {
		c->fin_received = true;
		c->rcv_nxt++;
	}
}

static void input_syn_sent(struct conn *c, const struct segment *seg)
{
	if (!(seg->flags & TH_ACK) || seg->ack != c->iss + 1)
		return;
	if (seg->flags & TH_RST) {
		c->err = -ECONNREFUSED;
	} else if (seg->flags & TH_SYN) {
		c->irs = seg->seq;
		c->rcv_nxt = seg->seq + 1;
		c->state = OPEN;
		c->ack_now = true;
		take_mss(c, seg);
		input_ack(c, seg);
	}
}

static void input(struct conn *c, const struct atmo_packet *pkt)
{
	struct segment seg;

	if (!parse(pkt, &seg) || pkt->port != c->rport) {
		c->err = -EPROTO;
		return;
	}
	if (c->state == SYN_SENT) {
		input_syn_sent(c, &seg);
		return;
	}
	if (seg.flags & TH_RST) {
		if (seg.seq == c->rcv_nxt)
			c->err = -ECONNRESET;
		return;
	}
	if (seg.flags & TH_SYN) {
		/* It has not got our answer, or not the last ACK of the handshake. */
		c->ack_now = true;
		if (c->state == SYN_RECEIVED)
			c->nxt = c->iss;
		return;
	}
	if (!(seg.flags & TH_ACK))
		return;
	if (c->state == SYN_RECEIVED && seg.ack == c->iss + 1)
		c->state = OPEN;
	input_ack(c, &seg);
	input_data(c, &seg);
}

static bool finished(const struct conn *c)
{
	return c->fin_received && c->una == end_of(c);
}

/* One turn: what is there, what there is to say, and a short sleep. */
static bool turn(struct conn *c)
{
	struct atmo_packet pkts[BATCH];
	int i, n;

	n = atmo_rx_batch(c->sock, pkts, BATCH);
	if (n < 0) {
		c->err = n;
		return false;
	}
	for (i = 0; i < n; i++)
		input(c, &pkts[i]);
	atmo_rx_release(c->sock, pkts, (unsigned int)n);
	check_timer(c);
	output(c);
	if (!n)
		atmo_wait(c->sock, 10);
	return n > 0;
}

/* The whole conversation; 0 or a negative errno. */
static int converse(struct conn *c)
{
	uint64_t give_up = now_ms() + GIVE_UP_MS, quiet = now_ms();

	c->iss = (uint32_t)(now_ms() * 250);
	c->una = c->iss;
	c->nxt = c->iss;
	c->max_sent = c->iss;
	c->rto_ms = FIRST_RTO_MS;
	if (!c->mss)
		c->mss = DEFAULT_MSS;
	while (!c->err && (!finished(c) || now_ms() - quiet < LINGER_MS)) {
		if (turn(c) || !finished(c))
			quiet = now_ms();
		if (now_ms() > give_up)
			c->err = -ETIMEDOUT;
	}
	return c->err;
}

static int open_sock(struct conn *c, struct atmo_options *opt)
{
	struct atmo_info info;
	char why[256];
	int err;

	err = atmo_tcp_open(&c->sock, opt);
	if (!err)
		err = atmo_info(c->sock, &info);
	if (err) {
		fprintf(stderr, "tcp_hand: %s\n", atmo_open_explain(err, opt, why, sizeof(why)));
		return err;
	}
	c->lport = info.lport;
	printf("tcp_hand: port %u, %s lane (%s)\n", ntohs(info.lport),
	       atmo_lane_name(info.lane), atmo_lane_reason_text(info.lane_reason));
	fflush(stdout);
	return 0;
}

static bool set_remote(struct conn *c, struct atmo_options *opt, const char *addr,
		       const char *port)
{
	opt->remote.v4.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, addr, &opt->remote.v4.sin_addr) == 1)
		opt->remote.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, addr, &opt->remote.v6.sin6_addr) == 1)
		opt->remote.sa.sa_family = AF_INET6;
	else
		return false;
	c->rport = opt->remote.v4.sin_port;
	inet_pton(opt->remote.sa.sa_family, addr, c->addr);
	return true;
}

/* Waits at a listener for the first SYN; 0 or a negative errno. */
static int await_syn(struct conn *c, struct conn *listener)
{
	uint64_t give_up = now_ms() + GIVE_UP_MS;
	struct atmo_packet pkt;
	struct segment seg;
	int n;

	while (now_ms() < give_up) {
		n = atmo_rx_batch(listener->sock, &pkt, 1);
		if (n < 0)
			return n;
		if (!n) {
			atmo_wait(listener->sock, 100);
			continue;
		}
		if (parse(&pkt, &seg) && (seg.flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN) {
			c->irs = seg.seq;
			c->rcv_nxt = seg.seq + 1;
			c->wnd = seg.wnd;
			c->rport = pkt.port;
			memcpy(c->addr, pkt.addr, sizeof(c->addr));
			take_mss(c, &seg);
			atmo_rx_release(listener->sock, &pkt, 1);
			return 0;
		}
		atmo_rx_release(listener->sock, &pkt, 1);
	}
	return -ETIMEDOUT;
}

/* A socket of its own for the connection whose SYN the listener got. */
static int accept_conn(struct conn *c, struct atmo_options *opt, int family)
{
	struct conn listener = { 0 };
	int err;

	opt->local.sa.sa_family = (sa_family_t)family;
	err = open_sock(&listener, opt);
	if (err)
		return err;
	err = await_syn(c, &listener);
	if (!err) {
		opt->remote.sa.sa_family = (sa_family_t)family;
		opt->remote.v4.sin_port = c->rport;
		if (family == AF_INET)
			opt->remote.v4.sin_addr.s_addr = c->addr[0];
		else
			memcpy(&opt->remote.v6.sin6_addr, c->addr, sizeof(c->addr));
		opt->lane = ATMO_LANE_ANY;
		err = open_sock(c, opt);
	}
	c->state = SYN_RECEIVED;
	atmo_close(listener.sock);
	return err;
}

static int bad_usage(void)
{
	fputs("usage: tcp_hand [-l LANE] [-d N] connect DEV ADDRESS PORT BYTES\n"
	      "       tcp_hand [-l LANE] [-d N] [-6] listen DEV PORT BYTES\n"
	      "  -d N  lose every N-th segment on purpose\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct atmo_options opt = { .size = sizeof(opt) };
	int c, err, family = AF_INET;
	struct conn conn = { 0 };
	char **arg;

	while ((c = getopt(argc, argv, "l:d:6")) != -1) {
		if (c == 'l')
			opt.lane = (uint32_t)atmo_lane_parse(optarg);
		else if (c == 'd')
			conn.drop = strtoul(optarg, NULL, 10);
		else if (c == '6')
			family = AF_INET6;
		else
			return bad_usage();
	}
	arg = argv + optind;
	argc -= optind;
	if (argc < 2 || opt.lane > ATMO_LANE_SHARED)
		return bad_usage();
	opt.ifname = arg[1];
	conn.to_send = (uint32_t)strtoul(arg[argc - 1], NULL, 10);
	if (argc == 5 && !strcmp(arg[0], "connect") &&
	    set_remote(&conn, &opt, arg[2], arg[3])) {
		err = open_sock(&conn, &opt);
	} else if (argc == 4 && !strcmp(arg[0], "listen")) {
		opt.local.v4.sin_port = htons((uint16_t)atoi(arg[2]));
		err = accept_conn(&conn, &opt, family);
	} else {
		return bad_usage();
	}
	if (!err)
		err = converse(&conn);
	printf("tcp_hand: %s: sent %u, received %u, %u again, %u lost on purpose\n",
	       err ? strerror(-err) : "done", conn.to_send, conn.received, conn.retransmits,
	       conn.lost);
	atmo_close(conn.sock);
	return err ? 1 : 0;
}
