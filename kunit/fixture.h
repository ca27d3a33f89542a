/* SPDX-License-Identifier: GPL-2.0 */
/* What several suites begin and end with. */
#ifndef ATMO_KUNIT_FIXTURE_H
#define ATMO_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "../atmo_portmgr/atmo_portmgr.h"

/* Its addresses are there to be claimed and bound from then on. */
static inline int loopback_up(void)
{
	struct net_device *lo = init_net.loopback_dev;
	int err;

	rtnl_lock();
	err = dev_change_flags(lo, lo->flags | IFF_UP, NULL);
	rtnl_unlock();
	return err;
}

/* test->priv is an empty set of ports. */
static inline int ports_init(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, loopback_up(), 0);
	test->priv = atmo_ports_create();
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	return 0;
}

static inline void ports_exit(struct kunit *test)
{
	if (test->priv)
		atmo_ports_destroy(test->priv);
}

#endif /* ATMO_KUNIT_FIXTURE_H */
