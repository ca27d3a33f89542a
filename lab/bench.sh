#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/bench.sh [CONTENDER...]
# Boots virtual machines in which our programs and those that a user would take
# otherwise (DPDK, AF_XDP, Linux sockets, memcached) do the same work for the traffic
# generator, in turn, and prints the main table. docs/benchmarks.md tells what is
# measured and how. All runs are in build/bench/runs.jsonl, with medians and ratios in
# build/bench/results.json; docs/benchmarks.* are written anew when everything was
# measured. What an interrupted run of the same commit has measured is not measured
# again.
#   CONTENDER     only these
# In the environment:
#   QUICK=1       the main table only, in less than ten minutes; docs are left alone
#   FRESH=1       everything again
#   REPETITIONS   of each measurement (default 5; with QUICK 1)
#   SECONDS_EACH  of traffic for a measurement (default 0.4; with QUICK 0.6)
set -euo pipefail
. "$(dirname "$0")/lib.sh"

case ${1:-} in
-*) usage "$0" ;;
esac
KIND=$([ -n "${QUICK:-}" ] && echo quick || echo full)
REPETITIONS=${REPETITIONS:-$([ $KIND = quick ] && echo 1 || echo 5)}
SECONDS_EACH=${SECONDS_EACH:-$([ $KIND = quick ] && echo 0.6 || echo 0.4)}
OUT=$BUILD/bench

# What the figures are of: a commit, and what has been changed since.
identity()
{
	git -C "$PROJECT" rev-parse HEAD
	git -C "$PROJECT" diff HEAD -- . ':!docs' | sha256sum
	echo "$KIND $SECONDS_EACH"
}

commit()
{
	git -C "$PROJECT" describe --always --abbrev=12 --dirty --exclude '*'
}

# pass NAME VM_OPTIONS...: a machine and its measurements. Some may have failed: the
# others count, and the next run tries them again.
pass()
{
	local status=0

	note "$1: $REPETITIONS repetitions"
	"$LAB/vm.sh" --timeout $((600 + 900 * REPETITIONS)) --out "$OUT" --name "bench-$1" \
		"${@:2}" "$LAB/guest/bench.sh" "$1" $KIND "$REPETITIONS" "$SECONDS_EACH" \
		"${CONTENDERS[@]}" || status=$?
	[ $status -eq 0 ] || failed=y
}

# package NAME: its version in the guest
package()
{
	"$LAB/chroot.sh" bench dpkg-query -W -f '${Version}' "$1"
}

about()
{
	cat <<-END
	{"date": "$(date -u +%F)", "commit": "$(commit)", "kind": "$KIND",
	 "accelerator": "$("$LAB/accel.sh")", "processors": $(nproc),
	 "qemu": "$("$LAB/qemu.sh" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')",
	 "guest_kernel": "$(cat "$OUT/kernel")", "dpdk": "$(package dpdk-dev)",
	 "memcached": "$(package memcached)"}
	END
}

CONTENDERS=("$@") failed=""
mkdir -p "$OUT"
identity >"$OUT/identity.new"
if [ -n "${FRESH:-}" ] || ! cmp -s "$OUT/identity" "$OUT/identity.new"; then
	rm -f "$OUT/runs.jsonl"
fi
mv "$OUT/identity.new" "$OUT/identity"
[ ! -e "$OUT/runs.jsonl" ] || note "going on from $(wc -l <"$OUT/runs.jsonl") measurements"
"$LAB/build.sh"
"$LAB/root.sh" bench >/dev/null
pass time
pass instructions --icount
pass iommu --icount --iommu
rm -rf "$OUT/.lab"
[ $# -eq 0 ] || KIND=quick
about >"$OUT/about.json"
python3 "$LAB/bench_report.py" "$OUT" $KIND "$PROJECT/docs"
note "numbers: $OUT/results.json"
[ -z "$failed" ] || die "some measurements failed" "run it again to try only those"
