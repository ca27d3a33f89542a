// SPDX-License-Identifier: GPL-2.0
/*
 * All instances by their number, for those who look at them from outside: netlink,
 * captures. Numbers grow and begin anew after 2^31: one that was seen a while ago
 * names the same instance or none.
 *
 * An instance is here from its bind until its file is closed, and who finds it
 * holds a reference. The entry is taken out before the file's own reference is
 * given up, and looked up under the same lock: what is found is alive.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "priv.h"

static DEFINE_XARRAY_ALLOC1(instances);
static u32 next_id;

/* The caller is about to bind it: it has a number, by which nobody finds it yet. */
int atmo_registry_reserve(struct atmo_instance *inst)
{
	int err;

	lockdep_assert_held(&inst->bind_mutex);
	if (inst->id)
		return 0;
	err = xa_alloc_cyclic(&instances, &inst->id, NULL, XA_LIMIT(1, INT_MAX), &next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0) {
		inst->id = 0;
		return err;
	}
	return 0;
}

/* The caller has bound it: it is his, whoever may have tried before. */
void atmo_registry_add(struct atmo_instance *inst, const struct net *net)
{
	lockdep_assert_held(&inst->bind_mutex);
	inst->binder.uid = current_euid();
	inst->binder.net_cookie = net->net_cookie;
	get_task_comm(inst->binder.comm, current->group_leader);
	inst->binder.pid = get_task_pid(current, PIDTYPE_TGID);
	/* Its place is reserved: this needs no memory. */
	xa_store(&instances, inst->id, inst, GFP_KERNEL);
}

/* Also when it was never added. References that others hold stay good. */
void atmo_registry_remove(struct atmo_instance *inst)
{
	if (inst->id)
		xa_erase(&instances, inst->id);
}

/*
 * The instance with the smallest number from *@id on, with a reference, or NULL;
 * its number in *@id.
 */
struct atmo_instance *atmo_registry_next(u32 *id)
{
	struct atmo_instance *inst;
	unsigned long index = *id;

	xa_lock(&instances);
	inst = xa_find(&instances, &index, INT_MAX, XA_PRESENT);
	if (inst)
		kref_get(&inst->ref);
	xa_unlock(&instances);
	*id = index;
	return inst;
}

/* The instance of this number, with a reference, or NULL. */
struct atmo_instance *atmo_registry_get(u32 id)
{
	struct atmo_instance *inst;

	xa_lock(&instances);
	inst = xa_load(&instances, id);
	if (inst)
		kref_get(&inst->ref);
	xa_unlock(&instances);
	return inst;
}
