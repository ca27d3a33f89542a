#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/static.sh
# The static checks of docs/checks.md, one TAP line each. Each builds in a place
# of its own, so that what is already built can't hide a warning. What has passed is
# remembered in the cache, and not run again on the very same input.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

nr=0 failed=0
# The files that the next checks depend on, as patterns of git's; documents never count.
INPUT=(.)
ROOT=$("$LAB/root.sh" full) || exit

# memory CMD...: the file whose presence says that this command has passed. Its name
# is made from all that the result depends on: the files of INPUT, the tools, the
# kernels. None if one of these can't be read. Where the project lies is no part of it,
# so commands are functions of this script, which name no place.
memory()
{
	local sum

	sum=$({
		printf '%s\n' "$@" && cat "$ROOT/var/lib/dpkg/status" && ls "$ROOT/usr/src" &&
			cd "$PROJECT" && git ls-files -z --cached --others --exclude-standard -- \
				"${INPUT[@]}" ':!*.md' | sort -zu | xargs -0 sha256sum
	} | sha256sum) && echo "$CACHE/passed-${sum:0:32}"
}

# check NAME CMD...: passes when the command succeeds and its output has no
# line that looks like a complaint.
check()
{
	local name=$1 log memory status=0

	shift
	nr=$((nr + 1))
	log=$LOGS/static-$nr.log
	memory=$(memory "$@")
	if [ -e "$memory" ]; then
		echo "# has passed, $(date -r "$memory" -I), on the very same input"
		echo "ok $nr - $name"
		return
	fi
	note "static check: $name"
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ $status -eq 0 ] && ! grep -qE '(warning|error|WARNING|ERROR|CHECK):' "$log"; then
		echo "ok $nr - $name"
		# Unless somebody has edited meanwhile.
		[ -z "$memory" ] || [ "$memory" != "$(memory "$@")" ] || : >"$memory"
		return
	fi
	failed=1
	grep -E -A 3 '(warning|error|WARNING|ERROR|CHECK):' "$log" | head -n 40 | sed 's/^/# /'
	echo "not ok $nr - $name # status $status, $log"
	return 1
}

# memories CMD... -- FILE...: a line for each, its memory: see memory.
memories()
{
	local cmd=() tools sum file

	while [ "$1" != -- ]; do
		cmd+=("$1")
		shift
	done
	shift
	tools=$(memory "${cmd[@]}") || return
	while read -r sum file; do
		echo "$file $CACHE/passed-$(hash "$tools $sum $file")"
	done < <(cd "$PROJECT" && sha256sum "$@")
}

# check_each NAME CMD... -- FILE...: a check that looks at one file at a time, and what
# of INPUT it needs for all of them. It is given those that have not passed before.
check_each()
{
	local name=$1 cmd=() before file memory left=() new=() for_all=("${INPUT[@]}") status=0

	shift
	before=$(memories "$@")
	while [ "$1" != -- ]; do
		cmd+=("$1")
		shift
	done
	shift
	while read -r file memory; do
		[ -e "$memory" ] && continue
		left+=("$file")
		new+=("$memory")
	done <<<"$before"
	[ -n "$before" ] || left=("$@") new=()
	if [ ${#left[@]} -eq 0 ]; then
		nr=$((nr + 1))
		echo "# its $# files have passed as they are"
		echo "ok $nr - $name"
		return
	fi
	INPUT+=("${left[@]}")
	check "$name" "${cmd[@]}" "${left[@]}" || status=$?
	INPUT=("${for_all[@]}")
	[ $status -eq 0 ] && [ "$before" = "$(memories "${cmd[@]}" -- "$@")" ] || return
	[ ${#new[@]} -eq 0 ] || touch "${new[@]}"
}

# c_files PATTERN...: the project's C files that git's patterns name.
c_files()
{
	(cd "$PROJECT" && git ls-files -- "$@" | grep '\.[ch]$')
}

scripts()
{
	(cd "$PROJECT" && git grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell' -- lab .ci userspace)
}

# docs/checks.md gives the reason for each.
IGNORE=FILE_PATH_CHANGES,MAINTAINERS,CONFIG_DESCRIPTION
IGNORE_USER=$IGNORE,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,BIT_MACRO
IGNORE_USER=$IGNORE_USER,CAMELCASE,VOLATILE
SHIMS=(atmo_portmgr/compat.h atmo_stack/pure.h atmo_stack/qdisc.c
       userspace/tests/pure/shim/linux/export.h)
IGNORE_SHIMS=$IGNORE,LINUX_VERSION_CODE,CONSTANT_COMPARISON,VOLATILE
IGNORE_SHIMS=$IGNORE_SHIMS,MEMORY_BARRIER,MACRO_ARG_REUSE,MACRO_ARG_UNUSED
IGNORE_SHIMS=$IGNORE_SHIMS,EXPORT_SYMBOL,CAMELCASE
TRACE=(atmo_demux/trace.h)
IGNORE_TRACE=$IGNORE,COMPLEX_MACRO,MACRO_ARG_UNUSED,TRAILING_SEMICOLON
IGNORE_TRACE=$IGNORE_TRACE,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE

# checkpatch IGNORED FILE...
checkpatch()
{
	local ignored=$1

	shift
	"$LAB/chroot.sh" full perl /usr/src/linux-scripts/checkpatch.pl \
		--no-tree --strict --terse --show-types --quiet --file \
		--ignore "$ignored" "$@"
}

modules()
{
	local kernel=$1

	shift
	ATMO_KMOD_DIR=$BUILD/static/kmod-$kernel "$LAB/kmod.sh" "$kernel" "$@"
}

cocci()
{
	"$LAB/chroot.sh" full bash /project/lab/coccicheck.sh "$@"
}

shell()
{
	"$LAB/chroot.sh" full shellcheck -x -S warning "$@"
}

programs()
{
	rm -rf "$BUILD/static/$1"
	"$LAB/chroot.sh" full make -C userspace CC="$1" O="/project/build/static/$1" &&
		"$LAB/chroot.sh" full make -C userspace/nic82599 CC="$1" \
			O="/project/build/static/$1/nic82599"
}

spdx()
{
	local file bad=0

	cd "$PROJECT" || return
	while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier:' && continue
		echo "ERROR: $file has no SPDX line"
		bad=1
	done < <(git ls-files '*.c' '*.h' '*.sh' '*.py' '*Makefile' '*Kbuild')
	return $bad
}

mkdir -p "$LOGS"
rm -rf "$BUILD/static"
find "$CACHE" -maxdepth 1 -name 'passed-*' -mtime +30 -delete
INPUT=(. ':!userspace' ':!lab/guest')
for kernel in 6.1 7.3; do
	check "modules build without a warning, W=1, Linux $kernel" modules $kernel W=1
done
check "modules build without a warning, W=1 and sparse, Linux 6.12" \
	modules 6.12 W=1 C=2 CF=-D__CHECK_ENDIAN__
INPUT=(lab/static.sh lab/chroot.sh)
mapfile -t files < <(c_files . ':!userspace' "${SHIMS[@]/#/:!}" "${TRACE[@]/#/:!}")
check_each "checkpatch --strict, kernel side" checkpatch $IGNORE -- "${files[@]}"
check_each "checkpatch --strict, shims" checkpatch $IGNORE_SHIMS -- "${SHIMS[@]}"
check_each "checkpatch --strict, tracepoints" checkpatch $IGNORE_TRACE -- "${TRACE[@]}"
mapfile -t files < <(c_files userspace "${SHIMS[@]/#/:!}")
check_each "checkpatch --strict, user space" checkpatch $IGNORE_USER -- "${files[@]}"
# Some semantic patches want headers.
INPUT=(lab/static.sh lab/chroot.sh lab/coccicheck.sh '*.h' ':!userspace')
mapfile -t files < <(c_files atmo_* kunit | grep '\.c$')
check_each coccicheck cocci -- "${files[@]}"
INPUT=(. ':!lab/guest' ':!kunit')
check "programs build with gcc" programs gcc
check "programs build with clang" programs clang
INPUT=(.)
# shellcheck disable=SC2046
check "shellcheck" shell $(scripts)
check "SPDX lines" spdx
exit $failed
