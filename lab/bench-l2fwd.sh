#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/bench-l2fwd.sh [SECONDS]
# Boots a virtual machine in which l2fwd forwards frames of 100 to 1500 bytes
# between two ports, each attached to a traffic generator, and prints a table:
# the rate that it takes by itself, the highest without loss, latencies at 80 % of
# that, and Linux's bridge on the same machine for comparison. The numbers are in
# build/bench/l2fwd.json. They are those of an emulated machine: good to compare
# with each other, no promise about hardware.
#   SECONDS   each measurement takes this long (default 1)
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[ $# -le 1 ] || usage "$0"
OUT=$BUILD/bench
mkdir -p "$OUT"
rm -f "$OUT/l2fwd.json"
"$LAB/build.sh"
"$LAB/vm.sh" --timeout 900 --out "$OUT" "$LAB/guest/l2fwd_bench.sh" "$@"
rm -rf "$OUT/.lab"
note "numbers: $OUT/l2fwd.json"
