/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PURE_CHECK_H
#define PURE_CHECK_H

#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>

/* Stops at the first thing that is wrong: what comes after says little. */
#define CHECK(cond) do {							\
	if (!(cond)) {								\
		printf("not ok - %s:%d: %s\n", __FILE__, __LINE__, #cond);	\
		exit(1);							\
	}									\
} while (0)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

u32 check_random(void);

void check_parse(u32 nr_frames);
void check_headers(void);
void check_match(u32 nr_frames);
void check_template(void);
void check_override(void);
void check_table(void);
void check_table_readers(void);
void check_fdir_hash(void);
void check_rate(void);
void check_moderation(void);

#endif /* PURE_CHECK_H */
