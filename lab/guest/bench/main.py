# SPDX-License-Identifier: GPL-2.0
"""usage: bench.py time|instructions REPETITIONS SECONDS [CONTENDER...], see bench.sh

What contenders do with the frames of the traffic generator on port 0, one after the
other, REPETITIONS times. A line of JSON for each measurement goes to /out/runs.jsonl.
"""

import json
import os
import subprocess
import sys
import time

PORT0 = "0000:00:03.0"
ADDR, PEER_ADDR = "10.82.0.1", "10.82.0.2"
MAC = "02:82:59:90:00:00"
BIN = "/project/build/userspace/"
ECHO_PORT = 7777
MODULES = ("portmgr", "demux", "stack", "udp", "ixgbe")
# A frame of 64 bytes has 18 of payload.
HEADERS = 14 + 20 + 8 + 4


def run(*cmd):
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(cmd), done.stdout.strip()))
    return done.stdout


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("timed out")
        time.sleep(0.05)


class Generator:
    """The control socket of port 0's traffic generator: docs/generator.md"""

    def __init__(self):
        for port in os.listdir("/sys/class/virtio-ports"):
            with open("/sys/class/virtio-ports/%s/name" % port) as f:
                if f.read().strip() == "lab.gen":
                    self.file = open("/dev/" + port, "r+b", buffering=0)
        self.said = b""
        self.number = 0

    def ask(self, command):
        self.number += 1
        self.file.write(b"#%d %s\n" % (self.number, command.encode()))
        while True:
            while b"\n" not in self.said:
                self.said += self.file.read(65536)
            line, _, self.said = self.said.partition(b"\n")
            answer = json.loads(line)
            if answer.get("id") == str(self.number):
                break
        if not answer["ok"]:
            raise RuntimeError("%s: %s" % (command, answer["error"]))
        return answer

    def run(self, **settings):
        self.ask("reset 0")
        self.ask("start 0 " + " ".join("%s=%s" % s for s in settings.items()))
        return self.ask("wait 0 600")


# ---- Port 0 ----

def driver():
    path = "/sys/bus/pci/devices/%s/driver" % PORT0
    return os.path.basename(os.readlink(path)) if os.path.exists(path) else None


def netdev():
    return os.listdir("/sys/bus/pci/devices/%s/net" % PORT0)[0]


def bind(name):
    """The driver has port 0, freshly."""
    if driver():
        write("/sys/bus/pci/devices/%s/driver/unbind" % PORT0, PORT0)
    write("/sys/bus/pci/devices/%s/driver_override" % PORT0, name)
    write("/sys/bus/pci/drivers_probe", PORT0)
    if driver() != name:
        raise RuntimeError("%s does not take the port" % name)


def bind_up(name):
    """And the device is up, with an address. Returns its name."""
    bind(name)
    dev = netdev()
    run("ip", "addr", "add", ADDR + "/24", "dev", dev)
    run("ip", "link", "set", "dev", dev, "up")
    wait_for(lambda: "LOWER_UP" in run("ip", "link", "show", "dev", dev))
    return dev


def prepare():
    write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")
    write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
    write("/proc/sys/vm/nr_hugepages", "256")
    os.makedirs("/dev/hugepages", exist_ok=True)
    run("mount", "-t", "hugetlbfs", "none", "/dev/hugepages")
    for module in MODULES:
        run("insmod", "%s/atmo_%s.ko" % (os.environ["ATMO_KMOD"], module))
    run("modprobe", "uio_pci_generic")
    write("/sys/bus/pci/drivers_autoprobe", "0")
    run("modprobe", "ixgbe")
    write("/sys/bus/pci/drivers_autoprobe", "1")


# ---- Contenders ----

class Contender:
    """A program that takes frames and gives them back"""

    def __init__(self, name, workload):
        self.name, self.workload = name, workload
        self.child = None

    def spawn(self, word, *cmd):
        self.log = open("/tmp/contender", "w+")
        self.child = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=self.log,
                                      stderr=subprocess.STDOUT, text=True)
        try:
            wait_for(lambda: word in self.said() or self.child.poll() is not None, 60)
        except RuntimeError:
            raise RuntimeError("does not say '%s' but: %s" % (word, self.said())) from None
        if self.child.poll() is not None:
            raise RuntimeError("ended: " + self.said())

    def said(self):
        with open("/tmp/contender") as f:
            return f.read()

    def stop(self):
        self.child.terminate()
        self.child.wait(30)
        self.end()

    def end(self):
        """Whatever has become of it"""
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child.stdin.close()
            self.log.close()
            self.child = None


class L2fwd(Contender):
    def __init__(self, name, batch, lane="hardware"):
        super().__init__(name, "l2")
        self.batch, self.lane = batch, lane

    def start(self):
        self.spawn("l2fwd: ready", BIN + "bin/l2fwd", "-p", bind_up("atmo_ixgbe"), "-l", self.lane,
                   "-n", "1024", "-b", str(self.batch))


class Echo(Contender):
    """As a user without privileges, with headers that the kernel builds"""

    def __init__(self, name, batch, lane, swap=False):
        super().__init__(name, "echo")
        self.batch, self.lane, self.swap = batch, lane, swap

    def start(self):
        dev = bind_up("atmo_ixgbe")
        cmd = ["setpriv", "--reuid=65534", "--clear-groups", BIN + "bin/udp_echo", "-l", self.lane,
               "-n", "512", "-b", str(self.batch)]
        self.spawn("lane", *cmd, *(["-s"] if self.swap else []), dev, str(ECHO_PORT))


class Testpmd(Contender):
    """DPDK with its own driver, on a processor of its own"""

    def __init__(self, name, mode, batch, scalar=False):
        super().__init__(name, "echo" if mode == "5tswap" else "l2")
        self.mode, self.batch, self.scalar = mode, batch, scalar

    def device(self):
        bind("uio_pci_generic")
        return ["-a", PORT0] + (["--force-max-simd-bitwidth=64"] if self.scalar else [])

    def start(self):
        lcores = "0,1" if os.cpu_count() > 1 else "(0,1)@0"
        # It would say that it is ready when its buffer is full.
        self.spawn("Press enter to exit", "stdbuf", "-oL", "dpdk-testpmd", "--lcores", lcores,
                   "-n", "1", "--no-telemetry", *self.device(), "--", "--forward-mode=" + self.mode,
                   "--burst=%d" % self.batch, "--port-topology=loop", "--rxd=1024", "--txd=1024",
                   "--nb-cores=1")

    def stop(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        self.child.wait(60)
        self.end()


class AfXdp(Testpmd):
    """The same program on an AF_XDP socket of Linux's ixgbe"""

    def __init__(self, name, mode, batch, copy):
        super().__init__(name, mode, batch)
        self.copy = copy

    def device(self):
        dev = bind_up("ixgbe")
        run("ethtool", "-L", dev, "combined", "1")
        run("ip", "link", "set", "dev", dev, "promisc", "on")
        return ["--no-pci", "--vdev", "net_af_xdp0,iface=%s,start_queue=0,queue_count=1%s" %
                (dev, ",force_copy=1" if self.copy else "")]


class SockEcho(Contender):
    def __init__(self, name):
        super().__init__(name, "echo")

    def start(self):
        bind_up("ixgbe")
        self.spawn("ready", BIN + "bench/sock_echo", "-b", "64", "-p", "50", str(ECHO_PORT))


CONTENDERS = [
    L2fwd("l2fwd_b32", 32),
    L2fwd("l2fwd_b1", 1),
    Testpmd("dpdk_macswap_b32", "macswap", 32),
    Testpmd("dpdk_macswap_scalar_b32", "macswap", 32, scalar=True),
    Testpmd("dpdk_macswap_b1", "macswap", 1, scalar=True),
    Echo("echo_hw_b32", 32, "hardware"),
    Echo("echo_hw_swap_b32", 32, "hardware", swap=True),
    Echo("echo_shared_b32", 32, "shared"),
    Testpmd("dpdk_5tswap_b32", "5tswap", 32),
    Testpmd("dpdk_5tswap_scalar_b32", "5tswap", 32, scalar=True),
    AfXdp("afxdp_zc_5tswap_b32", "5tswap", 32, copy=False),
    AfXdp("afxdp_copy_5tswap_b32", "5tswap", 32, copy=True),
    SockEcho("sockets_echo"),
]

# ---- Measurements ----


def frames(contender, size):
    """What the generator sends for a workload"""
    settings = {"size": size, "flows": 1, "dst_mac": MAC, "dst": ADDR, "src": PEER_ADDR,
                "drain_ms": 300, "count": 0}
    if contender.workload == "echo":
        settings.update(match="echo", dport=ECHO_PORT)
    return settings


def busy_ns():
    """Time that this processor ran anything but its idle task"""
    with open("/proc/schedstat") as f:
        return sum(int(line.split()[7]) for line in f if line.startswith("cpu"))


def lossless(gen, contender, size, rate, seconds):
    """All comes back, as fast as it was sent, and the generator held the rate."""
    said = gen.run(duration=seconds, rate=rate, **frames(contender, size))
    return (not said["lost"] and said["slipped"] * 20 < said["sent"] and
            said["rx_pps"] > 0.9 * said["tx_pps"])


def measure_time(gen, contender, size, seconds):
    """The highest rate without loss, as RFC 2544 has it: where none is lost as fast as
    the ring takes frames, that; else by bisection, with two tries a step."""
    said = gen.run(duration=seconds, rate="max", **frames(contender, size))
    got = {"plateau_pps": said["rx_pps"], "lost": said["lost"], "held": said["held"]}
    low, high = 0, max(1, int(said["rx_pps"] * 1.25))
    if not said["lost"]:
        return dict(got, pps=said["rx_pps"])
    for _ in range(7):
        rate = (low + high) // 2 or 1
        if any(lossless(gen, contender, size, rate, seconds / 2) for _ in range(2)):
            low = rate
        else:
            high = rate
    return dict(got, pps=low)


def measure_instructions(gen, contender, size, seconds):
    """With one instruction a nanosecond: lab/vm.sh --icount"""
    settings = frames(contender, size)
    settings["count"] = 40000
    gen.run(rate="max", **dict(settings, count=4000))
    before = busy_ns()
    said = gen.run(rate="max", **settings)
    return {"instructions": (busy_ns() - before) / max(1, said["good"]), "lost": said["lost"],
            "held": said["held"], "pps": said["rx_pps"]}


def main():
    mode, repetitions, seconds, *names = sys.argv[1:]
    measure = measure_time if mode == "time" else measure_instructions
    prepare()
    gen = Generator()
    chosen = [c for c in CONTENDERS if not names or c.name in names]
    failed = 0
    with open("/out/runs.jsonl", "a") as out:
        for repetition in range(int(repetitions)):
            for contender in chosen:
                try:
                    contender.start()
                    for size in (64,):
                        got = measure(gen, contender, size, float(seconds))
                        got.update(contender=contender.name, workload=contender.workload,
                                   mode=mode, size=size, repetition=repetition)
                        out.write(json.dumps(got) + "\n")
                        out.flush()
                        print("# %-26s %s" % (contender.name, " ".join(
                            "%s=%.0f" % (k, v) for k, v in got.items()
                            if isinstance(v, (int, float)))), flush=True)
                    contender.stop()
                except (RuntimeError, OSError, subprocess.SubprocessError) as e:
                    failed += 1
                    contender.end()
                    print("# %s: %s" % (contender.name, e), flush=True)
    sys.exit(failed > 0)


main()
