/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Atmosphere: one protocol stack instance per open file of /dev/atmo.
 *
 * Life of a socket:
 *
 *   fd = open("/dev/atmo")                an instance, not yet bound
 *   ioctl(fd, ATMO_BIND, &bind)           claims the port, allocates the pages
 *   ioctl(fd, ATMO_GET_INFO, &info)       which lane, where things are mapped
 *   mmap(fd, ATMO_MMAP_RINGS)             four rings, see atmo_ring.h
 *   mmap(fd, ATMO_MMAP_PAGES)             nr_pages packet pages of 4 KiB
 *   ioctl(fd, ATMO_RX_BATCH / ATMO_TX_BATCH), poll(fd)
 *   close(fd)                             gives everything back
 *
 * All structures have the same layout in 32- and 64-bit programs. Reserved
 * fields and padding must be zero, otherwise the call fails with EINVAL.
 * Addresses and ports are in network byte order, all else in host order.
 */
#ifndef _UAPI_LINUX_ATMO_H
#define _UAPI_LINUX_ATMO_H

#include <linux/types.h>

#define ATMO_UAPI_VERSION	1
#define ATMO_DEVICE_PATH	"/dev/atmo"

#define ATMO_PAGE_SIZE		4096
#define ATMO_MIN_PAGES		16
#define ATMO_MAX_PAGES		16384
#define ATMO_MAX_BATCH		4096

/*
 * Offsets for mmap(). Both regions need MAP_SHARED, are mapped as a whole
 * (atmo_info.rings_len, pages_len), never executable, not inherited by fork().
 * MAP_POPULATE spares the data path the faults.
 */
#define ATMO_MMAP_RINGS		0x000000000ULL
#define ATMO_MMAP_PAGES		0x100000000ULL

/**
 * enum atmo_lane_type - how packets reach an instance
 * @ATMO_LANE_ANY: wish only: hardware if one is left, else shared
 * @ATMO_LANE_HARDWARE: own receive and transmit queue of the NIC, filled with
 *	this instance's pages and nobody else's
 * @ATMO_LANE_SHARED: the port's ordinary queues; demultiplexed in software into
 *	a bounded private queue
 */
enum atmo_lane_type {
	ATMO_LANE_ANY		= 0,
	ATMO_LANE_HARDWARE	= 1,
	ATMO_LANE_SHARED	= 2,
};

/**
 * enum atmo_lane_reason - why an instance has the lane it has
 * @ATMO_LANE_ASKED: it is the one that was asked for
 * @ATMO_LANE_GRANTED: either would do, and a hardware lane was free
 * @ATMO_LANE_NO_QUEUE: either would do, and all hardware queues were in use
 * @ATMO_LANE_NO_FILTER: either would do, and all hardware filters were in use
 * @ATMO_LANE_UNSUPPORTED: either would do, and the NIC can't steer this flow
 * @ATMO_LANE_SHARED_USED: AF_PACKET, either would do, and there are instances in the
 *	shared lane, which would get nothing any more
 */
enum atmo_lane_reason {
	ATMO_LANE_ASKED		= 0,
	ATMO_LANE_GRANTED	= 1,
	ATMO_LANE_NO_QUEUE	= 2,
	ATMO_LANE_NO_FILTER	= 3,
	ATMO_LANE_UNSUPPORTED	= 4,
	ATMO_LANE_SHARED_USED	= 5,
};

/**
 * struct atmo_bind - argument of ATMO_BIND
 * @version: ATMO_UAPI_VERSION
 * @family: AF_INET, AF_INET6 (shared lane only), or AF_PACKET: whole frames of
 *	the port, needs CAP_NET_RAW
 * @protocol: IPPROTO_UDP, or IPPROTO_TCP: whole segments of one connection or,
 *	without a remote address, those for which there is no connection; AF_PACKET: 0
 * @lane: in: enum atmo_lane_type wanted
 * @ifindex: the device, in the caller's network namespace
 * @nr_pages: packet pages, a power of two, ATMO_MIN_PAGES..ATMO_MAX_PAGES;
 *	each of the four rings has as many entries
 * @laddr: local address (AF_INET: the first word, the others zero), one of the
 *	device's; all zero: the device's primary address, written back. AF_PACKET:
 *	zero, like all addresses and ports
 * @raddr: remote address, or zero: any. Set together with @rport
 * @lport: local port; below 1024 needs CAP_NET_BIND_SERVICE. 0: an ephemeral
 *	one is chosen and written back
 * @rport: remote port
 * @flags: ATMO_BIND_*
 * @tx_rate: limit for what is sent, in Mbit/s of whole frames, enforced by the
 *	NIC: ATMO_MIN_TX_RATE..ATMO_MAX_TX_RATE; needs a hardware lane. 0: none
 * @pages_fd: with ATMO_BIND_SHARE_PAGES: an instance of the same process, bound
 *	and with the same nr_pages, whose pages this one uses, too: slots are common,
 *	and what one has received the other can send. Both may be closed in any order;
 *	what one of them still has is the application's then
 * @reserved: zero
 *
 * EADDRINUSE: the port is taken, here or in Linux. EADDRNOTAVAIL: @laddr is not
 * an address of the device. ENODEV: no such device, or not one of ours.
 * EBUSY: ATMO_LANE_HARDWARE was demanded and none is left; or the shared lane is
 * needed, and an AF_PACKET instance in the hardware lane gets all that would come
 * by it (which in turn can't be had beside the shared lane). EISCONN: bound
 * already. EACCES: port needs a capability. EPERM: AF_PACKET without CAP_NET_RAW.
 * ERANGE: @tx_rate is more or less than the NIC can do. EOPNOTSUPP: @tx_rate in
 * the shared lane; a hardware lane demanded for what the NIC can't steer. EBADF:
 * @pages_fd is no instance; ENOTCONN, EIO, ENODEV: it isn't bound, has failed, has
 * lost its NIC; EPERM: another process or user bound it; ENOSPC: 64 instances have
 * its pages already. EPROTONOSUPPORT: no module serves the protocol. ENOMEM: no
 * memory, or more than the memory cgroup or RLIMIT_MEMLOCK grants (pages and rings,
 * and in the shared lane @nr_pages once more). EINVAL: anything malformed.
 */
struct atmo_bind {
	__u32	version;
	__u16	family;
	__u8	protocol;
	__u8	lane;
	__u32	ifindex;
	__u32	nr_pages;
	__be32	laddr[4];
	__be32	raddr[4];
	__be16	lport;
	__be16	rport;
	__u32	flags;
	__u32	tx_rate;
	__s32	pages_fd;
	__u32	reserved[2];
};

/* atmo_bind.flags */
#define ATMO_BIND_SHARE_PAGES	0x1

/* What the rate limiter of the 82599 can do, in Mbit/s. */
#define ATMO_MIN_TX_RATE	10
#define ATMO_MAX_TX_RATE	10000

/* Ring identifiers: index into atmo_info.ring. */
enum atmo_ring_id {
	ATMO_RING_FREE	= 0,	/* user to kernel: pages to receive into */
	ATMO_RING_RX	= 1,	/* kernel to user: received packets */
	ATMO_RING_TX	= 2,	/* user to kernel: packets to send */
	ATMO_RING_COMP	= 3,	/* kernel to user: pages back from transmission */
	ATMO_NR_RINGS	= 4,
};

/**
 * struct atmo_ring_info - where one ring lies in the mapping ATMO_MMAP_RINGS
 * @cursor_offset: byte offset of its struct atmo_ring_cursors
 * @desc_offset: byte offset of its first entry
 * @entries: number of entries, a power of two
 * @desc_size: bytes of an entry
 */
struct atmo_ring_info {
	__u32	cursor_offset;
	__u32	desc_offset;
	__u32	entries;
	__u32	desc_size;
};

/**
 * struct atmo_info - argument of ATMO_GET_INFO
 * @version: in: ATMO_UAPI_VERSION
 * @lane: enum atmo_lane_type, never ATMO_LANE_ANY
 * @lane_reason: enum atmo_lane_reason
 * @family: as bound
 * @ifindex: as bound
 * @nr_pages: as bound
 * @laddr: as bound, or the primary address chosen
 * @lport: as bound
 * @reserved0: zero
 * @rx_queue: hardware queue index; 0xffffffff in the shared lane
 * @tx_queue: hardware queue index; 0xffffffff in the shared lane
 * @max_payload: largest payload of a datagram that will be sent, in bytes
 *	(IPPROTO_TCP: of a segment, header included; AF_PACKET: of a frame without FCS)
 * @rings_len: bytes to map at ATMO_MMAP_RINGS
 * @pages_len: bytes to map at ATMO_MMAP_PAGES
 * @ring: layout, by enum atmo_ring_id
 * @raddr: as bound
 * @rport: as bound
 * @mac: MAC address of the device
 * @id: number of the instance, as `atmo status` and tracepoints have it
 * @tx_rate: as bound
 * @reserved: zero
 *
 * ENOTCONN: not bound yet. EIO: it has failed. ENODEV: its NIC is gone.
 */
struct atmo_info {
	__u32	version;
	__u16	family;
	__u8	lane;
	__u8	lane_reason;
	__u32	ifindex;
	__u32	nr_pages;
	__be32	laddr[4];
	__be16	lport;
	__u16	reserved0;
	__u32	rx_queue;
	__u32	tx_queue;
	__u32	max_payload;
	__u64	rings_len;
	__u64	pages_len;
	struct atmo_ring_info ring[ATMO_NR_RINGS];
	__be32	raddr[4];
	__be16	rport;
	__u8	mac[6];
	__u32	id;
	__u32	tx_rate;
	__u32	reserved[8];
};

/**
 * struct atmo_batch - argument of ATMO_RX_BATCH and ATMO_TX_BATCH
 * @nr: in: most packets to handle, 1..ATMO_MAX_BATCH; out: packets handled
 * @flags: zero
 *
 * ATMO_RX_BATCH takes the free ring's pages and adds up to @nr packets to the
 * rx ring. ATMO_TX_BATCH takes up to @nr entries of the tx ring, starts their
 * transmission and adds the pages whose transmission has ended to the
 * completion ring. Neither blocks. On return @nr also counts packets that were
 * dropped or passed on to Linux and entries that were refused (see
 * atmo_stats.drops): 0 means that nothing was waiting, or that the ring for the
 * outcome is full. What was delivered or completed is told by that ring's cursor.
 *
 * ENOTCONN: not bound. ENETDOWN: the device is down (pages whose transmission
 * has ended come back all the same). ENODEV: the device is gone; only close() is
 * left. EPROTONOSUPPORT: the protocol's module is not loaded at present. EIO: the
 * instance has failed (the rules of page ownership were broken, or it was stopped
 * by the administrator); ATMO_RESTART and close() are left.
 */
struct atmo_batch {
	__u32	nr;
	__u32	flags;
};

/**
 * struct atmo_exchange - argument of ATMO_EXCHANGE and ATMO_REPLY: both batches in one call
 * @tx_nr: as atmo_batch.nr of ATMO_TX_BATCH, which comes first; or 0: none. ATMO_REPLY:
 *	not of the tx ring, but of the entries of the rx ring that have been released, see
 *	atmo_ring.h
 * @rx_nr: as atmo_batch.nr of ATMO_RX_BATCH; or 0: none, but not both
 *
 * Errors as there. When entries have been handled for sending, an error in receiving
 * isn't told: @rx_nr is 0, and if it lasts the next call tells it.
 */
struct atmo_exchange {
	__u32	tx_nr;
	__u32	rx_nr;
};

/**
 * enum atmo_drop - why a packet was dropped or a ring entry refused
 *
 * Index into atmo_stats.drops. New reasons are added at the end.
 */
enum atmo_drop {
	/* From the wire */
	ATMO_DROP_RX_HW_ERROR,		/* the NIC flagged the frame */
	ATMO_DROP_RX_MULTI_DESC,	/* frame larger than a receive buffer */
	ATMO_DROP_RX_MALFORMED,		/* truncated, or lengths that lie */
	ATMO_DROP_RX_CHECKSUM,		/* IPv4 header or UDP checksum wrong */
	ATMO_DROP_RX_NOT_MINE,		/* in our queue, but of another flow */
	ATMO_DROP_RX_QUEUE_FULL,	/* private queue full (shared lane) */
	/* Refused entries of the free ring */
	ATMO_DROP_FREE_BAD_SLOT,	/* no such slot */
	ATMO_DROP_FREE_NOT_OWNED,	/* the slot is not the application's now */
	/* Refused entries of the tx ring: no page moves */
	ATMO_DROP_TX_BAD_SLOT,
	ATMO_DROP_TX_NOT_OWNED,
	/* Refused entries of the tx ring: the page comes back, status set */
	ATMO_DROP_TX_BAD_RANGE,		/* offset and len leave the page */
	ATMO_DROP_TX_TOO_LONG,		/* more than max_payload */
	ATMO_DROP_TX_RESERVED,		/* a reserved field is set */
	ATMO_DROP_TX_BAD_DEST,		/* port 0, broadcast, own address; not the peer */
	ATMO_DROP_TX_NO_ROUTE,		/* no route, or not through this device */
	ATMO_DROP_TX_NO_MEMORY,
	ATMO_DROP_TX_DEVICE,		/* the device went down meanwhile */
	/* Cursors that the application wrote and that can't be */
	ATMO_DROP_BAD_CURSOR,
	/* Refused entries of the tx ring, as above */
	ATMO_DROP_TX_BAD_HEADER,	/* headers in place are not those of this instance */
	ATMO_NR_DROPS,
};

#define ATMO_MAX_DROPS	48

/**
 * struct atmo_stats - argument of ATMO_GET_STATS; counters since bind
 * @version: in: ATMO_UAPI_VERSION
 * @nr_drops: ATMO_NR_DROPS of the running kernel
 * @rx_packets: packets put into the rx ring
 * @rx_bytes: their payload bytes
 * @tx_packets: packets handed to the NIC
 * @tx_bytes: their payload bytes
 * @tx_slow: of @tx_packets, those that left by an ordinary queue of the device
 *	(address not resolved yet, or shared lane)
 * @rx_passed: packets of the own hardware queue that were handed to Linux
 *	(VLAN tag, IP options, fragment, other destination MAC)
 * @rx_copied: shared lane: frames copied into a page of the application
 * @rx_remapped: shared lane: frames whose page itself became the application's, in
 *	place of the one that its slot had (module parameter remap_threshold)
 * @reserved: zero
 * @drops: by enum atmo_drop
 */
struct atmo_stats {
	__u32	version;
	__u32	nr_drops;
	__u64	rx_packets;
	__u64	rx_bytes;
	__u64	tx_packets;
	__u64	tx_bytes;
	__u64	tx_slow;
	__u64	rx_passed;
	__u64	rx_copied;
	__u64	rx_remapped;
	__u64	reserved[2];
	__u64	drops[ATMO_MAX_DROPS];
};

/* atmo_neigh.flags, atmo_route.flags, atmo_group.flags */
#define ATMO_ENTRY_DELETE	0x1	/* remove it; ENOENT: isn't there */

/* Static entries of each kind that an instance may have; ENOSPC beyond. */
#define ATMO_MAX_NEIGHS		64
#define ATMO_MAX_ROUTES		64
#define ATMO_MAX_GROUPS		20

/**
 * struct atmo_neigh - argument of ATMO_NEIGH: a neighbour of this instance
 * @flags: 0 or ATMO_ENTRY_DELETE
 * @addr: its address, of the instance's family; unicast
 * @mac: its MAC address, unicast; with ATMO_ENTRY_DELETE zero
 * @reserved: zero
 *
 * Goes before what Linux knows. Adding one that is there replaces its @mac.
 * EPERM: needs CAP_NET_ADMIN over the device's network namespace, as `ip neigh
 * add` does. EINVAL: malformed. EOPNOTSUPP: not an IP instance.
 */
struct atmo_neigh {
	__u32	flags;
	__be32	addr[4];
	__u8	mac[6];
	__u8	reserved[6];
};

/**
 * struct atmo_route - argument of ATMO_ROUTE: a route of this instance
 * @flags: 0 or ATMO_ENTRY_DELETE
 * @dst: destination network, host bits zero
 * @gateway: next hop; zero: the destinations are neighbours themselves
 * @prefix_len: bits of @dst, 0..32 (AF_INET6: 0..128)
 * @reserved: zero
 *
 * Goes before Linux's routes, longest prefix first; always out of the bound
 * device. EINVAL: host bits in @dst, a gateway that is no unicast address or
 * lies itself behind a gateway, prefix too long. Else as ATMO_NEIGH.
 */
struct atmo_route {
	__u32	flags;
	__be32	dst[4];
	__be32	gateway[4];
	__u32	prefix_len;
	__u32	reserved[2];
};

/**
 * struct atmo_group - argument of ATMO_GROUP: a multicast group to receive
 * @flags: 0 or ATMO_ENTRY_DELETE
 * @addr: group, of the instance's family; only unconnected IPPROTO_UDP
 * @reserved: zero
 *
 * Joins the group on the device; its datagrams to the bound port are this
 * instance's, and of no other. EADDRINUSE: somebody else receives that port of
 * the group. EACCES: the port needs a capability, as at bind. EINVAL: not a multicast
 * address. EOPNOTSUPP: connected, not IPPROTO_UDP, or a hardware lane that can't have
 * it. ENOSPC: ATMO_MAX_GROUPS, or no filter is left.
 */
struct atmo_group {
	__u32	flags;
	__be32	addr[4];
	__u32	reserved[3];
};

/* Most bytes of headers before a payload: Ethernet, IPv6, UDP. */
#define ATMO_MAX_HEADERS	64

/**
 * struct atmo_headers - argument of ATMO_GET_HEADERS: headers to a destination
 * @addr: in: destination address; zero: the connected peer
 * @port: in: destination port; zero: the connected peer
 * @len: out: bytes of @bytes
 * @flags: zero
 * @bytes: out: Ethernet, IP and UDP headers of a datagram without payload, as
 *	ATMO_TX_FRAME wants them: checksums zero
 *
 * For those who build whole datagrams in place. EAGAIN: the neighbour's MAC
 * address isn't known yet and has been asked for. EINVAL, ENETUNREACH: as the
 * status of a datagram sent there. EOPNOTSUPP: not IPPROTO_UDP.
 */
struct atmo_headers {
	__be32	addr[4];
	__be16	port;
	__u16	len;
	__u32	flags;
	__u8	bytes[ATMO_MAX_HEADERS];
};

#define ATMO_IOC_MAGIC	0xA7
#define ATMO_BIND	_IOWR(ATMO_IOC_MAGIC, 1, struct atmo_bind)
#define ATMO_GET_INFO	_IOWR(ATMO_IOC_MAGIC, 2, struct atmo_info)
#define ATMO_GET_STATS	_IOWR(ATMO_IOC_MAGIC, 3, struct atmo_stats)
#define ATMO_RX_BATCH	_IOWR(ATMO_IOC_MAGIC, 4, struct atmo_batch)
#define ATMO_TX_BATCH	_IOWR(ATMO_IOC_MAGIC, 5, struct atmo_batch)
/*
 * Brings a failed instance (or one that works) back on its port: fresh pages and
 * empty rings, all pages the application's, counters kept, mappings stay valid
 * and show the new memory. Pages that are or were shared with another instance
 * keep their memory, and what that one has stays with it. ENOMEM, or EBUSY when
 * its hardware lane is lost: it stays failed, and may be tried again.
 */
#define ATMO_RESTART	_IO(ATMO_IOC_MAGIC, 6)
#define ATMO_NEIGH	_IOW(ATMO_IOC_MAGIC, 7, struct atmo_neigh)
#define ATMO_ROUTE	_IOW(ATMO_IOC_MAGIC, 8, struct atmo_route)
#define ATMO_GROUP	_IOW(ATMO_IOC_MAGIC, 9, struct atmo_group)
#define ATMO_GET_HEADERS _IOWR(ATMO_IOC_MAGIC, 10, struct atmo_headers)
#define ATMO_EXCHANGE	_IOWR(ATMO_IOC_MAGIC, 11, struct atmo_exchange)
#define ATMO_REPLY	_IOWR(ATMO_IOC_MAGIC, 12, struct atmo_exchange)

#endif /* _UAPI_LINUX_ATMO_H */
