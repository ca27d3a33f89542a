#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/initramfs.sh KERNEL
# Prints the initramfs that mounts the lab's root for this kernel, making it
# first where it is missing: busybox, lab/guest/init, the modules for 9p and
# overlay.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

MODULES="9pnet_virtio 9p overlay"

# copy_modules ROOT RELEASE DIR: in the order in which they load.
copy_modules()
{
	local root=$1 release=$2 dir=$3 path nr=10

	# shellcheck disable=SC2086 # a list of words
	chroot "$root" modprobe -S "$release" -a --show-depends $MODULES |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r path; do
			# lib may be a link in the root
			"$root/bin/busybox" xzcat <"$root/usr/lib/${path#*/lib/}" \
				>"$dir/$nr-$(basename "$path" .xz)"
			nr=$((nr + 1))
		done
}

build()
{
	local root=$1 dir=$2.d

	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,sys,lower,rw,new,modules}
	cp "$root/bin/busybox" "$dir/bin/"
	cp "$LAB/guest/init" "$dir/init"
	if [ "$kernel" != kunit ]; then
		copy_modules "$root" "$(kernel_release "$kernel")" "$dir/modules"
	fi
	(cd "$dir" && find . | "$root/bin/busybox" cpio -o -H newc) \
		>"$2.tmp" 2>/dev/null
	rm -r "$dir"
	mv "$2.tmp" "$2"
}

[ $# -eq 1 ] || usage "$0"
kernel=$1
root=$(kernel_root "$kernel")
target=$CACHE/initramfs-$kernel-$(hash "$root" "$0" "$LAB/guest/init").cpio
if [ ! -e "$target" ]; then
	locked "$CACHE/initramfs.lock"
	[ -e "$target" ] || build "$root" "$target" 8>&-
fi
touch -c "$target"
echo "$target"
