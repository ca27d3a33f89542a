/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NIC82599_LOG_H
#define NIC82599_LOG_H

#include <stdbool.h>

/* To @path, or to stderr for NULL and "-". 0 or -errno. */
int log_open(const char *path, bool verbose);
void log_close(void);

#endif /* NIC82599_LOG_H */
