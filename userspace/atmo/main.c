// SPDX-License-Identifier: GPL-2.0
/* atmo - look at the stack instances of this machine. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

const char *argp_program_version = "atmo " LIBATMO_VERSION;

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *doc;
} commands[] = {
	{ "status", cmd_status, "ports, and instances: lane, owner, pages, counters, drops" },
	{ "watch", cmd_watch, "rates of all instances, live" },
	{ "capture", cmd_capture, "packets of one instance, into a pcapng file" },
	{ "stop", cmd_stop, "stop an instance" },
};

static const size_t nr_commands = sizeof(commands) / sizeof(*commands);

/* Lists the commands behind the options. */
static char *filter_help(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t i, len;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &len);
	if (!out)
		return NULL;
	fputs("Commands:\n", out);
	for (i = 0; i < nr_commands; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].doc);
	fputs("\n`atmo COMMAND --help' tells more.", out);
	fclose(out);
	return list;
}

/* The command and what belongs to it. */
struct words {
	int argc;
	char **argv;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		words->argc = state->argc - state->next + 1;
		words->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		(void)arg;
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(const struct command *command, const struct words *words)
{
	/* Its messages and its help begin with both words. */
	char name[32];

	snprintf(name, sizeof(name), "atmo %s", command->name);
	words->argv[0] = name;
	return command->run(words->argc, words->argv);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND",
		.doc = "Look at the stack instances of this machine.\v ",
		.help_filter = filter_help,
	};
	struct words words = { 0 };
	size_t i;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &words);
	for (i = 0; i < nr_commands; i++)
		if (!strcmp(words.argv[0], commands[i].name))
			return run(&commands[i], &words);
	complain("no command '%s'; `atmo --help' lists those there are", words.argv[0]);
	return EXIT_USAGE;
}
