// SPDX-License-Identifier: GPL-2.0
/*
 * The MAC and the link: SFI link state, pins of the SFP+ cage, MDIO, frame
 * lengths and padding, loopback (datasheet 3.7, 8.2.3.22).
 */
#include <string.h>

#include "regs_table.h"

/* Time from light at both ends to link: short, but not within one access */
#define LINK_UP_NS	(10ull * 1000 * 1000)

#define SDP_MODULE_PRESENT	2u	/* in: the cage is full */
#define SDP_TX_DISABLE		3u	/* out: laser off */
#define SDP_INPUTS		(ESDP_SDP(0) | ESDP_SDP(1) | ESDP_SDP(2) | \
				 ESDP_SDP(4) | ESDP_SDP(6) | ESDP_SDP(7))

static bool laser_on(const struct nic *n)
{
	uint32_t esdp = REG(n, ESDP);

	return !(esdp & ESDP_SDP(SDP_TX_DISABLE) &&
		 esdp & ESDP_SDP_IODIR(SDP_TX_DISABLE));
}

/* The module's far end speaks 10 Gb/s serial only. */
static bool link_wanted(const struct nic *n)
{
	uint32_t autoc = REG(n, AUTOC);
	unsigned int lms = AUTOC_LMS(autoc);

	if (REG(n, AUTOC2) & AUTOC2_FORCE_LINK_DOWN)
		return false;
	if (autoc & AUTOC_FLU)
		return true;
	return n->carrier && laser_on(n) &&
	       (lms == AUTOC_LMS_10G_SERIAL || lms == AUTOC_LMS_10G_PARALLEL);
}

static void set_link(struct nic *n, bool up)
{
	if (up == n->link_up)
		return;
	n->link_up = up;
	if (up)
		REG(n, STATUS) |= STATUS_LINK_UP;
	else
		REG(n, STATUS) &= ~STATUS_LINK_UP;
	bus_debug("port %u: link %s", n->port, up ? "up" : "down");
	irq_other(n, EICR_LSC);
	if (up)
		tx_restart(n);
}

static void light(struct nic *n)
{
	bool on = laser_on(n);

	if (on == n->light)
		return;
	n->light = on;
	wire_light(n->wire, on);
}

/* Loss of link shows at once, link after LINK_UP_NS. */
void mac_update_link(struct nic *n)
{
	light(n);
	if (!link_wanted(n)) {
		bus_timer_cancel(&n->link_timer);
		set_link(n, false);
	} else if (!n->link_up) {
		bus_timer_arm(&n->link_timer, bus_now_ns() + LINK_UP_NS);
	}
}

static void link_timer(struct bus_timer *t)
{
	struct nic *n = container_of(t, struct nic, link_timer);

	if (link_wanted(n))
		set_link(n, true);
}

void mac_init(struct nic *n)
{
	n->link_timer.fn = link_timer;
	n->carrier = wire_carrier(n->wire);
}

void mac_stop(struct nic *n)
{
	bus_timer_cancel(&n->link_timer);
}

void mac_reset(struct nic *n, bool link_too)
{
	if (link_too) {
		set_link(n, false);
		REG(n, STATUS) &= ~STATUS_LINK_UP;
	}
	mac_update_link(n);
}

/* ---- transmit and receive ---- */

/*
 * Frame length limit without FCS: datasheet 8.2.3.22.13 (MAXFRS) with jumbo
 * frames, 1518 bytes without; a VLAN tag comes on top.
 */
static uint32_t max_frame(const struct nic *n, const uint8_t *frame,
			  uint32_t len)
{
	uint32_t max = 1518;

	if (REG(n, HLREG0) & HLREG0_JUMBOEN)
		max = REG(n, MAXFRS) >> 16;
	if (len >= ETH_HLEN && get_be16(frame + 12) == (REG(n, VLNCTRL) & VLNCTRL_VET))
		max += VLAN_HLEN;
	return max - FCS_LEN;
}

static bool length_ok(struct nic *n, const uint8_t *frame, uint32_t len)
{
	if (len < FRAME_MIN) {
		stats_inc(n, RUC);
		return false;
	}
	if (len > max_frame(n, frame, len)) {
		stats_inc(n, ROC);
		return false;
	}
	return true;
}

void mac_receive(struct nic *n, const uint8_t *frame, uint32_t len,
		 bool loopback)
{
	struct rxpkt p;

	if (!loopback && (!n->link_up || REG(n, HLREG0) & HLREG0_LPBK))
		return;
	if (!n->rx_on)
		return;
	stats_rx_total(n, len);
	if (!length_ok(n, frame, len))
		return;
	if (flow_receive(n, frame, len))
		return;
	memset(&p, 0, sizeof(p));
	p.data = frame;
	p.len = len;
	if (loopback)
		p.status |= RXD_LB;
	stats_rx_nonfiltered(n, &p);
	parse_frame(&p, REG(n, VLNCTRL) & VLNCTRL_VET);
	if (!filter_l2(n, &p))
		return;
	stats_rx_good(n, frame, len);
	parse_checksums(&p, !(REG(n, RXCSUM) & RXCSUM_PCSD));
	if (p.status & (RXD_ERR_IPE | RXD_ERR_L4E))
		stats_inc(n, XEC);
	steer_queue(n, &p);
	rx_packet(n, &p);
}

void mac_transmit(struct nic *n, const uint8_t *frame, uint32_t len)
{
	stats_tx(n, frame, len);
	if (REG(n, HLREG0) & HLREG0_LPBK)
		mac_receive(n, frame, len, true);
	else
		wire_send(n->wire, frame, len);
}

/* ---- registers ---- */

static uint32_t esdp_rd(struct nic *n, unsigned int i)
{
	uint32_t val = REG(n, ESDP), in = ESDP_SDP(SDP_MODULE_PRESENT);
	uint32_t dir = FIELD(val, 15, 8);

	(void)i;
	return (val & ~0xffu) | (val & dir) | (in & ~dir);
}

static void link_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	(void)val;
	mac_update_link(n);
}

static void autoc_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	if (val & AUTOC_RESTART_AN) {
		REG(n, AUTOC) &= ~AUTOC_RESTART_AN;
		set_link(n, false);
	}
	mac_update_link(n);
}

/*
 * LMS 4, 6 and 7 are the backplane modes with clause 73 negotiation. Nobody
 * answers on this medium, so its state machine stays in ability detect.
 */
static uint32_t anlp1_rd(struct nic *n, unsigned int i)
{
	unsigned int lms = AUTOC_LMS(REG(n, AUTOC));

	(void)i;
	return lms >= 4 && lms != 5 ? 3u << ANLP1_AN_STATE_SHIFT : 0;
}

static uint32_t links_rd(struct nic *n, unsigned int i)
{
	(void)i;
	if (!n->link_up)
		return n->carrier ? LINKS_SIGNAL : 0;
	return LINKS_UP | 3u << LINKS_SPEED_SHIFT | LINKS_10G_ALIGN |
	       LINKS_SIGNAL | LINKS_STATUS;
}

/* No PHY answers on the MDIO bus: reads find the pulled-up wire. */
static void msca_wr(struct nic *n, unsigned int i, uint32_t old, uint32_t val)
{
	(void)i;
	(void)old;
	if (!(val & MSCA_MDI_COMMAND))
		return;
	REG(n, MSCA) &= ~MSCA_MDI_COMMAND;
	if (FIELD(val, 27, 26) >= 2)
		REG(n, MSRWD) |= 0xffff0000u;
}

static const struct reg_def defs[] = {
	/* Pins keep their state over resets (8.2.3.1.4) */
	{ .name = "ESDP", .off = ESDP, .count = 1, .flags = RF_KEEP,
	  .reset = ESDP_SDP_IODIR(3) | ESDP_SDP_IODIR(5), .wmask = 0x00ffffff,
	  .rd = esdp_rd, .wr = link_wr },
	ST("PCS1GCFIG", 0x04200, 0, ALL32),
	ST("PCS1GLCTL", PCS1GLCTL, 0x02000008, 0x000700ff),
	RO("PCS1GLSTA", PCS1GLSTA, 0),
	ST("PCS1GDBG0", 0x04210, 0, ALL32),
	ST("PCS1GDBG1", 0x04214, 0, ALL32),
	ST("PCS1GANA", 0x04218, 0x000001a0, 0x0000ffff),
	RO("PCS1GANLP", 0x0421c, 0),
	ST("PCS1GANNP", 0x04220, 0, 0x0000ffff),
	RO("PCS1GANLPNP", 0x04224, 0),
	RW("HLREG0", HLREG0, HLREG0_TXCRCEN | HLREG0_RXCRCSTRP |
	   HLREG0_TXPADEN | HLREG0_MDCSPD, 0x1ff7dc07),
	RO("HLREG1", HLREG1, 0x0000000f),
	ST("PAP", 0x04248, 0x0000ffff, 0x0000ffff),
	ST("MACA", 0x0424c, 0, ALL32),
	ST("APAE", 0x04250, 0, ALL32),
	ST("ARD", 0x04254, 0, ALL32),
	ST("AIS", 0x04258, 0, ALL32),
	HK("MSCA", MSCA, 0, 0x7fffffff, NULL, msca_wr),
	RW("MSRWD", MSRWD, 0, 0x0000ffff),
	ST("MLADD", 0x04264, 0, ALL32),
	RW("MAXFRS", MAXFRS, 0x05ee0000, 0xffff0000),
	ST("TREG", 0x0426c, 0, ALL32),
	RO("PCSS1", 0x04288, 0),
	RO("PCSS2", 0x0428c, 0),
	RO("XPCSS", 0x04290, 0),
	ST("SERDESC", 0x04298, 0, ALL32),
	ST("MACS", MACS, 0x00000300, 0xffff0f01),
	HK("AUTOC", AUTOC, 0xc09c6004, ALL32, NULL, autoc_wr),
	HK("LINKS", LINKS, 0, 0, links_rd, NULL),
	HK("AUTOC2", AUTOC2, 0x000a0000, 0xf00f0000, NULL, link_wr),
	ST("AUTOC3", 0x042ac, 0, ALL32),
	HK("ANLP1", ANLP1, 0, 0, anlp1_rd, NULL),
	RO("ANLP2", 0x042b4, 0),
	RO("MMNGC", MMNGC, 0),
	ST("ANLPNP1", 0x042d4, 0, ALL32),
	ST("ANLPNP2", 0x042d8, 0, ALL32),
	RO("KRPCSFC", 0x042e0, 0),
	RO("KRPCSS", 0x042e4, 0),
	RO("FECS1", 0x042e8, 0),
	RO("FECS2", 0x042ec, 0),
	RO("LINKS2", LINKS2, 0),
	ST("MACC", 0x04330, 0, ALL32),
	ST("ATLASCTL", 0x04800, 0, ALL32),
	/* Analog settings of the SerDes, written as SFP+ modules need them */
	RW("CORECTL", CORECTL, 0, 0x0001ffff),
};

const struct reg_table regs_mac = { defs, ARRAY_SIZE(defs) };
