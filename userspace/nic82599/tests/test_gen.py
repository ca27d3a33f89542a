# SPDX-License-Identifier: GPL-2.0
"""The traffic generator: runs on a device made for tests, and its control socket."""

import json
import os
import random
import socket
import subprocess
import tempfile
import time
import unittest

import test_protocol
from test_protocol import Base

S_FRAMES, S_LEN, S_FULL, S_REFLECT, S_LIGHT = 0x200, 0x204, 0x21c, 0x220, 0x218
SAME, TWICE, CHANGED, LATER, LOST = range(1, 6)


class Control:
    """A client of the control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the answer has no end")
        return json.loads(line)

    def __call__(self, command):
        self.send(command.encode() + b"\n")
        return self.answer()


class Generators(Base):
    options = ("--wire", "gen", "--gen-control", "@DIR@/gen")

    def setUp(self):
        super().setUp()
        self.c = [self.client(0), self.client(1)]
        for c in self.c:
            c.enable()
        self.gen = self.control()

    def control(self):
        g = Control(self.nic.path("gen"))
        self.addCleanup(g.close)
        return g

    def done(self, command):
        got = self.gen(command)
        self.assertTrue(got["ok"], (command, got))
        return got

    def run_gen(self, port, settings):
        self.done(f"reset {port}")
        self.done(f"start {port} {settings}")
        return self.done(f"wait {port}")


class Runs(Generators):
    def test_window(self):
        got = self.run_gen(0, "count=500 rate=max window=7 drain_ms=100")
        self.assertEqual((got["sent"], got["lost"]), (7, 7))

    def test_requests(self):
        got = self.run_gen(0, "count=500 rate=max payload=memcached drain_ms=100")
        self.assertEqual((got["sent"], got["lost"], got["misses"]), (500, 500, 0))

    def test_count(self):
        got = self.run_gen(0, "count=500 rate=50000 back=0 size=64:1,200-300:1,1518:1")
        self.assertEqual((got["state"], got["sent"], got["run"]), ("done", 500, 1))
        self.assertEqual(self.c[0].reg(S_FRAMES), 500)
        self.assertGreater(got["sent_bytes"], 500 * 300)
        self.assertEqual(self.c[1].reg(S_FRAMES), 0)
        self.assertEqual(self.run_gen(1, "count=1 size=777 back=0")["run"], 2)
        self.assertEqual(self.c[1].reg(S_LEN), 773)

    def test_rate(self):
        """What slips when the machine is busy is told, so the sum is the rate."""
        for settings, rate in (("rate=5000", 5000), ("mbit=10 size=105", 10000),
                               ("rate=50000 burst=100", 50000), ("rate=300 backlog=1", 300)):
            got = self.run_gen(0, f"{settings} count=0 duration=0.5 back=0")
            expected = rate * got["seconds"]
            self.assertAlmostEqual(got["sent"] + got["slipped"], expected,
                                   delta=rate * 0.02 + 150, msg=settings)
            self.assertGreaterEqual(got["seconds"], 0.5)

    def test_reflected(self):
        self.c[0].set_reg(S_REFLECT, SAME)
        for settings in ("count=5000", "count=5000 flows=65535 sport=40000", "size=imix",
                         "size=64-1518 udp_csum=0 srcs=10", "ethertype=0x88b5 size=64-1518"):
            for rate in ("max", "20000"):
                got = self.run_gen(0, f"match=same rate={rate} {settings}")
                self.assertTrue(got["clean"], (settings, got))
                self.assertEqual(got["good"], got["sent"])
                self.assertEqual(got["received_bytes"], got["sent_bytes"])
        self.assertGreater(got["latency_min_ns"], 0)
        values = [got[f"latency_{p}_ns"] for p in ("min", "p50", "p90", "p99", "p999", "max")]
        self.assertEqual(values, sorted(values))
        self.assertEqual(sum(n for _, n in self.done("hist 0")["hist"]), got["good"])

    def check_bad(self, how, name, number, flows=1):
        self.c[0].set_reg(S_REFLECT, how)
        self.done("reset 0")
        self.c[0].set_reg(S_FRAMES, 0)
        got = self.run_gen(0, f"count=1005 size=100 rate=max drain_ms=50 flows={flows}")
        names = ("lost", "duplicates", "corrupt", "reordered", "too_late", "misdirected")
        expected = dict.fromkeys(names, 0) | {name: number}
        if name == "corrupt":
            expected["lost"] = number
            self.assertIn("byte 95 is", got["first_bad"])
        self.assertEqual({n: got[n] for n in names}, expected)
        self.assertFalse(got["clean"])
        self.assertEqual(got["state"], "done")

    def test_bad_ones_are_counted_exactly(self):
        self.check_bad(TWICE, "duplicates", 100)
        self.check_bad(TWICE, "duplicates", 100, flows=7)
        self.check_bad(CHANGED, "corrupt", 100)
        self.c[0].set_reg(S_REFLECT, CHANGED)
        got = self.run_gen(0, "count=100 drain_ms=10")
        self.assertIn("the tag", got["first_bad"])
        self.check_bad(LATER, "reordered", 100)
        self.check_bad(LOST, "lost", 100)

    def test_port_that_is_full(self):
        self.c[0].set_reg(S_FULL, 1)
        self.done("start 0 count=100 rate=max back=0")
        time.sleep(0.1)
        got = self.done("stats 0")
        self.assertEqual((got["state"], got["sent"]), ("running", 0))
        self.assertGreater(got["held"], 10)
        self.c[0].set_reg(S_FULL, 0)
        self.assertEqual(self.done("wait 0")["sent"], 100)

    def test_stop(self):
        self.done("start 0 count=0 rate=1000")
        self.assertFalse(self.gen("start 0")["ok"])
        self.assertEqual(self.done("stats 0")["state"], "running")
        time.sleep(0.1)
        self.done("stop 0")
        self.assertEqual(self.done("stats 0")["state"], "draining")
        self.done("stop 0")
        got = self.done("wait 0")
        self.assertEqual((got["state"], got["lost"]), ("done", got["sent"]))
        self.assertGreater(got["sent"], 10)
        frames = self.c[0].reg(S_FRAMES)
        time.sleep(0.05)
        self.assertEqual(self.c[0].reg(S_FRAMES), frames)

    def test_late_frames_of_an_earlier_run_are_told_apart(self):
        self.c[0].set_reg(S_REFLECT, TWICE)
        self.c[0].set_reg(S_FRAMES, 9)
        self.run_gen(0, "count=1")
        self.c[0].set_reg(S_REFLECT, SAME)
        got = self.run_gen(0, "count=5")
        self.assertTrue(got["clean"], got)

    def test_both_ports_at_once(self):
        for c in self.c:
            c.set_reg(S_REFLECT, SAME)
        for port in (0, 1):
            self.done(f"start {port} count=3000 rate=30000 match=same rx_port={port}")
        for port in (0, 1):
            got = self.done(f"wait {port}")
            self.assertTrue(got["clean"], got)
        self.assertEqual(self.run_gen(0, "count=10 rx_port=1 drain_ms=10")["misdirected"], 10)

    def cpu_seconds(self):
        with open(f"/proc/{self.nic.proc.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_ceiling(self):
        """The generator itself, at 64 bytes: sent, and sent, returned and compared. By the
        processor's time, so that it does not matter what else this machine does."""
        rates = []
        for reflect in (0, SAME):
            self.c[0].set_reg(S_REFLECT, reflect)
            self.c[0].set_reg(S_FRAMES, 0)
            start = self.cpu_seconds()
            got = self.run_gen(0, f"count=500000 rate=max flows=1000 back={int(reflect > 0)}")
            self.assertTrue(got["clean"], got)
            rates.append(0.5 / max(self.cpu_seconds() - start, 0.01))
        print("# generator alone: %.2f million frames a second sent, %.2f with verification"
              % tuple(rates))


class Protocol(Generators):
    def test_answers(self):
        got = self.done("#abc show 0")
        self.assertEqual((got["id"], got["port"], got["flows"]), ("abc", 0, 1))
        self.assertEqual(got["dst_mac"], "02:82:59:90:00:00")
        self.assertEqual(self.done("show 1")["dst_mac"], "02:82:59:90:00:01")
        ports = [{"port": 0, "light": True}, {"port": 1, "light": True}]
        self.assertEqual(self.done("ports")["ports"], ports)
        self.c[1].set_reg(S_LIGHT, 0)
        self.assertFalse(self.done("ports")["ports"][1]["light"])

    def test_refusals(self):
        for line, word in (("", "empty"), ("#x", "empty"), ("   ", "empty"),
                           ("fly 0", "command fly"), ("show", "missing port"),
                           ("show 2", "2 has no"), ("show 01", "01 has no"),
                           ("wait 0", "no run"), ("set 0 x", "KEY=VALUE"),
                           ("set 0 flows=0", "1 to 65535"), ("set 0 flows=5 size=1", "1518"),
                           ("show 0 flows", "flows is too much"),
                           ("ports 0", "0 is too much"), ("wait 0 1 2", "2 is too much"),
                           ("wait 0 -1", "seconds"), ("wait 0 1e9", "seconds"),
                           ('set 0 "=\\"', '"')):
            got = self.gen(line)
            self.assertEqual((got["ok"], word in got["error"]), (False, True), (line, got))
        self.assertEqual(self.done("show 0")["flows"], 1)
        self.assertEqual(len(self.gen("#" + "y" * 100 + " ports")["id"]), 32)

    def test_settings_stay_until_reset(self):
        self.done("set 0 flows=7 size=100")
        self.assertEqual(self.done("show 0")["flows"], 7)
        self.assertEqual(self.done("show 1")["flows"], 1)
        self.done("start 0 count=7 back=0")
        self.done("set 0 flows=3")
        self.assertEqual(self.done("wait 0")["sent_bytes"], 700)
        self.done("reset 0")
        self.assertEqual(self.done("show 0")["flows"], 1)
        self.assertEqual(self.done("stats 0")["state"], "idle")

    def test_wait(self):
        self.done("start 0 count=0 rate=100")
        self.gen.send(b"#1 wait 0 1\n#2 wait 0\n#3 stats 0\n")
        self.assertEqual([self.gen.answer().get("id") for _ in range(2)], ["2", "3"])
        got = self.gen.answer()
        self.assertEqual((got["ok"], got["id"]), (False, "1"))
        other = self.control()
        self.gen.send(b"#4 wait 0\n")
        self.assertTrue(other("stop 0")["ok"])
        other("stop 0")
        got = self.gen.answer()
        self.assertEqual((got["id"], got["state"]), ("4", "done"))

    def test_client_that_goes_while_it_waits(self):
        other = self.control()
        other.send(b"start 0 count=0 rate=100\nwait 0\n")
        other.answer()
        other.close()
        self.done("stop 0")
        self.done("stop 0")
        self.done("wait 0")

    def test_pieces(self):
        for byte in b"#z show 0\r\n":
            self.gen.send(bytes([byte]))
            time.sleep(0.001)
        self.assertEqual(self.gen.answer()["id"], "z")

    def test_long_lines(self):
        self.gen.send(b"#a" + b" " * 2041 + b"ports\n")
        self.assertIn("more than 2047", self.gen.answer()["error"])
        self.gen.send(b"y" * 100000 + b"\nports\n")
        self.assertIn("more than", self.gen.answer()["error"])
        self.assertTrue(self.gen.answer()["ok"])
        self.gen.send(b"#a" + b" " * 2039 + b"ports\n")
        self.assertEqual(self.gen.answer()["id"], "a")

    def test_no_text(self):
        for line in (b"\0", b"show 0\0", b"show\t0", b"\xff\xfe", b"show 0\r\r"):
            self.gen.send(line + b"\n")
            self.assertIn("ASCII", self.gen.answer()["error"])

    def test_answers_left_lying(self):
        """Such a client is not read from; it gets them all when it reads."""
        lines = b"".join(b"#%d show 0\n" % i for i in range(3000))
        self.gen.sock.settimeout(0.2)
        sent = 0
        try:
            while sent < len(lines):
                sent += self.gen.sock.send(lines[sent:])
        except TimeoutError:
            pass
        other = self.control()
        self.assertTrue(other("show 0")["ok"])
        self.gen.sock.settimeout(20)
        for i in range(lines[:sent].count(b"\n")):
            self.assertEqual(self.gen.answer()["id"], str(i))

    def test_many_clients(self):
        others = [self.control() for _ in range(7)]
        self.assertIn("too many", self.control().answer()["error"])
        for c in others:
            self.assertTrue(c("show 1")["ok"])
        others[3].close()
        time.sleep(0.1)
        self.assertTrue(self.control()("show 1")["ok"])

    def test_anything(self):
        seed = int(os.environ.get("FUZZ_SEED", str(time.time_ns())))
        rnd = random.Random(seed)
        words = [b"set", b"start", b"stop", b"wait", b"stats", b"show", b"reset", b"hist", b"ports",
                 b"0", b"1", b"#a", b"count=5", b"rate=max", b"rate=99", b"size=64-1518", b"=",
                 b"back=0", b"flows=65535", b"flows=1", b"drain_ms=0", b"duration=0.001", b"0x",
                 b"dport=1-9", b"sport=65535", b"srcs=65535", b"burst=1024", b"\r", b" ", b"-1"]
        for i in range(int(os.environ.get("FUZZ_ROUNDS", "300"))):
            g = self.control()
            data = b"".join(rnd.choice(words) + rnd.choice((b" ", b" ", b" ", b"\n"))
                            for _ in range(200))
            if i % 3 == 0:
                data += rnd.randbytes(500)
            for _ in range(rnd.randrange(4)):
                cut = rnd.randrange(len(data))
                g.send(data[:cut])
                data = data[cut:]
            g.send(data)
            if i % 2:
                g.sock.shutdown(socket.SHUT_WR)
                while g.sock.recv(1 << 16):
                    pass
            g.close()
        self.done("reset 0")
        self.done("reset 1")
        self.assertEqual(self.run_gen(0, "count=10 back=0")["sent"], 10, f"FUZZ_SEED={seed}")


class Options(unittest.TestCase):
    def run_nic(self, *args):
        p = subprocess.run([test_protocol.BINARY, *args], capture_output=True, text=True,
                           timeout=20, check=False)
        return p.returncode, p.stdout + p.stderr

    def test_what_makes_no_sense(self):
        s = ("--socket0", "/nonexistent/a")
        for args, word in (((*s, "--wire0", "gen"), "--gen-control"),
                           ((*s, "--gen-control", "/x"), "without a generator"),
                           ((*s, "--wire0", "none", "--wire1", "gen", "--gen-control", "/x"),
                            "without a generator"),
                           ((*s, "--wire0", "gen:1", "--gen-control", "/x"), "gen:1")):
            status, text = self.run_nic(*args)
            self.assertEqual((status, word in text), (2, True), (args, text))

    def test_socket_that_cannot_be(self):
        with tempfile.TemporaryDirectory() as d:
            status, text = self.run_nic("--socket0", f"{d}/a", "--wire0", "gen",
                                        "--gen-control", f"{d}/no/g")
            self.assertEqual((status, "No such file" in text), (1, True), text)
            self.assertEqual(os.listdir(d), [])
