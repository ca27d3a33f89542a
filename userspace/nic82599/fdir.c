// SPDX-License-Identifier: GPL-2.0
/*
 * Flow Director, what it makes of a packet: datasheet 7.1.2.7.
 *
 * Signature filters compare two 15-bit hashes of the flow, perfect filters its
 * masked fields. The software computes the hash that a filter is stored under;
 * a wrong one makes it unreachable, as in the hardware.
 */
#include <string.h>

#include "fdir.h"

#define FLOW_UDP	1u
#define FLOW_TCP	2u
#define FLOW_SCTP	3u
#define FLOW_IPV6	4u

/*
 * Bit k of the key selects the stream shifted right by k; the stream is folded
 * into 32 bits first, in two orders for the halves of the key. Bit 0 does not
 * see the flow word: the stream's first bit is left out there.
 */
uint32_t fdir_hash(uint32_t key, const uint32_t in[IN_WORDS])
{
	uint32_t flow = in[IN_FLOW], hi = 0, lo, hash, bits;
	unsigned int i;

	for (i = 1; i < IN_WORDS; i++)
		hi ^= in[i];
	lo = hi << 16 | hi >> 16;
	hi ^= flow ^ flow >> 16;
	hash = key & 1 ? lo : 0;
	lo ^= flow ^ flow << 16;
	for (bits = key & 0xfffe; bits; bits &= bits - 1)
		hash ^= lo >> __builtin_ctz(bits);
	for (bits = key >> 16; bits; bits &= bits - 1)
		hash ^= hi >> __builtin_ctz(bits);
	return hash & FDIR_HASH_MASK;
}

/* Port masks have their bits the other way round. */
static uint32_t reverse16(uint32_t v)
{
	uint32_t r = 0;
	unsigned int i;

	if (!v)
		return 0;

	for (i = 0; i < 16; i++)
		r |= (v >> i & 1) << (15 - i);
	return r;
}

/* Address masks as on the wire, byte by byte; a set bit is not compared. */
static uint32_t mask_addr(struct nic *n, uint32_t off)
{
	return ~be32toh(htole32(REG(n, off)));
}

static uint32_t mask_bytes(uint32_t bits)
{
	uint32_t m = 0;
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (!(bits >> i & 1))
			m |= 0xffu << (24 - 8 * i);
	return m;
}

void fdir_mask(struct nic *n, uint32_t in[IN_WORDS], bool ipv6)
{
	uint32_t fdirm = REG(n, FDIRM), vlan = 0xffff, ports;
	uint32_t type = in[IN_FLOW] >> 16 & 3;
	unsigned int i;

	if (fdirm & FDIRM_VLANID)
		vlan &= 0xf000;
	if (fdirm & FDIRM_VLANP)
		vlan &= 0x1fff;
	in[IN_FLOW] &= 0xff0000u | vlan;
	if (fdirm & FDIRM_L4P)
		in[IN_FLOW] &= ~0x30000u;
	ports = REG(n, type == FLOW_UDP ? FDIRUDPM : FDIRTCPM);
	ports = ~(reverse16(ports & 0xffff) << 16 | reverse16(ports >> 16));
	in[IN_PORTS] &= fdirm & FDIRM_L4P ? 0 : ports;
	if (fdirm & FDIRM_FLEX)
		in[IN_FLEX] = 0;
	if (!ipv6) {
		in[IN_DST] &= mask_addr(n, FDIRDIP4M);
		in[IN_SRC] &= mask_addr(n, FDIRSIP4M);
		return;
	}
	for (i = 0; i < 4; i++) {
		in[IN_SRC + i] &= mask_bytes(REG(n, FDIRIP6M) >> (4 * i));
		in[IN_DST + i] &= fdirm & FDIRM_DIPV6 ? 0 :
			mask_bytes(REG(n, FDIRIP6M) >> (16 + 4 * i));
	}
}

static void packet_input(struct nic *n, const struct rxpkt *p,
			 uint32_t in[IN_WORDS])
{
	const uint8_t *ip = p->data + p->l3;
	bool ipv6 = p->ptype & PTYPE_IPV6;
	uint32_t flex = FIELD(REG(n, FDIRCTRL), 20, 16) * 2, type = 0;
	unsigned int i;

	memset(in, 0, IN_WORDS * sizeof(*in));
	if (p->has_l4) {
		type = p->ptype & PTYPE_UDP ? FLOW_UDP :
		       p->ptype & PTYPE_TCP ? FLOW_TCP : FLOW_SCTP;
		in[IN_PORTS] = (uint32_t)p->sport << 16 | p->dport;
	}
	type |= ipv6 ? FLOW_IPV6 : 0;
	in[IN_FLOW] = type << 16 | (p->tagged ? p->vlan : 0);
	if (ipv6) {
		for (i = 0; i < 4; i++) {
			in[IN_SRC + i] = get_be32(ip + 8 + 4 * i);
			in[IN_DST + i] = get_be32(ip + 24 + 4 * i);
		}
	} else {
		in[IN_SRC] = get_be32(ip + 12);
		in[IN_DST] = get_be32(ip + 16);
	}
	if (flex + 2 <= p->len)
		in[IN_FLEX] = (uint32_t)get_be16(p->data + flex) << 16;
	fdir_mask(n, in, ipv6);
}

/* The list's length matters to software: datasheet 7.1.2.7.2, FDIRErr. */
static bool too_long(struct nic *n, unsigned int index)
{
	return index >= 2 * FIELD(REG(n, FDIRCTRL), 27, 24);
}

static void report_id(struct nic *n, struct rxpkt *p, uint32_t id, bool match)
{
	uint32_t how = REG(n, FDIRCTRL) & (FDIRCTRL_REPORT | FDIRCTRL_REPORT_ALWAYS);

	if (!(how & FDIRCTRL_REPORT) || (!match && !(how & FDIRCTRL_REPORT_ALWAYS)))
		return;
	p->rss_type = RSS_FDIR;
	p->hash = id;
}

/* What is said of a packet that matched. Which queue its filter wants, or -1 */
static int take_match(struct nic *n, struct rxpkt *p, const struct filter *e,
		      unsigned int index)
{
	bool late = too_long(n, index);

	stats_inc(n, FDIRMATCH);
	p->status |= RXD_FLM;
	if (late)
		p->status |= RXD_ERR_FDIR_LEN;
	if (e->collision)
		p->status |= RXD_ERR_FDIR_COLL;
	report_id(n, p, e->hash | (uint32_t)e->id << 16, true);
	if (e->irq)
		irq_other(n, EICR_FLOW_DIR);
	if (e->drop && !late)
		return (int)FIELD(REG(n, FDIRCTRL), 14, 8);
	if (e->drop)
		p->status |= RXD_ERR_FDIR_DROP;
	return e->queue_en ? e->queue : -1;
}

static void take_miss(struct nic *n, struct rxpkt *p, uint32_t hash,
		      uint32_t signature, unsigned int len)
{
	stats_inc(n, FDIRMISS);
	if (len && too_long(n, len))
		p->status |= RXD_ERR_FDIR_LEN;
	report_id(n, p, hash | signature << 16, false);
}

/*
 * Return: the queue that a filter has for the packet, or -1. The queue that
 * dropped packets go to is one that software does not enable.
 */
int fdir_match(struct nic *n, struct rxpkt *p)
{
	uint32_t in[IN_WORDS], hash, signature = 0;
	bool perfect = fdir_is_perfect(n);
	struct fdir *f = n->fdir;
	unsigned int index = 0;
	uint16_t *link;

	if (!(p->ptype & (PTYPE_IPV4 | PTYPE_IPV6)) || !p->l3_ok)
		return -1;
	if (!f->nr && !(REG(n, FDIRCTRL) & FDIRCTRL_REPORT_ALWAYS)) {
		stats_inc(n, FDIRMISS);
		return -1;
	}
	packet_input(n, p, in);
	hash = fdir_hash(REG(n, FDIRHKEY), in) & f->hash_mask;
	if (!perfect)
		signature = fdir_hash(REG(n, FDIRSKEY), in);
	link = fdir_find(f, (uint16_t)hash, (uint16_t)signature,
			 perfect ? in : NULL, &index);
	/* perfect filters of IPv6 flows would need IP6AT: not modelled */
	if (link && !(perfect && p->ptype & PTYPE_IPV6))
		return take_match(n, p, &f->filter[*link], index);
	take_miss(n, p, hash, signature, index);
	return -1;
}
