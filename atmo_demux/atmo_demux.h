/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The demultiplexer: where NIC drivers register (upper half of this file is for
 * them) and where stack instances attach to a NIC (lower half).
 */
#ifndef ATMO_DEMUX_H
#define ATMO_DEMUX_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "../atmo_portmgr/atmo_portmgr.h"
#include "../uapi/linux/atmo.h"

struct cgroup_subsys_state;
struct device;
struct module;
struct net_device;
struct page;
struct atmo_lane;
struct atmo_nic;
struct atmo_packet;

/* ---- Packet pages ---- */

/* Frames are received at this offset of the page (one cache line left free). */
#define ATMO_FRAME_OFFSET	64
/* Largest frame without FCS the NIC may write: 1500 + 14 + one VLAN tag. */
#define ATMO_FRAME_MAX		1518

/*
 * For memory of which the application says how much: it is charged for it, and where
 * its control group or the machine has not so much, the call fails. Without
 * __GFP_RETRY_MAYFAIL somebody would be killed for it, often the caller.
 */
#define ATMO_GFP_ASKED_FOR	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct atmo_page - one DMA-mapped packet page
 * @page: the memory
 * @va: its kernel address
 * @dma: its bus address for the NIC it was made for; mapped DMA_BIDIRECTIONAL
 * @slot: index in its owner's page domain, set by the owner
 */
struct atmo_page {
	struct page	*page;
	void		*va;
	dma_addr_t	dma;
	u32		slot;
};

/* What the two stand for changes, not whose they are: slots stay. */
static inline void atmo_page_exchange(struct atmo_page *a, struct atmo_page *b)
{
	swap(a->page, b->page);
	swap(a->va, b->va);
	swap(a->dma, b->dma);
}

/* Pages are allocated by blocks of so many, as long as there are any: 2^5. */
#define ATMO_BLOCK_ORDER	5

struct page *atmo_pages_alloc(unsigned int *order, u32 most, gfp_t gfp);

/* Mapped once; freed after the NIC has let go of it. */
int atmo_page_map(struct atmo_page *p, struct page *page, struct device *dma_dev);
int atmo_page_init(struct atmo_page *p, struct device *dma_dev, gfp_t gfp);
void atmo_page_exit(struct atmo_page *p, struct device *dma_dev);

/**
 * struct atmo_page_set - all packet pages of an instance, for the next one
 * @link: in the list of those that are kept
 * @since: jiffies when it was kept
 * @dma_dev: device that @pages are mapped for
 * @memcg: control group that @memory is charged to, all of it; with a reference
 * @nr_pages: of @memory and @pages, which are of kvmalloc()
 * @memory: by slot, a reference each
 * @pages: by slot
 */
struct atmo_page_set {
	struct list_head link;
	unsigned long since;
	struct device *dma_dev;
	struct cgroup_subsys_state *memcg;
	u32	nr_pages;
	struct page **memory;
	struct atmo_page *pages;
};

void atmo_page_set_destroy(struct atmo_page_set *set);
bool atmo_kept_room(u32 nr_pages);
void atmo_kept_add(struct atmo_page_set *set);
struct atmo_page_set *atmo_kept_take(const struct device *dma_dev,
				     const struct cgroup_subsys_state *memcg, u32 nr_pages);
bool atmo_kept_drop(const struct device *dma_dev);

/* ---- For drivers ---- */

/* What the NIC found out about a received frame. */
#define ATMO_RX_L3_OK		BIT(0)	/* IPv4 header checksum verified */
#define ATMO_RX_L4_OK		BIT(1)	/* UDP checksum verified */
#define ATMO_RX_HW_ERROR	BIT(2)	/* MAC-level error: drop */
#define ATMO_RX_MULTI_DESC	BIT(3)	/* part of a frame over several buffers */

/**
 * struct atmo_rx_frame - a received frame
 * @page: where it lies
 * @offset: first byte of the Ethernet header in the page
 * @len: bytes without FCS
 * @flags: ATMO_RX_*
 */
struct atmo_rx_frame {
	struct atmo_page *page;
	u16	offset;
	u16	len;
	u32	flags;
};

/* Most bytes of kernel-owned memory a frame may start with. */
#define ATMO_TX_HEAD_MAX	192

/**
 * enum atmo_tx_csum - which checksums of a frame the NIC completes
 * @ATMO_TX_CSUM_UDP4: the IPv4 header's and UDP's, whose field holds the sum of
 *	the pseudo-header. The frame begins with 14 + 20 + 8 bytes of headers.
 * @ATMO_TX_CSUM_TCP4: the same for TCP
 * @ATMO_TX_CSUM_NONE: none; nothing is known of the frame but that it has 14
 *	bytes of Ethernet header at least. @head may be empty.
 */
enum atmo_tx_csum {
	ATMO_TX_CSUM_UDP4,
	ATMO_TX_CSUM_TCP4,
	ATMO_TX_CSUM_NONE,
};

/**
 * struct atmo_tx_frame - a frame to send
 * @head: first bytes: headers, or the whole of a small frame; copied by the
 *	driver, the caller keeps them. Of ATMO_TX_HEAD_MAX bytes there the driver may
 *	read all
 * @page: rest of the frame, or NULL. With @len 0 @head is all of the frame, and the page
 *	goes along, to come back as those of other frames do
 * @head_len: bytes at @head, 0..ATMO_TX_HEAD_MAX; 0 only with ATMO_TX_CSUM_NONE
 * @offset: first byte of the rest in @page
 * @len: bytes of the rest; 0 without @page
 * @csum: enum atmo_tx_csum
 * @recycle: when it has been sent, @page goes to the lane's receive queue
 */
struct atmo_tx_frame {
	const void	*head;
	struct atmo_page *page;
	u16	head_len;
	u16	offset;
	u16	len;
	u8	csum;
	bool	recycle;
};

struct atmo_fast_rx;
struct atmo_fast_tx;

/* Something that a NIC has a limited number of. The name outlives the driver. */
struct atmo_nic_limit {
	char	name[24];
	u32	used;
	u32	max;
};

/**
 * struct atmo_nic_ops - what a driver does for stack instances
 *
 * A lane is one receive and one transmit queue. Its data-path verbs move
 * pages in batches and never sleep or allocate. For one lane, rx_provide, rx_fast,
 * rx_return and rx_arm are called by one caller at a time, tx_fast, tx_provide and
 * tx_return likewise; the two groups may run at the same time, and both may run
 * at the same time as the driver's own reset, link and netdev operations.
 *
 * @owner: pinned while any instance is attached
 * @max_lanes: hardware lanes there are in all
 * @lane_open: take a free queue pair, sized for @nr_pages pages in flight, and
 *	start it. @flow is what will be steered to it first (not every queue can
 *	have every flow); nothing is yet. -EBUSY: none left; -EAGAIN: none left, but
 *	some that are retired. May sleep.
 * @lane_steer: from now on the packets of @flow go to the lane's receive queue,
 *	beside those of earlier calls. AF_INET: UDP to an address (a multicast
 *	group, too) and port; UDP and TCP of one remote address and port.
 *	AF_PACKET: every frame that would go to an ordinary queue; as far as
 *	hardware can tell, others still come there. -ENOSPC: no filter left;
 *	-EBUSY: one lane only may have the flow, and another has;
 *	-EOPNOTSUPP: can't be matched in hardware. May sleep.
 * @lane_unsteer: undoes lane_steer; frames on their way may still arrive
 * @lane_rate: limit what the lane sends, in Mbit/s of whole frames, 0: no limit.
 *	-ERANGE: the NIC can't; -EOPNOTSUPP: it has no such thing
 * @lane_retire: steer nothing to the lane any more, and don't wait until the NIC
 *	has let go of its pages: lane_close follows. None of the lane's other
 *	operations are called from now on.
 * @lane_close: retire the lane if that hasn't been done, stop both queues, wait until
 *	the NIC touches none of its pages, free it. The pages stay the caller's. May
 *	sleep; works when the device is down or gone, too.
 * @rx_provide: give up to @n pages to the receive queue; returns how many were
 *	taken, from the first on. Those belong to the NIC now, which knows of them at once,
 *	unless all were taken and @more are to follow in a next call, made immediately.
 * @rx_fast: take up to @n received frames as atmo_stack/fast.h says; returns how many:
 *	their pages have their new owners, their entries are filled
 * @rx_return: take up to @n received frames; their pages are the caller's again.
 *	A frame over several buffers comes as several entries, all flagged.
 * @rx_arm: ask for one atmo_lane_wake() when the next frame arrives. Returns
 *	true if frames are waiting already (no wake-up is owed then).
 * @tx_provide: send up to @n frames; returns how many were taken, from the
 *	first on. Their pages belong to the NIC until tx_return yields them. It
 *	stops before a frame that breaks the rules of struct atmo_tx_frame, and
 *	will each time.
 * @tx_fast: send up to @n entries as atmo_stack/fast.h says; returns how many: their pages
 *	are the NIC's, to be recycled
 * @tx_return: pages (never NULL) of frames that have been sent, up to @n, in the
 *	order of sending; frames without a page yield nothing. Those to be recycled are
 *	counted in *recycled instead: the receive queue has them now. Only those that it
 *	has no room for are yielded, too. The NIC may learn of them later, by rx_arm at
 *	the latest, and is never left without pages for that
 * @lane_error: 0, -ENETDOWN while the device is down (the pages provided stay in
 *	the lane and come back to life with it; frames being sent are dropped and
 *	yielded by tx_return), -ENODEV when it is gone. Cheap: called per batch.
 * @lane_queues: hardware queue indices, for people
 * @limits: or NULL: what else there is a limited number of, and how much of it is
 *	in use; up to @n of them, returns how many. For people; may sleep.
 */
struct atmo_nic_ops {
	struct module *owner;
	unsigned int max_lanes;
	struct atmo_lane *(*lane_open)(struct atmo_nic *nic, void *owner, u32 nr_pages,
				       const struct atmo_flow *flow);
	int (*lane_steer)(struct atmo_lane *lane, const struct atmo_flow *flow);
	void (*lane_unsteer)(struct atmo_lane *lane, const struct atmo_flow *flow);
	int (*lane_rate)(struct atmo_lane *lane, u32 mbps);
	void (*lane_retire)(struct atmo_lane *lane);
	void (*lane_close)(struct atmo_lane *lane);
	u32 (*rx_provide)(struct atmo_lane *lane, struct atmo_page *const *pages, u32 n,
			  bool more);
	u32 (*rx_fast)(struct atmo_lane *lane, struct atmo_fast_rx *to, u32 n);
	u32 (*rx_return)(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n);
	bool (*rx_arm)(struct atmo_lane *lane);
	u32 (*tx_fast)(struct atmo_lane *lane, struct atmo_fast_tx *from, u32 n);
	u32 (*tx_provide)(struct atmo_lane *lane, const struct atmo_tx_frame *frames, u32 n);
	u32 (*tx_return)(struct atmo_lane *lane, struct atmo_page **pages, u32 n,
			 u32 *recycled);
	int (*lane_error)(const struct atmo_lane *lane);
	void (*lane_queues)(const struct atmo_lane *lane, u32 *rx, u32 *tx);
	u32 (*limits)(struct atmo_nic *nic, struct atmo_nic_limit *limits, u32 n);
};

/**
 * enum atmo_verdict - what became of a frame of an ordinary queue
 * @ATMO_VERDICT_LINUX: not claimed; the page is still the driver's, which makes
 *	an skb of the frame
 * @ATMO_VERDICT_TAKEN: on a private queue; frame->page is free again and stands
 *	for other memory: its page, va and dma have changed, slot has not
 * @ATMO_VERDICT_DROPPED: counted; frame->page is unchanged and free again
 */
enum atmo_verdict {
	ATMO_VERDICT_LINUX,
	ATMO_VERDICT_TAKEN,
	ATMO_VERDICT_DROPPED,
};

/* What atmo_demux counts per NIC, for ethtool -S (names: atmo_nic_stat_name()). */
enum atmo_nic_stat {
	ATMO_NIC_TAKEN,			/* put on a private queue */
	ATMO_NIC_DROP_HW_ERROR,		/* the NIC flagged the frame */
	ATMO_NIC_DROP_MALFORMED,	/* to a shared-lane endpoint: lengths lie */
	ATMO_NIC_DROP_CHECKSUM,		/* to a shared-lane endpoint: wrong checksum */
	ATMO_NIC_DROP_QUEUE_FULL,	/* private queue full */
	ATMO_NIC_DROP_STRAY,		/* TCP of a hardware lane, but not come by it */
	ATMO_NIC_PASSED,		/* of a hardware lane, handed to Linux */
	ATMO_NIC_PASS_FAILED,		/* the same, but no memory or device down */
	ATMO_NR_NIC_STATS,
};

/*
 * Unregister from process context, without RTNL; the NIC's lanes must work as
 * usual, or fail with -ENODEV. On return no endpoint is bound, no operation will
 * be called, and @nic is gone: atmo_demux_rx() must not run any more either (call
 * it with the ordinary queues' NAPI stopped, and don't start it again).
 */
struct atmo_nic *atmo_nic_register(struct net_device *netdev, struct device *dma_dev,
				   const struct atmo_nic_ops *ops);
void atmo_nic_unregister(struct atmo_nic *nic);
struct net_device *atmo_nic_netdev(const struct atmo_nic *nic);
struct device *atmo_nic_dma_dev(const struct atmo_nic *nic);
u64 atmo_nic_stat_read(const struct atmo_nic *nic, enum atmo_nic_stat stat);
const char *atmo_nic_stat_name(enum atmo_nic_stat stat);

#define ATMO_MAX_NIC_LIMITS	8

/**
 * struct atmo_nic_info - a NIC, for people
 * @ifindex: of its network device
 * @lanes: hardware lanes in use
 * @max_lanes: hardware lanes there are
 * @endpoints: bound to it
 * @nr_limits: entries of @limits
 * @limits: the driver's
 * @stats: by enum atmo_nic_stat
 */
struct atmo_nic_info {
	u32	ifindex;
	u32	lanes;
	u32	max_lanes;
	u32	endpoints;
	u32	nr_limits;
	struct atmo_nic_limit limits[ATMO_MAX_NIC_LIMITS];
	u64	stats[ATMO_NR_NIC_STATS];
};

bool atmo_nic_next(struct net *net, u32 ifindex, struct atmo_nic_info *info);

/* From NAPI context of an ordinary queue, once for all frames that it finds. */
void atmo_demux_rx(struct atmo_nic *nic, struct atmo_rx_frame *frames,
		   enum atmo_verdict *verdicts, u32 n);
/* From hard or soft interrupt context: @owner as given to lane_open. */
void atmo_lane_wake(void *owner);

/* ---- For stack instances ---- */

/**
 * struct atmo_endpoint - one bound flow on one NIC; embedded in the instance
 *
 * Filled in by the instance before atmo_endpoint_bind(): @flow, @owner, @tx_rate,
 * @instance, @wake, @hold, @gone. The rest is the demultiplexer's; @id, @net, @lane,
 * @lane_type, @reason may be read.
 *
 * @owner: user whose port it is to be
 * @tx_rate: limit in Mbit/s, which only a hardware lane can keep; 0: none
 * @instance: number of the instance, for tracepoints only
 * @wake: packets may be waiting; any context, must not sleep
 * @hold: @gone is about to be called: keep the endpoint's memory until that call
 *	returns, even if it is unbound meanwhile. Called with the NIC's list of
 *	endpoints locked, must not sleep.
 * @net: namespace it was bound in, with a reference while bound
 * @gone: the NIC is being unregistered, or has left @net; process context, no locks held (neither
 *	RTNL). On return the endpoint is stopped, its pages are unmapped and
 *	atmo_endpoint_unbind() has returned, by this call or by another task.
 *	The endpoint's memory may be freed when it returns.
 */
struct atmo_endpoint {
	struct atmo_flow flow;
	kuid_t owner;
	u32 tx_rate;
	u32 instance;
	void (*wake)(struct atmo_endpoint *ep);
	void (*hold)(struct atmo_endpoint *ep);
	void (*gone)(struct atmo_endpoint *ep);

	u32 id;
	u8 lane_type;
	u8 reason;
	bool retired;			/* protected by the NIC's lock */
	struct net *net;
	struct atmo_nic *nic;
	const struct atmo_nic_ops *ops;
	struct atmo_lane *lane;		/* NULL in the shared lane */
	struct atmo_queue *queue;	/* private queue; NULL in the hardware lane */
	struct list_head groups;
	u32 nr_groups;
	struct list_head link;
};

/*
 * Takes the port (atmo_port_claim), then the lane. The caller provides pages
 * then and calls atmo_endpoint_start(); until it does, packets of the flow are
 * lost. May sleep, takes RTNL. Errors as documented for ATMO_BIND.
 * @net, @ifindex: where to look the device up; checks that flow.laddr is one of
 * its addresses, or fills in its primary address when zero. When that address is
 * taken from the device later, the endpoint stays bound. flow.lport: a port is
 * filled in when zero.
 * @nr_pages: length of the private queue, too: in the shared lane the endpoint
 * costs that many pages of kernel memory on top.
 */
int atmo_endpoint_bind(struct atmo_endpoint *ep, struct net *net, u32 ifindex,
		       u8 lane_wanted, u32 nr_pages);
int atmo_endpoint_start(struct atmo_endpoint *ep);
/*
 * Undoes start, and is called whether or not it was: no packet is matched any
 * more, the lane is closed, the private queue emptied. After return neither NIC
 * nor softirq touch the endpoint or its pages, and there are no wake-ups. The
 * caller unmaps its pages then: the NIC can't be unregistered before unbind.
 * atmo_queue_dropped() still works until unbind.
 */
void atmo_endpoint_stop(struct atmo_endpoint *ep);
int atmo_endpoint_reopen(struct atmo_endpoint *ep, u32 nr_pages);
int atmo_endpoint_join(struct atmo_endpoint *ep, const __be32 addr[4]);
int atmo_endpoint_leave(struct atmo_endpoint *ep, const __be32 addr[4]);
bool atmo_endpoint_in_group(const struct atmo_endpoint *ep, const __be32 addr[4]);
/*
 * Releases the port and, as far as that goes at once, the rest: to be called before
 * stop by who doesn't want to wait for it.
 */
void atmo_endpoint_retire(struct atmo_endpoint *ep);
/* Undoes bind: releases the port and the NIC. */
void atmo_endpoint_unbind(struct atmo_endpoint *ep);

/*
 * Private queue of the shared lane, consumer side (one caller at a time).
 * peek: the next @n frames, still on the queue (and still kernel-only memory);
 * release: done with the first @n, their pages are spare ones again.
 */
u32 atmo_queue_peek(struct atmo_queue *q, struct atmo_rx_frame *frames, u32 n);
void atmo_queue_release(struct atmo_queue *q, u32 n);
/* Its length, and how many frames wait; any context, for people. */
void atmo_queue_fill(const struct atmo_queue *q, u32 *len, u32 *used);
/* Drops by the demultiplexer on behalf of this endpoint since bind. */
u64 atmo_queue_dropped(const struct atmo_queue *q, enum atmo_drop reason);

/*
 * A key for headers that lanes may keep where they send from, see atmo_stack/fast.h: a
 * multiple of 2^16 that nobody has had. Any context.
 */
u64 atmo_head_key(void);

/* Verify what the NIC has not. Any context. */
bool atmo_demux_checksums_ok(const u8 *data, const u8 *head, u32 flags,
			     const struct atmo_packet *pkt);
/* Hand a frame of a hardware lane to Linux: copied into an skb. Any context. */
void atmo_demux_pass(struct atmo_nic *nic, const struct atmo_rx_frame *frame);

#endif /* ATMO_DEMUX_H */
