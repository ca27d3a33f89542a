#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NIC's driver is unbound and bound again under open sockets, the device goes to
# another network namespace and comes back, and the UDP module is unloaded and
# loaded. With a word, which the test program gives: does it.
. /project/lab/guest/lib.sh

case ${1:-test} in
test)
	setup
	export DEV0
	ping -q -c 1 -W 5 "$ADDR1" >/dev/null || bail "the peer answers"
	exec /project/build/userspace/tests/vanish \
		"$DEV0" "$ADDR0" "$PEER" "$ADDR1" "$0"
	;;
vanish)
	unbind_driver "$PORT0"
	;;
return)
	setup_port0 && wait_carrier "$DEV0" && wait_carrier "$PEER" eth0
	;;
leave)
	ip netns add elsewhere && ip link set dev "$DEV0" netns elsewhere
	;;
back)
	ip -n elsewhere link set dev "$DEV0" netns $$ &&
		ip addr add "$ADDR0/24" dev "$DEV0" && ip link set dev "$DEV0" up &&
		wait_carrier "$DEV0" && wait_carrier "$PEER" eth0
	;;
unload)
	rmmod atmo_udp
	;;
load)
	load_module atmo_udp
	;;
pinned)
	! rmmod atmo_ixgbe 2>/dev/null
	;;
esac
