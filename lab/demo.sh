#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/demo.sh [--tap] [--json] [PERCENT]
# Builds what is needed, boots a virtual machine with a two-port 82599, echoes
# UDP datagrams through our modules from a port that Linux's own ixgbe drives,
# and prints a report. Exit status 0: every datagram came back once and whole.
#   --tap    the same as checks in TAP, the report as comments
#   --json   build/demo.json on stdout, the report on stderr
#   PERCENT  scales the number of datagrams (default 100)
set -uo pipefail
. "$(dirname "$0")/lib.sh"

FORMAT=text PERCENT=100
while [ $# -gt 0 ]; do
	case $1 in
	--tap) FORMAT=tap ;;
	--json) FORMAT=json ;;
	[1-9]*) PERCENT=$1 ;;
	*) usage "$0" ;;
	esac
	shift
done
OUT=$BUILD/demo

run()
{
	mkdir -p "$OUT"
	rm -f "$OUT"/* "$BUILD/demo.json"
	"$LAB/vm.sh" --timeout 600 --out "$OUT" "$LAB/guest/demo.sh" "$PERCENT"
	set -- $?
	[ ! -s "$OUT/demo.json" ] || cp "$OUT/demo.json" "$BUILD/demo.json"
	return "$1"
}

# verdict NR GOOD NAME: one TAP line.
verdict()
{
	local word="not ok"

	[ "$2" -ne 0 ] || word=ok
	echo "$word $1 - $3"
}

# tap STATUS SECONDS: the guest's checks, and those that only the host can make.
tap()
{
	local status=$1 took=$2 nr failed

	touch "$OUT/checks"
	nr=$(grep -cE '^(not )?ok ' "$OUT/checks")
	failed=$(grep -c '^not ok ' "$OUT/checks")
	grep -E '^((not )?ok |# )' "$OUT/checks"
	# A status that no failed check explains is the machine's.
	verdict $((nr + 1)) $((failed ? 0 : status)) "the machine worked, its kernel log is clean"
	# A figure, not a check: the machine may be busy with other things.
	echo "# took $took s from here to power-off"
	return "$status"
}

"$LAB/build.sh" || exit
start=$(date +%s)
note "booting the virtual machine"
case $FORMAT in
tap)
	run | sed 's/^/# /'
	status=${PIPESTATUS[0]}
	tap "$status" $(($(date +%s) - start))
	exit
	;;
json)
	run >&2
	status=$?
	cat "$BUILD/demo.json"
	;;
*)
	run
	status=$?
	;;
esac
if [ $status -eq 0 ]; then
	note "demo passed: nothing lost, corrupted or duplicated, kernel log clean"
else
	grep -A 20 '^not ok' "$OUT/checks" >&2
	note "demo FAILED with status $status; read $OUT and $LOGS/demo.*.log"
fi
exit $status
