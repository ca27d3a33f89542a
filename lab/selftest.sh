#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/selftest.sh
# Tests the lab itself, TAP: what a guest gets, how every kind of end is told
# apart, that nothing stays behind, and what counts as a clean kernel log.
set -uo pipefail
. "$(dirname "$0")/lib.sh"

nr=0 failed=0
RUN=$(mktemp -d)
trap 'rm -rf "$RUN"' EXIT

# result NAME STATUS
result()
{
	nr=$((nr + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1"
		failed=1
	fi
}

# guest EXPECTED_STATUS NAME OPTIONS... -- ARGS...
guest()
{
	local expected=$1 name=$2 status=0 options=()

	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	"$LAB/vm.sh" --no-nic --timeout 900 --name selftest "${options[@]}" \
		"$LAB/guest/selftest.sh" "$@" >"$RUN/said" 2>&1 || status=$?
	if [ $status -ne "$expected" ]; then
		echo "# status is $status, not $expected"
		sed 's/^/# /' "$RUN/said"
	fi
	result "$name" $((status != expected))
}

# log EXPECTED_STATUS LINE [OPTIONS...]
log()
{
	local expected=$1 line=$2 status=0

	shift 2
	echo "[    1.000000] $line" >"$RUN/log"
	"$LAB/dmesg-check.sh" "$@" "$RUN/log" >/dev/null 2>&1 || status=$?
	result "kernel log with '$line' $*: $expected" $((status != expected))
}

# Whose fault a line is, in a machine that had several test groups one after the other.
names_group()
{
	local said

	printf '[ 1.0] %s\r\n' "lab: test group udp" "fine" "lab: test group wire" \
		"WARNING: something" >"$RUN/log"
	said=$("$LAB/dmesg-check.sh" "$RUN/log" 2>&1)
	grep -q '^wire: .*WARNING: something' <<<"$said"
}

leftovers()
{
	ls "$TMPDIR"
	pgrep -f "$TMPDIR/atmo-vm"
}

logs()
{
	log 0 "ixgbe 0000:00:03.1 eth0: NIC Link is Up 10 Gbps"
	log 0 "atmo_ixgbe: module verification failed: signature and/or required key missing - tainting kernel"
	log 1 "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 dev_get+0x1/0x2"
	log 1 "BUG: kernel NULL pointer dereference, address: 0000000000000008"
	log 1 "ixgbe 0000:00:03.1: Warning firmware error detected FWSM: 0x00000000"
	log 1 "atmo_ixgbe 0000:00:03.0: reset failed"
	log 1 "NETDEV WATCHDOG: eth0 (ixgbe): transmit queue 0 timed out"
	log 1 "unregister_netdevice: waiting for eth0 to become free"
	log 1 "UBSAN: array-index-out-of-bounds in table.c:1"
	log 1 "WARNING: possible circular locking dependency detected"
	log 1 "BUG: sleeping function called from invalid context at page.c:1"
	log 1 "DMA-API: device driver frees DMA memory with wrong function"
	log 0 "atmo_ixgbe 0000:00:03.0: reset failed" --allow 'reset failed'
	log 0 "clean" --taint $((1 << 12 | 1 << 13))
	log 1 "warned" --taint $((1 << 12 | 1 << 9))
}

export TMPDIR=$RUN/tmp
mkdir "$TMPDIR"
logs
names_group
result "a line of the kernel's log is shown with its test group" $?
guest 0 "a guest script's environment" --out "$RUN/out" -- \
	environment "a'b" "" "\$x  y"
sed -n 's/^\(not \)\?ok [0-9]* - /# &/p' "$RUN/said"
grep -qx result "$RUN/out/result"
result "results come out" $?
guest 7 "a script's exit status is passed on" -- status 7
guest 124 "a script that hangs is ended" --timeout 30 -- hang
guest 125 "a guest that panics is told" -- panic
guest 125 "a guest that powers off by itself is told" -- poweroff
guest 125 "a kernel warning fails a script that succeeds" -- warn
guest 0 "a warning can be expected" --allow-log 'something the kernel' -- warn
result "nothing stays behind" "$([ -z "$(leftovers)" ]; echo $?)"
echo "1..$nr"
exit $failed
