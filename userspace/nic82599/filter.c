// SPDX-License-Identifier: GPL-2.0
/*
 * Filters: which frames are for this host (datasheet 7.1.1), and which queue
 * they go to (7.1.2). The order of the latter: Ethernet type, SYN, L3/L4
 * 5-tuple, Flow Director, RSS.
 */
#include <string.h>

#include "regs_table.h"

static uint64_t mac_key(const uint8_t *mac)
{
	return (uint64_t)mac[0] | (uint64_t)mac[1] << 8 |
	       (uint64_t)mac[2] << 16 | (uint64_t)mac[3] << 24 |
	       (uint64_t)mac[4] << 32 | (uint64_t)mac[5] << 40;
}

void filter_update_rar(struct nic *n)
{
	unsigned int i;

	n->nr_rar = 0;
	for (i = 0; i < NR_RAR; i++)
		if (REG(n, RAH(i)) & RAH_AV)
			n->rar[n->nr_rar++] = REG(n, RAL(i)) |
				(uint64_t)(REG(n, RAH(i)) & 0xffff) << 32;
}

static bool match_exact(const struct nic *n, const uint8_t *mac)
{
	uint64_t key = mac_key(mac);
	unsigned int i;

	for (i = 0; i < n->nr_rar; i++)
		if (n->rar[i] == key)
			return true;
	return false;
}

/* 12 of the upper 16 address bits, MCSTCTRL.MO says which: 7.1.1.1.2 */
static bool match_hash(const struct nic *n, uint32_t table, const uint8_t *mac)
{
	static const uint8_t shift[4] = { 4, 3, 2, 0 };
	uint32_t hi = mac[4] | (uint32_t)mac[5] << 8;
	uint32_t v = hi >> shift[REG(n, MCSTCTRL) & MCSTCTRL_MO] & 0xfff;

	return REG(n, table + v / 32 * 4) >> v % 32 & 1;
}

static bool accept_address(struct nic *n, struct rxpkt *p)
{
	const uint8_t *mac = p->data;
	uint32_t fctrl = REG(n, FCTRL);

	if (match_exact(n, mac))
		return true;
	if (mac_key(mac) == 0xffffffffffffull)
		return fctrl & FCTRL_BAM;
	if (mac[0] & 1) {
		if (fctrl & FCTRL_MPE)
			return true;
		if (!(REG(n, MCSTCTRL) & MCSTCTRL_MFE) ||
		    !match_hash(n, MTA(0), mac))
			return false;
	} else {
		if (fctrl & FCTRL_UPE)
			return true;
		if (!match_hash(n, UTA(0), mac))
			return false;
	}
	p->status |= RXD_PIF;
	return true;
}

static bool accept_vlan(const struct nic *n, const struct rxpkt *p)
{
	uint32_t ctrl = REG(n, VLNCTRL), id = p->vlan & 0xfff;

	if (!(ctrl & VLNCTRL_VFE) || !p->tagged)
		return true;
	if (ctrl & VLNCTRL_CFIEN &&
	    !(p->vlan & 0x1000) != !(ctrl & VLNCTRL_CFI))
		return false;
	return REG(n, VFTA(id / 32)) >> id % 32 & 1;
}

bool filter_l2(struct nic *n, struct rxpkt *p)
{
	return accept_address(n, p) && accept_vlan(n, p);
}

/* ---- L3/L4 5-tuple filters: 7.1.2.5 ---- */

#define FTQF_PROTO(v)		FIELD(v, 1, 0)
#define FTQF_PRIORITY(v)	FIELD(v, 4, 2)
#define FTQF_MASK_SADDR		BIT(25)		/* set: not compared */
#define FTQF_MASK_DADDR		BIT(26)
#define FTQF_MASK_SPORT		BIT(27)
#define FTQF_MASK_DPORT		BIT(28)
#define FTQF_MASK_PROTO		BIT(29)
#define FTQF_QUEUE_EN		BIT(31)

static unsigned int proto_code(uint8_t proto)
{
	switch (proto) {
	case 6:
		return 0;
	case 17:
		return 1;
	case 132:
		return 2;
	default:
		return 3;
	}
}

/* Registers hold addresses and ports as they are on the wire, byte by byte. */
static uint32_t wire32(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

/* What filters compare, of a packet */
struct tuple_key {
	uint32_t saddr, daddr, ports;
	uint8_t proto;
	bool has_l4;
};

/*
 * IPv4 only. Fragments never match, nor do ports where there are none: a
 * filter which compares a port needs a whole TCP, UDP or SCTP header.
 */
static bool tuple_key(struct tuple_key *k, const struct rxpkt *p)
{
	const uint8_t *ip = p->data + p->l3;

	if (!(p->ptype & PTYPE_IPV4) || !p->l3_ok || p->fragment)
		return false;
	k->saddr = wire32(ip + 12);
	k->daddr = wire32(ip + 16);
	k->proto = (uint8_t)proto_code(p->ip_proto);
	k->has_l4 = p->has_l4;
	k->ports = p->has_l4 ? wire32(p->data + p->l4) : 0;
	return true;
}

static bool rule_matches(const struct tuple_rule *r, const struct tuple_key *k)
{
	return !(((k->saddr ^ r->saddr) & r->saddr_mask) |
		 ((k->daddr ^ r->daddr) & r->daddr_mask) |
		 ((k->ports ^ r->ports) & r->ports_mask)) &&
	       (r->any_proto || r->proto == k->proto) &&
	       (!r->ports_mask || k->has_l4);
}

/* A filter's registers as values and masks */
struct tuple_rule filter_tuple_rule(const struct tuple_filter *f)
{
	uint32_t sport = f->ftqf & FTQF_MASK_SPORT ? 0 : 0x0000ffff;
	uint32_t dport = f->ftqf & FTQF_MASK_DPORT ? 0 : 0xffff0000;

	return (struct tuple_rule){
		.saddr = f->saqf,
		.saddr_mask = f->ftqf & FTQF_MASK_SADDR ? 0 : 0xffffffff,
		.daddr = f->daqf,
		.daddr_mask = f->ftqf & FTQF_MASK_DADDR ? 0 : 0xffffffff,
		.ports = f->sdpqf,
		.ports_mask = sport | dport,
		.proto = (uint8_t)FTQF_PROTO(f->ftqf),
		.any_proto = f->ftqf & FTQF_MASK_PROTO,
		.queue = (uint8_t)FIELD(f->l34timir, 27, 21),
	};
}

/* The first of the rules that matches, or NULL */
const struct tuple_rule *filter_find_5tuple(const struct tuple_rule *rules,
					    unsigned int nr, const struct rxpkt *p)
{
	struct tuple_key key;
	unsigned int i;

	if (!nr || !tuple_key(&key, p))
		return NULL;
	for (i = 0; i < nr; i++)
		if (rule_matches(&rules[i], &key))
			return &rules[i];
	return NULL;
}

static void add_rule(struct nic *n, unsigned int i)
{
	struct tuple_filter f = {
		.saqf = REG(n, SAQF(i)),
		.daqf = REG(n, DAQF(i)),
		.sdpqf = REG(n, SDPQF(i)),
		.ftqf = REG(n, FTQF(i)),
		.l34timir = REG(n, L34TIMIR(i)),
	};

	n->rule_5tuple[n->nr_5tuple++] = filter_tuple_rule(&f);
}

/* Enabled filters by falling priority; the lower number wins a tie. */
static void update_5tuple(struct nic *n)
{
	unsigned int prio, i;

	n->nr_5tuple = 0;
	for (prio = 8; prio-- > 0;)
		for (i = 0; i < NR_5TUPLE; i++)
			if (REG(n, FTQF(i)) & FTQF_QUEUE_EN &&
			    FTQF_PRIORITY(REG(n, FTQF(i))) == prio)
				add_rule(n, i);
	n->stale_5tuple = false;
}

static bool steer_5tuple(struct nic *n, struct rxpkt *p)
{
	const struct tuple_rule *r;

	if (n->stale_5tuple)
		update_5tuple(n);
	r = filter_find_5tuple(n->rule_5tuple, n->nr_5tuple, p);
	if (r)
		p->queue = r->queue;
	return r;
}

/* ---- Ethernet type and SYN filters: 7.1.2.3, 7.1.2.4 ---- */

void filter_update_etqf(struct nic *n)
{
	unsigned int i;

	n->any_etqf = false;
	for (i = 0; i < NR_ETQF; i++)
		if (REG(n, ETQF(i)) & ETQF_FILTER_EN)
			n->any_etqf = true;
}

/* A match replaces the packet type by the filter's number. */
static bool steer_ethertype(struct nic *n, struct rxpkt *p)
{
	unsigned int i;

	for (i = 0; i < NR_ETQF; i++) {
		uint32_t f = REG(n, ETQF(i)), s = REG(n, ETQS(i));

		if (!(f & ETQF_FILTER_EN) || (f & 0xffff) != p->ethertype)
			continue;
		if (f & ETQF_UP_EN &&
		    (!p->tagged || FIELD(f, 18, 16) != (p->vlan >> 13u)))
			continue;
		p->ptype = (uint16_t)(PTYPE_L2 | i);
		if (!(s & ETQS_QUEUE_EN))
			return false;
		p->queue = (uint8_t)FIELD(s, 22, 16);
		return true;
	}
	return false;
}

static bool steer_syn(const struct nic *n, struct rxpkt *p)
{
	uint32_t f = REG(n, SYNQF);

	if (!(f & SYNQF_QUEUE_EN) || !(p->ptype & PTYPE_TCP) ||
	    (p->tcp_flags & 0x12) != 0x02)
		return false;
	p->queue = (uint8_t)FIELD(f, 7, 1);
	return true;
}

/* Datasheet 7.1.2: of all that choose a queue, the first one here wins. */
static bool steer_filters(struct nic *n, struct rxpkt *p)
{
	if (REG(n, SYNQF) & SYNQF_SYNQFP && steer_syn(n, p))
		return true;
	return steer_5tuple(n, p) || steer_syn(n, p);
}

/* Choose the queue. */
void steer_queue(struct nic *n, struct rxpkt *p)
{
	int fdir = -1;

	p->queue = 0;
	rss_hash(n, p);
	if (n->any_etqf && steer_ethertype(n, p))
		return;
	if (p->ptype & PTYPE_L2)
		return;
	/* it counts and reports packets of other filters' queues as well */
	if (REG(n, FDIRCTRL) & FDIRCTRL_PBALLOC)
		fdir = fdir_match(n, p);
	if (!steer_filters(n, p) && fdir >= 0)
		p->queue = (uint8_t)fdir;
}

/* ---- registers ---- */

static void tuple_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	n->stale_5tuple = true;
}

static void etqf_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	filter_update_etqf(n);
}

static void rar_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	filter_update_rar(n);
}

static void rssrk_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	n->rss_ready = false;
}

static void vt_ctl_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	if (val & VT_CTL_VT_ENA)
		nic_once(n, ONCE_VMDQ, "virtualization (VT_CTL) is not modelled");
}

static void mrqc_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	if ((val & 0xf) > 1)
		nic_once(n, ONCE_DCB, "MRQC mode %u is not modelled: queue 0",
			 val & 0xf);
}

static const struct reg_def defs[] = {
	RW("RXCSUM", RXCSUM, 0, RXCSUM_IPPCSE | RXCSUM_PCSD),
	ST("RFCTL", RFCTL, 0, 0x0000e7e0),
	RW("FCTRL", FCTRL, 0, 0x0000f702),
	RW("VLNCTRL", VLNCTRL, 0x00008100, 0xf000ffff),
	RW("MCSTCTRL", MCSTCTRL, 0, 0x00000007),
	ST("EXVET", EXVET, 0x81000000, 0xffff0000),
	RWA("MTA", MTA(0), 128, 4, 0, ALL32),
	RWA("UTA", UTA(0), 128, 4, 0, ALL32),
	HKA("RAL", RAL(0), 128, 8, 0, 0, ALL32, NULL, rar_wr),
	HKA("RAH", RAH(0), 128, 8, 0, 0, 0x8000ffff, NULL, rar_wr),
	AL("RAL", 0x05400, 16, 8, RAL(0), 8),
	AL("RAH", 0x05404, 16, 8, RAH(0), 8),
	STA("MPSAR", 0x0a600, 256, 4, 0, ALL32),
	STA("PSRTYPE", PSRTYPE(0), 64, 4, 0, ALL32),
	AL("PSRTYPE", 0x05480, 16, 4, PSRTYPE(0), 4),
	RWA("VFTA", VFTA(0), 128, 4, 0, ALL32),
	HK("MRQC", MRQC, 0, 0xffffa00f, NULL, mrqc_wr),
	RWA("RETA", RETA(0), 32, 4, 0, 0x0f0f0f0f),
	HKA("RSSRK", RSSRK(0), 10, 4, 0, 0, ALL32, NULL, rssrk_wr),
	ST("RQTC", 0x0ec70, 0, 0x77777777),
	HKA("ETQF", ETQF(0), 8, 4, 0, 0, ALL32, NULL, etqf_wr),
	RWA("ETQS", ETQS(0), 8, 4, 0, ALL32),
	RW("SYNQF", SYNQF, 0, 0x800000ff),
	HKA("SAQF", SAQF(0), 128, 4, 0, 0, ALL32, NULL, tuple_wr),
	HKA("DAQF", DAQF(0), 128, 4, 0, 0, ALL32, NULL, tuple_wr),
	HKA("SDPQF", SDPQF(0), 128, 4, 0, 0, ALL32, NULL, tuple_wr),
	HKA("FTQF", FTQF(0), 128, 4, 0, 0, ALL32, NULL, tuple_wr),
	HKA("L34TIMIR", L34TIMIR(0), 128, 4, 0, 0, 0x0fffffff, NULL, tuple_wr),
	HK("PFVTCTL", VT_CTL, 0, ALL32, NULL, vt_ctl_wr),
	STA("PFVFRE", 0x051e0, 2, 4, 0, ALL32),
	STA("PFVMTXSW", 0x05180, 2, 4, ALL32, ALL32),
	STA("PFVML2FLT", 0x0f000, 64, 4, 0, ALL32),
	STA("PFVLVF", 0x0f100, 64, 4, 0, ALL32),
	STA("PFVLVFB", 0x0f200, 128, 4, 0, ALL32),
	STA("PFMRCTL", 0x0f600, 4, 4, 0, ALL32),
	STA("PFMRVLAN", 0x0f610, 8, 4, 0, ALL32),
	STA("PFMRVM", 0x0f630, 8, 4, 0, ALL32),
	ST("LLITHRESH", 0x0ec90, 0, ALL32),
	STA("IMIR", 0x05a80, 8, 4, 0, ALL32),
	STA("IMIREXT", 0x05aa0, 8, 4, 0, ALL32),
	ST("IMIRVP", 0x05ac0, 0, 0x0000000f),
	ST("VMD_CTL", 0x0581c, 0, ALL32),
	ST("FCRXCTRL", 0x05100, 0x00000200, 0x00000fff),
	ST("FCFLT", 0x05108, 0, ALL32),
	ST("FCFLTRW", 0x05110, 0, ALL32),
	ST("FCPTRL", 0x02410, 0, ALL32),
	ST("FCPTRH", 0x02414, 0, ALL32),
	ST("FCBUFF", 0x02418, 0, ALL32),
	ST("FCDMARW", 0x02420, 0, ALL32),
	ST("FCRECTL", 0x0ed00, 0, 0x00000001),
	STA("FCRETA", 0x0ed10, 8, 4, 0, 0x0000007f),
};

const struct reg_table regs_filter = { defs, ARRAY_SIZE(defs) };
