#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire0 gen --wire1 none
#
# The echo in place, a million datagrams in the hardware lane: the page that a
# datagram came in is turned round and sent itself. What comes back is as it should
# be, all of it but for what the private queue of the shared lane counts as dropped,
# and no page changes hands for good. Runs go as fast as the ring takes them, so what
# is lost is lost by us.
. /project/lab/guest/lib.sh

SWAP=/project/build/userspace/tests/udp_swap
ATMO=/project/build/userspace/bin/atmo
PORT=7310 FIRST=10 PAGES=1024
export GEN_TIMEOUT=600

# buffers: of the only instance, by owner, one a line.
buffers()
{
	"$ATMO" status --json | grep -o '"pages":[0-9]*,"buffers":{[^}]*}'
}

# settled: nothing is being sent, and no page changes hands. Sets BEFORE.
settled()
{
	BEFORE=$(buffers)
	[[ $BEFORE == *'"tx":0,'* ]] && sleep 0.3 && [ "$(buffers)" = "$BEFORE" ]
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
	launch "$OUT" ready "$SWAP" -l "$1" -n $PAGES "$DEV0" $PORT || bail "$1 lane"
	PID=$pid
	# Linux asks for the generator's address once.
	gen_run 0 count=$FIRST rate=100 dport=$PORT match=echo >/dev/null
	eventually 20 settled || bail "$1 lane: comes to rest: $(buffers)"
}

# stop LANE COUNT: what went through it all in all.
stop()
{
	check "$1 lane: each owner has as many pages as before" eventually 20 back_to "$BEFORE"
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
	said=$(gen_run 0 "$@" rate=max drain_ms=10000 flows=64 size=imix dport=$PORT match=echo)
	equal "$lane lane: $* came back, right in every byte" true "$(gen_get "$said" clean)"
	diag "$said"
}

# rounds NUMBER SETTING...: runs, each to its end before the next
rounds()
{
	local i said

	for i in $(seq "$1"); do
		said=$(gen_run 0 "${@:2}" rate=max drain_ms=10000 flows=64 size=imix \
			dport=$PORT match=echo)
		[ "$(gen_get "$said" clean)" = true ] ||
			{ echo "round $i: $said"; return 1; }
	done
}

# overload LANE SETTING...: more than it can take; what comes back is right.
overload()
{
	local lane=$1 said what

	shift
	said=$(gen_run 0 "$@" rate=max drain_ms=5000 flows=64 size=imix dport=$PORT match=echo)
	for what in corrupt duplicates misdirected; do
		equal "$lane lane: $*: $what" 0 "$(gen_get "$said" $what)"
	done
	diag "$said"
}

load_modules || bail "our modules load"
setup_port0 || bail "port 0 comes up under atmo_ixgbe"
wait_carrier "$DEV0" || bail "port 0 has carrier"
long_queue "$DEV0" || bail "a long queue"
start hardware
all_back hardware count=1000000
stop hardware $((FIRST + 1000000))
start shared
# As many as the private queue holds: none is dropped, however long udp_swap sleeps.
check "shared lane: 10 rounds of 1000 came back, right in every byte" \
	rounds 10 count=1000
overload shared count=300000
stop shared $((FIRST + 310000))
finish
