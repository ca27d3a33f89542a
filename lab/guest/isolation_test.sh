#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh lab/guest/isolation_test.sh [PART...]
# Sockets don't feel each other, and Linux feels none of them: applications are
# killed, the link goes down, the UDP module is replaced, all in mid-traffic.
# PART (default: all): kill stopped small churn wake user linux link replace
. /project/lab/guest/lib.sh

BIN=/project/build/userspace
LOAD=$BIN/tests/udp_load
ECHO=$BIN/bin/udp_echo
CHURN=$BIN/tests/churn
LANES="hardware shared"
LOGS=/tmp/isolation
mkdir -p $LOGS

# start NAME WORD CMD...: in the background, until it says WORD; sets $pid.
start()
{
	local log=$LOGS/$1 word=$2

	shift 2
	launch "$log" "$word" "$@" && return
	stop "$pid"
	return 1
}

# start_echo NAME LANE PORT [OPTIONS...]
start_echo()
{
	start "$1" " lane " "$ECHO" -l "$2" "${@:4}" "$DEV0" "$3"
}

stop()
{
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# load ARGS... ADDRESS PORT: from the peer; succeeds when every datagram came
# back once and whole.
load()
{
	peer "$LOAD" "$@"
}

# load_on NAME ARGS...: without end, in the background; sets $load_pid.
load_on()
{
	start_load "$LOGS/$1" "$LOAD" --duration=3600 "${@:2}"
}

# ---- kill: one socket dies in mid-traffic, the other loses nothing ----

# kill_rounds LANE PORT: kills the echo of the port under its own traffic, again
# and again. Each successor must get the port at the first try.
kill_rounds()
{
	local round victim load_pid

	load_on victim.load -w 16 -t 100 -s 512 -q "$ADDR0" "$2"
	for round in $(seq 20); do
		start_echo victim "$1" "$2" || return
		victim=$pid
		sleep 0.2
		kill -KILL "$victim"
		wait "$victim" 2>/dev/null
	done
	stop_load "$load_pid"
	start_echo victim "$1" "$2" || return
	load -c 500 -w 16 -t 5000 "$ADDR0" "$2"
	set -- $?
	stop "$pid"
	return "$1"
}

part_kill()
{
	local victim lane other other_load

	for victim in $LANES; do
		for lane in $LANES; do
			start_echo other "$lane" 7002 || bail "echo in the $lane lane"
			other=$pid
			load_on other.load -w 8 -s 256 -t 5000 "$ADDR0" 7002
			other_load=$load_pid
			try "$victim lane: killed 20 times in mid-traffic, bound again at once" \
				kill_rounds "$victim" 7001
			try "$lane lane: loses nothing while a socket of the $victim lane is killed" \
				stop_load "$other_load"
			diag "$(cat $LOGS/other.load)"
			stop "$other"
		done
	done
}

# ---- stopped: an application that sleeps on its packets holds up nobody ----

part_stopped()
{
	local lane sleeper other other_load

	for lane in $LANES; do
		start_echo sleeper "$lane" 7010 || bail "echo in the $lane lane"
		sleeper=$pid
		start_echo other "$lane" 7011 || bail "echo in the $lane lane"
		other=$pid
		load_on other.load -w 8 -s 256 -t 5000 "$ADDR0" 7011
		other_load=$load_pid
		kill -STOP "$sleeper"
		# Far more than it has pages for.
		load -q -d 4 -w 128 -s 200 -t 40 "$ADDR0" 7010 2>/dev/null
		try "$lane lane: ping while a stopped socket's packets pile up" \
			ping -q -c 20 -i 0.05 -W 5 "$ADDR1"
		try "$lane lane: another socket loses nothing meanwhile" stop_load "$other_load"
		diag "$(cat $LOGS/other.load)"
		kill -CONT "$sleeper"
		# What piled up comes before this one: then its queue is empty.
		try "$lane lane: the stopped one answers again" \
			eventually 20 load -q -c 1 -t 2000 "$ADDR0" 7010
		try "$lane lane: the stopped one goes on where it was" \
			load -c 1000 -w 8 -s 200 -t 5000 "$ADDR0" 7010
		stop "$sleeper"
		stop "$other"
	done
}

# ---- small: the fewest pages there can be ----

# Pages being sent are missing for reception: the library must get them back. Of
# 16 pages 12 are posted, and those of one window may not be posted again yet when
# the next window comes: 4 in flight always find a page.
part_small()
{
	local lane

	for lane in $LANES; do
		start_echo small "$lane" 7012 -n 16 || bail "echo with 16 pages"
		try "$lane lane: 16 pages, 4 in flight, none lost" \
			load -c 2000 -w 4 -s 1,1472 -t 5000 "$ADDR0" 7012
		stop "$pid"
	done
}

# ---- churn: 1,000 lives and deaths leave everything as it was ----

# kib FIELD: of /proc/meminfo, when nothing is left that could be dropped.
kib()
{
	awk -v field="$1:" '$1 == field { print $2 }' /proc/meminfo
}

# available: KiB that could be had. MemAvailable does not count what lies on the
# free lists of the processors, thousands of pages after many were freed at once.
available()
{
	local cpus

	cpus=$(awk '$1 == "count:" { n += $2 } END { print n * 4 }' /proc/zoneinfo)
	echo $(($(kib MemAvailable) + cpus))
}

settle()
{
	sleep 0.5
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
}

# What must count back exactly, in one line.
counts()
{
	echo "lanes $("$CHURN" -m "$DEV0" 20000)" \
	     "udp $(wc -l </proc/net/udp)" \
	     "users $(cat /sys/module/atmo_stack/refcnt /sys/module/atmo_ixgbe/refcnt | paste -sd,)"
}

# at_most NAME LIMIT VALUE
at_most()
{
	try "$1 ($3, limit $2)" [ "$3" -le "$2" ]
}

# churn ROUNDS: under traffic, which has ended when this returns.
churn()
{
	local status=0 load_pid

	load_on churn.load -w 16 -s 512 -t 500 -q "$ADDR0" 7003
	"$CHURN" -r "$1" "$DEV0" 7003 || status=1
	stop_load "$load_pid"
	return $status
}

part_churn()
{
	local before available slab

	# Caches and pools that grow once are no leak.
	try "100 rounds to warm up" churn 100
	before=$(counts)
	settle
	available=$(available) slab=$(kib SUnreclaim)
	try "1,000 rounds of open, bind and kill, half of them in mid-traffic" churn 1000
	settle
	# 1,000 rounds that leak a page each make 4,000 KiB, that leak one object of
	# 512 bytes each 500 KiB.
	at_most "memory is where it was: KiB less available" 2000 \
		$((available - $(available)))
	at_most "slab is where it was: KiB more" 500 $(($(kib SUnreclaim) - slab))
	equal "hardware lanes, sockets of Linux, module users count back" "$before" "$(counts)"
	diag "$before; $available KiB available, $slab KiB of slab before"
}

# ---- wake: nobody sleeps over a packet ----

# wakes WAY LANE COUNT: single datagrams at random moments.
wakes()
{
	local status

	start wake ready "$BIN/tests/wake_echo" "$1" "$2" "$DEV0" 7004 || return
	load -c "$3" -p 400 -t 5000 -s 64 "$ADDR0" 7004 || status=1
	stop "$pid"
	return ${status:-0}
}

part_wake()
{
	local lane way

	for lane in $LANES; do
		for way in wait edge; do
			try "$lane lane: $way sleeps over none of 10,000 datagrams" \
				wakes $way "$lane" 10000
		done
		for way in poll epoll; do
			try "$lane lane: $way sleeps over none of 2,000 datagrams" \
				wakes $way "$lane" 2000
		done
	done
}

# ---- user: no privilege is needed, and none is had ----

NOBODY="setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all"

status_of()
{
	"$@" >/dev/null 2>&1
	echo $?
}

part_user()
{
	local lane

	for lane in $LANES; do
		# shellcheck disable=SC2086 # a command and its options
		try "$lane lane: an unprivileged user binds port 7005" \
			start user " lane " $NOBODY "$ECHO" -l "$lane" "$DEV0" 7005
		try "$lane lane: and echoes" load -c 500 -w 8 -t 5000 "$ADDR0" 7005
		stop "$pid"
		# shellcheck disable=SC2086
		check_fails "$lane lane: but is refused port 7, and told why" \
			CAP_NET_BIND_SERVICE $NOBODY "$ECHO" -l "$lane" "$DEV0" 7
		# shellcheck disable=SC2086
		equal "$lane lane: with exit status 1" 1 \
			"$(status_of $NOBODY "$ECHO" -l "$lane" "$DEV0" 7)"
	done
	try "root binds port 7" start root " lane " "$ECHO" "$DEV0" 7
	stop "$pid"
	equal "a usage error has exit status 2" 2 "$(status_of "$ECHO" "$DEV0")"
	check_fails "a device that is not there" "no such device" "$ECHO" nodev 7005
	check_fails "a device of another driver" "atmo_ixgbe" "$ECHO" lo 7005
}

# ---- linux: the port still is an ordinary network device ----

# listening PORT: somebody is, by TCP.
listening()
{
	[ -n "$(ss -Hltn "sport = :$1")" ]
}

# Serves one connection on the port's address; the peer must get every byte.
tcp_transfer()
{
	local sum

	head -c 4000000 /dev/urandom >$LOGS/file
	nc -l -N "$ADDR0" 7999 <$LOGS/file >/dev/null &
	eventually 20 listening 7999 || { echo "nc does not listen"; return 1; }
	sum=$(peer timeout 60 nc -d "$ADDR0" 7999 | sha256sum)
	wait $!
	[ "$sum" = "$(sha256sum <$LOGS/file)" ]
}

start_sshd()
{
	mkdir -p /run/sshd $LOGS/ssh
	ssh-keygen -q -t ed25519 -N "" -f $LOGS/ssh/host
	ssh-keygen -q -t ed25519 -N "" -f $LOGS/ssh/user
	/usr/sbin/sshd -f /dev/null -h $LOGS/ssh/host -o UsePAM=no -o StrictModes=no \
		-o "ListenAddress=$ADDR0" -o AuthorizedKeysFile=$LOGS/ssh/user.pub \
		-o PermitRootLogin=yes -o "PidFile=$LOGS/ssh/pid"
}

ssh_says()
{
	[ "$(peer timeout 60 ssh -F none -i $LOGS/ssh/user -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		"root@$ADDR0" echo alive)" = alive ]
}

part_linux()
{
	local hw shared hw_load shared_load

	start_echo linux-hw hardware 7006 || bail "echo in the hardware lane"
	hw=$pid
	start_echo linux-shared shared 7007 || bail "echo in the shared lane"
	shared=$pid
	load_on linux-hw.load -w 8 -s 200 -t 5000 "$ADDR0" 7006
	hw_load=$load_pid
	load_on linux-shared.load -w 8 -s 200 -t 5000 "$ADDR0" 7007
	shared_load=$load_pid

	try "ping to the port" peer ping -q -c 40 -i 0.05 -W 5 "$ADDR0"
	try "ping of 1,472 bytes from the port" ping -q -c 20 -i 0.05 -W 5 -s 1472 "$ADDR1"
	try "ARP" peer arping -q -c 3 -I "$DEV1" "$ADDR0"
	try "TCP: 4 MB from the port, every byte" tcp_transfer
	try "sshd starts on the port's address" start_sshd
	try "ssh to the port" ssh_says
	kill "$(cat $LOGS/ssh/pid)" 2>/dev/null

	try "hardware lane: nothing lost meanwhile" stop_load "$hw_load"
	try "shared lane: nothing lost meanwhile" stop_load "$shared_load"
	diag "$(cat $LOGS/linux-hw.load $LOGS/linux-shared.load)"
	stop "$hw"
	stop "$shared"
}

# ---- link, replace: what comes back, comes back to the sockets too ----

ours_down_up()
{
	ip link set dev "$DEV0" down || return
	sleep 0.5
	ip link set dev "$DEV0" up || return
	link_back
}

peer_down_up()
{
	ip -n "$PEER" link set dev "$DEV1" down || return
	sleep 0.5
	ip -n "$PEER" link set dev "$DEV1" up || return
	link_back
}

replace_udp()
{
	rmmod atmo_udp || return
	sleep 0.3
	load_module atmo_udp
}

# survives LANE CMD...: a bound socket under traffic, before and after.
survives()
{
	local lane=$1 load_pid status=0

	shift
	start_echo survivor "$lane" 7008 || return
	load_on survivor.load -w 8 -s 300 -t 300 -q "$ADDR0" 7008
	sleep 0.5
	"$@" || status=1
	sleep 0.5
	"$@" || status=1
	sleep 0.5
	kill -INT "$load_pid"
	wait "$load_pid"
	# The same process, the same socket, nothing lost from here on.
	load -c 2000 -w 16 -t 5000 -s 300 "$ADDR0" 7008 || status=1
	stop "$pid" || status=1
	return $status
}

part_link()
{
	local lane

	for lane in $LANES; do
		try "$lane lane: survives ip link down and up" survives "$lane" ours_down_up
		try "$lane lane: survives the peer's down and up" survives "$lane" peer_down_up
	done
}

part_replace()
{
	local lane

	for lane in $LANES; do
		try "$lane lane: survives the replacement of atmo_udp" \
			survives "$lane" replace_udp
	done
	try "atmo_udp unloads" rmmod atmo_udp
	check_fails "without it nothing new is bound, and the reason is told" \
		"load atmo_udp" "$ECHO" "$DEV0" 7009
	try "atmo_udp loads again" load_module atmo_udp
	try "and a new socket is bound" start_echo new any 7009
	stop "$pid"
}

[ $# -gt 0 ] || set -- kill stopped small churn wake user linux link replace
setup
for part; do
	diag "$part"
	"part_$part"
done
finish
