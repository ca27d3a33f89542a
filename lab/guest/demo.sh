#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/demo.sh [PERCENT]
# Port 0 belongs to our modules and echoes UDP datagrams through mmapped rings,
# port 1 to Linux's own ixgbe in a namespace of its own, from where an ordinary
# socket sends. Prints the report; leaves /out/checks (TAP) and /out/demo.json.
# PERCENT scales the number of datagrams (default 100).
. /project/lab/guest/lib.sh

SIZES=1,18,64,256,512,1024,1472
NR_SIZES=7
UDP_PORT=7777
PERCENT=${1:-100}
OUT=/out
LOAD=/project/build/userspace/tests/udp_load
ECHO=/project/build/userspace/bin/udp_echo

# bar NAME CMD...: a check whose line goes to a file.
bar()
{
	check "$@" >>$OUT/checks
}

# driver_name DEV [peer]: what ethtool says.
driver_name()
{
	${2:+"$2"} ethtool -i "$1" | sed -n 's/^driver: //p'
}

# One line about a port: address on the bus, ids, driver, device.
describe()
{
	local pci=$1 dev=$2 addr=$3 where=${4:-} ids

	ids=$(cat "/sys/bus/pci/devices/$pci/vendor" "/sys/bus/pci/devices/$pci/device" |
	      sed 's/^0x//' | paste -sd:)
	printf '  %s [%s]  driver %-10s  %s  %s%s\n' "$pci" "$ids" \
		"$(driver_name "$dev" "$where")" "$dev" "$addr" "${where:+  (namespace peer)}"
}

# start_echo LANE: leaves its process id in $echo_pid, its words in a file.
start_echo()
{
	local tries=100

	"$ECHO" -l "$1" "$DEV0" $UDP_PORT >$OUT/echo-"$1".log 2>&1 &
	echo_pid=$!
	until grep -q 'lane' $OUT/echo-"$1".log; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 $echo_pid 2>/dev/null; then
			cat $OUT/echo-"$1".log
			return 1
		fi
		sleep 0.05
	done
}

stop_echo()
{
	kill -TERM $echo_pid
	wait $echo_pid
}

# load WINDOW COUNT FILE: all sizes, COUNT datagrams of each. On a busy host the
# guest may stand still for more than a second, which is no loss.
load()
{
	peer "$LOAD" --json --timeout=5000 --sizes=$SIZES --window="$1" --count="$2" \
		"$ADDR0" $UDP_PORT >"$3"
}

# sum COUNTER FILE...
sum()
{
	local counter=$1

	shift
	sed -n "s/.*\"$counter\":\([0-9]*\).*/\1/p" "$@" | awk '{ n += $1 } END { print n + 0 }'
}

# One row a size: what went out singly and in windows, what did not come back.
table()
{
	cat "$@" | tr -d '[]{}"' | awk -F'[:,]' '
	{
		for (i = 1; i < NF; i += 2)
			v[$i] = $(i + 1)
		s = v["size"]
		if (!(s in seen)) {
			seen[s] = 1
			order[++n] = s
		}
		echoed[s, v["window"]] += v["echoed"]
		lost[s] += v["lost"]
		corrupted[s] += v["corrupted"]
		duplicated[s] += v["duplicated"]
		rtt[s, v["window"]] = v["rtt_us"]
		rate[s, v["window"]] = v["echoed"] / v["seconds"]
	}
	END {
		printf "  %7s  %13s  %12s  %4s  %9s  %10s  %12s  %15s\n", "payload",
			"one at a time", "32 in flight", "lost", "corrupted", "duplicated",
			"round trip", "rate, 32 in fl."
		for (i = 1; i <= n; i++) {
			s = order[i]
			printf "  %5d B  %13d  %12d  %4d  %9d  %10d  %9d us  %11d / s\n", s,
				echoed[s, 1], echoed[s, 32], lost[s], corrupted[s],
				duplicated[s], rtt[s, 1], rate[s, 32]
		}
	}'
}

all_echoed()
{
	[ "$(sum echoed "$@")" -eq "$(sum sent "$@")" ]
}

none()
{
	[ "$(sum "$@")" -eq 0 ]
}

# phase LANE SINGLY WINDOWED LEAST: both loads against one udp_echo.
phase()
{
	local lane=$1 singly=$(($2 * PERCENT / 100)) windowed=$(($3 * PERCENT / 100))
	local least=$(($4 * PERCENT / 100)) files
	local log=$OUT/echo-$lane.log

	files=("$OUT/$lane-1.json" "$OUT/$lane-32.json")
	echo
	if ! start_echo "$lane"; then
		bar "$lane lane: udp_echo starts" false
		return 1
	fi
	sed -n '1s/^udp_echo: /Echo on /p' "$log"
	load 1 $singly "${files[0]}"
	load 32 $windowed "${files[1]}"
	stop_echo
	bar "$lane lane: udp_echo ends with status 0" [ $? -eq 0 ]
	table "${files[@]}"
	echo "  $(sum echoed "${files[@]}") datagrams echoed, every byte compared"
	sed -n 's/^udp_echo: \(received\|dropped\)/  echo: \1/p' "$log"

	bar "$lane lane: reported in use" grep -q " $lane lane" "$log"
	bar "$lane lane: at least $least datagrams in $NR_SIZES sizes echoed" \
		[ "$(sum echoed "${files[@]}")" -ge $least ]
	bar "$lane lane: 0 lost" all_echoed "${files[@]}"
	bar "$lane lane: 0 corrupted" none corrupted "${files[@]}"
	bar "$lane lane: 0 duplicated" none duplicated "${files[@]}"
}

# What the phases left, in one document.
write_json()
{
	local lane

	echo '{'
	printf '"kernel": "%s",\n"failed_checks": %d' "$(uname -r)" "$tap_failed"
	for lane in hardware shared; do
		[ -s "$OUT/$lane-32.json" ] || continue
		printf ',\n"%s": {\n"one_at_a_time": %s,\n"in_flight_32": %s}' $lane \
			"$(cat "$OUT/$lane-1.json")" "$(cat "$OUT/$lane-32.json")"
	done
	printf '\n}\n'
}

rm -f $OUT/checks $OUT/*.json
setup
echo "UDP echo through mmapped rings, Linux $(uname -r)"
describe "$PORT0" "$DEV0" "$ADDR0"
describe "$PORT1" "$DEV1" "$ADDR1" peer
bar "port 0 has our driver" [ "$(driver_name "$DEV0")" = atmo_ixgbe ]
bar "port 1 has Linux's ixgbe" [ "$(driver_name "$DEV1" peer)" = ixgbe ]
phase hardware 1000 13400 100000
phase shared 200 2700 20000
write_json >$OUT/demo.json
finish >>$OUT/checks
