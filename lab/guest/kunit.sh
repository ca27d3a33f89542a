#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: guest/kunit.sh SUITE...
# Loads each suite's module and prints its results from debugfs, where each
# suite has a KTAP document of its own: the kernel's log mixes them with what
# else is said, and a parser of the log stops at the first document.
. /project/lab/guest/lib.sh

RESULTS=/sys/kernel/debug/kunit

# judge SUITE: not every way of failing is a `not ok` line.
judge()
{
	local results

	# A file of debugfs has no size.
	results=$(cat "$RESULTS/$1/results" 2>/dev/null)
	if [ -z "$results" ]; then
		echo "not ok 1 $1 # left no results"
		return 1
	fi
	printf '%s\n' "$results"
	! grep -qE '^ *not ok ' <<<"$results" || return 1
	if ! grep -qE "^ok [0-9]+ (- )?$1( |\$)" <<<"$results" ||
	   ! grep -qE '^ +ok [0-9]+ ' <<<"$results"; then
		echo "not ok 1 $1 # ended early, or has no test"
		return 1
	fi
}

failed=()
load_modules || { echo "not ok 1 - our modules load"; exit 1; }
for suite; do
	insmod "$ATMO_KMOD/kunit/${suite}_test.ko" || true
	judge "$suite" || failed+=("$suite")
done
[ ${#failed[@]} -eq 0 ] || echo "# failed, missing or empty: ${failed[*]}"
# Modules that can't be unloaded after their tests have leaked a reference.
for suite; do
	rmmod "${suite}_test" || failed+=("$suite")
done
unload_modules || failed+=("unloading")
[ ${#failed[@]} -eq 0 ]
