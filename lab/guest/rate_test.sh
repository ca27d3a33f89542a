#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/rate_test.sh
# The transmit rate that a socket was bound with, kept by the NIC: measured by
# the port's own counters.
. "$(dirname "$0")/lib.sh"

setup
# An address that nobody has: the other end's NIC drops what is sent there.
ip neigh replace 10.82.0.9 lladdr 02:00:00:00:00:09 dev "$DEV0" || bail "a neighbour"
exec python3 "$(dirname "$0")/rate_test.py" "$DEV0" 10.82.0.9
