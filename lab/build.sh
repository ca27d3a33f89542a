#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/build.sh [KERNEL...]
# Builds what a virtual machine of the lab runs: the device model and the
# programs with this machine's compiler, the modules for each KERNEL (default:
# 6.12) in the lab's root. Quiet where nothing is to be done.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# build WHAT LOG CMD...
build()
{
	local what=$1

	shift
	note "building $what"
	logged "$@"
}

[ $# -gt 0 ] || set -- 6.12
"$LAB/deps.sh"
jobs=$(nproc)
build "the device model" "$LOGS/build-nic82599.log" \
	make -j"$jobs" -C "$PROJECT/userspace/nic82599" --no-print-directory
build "library and programs" "$LOGS/build-userspace.log" \
	make -j"$jobs" -C "$PROJECT/userspace" --no-print-directory
for kernel; do
	build "modules for Linux $kernel" "$LOGS/build-kmod-$kernel.log" \
		"$LAB/kmod.sh" "$kernel"
done
