# SPDX-License-Identifier: GPL-2.0
"""Frames for wire_test.py, right and wrong, and who is to get them.

Written from RFC 768, 791 and 1071, and independently of the modules' parser."""

import struct

ETH_IPV4, ETH_IPV6, ETH_VLAN, ETH_QINQ = 0x0800, 0x86dd, 0x8100, 0x88a8
UDP, TCP, ICMP = 17, 6, 1
MF, DF, RESERVED = 0x2000, 0x4000, 0x8000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def addr(text):
    return bytes(int(part) for part in text.split("."))


def pseudo(saddr, daddr, protocol, length):
    return saddr + daddr + struct.pack("!BBH", 0, protocol, length)


class Flow:
    """Who sends to whom; builds frames that are right but for what is asked."""

    def __init__(self, smac, dmac, saddr, daddr, sport, dport):
        self.smac, self.dmac = mac(smac), mac(dmac)
        self.saddr, self.daddr = addr(saddr), addr(daddr)
        self.sport, self.dport = sport, dport

    def udp(self, payload, udp_len=None, udp_sum=None, sport=None, dport=None,
            saddr=None, daddr=None):
        length = 8 + len(payload) if udp_len is None else udp_len
        head = struct.pack("!HHH", self.sport if sport is None else sport,
                           self.dport if dport is None else dport, length)
        if udp_sum is None:
            true_len = 8 + len(payload)
            udp_sum = checksum(pseudo(saddr or self.saddr, daddr or self.daddr, UDP, length) +
                               head + b"\0\0" + payload[:max(0, min(length, true_len) - 8)])
            udp_sum = udp_sum or 0xffff
        return head + struct.pack("!H", udp_sum) + payload

    def ipv4(self, body, total_len=None, ihl=5, version=4, options=b"", fragment=DF,
             protocol=UDP, saddr=None, daddr=None, ip_sum=None, ttl=64, ident=0x1234):
        ihl += len(options) // 4
        total = 20 + len(options) + len(body) if total_len is None else total_len
        head = struct.pack("!BBHHHBBH", version << 4 | ihl, 0, total, ident, fragment,
                           ttl, protocol, 0)
        head += (saddr or self.saddr) + (daddr or self.daddr) + options
        ip_sum = checksum(head) if ip_sum is None else ip_sum
        return head[:10] + struct.pack("!H", ip_sum) + head[12:] + body

    def eth(self, packet, ethertype=ETH_IPV4, dmac=None, tag=b"", padding=b""):
        return (dmac or self.dmac) + self.smac + tag + struct.pack("!H", ethertype) + \
            packet + padding

    def frame(self, payload, **wrong):
        """One UDP frame; wrong: any argument of udp(), ipv4() and eth()."""
        args = {}
        for build in (self.udp, self.ipv4, self.eth):
            names = build.__code__.co_varnames[:build.__code__.co_argcount]
            args[build] = {k: v for k, v in wrong.items() if k in names}
        unknown = set(wrong) - {k for known in args.values() for k in known}
        assert not unknown, unknown
        return self.eth(self.ipv4(self.udp(payload, **args[self.udp]), **args[self.ipv4]),
                        **args[self.eth])

    def payload_of(self, frame):
        """What a socket bound to daddr:dport is to get of a frame, or None."""
        frame = frame.ljust(60, b"\0")
        ip = frame[14:]
        if frame[:6] != self.dmac or frame[12:14] != b"\x08\x00" or ip[0] != 0x45:
            return None
        total, fragment = struct.unpack("!H2xH", ip[2:8])
        if fragment & 0x3fff or ip[9] != UDP or ip[16:20] != self.daddr:
            return None
        if ip[12] in (0, 127) or ip[12] >= 224 or total < 28 or total > len(ip):
            return None
        if checksum(ip[:20]):
            return None
        dport, length, udp_sum = struct.unpack("!HHH", ip[22:28])
        if dport != self.dport or length < 8 or length > total - 20:
            return None
        datagram = ip[20:20 + length]
        if udp_sum and checksum(pseudo(ip[12:16], ip[16:20], UDP, length) + datagram):
            return None
        return datagram[8:]


def vlan(vid, ethertype=ETH_VLAN):
    return struct.pack("!HH", ethertype, vid)


class Random:
    """The same numbers everywhere."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % n

    def mutated(self, frame):
        """One to three bytes of the headers changed, or the length."""
        frame = bytearray(frame)
        for _ in range(1 + self.below(3)):
            i = 6 + self.below(min(len(frame), 50) - 6)
            frame[i] = self.below(256) if self.below(2) else frame[i] ^ 1 << self.below(8)
        if not self.below(8):
            frame = frame[:14 + self.below(len(frame) - 14)]
        return bytes(frame)
