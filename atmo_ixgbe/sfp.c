// SPDX-License-Identifier: GPL-2.0
/*
 * The SFP+ module (SFF-8472, read over I2C by bit-banging) and the 10 Gb/s
 * serial link behind it.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/moduleparam.h>

#include "priv.h"

static bool allow_any_sfp;
module_param(allow_any_sfp, bool, 0444);
MODULE_PARM_DESC(allow_any_sfp, "Use SFP+ modules of any vendor and kind (default: no)");

/* SFF-8472: serial ID bytes at I2C address A0h. */
#define SFP_I2C_ADDR		0xa0
#define SFP_I2C_READ		1
#define SFP_ID			0
#define SFP_ID_SFP		0x03
#define SFP_10G_CODES		3
#define SFP_10G_SR		BIT(4)
#define SFP_10G_LR		BIT(5)
#define SFP_CABLE		8
#define SFP_CABLE_PASSIVE	BIT(2)
#define SFP_CABLE_ACTIVE	BIT(3)
#define SFP_VENDOR_OUI		37
#define SFP_OUI_INTEL		0x001b21
#define SFP_ACTIVE_SPEC		60
#define SFP_ACTIVE_LIMITING	BIT(2)

#define I2C_RETRIES		3
/* Standard mode (100 kHz): half a clock period, and the largest stretch. */
#define I2C_HALF_US		5
#define I2C_STRETCH_US		500

/* ---- I2C, 3.6.3 and 8.2.3.1.7; an output bit of 1 lets go of the line ---- */

static void i2c_set(struct atmo_ixgbe *port, u32 clear, u32 set)
{
	u32 val = atmo_ixgbe_rd(port, IXGBE_I2CCTL);

	atmo_ixgbe_wr(port, IXGBE_I2CCTL, (val & ~clear) | set);
	atmo_ixgbe_flush(port);
	udelay(I2C_HALF_US);
}

static void i2c_data(struct atmo_ixgbe *port, bool high)
{
	i2c_set(port, IXGBE_I2CCTL_DATA_OUT, high ? IXGBE_I2CCTL_DATA_OUT : 0);
}

static void i2c_clock_low(struct atmo_ixgbe *port)
{
	i2c_set(port, IXGBE_I2CCTL_CLK_OUT, 0);
}

/* The module may hold the clock low until it is ready. */
static void i2c_clock_high(struct atmo_ixgbe *port)
{
	unsigned int i;

	i2c_set(port, 0, IXGBE_I2CCTL_CLK_OUT);
	for (i = 0; i < I2C_STRETCH_US / I2C_HALF_US; i++) {
		if (atmo_ixgbe_rd(port, IXGBE_I2CCTL) & IXGBE_I2CCTL_CLK_IN)
			break;
		udelay(I2C_HALF_US);
	}
}

static void i2c_start(struct atmo_ixgbe *port)
{
	i2c_data(port, true);
	i2c_clock_high(port);
	i2c_data(port, false);
	i2c_clock_low(port);
}

static void i2c_stop(struct atmo_ixgbe *port)
{
	i2c_data(port, false);
	i2c_clock_high(port);
	i2c_data(port, true);
}

static bool i2c_read_bit(struct atmo_ixgbe *port)
{
	bool bit;

	i2c_data(port, true);
	i2c_clock_high(port);
	bit = atmo_ixgbe_rd(port, IXGBE_I2CCTL) & IXGBE_I2CCTL_DATA_IN;
	i2c_clock_low(port);
	return bit;
}

static int i2c_write_byte(struct atmo_ixgbe *port, u8 byte)
{
	int i;

	for (i = 7; i >= 0; i--) {
		i2c_data(port, byte & BIT(i));
		i2c_clock_high(port);
		i2c_clock_low(port);
	}
	return i2c_read_bit(port) ? -ENXIO : 0;	/* ACK is low */
}

static u8 i2c_read_byte_nack(struct atmo_ixgbe *port)
{
	u8 byte = 0;
	int i;

	for (i = 0; i < 8; i++)
		byte = byte << 1 | i2c_read_bit(port);
	i2c_data(port, true);
	i2c_clock_high(port);
	i2c_clock_low(port);
	return byte;
}

/* A module left in the middle of a byte lets go after at most nine clocks. */
static void i2c_recover(struct atmo_ixgbe *port)
{
	int i;

	i2c_data(port, true);
	for (i = 0; i < 9; i++) {
		i2c_clock_high(port);
		i2c_clock_low(port);
	}
	i2c_start(port);
	i2c_stop(port);
}

static int sfp_read_once(struct atmo_ixgbe *port, u8 offset, u8 *val)
{
	int err;

	i2c_start(port);
	err = i2c_write_byte(port, SFP_I2C_ADDR);
	if (!err)
		err = i2c_write_byte(port, offset);
	if (!err) {
		i2c_start(port);
		err = i2c_write_byte(port, SFP_I2C_ADDR | SFP_I2C_READ);
	}
	if (err) {
		i2c_recover(port);
		return err;
	}
	*val = i2c_read_byte_nack(port);
	i2c_stop(port);
	return 0;
}

static int sfp_read(struct atmo_ixgbe *port, u8 offset, u8 *val)
{
	u32 sem = IXGBE_SW_FW_SYNC_SW_PHY(port->lan_id);
	int err = -EIO;
	int i;

	for (i = 0; err && i < I2C_RETRIES; i++) {
		err = atmo_ixgbe_hw_sem_get(port, sem);
		if (err)
			return err;
		err = sfp_read_once(port, offset, val);
		atmo_ixgbe_hw_sem_put(port, sem);
		if (READ_ONCE(port->removed))
			return -ENODEV;
	}
	return err;
}

/* ---- What module is it? ---- */

static int sfp_read_kind(struct atmo_ixgbe *port, enum atmo_ixgbe_sfp *kind)
{
	u8 id, codes, cable, spec;
	int err;

	err = sfp_read(port, SFP_ID, &id);
	if (!err)
		err = sfp_read(port, SFP_10G_CODES, &codes);
	if (!err)
		err = sfp_read(port, SFP_CABLE, &cable);
	if (err)
		return err;

	*kind = ATMO_IXGBE_SFP_REFUSED;
	if (id != SFP_ID_SFP)
		return 0;
	if (cable & SFP_CABLE_PASSIVE) {
		*kind = ATMO_IXGBE_SFP_DA_PASSIVE;
	} else if (cable & SFP_CABLE_ACTIVE) {
		err = sfp_read(port, SFP_ACTIVE_SPEC, &spec);
		if (!err && (spec & SFP_ACTIVE_LIMITING))
			*kind = ATMO_IXGBE_SFP_DA_ACTIVE;
	} else if (codes & (SFP_10G_SR | SFP_10G_LR)) {
		*kind = ATMO_IXGBE_SFP_OPTICAL;
	}
	return err;
}

static int sfp_read_oui(struct atmo_ixgbe *port, u32 *oui)
{
	u8 byte;
	int err;
	int i;

	*oui = 0;
	for (i = 0; i < 3; i++) {
		err = sfp_read(port, SFP_VENDOR_OUI + i, &byte);
		if (err)
			return err;
		*oui = *oui << 8 | byte;
	}
	return 0;
}

/*
 * Cables are fine from anyone. Optics that the card's maker doesn't know may
 * draw too much power or need other tuning, unless its EEPROM says otherwise.
 */
static bool sfp_trusted(struct atmo_ixgbe *port, enum atmo_ixgbe_sfp kind, u32 oui)
{
	u16 caps;

	if (kind == ATMO_IXGBE_SFP_REFUSED)
		return false;
	if (kind != ATMO_IXGBE_SFP_OPTICAL || oui == SFP_OUI_INTEL)
		return true;
	return !atmo_ixgbe_hw_eeprom_read(port, IXGBE_EEPROM_DEVICE_CAPS, &caps) &&
	       caps != IXGBE_EEPROM_NONE && (caps & IXGBE_EEPROM_CAPS_ANY_SFP);
}

/**
 * atmo_ixgbe_sfp_identify() - find out which module is plugged in
 * @port: port
 *
 * Sets port->sfp. A module that is refused is named once, with what to do.
 *
 * Context: process, sleeps, takes hw_lock.
 */
void atmo_ixgbe_sfp_identify(struct atmo_ixgbe *port)
{
	enum atmo_ixgbe_sfp kind = ATMO_IXGBE_SFP_NONE;
	enum atmo_ixgbe_sfp before = port->sfp;
	u32 oui = 0;

	mutex_lock(&port->hw_lock);
	if (!sfp_read_kind(port, &kind) && !sfp_read_oui(port, &oui)) {
		if (!sfp_trusted(port, kind, oui)) {
			if (allow_any_sfp)
				kind = ATMO_IXGBE_SFP_OPTICAL;
			else
				kind = ATMO_IXGBE_SFP_REFUSED;
		}
	} else {
		kind = ATMO_IXGBE_SFP_NONE;
	}
	WRITE_ONCE(port->sfp, kind);
	mutex_unlock(&port->hw_lock);

	if (kind == before || READ_ONCE(port->removed))
		return;
	if (kind == ATMO_IXGBE_SFP_REFUSED)
		dev_err(port->dev,
			"SFP+ module (vendor OUI %06x) is not one this driver knows; load with allow_any_sfp=1 to use it all the same\n",
			oui);
	else if (kind == ATMO_IXGBE_SFP_NONE)
		dev_info(port->dev, "no SFP+ module\n");
	else
		dev_info(port->dev, "SFP+ module: %s, vendor OUI %06x\n",
			 kind == ATMO_IXGBE_SFP_OPTICAL ? "10GBASE-SR/LR" : "direct attach",
			 oui);
}

/* ---- Link, 3.7.4 ---- */

/*
 * 6.3: the EEPROM lists, for each kind of module and each port, a sequence of
 * values for CORECTL that tune the analogue front end. Cards without the list
 * are tuned by hardware defaults. Both walks end after as many words as an
 * EEPROM can have.
 */
static int find_tuning(struct atmo_ixgbe *port, u16 want, u16 *offset)
{
	u16 pos, id;
	int words = FIELD_MAX(IXGBE_EERD_ADDR);
	int err = atmo_ixgbe_hw_eeprom_read(port, IXGBE_EEPROM_PHY_INIT, &pos);

	if (err)
		return err;
	if (!pos || pos == IXGBE_EEPROM_NONE)
		return -ENOENT;
	for (pos++; words > 0; words -= 2, pos += 2) {
		err = atmo_ixgbe_hw_eeprom_read(port, pos, &id);
		if (err)
			return err;
		if (id == IXGBE_EEPROM_NONE)
			return -ENOENT;
		if (id != want)
			continue;
		err = atmo_ixgbe_hw_eeprom_read(port, pos + 1, offset);
		if (err)
			return err;
		return *offset && *offset != IXGBE_EEPROM_NONE ? 0 : -ENOENT;
	}
	return -ENOENT;
}

static void tune(struct atmo_ixgbe *port)
{
	u16 id = port->sfp;
	u16 pos, val;
	int words;

	/* Limiting active cables are tuned as optical modules. */
	if (id == ATMO_IXGBE_SFP_DA_ACTIVE)
		id = ATMO_IXGBE_SFP_OPTICAL;
	if (find_tuning(port, id + port->lan_id, &pos)) {
		dev_dbg(port->dev, "EEPROM has no tuning for SFP+ kind %u\n", id);
		return;
	}
	for (words = FIELD_MAX(IXGBE_EERD_ADDR); words > 0; words--) {
		if (atmo_ixgbe_hw_eeprom_read(port, ++pos, &val) || val == IXGBE_EEPROM_NONE)
			break;
		atmo_ixgbe_wr(port, IXGBE_CORECTL, val);
		atmo_ixgbe_flush(port);
	}
}

/*
 * The analogue pipeline takes over a new AUTOC only when auto-negotiation is
 * seen to restart, for which LMS is changed there and back (82599 specification
 * update: "link may not come up").
 */
static void restart_pipeline(struct atmo_ixgbe *port, u32 autoc)
{
	int i;

	autoc |= IXGBE_AUTOC_RESTART_AN;
	atmo_ixgbe_wr(port, IXGBE_AUTOC, autoc ^ IXGBE_AUTOC_LMS_TOGGLE);
	for (i = 0; i < 10; i++) {
		usleep_range(4000, 8000);
		if (atmo_ixgbe_rd(port, IXGBE_ANLP1) & IXGBE_ANLP1_AN_STATE)
			break;
	}
	atmo_ixgbe_wr(port, IXGBE_AUTOC, autoc);
	atmo_ixgbe_flush(port);
	msleep(50);
}

static void set_laser(struct atmo_ixgbe *port, bool on)
{
	u32 esdp = atmo_ixgbe_rd(port, IXGBE_ESDP);

	esdp |= IXGBE_ESDP_SDP3_IODIR | IXGBE_ESDP_SDP5_IODIR | IXGBE_ESDP_SDP5_DATA;
	if (on)
		esdp &= ~IXGBE_ESDP_SDP3_DATA;
	else
		esdp |= IXGBE_ESDP_SDP3_DATA;
	atmo_ixgbe_wr(port, IXGBE_ESDP, esdp);
	atmo_ixgbe_flush(port);
}

/**
 * atmo_ixgbe_link_start() - transmitter on, 10 Gb/s serial, no negotiation
 * @port: port
 *
 * Does nothing without a usable module; the watchdog calls again when one has
 * been plugged in. The link comes up later, with an interrupt.
 *
 * Context: process, sleeps, takes hw_lock.
 */
void atmo_ixgbe_link_start(struct atmo_ixgbe *port)
{
	u32 autoc, autoc2;

	if (port->sfp == ATMO_IXGBE_SFP_NONE || port->sfp == ATMO_IXGBE_SFP_REFUSED)
		return;
	mutex_lock(&port->hw_lock);
	/* AUTOC and CORECTL are shared with firmware that may watch the link. */
	if (atmo_ixgbe_hw_sem_get(port, IXGBE_SW_FW_SYNC_SW_MAC_CSR)) {
		dev_err(port->dev, "firmware does not let go of the MAC, link not started\n");
		goto out;
	}
	tune(port);

	autoc2 = atmo_ixgbe_rd(port, IXGBE_AUTOC2);
	autoc2 &= ~(IXGBE_AUTOC2_10G_PMA_PMD | IXGBE_AUTOC2_LINK_DISABLE);
	autoc2 |= FIELD_PREP(IXGBE_AUTOC2_10G_PMA_PMD, IXGBE_AUTOC2_10G_SFI);
	atmo_ixgbe_wr(port, IXGBE_AUTOC2, autoc2);

	autoc = atmo_ixgbe_rd(port, IXGBE_AUTOC);
	autoc &= ~IXGBE_AUTOC_LMS;
	autoc |= FIELD_PREP(IXGBE_AUTOC_LMS, IXGBE_AUTOC_LMS_10G_SERIAL);
	restart_pipeline(port, autoc);
	atmo_ixgbe_hw_sem_put(port, IXGBE_SW_FW_SYNC_SW_MAC_CSR);
	set_laser(port, true);
out:
	mutex_unlock(&port->hw_lock);
}

/**
 * atmo_ixgbe_link_stop() - transmitter off: the peer sees the link go
 * @port: port
 *
 * Context: process, takes hw_lock.
 */
void atmo_ixgbe_link_stop(struct atmo_ixgbe *port)
{
	mutex_lock(&port->hw_lock);
	set_laser(port, false);
	mutex_unlock(&port->hw_lock);
}

/**
 * atmo_ixgbe_link_up() - is there a 10 Gb/s link?
 * @port: port
 *
 * LINKS.LINK_UP latches low: the first read tells the past.
 *
 * Context: process.
 * Return: true if packets can be sent.
 */
bool atmo_ixgbe_link_up(struct atmo_ixgbe *port)
{
	u32 links;

	atmo_ixgbe_rd(port, IXGBE_LINKS);
	links = atmo_ixgbe_rd(port, IXGBE_LINKS);
	if (READ_ONCE(port->removed))
		return false;
	return (links & IXGBE_LINKS_UP) &&
	       FIELD_GET(IXGBE_LINKS_SPEED, links) == IXGBE_LINKS_SPEED_10G;
}
