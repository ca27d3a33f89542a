#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: lane_client.py udp|tcp ADDRESS PORT NUMBER COUNT [SPORT]

Ordinary sockets against the ports PORT and on, one each, bound to SPORT and on if
given. udp: COUNT datagrams on each, one socket after the other, each of which has
to come back unharmed. tcp: a connection attempt on each, which nobody answers: not
even with a reset.
"""
import errno
import socket
import sys
import time

TIMEOUT = 3


def make(kind, i, address, port, sport):
    s = socket.socket(socket.AF_INET, kind)
    if sport:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", sport + i))
    s.setblocking(kind == socket.SOCK_DGRAM)
    s.settimeout(TIMEOUT if kind == socket.SOCK_DGRAM else 0)
    status = s.connect_ex((address, port + i))
    if status not in (0, errno.EINPROGRESS):
        sys.exit(f"connect to {port + i}: {errno.errorcode[status]}")
    return s


def udp(socks, count):
    for n in range(count):
        sent = []
        for i, s in enumerate(socks):
            sent.append(f"{i}:{n}:".encode() * (1 + n % 40))
            s.send(sent[i])
        for i, s in enumerate(socks):
            try:
                back = s.recv(2048)
            except OSError as e:
                sys.exit(f"socket {i}, datagram {n}: {e}")
            if back != sent[i]:
                sys.exit(f"socket {i}, datagram {n}: {back!r} instead of {sent[i]!r}")


def tcp(socks):
    time.sleep(0.5)
    for i, s in enumerate(socks):
        status = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            sys.exit(f"connection {i}: {errno.errorcode[status]}")


def main():
    kind = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}[sys.argv[1]]
    address = sys.argv[2]
    port, number, count = (int(a) for a in sys.argv[3:6])
    sport = int(sys.argv[6]) if len(sys.argv) > 6 else 0
    socks = [make(kind, i, address, port, sport) for i in range(number)]
    if kind == socket.SOCK_DGRAM:
        udp(socks, count)
    else:
        tcp(socks)


main()
