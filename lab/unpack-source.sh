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
dir=/usr/src/linux-source
rm -rf $dir
mkdir $dir
xz -dc -T0 "$archive" | tar -x -C $dir --strip-components=1 --wildcards \
	--exclude='linux-source-*/Documentation/*.rst' \
	--exclude='linux-source-*/Documentation/devicetree/*.yaml' \
	--exclude='linux-source-*/arch/[a-t]*.[chS]' \
	--exclude='linux-source-*/arch/[a-t]*.dts' \
	--exclude='linux-source-*/arch/[a-t]*.dtsi' \
	--exclude='linux-source-*/drivers/gpu/*.[ch]' \
	--exclude='linux-source-*/drivers/media/*.[ch]' \
	--exclude='linux-source-*/drivers/staging/*.[ch]' \
	--exclude='linux-source-*/drivers/net/wireless/*.[ch]' \
	--exclude='linux-source-*/sound/*.[ch]' \
	--exclude='linux-source-*/tools/perf/*'
rm "$archive"
ln -sfn linux-source/scripts /usr/src/linux-scripts
