#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: usage.sh BIN
# The examples' command lines: what is wrong is refused with status 2 and said on
# stderr, before a device is looked for. Prints TAP.
set -uo pipefail

BIN=$1 nr=0 failed=0

# result GOOD NAME SAID: one line, and what was said where it is not good.
result()
{
	nr=$((nr + 1))
	if [ "$1" = 1 ]; then
		echo "ok $nr - $2"
	else
		failed=1
		echo "not ok $nr - $2 # $3"
	fi
}

# refuses TEXT PROGRAM ARGS...
refuses()
{
	local text=$1 said status=0

	shift
	said=$("$BIN/$1" "${@:2}" 2>&1 >/dev/null) || status=$?
	[[ $status -eq 2 && $said == *"$text"* ]]
	result $((!$?)) "$*: $text" "status $status: $said"
}

# takes PROGRAM ARGS...: there is no device of that name, nor a module perhaps.
takes()
{
	local said status=0

	said=$("$BIN/$1" "${@:2}" 2>&1) || status=$?
	[[ $status -eq 1 && $said == *no.such.device* ]]
	result $((!$?)) "$* is taken" "status $status: $said"
}

for program in kvstore l2fwd udp_echo; do
	refuses usage: $program
	refuses usage: $program -z no.such.device 7
	refuses usage: $program a b c
	refuses "the lane must be" $program -l fast no.such.device 7
	refuses "the lane must be" $program -l "" no.such.device 7
	for number in "" x 0 -1 +8 " 8" 8x 0x8 8.5 513 18446744073709551624; do
		refuses "the batch must be a whole number from 1" $program -b "$number" \
			no.such.device 7
	done
	refuses "pages must be a whole number from 16 to" $program -n 8 no.such.device 7
	refuses "pages must be a whole number from 16 to" $program -n 16k no.such.device 7
done
for program in kvstore udp_echo; do
	for port in 0 7x x -7 65536; do
		refuses "the port must be a whole number" $program -- no.such.device $port
	done
	takes $program -l shared -b 8 -n 64 no.such.device 65535
done
refuses "the port must be a whole number from 1 to 65534" kvstore -w 2 no.such.device 65535
takes kvstore -w 2 -c 4 -k 250 -v 1024 -f 0 -o 1 no.such.device 65534
for capacity in 2 abc 16x 29; do
	refuses "the capacity must be" kvstore -c $capacity no.such.device 7
done
refuses "the longest key must be" kvstore -k 251 no.such.device 7
refuses "the longest value must be" kvstore -v 1025 no.such.device 7
refuses "workers must be" kvstore -w 65 no.such.device 7
refuses "items must be" kvstore -f many no.such.device 7
refuses "requests must be" kvstore -o 0 no.such.device 7
refuses "the time must be" l2fwd -t abc -p no.such.device
refuses usage: l2fwd -p a,b,c
refuses usage: l2fwd -p ,
takes l2fwd -b 512 -t 1 --json -p no.such.device
echo "1..$nr"
exit $failed
