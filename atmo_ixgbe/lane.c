// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware lanes: a receive and a transmit queue that carry the pages of one
 * stack instance and nobody else's. The transmit half is in ltx.c.
 *
 * A lane is its owner's from lane_open to lane_close, whatever happens to the device
 * in between. After lane_retire nothing is steered to it and nobody calls its verbs,
 * but the device may still write to its pages. When it no longer can, a lane may be
 * kept, without an owner, its rings empty and started: who opens one of its size has
 * it without a single register read.
 *
 * Its rings are in one of two states, changed under their locks:
 *
 *   running   the device has them
 *   stopped   it doesn't: pages stay in the receive ring and are posted again at
 *             the next start; frames in the transmit ring count as done
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "priv.h"
#include "rate.h"

#define LINK_MBPS	10000

/*
 * Frames steered to a lane before its filters went may still be in the packet buffer:
 * 512 KB, less than half a millisecond at line rate (4.6.7.1, step 2).
 */
#define RX_DRAIN_US	500
/* RXDCTL.ENABLE clears when the last write was issued; it still has to land. */
#define RX_LAND_US	100

/* So many are kept for whoever opens one next: up to 1 MB of rings each. */
#define MAX_IDLE_LANES	4

static struct atmo_ixgbe *nic_port(struct atmo_nic *nic)
{
	return netdev_priv(atmo_nic_netdev(nic));
}

static u16 lane_reg(const struct atmo_lane *lane)
{
	return lane->rx.reg;
}

/* ---- Start and stop ---- */

static int lane_rx_start(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_rx *rx = &lane->rx;
	int err;

	/*
	 * Nobody but the caller of the verbs looks at a stopped ring, and that
	 * one only under the lock; the device comes to know it by hw_start.
	 */
	spin_lock(&rx->lock);
	atmo_ixgbe_rx_repost(rx);
	spin_unlock(&rx->lock);
	err = lane->rx_known ? atmo_ixgbe_rx_hw_restart(port, rx) :
			       atmo_ixgbe_rx_hw_start(port, rx);
	lane->rx_known = true;
	if (err)
		return err;
	spin_lock(&rx->lock);
	rx->running = true;
	atmo_ixgbe_rx_tail(rx);
	spin_unlock(&rx->lock);
	return 0;
}

static int lane_tx_start(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	int err;

	if (!lane->tx_on) {
		spin_lock(&tx->lock);
		atmo_ixgbe_ltx_restart(tx);
		spin_unlock(&tx->lock);
		/* The queue's last owner may have had another limit. */
		atmo_ixgbe_hw_set_rate(port, tx->reg, lane->rate);
		lane->tx_on = true;
		err = atmo_ixgbe_tx_hw_start(port, tx->reg, tx->dma, tx->mask + 1);
		if (err)
			return err;
	}
	spin_lock(&tx->lock);
	tx->running = true;
	spin_unlock(&tx->lock);
	return 0;
}

/**
 * atmo_ixgbe_lane_start() - give both queues to the device
 * @lane: lane, stopped, but that the device may have an empty transmit ring still; its
 *	receive queue is routed to a vector
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0; or a negative errno, and the device may have one of the queues.
 */
int atmo_ixgbe_lane_start(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	int err;

	lockdep_assert_held(&port->lock);
	err = lane_rx_start(lane) ?: lane_tx_start(lane);
	if (err && err != -ENODEV)
		dev_err(port->dev, "queues %u do not start (%pe)\n", lane_reg(lane),
			ERR_PTR(err));
	return err;
}

/**
 * atmo_ixgbe_lane_freeze() - no tail writes from now on
 * @lane: lane
 *
 * Context: holds port->lock. The device still has the rings.
 */
void atmo_ixgbe_lane_freeze(struct atmo_lane *lane)
{
	spin_lock(&lane->rx.lock);
	lane->rx.running = false;
	spin_unlock(&lane->rx.lock);
	spin_lock(&lane->tx.lock);
	lane->tx.running = false;
	spin_unlock(&lane->tx.lock);
}

/**
 * atmo_ixgbe_lane_flush() - the device has let go of the rings and forgotten them
 * @lane: lane, frozen
 *
 * Context: holds port->lock.
 */
void atmo_ixgbe_lane_flush(struct atmo_lane *lane)
{
	lane->rx_known = false;
	lane->tx_on = false;
	spin_lock(&lane->tx.lock);
	atmo_ixgbe_ltx_abandon(&lane->tx);
	spin_unlock(&lane->tx.lock);
}

/**
 * atmo_ixgbe_lane_notify() - keep the promise of rx_arm, if one was made
 * @lane: lane
 *
 * Context: any.
 */
void atmo_ixgbe_lane_notify(struct atmo_lane *lane)
{
	if (xchg(&lane->armed, 0))
		atmo_lane_wake(lane->owner);
}

/**
 * atmo_ixgbe_lanes_notify() - wake all lanes: the device's state has changed
 * @port: port
 *
 * Context: process, holds port->lock.
 */
void atmo_ixgbe_lanes_notify(struct atmo_ixgbe *port)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < port->nr_lanes; i++) {
		if (!port->lane[i] || !port->lane[i]->owner)
			continue;
		WRITE_ONCE(port->lane[i]->armed, 0);
		atmo_lane_wake(port->lane[i]->owner);
	}
}

bool atmo_ixgbe_lane_hung(struct atmo_lane *lane)
{
	return atmo_ixgbe_ltx_hung(&lane->tx);
}

/* ---- Memory ---- */

/* A power of two that holds @n entries, as far as the device allows. */
static u32 ring_len(u32 n, u32 max)
{
	return n >= max ? max : max_t(u32, roundup_pow_of_two(n), ATMO_IXGBE_MIN_RING);
}

/* One entry of the receive ring stays empty, hence the one more. */
static u32 rx_ring_len(u32 nr_pages)
{
	return ring_len(nr_pages + 1, ATMO_IXGBE_MAX_LANE_RX);
}

static u32 tx_ring_len(u32 nr_pages)
{
	return ring_len(nr_pages, ATMO_IXGBE_MAX_RING / 2);
}

static struct atmo_lane *lane_create(struct atmo_ixgbe *port, void *owner, u32 nr_pages,
				     u16 reg)
{
	struct atmo_lane *lane = kzalloc(sizeof(*lane), GFP_KERNEL);

	if (!lane)
		return NULL;
	lane->port = port;
	lane->owner = owner;
	INIT_LIST_HEAD(&lane->vec_link);
	spin_lock_init(&lane->rx.lock);
	lane->rx.dev = port->dev;
	lane->rx.reg = reg;
	lane->rx.tail = (u32 __iomem *)(port->bar + IXGBE_RDT(reg));
	spin_lock_init(&lane->tx.lock);
	lane->tx.dev = port->dev;
	lane->tx.reg = reg;
	lane->tx.tail = (u32 __iomem *)(port->bar + IXGBE_TDT(reg));
	if (atmo_ixgbe_rx_alloc(&lane->rx, rx_ring_len(nr_pages)))
		goto free_lane;
	if (atmo_ixgbe_ltx_alloc(&lane->tx, tx_ring_len(nr_pages)))
		goto free_rx;
	return lane;

free_rx:
	atmo_ixgbe_rx_free(&lane->rx);
free_lane:
	kfree(lane);
	return NULL;
}

static void lane_destroy(struct atmo_lane *lane)
{
	atmo_ixgbe_ltx_free(&lane->tx);
	atmo_ixgbe_rx_free(&lane->rx);
	kfree(lane);
}

/*
 * The first queues are the only ones that raw frames can be redirected to: other
 * lanes get them last.
 */
static int lane_free_index(const struct atmo_ixgbe *port, bool raw)
{
	unsigned int nr_low = IXGBE_RETA_QUEUES - port->nr_shared;
	unsigned int i;

	for (i = raw ? port->nr_lanes : nr_low; i < port->nr_lanes; i++)
		if (!port->lane[i])
			return i;
	for (i = 0; i < nr_low; i++)
		if (!port->lane[i])
			return i;
	return -EBUSY;
}

/*
 * The device keeps neither queue, but for a last write to the receive ring, and unless
 * @both, the transmit ring if that is empty.
 */
static void lane_hw_stop(struct atmo_lane *lane, bool both)
{
	struct atmo_ixgbe *port = lane->port;
	int tx_err = 0, rx_err = 0;

	lockdep_assert_held(&port->lock);
	if (!port->up)
		return;
	if (lane->tx_on && (both || !atmo_ixgbe_ltx_is_empty(&lane->tx))) {
		tx_err = atmo_ixgbe_tx_hw_stop(port, lane->tx.reg);
		lane->tx_on = false;
	}
	if (lane->rx_known)
		rx_err = atmo_ixgbe_rx_hw_stop(port, &lane->rx);
	if (lane->rate)
		atmo_ixgbe_hw_set_rate(port, lane_reg(lane), 0);
	if (tx_err != -ETIMEDOUT && rx_err != -ETIMEDOUT)
		return;
	dev_err(port->dev, "queues %u do not stop, resetting the port\n", lane_reg(lane));
	atmo_ixgbe_port_reset(port);
}

/* Nobody uses it, and there is no page in its receive ring for a write to land in. */
static void lane_remove(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	/* A reset won't start it again. */
	lane->retired = true;
	atmo_ixgbe_lane_freeze(lane);
	lane_hw_stop(lane, true);
	/* Nobody is woken for it from now on. */
	atmo_ixgbe_irq_del_lane(lane);
	port->lane[lane_reg(lane) - port->nr_shared] = NULL;
	lane_destroy(lane);
}

/* ---- Idle lanes ---- */

/* Nothing of its last owner is left. False: it can't be kept. */
static bool lane_keep(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	/* The first queues are for raw frames. */
	if (port->nr_idle == MAX_IDLE_LANES || lane_reg(lane) < IXGBE_RETA_QUEUES)
		return false;
	lane->owner = NULL;
	lane->retired = false;
	lane->rate = 0;
	lane->rx_frames = 0;
	lane->tx_frames = 0;
	lane->rx.lost = 0;
	atmo_ixgbe_rx_forget(&lane->rx);
	atmo_ixgbe_ltx_forget(&lane->tx);
	if (port->up && atmo_ixgbe_lane_start(lane))
		return false;
	port->nr_idle++;
	return true;
}

/* One with rings of the size that @nr_pages need. */
static struct atmo_lane *idle_find(struct atmo_ixgbe *port, u32 nr_pages)
{
	unsigned int i;

	for (i = 0; i < port->nr_lanes && port->nr_idle; i++) {
		struct atmo_lane *lane = port->lane[i];

		if (lane && !lane->owner && lane->rx.mask + 1 == rx_ring_len(nr_pages) &&
		    lane->tx.frame_mask + 1 == tx_ring_len(nr_pages))
			return lane;
	}
	return NULL;
}

/* Makes room for another one. */
static void idle_evict(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_lanes; i++) {
		if (!port->lane[i] || port->lane[i]->owner)
			continue;
		lane_remove(port->lane[i]);
		port->nr_idle--;
		return;
	}
}

/**
 * atmo_ixgbe_lanes_remove() - free the idle lanes
 * @port: port, stopped for good; all others have been closed
 *
 * Context: process, sleeps.
 */
void atmo_ixgbe_lanes_remove(struct atmo_ixgbe *port)
{
	mutex_lock(&port->lock);
	while (port->nr_idle)
		idle_evict(port);
	mutex_unlock(&port->lock);
}

/* ---- Open and close ---- */

static struct atmo_lane *lane_open_new(struct atmo_ixgbe *port, void *owner, u32 nr_pages,
				       int i)
{
	struct atmo_lane *lane = lane_create(port, owner, nr_pages, port->nr_shared + i);
	int err;

	if (!lane)
		return ERR_PTR(-ENOMEM);
	err = atmo_ixgbe_irq_add_lane(lane);
	if (err) {
		lane_destroy(lane);
		return ERR_PTR(err);
	}
	port->lane[i] = lane;
	if (port->up) {
		atmo_ixgbe_irq_map_lane(lane);
		err = atmo_ixgbe_lane_start(lane);
	}
	if (!err)
		return lane;

	lane_remove(lane);
	return ERR_PTR(err);
}

static struct atmo_lane *lane_open_locked(struct atmo_ixgbe *port, void *owner, u32 nr_pages,
					  bool raw)
{
	struct atmo_lane *lane = raw ? NULL : idle_find(port, nr_pages);
	int i;

	if (lane) {
		lane->owner = owner;
		port->nr_idle--;
		return lane;
	}
	i = lane_free_index(port, raw);
	if (i < 0 && !raw && port->nr_idle) {
		idle_evict(port);
		i = lane_free_index(port, raw);
	}
	if (i < 0)
		return ERR_PTR(port->nr_retired ? -EAGAIN : -EBUSY);
	return lane_open_new(port, owner, nr_pages, i);
}

/* lane_open of struct atmo_nic_ops. */
static struct atmo_lane *lane_open(struct atmo_nic *nic, void *owner, u32 nr_pages,
				   const struct atmo_flow *flow)
{
	struct atmo_ixgbe *port = nic_port(nic);
	struct atmo_lane *lane = ERR_PTR(-ENODEV);

	if (!nr_pages || nr_pages > ATMO_MAX_PAGES)
		return ERR_PTR(-EINVAL);
	mutex_lock(&port->lock);
	if (!READ_ONCE(port->removed))
		lane = lane_open_locked(port, owner, nr_pages,
					atmo_ixgbe_steer_is_raw(flow));
	mutex_unlock(&port->lock);
	return lane;
}

static void retire_locked(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	lockdep_assert_held(&port->lock);
	if (lane->retired)
		return;
	lane->retired = true;
	port->nr_retired++;
	atmo_ixgbe_lane_freeze(lane);
	if (atmo_ixgbe_steer_del_lane(lane) == -ETIMEDOUT)
		atmo_ixgbe_port_reset(port);
}

/* lane_retire of struct atmo_nic_ops. */
static void lane_retire(struct atmo_lane *lane)
{
	mutex_lock(&lane->port->lock);
	retire_locked(lane);
	mutex_unlock(&lane->port->lock);
}

/*
 * lane_close of struct atmo_nic_ops. It waits without the lock: others open and close
 * lanes meanwhile, and the port may be stopped or reset, which does not start a
 * retired lane again.
 */
static void lane_close(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	mutex_lock(&port->lock);
	retire_locked(lane);
	/* The filters have gone when this has been read. */
	if (port->up)
		atmo_ixgbe_flush(port);
	mutex_unlock(&port->lock);
	usleep_range(RX_DRAIN_US, RX_DRAIN_US + 50);

	mutex_lock(&port->lock);
	lane_hw_stop(lane, false);
	mutex_unlock(&port->lock);
	usleep_range(RX_LAND_US, RX_LAND_US + 20);

	mutex_lock(&port->lock);
	atmo_ixgbe_irq_sync_lane(lane);
	port->nr_retired--;
	port->closed_rx_frames += lane->rx_frames;
	port->closed_tx_frames += lane->tx_frames;
	port->closed_rx_lost += lane->rx.lost;
	if (!lane_keep(lane))
		lane_remove(lane);
	mutex_unlock(&port->lock);
}

/*
 * lane_rate of struct atmo_nic_ops. The rate is reckoned at 10 Gb/s, the only
 * speed at which the link is brought up.
 */
static int lane_rate(struct atmo_lane *lane, u32 mbps)
{
	struct atmo_ixgbe *port = lane->port;
	u32 factor, rate = 0;
	int err;

	if (mbps) {
		err = atmo_ixgbe_rate_factor(LINK_MBPS, mbps, &factor);
		if (err)
			return err;
		rate = IXGBE_RTTBCNRC_RS_ENA | FIELD_PREP(IXGBE_RTTBCNRC_FACTOR, factor);
	}
	mutex_lock(&port->lock);
	lane->rate = rate;
	if (port->up)
		atmo_ixgbe_hw_set_rate(port, lane_reg(lane), rate);
	mutex_unlock(&port->lock);
	return 0;
}

/* ---- Receive ---- */

/* rx_provide of struct atmo_nic_ops; also while the device is down. */
static u32 lane_rx_provide(struct atmo_lane *lane, struct atmo_page *const *pages, u32 n,
			   bool more)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;
	u32 took;

	spin_lock(&rx->lock);
	took = atmo_ixgbe_rx_post_batch(rx, pages, n);
	/* One write for all of them: each costs more than the pages do. */
	if (rx->running && !(more && took == n))
		atmo_ixgbe_rx_tail(rx);
	spin_unlock(&rx->lock);
	return took;
}

/*
 * rx_arm of struct atmo_nic_ops.
 *
 * Why no wake-up is lost. The device writes a frame's descriptor (D), then
 * raises its vector's cause, which stays latched while the vector is masked. Let
 * A be the store of armed = 1 here and C the second look at the ring, with a full
 * barrier between. The interrupt handler runs after D and takes armed by xchg():
 *
 *   - the cause is raised after the unmasking, or was latched: the handler runs
 *     after A and sees armed;
 *   - the vector was open already (it serves another lane or NAPI too) and its
 *     handler ran before A, finding armed clear: then D came before A, and C,
 *     which comes after A, sees the frame.
 *
 * An interrupt whose frame has been fetched meanwhile is a spurious wake-up, at
 * most one for each arming.
 */
static bool lane_rx_arm(struct atmo_lane *lane)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;
	bool waiting;

	spin_lock(&rx->lock);
	waiting = atmo_ixgbe_rx_waiting(rx);
	if (!waiting) {
		WRITE_ONCE(lane->armed, 1);
		/* A before C, see above. */
		smp_mb();
		if (rx->running) {
			atmo_ixgbe_rx_tail(rx);
			atmo_ixgbe_irq_unmask(lane->vec);
		}
		waiting = atmo_ixgbe_rx_waiting(rx);
		if (waiting)
			WRITE_ONCE(lane->armed, 0);
	}
	spin_unlock(&rx->lock);
	return waiting;
}

/* ---- State ---- */

static int lane_error(const struct atmo_lane *lane)
{
	if (READ_ONCE(lane->port->removed))
		return -ENODEV;
	return READ_ONCE(lane->port->up) ? 0 : -ENETDOWN;
}

static void lane_queues(const struct atmo_lane *lane, u32 *rx, u32 *tx)
{
	*rx = lane->rx.reg;
	*tx = lane->tx.reg;
}

const struct atmo_nic_ops atmo_ixgbe_nic_ops = {
	.owner = THIS_MODULE,
	.lane_open = lane_open,
	.lane_steer = atmo_ixgbe_lane_steer,
	.lane_unsteer = atmo_ixgbe_lane_unsteer,
	.lane_rate = lane_rate,
	.lane_retire = lane_retire,
	.lane_close = lane_close,
	.rx_provide = lane_rx_provide,
	.rx_fast = atmo_ixgbe_lane_rx_fast,
	.rx_return = atmo_ixgbe_lane_rx_return,
	.rx_arm = lane_rx_arm,
	.tx_fast = atmo_ixgbe_lane_tx_fast,
	.tx_provide = atmo_ixgbe_lane_tx_provide,
	.tx_return = atmo_ixgbe_lane_tx_return,
	.lane_error = lane_error,
	.lane_queues = lane_queues,
	.limits = atmo_ixgbe_limits,
};
