// SPDX-License-Identifier: GPL-2.0
/*
 * Page domains: the memory of packet pages, who owns which, who pays for it.
 *
 * An instance has a domain of its own, or joins that of another instance of the
 * same process. The memory stays until the last member's file is closed, since
 * mappings can outlive the NIC. Which memory stands behind a slot changes only
 * while the domain has never had a second member, see atmo_domain.shared.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "priv.h"
#include "../atmo_demux/memcg.h"
#include "../atmo_portmgr/compat.h"

/* ---- Who pays ---- */

/*
 * An unprivileged user may pin as much as by mlock(). Of one charge all calls are
 * on behalf of the same user.
 */
int atmo_charge_add(struct atmo_charge *charge, unsigned long nr)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked = &current_user()->locked_vm;
	long old = atomic_long_read(locked);

	do {
		if ((unsigned long)old + nr > limit && !capable(CAP_IPC_LOCK))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + nr));
	if (!charge->payer)
		charge->payer = get_current_cred();
	charge->nr += nr;
	return 0;
}

void atmo_charge_drop(struct atmo_charge *charge)
{
	if (!charge->payer)
		return;
	atomic_long_sub(charge->nr, &charge->payer->user->locked_vm);
	put_cred(charge->payer);
	charge->payer = NULL;
	charge->nr = 0;
}

/* ---- Domains ---- */

static void domain_destroy(struct kref *ref)
{
	struct atmo_domain *domain = container_of(ref, struct atmo_domain, ref);
	u32 slot;

	for (slot = 0; domain->pages && slot < domain->nr_pages; slot++) {
		if (domain->pages[slot])
			put_page(domain->pages[slot]);
	}
	kvfree(domain->pages);
	atmo_memcg_put(domain->memcg);
	kvfree(domain->owners);
	atmo_charge_drop(&domain->charge);
	mutex_destroy(&domain->mutex);
	if (domain->mm)
		mmdrop(domain->mm);
	kfree(domain);
}

struct page *atmo_domain_new_page(void)
{
	return alloc_page(ATMO_GFP_ASKED_FOR | __GFP_ZERO);
}

/* Memory for all slots, clear. On an error some have it. */
int atmo_domain_fill(struct atmo_domain *domain)
{
	unsigned int order = ATMO_BLOCK_ORDER;
	struct page *page;
	u32 slot = 0, i;

	domain->pages = kvcalloc(domain->nr_pages, sizeof(*domain->pages), ATMO_GFP_ASKED_FOR);
	if (!domain->pages)
		return -ENOMEM;
	domain->memcg = atmo_memcg_get();
	while (slot < domain->nr_pages) {
		page = atmo_pages_alloc(&order, domain->nr_pages - slot,
					ATMO_GFP_ASKED_FOR | __GFP_ZERO);
		if (!page)
			return -ENOMEM;
		for (i = 0; i < 1U << order; i++)
			domain->pages[slot++] = page + i;
	}
	/* The process may have been moved to another group meanwhile. */
	if (!atmo_memcg_is_current(domain->memcg))
		atmo_domain_mix(domain);
	return 0;
}

/* Not all of its memory is charged to one control group any more. */
void atmo_domain_mix(struct atmo_domain *domain)
{
	atmo_memcg_put(domain->memcg);
	domain->memcg = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_mix);

/*
 * Its slots are the application's; they get their memory by atmo_pages_create(), whose
 * instance is the only member until then.
 */
struct atmo_domain *atmo_domain_create(u32 nr_pages)
{
	struct atmo_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	int err;

	if (!domain)
		return ERR_PTR(-ENOMEM);
	kref_init(&domain->ref);
	mutex_init(&domain->mutex);
	domain->nr_pages = nr_pages;
	domain->uid = current_fsuid();
	domain->mm = current->mm;
	if (domain->mm)
		mmgrab(domain->mm);
	err = atmo_charge_add(&domain->charge, nr_pages);
	if (!err) {
		domain->owners = kvcalloc(nr_pages, sizeof(*domain->owners), ATMO_GFP_ASKED_FOR);
		if (!domain->owners)
			err = -ENOMEM;
	}
	if (err) {
		kref_put(&domain->ref, domain_destroy);
		return ERR_PTR(err);
	}
	return domain;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_create);

void atmo_domain_put(struct atmo_domain *domain)
{
	kref_put(&domain->ref, domain_destroy);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_put);

/*
 * The domain of @inst, with a reference, for another instance of the same process
 * and user. Only they may: whoever else has got hold of the file would see, and
 * send, what the first one receives.
 */
struct atmo_domain *atmo_domain_get(struct atmo_instance *inst, u32 nr_pages)
{
	struct atmo_domain *domain;
	int err;

	mutex_lock(&inst->rx.mutex);
	domain = inst->domain;
	err = atmo_instance_error(inst);
	if (err)
		goto out;
	err = -EPERM;
	if (domain->mm != current->mm || !uid_eq(domain->uid, current_fsuid()))
		goto out;
	err = -EINVAL;
	if (domain->nr_pages != nr_pages)
		goto out;
	err = 0;
	/* Before the second member looks, under the lock of the only one. */
	WRITE_ONCE(domain->shared, true);
	kref_get(&domain->ref);
out:
	mutex_unlock(&inst->rx.mutex);
	return err ? ERR_PTR(err) : domain;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_get);

/* The reference to @domain is the instance's from now on, unless this fails. */
int atmo_domain_join(struct atmo_domain *domain, struct atmo_instance *inst)
{
	unsigned long member;

	mutex_lock(&domain->mutex);
	member = find_first_zero_bit(domain->members, ATMO_MAX_MEMBERS);
	if (member < ATMO_MAX_MEMBERS)
		__set_bit(member, domain->members);
	mutex_unlock(&domain->mutex);
	if (member == ATMO_MAX_MEMBERS)
		return -ENOSPC;
	inst->domain = domain;
	inst->owners = domain->owners;
	inst->member = member;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_join);

/* The instance has no page any more: atmo_domain_reclaim() was called. */
void atmo_domain_leave(struct atmo_instance *inst)
{
	struct atmo_domain *domain = inst->domain;

	if (!domain)
		return;
	mutex_lock(&domain->mutex);
	__clear_bit(inst->member, domain->members);
	mutex_unlock(&domain->mutex);
	inst->domain = NULL;
	inst->owners = NULL;
	atmo_domain_put(domain);
}
EXPORT_SYMBOL_IF_KUNIT(atmo_domain_leave);

/*
 * What the kernel has for this instance is the application's again. Neither NIC
 * nor calls use those pages any more.
 */
void atmo_domain_reclaim(struct atmo_instance *inst)
{
	struct atmo_domain *domain = inst->domain;
	u32 slot;

	for (slot = 0; slot < domain->nr_pages; slot++) {
		if (!atmo_owner_is_member(READ_ONCE(domain->owners[slot]), inst->member))
			continue;
		/* As in atmo_owner_move(). */
		smp_store_release(&domain->owners[slot], ATMO_OWNER_USER);
	}
}
