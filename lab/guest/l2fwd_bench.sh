#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire gen
# usage: lab/bench-l2fwd.sh
# Forwarding from port 0 to port 1, by frame size: Linux's bridge between two
# ports of its own ixgbe first, then l2fwd on ours. The table goes to stdout, the
# numbers to /out/l2fwd.json.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/l2fwd_lib.sh"

SECONDS_EACH=${1:-1}
BATCH=32

declare -A bridge_pps

# as_taken SETTING...: a run at the rate at which the ring takes frames; numbers
as_taken()
{
	gen_run 0 count=0 duration="$SECONDS_EACH" drain_ms=300 rate=max flows=16 "$@"
}

bridge()
{
	local size said

	load_ixgbe && ports_up ixgbe && modprobe bridge &&
		ip link add br0 type bridge forward_delay 0 mcast_snooping 0 &&
		ip link set dev "$DEV0" master br0 && ip link set dev "$DEV1" master br0 &&
		ip link set dev br0 up && sleep 0.5 || return
	# Teaches the bridge which station is where.
	gen_run 1 dst_mac=ff:ff:ff:ff:ff:ff count=1 drain_ms=100 >/dev/null
	for size in {100..1500..100}; do
		said=$(as_taken size="$size" dst_mac=02:82:59:90:01:01) || return
		bridge_pps[$size]=$(gen_get "$said" rx_pps)
	done
	ip link del br0
}

# row SIZE: what l2fwd does with frames of that size
row()
{
	local size=$1 said pps lost max low p50 p99

	said=$(as_taken size="$size" $TO_PORT1) || return
	pps=$(gen_get "$said" rx_pps) lost=$(gen_get "$said" lost)
	max=$(max_rate held 5 duration=0.5 flows=16 size="$size" $TO_PORT1)
	low=$((${max:-0} * 8 / 10))
	said=$(gen_run 0 count=0 duration="$SECONDS_EACH" drain_ms=300 flows=16 size="$size" \
		rate=$((low > 0 ? low : 1)) $TO_PORT1) || return
	p50=$(gen_get "$said" latency_p50_ns) p99=$(gen_get "$said" latency_p99_ns)
	printf '%5d %10d %8d %6d %9d %9d %6d %9d %9d %9d\n' "$size" "$pps" \
		$((pps * size * 8 / 1000000)) "$lost" "${max:-0}" "$low" \
		"$(gen_get "$said" lost)" $((p50 / 1000)) $((p99 / 1000)) \
		"${bridge_pps[$size]:-0}" >&3
	printf '%s{"size":%d,"pps":%d,"lost":%d,"lossless_pps":%d,' "$comma" "$size" "$pps" \
		"$lost" "${max:-0}"
	printf '"at_80_percent":{"pps":%d,"lost":%d,"latency_p50_ns":%d,"latency_p99_ns":%d},' \
		"$low" "$(gen_get "$said" lost)" "$p50" "$p99"
	printf '"linux_bridge_pps":%d}' "${bridge_pps[$size]:-0}"
	comma=,
}

sweep()
{
	local size comma=""

	printf '{"batch":%d,"seconds_each":%s,"sizes":[' $BATCH "$SECONDS_EACH"
	for size in {100..1500..100}; do
		row "$size" || return
	done
	printf ']}\n'
}

exec 3>&1
bridge || { echo "no bridge of both ports to compare with"; exit 1; }
load_modules && ports_up atmo_ixgbe || { echo "our driver does not come up"; exit 1; }
l2fwd_start -p "$DEV0,$DEV1" -n 4096 -b $BATCH || exit 1
cat <<END
l2fwd, batch $BATCH, and Linux's bridge, in the lab's machine. Sizes with FCS.

      as the ring takes frames    without   at 80 % of that, latency in us   bridge,
 size   frames/s   Mbit/s   lost      loss  frames/s   lost      50 %      99 %  frames/s
END
sweep >/out/l2fwd.json || exit 1
l2fwd_stop
