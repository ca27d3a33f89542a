// SPDX-License-Identifier: GPL-2.0
/*
 * The SFP+ module: a two-wire slave with its identification at A0h and its
 * diagnostics at A2h (SFF-8472), reached by bit-banging I2CCTL (datasheet
 * 8.2.3.1.5).
 */
#include <string.h>

#include "regs_table.h"

#define DEV_ID		0xa0
#define DEV_DIAG	0xa2

/* SFF-8472 table 4-1 */
#define ID_IDENTIFIER	0
#define ID_EXT		1
#define ID_CONNECTOR	2
#define ID_10G_CODES	3
#define ID_ENCODING	11
#define ID_BITRATE	12
#define ID_LEN_OM2	16
#define ID_LEN_OM1	17
#define ID_LEN_OM3	19
#define ID_VENDOR	20
#define ID_OUI		37
#define ID_PART		40
#define ID_REV		56
#define ID_WAVELENGTH	60
#define ID_CC_BASE	63
#define ID_OPTIONS	64
#define ID_SERIAL	68
#define ID_DATE		84
#define ID_DIAG_TYPE	92
#define ID_ENHANCED	93
#define ID_COMPLIANCE	94
#define ID_CC_EXT	95

static void put_text(uint8_t *to, size_t len, const char *text)
{
	memset(to, ' ', len);
	memcpy(to, text, strlen(text) < len ? strlen(text) : len);
}

static uint8_t sum_bytes(const uint8_t *p, unsigned int from, unsigned int to)
{
	uint8_t sum = 0;

	for (; from <= to; from++)
		sum = (uint8_t)(sum + p[from]);
	return sum;
}

/* A 10GBASE-SR module of the vendor whose modules 82599 drivers accept. */
static void fill_id(uint8_t *e, unsigned int port)
{
	e[ID_IDENTIFIER] = 0x03;	/* SFP or SFP+ */
	e[ID_EXT] = 0x04;		/* two-wire interface only */
	e[ID_CONNECTOR] = 0x07;		/* LC */
	e[ID_10G_CODES] = 0x10;		/* 10GBASE-SR */
	e[ID_ENCODING] = 0x06;		/* 64B/66B */
	e[ID_BITRATE] = 103;		/* in 100 MBd */
	e[ID_LEN_OM2] = 8;
	e[ID_LEN_OM1] = 3;
	e[ID_LEN_OM3] = 30;
	put_text(&e[ID_VENDOR], 16, "Intel Corp");
	e[ID_OUI + 1] = 0x1b;
	e[ID_OUI + 2] = 0x21;
	put_text(&e[ID_PART], 16, "FTLX8571D3BCL-IT");
	put_text(&e[ID_REV], 4, "A");
	put_be16(&e[ID_WAVELENGTH], 850);
	e[ID_CC_BASE] = sum_bytes(e, 0, ID_CC_BASE - 1);
	e[ID_OPTIONS + 1] = 0x1a;	/* TX_DISABLE, TX_FAULT, LOS */
	put_text(&e[ID_SERIAL], 16, port ? "NIC82599-1" : "NIC82599-0");
	put_text(&e[ID_DATE], 8, "240101");
	e[ID_DIAG_TYPE] = 0x68;		/* diagnostics, calibrated, average power */
	e[ID_ENHANCED] = 0xb0;
	e[ID_COMPLIANCE] = 0x05;	/* SFF-8472 11.0 */
	e[ID_CC_EXT] = sum_bytes(e, ID_OPTIONS, ID_CC_EXT - 1);
}

/* SFF-8472 table 9-5 and following: thresholds, then values. */
static void fill_diag(uint8_t *e)
{
	static const uint16_t thresholds[20] = {
		0x4e00, 0xf300, 0x4900, 0xf800,	/* degrees / 256 */
		0x8dcc, 0x7404, 0x8a0c, 0x7724,	/* 100 uV */
		0x1704, 0x07d0, 0x157c, 0x0960,	/* 2 uA */
		0x3dea, 0x04ec, 0x3110, 0x0631,	/* 0.1 uW */
		0x3dea, 0x00fb, 0x3110, 0x018d,
	};
	static const uint16_t values[5] = {
		0x2300, 0x80e8, 0x0fa0, 0x1770, 0x1770,
	};
	unsigned int i;

	for (i = 0; i < 20; i++)
		put_be16(&e[2 * i], thresholds[i]);
	for (i = 0; i < 4; i++)		/* slopes of one, offsets of zero */
		put_be16(&e[76 + 4 * i], 0x0100);
	put_be32(&e[68], 0x3f800000);	/* received power: coefficient 1.0 */
	e[95] = sum_bytes(e, 0, 94);
	for (i = 0; i < 5; i++)
		put_be16(&e[96 + 2 * i], values[i]);
}

void sfp_init(struct sfp *s, unsigned int port)
{
	memset(s, 0, sizeof(*s));
	fill_id(s->eeprom[0], port);
	fill_diag(s->eeprom[1]);
	s->scl = true;
	s->sda_in = true;
	s->sda_out = true;
}

/* ---- the slave ---- */

enum {
	I2C_IDLE,
	I2C_ADDRESS,		/* device address and direction come in */
	I2C_OFFSET,		/* byte offset comes in */
	I2C_WRITE,		/* data comes in: ignored, contents protected */
	I2C_READ,		/* data goes out */
};

static uint8_t current_byte(const struct sfp *s)
{
	return s->eeprom[s->dev == DEV_DIAG][s->offset];
}

static void i2c_start(struct sfp *s)
{
	s->state = I2C_ADDRESS;
	s->nr_bits = 0;
	s->sda_out = true;
}

/* A whole byte came in. True: acknowledge it. */
static bool byte_in(struct sfp *s)
{
	switch (s->state) {
	case I2C_ADDRESS:
		if ((s->shift & 0xfe) != DEV_ID && (s->shift & 0xfe) != DEV_DIAG) {
			s->state = I2C_IDLE;
			return false;
		}
		s->dev = s->shift & 0xfe;
		s->state = s->shift & 1 ? I2C_READ : I2C_OFFSET;
		return true;
	case I2C_OFFSET:
		s->offset = s->shift;
		s->state = I2C_WRITE;
		return true;
	default:
		return s->state == I2C_WRITE;
	}
}

/* SCL rises: the level of SDA counts. */
static void clock_rise(struct sfp *s)
{
	if (s->state == I2C_IDLE)
		return;
	if (s->nr_bits == 8) {		/* acknowledge bit */
		if (s->state == I2C_READ && s->sending && s->sda_in)
			s->state = I2C_IDLE;	/* the master had enough */
		return;
	}
	if (!s->sending)
		s->shift = (uint8_t)(s->shift << 1 | s->sda_in);
}

/* SCL falls: the slave may change what it drives. */
static void clock_fall(struct sfp *s)
{
	s->sda_out = true;
	if (s->state == I2C_IDLE)
		return;
	if (s->first) {			/* end of the start condition */
		s->first = false;
		s->sending = false;
		return;
	}
	if (++s->nr_bits == 8) {
		if (!s->sending)
			s->sda_out = !byte_in(s);
		return;
	}
	if (s->nr_bits == 9) {
		s->nr_bits = 0;
		if (s->sending)
			s->offset++;
		s->sending = s->state == I2C_READ;
	}
	if (s->sending)
		s->sda_out = current_byte(s) >> (7 - s->nr_bits) & 1;
}

static void i2cctl_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	struct sfp *s = &n->sfp;
	bool scl = val & I2CCTL_CLK_OUT, sda = val & I2CCTL_DATA_OUT;

	(void)i;
	(void)old;
	if (scl && s->scl && sda != s->sda_in) {
		if (sda) {
			s->state = I2C_IDLE;
			s->sda_out = true;
		} else {
			i2c_start(s);
			s->first = true;
		}
	}
	s->sda_in = sda;
	if (scl != s->scl) {
		s->scl = scl;
		if (scl)
			clock_rise(s);
		else
			clock_fall(s);
	}
}

/* Both wires are open drain: what is read is the AND of both ends. */
static uint32_t i2cctl_rd(struct nic *n, unsigned int i)
{
	const struct sfp *s = &n->sfp;
	uint32_t val = REG(n, I2CCTL);

	(void)i;
	val &= ~(I2CCTL_CLK_IN | I2CCTL_DATA_IN);
	if (s->scl)
		val |= I2CCTL_CLK_IN;
	if (s->sda_in && s->sda_out)
		val |= I2CCTL_DATA_IN;
	return val;
}

static const struct reg_def defs[] = {
	HK("I2CCTL", I2CCTL, I2CCTL_CLK_OUT | I2CCTL_DATA_OUT,
	   I2CCTL_CLK_OUT | I2CCTL_DATA_OUT, i2cctl_rd, i2cctl_wr),
};

const struct reg_table regs_sfp = { defs, ARRAY_SIZE(defs) };
