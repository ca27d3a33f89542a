#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# atmo_ixgbe as an ordinary network driver on port 0, Linux's ixgbe on port 1:
# what nobody has claimed goes to and comes from Linux.
. "$(dirname "$0")/lib.sh"

SECONDS_EACH=${SECONDS_EACH:-3}
SIZES="1 18 64 256 512 1024 1472"

# stat NAME: a counter of port 0
stat()
{
	ethtool -S "$DEV0" | awk -v n="$1:" '$1 == n { print $2 }'
}

# ping_all NETNS-PREFIX ADDRESS: every size, and a name that says which failed
ping_all()
{
	local size prefix=()

	[ "$1" = - ] || prefix=("$1")
	for size in $SIZES; do
		"${prefix[@]}" ping -q -n -c 3 -i 0.05 -W 5 -M 'do' -s "$size" "$2" ||
			{ echo "payload $size"; return 1; }
	done
}

# No frame was damaged or got lost in the driver or the NIC. A queue that is full
# drops frames by design (rx_queue_dropped): it must not stop the others.
BAD='error|drop|missed|jabber|oversize|fragment|undersize|resets|csum_bad'
no_errors()
{
	local bad

	bad=$(ethtool -S "$DEV0" | grep -E "$BAD" | grep -v rx_queue_dropped | grep -v ' 0$')
	[ -z "$bad" ] || { echo "$bad"; return 1; }
}

serve()
{
	"$@" iperf3 -s -1 -D --pidfile /run/iperf3.pid >/dev/null || return
	eventually 5 sh -c "$(printf '%s ' "$@") ss -ltn | grep -q :5201"
}

# iperf DIRECTION ARGS...: out or in, seen from port 0
iperf()
{
	local way=$1

	shift
	if [ "$way" = out ]; then
		serve peer_exec || return
		iperf3 -c "$ADDR1" -t "$SECONDS_EACH" --connect-timeout 5000 "$@"
	else
		serve env || return
		peer iperf3 -c "$ADDR0" -t "$SECONDS_EACH" --connect-timeout 5000 "$@"
	fi
}

# A command name that stands for `peer`, for use in sh -c too.
mkdir -p /run/bin
printf '#!/bin/sh\nexec ip netns exec %s "$@"\n' "$PEER" >/run/bin/peer_exec
chmod +x /run/bin/peer_exec
PATH=/run/bin:$PATH

one_ping()
{
	eventually 10 ping -q -n -c 1 -W 1 "$ADDR1"
}

no_carrier()
{
	! has_carrier "$@"
}

test_binding()
{
	load_modules || bail "our modules load"
	equal "loading takes no port" "" "$(driver_of "$PORT0")$(driver_of "$PORT1")"
	setup
	equal "driver_override gives port 0 to atmo_ixgbe" atmo_ixgbe "$(driver_of "$PORT0")"
	equal "port 1 stays with ixgbe" ixgbe "$(driver_of "$PORT1")"
}

# says TEXT CMD...: the output has a line with TEXT
says()
{
	local text=$1 said

	shift
	said=$("$@") || return
	grep -qF -- "$text" <<<"$said" || { echo "$said"; return 1; }
}

test_ethtool()
{
	check "ethtool -i: driver" says "driver: atmo_ixgbe" ethtool -i "$DEV0"
	check "ethtool -i: bus address" says "$PORT0" ethtool -i "$DEV0"
	check "ethtool: 10000 Mb/s" says "Speed: 10000Mb/s" ethtool "$DEV0"
	check "ethtool: full duplex" says "Duplex: Full" ethtool "$DEV0"
	check "ethtool: 10GBASE-SR" says "10000baseSR/Full" ethtool "$DEV0"
	check "ethtool: link detected" says "Link detected: yes" ethtool "$DEV0"
	check "ethtool -g: ring sizes" says "4096" ethtool -g "$DEV0"
	check "ethtool -l: queues" says "Combined:" ethtool -l "$DEV0"
	check "ethtool -a: no PAUSE is sent" says "TX:		off" ethtool -a "$DEV0"
	check "ethtool -S: lanes" test "$(stat lanes_max)" -ge 120
	equal "largest MTU is 1500" 1500 \
		"$(ip -d link show dev "$DEV0" | sed -n 's/.*maxmtu \([0-9]*\).*/\1/p')"
	check_fails "larger MTU is refused" "" ip link set dev "$DEV0" mtu 1501
}

test_traffic()
{
	check "ping from port 0, all sizes" ping_all - "$ADDR1"
	check "ping to port 0, all sizes" ping_all peer "$ADDR0"
	check "iperf3 TCP out" iperf out
	check "iperf3 TCP in" iperf in
	check "iperf3 TCP out, 4 streams" iperf out -P 4
	check "iperf3 TCP in, 4 streams" iperf in -P 4
	check "iperf3 UDP out" iperf out -u -b 50M
	check "iperf3 UDP in" iperf in -u -b 50M
	check "no error counter rose" no_errors
}

test_down_up()
{
	check "ip link down" ip link set dev "$DEV0" down
	check "the peer sees the link go" eventually 5 no_carrier "$PEER" "$DEV1"
	check "ip link up" ip link set dev "$DEV0" up
	check "carrier is back" wait_carrier "$DEV0"
	check "ping after down and up" one_ping
	check "peer down" peer ip link set dev "$DEV1" down
	check "carrier goes with the peer" eventually 5 no_carrier "$DEV0"
	check "peer up" peer ip link set dev "$DEV1" up
	check "carrier comes with the peer" wait_carrier "$DEV0"
	check "ping after the peer's down and up" one_ping
}

# Down and up, and ring sizes, while TCP runs; it has to survive.
churn()
{
	local pid status i

	serve peer_exec || return
	iperf3 -c "$ADDR1" -t 12 >/run/churn.log 2>&1 &
	pid=$!
	sleep 1
	for i in 1 2; do
		ip link set dev "$DEV0" down && sleep 0.3 && ip link set dev "$DEV0" up || return
		ip route get "$ADDR1" >/dev/null || return
		sleep 1
		ethtool -G "$DEV0" rx $((64 << i)) tx $((64 << i)) || return
		sleep 1
	done
	ethtool -G "$DEV0" rx 1024 tx 1024 || return
	status=0
	wait $pid || status=$?
	cat /run/churn.log
	return $status
}

test_churn()
{
	check "down, up and ethtool -G during TCP" churn
	check "ping afterwards" one_ping
	check "largest rings" ethtool -G "$DEV0" rx 4096 tx 4096
	check "ping with largest rings" one_ping
	check "default rings" ethtool -G "$DEV0" rx 1024 tx 1024
	wait_carrier "$DEV0"
}

# hears ADDRESS: port 0 gets a frame that the peer sends to this MAC address
hears()
{
	local before after

	before=$(stat rx_good_packets)
	peer ping -q -n -c 5 -i 0.02 -W 1 10.82.0.77 >/dev/null
	sleep 0.2
	after=$(stat rx_good_packets)
	[ $((after - before)) -ge 5 ]
}

address()
{
	peer ip neigh replace 10.82.0.77 lladdr "$1" dev "$DEV1"
}

test_filtering()
{
	local mac=02:00:00:00:00:77

	# IPv6 chatter would be counted too.
	sysctl -q "net.ipv6.conf.$DEV0.disable_ipv6=1"
	peer sysctl -q "net.ipv6.conf.$DEV1.disable_ipv6=1"
	address $mac
	check_fails "another MAC address is not received" "" hears
	check "promiscuous mode on" ip link set dev "$DEV0" promisc on
	check "promiscuous: any MAC address is received" hears
	check "promiscuous mode off" ip link set dev "$DEV0" promisc off
	check_fails "not promiscuous any more" "" hears
	check "second unicast address" bridge fdb add $mac dev "$DEV0" self
	check "second unicast address is received" hears
	bridge fdb del $mac dev "$DEV0" self
	check_fails "it is gone again" "" hears

	address 01:00:5e:7f:00:77
	check_fails "another group is not received" "" hears
	check "multicast group" ip maddr add 01:00:5e:7f:00:77 dev "$DEV0"
	check "multicast group is received" hears
	ip maddr del 01:00:5e:7f:00:77 dev "$DEV0"
	check_fails "group left" "" hears
	check "all groups" ip link set dev "$DEV0" allmulticast on
	check "all groups are received" hears
	ip link set dev "$DEV0" allmulticast off

	address $mac
	check "new MAC address" ip link set dev "$DEV0" address $mac
	check "new MAC address is received" hears
	check "ping with the new MAC address" one_ping
	peer ip neigh del 10.82.0.77 dev "$DEV1"
}

# VLAN-tagged frames pass untouched; Linux takes the tag off.
test_vlan()
{
	modprobe 8021q || { not_ok "module 8021q"; return; }
	ip link add link "$DEV0" name vlan7 type vlan id 7
	ip addr add 10.82.7.1/24 dev vlan7
	ip link set dev vlan7 up
	peer ip link add link "$DEV1" name vlan7 type vlan id 7
	peer ip addr add 10.82.7.2/24 dev vlan7
	peer ip link set dev vlan7 up
	check "VLAN, all sizes" ping_all - 10.82.7.2
	peer ip link del vlan7
	ip link del vlan7
}

rebind()
{
	local i

	for i in 1 2 3; do
		unbind_driver "$PORT0" || return
		[ -z "$(driver_of "$PORT0")" ] || return
		setup_port0 || return
	done
	wait_carrier "$DEV0"
}

# The other way to bind: no driver_override, but an id.
bind_new_id()
{
	unbind_driver "$PORT0" || return
	echo >"/sys/bus/pci/devices/$PORT0/driver_override"
	echo 8086 10fb >/sys/bus/pci/drivers/atmo_ixgbe/new_id || return
	[ "$(driver_of "$PORT0")" = atmo_ixgbe ] || return
	echo 8086 10fb >/sys/bus/pci/drivers/atmo_ixgbe/remove_id
}

# Something that isn't an 82599 is refused, and said so.
bind_wrong()
{
	local device

	device=$(grep -l 0x29c0 /sys/bus/pci/devices/*/device | head -n 1)
	[ -n "$device" ] || { echo "no host bridge"; return 1; }
	device=$(basename "$(dirname "$device")")
	echo atmo_ixgbe >"/sys/bus/pci/devices/$device/driver_override"
	echo "$device" >/sys/bus/pci/drivers_probe
	echo >"/sys/bus/pci/devices/$device/driver_override"
	[ -z "$(driver_of "$device")" ]
}

test_rebinding()
{
	check "unbind and bind" rebind
	check "ping after that" one_ping
	check "new_id" bind_new_id
	check "another kind of device is refused" bind_wrong
	check "unload everything" unload_modules
	check "load again" load_modules
	check "bind again" setup_port0
	check "carrier again" wait_carrier "$DEV0"
	check "ping again" one_ping
	# While it is in use: carrier, addresses, queues.
	check "unload while up" unload_modules
	check "port 0 goes back to ixgbe" bind_driver "$PORT0" ixgbe
}

test_binding
test_ethtool
test_traffic
test_down_up
test_churn
test_filtering
test_vlan
test_rebinding
finish
