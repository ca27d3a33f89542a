#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/cost.sh
# Prints what operations of the pure core cost, in instructions counted by callgrind in
# the lab's root, so always by the same compiler: a change is seen in review. There is
# no figure that would make this fail.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

"$LAB/chroot.sh" full make -s --no-print-directory -C userspace/tests/pure \
	O=/project/build/pure-cost cost
echo "ok 1 - instructions of the pure core are counted"
