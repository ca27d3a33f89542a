// SPDX-License-Identifier: GPL-2.0
#include "check.h"

static u64 state;

/* The same numbers for the same seed, everywhere. */
u32 check_random(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(state >> 33) ^ (u32)(state >> 12);
}

int main(int argc, char **argv)
{
	u32 nr_frames;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SEED FRAMES\n", argv[0]);
		return 2;
	}
	state = strtoull(argv[1], NULL, 0);
	nr_frames = strtoul(argv[2], NULL, 0);
	printf("1..9\n");
	check_parse(nr_frames);
	printf("ok 1 - parser against a reference, what is alike, %u frames, seed %s\n",
	       nr_frames, argv[1]);
	check_headers();
	printf("ok 2 - headers that are built are parsed as what they were built from\n");
	check_table();
	printf("ok 3 - flow table against a reference\n");
	check_table_readers();
	printf("ok 4 - flow table read while it is written\n");
	check_override();
	printf("ok 5 - static neighbours and routes against a reference\n");
	check_fdir_hash();
	printf("ok 6 - Flow Director's hash against its definition and known values\n");
	check_rate();
	check_moderation();
	printf("ok 7 - rate factors for all rates, intervals between interrupts\n");
	check_match(nr_frames);
	printf("ok 8 - UDP's pattern against the parser, %u frames\n", nr_frames);
	check_template();
	printf("ok 9 - UDP's header templates against building\n");
	return 0;
}
