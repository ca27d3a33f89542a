#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/wire_test.sh [PART...]
# What comes from the wire, and what goes to it: the peer sends every kind of
# wrong frame at a bound socket, in each lane, and looks at what the socket sends.
. /project/lab/guest/lib.sh

setup
exec python3 /project/lab/guest/wire_test.py "$DEV0" "$DEV1" "$@"
