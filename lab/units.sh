#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/units.sh
# Runs the tests that need no VM, natively on this machine, and prints TAP.
set -uo pipefail
. "$(dirname "$0")/lib.sh"

nr=0 failed=0

# unit NAME CMD...: its own TAP lines are shown, or one line for all of it where it
# prints none.
unit()
{
	local log=$LOGS/unit-$1.log status=0

	"${@:2}" >"$log" 2>&1 </dev/null || status=$?
	if grep -qE '^ *(not )?ok [0-9]+' "$log"; then
		grep -E '^ *(not )?ok [0-9]+' "$log" | sed "s/ - / - $1: /"
	elif [ $status -eq 0 ]; then
		nr=$((nr + 1))
		echo "ok $nr - $1"
	fi
	if [ $status -ne 0 ]; then
		nr=$((nr + 1))
		failed=1
		tail -n 20 "$log" | sed 's/^/# /'
		echo "not ok $nr - $1: ended with status $status"
	fi
}

# unit_make NAME DIR: `make check` there
unit_make()
{
	unit "$1" make -C "$PROJECT/$2" --no-print-directory check
}

mkdir -p "$LOGS"
"$LAB/deps.sh"
unit_make nic82599 userspace/nic82599
unit_make userspace userspace
unit_make pure userspace/tests/pure
unit bench python3 "$LAB/bench_test.py"
exit $failed
