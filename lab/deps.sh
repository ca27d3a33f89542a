#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/deps.sh
# Installs what the lab needs on the host, with apt, when it is missing.
# Everything else lives in the lab's root file system (lab/root.sh).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# command:package
NEEDED="mount:mount mmdebstrap:mmdebstrap rsync:rsync flock:util-linux
	unshare:util-linux timeout:coreutils gcc:gcc make:make
	pkg-config:pkg-config"
# Proves what the mirror sends; has no command to probe for.
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

missing()
{
	local entry

	for entry in $NEEDED; do
		command -v "${entry%%:*}" >/dev/null || echo "${entry##*:}"
	done
	[ -e $KEYRING ] || echo debian-archive-keyring
	# python3-minimal has the command but not the library.
	python3 -c 'import mmap, unittest' 2>/dev/null || echo python3
	# The atmo tool; the device model reads and writes pcap files, too.
	[ -e /usr/include/libnl3/netlink/genl/genl.h ] || echo libnl-genl-3-dev
	[ -e /usr/include/pcap/pcap.h ] || echo libpcap-dev
	# The tests of user space.
	[ -e /usr/include/cmocka.h ] || echo libcmocka-dev
	[ -e /usr/include/stdio.h ] || echo libc6-dev
}

install_packages()
{
	local apt=(apt-get -y -q -o DPkg::Lock::Timeout=300)

	export DEBIAN_FRONTEND=noninteractive
	# A fresh machine may have no lists, or lists too old to serve.
	"${apt[@]}" install --no-install-recommends "$@" ||
		{ "${apt[@]}" update &&
		  "${apt[@]}" install --no-install-recommends "$@"; }
}

mapfile -t packages < <(missing | sort -u)
[ ${#packages[@]} -eq 0 ] && exit 0

command -v apt-get >/dev/null ||
	die "no apt-get, and missing: ${packages[*]}" "install them by hand"
[ "$(id -u)" -eq 0 ] ||
	die "missing packages: ${packages[*]}" "install them, or run as root"
note "installing on the host: ${packages[*]}"
logged "$LOGS/deps.log" install_packages "${packages[@]}"
