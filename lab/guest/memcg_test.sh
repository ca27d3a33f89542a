#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who pays for an instance's pages: the memory cgroup of the process that binds it.
# tests/memcg.c.
. /project/lab/guest/lib.sh

CGROUP=/sys/fs/cgroup

mkdir -p $CGROUP
mount -t cgroup2 cgroup2 $CGROUP || bail "cgroup2 is mounted"
echo +memory >$CGROUP/cgroup.subtree_control || bail "the memory controller is on"
setup
exec /project/build/userspace/tests/memcg "$DEV0" "$ADDR0" "$PEER" "$ADDR1"
