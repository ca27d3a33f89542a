#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire0 gen --wire1 none
# root: bench
# mem: 2048
#
# usage: lab/bench.sh
exec python3 "$(dirname "$0")/bench.py" "$@"
