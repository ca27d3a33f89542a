#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a hostile application can do to /dev/atmo: wrong calls, wrong ring entries
# and cursors, and attempts at another socket's pages. Each program prints TAP of
# its own.
. /project/lab/guest/lib.sh

setup
status=0
for program in hostile hostile_calls hostile_rings hostile_pages hostile_share hostile_remap; do
	diag "$program"
	# Its first datagram finds a neighbour, and a link that is up again: the
	# program before may have taken it down, and ixgbe needs seconds to notice.
	eventually 20 ping -q -c 1 -W 1 "$ADDR1" || bail "the peer answers"
	"/project/build/userspace/tests/$program" "$DEV0" "$ADDR0" "$PEER" "$ADDR1" || status=1
done
exit $status
