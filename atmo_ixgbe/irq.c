// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: MSI-X only. Vector 0 has the other causes (link), the next ones
 * the ordinary queues, the rest the lanes. With fewer vectors than wanted,
 * queues share them; two are enough.
 *
 * All queue vectors mask themselves when they fire (EIAM, GPIE.EIAME) and clear
 * their cause (EIAC). NAPI opens its vector again when it is done; a lane's
 * stays masked until the lane is armed.
 */
#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/rculist.h>

#include "moderate.h"
#include "priv.h"

static unsigned int vectors = ATMO_IXGBE_MAX_VECS;
module_param(vectors, uint, 0444);
MODULE_PARM_DESC(vectors, "Most MSI-X vectors per port, 2..64; lanes beyond them share (default: 64)");

#define MIN_VECS		2
#define OTHER_VEC		0
#define OTHER_CAUSES		(IXGBE_EICR_LSC | IXGBE_EICR_GPI_SDP2 | IXGBE_EICR_ECC)

/* EITR: an interrupt each so many microseconds at most. */
#define OTHER_INTERVAL_US	400

static int vec_irq_number(const struct atmo_ixgbe_vec *vec)
{
	return pci_irq_vector(vec->port->pdev, vec->index);
}

/* Context: any. */
void atmo_ixgbe_irq_unmask(struct atmo_ixgbe_vec *vec)
{
	atmo_ixgbe_wr(vec->port, IXGBE_EIMS_EX(vec->index / 32), BIT(vec->index % 32));
}

/* ---- Handlers ---- */

static irqreturn_t queue_irq(int irq, void *data)
{
	struct atmo_ixgbe_vec *vec = data;
	struct atmo_lane *lane;
	unsigned int i;

	for_each_set_bit(i, &vec->queues, ATMO_IXGBE_MAX_SHARED)
		napi_schedule_irqoff(&vec->port->queue[i]->napi);

	/* Unlinking waits by synchronize_irq(), which covers this reader. */
	rcu_read_lock();
	list_for_each_entry_rcu(lane, &vec->lanes, vec_link)
		atmo_ixgbe_lane_notify(lane);
	rcu_read_unlock();
	return IRQ_HANDLED;
}

/*
 * Causes are read through EICS, which has no side effect, and cleared by
 * writing: reading EICR here would clear the queues' causes with them.
 */
static irqreturn_t other_irq(int irq, void *data)
{
	struct atmo_ixgbe_vec *vec = data;
	struct atmo_ixgbe *port = vec->port;
	u32 cause = atmo_ixgbe_rd(port, IXGBE_EICS);

	if (READ_ONCE(port->removed))
		return IRQ_HANDLED;
	cause &= ~IXGBE_EICR_RTXQ;
	atmo_ixgbe_wr(port, IXGBE_EICR, cause);
	if (!READ_ONCE(port->up))
		return IRQ_HANDLED;

	if (cause & IXGBE_EICR_ECC) {
		dev_err_ratelimited(port->dev, "memory error in the device, resetting it\n");
		schedule_work(&port->reset_work);
	}
	if (cause & IXGBE_EICR_GPI_SDP2)
		WRITE_ONCE(port->sfp_changed, true);
	if (cause & (IXGBE_EICR_LSC | IXGBE_EICR_GPI_SDP2))
		mod_delayed_work(system_percpu_wq, &port->watchdog, 0);
	atmo_ixgbe_wr(port, IXGBE_EIMS, OTHER_CAUSES | IXGBE_EICR_OTHER);
	atmo_ixgbe_irq_unmask(vec);
	return IRQ_HANDLED;
}

/* ---- Moderation ---- */

static void vec_write_eitr(struct atmo_ixgbe_vec *vec, unsigned int us)
{
	WRITE_ONCE(vec->interval, us);
	atmo_ixgbe_wr(vec->port, IXGBE_EITR(vec->index),
		      FIELD_PREP(IXGBE_EITR_INTERVAL, us / 2) | IXGBE_EITR_CNT_WDIS);
}

/* Whom a vector serves decides how often it may fire. */
static void vec_init_eitr(struct atmo_ixgbe_vec *vec)
{
	unsigned int us = 0;

	if (vec->index == OTHER_VEC)
		us = OTHER_INTERVAL_US;
	else if (vec->queues || vec->nr_lanes > 1)
		us = ATMO_IXGBE_SHORT_INTERVAL;
	/* A lane on its own is limited by having to be armed each time. */
	vec_write_eitr(vec, us);
}

/* After @frames of an ordinary queue. Queues of one vector settle it between them. */
static void vec_moderate(struct atmo_ixgbe_vec *vec, unsigned int frames)
{
	unsigned int now = READ_ONCE(vec->interval);
	unsigned int next = atmo_ixgbe_interval(now, frames);

	if (next != now)
		vec_write_eitr(vec, next);
}

/* ---- NAPI ---- */

static int queue_poll(struct napi_struct *napi, int budget)
{
	struct atmo_ixgbe_queue *q = container_of(napi, struct atmo_ixgbe_queue, napi);
	bool tx_done = atmo_ixgbe_tx_clean(q, budget);
	int rx_done = 0;

	/* Budget 0 (netpoll) is for transmit only. */
	if (budget)
		rx_done = atmo_ixgbe_rx_clean(q, budget);
	if (!tx_done || (budget && rx_done == budget))
		return budget;
	if (napi_complete_done(napi, rx_done) && READ_ONCE(q->port->up)) {
		vec_moderate(q->vec, rx_done);
		atmo_ixgbe_irq_unmask(q->vec);
	}
	return rx_done;
}

/* ---- Vectors ---- */

static int vec_request(struct atmo_ixgbe_vec *vec, irq_handler_t handler, const char *what)
{
	int err;

	if (vec->requested)
		return 0;
	snprintf(vec->name, sizeof(vec->name), "%s-%s-%u", pci_name(vec->port->pdev), what,
		 vec->index);
	err = request_irq(vec_irq_number(vec), handler, 0, vec->name, vec);
	if (!err)
		vec->requested = true;
	return err;
}

static void vec_free(struct atmo_ixgbe_vec *vec)
{
	if (vec->requested)
		free_irq(vec_irq_number(vec), vec);
	vec->requested = false;
}

/* Vectors of the ordinary queues: 1..nr_napi_vecs. */
static u16 nr_napi_vecs(const struct atmo_ixgbe *port)
{
	return min_t(u16, port->nr_shared, port->nr_vecs - 1);
}

/*
 * The vector with the fewest lanes, of those that serve no ordinary queue if
 * there are any: a lane's interrupt makes all lanes of its vector look.
 */
static struct atmo_ixgbe_vec *lane_vec(struct atmo_ixgbe *port)
{
	u16 first = 1 + nr_napi_vecs(port);
	struct atmo_ixgbe_vec *best;
	u16 i;

	if (first >= port->nr_vecs)
		first = 1;
	best = &port->vec[first];
	for (i = first; i < port->nr_vecs; i++)
		if (port->vec[i].nr_lanes < best->nr_lanes)
			best = &port->vec[i];
	return best;
}

static void ivar_write(struct atmo_ixgbe *port, u16 q, bool tx, u32 entry)
{
	unsigned int shift = IXGBE_IVAR_ENTRY(q, tx);
	u32 val = atmo_ixgbe_rd(port, IXGBE_IVAR(q / 2));

	val &= ~(IXGBE_IVAR_BYTE << shift);
	atmo_ixgbe_wr(port, IXGBE_IVAR(q / 2), val | entry << shift);
}

static u32 ivar_entry(const struct atmo_ixgbe_vec *vec)
{
	return FIELD_PREP(IXGBE_IVAR_ALLOC, vec->index) | IXGBE_IVAR_VALID;
}

/**
 * atmo_ixgbe_irq_map_lane() - route a lane's receive queue to its vector
 * @lane: lane
 *
 * The transmit queue gets none: completions are looked for, not waited for.
 *
 * Context: process, holds port->lock.
 */
void atmo_ixgbe_irq_map_lane(struct atmo_lane *lane)
{
	ivar_write(lane->port, lane->rx.reg, false, ivar_entry(lane->vec));
	ivar_write(lane->port, lane->tx.reg, true, 0);
	vec_init_eitr(lane->vec);
}

/**
 * atmo_ixgbe_irq_add_lane() - give a lane a vector
 * @lane: lane
 *
 * Context: process, holds port->lock. Return: 0 or a negative errno.
 */
int atmo_ixgbe_irq_add_lane(struct atmo_lane *lane)
{
	struct atmo_ixgbe *port = lane->port;
	struct atmo_ixgbe_vec *vec = lane_vec(port);
	int err = vec_request(vec, queue_irq, "lane");

	if (err)
		return err;
	lane->vec = vec;
	vec->nr_lanes++;
	list_add_tail_rcu(&lane->vec_link, &vec->lanes);
	return 0;
}

/**
 * atmo_ixgbe_irq_sync_lane() - after return no handler wakes the lane's owner
 * @lane: lane; nobody arms it any more
 *
 * Context: process, sleeps.
 */
void atmo_ixgbe_irq_sync_lane(struct atmo_lane *lane)
{
	WRITE_ONCE(lane->armed, 0);
	synchronize_irq(vec_irq_number(lane->vec));
}

/**
 * atmo_ixgbe_irq_del_lane() - after return no handler touches the lane
 * @lane: lane; its queues are stopped
 *
 * Context: process, sleeps, holds port->lock.
 */
void atmo_ixgbe_irq_del_lane(struct atmo_lane *lane)
{
	struct atmo_ixgbe_vec *vec = lane->vec;

	if (READ_ONCE(lane->port->up))
		ivar_write(lane->port, lane->rx.reg, false, 0);
	list_del_rcu(&lane->vec_link);
	vec->nr_lanes--;
	synchronize_irq(vec_irq_number(vec));
	if (!vec->nr_lanes && !vec->queues)
		vec_free(vec);
}

/* ---- The port's part ---- */

static int request_all(struct atmo_ixgbe *port)
{
	unsigned int i;
	int err = vec_request(&port->vec[OTHER_VEC], other_irq, "other");

	for (i = 1; !err && i <= nr_napi_vecs(port); i++)
		err = vec_request(&port->vec[i], queue_irq, "queue");
	return err;
}

/**
 * atmo_ixgbe_irq_init() - get vectors and give them to the ordinary queues
 * @port: port; its queues have been created
 *
 * Context: process. Return: 0 or a negative errno.
 */
int atmo_ixgbe_irq_init(struct atmo_ixgbe *port)
{
	unsigned int want = clamp_t(unsigned int, vectors, MIN_VECS, ATMO_IXGBE_MAX_VECS);
	int nr = pci_alloc_irq_vectors(port->pdev, MIN_VECS, want, PCI_IRQ_MSIX);
	unsigned int i;
	int err;

	if (nr < 0) {
		dev_err(port->dev, "needs at least %u MSI-X vectors, got none (%pe)\n",
			MIN_VECS, ERR_PTR(nr));
		return nr;
	}
	port->nr_vecs = nr;
	for (i = 0; i < port->nr_vecs; i++) {
		port->vec[i].port = port;
		port->vec[i].index = i;
		INIT_LIST_HEAD(&port->vec[i].lanes);
	}
	for (i = 0; i < port->nr_shared; i++) {
		struct atmo_ixgbe_queue *q = port->queue[i];

		q->vec = &port->vec[1 + i % nr_napi_vecs(port)];
		q->vec->queues |= BIT(i);
		netif_napi_add(port->netdev, &q->napi, queue_poll);
	}
	err = request_all(port);
	if (err)
		atmo_ixgbe_irq_exit(port);
	return err;
}

/* Context: process; no lane is open, the hardware is stopped. */
void atmo_ixgbe_irq_exit(struct atmo_ixgbe *port)
{
	unsigned int i;

	for (i = 0; i < port->nr_vecs; i++)
		vec_free(&port->vec[i]);
	for (i = 0; i < port->nr_shared; i++)
		netif_napi_del(&port->queue[i]->napi);
	pci_free_irq_vectors(port->pdev);
}

/**
 * atmo_ixgbe_irq_start() - route causes to vectors, open those of the netdev
 * @port: port; NAPI is enabled
 *
 * 7.3.1: with GPIE.MULTIPLE_MSIX each vector has its bit in EIMS_EX, the other
 * causes theirs in EIMS. EIAC covers the queue causes only: link changes are
 * cleared by the handler.
 *
 * Context: process, holds port->lock.
 */
void atmo_ixgbe_irq_start(struct atmo_ixgbe *port)
{
	unsigned int i;

	atmo_ixgbe_wr(port, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX | IXGBE_GPIE_PBA_SUPPORT |
		      IXGBE_GPIE_OCD | IXGBE_GPIE_EIAME | IXGBE_GPIE_SDP2_GPIEN);
	atmo_ixgbe_wr(port, IXGBE_EIAM_EX(0), ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIAM_EX(1), ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIAC, IXGBE_EICR_RTXQ | IXGBE_EICR_TCP_TIMER);
	atmo_ixgbe_wr(port, IXGBE_IVAR_MISC,
		      ivar_entry(&port->vec[OTHER_VEC]) << IXGBE_IVAR_MISC_OTHER);
	for (i = 0; i < port->nr_shared; i++) {
		ivar_write(port, i, false, ivar_entry(port->queue[i]->vec));
		ivar_write(port, i, true, ivar_entry(port->queue[i]->vec));
	}
	for (i = 0; i < port->nr_vecs; i++)
		vec_init_eitr(&port->vec[i]);

	for (i = 0; i <= nr_napi_vecs(port); i++)
		atmo_ixgbe_irq_unmask(&port->vec[i]);
	atmo_ixgbe_wr(port, IXGBE_EIMS, OTHER_CAUSES | IXGBE_EICR_OTHER);
	atmo_ixgbe_flush(port);
}

/**
 * atmo_ixgbe_irq_stop() - mask everything; no handler runs after return
 * @port: port
 *
 * Context: process, sleeps, holds port->lock.
 */
void atmo_ixgbe_irq_stop(struct atmo_ixgbe *port)
{
	unsigned int i;

	atmo_ixgbe_wr(port, IXGBE_EIMC, ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIMC_EX(0), ~0U);
	atmo_ixgbe_wr(port, IXGBE_EIMC_EX(1), ~0U);
	atmo_ixgbe_flush(port);
	for (i = 0; i < port->nr_vecs; i++)
		if (port->vec[i].requested)
			synchronize_irq(vec_irq_number(&port->vec[i]));
}
