// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: the device's (cleared by reading, summed here), the ordinary
 * queues', the lanes'.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "priv.h"

#define STAT(name)	{ #name, offsetof(struct atmo_ixgbe_hw_stats, name) }

static const struct {
	char name[ETH_GSTRING_LEN];
	size_t offset;
} hw_stat[] = {
	STAT(rx_good_packets),
	STAT(rx_good_bytes),
	STAT(rx_broadcast),
	STAT(rx_multicast),
	STAT(rx_missed),
	STAT(rx_queue_dropped),
	STAT(rx_crc_errors),
	STAT(rx_illegal_bytes),
	STAT(rx_error_bytes),
	STAT(rx_length_errors),
	STAT(rx_undersize),
	STAT(rx_fragments),
	STAT(rx_oversize),
	STAT(rx_jabber),
	STAT(rx_checksum_errors),
	STAT(rx_short_discard),
	STAT(rx_local_faults),
	STAT(rx_remote_faults),
	STAT(rx_xon),
	STAT(rx_xoff),
	STAT(rx_fdir_match),
	STAT(rx_fdir_miss),
	STAT(tx_good_packets),
	STAT(tx_good_bytes),
	STAT(tx_broadcast),
	STAT(tx_multicast),
};

static const char port_stat[][ETH_GSTRING_LEN] = {
	"resets",
	"lanes_open",
	"lanes_max",
	"lanes_rx_frames",
	"lanes_tx_frames",
	"lanes_rx_lost",
	"lanes_filters",
	"lanes_fdir_rules",
	"lanes_fdir_max",
	"lanes_raw",
	"lanes_rate_limited",
};

static const char queue_stat[][ETH_GSTRING_LEN] = {
	"rx_packets",
	"rx_bytes",
	"rx_taken",
	"rx_csum_bad",
	"rx_drop_hw_error",
	"rx_drop_multi_desc",
	"rx_drop_runt",
	"rx_drop_no_skb",
	"rx_drop_demux",
	"tx_packets",
	"tx_bytes",
	"tx_drop",
	"tx_busy",
};

/* ---- The device's ---- */

static void add(struct atmo_ixgbe *port, u64 *sum, u32 reg)
{
	u32 val = atmo_ixgbe_rd(port, reg);

	/* A count of all ones is none. */
	if (!READ_ONCE(port->removed))
		*sum += val;
}

/* 36-bit counters; the lower register is read first. */
static void add36(struct atmo_ixgbe *port, u64 *sum, u32 low, u32 high)
{
	u64 val = atmo_ixgbe_rd(port, low);

	val |= (u64)(atmo_ixgbe_rd(port, high) & 0xf) << 32;
	if (!READ_ONCE(port->removed))
		*sum += val;
}

/**
 * atmo_ixgbe_stats_update() - add the device's counters to the sums
 * @port: port
 *
 * Context: process, sleeps, takes hw_lock. A reset clears the counters, so this
 * is called before.
 */
void atmo_ixgbe_stats_update(struct atmo_ixgbe *port)
{
	struct atmo_ixgbe_hw_stats *s = &port->hw_stats;
	unsigned int i;

	mutex_lock(&port->hw_lock);
	add(port, &s->rx_good_packets, IXGBE_GPRC);
	add36(port, &s->rx_good_bytes, IXGBE_GORCL, IXGBE_GORCH);
	add(port, &s->rx_broadcast, IXGBE_BPRC);
	add(port, &s->rx_multicast, IXGBE_MPRC);
	for (i = 0; i < IXGBE_NR_PB; i++)
		add(port, &s->rx_missed, IXGBE_RXMPC(i));
	for (i = 0; i < IXGBE_NR_QPRDC; i++)
		add(port, &s->rx_queue_dropped, IXGBE_QPRDC(i));
	add(port, &s->rx_crc_errors, IXGBE_CRCERRS);
	add(port, &s->rx_illegal_bytes, IXGBE_ILLERRC);
	add(port, &s->rx_error_bytes, IXGBE_ERRBC);
	add(port, &s->rx_length_errors, IXGBE_RLEC);
	add(port, &s->rx_undersize, IXGBE_RUC);
	add(port, &s->rx_fragments, IXGBE_RFC);
	add(port, &s->rx_oversize, IXGBE_ROC);
	add(port, &s->rx_jabber, IXGBE_RJC);
	add(port, &s->rx_checksum_errors, IXGBE_XEC);
	add(port, &s->rx_short_discard, IXGBE_MSPDC);
	add(port, &s->rx_local_faults, IXGBE_MLFC);
	add(port, &s->rx_remote_faults, IXGBE_MRFC);
	add(port, &s->rx_xon, IXGBE_LXONRXCNT);
	add(port, &s->rx_xoff, IXGBE_LXOFFRXCNT);
	add(port, &s->rx_fdir_match, IXGBE_FDIRMATCH);
	add(port, &s->rx_fdir_miss, IXGBE_FDIRMISS);
	add(port, &s->tx_good_packets, IXGBE_GPTC);
	add36(port, &s->tx_good_bytes, IXGBE_GOTCL, IXGBE_GOTCH);
	add(port, &s->tx_broadcast, IXGBE_BPTC);
	add(port, &s->tx_multicast, IXGBE_MPTC);
	mutex_unlock(&port->hw_lock);
}

/* ---- The queues' ---- */

static void queue_stats(struct atmo_ixgbe_queue *q, struct atmo_ixgbe_queue_stats *s)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&q->stats.rx_sync);
		s->rx_packets = q->stats.rx_packets;
		s->rx_bytes = q->stats.rx_bytes;
		s->rx_taken = q->stats.rx_taken;
		s->rx_csum_bad = q->stats.rx_csum_bad;
		memcpy(s->rx_drop, q->stats.rx_drop, sizeof(s->rx_drop));
	} while (u64_stats_fetch_retry(&q->stats.rx_sync, start));
	do {
		start = u64_stats_fetch_begin(&q->stats.tx_sync);
		s->tx_packets = q->stats.tx_packets;
		s->tx_bytes = q->stats.tx_bytes;
		s->tx_drop = q->stats.tx_drop;
		s->tx_busy = q->stats.tx_busy;
	} while (u64_stats_fetch_retry(&q->stats.tx_sync, start));
}

/**
 * atmo_ixgbe_stats_get64() - ndo_get_stats64: what Linux sent and received
 * @netdev: network device
 * @s: filled in
 *
 * Errors and misses are the port's, as of the watchdog's last tick.
 *
 * Context: any; may not sleep.
 */
void atmo_ixgbe_stats_get64(struct net_device *netdev, struct rtnl_link_stats64 *s)
{
	struct atmo_ixgbe *port = netdev_priv(netdev);
	const struct atmo_ixgbe_hw_stats *hw = &port->hw_stats;
	struct atmo_ixgbe_queue_stats q;
	unsigned int i;

	for (i = 0; i < port->nr_shared; i++) {
		queue_stats(port->queue[i], &q);
		s->rx_packets += q.rx_packets;
		s->rx_bytes += q.rx_bytes;
		s->rx_dropped += q.rx_drop[ATMO_IXGBE_RX_NO_SKB];
		s->rx_frame_errors += q.rx_drop[ATMO_IXGBE_RX_HW_ERROR] +
				      q.rx_drop[ATMO_IXGBE_RX_RUNT];
		s->rx_over_errors += q.rx_drop[ATMO_IXGBE_RX_MULTI_DESC];
		s->tx_packets += q.tx_packets;
		s->tx_bytes += q.tx_bytes;
		s->tx_dropped += q.tx_drop;
	}
	s->multicast = hw->rx_multicast;
	s->rx_crc_errors = hw->rx_crc_errors;
	s->rx_length_errors = hw->rx_length_errors;
	s->rx_missed_errors = hw->rx_missed;
	s->rx_errors = s->rx_crc_errors + s->rx_length_errors + s->rx_frame_errors +
		       s->rx_over_errors;
}

/* ---- ethtool -S ---- */

int atmo_ixgbe_stats_count(const struct atmo_ixgbe *port)
{
	return ARRAY_SIZE(hw_stat) + ARRAY_SIZE(port_stat) + ATMO_NR_NIC_STATS +
	       port->nr_shared * ARRAY_SIZE(queue_stat);
}

static u8 *put_name(u8 *buf, const char *name)
{
	strscpy_pad((char *)buf, name, ETH_GSTRING_LEN);
	return buf + ETH_GSTRING_LEN;
}

void atmo_ixgbe_stats_names(const struct atmo_ixgbe *port, u8 *buf)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(hw_stat); i++)
		buf = put_name(buf, hw_stat[i].name);
	for (i = 0; i < ARRAY_SIZE(port_stat); i++)
		buf = put_name(buf, port_stat[i]);
	for (i = 0; i < ATMO_NR_NIC_STATS; i++)
		buf = put_name(buf, atmo_nic_stat_name(i));
	for (i = 0; i < port->nr_shared; i++)
		for (k = 0; k < ARRAY_SIZE(queue_stat); k++)
			ethtool_sprintf(&buf, "queue_%u_%s", i, queue_stat[k]);
}

/* In the order of port_stat. */
static void port_stats(struct atmo_ixgbe *port, u64 *val)
{
	unsigned int i;

	mutex_lock(&port->lock);
	val[0] = port->resets;
	val[2] = port->nr_lanes;
	for (i = 0; i < port->nr_lanes; i++) {
		const struct atmo_lane *lane = port->lane[i];

		if (!lane || !lane->owner)
			continue;
		val[1] += !lane->retired;
		val[3] += READ_ONCE(lane->rx_frames);
		val[4] += READ_ONCE(lane->tx_frames);
		val[5] += READ_ONCE(lane->rx.lost);
		val[10] += !!lane->rate;
	}
	val[3] += port->closed_rx_frames;
	val[4] += port->closed_tx_frames;
	val[5] += port->closed_rx_lost;
	val[6] = atmo_ixgbe_filter_count(port);
	val[7] = port->fdir.used;
	val[8] = port->fdir.nr_rules;
	val[9] = !!port->raw;
	mutex_unlock(&port->lock);
}

/* limits of struct atmo_nic_ops. */
u32 atmo_ixgbe_limits(struct atmo_nic *nic, struct atmo_nic_limit *limits, u32 n)
{
	struct atmo_ixgbe *port = netdev_priv(atmo_nic_netdev(nic));
	struct atmo_nic_limit all[2];

	mutex_lock(&port->lock);
	all[0] = (struct atmo_nic_limit) {
		.name = "5-tuple filters",
		.used = atmo_ixgbe_filter_count(port),
		.max = IXGBE_NR_5TUPLE,
	};
	all[1] = (struct atmo_nic_limit) {
		.name = "Flow Director rules",
		.used = port->fdir.used,
		.max = port->fdir.nr_rules,
	};
	mutex_unlock(&port->lock);
	n = min_t(u32, n, ARRAY_SIZE(all));
	memcpy(limits, all, n * sizeof(*limits));
	return n;
}

/* Zero while the demultiplexer doesn't know the port. */
static void demux_stats(struct atmo_ixgbe *port, u64 *val)
{
	const struct atmo_nic *nic;
	unsigned int i;

	rcu_read_lock();
	nic = rcu_dereference(port->nic);
	for (i = 0; nic && i < ATMO_NR_NIC_STATS; i++)
		val[i] = atmo_nic_stat_read(nic, i);
	rcu_read_unlock();
}

/* In the order of queue_stat. */
static u64 *queue_values(struct atmo_ixgbe_queue *q, u64 *val)
{
	struct atmo_ixgbe_queue_stats s;
	unsigned int i;

	queue_stats(q, &s);
	*val++ = s.rx_packets;
	*val++ = s.rx_bytes;
	*val++ = s.rx_taken;
	*val++ = s.rx_csum_bad;
	for (i = 0; i < ATMO_IXGBE_NR_RX_DROPS; i++)
		*val++ = s.rx_drop[i];
	*val++ = s.tx_packets;
	*val++ = s.tx_bytes;
	*val++ = s.tx_drop;
	*val++ = s.tx_busy;
	return val;
}

/* @val is zeroed. Context: process, sleeps, RTNL; takes port->lock. */
void atmo_ixgbe_stats_values(struct atmo_ixgbe *port, u64 *val)
{
	unsigned int i;

	static_assert(ARRAY_SIZE(queue_stat) == 8 + ATMO_IXGBE_NR_RX_DROPS);
	static_assert(ARRAY_SIZE(port_stat) == 11);

	/* Not in the middle of a reset, when registers may not be read. */
	mutex_lock(&port->lock);
	if (port->up)
		atmo_ixgbe_stats_update(port);
	mutex_unlock(&port->lock);
	for (i = 0; i < ARRAY_SIZE(hw_stat); i++)
		*val++ = *(u64 *)((u8 *)&port->hw_stats + hw_stat[i].offset);
	port_stats(port, val);
	val += ARRAY_SIZE(port_stat);
	demux_stats(port, val);
	val += ATMO_NR_NIC_STATS;
	for (i = 0; i < port->nr_shared; i++)
		val = queue_values(port->queue[i], val);
}
