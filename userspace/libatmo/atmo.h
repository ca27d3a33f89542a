/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * libatmo: sockets whose packets lie in memory that the application and its own
 * stack instance share: UDP datagrams, TCP segments or whole frames. See
 * libatmo(7); examples/udp_echo.c is a complete program. <atmo_hdr.h> reads and
 * writes headers in place.
 *
 * Errors are negative errno values. Addresses and ports are in network byte
 * order, everything else in host order. An address of its own is an array of four
 * words: IPv6, or IPv4 in the first word and zero in the others.
 *
 * Threads: of one socket, atmo_rx_batch() and atmo_wait() are the receive side,
 * atmo_tx_batch() is the transmit side; atmo_exchange() and atmo_reply() are of both.
 * Each side may be used by one thread at a time, both sides at once. atmo_close() and
 * atmo_stack_restart() may be called when no other call on that socket is running; all
 * other calls by any thread at any time. Different sockets have nothing to do with each
 * other, but for those that share pages, whose packets pass between threads like any
 * other memory.
 */
#ifndef LIBATMO_ATMO_H
#define LIBATMO_ATMO_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/atmo.h>
#include <linux/atmo_ring.h>

#ifdef __cplusplus
extern "C" {
#endif

struct atmo_sock;

/**
 * union atmo_sockaddr - address and port, IPv4 or IPv6
 * @sa: for its family; AF_UNSPEC with address zero stands for any
 * @v4: AF_INET
 * @v6: AF_INET6; sin6_flowinfo is not used, sin6_scope_id zero or the device's
 *
 * The port lies at the same place in both, so .v4.sin_port will do for either.
 */
union atmo_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/**
 * struct atmo_options - what atmo_udp_open() and the other two shall open
 * @size: sizeof(struct atmo_options); later versions add fields at the end, for
 *	which zero means what this version does
 * @ifname: name of the network device
 * @local: address and port to bind; address zero: the device's primary address
 *	of the family; port zero: one is chosen. Family AF_UNSPEC: that of @remote,
 *	else AF_INET
 * @remote: only packets from this address and port; all zero: from any
 * @nr_pages: packet pages of 4 KiB, a power of two from ATMO_MIN_PAGES to
 *	ATMO_MAX_PAGES; 0: ATMO_DEFAULT_PAGES, or those of @share. They count against
 *	RLIMIT_MEMLOCK, twice in the shared lane, whose private queue has pages of
 *	its own.
 * @nr_rx_pages: of these, how many wait for reception when all is idle; what is
 *	left is for atmo_page_alloc() and for packets that the application holds.
 *	0: three quarters of what no socket of @share has for that purpose
 * @lane: enum atmo_lane_type
 * @tx_rate: limit for what is sent, in Mbit/s of whole frames, ATMO_MIN_TX_RATE to
 *	ATMO_MAX_TX_RATE; in the hardware lane only. 0: none
 * @share: socket of this process whose pages this one shall use, too, so that a
 *	packet received on one of them can be sent on the other; NULL: pages of its
 *	own
 * @flags: zero
 */
struct atmo_options {
	size_t size;
	const char *ifname;
	union atmo_sockaddr local;
	union atmo_sockaddr remote;
	uint32_t nr_pages;
	uint32_t nr_rx_pages;
	uint32_t lane;
	uint32_t tx_rate;
	struct atmo_sock *share;
	uint32_t flags;
};

#define ATMO_DEFAULT_PAGES	512

/**
 * struct atmo_packet - one packet in one page
 * @data: first byte of the payload (TCP: of the TCP header; raw: of the frame);
 *	anywhere in the page
 * @frame: first byte of the Ethernet header of a received packet; NULL if there is
 *	none
 * @slot: the page
 * @len: bytes from @data on
 * @port: the peer's port: source of a received packet, destination of a sent one
 * @addr: the peer's address (IPv4: the first word, the others zero)
 * @flags: ATMO_TX_FRAME (UDP): send what lies from @frame on, headers included,
 *	which the kernel checks; @port and @addr are not looked at. Zero after
 *	reception
 *
 * A received packet can be sent as it is: it goes back to where it came from.
 */
struct atmo_packet {
	void	*data;
	void	*frame;
	uint32_t slot;
	uint16_t len;
	in_port_t port;
	in_addr_t addr[4];
	uint32_t flags;
};

/**
 * atmo_udp_open - bind a UDP port and map its rings and pages
 * @sock: out: the socket; not touched on failure
 * @opt: what to open; not kept
 *
 * Return: 0 or a negative errno, which atmo_open_explain() puts into words.
 */
int atmo_udp_open(struct atmo_sock **sock, const struct atmo_options *opt);

/**
 * atmo_tcp_open - the same for whole TCP segments, without a transport
 * @sock: out: the socket; not touched on failure
 * @opt: what to open; with a remote address the segments of that connection,
 *	without one those to the port for which there is no connection
 *
 * Ports in sent segments must be the bound one and the destination's; their
 * checksum is the kernel's.
 *
 * Return: as atmo_udp_open().
 */
int atmo_tcp_open(struct atmo_sock **sock, const struct atmo_options *opt);

/**
 * atmo_raw_open - the same for whole frames of a port; needs CAP_NET_RAW
 * @sock: out: the socket; not touched on failure
 * @opt: what to open; without addresses
 *
 * Return: as atmo_udp_open().
 */
int atmo_raw_open(struct atmo_sock **sock, const struct atmo_options *opt);

/**
 * atmo_open_explain - what went wrong in one of the three, and what to do
 * @err: its return value
 * @opt: its argument
 * @buf: where to write the sentence, always terminated
 * @len: bytes of @buf
 *
 * Return: @buf.
 */
const char *atmo_open_explain(int err, const struct atmo_options *opt,
			      char *buf, size_t len);

/**
 * atmo_close - release the port, unmap everything
 * @sock: socket or NULL. All its packets and pages become invalid, unless another
 *	open socket shares them: then what the caller holds stays the caller's
 */
void atmo_close(struct atmo_sock *sock);

/**
 * atmo_stack_restart - bring a failed socket (-EIO) back on its port
 * @sock: socket, failed or not
 *
 * It stays bound, in its lane, with fresh pages and empty rings. Packets that had
 * arrived or were to be sent are lost. Pages that the caller holds stay the
 * caller's, to be released as always, but their contents are gone, unless another
 * socket shares the pages.
 *
 * Return: 0, or a negative errno, after which it may be tried again: -ENOMEM,
 * -EBUSY when the hardware lane is lost, -ENODEV.
 */
int atmo_stack_restart(struct atmo_sock *sock);

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
 * errno: -ENETDOWN while the device is down and -EPROTONOSUPPORT while the
 * protocol's module is not loaded pass by themselves, -ENODEV does not; -EIO ends
 * with atmo_stack_restart().
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
 * @pkts: packets, received ones (on any of the sockets that share pages) or such
 *	on pages of atmo_page_alloc() or atmo_prepare_batch()
 * @nr: number of packets; 0 only takes back the pages of earlier packets
 *
 * The pages of the packets taken belong to the library, which makes them free
 * pages when they have been sent. Headers are the kernel's, but for ATMO_TX_FRAME
 * and raw sockets; source address and port are the bound ones. A packet that is
 * taken and then can't be sent (no route, too long, ...) is counted in
 * atmo_stats.drops.
 *
 * Return: number of packets taken, from the first on. The others, if any, still
 * belong to the caller: the device has no room at present, or the next packet is
 * not valid. Negative errno when none was taken: -EINVAL if the first one does not
 * lie in a page of the caller's, else as atmo_rx_batch().
 */
int atmo_tx_batch(struct atmo_sock *sock, const struct atmo_packet *pkts, unsigned int nr);

/**
 * atmo_exchange - send packets and receive others in one system call
 * @sock: socket
 * @out: packets to send, as for atmo_tx_batch(). All of them are the library's
 *	afterwards, whatever is returned: what the device has no room for is sent by one
 *	of the next calls, in order; what is not valid is dropped
 * @nr_out: number of packets; may be 0
 * @in: out: packets received, as by atmo_rx_batch(); may be the same array as @out
 * @nr_in: room in @in; may be 0
 *
 * For loops that send about what they receive. Belongs to both sides of the socket:
 * one thread at a time, beside which no other sends or receives.
 *
 * Return: number of packets received, or a negative errno as atmo_rx_batch(); those
 * that pass by themselves leave the packets that are to be sent where they are.
 */
int atmo_exchange(struct atmo_sock *sock, const struct atmo_packet *out, unsigned int nr_out,
		  struct atmo_packet *in, unsigned int nr_in);

/**
 * struct atmo_burst - packets received by atmo_reply(), where they lie
 * @entries: of the rx ring, all of them; atmo_entry() finds those of the burst
 * @pages: of the socket
 * @first: number of the first entry
 * @mask: entries of the ring - 1
 * @nr: packets
 */
struct atmo_burst {
	struct atmo_rx_desc *entries;
	uint8_t *pages;
	uint32_t first;
	uint32_t mask;
	uint32_t nr;
};

/**
 * atmo_reply - answer packets where they lie, and receive others
 * @sock: socket
 * @burst: out: packets received; the library's again with the next call of this
 *	or any other function that receives on the socket
 * @nr: most packets to receive
 *
 * What is to be sent of a burst is marked with atmo_entry_reply(); the next call sends
 * it. The pages of all others are free then. Nothing of a packet is copied, there are no
 * packets but the entries of the rx ring, and no page is the application's: the
 * shortest way for who answers requests or forwards frames to where they came from.
 * Belongs to both sides of the socket, as atmo_exchange().
 *
 * Return: number of packets, or a negative errno as atmo_rx_batch(); replies wait then
 * until it has passed.
 */
int atmo_reply(struct atmo_sock *sock, struct atmo_burst *burst, unsigned int nr);

/**
 * atmo_entry - a packet of a burst
 * @burst: as filled in by atmo_reply()
 * @i: which, below burst->nr
 *
 * Return: its entry: offset and len of the payload (raw: of the frame), port and addr
 * of who sent it.
 */
static inline struct atmo_rx_desc *atmo_entry(const struct atmo_burst *burst, unsigned int i)
{
	return &burst->entries[(burst->first + i) & burst->mask];
}

/**
 * atmo_entry_data - the payload of an entry
 * @burst: that it is of
 * @entry: as the kernel has filled it in
 *
 * Return: entry->len bytes, in a page of ATMO_PAGE_SIZE bytes of which entry->offset lie
 * before it.
 */
static inline void *atmo_entry_data(const struct atmo_burst *burst,
				    const struct atmo_rx_desc *entry)
{
	return burst->pages + (size_t)entry->slot * ATMO_PAGE_SIZE + entry->offset;
}

/**
 * atmo_entry_reply - send a payload back to where the packet came from
 * @entry: of the packet; where its offset says the payload lies that is to be sent
 * @len: bytes of it
 */
static inline void atmo_entry_reply(struct atmo_rx_desc *entry, uint16_t len)
{
	entry->len = len;
	entry->flags = ATMO_TX_RECYCLE;
}

/**
 * atmo_page_alloc - take a free page to build a packet in
 * @sock: socket
 * @pkt: out: @data at the start of the page, @slot, @len ATMO_PAGE_SIZE, no peer,
 *	no frame; the page belongs to the caller, as after atmo_rx_batch(). It may hold what
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
 * atmo_prepare_batch - cut a buffer into datagrams with all their headers
 * @sock: UDP socket
 * @buf: payload of all datagrams; copied
 * @len: bytes of @buf; 0: one datagram without payload
 * @payload_len: most bytes of payload in one; 0: as the device's MTU has it
 * @addr: destination; NULL: the connected peer
 * @port: its port; 0: the connected peer's
 * @pkts: out: packets in pages of the socket, ready for atmo_tx_batch(); they
 *	belong to the caller, who may change them before
 * @nr: room in @pkts
 *
 * Return: number of packets, which hold the first bytes of @buf: as many as there
 * are pages, and room in @pkts. Or a negative errno: -ENOBUFS no free page now,
 * -EAGAIN the destination's MAC address isn't known yet and has been asked for,
 * -EMSGSIZE @payload_len does not fit a page, -ENETUNREACH no route, -EINVAL,
 * -EPROTONOSUPPORT the protocol's module is not loaded at present, -EOPNOTSUPP not a
 * UDP socket.
 */
int atmo_prepare_batch(struct atmo_sock *sock, const void *buf, size_t len,
		       size_t payload_len, const in_addr_t *addr, in_port_t port,
		       struct atmo_packet *pkts, unsigned int nr);

/**
 * atmo_get_headers - headers of a datagram to a destination, for own building
 * @sock: UDP socket
 * @addr: destination; NULL: the connected peer
 * @port: its port; 0: the connected peer's
 * @headers: out: as ATMO_TX_FRAME wants them, for no payload; see <atmo_hdr.h>
 *
 * Return: 0 or a negative errno as atmo_prepare_batch().
 */
int atmo_get_headers(const struct atmo_sock *sock, const in_addr_t *addr, in_port_t port,
		     struct atmo_headers *headers);

/**
 * atmo_neigh_add - a neighbour of this socket, before those that Linux knows
 * @sock: UDP or TCP socket
 * @addr: its address, unicast
 * @mac: its MAC address, unicast; replaces the one that it had
 *
 * Return: 0, or a negative errno: -EPERM needs CAP_NET_ADMIN, -EINVAL malformed,
 * -ENOSPC more than ATMO_MAX_NEIGHS, -EOPNOTSUPP a raw socket.
 */
int atmo_neigh_add(struct atmo_sock *sock, const in_addr_t addr[4], const uint8_t mac[6]);

/**
 * atmo_neigh_del - what Linux knows counts again
 * @sock: UDP or TCP socket
 * @addr: as added; -ENOENT: isn't there
 *
 * Return: as atmo_neigh_add().
 */
int atmo_neigh_del(struct atmo_sock *sock, const in_addr_t addr[4]);

/**
 * atmo_route_add - a route of this socket, before those of Linux
 * @sock: UDP or TCP socket
 * @dst: destination network, host bits zero
 * @prefix_len: bits of @dst; the longest that fits counts
 * @gateway: next hop; NULL: the destinations are neighbours themselves
 *
 * Return: 0, or a negative errno: -EPERM needs CAP_NET_ADMIN, -EINVAL makes no
 * sense, -ENOSPC more than ATMO_MAX_ROUTES, -EOPNOTSUPP a raw socket.
 */
int atmo_route_add(struct atmo_sock *sock, const in_addr_t dst[4], unsigned int prefix_len,
		   const in_addr_t *gateway);

/**
 * atmo_route_del - forget a route of this socket
 * @sock: UDP or TCP socket
 * @dst: as added; -ENOENT: isn't there
 * @prefix_len: as added
 *
 * Return: as atmo_route_add().
 */
int atmo_route_del(struct atmo_sock *sock, const in_addr_t dst[4], unsigned int prefix_len);

/**
 * atmo_group_join - also receive what a multicast group gets on the bound port
 * @sock: UDP socket, not connected
 * @group: multicast address
 *
 * Reserves the port for the group, which is a reservation of its own: a port below
 * 1024 needs CAP_NET_BIND_SERVICE at this time, too.
 *
 * Return: 0, or a negative errno: -EADDRINUSE somebody else receives that port of
 * the group, -EACCES the port needs a capability, -EINVAL not a multicast address,
 * -ENOSPC more than ATMO_MAX_GROUPS, -EOPNOTSUPP no such socket.
 */
int atmo_group_join(struct atmo_sock *sock, const in_addr_t group[4]);

/**
 * atmo_group_leave - no longer
 * @sock: UDP socket
 * @group: as joined; -ENOENT: was not
 *
 * Return: as atmo_group_join().
 */
int atmo_group_leave(struct atmo_sock *sock, const in_addr_t group[4]);

/**
 * atmo_wait - sleep until packets can be received
 * @sock: socket
 * @timeout_ms: milliseconds; 0: only look; negative: no limit
 *
 * Looks for packets for 50 microseconds before it sleeps.
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
 * Return: for example "0.2.0". Static.
 */
const char *atmo_version(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBATMO_ATMO_H */
