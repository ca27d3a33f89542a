// SPDX-License-Identifier: GPL-2.0
/* Receive side scaling: datasheet 7.1.2.8. */
#include <string.h>

#include "nic_priv.h"

#define MRQC_MODE_RSS		1u
#define MRQC_TCP_IPV4		BIT(16)
#define MRQC_IPV4		BIT(17)
#define MRQC_IPV6		BIT(20)
#define MRQC_TCP_IPV6		BIT(21)
#define MRQC_UDP_IPV4		BIT(22)
#define MRQC_UDP_IPV6		BIT(23)

/*
 * The Microsoft hash: for every bit set in the input, XOR the 32 key bits that
 * start at its position. Input is at most 36 bytes, as the key allows.
 */
uint32_t rss_toeplitz(const uint8_t key[40], const uint8_t *data, size_t len)
{
	uint64_t window = (uint64_t)get_be32(key) << 32 | get_be32(key + 4);
	uint32_t hash = 0;
	size_t i;
	int bit;

	for (i = 0; i < len && i < 36; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= (uint32_t)(window >> 32);
			window <<= 1;
		}
		/* eight bits are gone: bring in those which follow */
		if (i + 8 < 40)
			window |= key[i + 8];
	}
	return hash;
}

/*
 * The hash is linear: that of a whole input is the XOR of those of its bytes,
 * each at its place. So there is a table of them, made when the key changed.
 */
static void fill_table(struct nic *n)
{
	uint8_t key[40], in[36];
	unsigned int i, byte;

	for (i = 0; i < 40; i++)	/* RSSRK: first key byte lowest */
		key[i] = (uint8_t)(REG(n, RSSRK(i / 4)) >> (8 * (i % 4)));
	memset(in, 0, sizeof(in));
	for (i = 0; i < sizeof(in); i++) {
		for (byte = 0; byte < 256; byte++) {
			in[i] = (uint8_t)byte;
			n->rss_table[i][byte] = rss_toeplitz(key, in, i + 1);
		}
		in[i] = 0;
	}
	n->rss_ready = true;
}

static uint32_t fast_hash(struct nic *n, const uint8_t *data, size_t len)
{
	uint32_t hash = 0;
	size_t i;

	if (!n->rss_ready)
		fill_table(n);
	for (i = 0; i < len; i++)
		hash ^= n->rss_table[i][data[i]];
	return hash;
}

static enum rss_type pick_type(uint32_t mrqc, const struct rxpkt *p)
{
	if (p->ptype & PTYPE_IPV4) {
		if (p->ptype & PTYPE_TCP && mrqc & MRQC_TCP_IPV4)
			return RSS_IPV4_TCP;
		if (p->ptype & PTYPE_UDP && mrqc & MRQC_UDP_IPV4)
			return RSS_IPV4_UDP;
		return mrqc & MRQC_IPV4 ? RSS_IPV4 : RSS_NONE;
	}
	if (p->ptype & PTYPE_IPV6) {
		if (p->ptype & PTYPE_TCP && mrqc & MRQC_TCP_IPV6)
			return RSS_IPV6_TCP;
		if (p->ptype & PTYPE_UDP && mrqc & MRQC_UDP_IPV6)
			return RSS_IPV6_UDP;
		return mrqc & MRQC_IPV6 ? RSS_IPV6 : RSS_NONE;
	}
	return RSS_NONE;
}

/* Addresses, then ports where the type has them, as they are on the wire. */
static size_t hash_input(const struct rxpkt *p, enum rss_type type, uint8_t *in)
{
	const uint8_t *ip = p->data + p->l3;
	size_t len = p->ptype & PTYPE_IPV4 ? 8 : 32;

	memcpy(in, p->ptype & PTYPE_IPV4 ? ip + 12 : ip + 8, len);
	if (type == RSS_IPV4 || type == RSS_IPV6)
		return len;
	memcpy(in + len, p->data + p->l4, 4);
	return len + 4;
}

/* Hash, type and, unless another filter decides, queue of a packet. */
void rss_hash(struct nic *n, struct rxpkt *p)
{
	uint32_t mrqc = REG(n, MRQC);
	enum rss_type type;
	uint8_t in[36];
	unsigned int i;

	if ((mrqc & 0xf) != MRQC_MODE_RSS)
		return;
	type = pick_type(mrqc, p);
	if (type == RSS_NONE)
		return;
	p->rss_type = (uint8_t)type;
	p->hash = fast_hash(n, in, hash_input(p, type, in));
	i = p->hash & 127;
	p->queue = REG(n, RETA(i / 4)) >> (8 * (i % 4)) & 0xf;
}
