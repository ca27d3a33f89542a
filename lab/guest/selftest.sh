#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: guest/selftest.sh WHAT
# What a guest script may do to the lab, for lab/selftest.sh.
. /project/lab/guest/lib.sh

case $1 in
environment)
	check "the script is root" [ "$(id -u)" -eq 0 ]
	check "arguments arrive as they were" [ "$2|$3|$4" = "a'b||\$x  y" ]
	check "the root can be written to" touch /etc/written
	check "the project can't" bash -c '! touch /project/written'
	check "process substitution works" bash -c 'cat <(echo)'
	check "user namespaces work" unshare -Ur true
	check "network namespaces work" unshare -n ip link set lo up
	echo result >/out/result
	finish ;;
status)
	exit "$2" ;;
hang)
	sleep 1000 ;;
panic)
	echo c >/proc/sysrq-trigger ;;
poweroff)
	/bin/busybox poweroff -f ;;
warn)
	echo 'WARNING: something the kernel warns of' >/dev/kmsg ;;
esac
