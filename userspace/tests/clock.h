/* SPDX-License-Identifier: GPL-2.0 */
/* The time of tests and benchmarks. */
#ifndef ATMO_TESTS_CLOCK_H
#define ATMO_TESTS_CLOCK_H

#include <time.h>

/* Seconds, of a clock that nobody sets. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
