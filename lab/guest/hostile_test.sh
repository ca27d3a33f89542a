#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a hostile application can do to /dev/atmo: wrong calls, wrong ring entries
# and cursors, and attempts at another socket's pages. Each program prints TAP of
# its own.
. /project/lab/guest/lib.sh

setup
# So that the programs' first datagram finds the neighbour.
ping -q -c 1 -W 5 "$ADDR1" >/dev/null || bail "the peer answers"

status=0
for program in hostile hostile_rings hostile_pages; do
	diag "$program"
	"/project/build/userspace/tests/$program" "$DEV0" "$ADDR0" "$PEER" "$ADDR1" || status=1
done
exit $status
