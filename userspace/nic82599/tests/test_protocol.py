# SPDX-License-Identifier: GPL-2.0
"""The vfio-user messages: what is answered, and what is refused."""

import errno
import json
import os
import random
import struct
import time
import unittest

import vfu_client as v
from vfu_client import Client, Nic, refused

BINARY = None


class Base(unittest.TestCase):
    options = ()

    def setUp(self):
        self.nic = Nic(BINARY, *self.options)
        self.addCleanup(self.stop)

    def stop(self):
        status, err = self.nic.stop()
        self.assertEqual((status, err), (0, ""))

    def client(self, port=0, **kwargs):
        c = Client(self.nic.sock[port], **kwargs)
        self.addCleanup(c.close)
        return c


class Version(Base):
    def test_capabilities_suit_qemu(self):
        reply = self.client().version
        self.assertEqual(struct.unpack("HH", reply[:4]), (0, 1))
        self.assertEqual(reply[-1], 0)
        caps = json.loads(reply[4:-1])["capabilities"]
        self.assertLessEqual(caps["max_msg_fds"], 16)
        self.assertGreaterEqual(caps["max_data_xfer_size"], 4096)
        self.assertEqual(caps["pgsizes"], 4096)
        self.assertNotIn("migration", caps)
        self.assertNotIn("write_multiple", caps)

    def test_write_multiple_only_if_offered(self):
        caps = b'{"capabilities":{"write_multiple": true}}\0'
        reply = json.loads(self.client(caps=caps).version[4:-1])
        self.assertTrue(reply["capabilities"]["write_multiple"])

    def test_minor_is_the_smaller_one(self):
        for offered, answer in ((0, 0), (1, 1), (7, 1)):
            c = Client(self.nic.sock[0], negotiate=False)
            reply = c.request(v.VERSION, struct.pack("HH", 0, offered))
            self.assertEqual(struct.unpack("HH", reply[:4]), (0, answer))
            c.close()

    def test_other_major_is_refused(self):
        c = self.client(negotiate=False)
        self.assertEqual(refused(c.request, v.VERSION, struct.pack("HH", 1, 0)), errno.EINVAL)

    def test_data_without_nul_is_refused(self):
        c = self.client(negotiate=False)
        self.assertEqual(refused(c.request, v.VERSION, struct.pack("HH", 0, 1) + b"{}"),
                         errno.EINVAL)

    def test_nothing_before_it_nor_twice(self):
        c = self.client(negotiate=False)
        self.assertEqual(refused(c.read, v.CONFIG, 0, 4), errno.EPROTO)
        self.assertEqual(refused(c.request, v.VERSION, b"\0"), errno.EINVAL)
        c.request(v.VERSION, struct.pack("HH", 0, 1))
        self.assertEqual(refused(c.request, v.VERSION, struct.pack("HH", 0, 1)), errno.EINVAL)
        c.read(v.CONFIG, 0, 4)


class Info(Base):
    def test_device(self):
        c = self.client()
        reply = c.request(v.GET_INFO, struct.pack("IIII", 16, 0, 0, 0))
        self.assertEqual(struct.unpack("IIII", reply), (16, 3, 9, 5))
        self.assertEqual(refused(c.request, v.GET_INFO, struct.pack("IIII", 15, 0, 0, 0)),
                         errno.EINVAL)
        self.assertEqual(refused(c.request, v.GET_INFO, b"\0" * 15), errno.EINVAL)

    def region(self, c, index, argsz=32):
        reply = c.request(v.GET_REGION_INFO, struct.pack("IIIIQQ", argsz, 0, index, 0, 0, 0))
        return struct.unpack("IIIIQQ", reply)

    def test_regions(self):
        c = self.client()
        sizes = [0x20000, 0, 32, 0, 0x4000, 0, 0, 4096, 0]
        for index, size in enumerate(sizes):
            argsz, flags, got, cap_offset, got_size, _ = self.region(c, index)
            self.assertEqual((argsz, got, got_size), (32, index, size))
            self.assertEqual(flags, 3 if size else 0)
            self.assertGreaterEqual(cap_offset, 32)
        self.assertEqual(refused(self.region, c, 9), errno.EINVAL)
        self.assertEqual(refused(self.region, c, 0, argsz=31), errno.EINVAL)
        self.region(c, 0, argsz=4096)

    def test_interrupts(self):
        c = self.client()
        for index, count in enumerate([1, 1, 64, 1, 0]):
            reply = c.request(v.GET_IRQ_INFO, struct.pack("IIII", 16, 0, index, 0))
            argsz, _, got, n = struct.unpack("IIII", reply)
            self.assertEqual((argsz, got, n), (16, index, count))
        self.assertEqual(refused(c.request, v.GET_IRQ_INFO, struct.pack("IIII", 16, 0, 5, 0)),
                         errno.EINVAL)

    def test_unsupported_commands(self):
        c = self.client()
        for command in (0, v.GET_REGION_IO_FDS, v.DMA_READ, v.DMA_WRITE, v.DIRTY_PAGES,
                        v.FEATURE, 17, 18, 0xffff):
            self.assertEqual(refused(c.request, command, b"\0" * 64), errno.ENOTSUP, command)


class Access(Base):
    def test_bounds(self):
        c = self.client()
        c.enable(7)
        sizes = {0: 0x20000, 2: 32, 4: 0x4000, 7: 4096}
        for region, size in sizes.items():
            c.read(region, size - 4, 4)
            for off, count in ((size, 1), (size - 3, 4), (size, 0), (0, 0), (1 << 63, 4),
                               ((1 << 64) - 4, 4), ((1 << 64) - 4, 8), (0, size + 1)):
                self.assertEqual(refused(c.read, region, off, count), errno.EINVAL,
                                 (region, off, count))
            self.assertEqual(refused(c.write, region, size - 3, b"abcd"), errno.EINVAL)
        for region in (1, 3, 5, 6, 8, 9, 0xffffffff):
            self.assertEqual(refused(c.read, region, 0, 4), errno.EINVAL)
            self.assertEqual(refused(c.write, region, 0, b"abcd"), errno.EINVAL)

    def test_count_must_match(self):
        c = self.client()
        for count in (0, 3, 5, 0xffffffff):
            body = struct.pack("QII", 0x10, v.CONFIG, count) + b"abcd"
            self.assertEqual(refused(c.request, v.REGION_WRITE, body), errno.EINVAL)
        self.assertEqual(refused(c.read, v.BAR0, 0, 65537), errno.EINVAL)
        self.assertEqual(refused(c.read, v.BAR0, 0, 0xffffffff), errno.EINVAL)

    def test_widths(self):
        c = self.client()
        c.enable()
        c.write(v.BAR0, 0x400, struct.pack("II", 0x11223344, 0x55667788))
        self.assertEqual(c.read(v.BAR0, 0x400, 8), struct.pack("II", 0x11223344, 0x55667788))
        self.assertEqual(c.read(v.BAR0, 0x401, 2), b"\x33\x22")
        self.assertEqual(c.read(v.BAR0, 0x403, 3), b"\x11\x88\x77")
        c.write(v.BAR0, 0x400, b"\xff")
        c.write(v.BAR0, 0x402, b"\xff\xff\xff\xff")
        self.assertEqual(c.reg(0x400), 0x11223344)
        self.assertEqual(len(c.read(v.BAR0, 0, 65536)), 65536)

    def test_io_window(self):
        c = self.client()
        c.enable(7)
        c.set_reg(0x500, 0xcafe)
        c.write32(v.BAR2, 0, 0x500)
        self.assertEqual(c.read32(v.BAR2, 4), 0xcafe)
        c.write32(v.BAR2, 4, 0xbabe)
        self.assertEqual(c.reg(0x500), 0xbabe)
        c.write32(v.BAR2, 0, 0xfffffffc)
        self.assertEqual(c.read32(v.BAR2, 4), 0)
        c.write32(v.BAR2, 4, 1)
        c.write32(v.BAR2, 0, 0x1ffff)
        c.write32(v.BAR2, 4, 2)
        self.assertEqual(c.reg(0x1fffc), 2)

    def test_posted_writes_keep_their_order(self):
        c = self.client()
        c.enable()
        for i in range(5000):
            c.post(v.BAR0, 0x400 + 4 * (i % 8), struct.pack("I", i))
        self.assertEqual([c.reg(0x400 + 4 * i) for i in range(8)], list(range(4992, 5000)))

    def test_bad_posted_write_has_no_reply(self):
        c = self.client()
        c.post(v.BAR0, 0x20000, b"abcd")
        c.read(v.CONFIG, 0, 4)

    def multi(self, c, writes, nr=None):
        body = struct.pack("Q", len(writes) if nr is None else nr)
        for region, off, data in writes:
            body += struct.pack("QII8s", off, region, len(data), data[:8])
        return struct.unpack("Q", c.request(v.WRITE_MULTI, body))[0]

    def test_write_multi(self):
        c = self.client()
        c.enable()
        good = [(v.BAR0, 0x400, b"abcd"), (v.BAR0, 0x408, b"efghijkl")]
        self.assertEqual(self.multi(c, good), 2)
        self.assertEqual(c.read(v.BAR0, 0x408, 8), b"efghijkl")
        self.assertEqual(self.multi(c, []), 0)
        for nr in (1, 3, 1 << 60, (1 << 64) - 1):
            self.assertEqual(refused(self.multi, c, good, nr), errno.EINVAL)
        bad = [(v.BAR0, 0x400, b"xxxx"), (v.BAR0, 0x20000, b"abcd")]
        self.assertEqual(refused(self.multi, c, bad), errno.EINVAL)
        self.assertEqual(refused(self.multi, c, [(v.BAR0, 0x400, b"123456789")]), errno.EINVAL)
        self.assertEqual(c.read(v.BAR0, 0x400, 4), b"abcd")

    def test_nothing_is_decoded_until_enabled(self):
        c = self.client()
        self.assertEqual(c.reg(0x400), 0xffffffff)
        c.set_reg(0x400, 1)
        self.assertEqual(c.read32(v.BAR4, 0), 0xffffffff)
        self.assertEqual(c.read32(v.BAR2, 0), 0xffffffff)
        c.enable()
        self.assertEqual(c.reg(0x400), 0)

    def test_reset(self):
        c = self.client()
        c.enable()
        c.set_reg(0x400, 7)
        c.request(v.RESET)
        self.assertEqual(c.read16(v.CONFIG, 4), 0)
        c.enable()
        self.assertEqual(c.reg(0x400), 0)


class Framing(Base):
    def test_byte_by_byte(self):
        c = self.client()
        for byte in c.message(v.REGION_READ, struct.pack("QII", 0, v.CONFIG, 4)):
            c.send(bytes([byte]))
        self.assertEqual(c.reply()[2][16:], b"\x86\x80\xfb\x10")

    def test_many_at_once(self):
        c = self.client()
        one = struct.pack("QII", 0, v.CONFIG, 4)
        c.send(b"".join(c.message(v.REGION_READ, one, ident=i) for i in range(2000)))
        for i in range(2000):
            self.assertEqual(c.reply()[0], i)

    def test_oversize_is_answered_and_skipped(self):
        c = self.client()
        c.send(c.message(v.REGION_WRITE, b"\0" * (1 << 20)))
        self.assertEqual(refused(c.reply), errno.EMSGSIZE)
        c.read(v.CONFIG, 0, 4)
        c.send(c.message(v.REGION_WRITE, b"\0" * (1 << 20), v.NO_REPLY))
        c.read(v.CONFIG, 0, 4)

    def test_size_below_the_header_ends_the_connection(self):
        for size in (0, 1, 15):
            c = Client(self.nic.sock[0])
            c.send(c.message(v.GET_INFO, size=size))
            self.assertRaises(ConnectionError, c.reply)
            c.close()
        self.client().read(v.CONFIG, 0, 4)

    def test_replies_from_the_client_are_ignored(self):
        c = self.client()
        c.send(c.message(v.DMA_READ, b"\0" * 24, v.REPLY))
        c.read(v.CONFIG, 0, 4)

    def test_client_that_does_not_read(self):
        c = self.client(timeout=30)
        other = self.client(port=1)
        body = struct.pack("QII", 0, v.CONFIG, 4096)
        c.sock.setblocking(False)
        sent, data = 0, b"".join(c.message(v.REGION_READ, body, ident=i) for i in range(20000))
        idle = 0
        while sent < len(data) and idle < 50:
            try:
                sent += c.sock.send(data[sent:sent + 65536])
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.002)
        self.assertGreaterEqual(idle, 50)
        other.read(v.CONFIG, 0, 4)
        c.sock.settimeout(10)
        for i in range(sent // 32):
            self.assertEqual(c.reply()[0], i)

    def test_descriptor_finds_its_message(self):
        """Three messages in the socket before the server looks; only one with a descriptor."""
        c = self.client()
        c.enable()
        fd = v.memfd(8192)
        busy = struct.pack("QII", 0, v.BAR0, 65536)
        for i in range(20):
            for _ in range(8):
                c.send(c.message(v.REGION_READ, busy))
            addr = 0x10000 * (i + 1)
            c.send(c.message(v.DMA_MAP, struct.pack("IIQQQ", 32, 3, 0, addr, 4096)))
            c.send(c.message(v.DMA_MAP, struct.pack("IIQQQ", 32, 3, 0, addr + 4096, 4096)), [fd])
            c.send(c.message(v.DMA_MAP, struct.pack("IIQQQ", 32, 3, 0, addr + 8192, 4096)))
            for _ in range(11):
                c.reply()
            for page, works in ((0, False), (4096, True), (8192, False)):
                c.set_reg(0x110, addr + page)
                c.set_reg(0x118, 16)
                c.set_reg(0x11c, 1)
                self.assertEqual(c.reg(0x120), 0 if works else 1)
        os.close(fd)

    def test_second_client_waits(self):
        first = Client(self.nic.sock[0])
        second = Client(self.nic.sock[0], negotiate=False)
        second.send(second.message(v.VERSION, struct.pack("HH", 0, 1)))
        first.read(v.CONFIG, 0, 4)
        first.close()
        second.reply()
        second.read(v.CONFIG, 0, 4)
        second.close()

    def test_disconnect_resets(self):
        c = Client(self.nic.sock[0])
        c.enable()
        c.set_reg(0x400, 7)
        c.close()
        c = self.client()
        self.assertEqual(c.read16(v.CONFIG, 4), 0)
        c.enable()
        self.assertEqual(c.reg(0x400), 0)


class Fuzz(Base):
    """Anything at all, several thousand times: it stays up and leaks no descriptor."""

    rounds = int(os.environ.get("FUZZ_ROUNDS", "300"))

    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("FUZZ_SEED", str(time.time_ns())))
        self.rnd = random.Random(seed)
        self.hint = f"FUZZ_SEED={seed}"

    def interesting(self):
        return self.rnd.choice([0, 1, 2, 3, 4, 7, 16, 32, 63, 64, 4095, 4096, 65535, 65536,
                                (1 << 31) - 1, (1 << 32) - 1, self.rnd.getrandbits(32)])

    def random_message(self, c):
        command = self.rnd.randrange(0, 19)
        n = self.rnd.choice([0, 4, 15, 16, 20, 24, 28, 32, 40, self.rnd.randrange(0, 400)])
        words = [self.interesting() for _ in range((n + 3) // 4)]
        body = b"".join(struct.pack("I", w) for w in words)[:n]
        flags = self.rnd.choice([0, 0, 0, v.NO_REPLY, v.REPLY, 0xffffffff])
        size = self.rnd.choice([None] * 12 + [self.interesting()])
        if size is not None and size > 200:
            size = None
        return c.message(command, body, flags, size)

    def talk(self, c, fds):
        for _ in range(self.rnd.randrange(1, 60)):
            data = self.random_message(c)
            if self.rnd.random() < 0.05:
                data = self.rnd.randbytes(self.rnd.randrange(1, 200))
            some = [self.rnd.choice(fds) for _ in range(self.rnd.choice([0, 0, 0, 1, 2, 20]))]
            c.send(data, some)

    def test_random_messages(self):
        fds = [v.memfd(1 << 16), v.memfd(1 << 20), os.open("/dev/null", os.O_RDWR),
               os.open("/", os.O_RDONLY), os.eventfd(0)]
        before = self.nic.nr_fds()
        for _ in range(self.rounds):
            c = Client(self.nic.sock[0], timeout=2)
            try:
                self.talk(c, fds)
                c.sock.setblocking(False)
                while c.sock.recv(1 << 16):
                    pass
            except (BlockingIOError, BrokenPipeError, ConnectionError):
                pass
            c.close()
            self.assertTrue(self.nic.alive(), self.hint)
        c = Client(self.nic.sock[0])
        c.read(v.CONFIG, 0, 4)
        c.close()
        self.nic.wait_for(lambda: self.nic.nr_fds() == before)
        for fd in fds:
            os.close(fd)

    def test_random_bytes(self):
        for _ in range(self.rounds):
            c = Client(self.nic.sock[0], negotiate=False)
            try:
                c.send(self.rnd.randbytes(self.rnd.randrange(1, 3000)))
            except ConnectionError:
                pass
            c.close()
        self.assertTrue(self.nic.alive(), self.hint)
        self.client().read(v.CONFIG, 0, 4)
