# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernels of the lab by their short names, as files. Source after lib.sh.
#
#   6.12   Debian 13's stock kernel, the one that tests and demo run on
#   7.3    Debian 13 backports' (full root only)
#   6.1    Debian 12's: headers only, to build against (full root only)
#   kunit  built from Debian's linux-source with KUnit on

# kernel_layer NAME: the root that has it.
kernel_layer()
{
	case $1 in
	6.12) echo base ;;
	*) echo full ;;
	esac
}

# kernel_root NAME: that root's path.
kernel_root()
{
	"$LAB/root.sh" "$(kernel_layer "$1")"
}

# kernel_headers NAME: the directory to build modules against, as seen inside
# the lab's root.
kernel_headers()
{
	local root dirs

	if [ "$1" = kunit ]; then
		"$LAB/kunit-kernel.sh" --build-dir
		return
	fi
	root=$(kernel_root "$1") || exit
	mapfile -t dirs < <(compgen -G "$root/usr/src/linux-headers-$1[.-]*-amd64")
	[ ${#dirs[@]} -gt 0 ] ||
		die "no headers of Linux $1 in the lab" "use 6.1, 6.12, 7.3 or kunit"
	echo "${dirs[0]#"$root"}"
}

# kernel_release NAME: its `uname -r`.
kernel_release()
{
	local dir

	dir=$(kernel_headers "$1")
	if [ "$1" = kunit ]; then
		cat "${dir/#\/cache/$CACHE}/include/config/kernel.release"
	else
		echo "${dir##*/linux-headers-}"
	fi
}

# kernel_image NAME: the bootable image on the host.
kernel_image()
{
	local root release image

	if [ "$1" = kunit ]; then
		image=$("$LAB/kunit-kernel.sh" --build-dir)
		echo "${image/#\/cache/$CACHE}/arch/x86/boot/bzImage"
		return
	fi
	root=$(kernel_root "$1") || exit
	release=$(kernel_release "$1")
	# Since 7.x Debian keeps the image beside the modules.
	for image in "$root/boot/vmlinuz-$release" \
		     "$root/usr/lib/modules/$release/vmlinuz"; do
		if [ -e "$image" ]; then
			echo "$image"
			return
		fi
	done
	die "no image of Linux $1 in the lab" "boot 6.12, 7.3 or kunit"
}
