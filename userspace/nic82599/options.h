/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NIC82599_OPTIONS_H
#define NIC82599_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define NR_PORTS 2

struct options {
	const char *socket[NR_PORTS];	/* NULL: this port is not made */
	const char *wire[NR_PORTS];
	const char *inject[NR_PORTS];
	const char *capture[NR_PORTS];
	const char *capture_all;
	const char *log;
	const char *gen_control;
	unsigned long vanish[NR_PORTS];	/* 0: never */
	uint8_t mac[NR_PORTS][6];
	bool verbose;
};

/* Exits with status 2 and a message when the command line makes no sense. */
void options_parse(struct options *o, int argc, char **argv);

#endif /* NIC82599_OPTIONS_H */
