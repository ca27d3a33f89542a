/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * libatmo: UDP sockets whose packets lie in memory that the application and its
 * own stack instance share. See libatmo(7); examples/udp_echo.c is a complete
 * program.
 *
 * Errors are negative errno values. Addresses and ports are in network byte
 * order, everything else in host order.
 *
 * Threads: of one socket, atmo_rx_batch() and atmo_wait() are the receive side,
 * atmo_tx_batch() is the transmit side. Each side may be used by one thread at a
 * time, both sides at once. atmo_rx_release(), atmo_page_alloc(),
 * atmo_page_free(), atmo_fd(), atmo_info() and atmo_stats() may be called by any
 * thread at any time; atmo_close() when no other call is running. Different
 * sockets have nothing to do with each other.
 */
#ifndef LIBATMO_ATMO_H
#define LIBATMO_ATMO_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/atmo.h>

#ifdef __cplusplus
extern "C" {
#endif

struct atmo_sock;

/**
 * struct atmo_udp_options - what atmo_udp_open() shall open
 * @size: sizeof(struct atmo_udp_options); later versions add fields at the end,
 *	for which zero means what this version does
 * @ifname: name of the network device
 * @local: address and port to bind, AF_INET or all zero; INADDR_ANY stands for
 *	the device's primary address; the port must be given
 * @nr_pages: packet pages of 4 KiB, a power of two from ATMO_MIN_PAGES to
 *	ATMO_MAX_PAGES; 0: ATMO_DEFAULT_PAGES. They count against RLIMIT_MEMLOCK, twice in
 *	the shared lane, whose private queue has pages of its own.
 * @nr_tx_pages: of these, how many are never handed out for reception, so that
 *	atmo_page_alloc() finds some; 0: a quarter
 * @lane: enum atmo_lane_type
 * @flags: zero
 */
struct atmo_udp_options {
	size_t size;
	const char *ifname;
	struct sockaddr_in local;
	uint32_t nr_pages;
	uint32_t nr_tx_pages;
	uint32_t lane;
	uint32_t flags;
};

#define ATMO_DEFAULT_PAGES	512

/**
 * struct atmo_packet - one datagram in one page
 * @data: first byte of the payload; anywhere in the page
 * @slot: the page
 * @len: bytes of payload
 * @port: the peer's port: source of a received packet, destination of a sent one
 * @addr: the peer's address (IPv4: the first word, the others zero)
 *
 * A received packet can be sent as it is: it goes back to where it came from.
 */
struct atmo_packet {
	void	*data;
	uint32_t slot;
	uint16_t len;
	in_port_t port;
	in_addr_t addr[4];
};

/**
 * atmo_udp_open - bind a UDP port and map its rings and pages
 * @sock: out: the socket; not touched on failure
 * @opt: what to open; not kept
 *
 * Return: 0 or a negative errno, which atmo_open_explain() puts into words.
 */
int atmo_udp_open(struct atmo_sock **sock, const struct atmo_udp_options *opt);

/**
 * atmo_open_explain - what went wrong in atmo_udp_open(), and what to do
 * @err: its return value
 * @opt: its argument
 * @buf: where to write the sentence, always terminated
 * @len: bytes of @buf
 *
 * Return: @buf.
 */
const char *atmo_open_explain(int err, const struct atmo_udp_options *opt,
			      char *buf, size_t len);

/**
 * atmo_close - release the port, unmap everything
 * @sock: socket or NULL; all its packets and pages become invalid
 */
void atmo_close(struct atmo_sock *sock);

/**
 * atmo_rx_batch - receive what is there; does not block
 * @sock: socket
 * @pkts: out: packets; their pages belong to the caller until each has been
 *	given to atmo_rx_release(), atmo_page_free() or atmo_tx_batch()
 * @nr: room in @pkts
 *
 * Also hands free pages to the kernel for further reception.
 *
 * Return: number of packets, 0 if there are none at present, or a negative
 * errno: -ENETDOWN while the device is down and -EPROTONOSUPPORT while the UDP
 * module is not loaded pass by themselves, -ENODEV does not.
 */
int atmo_rx_batch(struct atmo_sock *sock, struct atmo_packet *pkts, unsigned int nr);

/**
 * atmo_rx_release - done with received packets
 * @sock: socket
 * @pkts: packets, only @slot is used; their pages belong to the library again
 * @nr: number of packets
 *
 * Return: number of pages taken back; less than @nr when a page was not the
 * caller's, which is skipped.
 */
int atmo_rx_release(struct atmo_sock *sock, const struct atmo_packet *pkts, unsigned int nr);

/**
 * atmo_tx_batch - send packets; does not block
 * @sock: socket
 * @pkts: packets, received ones or such on pages of atmo_page_alloc()
 * @nr: number of packets; 0 only takes back the pages of earlier packets
 *
 * The pages of the packets taken belong to the library, which makes them free
 * pages when they have been sent. Headers are the kernel's; source address and
 * port are the bound ones. A packet that is taken and then can't be sent (no
 * route, too long, ...) is counted in atmo_stats.drops.
 *
 * Return: number of packets taken, from the first on. The others, if any, still
 * belong to the caller: the device has no room at present, or the next packet is
 * not valid. Negative errno when none was taken: -EINVAL if the first one does not
 * lie in a page of the caller's, else as atmo_rx_batch().
 */
int atmo_tx_batch(struct atmo_sock *sock, const struct atmo_packet *pkts, unsigned int nr);

/**
 * atmo_page_alloc - take a free page to build a packet in
 * @sock: socket
 * @pkt: out: @data at the start of the page, @slot, @len ATMO_PAGE_SIZE, no peer;
 *	the page belongs to the caller, as after atmo_rx_batch(). It may hold what
 *	this socket received or sent earlier.
 *
 * Return: 0, or -ENOBUFS if there is no free page now.
 */
int atmo_page_alloc(struct atmo_sock *sock, struct atmo_packet *pkt);

/**
 * atmo_page_free - give back a page without sending it
 * @sock: socket
 * @pkt: packet, only @slot is used
 *
 * Return: 0, or -EINVAL if the page was not the caller's.
 */
int atmo_page_free(struct atmo_sock *sock, const struct atmo_packet *pkt);

/**
 * atmo_wait - sleep until packets can be received
 * @sock: socket
 * @timeout_ms: milliseconds; 0: only look; negative: no limit
 *
 * Return: 1 if atmo_rx_batch() has something to say, packets or an error; 0 when
 * the time was up; -EINTR after a signal; another negative errno.
 */
int atmo_wait(struct atmo_sock *sock, int timeout_ms);

/**
 * atmo_fd - file descriptor for poll() and epoll
 * @sock: socket, which keeps the descriptor
 *
 * Readable when packets are waiting. Call atmo_rx_batch() until it returns 0
 * before waiting. Do not read, write or close it.
 *
 * Return: file descriptor.
 */
int atmo_fd(const struct atmo_sock *sock);

/**
 * atmo_info - what was bound: address, lane and why, queues, limits
 * @sock: socket
 * @info: out: as of now
 *
 * Return: 0 or a negative errno.
 */
int atmo_info(const struct atmo_sock *sock, struct atmo_info *info);

/**
 * atmo_stats - counters since the bind
 * @sock: socket
 * @stats: out: of @drops, the first @nr_drops are valid
 *
 * Return: 0 or a negative errno.
 */
int atmo_stats(const struct atmo_sock *sock, struct atmo_stats *stats);

/**
 * atmo_drop_name - name of a drop counter
 * @reason: enum atmo_drop
 *
 * Return: for example "rx_checksum"; "unknown" for a reason that this version of
 * the library does not know. Static.
 */
const char *atmo_drop_name(unsigned int reason);

/**
 * atmo_lane_name - name of a lane
 * @lane: enum atmo_lane_type
 *
 * Return: "any", "hardware", "shared" or "unknown". Static.
 */
const char *atmo_lane_name(unsigned int lane);

/**
 * atmo_lane_parse - lane of a name, for command lines
 * @name: as atmo_lane_name() returns them
 *
 * Return: enum atmo_lane_type, or -EINVAL.
 */
int atmo_lane_parse(const char *name);

/**
 * atmo_lane_reason_text - why a socket has the lane it has
 * @reason: enum atmo_lane_reason
 *
 * Return: for example "all hardware queues in use". Static.
 */
const char *atmo_lane_reason_text(unsigned int reason);

/**
 * atmo_version - version of the library
 *
 * Return: for example "0.1.0". Static.
 */
const char *atmo_version(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBATMO_ATMO_H */
