/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns a packet page. Every slot has one word in kernel memory, and every
 * change of owner goes through the two functions here.
 *
 *            free entry            rx_provide
 *      USER ------------> SPARE --------------> NIC_RX
 *       ^ |  <------------  ^  <----------------  |
 *       | |   copied into   |   frame dropped     |
 *       | |  (shared lane)                        |
 *       | +--- tx entry --> TX                    |
 *       +--- completed -----+                     |
 *       +--- frame delivered ---------------------+
 *
 * Two threads may give the same page away at the same time, one by the free
 * ring and one by the tx ring: a page leaves the application by compare and
 * exchange. All other owners are the kernel's, and each has one mutex (SPARE
 * and NIC_RX the receive mutex, TX the transmit mutex), so a plain check will
 * do there.
 */
#ifndef ATMO_STACK_OWNER_H
#define ATMO_STACK_OWNER_H

#include "pure.h"

/**
 * enum atmo_owner - owner of a packet page
 * @ATMO_OWNER_USER: the application
 * @ATMO_OWNER_SPARE: the instance: to receive into, not yet given to a queue
 * @ATMO_OWNER_NIC_RX: the lane's receive queue
 * @ATMO_OWNER_TX: the instance or the lane's transmit queue, to be sent
 */
enum atmo_owner {
	ATMO_OWNER_USER,
	ATMO_OWNER_SPARE,
	ATMO_OWNER_NIC_RX,
	ATMO_OWNER_TX,
	ATMO_NR_OWNERS,
};

static inline bool atmo_owner_may(u32 from, u32 to)
{
	switch (from) {
	case ATMO_OWNER_USER:
		return to == ATMO_OWNER_SPARE || to == ATMO_OWNER_TX;
	case ATMO_OWNER_SPARE:
		return to == ATMO_OWNER_NIC_RX || to == ATMO_OWNER_USER;
	case ATMO_OWNER_NIC_RX:
		return to == ATMO_OWNER_SPARE || to == ATMO_OWNER_USER;
	case ATMO_OWNER_TX:
		return to == ATMO_OWNER_USER;
	default:
		return false;
	}
}

/* The application gives the page away. False: it isn't the application's. */
static inline bool atmo_owner_take(u32 *owner, u32 to)
{
	return atmo_owner_may(ATMO_OWNER_USER, to) &&
	       cmpxchg(owner, ATMO_OWNER_USER, to) == ATMO_OWNER_USER;
}

/*
 * The kernel passes the page on; the caller holds the mutex that belongs to
 * @from. False, and nothing changes: the page has another owner, or the
 * transition doesn't exist.
 */
static inline bool atmo_owner_move(u32 *owner, u32 from, u32 to)
{
	if (from == ATMO_OWNER_USER || !atmo_owner_may(from, to) ||
	    READ_ONCE(*owner) != from)
		return false;
	/* All that was done with the page comes before its next owner's use. */
	smp_store_release(owner, to);
	return true;
}

#endif /* ATMO_STACK_OWNER_H */
