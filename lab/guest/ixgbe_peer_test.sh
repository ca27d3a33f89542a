#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Linux's own ixgbe, unmodified, on both ports of the device model, in two
# network namespaces: what a driver that we did not write makes of it.
#
#	netns left                           netns right
#	PORT0, LEFT 10.83.0.1 ============= PORT1, RIGHT 10.83.0.2
. "$(dirname "$0")/lib.sh"

LEFT=10.83.0.1 RIGHT=10.83.0.2
LEFT6=fd83::1 RIGHT6=fd83::2
SECONDS_EACH=${SECONDS_EACH:-2}
TMP=$(mktemp -d)

left()
{
	ip netns exec left "$@"
}

right()
{
	ip netns exec right "$@"
}

# place NETNS PORT ADDRESS ADDRESS6: one port into its namespace, up
place()
{
	local dev

	dev=$(netdev_of "$2") || return
	ip link set dev "$dev" netns "$1" name eth0 || return
	ip -n "$1" addr add "$3/24" dev eth0 || return
	ip -n "$1" addr add "$4/64" dev eth0 nodad || return
	ip -n "$1" link set dev lo up || return
	ip -n "$1" link set dev eth0 up
}

place_both()
{
	place left "$PORT0" "$LEFT" "$LEFT6" &&
		place right "$PORT1" "$RIGHT" "$RIGHT6"
}

both_carriers()
{
	wait_carrier left eth0 && wait_carrier right eth0
}

no_carrier()
{
	! has_carrier "$1" eth0
}

# quiet PATTERN: the kernel's log has no such line of the driver
quiet()
{
	! dmesg | grep -E 'ixgbe|eth0' | grep -iE "$1"
}

COMPLAINTS='warn|fail|error|hang|timeout|timed out|unsupported'
# A reset is the driver's way to flush what a lost link left in its rings.
RESET='reset adapter'

speed()
{
	ip netns exec "$1" ethtool eth0 | sed -n 's/.*Speed: //p'
}

# echoes: requests sent and answers received by the left side, both IP versions
echoes()
{
	left cat /proc/net/snmp /proc/net/snmp6 | awk '
		$1 == "Icmp:" && !seen++ {
			for (i = 2; i <= NF; i++)
				at[$i] = i
			next
		}
		$1 == "Icmp:" { out += $at["OutEchos"]; in_ += $at["InEchoReps"] }
		$1 == "Icmp6OutEchos" { out += $2 }
		$1 == "Icmp6InEchoReplies" { in_ += $2 }
		END { print out, in_ }'
}

# all_answered OUT IN: as many answers as requests since then
all_answered()
{
	local out in

	read -r out in <<<"$(echoes)"
	[ $((out - $1)) -eq $((in - $2)) ]
}

# pings ADDRESS SIZES...: payload sizes, from left to right. The kernel's
# counters judge: on a busy machine ping gives up before an answer is there.
pings()
{
	local address=$1 size out in

	shift
	read -r out in <<<"$(echoes)"
	for size; do
		left ping -q -c 3 -i 0.05 -s "$size" "$address"
	done
	eventually 10 all_answered "$out" "$in" && return
	echo "requests and answers: before $out $in, now $(echoes)"
	return 1
}

ping_once()
{
	left ping -q -c 1 -W 1 "$RIGHT"
}

# Names and values of what must not rise, of one port
errors()
{
	ip netns exec "$1" ethtool -S eth0 | sed "s/^ */$1 /" | grep -v fdir_miss |
		grep -E 'err|drop|miss|fail|timeout|no_dma|no_buffer|over|short|long|crc|hang'
}

# same_errors BEFORE: the counters now
same_errors()
{
	(errors left; errors right) >"$TMP/after"
	diff "$1" "$TMP/after"
}

# clean NAME CMD...: passes if no error counter of either port rose meanwhile
clean()
{
	local name=$1

	shift
	(errors left; errors right) >"$TMP/before"
	check "$name" "$@"
	check "$name: no error counter rises" same_errors "$TMP/before"
}

serve()
{
	right iperf3 -s -D >/dev/null
	eventually 5 right sh -c 'ss -ltn | grep -q :5201'
}

# iperf NETNS ARGS...: a test against the server on the right side
iperf()
{
	local side=$1

	shift
	ip netns exec "$side" timeout $((SECONDS_EACH + 15)) iperf3 -c "$RIGHT" -t "$SECONDS_EACH" "$@"
}

# rcvbuf_errors: datagrams that both namespaces' sockets had no room for
rcvbuf_errors()
{
	(left cat /proc/net/snmp; right cat /proc/net/snmp) |
		awk '$1 == "Udp:" && $2 != "InDatagrams" { n += $6 } END { print n }'
}

# iperf_udp ARGS...: nothing may be lost but what a slow receiver left lying
iperf_udp()
{
	local said lost before after

	before=$(rcvbuf_errors)
	said=$(iperf left -u -w 400K "$@") || { echo "$said"; return 1; }
	after=$(rcvbuf_errors)
	lost=$(sed -n 's|.* \([0-9]*\)/[0-9]* (.*receiver.*|\1|p' <<<"$said")
	echo "$said"
	echo "lost $lost, of these in the socket $((after - before))"
	[ -n "$lost" ] && [ "$lost" -le $((after - before)) ]
}

# self_test NETNS: ethtool's offline test, all parts
self_test()
{
	local said

	said=$(ip netns exec "$1" ethtool -t eth0 offline) ||
		{ echo "$said"; return 1; }
	echo "$said"
	grep -q 'result is PASS' <<<"$said" &&
		[ "$(grep -cE '(Register|Eeprom|Interrupt|Loopback|Link) test.*[[:space:]]0$' <<<"$said")" = 5 ]
}

module_vendor()
{
	ip netns exec "$1" ethtool -m eth0 raw on length 96 | grep -aq 'Intel Corp'
}

# Two flows at once keep going while the configuration changes under them.
start_traffic()
{
	ip netns exec left iperf3 -c "$RIGHT" -t 60 >/dev/null 2>&1 &
	TRAFFIC=$!
	sleep 0.5
}

stop_traffic()
{
	kill "$TRAFFIC" 2>/dev/null
	wait "$TRAFFIC" 2>/dev/null
	both_carriers && eventually 10 ping_once
}

# with_traffic CMD...
with_traffic()
{
	local status=0

	start_traffic
	"$@" || status=$?
	stop_traffic || status=$?
	return "$status"
}

down_up()
{
	ip -n left link set dev eth0 down || return
	eventually 5 no_carrier right || { echo "right keeps its link"; return 1; }
	ip -n left link set dev eth0 up && both_carriers
}

rings()
{
	left ethtool -G eth0 rx "$1" tx "$1" && both_carriers &&
		right ethtool -G eth0 rx "$1" tx "$1" && both_carriers
}

channels()
{
	left ethtool -L eth0 combined "$1" && both_carriers &&
		[ "$(left ethtool -l eth0 | sed -n 's/^Combined:[[:space:]]*//p' | tail -1)" = "$1" ]
}

mtu()
{
	ip -n left link set dev eth0 mtu "$1" && ip -n right link set dev eth0 mtu "$1" &&
		both_carriers && eventually 5 ping_once
}

vlan()
{
	modprobe 8021q || return
	ip -n left link add link eth0 name v7 type vlan id 7 || return
	ip -n right link add link eth0 name v7 type vlan id 7 || return
	ip -n left addr add 10.83.7.1/24 dev v7
	ip -n right addr add 10.83.7.2/24 dev v7
	ip -n left link set dev v7 up && ip -n right link set dev v7 up || return
	eventually 5 left ping -q -c 1 -W 1 10.83.7.2 &&
		pings 10.83.7.2 56 1472
}

# A perfect filter of the Flow Director sends the port's datagrams to one queue
queue_packets()
{
	right ethtool -S eth0 | sed -n "s/^ *rx_queue_$1_packets: //p"
}

ntuple()
{
	local before after

	right ethtool -K eth0 ntuple on && both_carriers || return
	eventually 5 ping_once || return
	right ethtool -U eth0 flow-type udp4 dst-port 5300 action 1 || return
	before=$(queue_packets 1)
	left bash -c "for i in {1..40}; do echo \$i >/dev/udp/$RIGHT/5300; done"
	sleep 0.5
	after=$(queue_packets 1)
	echo "queue 1: $before, then $after"
	right ethtool -K eth0 ntuple off
	[ $((after - before)) -ge 40 ] && both_carriers
}

# MSI-X taken away from a device: the driver falls back to its INTx line
use_interrupts()
{
	echo "$1" >"/sys/bus/pci/devices/$PORT0/msi_bus"
}

# The driver says that it has no MSI-X, as it should: that goes past the console.
rebind_left()
{
	local status

	unbind_driver "$PORT0" && sleep 0.2
	dmesg -n 1
	bind_driver "$PORT0" ixgbe
	status=$?
	dmesg -C
	dmesg -n 7
	[ $status -eq 0 ] && place left "$PORT0" "$LEFT" "$LEFT6" &&
		both_carriers && eventually 10 ping_once
}

reload()
{
	rmmod ixgbe && sleep 0.2 && modprobe ixgbe && place_both && both_carriers &&
		eventually 10 ping_once
}

ip netns add left && ip netns add right || bail "namespaces"
check "ixgbe loads" modprobe ixgbe
check "both ports have an interface" place_both || finish
check "both ports get link" both_carriers
check "no complaint of the driver at probe" quiet "$COMPLAINTS|$RESET"
equal "left has 10000Mb/s" 10000Mb/s "$(speed left)"
equal "right has 10000Mb/s" 10000Mb/s "$(speed right)"
check "SFP+ module is read, left" module_vendor left
check "SFP+ module is read, right" module_vendor right
eventually 5 ping_once
clean "ping 64 to 1500 bytes and more" \
	pings "$RIGHT" 22 56 100 1000 1400 1458 1472 1473 4000 20000 65000
clean "ping over IPv6" pings "$RIGHT6" 56 1452 3000

serve
clean "iperf3 TCP left to right" iperf left
clean "iperf3 TCP right to left" iperf left -R
clean "iperf3 TCP both ways, four streams" iperf left -P 4 --bidir
clean "iperf3 UDP left to right" iperf_udp -b 20M
clean "iperf3 UDP right to left" iperf_udp -b 20M -R
clean "iperf3 UDP small datagrams" iperf_udp -b 1M -l 64
check "VLAN: tags inserted and stripped, filtered by number" vlan
check "jumbo frames" mtu 9000
clean "ping 9000 bytes" pings "$RIGHT" 1472 4000 8972
clean "iperf3 TCP with jumbo frames" iperf left
check "back to 1500 bytes" mtu 1500
check "Flow Director: a perfect filter chooses the queue" ntuple

check "ip link down and up during traffic" with_traffic down_up
check "ethtool -G 128 during traffic" with_traffic rings 128
check "ethtool -G 4096 during traffic" with_traffic rings 4096
check "ethtool -L 1 during traffic" with_traffic channels 1
check "ethtool -L 2 during traffic" with_traffic channels 2
check "ethtool -t offline, left" self_test left
check "ethtool -t offline, right" self_test right
both_carriers
check "ping after the self tests" eventually 10 ping_once

check "no complaint of the driver so far" quiet "$COMPLAINTS"
check "INTx in place of MSI-X" use_interrupts 0
check "probe with INTx, ping" rebind_left
check "ethtool -t offline with INTx" self_test left
both_carriers
clean "iperf3 TCP with INTx" iperf left
check "MSI-X again" use_interrupts 1
check "rmmod and insmod, ping" reload
serve
clean "iperf3 TCP after insmod" iperf left
check "no complaint of the driver in all that" quiet "$COMPLAINTS"
check "rmmod" rmmod ixgbe
finish
