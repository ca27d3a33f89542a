#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/test.sh [GROUP...]
# Runs the test groups (default: all of them), two at a time, those that measure
# rates one at a time; static, selftest and cost have what these leave of the machine.
# NAME+NAME... are groups that run in one VM, one after the other, each a group still.
# Prints what each has to say when it is done, and ends with one line
# `N passed, N failed`, followed by `, N skipped` where something can't run here. A
# group is a program that prints TAP lines: `ok N - name`, `not ok N - name`, and
# `ok N - name # SKIP reason`.
#   units    user-space tests: device model, library, pure core
#   static   W=1, sparse, checkpatch, clang; every supported kernel
#   cost     instructions of the pure core, a table
#   selftest the lab itself: hangs, warnings, failures are seen
#   kunit    KUnit suites in a VM
#   NAME     lab/guest/NAME_test.sh in a VM: Linux's own ixgbe on the device
#            model, our driver as a network device, bad input, isolation, ...
#   pci_iommu, pci_intx  the device model behind an IOMMU, and without MSI
#   lane_steer   connections, raw frames and rate limits in hardware lanes
#   lane_vanish  the NIC disappears under traffic
#   demo     `make demo`
set -uo pipefail
. "$(dirname "$0")/lib.sh"

VM_LIMIT=900 JOBS=2 CMD=() running=()
# Those that take longest: one that came last would go on with nothing beside it.
FIRST="isolation kunit see ixgbe_peer netdev lane ixgbe_filter"
# Short ones that want the same machine: booting one for each would take longer.
TOGETHER="direct+hostile+libatmo+kv+memcg tcp+udp+tcp_hand+wire+pci neighbours+vanish"
# These measure rates. The last ones: there is nothing to wait for between them. Rates
# that the device model keeps (ixgbe_filter, lane_steer) are kept beside others, too.
ALONE="l2fwd rate"
# No clock and no NIC in these: they run with low priority beside all others.
QUIET="static selftest cost"
last="" passed=0 failed=0 skipped=0 failures=() skips=()

is_alone()
{
	[[ " $ALONE " == *" $1 "* ]]
}

is_quiet()
{
	[[ " $QUIET " == *" $1 "* ]]
}

# In the order in which they start. kunit has limits of time, so it has half of the
# machine; selftest comes when those which measure rates leave such a half.
all_groups()
{
	local script name named=" $FIRST ${TOGETHER//+/ } "

	for name in static $FIRST $TOGETHER units lane_steer lane_vanish pci_iommu pci_intx; do
		echo "$name"
	done
	for script in "$LAB"/guest/*_test.sh; do
		name=$(basename "$script" _test.sh)
		is_alone "$name" || [[ "$named" == *" $name "* ]] || echo "$name"
	done
	echo demo selftest cost "$ALONE"
}

# in_vm OPTIONS... -- NAME ARGS...: lab/guest/NAME_test.sh in a VM.
in_vm()
{
	CMD=("$LAB/vm.sh" --timeout "$VM_LIMIT")
	while [ "$1" != -- ]; do
		CMD+=("$1")
		shift
	done
	[ -x "$LAB/guest/$2_test.sh" ] || return
	CMD+=("$LAB/guest/$2_test.sh" "${@:3}")
}

# together NAME+NAME...: a VM for them all, if none asks for another machine.
together()
{
	local name names

	read -ra names <<<"${1//+/ }"
	[ -z "$(printf '%s\n' "${names[@]}" | sort | uniq -d)" ] || return
	for name in "${names[@]}"; do
		[ -x "$LAB/guest/${name}_test.sh" ] || return
		! grep -E '^# (nic|root|mem): ' "$LAB/guest/${name}_test.sh" || return
	done
	CMD=("$LAB/vm.sh" --timeout $((VM_LIMIT * ${#names[@]})) --name "$1"
	     "$LAB/guest/in_turn.sh" "${names[@]}")
}

# group_command NAME: into CMD.
group_command()
{
	case $1 in
	*+*) together "$1" ;;
	units|static|cost|selftest|kunit) CMD=("$LAB/$1.sh") ;;
	demo) CMD=("$LAB/demo.sh" --tap) ;;
	pci_iommu) in_vm --iommu --name "$1" -- pci iommu ;;
	pci_intx)
		in_vm --append pci=nomsi --allow-log "Failed to allocate MSI" \
			--name "$1" -- pci intx
		;;
	lane_steer) in_vm --name "$1" -- lane steer ;;
	lane_vanish)
		in_vm --nic "--wire loop --vanish0=2000" --name "$1" -- lane vanish
		;;
	*) in_vm -- "$1" ;;
	esac
}

# results LOG: its result lines. KTAP nests: a line that is indented less than
# the one before it sums that up, and is no check of its own.
results()
{
	awk '/^ *(not )?ok [0-9]+/ {
		match($0, /^ */)
		if (RLENGTH >= depth)
			print substr($0, RLENGTH + 1)
		depth = RLENGTH
	}' "$1"
}

# count NAME LOG STATUS: adds up a group's checks.
count()
{
	local name=$1 log=$2 status=$3 p=0 f=0 s=0 line

	while read -r line; do
		case $line in
		not*) f=$((f + 1)); failures+=("$name: $line") ;;
		*'# SKIP'*) s=$((s + 1)); skips+=("$name: $line") ;;
		*) p=$((p + 1)) ;;
		esac
	done < <(results "$log")
	if [ "$status" -ne 0 ] && [ $f -eq 0 ]; then
		f=1
		failures+=("$name: ended with status $status; read $log")
	elif [ $((p + f + s)) -eq 0 ]; then
		f=1
		failures+=("$name: ran no check; read $log")
	fi
	note "test group $name: $p passed, $f failed, $s skipped"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# count_together NAME+NAME... LOG STATUS: what each said, and how it ended, is between
# the lines of guest/in_turn.sh. One that the machine did not live to see end has failed.
count_together()
{
	local name log status before=${#failures[@]}

	for name in ${1//+/ }; do
		log=$LOGS/test-$name.log
		sed -n "/^==== $name ====\$/,/^==== $name: status [0-9]* ====\$/p" "$2" >"$log"
		status=$(sed -n "s/^==== $name: status \([0-9]*\) ====\$/\1/p" "$log")
		count "$name" "$log" "${status:-125}"
	done
	# The kernel's log, which names the group.
	[ "$3" -eq 0 ] || [ ${#failures[@]} -gt "$before" ] || {
		failed=$((failed + 1))
		failures+=("$1: ended with status $3; read $2")
	}
}

# start NAME: a group in the background.
start()
{
	group_command "$1"
	! is_quiet "$1" || CMD=(nice -n 19 "${CMD[@]}")
	note "test group $1: started"
	"${CMD[@]}" >"$LOGS/test-$1.log" 2>&1 </dev/null &
	running[$!]=$1
}

# room NAME: whether that group may start now.
room()
{
	local name nr=0 jobs=$JOBS

	for name in "${running[@]}"; do
		is_quiet "$name" || nr=$((nr + 1))
	done
	! is_alone "$1" && ! is_alone "$last" || jobs=1
	is_quiet "$1" || [ $nr -lt "$jobs" ]
}

# collect: waits for a group, prints what it said, counts.
collect()
{
	local pid=0 status=0 name

	wait -n -p pid || status=$?
	name=${running[$pid]}
	unset "running[$pid]"
	printf '\n---- %s ----\n' "$name"
	cat "$LOGS/test-$name.log"
	case $name in
	*+*) count_together "$name" "$LOGS/test-$name.log" $status ;;
	*) count "$name" "$LOGS/test-$name.log" $status ;;
	esac
}

# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(all_groups)
# Before anything is built: -h and what is no group.
for name; do
	group_command "$name" || usage "$0"
done
mkdir -p "$LOGS"
# What runs in the background does not hear of Ctrl-C.
trap 'kill "${!running[@]}" 2>/dev/null; wait; exit 130' INT TERM
[ "$*" = static ] || [ "$*" = cost ] || "$LAB/build.sh" || exit
# Made by whom needs it first; two would wait for each other's output.
case " $* " in
*' static '*|*' cost '*) note "making sure of the lab's full root"
	"$LAB/root.sh" full >/dev/null || exit ;;
esac
for name; do
	until room "$name"; do
		collect
	done
	start "$name"
	is_quiet "$name" || last=$name
done
while [ ${#running[@]} -gt 0 ]; do
	collect
done

[ ${#failures[@]} -eq 0 ] || printf 'FAILED %s\n' "${failures[@]}"
[ ${#skips[@]} -eq 0 ] || printf 'SKIPPED %s\n' "${skips[@]}"
printf '%d passed, %d failed' $passed $failed
[ $skipped -eq 0 ] || printf ', %d skipped' $skipped
printf '\n'
[ $failed -eq 0 ]
