// SPDX-License-Identifier: GPL-2.0
/*
 * Link flow control (IEEE 802.3 annex 31B; datasheet 3.7.7, 8.2.3.3). The
 * receive packet buffer's thresholds send XOFF and XON frames, received ones
 * stop the transmitter. Priority flow control is storage only.
 */
#include <string.h>

#include "regs_table.h"

#define ETH_P_MAC_CONTROL	0x8808
#define OPCODE_PAUSE		0x0001
#define QUANTUM_PS		51200u	/* 512 bit times at 10 Gb/s */

static const uint8_t pause_addr[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

static uint64_t quanta_ns(uint32_t quanta)
{
	return (uint64_t)quanta * QUANTUM_PS / 1000;
}

static void send_pause(struct nic *n, uint16_t quanta)
{
	uint8_t f[FRAME_MIN];
	unsigned int i;

	memset(f, 0, sizeof(f));
	memcpy(f, pause_addr, 6);
	for (i = 0; i < 4; i++)
		f[6 + i] = (uint8_t)(REG(n, RAL(0)) >> (8 * i));
	f[10] = (uint8_t)REG(n, RAH(0));
	f[11] = (uint8_t)(REG(n, RAH(0)) >> 8);
	put_be16(f + 12, ETH_P_MAC_CONTROL);
	put_be16(f + 14, OPCODE_PAUSE);
	put_be16(f + 16, quanta);
	stats_inc(n, quanta ? LXOFFTXC : LXONTXC);
	wire_send(n->wire, f, sizeof(f));
}

/* Sent again when FCRTV quanta are left; with FCRTV 0 it isn't. */
static void send_xoff(struct nic *n)
{
	uint32_t ttv = REG(n, FCTTV) & 0xffff, rtv = REG(n, FCRTV) & 0xffff;

	n->xoff_sent = true;
	send_pause(n, (uint16_t)ttv);
	if (rtv && rtv < ttv)
		bus_timer_arm(&n->refresh_timer,
			      bus_now_ns() + quanta_ns(ttv - rtv));
}

static bool sends_pause(const struct nic *n)
{
	return REG(n, FCCFG) & FCCFG_TFCE_LINK &&
	       REG(n, FCRTH) & FCRTH_FCEN && REG(n, FCTTV) & 0xffff &&
	       n->link_up && !(REG(n, HLREG0) & HLREG0_LPBK);
}

/* After the packet buffer's level changed: cross a threshold, send a frame. */
void flow_fifo_changed(struct nic *n)
{
	uint32_t used = n->fifo.used;

	if (!n->xoff_sent) {
		if (sends_pause(n) && used > (REG(n, FCRTH) & FCRT_BYTES))
			send_xoff(n);
		return;
	}
	if (used > (REG(n, FCRTL) & FCRT_BYTES))
		return;
	n->xoff_sent = false;
	bus_timer_cancel(&n->refresh_timer);
	if (REG(n, FCRTL) & FCRTL_XONE && sends_pause(n))
		send_pause(n, 0);
}

static void refresh(struct bus_timer *t)
{
	struct nic *n = container_of(t, struct nic, refresh_timer);

	if (sends_pause(n) && n->fifo.used > (REG(n, FCRTL) & FCRT_BYTES))
		send_xoff(n);
	else
		n->xoff_sent = false;
}

/*
 * The pause ends in the timer of its deadline, never because somebody looked at
 * the clock: the far end's refresh is due before it, so however late this
 * process runs, the two happen in the order in which they would on a wire.
 */
static void pause_over(struct bus_timer *t)
{
	struct nic *n = container_of(t, struct nic, pause_timer);

	n->paused = false;
	tx_restart(n);
}

static void pause_received(struct nic *n, uint16_t quanta)
{
	stats_inc(n, quanta ? LXOFFRXCNT : LXONRXCNT);
	n->paused = quanta;
	if (quanta) {
		bus_timer_arm(&n->pause_timer,
			      bus_now_ns() + quanta_ns(quanta));
	} else {
		bus_timer_cancel(&n->pause_timer);
		tx_restart(n);
	}
}

/* True: the frame was for the MAC and goes no further. */
bool flow_receive(struct nic *n, const uint8_t *frame, uint32_t len)
{
	uint32_t mflcn = REG(n, MFLCN);

	if (len < 18 || get_be16(frame + 12) != ETH_P_MAC_CONTROL)
		return false;
	if (get_be16(frame + 14) != OPCODE_PAUSE ||
	    memcmp(frame, pause_addr, 6))
		return !(mflcn & MFLCN_PMCF);
	if (mflcn & MFLCN_RFCE)
		pause_received(n, get_be16(frame + 16));
	return !(mflcn & MFLCN_PMCF) || mflcn & MFLCN_DPF;
}

void flow_init(struct nic *n)
{
	n->refresh_timer.fn = refresh;
	n->pause_timer.fn = pause_over;
}

void flow_reset(struct nic *n)
{
	n->xoff_sent = false;
	n->paused = false;
	bus_timer_cancel(&n->refresh_timer);
	bus_timer_cancel(&n->pause_timer);
}

static uint32_t tfcs_rd(struct nic *n, unsigned int i)
{
	(void)i;
	return n->paused ? TFCS_TC_XOFF : 0;
}

static const struct reg_def defs[] = {
	ST("PFCTOP", PFCTOP, 0, ALL32),
	RWA("FCTTV", FCTTV, 4, 4, 0, ALL32),
	RWA("FCRTL", FCRTL, 8, 4, 0, 0x8007fff0),
	RWA("FCRTH", FCRTH, 8, 4, 0, 0x8007fff0),
	RW("FCRTV", FCRTV, 0, 0x0000ffff),
	RW("FCCFG", FCCFG, 0, 0x00000018),
	RW("MFLCN", MFLCN, 0, 0x00000fff),
	HK("TFCS", TFCS, 0, 0, tfcs_rd, NULL),
};

const struct reg_table regs_flow = { defs, ARRAY_SIZE(defs) };
