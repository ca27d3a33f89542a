/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration space of the 82599 (data sheet section 9). */
#ifndef NIC82599_PCI_H
#define NIC82599_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct bus;

#define PCI_CONFIG_SIZE		4096

#define BAR0_SIZE		0x20000		/* CSRs; no flash behind them */
#define BAR2_SIZE		0x20		/* IOADDR and IODATA */

struct pci_config {
	uint8_t value[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];	/* bits a write replaces */
	uint8_t w1c[PCI_CONFIG_SIZE];		/* bits a written one clears */
	uint8_t power_on[PCI_CONFIG_SIZE];
	uint32_t ioaddr;			/* BAR2's address latch */
	/* Decoded from value[] after each write, for the fast paths. */
	bool mastering;
	bool mem_enabled;
	bool io_enabled;
	bool intx_disabled;
	bool msi_enabled;
	bool msi_masked;
	bool msix_enabled;
	bool msix_masked;
};

void pci_init(struct bus *b, const uint8_t mac[6]);
void pci_reset(struct bus *b);
void pci_config_read(struct bus *b, uint32_t off, uint8_t *buf, uint32_t len);
void pci_config_write(struct bus *b, uint32_t off, const uint8_t *buf, uint32_t len);

/* Status.Interrupt and the pending bit of the MSI capability. */
void pci_set_intx_status(struct bus *b, bool level);
void pci_set_msi_pending(struct bus *b, bool pending);
bool pci_msi_pending(const struct bus *b);

#endif /* NIC82599_PCI_H */
