// SPDX-License-Identifier: GPL-2.0
/*
 * Flow Director: datasheet 7.1.2.7, 8.2.3.21.
 *
 * Signature filters compare two 15-bit hashes of the flow, perfect filters its
 * masked fields. The software computes the hash that a filter is stored under;
 * a wrong one makes it unreachable, as in the hardware.
 */
#include <stdlib.h>
#include <string.h>

#include "regs_table.h"

#define NR_BUCKETS	32768u
#define MAX_FILTERS	32768u
#define END		0xffffu
#define HASH_MASK	0x7fffu
#define PERFECT_HASH_MASK 0x1fffu

/* The hashed stream, in words of network order: 7.1.2.7.3 */
enum {
	IN_FLOW,		/* pool, flow type, VLAN */
	IN_DST = 1,		/* four words; IPv4 uses the first */
	IN_SRC = 5,
	IN_PORTS = 9,		/* source, destination */
	IN_FLEX = 10,		/* two flexible bytes, zero */
	IN_WORDS = 11,
};

#define FLOW_UDP	1u
#define FLOW_TCP	2u
#define FLOW_SCTP	3u
#define FLOW_IPV6	4u

struct filter {
	uint16_t next;
	uint16_t hash;
	uint16_t id;		/* signature, or the software's index */
	uint8_t queue;
	bool drop, queue_en, irq;
	uint32_t in[IN_WORDS];	/* perfect: what it compares with */
};

struct fdir {
	uint16_t bucket[NR_BUCKETS];
	struct filter filter[MAX_FILTERS];
	uint32_t nr, limit;
	uint16_t free;
};

/*
 * Bit k of the key selects the stream shifted right by k; the stream is folded
 * into 32 bits first, in two orders for the halves of the key. Bit 0 does not
 * see the flow word: the stream's first bit is left out there.
 */
uint32_t fdir_hash(uint32_t key, const uint32_t in[IN_WORDS])
{
	uint32_t flow = in[IN_FLOW], hi = 0, lo, hash = 0;
	unsigned int i;

	for (i = 1; i < IN_WORDS; i++)
		hi ^= in[i];
	lo = hi << 16 | hi >> 16;
	hi ^= flow ^ flow >> 16;
	for (i = 0; i < 16; i++) {
		if (i == 1)
			lo ^= flow ^ flow << 16;
		if (key >> i & 1)
			hash ^= lo >> i;
		if (key >> (i + 16) & 1)
			hash ^= hi >> i;
	}
	return hash & HASH_MASK;
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

static void mask_input(struct nic *n, uint32_t in[IN_WORDS], bool ipv6)
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
	mask_input(n, in, ipv6);
}

static bool is_perfect(const struct nic *n)
{
	return REG(n, FDIRCTRL) & FDIRCTRL_PERFECT;
}

/* ---- the table ---- */

static void clear(struct fdir *f, uint32_t limit)
{
	uint32_t i;

	memset(f->bucket, 0xff, sizeof(f->bucket));
	for (i = 0; i < limit; i++)
		f->filter[i].next = i + 1 < limit ? (uint16_t)(i + 1) : END;
	f->free = limit ? 0 : END;
	f->limit = limit;
	f->nr = 0;
}

static uint16_t *find(struct fdir *f, uint16_t hash, uint16_t id,
		      const uint32_t *in)
{
	uint16_t *link = &f->bucket[hash];

	while (*link != END) {
		struct filter *e = &f->filter[*link];

		if (in ? !memcmp(e->in, in, sizeof(e->in)) : e->id == id)
			return link;
		link = &e->next;
	}
	return NULL;
}

bool fdir_match(struct nic *n, struct rxpkt *p, bool *queue_set)
{
	uint32_t in[IN_WORDS], hash;
	struct fdir *f = n->fdir;
	const struct filter *e;
	bool perfect = is_perfect(n);
	uint16_t *link;

	if (!(p->ptype & (PTYPE_IPV4 | PTYPE_IPV6)) || !p->l3_ok ||
	    (perfect && !(p->ptype & PTYPE_IPV4)))
		return true;
	if (!f->nr) {
		stats_inc(n, FDIRMISS);
		return true;
	}
	packet_input(n, p, in);
	hash = fdir_hash(REG(n, FDIRHKEY), in);
	if (perfect)
		hash &= PERFECT_HASH_MASK;
	if (f->bucket[hash] == END)
		link = NULL;
	else if (perfect)
		link = find(f, (uint16_t)hash, 0, in);
	else
		link = find(f, (uint16_t)hash,
			    (uint16_t)fdir_hash(REG(n, FDIRSKEY), in), NULL);
	if (!link) {
		stats_inc(n, FDIRMISS);
		return true;
	}
	e = &f->filter[*link];
	stats_inc(n, FDIRMATCH);
	p->status |= RXD_FLM;
	if (REG(n, FDIRCTRL) & (FDIRCTRL_REPORT | FDIRCTRL_REPORT_ALWAYS)) {
		p->rss_type = RSS_FDIR;
		p->hash = e->id | (uint32_t)e->hash << 16;
	}
	if (e->irq)
		irq_other(n, EICR_FLOW_DIR);
	if (e->drop) {
		p->queue = e->queue;	/* the drop queue counts it */
		return false;
	}
	*queue_set = e->queue_en;
	if (e->queue_en)
		p->queue = e->queue;
	return true;
}

/* ---- commands ---- */

static void count_half(struct nic *n, uint32_t off, unsigned int shift,
		       uint32_t mask)
{
	uint32_t val = REG(n, off) >> shift & mask;

	if (val < mask)
		REG(n, off) += 1u << shift;
}

/* A perfect filter's fields, as the registers have them */
static void register_input(struct nic *n, uint32_t cmd, uint32_t in[IN_WORDS])
{
	uint32_t port = REG(n, FDIRPORT), vlan = REG(n, FDIRVLAN);
	uint32_t flex = vlan >> 16;

	memset(in, 0, IN_WORDS * sizeof(*in));
	in[IN_FLOW] = FIELD(cmd, 7, 5) << 16 | (vlan & 0xffff);
	in[IN_SRC] = be32toh(htole32(REG(n, FDIRIPSA)));
	in[IN_DST] = be32toh(htole32(REG(n, FDIRIPDA)));
	in[IN_PORTS] = (port & 0xffff) << 16 | port >> 16;
	in[IN_FLEX] = (flex & 0xff) << 24 | (flex >> 8) << 16;
	mask_input(n, in, false);
}

static struct filter *take_free(struct nic *n, uint16_t hash)
{
	struct fdir *f = n->fdir;
	uint16_t slot = f->free;
	struct filter *e;

	if (slot == END)
		return NULL;
	e = &f->filter[slot];
	f->free = e->next;
	e->next = f->bucket[hash];
	f->bucket[hash] = slot;
	f->nr++;
	count_half(n, FDIRUSTAT, 0, 0xffff);
	return e;
}

static void add_filter(struct nic *n, uint32_t cmd, uint16_t hash, uint16_t id)
{
	struct fdir *f = n->fdir;
	uint32_t in[IN_WORDS];
	struct filter *e;
	uint16_t *link;

	register_input(n, cmd, in);
	link = find(f, hash, id, is_perfect(n) ? in : NULL);
	if (link) {
		e = &f->filter[*link];
		if (!(cmd & FDIRCMD_FILTER_UPDATE)) {
			count_half(n, FDIRFSTAT, 0, 0xff);
			return;
		}
	} else {
		e = take_free(n, hash);
		if (!e) {
			count_half(n, FDIRFSTAT, 0, 0xff);
			irq_other(n, EICR_FLOW_DIR);
			return;
		}
	}
	e->hash = hash;
	e->id = id;
	e->queue = (uint8_t)FDIRCMD_QUEUE(cmd);
	e->drop = cmd & FDIRCMD_DROP;
	e->queue_en = cmd & FDIRCMD_QUEUE_EN;
	e->irq = cmd & FDIRCMD_INT;
	memcpy(e->in, in, sizeof(e->in));
}

static void remove_filter(struct nic *n, uint16_t hash, uint16_t id)
{
	struct fdir *f = n->fdir;
	uint16_t *link = find(f, hash, id, NULL);
	uint16_t slot;

	if (!link) {
		count_half(n, FDIRFSTAT, 8, 0xff);
		return;
	}
	slot = *link;
	*link = f->filter[slot].next;
	f->filter[slot].next = f->free;
	f->free = slot;
	f->nr--;
	count_half(n, FDIRUSTAT, 16, 0xffff);
}

static void cmd_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint32_t hash = REG(n, FDIRHASH);
	uint16_t bucket, id = (uint16_t)(hash >> 16);

	(void)i;
	(void)old;
	if (val & FDIRCMD_CLEARHT)
		clear(n->fdir, n->fdir->limit);
	bucket = hash & (is_perfect(n) ? PERFECT_HASH_MASK : HASH_MASK);
	REG(n, FDIRCMD) &= ~(FDIRCMD_CMD | FDIRCMD_FILTER_VALID);
	switch (val & FDIRCMD_CMD) {
	case FDIRCMD_CMD_ADD:
		add_filter(n, val, bucket, id);
		break;
	case FDIRCMD_CMD_REMOVE:
		remove_filter(n, bucket, id);
		break;
	case FDIRCMD_CMD_QUERY:
		if (find(n->fdir, bucket, id, NULL))
			REG(n, FDIRCMD) |= FDIRCMD_FILTER_VALID;
		break;
	}
}

/* Number of filters by PBALLOC: 8.2.3.21.1; two are the hardware's own. */
static void ctrl_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	static const uint16_t perfect[4] = { 0, 2046, 4094, 8190 };
	static const uint16_t signature[4] = { 0, 8190, 16382, 32766 };

	(void)i;
	(void)old;
	clear(n->fdir, (val & FDIRCTRL_PERFECT ? perfect : signature)[val & 3]);
	if (val & 3)
		REG(n, FDIRCTRL) |= FDIRCTRL_INIT_DONE;
	else
		REG(n, FDIRCTRL) &= ~FDIRCTRL_INIT_DONE;
}

static uint32_t free_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return n->fdir->limit - n->fdir->nr;
}

struct fdir *fdir_create(void)
{
	return calloc(1, sizeof(struct fdir));
}

void fdir_destroy(struct fdir *f)
{
	free(f);
}

void fdir_reset(struct nic *n)
{
	clear(n->fdir, 0);
}

static const struct reg_def defs[] = {
	HK("FDIRCTRL", FDIRCTRL, 0, 0xffffffb3, NULL, ctrl_wr),
	RWA("FDIRSIPv6", FDIRSIPV6(0), 3, 4, 0, ALL32),
	RW("FDIRIPSA", FDIRIPSA, 0, ALL32),
	RW("FDIRIPDA", FDIRIPDA, 0, ALL32),
	RW("FDIRPORT", FDIRPORT, 0, ALL32),
	RW("FDIRVLAN", FDIRVLAN, 0, ALL32),
	RW("FDIRHASH", FDIRHASH, 0, ALL32),
	HK("FDIRCMD", FDIRCMD, 0, 0xffffffff, NULL, cmd_wr),
	HK("FDIRFREE", FDIRFREE, 0, 0, free_rd, NULL),
	RW("FDIRDIP4M", FDIRDIP4M, 0, ALL32),
	RW("FDIRSIP4M", FDIRSIP4M, 0, ALL32),
	RW("FDIRTCPM", FDIRTCPM, 0, ALL32),
	RW("FDIRUDPM", FDIRUDPM, 0, ALL32),
	RC("FDIRLEN", FDIRLEN),
	RC("FDIRUSTAT", FDIRUSTAT),
	RC("FDIRFSTAT", FDIRFSTAT),
	RC("FDIRMATCH", FDIRMATCH),
	RC("FDIRMISS", FDIRMISS),
	RW("FDIRHKEY", FDIRHKEY, 0x3dad14e2, ALL32),
	RW("FDIRSKEY", FDIRSKEY, 0x174d3614, ALL32),
	RW("FDIRM", FDIRM, 0, 0x0000003f),
	RW("FDIRIP6M", FDIRIP6M, 0, ALL32),
};

const struct reg_table regs_fdir = { defs, ARRAY_SIZE(defs) };
