/* SPDX-License-Identifier: GPL-2.0 */
/* Captures in the pcapng format (IETF draft-ietf-opsawg-pcapng). */
#ifndef NIC82599_PCAPNG_H
#define NIC82599_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapng;

/* Make a capture file with one Ethernet interface for each name. NULL: see the log. */
struct pcapng *pcapng_create(const char *path, const char *const *names, unsigned int nr);
void pcapng_destroy(struct pcapng *p);

/* Record a frame. It is in the file 50 ms later at most. */
void pcapng_frame(struct pcapng *p, uint32_t interface, const void *frame, size_t len,
		  bool out);

#endif /* NIC82599_PCAPNG_H */
