# SPDX-License-Identifier: GPL-2.0
"""Programs that take frames of the generator and give them back, ours and others

Each has the settings that make the most of it: as many descriptors as its rings can have,
pages for them, no sleeping where a program can do without, one processor for it alone.
"""

import json
import os
import signal
import subprocess

from port import ADDR, PEER_ADDR, PORT0, bind, bind_up, run, unbind, wait_for, write

MAC = "02:82:59:90:00:00"
BIN = "/project/build/userspace/"
ECHO_PORT, KV_PORT, MANY_PORT = 7777, 11211, 20000
DEPTH = 4096  # the most that a ring of an 82599 has
RINGFUL = DEPTH // 2
NOBODY = ["setpriv", "--reuid=65534", "--clear-groups"]
THRESHOLD = "/sys/module/atmo_stack/parameters/remap_threshold"


def frames(match, **more):
    """Settings of the generator"""
    settings = {"dst_mac": MAC, "dst": ADDR, "src": PEER_ADDR, "drain_ms": 600, "count": 0,
                "flows": 1, "match": match}
    return dict(settings, **more)


class Contender:
    frames = frames("echo", dport=ECHO_PORT)
    # Frames on the way that keep it busy, and find room wherever they wait
    window = 256
    # Silence that ends a run which has lost something: who is overloaded is not silent,
    # and frames of an earlier run are known as such.
    search_drain_ms = 100
    child = log = None
    # Set by main.py: throughput by settings, of this start and of the repetition before
    found = before = None

    def spawn(self, word, *cmd):
        self.log = open("/tmp/contender", "w+")
        self.child = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=self.log,
                                      stderr=subprocess.STDOUT, text=True)
        try:
            wait_for(lambda: word in self.said() or self.child.poll() is not None, 600)
        except RuntimeError:
            raise RuntimeError("does not say '%s' but: %s" % (word, self.said())) from None
        if self.child.poll() is not None:
            raise RuntimeError("ended: " + self.said())

    def said(self):
        with open("/tmp/contender") as f:
            return f.read()

    def ready(self, gen):
        """Once it is started, before it is measured"""

    def phases(self):
        """What receiving, processing and transmitting took since this was last called"""

    def told_phases(self):
        """The same by those that tell when they get a signal"""
        before = self.said().count("\n")
        self.child.send_signal(signal.SIGUSR1)
        wait_for(lambda: self.said().count("\n") > before)
        return json.loads(self.said().splitlines()[-1])

    def stop(self):
        self.child.terminate()
        self.child.wait(60)
        self.end()

    def end(self):
        """Whatever has become of it"""
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child.stdin.close()
            self.log.close()
            self.child = None


# ---- Ours ----

class L2fwd(Contender):
    frames = frames("forward")
    window = RINGFUL

    def __init__(self, batch, lane="hardware"):
        self.batch, self.lane = batch, lane

    def start(self):
        self.spawn("l2fwd: ready", BIN + "bin/l2fwd", "-p", bind_up("atmo_ixgbe"), "-l", self.lane,
                   "-n", str(2 * DEPTH), "-b", str(self.batch))


class Echo(Contender):
    """The example, as a user without privileges, with headers that the kernel builds"""

    def __init__(self, lane, batch=32):
        self.batch, self.lane = batch, lane
        self.window = RINGFUL if lane == "hardware" else self.window

    def start(self):
        dev = bind_up("atmo_ixgbe")
        self.spawn("lane", *NOBODY, BIN + "bin/udp_echo", "-l", self.lane, "-n", str(DEPTH),
                   "-b", str(self.batch), dev, str(ECHO_PORT))


class Reflect(Contender):
    """The same with an account of its phases, for what the example has no options for"""

    def __init__(self, *options, lane="hardware", batch=32, remap=0, others=0):
        self.options, self.lane, self.batch = options, lane, batch
        self.remap, self.others = remap, others
        self.window = RINGFUL if lane == "hardware" else self.window
        self.holder = None

    def start(self):
        dev = bind_up("atmo_ixgbe")
        write(THRESHOLD, str(self.remap))
        port = [] if "-r" in self.options else [str(ECHO_PORT)]
        user = [] if "-r" in self.options else NOBODY
        self.spawn("ready", *user, BIN + "bench/reflect", *self.options, "-l", self.lane,
                   "-n", str(DEPTH), "-b", str(self.batch), dev, *port)
        if self.others:
            self.holder = hold(self.others, dev, "any", 16)

    def phases(self):
        return self.told_phases()

    def end(self):
        if self.holder:
            self.holder.kill()
            self.holder.wait()
            self.holder = None
        super().end()
        write(THRESHOLD, "0")


def hold(number, dev, lane, pages):
    """A process that has so many sockets, and leaves them alone"""
    child = subprocess.Popen([BIN + "bench/binding", "-H", str(number), "-l", lane, "-n",
                              str(pages), dev, str(MANY_PORT)], stdout=subprocess.PIPE, text=True)
    if "ready" not in child.stdout.readline():
        child.kill()
        raise RuntimeError("%d sockets can't be held" % number)
    child.stdout.close()
    return child


class Many(Contender):
    """One process with many sockets"""
    frames = frames("echo", dport=MANY_PORT)

    def __init__(self, number, lane):
        self.number, self.lane = number, lane

    def start(self):
        self.spawn("ready", BIN + "tests/many_socks", "--lane=" + self.lane,
                   "--pages=%d" % (256 if self.number <= 128 else 16), bind_up("atmo_ixgbe"),
                   str(MANY_PORT), str(self.number))


# ---- DPDK, AF_XDP ----

class Testpmd(Contender):
    """DPDK with its own driver; retries what the transmit ring has no room for"""
    window = RINGFUL
    options = []

    def __init__(self, mode, batch, scalar=False):
        self.mode, self.batch, self.scalar = mode, batch, scalar
        if mode == "macswap":
            self.frames = frames("forward")
        elif mode == "io":
            self.frames = frames("same")

    def device(self):
        bind("uio_pci_generic")
        return ["-a", PORT0] + (["--force-max-simd-bitwidth=64"] if self.scalar else [])

    def start(self):
        lcores = "0,1" if os.cpu_count() > 1 else "(0,1)@0"
        # It would say that it is ready when its buffer is full.
        self.spawn("testpmd> ", "stdbuf", "-o0", "dpdk-testpmd", "--lcores", lcores, "-n", "1",
                   "--no-telemetry", *self.device(), "--", "-i", "--burst=%d" % self.batch,
                   "--port-topology=loop", "--rxd=%d" % DEPTH, "--txd=%d" % DEPTH, "--nb-cores=1",
                   "--total-num-mbufs=32768", *self.options)
        self.tell("set fwd %s retry" % self.mode)
        self.tell("start")

    def tell(self, command):
        said = len(self.said())
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        wait_for(lambda: "testpmd> " in self.said()[said:])

    def stop(self):
        self.child.stdin.write("quit\n")
        self.child.stdin.flush()
        self.child.wait(60)
        self.end()


class AfXdp(Testpmd):
    """The same program on an AF_XDP socket of Linux's ixgbe"""
    window = Contender.window
    # For an 82599 Linux rounds buffers down to a KiB, so one KiB would be left of 2048
    # bytes less headroom; longer frames would be dropped.
    options = ["--mbuf-size=3584"]

    def __init__(self, mode, batch, copy):
        super().__init__(mode, batch)
        self.copy = copy

    def device(self):
        dev = bind_up("ixgbe")
        run("ethtool", "-L", dev, "combined", "1")
        run("ip", "link", "set", "dev", dev, "promisc", "on")
        return ["--no-pci", "--vdev", "net_af_xdp0,iface=%s,start_queue=0,queue_count=1%s" %
                (dev, ",force_copy=1" if self.copy else "")]


# ---- Linux's sockets ----

class SockEcho(Contender):
    def __init__(self, busy_poll=50, number=1):
        self.busy_poll, self.number = busy_poll, number

    def start(self):
        bind_up("ixgbe")
        self.spawn("ready", BIN + "bench/sock_echo", "-b", "64", "-p", str(self.busy_poll),
                   "-n", str(self.number), str(ECHO_PORT))


# ---- Key-value stores ----

class KeyValue(Contender):
    # Replies are not: they only repeat the number of a request.
    search_drain_ms = 600

    def __init__(self, log2_items):
        self.log2 = log2_items
        self.items = (1 << log2_items) // 4 * 3
        self.frames = frames("none", dport=KV_PORT, payload="memcached", keys=self.items)


class Kvstore(KeyValue):
    def start(self):
        self.spawn("ready", BIN + "bin/kvstore", "--bench", "-c", str(self.log2), "-f",
                   str(self.items), "-n", str(DEPTH), bind_up("atmo_ixgbe"), str(KV_PORT))

    def phases(self):
        return self.told_phases()


class Memcached(KeyValue):
    def start(self):
        bind_up("ixgbe")
        cmd = ["memcached", "-u", "nobody", "-l", ADDR, "-p", "0", "-U", str(KV_PORT), "-t", "1",
               "-m", "1024", "-R", "1000"]
        self.log = open("/tmp/contender", "w+")
        self.child = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=self.log,
                                      stderr=subprocess.STDOUT, text=True)
        wait_for(lambda: str(KV_PORT) in run("ss", "-lun"))

    def ready(self, gen):
        said = gen.run(**dict(self.frames, sets=100, sweep=1, count=self.items, rate="max",
                              window=64, drain_ms=10000))
        if said["lost"]:
            raise RuntimeError("memcached can't be filled: %s" % said)


# ---- The model by itself ----

class Recycle(Contender):
    frames = frames("same")

    def start(self):
        unbind()
        self.spawn("ready", BIN + "bench/recycle", PORT0)
