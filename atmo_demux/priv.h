/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lock order: the owner's locks around atmo_endpoint_*(), RTNL, atmo_nic.lock,
 * those of the port manager and the driver. nics_lock (nic.c), kept_mutex (kept.c) and
 * atmo_queue.lock are innermost. No lock is held while an endpoint's gone() runs.
 */
#ifndef ATMO_DEMUX_PRIV_H
#define ATMO_DEMUX_PRIV_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "atmo_demux.h"
#include "parse.h"

/**
 * struct nic_pcpu - counters of one CPU, written in its softirqs only
 * @stats: by enum atmo_nic_stat
 * @sync: for readers on 32-bit machines
 */
struct nic_pcpu {
	u64_stats_t stats[ATMO_NR_NIC_STATS];
	struct u64_stats_sync sync;
};

/**
 * struct atmo_nic - a registered NIC
 * @netdev: its network device
 * @dma_dev: device that its packet pages are mapped for
 * @ops: the driver
 * @ports: who owns which port of this NIC
 * @matched: shared-lane endpoints by id, for softirqs under RCU. The ids of
 *	hardware-lane endpoints are only reserved here: softirqs never see those.
 * @pcpu: counters
 * @lock: serialises bind, stop, unbind and unregistering; protects the rest
 * @bound: endpoints, bound and not yet unbound
 * @next_id: where to look for a free id
 * @nr_shared: endpoints on @bound that are in the shared lane
 * @raw_lane: one on @bound is of AF_PACKET and has a hardware lane, to which all
 *	goes that would come by the ordinary queues
 * @dying: no new endpoints
 * @unbound: woken when an endpoint has left @bound
 * @moved: takes it from endpoints of a network namespace that it isn't in any more
 * @ref: the driver's, and one of each bound endpoint
 * @link: in the list of NICs; nics_lock
 */
struct atmo_nic {
	struct net_device *netdev;
	struct device *dma_dev;
	const struct atmo_nic_ops *ops;
	struct atmo_ports *ports;
	struct xarray matched;
	struct nic_pcpu __percpu *pcpu;

	struct mutex lock;	/* protects what follows, up to ref */
	struct list_head bound;
	u32 next_id;
	u32 nr_shared;
	bool raw_lane;
	bool dying;

	wait_queue_head_t unbound;
	struct work_struct moved;
	struct kref ref;
	struct list_head link;
};

int atmo_kept_init(void);
void atmo_kept_exit(void);

int atmo_nics_init(void);
void atmo_nics_exit(void);
struct atmo_nic *atmo_nic_find(struct net *net, u32 ifindex);
void atmo_nic_put(struct atmo_nic *nic);
void atmo_nic_count(struct atmo_nic *nic, enum atmo_nic_stat stat, u32 n);

int atmo_groups_steer(const struct atmo_endpoint *ep, struct atmo_lane *lane);
void atmo_groups_leave(struct atmo_endpoint *ep);

struct atmo_queue *atmo_queue_create(struct device *dma_dev, u32 nr_entries);
void atmo_queue_destroy(struct atmo_queue *q);
u32 atmo_queue_push(struct atmo_queue *q, struct atmo_rx_frame *frames, u32 n);
bool atmo_queue_is_full(const struct atmo_queue *q);
void atmo_queue_purge(struct atmo_queue *q);
void atmo_queue_drop(struct atmo_queue *q, enum atmo_drop reason, u32 n);

#endif /* ATMO_DEMUX_PRIV_H */
