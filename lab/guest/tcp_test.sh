#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/tcp_test.sh [PART...]
# TCP segments of stack instances: whose they are, what may be sent and what not.
# Connections with Linux's TCP are in tcp_hand_test.sh.
. /project/lab/guest/lib.sh

setup
ip -6 addr add fd82::1/64 dev "$DEV0" nodad || bail "port 0 has an IPv6 address"
peer ip -6 addr add fd82::2/64 dev "$DEV1" nodad || bail "port 1 has an IPv6 address"
exec python3 /project/lab/guest/tcp_test.py "$DEV0" "$DEV1" "$@"
