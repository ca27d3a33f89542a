# SPDX-License-Identifier: GPL-2.0
"""Medians of the runs that lab/guest/bench/main.py has written, and ratios of ours to
the others': the keys of docs/benchmarks.json. Throughput is better above 1,
instructions, costs and latencies are below."""

import statistics


def at(run, path):
    """A number of a run, such as at_50.latency_p99_ns; None: it has none"""
    for name in path.split("."):
        run = run.get(name) if isinstance(run, dict) else None
    return run


def workloads(run):
    """Whose tables it is in"""
    return run["workload"].split("+")


class Runs:
    def __init__(self, runs):
        self.runs = runs

    def chosen(self, contender, which="time", workload="main", **settings):
        """Runs of a contender on one machine, for one workload, with these settings"""
        for run in self.runs:
            if (run["contender"], run["pass"]) == (contender, which) and \
                    workload in workloads(run) and \
                    all(run["settings"].get(k) == v for k, v in settings.items()):
                yield run

    def values(self, contender, path, **where):
        found = (at(run, path) for run in self.chosen(contender, **where))
        return [value for value in found if value is not None]

    def median(self, contender, path, **where):
        values = self.values(contender, path, **where)
        return statistics.median(values) if values else None

    def contenders(self, which, workload):
        return list(dict.fromkeys(run["contender"] for run in self.runs
                                  if run["pass"] == which and workload in workloads(run)))


def ratio(ours, theirs):
    """The first by the second; None where one of them is not known"""
    return round(ours / theirs, 3) if ours is not None and theirs else None


def best(values):
    values = [v for v in values if v is not None]
    return max(values) if values else None


# Bars of the main table: key, at least or at most
BARS = {
    "l2fwd64_b32_vs_dpdk": (">=", 1),
    "l2fwd64_b1_vs_dpdk": (">=", 0.5),
    "l2fwd64_b32_instr_vs_dpdk_scalar": ("<=", 1),
    "echo18_b32_vs_dpdk_5tswap": (">=", 0.9),
    "echo18_b32_vs_afxdp_zc": (">=", 2),
    "echo18_b32_vs_sockets": (">=", 10),
    "shared_echo18_b32_vs_sockets": (">=", 4),
    "kv_vs_memcached_udp": (">=", 8),
    "header_instr_cost": ("<=", 1.2),
    "sockets4096_instr_cost_hw": ("<=", 1.05),
    "sockets4096_instr_cost_shared": ("<=", 1.05),
    "echo_p99_vs_sockets_p50": ("<", 1),
    "overload_hw": (">=", 0.9),
    "overload_shared": (">=", 0.9),
    "bind_close_per_s": (">=", 1000),
    "model_ceiling_vs_fastest": (">=", 2),
}


def is_met(key, value):
    how, bar = BARS[key]
    return value is not None and {">=": value >= bar, "<=": value <= bar, "<": value < bar}[how]


def ratios(runs):
    """The main table. A key without a value was not measured."""
    def pps(contender):
        return runs.median(contender, "pps")

    def instructions(contender, workload="main"):
        return runs.median(contender, "instructions", which="instructions", workload=workload,
                           size=64)

    def cost(contender, of):
        return ratio(instructions(contender, "protections"), instructions(of, "protections"))

    def overload(contender):
        return ratio(runs.median(contender, "overload_pps"), pps(contender))

    others = [c for c in runs.contenders("time", "main") if c != "model_ceiling"]
    return {
        "l2fwd64_b32_vs_dpdk": ratio(pps("l2fwd_b32"), best(
            pps(c) for c in ("dpdk_macswap_b32", "dpdk_macswap_scalar_b32"))),
        "l2fwd64_b1_vs_dpdk": ratio(pps("l2fwd_b1"), pps("dpdk_macswap_scalar_b1")),
        "l2fwd64_b32_instr_vs_dpdk_scalar": ratio(instructions("l2fwd_b32"),
                                                  instructions("dpdk_macswap_scalar_b32")),
        "echo18_b32_vs_dpdk_5tswap": ratio(pps("echo_hw_b32"), best(
            pps(c) for c in ("dpdk_5tswap_b32", "dpdk_5tswap_scalar_b32"))),
        "echo18_b32_vs_afxdp_zc": ratio(pps("echo_hw_b32"), pps("afxdp_zc_5tswap_b32")),
        "echo18_b32_vs_sockets": ratio(pps("echo_hw_b32"), pps("sockets_echo")),
        "shared_echo18_b32_vs_sockets": ratio(pps("echo_shared_b32"), pps("sockets_echo")),
        "kv_vs_memcached_udp": ratio(pps("kvstore_2^16"), pps("memcached_2^16")),
        "header_instr_cost": cost("reflect_hw", "reflect_raw"),
        "sockets4096_instr_cost_hw": cost("reflect_hw_4096", "reflect_hw"),
        "sockets4096_instr_cost_shared": cost("reflect_shared_4096", "reflect_shared"),
        "echo_p99_vs_sockets_p50": ratio(
            runs.median("echo_hw_b32", "at_50.latency_p99_ns", workload="latency"),
            runs.median("sockets_echo", "at_50.latency_p50_ns", workload="latency")),
        "overload_hw": overload("echo_hw_b32"),
        "overload_shared": overload("echo_shared_b32"),
        "bind_close_per_s": ratio(runs.median("bind_close_hardware", "per_s",
                                              workload="binding"), 1),
        "model_ceiling_vs_fastest": ratio(pps("model_ceiling"), best(pps(c) for c in others)),
    }
