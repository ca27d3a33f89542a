/* SPDX-License-Identifier: GPL-2.0 */
/* Filters and checksums of captured frames. */
#ifndef ATMO_FILTER_H
#define ATMO_FILTER_H

#include <stddef.h>

#include <pcap/pcap.h>

/* 0, or the status to exit with: has printed what is wrong with @text, and where. */
int filter_compile(const char *text, int snaplen, struct bpf_program *program);

/* Completes the checksums that a NIC would have; the frame is whole. */
void frame_finish(unsigned char *frame, size_t len);

#endif /* ATMO_FILTER_H */
