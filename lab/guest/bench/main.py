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
from plan import PASSES

OUT = "/out/runs.jsonl"
BROKEN = (RuntimeError, OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError)


def key(run):
    return json.dumps([run[name] for name in ("pass", "contender", "workload", "measure",
                                              "settings", "repetition")], sort_keys=True)


def done_before():
    try:
        with open(OUT) as f:
            return {key(json.loads(line)) for line in f}
    except FileNotFoundError:
        return set()


class Pass:
    def __init__(self, name, seconds):
        self.name, self.seconds = name, seconds
        self.done = done_before()
        self.gen = Generator()
        self.failed = 0

    def label(self, contender, workload, measure, settings, repetition):
        return {"pass": self.name, "contender": contender, "workload": workload,
                "measure": measure.__name__, "settings": settings, "repetition": repetition}

    def record(self, label, got):
        with open(OUT, "a") as f:
            f.write(json.dumps(dict(label, **got)) + "\n")
        self.done.add(key(label))
        numbers = " ".join("%s=%.0f" % (k, v) for k, v in got.items()
                           if isinstance(v, (int, float)))
        print("# %6.0f s  %-24s %-12s %-26s %s" % (
            time.monotonic(), label["contender"], label["workload"],
            " ".join("%s=%s" % s for s in label["settings"].items()), numbers), flush=True)

    def measure(self, contender, measure, settings):
        if contender:
            return measure(self.gen, contender, self.seconds, **settings)
        return measure(**settings)

    def step(self, name, make, wanted, repetition):
        wanted = [w for w in wanted if key(self.label(name, *w, repetition)) not in self.done]
        contender = make() if make and wanted else None
        got = {}
        try:
            if contender:
                contender.start()
                contender.ready(self.gen)
            for workload, measure, settings in wanted:
                label = self.label(name, workload, measure, settings, repetition)
                got = self.measure(contender, measure, settings)
                # An account that comes with the end belongs to a single measurement.
                if len(wanted) > 1:
                    self.record(label, got)
            if contender:
                contender.stop()
            if len(wanted) == 1:
                self.record(label, dict(got, **getattr(contender, "account", {})))
        except BROKEN as e:
            self.failed += 1
            print("# %s: %s" % (name, e), flush=True)
            if contender:
                contender.end()


def main():
    name, kind, repetitions, seconds, *names = sys.argv[1:]
    port.prepare()
    port.write("/out/kernel", os.uname().release + "\n")
    run = Pass(name, float(seconds))
    steps = [s for s in PASSES[name](kind == "quick") if not names or s[0] in names]
    for repetition in range(int(repetitions)):
        for number, step in enumerate(steps):
            if number % 10 == 0:
                print("# %s: repetition %d of %s, step %d of %d" % (
                    name, repetition + 1, repetitions, number + 1, len(steps)), flush=True)
            run.step(*step, repetition)
    sys.exit(run.failed > 0)


main()
