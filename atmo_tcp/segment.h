/* SPDX-License-Identifier: GPL-2.0 */
/* Judging the TCP header of a segment to be sent. Pure. */
#ifndef ATMO_TCP_SEGMENT_H
#define ATMO_TCP_SEGMENT_H

#include "../atmo_stack/l3.h"

#define ATMO_TCP_LEN		20	/* without options */
#define ATMO_TCP_LEN_MAX	60

u32 atmo_tcp_segment_check(const u8 *head, size_t len, __be16 sport, __be16 dport);
void atmo_tcp_segment_finish(u8 *head, const struct atmo_l3 *l3);

#endif /* ATMO_TCP_SEGMENT_H */
