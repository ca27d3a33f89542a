/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands of the tool share. */
#ifndef ATMO_TOOL_H
#define ATMO_TOOL_H

#include <signal.h>
#include <stdio.h>

#include "view.h"

#define EXIT_USAGE	2

/* One word of the command line each; argv[0] is "atmo WORD". */
int cmd_status(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_stop(int argc, char **argv);

/* "atmo: " and the text, to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole number of at most @max, else -1. */
long long parse_number(const char *text, long long max);

/* Set by SIGINT, SIGTERM and SIGPIPE once catch_signals() was called. */
extern volatile sig_atomic_t interrupted;
void catch_signals(void);

/* What a terminal or another program must not take for more than text. */
void print_text(FILE *out, const char *text);
void print_json_text(FILE *out, const char *text);

void status_print(FILE *out, const struct view *view);
void status_print_json(FILE *out, const struct view *view);
void endpoint_text(const struct instance *inst, bool remote, char *buf, size_t len);

#endif /* ATMO_TOOL_H */
