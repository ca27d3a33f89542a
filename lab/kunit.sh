#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/kunit.sh [SUITE...]
# Builds the modules and the KUnit suites in kunit/ against the KUnit kernel,
# boots it without a NIC, and runs the suites (default: all). Their KTAP is
# printed as the kernel prints it, each suite by itself.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

"$LAB/deps.sh"
# Says by itself how it goes: the first time takes minutes.
"$LAB/kunit-kernel.sh" --build-dir >/dev/null
note "building the modules and suites for the KUnit kernel"
logged "$LOGS/build-kmod-kunit.log" "$LAB/kmod.sh" kunit

# A suite that Kbuild doesn't know would go missing without a word.
for source in "$PROJECT"/kunit/*_test.c; do
	suite=$(basename "$source" _test.c)
	[ -e "$BUILD/kmod-kunit/kunit/${suite}_test.ko" ] ||
		die "kunit/${suite}_test.c was not built" "add it to kunit/Kbuild"
	suites+=("$suite")
done
[ $# -gt 0 ] || set -- "${suites[@]}"
exec "$LAB/vm.sh" --kernel kunit --no-nic --timeout 900 --name kunit \
	--append kunit.enable=1 "$LAB/guest/kunit.sh" "$@"
