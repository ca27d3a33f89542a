// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware lanes: a receive and a transmit queue that carry the pages of one
 * stack instance and nobody else's. The transmit half is in ltx.c.
 *
 * A lane lives from lane_open to lane_close, whatever happens to the device in
 * between. Its rings are in one of two states, changed under their locks:
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

static struct atmo_ixgbe *nic_port(struct atmo_nic *nic)
{
	return netdev_priv(atmo_nic_netdev(nic));
}

static u16 lane_reg(const struct atmo_lane *lane)
{
	return lane->rx.reg;
}

/* ---- Start and stop ---- */

/**
 * atmo_ixgbe_lane_start() - give both queues to the device
 * @lane: lane, stopped
 *
 * Context: process, sleeps, holds port->lock.
 * Return: 0; or a negative errno, and the device may have one of the queues.
 */
int atmo_ixgbe_lane_start(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_ltx *tx = &lane->tx;
	struct atmo_ixgbe_rx *rx = &lane->rx;
	int err;

	lockdep_assert_held(&port->lock);
	atmo_ixgbe_irq_map_lane(lane);

	/*
	 * Nobody but the caller of the verbs looks at a stopped ring, and that
	 * one only under the lock; the device comes to know it by hw_start.
	 */
	spin_lock(&rx->lock);
	atmo_ixgbe_rx_repost(rx);
	spin_unlock(&rx->lock);
	err = atmo_ixgbe_rx_hw_start(port, rx);
	if (!err) {
		spin_lock(&rx->lock);
		rx->running = true;
		atmo_ixgbe_rx_tail(rx);
		spin_unlock(&rx->lock);
	}

	spin_lock(&tx->lock);
	atmo_ixgbe_ltx_restart(tx);
	spin_unlock(&tx->lock);
	/* The queue's last owner may have had another limit. */
	atmo_ixgbe_hw_set_rate(port, tx->reg, lane->rate);
	if (!err)
		err = atmo_ixgbe_tx_hw_start(port, tx->reg, tx->dma, tx->mask + 1);
	if (!err) {
		spin_lock(&tx->lock);
		tx->running = true;
		spin_unlock(&tx->lock);
	}
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
 * atmo_ixgbe_lane_flush() - the device has let go of the rings
 * @lane: lane, frozen
 *
 * Context: holds port->lock.
 */
void atmo_ixgbe_lane_flush(struct atmo_lane *lane)
{
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
		if (!port->lane[i])
			continue;
		WRITE_ONCE(port->lane[i]->armed, 0);
		atmo_lane_wake(port->lane[i]->owner);
	}
}

bool atmo_ixgbe_lane_hung(struct atmo_lane *lane)
{
	return atmo_ixgbe_ltx_hung(&lane->tx);
}

/* ---- Open and close ---- */

/* A power of two that holds @n entries, as far as the device allows. */
static u32 ring_len(u32 n, u32 max)
{
	return n >= max ? max : max_t(u32, roundup_pow_of_two(n), ATMO_IXGBE_MIN_RING);
}

static struct atmo_lane *lane_create(struct atmo_ixgbe *port, void *owner, u32 nr_pages,
				     u16 reg)
{
	struct atmo_lane *lane = kzalloc(sizeof(*lane), GFP_KERNEL_ACCOUNT);

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
	/* One entry of the receive ring stays empty, hence the one more. */
	if (atmo_ixgbe_rx_alloc(&lane->rx, ring_len(nr_pages + 1, ATMO_IXGBE_MAX_LANE_RX)))
		goto free_lane;
	if (atmo_ixgbe_ltx_alloc(&lane->tx, ring_len(nr_pages, ATMO_IXGBE_MAX_RING / 2)))
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
 * Stops both queues. Frames steered here before the filter went may still be in
 * the packet buffer: 512 KB, less than half a millisecond at line rate (4.6.7.1,
 * step 2).
 */
static int lane_hw_stop(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	int rx_err, tx_err;

	atmo_ixgbe_lane_freeze(lane);
	usleep_range(500, 550);
	tx_err = atmo_ixgbe_tx_hw_stop(port, lane->tx.reg);
	rx_err = atmo_ixgbe_rx_hw_stop(port, lane->rx.reg);
	return tx_err ? tx_err : rx_err;
}

/* After return neither the device nor a handler touches the lane. */
static void lane_shut(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	int err, stop_err = 0;

	lockdep_assert_held(&port->lock);
	err = atmo_ixgbe_steer_del_lane(lane);
	/* From here on a reset doesn't start the lane again. */
	port->lane[lane_reg(lane) - port->nr_shared] = NULL;
	if (port->up) {
		stop_err = lane_hw_stop(lane);
		atmo_ixgbe_hw_set_rate(port, lane_reg(lane), 0);
	}
	if (err == -ETIMEDOUT || stop_err == -ETIMEDOUT) {
		dev_err(port->dev, "queues %u do not stop, resetting the port\n",
			lane_reg(lane));
		atmo_ixgbe_port_reset(port);
	}
	atmo_ixgbe_irq_del_lane(lane);
	port->closed_rx_frames += lane->rx_frames;
	port->closed_tx_frames += lane->tx_frames;
	port->closed_rx_lost += lane->rx.lost;
}

static struct atmo_lane *lane_open_locked(struct atmo_ixgbe *port, void *owner, u32 nr_pages,
					  bool raw)
{
	int i = lane_free_index(port, raw);
	struct atmo_lane *lane;
	int err;

	if (i < 0)
		return ERR_PTR(i);
	lane = lane_create(port, owner, nr_pages, port->nr_shared + i);
	if (!lane)
		return ERR_PTR(-ENOMEM);
	err = atmo_ixgbe_irq_add_lane(lane);
	if (err)
		goto destroy;
	port->lane[i] = lane;
	if (port->up)
		err = atmo_ixgbe_lane_start(lane);
	if (!err)
		return lane;

	lane_shut(lane);
destroy:
	lane_destroy(lane);
	return ERR_PTR(err);
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

/* lane_close of struct atmo_nic_ops. */
static void lane_close(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;

	mutex_lock(&port->lock);
	lane_shut(lane);
	mutex_unlock(&port->lock);
	lane_destroy(lane);
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
static u32 lane_rx_provide(struct atmo_lane *lane, struct atmo_page *const *pages, u32 n)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;

	spin_lock(&rx->lock);
	n = atmo_ixgbe_rx_post_batch(rx, pages, n);
	if (rx->running)
		atmo_ixgbe_rx_tail(rx);
	spin_unlock(&rx->lock);
	return n;
}

/* rx_return of struct atmo_nic_ops. */
static u32 lane_rx_return(struct atmo_lane *lane, struct atmo_rx_frame *frames, u32 n)
{
	struct atmo_ixgbe_rx *rx = &lane->rx;

	spin_lock(&rx->lock);
	n = atmo_ixgbe_rx_take_batch(rx, frames, n);
	lane->rx_frames += n;
	if (rx->running)
		atmo_ixgbe_rx_tail_lazily(rx);
	spin_unlock(&rx->lock);
	return n;
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
	.lane_close = lane_close,
	.rx_provide = lane_rx_provide,
	.rx_return = lane_rx_return,
	.rx_arm = lane_rx_arm,
	.tx_provide = atmo_ixgbe_lane_tx_provide,
	.tx_return = atmo_ixgbe_lane_tx_return,
	.lane_error = lane_error,
	.lane_queues = lane_queues,
	.limits = atmo_ixgbe_limits,
};
