#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Instances that misbehave in every way, and one among them that must not notice:
# tests/neighbours.c. Pages are remapped in the shared lane; meanwhile two of the
# instances are stopped by the administrator, again and again, and restart: the
# program checks that they did in each of its phases.
. /project/lab/guest/lib.sh

BIN=/project/build/userspace
SAID=/tmp/neighbours

# stop_them: the instances that the program has named last, until it is gone.
stop_them()
{
	local id

	while [ -d "/proc/$1" ]; do
		sleep 0.7
		for id in $(sed -n 's/^# the .* is instance //p' $SAID | tail -n 2); do
			"$BIN/bin/atmo" stop "$id" >/dev/null 2>&1
		done
	done
}

setup
echo 1 >/sys/module/atmo_stack/parameters/remap_threshold
eventually 20 ping -q -c 1 -W 1 "$ADDR1" || bail "the peer answers"
"$BIN/tests/neighbours" "$DEV0" "$ADDR0" "$PEER" "$ADDR1" >$SAID 2>&1 &
pid=$!
stop_them $pid
wait $pid
status=$?
cat $SAID
exit $status
