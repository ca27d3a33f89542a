#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire0 gen --wire1 none
# root: bench
# mem: 4096
#
# usage: lab/bench.sh
ulimit -n 16384 -l unlimited
exec python3 "$(dirname "$0")/bench/main.py" "$@"
