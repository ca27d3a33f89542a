// SPDX-License-Identifier: GPL-2.0
/* The packet pages of an instance: memory, who owns which, who pays for them. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "priv.h"

/*
 * An unprivileged user may pin as much as by mlock(). The charge stays until
 * the file is closed, since mappings can outlive the NIC. Called under
 * bind_mutex, for one bind always on behalf of the same user.
 */
int atmo_pages_charge(struct atmo_instance *inst, unsigned long nr)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked = &current_user()->locked_vm;
	long old = atomic_long_read(locked);

	do {
		if ((unsigned long)old + nr > limit && !capable(CAP_IPC_LOCK))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + nr));
	if (!inst->payer)
		inst->payer = get_current_cred();
	inst->nr_charged += nr;
	return 0;
}

void atmo_pages_uncharge(struct atmo_instance *inst)
{
	if (!inst->payer)
		return;
	atomic_long_sub(inst->nr_charged, &inst->payer->user->locked_vm);
	put_cred(inst->payer);
	inst->payer = NULL;
	inst->nr_charged = 0;
}

/* All pages are the application's; atmo_page_init() clears them. */
int atmo_pages_create(struct atmo_instance *inst, struct device *dma_dev)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT;
	u32 slot;
	int err;

	inst->dma_dev = dma_dev;
	inst->owners = kvcalloc(inst->nr_pages, sizeof(*inst->owners), gfp);
	inst->rx.spare = kvcalloc(inst->nr_pages, sizeof(*inst->rx.spare), gfp);
	inst->pages = kvcalloc(inst->nr_pages, sizeof(*inst->pages), gfp);
	inst->rx.bounce.page = alloc_page(gfp);
	err = -ENOMEM;
	if (!inst->rx.bounce.page || !inst->owners || !inst->rx.spare || !inst->pages)
		goto err_free;
	inst->rx.bounce.va = page_address(inst->rx.bounce.page);
	for (slot = 0; slot < inst->nr_pages; slot++) {
		err = atmo_page_init(&inst->pages[slot], dma_dev, gfp);
		if (err)
			goto err_free;
		inst->pages[slot].slot = slot;
	}
	return 0;

err_free:
	atmo_pages_destroy(inst);
	return err;
}

/* The NIC must have let go of all pages. Mappings of the application keep theirs. */
void atmo_pages_destroy(struct atmo_instance *inst)
{
	u32 slot;

	for (slot = 0; inst->pages && slot < inst->nr_pages; slot++) {
		if (!inst->pages[slot].page)
			break;
		atmo_page_exit(&inst->pages[slot], inst->dma_dev);
	}
	kvfree(inst->pages);
	inst->pages = NULL;
	kvfree(inst->rx.spare);
	inst->rx.spare = NULL;
	inst->rx.nr_spare = 0;
	kvfree(inst->owners);
	inst->owners = NULL;
	if (inst->rx.bounce.page)
		__free_page(inst->rx.bounce.page);
	inst->rx.bounce.page = NULL;
	inst->dma_dev = NULL;
}

/* Is it a page of this instance at all? The driver's word is not taken for it. */
bool atmo_page_known(const struct atmo_instance *inst, const struct atmo_page *page,
		     u32 *slot)
{
	uintptr_t distance = (uintptr_t)page - (uintptr_t)inst->pages;

	*slot = distance / sizeof(*page);
	return distance / sizeof(*page) < inst->nr_pages && distance % sizeof(*page) == 0;
}

/* As atmo_owner_move(); if the page can't move, instance or driver is at fault. */
bool atmo_page_move(struct atmo_instance *inst, u32 slot, u32 from, u32 to)
{
	if (likely(atmo_owner_move(&inst->owners[slot], from, to)))
		return true;
	atmo_instance_fail(inst);
	return false;
}
