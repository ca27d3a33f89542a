#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/direct_test.sh [PART...]
# What the shared lane sends goes straight to the device where nobody looks, and by
# Linux where somebody does: packet sockets, netfilter, tc, queueing disciplines.
. /project/lab/guest/lib.sh

setup
for module in nf_tables sch_netem sch_tbf sch_fq_codel sch_ingress cls_matchall act_gact; do
	modprobe $module || bail "$module"
done
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing ||
	bail "no tracing"
exec python3 /project/lab/guest/direct_test.py "$DEV0" "$DEV1" "$@"
