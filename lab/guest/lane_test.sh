#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/lane_test.sh
#        lab/vm.sh lab/guest/lane_test.sh steer
#        lab/vm.sh --nic '--wire loop --vanish0=2000' lab/guest/lane_test.sh vanish
# Hardware lanes as the driver sees them: few interrupt vectors, all queues in
# use, resets in mid-traffic, a device that stops to answer; in the second form
# connections, raw frames and rate limits, in the third a device that vanishes.
. "$(dirname "$0")/lib.sh"

BIN=/project/build/userspace
LOAD=$BIN/tests/udp_load
ECHO=$BIN/bin/udp_echo
CHURN=$BIN/tests/churn
LANES=$BIN/tests/lane_echo
L2FWD=$BIN/bin/l2fwd
CLIENT=/project/lab/guest/lane_client.py
NR_ECHOS=6
echo_pids=()

# stat NAME: a counter of port 0
stat()
{
	ethtool -S "$DEV0" | awk -v n="$1:" '$1 == n { print $2 }'
}

# start_echos NUMBER: ports 7001 and on, all in hardware lanes
start_echos()
{
	local i pid status=0

	echo_pids=()
	for i in $(seq "$1"); do
		launch "/tmp/echo-$i" "hardware lane" \
			"$ECHO" -l hardware "$DEV0" $((7000 + i)) || status=1
		echo_pids+=("$pid")
	done
	return $status
}

stop_echos()
{
	local status=0 pid

	for pid in "${echo_pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null
		wait "$pid" || status=1
	done
	echo_pids=()
	cat /tmp/echo-*
	return $status
}

# Each echo sleeps between datagrams, so each needs its interrupts.
load_all()
{
	local i pids=() status=0

	for i in $(seq "$1"); do
		peer "$LOAD" -c "$2" -w "$3" --sizes=1,64,1472 "$ADDR0" $((7000 + i)) \
			>"/tmp/load-$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || status=1
	done
	[ $status -eq 0 ] || {
		cat /tmp/load-*
		ethtool -S "$DEV0" | grep -v ' 0$'
		peer ethtool -S "$DEV1" | grep -v ' 0$' | grep -v queue
		peer nstat -az | grep -i udp
		peer ip neigh
		peer tc -s qdisc show dev "$DEV1"
	}
	return $status
}

# first_load: datagrams to the first echo, without end.
first_load()
{
	start_load /tmp/load-r "$LOAD" --duration=3600 -w 16 -t 200 -q "$ADDR0" 7001
}

# interrupts PORT: how many vectors of it are in use
vectors_in_use()
{
	grep -c "$PORT0-" /proc/interrupts
}

# with PARAMETERS...: our modules anew, the driver with these parameters
with()
{
	unload_modules || return
	for module in $MODULES; do
		if [ "$module" = atmo_ixgbe ]; then
			load_module "$module" "$@" || return
		else
			load_module "$module" || return
		fi
	done
	setup_port0 && link_back
}

# How many vectors each needs: one for other causes, those of the ordinary queues,
# one for each lane in use or those that are left.
test_vectors()
{
	local parameters vectors

	while read -r vectors parameters; do
		# shellcheck disable=SC2086 # a list of parameters
		try "load with $parameters" with $parameters
		try "$NR_ECHOS lanes with $parameters" start_echos $NR_ECHOS
		check "vectors in use with $parameters" test "$(vectors_in_use)" -eq "$vectors"
		check "one at a time with $parameters" load_all $NR_ECHOS 50 1
		check "32 in flight with $parameters" load_all $NR_ECHOS 200 32
		check "ping beside them with $parameters" \
			ping -q -n -c 5 -i 0.05 -W 5 "$ADDR1"
		try "echos end well with $parameters" stop_echos
	done <<-END
	2 vectors=2 queues=1
	2 vectors=2 queues=4
	4 vectors=4 queues=2
	15 vectors=64 queues=8
	END
}

# start_lanes ARGS...: lane_echo in the background, once all its lanes are open
start_lanes()
{
	local pid status=0

	launch /tmp/lanes '^ready$' "$LANES" "$@" || status=$?
	lanes_pid=$pid
	return $status
}

stop_lanes()
{
	local status=0

	kill -TERM "$lanes_pid"
	wait "$lanes_pid" || status=$?
	tail -n 1 /tmp/lanes
	return $status
}

# clients KIND NUMBER COUNT [SPORT]
clients()
{
	peer python3 "$CLIENT" "$1" "$ADDR0" 7100 "$2" "$3" ${4:+"$4"}
}

# Queues that more than one of the lanes has: none.
queues_shared()
{
	awk '/^port/ { print $NF }' /tmp/lanes | sort -n | uniq -d
}

reset_port()
{
	ethtool -G "$DEV0" rx "$1" || return
	ip link set dev "$DEV0" down && ip link set dev "$DEV0" up && link_back
}

test_all_lanes()
{
	local lanes

	try "load with the defaults" with
	lanes=$(stat lanes_max)
	check "120 lanes or more" test "$lanes" -ge 120
	try "all of them open at once" start_lanes "$DEV0" 7100 "$lanes"
	equal "each has a queue of its own" "" "$(queues_shared)"
	equal "each has a filter" "$lanes" "$(stat lanes_filters)"
	check "each echoes" clients udp "$lanes" 5
	check_fails "there is no further one" "no hardware lane" \
		timeout 5 "$ECHO" -l hardware "$DEV0" 7001
	kill -USR1 "$lanes_pid"
	check "one is closed" eventually 5 grep -q closed /tmp/lanes
	try "another socket gets it" start_echos 1
	check "and echoes" load_all 1 100 4
	check "reset with all of them open" reset_port 512
	check "it echoes as before" load_all 1 100 4
	try "echo ends well" stop_echos
	try "lanes end well" stop_lanes
	equal "no lane stays open" 0 "$(stat lanes_open)"
	equal "no filter stays" 0 "$(stat lanes_filters)"
	# While the device still has them: who binds waits instead of being refused.
	equal "all can be had again at once" "$lanes" "$("$CHURN" -m "$DEV0" 7100)"
	equal "and once more" "$lanes" "$("$CHURN" -m "$DEV0" 7100)"
}

# Connections: Flow Director's rules.
test_connections()
{
	local hits

	try "16 connected sockets" start_lanes -c "$ADDR1:30000" "$DEV0" 7100 16
	equal "each has a rule" 16 "$(stat lanes_fdir_rules)"
	equal "and no filter" 0 "$(stat lanes_filters)"
	hits=$(stat rx_fdir_match)
	check "each echoes" clients udp 16 10 30000
	equal "every datagram hit its rule" 160 $(($(stat rx_fdir_match) - hits))
	check "reset with rules" reset_port 1024
	hits=$(stat rx_fdir_match)
	check "each echoes after the reset" clients udp 16 10 30000
	equal "every datagram hit its rule then" 160 $(($(stat rx_fdir_match) - hits))
	check_fails "other remote ports find nobody" "timed out" timeout 10 \
		ip netns exec "$PEER" python3 "$CLIENT" udp "$ADDR0" 7100 1 1 31000
	try "connected sockets end well" stop_lanes
	equal "no rule stays" 0 "$(stat lanes_fdir_rules)"
}

# Without rules connections have filters; the next tests have the largest table.
test_rule_tables()
{
	try "load without Flow Director" with flow_director=0
	try "4 connected sockets" start_lanes -c "$ADDR1:30000" "$DEV0" 7100 4
	equal "each has a filter" 4 "$(stat lanes_filters)"
	check "each echoes by its filter" clients udp 4 5 30000
	try "they end well" stop_lanes
	try "load with the largest table" with flow_director=8192
	equal "8190 rules" 8190 "$(stat lanes_fdir_max)"
}

# TCP: a connection has a rule, and what arrives by it is not answered by Linux. A
# listener's filter would take the segments of all connections.
test_tcp()
{
	local hits

	try "8 TCP connections" start_lanes -t -c "$ADDR1:30000" "$DEV0" 7100 8
	equal "each has a rule, too" 8 "$(stat lanes_fdir_rules)"
	hits=$(stat rx_fdir_match)
	check "Linux resets none" clients tcp 8 1 30000
	check "their segments hit the rules" test $(($(stat rx_fdir_match) - hits)) -ge 8
	try "connections end well" stop_lanes
	check_fails "a TCP listener has no hardware lane" "can't steer this flow" "$LANES" -t "$DEV0" 7100 1
}

# limited_load MBPS: 1000 frames of 1446 bytes take as long as they have to, or
# longer; how exact the limit is says rate_test.sh
limited_load()
{
	local said

	said=$(peer "$LOAD" -c 1000 -w 32 --sizes=1400 --json "$ADDR0" 7100) || return
	echo "$said"
	python3 -c "import json, sys
run = json.loads(sys.argv[1])[0]
sys.exit(run['lost'] or run['seconds'] < 0.98 * 1000 * 1446 * 8 / ($1 * 1e6))" "$said"
}

# lanes_got NUMBER: of frames, since the module was loaded
lanes_got()
{
	[ "$(stat lanes_rx_frames)" -ge "$1" ]
}

raw_frames()
{
	local before

	before=$(stat lanes_rx_frames)
	peer ip neigh flush dev "$DEV1"
	# Nobody answers ARP now.
	! peer ping -q -c 1 -W 1 "$ADDR0" >/dev/null || { echo "answered"; return 1; }
	peer ip neigh replace "$ADDR0" lladdr "$(cat "/sys/class/net/$DEV0/address")" dev "$DEV1"
	! peer ping -q -c 3 -i 0.1 -W 1 "$ADDR0" >/dev/null || { echo "answered"; return 1; }
	eventually 5 lanes_got $((before + 4))
}

# Every frame of the port: RSS and ARP turned to one lane, and back.
test_raw()
{
	launch /tmp/l2fwd 'l2fwd: ready' "$L2FWD" -l hardware -p "$DEV0" || bail "a raw socket"
	raw_pid=$pid
	equal "a raw socket has the frames of the port" 1 "$(stat lanes_raw)"
	check_fails "a second one is refused" "the port is taken" "$L2FWD" -l hardware -t 2 -p "$DEV0"
	check "ARP and ICMP go to it" raw_frames
	check "reset with it" ethtool -G "$DEV0" rx 2048
	check "carrier" wait_carrier "$DEV0"
	check "carrier of the peer" wait_carrier "$PEER" "$DEV1"
	check "ARP and ICMP go to it after the reset" raw_frames
	kill -INT "$raw_pid"
	wait "$raw_pid"
	equal "it has them no more" 0 "$(stat lanes_raw)"
	check "Linux has them back" eventually 10 ping -q -c 1 -W 1 "$ADDR1"
	peer ip neigh flush dev "$DEV1"
	check "ARP, too" eventually 10 peer ping -q -c 1 -W 1 "$ADDR0"
}

# What a lane may send; the next one to have its queue is not limited.
test_rates()
{
	check_fails "a rate beyond the link's is refused" "can't limit to this rate" "$LANES" -r 10001 "$DEV0" 7100 1
	check_fails "a rate below the NIC's is refused" "can't limit to this rate" "$LANES" -r 9 "$DEV0" 7100 1
	try "a lane of 20 Mbit/s" start_lanes -n 256 -r 20 "$DEV0" 7100 1
	equal "it is limited" 1 "$(stat lanes_rate_limited)"
	check "the limit is kept" limited_load 20
	check "reset with a limit" reset_port 512
	check "the limit is kept after the reset" limited_load 20
	try "it ends well" stop_lanes
	try "a lane without limit" start_lanes -n 256 "$DEV0" 7100 1
	equal "it is not limited" 0 "$(stat lanes_rate_limited)"
	try "it ends well, too" stop_lanes
}

# Stops and starts the hardware under open lanes; what was in flight may get lost,
# what comes later must not.
reset_rounds()
{
	local i load_pid

	first_load
	for i in 1 2 3; do
		sleep 0.5
		ethtool -G "$DEV0" rx $((256 << i)) || return
		sleep 0.5
		ip link set dev "$DEV0" down && ip link set dev "$DEV0" up || return
		link_back || return
	done
	stop_load "$load_pid"
	return 0
}

test_resets()
{
	try "two lanes" start_echos 2
	check "resized and taken down in mid-traffic" reset_rounds
	link_back
	check "the same lanes go on" load_all 2 500 32
	try "echos end well after that" stop_echos
	equal "lanes closed" 0 "$(stat lanes_open)"
}

# A queue goes to the next owner as it is when all has been sent, or else is stopped.
test_next_owner()
{
	local round load_pid

	for round in 1 2 3; do
		try "an owner" start_echos 1
		check "it echoes" load_all 1 300 32
		try "it ends well" stop_echos
		try "the next one" start_echos 1
		first_load
		sleep 0.2
		kill -KILL "${echo_pids[0]}"
		wait "${echo_pids[0]}"
		try "one after it, which was killed in mid-traffic" start_echos 1
		stop_load "$load_pid"
		check "it echoes, too" load_all 1 300 32
		try "it ends well, too" stop_echos
	done
}

# Bound while the device is down, in use when it comes up.
test_down()
{
	ip link set dev "$DEV0" down
	try "lane of a device that is down" start_echos 1
	check "up" ip link set dev "$DEV0" up
	link_back
	check "the lane works" load_all 1 200 16
	try "echo ends well" stop_echos
}

# A device that has gone to sleep (D3hot) obeys no register any more. Taken down,
# it can't be reset: the driver cuts it off from memory and gives it up.
PM_CTRL=$((0x44))

power_state()
{
	printf '%b' "\\x$1" | dd of="/sys/bus/pci/devices/$PORT0/config" bs=1 \
		seek=$PM_CTRL conv=notrunc status=none
}

echos_gone()
{
	local pid

	for pid in "${echo_pids[@]}"; do
		! kill -0 "$pid" 2>/dev/null || return
	done
}

test_dead_device()
{
	local load_pid

	try "two lanes, one idle" start_echos 2
	first_load
	sleep 0.5
	check "device asleep" power_state 03
	check "statistics can be read" ethtool -S "$DEV0"
	check "down" ip link set dev "$DEV0" down
	check "both echos end" eventually 10 echos_gone
	check "they say why" sh -c "cat /tmp/echo-1 /tmp/echo-2 | grep -qi 'no such device'"
	stop_load "$load_pid"
	test_gone
}

# What is left to do with a device that is gone.
test_gone()
{
	check_fails "up is refused" "No such device" ip link set dev "$DEV0" up
	check "unbind" unbind_driver "$PORT0"
	check "unload" unload_modules
}

said_gone()
{
	dmesg | grep -q "device has left the bus"
}

# Pulled out in mid-traffic: all registers read as ones from one moment on.
test_vanishing()
{
	local load_pid

	try "two lanes, one idle" start_echos 2
	first_load
	check "the driver notices" eventually 60 said_gone
	check "both echos end" eventually 10 echos_gone
	check "they say why" sh -c "cat /tmp/echo-1 /tmp/echo-2 | grep -qi 'no such device'"
	stop_load "$load_pid"
	check "carrier goes" eventually 5 no_carrier
	check "statistics can be read" ethtool -S "$DEV0"
	check "settings can be read" ethtool "$DEV0"
	check "down" ip link set dev "$DEV0" down
	test_gone
}

no_carrier()
{
	! has_carrier "$DEV0"
}

if [ "${1:-}" = vanish ]; then
	setup
	test_vanishing
	finish
fi
if [ "${1:-}" = steer ]; then
	setup
	test_connections
	test_rule_tables
	test_tcp
	test_raw
	test_rates
	finish
fi
setup
test_vectors
test_all_lanes
test_resets
test_next_owner
test_down
test_dead_device
finish
