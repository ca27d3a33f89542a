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

#include "../atmo_demux/atmo_demux.h"
#include "../uapi/linux/atmo_ring.h"

struct atmo_instance;
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
 * @verdict: out: enum atmo_rx_verdict
 * @reason: out, for ATMO_RX_DROP: enum atmo_drop
 * @desc: out, for ATMO_RX_DELIVER: all but the slot; offsets within the page
 */
struct atmo_rx_work {
	struct atmo_rx_frame frame;
	u8	verdict;
	u8	reason;
	struct atmo_rx_desc desc;
};

/**
 * enum atmo_tx_verdict - what a protocol makes of an entry to be sent
 * @ATMO_TX_SEND: head is built; the stack gives head and payload to the lane
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
	u16	head_len;
	u8	head[ATMO_TX_HEAD_MAX];
};

/**
 * struct atmo_proto - a protocol of stack instances
 * @owner: module, pinned only for the time of each call
 * @family: AF_INET
 * @protocol: IPPROTO_UDP
 * @priv_len: bytes of per-instance memory; zeroed before @init
 * @init: an instance was bound, or the protocol was loaded with instances bound
 * @exit: the instance is being closed, or the protocol unloaded
 * @rx: judge @n frames; process context, instance's receive mutex held
 * @tx: build @n headers or send by way of Linux; process context, instance's
 *	transmit mutex held, and the task can sleep
 * @max_payload: largest payload to be sent now (device MTU)
 */
struct atmo_proto {
	struct module *owner;
	u16	family;
	u8	protocol;
	size_t	priv_len;
	int (*init)(struct atmo_instance *inst, void *priv);
	void (*exit)(struct atmo_instance *inst, void *priv);
	void (*rx)(struct atmo_instance *inst, void *priv, struct atmo_rx_work *work, u32 n);
	void (*tx)(struct atmo_instance *inst, void *priv, struct atmo_tx_work *work, u32 n);
	u32 (*max_payload)(struct atmo_instance *inst);
};

int atmo_proto_register(const struct atmo_proto *proto);
void atmo_proto_unregister(const struct atmo_proto *proto);

/* For protocols: the endpoint of an instance (flow, NIC, lane). */
struct atmo_endpoint *atmo_instance_endpoint(struct atmo_instance *inst);

#endif /* ATMO_STACK_H */
