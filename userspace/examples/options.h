/* SPDX-License-Identifier: GPL-2.0 */
/* What stands on the examples' command lines: taken as a whole, or refused. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <atmo.h>

/* A whole decimal number from @min, not negative, to @max; false: has said so. */
static inline bool get_number(const char *what, const char *text, long long min, long long max,
			      long long *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	/* strtoll() would take blanks and signs, too. */
	if (*text >= '0' && *text <= '9' && !*end && !errno && *value >= min && *value <= max)
		return true;
	fprintf(stderr, "%s: %s must be a whole number from %lld to %lld, not '%s'\n",
		program_invocation_short_name, what, min, max, text);
	return false;
}

/* enum atmo_lane_type by name; false: has said so. */
static inline bool get_lane(const char *name, uint32_t *lane)
{
	int parsed = atmo_lane_parse(name);

	*lane = (uint32_t)parsed;
	if (parsed >= 0)
		return true;
	fprintf(stderr, "%s: the lane must be any, hardware or shared, not '%s'\n",
		program_invocation_short_name, name);
	return false;
}

#endif /* EXAMPLES_OPTIONS_H */
