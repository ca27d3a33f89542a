#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire gen
#
# The traffic generators on both ports, and software that we did not write
# between them: Linux's ixgbe receives counted runs; Linux echoes, bridges,
# routes; netem damages frames in ways that the generator has to find.
#
#	generator 0 ===== PORT0 |  Linux  | PORT1 ===== generator 1
#	10.82.0.2              10.82.0.1   10.82.1.1         10.82.1.2
. "$(dirname "$0")/lib.sh"

GEN0_MAC=02:82:59:90:01:00
GEN1_MAC=02:82:59:90:01:01

# stat DEV NAME: a counter of the driver
stat()
{
	ethtool -S "$1" | awk -v n="$2:" '$1 == n { print $2 }'
}

up()
{
	load_ixgbe && bind_driver "$PORT0" ixgbe && bind_driver "$PORT1" ixgbe || return
	DEV0=$(netdev_of "$PORT0") && DEV1=$(netdev_of "$PORT1") || return
	# Linux's own multicast would be forwarded and counted as well.
	sysctl -q net.ipv6.conf.all.disable_ipv6=1
	# Runs with a rate have fewer frames than these rings: however long the machine
	# is busy with something else, nothing is lost for want of room.
	ethtool -G "$DEV0" rx 4096 tx 4096 && ethtool -G "$DEV1" rx 4096 tx 4096 || return
	ip link set dev "$DEV0" up && ip link set dev "$DEV1" up &&
		wait_carrier "$DEV0" && wait_carrier "$DEV1" &&
		long_queue "$DEV0" && long_queue "$DEV1"
}

# has_counted NAME NUMBER: the driver has, at port 0
has_counted()
{
	[ "$(stat "$DEV0" "$1")" = "$2" ]
}

# received SETTING...: a run that Linux only receives: its driver counts as many
# frames and bytes as were sent.
received()
{
	local said frames bytes

	frames=$(stat "$DEV0" rx_packets)
	bytes=$(stat "$DEV0" rx_bytes_nic)
	said=$(gen_run 0 "$@" back=0) || { echo "$said"; return 1; }
	eventually 10 has_counted rx_packets $((frames + $(gen_get "$said" sent)))
	frames=$(($(stat "$DEV0" rx_packets) - frames))
	bytes=$(($(stat "$DEV0" rx_bytes_nic) - bytes))
	echo "$said"
	echo "driver: $frames frames, $bytes bytes"
	[ $frames = "$(gen_get "$said" sent)" ] && [ $bytes = "$(gen_get "$said" sent_bytes)" ]
}

# returned PORT SETTING...: a run all of which comes back as it should
returned()
{
	local said

	said=$(gen_run "$@" drain_ms=5000)
	echo "$said"
	[ "$(gen_get "$said" clean)" = true ] && [ "$(gen_get "$said" good)" -gt 0 ]
}

# found NAME SETTING...: a run after which that number is not zero
found()
{
	local said

	said=$(gen_run 0 match=same "${@:2}")
	echo "$said"
	[ "$(gen_get "$said" "$1")" -gt 0 ] && [ "$(gen_get "$said" clean)" = false ]
}

# Ports 9 to 40, until it is killed: answers go back from the port they came to.
echo_server()
{
	python3 -c '
import os, selectors, socket
os.sched_setaffinity(0, {0})	# the transmit queue goes with the processor
s = selectors.DefaultSelector()
for port in range(9, 41):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)	# SO_RCVBUFFORCE
    u.bind(("10.82.0.1", port))
    s.register(u, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in s.select():
        key.fileobj.sendto(*key.fileobj.recvfrom(2000))
'
}

bridge()
{
	modprobe bridge && ip addr flush dev "$DEV0" && ip addr flush dev "$DEV1" &&
		ip link add br0 type bridge forward_delay 0 mcast_snooping 0 &&
		ip link set dev "$DEV0" master br0 && ip link set dev "$DEV1" master br0 &&
		ip link set dev br0 up && sleep 0.5
	# Teaches the bridge which station is where.
	gen_run 1 dst_mac=ff:ff:ff:ff:ff:ff count=1 drain_ms=100 >/dev/null &&
		gen_run 0 dst_mac=$GEN1_MAC count=1 drain_ms=100 >/dev/null
}

route()
{
	# What waits for an answer to ARP
	sysctl -q "net.ipv4.neigh.$DEV0.unres_qlen_bytes=100000000" \
		"net.ipv4.neigh.$DEV1.unres_qlen_bytes=100000000" &&
		ip addr add 10.82.0.1/24 dev "$DEV0" && ip addr add 10.82.1.1/24 dev "$DEV1" &&
		sysctl -q net.ipv4.ip_forward=1
}

# routed SETTING...: a run from port 0 to port 1, whose generator answers ARP. First
# one frame: those that wait for that answer can be overtaken by later ones.
routed()
{
	gen set 1 src=10.82.1.2 >/dev/null &&
		returned 0 match=route rx_port=1 dst=10.82.1.2 "$@" flows=1 count=1 &&
		returned 0 match=route rx_port=1 dst=10.82.1.2 "$@" && gen reset 1
}

# netem EFFECT...: on the way out of port 1
netem()
{
	tc qdisc replace dev "$DEV1" root netem limit 100000 "$@"
}

# What a refusal says, and that nothing has changed
refusals()
{
	local before after

	before=$(gen show 0 | sed 's/"id":"[^"]*"//')
	check_fails "no such port" "has no generator" gen start 2
	check_fails "no such setting" "there is no setting speed" gen set 0 flows=7 speed=9
	check_fails "a size that frames do not have" "64 to 1518" gen start 0 size=63
	check_fails "not a command" "there is no command" gen launch 0
	check_fails "waiting for nothing" "no run was started" gen wait 0
	after=$(gen show 0 | sed 's/"id":"[^"]*"//')
	equal "a refused line changes nothing" "$before" "$after"
}

up || bail "both ports come up with Linux's ixgbe"
refusals
check "64 bytes, counted by the driver" received count=2000 rate=5000
check "1518 bytes, counted by the driver" received count=2000 rate=5000 size=1518
check "a mixture, as fast as the ring takes" received count=30000 rate=max size=imix flows=64
check "an Ethernet type of its own" received count=2000 rate=max ethertype=0x88b5

route
coproc echo_server
read -r -u "${COPROC[0]}" _
check "sockets of Linux echo, after ARP" \
	returned 0 count=1000 rate=300 match=echo flows=64 dport=9-40 size=64-1514
kill "$COPROC_PID"
check "Linux routes to the other port" \
	routed count=5000 rate=max size=imix flows=100 rx_dst_mac=$GEN1_MAC

bridge || bail "a bridge of both ports"
check "Linux bridges, 64 bytes" \
	returned 0 count=5000 rate=max match=same rx_port=1 dst_mac=$GEN1_MAC
check "Linux bridges every size" \
	returned 0 count=4365 rate=max match=same rx_port=1 dst_mac=$GEN1_MAC size=64-1518 \
	sweep=1
check "both directions, 65535 flows" \
	gen_both "rx_port=1 dst_mac=$GEN1_MAC" "rx_port=0 dst_mac=$GEN0_MAC" \
	count=5000 rate=max match=same flows=65535 udp_csum=0

modprobe sch_netem || bail "netem"
run=(count=2000 rate=2000 rx_port=1 dst_mac="$GEN1_MAC" drain_ms=300)
netem loss 5%
check "loss is found" found lost "${run[@]}"
netem duplicate 5%
check "duplicates are found" found duplicates "${run[@]}"
netem corrupt 5%
check "corruption is found" found corrupt "${run[@]}"
netem delay 5ms reorder 95%
check "disorder is found" found reordered "${run[@]}"
long_queue "$DEV1" || bail "no netem"
check "a wrong port is found" found misdirected "${run[@]}" rx_port=0
check "clean again" returned 0 match=same "${run[@]}"
finish
