#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/qemu.sh [--host] [ARGS...]
# Runs a QEMU that has vfio-user-pci (10.1 or newer): the host's own, or else
# the one in the lab's root, started through that root's own loader so that it
# needs neither chroot nor the host's libraries. --host only tells by its exit
# status whether the host's will do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

host_has_it()
{
	command -v qemu-system-x86_64 >/dev/null &&
		qemu-system-x86_64 -device help 2>/dev/null |
			grep -q '"vfio-user-pci"'
}

if [ "${1:-}" = --host ]; then
	host_has_it
	exit
fi
host_has_it && exec qemu-system-x86_64 "$@"
root=$("$LAB/root.sh" base)
exec "$root/lib64/ld-linux-x86-64.so.2" \
	--library-path "$root/usr/lib/x86_64-linux-gnu" \
	"$root/usr/bin/qemu-system-x86_64" \
	-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
