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
#   SECONDS   each measurement takes this long, 1 to 100 (default 1)
set -euo pipefail
. "$(dirname "$0")/lib.sh"

EACH=${1:-1}
[ $# -le 1 ] && [[ $EACH =~ ^([1-9][0-9]?|100)$ ]] || usage "$0"
# For each of 15 sizes three measurements, with a search for the highest rate.
LIMIT=$((900 + 15 * 3 * 2 * (EACH - 1)))
OUT=$BUILD/bench
mkdir -p "$OUT"
rm -f "$OUT/l2fwd.json"
"$LAB/build.sh"
"$LAB/vm.sh" --timeout $LIMIT --out "$OUT" "$LAB/guest/l2fwd_bench.sh" "$EACH"
rm -rf "$OUT/.lab"
note "numbers: $OUT/l2fwd.json"
