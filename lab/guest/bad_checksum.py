#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: bad_checksum.py DEV MAC SOURCE DESTINATION PORT: sends one datagram
whose UDP checksum is wrong."""
import socket
import struct
import sys

dev, mac, source, destination, port = sys.argv[1:]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind((dev, 0))
    payload = bytes(64)
    udp = struct.pack("!HHHH", 4000, int(port), 8 + len(payload), 0xbad) + payload
    ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                               socket.inet_aton(source), socket.inet_aton(destination)))
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xffff) + (total >> 16)
    ip[10:12] = struct.pack("!H", ~((total & 0xffff) + (total >> 16)) & 0xffff)
    s.send(bytes.fromhex(mac.replace(":", "")) + s.getsockname()[4] + b"\x08\x00" + ip + udp)
