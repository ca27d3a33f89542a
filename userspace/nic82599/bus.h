/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bus offers to the 82599: guest memory, interrupts, timers.
 *
 * One struct bus is one PCI function, that is one vfio-user socket. Everything
 * runs on the one thread of the event loop, so nothing here takes a lock and
 * no callback ever runs while another one is in progress, except where a
 * function's comment says so.
 */
#ifndef NIC82599_BUS_H
#define NIC82599_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct bus;

/**
 * bus_dma() - address of a piece of guest memory in this process
 * @b: the function which masters the bus
 * @addr: bus address of the first byte
 * @len: number of bytes, all of which the device is about to touch
 * @write: whether the device will write
 *
 * Return: a pointer, valid until the present callback returns (the guest can
 * unmap at any later time), or NULL when any byte is not mapped with that
 * permission, when the range spans two mappings (use bus_read(), bus_write()),
 * or when the function is not allowed to master the bus.
 */
void *bus_dma(struct bus *b, uint64_t addr, size_t len, bool write);

/* Copy from and to guest memory, across mappings. 0 or -EFAULT. */
int bus_read(struct bus *b, uint64_t addr, void *buf, size_t len);
int bus_write(struct bus *b, uint64_t addr, const void *buf, size_t len);

/* Send the MSI-X message of @vector, or set its pending bit while masked. */
void bus_msix(struct bus *b, unsigned int vector);

/*
 * Level of the function's one interrupt cause while MSI-X is off: the INTx
 * line, or, with MSI enabled, a message at each rising edge.
 */
void bus_intx(struct bus *b, bool level);

bool bus_msix_enabled(const struct bus *b);
bool bus_mastering(const struct bus *b);	/* PCI Command, bus master enable */

/* CLOCK_MONOTONIC, as it was when the present round of the event loop began. */
uint64_t bus_now_ns(void);

/*
 * One-shot timers. @fn runs from the event loop, after the timer has been
 * disarmed, so that it can arm it again. A zeroed structure is a disarmed
 * timer. Arming an armed timer moves it.
 */
struct bus_timer {
	uint64_t due_ns;
	void (*fn)(struct bus_timer *t);
	unsigned int slot;	/* the loop's: place in the heap plus one, or 0 */
};

void bus_timer_arm(struct bus_timer *t, uint64_t due_ns);
void bus_timer_cancel(struct bus_timer *t);

/*
 * The log: one line each, prefixed with the time. bus_debug() appears with
 * --verbose only. A register access of the guest must never be able to flood
 * it: callers which the guest can drive log the first occurrence only.
 */
__attribute__((format(printf, 1, 2))) void bus_log(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void bus_debug(const char *fmt, ...);

#endif /* NIC82599_BUS_H */
