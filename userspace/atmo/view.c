// SPDX-License-Identifier: GPL-2.0
/* Asking the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "tool.h"

/* ---- Messages ---- */

static __u64 get_u64(struct nlattr **a, int type)
{
	return a[type] ? nla_get_u64(a[type]) : 0;
}

static __u32 get_u32(struct nlattr **a, int type)
{
	return a[type] ? nla_get_u32(a[type]) : 0;
}

static __u16 get_u16(struct nlattr **a, int type)
{
	return a[type] ? nla_get_u16(a[type]) : 0;
}

static __u8 get_u8(struct nlattr **a, int type)
{
	return a[type] ? nla_get_u8(a[type]) : 0;
}

/* At most @len bytes, zeroes for what the kernel does not say; returns how many. */
static size_t get_bytes(struct nlattr **a, int type, void *to, size_t len)
{
	memset(to, 0, len);
	return a[type] ? (size_t)nla_memcpy(to, a[type], len) : 0;
}

static void get_string(struct nlattr **a, int type, char *to, size_t len)
{
	to[0] = '\0';
	if (a[type])
		nla_strlcpy(to, a[type], len);
}

/* What has a fixed length must not be shorter; else 0 is what is read of it. */
static const struct nla_policy policy[ATMO_NR_ATTRS] = {
	[ATMO_A_IFINDEX]	= { .type = NLA_U32 },
	[ATMO_A_LANES]		= { .type = NLA_U32 },
	[ATMO_A_MAX_LANES]	= { .type = NLA_U32 },
	[ATMO_A_INSTANCES]	= { .type = NLA_U32 },
	[ATMO_A_COUNTERS]	= { .type = NLA_NESTED },
	[ATMO_A_COUNTER]	= { .type = NLA_NESTED },
	[ATMO_A_NAME]		= { .type = NLA_STRING },
	[ATMO_A_VALUE]		= { .type = NLA_U64 },
	[ATMO_A_LIMITS]		= { .type = NLA_NESTED },
	[ATMO_A_LIMIT]		= { .type = NLA_NESTED },
	[ATMO_A_MAXIMUM]	= { .type = NLA_U64 },
	[ATMO_A_ID]		= { .type = NLA_U32 },
	[ATMO_A_FAMILY]		= { .type = NLA_U16 },
	[ATMO_A_PROTOCOL]	= { .type = NLA_U8 },
	[ATMO_A_LPORT]		= { .type = NLA_U16 },
	[ATMO_A_RPORT]		= { .type = NLA_U16 },
	[ATMO_A_LANE]		= { .type = NLA_U8 },
	[ATMO_A_LANE_REASON]	= { .type = NLA_U8 },
	[ATMO_A_RX_QUEUE]	= { .type = NLA_U32 },
	[ATMO_A_TX_QUEUE]	= { .type = NLA_U32 },
	[ATMO_A_TX_RATE]	= { .type = NLA_U32 },
	[ATMO_A_UID]		= { .type = NLA_U32 },
	[ATMO_A_PID]		= { .type = NLA_U32 },
	[ATMO_A_COMM]		= { .type = NLA_STRING },
	[ATMO_A_STATE]		= { .type = NLA_U8 },
	[ATMO_A_NR_PAGES]	= { .type = NLA_U32 },
	[ATMO_A_QUEUE_LEN]	= { .type = NLA_U32 },
	[ATMO_A_QUEUE_USED]	= { .type = NLA_U32 },
	[ATMO_A_RX_PACKETS]	= { .type = NLA_U64 },
	[ATMO_A_RX_BYTES]	= { .type = NLA_U64 },
	[ATMO_A_TX_PACKETS]	= { .type = NLA_U64 },
	[ATMO_A_TX_BYTES]	= { .type = NLA_U64 },
	[ATMO_A_TX_SLOW]	= { .type = NLA_U64 },
	[ATMO_A_RX_PASSED]	= { .type = NLA_U64 },
	[ATMO_A_RX_COPIED]	= { .type = NLA_U64 },
	[ATMO_A_RX_REMAPPED]	= { .type = NLA_U64 },
};

static unsigned int get_list(struct nlattr *list, struct counter *to, unsigned int max)
{
	struct nlattr *a[ATMO_NR_ATTRS], *entry;
	unsigned int nr = 0;
	int left;

	if (!list)
		return 0;
	nla_for_each_nested(entry, list, left) {
		if (nr == max || nla_parse_nested(a, ATMO_A_MAX, entry, policy))
			break;
		get_string(a, ATMO_A_NAME, to[nr].name, sizeof(to[nr].name));
		to[nr].value = get_u64(a, ATMO_A_VALUE);
		to[nr].max = get_u64(a, ATMO_A_MAXIMUM);
		nr++;
	}
	return nr;
}

static void get_port(struct nlattr **a, struct port *port)
{
	port->ifindex = get_u32(a, ATMO_A_IFINDEX);
	port->lanes = get_u32(a, ATMO_A_LANES);
	port->max_lanes = get_u32(a, ATMO_A_MAX_LANES);
	port->instances = get_u32(a, ATMO_A_INSTANCES);
	port->nr_counters = get_list(a[ATMO_A_COUNTERS], port->counters, VIEW_MAX_COUNTERS);
	port->nr_limits = get_list(a[ATMO_A_LIMITS], port->limits, VIEW_MAX_LIMITS);
}

static void get_counters(struct nlattr **a, struct instance *inst)
{
	inst->rx_packets = get_u64(a, ATMO_A_RX_PACKETS);
	inst->rx_bytes = get_u64(a, ATMO_A_RX_BYTES);
	inst->tx_packets = get_u64(a, ATMO_A_TX_PACKETS);
	inst->tx_bytes = get_u64(a, ATMO_A_TX_BYTES);
	inst->tx_slow = get_u64(a, ATMO_A_TX_SLOW);
	inst->rx_passed = get_u64(a, ATMO_A_RX_PASSED);
	inst->rx_copied = get_u64(a, ATMO_A_RX_COPIED);
	inst->rx_remapped = get_u64(a, ATMO_A_RX_REMAPPED);
	inst->nr_drops = get_bytes(a, ATMO_A_DROPS, inst->drops, sizeof(inst->drops)) /
			 sizeof(inst->drops[0]);
}

static void get_instance(struct nlattr **a, struct instance *inst)
{
	inst->id = get_u32(a, ATMO_A_ID);
	inst->ifindex = get_u32(a, ATMO_A_IFINDEX);
	inst->family = get_u16(a, ATMO_A_FAMILY);
	inst->protocol = get_u8(a, ATMO_A_PROTOCOL);
	inst->state = get_u8(a, ATMO_A_STATE);
	inst->lane = get_u8(a, ATMO_A_LANE);
	inst->lane_reason = get_u8(a, ATMO_A_LANE_REASON);
	inst->connected = a[ATMO_A_RPORT];
	inst->hardware = a[ATMO_A_RX_QUEUE];
	inst->shared = a[ATMO_A_QUEUE_LEN];
	inst->has_buffers = a[ATMO_A_BUFFERS];
	get_bytes(a, ATMO_A_LADDR, inst->laddr, sizeof(inst->laddr));
	get_bytes(a, ATMO_A_RADDR, inst->raddr, sizeof(inst->raddr));
	inst->lport = get_u16(a, ATMO_A_LPORT);
	inst->rport = get_u16(a, ATMO_A_RPORT);
	inst->rx_queue = get_u32(a, ATMO_A_RX_QUEUE);
	inst->tx_queue = get_u32(a, ATMO_A_TX_QUEUE);
	inst->tx_rate = get_u32(a, ATMO_A_TX_RATE);
	inst->uid = get_u32(a, ATMO_A_UID);
	inst->pid = get_u32(a, ATMO_A_PID);
	get_string(a, ATMO_A_COMM, inst->comm, sizeof(inst->comm));
	inst->nr_pages = get_u32(a, ATMO_A_NR_PAGES);
	get_bytes(a, ATMO_A_BUFFERS, inst->buffers, sizeof(inst->buffers));
	inst->queue_len = get_u32(a, ATMO_A_QUEUE_LEN);
	inst->queue_used = get_u32(a, ATMO_A_QUEUE_USED);
	get_counters(a, inst);
}

/* ---- Questions ---- */

/* Room for one more entry, zeroed, at the end of @array, which may move; or NULL. */
static void *grow(void *array, size_t nr, size_t size)
{
	char *bigger = reallocarray(array, nr + 1, size);

	if (bigger)
		memset(bigger + nr * size, 0, size);
	return bigger;
}

static int add_port(struct view *view, struct nlattr **a)
{
	struct port *ports = grow(view->ports, view->nr_ports, sizeof(*ports));

	if (!ports)
		return -NLE_NOMEM;
	view->ports = ports;
	get_port(a, &ports[view->nr_ports++]);
	return NL_OK;
}

static int add_instance(struct view *view, struct nlattr **a)
{
	struct instance *insts = grow(view->instances, view->nr_instances, sizeof(*insts));

	if (!insts)
		return -NLE_NOMEM;
	view->instances = insts;
	get_instance(a, &insts[view->nr_instances++]);
	return NL_OK;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *hdr = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *a[ATMO_NR_ATTRS];

	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, ATMO_A_MAX, policy))
		return NL_SKIP;
	switch (hdr->cmd) {
	case ATMO_CMD_GET_PORT:
		return add_port(arg, a);
	case ATMO_CMD_GET_INSTANCE:
		return add_instance(arg, a);
	default:
		return NL_SKIP;
	}
}

/* 0 or a negative number of libnl's. @id 0: none. */
static int ask(struct link *link, int cmd, int flags, __u32 id, struct view *view)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err = -NLE_NOMEM;

	if (!msg)
		return err;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, link->family, 0, flags, cmd,
			 ATMO_GENL_VERSION) ||
	    (id && nla_put_u32(msg, ATMO_A_ID, id)))
		goto out;
	nl_socket_modify_cb(link->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, view);
	err = nl_send_auto(link->sock, msg);
	if (err >= 0)
		err = nl_recvmsgs_default(link->sock);
out:
	nlmsg_free(msg);
	return err < 0 ? err : 0;
}

bool link_open(struct link *link)
{
	int err;

	link->sock = nl_socket_alloc();
	if (!link->sock) {
		complain("no memory");
		return false;
	}
	/* An answer is enough. */
	nl_socket_disable_auto_ack(link->sock);
	err = genl_connect(link->sock);
	if (err)
		complain("no netlink socket: %s", nl_geterror(err));
	if (!err) {
		link->family = genl_ctrl_resolve(link->sock, ATMO_GENL_NAME);
		err = link->family < 0 ? link->family : 0;
		if (err == -NLE_OBJ_NOTFOUND)
			complain("the kernel has no family 'atmo'; load the module atmo_stack");
		else if (err)
			complain("the kernel does not answer: %s", nl_geterror(err));
	}
	if (err)
		link_close(link);
	return !err;
}

void link_close(struct link *link)
{
	nl_socket_free(link->sock);
	link->sock = NULL;
}

static bool told(int err)
{
	if (err)
		complain("the kernel does not answer: %s", nl_geterror(err));
	return !err;
}

bool view_read(struct link *link, struct view *view)
{
	int err;

	memset(view, 0, sizeof(*view));
	err = ask(link, ATMO_CMD_GET_PORT, NLM_F_DUMP, 0, view);
	if (!err)
		err = ask(link, ATMO_CMD_GET_INSTANCE, NLM_F_DUMP, 0, view);
	if (err)
		view_free(view);
	return told(err);
}

void view_free(struct view *view)
{
	free(view->ports);
	free(view->instances);
	memset(view, 0, sizeof(*view));
}

static bool about(__u32 id, int err)
{
	switch (err) {
	case 0:
		return true;
	case -NLE_OBJ_NOTFOUND:
		complain("no instance %u; `atmo status` lists those there are", id);
		return false;
	case -NLE_NODEV:
		complain("instance %u has lost its device and serves nobody; end its process", id);
		return false;
	case -NLE_PERM:
		complain("stopping an instance needs CAP_NET_ADMIN; run as root");
		return false;
	default:
		return told(err);
	}
}

bool instance_read(struct link *link, __u32 id, struct instance *inst)
{
	struct view view = { 0 };
	int err = ask(link, ATMO_CMD_GET_INSTANCE, 0, id, &view);

	if (!err && view.nr_instances == 1)
		*inst = view.instances[0];
	else if (!err)
		err = -NLE_OBJ_NOTFOUND;
	view_free(&view);
	return about(id, err);
}

bool instance_stop(struct link *link, __u32 id)
{
	return about(id, ask(link, ATMO_CMD_FAIL, NLM_F_ACK, id, NULL));
}
