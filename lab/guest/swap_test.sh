#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire0 gen --wire1 none
#
# The echo in place, a million datagrams in the hardware lane: the page that a
# datagram came in is turned round and sent itself. What comes back is as it should
# be, all of it but for what the private queue of the shared lane counts as dropped,
# and no page changes hands for good.
. /project/lab/guest/lib.sh

SWAP=/project/build/userspace/tests/udp_swap
ATMO=/project/build/userspace/bin/atmo
PORT=7310 FIRST=10
export GEN_TIMEOUT=150

# buffers: of the only instance, by owner, one a line.
buffers()
{
	"$ATMO" status --json | grep -o '"pages":[0-9]*,"buffers":{[^}]*}'
}

# sum BUFFERS: of all owners.
sum()
{
	local n total=0

	for n in $(sed 's/.*{//' <<<"$1" | grep -o '[0-9]*'); do
		total=$((total + n))
	done
	echo $total
}

# back_to BUFFERS: they are as they were.
back_to()
{
	[ "$(buffers)" = "$1" ]
}

# dropped OUT REASON: how often, as udp_swap counted.
dropped()
{
	local n

	n=$(sed -n "s/^dropped \([0-9]*\) $2\$/\1/p" "$1")
	echo "${n:-0}"
}

# start LANE: sets PID and OUT.
start()
{
	OUT=/tmp/swap-$1.out
	"$SWAP" -l "$1" -n 1024 "$DEV0" $PORT >"$OUT" 2>&1 &
	PID=$!
	eventually 10 grep -q ready "$OUT" || bail "$1 lane: $(<"$OUT")"
	# Linux asks for the generator's address once.
	gen_run 0 count=$FIRST rate=100 dport=$PORT match=echo >/dev/null
	sleep 0.5
	BEFORE=$(buffers)
	equal "$1 lane: every page has an owner" 1024 "$(sum "$BEFORE")"
}

# stop LANE COUNT: what went through it all in all.
stop()
{
	check "$1 lane: each owner has as many pages as before" eventually 5 back_to "$BEFORE"
	kill "$PID"
	wait "$PID" || not_ok "$1 lane: udp_swap ended with an error"
	equal "$1 lane: nothing was refused" "" \
		"$(grep -E 'dropped|error' "$OUT" | grep -v rx_queue_full)"
	equal "$1 lane: as many were sent as received, others counted as drops" "$2" \
		$(($(sed -n 's/^received \([0-9]*\) sent \1 .*/\1/p' "$OUT") +
		   $(dropped "$OUT" rx_queue_full)))
}

# all_back LANE SETTING...: nothing is lost.
all_back()
{
	local lane=$1 said

	shift
	said=$(gen_run 0 "$@" flows=64 size=imix dport=$PORT match=echo)
	equal "$lane lane: $* came back, right in every byte" true "$(gen_get "$said" clean)"
	diag "$said"
}

# overload LANE SETTING...: more than it can take; what comes back is right.
overload()
{
	local lane=$1 said what

	shift
	said=$(gen_run 0 "$@" flows=64 size=imix dport=$PORT match=echo)
	for what in corrupt duplicates misdirected; do
		equal "$lane lane: $*: $what" 0 "$(gen_get "$said" $what)"
	done
	diag "$said"
}

# As where ixgbe sends: fq_codel would drop what waits on a slow machine.
sysctl -q net.core.default_qdisc=pfifo_fast
load_modules || bail "our modules load"
setup_port0 || bail "port 0 comes up under atmo_ixgbe"
wait_carrier "$DEV0" || bail "port 0 has carrier"
start hardware
all_back hardware count=1000000 rate=max
stop hardware $((FIRST + 1000000))
start shared
all_back shared count=10000 rate=1000
overload shared count=300000 rate=max
stop shared $((FIRST + 310000))
finish
