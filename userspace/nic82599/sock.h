/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NIC82599_SOCK_H
#define NIC82599_SOCK_H

/*
 * Listen on a unix socket. A socket file left over by a process that is gone
 * is replaced; one that somebody listens on is not. -1, with a message in the
 * log, on failure.
 */
int sock_listen(const char *path, int type);

#endif /* NIC82599_SOCK_H */
