#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/ixgbe_filter_test.sh [PART...]
# Flow Director and transmit rate limits of the device model, as Linux's own
# ixgbe programs them:
#
#	netns left                           netns right
#	PORT0, sends, limits rates ========= PORT1, filters
. "$(dirname "$0")/lib.sh"

# place NETNS PORT ADDRESS
place()
{
	local dev

	dev=$(netdev_of "$2") || return
	ip link set dev "$dev" netns "$1" name eth0 || return
	ip -n "$1" addr add "$3/24" dev eth0 || return
	ip -n "$1" link set dev eth0 up
}

modprobe ixgbe || bail "ixgbe loads"
modprobe pktgen || bail "pktgen loads"
ip netns add left && ip netns add right || bail "namespaces"
# Router advertisements and the like would be counted in the queues.
ip netns exec left sysctl -q net.ipv6.conf.all.disable_ipv6=1
ip netns exec right sysctl -q net.ipv6.conf.all.disable_ipv6=1
place left "$PORT0" 10.83.0.1 || bail "left comes up"
place right "$PORT1" 10.83.0.2 || bail "right comes up"
wait_carrier left eth0 || bail "left has carrier"
wait_carrier right eth0 || bail "right has carrier"
exec python3 "$(dirname "$0")/ixgbe_filter_test.py" "$@"
