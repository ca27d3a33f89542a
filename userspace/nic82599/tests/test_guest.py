# SPDX-License-Identifier: GPL-2.0
"""The whole model against a guest that does anything, and a wire that sends anything."""

import mmap
import os
import random
import struct
import time
import unittest

import vfu_client as v
from test_gen import Control
from test_wire import plug

BINARY = None

MEM = 1 << 20
GPRC, GPTC = 0x4074, 0x4080

SOME_REGISTERS = (
    # control, EEPROM, SFP+ (I2C), link, flow control
    0x0, 0x8, 0x18, 0x20, 0x28, 0x10010, 0x10014, 0x10018, 0x42a0, 0x42a4, 0x4288, 0x4240,
    0x3200, 0x3220, 0x3260, 0x32a0, 0x4294, 0x3c00, 0x3d00,
    # receive and transmit, filters
    0x3000, 0x2f00, 0x4a80, 0x4900, 0x8100, 0x8110, 0x4250, 0x5000, 0x5080, 0x5088, 0x5090,
    0x5818, 0x9000, 0xee00, 0xec80, 0x8800,
    # interrupts
    0x800, 0x808, 0x880, 0x888, 0x890, 0x898, 0x820, 0x900, 0xd00,
)
QUEUE_REGISTERS = tuple(
    [base + 0x40 * q + off for q in range(8) for base, offs in
     ((0x1000, (0, 4, 8, 0x10, 0x14, 0x18, 0x28, 0x2c)), (0x6000, (0, 4, 8, 0x10, 0x18, 0x28,
                                                                 0x38, 0x3c)))
     for off in offs] +
    [base + 4 * i for i in range(8) for base in
     (0xe000, 0xe200, 0xe400, 0xe600, 0xe800, 0x5200, 0x900, 0xeb00, 0x5c00, 0x5c80)] +
    [0xa200 + 8 * i + half for i in range(8) for half in (0, 4)])
REGISTERS = SOME_REGISTERS + QUEUE_REGISTERS

LENGTHS = (1, 13, 14, 15, 17, 18, 20, 33, 34, 42, 59, 60, 64, 300, 1514, 1518, 9000, 16000)
ETHER_TYPES = (b"\x08\0", b"\x86\xdd", b"\x81\0", b"\x88\xa8", b"\x88\x08", b"\x08\x06")


class HostileGuest(unittest.TestCase):
    options = ("--inject0", "unix:@DIR@/i0", "--capture", "@DIR@/c")
    seconds = float(os.environ.get("FUZZ_SECONDS", "5"))

    def setUp(self):
        self.seed = int(os.environ.get("FUZZ_SEED", str(time.time_ns())))
        self.rnd = random.Random(self.seed)
        self.nic = v.Nic(BINARY, *self.options)
        self.addCleanup(self.stop)
        self.fd = v.memfd(MEM)
        self.addCleanup(os.close, self.fd)
        self.mem = mmap.mmap(self.fd, MEM)
        self.addCleanup(self.mem.close)
        self.ports = [v.Client(path, timeout=30) for path in self.nic.sock]
        self.wire = plug(self.nic.path("i0"))
        for s in (*self.ports, self.wire):
            self.addCleanup(s.close)
        self.counts = {GPRC: 0, GPTC: 0}

    def stop(self):
        status, err = self.nic.stop()
        self.assertEqual((status, err), (0, ""), f"FUZZ_SEED={self.seed}")

    def value(self):
        kind = self.rnd.random()
        if kind < 0.3:
            return self.rnd.choice((0, 1, 2, 3, 7, 8, 16, 31, 32, 0x7f, 0x80, 0xff, 0x100, 0xffff,
                                    0x10000, 0x80000000, 0xffffffff, 1 << 25))
        if kind < 0.6:
            return self.rnd.getrandbits(32)
        if kind < 0.8:
            return 1 << self.rnd.randrange(32)
        return self.rnd.randrange(MEM) & ~127

    def descriptor(self):
        """Legacy, data or context, or nothing that makes sense."""
        addr = self.rnd.choice((self.rnd.randrange(MEM), self.rnd.randrange(MEM) & ~4095,
                                self.rnd.getrandbits(64)))
        command = self.rnd.choice((1, 3, 9, 0xb, 0x29, 0x2b, 0x3b, 0xab, 0x21))
        kind = self.rnd.choice((0, 2, 3))
        length = self.rnd.randrange(2048)
        word = self.rnd.choice((
            self.rnd.getrandbits(64), length | command << 24,
            length | kind << 20 | command << 24 | self.rnd.randrange(1 << 17) << 46))
        return struct.pack("<QQ", addr, word & (1 << 64) - 1)

    def set_up_queue(self, c, q):
        rx, tx = 0x20000 * q, 0x20000 * q + 0x10000
        for i in range(512):
            self.mem[rx + 16 * i:rx + 16 * i + 16] = self.descriptor()
            self.mem[tx + 16 * i:tx + 16 * i + 16] = self.descriptor()
        sizes = (128, 1024, 4096, 8192)
        for base, ring in ((0x1000, rx), (0x6000, tx)):
            c.set_reg(base + 0x40 * q, ring)
            c.set_reg(base + 4 + 0x40 * q, 0)
            c.set_reg(base + 8 + 0x40 * q, self.rnd.choice(sizes))
        c.set_reg(0x1014 + 0x40 * q, self.rnd.choice((0x2000402, 0x2000002, 0x12000402,
                                                      0x10000402, self.value())))
        c.set_reg(0x1028 + 0x40 * q, 1 << 25)
        c.set_reg(0x6028 + 0x40 * q, 1 << 25)
        c.set_reg(0x1018 + 0x40 * q, self.rnd.randrange(300))

    def set_up(self, c):
        c.request(v.RESET)
        c.dma_unmap(0, 0, 2)
        c.enable(7)
        c.write16(v.CONFIG, 0x72, 0x8000)
        c.dma_map(0, MEM, self.fd)
        c.dma_map(MEM, MEM, self.fd, flags=1)
        c.dma_map(2 * MEM, MEM)
        for reg, val in ((0x5080, self.rnd.choice((0x702, 0x302, self.value()))), (0x4a80, 1),
                         (0x42a0, 0x6000 | 1 << 12), (0x2f00, 8 | self.rnd.randrange(2)),
                         (0x4240, self.rnd.getrandbits(16) | 0x400), (0x3c00, 0x80000)):
            c.set_reg(reg, val)
        for q in range(3):
            self.set_up_queue(c, q)
        c.set_reg(0x3000, 1)
        c.set_reg(0x898, self.rnd.choice((0, 0x10, 0xc0000030)))
        c.set_reg(0x880, 0xffffffff)
        for q in range(3):
            c.set_reg(0x6018 + 0x40 * q, self.rnd.randrange(300))

    def order(self):
        """What else happens, once in a while."""

    def frame(self):
        length = self.rnd.choice(LENGTHS + (self.rnd.randrange(1, 2000),))
        f = bytearray(self.rnd.randbytes(length))
        if length >= 14 and self.rnd.random() < 0.8:
            f[0:6] = self.rnd.choice((b"\xff" * 6, b"\x02\x82\x59\x90\0\0",
                                      b"\x01\x80\xc2\0\0\x01"))
            f[12:14] = self.rnd.choice(ETHER_TYPES)
        if length > 34 and self.rnd.random() < 0.7:
            f[14] = self.rnd.choice((0x45, 0x46, 0x4f, 0x60, 0x44, 0))
            f[23] = self.rnd.choice((6, 17, 132, 1, 0))
            f[16:18] = struct.pack(">H", self.rnd.choice((length - 14, 0, 20, 65535)))
        return bytes(f)

    def step(self):
        c = self.rnd.choice(self.ports)
        kind = self.rnd.random()
        if kind < 0.55:
            anywhere = self.rnd.randrange(0x20000) & ~3
            reg = self.rnd.choice(REGISTERS) if self.rnd.random() < 0.85 else anywhere
            c.post(v.BAR0, reg, struct.pack("I", self.value()))
        elif kind < 0.7:
            c.set_reg(self.rnd.choice((0x6018, 0x6058, 0x1018, 0x1058)), self.rnd.randrange(300))
        elif kind < 0.8:
            c.reg(self.rnd.randrange(0x20000) & ~3)
        elif kind < 0.95:
            self.wire.send(self.frame())
        else:
            at = self.rnd.randrange(MEM // 16) * 16
            self.mem[at:at + 16] = self.descriptor()

    def test_anything(self):
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            for c in self.ports:
                self.set_up(c)
            self.order()
            for i in range(400):
                self.step()
                if i % 50 == 49:
                    for c in self.ports:
                        for reg in self.counts:
                            self.counts[reg] += c.reg(reg)
            for c in self.ports:
                c.read(v.CONFIG, 0, 4)
        for reg, count in self.counts.items():
            self.assertGreater(count, 0, f"nothing got through: {reg:#x}")


class HostileGuestOfGenerators(HostileGuest):
    """The same while generators send, and judge whatever comes back."""

    options = (*HostileGuest.options, "--wire", "gen", "--gen-control", "@DIR@/gen")
    seconds = HostileGuest.seconds / 2

    def setUp(self):
        super().setUp()
        self.gen = Control(self.nic.path("gen"))
        self.addCleanup(self.gen.close)

    def order(self):
        for port in (0, 1):
            rate = self.rnd.choice(("max", "max", "100000"))
            self.assertTrue(self.gen(f"reset {port}")["ok"])
            self.assertTrue(self.gen(f"start {port} count=0 rate={rate} size=64-1518 flows=9 "
                                     f"dst_mac=ff:ff:ff:ff:ff:ff")["ok"])
