// SPDX-License-Identifier: GPL-2.0
/*
 * Past a queueing discipline that would do nothing but hand over what it gets. Who
 * sends so is its only runner meanwhile, as Linux is when it bypasses one: nothing
 * that was queued before can come later, and nothing that is queued meanwhile earlier.
 */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

/*
 * As many as the queue has room for. The last that fits within its byte limit isn't
 * said to have others behind it: that makes the driver tell the device, and stop the
 * queue where the limit says so.
 */
static u32 start_xmit(struct netdev_queue *txq, struct sk_buff *const *skbs, u32 n,
		      u64 *bytes)
{
	struct net_device *netdev = txq->dev;
	int room = qdisc_avail_bulklimit(txq);
	unsigned int len;
	u32 i;

	HARD_TX_LOCK(netdev, txq, smp_processor_id());
	for (i = 0; i < n && !netif_xmit_frozen_or_stopped(txq); i++) {
		len = skbs[i]->len;
		room -= len;
		if (!dev_xmit_complete(netdev_start_xmit(skbs[i], netdev, txq,
							 room > 0 && i + 1 < n)))
			break;
		*bytes += len;
	}
	HARD_TX_UNLOCK(netdev, txq);
	return i;
}

static void count(struct Qdisc *q, u64 bytes, u32 packets)
{
	_bstats_update(qdisc_is_percpu_stats(q) ? this_cpu_ptr(q->cpu_bstats) : &q->bstats,
		       bytes, packets);
}

static u32 bypass_nolock(struct Qdisc *q, struct netdev_queue *txq, struct sk_buff *const *skbs,
			 u32 n)
{
	u64 bytes = 0;
	u32 sent = 0;

	if (!nolock_qdisc_is_empty(q) || !atmo_qdisc_run_begin(q))
		return 0;
	/* Whoever ran it before may have put something back. */
	if (nolock_qdisc_is_empty(q))
		sent = start_xmit(txq, skbs, n, &bytes);
	count(q, bytes, sent);
	atmo_qdisc_run_end(q);
	return sent;
}

static u32 bypass_locked(struct Qdisc *q, struct netdev_queue *txq, struct sk_buff *const *skbs,
			 u32 n)
{
	spinlock_t *lock = qdisc_lock(q);
	u64 bytes = 0;
	bool mine;

	spin_lock(lock);
	mine = !test_bit(__QDISC_STATE_DEACTIVATED, &q->state) && !qdisc_qlen(q) &&
	       atmo_qdisc_run_begin(q);
	spin_unlock(lock);
	if (!mine)
		return 0;
	n = start_xmit(txq, skbs, n, &bytes);
	spin_lock(lock);
	count(q, bytes, n);
	atmo_qdisc_run_end(q);
	/* Those who have queued something meanwhile left it to us to send. */
	if (qdisc_qlen(q))
		__netif_schedule(q);
	spin_unlock(lock);
	return n;
}

/**
 * atmo_qdisc_bypass() - send frames past the queueing discipline of a queue
 * @txq: transmit queue of a device
 * @skbs: whole frames for that queue; those that are sent are the device's
 * @n: how many, at least one
 *
 * Only if the discipline may be bypassed and is empty.
 *
 * Context: under rcu_read_lock_bh().
 * Return: how many are sent, from the first on. The others have to be queued.
 */
u32 atmo_qdisc_bypass(struct netdev_queue *txq, struct sk_buff *const *skbs, u32 n)
{
	struct Qdisc *q = rcu_dereference_bh(txq->qdisc);

	if (!(q->flags & TCQ_F_CAN_BYPASS))
		return 0;
	if (q->flags & TCQ_F_NOLOCK)
		return bypass_nolock(q, txq, skbs, n);
	return bypass_locked(q, txq, skbs, n);
}
