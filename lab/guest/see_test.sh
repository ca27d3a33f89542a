#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/see_test.sh [PART...]
# The atmo tool and what it is told by: status, stop, watch, capture, tracepoints.
# PART (default: all): status stop watch capture overflow rights trace hostile
. "$(dirname "$0")/lib.sh"

BIN=/project/build/userspace
ATMO=$BIN/bin/atmo
LOAD=$BIN/tests/udp_load
ECHO=$BIN/bin/udp_echo
PACKETS=500
HARDWARE=7001 SHARED=7002
NOBODY=(setpriv --reuid=nobody --regid=nogroup --clear-groups)

# start_echo LANE PORT [CMD...]: an echo of 256 pages, by way of CMD; sets $pid.
start_echo()
{
	local lane=$1 port=$2

	shift 2
	launch "/tmp/echo-$port" lane "$@" "$ECHO" -l "$lane" -n 256 "$DEV0" "$port"
}

# stop_echo PID PORT: prints what it has counted.
stop_echo()
{
	kill -TERM "$1"
	wait "$1" 2>/dev/null
	# A subshell, where this often runs, can't wait for it.
	eventually 20 sh -c "! kill -0 $1 2>/dev/null"
	sed -n 's/^udp_echo: received \([0-9]*\), sent \([0-9]*\)$/\1 \2/p' "/tmp/echo-$2"
}

load()
{
	peer "$LOAD" -c "$PACKETS" -w 16 --sizes=64 "$ADDR0" "$1"
}

# j EXPRESSION: of what `atmo status --json` says. In Python; i(PORT) is an
# instance, p the first port.
j()
{
	"$ATMO" status --json | python3 -c '
import json, sys
d = json.load(sys.stdin)
p = d["ports"][0] if d["ports"] else None
def i(port):
    return next(x for x in d["instances"] if x["local"]["port"] == port)
print(eval(sys.argv[1]))' "$1"
}

test_status()
{
	local hardware shared

	check "the tool runs" "$ATMO" --version
	equal "a port without instances" "0 0" "$(j 'p["instances"], p["lanes"]' | tr -d '(),')"
	equal "and no instance" 0 "$(j 'len(d["instances"])')"
	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid
	start_echo shared $SHARED "${NOBODY[@]}" || bail "echo in the shared lane"
	shared=$pid
	check "load in the hardware lane" load $HARDWARE
	check "load in the shared lane" load $SHARED
	"$ATMO" status | sed 's/^/# /'
	"$ATMO" status --json | sed 's/^/# /'
	equal "device" "$DEV0" "$(j 'p["device"]')"
	equal "instances of the port" 2 "$(j 'p["instances"]')"
	equal "lanes of the port" "1 $(ethtool -S "$DEV0" | awk '$1 == "lanes_max:" { print $2 }')" \
		"$(j 'f"{p["lanes"]} {p["max_lanes"]}"')"
	equal "frames of the shared lane" "$(ethtool -S "$DEV0" |
		awk '$1 == "demux_taken:" { print $2 }')" "$(j 'p["counters"]["demux_taken"]')"
	equal "lanes" "hardware asked shared asked" "$(j \
		'" ".join(i(n)[k] for n in ('$HARDWARE,$SHARED') for k in ("lane", "lane_reason"))')"
	equal "queues" "True None" \
		"$(j 'f"{i('$HARDWARE')["queues"]["rx"] > 0} {i('$SHARED')["queues"]}"')"
	equal "owners" "udp_echo $hardware 0 udp_echo $shared $(id -u nobody)" "$(j \
		'" ".join(str(i(n)["owner"][k]) for n in ('$HARDWARE,$SHARED')
			for k in ("program", "pid", "uid"))')"
	equal "addresses" "$ADDR0 $ADDR0 None" "$(j \
		'f"{i('$HARDWARE')["local"]["address"]} {i('$SHARED')["local"]["address"]} {i('$SHARED')["remote"]}"')"
	equal "states" "works works" "$(j '" ".join(x["state"] for x in d["instances"])')"
	equal "every page is somebody's" "256 256" \
		"$(j '" ".join(str(sum(x["buffers"].values())) for x in d["instances"])')"
	equal "packets and bytes" "$PACKETS $((64 * PACKETS)) $PACKETS $((64 * PACKETS))" "$(j \
		'" ".join(str(i('$HARDWARE')[k]) for k in
			("rx_packets", "rx_bytes", "tx_packets", "tx_bytes"))')"
	equal "by copying or by remapping, shared lane only" "0 $PACKETS" "$(j \
		'" ".join(str(i(n)["rx_copied"] + i(n)["rx_remapped"]) for n in ('$HARDWARE,$SHARED'))')"
	equal "no drops" 0 "$(j 'sum(sum(x["drops"].values()) for x in d["instances"])')"
	check "for people" sh -c "'$ATMO' status | grep -q 'hardware lane (asked for), receive queue'"
	equal "an unprivileged user sees the same" "$("$ATMO" status --json)" \
		"$("${NOBODY[@]}" "$ATMO" status --json)"
	equal "the peer's network namespace sees nothing" "0 0" \
		"$(ip netns exec "$PEER" "$ATMO" status --json |
		   python3 -c 'import json, sys; d = json.load(sys.stdin)
print(len(d["ports"]), len(d["instances"]))')"
	equal "the socket has counted the same, hardware lane" \
		"$(j 'f"{i('$HARDWARE')["rx_packets"]} {i('$HARDWARE')["tx_packets"]}"')" \
		"$(stop_echo "$hardware" $HARDWARE)"
	equal "the socket has counted the same, shared lane" \
		"$(j 'f"{i('$SHARED')["rx_packets"]} {i('$SHARED')["tx_packets"]}"')" \
		"$(stop_echo "$shared" $SHARED)"
	equal "closed instances are gone" 0 "$(j 'len(d["instances"])')"
}

test_stop()
{
	local hardware shared id

	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid
	start_echo shared $SHARED || bail "echo in the shared lane"
	shared=$pid
	id=$(j 'i('$HARDWARE')["id"]')
	check_fails "stopping without rights" "needs CAP_NET_ADMIN" \
		"${NOBODY[@]}" "$ATMO" stop "$id"
	check_fails "from another network namespace" "no instance $id" \
		ip netns exec "$PEER" "$ATMO" stop "$id"
	check_fails "one that isn't there" "no instance 99999" "$ATMO" stop 99999
	check_fails "nonsense" "'x1' is not the number of an instance" "$ATMO" stop x1
	equal "it still works" works "$(j 'i('$HARDWARE')["state"]')"
	check "stop" "$ATMO" stop "$id"
	wait "$hardware"
	equal "the application is told" "udp_echo: Input/output error" \
		"$(grep -i error /tmp/echo-$HARDWARE)"
	check "the other one goes on" load $SHARED
	equal "it has counted" "$PACKETS $PACKETS" "$(stop_echo "$shared" $SHARED)"
}

test_watch()
{
	local hardware load

	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid
	ip netns exec "$PEER" "$LOAD" --duration=3600 -w 8 -q "$ADDR0" $HARDWARE >/dev/null 2>&1 &
	load=$!
	sleep 0.5
	equal "watch: three tables, the instance in each" "3 3" "$("$ATMO" watch -c 3 0.3 |
		awk '/^ *ID/ { t++ } / udp +'"$ADDR0:$HARDWARE"' +hardware +works / { n++ }
		     END { print t, n }')"
	check "rates are not zero" sh -c "'$ATMO' watch -c 1 0.5 |
		awk '/$HARDWARE/ { exit !(\$6 > 0 && \$8 > 0 && \$10 == 0) }'"
	equal "no escape sequence in a pipe" 0 "$("$ATMO" watch -c 1 0.1 | grep -c $'\033')"
	check_fails "no interval" "must be 0.1 to 3600 seconds" "$ATMO" watch never
	kill -INT $load
	wait $load 2>/dev/null
	stop_echo "$hardware" $HARDWARE >/dev/null
}

CAP=/tmp/atmo.pcapng

# start_capture OPTIONS...: into $CAP; sets $tap.
start_capture()
{
	: >/tmp/capture		# not the word of the one before
	"$ATMO" capture -w $CAP "$@" >/dev/null 2>/tmp/capture &
	tap=$!
	eventually 10 grep -q capturing /tmp/capture || { cat /tmp/capture; return 1; }
}

# end_capture: ends it and waits; what the file says goes to $CAP.json.
end_capture()
{
	local status=0

	kill -INT "$tap" 2>/dev/null
	wait "$tap" || status=$?
	/project/lab/guest/pcapng.py $CAP >$CAP.json || return
	return $status
}

# holds FILE NUMBER: so many packets or more
holds()
{
	[ "$(tcpdump -nr "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

# c EXPRESSION: of what the file says. In Python; p: its packets, d: all.
c()
{
	python3 -c '
import json, sys
d = json.load(open("'$CAP'.json"))
p = d["packets"]
print(eval(sys.argv[1]))' "$1"
}

# captured LANE PORT [NAME]: a whole conversation, compared with what the peer has seen
captured()
{
	local lane=$1 port=$2 name="${3:-}$1" echo dump remapped

	start_echo "$lane" "$port" || bail "echo in the $lane lane"
	echo=$pid
	check "$name: before" load "$port"
	start_capture -U || bail "capture of the $lane lane"
	ip netns exec "$PEER" tcpdump -U -B 8192 -ni "$DEV1" -w /tmp/peer.pcap udp port "$port" \
		2>/tmp/tcpdump &
	dump=$!
	eventually 10 grep -q listening /tmp/tcpdump
	check "$name: load under capture" load "$port"
	check "$name: all of it is in the file" eventually 20 holds $CAP $((2 * PACKETS))
	check "$name: and in the peer's" eventually 20 holds /tmp/peer.pcap $((2 * PACKETS))
	try "$name: capture ends well" end_capture
	kill -INT $dump
	wait $dump
	equal "$name: directions" "$PACKETS $PACKETS" "$(c \
		'" ".join(str(sum(x["direction"] == w for x in p)) for w in ("in", "out"))')"
	equal "$name: statistics" "$((2 * PACKETS)) 0 $((2 * PACKETS))" \
		"$(c 'f"{d["received"]} {d["dropped"]} {d["accepted"]}"')"
	equal "$name: device and version" "$DEV0 $("$ATMO" --version)" \
		"$(c 'f"{d["device"]} {d["program"]}"')"
	equal "$name: times grow" True "$(c 'all(a["time"] <= b["time"] for a, b in zip(p, p[1:]))')"
	equal "$name: tcpdump reads it" $((2 * PACKETS)) \
		"$(tcpdump -nr $CAP udp port "$port" 2>/dev/null | wc -l)"
	equal "$name: tcpdump finds no wrong checksum" 0 \
		"$(tcpdump -vvnr $CAP 2>/dev/null | grep -ci 'bad .*cksum')"
	# By Linux: from the Ethernet type on, as the addresses are Linux's.
	equal "$name: the same bytes as the peer has seen" "$(frames /tmp/peer.pcap "$lane")" \
		"$(frames $CAP "$lane")"
	remapped=$(j 'i('"$port"')["rx_remapped"]')
	[ -z "${3:-}" ] || check "$name: they were" test "$remapped" -ge $((2 * PACKETS))
	stop_echo "$echo" "$port" >/dev/null
}

# frames FILE LANE: a checksum over all frames, sorted
frames()
{
	local from=1

	[ "$2" = hardware ] || from=13
	tcpdump -xx -tnr "$1" 2>/dev/null | awk '/^\t/ { sub(/.*:  */, ""); gsub(/ /, ""); f = f $0; next }
		{ if (f) print f; f = "" } END { print f }' | cut -c $((2 * from - 1))- | sort | md5sum
}

test_capture()
{
	local hardware

	check "the peer completes checksums itself" peer ethtool -K "$DEV1" tx off
	captured hardware $HARDWARE
	captured shared $SHARED
	echo 64 >/sys/module/atmo_stack/parameters/remap_threshold
	captured shared $SHARED "remapped pages: "
	echo 0 >/sys/module/atmo_stack/parameters/remap_threshold

	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid
	start_capture -U -s 60 udp src port $HARDWARE
	check "filtered: load" load $HARDWARE
	check "filtered: all of it is in the file" eventually 20 holds $CAP $PACKETS
	try "filtered: end" end_capture
	equal "filtered: one direction, cut off" "{'out'} {60} {106} $PACKETS" "$(c \
		'f"{set(x["direction"] for x in p)} {set(x["caplen"] for x in p)} {set(x["len"] for x in p)} {len(p)}"')"
	equal "filtered: the filter is noted" "udp src port $HARDWARE 60" \
		"$(c 'f"{d["filter"]} {d["snaplen"]}"')"
	start_capture -c 10
	check "ten packets: load" load $HARDWARE
	check "ten packets: it ends by itself" eventually 5 sh -c "! kill -0 $tap 2>/dev/null"
	end_capture
	equal "ten packets" 10 "$(c 'len(p)')"
	# What the instance drops: a datagram whose checksum is wrong.
	start_capture -U -d
	check "wrong checksum: sent" peer python3 /project/lab/guest/bad_checksum.py \
		"$DEV1" "$(cat "/sys/class/net/$DEV0/address")" "$ADDR1" "$ADDR0" $HARDWARE
	check "wrong checksum: dropped" eventually 5 dropped_one
	check "wrong checksum: it is in the file" eventually 20 holds $CAP 1
	end_capture
	equal "what the instance dropped, and why" "in dropped: rx_checksum" \
		"$(c 'p[0]["direction"] + " " + p[0]["comment"]')"

	check_fails "filter with an error: what" "can't parse filter expression" \
		"$ATMO" capture -w $CAP udp prot 5
	equal "filter with an error: where" "    udp prot 5|        ^ from here on|" \
		"$("$ATMO" capture -w $CAP udp prot 5 2>&1 | tail -n 2 | tr '\n' '|')"
	check_fails "no file" "where to?" "$ATMO" capture
	check_fails "no such instance" "no instance 99999" "$ATMO" capture -i 99999 -w $CAP
	check_fails "a file that can't be" "can't write /nowhere/x" "$ATMO" capture -w /nowhere/x
	start_capture
	check_fails "two captures of one instance" "another capture" "$ATMO" capture -w /tmp/second
	stop_echo "$hardware" $HARDWARE >/dev/null
	check "the capture ends with its instance" eventually 5 sh -c "! kill -0 $tap 2>/dev/null"
	try "and ends well" end_capture
	check_fails "nothing to capture" "there is no instance" "$ATMO" capture -w $CAP
}

dropped_one()
{
	[ "$(j 'i('$HARDWARE')["drops"]["rx_checksum"]')" = 1 ]
}

# The tool stops to read: the instance must not notice.
test_overflow()
{
	local hardware

	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid
	start_capture -B 4
	kill -STOP "$tap"
	check "load while nobody reads the capture" load $HARDWARE
	kill -CONT "$tap"
	try "the capture ends well" end_capture
	equal "each packet is recorded or counted" "$((2 * PACKETS))" "$(c 'len(p) + d["dropped"]')"
	equal "and the sum is told" "$((2 * PACKETS))" "$(c 'd["received"]')"
	check "there were drops, and they are told" grep -q ' [1-9][0-9]* dropped by the capture:' \
		/tmp/capture
	equal "the instance lost nothing" "$PACKETS $PACKETS" "$(stop_echo "$hardware" $HARDWARE)"
}

test_rights()
{
	local own others id

	start_echo shared $SHARED "${NOBODY[@]}" || bail "an unprivileged echo"
	own=$pid
	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	others=$pid
	id=$(j 'i('$HARDWARE')["id"]')
	check_fails "others' packets are not for an unprivileged user" "is another user's" \
		"${NOBODY[@]}" "$ATMO" capture -i "$id" -w /tmp/own
	id=$(j 'i('$SHARED')["id"]')
	"${NOBODY[@]}" "$ATMO" capture -i "$id" -c 5 -w - >/tmp/own 2>/tmp/capture &
	tap=$!
	eventually 10 grep -q capturing /tmp/capture
	check "load" load $SHARED
	try "own ones are" wait "$tap"
	equal "in the file" 5 "$(tcpdump -nr /tmp/own 2>/dev/null | wc -l)"
	check_fails "nor are they for another network namespace" "no instance $id" \
		ip netns exec "$PEER" "$ATMO" capture -i "$id" -w /tmp/own
	stop_echo "$own" $SHARED >/dev/null
	stop_echo "$others" $HARDWARE >/dev/null
}

# TAP of its own.
test_hostile()
{
	[ -d $TRACING/events ] || mount -t tracefs tracefs $TRACING
	echo >$TRACING/trace
	echo 1 >$TRACING/events/atmo/atmo_restart/enable
	eventually 20 ping -q -c 1 -W 1 "$ADDR1"
	$BIN/tests/hostile_see "$DEV0" "$ADDR0" "$PEER" "$ADDR1" >/tmp/hostile_see
	local status=$?

	sed 's/^/# /' /tmp/hostile_see
	equal "garbage and misuse: see above" "0 0" \
		"$status $(grep -c '^not ok' /tmp/hostile_see)"
	equal "tracepoint of restarts" 2 "$(traced restart "instance=[0-9]+ error=0")"
	echo 0 >$TRACING/events/atmo/atmo_restart/enable
}

TRACING=/sys/kernel/tracing

# traced EVENT WORDS: how often it was recorded with these fields
traced()
{
	grep -cE " atmo_$1: $2\$" $TRACING/trace
}

trace_on()
{
	echo >$TRACING/trace
	echo 1 >$TRACING/events/atmo/enable
}

test_trace()
{
	local hardware shared hw_id sh_id

	[ -d $TRACING/events ] || mount -t tracefs tracefs $TRACING
	equal "the tracepoints" "drop failure flip receive restart transmit" \
		"$(cd $TRACING/events/atmo && printf '%s\n' */ | sed 's,atmo_\(.*\)/,\1,' | paste -sd' ')"
	start_echo hardware $HARDWARE || bail "echo in the hardware lane"
	hardware=$pid hw_id=$(j 'i('$HARDWARE')["id"]')
	start_echo shared $SHARED || bail "echo in the shared lane"
	shared=$pid sh_id=$(j 'i('$SHARED')["id"]')
	trace_on
	check "load in the hardware lane" load $HARDWARE
	check "load in the shared lane" load $SHARED
	equal "receive, hardware lane" $PACKETS \
		"$(traced receive "instance=$hw_id lane=hardware slot=[0-9]+ len=64")"
	equal "transmit, hardware lane" $PACKETS \
		"$(traced transmit "instance=$hw_id by=(nic|linux) len=64")"
	equal "receive, shared lane" $PACKETS \
		"$(traced receive "instance=$sh_id lane=shared slot=[0-9]+ len=64")"
	equal "transmit, shared lane" $PACKETS \
		"$(traced transmit "instance=$sh_id by=linux len=64")"
	equal "flip, shared lane only" "$PACKETS $PACKETS" \
		"$(traced flip "instance=$sh_id pfn=0x[0-9a-f]+ spare_pfn=0x[0-9a-f]+ len=106") $(traced flip '.*')"
	equal "a page is never its own spare" 0 \
		"$(traced flip '.* pfn=(0x[0-9a-f]+) spare_pfn=\1 .*')"
	equal "no drop" 0 "$(traced drop '.*')"
	kill -STOP "$shared"
	peer "$LOAD" -c 400 -w 128 -t 100 -q "$ADDR0" $SHARED >/dev/null 2>&1
	equal "each drop, with its reason" "$(j 'i('$SHARED')["drops"]["rx_queue_full"]')" \
		"$(traced drop "instance=$sh_id reason=rx_queue_full")"
	check "there were drops" test "$(traced drop '.*')" -gt 0
	"$ATMO" stop "$hw_id"
	wait "$hardware"
	equal "failure" 1 "$(traced failure "instance=$hw_id why=stopped")"
	echo 0 >$TRACING/events/atmo/enable
	kill -KILL "$shared"
	wait "$shared" 2>/dev/null
}

[ $# -gt 0 ] || set -- status stop watch capture overflow rights trace hostile
setup
for part; do
	"test_$part"
done
finish
