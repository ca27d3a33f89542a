# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the lab shares: where things are, progress lines,
# errors. Source it; it sets no option and runs nothing.

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB=$PROJECT/lab
CACHE=${ATMO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/atmo}
BUILD=$PROJECT/build
LOGS=$BUILD/log
# Elapsed times count from the outermost script.
export ATMO_T0=${ATMO_T0:-$(date +%s)}
export ATMO_CACHE=$CACHE

# note TEXT...: a progress line with the time since the start, on stderr so
# that it never mixes with a script's result.
note()
{
	printf '[%4d s] %s\n' $(($(date +%s) - ATMO_T0)) "$*" >&2
}

# die WHAT HINT [STATUS]: what went wrong, and what to do about it.
die()
{
	printf 'ERROR: %s; %s\n' "$1" "$2" >&2
	exit "${3:-1}"
}

# usage FILE: prints the comment at the head of a script as its help.
usage()
{
	sed -n '/^# usage:/,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1" >&2
	exit 2
}

# logged LOG CMD...: runs quietly; on failure shows the end of the log.
logged()
{
	local log=$1 status=0

	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ $status -ne 0 ]; then
		tail -n 25 "$log" | sed 's/^/    /' >&2
		printf 'ERROR: %s failed with status %d; read %s\n' \
		       "${1##*/}" $status "$log" >&2
	fi
	return $status
}

# hash FILE|STRING...: a short key over files' contents and plain strings.
hash()
{
	local arg

	for arg in "$@"; do
		if [ -f "$arg" ]; then
			cat "$arg"
		else
			printf '%s\n' "$arg"
		fi
	done | sha256sum | cut -c1-12
}

# locked FILE: holds a lock until the calling shell exits. The descriptor is
# not passed on to children started with `8>&-`.
locked()
{
	mkdir -p "$(dirname "$1")"
	exec 8>"$1"
	if ! flock -n 8; then
		note "waiting for another run that holds $1"
		flock 8
	fi
}
