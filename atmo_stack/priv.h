/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack instances: what the files of this module share.
 *
 * Lock order:
 *
 *   bind_mutex -> the demultiplexer's and the port manager's locks, RTNL
 *   bind_mutex -> protos_mutex -> rx.mutex -> tx.mutex
 *   mmap_lock, epoll's locks -> rx.mutex
 *
 * Since mmap() takes rx.mutex inside mmap_lock, nothing may touch user memory
 * or wait for RTNL while it holds rx.mutex or tx.mutex.
 */
#ifndef ATMO_STACK_PRIV_H
#define ATMO_STACK_PRIV_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "atmo_stack.h"
#include "owner.h"
#include "ring.h"
#include "../uapi/linux/atmo.h"

struct cred;
struct net;
struct vm_area_struct;

/* Packets that go through the instance, the protocol and the lane together. */
#define ATMO_CHUNK	32

/**
 * enum atmo_instance_state - life of an instance
 * @ATMO_INSTANCE_NEW: not bound (again after a bind that failed)
 * @ATMO_INSTANCE_BOUND: rings, pages and endpoint exist
 * @ATMO_INSTANCE_GONE: its NIC is gone, or it is being closed: neither pages nor
 *	endpoint, only the rings are left
 */
enum atmo_instance_state {
	ATMO_INSTANCE_NEW,
	ATMO_INSTANCE_BOUND,
	ATMO_INSTANCE_GONE,
};

/**
 * struct atmo_rx_side - receive direction
 * @mutex: protects the rest, the endpoint's queue and the lane's receive verbs
 * @free: consumer side of the free ring
 * @ring: producer side of the rx ring
 * @spare: slots of owner ATMO_OWNER_SPARE, a stack: warm pages go first
 * @nr_spare: slots on it
 * @bounce: kernel-only page to judge a frame on that goes to Linux
 * @frames: as they come from the lane or queue
 * @work: the same on their way through the protocol
 */
struct atmo_rx_side {
	struct mutex mutex;	/* protects the rest, see above */
	struct atmo_ring free;
	struct atmo_ring ring;
	u32	*spare;
	u32	nr_spare;
	struct atmo_page bounce;
	u64	packets;
	u64	bytes;
	u64	passed;
	u64	drops[ATMO_NR_DROPS];
	struct atmo_rx_frame frames[ATMO_CHUNK];
	struct atmo_rx_work work[ATMO_CHUNK];
};

/**
 * struct atmo_tx_side - transmit direction
 * @mutex: protects the rest and the lane's transmit verbs
 * @ring: consumer side of the tx ring
 * @comp: producer side of the completion ring
 * @comp_room: entries of @comp that may still be put in this chunk
 * @nr_comp: entries put and not yet submitted
 * @max_payload: of this batch
 * @held: first of @frames that the lane has not taken
 * @nr_held: how many; they are offered again before anything else is consumed
 * @frames: as they go to the lane; heads are in @work
 * @payload_len: by @frames, for the counters
 * @work: entries on their way through the protocol
 * @done: pages as they come back from the lane
 */
struct atmo_tx_side {
	struct mutex mutex;	/* protects the rest, see above */
	struct atmo_ring ring;
	struct atmo_ring comp;
	u32	comp_room;
	u32	nr_comp;
	u32	max_payload;
	u32	held;
	u32	nr_held;
	u64	packets;
	u64	bytes;
	u64	slow;
	u64	drops[ATMO_NR_DROPS];
	struct atmo_tx_frame frames[ATMO_CHUNK];
	u16	payload_len[ATMO_CHUNK];
	struct atmo_tx_work work[ATMO_CHUNK];
	struct atmo_page *done[ATMO_CHUNK];
};

/**
 * struct atmo_instance - one open file of /dev/atmo
 * @ref: the open file, and a gone callback that is under way
 * @ep: its flow on a NIC
 * @waitq: tasks in poll
 * @bind_mutex: protects bind and teardown
 * @state: enum atmo_instance_state; written with bind_mutex and both sides'
 *	mutexes held, read with any of them held
 * @failed: the driver broke the rules of ownership; only close is left
 * @ifindex: of the device
 * @nr_pages: of @pages, and entries of each ring
 * @dma_dev: device that @pages are mapped for
 * @pages: by slot; NULL when not bound
 * @owners: by slot, enum atmo_owner
 * @rings: shared with the application
 * @rings_len: bytes, whole pages
 * @payer: with the user whose RLIMIT_MEMLOCK is charged
 * @nr_charged: pages charged
 * @proto_link: in the list of bound instances; protected by protos_mutex
 * @proto: written with protos_mutex and both sides' mutexes held, read with any
 *	of them held; NULL while no module serves the protocol
 * @proto_priv: the protocol's memory
 * @rx: receive direction
 * @tx: transmit direction
 *
 * From @ifindex to @nr_charged: written by bind, constant while BOUND; @rings
 * and @rings_len until the end.
 */
struct atmo_instance {
	struct kref ref;
	struct atmo_endpoint ep;
	wait_queue_head_t waitq;
	struct mutex bind_mutex;	/* protects bind and teardown */
	enum atmo_instance_state state;
	bool	failed;

	u32	ifindex;
	u32	nr_pages;
	struct device *dma_dev;
	struct atmo_page *pages;
	u32	*owners;
	void	*rings;
	size_t	rings_len;
	const struct cred *payer;
	unsigned long nr_charged;

	struct list_head proto_link;
	const struct atmo_proto *proto;
	void	*proto_priv;

	struct atmo_rx_side rx;
	struct atmo_tx_side tx;
};

/* chardev.c */
int atmo_chardev_register(void);
void atmo_chardev_unregister(void);

/* instance.c */
struct atmo_instance *atmo_instance_create(void);
void atmo_instance_close(struct atmo_instance *inst);
int atmo_instance_bind(struct atmo_instance *inst, struct net *net, struct atmo_bind *bind);
int atmo_instance_info(struct atmo_instance *inst, struct atmo_info *info);
int atmo_instance_stats(struct atmo_instance *inst, struct atmo_stats *stats);
__poll_t atmo_instance_poll(struct atmo_instance *inst, struct file *file, poll_table *wait);
int atmo_instance_error(const struct atmo_instance *inst);
int atmo_instance_device_error(const struct atmo_instance *inst);
void atmo_instance_fail(struct atmo_instance *inst);

/* page.c */
int atmo_pages_create(struct atmo_instance *inst, struct device *dma_dev);
void atmo_pages_destroy(struct atmo_instance *inst);
int atmo_pages_charge(struct atmo_instance *inst, unsigned long nr);
void atmo_pages_uncharge(struct atmo_instance *inst);
bool atmo_page_known(const struct atmo_instance *inst, const struct atmo_page *page, u32 *slot);
bool atmo_page_move(struct atmo_instance *inst, u32 slot, u32 from, u32 to);

/* mmap.c */
int atmo_rings_create(struct atmo_instance *inst);
void atmo_rings_destroy(struct atmo_instance *inst);
void atmo_rings_describe(const struct atmo_instance *inst, struct atmo_ring_info *info);
int atmo_instance_mmap(struct atmo_instance *inst, struct vm_area_struct *vma);

/* proto.c */
bool atmo_proto_available(const struct atmo_instance *inst);
int atmo_proto_attach(struct atmo_instance *inst);
void atmo_proto_detach(struct atmo_instance *inst);

/* rx.c, tx.c */
int atmo_instance_rx(struct atmo_instance *inst, u32 nr);
bool atmo_instance_rx_waits(struct atmo_instance *inst);
int atmo_instance_tx(struct atmo_instance *inst, u32 nr);

#endif /* ATMO_STACK_PRIV_H */
