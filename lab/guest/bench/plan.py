# SPDX-License-Identifier: GPL-2.0
"""Who is measured how, in which machine

A step is a name, how to make the contender, and what to measure of it after one start:
(workload, measure, settings of the generator). What several workloads have in common is
measured once, and has their names with a "+" between. Those of the main table come
first, alone with QUICK=1; lab/bench_summary.py has the names from here.
"""

from itertools import chain

import measures
from contenders import (ECHO_PORT, MANY_PORT, AfXdp, Echo, Kvstore, L2fwd, Many, Memcached,
                        Recycle, Reflect, SockEcho, Testpmd)

SIZES = [64, 128, 256, 512, 1024, 1518] + list(range(100, 1501, 100))
PAYLOADS = [18, 64, 512, 1472]
# With the headers of Ethernet, IPv4 and UDP, and the FCS
HEADERS = 14 + 20 + 8 + 4
SOCKETS = [1, 16, 128, 1024, 4096]

throughput, overload, latency = measures.throughput, measures.overload, measures.latency
instructions = measures.instructions

# Names, and what the main table has of each in the machine with two processors
MAIN = {
    "l2fwd_b32": (lambda: L2fwd(32), overload),
    "l2fwd_b1": (lambda: L2fwd(1), throughput),
    "dpdk_macswap_b32": (lambda: Testpmd("macswap", 32), overload),
    "dpdk_macswap_scalar_b32": (lambda: Testpmd("macswap", 32, scalar=True), throughput),
    # Vector reception takes no less than four.
    "dpdk_macswap_scalar_b1": (lambda: Testpmd("macswap", 1, scalar=True), throughput),
    "dpdk_io_b32": (lambda: Testpmd("io", 32), throughput),
    "echo_hw_b32": (lambda: Echo("hardware"), overload),
    "echo_shared_b32": (lambda: Echo("shared"), overload),
    "dpdk_5tswap_b32": (lambda: Testpmd("5tswap", 32), throughput),
    "dpdk_5tswap_scalar_b32": (lambda: Testpmd("5tswap", 32, scalar=True), throughput),
    "afxdp_zc_5tswap_b32": (lambda: AfXdp("5tswap", 32, copy=False), throughput),
    "afxdp_copy_5tswap_b32": (lambda: AfXdp("5tswap", 32, copy=True), throughput),
    "sockets_echo": (lambda: SockEcho(), throughput),
    "kvstore_2^16": (lambda: Kvstore(16), overload),
    "memcached_2^16": (lambda: Memcached(16), throughput),
    "model_ceiling": (lambda: Recycle(), throughput),
}
# Of these, latencies as well; the others poll and sleep by turns as named.
LATENCY = ("echo_hw_b32", "sockets_echo")

REFLECT = {
    "reflect_hw": lambda: Reflect(),
    "reflect_hw_own_headers": lambda: Reflect("-x"),
    "reflect_raw": lambda: Reflect("-r"),
    "reflect_shared": lambda: Reflect(lane="shared"),
    "reflect_hw_4096": lambda: Reflect(others=4095),
    "reflect_shared_4096": lambda: Reflect(lane="shared", others=4095),
}


def size(payload):
    return HEADERS + payload


def main_settings(name):
    return {"sets": 5} if name.startswith(("kvstore", "memcached")) else {"size": 64}


def measure_of(name, frame_size):
    """Of a workload that the main table may have a row of"""
    return MAIN[name][1] if name in MAIN and frame_size == 64 else throughput


def merged(*parts):
    """One step for each contender, where it comes first"""
    steps = {}
    for name, make, wanted in chain(*parts):
        _, workloads = steps.setdefault(name, (make, {}))
        for workload, measure, settings in wanted:
            what = measure, tuple(sorted(settings.items()))
            workloads.setdefault(what, {})[workload] = True
    for name, (make, workloads) in steps.items():
        yield name, make, [("+".join(names), measure, dict(settings))
                           for (measure, settings), names in workloads.items()]


def main_table():
    for name, (make, measure) in MAIN.items():
        wanted = [("main", measure, main_settings(name))]
        if name in LATENCY:
            wanted.append(("latency", latency, {"size": 64}))
        yield name, make, wanted


def forwarding():
    for name in ("l2fwd", "dpdk_macswap", "dpdk_macswap_scalar"):
        for batch in (32, 1, 8, 128):
            if name == "dpdk_macswap" and batch == 1:
                continue    # vector reception takes no less than four
            sizes = SIZES if batch == 32 else [64]
            make = {
                "l2fwd": lambda b=batch: L2fwd(b),
                "dpdk_macswap": lambda b=batch: Testpmd("macswap", b),
                "dpdk_macswap_scalar": lambda b=batch: Testpmd("macswap", b, scalar=True),
            }[name]
            if batch == 32 and name == "dpdk_macswap_scalar":
                sizes = SIZES[:6]
            name_b = "%s_b%d" % (name, batch)
            yield (name_b, make,
                   [("forwarding", measure_of(name_b, s), {"size": s}) for s in sizes])


def echo():
    for name in ("echo_hw_b32", "echo_shared_b32", "dpdk_5tswap_b32", "dpdk_5tswap_scalar_b32",
                 "afxdp_zc_5tswap_b32", "afxdp_copy_5tswap_b32", "sockets_echo"):
        yield (name, MAIN[name][0],
               [("echo", measure_of(name, size(p)), {"size": size(p)}) for p in PAYLOADS])


def key_value():
    for name, make in {
            "kvstore_2^16": MAIN["kvstore_2^16"][0], "memcached_2^16": MAIN["memcached_2^16"][0],
            "kvstore_2^20": lambda: Kvstore(20), "kvstore_2^24": lambda: Kvstore(24)}.items():
        yield name, make, [
            ("key-value", MAIN[name][1] if name in MAIN and sets == 5 else throughput,
             {"sets": sets}) for sets in (5, 50)]


def latencies():
    for name, make in {
            "echo_hw_polling": lambda: Reflect("-p"), "echo_hw_b32": MAIN["echo_hw_b32"][0],
            "echo_shared_polling": lambda: Reflect("-p", lane="shared"),
            "echo_shared_b32": MAIN["echo_shared_b32"][0],
            "dpdk_5tswap_b32": MAIN["dpdk_5tswap_b32"][0],
            "afxdp_zc_5tswap_b32": MAIN["afxdp_zc_5tswap_b32"][0],
            "sockets_echo": MAIN["sockets_echo"][0],
            "sockets_echo_interrupts": lambda: SockEcho(busy_poll=0)}.items():
        yield name, make, [("latency", latency, {"size": 64})]


def spread(first_port, number):
    """Traffic over so many of the sockets bound"""
    return {"size": 64, "flows": number, "dport": "%d-%d" % (first_port, first_port + number - 1)}


def many_sockets():
    for number in SOCKETS:
        for name, make, port in (
                ("many_any", lambda n=number: Many(n, "any"), MANY_PORT),
                ("many_shared", lambda n=number: Many(n, "shared"), MANY_PORT),
                ("many_linux", lambda n=number: SockEcho(number=n), ECHO_PORT)):
            yield ("%s_%d" % (name, number), make,
                   [("sockets", throughput, spread(port, n)) for n in sorted({1, number})])


def binding():
    """No contender: the measure does it all."""
    for lane in ("hardware", "shared"):
        for measure, name in ((measures.bind_close, "bind_close"),
                              (measures.kill_bind, "kill_bind"), (measures.memory, "memory")):
            yield "%s_%s" % (name, lane), None, [("binding", measure, {"lane": lane})]


def time_pass(quick):
    more = () if quick else (forwarding(), echo(), key_value(), latencies(), many_sockets())
    return merged(main_table(), binding(), *more)


def instructions_main():
    for name, (make, _) in MAIN.items():
        if name not in ("model_ceiling", "dpdk_io_b32"):
            yield name, make, [("main", instructions, main_settings(name))]
    for name, make in REFLECT.items():
        yield name, make, [("protections", instructions, {"size": 64})]


def instructions_more():
    for batch in (8, 128):
        yield "l2fwd_b%d" % batch, lambda b=batch: L2fwd(b), [
            ("forwarding", instructions, {"size": 64})]
        yield "dpdk_macswap_scalar_b%d" % batch, lambda b=batch: Testpmd("macswap", b, True), [
            ("forwarding", instructions, {"size": 64})]
    sizes = [("protections", instructions, {"size": s}) for s in (256, 512, 1024, 1518)]
    for name in ("reflect_hw", "reflect_shared"):
        yield name, REFLECT[name], sizes
    yield ("reflect_remap", lambda: Reflect(lane="shared", remap=60),
           [("protections", instructions, {"size": 64})] + sizes)
    for name in ("kvstore_2^16", "memcached_2^16"):
        yield name, MAIN[name][0], [("key-value", instructions, {"sets": 50})]


def instructions_pass(quick):
    return merged(instructions_main(), () if quick else instructions_more())


def iommu_pass(quick):
    """With an IOMMU before the NIC; what has no driver of the kernel needs it off."""
    for name in ("reflect_hw", "reflect_raw", "reflect_shared"):
        yield name, REFLECT[name], [("iommu", instructions, {"size": 64})]
    yield "sockets_echo", MAIN["sockets_echo"][0], [("iommu", instructions, {"size": 64})]


PASSES = {"time": time_pass, "instructions": instructions_pass, "iommu": iommu_pass}
