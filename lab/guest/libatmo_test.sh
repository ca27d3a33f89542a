#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The library on the real kernel: prepared batches, restart, shared pages, routes and
# neighbours, against an echo server behind Linux's sockets on the peer's port.
. "$(dirname "$0")/lib.sh"

LIVE=/project/build/userspace/tests/lib_live
ADDR6=fd82::1
PEER6=fd82::2
FAR=198.51.100.1
PORT=7

setup
link_back || bail "the peer answers"
ip -6 addr add $ADDR6/64 dev "$DEV0" nodad
peer ip -6 addr add $PEER6/64 dev "$DEV1" nodad
peer ip addr add $FAR/32 dev lo
# Answers leave with the address that was asked.
peer python3 -c '
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
s.bind(("::", '$PORT'))
print("ready", flush=True)
while True:
    data, info, _, where = s.recvmsg(2048, 256)
    s.sendmsg([data], info, 0, where)
' >/out/echo 2>&1 &
server=$!
eventually 30 grep -q ready /out/echo || bail "the echo server runs: $(cat /out/echo)"
"$LIVE" "$DEV0" "$ADDR1" $PEER6 $PORT $FAR >/out/live 2>&1
status=$?
while read -r line; do
	case $line in
	ok\ *) ok "${line#* - }" ;;
	not\ ok*) not_ok "${line#* - }" ;;
	1..*) ;;
	*) echo "$line" ;;
	esac
done </out/live
equal "lib_live ends with status 0" 0 $status
kill $server
finish
