#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/lane_test.sh
#        lab/vm.sh --nic '--wire loop --vanish0=2000' lab/guest/lane_test.sh vanish
# Hardware lanes as the driver sees them: few interrupt vectors, all queues in
# use, resets in mid-traffic, a device that stops to answer; in the second form
# one that vanishes.
. "$(dirname "$0")/lib.sh"

BIN=/project/build/userspace
LOAD=$BIN/tests/udp_load
ECHO=$BIN/bin/udp_echo
CHURN=$BIN/tests/churn
NR_ECHOS=6
echo_pids=()

# try NAME CMD...: check, but in this shell: processes started can be waited for.
try()
{
	local name=$1

	shift
	if "$@" >/tmp/said 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		diag "command: $*"
		diag "$(cat /tmp/said)"
	fi
}

# stat NAME: a counter of port 0
stat()
{
	ethtool -S "$DEV0" | awk -v n="$1:" '$1 == n { print $2 }'
}

# start_echos NUMBER: ports 7001 and on, all in hardware lanes
start_echos()
{
	local i

	echo_pids=()
	for i in $(seq "$1"); do
		"$ECHO" -l hardware "$DEV0" $((7000 + i)) >"/tmp/echo-$i" 2>&1 &
		echo_pids+=($!)
	done
	for i in $(seq "$1"); do
		eventually 10 grep -q "hardware lane" "/tmp/echo-$i" ||
			{ cat "/tmp/echo-$i"; return 1; }
	done
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

# start_load: datagrams to the first echo, without end. Not by way of `peer`: the
# process id has to be the program's own.
start_load()
{
	ip netns exec "$PEER" "$LOAD" --duration=3600 -w 16 -t 200 -q "$ADDR0" 7001 \
		>/tmp/load-r 2>&1 &
	load=$!
}

stop_load()
{
	kill -INT "$load" 2>/dev/null
	wait "$load" 2>/dev/null
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

test_all_lanes()
{
	local lanes

	try "load with the defaults" with
	lanes=$(stat lanes_max)
	equal "all lanes can be opened at once" "$lanes" "$("$CHURN" -m -n 16 "$DEV0" 7100)"
	equal "no lane stays open" 0 "$(stat lanes_open)"
	equal "no filter stays" 0 "$(stat lanes_filters)"
}

# Stops and starts the hardware under open lanes; what was in flight may get lost,
# what comes later must not.
reset_rounds()
{
	local i

	start_load
	for i in 1 2 3; do
		sleep 0.5
		ethtool -G "$DEV0" rx $((256 << i)) || return
		sleep 0.5
		ip link set dev "$DEV0" down && ip link set dev "$DEV0" up || return
		link_back || return
	done
	stop_load
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
	local load

	try "two lanes, one idle" start_echos 2
	start_load
	sleep 0.5
	check "device asleep" power_state 03
	check "statistics can be read" ethtool -S "$DEV0"
	check "down" ip link set dev "$DEV0" down
	check "both echos end" eventually 10 echos_gone
	check "they say why" sh -c "cat /tmp/echo-1 /tmp/echo-2 | grep -qi 'no such device'"
	stop_load
	test_gone
}

# What is left to do with a device that is gone.
test_gone()
{
	check_fails "up is refused" "" ip link set dev "$DEV0" up
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
	local load

	try "two lanes, one idle" start_echos 2
	start_load
	check "the driver notices" eventually 60 said_gone
	check "both echos end" eventually 10 echos_gone
	check "they say why" sh -c "cat /tmp/echo-1 /tmp/echo-2 | grep -qi 'no such device'"
	stop_load
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
setup
test_vectors
test_all_lanes
test_resets
test_down
test_dead_device
finish
