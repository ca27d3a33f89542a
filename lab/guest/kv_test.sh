#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The key-value store, asked over UDP from the peer's port by a client that was
# written from memcached's description of its protocol. First, the same client and
# Debian's memcached over Linux's own sockets: that shows what the client is worth.
. "$(dirname "$0")/lib.sh"

CLIENT=/project/lab/guest/kv_client.py
KVSTORE=/project/build/userspace/bin/kvstore
PORT=11211

# client NAME COMMAND...: its checks as ours.
client()
{
	local name=$1 line nr=0

	shift
	while read -r line; do
		case $line in
		ok\ *) ok "$name: ${line#* - }" ;;
		not\ ok*) not_ok "$name: ${line#* - }" ;;
		1..*) nr=${line#1..} ;;
		*) echo "$line" ;;
		esac
	done < <("$@" 2>&1)
	# One that ended early printed no plan.
	[ "$nr" -gt 0 ] || not_ok "$name: the client ran to its end"
}

# One thread: several would answer requests of one client out of order.
memcached -t 1 -u nobody -p 0 -U $PORT -l 127.0.0.1 -m 64 &
reference=$!
eventually 5 grep -q ":$(printf %04X $PORT) " /proc/net/udp || bail "memcached runs"
client "memcached" "$CLIENT" --lenient --keys 5000 127.0.0.1 $PORT
kill $reference
wait $reference 2>/dev/null

setup
link_back || bail "the peer answers"
"$KVSTORE" -c 18 -w 2 -n 1024 "$DEV0" $PORT >/out/kvstore.out 2>/out/kvstore.err &
store=$!
eventually 10 grep -q ready /out/kvstore.out || bail "kvstore starts: $(cat /out/kvstore.err)"
check "both workers have the hardware lane" \
	[ "$(grep -c 'hardware lane' /out/kvstore.err)" -eq 2 ]
client "kvstore" peer "$CLIENT" --keys 100000 "$ADDR0" $PORT,$((PORT + 1))
kill -INT $store
wait $store
equal "kvstore ends with status 0" 0 $?
diag "$(cat /out/kvstore.err)"
check "no reply was dropped" grep -q ' 0 dropped' /out/kvstore.err
finish
