/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel tells about ports and instances, by generic netlink. */
#ifndef ATMO_VIEW_H
#define ATMO_VIEW_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/atmo.h>
#include <linux/atmo_netlink.h>

#define VIEW_MAX_COUNTERS	32
#define VIEW_MAX_LIMITS		8
#define VIEW_NAME_LEN		32

struct counter {
	char name[VIEW_NAME_LEN];
	__u64 value;
	__u64 max;	/* of limits only */
};

/**
 * struct port - a NIC
 * @ifindex: of its device
 * @lanes: hardware lanes in use
 * @max_lanes: hardware lanes there are
 * @instances: bound to it
 * @counters: the demultiplexer's
 * @limits: what else there is a limited number of
 */
struct port {
	__u32 ifindex;
	__u32 lanes;
	__u32 max_lanes;
	__u32 instances;
	unsigned int nr_counters;
	struct counter counters[VIEW_MAX_COUNTERS];
	unsigned int nr_limits;
	struct counter limits[VIEW_MAX_LIMITS];
};

/**
 * struct instance - one bound socket, see the attributes of the same names
 * @connected: @raddr and @rport mean something
 * @hardware: @rx_queue and @tx_queue mean something
 * @shared: @queue_len and @queue_used mean something
 * @has_buffers: @buffers mean something
 * @nr_drops: reasons that the kernel knows, at most ATMO_MAX_DROPS
 */
struct instance {
	__u32 id;
	__u32 ifindex;
	__u16 family;
	__u8 protocol;
	__u8 state;
	__u8 lane;
	__u8 lane_reason;
	bool connected;
	bool hardware;
	bool shared;
	bool has_buffers;
	unsigned char laddr[16];
	unsigned char raddr[16];
	__u16 lport;
	__u16 rport;
	__u32 rx_queue;
	__u32 tx_queue;
	__u32 tx_rate;
	__u32 uid;
	__u32 pid;
	char comm[16];
	__u32 nr_pages;
	__u32 buffers[ATMO_NR_BUFFERS];
	__u32 queue_len;
	__u32 queue_used;
	__u64 rx_packets;
	__u64 rx_bytes;
	__u64 tx_packets;
	__u64 tx_bytes;
	__u64 tx_slow;
	__u64 rx_passed;
	__u64 rx_copied;
	__u64 rx_remapped;
	unsigned int nr_drops;
	__u64 drops[ATMO_MAX_DROPS];
};

struct view {
	struct port *ports;
	size_t nr_ports;
	struct instance *instances;
	size_t nr_instances;
};

struct nl_sock;

/**
 * struct link - the way to the kernel
 * @sock: connected
 * @family: number of the family "atmo"
 */
struct link {
	struct nl_sock *sock;
	int family;
};

/* Each prints what is wrong and returns false. */
bool link_open(struct link *link);
bool view_read(struct link *link, struct view *view);
bool instance_read(struct link *link, __u32 id, struct instance *inst);
bool instance_stop(struct link *link, __u32 id);

void link_close(struct link *link);
void view_free(struct view *view);

/* Words for what the kernel says in numbers. */
const char *state_name(unsigned int state);
const char *buffers_name(unsigned int i);
const char *reason_name(unsigned int reason);
const char *family_name(unsigned int family);
const char *protocol_name(const struct instance *inst);
const char *device_name(__u32 ifindex, char name[IF_NAMESIZE]);
const char *address_text(const struct instance *inst, const unsigned char *addr, char *buf,
			 size_t len);

#endif /* ATMO_VIEW_H */
