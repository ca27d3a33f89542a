// SPDX-License-Identifier: GPL-2.0
/*
 * Connection and framing of the vfio-user server.
 *
 * Posted register writes arrive faster than they could be taken with two
 * system calls each (header, body), so as much as there is gets read at once.
 * File descriptors still find their message: unix(7) promises that ancillary
 * data is a barrier for a stream, so the last byte of a receive which brought
 * descriptors belongs to the send which carried them. Each descriptor is kept
 * with the stream offset of that byte until its message has been taken apart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus_priv.h"
#include "sock.h"
#include "vfu.h"

#define VFU_IN_SIZE	(2 * VFU_MAX_MSG)
#define VFU_FDS_HELD	64
/* Bytes taken from one client before others get their turn. */
#define VFU_TURN	(4 * VFU_IN_SIZE)

struct vfu_fd {
	int fd;
	uint64_t off;		/* of the byte it arrived with, in the stream */
};

struct vfu {
	struct loop_fd listen;
	struct loop_fd conn;
	struct vfu_session session;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	/* Received and not yet handled: in[0] is byte in_off of the stream. */
	uint8_t in[VFU_IN_SIZE];
	size_t in_len;
	uint64_t in_off;
	uint64_t skip;		/* rest of a message too long to be taken */
	struct vfu_fd fds[VFU_FDS_HELD];
	unsigned int nr_fds;

	/* A reply, and how much of it the socket has not taken yet. */
	uint8_t out[sizeof(struct vfu_header) + VFU_MAX_MSG];
	size_t out_pos;
	size_t out_len;
	unsigned int nr_bad;	/* messages refused on this connection */
};

static void conn_close(struct vfu *v, const char *why);

static bool connected(const struct vfu *v)
{
	return v->conn.fd >= 0;
}

/* ---- descriptors ---- */

static void fds_hold(struct vfu *v, const int *fds, unsigned int n, uint64_t off)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (v->nr_fds == VFU_FDS_HELD) {
			close(fds[i]);
			continue;
		}
		v->fds[v->nr_fds].fd = fds[i];
		v->fds[v->nr_fds].off = off;
		v->nr_fds++;
	}
}

/* Take those which arrived with the stream's bytes below @end; they are in order. */
static unsigned int fds_take(struct vfu *v, uint64_t end, int *fds, unsigned int max)
{
	unsigned int i, n = 0;

	for (i = 0; i < v->nr_fds && v->fds[i].off < end; i++) {
		if (n < max)
			fds[n++] = v->fds[i].fd;
		else
			close(v->fds[i].fd);
	}
	v->nr_fds -= i;
	memmove(v->fds, v->fds + i, v->nr_fds * sizeof(v->fds[0]));
	return n;
}

static void fds_close(int *fds, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void fds_drop_all(struct vfu *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_fds; i++)
		close(v->fds[i].fd);
	v->nr_fds = 0;
}

/* ---- output ---- */

/*
 * Send what is left of the reply. A client which doesn't read its replies is
 * not read from either, until it does.
 */
static void out_flush(struct vfu *v)
{
	ssize_t n;

	while (v->out_pos < v->out_len) {
		n = send(v->conn.fd, v->out + v->out_pos, v->out_len - v->out_pos,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_mod(&v->conn, EPOLLOUT);
			return;
		}
		if (n <= 0) {
			conn_close(v, "reply not taken");
			return;
		}
		v->out_pos += (size_t)n;
	}
	v->out_pos = 0;
	v->out_len = 0;
}

static void out_reply(struct vfu *v, const struct vfu_header *req, int err, size_t len)
{
	struct vfu_header h = {
		.id = req->id,
		.command = req->command,
		.flags = VFU_TYPE_REPLY,
	};

	if (err) {
		h.flags |= VFU_ERROR;
		h.error = (uint32_t)-err;
		len = 0;
	}
	h.size = (uint32_t)(sizeof(h) + len);
	memcpy(v->out, &h, sizeof(h));
	v->out_len = h.size;
	out_flush(v);
}

/* ---- input ---- */

/* The client may be broken or hostile: say it, but not for ever. */
static void message_refused(struct vfu *v, const struct vfu_header *h, int err)
{
	if (v->nr_bad++ < 16)
		bus_log("port %u: vfio-user command %u (%u bytes) refused: %s",
			v->session.bus->port, h->command, h->size, strerror(-err));
}

static void message_handle(struct vfu *v, const struct vfu_header *h, const uint8_t *body)
{
	int fds[VFU_MAX_FDS];
	struct vfu_msg m = {
		.command = h->command,
		.body = body,
		.len = h->size - sizeof(*h),
		.fds = fds,
		.reply = v->out + sizeof(*h),
	};
	bool is_command = (h->flags & VFU_TYPE_MASK) == VFU_TYPE_COMMAND;
	int err = 0;

	if (v->nr_fds)
		m.nr_fds = fds_take(v, v->in_off + (uint64_t)(body - v->in) + m.len, fds,
				    VFU_MAX_FDS);
	if (is_command) {
		err = vfu_command(&v->session, &m);
		if (err)
			message_refused(v, h, err);
	}
	fds_close(fds, m.nr_fds);
	if (is_command && !(h->flags & VFU_NO_REPLY))
		out_reply(v, h, err, m.reply_len);
}

/* A message which can't be buffered: answer, and throw away what follows. */
static void message_oversize(struct vfu *v, const struct vfu_header *h)
{
	message_refused(v, h, -EMSGSIZE);
	if ((h->flags & VFU_TYPE_MASK) == VFU_TYPE_COMMAND && !(h->flags & VFU_NO_REPLY))
		out_reply(v, h, -EMSGSIZE, 0);
}

static void in_consume(struct vfu *v, size_t n)
{
	v->in_len -= n;
	v->in_off += n;
	memmove(v->in, v->in + n, v->in_len);
}

static size_t in_skip(struct vfu *v)
{
	size_t n = v->skip < v->in_len ? (size_t)v->skip : v->in_len;
	int none;

	v->skip -= n;
	fds_take(v, v->in_off + n, &none, 0);
	return n;
}

/* Handle the complete messages in the buffer. */
static void in_handle(struct vfu *v)
{
	size_t pos = in_skip(v);
	struct vfu_header h;

	while (connected(v) && !v->out_len && v->in_len - pos >= sizeof(h)) {
		memcpy(&h, v->in + pos, sizeof(h));
		if (h.size < sizeof(h)) {
			conn_close(v, "message shorter than its header");
			return;
		}
		if (h.size > VFU_MAX_MSG) {
			message_oversize(v, &h);
			if (!connected(v))
				return;
			v->skip = h.size;
			in_consume(v, pos);
			pos = in_skip(v);
			continue;
		}
		if (v->in_len - pos < h.size)
			break;
		message_handle(v, &h, v->in + pos + sizeof(h));
		pos += h.size;
	}
	if (connected(v))
		in_consume(v, pos);
}

static void cmsg_take(struct vfu *v, struct msghdr *msg, uint64_t off)
{
	struct cmsghdr *c;
	int fds[VFU_FDS_HELD];
	size_t n;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > VFU_FDS_HELD)
			n = VFU_FDS_HELD;	/* can't be: the buffer is not larger */
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		fds_hold(v, fds, (unsigned int)n, off);
	}
}

/*
 * Read once. The number of bytes, 0 when there is nothing more, -1 when the
 * connection is gone. @more: whether it is worth trying again at once.
 */
static ssize_t in_fill(struct vfu *v, bool *more)
{
	union {
		char buf[CMSG_SPACE(VFU_FDS_HELD * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = v->in + v->in_len,
		.iov_len = sizeof(v->in) - v->in_len,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n = recvmsg(v->conn.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (!n)
		return -1;
	/* A short read has emptied the socket, unless descriptors cut it short. */
	*more = msg.msg_controllen || (size_t)n == iov.iov_len;
	v->in_len += (size_t)n;
	if (msg.msg_controllen)
		cmsg_take(v, &msg, v->in_off + v->in_len - 1);
	return n;
}

static void conn_readable(struct vfu *v)
{
	size_t taken = 0;
	bool more = true;
	ssize_t n;

	while (more && taken < VFU_TURN) {
		n = in_fill(v, &more);
		if (n < 0) {
			conn_close(v, "client has gone");
			return;
		}
		if (!n)
			return;
		taken += (size_t)n;
		in_handle(v);
		if (!connected(v) || v->out_len)
			return;
	}
}

static void conn_event(struct loop_fd *l, uint32_t events)
{
	struct vfu *v = (struct vfu *)((char *)l - offsetof(struct vfu, conn));

	if (v->out_len) {
		if (events & (EPOLLHUP | EPOLLERR)) {
			conn_close(v, "client has gone");
			return;
		}
		out_flush(v);
		if (!connected(v) || v->out_len)
			return;
		loop_mod(&v->conn, EPOLLIN);
		in_handle(v);		/* what had been received before */
		if (!connected(v) || v->out_len)
			return;
	}
	conn_readable(v);
}

/* ---- connections: one client at a time, a further one waits in the backlog ---- */

static void conn_close(struct vfu *v, const char *why)
{
	struct bus *b = v->session.bus;

	if (!connected(v))
		return;
	bus_log("port %u: disconnected: %s", b->port, why);
	loop_del(&v->conn);
	close(v->conn.fd);
	v->conn.fd = -1;
	fds_drop_all(v);
	b->gone = false;
	/* The reset stops all DMA before the memory goes away. */
	bus_reset(b);
	intr_disconnect(b);
	dma_unmap_all(&b->dma);
	if (v->listen.fd >= 0)
		loop_add(&v->listen, EPOLLIN);
}

static void listen_event(struct loop_fd *l, uint32_t events)
{
	struct vfu *v = (struct vfu *)((char *)l - offsetof(struct vfu, listen));
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	v->conn.fd = fd;
	v->conn.fn = conn_event;
	v->in_len = 0;
	v->in_off = 0;
	v->skip = 0;
	v->out_pos = 0;
	v->out_len = 0;
	v->nr_bad = 0;
	v->session.negotiated = false;
	if (loop_add(&v->conn, EPOLLIN)) {
		close(fd);
		v->conn.fd = -1;
		return;
	}
	loop_del(&v->listen);
	bus_debug("port %u: client connected", v->session.bus->port);
}

struct vfu *vfu_create(const char *path, struct bus *b)
{
	struct vfu *v = calloc(1, sizeof(*v));
	int fd;

	if (!v) {
		bus_log("out of memory for the server of port %u", b->port);
		return NULL;
	}
	fd = sock_listen(path, SOCK_STREAM);
	if (fd < 0) {
		free(v);
		return NULL;
	}
	snprintf(v->path, sizeof(v->path), "%s", path);
	v->session.bus = b;
	v->conn.fd = -1;
	v->listen.fd = fd;
	v->listen.fn = listen_event;
	loop_add(&v->listen, EPOLLIN);
	return v;
}

void vfu_destroy(struct vfu *v)
{
	if (!v)
		return;
	if (!connected(v))
		loop_del(&v->listen);
	close(v->listen.fd);
	v->listen.fd = -1;
	conn_close(v, "shutting down");
	unlink(v->path);
	free(v);
}
