/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Atmosphere: what there is, by generic netlink. Ports (NICs that instances can be
 * bound to) and instances, each of the caller's network namespace only. Everybody
 * may ask, as for /proc/net/udp; stopping an instance needs CAP_NET_ADMIN.
 *
 *   ATMO_CMD_GET_PORT      dump                 one message a port
 *   ATMO_CMD_GET_INSTANCE  dump                 one message an instance
 *                          do, ATMO_A_ID        that instance; ENOENT: none
 *   ATMO_CMD_FAIL          do, ATMO_A_ID        ENOENT: no such instance; ENOTCONN,
 *                                               ENODEV: nothing is left to stop
 *
 * Addresses and ports are in network byte order, all else in host order. An
 * attribute that has nothing to say is left out. Readers ignore what they don't
 * know: arrays grow at their end, attributes are added.
 */
#ifndef _UAPI_LINUX_ATMO_NETLINK_H
#define _UAPI_LINUX_ATMO_NETLINK_H

#define ATMO_GENL_NAME		"atmo"
#define ATMO_GENL_VERSION	1

enum atmo_cmd {
	ATMO_CMD_UNSPEC,
	ATMO_CMD_GET_PORT,
	ATMO_CMD_GET_INSTANCE,
	/*
	 * Stops an instance: from now on it is ATMO_STATE_FAILED, its calls return
	 * EIO and poll() reports POLLERR. ATMO_RESTART by its owner brings it back.
	 */
	ATMO_CMD_FAIL,
	ATMO_NR_CMDS,
};

/**
 * enum atmo_state - how an instance is
 * @ATMO_STATE_WORKS: calls are served
 * @ATMO_STATE_DOWN: its device is down (ENETDOWN)
 * @ATMO_STATE_NO_PROTOCOL: no module serves its protocol (EPROTONOSUPPORT)
 * @ATMO_STATE_FAILED: it broke the rules, or was stopped (EIO)
 * @ATMO_STATE_GONE: its device is gone, only close() is left (ENODEV)
 */
enum atmo_state {
	ATMO_STATE_WORKS,
	ATMO_STATE_DOWN,
	ATMO_STATE_NO_PROTOCOL,
	ATMO_STATE_FAILED,
	ATMO_STATE_GONE,
};

/**
 * enum atmo_buffers - index into ATMO_A_BUFFERS: whose pages are whose
 * @ATMO_BUFFERS_USER: the application's
 * @ATMO_BUFFERS_SPARE: the instance's, to receive into
 * @ATMO_BUFFERS_NIC_RX: on the lane's receive queue
 * @ATMO_BUFFERS_TX: being sent
 * @ATMO_BUFFERS_SHARED: shared pages that another instance of the process has for
 *	one of these purposes
 *
 * The sum of these is ATMO_A_NR_PAGES.
 */
enum atmo_buffers {
	ATMO_BUFFERS_USER,
	ATMO_BUFFERS_SPARE,
	ATMO_BUFFERS_NIC_RX,
	ATMO_BUFFERS_TX,
	ATMO_BUFFERS_SHARED,
	ATMO_NR_BUFFERS,
};

/**
 * enum atmo_attr - attributes of all messages
 * @ATMO_A_UNSPEC: none
 * @ATMO_A_PAD: padding
 * @ATMO_A_IFINDEX: u32, of the device
 * @ATMO_A_LANES: u32, hardware lanes in use
 * @ATMO_A_MAX_LANES: u32, hardware lanes there are
 * @ATMO_A_INSTANCES: u32, instances that are bound to the port
 * @ATMO_A_COUNTERS: nested list of ATMO_A_COUNTER: the demultiplexer's, names as
 *	in ethtool -S
 * @ATMO_A_COUNTER: nested: ATMO_A_NAME and ATMO_A_VALUE
 * @ATMO_A_NAME: string
 * @ATMO_A_VALUE: u64
 * @ATMO_A_LIMITS: nested list of ATMO_A_LIMIT: what else the NIC has a limited
 *	number of, filters for example
 * @ATMO_A_LIMIT: nested: ATMO_A_NAME, ATMO_A_VALUE: in use, ATMO_A_MAXIMUM
 * @ATMO_A_MAXIMUM: u64
 * @ATMO_A_ID: u32, number of the instance
 * @ATMO_A_FAMILY: u16, AF_INET, AF_INET6 or AF_PACKET
 * @ATMO_A_PROTOCOL: u8, IPPROTO_UDP or IPPROTO_TCP
 * @ATMO_A_LADDR: 4 or 16 bytes, local address
 * @ATMO_A_LPORT: be16, local port
 * @ATMO_A_RADDR: 4 or 16 bytes, remote address; connected instances only
 * @ATMO_A_RPORT: be16, remote port; connected instances only
 * @ATMO_A_LANE: u8, enum atmo_lane_type
 * @ATMO_A_LANE_REASON: u8, enum atmo_lane_reason
 * @ATMO_A_RX_QUEUE: u32, hardware receive queue; hardware lane only
 * @ATMO_A_TX_QUEUE: u32, hardware transmit queue; hardware lane only
 * @ATMO_A_TX_RATE: u32, limit in Mbit/s; if there is one
 * @ATMO_A_UID: u32, effective user of the process that bound it, as the asking
 *	socket's user namespace has it
 * @ATMO_A_PID: u32, that process as the asking one sees it; 0: it can't
 * @ATMO_A_COMM: string, its name when it bound
 * @ATMO_A_STATE: u8, enum atmo_state
 * @ATMO_A_NR_PAGES: u32, packet pages
 * @ATMO_A_BUFFERS: array of u32, enum atmo_buffers; not when it is gone
 *	or being restarted
 * @ATMO_A_QUEUE_LEN: u32, pages of the private queue; shared lane only
 * @ATMO_A_QUEUE_USED: u32, frames that wait in it; shared lane only
 * @ATMO_A_RX_PACKETS: u64; this and the following as in struct atmo_stats
 * @ATMO_A_RX_BYTES: u64
 * @ATMO_A_TX_PACKETS: u64
 * @ATMO_A_TX_BYTES: u64
 * @ATMO_A_TX_SLOW: u64
 * @ATMO_A_RX_PASSED: u64
 * @ATMO_A_DROPS: array of u64, enum atmo_drop
 * @ATMO_A_RX_COPIED: u64, as in struct atmo_stats
 * @ATMO_A_RX_REMAPPED: u64
 */
enum atmo_attr {
	ATMO_A_UNSPEC,
	ATMO_A_PAD,
	ATMO_A_IFINDEX,
	ATMO_A_LANES,
	ATMO_A_MAX_LANES,
	ATMO_A_INSTANCES,
	ATMO_A_COUNTERS,
	ATMO_A_COUNTER,
	ATMO_A_NAME,
	ATMO_A_VALUE,
	ATMO_A_LIMITS,
	ATMO_A_LIMIT,
	ATMO_A_MAXIMUM,
	ATMO_A_ID,
	ATMO_A_FAMILY,
	ATMO_A_PROTOCOL,
	ATMO_A_LADDR,
	ATMO_A_LPORT,
	ATMO_A_RADDR,
	ATMO_A_RPORT,
	ATMO_A_LANE,
	ATMO_A_LANE_REASON,
	ATMO_A_RX_QUEUE,
	ATMO_A_TX_QUEUE,
	ATMO_A_TX_RATE,
	ATMO_A_UID,
	ATMO_A_PID,
	ATMO_A_COMM,
	ATMO_A_STATE,
	ATMO_A_NR_PAGES,
	ATMO_A_BUFFERS,
	ATMO_A_QUEUE_LEN,
	ATMO_A_QUEUE_USED,
	ATMO_A_RX_PACKETS,
	ATMO_A_RX_BYTES,
	ATMO_A_TX_PACKETS,
	ATMO_A_TX_BYTES,
	ATMO_A_TX_SLOW,
	ATMO_A_RX_PASSED,
	ATMO_A_DROPS,
	ATMO_A_RX_COPIED,
	ATMO_A_RX_REMAPPED,
	ATMO_NR_ATTRS,
};

#define ATMO_A_MAX	(ATMO_NR_ATTRS - 1)

#endif /* _UAPI_LINUX_ATMO_NETLINK_H */
