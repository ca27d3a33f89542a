#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vmlinux.sh KERNEL
# Prints the image that QEMU boots, making it first where it is missing: a stock
# kernel as it is when it has unpacked itself, which takes it a second under TCG.
# QEMU enters it the PVH way. The KUnit kernel can't be entered so.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

# number IMAGE OFFSET TYPE: a field of the image's setup header, which the kernel's
# Documentation/arch/x86/boot.rst describes.
number()
{
	od -An -j "$2" -t "$3" -N "${3#u}" "$1" | tr -d ' '
}

# unpack IMAGE ROOT: the payload, without the length behind it
unpack()
{
	local sectors start len

	sectors=$(number "$1" $((0x1f1)) u1)
	start=$(($(number "$1" $((0x248)) u4) + (sectors + 1) * 512))
	len=$(($(number "$1" $((0x24c)) u4) - 4))
	dd if="$1" iflag=skip_bytes,count_bytes skip=$start count=$len bs=1M status=none |
		chroot "$2" zstd -dc
}

[ $# -eq 1 ] || usage "$0"
image=$(kernel_image "$1")
if [ "$1" = kunit ]; then
	echo "$image"
	exit
fi
root=$(kernel_root "$1")
target=$CACHE/vmlinux-$1-$(hash "$image" "$0")
if [ ! -e "$target" ]; then
	find "$CACHE" -maxdepth 1 -name 'vmlinux-*' -mtime +30 -delete
	unpack "$image" "$root" >"$target.$$"
	mv "$target.$$" "$target"
fi
touch -c "$target"
echo "$target"
