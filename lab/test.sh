#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/test.sh [GROUP...]
# Runs the test groups (default: all of them, in the order below), prints what
# each test prints, and ends with one line `N passed, N failed`, followed by
# `, N skipped` where something can't run here. A group is a program that prints
# TAP lines: `ok N - name`, `not ok N - name`, `ok N - name # SKIP reason`.
#   units    user-space tests: device model, library, pure core
#   static   W=1, sparse, checkpatch, coccicheck, clang; every supported kernel
#   kunit    KUnit suites in a VM
#   ixgbe    Linux's own ixgbe on both ports of the device model
#   netdev   our driver as an ordinary network device
#   hostile  bad input from applications
#   wire     bad input from the wire
#   isolation  killed, replaced and flooded instances
#   demo     `make demo`
set -uo pipefail
. "$(dirname "$0")/lib.sh"

ALL="units static kunit ixgbe netdev hostile wire isolation demo"
passed=0 failed=0 skipped=0 failures=()

group_command()
{
	case $1 in
	units)     echo "$LAB/units.sh" ;;
	static)    echo "$LAB/static.sh" ;;
	kunit)     echo "$LAB/kunit.sh" ;;
	ixgbe)     echo "$LAB/vm.sh --timeout 600 $LAB/guest/ixgbe_peer_test.sh" ;;
	netdev)    echo "$LAB/vm.sh --timeout 300 $LAB/guest/netdev_test.sh" ;;
	hostile)   echo "$LAB/vm.sh --timeout 300 $LAB/guest/hostile_test.sh" ;;
	wire)      echo "$LAB/vm.sh --timeout 300 $LAB/guest/wire_test.sh" ;;
	isolation) echo "$LAB/vm.sh --timeout 600 $LAB/guest/isolation_test.sh" ;;
	demo)      echo "$LAB/demo.sh --tap" ;;
	*)         return 1 ;;
	esac
}

# count NAME LOG STATUS: adds up a group's TAP lines. KTAP nests them: only
# lines of single checks count, not the summary line of a suite.
count()
{
	local name=$1 log=$2 status=$3 p f s

	s=$(grep -cE '^ *ok [0-9]+.*# SKIP' "$log")
	p=$(($(grep -cE '^ *ok [0-9]+' "$log") - s))
	f=$(grep -cE '^ *not ok [0-9]+' "$log")
	while read -r line; do
		failures+=("$name: $line")
	done < <(grep -E '^ *not ok [0-9]+' "$log")
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
		failures+=("$name: ended with status $status; read $log")
	elif [ $((p + f + s)) -eq 0 ]; then
		f=1
		failures+=("$name: ran no check; read $log")
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

[ $# -gt 0 ] || set -- $ALL
[ "$*" = static ] || "$LAB/build.sh" || exit
mkdir -p "$LOGS"
for name; do
	cmd=$(group_command "$name") || usage "$0"
	note "test group $name"
	log=$LOGS/test-$name.log
	# shellcheck disable=SC2086
	$cmd 2>&1 </dev/null | tee "$log"
	count "$name" "$log" "${PIPESTATUS[0]}"
done

[ ${#failures[@]} -eq 0 ] || printf 'FAILED %s\n' "${failures[@]}"
printf '%d passed, %d failed' $passed $failed
[ $skipped -eq 0 ] || printf ', %d skipped' $skipped
printf '\n'
[ $failed -eq 0 ]
