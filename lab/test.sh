#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/test.sh [GROUP...]
# Runs the test groups (default: all of them, in the order below), prints what
# each test prints, and ends with one line `N passed, N failed`, followed by
# `, N skipped` where something can't run here. A group is a program that prints
# TAP lines: `ok N - name`, `not ok N - name`, `ok N - name # SKIP reason`.
#   units    user-space tests: device model, library, pure core
#   static   W=1, sparse, checkpatch, clang; every supported kernel
#   selftest the lab itself: hangs, warnings, failures are seen
#   kunit    KUnit suites in a VM
#   NAME     lab/guest/NAME_test.sh in a VM: Linux's own ixgbe on the device
#            model, our driver as a network device, bad input, isolation, ...
#   pci_iommu, pci_intx  the device model behind an IOMMU, and without MSI
#   lane_vanish  the NIC disappears under traffic
#   demo     `make demo`
set -uo pipefail
. "$(dirname "$0")/lib.sh"

VM_LIMIT=900 CMD=()
passed=0 failed=0 skipped=0 failures=() skips=()

all_groups()
{
	local script

	echo units static selftest kunit
	for script in "$LAB"/guest/*_test.sh; do
		basename "$script" _test.sh
	done
	echo pci_iommu pci_intx lane_vanish demo
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

# group_command NAME: into CMD.
group_command()
{
	case $1 in
	units|static|selftest|kunit) CMD=("$LAB/$1.sh") ;;
	demo) CMD=("$LAB/demo.sh" --tap) ;;
	pci_iommu) in_vm --iommu --name "$1" -- pci iommu ;;
	pci_intx)
		in_vm --append pci=nomsi --allow-log "Failed to allocate MSI" \
			--name "$1" -- pci intx
		;;
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

# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(all_groups)
[ "$*" = static ] || "$LAB/build.sh" || exit
mkdir -p "$LOGS"
for name; do
	group_command "$name" || usage "$0"
	note "test group $name"
	log=$LOGS/test-$name.log
	"${CMD[@]}" 2>&1 </dev/null | tee "$log"
	count "$name" "$log" "${PIPESTATUS[0]}"
done

[ ${#failures[@]} -eq 0 ] || printf 'FAILED %s\n' "${failures[@]}"
[ ${#skips[@]} -eq 0 ] || printf 'SKIPPED %s\n' "${skips[@]}"
printf '%d passed, %d failed' $passed $failed
[ $skipped -eq 0 ] || printf ', %d skipped' $skipped
printf '\n'
[ $failed -eq 0 ]
