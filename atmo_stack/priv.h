/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack instances: what the files of this module share.
 *
 * Lock order:
 *
 *   bind_mutex -> the demultiplexer's and the port manager's locks, RTNL
 *   bind_mutex -> protos_mutex -> rx.mutex -> tx.mutex
 *   mmap_lock, epoll's locks -> rx.mutex -> the mapping's i_mmap lock
 *   atmo_domain.mutex is innermost
 *
 * Since mmap() and page faults take rx.mutex inside mmap_lock, nothing may touch
 * user memory or wait for RTNL while it holds rx.mutex or tx.mutex.
 */
#ifndef ATMO_STACK_PRIV_H
#define ATMO_STACK_PRIV_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../atmo_demux/trace.h"
#include "atmo_stack.h"
#include "fast.h"
#include "override.h"
#include "owner.h"
#include "ring.h"
#include "../uapi/linux/atmo.h"

struct atmo_tap;
struct cred;
struct mm_struct;
struct neighbour;
struct net;
struct netdev_queue;
struct page;
struct sk_buff;
struct vm_area_struct;

/* Packets that go through the instance, the protocol and the lane together. */
#define ATMO_CHUNK	32

/* References that an instance has to each of its pages: its domain's and its mapping's. */
#define ATMO_SLOT_REFS	2

/* No slot of a page domain has this number. */
#define ATMO_NO_SLOT	U32_MAX

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
 * @replies: the entries of @ring once more, as what the application has released and
 *	wants to be sent; consumed by ATMO_REPLY
 * @released: cursors of @replies; the producer's is a checked copy of the application's
 * @spare: slots of owner ATMO_OWNER_SPARE, a stack: warm pages go first
 * @nr_spare: slots on it
 * @nr_nic: pages that were put into the lane's receive queue less those that came back,
 *	but for those that the lane recycled, see atmo_tx_side.nr_moved
 * @vma: the caller's mapping of the pages, while remapping may be done in a call
 * @remapped: by @work, the slot that a frame's page was put behind, see remap.c
 * @copied: frames copied into a page of the application (shared lane)
 * @remapped_total: frames whose page itself became the application's
 * @bounce: kernel-only page to judge a frame on that goes to Linux
 * @fast: of the fast path; here since kernels clear what lies on the stack, each time
 * @frames: as they come from the lane or queue
 * @work: the same on their way through the protocol
 */
struct atmo_rx_side {
	struct mutex mutex;	/* protects the rest, see above */
	struct atmo_ring free;
	struct atmo_ring ring;
	struct atmo_ring replies;
	struct atmo_ring_cursors released;
	u32	*spare;
	u32	nr_spare;
	u32	nr_nic;
	struct atmo_page bounce;
	struct vm_area_struct *vma;
	u32	remapped[ATMO_CHUNK];
	u64	copied;
	u64	remapped_total;
	u64	packets;
	u64	bytes;
	u64	passed;
	u64	drops[ATMO_NR_DROPS];
	struct atmo_fast_rx fast;
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
 * @recycled: slots, SPARE, that the receive side has not taken yet
 * @nr_recycled: how many
 * @nr_recycle: the same, and those to be recycled that haven't been sent; read without
 *	@mutex
 * @nr_moved: pages that the lane has ever recycled itself; read without @mutex
 * @nr_lane: pages of frames that the lane has, or that are held for it
 * @max_payload: of this batch
 * @alone: during an exchange: nobody else can take pages of the application
 * @held: first of @frames that the lane has not taken
 * @nr_held: how many; they are offered again before anything else is consumed
 * @fast: as in the other direction
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
	u32	*recycled;
	u32	nr_recycled;
	u32	nr_recycle;
	u32	nr_moved;
	u32	nr_lane;
	u32	max_payload;
	bool	alone;
	u32	held;
	u32	nr_held;
	u64	packets;
	u64	bytes;
	u64	slow;
	u64	drops[ATMO_NR_DROPS];
	struct atmo_fast_tx fast;
	struct atmo_tx_frame frames[ATMO_CHUNK];
	u16	payload_len[ATMO_CHUNK];
	struct atmo_tx_work work[ATMO_CHUNK];
	struct atmo_page *done[ATMO_CHUNK];
};

#define ATMO_ROUTE_ENTRIES	16

/**
 * struct atmo_route_entry - a cached route of Linux
 * @daddr: destination
 * @cookie: with which to ask whether @dst still holds
 * @dst: the route, with a reference; NULL: free entry
 */
struct atmo_route_entry {
	__be32	daddr[4];
	u32	cookie;
	struct dst_entry *dst;
};

/**
 * struct atmo_routes - where an instance's packets go
 * @override: static entries; NULL: there never were any
 * @cache: of Linux's routes, indexed by a hash of the destination
 */
struct atmo_routes {
	struct atmo_override *override;
	struct atmo_route_entry cache[ATMO_ROUTE_ENTRIES];
};

/**
 * struct atmo_binder - who bound an instance, for people and for capture
 * @pid: process, a reference
 * @comm: its name at that time
 * @uid: its effective user
 * @net_cookie: network namespace; compared, never followed
 */
struct atmo_binder {
	struct pid *pid;
	char	comm[TASK_COMM_LEN];
	kuid_t	uid;
	u64	net_cookie;
};

/**
 * struct atmo_charge - what counts against a user's RLIMIT_MEMLOCK
 * @payer: with the user; NULL: nothing yet
 * @nr: pages
 */
struct atmo_charge {
	const struct cred *payer;
	unsigned long nr;
};

/**
 * struct atmo_domain - packet pages, of one instance or shared by several
 * @ref: one for each member
 * @mutex: protects @members
 * @members: numbers that are in use
 * @shared: has had a second member: from then on @pages is constant. Set with the
 *	first member's rx.mutex held
 * @nr_pages: of @pages
 * @mm: address space of the process that made it; compared, never followed
 * @uid: and its user
 * @memcg: control group that all of @pages are charged to, with a reference; NULL: not
 *	one alone. Written as @pages
 * @pages: memory by slot, a reference each; NULL: none yet. Before @shared: changed with
 *	the rx.mutex of the only member held
 * @owners: by slot, see owner.h
 * @charge: for the pages
 */
struct atmo_domain {
	struct kref ref;
	struct mutex mutex;	/* protects members */
	DECLARE_BITMAP(members, ATMO_MAX_MEMBERS);
	bool	shared;
	u32	nr_pages;
	struct mm_struct *mm;
	kuid_t	uid;
	struct cgroup_subsys_state *memcg;
	struct page **pages;
	u32	*owners;
	struct atmo_charge charge;
};

/**
 * struct atmo_instance - one open file of /dev/atmo
 * @ref: the open file, and a gone callback that is under way
 * @ep: its flow on a NIC
 * @id: number, see registry.c; 0 before bind is first tried, then constant
 * @binder: who bound it; written before it can be found by @id, then constant
 * @tap: its capture, or NULL; see capture.c
 * @closed: its file is being closed; protected as @tap is
 * @waitq: tasks in poll
 * @bind_mutex: protects bind and teardown
 * @state: enum atmo_instance_state; written with bind_mutex and both sides'
 *	mutexes held, read with any of them held
 * @failed: the driver broke the rules of ownership, the administrator stopped it, or
 *	it is being restarted; restart and close are left. Set at any time, cleared
 *	with both sides' mutexes held
 * @stopped: a failed one whose endpoint is stopped: its lane may be gone. Written
 *	with both sides' mutexes held
 * @pages_addr: where the packet pages were mapped last; to be looked up, not trusted
 * @mapping: what the application has mapped of this instance, and of no other
 * @closing: the rest of its close, see closing.c
 * @ifindex: of the device
 * @nr_pages: of @pages, and entries of each ring
 * @dma_dev: device that @pages are mapped for
 * @pages: by slot, the domain's memory for @dma_dev; NULL when not bound
 * @domain: the pages' memory, until the end
 * @owners: the domain's
 * @member: number in the domain
 * @rings: shared with the application
 * @rings_len: bytes, whole pages
 * @charge: for rings and private queue
 * @proto_link: in the list of bound instances; protected by protos_mutex
 * @proto: written with protos_mutex and both sides' mutexes held, read with any
 *	of them held; NULL while no module serves the protocol
 * @proto_priv: the protocol's memory
 * @routes: where packets go; protected by tx.mutex
 * @rx: receive direction
 * @tx: transmit direction
 *
 * From @ifindex to @charge: written by bind, constant while BOUND; @domain,
 * @rings and @rings_len until the end.
 */
struct atmo_instance {
	struct kref ref;
	struct atmo_endpoint ep;
	u32	id;
	struct atmo_binder binder;
	struct atmo_tap __rcu *tap;
	bool	closed;
	wait_queue_head_t waitq;
	struct mutex bind_mutex;	/* protects bind and teardown */
	enum atmo_instance_state state;
	bool	failed;
	bool	stopped;
	unsigned long pages_addr;
	struct address_space mapping;
	struct work_struct closing;

	u32	ifindex;
	u32	nr_pages;
	struct device *dma_dev;
	struct atmo_page *pages;
	struct atmo_domain *domain;
	u32	*owners;
	u32	member;
	void	*rings;
	size_t	rings_len;
	struct atmo_charge charge;

	struct list_head proto_link;
	const struct atmo_proto *proto;
	void	*proto_priv;

	struct atmo_routes routes;

	struct atmo_rx_side rx;
	struct atmo_tx_side tx;
};

/* Counts a frame that is dropped or an entry that is refused; with rx.mutex held. */
static inline void atmo_rx_drop(struct atmo_instance *inst, enum atmo_drop reason)
{
	inst->rx.drops[reason]++;
	trace_atmo_drop(inst->id, reason);
}

/* The same with tx.mutex held. */
static inline void atmo_tx_drop(struct atmo_instance *inst, enum atmo_drop reason)
{
	inst->tx.drops[reason]++;
	trace_atmo_drop(inst->id, reason);
}

/* chardev.c */
int atmo_chardev_register(void);
void atmo_chardev_unregister(void);

/* instance.c */
struct atmo_instance *atmo_instance_create(void);
void atmo_instance_close(struct atmo_instance *inst);
void atmo_instance_end(struct atmo_instance *inst);
int atmo_instance_bind(struct atmo_instance *inst, struct net *net, struct atmo_bind *bind,
		       struct atmo_domain *domain);
int atmo_instance_info(struct atmo_instance *inst, struct atmo_info *info);
int atmo_instance_stats(struct atmo_instance *inst, struct atmo_stats *stats);
__poll_t atmo_instance_poll(struct atmo_instance *inst, struct file *file, poll_table *wait);
void atmo_instance_put(struct atmo_instance *inst);
void atmo_instance_fill_stats(const struct atmo_instance *inst, struct atmo_stats *stats);
int atmo_instance_device_error(const struct atmo_instance *inst);
void atmo_instance_fail(struct atmo_instance *inst);
int atmo_instance_stop(struct atmo_instance *inst);

/* closing.c */
int atmo_closing_init(void);
void atmo_closing_exit(void);
bool atmo_closing_add(struct atmo_instance *inst);
bool atmo_closing_wait(void);

/* registry.c */
int atmo_registry_reserve(struct atmo_instance *inst);
void atmo_registry_add(struct atmo_instance *inst, const struct net *net);
void atmo_registry_remove(struct atmo_instance *inst);
struct atmo_instance *atmo_registry_next(u32 *id);
struct atmo_instance *atmo_registry_get(u32 id);

/* netlink.c */
int atmo_netlink_register(void);
void atmo_netlink_unregister(void);

/* entries.c */
int atmo_instance_neigh(struct atmo_instance *inst, const struct atmo_neigh *arg);
int atmo_instance_route(struct atmo_instance *inst, const struct atmo_route *arg);
int atmo_instance_group(struct atmo_instance *inst, const struct atmo_group *arg);
int atmo_instance_headers(struct atmo_instance *inst, struct atmo_headers *arg);

/* route.c */
void atmo_routes_destroy(struct atmo_instance *inst);
int atmo_path_by_linux(struct atmo_instance *inst, const __be32 *daddr,
		       struct atmo_path *path);
struct neighbour *atmo_path_neigh(struct atmo_instance *inst, const struct atmo_path *path);

/* restart.c */
int atmo_instance_restart(struct atmo_instance *inst);

/* domain.c */
int atmo_charge_add(struct atmo_charge *charge, unsigned long nr);
void atmo_charge_drop(struct atmo_charge *charge);
struct atmo_domain *atmo_domain_create(u32 nr_pages);
struct atmo_domain *atmo_domain_get(struct atmo_instance *inst, u32 nr_pages);
void atmo_domain_put(struct atmo_domain *domain);
int atmo_domain_join(struct atmo_domain *domain, struct atmo_instance *inst);
void atmo_domain_leave(struct atmo_instance *inst);
void atmo_domain_reclaim(struct atmo_instance *inst);
struct page *atmo_domain_new_page(void);
int atmo_domain_fill(struct atmo_domain *domain);
void atmo_domain_mix(struct atmo_domain *domain);

/* page.c */
int atmo_pages_create(struct atmo_instance *inst, struct device *dma_dev);
void atmo_pages_keep(struct atmo_instance *inst);
void atmo_pages_destroy(struct atmo_instance *inst);
int atmo_pages_renew(struct atmo_instance *inst);

/* Is it one of the pages at all? The driver's word is not taken for it. */
static inline bool atmo_page_known(const struct atmo_instance *inst,
				   const struct atmo_page *page, u32 *slot)
{
	uintptr_t distance = (uintptr_t)page - (uintptr_t)inst->pages;

	*slot = distance / sizeof(*page);
	return distance / sizeof(*page) < inst->nr_pages && distance % sizeof(*page) == 0;
}

/* Nobody has it but for @refs references that are known: no mapping, no pipe, no I/O. */
static inline bool atmo_page_is_private(struct page *page, int refs)
{
	return page_count(page) == refs && !folio_mapped(page_folio(page));
}

/* 0: the instance works. Called with rx.mutex or tx.mutex held. */
static inline int atmo_instance_error(const struct atmo_instance *inst)
{
	switch (inst->state) {
	case ATMO_INSTANCE_BOUND:
		return READ_ONCE(inst->failed) ? -EIO : 0;
	case ATMO_INSTANCE_GONE:
		return -ENODEV;
	default:
		return -ENOTCONN;
	}
}

/* Whole frames in a lane of one's own: no protocol judges them. */
static inline bool atmo_instance_is_whole(const struct atmo_instance *inst)
{
	return inst->ep.flow.family == AF_PACKET && inst->ep.lane;
}

/* As atmo_owner_move(); if the page can't move, instance or driver is at fault. */
static inline bool atmo_page_move(struct atmo_instance *inst, u32 slot, u32 from, u32 to)
{
	if (likely(atmo_owner_move(&inst->owners[slot], inst->member, from, to)))
		return true;
	atmo_instance_fail(inst);
	return false;
}

/* mmap.c */
int atmo_rings_create(struct atmo_instance *inst);
void atmo_rings_clear(struct atmo_instance *inst);
void atmo_rings_destroy(struct atmo_instance *inst);
void atmo_rings_describe(const struct atmo_instance *inst, struct atmo_ring_info *info);
void atmo_mapping_init(struct address_space *mapping);
int atmo_instance_mmap(struct atmo_instance *inst, struct vm_area_struct *vma);
bool atmo_instance_maps_pages(const struct atmo_instance *inst,
			      struct vm_area_struct *vma);
void atmo_instance_unmap_pages(struct atmo_instance *inst, u32 slot, u32 nr);

/* proto.c */
bool atmo_proto_available(const struct atmo_instance *inst);
int atmo_proto_attach(struct atmo_instance *inst);
void atmo_proto_detach(struct atmo_instance *inst);

/* direct.c */
bool atmo_path_is_plain(const struct atmo_instance *inst, const struct atmo_path *path);
void atmo_direct_send(struct atmo_instance *inst, struct atmo_tx_work *work, u32 n);

/* qdisc.c */
u32 atmo_qdisc_bypass(struct netdev_queue *txq, struct sk_buff *const *skbs, u32 n);

/* raw.c */
extern const struct atmo_proto atmo_raw_proto;

/* remap.c */
struct vm_area_struct *atmo_remap_begin(struct atmo_instance *inst);
void atmo_remap_end(struct vm_area_struct *vma);
void atmo_remap_chunk(struct atmo_instance *inst, u32 n);

/* rx.c, tx.c */
void atmo_tx_collect(struct atmo_instance *inst);
int atmo_instance_rx(struct atmo_instance *inst, u32 nr);
int atmo_instance_exchange(struct atmo_instance *inst, struct atmo_exchange *arg, bool reply);
struct atmo_ring *atmo_rx_replies(struct atmo_instance *inst);
bool atmo_instance_rx_waits(struct atmo_instance *inst);
int atmo_instance_tx(struct atmo_instance *inst, u32 nr);
int atmo_instance_tx_held(struct atmo_instance *inst, u32 nr, bool reply);

#endif /* ATMO_STACK_PRIV_H */
