// SPDX-License-Identifier: GPL-2.0
/*
 * The receive packet buffer: a byte ring of entries, each a header with what
 * the filters found out, and the frame. An entry never wraps; one with total 0
 * says that the next is at the start.
 */
#include <string.h>

#include "nic_priv.h"

#define ALIGN16(x)	(((x) + 15u) & ~15u)
#define ENTRY_HEAD	ALIGN16((uint32_t)sizeof(struct fifo_entry))

/* What a frame takes of the hardware's buffer */
static uint32_t charge(uint32_t len)
{
	return (len + 31u) & ~31u;
}

void fifo_clear(struct fifo *f)
{
	f->rd = 0;
	f->wr = 0;
	f->used = 0;
	f->count = 0;
}

static struct fifo_entry *at(struct fifo *f, uint32_t pos)
{
	return (struct fifo_entry *)(f->buf + pos);
}

/* Find @total contiguous bytes. Readers and writer meet only when empty. */
static bool make_room(struct fifo *f, uint32_t total)
{
	if (!f->count) {
		f->rd = 0;
		f->wr = 0;
	}
	if (f->count && f->wr <= f->rd)
		return f->rd - f->wr > total + ENTRY_HEAD;
	if (f->size - f->wr >= total + ENTRY_HEAD)
		return true;
	if (f->rd <= total + ENTRY_HEAD)
		return false;
	at(f, f->wr)->total = 0;
	f->wr = 0;
	return true;
}

bool fifo_put(struct fifo *f, const struct fifo_entry *e, const uint8_t *data)
{
	uint32_t total = ENTRY_HEAD + ALIGN16(e->len);
	struct fifo_entry *to;

	if (f->used + charge(e->len) > f->limit || !make_room(f, total))
		return false;
	to = at(f, f->wr);
	*to = *e;
	to->total = total;
	memcpy((uint8_t *)to + ENTRY_HEAD, data, e->len);
	f->wr += total;
	f->used += charge(e->len);
	f->count++;
	return true;
}

const struct fifo_entry *fifo_peek(struct fifo *f, const uint8_t **data)
{
	if (!f->count)
		return NULL;
	if (!at(f, f->rd)->total)
		f->rd = 0;
	*data = f->buf + f->rd + ENTRY_HEAD;
	return at(f, f->rd);
}

void fifo_release(struct fifo *f)
{
	struct fifo_entry *e = at(f, f->rd);

	f->used -= charge(e->len);
	f->rd += e->total;
	f->count--;
}
