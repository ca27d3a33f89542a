/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path of a hardware lane, for what nearly all packets are. The driver passes
 * them on between descriptors and entries in one loop, and asks what stands here about
 * each. The loop ends before the first that is anything else: what is left of the batch
 * the stack handles in the way that tells why (rx.c, tx.c), with the same result for all.
 *
 *   descriptor -> atmo_fast_rx_whole(), atmo_fast_rx_datagram() -> rx ring
 *   tx ring, or the rx ring's replies -> atmo_fast_tx_next() -> descriptor
 *
 * Nothing is dropped, refused or counted as wrong here. Pure but for struct atmo_page.
 */
#ifndef ATMO_STACK_FAST_H
#define ATMO_STACK_FAST_H

#include "../atmo_demux/atmo_demux.h"
#include "check.h"
#include "owner.h"
#include "plain.h"
#include "template.h"

/* Whole frames shorter than this go the long way: devices want them filled up. */
#define ATMO_FAST_MIN_LEN	60
/* Payloads up to this long are copied without regard to how long they are. */
#define ATMO_SHORT_COPY		32

/* ---- Receive ---- */

/**
 * struct atmo_fast_rx - where frames of a lane go, while they are as expected
 * @match: what datagrams look like; NULL: whole frames are wanted
 * @pages: of the instance
 * @owners: likewise, by slot
 * @entries: of the rx ring
 * @mask: pages, and entries of the ring, which are as many: 2^n; - 1
 * @cursor: next entry to fill; there is room for the batch
 * @recycle: the owner's word of a page that the lane sends, then receives into
 * @bytes: out: sum of the entries' lengths
 * @other: out: the next frame is for the long way. False: there are no more, or enough
 */
struct atmo_fast_rx {
	const struct atmo_udp_match *match;
	const struct atmo_page *pages;
	u32	*owners;
	struct atmo_rx_desc *entries;
	u32	mask;
	u32	cursor;
	u32	recycle;
	u64	bytes;
	bool	other;
};

/* One of ours that the lane has? The driver's word is not taken for it. */
static __always_inline bool atmo_fast_rx_is_good(const struct atmo_fast_rx *f, u64 slot)
{
	return slot <= f->mask && atmo_owner_is_received(READ_ONCE(f->owners[slot]), f->recycle);
}

static __always_inline u64 atmo_fast_rx_slot(const struct atmo_fast_rx *f,
					     const struct atmo_page *page)
{
	return ((uintptr_t)page - (uintptr_t)f->pages) / sizeof(*page);
}

/*
 * The page becomes the application's, and an entry says so. Owner first, entry second.
 * In whole words, which are fewer stores than there are fields.
 */
static __always_inline void atmo_fast_rx_give(struct atmo_fast_rx *f, u64 slot, u16 offset,
					      u16 len, __be16 port, __be32 addr)
{
	struct atmo_rx_desc *entry = &f->entries[f->cursor++ & f->mask];
#ifdef __LITTLE_ENDIAN_BITFIELD
	u64 *words = (u64 *)entry;
#endif

	atmo_owner_give(&f->owners[slot]);
#ifdef __LITTLE_ENDIAN_BITFIELD
	words[0] = slot | (u64)offset << 32 | (u64)len << 48;
	words[1] = ATMO_FRAME_OFFSET | (u64)(__force u16)port << 16;
	words[2] = (__force u32)addr;
	words[3] = 0;
#else
	*entry = (struct atmo_rx_desc) {
		.slot = slot, .offset = offset, .len = len,
		.frame_offset = ATMO_FRAME_OFFSET, .port = port, .addr = { addr },
	};
#endif
	f->bytes += len;
}

/**
 * atmo_fast_rx_whole() - a frame becomes an entry as it is
 * @f: where to
 * @page: where it lies, at ATMO_FRAME_OFFSET; the application's afterwards
 * @len: bytes, not beyond the page's end
 *
 * Context: as rx_return of struct atmo_nic_ops.
 * Return: false, and nothing has changed: it has to go the long way.
 */
static __always_inline bool atmo_fast_rx_whole(struct atmo_fast_rx *f,
					       const struct atmo_page *page, u32 len)
{
	const u64 slot = atmo_fast_rx_slot(f, page);

	if (unlikely(!atmo_fast_rx_is_good(f, slot)))
		return false;
	atmo_fast_rx_give(f, slot, ATMO_FRAME_OFFSET, len, 0, 0);
	return true;
}

/**
 * atmo_fast_rx_datagram() - the same for the payload of a plain datagram
 * @f: where to; has a match
 * @page: as above; the application may be writing to it
 * @len: likewise; the page is longer than the headers
 *
 * The NIC has found its checksums right.
 */
static __always_inline bool atmo_fast_rx_datagram(struct atmo_fast_rx *f,
						  const struct atmo_page *page, u32 len)
{
	const u64 slot = atmo_fast_rx_slot(f, page);
	struct atmo_udp_head head;
	u32 udp_len;

	if (unlikely(!atmo_fast_rx_is_good(f, slot)))
		return false;
	udp_len = atmo_udp_matches(f->match, (const u8 *)page->va + ATMO_FRAME_OFFSET, len,
				   &head);
	if (unlikely(!udp_len))
		return false;
	atmo_fast_rx_give(f, slot, ATMO_FRAME_OFFSET + ATMO_UDP4_HEADERS, udp_len - ATMO_UDP_LEN,
			  atmo_udp_sport(&head), atmo_udp_saddr(&head));
	return true;
}

/* ---- Transmit ---- */

/**
 * struct atmo_fast_dest - what entries have to be
 * @t: their headers; NULL: whole frames are sent, or none
 * @rest: of their words, see struct atmo_tx_words
 * @addr: likewise
 * @end: what they send is shorter; 0: none is
 */
struct atmo_fast_dest {
	const struct atmo_udp_template *t;
	u64	rest;
	u64	addr[2];
	u32	end;
};

/**
 * struct atmo_fast_tx - entries to send, while they are as expected
 * @entries: of the ring
 * @pages: of the instance
 * @owners: likewise, by slot
 * @mask: as above
 * @cursor: next entry; the batch's are filled
 * @member: of the instance in its page domain
 * @alone: nobody else can take pages of the application
 * @care: bits of an entry's rest that have to be as in @dest
 * @dest: what they have to be
 * @find: what further entries have to be to go where another one goes, or one that none
 *	is if that is for the long way; NULL: all are whole frames
 * @ctx: for @find
 * @bytes: out: sum of the entries' lengths
 * @other: out: the next entry is for the long way. False: the lane has no room, or that
 *	were enough
 */
struct atmo_fast_tx {
	const struct atmo_tx_desc *entries;
	struct atmo_page *pages;
	u32	*owners;
	u32	mask;
	u32	cursor;
	u32	member;
	bool	alone;
	u64	care;
	struct atmo_fast_dest dest;
	struct atmo_fast_dest (*find)(void *ctx, const struct atmo_tx_words *words);
	void	*ctx;
	u64	bytes;
	bool	other;
};

static __always_inline bool atmo_fast_tx_fits(const struct atmo_fast_tx *f,
					      const struct atmo_tx_words *words, bool datagrams)
{
	const struct atmo_fast_dest *dest = &f->dest;
	u64 other = (words->rest & f->care) ^ dest->rest;

	if (datagrams)
		other |= (words->addr[0] ^ dest->addr[0]) | (words->addr[1] ^ dest->addr[1]);
	else
		other |= words->addr[0] | words->addr[1] | (words->len < ATMO_FAST_MIN_LEN);
	return !other && atmo_tx_in_range(words, f->mask, dest->end);
}

/* Is it, when another destination has been found? */
static __always_inline bool atmo_fast_tx_fits_other(struct atmo_fast_tx *f,
						    const struct atmo_tx_words *words)
{
	/* So that only the copy needs an address. */
	struct atmo_tx_words copy = *words;

	copy.rest &= f->care;
	f->dest = f->find(f->ctx, &copy);
	return atmo_fast_tx_fits(f, words, true);
}

/**
 * atmo_fast_tx_next() - take the page of the next entry
 * @f: where from
 * @words: out: copy of the entry; the page at its slot is the lane's, to be recycled
 * @datagrams: or whole frames; constant
 *
 * Context: as tx_provide of struct atmo_nic_ops.
 * Return: false, and nothing has changed: the entry has to go the long way.
 */
static __always_inline bool atmo_fast_tx_next(struct atmo_fast_tx *f,
					      struct atmo_tx_words *words, bool datagrams)
{
	u32 *word;

	*words = atmo_tx_words_read(&f->entries[f->cursor & f->mask]);
	if (unlikely(!atmo_fast_tx_fits(f, words, datagrams)) &&
	    !(datagrams && atmo_fast_tx_fits_other(f, words)))
		return false;
	/* Also what is guessed stays among the pages. */
	words->slot &= f->mask;
	word = &f->owners[words->slot];
	if (likely(f->alone)) {
		if (unlikely(!atmo_owner_take_alone(word, f->member, ATMO_OWNER_RECYCLE)))
			return false;
	} else if (unlikely(!atmo_owner_take(word, f->member, ATMO_OWNER_RECYCLE))) {
		return false;
	}
	f->cursor++;
	return true;
}

/*
 * Copies @len bytes at @offset of a page behind @at bytes of @head. They may be changed
 * meanwhile.
 */
static __always_inline void atmo_copy_payload(u8 *head, u32 at, const struct atmo_page *page,
					      u32 offset, u32 len)
{
	/* What is copied beyond the end is overwritten, or not sent. */
	if (len <= ATMO_SHORT_COPY && offset <= ATMO_PAGE_SIZE - ATMO_SHORT_COPY &&
	    at <= ATMO_TX_HEAD_MAX - ATMO_SHORT_COPY)
		memcpy(head + at, page->va + offset, ATMO_SHORT_COPY);
	else
		memcpy(head + at, page->va + offset, len);
}

/**
 * struct atmo_fast_head - where a lane sends the head of a frame from
 * @bytes: that it sends
 * @key: of the headers there, by template and length; 0: they are others
 *
 * Whoever writes other headers clears @key. No process can reach it.
 */
struct atmo_fast_head {
	u8	bytes[ATMO_TX_HEAD_MAX];
	u64	key;
};

/**
 * atmo_fast_tx_head() - build the head of a datagram
 * @f: where its entry came from
 * @to: where to; it may still hold the very same headers
 * @page: of the entry
 * @words: likewise
 *
 * Context: as atmo_fast_tx_next().
 * Return: bytes of @to: headers, and a short payload behind them.
 */
static __always_inline u32 atmo_fast_tx_head(const struct atmo_fast_tx *f,
					     struct atmo_fast_head *to,
					     const struct atmo_page *page,
					     const struct atmo_tx_words *words)
{
	const u64 key = f->dest.t->key + words->len;
	u8 *head = to->bytes;

	if (to->key != key) {
		atmo_udp_template_write(f->dest.t, head, words->len);
		to->key = key;
	}
	if (unlikely(words->len > ATMO_TX_HEAD_MAX - ATMO_UDP4_HEADERS))
		return ATMO_UDP4_HEADERS;
	atmo_copy_payload(head, ATMO_UDP4_HEADERS, page, words->offset, words->len);
	return ATMO_UDP4_HEADERS + words->len;
}

#endif /* ATMO_STACK_FAST_H */
