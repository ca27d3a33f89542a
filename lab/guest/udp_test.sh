#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/udp_test.sh [PART...]
# Connected sockets, IPv6, groups, static neighbours and routes, headers in place:
# against Linux's sockets on the peer's port.
. /project/lab/guest/lib.sh

setup
ip -6 addr add fd82::1/64 dev "$DEV0" nodad || bail "port 0 has an IPv6 address"
peer ip -6 addr add fd82::2/64 dev "$DEV1" nodad || bail "port 1 has an IPv6 address"
exec python3 /project/lab/guest/udp_test.py "$DEV0" "$DEV1" "$@"
