// SPDX-License-Identifier: GPL-2.0
/*
 * The rest of a close. Its port is free when close() returns; but the NIC may still
 * write to the pages for a while, and who closes doesn't have to wait for that, nor for
 * the pages to be given back.
 *
 * What is not given back yet counts: as lanes in use, and as memory of who had it. A
 * bind that finds too little waits for it, see atmo_instance_bind().
 */
#include <linux/atomic.h>
#include <linux/workqueue.h>

#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* Beyond so many whoever closes has to wait, so that opening is never faster for long. */
#define MAX_CLOSING	64

static struct workqueue_struct *closing_wq;
static atomic_t nr_closing = ATOMIC_INIT(0);

static void closing_work(struct work_struct *work)
{
	atmo_instance_end(container_of(work, struct atmo_instance, closing));
	atomic_dec(&nr_closing);
}

/* Ends the instance later. False: it has to be done now. */
bool atmo_closing_add(struct atmo_instance *inst)
{
	if (!atomic_add_unless(&nr_closing, 1, MAX_CLOSING))
		return false;
	INIT_WORK(&inst->closing, closing_work);
	queue_work(closing_wq, &inst->closing);
	return true;
}

/* Waits for those that are being closed now. False: there are none. */
bool atmo_closing_wait(void)
{
	if (!atomic_read(&nr_closing))
		return false;
	flush_workqueue(closing_wq);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_closing_wait);

int atmo_closing_init(void)
{
	/* They sleep most of the time: all at once, and on any processor. */
	closing_wq = alloc_workqueue("atmo_closing", WQ_UNBOUND, MAX_CLOSING);
	return closing_wq ? 0 : -ENOMEM;
}

/* No file is open, so none is added. */
void atmo_closing_exit(void)
{
	destroy_workqueue(closing_wq);
}
