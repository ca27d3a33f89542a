/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the 82599 offers to the bus: one port of the adapter, seen as a PCI
 * function with a 128 KiB register space.
 *
 * Everything runs on the thread of the event loop. A port calls wire_send()
 * and bus_*() from within these functions, and may be called again through
 * nic_receive() from there.
 */
#ifndef NIC82599_NIC_H
#define NIC82599_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;
struct nic;
struct wire;

#define NIC_BAR0_SIZE	0x20000u

/**
 * nic_create() - make one port in its power-on state
 * @port: LAN function, 0 or 1
 * @b: bus it masters
 * @w: wire it is attached to
 * @mac: permanent Ethernet address, kept in the EEPROM
 *
 * Return: the port, or NULL without memory.
 */
struct nic *nic_create(unsigned int port, struct bus *b, struct wire *w,
		       const uint8_t mac[6]);
void nic_destroy(struct nic *n);

/* Access to BAR0: @off is a multiple of 4 below NIC_BAR0_SIZE. */
uint32_t nic_read(struct nic *n, uint32_t off);
void nic_write(struct nic *n, uint32_t off, uint32_t val);

/* Function-level reset or power-on reset of this function. */
void nic_flr(struct nic *n);

/* PCI Command.BME was written. */
void nic_bus_master_changed(struct nic *n);

/* A frame from the wire, without FCS. Copied before the call returns. */
void nic_receive(struct nic *n, const void *frame, size_t len);

/*
 * How many frames of up to 1518 bytes find descriptors whatever queues they are
 * for: 0 when one queue has none, or nothing is received at all. And whether
 * this very frame would go straight into its ring.
 */
uint32_t nic_rx_room(struct nic *n);
bool nic_rx_takes(struct nic *n, const void *frame, size_t len);

/* The far end of the wire came or went. */
void nic_wire_carrier(struct nic *n, bool up);

#endif /* NIC82599_NIC_H */
