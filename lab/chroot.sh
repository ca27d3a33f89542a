#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/chroot.sh [base|full|bench] CMD [ARGS...]
# Runs a command inside the lab's root file system (default: base), in a mount
# namespace of its own that vanishes with it. The project is at /project, the
# cache at /cache; the command starts at the caller's place in the project.
# ATMO_ROOT=DIR names a root directly.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

layer=base
case ${1:-} in
base|full|bench) layer=$1; shift ;;
esac
[ $# -gt 0 ] || usage "$0"
[ "$(id -u)" -eq 0 ] || die "the lab's chroot needs root" "run as root"

root=${ATMO_ROOT:-$("$LAB/root.sh" "$layer")}
case $PWD/ in
"$PROJECT"/*) cwd=/project${PWD#"$PROJECT"} ;;
*) cwd=/ ;;
esac

# Runs inside the namespace; $0 is the root, $1 the project, $2 the cache, $3
# the working directory, the rest the command.
# shellcheck disable=SC2016
inside='
	set -e
	mount -t proc proc "$0/proc"
	mount --rbind /sys "$0/sys"
	mount --rbind /dev "$0/dev"
	mount -t tmpfs tmpfs "$0/tmp"
	mount -t tmpfs tmpfs "$0/run"
	mount --bind "$1" "$0/project"
	mount --bind "$2" "$0/cache"
	if [ -e /etc/resolv.conf ]; then
		[ -e "$0/etc/resolv.conf" ] || : >"$0/etc/resolv.conf"
		mount --bind /etc/resolv.conf "$0/etc/resolv.conf"
	fi
	root=$0 cwd=$3
	shift 3
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin \
		HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
		DEBIAN_FRONTEND=noninteractive ATMO_T0="$ATMO_T0" \
		ATMO_CACHE=/cache MAKEFLAGS="${MAKEFLAGS:-}" \
		/bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$cwd" "$@"
'
mkdir -p "$CACHE"
exec unshare --mount --propagation private \
	/bin/sh -c "$inside" "$root" "$PROJECT" "$CACHE" "$cwd" "$@"
