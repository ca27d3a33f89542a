/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt moderation of the ordinary queues. Pure. */
#ifndef ATMO_IXGBE_MODERATE_H
#define ATMO_IXGBE_MODERATE_H

/* Microseconds from an interrupt to the next one, at least. */
#define ATMO_IXGBE_SHORT_INTERVAL	20
#define ATMO_IXGBE_LONG_INTERVAL	160

/* Frames of an interrupt that call for fewer interrupts, or for more. */
#define ATMO_IXGBE_MANY_FRAMES		8
#define ATMO_IXGBE_FEW_FRAMES		2

/**
 * atmo_ixgbe_interval() - the interval after an interrupt
 * @us: the interval before it
 * @frames: that it led to
 *
 * Who sends one frame and awaits the answer is not made to wait; under load an
 * interrupt, which costs as much as many frames, is for many of them. Between the two
 * thresholds nothing changes, so that it comes to rest.
 *
 * Context: any.
 * Return: microseconds, a multiple of two.
 */
static inline unsigned int atmo_ixgbe_interval(unsigned int us, unsigned int frames)
{
	if (frames >= ATMO_IXGBE_MANY_FRAMES && us < ATMO_IXGBE_LONG_INTERVAL)
		return us * 2;
	if (frames <= ATMO_IXGBE_FEW_FRAMES && us > ATMO_IXGBE_SHORT_INTERVAL)
		return us / 2;
	return us;
}

#endif /* ATMO_IXGBE_MODERATE_H */
