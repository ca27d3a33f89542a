#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/dmesg-check.sh [--allow REGEX] [--taint NUMBER] LOG
# Fails, and prints the lines, when a kernel log has anything that a clean run
# must not have. --allow names lines that a test provokes on purpose; --taint
# is the kernel's own word: only an out-of-tree and unsigned module is allowed.
# Where several test groups ran in a machine, a line is shown with its group's name.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

BAD='WARNING:|BUG:|BUG at|Oops|general protection|unable to handle'
BAD+='|KASAN|KCSAN|KMSAN|UBSAN|kmemleak|refcount_t:|list_(add|del) corruption'
BAD+='|possible circular locking|possible recursive locking|inconsistent lock'
BAD+='|suspicious RCU|sleeping function called|scheduling while atomic'
BAD+='|INFO: task .* blocked|rcu:? .*(stall|detected)|soft lockup|hard LOCKUP'
BAD+='|DMA-API|DMAR:.*(fault|DMA (Read|Write))|unregister_netdevice: waiting'
BAD+='|NETDEV WATCHDOG|nobody cared|Kernel panic|Call Trace|page allocation fail'
BAD+='|Out of memory|Bad page|memory leak|still has .* users|unregistered'
BAD+='|(ixgbe|atmo).*([Ww]arn|[Ff]ail|[Ee]rror|[Tt]imed out|[Hh]ang)'
BAD+='|Unknown symbol|disagrees about version'
# Said at every boot of a healthy guest.
HARMLESS='module verification failed: signature|HEST: |ACPI (BIOS )?(Warning|Error)|Failed to (find cpu0|get CPU)'
HARMLESS+='|# atmo_[a-z0-9_]*: pass:[0-9]+ fail:0 '
# Out-of-tree (bit 12) and unsigned module (bit 13), a KUnit run (bit 18).
ALLOWED_TAINT=$((1 << 12 | 1 << 13 | 1 << 18))

# Lines of a serial console end with a carriage return.
GROUP='[]] lab: test group [a-z0-9_]+[[:space:]]*$'

allow='^$' taint=0
while [ $# -gt 1 ]; do
	case $1 in
	--allow) allow=$2 ;;
	--taint) taint=$2 ;;
	*) usage "$0" ;;
	esac
	shift 2
done
[ -r "${1:-}" ] || die "no kernel log '${1:-}'" "name the file to check"

status=0
lines=$(grep -E "$BAD|$GROUP" "$1" | grep -Ev "$HARMLESS" | grep -Ev "$allow" |
	awk -v group="$GROUP" '
		$0 ~ group { sub(/[[:space:]]+$/, ""); name = $NF ": "; next }
		{ print name $0 }') || true
if [ -n "$lines" ]; then
	printf 'not clean: %s\n%s\n' "$1" "$(head -n 20 <<<"$lines")" >&2
	status=1
fi
if [ $((taint & ~ALLOWED_TAINT)) -ne 0 ]; then
	printf 'not clean: kernel taint is %d\n' "$taint" >&2
	status=1
fi
exit $status
