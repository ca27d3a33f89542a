#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/bench.sh [REPETITIONS]
# Boots virtual machines in which our programs and those that a user would take
# otherwise (DPDK, AF_XDP, Linux sockets) forward or echo frames of the traffic
# generator, in turn, and prints a table: throughput, and instructions that the guest
# executes for a frame. All runs are in build/bench/runs.jsonl, medians and ratios in
# build/bench/results.json.
#   REPETITIONS   of each measurement (default 5; with QUICK=1 in the environment 2)
set -euo pipefail
. "$(dirname "$0")/lib.sh"

REPETITIONS=${1:-$([ -n "${QUICK:-}" ] && echo 2 || echo 5)}
[[ $REPETITIONS =~ ^[1-9][0-9]?$ ]] && [ $# -le 1 ] || usage "$0"
OUT=$BUILD/bench

# pass MODE SECONDS VM_OPTIONS...: all contenders, REPETITIONS times
pass()
{
	note "$1: $REPETITIONS repetitions"
	"$LAB/vm.sh" --timeout $((300 + 200 * REPETITIONS)) --out "$OUT" --name "bench-$1" \
		"${@:3}" "$LAB/guest/bench.sh" "$1" "$REPETITIONS" "$2"
}

mkdir -p "$OUT"
rm -f "$OUT/runs.jsonl"
"$LAB/build.sh"
"$LAB/root.sh" bench >/dev/null
pass time 1
pass instructions 1 --icount
rm -rf "$OUT/.lab"
python3 "$LAB/bench_report.py" "$OUT/runs.jsonl" "$OUT/results.json"
note "numbers: $OUT/results.json"
