# SPDX-License-Identifier: GPL-2.0
"""Wires, captures and the command line."""

import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import test_protocol
import vfu_client as v
from test_protocol import Base

S_SEND, S_FRAMES, S_LEN, S_ANSWER, S_CARRIER, S_LIGHT, S_RXCTRL = \
    0x108, 0x200, 0x204, 0x208, 0x20c, 0x218, 0x3000


def plug(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(path)
    return s


class Ports(Base):
    def setUp(self):
        super().setUp()
        self.c = [self.client(0), self.client(1)]
        for c in self.c:
            c.enable()

    def wait_reg(self, port, reg, value):
        self.nic.wait_for(lambda: self.c[port].reg(reg) == value)


class Loop(Ports):
    def test_port_to_port(self):
        self.assertEqual([c.reg(S_CARRIER) for c in self.c], [1, 1])
        for length in (1, 60, 1514, 16000):
            self.c[0].set_reg(S_SEND, length)
            self.assertEqual(self.c[1].reg(S_LEN), length)
        self.assertEqual(self.c[1].reg(S_FRAMES), 4)
        self.assertEqual(self.c[0].reg(S_FRAMES), 0)

    def test_carrier_follows_the_laser(self):
        self.c[1].set_reg(S_LIGHT, 0)
        self.assertEqual([c.reg(S_CARRIER) for c in self.c], [0, 1])
        self.c[1].set_reg(S_LIGHT, 1)
        self.assertEqual([c.reg(S_CARRIER) for c in self.c], [1, 1])

    def test_ports_that_answer_each_other_for_ever(self):
        for c in self.c:
            c.set_reg(S_ANSWER, 64)
        self.c[0].set_reg(S_SEND, 64)
        time.sleep(0.2)
        for c in self.c:
            self.assertGreater(c.reg(S_FRAMES), 10)
            c.set_reg(S_ANSWER, 0)


class Vanish(Ports):
    options = ("--vanish1", "3")

    def test_after_three_frames(self):
        c = self.c[1]
        fd = v.memfd(4096)
        c.dma_map(0, 4096, fd)
        irq = os.eventfd(0, os.EFD_NONBLOCK)
        c.write16(v.CONFIG, 0x72, 0x8000)
        c.set_eventfds(v.MSIX, [irq])
        for _ in range(2):
            self.c[0].set_reg(S_SEND, 60)
        self.assertEqual(c.reg(S_FRAMES), 2)
        self.c[0].set_reg(S_SEND, 60)
        self.assertEqual(c.reg(S_FRAMES), 0xffffffff)
        self.assertEqual(c.read(v.CONFIG, 0, 64), b"\xff" * 64)
        c.write16(v.CONFIG, 4, 7)
        c.set_reg(0x100, 0)
        c.request(v.RESET)
        self.assertEqual(c.read32(v.CONFIG, 0), 0xffffffff)
        self.assertEqual(v.signalled(irq), 0)
        self.c[0].set_reg(S_SEND, 60)
        c.close()
        c = self.client(1)
        c.enable()
        self.assertEqual(c.read32(v.CONFIG, 0), 0x10fb8086)
        self.c[0].set_reg(S_SEND, 60)
        self.assertEqual(c.reg(S_FRAMES), 1)
        os.close(fd)
        os.close(irq)


class Sockets(Ports):
    options = ("--wire0", "unix:@DIR@/w0", "--wire1", "none", "--inject1", "unix:@DIR@/i1")

    def test_carrier_and_frames(self):
        self.assertEqual([c.reg(S_CARRIER) for c in self.c], [0, 0])
        s = plug(self.nic.path("w0"))
        self.wait_reg(0, S_CARRIER, 1)
        s.send(b"x" * 1)
        self.wait_reg(0, S_LEN, 1)
        s.send(b"x" * 16128)
        self.wait_reg(0, S_LEN, 16128)
        s.send(b"x" * 16129)
        s.send(b"x" * 99)
        self.wait_reg(0, S_LEN, 99)
        self.assertEqual(self.c[0].reg(S_FRAMES), 3)
        self.c[0].set_reg(S_SEND, 1500)
        self.assertEqual(s.recv(20000), b"\0" * 1500)
        s.close()
        self.wait_reg(0, S_CARRIER, 0)
        self.c[0].set_reg(S_SEND, 1500)
        s = plug(self.nic.path("w0"))
        self.wait_reg(0, S_CARRIER, 1)
        s.close()

    def test_client_that_does_not_read(self):
        s = plug(self.nic.path("w0"))
        self.wait_reg(0, S_CARRIER, 1)
        for _ in range(2000):
            self.c[0].post(v.BAR0, S_SEND, struct.pack("I", 1514))
        self.c[0].reg(0)
        s.close()
        self.wait_reg(0, S_CARRIER, 0)
        self.assertIn("not taken", self.nic.log())

    def test_inject(self):
        s = plug(self.nic.path("i1"))
        for n in range(200):
            s.send(b"\xff" * (n + 1))
        self.wait_reg(1, S_FRAMES, 200)
        self.assertEqual(self.c[1].reg(S_CARRIER), 0)
        self.c[1].set_reg(S_SEND, 100)		# not to the injector
        s.setblocking(False)
        self.assertRaises(BlockingIOError, s.recv, 100)
        s.close()


class Capture(Ports):
    options = ("--capture", "@DIR@/all.pcapng", "--capture1", "@DIR@/one.pcapng")

    def frames(self, name):
        return packets(self.nic.path(name))

    def test_pcapng(self):
        for n in range(100):
            self.c[0].set_reg(S_SEND, 60 + n)
        self.c[1].set_reg(S_SEND, 1514)
        self.nic.wait_for(lambda: len(self.frames("all.pcapng")) == 202)
        got = self.frames("all.pcapng")
        self.assertEqual(got[:2], [(0, 60, 2), (1, 60, 1)])
        self.assertEqual(got[-2:], [(1, 1514, 2), (0, 1514, 1)])
        self.assertEqual(len(self.frames("one.pcapng")), 101)
        tcpdump = shutil.which("tcpdump")
        if tcpdump:
            out = subprocess.run([tcpdump, "-e", "-nn", "-r", self.nic.path("one.pcapng")],
                                 capture_output=True, check=True, text=True)
            self.assertEqual(len(out.stdout.splitlines()), 101, out.stdout)

    def readable(self):
        try:
            return self.frames("all.pcapng")
        except AssertionError:
            return None

    def test_readable_at_any_time(self):
        """Whole blocks only; just a look in the middle of a write may have to be repeated."""
        for n in range(3000):
            self.c[0].post(v.BAR0, S_SEND, struct.pack("I", 60 + n % 1400))
            if n % 100 == 0:
                self.nic.wait_for(lambda: self.readable() is not None, 2)
        self.nic.wait_for(lambda: len(self.frames("all.pcapng")) == 6000)


class Replay(unittest.TestCase):
    def make_pcap(self, path, n, linktype=1):
        with open(path, "wb") as f:
            f.write(struct.pack("IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
            for i in range(n):
                f.write(struct.pack("IIII", i, 0, 60 + i, 60 + i) + b"x" * (60 + i))

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="nic82599-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.file = os.path.join(self.dir, "in.pcap")

    def start(self, spec):
        nic = v.Nic(test_protocol.BINARY, "--wire0", spec)
        self.addCleanup(lambda: self.assertEqual(nic.stop(), (0, "")))
        c = v.Client(nic.sock[0])
        self.addCleanup(c.close)
        c.enable()
        return nic, c

    def test_once(self):
        self.make_pcap(self.file, 50)
        nic, c = self.start(f"pcap-in:{self.file},rate=5000")
        time.sleep(0.5)
        self.assertEqual(c.reg(S_FRAMES), 0)
        c.set_reg(S_RXCTRL, 1)
        nic.wait_for(lambda: c.reg(S_FRAMES) == 50)
        self.assertEqual(c.reg(S_LEN), 109)
        time.sleep(0.1)
        self.assertEqual(c.reg(S_FRAMES), 50)
        self.assertIn("50 frames sent", nic.log())

    def test_over_and_over(self):
        self.make_pcap(self.file, 3)
        nic, c = self.start(f"pcap-in:{self.file},loop,rate=2000")
        c.set_reg(S_RXCTRL, 1)
        nic.wait_for(lambda: c.reg(S_FRAMES) > 100)

    def test_empty_file_for_ever(self):
        self.make_pcap(self.file, 0)
        nic, c = self.start(f"pcap-in:{self.file},loop")
        c.set_reg(S_RXCTRL, 1)
        nic.wait_for(lambda: "0 frames sent" in nic.log())


class CommandLine(unittest.TestCase):
    def run_nic(self, *args):
        p = subprocess.run([test_protocol.BINARY, *args], capture_output=True, text=True,
                           timeout=20, check=False)
        return p.returncode, p.stdout + p.stderr

    def test_help(self):
        status, text = self.run_nic("--help")
        self.assertEqual(status, 0)
        for word in ("--socket0", "--wire", "--inject0", "--capture", "default", "pcap-in"):
            self.assertIn(word, text)

    def test_usage_errors(self):
        s = ("--socket0", "/nonexistent/a", "--socket1", "/nonexistent/b")
        for args, word in (
                ((), "--socket0"), (("--nonsense",), "nonsense"), ((*s, "extra"), "extra"),
                ((*s, "--mac0", "1:2:3"), "1:2:3"), ((*s, "--mac0", "03:00:00:00:00:00"), "multicast"),
                ((*s, "--wire", "unix:x"), "--wire0"), ((*s, "--wire0", "loop"), "two ends"),
                ((*s, "--vanish0", "-1"), "-1"), ((*s, "--vanish1", "0"), "number"),
                ((*s, "--wire0", "cable"), "cable"), ((*s, "--inject0", "file"), "unix:PATH"),
                (("--socket0", "/x", "--wire", "loop"), "--socket1")):
            status, text = self.run_nic(*args)
            self.assertEqual(status, 2, (args, text))
            self.assertIn(word, text)

    def test_run_time_errors(self):
        with tempfile.TemporaryDirectory() as d:
            s = ("--socket0", f"{d}/s0", "--socket1", f"{d}/s1")
            with open(f"{d}/text", "w", encoding="utf-8") as f:
                f.write("not a capture, not at all, not in any format that is known")
            Replay.make_pcap(self, f"{d}/wifi.pcap", 1, linktype=105)
            for args, word in (
                    (("--socket0", "/nonexistent/a"), "/nonexistent/a"),
                    (("--socket0", "/" + "x" * 200), "longer than"),
                    (("--socket0", f"{d}/text"), "Address already in use"),
                    ((*s, "--capture", "/nonexistent/c"), "/nonexistent/c"),
                    ((*s, "--log", "/nonexistent/l"), "/nonexistent/l"),
                    ((*s, "--wire0", "pcap-in:/nonexistent/p"), "/nonexistent/p"),
                    ((*s, "--wire0", f"pcap-in:{d}/text"), "capture"),
                    ((*s, "--wire0", f"pcap-in:{d}/wifi.pcap"), "only Ethernet"),
                    ((*s, "--wire0", f"pcap-in:{d}/wifi.pcap,rate=0"), "rate="),
                    ((*s, "--wire0", "pcap-in:"), "missing"),
                    ((*s, "--wire0", f"unix:{d}/no/s"), "No such file")):
                status, text = self.run_nic(*args)
                self.assertEqual(status, 1, (args, text))
                self.assertIn(word, text)
            self.assertEqual(sorted(os.listdir(d)), ["text", "wifi.pcap"])

    def test_stale_socket_is_replaced_a_live_one_is_not(self):
        with tempfile.TemporaryDirectory() as d:
            stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stale.bind(f"{d}/s0")
            stale.listen()
            status, text = self.run_nic("--socket0", f"{d}/s0")
            self.assertEqual(status, 1, text)
            stale.close()
            p = subprocess.Popen([test_protocol.BINARY, "--socket0", f"{d}/s0"],
                                 stderr=subprocess.PIPE)
            time.sleep(0.3)
            v.Client(f"{d}/s0").close()
            p.send_signal(2)
            p.communicate(timeout=10)
            self.assertEqual(p.returncode, 0)
            self.assertEqual(os.listdir(d), [])


def packets(path):
    """(interface, length, direction) of each packet; checks every block on the way."""
    with open(path, "rb") as f:
        data = f.read()
    found, at, times = [], 0, [0]
    while at < len(data):
        kind, size = struct.unpack_from("II", data, at)
        assert size % 4 == 0 and at + size <= len(data), "a block is not whole"
        assert struct.unpack_from("I", data, at + size - 4)[0] == size
        if kind == 6:
            interface, hi, lo, cap, orig = struct.unpack_from("IIIII", data, at + 8)
            option = at + 28 + (cap + 3 & ~3)
            code, length, flags = struct.unpack_from("HHI", data, option)
            assert (code, length) == (2, 4) and cap == orig
            times.append(hi << 32 | lo)
            assert times[-1] >= times[-2], "time runs backwards"
            found.append((interface, cap, flags))
        at += size
    if found:
        assert abs(times[-1] / 1e9 - time.time()) < 600, "not in nanoseconds"
    return found
