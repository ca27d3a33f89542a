# SPDX-License-Identifier: GPL-2.0
"""What is measured of a contender that runs. Each returns numbers, for a line of JSON."""

import json
import os
import subprocess
import time

from contenders import BIN, DEPTH, NOBODY, hold
from generator import virtio_port
from port import bind_up, read, write

BISECTIONS = 7
# Instructions to be measured over, a frame's at least, and frames of the short run.
SPAN, CHEAP, SHORT = 5e6, 100, 500
TRIES = 3

SHOWN = ("sent", "lost", "corrupt", "misdirected", "duplicates", "reordered", "slipped", "held",
         "misses", "tx_pps", "rx_pps", "latency_p50_ns", "latency_p99_ns", "latency_p999_ns")


def settings_key(settings):
    return tuple(sorted(settings.items()))


def shown(said):
    return {name: said[name] for name in SHOWN}


def check(said):
    if said["corrupt"] or said["misdirected"] or said["duplicates"]:
        raise RuntimeError("frames come back wrong: %s" % {k: v for k, v in said.items() if k in (*SHOWN, "first_bad")})
    return said


def phases_of(contender):
    """What a packet took, on average since this was last asked, if an account is kept"""
    sums = contender.phases()
    if not sums or not sums["packets"]:
        return {}
    return {"phases": {name: sums[name] / sums["packets"]
                       for name in ("receive", "process", "transmit")}}


# ---- Throughput ----

def is_lossless(said):
    """All has come back, as fast as it was sent, and the generator held the rate. Buffers
    that fill up put loss off: then it comes back more slowly."""
    return (not said["lost"] and said["slipped"] * 20 < said["sent"] and
            said["rx_pps"] > 0.9 * said["tx_pps"])


def is_overload(said):
    """A machine that is busy with something else loses frames at any rate, but is not so
    for as long as a fifth of them would take."""
    return said["lost"] * 5 > said["sent"]


def holds(gen, settings):
    """With three tries"""
    for _ in range(3):
        said = check(gen.run(**settings))
        if is_lossless(said) or is_overload(said):
            break
    return is_lossless(said)


def bisect(gen, settings, low, high, steps):
    """The highest rate without loss between these, as RFC 2544 has it"""
    for _ in range(steps):
        rate = int((low + high) / 2) or 1
        if holds(gen, dict(settings, rate=rate)):
            low = rate
        else:
            high = rate
    return low


def search_near(gen, settings, near):
    """The same to the same hundredth, where it is known about; None: it is not there."""
    low, high = int(0.7 * near), 1.3 * near
    found = bisect(gen, settings, low, high, BISECTIONS - 1)
    return found if low < found < 1.28 * near else None


def search(gen, contender, seconds, settings, near):
    settings = dict(contender.frames, drain_ms=contender.search_drain_ms, **settings)
    short = dict(settings, duration=seconds / 2)
    found = search_near(gen, short, near) if near else None
    if found:
        return {"pps": found, "how": "bisection, near that of before"}
    gen.run(**dict(settings, duration=seconds / 3, rate="max", window=contender.window))
    for _ in range(2):
        said = check(gen.run(**dict(settings, duration=seconds, rate="max")))
        # A ringful is sent at once, the rest as fast as frames come back.
        if not said["lost"] and (said["sent"] - DEPTH) / seconds < said["rx_pps"] / 0.9:
            return {"pps": said["rx_pps"], "how": "as the rings take them", "max": shown(said)}
        if is_overload(said):
            break
    window = check(gen.run(**dict(settings, duration=seconds, rate="max", window=contender.window)))
    high = 1.3 * max(said["rx_pps"], window["rx_pps"])
    return {"pps": bisect(gen, short, 0, high, BISECTIONS), "how": "bisection",
            "max": shown(said), "window": shown(window)}


def throughput(gen, contender, seconds, **settings):
    """Where no frame is lost as fast as the rings take them, that; else by bisection, from
    what comes back with a window on, or from what the repetition before has found so."""
    key = settings_key(settings)
    if key not in contender.found:
        contender.phases()
        got = search(gen, contender, seconds, settings, contender.before.get(key))
        contender.found[key] = dict(got, **phases_of(contender))
    return contender.found[key]


def overload(gen, contender, seconds, **settings):
    """What comes back when twice the maximum is sent"""
    got = throughput(gen, contender, seconds, **settings)
    said = check(gen.run(**dict(contender.frames, **settings), duration=seconds,
                         rate=max(1, 2 * int(got["pps"])), backlog=4096))
    return dict(got, overload_pps=said["rx_pps"], overload=shown(said))


def latency(gen, contender, seconds, **settings):
    """At shares of its own maximum; for longer, as the slowest in a thousand count"""
    got = dict(throughput(gen, contender, seconds, **settings))
    for percent in (10, 50, 80):
        rate = max(1, int(got["pps"] * percent / 100))
        said = check(gen.run(**dict(contender.frames, **settings), duration=1.5 * seconds,
                             rate=rate))
        got["at_%d" % percent] = shown(said)
    return got


# ---- Instructions ----

def busy_ns():
    """Time that this processor ran anything but its idle task. With an instruction a
    nanosecond (lab/vm.sh --icount) that is instructions."""
    return sum(int(line.split()[7]) for line in read("/proc/schedstat").splitlines()
               if line.startswith("cpu"))


def slow(on):
    """The machine executes the same instructions, but one at a time, so that the device
    model and the generator are always ahead of it."""
    with virtio_port("lab.mon") as monitor:
        monitor.write(b"one-insn-per-tb %s\n" % (b"on" if on else b"off"))
    time.sleep(0.001)


def iommu_calls():
    """How often the IOMMU was told of a page, or that one is gone"""
    lines = []
    for cpu in os.listdir("/sys/kernel/tracing/per_cpu"):
        lines += read("/sys/kernel/tracing/per_cpu/%s/stats" % cpu).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("entries", "overrun")))


def count_run(gen, settings, count):
    """A run of so many frames: how long the guest was busy, and its numbers. The host may
    keep the generator from running, while programs that poll go on: that only adds, so the
    least counts, of two that agree to a hundredth or of three."""
    runs = []
    while len(runs) < TRIES:
        start = busy_ns()
        said = check(gen.run(**dict(settings, count=count)))
        runs.append((busy_ns() - start, said))
        if said["lost"]:
            return runs[-1]
        runs.sort(key=lambda run: run[0])
        if len(runs) > 1 and runs[1][0] < 1.01 * runs[0][0]:
            break
    return runs[0]


def instructions(gen, contender, seconds, **settings):
    """Of the whole guest for a frame, its queues never empty: the difference between a
    short run and a long one, so that starting and ending a run don't count."""
    settings = dict(contender.frames, **settings)
    # So slow a machine may be silent for long.
    settings.update(rate="max", window=contender.window, drain_ms=10000)
    for event in ("map", "unmap"):
        write("/sys/kernel/tracing/events/iommu/%s/enable" % event, "1")
    gen.run(**dict(settings, count=2000))
    slow(True)
    try:
        gen.run(**dict(settings, count=SHORT))
        short, _ = count_run(gen, settings, SHORT)
        count = SHORT + int(min(50000, max(1500, SPAN / max(CHEAP, short / SHORT))))
        contender.phases()
        mapped = iommu_calls()
        long, said = count_run(gen, settings, count)
        mapped = iommu_calls() - mapped
    finally:
        slow(False)
    got = {"frames": count, "iommu_calls": mapped, "max": shown(said)}
    if not said["lost"]:
        got["instructions"] = (long - short) / (count - SHORT)
    return dict(got, **phases_of(contender))


# ---- Sockets by themselves: no frames ----

def binding(lane, *options):
    dev = bind_up("atmo_ixgbe")
    done = subprocess.run([*NOBODY, BIN + "bench/binding", *options, "-l", lane, dev, "7777"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout)
    return done.stdout


def bind_close(lane):
    return json.loads(binding(lane, "-r", "200"))


def kill_bind(lane):
    return json.loads(binding(lane, "-k", "-r", "50"))


def free_kb():
    write("/proc/sys/vm/drop_caches", "3")
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("MemFree"):
            return int(line.split()[1])


def memory(lane, number=64, pages=256):
    """What is gone with so many sockets, for one"""
    dev = bind_up("atmo_ixgbe")
    hold(1, dev, lane, pages).kill()
    time.sleep(1)
    before = free_kb()
    holder = hold(number, dev, lane, pages)
    held = before - free_kb()
    holder.kill()
    holder.wait()
    return {"kb": held / number, "sockets": number, "pages": pages}
