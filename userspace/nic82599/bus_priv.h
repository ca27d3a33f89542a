/* SPDX-License-Identifier: GPL-2.0 */
/* One PCI function, as the bus half sees it. Never leaves this directory. */
#ifndef NIC82599_BUS_PRIV_H
#define NIC82599_BUS_PRIV_H

#include "bus.h"
#include "dma.h"
#include "intr.h"
#include "pci.h"

struct nic;

struct bus {
	unsigned int port;
	struct nic *nic;
	bool gone;		/* removed by surprise, until the client has gone too */
	struct dma_table dma;
	struct pci_config pci;
	struct intr irq;
};

/* Regions, numbered as VFIO numbers them for PCI. Sizes of 0: absent. */
uint64_t region_size(uint32_t index);

/*
 * Access to a region. The caller has checked that [off, off + len) is inside.
 * Memory and I/O regions read as all-ones while the function does not decode
 * them.
 */
void region_read(struct bus *b, uint32_t index, uint64_t off, uint8_t *buf, uint32_t len);
void region_write(struct bus *b, uint32_t index, uint64_t off, const uint8_t *buf,
		  uint32_t len);

/*
 * Surprise removal: from now on reads give all-ones, writes go nowhere, and
 * the function does neither DMA nor interrupts.
 */
void bus_vanish(struct bus *b);

/* Power-on reset: the 82599, configuration space, pending interrupts. */
void bus_reset(struct bus *b);

#endif /* NIC82599_BUS_PRIV_H */
