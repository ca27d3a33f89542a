#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire gen
#
# l2fwd forwards between the ports, and out of the one it came in by: frames of
# all sizes are compared byte for byte, and none is lost at 80 % of the highest
# rate without loss, which is measured here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/l2fwd_lib.sh"

# both SETTING...: runs in both directions at once
both()
{
	local port said status=0

	gen reset 0 && gen start 0 drain_ms=500 $TO_PORT1 "$@" || return
	gen reset 1 && gen start 1 drain_ms=500 $TO_PORT0 "$@" || return
	for port in 0 1; do
		said=$(gen wait $port)
		echo "$said"
		[ "$(gen_get "$said" clean)" = true ] || status=1
	done
	return $status
}

# The machine may be busy with something else for some milliseconds: once more.
at_80_percent()
{
	local max

	max=$(max_rate 6 duration=0.7 flows=16 $TO_PORT1) && [ -n "$max" ] || return
	echo "# highest rate without loss: $max frames/s of 64 bytes" >&3
	forwarded rate=$((max * 8 / 10)) count=0 duration=2 flows=16 $TO_PORT1 ||
		forwarded rate=$((max * 8 / 10)) count=0 duration=2 flows=16 $TO_PORT1
}

exec 3>&1
load_modules || bail "our modules load"
ports_up atmo_ixgbe || bail "both ports come up"
l2fwd_start -p "$DEV0,$DEV1" -n 4096 || bail "l2fwd starts"
for size in 64 65 127 128 511 1024 1517 1518; do
	check "$size bytes" forwarded count=300 size=$size $TO_PORT1
done
check "every size from 64 to 1518 bytes" \
	forwarded count=4000 rate=2000 size=64-1518 flows=100 $TO_PORT1
check "both directions" both count=2000 size=imix flows=10
check "no loss at 80 % of the highest rate" at_80_percent
l2fwd_stop
equal "l2fwd ends in good order" 0 $?
l2fwd_start -p "$DEV0" -b 1 || bail "l2fwd starts with one port"
check "back out of the same port, one at a time" \
	forwarded count=1000 size=64-1518 $TO_PORT0
l2fwd_stop
equal "l2fwd ends in good order" 0 $?
l2fwd_start -p "$DEV0,$DEV1" --no-mac-updating -b 512 || bail "l2fwd starts with large batches"
check "frames as they are, batches of 512" \
	forwarded count=3000 rate=3000 size=64-1518 match=same rx_port=1
l2fwd_stop
equal "l2fwd ends in good order" 0 $?
l2fwd_start -p "$DEV0,$DEV1" -l shared || bail "l2fwd starts in the shared lane"
check "every size, shared lane" forwarded count=2000 size=64-1518 flows=100 $TO_PORT1
check "an Ethernet type that nobody knows, shared lane" \
	forwarded count=1000 size=64-1518 ethertype=0x88b5 $TO_PORT1
l2fwd_stop
equal "l2fwd ends in good order" 0 $?
finish
