// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of packet pages without an owner: clear, mapped for their NIC, and charged to the
 * control group of who had them. Who binds next from the same group, on the same NIC and
 * with as many pages, has the set as it is, and nothing needs to be allocated, cleared
 * or mapped for it.
 *
 * A set is kept for a moment only, since the group pays for it meanwhile and can't
 * reclaim it: it is for those who bind and close all the time. All of them are given
 * back when memory is short, those of a NIC before it goes.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "memcg.h"
#include "priv.h"
#include "../atmo_portmgr/compat.h"

/* In all. */
#define MAX_PAGES	1024
#define MAX_AGE		(HZ / 10)

/* Innermost. Nothing is allocated while it is held: reclaim takes it. */
static DEFINE_MUTEX(kept_mutex);	/* protects what follows, and sets while they end */
static LIST_HEAD(kept);			/* the oldest first */
static u32 nr_kept;			/* pages of all sets; read without it, too */

static struct shrinker *shrinker;

/**
 * atmo_page_set_destroy() - give the pages of a set back
 * @set: from atmo_kept_take() or about to be kept; no NIC uses its pages
 *
 * Context: process; the device that they are mapped for is there.
 */
void atmo_page_set_destroy(struct atmo_page_set *set)
{
	u32 i;

	for (i = 0; i < set->nr_pages; i++) {
		atmo_page_exit(&set->pages[i], set->dma_dev);
		put_page(set->memory[i]);
	}
	kvfree(set->pages);
	kvfree(set->memory);
	atmo_memcg_put(set->memcg);
	kfree(set);
}
EXPORT_SYMBOL_GPL(atmo_page_set_destroy);

static void take_out(struct atmo_page_set *set)
{
	lockdep_assert_held(&kept_mutex);
	list_del(&set->link);
	WRITE_ONCE(nr_kept, nr_kept - set->nr_pages);
}

static void forget(struct atmo_page_set *set)
{
	take_out(set);
	atmo_page_set_destroy(set);
}

/* ---- Age ---- */

static void age_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(age, age_work);

static void age_work(struct work_struct *work)
{
	struct atmo_page_set *set, *next;

	mutex_lock(&kept_mutex);
	list_for_each_entry_safe(set, next, &kept, link) {
		if (time_before(jiffies, set->since + MAX_AGE))
			break;
		forget(set);
	}
	if (!list_empty(&kept))
		schedule_delayed_work(&age, MAX_AGE);
	mutex_unlock(&kept_mutex);
}

/* ---- Shortage ---- */

static unsigned long shrink_count(struct shrinker *unused, struct shrink_control *sc)
{
	return READ_ONCE(nr_kept) ?: SHRINK_EMPTY;
}

static unsigned long shrink_scan(struct shrinker *unused, struct shrink_control *sc)
{
	struct atmo_page_set *set, *next;
	unsigned long freed = 0;

	/* Whoever holds it is about to give some back. */
	if (!mutex_trylock(&kept_mutex))
		return SHRINK_STOP;
	list_for_each_entry_safe(set, next, &kept, link) {
		if (freed >= sc->nr_to_scan)
			break;
		freed += set->nr_pages;
		forget(set);
	}
	mutex_unlock(&kept_mutex);
	return freed;
}

/* ---- Keep and take ---- */

/**
 * atmo_kept_room() - may a set be worth clearing?
 * @nr_pages: of it
 *
 * Context: any. Return: whether it would be kept just now.
 */
bool atmo_kept_room(u32 nr_pages)
{
	return nr_pages <= MAX_PAGES && READ_ONCE(nr_kept) <= MAX_PAGES - nr_pages;
}
EXPORT_SYMBOL_GPL(atmo_kept_room);

/**
 * atmo_kept_add() - keep a set for whoever binds next
 * @set: all but @link and @since set; its pages are clear, by slot, and nobody else has a
 *	reference to them or to the mapping. Kept or given back on return
 *
 * Context: process, may sleep; an endpoint is bound to the NIC of @set->dma_dev.
 */
void atmo_kept_add(struct atmo_page_set *set)
{
	bool room;

	mutex_lock(&kept_mutex);
	room = atmo_kept_room(set->nr_pages);
	if (room) {
		set->since = jiffies;
		list_add_tail(&set->link, &kept);
		WRITE_ONCE(nr_kept, nr_kept + set->nr_pages);
		schedule_delayed_work(&age, MAX_AGE);
	}
	mutex_unlock(&kept_mutex);
	if (!room)
		atmo_page_set_destroy(set);
}
EXPORT_SYMBOL_GPL(atmo_kept_add);

/**
 * atmo_kept_take() - a set that was kept
 * @dma_dev: device that it must be mapped for
 * @memcg: control group that must be paying for it
 * @nr_pages: pages that it must have
 *
 * Context: process, may sleep.
 * Return: the caller's; or NULL.
 */
struct atmo_page_set *atmo_kept_take(const struct device *dma_dev,
				     const struct cgroup_subsys_state *memcg, u32 nr_pages)
{
	struct atmo_page_set *set, *found = NULL;

	if (!READ_ONCE(nr_kept))
		return NULL;
	mutex_lock(&kept_mutex);
	/* The one whose pages are warm. */
	list_for_each_entry_reverse(set, &kept, link) {
		if (set->dma_dev != dma_dev || set->memcg != memcg || set->nr_pages != nr_pages)
			continue;
		take_out(set);
		found = set;
		break;
	}
	mutex_unlock(&kept_mutex);
	return found;
}
EXPORT_SYMBOL_GPL(atmo_kept_take);

/**
 * atmo_kept_drop() - give back what is kept
 * @dma_dev: mapped for this device; NULL: all
 *
 * Context: process, may sleep. On return nothing of it is mapped any more.
 * Return: was there any?
 */
bool atmo_kept_drop(const struct device *dma_dev)
{
	struct atmo_page_set *set, *next;
	bool any = false;

	mutex_lock(&kept_mutex);
	list_for_each_entry_safe(set, next, &kept, link) {
		if (dma_dev && set->dma_dev != dma_dev)
			continue;
		forget(set);
		any = true;
	}
	mutex_unlock(&kept_mutex);
	return any;
}
EXPORT_SYMBOL_GPL(atmo_kept_drop);

int atmo_kept_init(void)
{
	shrinker = atmo_shrinker_create("atmo-kept", shrink_count, shrink_scan);
	return shrinker ? 0 : -ENOMEM;
}

/* No NIC is left, so nothing is kept. */
void atmo_kept_exit(void)
{
	cancel_delayed_work_sync(&age);
	atmo_shrinker_destroy(shrinker);
}
