#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tells where it runs; the smallest guest script.
echo "hello from $(uname -r) with arguments: $*"
cat /proc/uptime
exit "${1:-0}"
