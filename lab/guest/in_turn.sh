#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: guest/in_turn.sh NAME...
# Test groups that want the same machine, one after the other, for lab/test.sh: booting
# one for each costs more than many of them do. Each finds the machine as it was before
# the first, with no process, module, namespace or driver of another. What it says is
# between two lines of ours, and its name is in the kernel's log before what it causes.
. /project/lab/guest/lib.sh

# as_found: takes away what a group has left. Fails, and says why, where it can't: a
# module that is still held by something is a leak.
as_found()
{
	local port

	# All but what is in this script's session: groups have sessions of their own.
	/bin/busybox killall5 -KILL
	for port in "$PORT0" "$PORT1"; do
		[ -e "/sys/bus/pci/devices/$port" ] || echo 1 >/sys/bus/pci/rescan
		unbind_driver "$port" || return
		echo >"/sys/bus/pci/devices/$port/driver_override" || return
	done
	ip -all netns delete || return
	eventually 20 unload_modules || { unload_modules; return 1; }
	[ ! -d /sys/module/ixgbe ] || rmmod ixgbe || return
	! mountpoint -q /sys/fs/cgroup || umount /sys/fs/cgroup || return
	[ "$(interfaces)" = "$INTERFACES" ] || { interfaces; return 1; }
}

interfaces()
{
	ip -o address
}

INTERFACES=$(interfaces)
failed=0
for name; do
	echo "lab: test group $name" >/dev/kmsg
	echo "==== $name ===="
	setsid --wait "/project/lab/guest/${name}_test.sh"
	status=$?
	if ! said=$(as_found 2>&1); then
		diag "the machine is not as it was found: $said"
		[ $status -ne 0 ] || status=1
	fi
	[ $status -eq 0 ] || failed=1
	printf '\n==== %s: status %d ====\n' "$name" $status
done
exit $failed
