// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: what ports and instances there are, see
 * uapi/linux/atmo_netlink.h.
 *
 * A dump goes by number, from call to call; it holds neither lock nor reference
 * in between. An instance that is described is held by a reference and looked at
 * under its own two mutexes, so a dump waits for a batch that is under way and no
 * longer.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "priv.h"
#include "../uapi/linux/atmo_netlink.h"

static struct genl_family family;

/* What is said about an instance, as it was at one moment. */
struct snapshot {
	struct atmo_stats stats;
	u32	buffers[ATMO_NR_BUFFERS];
	u32	rx_queue;
	u32	tx_queue;
	u32	queue_len;
	u32	queue_used;
	u8	state;
	bool	counted;
	bool	lane;
	bool	queue;
};

/* ---- Ports ---- */

static int put_pair(struct sk_buff *skb, int type, const char *name, u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || nla_put_string(skb, ATMO_A_NAME, name) ||
	    nla_put_u64_64bit(skb, ATMO_A_VALUE, value, ATMO_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_counters(struct sk_buff *skb, const struct atmo_nic_info *info)
{
	struct nlattr *list = nla_nest_start(skb, ATMO_A_COUNTERS);
	int i, err = 0;

	if (!list)
		return -EMSGSIZE;
	for (i = 0; !err && i < ATMO_NR_NIC_STATS; i++)
		err = put_pair(skb, ATMO_A_COUNTER, atmo_nic_stat_name(i), info->stats[i]);
	nla_nest_end(skb, list);
	return err;
}

static int put_limit(struct sk_buff *skb, const struct atmo_nic_limit *limit)
{
	struct nlattr *nest = nla_nest_start(skb, ATMO_A_LIMIT);

	if (!nest || nla_put_string(skb, ATMO_A_NAME, limit->name) ||
	    nla_put_u64_64bit(skb, ATMO_A_VALUE, limit->used, ATMO_A_PAD) ||
	    nla_put_u64_64bit(skb, ATMO_A_MAXIMUM, limit->max, ATMO_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_limits(struct sk_buff *skb, const struct atmo_nic_info *info)
{
	struct nlattr *list = nla_nest_start(skb, ATMO_A_LIMITS);
	int err = 0;
	u32 i;

	if (!list)
		return -EMSGSIZE;
	for (i = 0; !err && i < info->nr_limits; i++)
		err = put_limit(skb, &info->limits[i]);
	nla_nest_end(skb, list);
	return err;
}

static int put_port(struct sk_buff *skb, const struct atmo_nic_info *info)
{
	if (nla_put_u32(skb, ATMO_A_IFINDEX, info->ifindex) ||
	    nla_put_u32(skb, ATMO_A_LANES, info->lanes) ||
	    nla_put_u32(skb, ATMO_A_MAX_LANES, info->max_lanes) ||
	    nla_put_u32(skb, ATMO_A_INSTANCES, info->endpoints) ||
	    put_counters(skb, info) || put_limits(skb, info))
		return -EMSGSIZE;
	return 0;
}

static void *dump_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family,
			   NLM_F_MULTI, cmd);
}

/* cb->args[0]: index of the last port that was told. */
static int dump_ports(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct atmo_nic_info info;
	void *hdr;

	while (atmo_nic_next(sock_net(skb->sk), cb->args[0], &info)) {
		hdr = dump_begin(skb, cb, ATMO_CMD_GET_PORT);
		if (!hdr)
			break;
		/* What doesn't fit is the first one of the next part. */
		if (put_port(skb, &info)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = info.ifindex;
	}
	return skb->len;
}

/* ---- Instances ---- */

static u8 instance_state(const struct atmo_instance *inst)
{
	if (inst->state == ATMO_INSTANCE_GONE)
		return ATMO_STATE_GONE;
	if (READ_ONCE(inst->failed))
		return ATMO_STATE_FAILED;
	if (!inst->proto)
		return ATMO_STATE_NO_PROTOCOL;
	switch (atmo_instance_device_error(inst)) {
	case 0:
		return ATMO_STATE_WORKS;
	case -ENODEV:
		return ATMO_STATE_GONE;
	default:
		return ATMO_STATE_DOWN;
	}
}

static void count_buffers(const struct atmo_instance *inst, u32 *buffers)
{
	static const u8 of_owner[ATMO_NR_OWNERS] = {
		[ATMO_OWNER_USER]	= ATMO_BUFFERS_USER,
		[ATMO_OWNER_SPARE]	= ATMO_BUFFERS_SPARE,
		[ATMO_OWNER_NIC_RX]	= ATMO_BUFFERS_NIC_RX,
		[ATMO_OWNER_TX]		= ATMO_BUFFERS_TX,
		[ATMO_OWNER_RECYCLE]	= ATMO_BUFFERS_NIC_RX,
	};
	/* The lane has these; the other pages to be recycled it has sent. */
	u32 unsent = inst->tx.nr_recycle - inst->tx.nr_recycled;
	u32 slot, word, owner;

	for (slot = 0; slot < inst->nr_pages; slot++) {
		word = READ_ONCE(inst->owners[slot]);
		owner = atmo_owner_of(word);
		if (owner == ATMO_OWNER_USER || atmo_owner_is_member(word, inst->member))
			buffers[of_owner[owner]]++;
		else
			buffers[ATMO_BUFFERS_SHARED]++;
	}
	unsent = min(unsent, buffers[ATMO_BUFFERS_NIC_RX]);
	buffers[ATMO_BUFFERS_NIC_RX] -= unsent;
	buffers[ATMO_BUFFERS_TX] += unsent;
}

/* False: not bound, there is nothing to tell. */
static bool take_snapshot(struct atmo_instance *inst, struct snapshot *snap)
{
	const struct atmo_endpoint *ep = &inst->ep;
	bool told;

	memset(snap, 0, sizeof(*snap));
	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	told = inst->state != ATMO_INSTANCE_NEW;
	if (told) {
		snap->state = instance_state(inst);
		atmo_instance_fill_stats(inst, &snap->stats);
	}
	if (inst->state == ATMO_INSTANCE_BOUND && !inst->stopped) {
		snap->counted = true;
		count_buffers(inst, snap->buffers);
		snap->lane = ep->lane;
		if (ep->lane)
			ep->ops->lane_queues(ep->lane, &snap->rx_queue, &snap->tx_queue);
		snap->queue = ep->queue;
		if (ep->queue)
			atmo_queue_fill(ep->queue, &snap->queue_len, &snap->queue_used);
	}
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
	return told;
}

static int put_flow(struct sk_buff *skb, const struct atmo_flow *flow)
{
	int len = flow->family == AF_INET6 ? 16 : 4;

	if (nla_put_u16(skb, ATMO_A_FAMILY, flow->family) ||
	    nla_put_u8(skb, ATMO_A_PROTOCOL, flow->protocol))
		return -EMSGSIZE;
	if (flow->family == AF_PACKET)
		return 0;
	if (nla_put(skb, ATMO_A_LADDR, len, flow->laddr) ||
	    nla_put_be16(skb, ATMO_A_LPORT, flow->lport))
		return -EMSGSIZE;
	if (flow->rport &&
	    (nla_put(skb, ATMO_A_RADDR, len, flow->raddr) ||
	     nla_put_be16(skb, ATMO_A_RPORT, flow->rport)))
		return -EMSGSIZE;
	return 0;
}

static int put_binder(struct sk_buff *skb, const struct atmo_binder *binder,
		      struct user_namespace *user_ns)
{
	uid_t uid = from_kuid_munged(user_ns, binder->uid);
	pid_t pid = pid_nr_ns(binder->pid, task_active_pid_ns(current));

	if (nla_put_u32(skb, ATMO_A_UID, uid) || nla_put_u32(skb, ATMO_A_PID, pid) ||
	    nla_put_string(skb, ATMO_A_COMM, binder->comm))
		return -EMSGSIZE;
	return 0;
}

static int put_lane(struct sk_buff *skb, const struct atmo_instance *inst,
		    const struct snapshot *snap)
{
	const struct atmo_endpoint *ep = &inst->ep;

	if (nla_put_u32(skb, ATMO_A_IFINDEX, inst->ifindex) ||
	    nla_put_u8(skb, ATMO_A_LANE, ep->lane_type) ||
	    nla_put_u8(skb, ATMO_A_LANE_REASON, ep->reason))
		return -EMSGSIZE;
	if (ep->tx_rate && nla_put_u32(skb, ATMO_A_TX_RATE, ep->tx_rate))
		return -EMSGSIZE;
	if (snap->lane &&
	    (nla_put_u32(skb, ATMO_A_RX_QUEUE, snap->rx_queue) ||
	     nla_put_u32(skb, ATMO_A_TX_QUEUE, snap->tx_queue)))
		return -EMSGSIZE;
	if (snap->queue &&
	    (nla_put_u32(skb, ATMO_A_QUEUE_LEN, snap->queue_len) ||
	     nla_put_u32(skb, ATMO_A_QUEUE_USED, snap->queue_used)))
		return -EMSGSIZE;
	return 0;
}

static int put_stats(struct sk_buff *skb, const struct atmo_stats *stats)
{
	const struct {
		int	type;
		u64	value;
	} counters[] = {
		{ ATMO_A_RX_PACKETS, stats->rx_packets }, { ATMO_A_RX_BYTES, stats->rx_bytes },
		{ ATMO_A_TX_PACKETS, stats->tx_packets }, { ATMO_A_TX_BYTES, stats->tx_bytes },
		{ ATMO_A_TX_SLOW, stats->tx_slow }, { ATMO_A_RX_PASSED, stats->rx_passed },
		{ ATMO_A_RX_COPIED, stats->rx_copied }, { ATMO_A_RX_REMAPPED, stats->rx_remapped },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (nla_put_u64_64bit(skb, counters[i].type, counters[i].value, ATMO_A_PAD))
			return -EMSGSIZE;
	return nla_put_64bit(skb, ATMO_A_DROPS, ATMO_NR_DROPS * sizeof(u64), stats->drops,
			     ATMO_A_PAD);
}

/* What is constant since bind is read without a lock. */
static int put_instance(struct sk_buff *skb, const struct atmo_instance *inst,
			const struct snapshot *snap, struct user_namespace *user_ns)
{
	if (nla_put_u32(skb, ATMO_A_ID, inst->id) ||
	    nla_put_u8(skb, ATMO_A_STATE, snap->state) ||
	    nla_put_u32(skb, ATMO_A_NR_PAGES, inst->nr_pages) ||
	    put_flow(skb, &inst->ep.flow) || put_lane(skb, inst, snap) ||
	    put_binder(skb, &inst->binder, user_ns) || put_stats(skb, &snap->stats))
		return -EMSGSIZE;
	if (!snap->counted)
		return 0;
	return nla_put(skb, ATMO_A_BUFFERS, sizeof(snap->buffers), snap->buffers);
}

/* One message; -EMSGSIZE: it doesn't fit; -ENOENT: nothing to tell the asking one. */
static int tell(struct sk_buff *skb, void *hdr, struct atmo_instance *inst,
		const struct sk_buff *asked)
{
	struct snapshot *snap;
	int err;

	if (!hdr)
		return -EMSGSIZE;
	snap = kmalloc(sizeof(*snap), GFP_KERNEL);
	if (!snap) {
		err = -ENOMEM;
	} else if (inst->binder.net_cookie != sock_net(asked->sk)->net_cookie ||
		   !take_snapshot(inst, snap)) {
		err = -ENOENT;
	} else {
		err = put_instance(skb, inst, snap, sk_user_ns(NETLINK_CB(asked).sk));
	}
	kfree(snap);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* cb->args[0]: number to begin with. */
static int dump_instances(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct atmo_instance *inst;
	u32 id = cb->args[0];
	int err;

	while ((inst = atmo_registry_next(&id))) {
		err = tell(skb, dump_begin(skb, cb, ATMO_CMD_GET_INSTANCE), inst, cb->skb);
		atmo_instance_put(inst);
		if (err == -EMSGSIZE)
			break;
		if (err && err != -ENOENT)
			return err;
		cond_resched();
		id++;
	}
	cb->args[0] = id;
	return skb->len;
}

/* With a reference; NULL: there is none that the asking one may see. */
static struct atmo_instance *find_instance(struct genl_info *info)
{
	struct atmo_instance *inst;

	if (!info->attrs[ATMO_A_ID])
		return NULL;
	inst = atmo_registry_get(nla_get_u32(info->attrs[ATMO_A_ID]));
	if (inst && inst->binder.net_cookie != genl_info_net(info)->net_cookie) {
		atmo_instance_put(inst);
		inst = NULL;
	}
	return inst;
}

static int get_instance(struct sk_buff *skb, struct genl_info *info)
{
	struct atmo_instance *inst = find_instance(info);
	struct sk_buff *msg;
	int err;

	if (!inst)
		return -ENOENT;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = -ENOMEM;
	if (msg)
		err = tell(msg, genlmsg_put(msg, info->snd_portid, info->snd_seq, &family, 0,
					    ATMO_CMD_GET_INSTANCE), inst, skb);
	atmo_instance_put(inst);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

static int fail_instance(struct sk_buff *skb, struct genl_info *info)
{
	struct atmo_instance *inst = find_instance(info);
	int err;

	if (!inst)
		return -ENOENT;
	err = atmo_instance_stop(inst);
	if (!err)
		pr_notice_ratelimited("atmo_stack: instance %u stopped by user %u\n", inst->id,
				      from_kuid(&init_user_ns, current_uid()));
	atmo_instance_put(inst);
	return err;
}

/* ---- The family ---- */

static const struct nla_policy policy[ATMO_A_ID + 1] = {
	[ATMO_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct genl_small_ops ops[] = {
	{ .cmd = ATMO_CMD_GET_PORT, .dumpit = dump_ports },
	{ .cmd = ATMO_CMD_GET_INSTANCE, .doit = get_instance, .dumpit = dump_instances },
	{ .cmd = ATMO_CMD_FAIL, .doit = fail_instance, .flags = GENL_UNS_ADMIN_PERM },
};

static struct genl_family family = {
	.name		= ATMO_GENL_NAME,
	.version	= ATMO_GENL_VERSION,
	.maxattr	= ATMO_A_ID,
	.policy		= policy,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.small_ops	= ops,
	.n_small_ops	= ARRAY_SIZE(ops),
};

int atmo_netlink_register(void)
{
	return genl_register_family(&family);
}

void atmo_netlink_unregister(void)
{
	genl_unregister_family(&family);
}
