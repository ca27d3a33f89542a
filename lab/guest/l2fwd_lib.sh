# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Forwarding between the two ports, with a traffic generator on each: what the
# test of l2fwd and its benchmark share. Source it after lib.sh.
#
#	generator 0 ===== PORT0 |  l2fwd  | PORT1 ===== generator 1

L2FWD_BIN=/project/build/userspace/bin/l2fwd
L2FWD_LOG=/tmp/l2fwd.log
MAC0=02:82:59:90:00:00
MAC1=02:82:59:90:00:01
# What l2fwd makes of the Ethernet addresses, by the port it sends to.
TO_PORT0="rx_port=0 rx_dst_mac=02:00:00:00:00:00 rx_src_mac=$MAC0"
TO_PORT1="rx_port=1 rx_dst_mac=02:00:00:00:00:01 rx_src_mac=$MAC1"

# ports_up DRIVER: both ports, with carrier. Sets DEV0 and DEV1.
ports_up()
{
	# Linux's own multicast would be forwarded, too.
	sysctl -q net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	bind_driver "$PORT0" "$1" && bind_driver "$PORT1" "$1" || return
	DEV0=$(netdev_of "$PORT0") && DEV1=$(netdev_of "$PORT1") || return
	ip link set dev "$DEV0" up && ip link set dev "$DEV1" up &&
		wait_carrier "$DEV0" && wait_carrier "$DEV1"
}

# l2fwd_start ARGS...: in the background, until l2fwd_stop.
l2fwd_start()
{
	local pid status=0

	launch "$L2FWD_LOG" 'l2fwd: ready' "$L2FWD_BIN" --json "$@" || status=$?
	L2FWD_PID=$pid
	return $status
}

l2fwd_stop()
{
	kill -INT "$L2FWD_PID" && wait "$L2FWD_PID"
}

# forwarded SETTING...: a run into port 0 that comes back clean
forwarded()
{
	local said

	said=$(gen_run 0 drain_ms=5000 "$@")
	echo "$said"
	[ "$(gen_get "$said" clean)" = true ] && [ "$(gen_get "$said" good)" -gt 0 ]
}

# lossless RATE SETTING...: whether all comes back, as fast as it was sent (and
# does not just wait in a large buffer), and the generator held that rate
lossless()
{
	local said sent slipped tx rx

	said=$(gen_run 0 count=0 drain_ms=200 rate="$1" "${@:2}") || return
	sent=$(gen_get "$said" sent) slipped=$(gen_get "$said" slipped)
	tx=$(gen_get "$said" tx_pps) rx=$(gen_get "$said" rx_pps)
	[ "$(gen_get "$said" lost)" = 0 ] && [ $((slipped * 20)) -lt "$sent" ] &&
		[ $((rx * 10)) -ge $((tx * 9)) ]
}

# held RATE SETTING...: the same, with a second chance: the machine that the lab
# runs on may be busy with something else for longer than rings can bridge.
held()
{
	lossless "$@" || lossless "$@"
}

# max_rate TRIAL STEPS SETTING...: the highest rate that passes TRIAL (lossless, held),
# by bisection; the settings say how long one takes. Prints frames/s; ends after 30 s.
max_rate()
{
	local trial=$1 steps=$2 end=$((SECONDS + 30)) said low high mid

	shift 2
	said=$(gen_run 0 count=0 drain_ms=200 rate=max "$@") || { echo "$said" >&2; return 1; }
	high=$(gen_get "$said" rx_pps)
	# The ring is never empty at rate=max: no rate is much higher than that.
	high=$((high * 5 / 4)) low=$((high / 8))
	until $trial $low "$@"; do
		high=$low low=$((low / 4))
		[ $low -ge 50 ] && [ $SECONDS -lt $end ] || return
	done
	while [ $((steps--)) -gt 0 ] && [ $SECONDS -lt $end ]; do
		mid=$(((low + high) / 2))
		if $trial $mid "$@"; then
			low=$mid
		else
			high=$mid
		fi
	done
	echo $low
}
