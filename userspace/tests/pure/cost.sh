#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: cost.sh PROGRAM
# Instructions of each operation that the program (cost.c) has: the difference between
# many times and a few, as callgrind counts them. A table to be looked at in review:
# nothing fails by a figure.
set -euo pipefail

# counted NAME TIMES
counted()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$PROGRAM" "$@" 2>&1 |
		sed -n 's/.*Collected : //p'
}

PROGRAM=$1
for name in $("$PROGRAM"); do
	few=$(counted "$name" 100)
	many=$(counted "$name" 1100)
	printf '# %-18s %6d.%d instructions\n' "$name" $(((many - few) / 1000)) \
		$(((many - few) % 1000 / 100))
done
