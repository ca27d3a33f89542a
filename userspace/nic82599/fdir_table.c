// SPDX-License-Identifier: GPL-2.0
/*
 * Flow Director, its table: adding, removing and asking for filters by way of
 * the registers (datasheet 7.1.2.7.5 to 7.1.2.7.12, 8.2.3.21).
 *
 * The table takes its memory from the receive packet buffer, so RXPBSIZE has to
 * leave it free.
 */
#include <stdlib.h>
#include <string.h>

#include "fdir.h"
#include "regs_table.h"

static void clear(struct fdir *f, uint32_t limit)
{
	uint32_t i;

	memset(f->bucket, 0xff, sizeof(f->bucket));
	for (i = 0; i < limit; i++)
		f->filter[i].next = i + 1 < limit ? (uint16_t)(i + 1) : FDIR_END;
	f->free = limit ? 0 : FDIR_END;
	f->limit = limit;
	f->nr = 0;
	f->nr_collisions = 0;
}

uint16_t *fdir_find(struct fdir *f, uint16_t hash, uint16_t id,
		    const uint32_t *in, unsigned int *index)
{
	uint16_t *link = &f->bucket[hash];

	*index = 0;
	while (*link != FDIR_END) {
		struct filter *e = &f->filter[*link];

		if (in ? !memcmp(e->in, in, sizeof(e->in)) : e->id == id)
			return link;
		link = &e->next;
		(*index)++;
	}
	return NULL;
}

static void count_half(struct nic *n, uint32_t off, unsigned int shift,
		       uint32_t mask)
{
	uint32_t val = REG(n, off) >> shift & mask;

	if (val < mask)
		REG(n, off) += 1u << shift;
}

/*
 * A perfect filter's fields, as the registers have them. The packet's are
 * masked before they are compared, the filter's are not.
 */
static void register_input(struct nic *n, uint32_t cmd, uint32_t in[IN_WORDS])
{
	uint32_t port = REG(n, FDIRPORT), vlan = REG(n, FDIRVLAN);
	uint32_t flex = vlan >> 16, masked[IN_WORDS];

	memset(in, 0, IN_WORDS * sizeof(*in));
	in[IN_FLOW] = FIELD(cmd, 7, 5) << 16 | (vlan & 0xffff);
	in[IN_SRC] = be32toh(htole32(REG(n, FDIRIPSA)));
	in[IN_DST] = be32toh(htole32(REG(n, FDIRIPDA)));
	in[IN_PORTS] = (port & 0xffff) << 16 | port >> 16;
	in[IN_FLEX] = (flex & 0xff) << 24 | (flex >> 8) << 16;
	memcpy(masked, in, sizeof(masked));
	fdir_mask(n, masked, false);
	if (fdir_is_perfect(n) && memcmp(masked, in, sizeof(masked)))
		nic_once(n, ONCE_FDIR_MASKED,
			 "Flow Director: filter %u has bits that are masked, nothing matches it",
			 REG(n, FDIRHASH) >> 16);
}

static void fill(struct filter *e, uint32_t cmd, const uint32_t in[IN_WORDS])
{
	e->queue = (uint8_t)FDIRCMD_QUEUE(cmd);
	e->drop = cmd & FDIRCMD_DROP;
	e->queue_en = cmd & FDIRCMD_QUEUE_EN;
	e->irq = cmd & FDIRCMD_INT;
	memcpy(e->in, in, sizeof(e->in));
}

static bool same_action(const struct filter *e, uint32_t cmd)
{
	return e->queue == FDIRCMD_QUEUE(cmd) && e->drop == !!(cmd & FDIRCMD_DROP) &&
	       e->queue_en == !!(cmd & FDIRCMD_QUEUE_EN) &&
	       e->irq == !!(cmd & FDIRCMD_INT);
}

/* Without leave to update, the older filter stays and is marked. */
static void add_again(struct nic *n, struct filter *e, uint32_t cmd,
		      const uint32_t in[IN_WORDS])
{
	if (cmd & FDIRCMD_FILTER_UPDATE) {
		fill(e, cmd, in);
		return;
	}
	if (same_action(e, cmd) || e->collision)
		return;
	e->collision = true;
	n->fdir->nr_collisions++;
}

/* FDIRLEN keeps the longest list and its hash. */
static void note_length(struct nic *n, uint16_t hash, unsigned int len)
{
	uint32_t old = REG(n, FDIRLEN);

	if (len > FDIRLEN_MAXLEN)
		len = FDIRLEN_MAXLEN;
	if (len > (old & FDIRLEN_MAXLEN))
		REG(n, FDIRLEN) = (old & FDIRLEN_BUCKET_LEN) | len |
				  (uint32_t)hash << FDIRLEN_MAXHASH_SHIFT;
}

/* At the end of its list, which has @len filters */
static struct filter *append(struct nic *n, uint16_t hash, unsigned int len)
{
	struct fdir *f = n->fdir;
	uint16_t slot = f->free, *link = &f->bucket[hash];
	struct filter *e;

	if (slot == FDIR_END)
		return NULL;
	while (*link != FDIR_END)
		link = &f->filter[*link].next;
	e = &f->filter[slot];
	f->free = e->next;
	e->next = FDIR_END;
	*link = slot;
	f->nr++;
	count_half(n, FDIRUSTAT, 0, 0xffff);
	note_length(n, hash, len + 1);
	if (f->limit - f->nr == 16 * FIELD(REG(n, FDIRCTRL), 31, 28))
		irq_other(n, EICR_FLOW_DIR);
	return e;
}

static void add_filter(struct nic *n, uint32_t cmd, uint16_t hash, uint16_t id)
{
	struct fdir *f = n->fdir;
	uint32_t in[IN_WORDS];
	struct filter *e;
	unsigned int len;
	uint16_t *link;

	register_input(n, cmd, in);
	link = fdir_find(f, hash, id, fdir_is_perfect(n) ? in : NULL, &len);
	if (link) {
		add_again(n, &f->filter[*link], cmd, in);
		return;
	}
	e = append(n, hash, len);
	if (!e) {
		count_half(n, FDIRFSTAT, 0, 0xff);
		irq_other(n, EICR_FLOW_DIR);
		return;
	}
	e->hash = hash;
	e->id = id;
	e->collision = false;
	fill(e, cmd, in);
}

static void remove_filter(struct nic *n, uint16_t hash, uint16_t id)
{
	struct fdir *f = n->fdir;
	unsigned int index;
	uint16_t *link = fdir_find(f, hash, id, NULL, &index);
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
	if (f->filter[slot].collision)
		f->nr_collisions--;
	count_half(n, FDIRUSTAT, 16, 0xffff);
}

/* The filter's fields and action, where software wrote them */
static void show_filter(struct nic *n, const struct filter *e)
{
	const uint32_t *in = e->in;

	REG(n, FDIRCMD) = FDIRCMD_FILTER_VALID | (in[IN_FLOW] >> 16 & 7) << 5 |
			  (e->drop ? FDIRCMD_DROP : 0) |
			  (e->irq ? FDIRCMD_INT : 0) |
			  (e->collision ? FDIRCMD_COLLISION : 0) |
			  (e->queue_en ? FDIRCMD_QUEUE_EN : 0) |
			  (uint32_t)e->queue << 16;
	if (!fdir_is_perfect(n))
		return;
	REG(n, FDIRIPSA) = le32toh(htobe32(in[IN_SRC]));
	REG(n, FDIRIPDA) = le32toh(htobe32(in[IN_DST]));
	REG(n, FDIRPORT) = in[IN_PORTS] >> 16 | in[IN_PORTS] << 16;
	REG(n, FDIRVLAN) = (in[IN_FLOW] & 0xffff) | in[IN_FLEX] >> 24 << 16 |
			   (in[IN_FLEX] >> 16 & 0xff) << 24;
}

/* 7.1.2.7.12: what is there shows in FDIRHASH, FDIRCMD and FDIRLEN */
static void query_filter(struct nic *n, uint16_t hash, uint16_t id)
{
	struct fdir *f = n->fdir;
	unsigned int index;
	uint16_t *link = fdir_find(f, hash, id, NULL, &index);

	REG(n, FDIRHASH) &= ~FDIRHASH_BUCKET_VALID;
	if (f->bucket[hash] != FDIR_END)
		REG(n, FDIRHASH) |= FDIRHASH_BUCKET_VALID;
	if (index > FDIRLEN_MAXLEN)
		index = FDIRLEN_MAXLEN;
	REG(n, FDIRLEN) = (REG(n, FDIRLEN) & ~FDIRLEN_BUCKET_LEN) | index << 8;
	if (link)
		show_filter(n, &f->filter[*link]);
}

static void cmd_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint16_t hash = REG(n, FDIRHASH) & n->fdir->hash_mask;
	uint16_t id = (uint16_t)(REG(n, FDIRHASH) >> 16);

	(void)i;
	(void)old;
	if (val & FDIRCMD_CLEARHT) {
		clear(n->fdir, n->fdir->limit);
		n->fdir->cleared = true;
	}
	REG(n, FDIRCMD) &= ~(FDIRCMD_CMD | FDIRCMD_FILTER_VALID);
	switch (val & FDIRCMD_CMD) {
	case FDIRCMD_CMD_ADD:
		add_filter(n, val, hash, id);
		break;
	case FDIRCMD_CMD_REMOVE:
		remove_filter(n, hash, id);
		break;
	case FDIRCMD_CMD_QUERY:
		query_filter(n, hash, id);
		break;
	}
}

/* Bytes of the receive packet buffer that the table takes: 7.1.2.7.4 */
uint32_t fdir_memory(struct nic *n)
{
	uint32_t pballoc = REG(n, FDIRCTRL) & FDIRCTRL_PBALLOC;

	return pballoc ? 0x8000u << pballoc : 0;
}

/* Number of filters and buckets by PBALLOC; two filters are the hardware's. */
static void ctrl_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint32_t pballoc = val & FDIRCTRL_PBALLOC;
	uint32_t filters = (val & FDIRCTRL_PERFECT ? 1024u : 4096u) << pballoc;
	struct fdir *f = n->fdir;

	(void)i;
	(void)old;
	if (pballoc && f->limit && !f->cleared)
		nic_once(n, ONCE_FDIR_AGAIN,
			 "FDIRCTRL written again without FDIRCMD.CLEARHT: a chip stops there");
	f->cleared = false;
	f->hash_mask = pballoc ? (uint16_t)(filters - 1) : 0;
	clear(f, pballoc ? filters - 2 : 0);
	REG(n, FDIRCTRL) &= ~FDIRCTRL_INIT_DONE;
	if (pballoc)
		REG(n, FDIRCTRL) |= FDIRCTRL_INIT_DONE;
	rx_update_buffer(n);
}

static uint32_t free_rd(struct nic *n, unsigned int i)
{
	const struct fdir *f = n->fdir;

	(void)i;
	return (f->limit - f->nr) | f->nr_collisions << 16;
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
	n->fdir->hash_mask = 0;
	n->fdir->cleared = false;
}

static const struct reg_def defs[] = {
	HK("FDIRCTRL", FDIRCTRL, 0, 0xff1f7fb3, NULL, ctrl_wr),
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
