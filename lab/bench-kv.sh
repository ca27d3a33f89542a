#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/bench-kv.sh [--mem MIB] [--requests N] [CAPACITY...]
# Prints what a request costs the key-value store, in cycles per packet, for tables
# of 2^CAPACITY entries (default: 16 to 24, as far as the VM's memory goes) and N
# requests each (default 50000). Figures of an emulated machine: they tell tables
# apart, not this project from others.
set -uo pipefail
. "$(dirname "$0")/lib.sh"

MEM=2048 REQUESTS=50000
while [ $# -gt 0 ]; do
	case $1 in
	--mem) MEM=$2; shift ;;
	--requests) REQUESTS=$2; shift ;;
	[1-9]*) break ;;
	*) usage "$0" ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- 16 18 20 22 24
"$LAB/build.sh" || exit
"$LAB/vm.sh" --timeout 3600 --mem "$MEM" "$LAB/guest/bench_kv.sh" "$REQUESTS" "$@"
