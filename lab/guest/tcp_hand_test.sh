#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP segments of a connection, against Linux's TCP on the peer's port: handshakes
# from both sides, data both ways at once, close; in both lanes, over IPv6, and with
# segments lost in both directions.
. "$(dirname "$0")/lib.sh"

HAND=/project/build/userspace/tests/tcp_hand
TCP_PEER=/project/lab/guest/tcp_peer.py
ADDR6=fd82::1
PEER6=fd82::2
port=7000

# verdict NAME HAND_STATUS PEER_STATUS
verdict()
{
	if [ "$2" -eq 0 ] && [ "$3" -eq 0 ]; then
		ok "$1"
	else
		not_ok "$1: tcp_hand ended with $2, its peer with $3"
	fi
	diag "$(cat /out/hand /out/peer)"
}

# passive NAME ADDRESS SEND RECEIVE OPTIONS...: the peer connects to us.
passive()
{
	local name=$1 addr=$2 send=$3 receive=$4 hand status

	shift 4
	port=$((port + 1))
	launch /out/hand lane "$HAND" "$@" listen "$DEV0" $port "$send"
	hand=$pid
	peer "$TCP_PEER" connect "$addr" $port "$receive" "$send" >/out/peer 2>&1
	status=$?
	wait $hand
	verdict "$name" $? $status
}

# active NAME ADDRESS SEND RECEIVE OPTIONS...: we connect to the peer.
active()
{
	local name=$1 addr=$2 send=$3 receive=$4 status listener

	shift 4
	port=$((port + 1))
	launch /out/peer ready ip netns exec "$PEER" "$TCP_PEER" listen "$addr" $port \
		"$receive" "$send"
	listener=$pid
	"$HAND" "$@" connect "$DEV0" "$addr" $port "$send" >/out/hand 2>&1
	status=$?
	# Without a connection it would wait for one for ever.
	[ $status -eq 0 ] || kill $listener
	wait $listener
	verdict "$name" $status $?
}

# tcp_errors: segments that the peer's Linux found broken.
tcp_errors()
{
	peer awk '$1 == "Tcp:" && $2 != "RtoAlgorithm" { print $(NF - 2) + $NF }' /proc/net/snmp
}

setup
link_back || bail "the peer answers"
ip -6 addr add $ADDR6/64 dev "$DEV0" nodad
peer ip -6 addr add $PEER6/64 dev "$DEV1" nodad

active "active, hardware lane: 200,000 bytes each way" "$ADDR1" 200000 200000 -l hardware
check "and it had the hardware lane" grep -q 'hardware lane' /out/hand
passive "passive, hardware lane: 200,000 bytes each way" "$ADDR0" 200000 200000
check "and it had the hardware lane" [ "$(grep -c 'hardware lane' /out/hand)" -ge 1 ]
active "active, shared lane: 100,000 bytes each way" "$ADDR1" 100000 100000 -l shared
passive "passive, shared listener: 100,000 bytes each way" "$ADDR0" 100000 100000 -l shared
active "nothing but handshake and close" "$ADDR1" 0 0
passive "nothing but handshake and close, passive" "$ADDR0" 0 0
active "one byte out, a whole window in" "$ADDR1" 1 65535
passive "a window out, one byte in" "$ADDR0" 65535 1
active "IPv6, active: 50,000 bytes each way" $PEER6 50000 50000
passive "IPv6, passive: 50,000 bytes each way" $ADDR6 50000 50000 -6
equal "Linux found no segment broken" 0 "$(tcp_errors)"

modprobe sch_netem || bail "netem"
peer tc qdisc add dev "$DEV1" root netem loss 3%
active "active, 3 % lost in, every 20th out" "$ADDR1" 50000 50000 -d 20
check "segments were sent again" grep -qE 'received 50000, [1-9][0-9]* again' /out/hand
passive "passive, 3 % lost in, every 20th out" "$ADDR0" 50000 50000 -d 20
peer tc qdisc del dev "$DEV1" root

check_fails "a port where nobody listens refuses" "Connection refused" \
	"$HAND" connect "$DEV0" "$ADDR1" 9 1
finish
