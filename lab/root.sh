#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/root.sh base|full|bench
# Prints the lab's root file system, making it first where it is missing: a
# Debian 13 with backports that is the guest's root, the place where kernel
# modules are built and, where the host's QEMU is too old, QEMU's home.
#
#   base  what `make demo` needs
#   full  a copy of base with what `make test` needs on top
#   bench a copy of base with what `make bench` compares with
#
# A root appears by one rename, complete or not at all, under a name that
# changes with whatever it is made from.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

RELEASE=trixie
OLD_RELEASE=bookworm

packages()
{
	local list

	for list; do
		sed '/^#/d;/^$/d' "$LAB/packages/$list"
	done
	# lab/qemu.sh takes the host's where it is new enough.
	if [ "$1" = base ] && ! "$LAB/qemu.sh" --host; then
		sed '/^#/d;/^$/d' "$LAB/packages/qemu"
	fi
}

# How the host's apt reaches its mirror: proxies, certificates, clocks.
apt_options()
{
	apt-config dump --no-empty Acquire |
		grep -E '^Acquire::(http|https|Check-|Retries|Max-)' || true
	cat <<-'END'
	APT::Install-Recommends "false";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
}

# The root can always be made again: speed before durability, no manuals.
dpkg_options()
{
	cat <<-'END'
	force-unsafe-io
	path-exclude=/usr/share/man/*
	path-exclude=/usr/share/doc/*
	path-exclude=/usr/share/info/*
	path-exclude=/usr/share/locale/*
	END
}

# Backports only for QEMU and for the kernel that is asked for by name; the
# old release only for its kernel headers.
apt_pins()
{
	cat <<-END
	Package: qemu-* seabios ipxe-qemu
	Pin: release n=$RELEASE-backports
	Pin-Priority: 990

	Package: *
	Pin: release n=$OLD_RELEASE
	Pin-Priority: 1
	END
}

write_configuration()
{
	mkdir -p "$1"
	apt_options >"$1/apt.conf"
	dpkg_options >"$1/dpkg.conf"
	apt_pins >"$1/pins"
}

# customise DIR LIST: what no package brings.
customise()
{
	mkdir -p "$1"/{project,cache,out}
	echo lab >"$1/etc/hostname"
	ATMO_ROOT=$1 "$LAB/chroot.sh" bash /project/lab/unpack-kernels.sh \
		"/project/lab/packages/$2"
	rm -rf "$1"/var/cache/apt/archives/*.deb
}

make_base()
{
	local mirror dir=$1 conf=$1.conf

	mirror=$("$LAB/mirror.sh")
	write_configuration "$conf"
	mmdebstrap --mode=root --variant=apt --architectures=amd64 \
		--aptopt="$conf/apt.conf" --dpkgopt="$conf/dpkg.conf" \
		--setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"" \
		--setup-hook="cp '$conf/pins' \"\$1/etc/apt/preferences.d/lab\"" \
		--skip=cleanup/apt \
		--include="$(packages base | paste -sd,)" \
		$RELEASE "$dir" \
		"deb $mirror $RELEASE main" "deb $mirror $RELEASE-backports main"
	rm -r "$conf"
	customise "$dir" kernels-base
}

make_full()
{
	local dir=$1 apt="apt-get -y -q" base list

	base=$("$0" base)
	cp -a --reflink=auto "$base" "$dir"
	list=$(find "$dir/etc/apt" -name '*.list' | head -n 1)
	sed -n "s/ $RELEASE main/ $OLD_RELEASE main/p" "$list" |
		tee -a "$list" >/dev/null
	ATMO_ROOT=$dir "$LAB/chroot.sh" sh -c "$apt update &&
		$apt install --no-install-recommends $(packages full | paste -sd' ')"
	customise "$dir" kernels-full
	ATMO_ROOT=$dir "$LAB/chroot.sh" bash /project/lab/unpack-source.sh
}

make_bench()
{
	local base

	base=$("$0" base)
	cp -a --reflink=auto "$base" "$1"
	ATMO_ROOT=$1 "$LAB/chroot.sh" sh -c "apt-get -q update && apt-get -y -q install \
		--no-install-recommends $(packages bench | paste -sd' ')"
	rm -rf "$1"/var/cache/apt/archives/*.deb
}

# What nothing has used for a month: roots and kernels of older versions.
prune()
{
	find "$CACHE" -mindepth 1 -maxdepth 1 -mtime +30 \
		\( -name 'root-*' -o -name 'kunit-kernel-*' -o -name 'initramfs-*' \) \
		-exec rm -rf --one-file-system {} +
}

# create LAYER TARGET
create()
{
	local layer=$1 target=$2

	[ "$(id -u)" -eq 0 ] || die "making the lab's root needs root" "run as root"
	"$LAB/deps.sh"
	# Before the lock: making it takes the same one.
	[ "$layer" = base ] || "$0" base >/dev/null
	locked "$CACHE/root.lock"
	[ ! -d "$target" ] || return 0
	prune
	rm -rf --one-file-system "$target.tmp"
	note "making the lab's $layer root file system (once; some minutes)"
	# A process of its own: within `logged`, bash ignores `set -e`.
	logged "$LOGS/root-$layer.log" "$0" --make "$layer" "$target.tmp"
	mv "$target.tmp" "$target"
	note "made $target ($(du -sh "$target" | cut -f1))"
}

if [ "${1:-}" = --make ]; then
	"make_$2" "$3"
	exit
fi
layer=${1:-}
sources=("$LAB/root.sh" "$LAB/unpack-kernels.sh" "$LAB/packages/kernels-base")
case $layer in
base) ;;
full) sources+=("$LAB/packages/kernels-full" "$LAB/unpack-source.sh"
		"$(packages full)") ;;
bench) sources+=("$(packages bench)") ;;
*) usage "$0" ;;
esac
target=$CACHE/root-$layer-$(hash "${sources[@]}" "$(packages base)")
[ -d "$target" ] || create "$layer" "$target" 8>&-
touch -c "$target"
echo "$target"
