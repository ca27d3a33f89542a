// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: a failed instance, or one that works, comes back on its port with fresh
 * pages and empty rings. The port stays its own all the time, and so do its number,
 * its counters and what was set for it; the application's mappings stay, too, and
 * show the new memory.
 *
 * While a restart is under way the instance is a failed one, so no call gets past
 * atmo_instance_error(). If it can't be brought back it stays failed.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* Calls under way have ended when this returns, and no others begin. */
static void quiesce(struct atmo_instance *inst)
{
	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	WRITE_ONCE(inst->failed, true);
	inst->stopped = true;
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
}

static void resume(struct atmo_instance *inst)
{
	mutex_lock(&inst->rx.mutex);
	mutex_lock(&inst->tx.mutex);
	WRITE_ONCE(inst->failed, false);
	inst->stopped = false;
	mutex_unlock(&inst->tx.mutex);
	mutex_unlock(&inst->rx.mutex);
}

static void reset_rings(struct atmo_instance *inst)
{
	atmo_rings_clear(inst);
	inst->tx.nr_held = 0;
	inst->tx.nr_comp = 0;
	inst->tx.nr_recycle = 0;
	inst->tx.nr_recycled = 0;
	inst->tx.nr_lane = 0;
}

static int restart(struct atmo_instance *inst)
{
	int err;

	lockdep_assert_held(&inst->bind_mutex);
	quiesce(inst);
	/* After this neither NIC nor softirq know the pages. */
	atmo_endpoint_stop(&inst->ep);
	err = atmo_pages_renew(inst);
	if (err)
		goto err_failed;
	reset_rings(inst);
	err = atmo_endpoint_reopen(&inst->ep, inst->nr_pages);
	if (err)
		goto err_failed;
	err = atmo_endpoint_start(&inst->ep);
	if (err)
		goto err_failed;
	resume(inst);
	return 0;

err_failed:
	/* It may have worked before. */
	wake_up_interruptible_poll(&inst->waitq, EPOLLERR);
	return err;
}

/* 0, or a negative errno as documented for ATMO_RESTART. */
int atmo_instance_restart(struct atmo_instance *inst)
{
	int err;

	mutex_lock(&inst->bind_mutex);
	switch (inst->state) {
	case ATMO_INSTANCE_BOUND:
		err = restart(inst);
		trace_atmo_restart(inst->id, err);
		break;
	case ATMO_INSTANCE_GONE:
		err = -ENODEV;
		break;
	default:
		err = -ENOTCONN;
	}
	mutex_unlock(&inst->bind_mutex);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_instance_restart);
