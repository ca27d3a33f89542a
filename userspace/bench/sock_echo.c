// SPDX-License-Identifier: GPL-2.0
/*
 * sock_echo - UDP echo on an ordinary socket of Linux, tuned: recvmmsg() and
 * sendmmsg() in batches, busy polling where the device can do it. What our echo is
 * compared with.
 *
 * usage: sock_echo [-b BATCH] [-p BUSY_POLL_US] [-n SOCKETS] PORT
 *
 * With several sockets, on PORT and the ports behind it, they are waited for by
 * epoll. Says "ready", ends by SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BATCH	256
#define MAX_LEN		2048
#define MAX_EVENTS	256
#define BUFFER_LEN	(8 << 20)

static volatile sig_atomic_t stop;

static struct mmsghdr msgs[MAX_BATCH];
static struct iovec iovs[MAX_BATCH];
static struct sockaddr_in peers[MAX_BATCH];
static char data[MAX_BATCH][MAX_LEN];

static void on_signal(int sig)
{
	stop = sig;
}

static void prepare(unsigned int batch)
{
	unsigned int i;

	for (i = 0; i < batch; i++) {
		iovs[i] = (struct iovec){ .iov_base = data[i], .iov_len = MAX_LEN };
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &peers[i], .msg_namelen = sizeof(peers[i]),
			.msg_iov = &iovs[i], .msg_iovlen = 1,
		};
	}
}

static int open_socket(unsigned short port, int busy_poll)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), len = BUFFER_LEN;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	/* Beyond the limits of the system: needs CAP_NET_ADMIN, like busy polling. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof(len));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &len, sizeof(len));
	if (busy_poll)
		setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &busy_poll, sizeof(busy_poll));
	return fd;
}

/* One batch; 0: there was nothing, or -1. */
static int echo(int fd, unsigned int batch, int flags)
{
	int i, n = recvmmsg(fd, msgs, batch, flags, NULL), sent = 0, some;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
	for (i = 0; i < n; i++)
		iovs[i].iov_len = msgs[i].msg_len;
	while (sent < n) {
		some = sendmmsg(fd, msgs + sent, n - sent, 0);
		if (some < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			return -1;
		sent += some > 0 ? some : 0;
	}
	for (i = 0; i < n; i++) {
		iovs[i].iov_len = MAX_LEN;
		msgs[i].msg_hdr.msg_namelen = sizeof(peers[i]);
	}
	return n;
}

static int serve_one(int fd, unsigned int batch)
{
	while (!stop)
		if (echo(fd, batch, MSG_WAITFORONE) < 0)
			return -1;
	return 0;
}

static int serve_many(int ep, unsigned int batch)
{
	struct epoll_event events[MAX_EVENTS];
	int i, n;

	while (!stop) {
		n = epoll_wait(ep, events, MAX_EVENTS, 100);
		for (i = 0; i < n; i++)
			if (echo(events[i].data.fd, batch, MSG_DONTWAIT) < 0)
				return -1;
	}
	return 0;
}

static int run(unsigned short port, unsigned int nr, unsigned int batch, int busy_poll)
{
	int ep = epoll_create1(0), fd = -1;
	struct epoll_event ev = { .events = EPOLLIN };
	unsigned int i;

	for (i = 0; i < nr; i++) {
		fd = open_socket(port + i, busy_poll);
		ev.data.fd = fd;
		if (fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
			return -1;
	}
	puts("ready");
	fflush(stdout);
	return nr == 1 ? serve_one(fd, batch) : serve_many(ep, batch);
}

int main(int argc, char **argv)
{
	unsigned int batch = 64, nr = 1;
	int c, busy_poll = 0;

	while ((c = getopt(argc, argv, "b:p:n:")) != -1) {
		switch (c) {
		case 'b':
			batch = strtoul(optarg, NULL, 10);
			break;
		case 'p':
			busy_poll = strtol(optarg, NULL, 10);
			break;
		case 'n':
			nr = strtoul(optarg, NULL, 10);
			break;
		default:
			batch = 0;
		}
	}
	if (argc - optind != 1 || !batch || batch > MAX_BATCH || !nr) {
		fputs("usage: sock_echo [-b BATCH] [-p BUSY_POLL_US] [-n SOCKETS] PORT\n", stderr);
		return 2;
	}
	/* recvmmsg() is to come back with EINTR. */
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	prepare(batch);
	if (run(strtoul(argv[optind], NULL, 10), nr, batch, busy_poll)) {
		perror("sock_echo");
		return 1;
	}
	return 0;
}
