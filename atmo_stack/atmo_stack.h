/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack instances, as protocols see them. An instance owns pages, rings and a
 * lane; a protocol judges received frames and builds the headers of sent ones.
 * A protocol keeps nothing of an instance that it can't rebuild: its module can
 * be replaced while sockets stay bound.
 */
#ifndef ATMO_STACK_H
#define ATMO_STACK_H

#include <linux/types.h>

#include "l3.h"
#include "../atmo_demux/atmo_demux.h"
#include "../uapi/linux/atmo_ring.h"

struct atmo_instance;
struct atmo_udp_match;
struct atmo_udp_template;
struct dst_entry;
struct module;

/**
 * enum atmo_rx_verdict - what a protocol makes of a received frame
 * @ATMO_RX_DELIVER: desc is filled (but for slot), the application gets it
 * @ATMO_RX_TO_LINUX: not for an instance; the stack hands a copy to Linux
 * @ATMO_RX_DROP: counted by the reason given
 */
enum atmo_rx_verdict {
	ATMO_RX_DELIVER,
	ATMO_RX_TO_LINUX,
	ATMO_RX_DROP,
};

/**
 * struct atmo_rx_work - one received frame on its way to the application
 * @frame: the frame, in kernel-owned or in NIC-returned memory
 * @slot: the stack's: of the frame's page, in the hardware lane
 * @verdict: out: enum atmo_rx_verdict
 * @reason: out, for ATMO_RX_DROP: enum atmo_drop
 * @desc: out, for ATMO_RX_DELIVER: all but the slot, unused words of the address
 *	included; offsets within the page
 */
struct atmo_rx_work {
	struct atmo_rx_frame frame;
	u32	slot;
	u8	verdict;
	u8	reason;
	struct atmo_rx_desc desc;
};

/**
 * enum atmo_tx_verdict - what a protocol makes of an entry to be sent
 * @ATMO_TX_SEND: head is built; the stack gives head and payload to the lane, or in the
 *	shared lane a copy to the device
 * @ATMO_TX_SENT: sent by way of Linux, payload copied; complete it at once
 * @ATMO_TX_REFUSE: counted by reason, completed with status
 */
enum atmo_tx_verdict {
	ATMO_TX_SEND,
	ATMO_TX_SENT,
	ATMO_TX_REFUSE,
};

/**
 * struct atmo_tx_work - one checked entry of the tx ring on its way to the wire
 * @desc: copy of the entry; slot, range and length are checked, address not
 * @payload: kernel address of the payload (the application may write to it at
 *	any time: read it at most once)
 * @verdict: out: enum atmo_tx_verdict
 * @reason: out, for ATMO_TX_REFUSE: enum atmo_drop
 * @status: out, for ATMO_TX_REFUSE: negative errno
 * @csum: out, for ATMO_TX_SEND: enum atmo_tx_csum; ATMO_TX_CSUM_UDP4 unless set
 * @skip: out, for ATMO_TX_SEND: first bytes of the payload that aren't sent from
 *	the page, because @head has a checked copy of them
 * @head_len: out, for ATMO_TX_SEND: bytes of @head
 * @head: out: the headers, checksum fields as struct atmo_tx_frame wants them;
 *	the stack appends small payloads to it
 */
struct atmo_tx_work {
	struct atmo_tx_desc desc;
	const void *payload;
	u8	verdict;
	u8	reason;
	s16	status;
	u8	csum;
	u16	skip;
	u16	head_len;
	u8	head[ATMO_TX_HEAD_MAX];
};

/**
 * struct atmo_proto - a protocol of stack instances
 * @owner: module, pinned only for the time of each call
 * @family: AF_INET, AF_INET6 or AF_PACKET
 * @protocol: IPPROTO_UDP, IPPROTO_TCP; AF_PACKET: 0
 * @tx_flags: ATMO_TX_* that entries of the tx ring may have. With ATMO_TX_FRAME
 *	@tx judges the length, which is only known to be within the page
 * @priv_len: bytes of per-instance memory; zeroed before @init
 * @init: an instance was bound, or the protocol was loaded with instances bound;
 *	NULL: nothing to do
 * @exit: the instance is being closed, or the protocol unloaded; NULL: as above
 * @rx: judge @n frames; process context, instance's receive mutex held
 * @rx_plain: what nearly all of the frames look like that @rx would deliver: the stack
 *	may deliver these without asking, and those only. Called as @rx, with which the
 *	pattern is used; NULL: there is none
 * @tx_begin: a batch begins: routes and neighbours are to be asked anew. Called as @tx;
 *	NULL: nothing is kept of them
 * @tx: build @n headers or send by way of Linux; process context, instance's
 *	transmit mutex held, and the task can sleep
 * @tx_plain: the headers of an entry that @tx would leave to the lane, and of further ones
 *	to the same destination to the end of the batch; NULL: @tx has to see it. Called as
 *	@tx, in a lane; NULL: there are none
 * @headers: ATMO_GET_HEADERS: fill in len and bytes of an argument whose flags are
 *	checked; returns an error of it. Called as @tx; NULL: not supported
 * @max_payload: largest payload to be sent now (device MTU)
 */
struct atmo_proto {
	struct module *owner;
	u16	family;
	u8	protocol;
	u32	tx_flags;
	size_t	priv_len;
	int (*init)(struct atmo_instance *inst, void *priv);
	void (*exit)(struct atmo_instance *inst, void *priv);
	void (*rx)(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
	const struct atmo_udp_match *(*rx_plain)(struct atmo_instance *inst, void *priv);
	void (*tx_begin)(struct atmo_instance *inst, void *priv);
	void (*tx)(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
	const struct atmo_udp_template *(*tx_plain)(struct atmo_instance *inst, void *priv,
						    const struct atmo_tx_desc *desc);
	int (*headers)(struct atmo_instance *inst, void *priv, struct atmo_headers *arg);
	u32 (*max_payload)(struct atmo_instance *inst);
};

int atmo_proto_register(const struct atmo_proto *proto);
void atmo_proto_unregister(const struct atmo_proto *proto);
/* All of an array, or none. */
int atmo_protos_register(const struct atmo_proto *list, unsigned int n);
void atmo_protos_unregister(const struct atmo_proto *list, unsigned int n);

/* For protocols: the endpoint of an instance (flow, NIC, lane). */
struct atmo_endpoint *atmo_instance_endpoint(struct atmo_instance *inst);

/* ---- For protocols: whose a received frame is ---- */

struct atmo_packet;

bool atmo_rx_judge(struct atmo_instance *inst, struct atmo_rx_work *work,
		   struct atmo_packet *pkt);
void atmo_rx_deliver(struct atmo_rx_work *work, const struct atmo_packet *pkt, u16 offset);

/* ---- For protocols: where packets go ---- */

/**
 * struct atmo_path - the way of packets to a destination
 * @dst: Linux's route, borrowed; NULL: a static route of the instance
 * @nexthop_family: AF_INET or AF_INET6 (IPv4 routes, too, can have such a gateway)
 * @multicast: the destination is a group
 * @mac_known: @mac is filled in
 * @mac_static: by a static neighbour of the instance
 * @mac: MAC address of the next hop
 * @nexthop: the destination, or the gateway to it
 */
struct atmo_path {
	struct dst_entry *dst;
	u16	nexthop_family;
	bool	multicast;
	bool	mac_known;
	bool	mac_static;
	u8	mac[6];
	__be32	nexthop[4];
};

bool atmo_path_dest(struct atmo_instance *inst, const __be32 *addr, __be16 port,
		    __be32 *daddr, __be16 *dport);
int atmo_path_find(struct atmo_instance *inst, const __be32 *daddr, struct atmo_path *path);
bool atmo_path_resolve(struct atmo_instance *inst, struct atmo_path *path);
void atmo_path_ask(struct atmo_instance *inst, const struct atmo_path *path);
u32 atmo_path_mtu(struct atmo_instance *inst, const struct atmo_path *path);
void atmo_path_fill(struct atmo_instance *inst, struct atmo_path *path, struct atmo_l3 *l3);
void atmo_path_send(struct atmo_instance *inst, struct atmo_path *path,
		    struct atmo_tx_work *work);

static inline void atmo_tx_refuse(struct atmo_tx_work *work, enum atmo_drop reason, int err)
{
	work->verdict = ATMO_TX_REFUSE;
	work->reason = reason;
	work->status = err;
}

/* As what atmo_path_find() said no. */
static inline void atmo_tx_refuse_path(struct atmo_tx_work *work, int err)
{
	atmo_tx_refuse(work, err == -EINVAL ? ATMO_DROP_TX_BAD_DEST : ATMO_DROP_TX_NO_ROUTE, err);
}

#endif /* ATMO_STACK_H */
