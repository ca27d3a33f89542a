#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The other end of tcp_hand: Linux's TCP. Sends and receives at the same time, and
compares every byte.

usage: tcp_peer.py connect ADDRESS PORT SEND RECEIVE
       tcp_peer.py listen ADDRESS PORT SEND RECEIVE
"""
import socket
import sys
import threading


def sent_pattern(n):
    return bytes((i * 17 + (i >> 7) + 5) & 0xff for i in range(n))


def expected_pattern(n):
    return bytes((i * 31 + (i >> 9)) & 0xff for i in range(n))


def send_all(sock, data):
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def receive_all(sock):
    parts = []
    while True:
        part = sock.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def open_socket(how, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(60)
    if how == "connect":
        sock.connect((address, port))
        return sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen()
    print("ready", flush=True)
    conn = sock.accept()[0]
    conn.settimeout(60)
    return conn


def main(how, address, port, nr_send, nr_receive):
    data, expected = sent_pattern(int(nr_send)), expected_pattern(int(nr_receive))
    sock = open_socket(how, address, int(port))
    sender = threading.Thread(target=send_all, args=(sock, data))
    sender.start()
    got = receive_all(sock)
    sender.join()
    sock.close()
    print("received %d of %d bytes, %s" % (len(got), len(expected),
                                           "right" if got == expected else "WRONG"))
    return 0 if got == expected else 1


if __name__ == "__main__":
    if len(sys.argv) != 6 or sys.argv[1] not in ("connect", "listen"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
