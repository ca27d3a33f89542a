// SPDX-License-Identifier: GPL-2.0
/*
 * Reset, semaphores, EEPROM and everything of the device that is not a queue.
 * Sections are those of the 82599 data sheet, revision 3.0.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>

#include "priv.h"

/* Longest time a DMA read may take to complete, generously (PCIe: 50 ms). */
#define MASTER_DISABLE_STEPS	800
#define MASTER_DISABLE_STEP_US	100
#define SEM_TRIES		200
#define SEM_STEP_US		50

/* Traffic classes of transmission, and what one may save up, in 64 bytes. */
#define NR_TC			4
#define TC_MAX_CREDIT		0x200

/**
 * atmo_ixgbe_suspect() - a register read as all ones: is the device gone?
 * @port: port
 * @reg: register that was read
 *
 * No register can be all ones together with STATUS, whose upper bits are
 * reserved zeros. Once found, the device stays gone: no access reaches the bus
 * any more, lane_error says -ENODEV, and the watchdog wakes all lanes.
 *
 * Context: any.
 * Return: the value to take for the register.
 */
u32 atmo_ixgbe_suspect(struct atmo_ixgbe *port, u32 reg)
{
	if (reg != IXGBE_STATUS && readl(port->bar + IXGBE_STATUS) != IXGBE_REMOVED)
		return IXGBE_REMOVED;
	if (!xchg(&port->removed, true)) {
		dev_err(port->dev, "device has left the bus\n");
		if (READ_ONCE(port->up))
			mod_delayed_work(system_percpu_wq, &port->watchdog, 0);
	}
	return IXGBE_REMOVED;
}

/**
 * atmo_ixgbe_hw_poll() - wait until (register & mask) == want
 * @port: port
 * @reg: register
 * @mask: bits looked at
 * @want: value they should get
 * @step_us: time between reads
 * @steps: reads at most
 *
 * Context: process, sleeps.
 * Return: 0, -ETIMEDOUT, -ENODEV when the device is gone.
 */
int atmo_ixgbe_hw_poll(struct atmo_ixgbe *port, u32 reg, u32 mask, u32 want,
		       unsigned int step_us, unsigned int steps)
{
	while (steps--) {
		u32 val = atmo_ixgbe_rd(port, reg);

		if (READ_ONCE(port->removed))
			return -ENODEV;
		if ((val & mask) == want)
			return 0;
		usleep_range(step_us, 2 * step_us);
	}
	return -ETIMEDOUT;
}

/* ---- Semaphores, 10.5.4 ---- */

/*
 * SMBI is between the drivers of the two ports and is taken by reading it as 0;
 * SWESMBI is between software and firmware and is taken by setting it and
 * finding it set. Both guard SW_FW_SYNC only.
 */
static int swsm_get(struct atmo_ixgbe *port)
{
	int err = atmo_ixgbe_hw_poll(port, IXGBE_SWSM, IXGBE_SWSM_SMBI, 0, SEM_STEP_US,
				     SEM_TRIES);
	unsigned int i;

	/*
	 * A holder needs microseconds. After so long it must have died holding
	 * it; the data sheet lets software take it over then.
	 */
	if (err == -ETIMEDOUT)
		dev_dbg(port->dev, "SWSM.SMBI was left set; taken over\n");
	else if (err)
		return err;

	for (i = 0; i < SEM_TRIES; i++) {
		atmo_ixgbe_set_bits(port, IXGBE_SWSM, IXGBE_SWSM_SWESMBI);
		if (atmo_ixgbe_rd(port, IXGBE_SWSM) & IXGBE_SWSM_SWESMBI)
			return 0;
		usleep_range(SEM_STEP_US, 2 * SEM_STEP_US);
	}
	atmo_ixgbe_clear_bits(port, IXGBE_SWSM, IXGBE_SWSM_SMBI);
	return -EBUSY;
}

static void swsm_put(struct atmo_ixgbe *port)
{
	atmo_ixgbe_clear_bits(port, IXGBE_SWSM, IXGBE_SWSM_SWESMBI | IXGBE_SWSM_SMBI);
	atmo_ixgbe_flush(port);
}

/**
 * atmo_ixgbe_hw_sem_get() - take resources shared with firmware and other port
 * @port: port
 * @mask: IXGBE_SW_FW_SYNC_SW_*
 *
 * Context: process, sleeps, holds hw_lock.
 * Return: 0, -EBUSY, -ENODEV.
 */
int atmo_ixgbe_hw_sem_get(struct atmo_ixgbe *port, u32 mask)
{
	unsigned int i;
	u32 sync;
	int err;

	lockdep_assert_held(&port->hw_lock);
	for (i = 0; i < SEM_TRIES; i++) {
		err = swsm_get(port);
		if (err)
			return err;
		sync = atmo_ixgbe_rd(port, IXGBE_SW_FW_SYNC);
		if (!(sync & (mask | IXGBE_SW_FW_SYNC_FW(mask)))) {
			atmo_ixgbe_wr(port, IXGBE_SW_FW_SYNC, sync | mask);
			swsm_put(port);
			return 0;
		}
		swsm_put(port);
		usleep_range(5000, 10000);
	}
	return -EBUSY;
}

void atmo_ixgbe_hw_sem_put(struct atmo_ixgbe *port, u32 mask)
{
	/* Without SWSM nobody may write SW_FW_SYNC: leave it to time-outs then. */
	if (swsm_get(port))
		return;
	atmo_ixgbe_clear_bits(port, IXGBE_SW_FW_SYNC, mask);
	swsm_put(port);
}

/**
 * atmo_ixgbe_hw_eeprom_read() - read a word of the EEPROM (8.2.3.2.2)
 * @port: port
 * @word: word address
 * @val: where to put it
 *
 * Context: process, sleeps, holds hw_lock.
 * Return: 0 or a negative errno.
 */
int atmo_ixgbe_hw_eeprom_read(struct atmo_ixgbe *port, u16 word, u16 *val)
{
	int err;

	lockdep_assert_held(&port->hw_lock);
	if (!FIELD_FIT(IXGBE_EERD_ADDR, word))
		return -EINVAL;
	atmo_ixgbe_wr(port, IXGBE_EERD,
		      FIELD_PREP(IXGBE_EERD_ADDR, word) | IXGBE_EERD_START);
	err = atmo_ixgbe_hw_poll(port, IXGBE_EERD, IXGBE_EERD_DONE, IXGBE_EERD_DONE, 5, 2000);
	if (err)
		return err;
	*val = FIELD_GET(IXGBE_EERD_DATA, atmo_ixgbe_rd(port, IXGBE_EERD));
	return 0;
}

/* ---- Reset, 4.6.3 ---- */

/* 4.6.3.1: masked before and after the reset, which may raise some. */
static void mask_interrupts(struct atmo_ixgbe *port)
{
	atmo_ixgbe_wr(port, IXGBE_EIMC, ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIMC_EX(0), ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIMC_EX(1), ~0U);
	atmo_ixgbe_rd(port, IXGBE_EICR);
}

/*
 * 5.2.5.3.2: no DMA may be under way when the reset comes. If the device can't
 * finish what it has begun, its PCIe buffers are flushed and it is reset twice.
 */
static bool master_disable(struct atmo_ixgbe *port)
{
	atmo_ixgbe_set_bits(port, IXGBE_CTRL, IXGBE_CTRL_PCIE_MASTER_DISABLE);
	if (!atmo_ixgbe_hw_poll(port, IXGBE_STATUS, IXGBE_STATUS_PCIE_MASTER_ENABLE, 0,
				MASTER_DISABLE_STEP_US, MASTER_DISABLE_STEPS))
		return true;
	if (READ_ONCE(port->removed))
		return true;

	dev_warn(port->dev, "DMA still pending, resetting twice\n");
	atmo_ixgbe_set_bits(port, IXGBE_HLREG0, IXGBE_HLREG0_LPBK);
	atmo_ixgbe_flush(port);
	usleep_range(3000, 6000);
	atmo_ixgbe_set_bits(port, IXGBE_GCR_EXT, IXGBE_GCR_EXT_BUFFERS_CLEAR);
	atmo_ixgbe_flush(port);
	usleep_range(20, 40);
	atmo_ixgbe_clear_bits(port, IXGBE_GCR_EXT, IXGBE_GCR_EXT_BUFFERS_CLEAR);
	atmo_ixgbe_clear_bits(port, IXGBE_HLREG0, IXGBE_HLREG0_LPBK);
	return false;
}

static int reset_once(struct atmo_ixgbe *port)
{
	u32 rst = IXGBE_CTRL_RST | IXGBE_CTRL_LRST;
	int err;

	atmo_ixgbe_set_bits(port, IXGBE_CTRL, rst);
	/* 4.2.1.6: registers may not be read for 1 ms. */
	usleep_range(1000, 2000);
	err = atmo_ixgbe_hw_poll(port, IXGBE_CTRL, rst, 0, 100, 100);
	if (err)
		return err;
	/* 4.6.3.2: at least 10 ms for the reset to settle. */
	msleep(20);
	return 0;
}

/**
 * atmo_ixgbe_hw_reset() - reset the port; all DMA ends
 * @port: port
 *
 * On success no queue is enabled, all interrupts are masked, and the device
 * touches no memory.
 *
 * Context: process, sleeps, holds port->lock or is the only user.
 * Return: 0, -ETIMEDOUT, -ENODEV.
 */
int atmo_ixgbe_hw_reset(struct atmo_ixgbe *port)
{
	int err;

	mask_interrupts(port);
	atmo_ixgbe_clear_bits(port, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
	if (!master_disable(port)) {
		err = reset_once(port);
		if (err)
			goto fail;
	}
	err = reset_once(port);
	if (err)
		goto fail;
	mask_interrupts(port);

	/* 4.6.3: the EEPROM's values are loaded, then DMA is initialised. */
	err = atmo_ixgbe_hw_poll(port, IXGBE_EEC, IXGBE_EEC_AUTO_RD, IXGBE_EEC_AUTO_RD, 1000,
				 100);
	if (!err)
		err = atmo_ixgbe_hw_poll(port, IXGBE_RDRXCTL, IXGBE_RDRXCTL_DMAIDONE,
					 IXGBE_RDRXCTL_DMAIDONE, 1000, 100);
	if (!err)
		return 0;
fail:
	if (err != -ENODEV)
		dev_err(port->dev, "reset does not complete (%pe)\n", ERR_PTR(err));
	return err;
}

/**
 * atmo_ixgbe_hw_read_mac() - the permanent address, right after a reset
 * @port: port
 * @addr: where to put it
 *
 * Context: process.
 * Return: 0, or -EADDRNOTAVAIL if the EEPROM has none.
 */
int atmo_ixgbe_hw_read_mac(struct atmo_ixgbe *port, u8 *addr)
{
	u32 ral = atmo_ixgbe_rd(port, IXGBE_RAL(0));
	u32 rah = FIELD_GET(IXGBE_RAH_ADDR, atmo_ixgbe_rd(port, IXGBE_RAH(0)));
	unsigned int i;

	for (i = 0; i < 4; i++)
		addr[i] = ral >> (8 * i);
	for (i = 0; i < 2; i++)
		addr[4 + i] = rah >> (8 * i);
	return is_valid_ether_addr(addr) ? 0 : -EADDRNOTAVAIL;
}

/* @addr NULL: entry unused. Context: any. */
void atmo_ixgbe_hw_set_rar(struct atmo_ixgbe *port, unsigned int i, const u8 *addr)
{
	u32 ral = 0;
	u32 rah = 0;

	if (addr) {
		ral = addr[0] | addr[1] << 8 | addr[2] << 16 | (u32)addr[3] << 24;
		rah = addr[4] | addr[5] << 8 | IXGBE_RAH_AV;
	}
	/* Invalid while it is half written. */
	atmo_ixgbe_wr(port, IXGBE_RAH(i), 0);
	atmo_ixgbe_wr(port, IXGBE_RAL(i), ral);
	atmo_ixgbe_wr(port, IXGBE_RAH(i), rah);
}

/* ---- Everything but the queues, 4.6.7 and 4.6.8 ---- */

static u32 rx_pb_kb(const struct atmo_ixgbe *port)
{
	return IXGBE_RX_PB_KB - port->fdir.buf_kb;
}

/*
 * 4.6.11.3: one receive buffer, of what Flow Director leaves, and one transmit
 * buffer for each traffic class.
 */
static void init_packet_buffers(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < IXGBE_NR_PB; i++) {
		u32 kb = i < NR_TC ? IXGBE_TX_PB_KB / NR_TC : 0;

		atmo_ixgbe_wr(port, IXGBE_RXPBSIZE(i), i ? 0 :
			      FIELD_PREP(IXGBE_RXPBSIZE_SIZE, rx_pb_kb(port)));
		atmo_ixgbe_wr(port, IXGBE_TXPBSIZE(i), FIELD_PREP(IXGBE_TXPBSIZE_SIZE, kb));
		/* In KB: room for one largest frame (10 KB) must be left. */
		atmo_ixgbe_wr(port, IXGBE_TXPBTHRESH(i), kb ? kb - 10 : 0);
	}
}

/*
 * PAUSE frames are obeyed but never sent: a lane whose owner doesn't receive
 * drops its own packets (SRRCTL.DROP_EN) and must not stop the peer. 3.7.7.3:
 * the high water mark counts even so; 24 KB below the buffer's size.
 */
static void init_flow_control(struct atmo_ixgbe *port)
{
	atmo_ixgbe_wr(port, IXGBE_FCCFG, 0);
	atmo_ixgbe_wr(port, IXGBE_FCRTL(0), 0);
	atmo_ixgbe_wr(port, IXGBE_FCRTH(0), (rx_pb_kb(port) - 24) * 1024);
	atmo_ixgbe_wr(port, IXGBE_MFLCN, IXGBE_MFLCN_DPF | IXGBE_MFLCN_RFCE);
}

static void init_rx(struct atmo_ixgbe *port)
{
	u32 val;

	/* CRC stripped by MAC and DMA alike, no jumbo frames: <= 1522 bytes. */
	val = atmo_ixgbe_rd(port, IXGBE_HLREG0);
	val &= ~(IXGBE_HLREG0_JUMBOEN | IXGBE_HLREG0_LPBK);
	val |= IXGBE_HLREG0_TXCRCEN | IXGBE_HLREG0_RXCRCSTRP | IXGBE_HLREG0_TXPADEN |
	       IXGBE_HLREG0_RXLNGTHERREN;
	atmo_ixgbe_wr(port, IXGBE_HLREG0, val);

	/* 4.6.7: RSCFRSTSIZE zero, RSCACKC and FCOE_WRFIX one, used or not. */
	val = atmo_ixgbe_rd(port, IXGBE_RDRXCTL);
	val &= ~IXGBE_RDRXCTL_RSCFRSTSIZE;
	val |= IXGBE_RDRXCTL_CRC_STRIP | IXGBE_RDRXCTL_RSCACKC | IXGBE_RDRXCTL_FCOE_WRFIX;
	atmo_ixgbe_wr(port, IXGBE_RDRXCTL, val);

	/* No receive side coalescing (one frame, one page), no NFS parsing. */
	atmo_ixgbe_set_bits(port, IXGBE_RSCDBU, IXGBE_RSCDBU_RSCACKDIS);
	atmo_ixgbe_set_bits(port, IXGBE_RFCTL, IXGBE_RFCTL_RSC_DIS | IXGBE_RFCTL_NFSW_DIS |
			    IXGBE_RFCTL_NFSR_DIS);
	atmo_ixgbe_wr(port, IXGBE_PSRTYPE(0), 0);
	/* Descriptors carry the RSS hash instead of the raw checksum. */
	atmo_ixgbe_set_bits(port, IXGBE_RXCSUM, IXGBE_RXCSUM_PCSD);
	/* Tagged frames go through untouched. */
	atmo_ixgbe_clear_bits(port, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE | IXGBE_VLNCTRL_CFIEN);
}

/*
 * 7.2.1.2: in DCB mode with four traffic classes the 128 queues belong to these
 * as 0..63, 64..95, 96..111 and 112..127. The classes mean nothing here: each has
 * credit in proportion to its queues, so that no lane is favoured much by the
 * queue it happens to get.
 */
static void init_tx_credits(struct atmo_ixgbe *port)
{
	static const u16 refill[NR_TC] = { 0x100, 0x80, 0x40, 0x40 };
	unsigned int i;

	for (i = 0; i < IXGBE_NR_PB; i++) {
		u32 credit = i < NR_TC ? FIELD_PREP(IXGBE_RTTT2C_CRQ, refill[i]) |
			     FIELD_PREP(IXGBE_RTTT2C_MCL, TC_MAX_CREDIT) : 0;

		atmo_ixgbe_wr(port, IXGBE_RTTDT2C(i), credit);
		atmo_ixgbe_wr(port, IXGBE_RTTPT2C(i), credit);
	}
	for (i = 0; i < ATMO_IXGBE_NR_QUEUES; i++) {
		atmo_ixgbe_wr(port, IXGBE_RTTDQSEL, i);
		/* Queues share their class's credit. */
		atmo_ixgbe_wr(port, IXGBE_RTTDT1C, 0);
		atmo_ixgbe_wr(port, IXGBE_RTTBCNRC, 0);
	}
	/* 7.7.2.1: a limited queue that fell behind may catch up so many KB. */
	atmo_ixgbe_wr(port, IXGBE_RTTBCNRM, FIELD_PREP(IXGBE_RTTBCNRM_MMW_SIZE, 4));
}

/* 4.6.11.3: DCB on transmit only, to have all queues; both arbiters off meanwhile. */
static void init_tx(struct atmo_ixgbe *port)
{
	u32 val;

	atmo_ixgbe_set_bits(port, IXGBE_RTTDCS, IXGBE_RTTDCS_ARBDIS);
	atmo_ixgbe_set_bits(port, IXGBE_RTTPCS, IXGBE_RTTPCS_ARBDIS);
	atmo_ixgbe_wr(port, IXGBE_MTQC, IXGBE_MTQC_RT_ENA |
		      FIELD_PREP(IXGBE_MTQC_NUM_TC, IXGBE_MTQC_NUM_TC_4));
	val = atmo_ixgbe_rd(port, IXGBE_SECTXMINIFG) & ~IXGBE_SECTXMINIFG_MRKINSERT;
	atmo_ixgbe_wr(port, IXGBE_SECTXMINIFG, val |
		      FIELD_PREP(IXGBE_SECTXMINIFG_MRKINSERT,
				 IXGBE_SECTXMINIFG_MRKINSERT_DCB));
	init_tx_credits(port);
	/* All user priorities to class 0; there is no priority flow control. */
	atmo_ixgbe_wr(port, IXGBE_RTRUP2TC, 0);
	atmo_ixgbe_wr(port, IXGBE_RTTUP2TC, 0);
	atmo_ixgbe_wr(port, IXGBE_DTXMXSZRQ, IXGBE_DTXMXSZRQ_DCB);
	/* The bits that are not written must be clear in DCB mode. */
	atmo_ixgbe_wr(port, IXGBE_RTTDCS, IXGBE_RTTDCS_TDPAC | IXGBE_RTTDCS_TDRM);
	atmo_ixgbe_wr(port, IXGBE_RTTPCS, IXGBE_RTTPCS_TPPAC | IXGBE_RTTPCS_TPRM |
		      FIELD_PREP(IXGBE_RTTPCS_ARBD, IXGBE_RTTPCS_ARBD_DCB));
	/* 4.6.8: before the first queue is enabled. */
	atmo_ixgbe_set_bits(port, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
}

/**
 * atmo_ixgbe_hw_set_rate() - limit what a queue transmits
 * @port: port
 * @reg: queue
 * @rate: RTTBCNRC; zero: no limit
 *
 * Context: process, holds port->lock: two registers at once.
 */
void atmo_ixgbe_hw_set_rate(struct atmo_ixgbe *port, u16 reg, u32 rate)
{
	lockdep_assert_held(&port->lock);
	atmo_ixgbe_wr(port, IXGBE_RTTDQSEL, reg);
	atmo_ixgbe_wr(port, IXGBE_RTTBCNRC, rate);
}

/**
 * atmo_ixgbe_hw_init() - set up what all queues share, after a reset
 * @port: port
 *
 * Reception stays off until atmo_ixgbe_hw_rx_enable().
 *
 * Context: process, holds port->lock.
 */
void atmo_ixgbe_hw_init(struct atmo_ixgbe *port)
{
	atmo_ixgbe_set_bits(port, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_NS_DIS |
			    IXGBE_CTRL_EXT_DRV_LOAD);
	init_packet_buffers(port);
	init_flow_control(port);
	init_rx(port);
	init_tx(port);
}

/**
 * atmo_ixgbe_hw_rx_enable() - switch reception on or off
 * @port: port
 * @on: switch it on
 *
 * 4.6.7: frames that arrive at the very moment RXEN is set can hang the receive
 * DMA, so the security block in front of it is shut meanwhile.
 *
 * Context: process, sleeps, holds port->lock.
 */
void atmo_ixgbe_hw_rx_enable(struct atmo_ixgbe *port, bool on)
{
	atmo_ixgbe_set_bits(port, IXGBE_SECRXCTRL, IXGBE_SECRXCTRL_RX_DIS);
	if (atmo_ixgbe_hw_poll(port, IXGBE_SECRXSTAT, IXGBE_SECRXSTAT_SECRX_RDY,
			       IXGBE_SECRXSTAT_SECRX_RDY, 1000, 40) == -ETIMEDOUT)
		dev_dbg(port->dev, "SECRXSTAT.SECRX_RDY does not come\n");
	if (on)
		atmo_ixgbe_set_bits(port, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
	else
		atmo_ixgbe_clear_bits(port, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
	atmo_ixgbe_clear_bits(port, IXGBE_SECRXCTRL, IXGBE_SECRXCTRL_RX_DIS);
	atmo_ixgbe_flush(port);
}
