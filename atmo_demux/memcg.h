/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which memory control group pays for what the current process allocates with
 * GFP_KERNEL_ACCOUNT. To be compared, no more.
 */
#ifndef ATMO_DEMUX_MEMCG_H
#define ATMO_DEMUX_MEMCG_H

#include <linux/cgroup.h>
#include <linux/sched.h>

#ifdef CONFIG_MEMCG

/* Never NULL; with a reference. */
static inline struct cgroup_subsys_state *atmo_memcg_get(void)
{
	return task_get_css(current, memory_cgrp_id);
}

static inline void atmo_memcg_put(struct cgroup_subsys_state *memcg)
{
	if (memcg)
		css_put(memcg);
}

static inline bool atmo_memcg_is_current(const struct cgroup_subsys_state *memcg)
{
	bool same;

	rcu_read_lock();
	same = task_css(current, memory_cgrp_id) == memcg;
	rcu_read_unlock();
	return same;
}

#else

/* Nobody pays: all are of one group. */
static inline struct cgroup_subsys_state *atmo_memcg_get(void)
{
	return (struct cgroup_subsys_state *)&init_task;
}

static inline void atmo_memcg_put(struct cgroup_subsys_state *memcg)
{
}

static inline bool atmo_memcg_is_current(const struct cgroup_subsys_state *memcg)
{
	return true;
}

#endif

#endif /* ATMO_DEMUX_MEMCG_H */
