#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/kmod.sh KERNEL [MAKE_ARGS...]
# Builds the modules for one kernel of the lab (6.1, 6.12, 7.3 or kunit), in a
# copy of the sources under build/kmod-KERNEL (ATMO_KMOD_DIR: elsewhere in the
# project), so that kernels don't share objects. Incremental; W=1, C=1 and the
# like are passed on.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

# What W=1 (kernel-doc) and C=1 (sparse) need is only in the full root, and so
# are other kernels' headers.
layer()
{
	case " $* " in
	*' C='*|*' W='*) echo full ;;
	*) kernel_layer "$kernel" ;;
	esac
}

# What is built in $1 stays; sources that are gone go.
copy_sources()
{
	local product keep=()

	for product in '*.o' '*.ko' '*.mod' '*.mod.c' '.*.cmd' '*.symvers' '*.order' '*.a'; do
		keep+=(--exclude "$product")
	done
	rsync -a --delete "${keep[@]}" "$PROJECT/Kbuild" "$PROJECT"/atmo_* \
		"$PROJECT/uapi" "$PROJECT/kunit" "$1/"
}

[ $# -gt 0 ] || usage "$0"
kernel=$1
shift
dir=${ATMO_KMOD_DIR:-$BUILD/kmod-$kernel}
case $dir in
"$PROJECT"/*) ;;
*) die "$dir is not in the project" "the lab's root sees only the project" ;;
esac
headers=$(kernel_headers "$kernel")
mkdir -p "$dir"
locked "$dir.lock"
copy_sources "$dir"
# Nothing here reads debug information: nine tenths of a module, which each machine
# would read and relocate, and a sixth of the time to build it.
"$LAB/chroot.sh" "$(layer "$@")" make --no-print-directory -j"$(nproc)" \
	-C "$headers" M="/project${dir#"$PROJECT"}" CC=gcc \
	CONFIG_DEBUG_INFO= CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules 8>&-
