// SPDX-License-Identifier: GPL-2.0
/* Accesses to the regions of a function: BARs 0, 2 and 4, configuration space. */
#include <linux/vfio.h>
#include <string.h>

#include "bus_priv.h"
#include "nic.h"

/* BAR 2 (82599 data sheet, section 3.1.3.2) */
#define IOADDR	0x00
#define IODATA	0x04

uint64_t region_size(uint32_t index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return BAR0_SIZE;
	case VFIO_PCI_BAR2_REGION_INDEX:
		return BAR2_SIZE;
	case VFIO_PCI_BAR4_REGION_INDEX:
		return MSIX_BAR_SIZE;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return PCI_CONFIG_SIZE;
	default:
		return 0;
	}
}

/* IODATA reaches the registers; addresses beyond them are undefined: zero. */
static uint32_t io_read(struct bus *b, uint32_t off)
{
	if (off == IOADDR)
		return b->pci.ioaddr;
	if (off == IODATA && b->pci.ioaddr < BAR0_SIZE)
		return nic_read(b->nic, b->pci.ioaddr & ~3u);
	return 0;
}

static void io_write(struct bus *b, uint32_t off, uint32_t val)
{
	if (off == IOADDR)
		b->pci.ioaddr = val;
	else if (off == IODATA && b->pci.ioaddr < BAR0_SIZE)
		nic_write(b->nic, b->pci.ioaddr & ~3u, val);
}

static uint32_t dword_read(struct bus *b, uint32_t index, uint32_t off)
{
	if (index == VFIO_PCI_BAR0_REGION_INDEX)
		return nic_read(b->nic, off);
	return io_read(b, off);
}

static void dword_write(struct bus *b, uint32_t index, uint32_t off, uint32_t val)
{
	if (index == VFIO_PCI_BAR0_REGION_INDEX)
		nic_write(b->nic, off, val);
	else
		io_write(b, off, val);
}

/* Registers are 32 bits wide; a narrower read gets its bytes of the whole. */
static void dwords_read(struct bus *b, uint32_t index, uint32_t off, uint8_t *buf, uint32_t len)
{
	uint32_t val, shift, n;

	while (len) {
		shift = off & 3;
		n = 4 - shift < len ? 4 - shift : len;
		val = dword_read(b, index, off & ~3u);
		memcpy(buf, (uint8_t *)&val + shift, n);
		buf += n;
		off += n;
		len -= n;
	}
}

/*
 * Writes of less than a register are not supported by the 82599 (data sheet
 * section 8.1.1): dropped, with a word in the log of --verbose.
 */
static void dwords_write(struct bus *b, uint32_t index, uint32_t off, const uint8_t *buf,
			 uint32_t len)
{
	uint32_t val, n;

	while (len) {
		n = 4 - (off & 3);
		if (n > len)
			n = len;
		if (n == 4) {
			memcpy(&val, buf, 4);
			dword_write(b, index, off, val);
		} else {
			bus_debug("port %u: %u-byte write to BAR%u+0x%x dropped", b->port, n,
				  index, off);
		}
		buf += n;
		off += n;
		len -= n;
	}
}

static bool region_decoded(const struct bus *b, uint32_t index)
{
	if (b->gone)
		return false;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return true;
	if (index == VFIO_PCI_BAR2_REGION_INDEX)
		return b->pci.io_enabled;
	return b->pci.mem_enabled;
}

void region_read(struct bus *b, uint32_t index, uint64_t off, uint8_t *buf, uint32_t len)
{
	if (!region_decoded(b, index)) {
		memset(buf, 0xff, len);
		return;
	}
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
	case VFIO_PCI_BAR2_REGION_INDEX:
		dwords_read(b, index, (uint32_t)off, buf, len);
		break;
	case VFIO_PCI_BAR4_REGION_INDEX:
		msix_bar_read(b, (uint32_t)off, buf, len);
		break;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		pci_config_read(b, (uint32_t)off, buf, len);
		break;
	}
}

void region_write(struct bus *b, uint32_t index, uint64_t off, const uint8_t *buf,
		  uint32_t len)
{
	if (!region_decoded(b, index))
		return;
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
	case VFIO_PCI_BAR2_REGION_INDEX:
		dwords_write(b, index, (uint32_t)off, buf, len);
		break;
	case VFIO_PCI_BAR4_REGION_INDEX:
		msix_bar_write(b, (uint32_t)off, buf, len);
		break;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		pci_config_write(b, (uint32_t)off, buf, len);
		break;
	}
}
