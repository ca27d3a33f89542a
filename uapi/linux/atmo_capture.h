/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Looking at the packets of one instance, both directions.
 *
 *   fd = open("/dev/atmo")
 *   cap = ioctl(fd, ATMO_CAPTURE, &arg)   a file descriptor of its own
 *   read(cap), poll(cap)                  whole records, see below
 *   ioctl(cap, ATMO_CAPTURE_STATS, &stats)
 *
 * The instance never waits for its observer: what doesn't fit into the buffer is
 * not recorded, and counted. When the instance is closed, poll() reports POLLHUP,
 * and read() returns 0 once all records are read.
 */
#ifndef _UAPI_LINUX_ATMO_CAPTURE_H
#define _UAPI_LINUX_ATMO_CAPTURE_H

#include <linux/types.h>

#include "atmo.h"

/* Limits of atmo_capture.snaplen and atmo_capture.buffer_len, and defaults for 0. */
#define ATMO_MAX_SNAPLEN		2048
#define ATMO_DEFAULT_SNAPLEN		2048
#define ATMO_MIN_CAPTURE_BUFFER		4096
#define ATMO_MAX_CAPTURE_BUFFER		16777216
#define ATMO_DEFAULT_CAPTURE_BUFFER	1048576

/* atmo_capture.flags: frames that the instance received and dropped, too. */
#define ATMO_CAPTURE_DROPPED	0x1

/**
 * struct atmo_capture - argument of ATMO_CAPTURE
 * @version: ATMO_UAPI_VERSION
 * @instance: its number, in the caller's network namespace
 * @snaplen: bytes of each frame that are recorded, at most; 0: the default
 * @buffer_len: bytes of the buffer, rounded up to a power of two; 0: the default
 * @flags: ATMO_CAPTURE_*
 * @reserved: zero
 *
 * Returns a file descriptor, closed by exec. Allowed to whom CAP_NET_RAW over the
 * network namespace is given, and to the user who bound the instance, unless that
 * is a raw one (AF_PACKET). ENOENT: no such instance. EPERM: not allowed. EBUSY:
 * another capture of it is running. ERANGE: a length beyond its limits. EINVAL:
 * malformed. ENOMEM.
 */
struct atmo_capture {
	__u32	version;
	__u32	instance;
	__u32	snaplen;
	__u32	buffer_len;
	__u32	flags;
	__u32	reserved[3];
};

/* atmo_capture_record.direction */
#define ATMO_CAPTURE_IN		1
#define ATMO_CAPTURE_OUT	2

/* atmo_capture_record.flags */
#define ATMO_RECORD_DROPPED	0x1	/* received, and dropped for @reason */
#define ATMO_RECORD_CSUM	0x2	/* checksums were left to the NIC */
#define ATMO_RECORD_SLOW	0x4	/* sent by Linux, which fills in MAC addresses */

/**
 * struct atmo_capture_record - what a frame that was read begins with
 * @time_ns: when it was taken or sent, CLOCK_REALTIME
 * @record_len: bytes to the next record: this header, @caplen bytes of the frame,
 *	zeroes up to a multiple of 8
 * @len: bytes of the frame without FCS
 * @caplen: bytes of it that follow
 * @direction: ATMO_CAPTURE_IN or ATMO_CAPTURE_OUT
 * @flags: ATMO_RECORD_*
 * @reason: enum atmo_drop, with ATMO_RECORD_DROPPED
 * @reserved: zero
 */
struct atmo_capture_record {
	__u64	time_ns;
	__u32	record_len;
	__u32	len;
	__u32	caplen;
	__u8	direction;
	__u8	flags;
	__u8	reason;
	__u8	reserved;
};

/**
 * struct atmo_capture_stats - argument of ATMO_CAPTURE_STATS
 * @recorded: frames put into the buffer
 * @dropped: frames that it had no room for
 */
struct atmo_capture_stats {
	__u64	recorded;
	__u64	dropped;
};

/* On /dev/atmo, bound or not. */
#define ATMO_CAPTURE		_IOW(ATMO_IOC_MAGIC, 16, struct atmo_capture)
/* On what it returned. */
#define ATMO_CAPTURE_STATS	_IOR(ATMO_IOC_MAGIC, 17, struct atmo_capture_stats)

#endif /* _UAPI_LINUX_ATMO_CAPTURE_H */
