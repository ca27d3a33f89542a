# SPDX-License-Identifier: GPL-2.0
"""usage: bench_test.py

Unit tests of the benchmarks: what is planned, how a rate is searched for, how an
interrupted pass goes on, how tables and ratios come from what was measured.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

LAB = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(LAB, "guest", "bench"))

import main  # noqa: E402
import measures  # noqa: E402
import plan  # noqa: E402
from bench_summary import BARS, Runs, is_met, ratios  # noqa: E402


class Machine:
    """A generator, and something that loses nothing up to a limit"""

    def __init__(self, limit):
        self.limit, self.runs = limit, []

    def run(self, rate=0, duration=1, window=0, **_):
        self.runs.append(rate)
        tx = min(rate, 4 * self.limit) if rate != "max" else 4 * self.limit
        if window:
            tx = self.limit
        rx = min(tx, self.limit)
        said = dict.fromkeys(measures.SHOWN, 0)
        sent = int(tx * duration)
        return dict(said, tx_pps=tx, rx_pps=rx, sent=sent, lost=sent - int(rx * duration))


class Program:
    """A contender; breaks where it is told to."""
    frames, window, search_drain_ms = {}, 256, 100
    starts, broken_start, broken = 0, False, ()
    found = before = None

    def start(self):
        Program.starts += 1
        if self.broken_start:
            raise RuntimeError("does not start")

    def ready(self, gen):
        pass

    def phases(self):
        pass

    def stop(self):
        pass

    def end(self):
        pass


class Search(unittest.TestCase):
    def throughput(self, limit, before=None):
        contender = Program()
        contender.found, contender.before = {}, {(("size", 64),): before} if before else {}
        gen = Machine(limit)
        got = measures.throughput(gen, contender, 0.6, size=64)
        again = measures.throughput(gen, contender, 0.6, size=64)
        self.assertIs(got, again)
        return got, len(gen.runs)

    def test_finds_the_limit_to_a_hundredth(self):
        for limit in (777, 34567, 1234567):
            got, _ = self.throughput(limit)
            self.assertLessEqual(got["pps"], limit)
            self.assertGreater(got["pps"], 0.985 * limit)

    def test_near_the_one_before_it_is_as_good_with_fewer_runs(self):
        for limit in (80000, 100000, 120000):
            whole, many = self.throughput(limit)
            near, few = self.throughput(limit, before=100000)
            self.assertGreater(near["pps"], 0.985 * limit)
            self.assertLessEqual(near["pps"], limit)
            self.assertLess(few, many)
            self.assertIn("near", near["how"])
            self.assertNotIn("near", whole["how"])

    def test_looks_everywhere_if_it_is_not_near(self):
        for before in (30000, 300000):
            got, _ = self.throughput(100000, before)
            self.assertGreater(got["pps"], 98500)
            self.assertNotIn("near", got["how"])

    def test_a_fifth_lost_is_no_accident(self):
        gen = Machine(1000)
        self.assertFalse(measures.holds(gen, {"rate": 1300}))
        self.assertEqual(len(gen.runs), 1)
        self.assertFalse(measures.holds(gen, {"rate": 1150}))
        self.assertEqual(len(gen.runs), 4)
        self.assertTrue(measures.holds(gen, {"rate": 900}))
        self.assertEqual(len(gen.runs), 5)


class Counting(unittest.TestCase):
    """Of instructions, where the host has disturbed some runs"""

    def count(self, *spent):
        clock, gen = [0], Machine(1000)
        left = list(spent)
        run = gen.run

        def run_for(**settings):
            clock[0] += left.pop(0)
            return run(**settings)

        gen.run = run_for
        with unittest.mock.patch.object(measures, "busy_ns", lambda: clock[0]):
            got, _ = measures.count_run(gen, {"rate": 10}, 500)
        return got, len(spent) - len(left)

    def test_two_that_agree_are_enough(self):
        self.assertEqual(self.count(1005, 1000, 900), (1000, 2))

    def test_of_three_the_least(self):
        self.assertEqual(self.count(1200, 1000, 1100), (1000, 3))
        self.assertEqual(self.count(1000, 1200, 1005), (1000, 3))


class Plan(unittest.TestCase):
    def points(self, workload):
        return {(name, tuple(sorted(settings.items())))
                for name, _, wanted in plan.time_pass(quick=False)
                for names, _, settings in wanted if workload in names.split("+")}

    def test_one_step_for_each_contender_and_nothing_twice(self):
        for make_pass in plan.PASSES.values():
            steps = list(make_pass(False))
            names = [name for name, _, _ in steps]
            self.assertEqual(len(names), len(set(names)))
            for _, _, wanted in steps:
                for names, _, _ in wanted:
                    self.assertEqual(len(names.split("+")), len(set(names.split("+"))))
                whats = [(measure, sorted(settings.items())) for _, measure, settings in wanted]
                self.assertTrue(all(whats.count(what) == 1 for what in whats))

    def test_every_workload_has_its_points(self):
        sizes = {s["size"] for name, s in ((n, dict(s)) for n, s in self.points("forwarding"))
                 if name == "l2fwd_b32"}
        self.assertEqual(sizes, {64, 128, 256, 512, 1024, 1518, *range(100, 1501, 100)})
        self.assertTrue({"l2fwd_b%d" % b for b in (1, 8, 32, 128)} <=
                        {name for name, _ in self.points("forwarding")})
        for name in ("echo_hw_b32", "dpdk_5tswap_b32", "afxdp_zc_5tswap_b32", "sockets_echo"):
            self.assertEqual({dict(s)["size"] - 46 for n, s in self.points("echo") if n == name},
                             {18, 64, 512, 1472})
        stores = {(name, dict(s)["sets"]) for name, s in self.points("key-value")}
        self.assertEqual(stores, {(name, sets) for sets in (5, 50) for name in (
            "kvstore_2^16", "kvstore_2^20", "kvstore_2^24", "memcached_2^16")})
        flows = {(name, dict(s)["flows"]) for name, s in self.points("sockets")}
        for lane in ("any", "shared", "linux"):
            for number in (1, 16, 128, 1024, 4096):
                self.assertIn(("many_%s_%d" % (lane, number), number), flows)
                self.assertIn(("many_%s_%d" % (lane, number), 1), flows)

    def test_quick_is_the_main_table(self):
        for name, _, wanted in plan.time_pass(quick=True):
            self.assertTrue({w for w, _, _ in wanted} <= {"main", "latency", "binding"}, name)


class Passes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        main.OUT = folder.name + "/runs.jsonl"
        Program.starts = 0

    def measure(self, gen, contender, seconds, size):
        if size in contender.broken:
            raise RuntimeError("breaks at %d" % size)
        return {"pps": size, "how": "bisection"}

    def wanted(self):
        def rate(*args, **settings):
            return self.measure(*args, **settings)
        return [("main", rate, {"size": size}) for size in (1, 2, 3)]

    def steps(self, make, repetitions=1):
        with contextlib.redirect_stdout(io.StringIO()):
            run = main.Pass("time", 1, gen=None)
            for repetition in range(repetitions):
                run.step("program", make, self.wanted(), repetition)
        return run

    def sizes(self):
        return [run["settings"]["size"] for run in main.done_before()]

    def test_goes_on_where_it_was(self):
        self.steps(Program)
        with open(main.OUT) as f:
            lines = f.readlines()
        with open(main.OUT, "w") as f:
            f.writelines(lines[:2])
        self.steps(Program, repetitions=2)
        self.assertEqual(self.sizes(), [1, 2, 3, 1, 2, 3])
        self.assertEqual(Program.starts, 3)
        self.steps(Program, repetitions=2)
        self.assertEqual(Program.starts, 3)

    def test_a_search_begins_where_the_one_before_ended(self):
        seen = []

        class Remembers(Program):
            def ready(self, gen):
                seen.append(dict(self.before))

        self.steps(Remembers, repetitions=2)
        found = {(("size", size),): size for size in (1, 2, 3)}
        self.assertEqual(seen, [{}, found])
        self.assertEqual(self.steps(Remembers).before["program"], found)

    def test_what_breaks_leaves_the_others_a_start(self):
        class Breaks(Program):
            broken = (2,)

        run = self.steps(Breaks)
        self.assertEqual((self.sizes(), run.failed, Program.starts), ([1, 3], 1, 2))

    def test_what_does_not_start_is_given_up(self):
        class Never(Program):
            broken_start = True

        run = self.steps(Never)
        self.assertEqual((self.sizes(), run.failed, Program.starts), ([], 1, 1))


def run_of(contender, workload, settings=None, which="time", **got):
    return dict({"pass": which, "contender": contender, "workload": workload,
                 "measure": "throughput", "settings": settings or {"size": 64},
                 "repetition": 0}, **got)


class Summary(unittest.TestCase):
    RUNS = [
        *(run_of("l2fwd_b32", "main+forwarding", pps=pps) for pps in (900, 1000, 5000)),
        run_of("l2fwd_b32", "forwarding", {"size": 1518}, pps=700),
        run_of("dpdk_macswap_b32", "main+forwarding", pps=2000),
        run_of("dpdk_macswap_scalar_b32", "main+forwarding", pps=1600),
        run_of("echo_hw_b32", "main+echo", pps=100, overload_pps=95),
        run_of("reflect_hw", "protections", which="instructions", instructions=120),
        run_of("reflect_raw", "protections", which="instructions", instructions=100),
        run_of("reflect_raw", "protections", {"size": 512}, "instructions", instructions=9),
        run_of("many_any_16", "sockets", {"size": 64, "flows": 1, "dport": "1-1"}, pps=31),
        run_of("many_any_16", "sockets", {"size": 64, "flows": 16, "dport": "1-16"}, pps=42),
        run_of("kvstore_2^16", "main+key-value", {"sets": 5}, pps=80,
               phases={"receive": 1, "process": 2, "transmit": 3}),
        run_of("kvstore_2^16", "key-value", {"sets": 50}, pps=70),
        run_of("memcached_2^16", "main+key-value", {"sets": 5}, pps=8),
        run_of("many_any_1", "sockets", {"size": 64, "flows": 1, "dport": "1-1"}, pps=53),
    ]

    def test_a_run_counts_in_each_of_its_workloads(self):
        runs = Runs(self.RUNS)
        self.assertEqual(runs.median("l2fwd_b32", "pps", workload="main"), 1000)
        self.assertEqual(runs.median("l2fwd_b32", "pps", workload="forwarding", size=64), 1000)
        self.assertEqual(runs.median("l2fwd_b32", "pps", workload="forwarding", size=1518), 700)
        self.assertIn("echo_hw_b32", runs.contenders("time", "echo"))
        self.assertNotIn("echo_hw_b32", runs.contenders("time", "forwarding"))

    def test_ratios(self):
        found = ratios(Runs(self.RUNS))
        self.assertEqual(set(found), set(BARS))
        self.assertEqual(found["l2fwd64_b32_vs_dpdk"], 0.5)
        self.assertEqual(found["overload_hw"], 0.95)
        self.assertEqual(found["header_instr_cost"], 1.2)
        self.assertEqual(found["kv_vs_memcached_udp"], 10)
        self.assertIsNone(found["echo_p99_vs_sockets_p50"])
        self.assertTrue(is_met("overload_hw", 0.95))
        self.assertFalse(is_met("l2fwd64_b32_vs_dpdk", 0.5))
        self.assertFalse(is_met("overload_hw", None))

    def test_the_report(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/runs.jsonl", "w") as f:
                f.writelines(json.dumps(run) + "\n" for run in self.RUNS)
            with open(folder + "/about.json", "w") as f:
                json.dump(dict.fromkeys(("date", "commit", "accelerator", "guest_kernel",
                                         "qemu", "dpdk"), "some"), f)
            with open(folder + "/benchmarks.md", "w") as f:
                f.write("before\n<!-- begin of what lab/bench_report.py writes -->\nold\n"
                        "<!-- end of it -->\nafter\n")
            subprocess.run([sys.executable, LAB + "/bench_report.py", folder, "full", folder],
                           check=True, stdout=subprocess.DEVNULL)
            with open(folder + "/benchmarks.md") as f:
                words = f.read()
            with open(folder + "/benchmarks.json") as f:
                self.assertEqual(json.load(f)["l2fwd64_b32_vs_dpdk"], 0.5)
        self.assertTrue(words.startswith("before\n") and words.endswith("after\n"))
        self.assertNotIn("old", words)
        self.assertIn("| l2fwd_b32 | 1,000 | 700 |", words)
        self.assertIn("| echo_hw_b32 | 100 |", words)
        self.assertIn("| kvstore_2^16 | 5 | 80 | 1 | 2 | 3 |", words)
        self.assertIn("| kvstore_2^16 | 50 | 70 | – | – | – |", words)
        self.assertIn("| many_any_16 | 31 | 42 |", words)
        self.assertIn("| many_any_1 | 53 | – |", words)


if __name__ == "__main__":
    unittest.main()
