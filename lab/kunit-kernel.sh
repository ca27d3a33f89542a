#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/kunit-kernel.sh --build-dir
# Prints, as a path inside the lab's root, the build directory of the KUnit
# kernel, building it first where it is missing (some minutes, once for each
# lab/kunit.config and version of Debian's linux-source). What is needed to
# boot it and to build modules against it stays there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

SOURCE=/usr/src/linux-source

source_version()
{
	sed -n '1,10s/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = //p' \
		"$("$LAB/root.sh" full)$SOURCE/Makefile" | paste -sd.
}

# kbuild ARGS...: in the lab's root, of the tree under construction.
kbuild()
{
	"$LAB/chroot.sh" full nice -n 10 make --no-print-directory \
		-C $SOURCE O="/cache/$tmp" "$@"
}

# An option that depends on a missing one vanishes without a word.
check_config()
{
	local option lost=0

	while read -r option; do
		if ! grep -qx "$option" "$CACHE/$tmp/.config"; then
			echo "not in the kernel's .config: $option"
			lost=1
		fi
	done < <(grep '^CONFIG_' "$LAB/kunit.config")
	return $lost
}

build()
{
	rm -rf "${CACHE:?}/$tmp"
	mkdir "$CACHE/$tmp"
	kbuild allnoconfig KCONFIG_ALLCONFIG=/project/lab/kunit.config &&
		check_config &&
		kbuild -j"$(nproc)" bzImage modules &&
		find "$CACHE/$tmp" -path '*/scripts' -prune -o \
			-path '*/tools' -prune -o \
			\( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) \
			-type f -exec rm {} + &&
		# It links to itself by name.
		kbuild_moved
}

# The tree is built under a name of its own and renamed when it is complete;
# only its Makefile knows the name.
kbuild_moved()
{
	sed -i "s|/cache/$tmp|/cache/$name|g" "$CACHE/$tmp/Makefile"
}

[ "${1:-}" = --build-dir ] || usage "$0"
version=$(source_version)
name=kunit-kernel-$version-$(hash "$LAB/kunit.config" "$0")
tmp=$name.tmp
if [ ! -d "$CACHE/$name" ]; then
	locked "$CACHE/kunit-kernel.lock"
	if [ ! -d "$CACHE/$name" ]; then
		note "building the KUnit kernel, Linux $version (once; some minutes)"
		logged "$LOGS/kunit-kernel.log" build 8>&-
		mv "$CACHE/$tmp" "$CACHE/$name"
		note "built the KUnit kernel"
	fi
fi
echo "/cache/$name"
