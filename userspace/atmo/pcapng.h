/* SPDX-License-Identifier: GPL-2.0 */
/* Captures in the pcapng format (IETF draft-ietf-opsawg-pcapng), one interface. */
#ifndef ATMO_PCAPNG_H
#define ATMO_PCAPNG_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/types.h>

/**
 * struct pcapng_about - what a file says about itself
 * @program: program that writes it
 * @comment: what it is a capture of
 * @device: name of the interface
 * @filter: pcap expression, or NULL
 * @snaplen: most bytes of a frame
 */
struct pcapng_about {
	const char *program;
	const char *comment;
	const char *device;
	const char *filter;
	__u32 snaplen;
};

/**
 * struct pcapng_frame - one frame
 * @time_ns: since 1970
 * @len: its length
 * @caplen: bytes at @data
 * @inbound: received, else sent
 * @comment: or NULL
 */
struct pcapng_frame {
	__u64 time_ns;
	__u32 len;
	__u32 caplen;
	bool inbound;
	const char *comment;
	const void *data;
};

/**
 * struct pcapng_totals - for the statistics block at the end
 * @start_ns: when the capture began
 * @end_ns: when it ended
 * @counted: whether the next two are known
 * @received: frames that came, recorded or not
 * @dropped: frames that there was no room for
 * @written: frames in the file
 */
struct pcapng_totals {
	__u64 start_ns;
	__u64 end_ns;
	bool counted;
	__u64 received;
	__u64 dropped;
	__u64 written;
};

/* Whether it could be written is told by ferror() or fflush() of @out. */
void pcapng_begin(FILE *out, const struct pcapng_about *about);
void pcapng_write(FILE *out, const struct pcapng_frame *frame);
void pcapng_end(FILE *out, const struct pcapng_totals *totals);

#endif /* ATMO_PCAPNG_H */
