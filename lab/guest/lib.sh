# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What guest scripts share. Source it first:
#
#	. /project/lab/guest/lib.sh
#
# The machine has one 82599 with two ports, wired to each other unless
# lab/vm.sh --nic says otherwise:
#
#	            ours                      peer
#	   PORT0 (function 0, ADDR0) ===== PORT1 (function 1, ADDR1)
#	   driver atmo_ixgbe               driver ixgbe
#	   initial network namespace       network namespace "peer"
#
# A test prints TAP: `ok NAME`, `not_ok NAME`, `skip NAME WHY`, `check NAME
# CMD...`, and calls `finish` last, whose status is the script's.

set -uo pipefail

SLOT=0000:00:03
PORT0=$SLOT.0
PORT1=$SLOT.1
ADDR0=10.82.0.1
ADDR1=10.82.0.2
PEER=peer
# The KUnit kernel has no ixgbe, but lockdep: ours serves both ends there.
PEER_DRIVER=ixgbe
[ "$ATMO_KERNEL" != kunit ] || PEER_DRIVER=atmo_ixgbe
MODULES="atmo_portmgr atmo_demux atmo_stack atmo_udp atmo_tcp atmo_ixgbe"

tap_nr=0 tap_failed=0

ok()
{
	tap_nr=$((tap_nr + 1))
	echo "ok $tap_nr - $*"
}

not_ok()
{
	tap_nr=$((tap_nr + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_nr - $*"
}

# skip NAME WHY
skip()
{
	tap_nr=$((tap_nr + 1))
	echo "ok $tap_nr - $1 # SKIP $2"
}

# diag TEXT...: an explanation, not a result.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# check NAME CMD...: passes when the command succeeds, else shows its output.
check()
{
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name"
		diag "command: $*"
		diag "$said"
	fi
}

# try NAME CMD...: check, but in this shell: processes started can be waited for.
try()
{
	local name=$1

	shift
	if "$@" >/tmp/said 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		diag "command: $*"
		diag "$(cat /tmp/said)"
	fi
}

# check_fails NAME TEXT CMD...: passes when the command fails and says TEXT.
check_fails()
{
	local name=$1 text=$2 said

	shift 2
	if said=$("$@" 2>&1); then
		not_ok "$name"
		diag "succeeded: $*"
	elif ! grep -qF -- "$text" <<<"$said"; then
		not_ok "$name"
		diag "failed without saying '$text': $said"
	else
		ok "$name"
	fi
}

# equal NAME EXPECTED ACTUAL
equal()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "expected '$2', is '$3'"
	fi
}

finish()
{
	echo "1..$tap_nr"
	exit $((tap_failed > 0))
}

# bail WHY: nothing after this makes sense.
bail()
{
	not_ok "$*"
	finish
}

# eventually SECONDS CMD...: retries until the command succeeds.
eventually()
{
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# load_module NAME [PARAMETERS...]: one of ours, as built.
load_module()
{
	local module=$1

	shift
	[ ! -d "/sys/module/$module" ] || return 0
	insmod "$ATMO_KMOD/$module.ko" "$@"
}

load_modules()
{
	local module

	for module in $MODULES; do
		load_module "$module" || return
	done
}

unload_modules()
{
	local module list=""

	for module in $MODULES; do
		list="$module $list"
	done
	for module in $list; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module" || return
	done
}

# bind_driver PCI_ADDRESS DRIVER: takes the device from whoever has it.
bind_driver()
{
	local device=/sys/bus/pci/devices/$1

	[ -d "$device" ] || { echo "no PCI device $1"; return 1; }
	echo "$2" >"$device/driver_override" || return
	[ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind" || return
	echo "$1" >/sys/bus/pci/drivers_probe || return
	[ "$(driver_of "$1")" = "$2" ]
}

# unbind_driver PCI_ADDRESS
unbind_driver()
{
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] ||
		echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
}

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")" 2>/dev/null
}

# netdev_of PCI_ADDRESS: the interface's name; needs to be in the namespace
# that it is in.
netdev_of()
{
	local dir

	for dir in "/sys/bus/pci/devices/$1/net/"*; do
		[ -d "$dir" ] && basename "$dir" && return
	done
	return 1
}

# load_ixgbe: the kernel's own driver, without letting it grab a port.
# Ports get it by bind_driver.
load_ixgbe()
{
	[ ! -d /sys/module/ixgbe ] || return 0
	echo 0 >/sys/bus/pci/drivers_autoprobe
	modprobe ixgbe
	local status=$?
	echo 1 >/sys/bus/pci/drivers_autoprobe
	return $status
}

# peer CMD...: in the peer's namespace.
peer()
{
	ip netns exec "$PEER" "$@"
}

# has_carrier [NAMESPACE] DEV
has_carrier()
{
	local dev=${2:-$1} ns=()

	[ $# -lt 2 ] || ns=(-n "$1")
	ip "${ns[@]}" link show dev "$dev" | grep -q LOWER_UP
}

# wait_carrier [NAMESPACE] DEV
wait_carrier()
{
	eventually 20 has_carrier "$@"
}

# setup_peer: port 1 under ixgbe, in the namespace, up. Sets DEV1.
setup_peer()
{
	# The default, fq_codel, drops what waits for more than 5 ms, which is
	# common on a slow machine: datagrams would get lost in the sender.
	sysctl -q net.core.default_qdisc=pfifo_fast
	ip netns add "$PEER" || return
	[ $PEER_DRIVER != ixgbe ] || load_ixgbe || return
	bind_driver "$PORT1" $PEER_DRIVER || return
	DEV1=$(netdev_of "$PORT1") || return
	ip link set dev "$DEV1" netns "$PEER" || return
	peer ip link set dev lo up || return
	peer ip addr add "$ADDR1/24" dev "$DEV1" || return
	peer ip link set dev "$DEV1" up
}

# setup_port0 [DRIVER]: port 0 under our driver (or another), up. Sets DEV0.
# shellcheck disable=SC2120 # tests pass a driver
setup_port0()
{
	bind_driver "$PORT0" "${1:-atmo_ixgbe}" || return
	DEV0=$(netdev_of "$PORT0") || return
	ip addr add "$ADDR0/24" dev "$DEV0" || return
	ip link set dev "$DEV0" up
}

# long_queue DEV: what is sent by way of Linux waits however long the NIC takes.
# pfifo_fast drops what comes after 1000 frames, fq_codel what waits for long: both
# happens when the machine is busy with something else.
long_queue()
{
	tc qdisc replace dev "$1" root pfifo limit 100000
}

# link_back: port 0 was down and is up again. The other end may not have noticed
# either yet; what it is given meanwhile is lost.
link_back()
{
	wait_carrier "$DEV0" && wait_carrier "$PEER" "$DEV1" &&
		eventually 20 ping -q -c 1 -W 1 "$ADDR1"
}

# setup: everything as in the drawing above, with carrier, or the end.
setup()
{
	load_modules || bail "our modules load"
	setup_peer || bail "the peer's port comes up under ixgbe"
	setup_port0 || bail "port 0 comes up under atmo_ixgbe"
	wait_carrier "$DEV0" || bail "port 0 has carrier"
	wait_carrier "$PEER" "$DEV1" || bail "port 1 has carrier"
}

# gen_ask COMMAND...: each a line, to the traffic generators. Prints the first
# refusal or the last answer. Answers that nobody waited for any more are passed
# over.
gen_ask()
{
	local port name dev="" id=$BASHPID.$RANDOM answer="" left=$#

	for port in /sys/class/virtio-ports/*; do
		read -r name <"$port/name"
		[ "$name" != lab.gen ] || dev=/dev/${port##*/}
	done
	[ -n "$dev" ] || { echo "this machine has no traffic generator"; return 1; }
	{
		flock 7
		printf "#$id %s\n" "$@" >&8
		while [ $left -gt 0 ]; do
			read -r -t $((${GEN_TIMEOUT:-120} + 5)) -u 8 answer || return
			[[ $answer == *"\"id\":\"$id\""* ]] || continue
			left=$((left - 1))
			[[ $answer == '{"ok":true'* ]] || break
		done
	} 7>/run/gen.lock 8<>"$dev"
	printf '%s\n' "$answer"
	[[ $answer == '{"ok":true'* ]]
}

# gen COMMAND...: to the traffic generators (lab/vm.sh --nic "--wire gen"); prints
# the answer, a line of JSON: see docs/generator.md. Fails if it is a refusal.
gen()
{
	gen_ask "$*"
}

# gen_get ANSWER NAME: a number, true or false, or text, out of an answer.
gen_get()
{
	local re="\"$2\":(\"([^\"]*)\"|([-0-9.a-z]+))"

	[[ $1 =~ $re ]] && echo "${BASH_REMATCH[2]}${BASH_REMATCH[3]}"
}

# gen_run PORT SETTING...: a run from start to end; its numbers. Settings that are
# not given have their defaults.
gen_run()
{
	gen_ask "reset $1" "start $*" "wait $1 ${GEN_TIMEOUT:-120}"
}

# gen_both INTO0 INTO1 SETTING...: runs into both ports at once, with more settings of
# each one's own. Shows their numbers; fails unless both come back clean.
gen_both()
{
	local into=("$1" "$2") port said status=0

	shift 2
	for port in 0 1; do
		gen_ask "reset $port" "start $port drain_ms=5000 ${into[$port]} $*" || return
	done
	for port in 0 1; do
		said=$(gen wait $port)
		echo "$said"
		[ "$(gen_get "$said" clean)" = true ] || status=1
	done
	return $status
}

# launch LOG WORD CMD...: in the background, until it says WORD; sets $pid. The log
# is emptied here: what a process of before said would be read otherwise.
launch()
{
	local log=$1 word=$2

	shift 2
	: >"$log"
	"$@" >"$log" 2>&1 &
	pid=$!
	eventually 30 grep -q -- "$word" "$log" && return
	echo "$* does not say '$word' but: $(cat "$log")"
	return 1
}

# start_load LOG CMD...: at the peer, in the background; sets $load_pid. Not by way
# of `peer`: the process id has to be the program's own.
start_load()
{
	ip netns exec "$PEER" "${@:2}" >"$1" 2>&1 &
	load_pid=$!
}

# stop_load PID: what is in flight still counts.
stop_load()
{
	kill -INT "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
