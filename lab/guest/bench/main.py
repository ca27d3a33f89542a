# SPDX-License-Identifier: GPL-2.0
"""usage: main.py PASS quick|full REPETITIONS SECONDS [CONTENDER...], see lab/bench.sh

All steps of a pass (plan.py), one contender after the other, REPETITIONS times. A line
of JSON for each measurement goes to /out/runs.jsonl; what is there is not done again.
"""

import json
import os
import subprocess
import sys
import time

import port
from generator import Generator
from measures import settings_key
from plan import PASSES

OUT = "/out/runs.jsonl"
BROKEN = (RuntimeError, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError)


def key(run):
    return json.dumps([run[name] for name in ("pass", "contender", "workload", "measure",
                                              "settings", "repetition")], sort_keys=True)


def done_before():
    try:
        with open(OUT) as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


class Pass:
    def __init__(self, name, seconds, gen):
        self.name, self.seconds, self.gen = name, seconds, gen
        self.done, self.before = set(), {}
        self.failed = 0
        for done in done_before():
            self.remember(done)

    def remember(self, run):
        """What is done, and what the next repetition's search begins with"""
        self.done.add(key(run))
        if run.get("how", "").startswith("bisection"):
            before = self.before.setdefault(run["contender"], {})
            before[settings_key(run["settings"])] = run["pps"]

    def label(self, contender, workload, measure, settings, repetition):
        return {"pass": self.name, "contender": contender, "workload": workload,
                "measure": measure.__name__, "settings": settings, "repetition": repetition}

    def record(self, label, got):
        run = dict(label, **got)
        with open(OUT, "a") as f:
            f.write(json.dumps(run) + "\n")
        self.remember(run)
        numbers = " ".join("%s=%.0f" % (k, v) for k, v in got.items()
                           if isinstance(v, (int, float)))
        print("# %6.0f s  %-24s %-12s %-26s %s" % (
            time.monotonic(), label["contender"], label["workload"],
            " ".join("%s=%s" % s for s in label["settings"].items()), numbers), flush=True)

    def measure(self, contender, measure, settings):
        if contender:
            return measure(self.gen, contender, self.seconds, **settings)
        return measure(**settings)

    def start(self, name, make):
        contender = make()
        contender.found, contender.before = {}, self.before.get(name, {})
        try:
            contender.start()
            contender.ready(self.gen)
        except BROKEN:
            contender.end()
            raise
        return contender

    def measure_all(self, name, make, left, repetition):
        """Takes from @left what it measures, until one of them breaks."""
        contender = None
        try:
            contender = self.start(name, make) if make else None
            while left:
                workload, measure, settings = left.pop(0)
                label = self.label(name, workload, measure, settings, repetition)
                self.record(label, self.measure(contender, measure, settings))
            if contender:
                contender.stop()
        except BROKEN as e:
            self.failed += 1
            print("# %s: %s" % (name, e), flush=True)
            if contender:
                contender.end()

    def step(self, name, make, wanted, repetition):
        """What breaks leaves the others a start of their own; a start that does not
        succeed isn't tried again."""
        left = [w for w in wanted if key(self.label(name, *w, repetition)) not in self.done]
        while left:
            number = len(left)
            self.measure_all(name, make, left, repetition)
            if len(left) == number:
                break


def main():
    name, kind, repetitions, seconds, *names = sys.argv[1:]
    port.prepare()
    port.write("/out/kernel", os.uname().release + "\n")
    run = Pass(name, float(seconds), Generator())
    steps = [s for s in PASSES[name](kind == "quick") if not names or s[0] in names]
    for repetition in range(int(repetitions)):
        for number, step in enumerate(steps):
            if number % 10 == 0:
                print("# %s: repetition %d of %s, step %d of %d" % (
                    name, repetition + 1, repetitions, number + 1, len(steps)), flush=True)
            run.step(*step, repetition)
    sys.exit(run.failed > 0)


if __name__ == "__main__":
    main()
