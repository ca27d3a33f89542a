// SPDX-License-Identifier: GPL-2.0
/*
 * The EEPROM: its image, the EERD and EEWR registers and the bit-banged SPI
 * interface (datasheet 6.2, 6.3, 8.2.3.2), the semaphores around it.
 *
 * The image has what drivers look up: the checksum over the header and the
 * sections that words 3..14 point to, MAC addresses, part number, the list of
 * initialization sequences by SFP+ type, device capabilities, firmware version.
 */
#include <string.h>

#include "regs_table.h"

/* Words of the header, datasheet 6.2 */
#define W_CTRL_WORD_1	0x00
#define W_PCIE_ANALOG	0x03
#define W_CORE0		0x09
#define W_CORE1		0x0a
#define W_MAC0		0x0b
#define W_MAC1		0x0c
#define W_FW		0x0f
#define W_SERIAL_MAC	0x11
#define W_PBA_GUARD	0x15
#define W_PBA_PTR	0x16
#define W_OROM_PTR	0x17
#define W_OEM_PTR	0x1b
#define W_ETS_PTR	0x26
#define W_ALT_SAN_MAC	0x27
#define W_SAN_MAC	0x28
#define W_PHY_INIT	0x2b
#define W_DEVICE_CAPS	0x2c
#define W_ETRACK_LO	0x2d
#define W_ETRACK_HI	0x2e
#define W_CHECKSUM	0x3f

#define EEPROM_SUM	0xbabau
#define NONE		0xffffu

/* FCoE offload is not modelled, so it is declared disabled. */
#define CAPS_FCOE_OFF	0x0002u

/* Numbers of modules in the initialization list: 10GBASE-SR/LR by port */
#define SFP_SRLR_CORE0	5u
#define SFP_SRLR_CORE1	6u

#define EEPROM_SIZE_CODE 7u		/* 64 << 7 words */

static const char pba_number[] = "N82599-000";

static void put_mac(uint16_t *w, const uint8_t *mac, unsigned int add)
{
	uint8_t m[6];

	memcpy(m, mac, 6);
	m[5] = (uint8_t)(m[5] + add);
	w[0] = (uint16_t)(m[0] | m[1] << 8);
	w[1] = (uint16_t)(m[2] | m[3] << 8);
	w[2] = (uint16_t)(m[4] | m[5] << 8);
}

/* A section: its length in words, then the words. Returns where the next is. */
static unsigned int put_section(uint16_t *image, unsigned int ptr,
				unsigned int at, unsigned int len)
{
	image[ptr] = (uint16_t)at;
	image[at] = (uint16_t)len;
	return at + 1 + len;
}

static unsigned int put_pba(uint16_t *image, unsigned int at)
{
	unsigned int i, words = (sizeof(pba_number) - 1) / 2;

	image[W_PBA_GUARD] = 0xfafa;
	image[W_PBA_PTR] = (uint16_t)at;
	image[at] = (uint16_t)(words + 1);
	for (i = 0; i < words; i++)
		image[at + 1 + i] = get_be16(&pba_number[2 * i]);
	return at + 1 + words;
}

/*
 * Word W_PHY_INIT points to a list of pairs (module type, sequence) which ends
 * with NONE. A sequence is a length and values for CORECTL, up to NONE.
 */
static unsigned int put_phy_init(uint16_t *image, unsigned int at)
{
	unsigned int seq = at + 6;

	image[W_PHY_INIT] = (uint16_t)at;
	image[at] = 5;
	image[at + 1] = SFP_SRLR_CORE0;
	image[at + 2] = (uint16_t)seq;
	image[at + 3] = SFP_SRLR_CORE1;
	image[at + 4] = (uint16_t)seq;
	image[at + 5] = NONE;
	image[seq] = 3;
	image[seq + 1] = 0x0400;
	image[seq + 2] = 0x1480;
	image[seq + 3] = NONE;
	return seq + 4;
}

/* Firmware block: no LESM, pass-through configuration with a patch version. */
static unsigned int put_firmware(uint16_t *image, unsigned int at)
{
	unsigned int i;

	image[W_FW] = (uint16_t)at;
	image[at] = 8;
	for (i = 1; i <= 8; i++)
		image[at + i] = NONE;
	image[at + 4] = (uint16_t)(at + 9);
	image[at + 9] = 8;
	image[at + 9 + 7] = 6;
	return at + 18;
}

void eeprom_build(struct nic *n)
{
	uint16_t *im = n->eeprom;
	unsigned int at = 0x80, i;
	unsigned int other = n->port ? 0xffu : 1u;	/* the twin: last octet */

	for (i = 0; i < EEPROM_WORDS; i++)
		im[i] = NONE;
	for (i = W_CTRL_WORD_1; i <= 2; i++)
		im[i] = 0;
	for (i = W_CORE0; i <= W_MAC1; i++) {
		unsigned int start = at;

		at = put_section(im, i, at, 6);
		memset(&im[start + 1], 0, 6 * sizeof(*im));
		if (i == W_CORE0 || i == W_CORE1)
			put_mac(&im[start + 1], n->mac,
				i - W_CORE0 == n->port ? 0 : other);
	}
	put_mac(&im[W_SERIAL_MAC], n->mac, 0);
	at = put_pba(im, at);
	at = put_phy_init(im, at);
	at = put_firmware(im, at);
	im[W_SAN_MAC] = (uint16_t)at;
	put_mac(&im[at], n->mac, n->port ? 1 : 2);
	put_mac(&im[at + 3], n->mac, n->port ? 2 : 3);
	im[W_DEVICE_CAPS] = CAPS_FCOE_OFF;
	im[W_ETRACK_LO] = 0x0001;
	im[W_ETRACK_HI] = 0x8000;
	im[W_CHECKSUM] = eeprom_checksum(im, EEPROM_WORDS);
}

/*
 * Datasheet 6.2.32: header words 0..0x3e and the sections behind pointers
 * 3..0xe, without their length words, add up with the checksum to 0xbaba.
 */
uint16_t eeprom_checksum(const uint16_t *image, unsigned int words)
{
	uint16_t sum = 0;
	unsigned int i, j;

	for (i = 0; i < W_CHECKSUM; i++)
		sum = (uint16_t)(sum + image[i]);
	for (i = W_PCIE_ANALOG; i < W_FW; i++) {
		unsigned int at = image[i], len;

		if (!at || at == NONE || at >= words)
			continue;
		len = image[at];
		if (!len || len == NONE || at + len >= words)
			continue;
		for (j = 1; j <= len; j++)
			sum = (uint16_t)(sum + image[at + j]);
	}
	return (uint16_t)(EEPROM_SUM - sum);
}

/* What the hardware itself takes from the EEPROM after a reset (6.1). */
void eeprom_load(struct nic *n)
{
	const uint16_t *w = &n->eeprom[n->eeprom[W_CORE0 + n->port] + 1];

	REG(n, RAL(0)) = (uint32_t)w[0] | (uint32_t)w[1] << 16;
	REG(n, RAH(0)) = w[2] | RAH_AV;
	filter_update_rar(n);
}

static void eerd_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint32_t addr = FIELD(val, 15, 2);

	(void)i;
	if (!(val & EERD_START)) {
		REG(n, EERD) = old;
		return;
	}
	REG(n, EERD) = (uint32_t)(addr < EEPROM_WORDS ? n->eeprom[addr] : 0) << 16
		     | (val & 0xfffc) | EERD_DONE;
}

static void eewr_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	uint32_t addr = FIELD(val, 15, 2);

	(void)i;
	(void)old;
	if (val & EERD_START && addr < EEPROM_WORDS)
		n->eeprom[addr] = (uint16_t)(val >> 16);
	REG(n, EEWR) = (val & 0xfffffffc) | EERD_DONE;
}

/* ---- bit-banged SPI: 25-series EEPROM with 16 address bits ---- */

#define SPI_WRSR	0x01
#define SPI_WRITE	0x02
#define SPI_READ	0x03
#define SPI_WRDI	0x04
#define SPI_RDSR	0x05
#define SPI_WREN	0x06
#define SPI_SR_WEL	0x02

enum { SPI_OPCODE, SPI_ADDR_HI, SPI_ADDR_LO, SPI_DATA };

static uint8_t spi_get(const struct nic *n, uint16_t addr)
{
	uint16_t w = n->eeprom[(addr / 2) % EEPROM_WORDS];

	/* A word is sent low byte first, as drivers swap it back */
	return (uint8_t)(addr % 2 ? w >> 8 : w);
}

static void spi_put(struct nic *n, uint16_t addr, uint8_t byte)
{
	uint16_t *w = &n->eeprom[(addr / 2) % EEPROM_WORDS];

	if (addr % 2)
		*w = (uint16_t)((*w & 0x00ff) | byte << 8);
	else
		*w = (uint16_t)((*w & 0xff00) | byte);
}

static void spi_opcode(struct spi *s, uint8_t op)
{
	s->opcode = op;
	s->phase = op == SPI_READ || op == SPI_WRITE ? SPI_ADDR_HI : SPI_DATA;
	if (op == SPI_WREN)
		s->wren = true;
	if (op == SPI_WRDI)
		s->wren = false;
	if (op == SPI_RDSR)
		s->out = s->wren ? SPI_SR_WEL : 0;
}

/* Eight bits are in: act, and have the next eight bits out ready. */
static void spi_byte(struct nic *n, uint8_t byte)
{
	struct spi *s = &n->spi;

	switch (s->phase) {
	case SPI_OPCODE:
		spi_opcode(s, byte);
		return;
	case SPI_ADDR_HI:
		s->addr = (uint16_t)(byte << 8);
		s->phase = SPI_ADDR_LO;
		return;
	case SPI_ADDR_LO:
		s->addr |= byte;
		s->phase = SPI_DATA;
		break;
	default:
		if (s->opcode == SPI_WRITE && s->wren)
			spi_put(n, s->addr, byte);
		s->addr++;
		break;
	}
	if (s->opcode == SPI_READ)
		s->out = spi_get(n, s->addr);
}

static void spi_clock(struct nic *n, bool di)
{
	struct spi *s = &n->spi;

	if (!s->nr_bits)
		s->cur = s->out;
	s->shift = s->shift << 1 | di;
	if (s->cur & 0x80)
		REG(n, EEC) |= EEC_DO;
	else
		REG(n, EEC) &= ~EEC_DO;
	s->cur = (uint8_t)(s->cur << 1);
	if (++s->nr_bits < 8)
		return;
	s->nr_bits = 0;
	spi_byte(n, (uint8_t)s->shift);
}

static void eec_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	if (val & EEC_REQ)
		REG(n, EEC) |= EEC_GNT;
	else
		REG(n, EEC) &= ~EEC_GNT;
	if (val & EEC_CS) {	/* the pin: high deselects */
		if (!(old & EEC_CS) && n->spi.opcode == SPI_WRITE)
			n->spi.wren = false;
		n->spi.phase = SPI_OPCODE;
		n->spi.nr_bits = 0;
		n->spi.opcode = 0;
		return;
	}
	if (!(old & EEC_SK) && val & EEC_SK)
		spi_clock(n, val & EEC_DI);
}

/* Reading a free SMBI takes it: datasheet 10.5.4, 8.2.3.4.12. */
static uint32_t swsm_rd(struct nic *n, unsigned int i)
{
	uint32_t val = REG(n, SWSM);

	(void)i;
	REG(n, SWSM) |= SWSM_SMBI;
	return val;
}

static const struct reg_def defs[] = {
	HK("EEC", EEC, EEC_PRES | EEC_ARD | EEC_ADDR_SIZE |
	   EEPROM_SIZE_CODE << EEC_SIZE_SHIFT | BIT(4),
	   EEC_SK | EEC_CS | EEC_DI | EEC_REQ | 0x30, NULL, eec_wr),
	HK("EERD", EERD, EERD_DONE, 0, NULL, eerd_wr),
	HK("EEWR", EEWR, EERD_DONE, 0, NULL, eewr_wr),
	ST("FLA", FLA, 0, 0x0000001f),
	ST("EEMNGCTL", 0x10110, 0, 0x0003ffff),
	ST("EEMNGDATA", 0x10114, 0, ALL32),
	ST("FLMNGCTL", 0x10118, 0, ALL32),
	ST("FLMNGDATA", 0x1011c, 0, ALL32),
	ST("FLMNGCNT", 0x10120, 0, ALL32),
	ST("FLOP", 0x1013c, 0, 0x0000ffff),
	ST("GRC", GRC, 0, 0x00000003),
	{ .name = "SWSM", .off = SWSM, .count = 1, .flags = RF_KEEP,
	  .wmask = SWSM_SMBI | SWSM_SWESMBI | BIT(2), .rd = swsm_rd },
	/* Firmware is valid and without errors, but manages nothing: mode 0 */
	RO("FWSM", FWSM, FWSM_FW_VALID),
	RO("FACTPS", FACTPS, 0),
	{ .name = "SW_FW_SYNC", .off = SW_FW_SYNC, .count = 1,
	  .flags = RF_KEEP, .wmask = ALL32 },
};

const struct reg_table regs_nvm = { defs, ARRAY_SIZE(defs) };
