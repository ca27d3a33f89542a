// SPDX-License-Identifier: GPL-2.0
/* The log: one line each, stamped with the seconds since the start. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "log.h"
#include "loop.h"

static FILE *log_file;
static bool log_verbose;
static uint64_t log_start_ns;

int log_open(const char *path, bool verbose)
{
	log_verbose = verbose;
	log_start_ns = loop_clock_ns();
	if (!path || !strcmp(path, "-")) {
		log_file = stderr;
		return 0;
	}
	log_file = fopen(path, "we");
	if (!log_file) {
		log_file = stderr;
		return -errno;
	}
	setvbuf(log_file, NULL, _IOLBF, 0);
	return 0;
}

void log_close(void)
{
	if (log_file && log_file != stderr)
		fclose(log_file);
	log_file = NULL;
}

__attribute__((format(printf, 1, 0)))
static void log_line(const char *fmt, va_list ap)
{
	uint64_t us = (loop_clock_ns() - log_start_ns) / 1000;
	FILE *f = log_file ? log_file : stderr;
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	fprintf(f, "[%5llu.%06llu] %s\n", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000), line);
}

void bus_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}

void bus_debug(const char *fmt, ...)
{
	va_list ap;

	if (!log_verbose)
		return;
	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}
