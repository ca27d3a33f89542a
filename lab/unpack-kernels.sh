#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/unpack-kernels.sh LIST
# Inside the lab's root: downloads the kernel packages that LIST names and
# unpacks them without installing, so that no boot image is generated and
# headers of other releases bring no compiler with them. Each line of LIST is
# a release and its meta packages; the newest version there is taken.
set -euo pipefail

# The linux-* packages that an installation would bring in, as NAME=VERSION.
# linux-libc-dev belongs to user space.
closure()
{
	local release=$1

	shift
	apt-get -s -q -t "$release" install --no-install-recommends "$@" |
		sed -n 's/^Inst \(linux-[^ ]*\) (\([^ ]*\) .*/\1=\2/p' |
		grep -v '^linux-libc-dev='
}

unpack()
{
	local deb

	for deb in ./*.deb; do
		# linux-base ships maintainers' scripts, nothing that is built with.
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C / --keep-directory-symlink \
			    --exclude='./usr/share/doc' --exclude='./usr/share/bug'
		rm "$deb"
	done
}

list=$(realpath "$1")
cd "$(mktemp -d)"
while read -r release metas; do
	case $release in
	''|'#'*) continue ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	mapfile -t packages < <(closure "$release" $metas)
	[ ${#packages[@]} -gt 0 ] || { echo "no kernel in $release"; exit 1; }
	apt-get -q download "${packages[@]}"
	unpack
done <"$list"
for dir in /usr/lib/modules/*/kernel; do
	[ ! -d "$dir" ] || depmod "$(basename "$(dirname "$dir")")"
done
