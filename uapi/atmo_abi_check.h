/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Freezes the layout that the kernel and programs share: included by one file
 * of the module and one of the library, for 32- and 64-bit programs alike.
 */
#ifndef ATMO_ABI_CHECK_H
#define ATMO_ABI_CHECK_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <linux/ioctl.h>

#include "linux/atmo.h"
#include "linux/atmo_capture.h"
#include "linux/atmo_ring.h"

#define ATMO_ABI_SIZE(type, size)					\
	static_assert(sizeof(struct type) == (size), "size of " #type)
#define ATMO_ABI_FIELD(type, field, offset)				\
	static_assert(__builtin_offsetof(struct type, field) == (offset), \
		      "offset of " #type "." #field)

ATMO_ABI_SIZE(atmo_bind, 72);
ATMO_ABI_FIELD(atmo_bind, version, 0);
ATMO_ABI_FIELD(atmo_bind, family, 4);
ATMO_ABI_FIELD(atmo_bind, protocol, 6);
ATMO_ABI_FIELD(atmo_bind, lane, 7);
ATMO_ABI_FIELD(atmo_bind, ifindex, 8);
ATMO_ABI_FIELD(atmo_bind, nr_pages, 12);
ATMO_ABI_FIELD(atmo_bind, laddr, 16);
ATMO_ABI_FIELD(atmo_bind, raddr, 32);
ATMO_ABI_FIELD(atmo_bind, lport, 48);
ATMO_ABI_FIELD(atmo_bind, rport, 50);
ATMO_ABI_FIELD(atmo_bind, flags, 52);
ATMO_ABI_FIELD(atmo_bind, tx_rate, 56);
ATMO_ABI_FIELD(atmo_bind, pages_fd, 60);
ATMO_ABI_FIELD(atmo_bind, reserved, 64);

ATMO_ABI_SIZE(atmo_ring_info, 16);
ATMO_ABI_FIELD(atmo_ring_info, cursor_offset, 0);
ATMO_ABI_FIELD(atmo_ring_info, desc_offset, 4);
ATMO_ABI_FIELD(atmo_ring_info, entries, 8);
ATMO_ABI_FIELD(atmo_ring_info, desc_size, 12);

ATMO_ABI_SIZE(atmo_info, 192);
ATMO_ABI_FIELD(atmo_info, version, 0);
ATMO_ABI_FIELD(atmo_info, family, 4);
ATMO_ABI_FIELD(atmo_info, lane, 6);
ATMO_ABI_FIELD(atmo_info, lane_reason, 7);
ATMO_ABI_FIELD(atmo_info, ifindex, 8);
ATMO_ABI_FIELD(atmo_info, nr_pages, 12);
ATMO_ABI_FIELD(atmo_info, laddr, 16);
ATMO_ABI_FIELD(atmo_info, lport, 32);
ATMO_ABI_FIELD(atmo_info, reserved0, 34);
ATMO_ABI_FIELD(atmo_info, rx_queue, 36);
ATMO_ABI_FIELD(atmo_info, tx_queue, 40);
ATMO_ABI_FIELD(atmo_info, max_payload, 44);
ATMO_ABI_FIELD(atmo_info, rings_len, 48);
ATMO_ABI_FIELD(atmo_info, pages_len, 56);
ATMO_ABI_FIELD(atmo_info, ring, 64);
ATMO_ABI_FIELD(atmo_info, raddr, 128);
ATMO_ABI_FIELD(atmo_info, rport, 144);
ATMO_ABI_FIELD(atmo_info, mac, 146);
ATMO_ABI_FIELD(atmo_info, id, 152);
ATMO_ABI_FIELD(atmo_info, tx_rate, 156);
ATMO_ABI_FIELD(atmo_info, reserved, 160);

ATMO_ABI_SIZE(atmo_batch, 8);
ATMO_ABI_FIELD(atmo_batch, nr, 0);
ATMO_ABI_FIELD(atmo_batch, flags, 4);
ATMO_ABI_SIZE(atmo_exchange, 8);
ATMO_ABI_FIELD(atmo_exchange, tx_nr, 0);
ATMO_ABI_FIELD(atmo_exchange, rx_nr, 4);

ATMO_ABI_SIZE(atmo_stats, 472);
ATMO_ABI_FIELD(atmo_stats, version, 0);
ATMO_ABI_FIELD(atmo_stats, nr_drops, 4);
ATMO_ABI_FIELD(atmo_stats, rx_packets, 8);
ATMO_ABI_FIELD(atmo_stats, rx_bytes, 16);
ATMO_ABI_FIELD(atmo_stats, tx_packets, 24);
ATMO_ABI_FIELD(atmo_stats, tx_bytes, 32);
ATMO_ABI_FIELD(atmo_stats, tx_slow, 40);
ATMO_ABI_FIELD(atmo_stats, rx_passed, 48);
ATMO_ABI_FIELD(atmo_stats, rx_copied, 56);
ATMO_ABI_FIELD(atmo_stats, rx_remapped, 64);
ATMO_ABI_FIELD(atmo_stats, reserved, 72);
ATMO_ABI_FIELD(atmo_stats, drops, 88);

ATMO_ABI_SIZE(atmo_neigh, 32);
ATMO_ABI_FIELD(atmo_neigh, addr, 4);
ATMO_ABI_FIELD(atmo_neigh, mac, 20);
ATMO_ABI_FIELD(atmo_neigh, reserved, 26);

ATMO_ABI_SIZE(atmo_route, 48);
ATMO_ABI_FIELD(atmo_route, dst, 4);
ATMO_ABI_FIELD(atmo_route, gateway, 20);
ATMO_ABI_FIELD(atmo_route, prefix_len, 36);
ATMO_ABI_FIELD(atmo_route, reserved, 40);

ATMO_ABI_SIZE(atmo_group, 32);
ATMO_ABI_FIELD(atmo_group, addr, 4);
ATMO_ABI_FIELD(atmo_group, reserved, 20);

ATMO_ABI_SIZE(atmo_headers, 88);
ATMO_ABI_FIELD(atmo_headers, addr, 0);
ATMO_ABI_FIELD(atmo_headers, port, 16);
ATMO_ABI_FIELD(atmo_headers, len, 18);
ATMO_ABI_FIELD(atmo_headers, flags, 20);
ATMO_ABI_FIELD(atmo_headers, bytes, 24);

ATMO_ABI_SIZE(atmo_ring_cursors, 128);
ATMO_ABI_FIELD(atmo_ring_cursors, producer, 0);
ATMO_ABI_FIELD(atmo_ring_cursors, consumer, 64);

ATMO_ABI_SIZE(atmo_free_desc, 8);
ATMO_ABI_FIELD(atmo_free_desc, slot, 0);
ATMO_ABI_FIELD(atmo_free_desc, reserved, 4);

ATMO_ABI_SIZE(atmo_rx_desc, 32);
ATMO_ABI_FIELD(atmo_rx_desc, slot, 0);
ATMO_ABI_FIELD(atmo_rx_desc, offset, 4);
ATMO_ABI_FIELD(atmo_rx_desc, len, 6);
ATMO_ABI_FIELD(atmo_rx_desc, frame_offset, 8);
ATMO_ABI_FIELD(atmo_rx_desc, port, 10);
ATMO_ABI_FIELD(atmo_rx_desc, flags, 12);
ATMO_ABI_FIELD(atmo_rx_desc, addr, 16);

ATMO_ABI_SIZE(atmo_tx_desc, 32);
ATMO_ABI_FIELD(atmo_tx_desc, slot, 0);
ATMO_ABI_FIELD(atmo_tx_desc, offset, 4);
ATMO_ABI_FIELD(atmo_tx_desc, len, 6);
ATMO_ABI_FIELD(atmo_tx_desc, reserved, 8);
ATMO_ABI_FIELD(atmo_tx_desc, port, 10);
ATMO_ABI_FIELD(atmo_tx_desc, flags, 12);
ATMO_ABI_FIELD(atmo_tx_desc, addr, 16);

ATMO_ABI_SIZE(atmo_comp_desc, 8);
ATMO_ABI_FIELD(atmo_comp_desc, slot, 0);
ATMO_ABI_FIELD(atmo_comp_desc, status, 4);

ATMO_ABI_SIZE(atmo_capture, 32);
ATMO_ABI_FIELD(atmo_capture, version, 0);
ATMO_ABI_FIELD(atmo_capture, instance, 4);
ATMO_ABI_FIELD(atmo_capture, snaplen, 8);
ATMO_ABI_FIELD(atmo_capture, buffer_len, 12);
ATMO_ABI_FIELD(atmo_capture, flags, 16);

ATMO_ABI_SIZE(atmo_capture_record, 24);
ATMO_ABI_FIELD(atmo_capture_record, time_ns, 0);
ATMO_ABI_FIELD(atmo_capture_record, record_len, 8);
ATMO_ABI_FIELD(atmo_capture_record, len, 12);
ATMO_ABI_FIELD(atmo_capture_record, caplen, 16);
ATMO_ABI_FIELD(atmo_capture_record, direction, 20);
ATMO_ABI_FIELD(atmo_capture_record, flags, 21);
ATMO_ABI_FIELD(atmo_capture_record, reason, 22);

ATMO_ABI_SIZE(atmo_capture_stats, 16);

/* ioctl numbers are ABI, too. */
static_assert(ATMO_BIND == 0xc048a701, "ATMO_BIND");
static_assert(ATMO_GET_INFO == 0xc0c0a702, "ATMO_GET_INFO");
static_assert(ATMO_GET_STATS == 0xc1d8a703, "ATMO_GET_STATS");
static_assert(ATMO_RX_BATCH == 0xc008a704, "ATMO_RX_BATCH");
static_assert(ATMO_TX_BATCH == 0xc008a705, "ATMO_TX_BATCH");
static_assert(ATMO_RESTART == 0x0000a706, "ATMO_RESTART");
static_assert(ATMO_NEIGH == 0x4020a707, "ATMO_NEIGH");
static_assert(ATMO_ROUTE == 0x4030a708, "ATMO_ROUTE");
static_assert(ATMO_GROUP == 0x4020a709, "ATMO_GROUP");
static_assert(ATMO_GET_HEADERS == 0xc058a70a, "ATMO_GET_HEADERS");
static_assert(ATMO_CAPTURE == 0x4020a710, "ATMO_CAPTURE");
static_assert(ATMO_CAPTURE_STATS == 0x8010a711, "ATMO_CAPTURE_STATS");

/* Counters added at the end must find room. */
static_assert(ATMO_NR_DROPS <= ATMO_MAX_DROPS, "too many reasons");
static_assert(ATMO_NR_DROPS == 19, "a reason was added: extend, never reorder");

#endif /* ATMO_ABI_CHECK_H */
