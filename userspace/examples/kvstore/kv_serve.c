// SPDX-License-Identifier: GPL-2.0
#include "kv_serve.h"

#include <inttypes.h>
#include <stdio.h>

static void serve_get(struct kv_store *s, struct kv_counters *c, uint32_t now,
		      struct kv_str list, struct kv_reply *r)
{
	struct kv_str key;

	while (kv_next_key(&list, &key) && !r->lost) {
		c->get_keys++;
		c->get_hits += kv_store_get(s, key, now, r);
	}
	kv_reply_line(r, "END\r\n");
}

static void add_stat(struct kv_reply *r, const char *name, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "STAT %s %" PRIu64 "\r\n", name, value);
	kv_reply_line(r, line);
}

/* Counters are those of the worker that was asked. */
static void serve_stats(struct kv_store *s, const struct kv_counters *c, uint32_t now,
			struct kv_reply *r)
{
	add_stat(r, "time", now);
	add_stat(r, "curr_items", kv_store_count(s));
	add_stat(r, "cmd_get", c->get_keys);
	add_stat(r, "cmd_set", c->commands[KV_SET]);
	add_stat(r, "cmd_flush", c->commands[KV_FLUSH_ALL]);
	add_stat(r, "get_hits", c->get_hits);
	add_stat(r, "get_misses", c->get_keys - c->get_hits);
	kv_reply_line(r, "END\r\n");
}

static const char *serve_set(struct kv_store *s, struct kv_counters *c,
			     const struct kv_command *cmd)
{
	if (kv_store_set(s, cmd))
		return "STORED\r\n";
	c->errors++;
	return kv_error_full;
}

static void serve_command(struct kv_store *s, struct kv_counters *c, uint32_t now,
			  const struct kv_command *cmd, struct kv_reply *r)
{
	const char *line = NULL;

	c->commands[cmd->op]++;
	switch (cmd->op) {
	case KV_GET:
		serve_get(s, c, now, cmd->key, r);
		break;
	case KV_SET:
		line = serve_set(s, c, cmd);
		break;
	case KV_DELETE:
		line = kv_store_delete(s, cmd->key, now) ? "DELETED\r\n" : "NOT_FOUND\r\n";
		break;
	case KV_VERSION:
		line = "VERSION atmo-kvstore-1\r\n";
		break;
	case KV_STATS:
		serve_stats(s, c, now, r);
		break;
	case KV_FLUSH_ALL:
		kv_store_clear(s);
		line = "OK\r\n";
		break;
	case KV_QUIT:
		break;
	}
	if (line && !cmd->noreply)
		kv_reply_line(r, line);
}

unsigned int kv_serve(struct kv_store *s, struct kv_counters *c, uint32_t now,
		      const uint8_t *data, size_t len, struct kv_reply *r)
{
	struct kv_command cmd;
	struct kv_str text;
	const char *error;
	uint16_t id;
	int frame;

	frame = kv_frame(data, len, &id, &text);
	if (frame < 0) {
		c->short_frames++;
		return 0;
	}
	if (frame) {
		c->errors++;
		kv_reply_line(r, kv_error_frame);
		return kv_reply_finish(r, id);
	}
	while (text.len && !r->lost) {
		error = kv_parse(&text, now, s->key_max, s->value_max, &cmd);
		if (error) {
			c->errors++;
			kv_reply_line(r, error);
		} else {
			serve_command(s, c, now, &cmd, r);
		}
	}
	return kv_reply_finish(r, id);
}
