// SPDX-License-Identifier: GPL-2.0
/*
 * The generators' control socket: commands in lines, answers in lines of JSON.
 * docs/generator.md describes both. A client may be anything: lines may come in
 * pieces, too long, or never end, and answers may be left lying. Whose answers
 * pile up is not read from until it has taken them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gen_run.h"
#include "loop.h"
#include "sock.h"
#include "wire_priv.h"

#define NR_PORTS	2
#define NR_CLIENTS	8
#define INPUT_MAX	2048u
#define ID_MAX		32u
#define WAIT_MAX_S	86400u
#define NSEC_PER_SEC	1000000000ull
/* The longest answer, a histogram, has 44 KB. */
#define OUT_SIZE	(128u * 1024u)
#define OUT_FULL	(OUT_SIZE / 2)

struct client {
	struct loop_fd conn;		/* fd -1: this place is free */
	char in[INPUT_MAX];
	size_t in_len;
	bool skipping;			/* the rest of a line that was too long */
	char *out;
	size_t out_len;
	struct client_wait {
		struct bus_timer timer;
		struct client *c;
		struct gen *g;		/* NULL: nobody waits */
		char id[ID_MAX + 1];
	} wait[NR_PORTS];
};

/* A line, taken apart */
struct command {
	struct client *client;
	const char *id;
	const char *name;
	struct gen *gen;
	char *rest;			/* of the line: strtok_r()'s */
};

static struct loop_fd listener = { .fd = -1 };
static char *socket_path;
static struct client clients[NR_CLIENTS];

static struct client *client_of(struct loop_fd *l)
{
	return (struct client *)((char *)l - offsetof(struct client, conn));
}

static void client_close(struct client *c)
{
	unsigned int i;

	for (i = 0; i < NR_PORTS; i++) {
		bus_timer_cancel(&c->wait[i].timer);
		c->wait[i].g = NULL;
	}
	loop_del(&c->conn);
	close(c->conn.fd);
	c->conn.fd = -1;
	free(c->out);
	c->out = NULL;
}

/* ---- answers ---- */

static void client_flush(struct client *c)
{
	ssize_t n = 0;

	while (c->out_len) {
		n = send(c->conn.fd, c->out, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (n < 0 && errno != EAGAIN)
		client_close(c);
	else
		loop_mod(&c->conn, (c->out_len ? EPOLLOUT : 0u) |
				   (c->out_len < OUT_FULL ? EPOLLIN : 0u));
}

static void client_say(struct client *c, const char *text, size_t len)
{
	if (c->conn.fd < 0 || c->out_len + len > OUT_SIZE)
		return;
	memcpy(c->out + c->out_len, text, len);
	c->out_len += len;
	client_flush(c);
}

static void put_string(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', to);
		fputc(*s, to);
	}
	fputc('"', to);
}

/* An answer: answer_begin(), members with a comma before each, answer_end(). */
struct answer {
	FILE *to;
	char *text;
	size_t len;
};

static bool answer_begin(struct answer *a, bool ok, const char *id)
{
	a->text = NULL;
	a->to = open_memstream(&a->text, &a->len);
	if (!a->to)
		return false;
	fprintf(a->to, "{\"ok\":%s", ok ? "true" : "false");
	if (id && *id) {
		fputs(",\"id\":", a->to);
		put_string(a->to, id);
	}
	return true;
}

static void answer_end(struct answer *a, struct client *c)
{
	fputs("}\n", a->to);
	if (!fclose(a->to))
		client_say(c, a->text, a->len);
	free(a->text);
}

__attribute__((format(printf, 3, 4)))
static void refuse(struct client *c, const char *id, const char *fmt, ...)
{
	struct answer a;
	char why[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (!answer_begin(&a, false, id))
		return;
	fputs(",\"error\":", a.to);
	put_string(a.to, why);
	answer_end(&a, c);
}

static void tell_state(struct client *c, const char *id, const struct gen *g)
{
	struct answer a;

	if (!answer_begin(&a, true, id))
		return;
	fprintf(a.to, ",\"port\":%u", g->port);
	gen_run_show(&g->run, a.to);
	fprintf(a.to, ",\"other\":%llu,\"stale\":%llu,\"damaged\":%llu,\"arp_answers\":%llu",
		(unsigned long long)g->other, (unsigned long long)g->stale,
		(unsigned long long)g->damaged, (unsigned long long)g->arp_answers);
	answer_end(&a, c);
}

/* ---- commands ---- */

static void done(const struct command *m)
{
	struct answer a;

	if (!answer_begin(&a, true, m->id))
		return;
	fprintf(a.to, ",\"port\":%u", m->gen->port);
	answer_end(&a, m->client);
}

/* Whether the line ends here */
static bool is_all(const struct command *m, char *rest)
{
	char *word = strtok_r(NULL, " ", &rest);

	if (word)
		refuse(m->client, m->id, "%.40s is too much", word);
	return !word;
}

/* All of the settings on the line, or none. */
static bool take_settings(const struct command *m)
{
	struct gen_config c = m->gen->config;
	char *rest = m->rest, *word;
	char err[160];

	while ((word = strtok_r(NULL, " ", &rest)))
		if (!gen_config_set(&c, word, err, sizeof(err))) {
			refuse(m->client, m->id, "%s", err);
			return false;
		}
	m->gen->config = c;
	return true;
}

static void do_set(const struct command *m)
{
	if (take_settings(m))
		done(m);
}

static void do_start(const struct command *m)
{
	struct answer a;
	const char *why;

	if (!take_settings(m))
		return;
	why = gen_start(m->gen);
	if (why) {
		refuse(m->client, m->id, "%s", why);
		return;
	}
	if (!answer_begin(&a, true, m->id))
		return;
	fprintf(a.to, ",\"port\":%u,\"run\":%u", m->gen->port, m->gen->run.id);
	answer_end(&a, m->client);
}

static void do_stop(const struct command *m)
{
	gen_stop(m->gen);
	done(m);
}

static void do_reset(const struct command *m)
{
	gen_reset(m->gen);
	done(m);
}

static void do_stats(const struct command *m)
{
	tell_state(m->client, m->id, m->gen);
}

static void do_show(const struct command *m)
{
	struct answer a;

	if (!answer_begin(&a, true, m->id))
		return;
	fprintf(a.to, ",\"port\":%u", m->gen->port);
	gen_config_show(&m->gen->config, a.to);
	answer_end(&a, m->client);
}

static void do_hist(const struct command *m)
{
	struct answer a;

	if (!answer_begin(&a, true, m->id))
		return;
	fprintf(a.to, ",\"port\":%u", m->gen->port);
	gen_run_show_hist(&m->gen->run, a.to);
	answer_end(&a, m->client);
}

static void wait_over(struct bus_timer *t)
{
	struct client_wait *w = (struct client_wait *)((char *)t -
						       offsetof(struct client_wait, timer));

	w->g = NULL;
	refuse(w->c, w->id, "the run has not ended in time");
}

/* The answer comes when the run is over, or when the time is. */
static void do_wait(const struct command *m)
{
	struct client_wait *w = &m->client->wait[m->gen->port];
	char *rest = m->rest, *word = strtok_r(NULL, " ", &rest), *end;
	unsigned long seconds = 60;

	if (word) {
		seconds = strtoul(word, &end, 10);
		if (*word < '0' || *word > '9' || *end || seconds > WAIT_MAX_S) {
			refuse(m->client, m->id, "wait takes 0 to %u seconds", WAIT_MAX_S);
			return;
		}
	}
	if (!is_all(m, rest))
		return;
	if (m->gen->run.state == GEN_IDLE) {
		refuse(m->client, m->id, "no run was started");
	} else if (m->gen->run.state == GEN_DONE) {
		tell_state(m->client, m->id, m->gen);
	} else if (w->g) {
		refuse(m->client, m->id, "this client waits for this port already");
	} else {
		w->c = m->client;
		w->g = m->gen;
		snprintf(w->id, sizeof(w->id), "%s", m->id);
		w->timer.fn = wait_over;
		bus_timer_arm(&w->timer, bus_now_ns() + seconds * NSEC_PER_SEC);
	}
}

void gen_control_over(struct gen *g)
{
	struct client_wait *w;
	unsigned int i;

	for (i = 0; i < NR_CLIENTS; i++) {
		w = &clients[i].wait[g->port];
		if (w->g != g)
			continue;
		w->g = NULL;
		bus_timer_cancel(&w->timer);
		tell_state(&clients[i], w->id, g);
	}
}

static void do_ports(const struct command *m)
{
	const char *comma = "";
	struct answer a;
	unsigned int i;

	if (!is_all(m, m->rest) || !answer_begin(&a, true, m->id))
		return;
	fputs(",\"ports\":[", a.to);
	for (i = 0; i < NR_PORTS; i++) {
		if (!gen_port(i))
			continue;
		fprintf(a.to, "%s{\"port\":%u,\"light\":%s}", comma, i,
			gen_port(i)->wire->dark ? "false" : "true");
		comma = ",";
	}
	fputc(']', a.to);
	answer_end(&a, m->client);
}

static const struct {
	const char *name;
	void (*run)(const struct command *m);
	bool takes_more;		/* than a port */
} commands[] = {
	{ "set", do_set, true },
	{ "start", do_start, true },
	{ "wait", do_wait, true },
	{ "stop", do_stop, false },
	{ "stats", do_stats, false },
	{ "hist", do_hist, false },
	{ "show", do_show, false },
	{ "reset", do_reset, false },
};

/* [#ID] COMMAND PORT ... */
static void handle_words(struct client *c, char *line)
{
	struct command m = { .client = c, .id = "" };
	char *word = strtok_r(line, " ", &m.rest);
	size_t i;

	if (word && *word == '#') {
		word[strnlen(word, ID_MAX + 1)] = '\0';
		m.id = word + 1;
		word = strtok_r(NULL, " ", &m.rest);
	}
	if (!word) {
		refuse(c, m.id, "an empty line is no command");
		return;
	}
	if (!strcmp(word, "ports")) {
		do_ports(&m);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].name))
			break;
	if (i == ARRAY_SIZE(commands)) {
		refuse(c, m.id, "there is no command %.40s", word);
		return;
	}
	word = strtok_r(NULL, " ", &m.rest);
	if (word && (*word == '0' || *word == '1') && !word[1])
		m.gen = gen_port((unsigned int)(*word - '0'));
	if (!m.gen)
		refuse(c, m.id, "%.20s has no generator", word ? word : "a missing port");
	else if (commands[i].takes_more || is_all(&m, m.rest))
		commands[i].run(&m);
}

static void handle_line(struct client *c, char *line, size_t len)
{
	size_t i;

	if (len && line[len - 1] == '\r')
		len--;
	for (i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~') {
			refuse(c, NULL, "a line has bytes that are no ASCII text");
			return;
		}
	line[len] = '\0';
	handle_words(c, line);
}

/* The complete lines in the buffer, as long as their answers find room. */
static void handle_input(struct client *c)
{
	size_t pos = 0, len;
	char *end;

	while (c->conn.fd >= 0 && c->out_len < OUT_FULL) {
		end = memchr(c->in + pos, '\n', c->in_len - pos);
		if (!end)
			break;
		len = (size_t)(end - c->in) - pos;
		if (!c->skipping)
			handle_line(c, c->in + pos, len);
		c->skipping = false;
		pos += len + 1;
	}
	c->in_len -= pos;
	memmove(c->in, c->in + pos, c->in_len);
	if (c->conn.fd >= 0 && c->in_len == INPUT_MAX && c->out_len < OUT_FULL) {
		if (!c->skipping)
			refuse(c, NULL, "a line has more than %u characters", INPUT_MAX - 1);
		c->skipping = true;
		c->in_len = 0;
	}
}

static void client_event(struct loop_fd *l, uint32_t events)
{
	struct client *c = client_of(l);
	ssize_t n;

	if (events & EPOLLOUT) {
		client_flush(c);
		if (c->conn.fd >= 0)
			handle_input(c);
	}
	if (c->conn.fd < 0 || !(events & ~(uint32_t)EPOLLOUT) || c->out_len >= OUT_FULL ||
	    c->in_len == INPUT_MAX)
		return;
	n = recv(c->conn.fd, c->in + c->in_len, INPUT_MAX - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->in_len += (size_t)n;
	handle_input(c);
}

static bool client_open(struct client *c, int fd)
{
	memset(c, 0, sizeof(*c));
	c->conn.fd = fd;
	c->conn.fn = client_event;
	c->out = malloc(OUT_SIZE);
	if (c->out && !loop_add(&c->conn, EPOLLIN))
		return true;
	free(c->out);
	c->out = NULL;
	c->conn.fd = -1;
	return false;
}

static void accept_event(struct loop_fd *l, uint32_t events)
{
	static const char busy[] = "{\"ok\":false,\"error\":\"too many clients\"}\n";
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i;

	(void)events;
	if (fd < 0)
		return;
	for (i = 0; i < NR_CLIENTS; i++)
		if (clients[i].conn.fd < 0 && client_open(&clients[i], fd))
			return;
	send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

int gen_control_open(const char *path)
{
	unsigned int i;

	for (i = 0; i < NR_CLIENTS; i++)
		clients[i].conn.fd = -1;
	listener.fd = sock_listen(path, SOCK_STREAM);
	if (listener.fd < 0)
		return -1;
	listener.fn = accept_event;
	socket_path = strdup(path);
	return loop_add(&listener, EPOLLIN);
}

void gen_control_close(void)
{
	unsigned int i;

	if (listener.fd < 0)
		return;
	for (i = 0; i < NR_CLIENTS; i++)
		if (clients[i].conn.fd >= 0)
			client_close(&clients[i]);
	loop_del(&listener);
	close(listener.fd);
	listener.fd = -1;
	if (socket_path)
		unlink(socket_path);
	free(socket_path);
}
