/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns a packet page. Every slot has one word in kernel memory, and every
 * change of owner goes through the functions here.
 *
 *            free entry            rx_provide
 *      USER ------------> SPARE --------------> NIC_RX
 *       ^ |  <------------  ^  <----------------  |
 *       | |   copied into   |   frame dropped     |
 *       | |  (shared lane)  |                     |
 *       | |                 +--- or not sent --+  |
 *       | +--- tx entry, to be recycled ---> RECYCLE
 *       | +--- tx entry --> TX                 |  |
 *       +--- completed -----+                  |  |
 *       +--- frame delivered ------------------+--+
 *
 * Pages may be shared by several instances of one process, the members of a page
 * domain: the word of a page that the kernel has says for which of them. What the
 * application has, it may give to any of them.
 *
 * Two threads may give the same page away at the same time, one by the free
 * ring and one by the tx ring, or to two members: a page leaves the application
 * by compare and exchange, unless who takes it has shut out all others. All other owners
 * are the kernel's, and each has one mutex (SPARE and NIC_RX the member's receive mutex,
 * TX its transmit mutex), so a plain check will do there. RECYCLE has that of the side
 * where the page turns up: the lane sends it, then receives into it. One that comes back
 * from sending waits, SPARE already, in a list under the transmit mutex until the receive
 * side takes it.
 */
#ifndef ATMO_STACK_OWNER_H
#define ATMO_STACK_OWNER_H

#include "pure.h"

/**
 * enum atmo_owner - owner of a packet page
 * @ATMO_OWNER_USER: the application
 * @ATMO_OWNER_SPARE: the instance: to receive into, not yet given to a queue
 * @ATMO_OWNER_NIC_RX: the lane's receive queue
 * @ATMO_OWNER_RECYCLE: the lane's transmit queue, then its receive queue
 * @ATMO_OWNER_TX: the instance or the lane's transmit queue, to be sent
 */
enum atmo_owner {
	ATMO_OWNER_USER,
	ATMO_OWNER_SPARE,
	ATMO_OWNER_NIC_RX,
	ATMO_OWNER_RECYCLE,
	ATMO_OWNER_TX,
	ATMO_NR_OWNERS,
};

/* Members that a page domain may have. */
#define ATMO_MAX_MEMBERS	64

#define ATMO_OWNER_BITS		3
static_assert(ATMO_NR_OWNERS <= 1 << ATMO_OWNER_BITS, "more owners than bits");
/* For atmo_owner_is_received(). */
static_assert((ATMO_OWNER_NIC_RX | 1) == ATMO_OWNER_RECYCLE, "differ in more than a bit");

/* What the application has is nobody's in particular. */
static inline u32 atmo_owner_word(u32 member, u32 owner)
{
	return owner == ATMO_OWNER_USER ? ATMO_OWNER_USER : member << ATMO_OWNER_BITS | owner;
}

static inline u32 atmo_owner_of(u32 word)
{
	return word & ((1 << ATMO_OWNER_BITS) - 1);
}

/* Has the kernel got it, for this member? */
static inline bool atmo_owner_is_member(u32 word, u32 member)
{
	return atmo_owner_of(word) != ATMO_OWNER_USER && word >> ATMO_OWNER_BITS == member;
}

/* May the lane receive into it? @recycle: the word of one that it may, of the member */
static inline bool atmo_owner_is_received(u32 word, u32 recycle)
{
	return (word | 1) == recycle;
}

static inline bool atmo_owner_may(u32 from, u32 to)
{
	switch (from) {
	case ATMO_OWNER_USER:
		return to == ATMO_OWNER_SPARE || to == ATMO_OWNER_TX ||
		       to == ATMO_OWNER_RECYCLE;
	case ATMO_OWNER_SPARE:
		return to == ATMO_OWNER_NIC_RX || to == ATMO_OWNER_USER;
	case ATMO_OWNER_NIC_RX:
		return to == ATMO_OWNER_SPARE || to == ATMO_OWNER_USER;
	case ATMO_OWNER_TX:
		return to == ATMO_OWNER_USER;
	case ATMO_OWNER_RECYCLE:
		return to == ATMO_OWNER_SPARE || to == ATMO_OWNER_USER;
	default:
		return false;
	}
}

/* The application gives the page away. False: it isn't the application's. */
static inline bool atmo_owner_take(u32 *word, u32 member, u32 to)
{
	return atmo_owner_may(ATMO_OWNER_USER, to) &&
	       cmpxchg(word, ATMO_OWNER_USER, atmo_owner_word(member, to)) == ATMO_OWNER_USER;
}

/*
 * The same for who alone can take pages: the only member of the domain, with both its
 * mutexes held.
 */
static inline bool atmo_owner_take_alone(u32 *word, u32 member, u32 to)
{
	if (!atmo_owner_may(ATMO_OWNER_USER, to) || READ_ONCE(*word) != ATMO_OWNER_USER)
		return false;
	WRITE_ONCE(*word, atmo_owner_word(member, to));
	return true;
}

/*
 * The kernel passes the page on; the caller holds the mutex of @member that
 * belongs to @from. False, and nothing changes: the page has another owner, or
 * the transition doesn't exist.
 */
static inline bool atmo_owner_move(u32 *word, u32 member, u32 from, u32 to)
{
	if (from == ATMO_OWNER_USER || !atmo_owner_may(from, to) ||
	    READ_ONCE(*word) != atmo_owner_word(member, from))
		return false;
	/* All that was done with the page comes before its next owner's use. */
	smp_store_release(word, atmo_owner_word(member, to));
	return true;
}

/*
 * The same from RECYCLE or NIC_RX to the application, by who has seen that one of them
 * is the owner.
 */
static inline void atmo_owner_give(u32 *word)
{
	/* All that was done with the page comes before the application's use. */
	smp_store_release(word, ATMO_OWNER_USER);
}

#endif /* ATMO_STACK_OWNER_H */
