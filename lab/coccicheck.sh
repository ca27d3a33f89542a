#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/coccicheck.sh FILE...
# Inside the lab's full root: runs the kernel's semantic patches over the files,
# which are named one by one as in a directory that is not the kernel's spatch finds
# none, and prints what they report. Fails if that is anything, a script that can't
# be run included. docs/checks.md says which are left out.
set -uo pipefail

SCRIPTS=/usr/src/linux-scripts/coccinelle
SKIP='/(check_bq27xxx_data|badzero|minmax)\.cocci$'

# run_script SCRIPT FILE...: with the options that the script asks for.
run_script()
{
	local said status=0 options=()

	read -ra options < <(sed -n 's/.*Options: *//p' "$1") || true
	said=$(spatch -D report --no-show-diff --very-quiet "${options[@]}" \
		--cocci-file "$1" "${@:2}" 2>&1) || status=$?
	# Of the script, not of what it is run on.
	said=$(grep -v '^warning: line [0-9]*: should .* be a metavariable?$' <<<"$said")
	[ -n "$said" ] || [ $status -ne 0 ] || return 0
	echo "WARNING: ${1##*/}, status $status:"
	echo "$said"
	return 1
}

export -f run_script
[ $# -gt 0 ] || exit 2
mapfile -t scripts < <(cd $SCRIPTS && find api free iterators locks misc null tests \
	-name '*.cocci' | grep -vE "$SKIP" | sort)
[ ${#scripts[@]} -ge 50 ] || { echo "ERROR: no semantic patches in $SCRIPTS"; exit 1; }
cd /project || exit
printf "$SCRIPTS/%s\n" "${scripts[@]}" |
	xargs -P "$(nproc)" -I '{}' bash -c 'run_script "$@"' coccicheck '{}' "$@" || exit
echo "${#scripts[@]} semantic patches, $# files"
