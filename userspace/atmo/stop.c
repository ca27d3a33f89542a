// SPDX-License-Identifier: GPL-2.0
/* atmo stop: ends what an instance does, without ending its process. */
#include <argp.h>
#include <limits.h>

#include "tool.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	long long *id = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*id)
			argp_error(state, "too many arguments: %s", arg);
		*id = parse_number(arg, INT_MAX);
		if (*id < 1)
			argp_error(state, "'%s' is not the number of an instance", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which instance? `atmo status' lists them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_stop(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "ID",
		.doc = "Stops an instance; its process may restart it. Needs CAP_NET_ADMIN.",
	};
	struct link link;
	long long id = 0;
	bool done;

	argp_parse(&argp, argc, argv, 0, NULL, &id);
	if (!link_open(&link))
		return 1;
	done = instance_stop(&link, id);
	link_close(&link);
	return !done;
}
