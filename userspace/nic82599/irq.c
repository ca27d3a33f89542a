// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: causes, masks, vectors and throttling (datasheet 7.3, 8.2.3.5).
 *
 * With MSI-X and GPIE.Multiple_MSIX every queue cause is a vector of its own
 * (0..63, chosen in IVAR), which lives in q_cause and q_mask; all other causes
 * share the vector in IVAR_MISC. Without, IVAR chooses one of the 16 RTxQ bits
 * of EICR and a single line (or MSI message) tells of EICR & EIMS.
 *
 * Messages are sent on events: a cause set while unmasked, or unmasked while
 * set. EITR holds a message back until its interval is over.
 */
#include "regs_table.h"

#define ITR_UNIT_NS	2048u		/* at 10 Gb/s and 1 Gb/s */
#define OTHER_BITS	0x7fff0000u	/* causes of EICR other than RTxQ */
#define IVAR_MISC_TIMER	0u		/* byte numbers in IVAR_MISC */
#define IVAR_MISC_OTHER	1u

static bool msix_mode(const struct nic *n)
{
	return (REG(n, GPIE) & GPIE_MULTIPLE_MSIX) && bus_msix_enabled(n->bus);
}

static uint64_t itr_ns(const struct nic *n, unsigned int v)
{
	uint32_t eitr = v < 24 ? REG(n, EITR(v)) : REG(n, 0x12300 + 4 * (v - 24));

	return (uint64_t)((eitr & EITR_INTERVAL) >> 3) * ITR_UNIT_NS;
}

/* Whether vector @v may fire now; if not, its timer is running afterwards. */
static bool itr_allows(struct nic *n, unsigned int v)
{
	uint64_t now;

	if (!itr_ns(n, v) && !n->irq.next_ns[v])
		return true;
	now = bus_now_ns();
	if (now < n->irq.next_ns[v]) {
		bus_timer_arm(&n->irq.timer[v].timer, n->irq.next_ns[v]);
		return false;
	}
	n->irq.next_ns[v] = now + itr_ns(n, v);
	return true;
}

static void fire_queue(struct nic *n, unsigned int v)
{
	uint64_t bit = 1ull << v;

	if (!(n->irq.q_cause & n->irq.q_mask & bit) || !itr_allows(n, v))
		return;
	/* EIAC covers the first 16; those above always clear (7.3.1.3) */
	if (v >= 16 || REG(n, EIAC) & bit)
		n->irq.q_cause &= ~bit;
	if (REG(n, GPIE) & GPIE_EIAME)
		n->irq.q_mask &= ~(n->irq.q_automask & bit);
	bus_msix(n->bus, v);
}

static void fire_other(struct nic *n)
{
	uint32_t active = n->irq.o_cause & n->irq.o_mask;
	unsigned int byte = IVAR_MISC_OTHER;
	uint32_t ivar;

	if (!n->irq.o_event || !active)
		return;
	if (active == EICR_TCP_TIMER)
		byte = IVAR_MISC_TIMER;
	ivar = REG(n, IVAR_MISC) >> (8 * byte);
	if (!(ivar & IVAR_VALID) || !itr_allows(n, ivar & IVAR_ALLOC))
		return;
	n->irq.o_event = false;
	if (REG(n, GPIE) & GPIE_EIAME)
		n->irq.o_mask &= ~n->irq.o_automask;
	bus_msix(n->bus, ivar & IVAR_ALLOC);
}

static uint32_t eicr(const struct nic *n)
{
	return ((uint32_t)n->irq.q_cause & EICR_RTXQ) | n->irq.o_cause;
}

static uint32_t eims(const struct nic *n)
{
	return ((uint32_t)n->irq.q_mask & EICR_RTXQ) | n->irq.o_mask;
}

/* The one line of INTx and MSI. Only its rise is throttled. */
static void update_line(struct nic *n)
{
	bool level = eicr(n) & eims(n);

	if (level == n->irq.intx)
		return;
	if (level && !itr_allows(n, 0))
		return;
	n->irq.intx = level;
	bus_intx(n->bus, level);
}

/* After masks or causes changed by register writes: tell what became due. */
static void update_bits(struct nic *n, uint64_t q_bits)
{
	uint64_t due;

	if (!msix_mode(n)) {
		update_line(n);
		return;
	}
	for (due = n->irq.q_cause & n->irq.q_mask & q_bits; due; due &= due - 1)
		fire_queue(n, (unsigned int)__builtin_ctzll(due));
	fire_other(n);
}

static void itr_expired(struct bus_timer *t)
{
	struct vec_timer *vt = container_of(t, struct vec_timer, timer);
	unsigned int v = (unsigned int)(vt - vt->n->irq.timer);

	update_bits(vt->n, 1ull << v);
}

void irq_queue(struct nic *n, uint8_t vector)
{
	if (vector == NO_VECTOR)
		return;
	if (msix_mode(n)) {
		n->irq.q_cause |= 1ull << vector;
		fire_queue(n, vector);
	} else {
		n->irq.q_cause |= 1ull << (vector & 15);
		update_line(n);
	}
}

void irq_other(struct nic *n, uint32_t bits)
{
	n->irq.o_cause |= bits & OTHER_BITS;
	if (n->irq.o_cause & n->irq.o_mask & bits)
		n->irq.o_event = true;
	update_bits(n, 0);
}

void irq_update(struct nic *n)
{
	update_bits(n, ~0ull);
}

void irq_init(struct nic *n)
{
	unsigned int v;

	for (v = 0; v < NR_VECTORS; v++) {
		n->irq.timer[v].timer.fn = itr_expired;
		n->irq.timer[v].n = n;
	}
}

void irq_reset(struct nic *n)
{
	unsigned int v, q;

	n->irq.q_cause = 0;
	n->irq.q_mask = 0;
	n->irq.q_automask = 0;
	n->irq.o_cause = 0;
	n->irq.o_mask = 0;
	n->irq.o_automask = 0;
	n->irq.o_event = false;
	for (v = 0; v < NR_VECTORS; v++) {
		n->irq.next_ns[v] = 0;
		bus_timer_cancel(&n->irq.timer[v].timer);
	}
	for (q = 0; q < NR_QUEUES; q++) {
		n->rxq[q].vector = NO_VECTOR;
		n->txq[q].vector = NO_VECTOR;
	}
	if (n->irq.intx) {
		n->irq.intx = false;
		bus_intx(n->bus, false);
	}
}

/* ---- register hooks ---- */

static uint32_t eicr_rd(struct nic *n, unsigned int i)
{
	uint32_t val = eicr(n);

	(void)i;
	n->irq.o_cause &= EICR_TCP_TIMER & (REG(n, GPIE) & GPIE_OCD ? ALL32 : 0);
	if (!(REG(n, GPIE) & GPIE_OCD))
		n->irq.q_cause &= ~(uint64_t)EICR_RTXQ;
	if (!(REG(n, GPIE) & GPIE_EIAME)) {
		n->irq.q_mask &= ~(n->irq.q_automask & EICR_RTXQ);
		n->irq.o_mask &= ~n->irq.o_automask;
	}
	update_bits(n, 0);
	return val;
}

static void eicr_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	n->irq.q_cause &= ~(uint64_t)(val & EICR_RTXQ);
	n->irq.o_cause &= ~val;
	if (!(REG(n, GPIE) & GPIE_EIAME)) {
		n->irq.q_mask &= ~(n->irq.q_automask & EICR_RTXQ);
		n->irq.o_mask &= ~n->irq.o_automask;
	}
	update_bits(n, 0);
}

/* Reading EICS shows the causes without clearing them. */
static uint32_t eics_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return eicr(n);
}

static void eics_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	n->irq.q_cause |= val & EICR_RTXQ;
	n->irq.o_cause |= val & OTHER_BITS;
	if (n->irq.o_cause & n->irq.o_mask & val)
		n->irq.o_event = true;
	update_bits(n, val & EICR_RTXQ);
}

static uint32_t eims_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return eims(n);
}

static void eims_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint32_t risen = val & OTHER_BITS & ~n->irq.o_mask;

	(void)i;
	(void)old;
	n->irq.q_mask |= val & EICR_RTXQ;
	n->irq.o_mask |= val & OTHER_BITS;
	if (n->irq.o_cause & risen)
		n->irq.o_event = true;
	update_bits(n, val & EICR_RTXQ);
}

static void eimc_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	n->irq.q_mask &= ~(uint64_t)(val & EICR_RTXQ);
	n->irq.o_mask &= ~val;
	update_bits(n, 0);
}

static uint32_t eiam_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return ((uint32_t)n->irq.q_automask & EICR_RTXQ) | n->irq.o_automask;
}

static void eiam_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	n->irq.q_automask = (n->irq.q_automask & ~(uint64_t)EICR_RTXQ) |
			    (val & EICR_RTXQ);
	n->irq.o_automask = val & OTHER_BITS;
}

/* The extended registers 1 and 2 hold vectors 31:0 and 63:32. */
static uint32_t half(uint64_t bits, unsigned int i)
{
	return (uint32_t)(bits >> (32 * (i - 1)));
}

static uint64_t widen(uint32_t val, unsigned int i)
{
	return (uint64_t)val << (32 * (i - 1));
}

static uint32_t eics_ex_rd(struct nic *n, unsigned int i)
{
	return half(n->irq.q_cause, i);
}

static void eics_ex_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	n->irq.q_cause |= widen(val, i);
	update_bits(n, widen(val, i));
}

static uint32_t eims_ex_rd(struct nic *n, unsigned int i)
{
	return half(n->irq.q_mask, i);
}

static void eims_ex_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	n->irq.q_mask |= widen(val, i);
	update_bits(n, widen(val, i));
}

static void eimc_ex_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	n->irq.q_mask &= ~widen(val, i);
	update_bits(n, 0);
}

static uint32_t eiam_ex_rd(struct nic *n, unsigned int i)
{
	return half(n->irq.q_automask, i);
}

static void eiam_ex_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	n->irq.q_automask = (n->irq.q_automask & ~widen(ALL32, i)) | widen(val, i);
}

/* Unless CNT_WDIS is written too, the running interval is replaced. */
static void eitr_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	if (val & EITR_CNT_WDIS || i >= NR_VECTORS)
		return;
	n->irq.next_ns[i] = 0;
	if (FIELD(val, 27, 21))
		n->irq.next_ns[i] = bus_now_ns() +
			(uint64_t)FIELD(val, 27, 21) * 4 * ITR_UNIT_NS;
	bus_timer_cancel(&n->irq.timer[i].timer);
	irq_update(n);
}

static uint8_t ivar_vector(uint32_t byte)
{
	return byte & IVAR_VALID ? (uint8_t)(byte & IVAR_ALLOC) : NO_VECTOR;
}

static void ivar_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)old;
	n->rxq[2 * i].vector = ivar_vector(val);
	n->txq[2 * i].vector = ivar_vector(val >> 8);
	n->rxq[2 * i + 1].vector = ivar_vector(val >> 16);
	n->txq[2 * i + 1].vector = ivar_vector(val >> 24);
}

static void gpie_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	if ((old ^ val) & GPIE_MULTIPLE_MSIX)
		irq_update(n);
}

static const struct reg_def defs[] = {
	HK("EICR", EICR, 0, 0, eicr_rd, eicr_wr),
	HK("EICS", EICS, 0, 0, eics_rd, eics_wr),
	RW("EIAC", EIAC, 0, 0x4000ffff),
	HK("EIMS", EIMS, 0, 0, eims_rd, eims_wr),
	HK("EIMC", EIMC, 0, 0, eims_rd, eimc_wr),
	HK("EIAM", EIAM, 0, 0, eiam_rd, eiam_wr),
	ST("EITRSEL", 0x00894, 0, ALL32),
	HK("GPIE", GPIE, 0, 0xc0ffffff, NULL, gpie_wr),
	HKA("EITR", EITR(0), 24, 4, 0, 0, 0x00008ff8, NULL, eitr_wr),
	HKA("EITR", 0x12300, 105, 4, 24, 0, 0x00008ff8, NULL, eitr_wr),
	HKA("IVAR", IVAR(0), 64, 4, 0, 0, 0xbfbfbfbf, NULL, ivar_wr),
	RW("IVAR_MISC", IVAR_MISC, 0, 0x0000bfbf),
	HKA("EICS_EX", EICS_EX(1), 2, 4, 1, 0, 0, eics_ex_rd, eics_ex_wr),
	HKA("EIMS_EX", EIMS_EX(1), 2, 4, 1, 0, 0, eims_ex_rd, eims_ex_wr),
	HKA("EIMC_EX", EIMC_EX(1), 2, 4, 1, 0, 0, eims_ex_rd, eimc_ex_wr),
	HKA("EIAM_EX", EIAM_EX(1), 2, 4, 1, 0, 0, eiam_ex_rd, eiam_ex_wr),
	RWA("PBACL", 0x110c0, 8, 4, 0, ALL32),
	RW("PBACL(0)", 0x11068, 0, ALL32),
	ST("TCPTIMER", TCPTIMER, 0, 0x0fff),
};

const struct reg_table regs_irq = { defs, ARRAY_SIZE(defs) };
