/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memcached's text protocol over UDP (doc/protocol.txt of memcached): reading
 * requests, writing replies. No table, no sockets, nothing allocated.
 *
 *	datagram | id | sequence | total | reserved | text ...
 *	bytes      2    2          2       2
 *
 * A request is one datagram, which may hold several commands. A reply is as many
 * datagrams as it takes.
 */
#ifndef KV_PROTO_H
#define KV_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KV_FRAME_LEN		8
#define KV_MAX_KEY		250	/* the protocol's */
#define KV_MAX_VALUE		1024	/* set and reply each fit one datagram */
#define KV_MAX_DATAGRAMS	64	/* of one reply */
#define KV_MIN_ROOM		64	/* of a datagram: any error line fits */

enum kv_op {
	KV_GET,
	KV_SET,
	KV_DELETE,
	KV_VERSION,
	KV_STATS,
	KV_FLUSH_ALL,
	KV_QUIT,
};

/**
 * struct kv_str - bytes within the datagram
 * @p: first one
 * @len: how many
 */
struct kv_str {
	const char *p;
	size_t len;
};

/**
 * struct kv_command - one command
 * @op: what is to be done
 * @noreply: and not to be answered
 * @key: KV_SET, KV_DELETE: valid key. KV_GET: one or more, see kv_next_key()
 * @flags: KV_SET: the client's
 * @expires: KV_SET: Unix time; 0: never; 1: at once
 * @value: KV_SET: data block
 */
struct kv_command {
	enum kv_op op;
	bool noreply;
	struct kv_str key;
	uint32_t flags;
	uint32_t expires;
	struct kv_str value;
};

/**
 * kv_parse - read the next command of a datagram
 * @text: what has not been read yet; not empty; out: what is left behind it
 * @now: Unix time, for relative expiration times
 * @key_max: longest key to accept, at most KV_MAX_KEY
 * @value_max: longest value to accept
 * @cmd: out: the command; its strings point into @text
 *
 * Return: NULL, or the error line to answer with, "\r\n" included, in which case
 * @cmd is not valid.
 */
const char *kv_parse(struct kv_str *text, uint32_t now, size_t key_max, size_t value_max,
		     struct kv_command *cmd);

/* Takes the next key off a list; false: there is none. */
bool kv_next_key(struct kv_str *list, struct kv_str *key);

/**
 * struct kv_reply - a reply in the making
 * @buf: its datagrams, frame headers included
 * @len: their lengths
 * @nr: how many
 * @room: most bytes of one, at least KV_MIN_ROOM
 * @more: gives another buffer of @room bytes, or NULL
 * @ctx: for @more
 * @lost: something found no place
 */
struct kv_reply {
	uint8_t	*buf[KV_MAX_DATAGRAMS];
	size_t	len[KV_MAX_DATAGRAMS];
	unsigned int nr;
	size_t	room;
	uint8_t	*(*more)(void *ctx);
	void	*ctx;
	bool	lost;
};

/* An empty reply that begins in @first, of @room bytes. */
void kv_reply_init(struct kv_reply *r, uint8_t *first, size_t room,
		   uint8_t *(*more)(void *ctx), void *ctx);
void kv_reply_add(struct kv_reply *r, const void *data, size_t len);
void kv_reply_line(struct kv_reply *r, const char *line);
void kv_reply_value(struct kv_reply *r, struct kv_str key, uint32_t flags, const void *value,
		    size_t len);
/*
 * Writes the frame headers. What was lost makes the whole reply an error. Returns
 * the number of datagrams to be sent, 0 if there is nothing to say.
 */
unsigned int kv_reply_finish(struct kv_reply *r, uint16_t id);

/**
 * kv_frame - look at the frame header of a request
 * @data: datagram
 * @len: its length
 * @id: out: the request's number
 * @text: out: what follows
 *
 * Return: 0; -1: too short to be answered; 1: not the whole request, to be answered
 * with kv_error_frame.
 */
int kv_frame(const uint8_t *data, size_t len, uint16_t *id, struct kv_str *text);

extern const char *const kv_error_frame;
extern const char *const kv_error_full;

#endif /* KV_PROTO_H */
