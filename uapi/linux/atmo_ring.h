/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The memory that an application and its stack instance share: four rings,
 * each with a single producer and a single consumer.
 *
 *               producer                                consumer
 *   free        application: a page to receive into     kernel
 *   rx          kernel: a received packet               application
 *   tx          application: a packet to send           kernel
 *   completion  kernel: a page whose sending ended      application
 *
 *   ATMO_MMAP_RINGS                    cursors of one ring (128 bytes)
 *   +--------------------------+       +-----------+ 0
 *   | free cursors             |       | producer  |  written by the producer
 *   | rx cursors               |       +-----------+ 64
 *   | tx cursors               |       | consumer  |  written by the consumer
 *   | completion cursors       |       +-----------+ 128
 *   +--------------------------+ 4096
 *   | entries, ring by ring, at atmo_info.ring[].desc_offset
 *   +--------------------------+ rings_len
 *
 * Cursors run freely through all 32-bit values; entry = cursor % entries.
 * producer - consumer (mod 2^32) entries are filled, at most `entries`.
 *
 * Ordering, the same for each ring:
 *
 *   producer                               consumer
 *   (A) load-acquire consumer              (C) load-acquire producer
 *       write entries                          read entries
 *   (B) store-release producer             (D) store-release consumer
 *
 *   A pairs with D: without it an entry could be overwritten before the
 *   consumer has read it. B pairs with C: without it the consumer could read an
 *   entry before it is written.
 *
 * The kernel keeps its own cursor and the ring's size in memory that the
 * application can't write, and never reads back what it has put there. The
 * other side's cursor and each entry are read once, copied and checked. A
 * cursor that can't be (more than `entries` filled) handles nothing and is
 * counted as ATMO_DROP_BAD_CURSOR.
 *
 * Who owns a page: a slot is the application's after bind, after an rx entry
 * and after a completion entry; it is the kernel's from the moment that its
 * free or tx entry was consumed. Until then the application may not touch it,
 * but nobody's safety hangs on that.
 *
 * Replies: an entry of the rx ring is laid out as one of the tx ring. Who sends about
 * what it receives changes it in place (length, flags with ATMO_TX_RECYCLE, and what else
 * is to be different: a tx entry's port and address are where it goes, an rx entry's where
 * it came from), then releases it and calls ATMO_REPLY, which handles the entries
 * released since the last such call as ATMO_TX_BATCH would, all but frame_offset. The
 * page of one without flags isn't sent, and received into next as well. Calls of
 * ATMO_RX_BATCH and ATMO_EXCHANGE forget what has been released before: its pages
 * are the application's.
 *
 * Waiting: the application handles what the rings hold, calls ATMO_RX_BATCH
 * until it returns 0, then poll(). poll() arms the wake-up, then looks for
 * packets again (full barrier between), so none is slept over. Edge-triggered
 * epoll works, too: a call of ATMO_RX_BATCH that handles less than it was asked
 * to arms the wake-up. The end of a transmission wakes nobody: poll() reports
 * POLLOUT at all times, and ATMO_TX_BATCH collects the pages.
 */
#ifndef _UAPI_LINUX_ATMO_RING_H
#define _UAPI_LINUX_ATMO_RING_H

#include <linux/types.h>

/**
 * struct atmo_ring_cursors - the shared words of one ring
 * @producer: entries ever produced; written only by the producer
 * @consumer: entries ever consumed; written only by the consumer
 */
struct atmo_ring_cursors {
	__u32	producer;
	__u32	pad0[15];
	__u32	consumer;
	__u32	pad1[15];
};

/**
 * struct atmo_free_desc - entry of the free ring
 * @slot: index of a page the application owns
 * @reserved: zero (an entry with another value is refused)
 */
struct atmo_free_desc {
	__u32	slot;
	__u32	reserved;
};

/**
 * struct atmo_rx_desc - entry of the rx ring
 * @slot: page that holds the packet
 * @offset: first byte of the payload in the page (IPPROTO_TCP: of the TCP
 *	header; AF_PACKET: of the frame)
 * @len: bytes of payload, may be 0 (from @offset on: to the segment's or frame's end)
 * @frame_offset: first byte of the Ethernet header in the page
 * @port: source port
 * @flags: zero; for a reply set by the application
 * @addr: source address (IPv4: the first word, the others zero)
 */
struct atmo_rx_desc {
	__u32	slot;
	__u16	offset;
	__u16	len;
	__u16	frame_offset;
	__be16	port;
	__u32	flags;
	__be32	addr[4];
};

/*
 * atmo_tx_desc.flags. FRAME, IPPROTO_UDP: offset and len are those of a whole
 * frame whose Ethernet, IP (without options) and UDP headers stand in the page,
 * as in a received one after source and destination were swapped; port and addr
 * are zero. The kernel copies the headers once, and sends its copy if the source
 * addresses and the port are the instance's, the destination MAC address is the
 * one that it would use itself, and all lengths are true; else the entry is
 * refused as ATMO_DROP_TX_BAD_HEADER. Checksums are the kernel's.
 */
#define ATMO_TX_FRAME	0x1
/*
 * RECYCLE: when the page has been sent, or its entry refused, it is received into
 * next, as if it had been put into the free ring; there is no completion entry. For
 * those who send about what they receive.
 */
#define ATMO_TX_RECYCLE	0x2

/**
 * struct atmo_tx_desc - entry of the tx ring
 * @slot: page that holds the payload
 * @offset: first byte of the payload in the page
 * @len: bytes of payload, 0..max_payload
 * @reserved: zero
 * @port: destination port; connected: zero or the peer's
 * @flags: ATMO_TX_*
 * @addr: destination address (IPv4: the first word, the others zero); connected:
 *	zero or the peer's
 *
 * Source address and port are the bound ones; the kernel builds all headers
 * in memory of its own.
 *
 * IPPROTO_TCP: what lies in the page is a segment with its TCP header, whose
 * ports must be the bound and the destination's; the kernel copies and checks that
 * header, completes its checksum and builds the others. AF_PACKET: a whole
 * frame, sent as it is; @port and @addr are zero.
 */
struct atmo_tx_desc {
	__u32	slot;
	__u16	offset;
	__u16	len;
	__u16	reserved;
	__be16	port;
	__u32	flags;
	__be32	addr[4];
};

/**
 * struct atmo_comp_desc - entry of the completion ring
 * @slot: page that is the application's again
 * @status: 0, or a negative errno: not sent
 */
struct atmo_comp_desc {
	__u32	slot;
	__s32	status;
};

#endif /* _UAPI_LINUX_ATMO_RING_H */
