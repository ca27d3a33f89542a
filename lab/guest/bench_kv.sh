#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/bench_kv.sh REQUESTS CAPACITY...
# What a request costs the key-value store to receive, to process and to transmit,
# for tables of 2^CAPACITY entries that are three quarters full: 90 % get, 10 % set,
# random keys, from the peer's port. A table that would take more than three quarters
# of the free memory is left out.
. "$(dirname "$0")/lib.sh"

KVSTORE=/project/build/userspace/bin/kvstore
LOAD=/project/build/userspace/tests/kv_load
PORT=11211
# With --bench an item is 64 bytes.
ITEM_LEN=64

REQUESTS=$1
shift

# free_bytes: what three quarters of the free memory are.
free_bytes()
{
	awk '$1 == "MemAvailable:" { print int($2 * 1024 / 4 * 3) }' /proc/meminfo
}

# bench CAPACITY: one row.
bench()
{
	local items=$(((1 << $1) / 4 * 3)) said store

	if [ $(((1 << $1) * ITEM_LEN)) -gt "$(free_bytes)" ]; then
		diag "2^$1 entries do not fit into this machine's memory"
		return 0
	fi
	# Here, not where it is started: what the one before said is not to be read.
	: >/out/kv.out
	"$KVSTORE" --bench -c "$1" -f $items -n 1024 "$DEV0" $PORT \
		>>/out/kv.out 2>/out/kv.err &
	store=$!
	if ! eventually 900 grep -q ready /out/kv.out; then
		kill -KILL $store 2>/dev/null
		wait $store 2>/dev/null
		not_ok "2^$1 entries: kvstore starts"
		diag "$(cat /out/kv.err)"
		return 1
	fi
	said=$(peer "$LOAD" --keys=$items --requests="$REQUESTS" "$ADDR0" $PORT)
	equal "2^$1 entries: every request answered" 0 $?
	kill -INT $store
	wait $store
	diag "$said"
	# The heading once, then a row each.
	sed -n "/capacity/{${heading:+d}};/ready/d;s/^/# /p" /out/kv.out
	heading=shown
}

heading=""
setup
link_back || bail "the peer answers"
for capacity; do
	bench "$capacity"
done
finish
