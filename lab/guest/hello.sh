#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tells where it runs; the smallest guest script.
printf "hello from %s with arguments:" "$(uname -r)"
printf " <%s>" "$@"
echo
cat /proc/uptime
exit "${1:-0}"
