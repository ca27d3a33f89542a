// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics (datasheet 8.2.3.23). All are cleared by reading and stick at
 * their maximum. Lengths count the FCS.
 */
#include "regs_table.h"

void stats_inc(struct nic *n, uint32_t off)
{
	if (REG(n, off) != ALL32)
		REG(n, off)++;
}

/* A 36-bit counter in two registers */
void stats_add64(struct nic *n, uint32_t off_lo, uint64_t add)
{
	uint64_t val = (uint64_t)REG(n, off_lo + 4) << 32 | REG(n, off_lo);

	val += add;
	REG(n, off_lo) = (uint32_t)val;
	REG(n, off_lo + 4) = (uint32_t)(val >> 32) & 0xf;
}

/* Number of the size class: 64, 127, 255, 511, 1023, larger */
static unsigned int size_class(uint32_t len)
{
	static const uint16_t limit[5] = { 64, 127, 255, 511, 1023 };
	unsigned int i;

	for (i = 0; i < 5 && len > limit[i]; i++)
		;
	return i;
}

static bool is_broadcast(const uint8_t *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

void stats_rx_total(struct nic *n, uint32_t len)
{
	stats_inc(n, TPR);
	stats_add64(n, TORL, len + FCS_LEN);
}

void stats_rx_nonfiltered(struct nic *n, const struct rxpkt *p)
{
	stats_inc(n, RXNFGPC);
	stats_add64(n, RXNFGBCL, p->len + FCS_LEN);
	stats_inc(n, PRC64 + 4 * size_class(p->len + FCS_LEN));
}

void stats_rx_good(struct nic *n, const uint8_t *frame, uint32_t len)
{
	stats_inc(n, GPRC);
	stats_add64(n, GORCL, len + FCS_LEN);
	if (is_broadcast(frame))
		stats_inc(n, BPRC);
	else if (frame[0] & 1)
		stats_inc(n, MPRC);
}

/* A field of RQSMR or TQSM: which of the 16 counters a queue counts in */
static unsigned int stat_index(const struct nic *n, uint32_t base,
			       unsigned int q)
{
	return REG(n, base + q / 4 * 4) >> (8 * (q % 4)) & 0xf;
}

void stats_rx_queue(struct nic *n, unsigned int q, uint32_t len)
{
	unsigned int i = stat_index(n, RQSMR(0), q);

	stats_inc(n, QPRC(i));
	stats_add64(n, QBRC_L(i), len + FCS_LEN);
	stats_inc(n, RXDGPC);
	stats_add64(n, RXDGBCL, len + FCS_LEN);
}

void stats_rx_queue_drop(struct nic *n, unsigned int q)
{
	stats_inc(n, QPRDC(stat_index(n, RQSMR(0), q)));
}

void stats_tx(struct nic *n, const uint8_t *frame, uint32_t len)
{
	stats_inc(n, GPTC);
	stats_inc(n, TPT);
	stats_add64(n, GOTCL, len + FCS_LEN);
	stats_inc(n, PTC64 + 4 * size_class(len + FCS_LEN));
	if (is_broadcast(frame))
		stats_inc(n, BPTC);
	else if (frame[0] & 1)
		stats_inc(n, MPTC);
}

void stats_tx_queue(struct nic *n, unsigned int q, uint32_t len)
{
	unsigned int i = stat_index(n, TQSM(0), q);

	stats_inc(n, QPTC(i));
	stats_add64(n, QBTC_L(i), len + FCS_LEN);
	stats_inc(n, TXDGPC);
	stats_add64(n, TXDGBCL, len + FCS_LEN);
}

static const struct reg_def defs[] = {
	RZ("CRCERRS", CRCERRS),
	RZ("ILLERRC", 0x04004),
	RZ("ERRBC", ERRBC),
	RZ("MSPDC", MSPDC),
	RCA("RXMPC", MPC(0), 8, 4),
	RZ("MLFC", 0x04034),
	RZ("MRFC", 0x04038),
	RZ("RLEC", RLEC),
	RC("LXONTXC", LXONTXC),
	RZ("LXONRXC", 0x0cf60),
	RC("LXOFFTXC", LXOFFTXC),
	RZ("LXOFFRXC", 0x0cf68),
	RC("LXONRXCNT", LXONRXCNT),
	RC("LXOFFRXCNT", LXOFFRXCNT),
	RZA("PXONRXCNT", 0x04140, 8, 4),
	RZA("PXOFFRXCNT", 0x04160, 8, 4),
	RZA("PXON2OFFCNT", 0x03240, 8, 4),
	RZA("PXONTXC", 0x03f00, 8, 4),
	RZA("PXOFFTXC", 0x03f20, 8, 4),
	RZA("PXONRXC", 0x0cf00, 8, 4),
	RZA("PXOFFRXC", 0x0cf20, 8, 4),
	RCA("PRC", PRC64, 6, 4),
	RC("GPRC", GPRC),
	RC("BPRC", BPRC),
	RC("MPRC", MPRC),
	RC("GPTC", GPTC),
	RC("GORCL", GORCL),
	RC("GORCH", GORCH),
	RC("GOTCL", GOTCL),
	RC("GOTCH", GOTCH),
	RZA("RNBC", 0x03fc0, 8, 4),
	RC("RUC", RUC),
	RZ("RFC", RFC),
	RC("ROC", ROC),
	RZ("RJC", RJC),
	RZ("MNGPRC", 0x040b4),
	RZ("MNGPDC", 0x040b8),
	RZ("MNGPTC", 0x0cf90),
	RC("TORL", TORL),
	RC("TORH", TORH),
	RC("TPR", TPR),
	RC("TPT", TPT),
	RCA("PTC", PTC64, 6, 4),
	RC("MPTC", MPTC),
	RC("BPTC", BPTC),
	RC("XEC", XEC),
	RC("RXNFGPC", RXNFGPC),
	RC("RXNFGBCL", RXNFGBCL),
	RC("RXNFGBCH", RXNFGBCH),
	RZ("B2OGPRC", 0x02f90),
	RZ("B2OSPC", 0x041c0),
	RZ("O2BGPTC", 0x041c4),
	RZ("O2BSPC", 0x087b0),
	RC("RXDGPC", RXDGPC),
	RC("RXDGBCL", RXDGBCL),
	RC("RXDGBCH", RXDGBCH),
	RZ("RXDDPC", 0x02f5c),
	RZ("RXDDBCL", 0x02f60),
	RZ("RXDDBCH", 0x02f64),
	RZ("RXLPBKPC", RXLPBKGPC),
	RZ("RXLPBKBCL", RXLPBKGBCL),
	RZ("RXLPBKBCH", RXLPBKGBCH),
	RZ("RXDLPBKPC", 0x02f74),
	RZ("RXDLPBKBCL", 0x02f78),
	RZ("RXDLPBKBCH", 0x02f7c),
	RC("TXDGPC", TXDGPC),
	RC("TXDGBCL", TXDGBCL),
	RC("TXDGBCH", TXDGBCH),
	RZ("SSVPC", SSVPC),
	RZ("FCCRC", 0x05118),
	RZ("FCOERPDC", 0x0241c),
	RZ("FCLAST", 0x02424),
	RZ("FCOEPRC", 0x02428),
	RZ("FCOEDWRC", 0x0242c),
	RZ("FCOEPTC", 0x08784),
	RZ("FCOEDWTC", 0x08788),
	RCA("QPRC", QPRC(0), 16, 0x40),
	RCA("QBRC_L", QBRC_L(0), 16, 0x40),
	RCA("QBRC_H", QBRC_H(0), 16, 0x40),
	RCA("QPRDC", QPRDC(0), 16, 0x40),
	RCA("QPTC", QPTC(0), 16, 4),
	AL("QPTC", QPTC_ALIAS(0), 16, 0x40, QPTC(0), 4),
	RCA("QBTC", QBTC_L(0), 32, 4),
	AL("QBTC_L", 0x06034, 16, 0x40, QBTC_L(0), 8),
	RWA("RQSMR", RQSMR(0), 32, 4, 0, 0x0f0f0f0f),
	RWA("TQSM", TQSM(0), 32, 4, 0, 0x0f0f0f0f),
};

const struct reg_table regs_stats = { defs, ARRAY_SIZE(defs) };
