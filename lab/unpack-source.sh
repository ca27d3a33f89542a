#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/unpack-source.sh
# Inside the lab's full root: unpacks linux-source to /usr/src/linux-source,
# without most of what a kernel of the lab never compiles (but with every
# Kconfig), and drops the archive. /usr/src/linux-scripts holds checkpatch.pl,
# the coccinelle scripts and the like.
set -euo pipefail

archive=$(compgen -G '/usr/src/linux-source-*.tar.xz')
top=$(basename "$archive" .tar.xz)
dir=/usr/src/linux-source
rm -rf $dir
mkdir $dir
xz -dc -T0 "$archive" | tar -x -C $dir --strip-components=1 \
	--wildcards --anchored \
	--exclude="$top/Documentation/*.rst" \
	--exclude="$top/Documentation/devicetree/*.yaml" \
	--exclude="$top/arch/[a-t]*.[chS]" \
	--exclude="$top/arch/[a-t]*.dts" \
	--exclude="$top/arch/[a-t]*.dtsi" \
	--exclude="$top/drivers/gpu/*.[ch]" \
	--exclude="$top/drivers/media/*.[ch]" \
	--exclude="$top/drivers/staging/*.[ch]" \
	--exclude="$top/drivers/net/wireless/*.[ch]" \
	--exclude="$top/sound/*.[ch]" \
	--exclude="$top/tools/perf/*"
rm "$archive"
ln -sfn linux-source/scripts /usr/src/linux-scripts
