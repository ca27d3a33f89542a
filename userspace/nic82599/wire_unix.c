// SPDX-License-Identifier: GPL-2.0
/*
 * A unix socket as far end, or as a place to inject frames: SOCK_SEQPACKET, a
 * frame a message, without FCS. One client at a time; a further one waits.
 * Nothing is checked on the way in: short, long and broken frames are what
 * this is for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"
#include "sock.h"
#include "wire_priv.h"

#define SOCK_BURST	64	/* frames taken before others get their turn */

struct wire_sock {
	struct loop_fd listen;
	struct loop_fd conn;
	struct wire *wire;
	bool is_far_end;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint64_t nr_unsent;
	uint64_t nr_oversize;
};

static void sock_disconnect(struct wire_sock *s)
{
	loop_del(&s->conn);
	close(s->conn.fd);
	s->conn.fd = -1;
	if (s->nr_unsent || s->nr_oversize)
		bus_log("port %u: %s: %llu frames not taken by the client, %llu too long",
			s->wire->port, s->path, (unsigned long long)s->nr_unsent,
			(unsigned long long)s->nr_oversize);
	loop_add(&s->listen, EPOLLIN);
	if (s->is_far_end)
		wire_carrier_changed(s->wire);
}

/* Whether there may be more. A message of length zero can't be told from the end. */
static bool sock_receive(struct wire_sock *s)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	ssize_t n = recv(s->conn.fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		sock_disconnect(s);
		return false;
	}
	if ((size_t)n > sizeof(frame))
		s->nr_oversize++;
	else
		wire_deliver(s->wire, frame, (size_t)n);
	return s->conn.fd >= 0;
}

static void sock_readable(struct loop_fd *l, uint32_t events)
{
	struct wire_sock *s = (struct wire_sock *)((char *)l - offsetof(struct wire_sock, conn));
	int i;

	(void)events;
	for (i = 0; i < SOCK_BURST; i++)
		if (!sock_receive(s))
			break;
}

static void sock_accept(struct loop_fd *l, uint32_t events)
{
	struct wire_sock *s = (struct wire_sock *)((char *)l - offsetof(struct wire_sock, listen));
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	s->conn.fd = fd;
	s->conn.fn = sock_readable;
	s->nr_unsent = 0;
	s->nr_oversize = 0;
	if (loop_add(&s->conn, EPOLLIN)) {
		close(fd);
		s->conn.fd = -1;
		return;
	}
	loop_del(&s->listen);
	if (s->is_far_end)
		wire_carrier_changed(s->wire);
}

static struct wire_sock *wire_sock_create(struct wire *w, const char *path, bool is_far_end)
{
	struct wire_sock *s = calloc(1, sizeof(*s));

	if (!s) {
		bus_log("out of memory for %s", path);
		return NULL;
	}
	s->listen.fd = sock_listen(path, SOCK_SEQPACKET);
	if (s->listen.fd < 0) {
		free(s);
		return NULL;
	}
	s->listen.fn = sock_accept;
	s->conn.fd = -1;
	s->wire = w;
	s->is_far_end = is_far_end;
	snprintf(s->path, sizeof(s->path), "%s", path);
	loop_add(&s->listen, EPOLLIN);
	return s;
}

static void wire_sock_destroy(struct wire_sock *s)
{
	s->is_far_end = false;		/* the port may be gone already */
	if (s->conn.fd >= 0)
		sock_disconnect(s);
	loop_del(&s->listen);
	close(s->listen.fd);
	unlink(s->path);
	free(s);
}

/* A client which is slower than the port loses frames, as a slow host would. */
static void unix_send(struct wire *w, const void *frame, size_t len)
{
	struct wire_sock *s = w->far;

	if (s->conn.fd < 0)
		return;
	if (send(s->conn.fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		s->nr_unsent++;
}

static bool unix_carrier(const struct wire *w)
{
	const struct wire_sock *s = w->far;

	return s->conn.fd >= 0;
}

static void unix_destroy(struct wire *w)
{
	wire_sock_destroy(w->far);
}

static const struct wire_kind kind_unix = {
	.send = unix_send,
	.carrier = unix_carrier,
	.destroy = unix_destroy,
};

int wire_unix(struct wire *w, const char *path)
{
	w->far = wire_sock_create(w, path, true);
	if (!w->far)
		return -1;
	w->kind = &kind_unix;
	return 0;
}

int wire_inject(struct wire *w, const char *path)
{
	w->inject = wire_sock_create(w, path, false);
	return w->inject ? 0 : -1;
}

void wire_inject_destroy(struct wire *w)
{
	wire_sock_destroy(w->inject);
	w->inject = NULL;
}
