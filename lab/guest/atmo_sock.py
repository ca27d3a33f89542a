# SPDX-License-Identifier: GPL-2.0
"""A stack instance by its UAPI alone, for tests: nothing is checked before the
kernel sees it. x86 orders stores and loads as the rings need it."""

import os
import socket
import struct
import subprocess
import time

REMOTE = "/project/build/userspace/tests/uapi_remote"

MAGIC, PAGE = 0xA7, 4096
READ, WRITE = 2, 1
FREE, RX, TX, COMP = range(4)
UDP, TCP = socket.IPPROTO_UDP, socket.IPPROTO_TCP
LANES = {"any": 0, "hardware": 1, "shared": 2}
TX_FRAME, ENTRY_DELETE = 1, 1
PATIENCE = 15

BIND = struct.Struct("=IHBBII16s16s2s2sIIi8x")
INFO = struct.Struct("=IHBBII16s2sHIIIQQ16I16s2s6sII32x")
STATS = struct.Struct("=II6Q32x48Q")
PACKET = struct.Struct("=IHHH2sI16s")	# atmo_rx_desc and atmo_tx_desc
NEIGH = struct.Struct("=I16s6s6x")
ROUTE = struct.Struct("=I16s16sI8x")
GROUP = struct.Struct("=I16s12x")
HEADERS = struct.Struct("=16s2sHI64s")

# By enum atmo_drop
DROPS = ("rx_hw_error rx_multi_desc rx_malformed rx_checksum rx_not_mine rx_queue_full "
         "free_bad_slot free_not_owned tx_bad_slot tx_not_owned tx_bad_range tx_too_long "
         "tx_reserved tx_bad_dest tx_no_route tx_no_memory tx_device bad_cursor "
         "tx_bad_header").split()


def number(direction, nr, size):
    return direction << 30 | size << 16 | MAGIC << 8 | nr


def pack_addr(text):
    """As the UAPI has addresses: 16 bytes, IPv4 in the first four."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text).ljust(16, b"\0")


def pack_port(port):
    return port.to_bytes(2, "big")


def unpack_addr(raw, family):
    return socket.inet_ntop(family, raw[:4] if family == socket.AF_INET else raw)


class Packet:
    """A received packet; its page is the application's until it is given away."""

    def __init__(self, sock, desc):
        self.slot, self.offset, self.len, self.frame_offset, port, self.flags, addr = desc
        self.port = int.from_bytes(port, "big")
        self.addr = unpack_addr(addr, sock.family)
        start = self.slot * PAGE + self.frame_offset
        before = self.offset - self.frame_offset
        self.frame = sock.pages.read(start, before + self.len)
        self.data = self.frame[before:]


class Remote:
    """uapi_remote, which has the file open and mapped."""

    def __init__(self):
        self.process = subprocess.Popen([REMOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        err, _, raw = self.process.stdout.readline().partition(" ")
        if int(err):
            raise OSError(-int(err), os.strerror(-int(err)))
        return bytes.fromhex(raw)

    def ioctl(self, request, arg):
        return self.ask("i", request, bytes(arg).hex())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Region:
    """One of its mappings."""

    def __init__(self, remote, nr, offset, length):
        self.remote, self.nr = remote, nr
        remote.ask("m", offset, length)

    def read(self, offset, length):
        return self.remote.ask("r", self.nr, offset, length)

    def write(self, offset, raw):
        self.remote.ask("w", self.nr, offset, bytes(raw).hex())

    def word(self, offset):
        return int.from_bytes(self.read(offset, 4), "little")

    def set_word(self, offset, value):
        self.write(offset, (value & 0xffffffff).to_bytes(4, "little"))


class AtmoSock:
    def __init__(self, dev, lane="any", protocol=UDP, laddr=None, lport=0, raddr=None, rport=0,
                 family=socket.AF_INET, nr_pages=64):
        self.family = family
        self.remote = Remote()
        arg = BIND.pack(
            1, family, protocol, LANES[lane], socket.if_nametoindex(dev), nr_pages,
            pack_addr(laddr) if laddr else bytes(16), pack_addr(raddr) if raddr else bytes(16),
            pack_port(lport), pack_port(rport), 0, 0, 0)
        try:
            self.ioctl(READ | WRITE, 1, arg)
        except OSError:
            self.remote.close()
            raise
        f = INFO.unpack(self.ioctl(READ | WRITE, 2, b"\1".ljust(INFO.size, b"\0")))
        self.lane, self.reason, self.nr_pages = f[2], f[3], f[5]
        self.laddr = unpack_addr(f[6], family)
        self.lport, self.max_payload = int.from_bytes(f[7], "big"), f[11]
        self.rings = Region(self.remote, 0, 0, f[12])
        self.pages = Region(self.remote, 1, 1 << 32, f[13])
        self.ring = [f[14 + 4 * i:18 + 4 * i] for i in range(4)]
        self.mine = list(range(self.nr_pages))
        self.statuses = []
        for _ in range(self.nr_pages // 2):
            self.give(self.mine.pop())
        self.rx_batch()

    def ioctl(self, direction, nr, arg):
        return self.remote.ioctl(number(direction, nr, len(arg)), arg)

    def close(self):
        self.remote.close()

    def cursors(self, ring):
        at = self.ring[ring][0]
        return self.rings.word(at), self.rings.word(at + 64)

    def put(self, ring, raw):
        at, desc, entries, size = self.ring[ring]
        producer = self.rings.word(at)
        self.rings.write(desc + producer % entries * size, raw)
        self.rings.set_word(at, producer + 1)

    def get(self, ring):
        at, desc, entries, size = self.ring[ring]
        producer, consumer = self.cursors(ring)
        if producer == consumer:
            return None
        raw = self.rings.read(desc + consumer % entries * size, size)
        self.rings.set_word(at + 64, consumer + 1)
        return raw

    def batch(self, nr):
        return struct.unpack_from("=I", self.ioctl(READ | WRITE, nr, struct.pack("=II", 64, 0)))[0]

    def rx_batch(self):
        return self.batch(4)

    def give(self, slot):
        """A page of ours to receive into."""
        self.put(FREE, struct.pack("=II", slot, 0))

    def recv(self, timeout=PATIENCE):
        """The next packet, whose page is ours, or None."""
        end = time.monotonic() + timeout
        while True:
            raw = self.get(RX)
            if raw:
                return Packet(self, PACKET.unpack(raw))
            if self.rx_batch() == 0:
                if time.monotonic() >= end:
                    return None
                time.sleep(0.005)

    def take(self, timeout=PATIENCE):
        """The next packet, whose page goes back to the kernel at once, or None."""
        p = self.recv(timeout)
        if p:
            self.give(p.slot)
        return p

    def collect(self):
        while True:
            raw = self.get(COMP)
            if not raw:
                return
            slot, status = struct.unpack("=Ii", raw)
            self.mine.append(slot)
            self.statuses.append(status)

    def send_slot(self, slot, offset, length, daddr=None, dport=0, flags=0):
        """Sends what lies there; returns the status of its completion."""
        self.statuses = []
        self.put(TX, PACKET.pack(slot, offset, length, 0, pack_port(dport), flags,
                                 pack_addr(daddr) if daddr else bytes(16)))
        end = time.monotonic() + PATIENCE
        while not self.statuses:
            self.batch(5)
            self.collect()
            if time.monotonic() >= end:
                return "no completion"
        return self.statuses[0]

    def send(self, payload, daddr=None, dport=0, flags=0, offset=128):
        slot = self.mine.pop()
        self.pages.write(slot * PAGE + offset, payload)
        return self.send_slot(slot, offset, len(payload), daddr, dport, flags)

    def stats(self):
        f = STATS.unpack(self.ioctl(READ | WRITE, 3, b"\1".ljust(STATS.size, b"\0")))
        said = dict(zip(("rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "tx_slow",
                         "rx_passed"), f[2:8]))
        said.update(zip(DROPS, f[8:]))
        return said

    def drops(self):
        """What is not zero of the counters of drops."""
        said = self.stats()
        return {name: said[name] for name in DROPS if said[name]}

    def neigh(self, addr, mac=bytes(6), flags=0):
        self.ioctl(WRITE, 7, NEIGH.pack(flags, pack_addr(addr), mac))

    def route(self, dst, prefix_len, gateway=None, flags=0):
        self.ioctl(WRITE, 8, ROUTE.pack(flags, pack_addr(dst),
                                        pack_addr(gateway) if gateway else bytes(16), prefix_len))

    def group(self, addr, flags=0):
        self.ioctl(WRITE, 9, GROUP.pack(flags, pack_addr(addr)))

    def headers(self, daddr=None, dport=0):
        """What ATMO_TX_FRAME wants before a payload; asks until the MAC is known."""
        end = time.monotonic() + PATIENCE
        while True:
            arg = HEADERS.pack(pack_addr(daddr) if daddr else bytes(16), pack_port(dport), 0, 0,
                               bytes(64))
            try:
                f = HEADERS.unpack(self.ioctl(READ | WRITE, 10, arg))
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.05)
                continue
            return f[4][:f[2]]
