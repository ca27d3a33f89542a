// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space of one LAN function (82599 data sheet, section 9.3),
 * with the capabilities at the 82599's own places. Left out, and so not in the
 * capability chain: VPD, alternative routing-ID, single-root I/O
 * virtualisation.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "bus_priv.h"
#include "nic.h"

#define CAP_PM		0x40
#define CAP_MSI		0x50
#define CAP_MSIX	0x70
#define CAP_EXP		0xa0
#define ECAP_AER	0x100
#define ECAP_DSN	0x140

#define MSIX_CTRL	(CAP_MSIX + PCI_MSIX_FLAGS)
#define MSI_CTRL	(CAP_MSI + PCI_MSI_FLAGS)
#define MSI_MASK	(CAP_MSI + PCI_MSI_MASK_64)
#define MSI_PENDING	(CAP_MSI + PCI_MSI_PENDING_64)
#define EXP_DEVCTL	(CAP_EXP + PCI_EXP_DEVCTL)
#define EXP_LNKCTL	(CAP_EXP + PCI_EXP_LNKCTL)
#define PM_CTRL		(CAP_PM + PCI_PM_CTRL)

#define PM_D0		0
#define PM_D3HOT	3

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

/* Registers: power-on value, the bits a driver can write, and write-1-to-clear. */
static const struct config_reg {
	uint16_t off;
	uint8_t size;
	uint32_t value;
	uint32_t writable;
	uint32_t w1c;
} config_regs[] = {
#define RO(o, s, v)		{ .off = (o), .size = (s), .value = (v) }
#define RW(o, s, v, w)		{ .off = (o), .size = (s), .value = (v), .writable = (w) }
#define RWC(o, s, v, w, c)	\
	{ .off = (o), .size = (s), .value = (v), .writable = (w), .w1c = (c) }

	RO(PCI_VENDOR_ID, 2, 0x8086),
	RO(PCI_DEVICE_ID, 2, 0x10fb),
	RW(PCI_COMMAND, 2, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	   PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE),
	RWC(PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0, PCI_STATUS_PARITY |
	    PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |
	    PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR |
	    PCI_STATUS_DETECTED_PARITY),
	RO(PCI_CLASS_REVISION, 4, 0x02000001),
	RW(PCI_CACHE_LINE_SIZE, 1, 0, 0xff),
	RO(PCI_HEADER_TYPE, 1, PCI_HEADER_TYPE_NORMAL | 0x80),	/* multi-function */
	RW(PCI_BASE_ADDRESS_0, 4, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
	   ~(BAR0_SIZE - 1u)),
	RW(PCI_BASE_ADDRESS_1, 4, 0, 0xffffffff),
	RW(PCI_BASE_ADDRESS_2, 4, PCI_BASE_ADDRESS_SPACE_IO, ~(BAR2_SIZE - 1u)),
	RW(PCI_BASE_ADDRESS_4, 4, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
	   ~(MSIX_BAR_SIZE - 1u)),
	RW(PCI_BASE_ADDRESS_5, 4, 0, 0xffffffff),
	RO(PCI_SUBSYSTEM_VENDOR_ID, 2, 0x8086),
	RO(PCI_SUBSYSTEM_ID, 2, 0x0003),
	RO(PCI_CAPABILITY_LIST, 1, CAP_PM),
	RW(PCI_INTERRUPT_LINE, 1, 0, 0xff),

	/* Power management: version 3, device specific initialisation, PME from D0 and D3hot. */
	RO(CAP_PM, 2, PCI_CAP_ID_PM | CAP_MSI << 8),
	RO(CAP_PM + PCI_PM_PMC, 2, 0x4823),
	RWC(PM_CTRL, 2, 0, PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE |
	    PCI_PM_CTRL_DATA_SEL_MASK, PCI_PM_CTRL_PME_STATUS),

	/* MSI: one message, maskable */
	RO(CAP_MSI, 2, PCI_CAP_ID_MSI | CAP_MSIX << 8),
	RW(MSI_CTRL, 2, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT,
	   PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE),
	RW(CAP_MSI + PCI_MSI_ADDRESS_LO, 4, 0, 0xfffffffc),
	RW(CAP_MSI + PCI_MSI_ADDRESS_HI, 4, 0, 0xffffffff),
	RW(CAP_MSI + PCI_MSI_DATA_64, 2, 0, 0xffff),
	RW(MSI_MASK, 4, 0, 1),

	/* MSI-X: 64 vectors, table and pending bits in BAR 4. */
	RO(CAP_MSIX, 2, PCI_CAP_ID_MSIX | CAP_EXP << 8),
	RW(MSIX_CTRL, 2, MSIX_NR_VECTORS - 1, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL),
	RO(CAP_MSIX + PCI_MSIX_TABLE, 4, MSIX_TABLE_OFFSET | 4),
	RO(CAP_MSIX + PCI_MSIX_PBA, 4, MSIX_PBA_OFFSET | 4),

	/* PCI Express: endpoint, 512-byte payloads, function-level reset, 5 GT/s x8. */
	RO(CAP_EXP, 2, PCI_CAP_ID_EXP),
	RO(CAP_EXP + PCI_EXP_FLAGS, 2, 2),
	RO(CAP_EXP + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER | 0xcc2),
	RW(EXP_DEVCTL, 2, PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | 0x2000, 0x78ff),
	RWC(CAP_EXP + PCI_EXP_DEVSTA, 2, 0, 0, 0xf),
	RO(CAP_EXP + PCI_EXP_LNKCAP, 4, 0x1c482),
	RW(EXP_LNKCTL, 2, 0, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES),
	RO(CAP_EXP + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_5_0GB | PCI_EXP_LNKSTA_NLW_X8 |
	   PCI_EXP_LNKSTA_SLC),
	RO(CAP_EXP + PCI_EXP_DEVCAP2, 4, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | 0xf),
	RW(CAP_EXP + PCI_EXP_DEVCTL2, 2, 0, 0x1f),
	RW(CAP_EXP + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_5_0GT, PCI_EXP_LNKCTL2_TLS),

	/* Section 9.4: advanced error reporting: the model detects no error. */
	RO(ECAP_AER, 4, PCI_EXT_CAP_ID_ERR | 1 << 16 | (uint32_t)ECAP_DSN << 20),
	RWC(ECAP_AER + PCI_ERR_UNCOR_STATUS, 4, 0, 0, 0x001ff010),
	RW(ECAP_AER + PCI_ERR_UNCOR_MASK, 4, 0, 0x001ff010),
	RW(ECAP_AER + PCI_ERR_UNCOR_SEVER, 4, 0x00062010, 0x001ff010),
	RWC(ECAP_AER + PCI_ERR_COR_STATUS, 4, 0, 0, 0x000031c1),
	RW(ECAP_AER + PCI_ERR_COR_MASK, 4, 0x2000, 0x000031c1),
	RW(ECAP_AER + PCI_ERR_CAP, 4, PCI_ERR_CAP_ECRC_GENC | PCI_ERR_CAP_ECRC_CHKC,
	   PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE),

	/* Serial number; the number itself is made of the MAC address. */
	RO(ECAP_DSN, 4, PCI_EXT_CAP_ID_DSN | 1 << 16),
};

static void config_put(uint8_t *image, const struct config_reg *r, uint32_t v)
{
	switch (r->size) {
	case 1:
		image[r->off] = (uint8_t)v;
		break;
	case 2:
		put16(image + r->off, (uint16_t)v);
		break;
	default:
		put32(image + r->off, v);
	}
}

/* EUI-64 of the address, least significant byte first. */
static void serial_number(uint8_t *p, const uint8_t mac[6])
{
	p[0] = mac[5];
	p[1] = mac[4];
	p[2] = mac[3];
	p[3] = 0xff;
	p[4] = 0xff;
	p[5] = mac[2];
	p[6] = mac[1];
	p[7] = mac[0];
}

static void config_decode(struct pci_config *c)
{
	uint16_t cmd = get16(c->value + PCI_COMMAND);
	uint16_t msi = get16(c->value + MSI_CTRL);
	uint16_t msix = get16(c->value + MSIX_CTRL);
	bool d0 = (c->value[PM_CTRL] & PCI_PM_CTRL_STATE_MASK) == PM_D0;

	c->mastering = d0 && (cmd & PCI_COMMAND_MASTER);
	c->mem_enabled = d0 && (cmd & PCI_COMMAND_MEMORY);
	c->io_enabled = d0 && (cmd & PCI_COMMAND_IO);
	c->intx_disabled = cmd & PCI_COMMAND_INTX_DISABLE;
	c->msi_enabled = msi & PCI_MSI_FLAGS_ENABLE;
	c->msi_masked = c->value[MSI_MASK] & 1;
	c->msix_enabled = msix & PCI_MSIX_FLAGS_ENABLE;
	c->msix_masked = msix & PCI_MSIX_FLAGS_MASKALL;
}

void pci_init(struct bus *b, const uint8_t mac[6])
{
	struct pci_config *c = &b->pci;
	const struct config_reg *r;
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < ARRAY_SIZE(config_regs); i++) {
		r = &config_regs[i];
		config_put(c->power_on, r, r->value);
		config_put(c->writable, r, r->writable);
		config_put(c->w1c, r, r->w1c);
	}
	c->power_on[PCI_INTERRUPT_PIN] = (uint8_t)(b->port + 1);	/* INTA, INTB */
	serial_number(c->power_on + ECAP_DSN + 4, mac);
	pci_reset(b);
}

void pci_reset(struct bus *b)
{
	struct pci_config *c = &b->pci;

	memcpy(c->value, c->power_on, sizeof(c->value));
	c->ioaddr = 0;
	config_decode(c);
}

/*
 * Function-level reset (PCI Express base specification 6.6.2): everything but
 * what belongs to the link rather than to the function.
 */
static void config_flr(struct bus *b)
{
	struct pci_config *c = &b->pci;
	uint16_t payload = get16(c->value + EXP_DEVCTL) & PCI_EXP_DEVCTL_PAYLOAD;
	uint16_t lnkctl = get16(c->value + EXP_LNKCTL);
	uint16_t devctl;

	pci_reset(b);
	devctl = (uint16_t)(get16(c->value + EXP_DEVCTL) & ~PCI_EXP_DEVCTL_PAYLOAD);
	put16(c->value + EXP_DEVCTL, devctl | payload);
	put16(c->value + EXP_LNKCTL, lnkctl);
}

static void function_reset(struct bus *b, const char *why)
{
	bus_debug("port %u: reset by %s", b->port, why);
	config_flr(b);
	intr_reset(b);
	nic_flr(b->nic);
}

void bus_vanish(struct bus *b)
{
	if (b->gone)
		return;
	bus_log("port %u: removed by surprise, as ordered", b->port);
	pci_reset(b);
	intr_reset(b);
	b->gone = true;
	nic_bus_master_changed(b->nic);
}

void bus_reset(struct bus *b)
{
	pci_reset(b);
	intr_reset(b);
	nic_flr(b->nic);
}

void pci_config_read(struct bus *b, uint32_t off, uint8_t *buf, uint32_t len)
{
	memcpy(buf, b->pci.value + off, len);
}

static bool touches(uint32_t off, uint32_t len, uint32_t reg, uint32_t size)
{
	return off < reg + size && reg < off + len;
}

/* D1 and D2 are not there: writing them leaves the state as it was. */
static void power_state_fix(struct pci_config *c, uint8_t old)
{
	uint8_t state = c->value[PM_CTRL] & PCI_PM_CTRL_STATE_MASK;

	if (state != PM_D0 && state != PM_D3HOT)
		c->value[PM_CTRL] = (uint8_t)((c->value[PM_CTRL] & ~PCI_PM_CTRL_STATE_MASK) | old);
}

void pci_config_write(struct bus *b, uint32_t off, const uint8_t *buf, uint32_t len)
{
	struct pci_config *c = &b->pci;
	uint8_t old_state = c->value[PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
	bool was_mastering = c->mastering;
	bool flr = false;
	uint32_t i, at;

	for (i = 0; i < len; i++) {
		at = off + i;
		c->value[at] = (uint8_t)((c->value[at] & ~c->writable[at]) |
					 (buf[i] & c->writable[at]));
		c->value[at] &= (uint8_t)~(buf[i] & c->w1c[at]);
		if (at == EXP_DEVCTL + 1)
			flr = buf[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8);
	}
	if (touches(off, len, PM_CTRL, 1))
		power_state_fix(c, old_state);
	config_decode(c);
	if (flr)
		function_reset(b, "FLR");
	else if (old_state == PM_D3HOT &&
		 (c->value[PM_CTRL] & PCI_PM_CTRL_STATE_MASK) == PM_D0)
		function_reset(b, "D3hot to D0");	/* 5.2.5.3.2: No_Soft_Reset is 0 */
	intr_config_changed(b);
	if (was_mastering != c->mastering)
		nic_bus_master_changed(b->nic);
}

void pci_set_intx_status(struct bus *b, bool level)
{
	uint8_t *status = b->pci.value + PCI_STATUS;

	if (level)
		*status |= PCI_STATUS_INTERRUPT;
	else
		*status &= (uint8_t)~PCI_STATUS_INTERRUPT;
}

void pci_set_msi_pending(struct bus *b, bool pending)
{
	b->pci.value[MSI_PENDING] = pending;
}

bool pci_msi_pending(const struct bus *b)
{
	return b->pci.value[MSI_PENDING];
}

bool bus_mastering(const struct bus *b)
{
	return b->pci.mastering;
}

bool bus_msix_enabled(const struct bus *b)
{
	return b->pci.msix_enabled;
}
