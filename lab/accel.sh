#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/accel.sh
# Prints the accelerator for QEMU: kvm where a stock guest boots with it, else
# tcg. A /dev/kvm may be there and still never boot a guest, so it is tried,
# with a time limit, once per machine. ATMO_ACCEL=kvm|tcg overrides.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

PROBE_LIMIT=20

probe()
{
	local said

	said=$(timeout -k 2 $PROBE_LIMIT "$LAB/qemu.sh" -machine q35 -accel kvm \
		-cpu max -m 256 -nodefaults -display none -no-reboot -serial stdio \
		-kernel "$(kernel_image 6.12)" -initrd "$("$LAB/initramfs.sh" 6.12)" \
		-append "console=ttyS0 quiet panic=-1 lab.probe" </dev/null \
		2>/dev/null) || true
	grep -q lab-probe-ok <<<"$said"
}

if [ -n "${ATMO_ACCEL:-}" ]; then
	echo "$ATMO_ACCEL"
	exit 0
fi
if [ ! -w /dev/kvm ]; then
	echo tcg
	exit 0
fi
answer=$CACHE/accel-$(hash "$(uname -r)" "$(sort -u /proc/cpuinfo |
	grep -E '^(model name|flags)')" "$0")
if [ ! -e "$answer" ]; then
	note "trying whether KVM boots a guest here (at most $PROBE_LIMIT s)"
	if probe; then
		echo kvm >"$answer.tmp"
	else
		echo tcg >"$answer.tmp"
	fi
	mv "$answer.tmp" "$answer"
	note "accelerator: $(cat "$answer")"
fi
cat "$answer"
