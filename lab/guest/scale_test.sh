#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nic: --wire0 gen --wire1 none
# mem: 1536
#
# Many sockets at once, each an echo for the traffic generator: who gets what, and
# what a socket that doesn't keep up costs the others.
. /project/lab/guest/lib.sh

MANY=/project/build/userspace/tests/many_socks
ATMO=/project/build/userspace/bin/atmo
PORT=20000
SAID=/tmp/many_socks.said
DRIVER_LANES=100	# as many as a port is to have at least

# number NAME: what many_socks or a generator said last; 0 if nothing.
number()
{
	local value

	value=$(grep -oE "(^| )$1=[0-9]+" "$SAID" | tail -n 1)
	echo "${value##*=}"
}

# open_many OPTIONS... NUMBER: starts the program; it is ready, or the end.
open_many()
{
	: >"$SAID"	# not the word of the one before
	"$MANY" "${@:1:$#-1}" "$DEV0" $PORT "${!#}" >"$SAID" 2>&1 &
	PID=$!
	if ! eventually 180 grep -q ^ready "$SAID"; then
		diag "$(cat "$SAID")"
		bail "${!#} sockets are bound"
	fi
}

# many_idle TIMES: it has had nothing to do for a while, for the so-manieth time.
many_idle()
{
	[ "$(grep -c ^idle "$SAID")" -ge "$1" ]
}

# end_many: and its counters.
end_many()
{
	kill "$PID"
	wait "$PID"
}

# traffic NUMBER SETTING...: the generator's flow f goes to the f-th port.
traffic()
{
	gen_run 0 flows="$1" dport=$PORT-$((PORT + $1 - 1)) dst="$ADDR0" match=echo "${@:2}"
}

# owners: of the pages of each instance, how many each has; one line an instance
owners()
{
	"$ATMO" status --json | python3 -c '
import json, sys
for i in sorted(json.load(sys.stdin)["instances"], key=lambda i: i["local"]["port"]):
    print(i["local"]["port"], i["lane"], *("%s=%d" % b for b in i["buffers"].items()))'
}

# owners_all OWNERS: of all instances together
owners_all()
{
	grep -o '[a-z_]*=[0-9]*' <<<"$1" | awk -F= '{ sum[$1] += $2 }
		END { for (who in sum) printf " %s %d", who, sum[who] }'
}

# at_rest OWNERS: instances, those in the hardware lane that can receive, and those
# that have something to be sent
at_rest()
{
	awk '/ hardware .*nic_rx=[1-9]/ { n++ } / tx=[1-9]/ { busy++ }
	     END { print NR, n + 0, busy + 0 }' <<<"$1"
}

# owners_are OWNERS: they are these
owners_are()
{
	[ "$(owners)" = "$1" ]
}

# Who may claim what beside whom: the results of a program.
claims()
{
	local line

	while read -r line; do
		case $line in
		"ok "*) ok "${line#* - }" ;;
		"not ok "*) not_ok "${line#* - }" ;;
		"1.."*) return ;;
		*) echo "$line" ;;
		esac
	done < <(/project/build/userspace/tests/claims "$DEV0" "$ADDR0" 2>&1)
	not_ok "the program comes to its end"
}

many_at_once()
{
	local said before

	open_many --pages=256 200
	diag "$(cat "$SAID")"
	equal "200 sockets: the first $DRIVER_LANES and more are in the hardware lane" yes \
		"$([ "$(number leading)" -ge $DRIVER_LANES ] && echo yes)"
	eventually 20 many_idle 1 || bail "200 sockets: they come to rest"
	before=$(owners)
	equal "200 sockets: their hardware queues have pages of each, none is being sent" \
		"200 $(number hardware) 0" "$(at_rest "$before")"
	# As fast as they take it, by the descriptors that their lanes have.
	said=$(traffic 200 count=200000 rate=max drain_ms=10000)
	eventually 20 many_idle 2 || not_ok "200 sockets: they come to rest again"
	check "200 sockets: each owner has as many pages of each socket as before" \
		eventually 10 owners_are "$before"
	diag "pages before:$(owners_all "$before"), after:$(owners_all "$(owners)")"
	end_many
	diag "$said" "$(cat "$SAID")"
	equal "200 sockets: each datagram came back once, to where it came from" true \
		"$(gen_get "$said" clean)"
	equal "200 sockets: each got its 1000" "1000 1000" "$(number least) $(number most)"
	equal "200 sockets: none got another's" 0 "$(number misdelivered)"
}

# Also, the ports of 4096 sockets are free again when their process has ended.
very_many()
{
	local said start=$SECONDS

	ulimit -n 8192
	open_many --pages=16 4096
	diag "$(cat "$SAID") after $((SECONDS - start)) s"
	equal "4096 sockets are bound at once" 4096 "$(number sockets)"
	said=$(traffic 4096 count=4096 rate=max drain_ms=10000)
	start=$SECONDS
	end_many
	diag "$said" "$(cat "$SAID")" "closed after $((SECONDS - start)) s"
	equal "4096 sockets: each answers its datagram" true "$(gen_get "$said" clean)"
	equal "4096 sockets: each got its own" "1 1 0" \
		"$(number least) $(number most) $(number misdelivered)"
	equal "4096 sockets: their ports are free again" "" "$(ss -Hlun "sport = $PORT")"
}

# Two sockets, of which one doesn't receive: its queue of 16 pages fills up. The other
# one's holds all that comes, however long it sleeps.
full_queue()
{
	local said sent=1000

	open_many --lane=shared --pages=1024 --hold=16 2
	said=$(traffic 2 count=$((2 * sent)) rate=max)
	kill -USR1 $PID
	eventually 20 grep -q '^idle, none held' "$SAID" ||
		not_ok "full queue: what it held is read"
	end_many
	diag "$said" "$(cat "$SAID")"
	equal "full queue: what its socket got is what the queue holds" 16 \
		"$(number held_received)"
	equal "full queue: all else was dropped, and counted" $((sent - 16)) \
		"$(number held_rx_queue_full)"
	equal "full queue: the neighbour lost nothing" "$sent 0" \
		"$(number received) $(number rx_queue_full | grep . || echo 0)"
	equal "full queue: none got another's" "0 0" \
		"$(number misdelivered) $(number held_misdelivered)"
}

load_modules || bail "our modules load"
setup_port0 || bail "port 0 comes up under atmo_ixgbe"
wait_carrier "$DEV0" || bail "port 0 has carrier"
long_queue "$DEV0" || bail "a long queue"
claims
full_queue
many_at_once
very_many
finish
