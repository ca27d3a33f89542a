/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of all modules: docs/observability.md lists them. They live here, in
 * the lowest module that has one; the names after TP_printk are an interface.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM atmo

#if !defined(ATMO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ATMO_TRACE_H

#include <linux/mm.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include "../uapi/linux/atmo.h"

/* Why an instance stopped working. */
#ifndef ATMO_TRACE_ONCE
#define ATMO_TRACE_ONCE
enum atmo_failure {
	ATMO_FAILURE_OWNERSHIP,		/* the rules of page ownership were broken */
	ATMO_FAILURE_STOPPED,		/* the administrator wanted it */
};
#endif

/* As atmo_drop_name() of libatmo has them. */
#define ATMO_TRACE_DROPS					\
	X(ATMO_DROP_RX_HW_ERROR, "rx_hw_error")			\
	X(ATMO_DROP_RX_MULTI_DESC, "rx_multi_desc")		\
	X(ATMO_DROP_RX_MALFORMED, "rx_malformed")		\
	X(ATMO_DROP_RX_CHECKSUM, "rx_checksum")			\
	X(ATMO_DROP_RX_NOT_MINE, "rx_not_mine")			\
	X(ATMO_DROP_RX_QUEUE_FULL, "rx_queue_full")		\
	X(ATMO_DROP_FREE_BAD_SLOT, "free_bad_slot")		\
	X(ATMO_DROP_FREE_NOT_OWNED, "free_not_owned")		\
	X(ATMO_DROP_TX_BAD_SLOT, "tx_bad_slot")			\
	X(ATMO_DROP_TX_NOT_OWNED, "tx_not_owned")		\
	X(ATMO_DROP_TX_BAD_RANGE, "tx_bad_range")		\
	X(ATMO_DROP_TX_TOO_LONG, "tx_too_long")			\
	X(ATMO_DROP_TX_RESERVED, "tx_reserved")			\
	X(ATMO_DROP_TX_BAD_DEST, "tx_bad_dest")			\
	X(ATMO_DROP_TX_NO_ROUTE, "tx_no_route")			\
	X(ATMO_DROP_TX_NO_MEMORY, "tx_no_memory")		\
	X(ATMO_DROP_TX_DEVICE, "tx_device")			\
	X(ATMO_DROP_BAD_CURSOR, "bad_cursor")			\
	X_LAST(ATMO_DROP_TX_BAD_HEADER, "tx_bad_header")

#define ATMO_TRACE_LANES					\
	X(ATMO_LANE_HARDWARE, "hardware")			\
	X_LAST(ATMO_LANE_SHARED, "shared")

#define ATMO_TRACE_FAILURES					\
	X(ATMO_FAILURE_OWNERSHIP, "ownership")			\
	X_LAST(ATMO_FAILURE_STOPPED, "stopped")

/* The values, for programs that read the format files. */
#undef X
#undef X_LAST
#define X(value, name)		TRACE_DEFINE_ENUM(value);
#define X_LAST(value, name)	TRACE_DEFINE_ENUM(value);
ATMO_TRACE_DROPS
ATMO_TRACE_LANES
ATMO_TRACE_FAILURES
#undef X
#undef X_LAST
#define X(value, name)		{ value, name },
#define X_LAST(value, name)	{ value, name }

/* A packet was put into the rx ring. */
TRACE_EVENT(atmo_receive,
	TP_PROTO(u32 instance, u8 lane, u32 slot, u32 len),
	TP_ARGS(instance, lane, slot, len),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u8, lane)
		__field(u32, slot)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->lane = lane;
		__entry->slot = slot;
		__entry->len = len;
	),
	TP_printk("instance=%u lane=%s slot=%u len=%u", __entry->instance,
		  __print_symbolic(__entry->lane, ATMO_TRACE_LANES), __entry->slot,
		  __entry->len)
);

/* A packet was handed to the NIC, or to Linux. */
TRACE_EVENT(atmo_transmit,
	TP_PROTO(u32 instance, bool slow, u32 len),
	TP_ARGS(instance, slow, len),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(bool, slow)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->slow = slow;
		__entry->len = len;
	),
	TP_printk("instance=%u by=%s len=%u", __entry->instance,
		  __entry->slow ? "linux" : "nic", __entry->len)
);

/* A packet was dropped, or a ring entry refused. */
TRACE_EVENT(atmo_drop,
	TP_PROTO(u32 instance, u8 reason),
	TP_ARGS(instance, reason),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u8, reason)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->reason = reason;
	),
	TP_printk("instance=%u reason=%s", __entry->instance,
		  __print_symbolic(__entry->reason, ATMO_TRACE_DROPS))
);

/* A frame went to a private queue, and a spare page to the NIC in its place. */
TRACE_EVENT(atmo_flip,
	TP_PROTO(u32 instance, const struct page *page, const struct page *spare, u32 len),
	TP_ARGS(instance, page, spare, len),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(unsigned long, pfn)
		__field(unsigned long, spare_pfn)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->pfn = page_to_pfn(page);
		__entry->spare_pfn = page_to_pfn(spare);
		__entry->len = len;
	),
	TP_printk("instance=%u pfn=0x%lx spare_pfn=0x%lx len=%u", __entry->instance,
		  __entry->pfn, __entry->spare_pfn, __entry->len)
);

/* An instance stopped working. */
TRACE_EVENT(atmo_failure,
	TP_PROTO(u32 instance, u8 why),
	TP_ARGS(instance, why),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u8, why)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->why = why;
	),
	TP_printk("instance=%u why=%s", __entry->instance,
		  __print_symbolic(__entry->why, ATMO_TRACE_FAILURES))
);

/* An instance was restarted; error 0: it works again. */
TRACE_EVENT(atmo_restart,
	TP_PROTO(u32 instance, int error),
	TP_ARGS(instance, error),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->error = error;
	),
	TP_printk("instance=%u error=%d", __entry->instance, __entry->error)
);

#endif /* ATMO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
