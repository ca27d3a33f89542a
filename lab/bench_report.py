# SPDX-License-Identifier: GPL-2.0
"""usage: bench_report.py DIR quick|full DOCS

DIR/runs.jsonl and DIR/about.json become DIR/results.json, and a table on stdout. With
`full` the summary goes to DOCS/benchmarks.json, the tables into DOCS/benchmarks.md
(between two marks; what stands around them is kept), the plots into DOCS/benchmarks/.
"""

import json
import os
import re
import sys

import bench_plot
from bench_summary import BARS, Runs, is_met, ratios

BEGIN, END = "<!-- begin of what lab/bench_report.py writes -->", "<!-- end of it -->"
PHASES = ("receive", "process", "transmit")


def shown(value, digits=0):
    return "–" if value is None else "{:,.{}f}".format(value, digits)


def table(heads, rows):
    """Markdown; rows without a single number are left out."""
    lines = ["| %s |" % " | ".join(heads), "|%s|" % "|".join(["---"] + ["---:"] * (len(heads) - 1))]
    full = ["| %s |" % " | ".join(row) for row in rows if set(row[1:]) != {"–"}]
    return "\n".join(lines + full) + "\n" if full else "Not measured in this run.\n"


def main_table(found):
    return table(("key", "value", "bar", ""), [
        ("`%s`" % key, shown(value, 1 if key == "bind_close_per_s" else 3),
         "%s %s" % BARS[key],
         "not measured" if value is None else "met" if is_met(key, value) else "**missed**")
        for key, value in found.items()])


def contenders(runs):
    rows = []
    for name in runs.contenders("time", "main"):
        instructions = [runs.median(name, path, which="instructions")
                        for path in ("instructions", "phases.receive", "phases.process",
                                     "phases.transmit")]
        rows.append((name, shown(runs.median(name, "pps")),
                     shown(runs.median(name, "overload_pps")), *map(shown, instructions)))
    return table(("64-byte frames", "frames/s", "at twice that", "instructions a frame",
                  *PHASES), rows)


def by_setting(runs, workload, name, what, path="pps", which="time"):
    """{contender: [(value of a setting, median), ...]}"""
    series = {}
    for contender in runs.contenders(which, workload):
        values = sorted({run["settings"].get(name) for run in runs.chosen(
            contender, which, workload)} - {None})
        points = [(value, runs.median(contender, path, which=which, workload=workload,
                                      **{name: value})) for value in values]
        points = [(value - what, y) for value, y in points if y is not None]
        if points:
            series[contender] = points
    return series


def series_table(head, series):
    xs = sorted({x for s in series.values() for x, _ in s})
    return table((head, *map(str, xs)),
                 [(name, *(shown(dict(s).get(x)) for x in xs)) for name, s in series.items()])


def latencies(runs):
    rows = []
    for name in runs.contenders("time", "latency"):
        row = [name, shown(runs.median(name, "pps", workload="latency"))]
        for load in (10, 50, 80):
            for share in ("p50", "p99", "p999"):
                ns = runs.median(name, "at_%d.latency_%s_ns" % (load, share), workload="latency")
                row.append(shown(None if ns is None else ns / 1000))
        rows.append(row)
    heads = ["µs", "maximum/s"] + ["%s at %d %%" % (share, load) for load in (10, 50, 80)
                                   for share in ("p50", "p99", "p99.9")]
    return table(heads, rows)


def protections(runs):
    rows = []
    for which, workload in (("instructions", "protections"), ("iommu", "iommu")):
        for name in runs.contenders(which, workload):
            for size in sorted({r["settings"]["size"] for r in runs.chosen(name, which, workload)}):
                where = {"which": which, "workload": workload, "size": size}
                calls = runs.values(name, "iommu_calls", **where)
                rows.append((name, str(size), "on" if which == "iommu" else "off",
                             *(shown(runs.median(name, path, **where)) for path in
                               ("instructions", *("phases." + p for p in PHASES))),
                             shown(max(calls)) if calls else "–"))
    return table(("instructions a frame", "bytes", "IOMMU", "all", *PHASES,
                  "maps and unmaps in the run"), rows)


def key_value(runs):
    rows = []
    for name in runs.contenders("time", "key-value"):
        for sets in sorted({run["settings"]["sets"] for run in runs.chosen(
                name, "time", "key-value")}):
            rows.append((name, str(sets), *(
                shown(runs.median(name, path, workload="key-value", sets=sets))
                for path in ("pps", *("phases." + p for p in PHASES)))))
    return table(("capacity", "% set", "requests/s", *("cycles to " + p for p in PHASES)), rows)


def sockets(runs):
    rows = []
    for name in runs.contenders("time", "sockets"):
        row = [name]
        flows = sorted({run["settings"]["flows"] for run in runs.chosen(
            name, "time", "sockets")})
        for over in flows[:1], flows[1:]:
            row.append(shown(runs.median(name, "pps", workload="sockets", flows=over[0])
                             if over else None))
        rows.append(row)
    return table(("sockets bound, datagrams/s", "to one", "to all of them"), rows)


def binding(runs):
    rows = []
    for name in runs.contenders("time", "binding"):
        for path, what in (("per_s", "binds and closes a second"),
                           ("p50_us", "µs from SIGKILL to bound again, median"),
                           ("max_us", "the same, longest"), ("kb", "KiB of an idle socket")):
            value = runs.median(name, path, workload="binding")
            if value is not None:
                rows.append(("%s, %s lane" % (what, name.rpartition("_")[2]), shown(value)))
    return table(("", ""), rows)


def plots(runs, folder):
    os.makedirs(folder, exist_ok=True)
    made = []

    def plot(draw, name, *args):
        if args[-1]:
            draw(os.path.join(folder, name + ".svg"), *args)
            made.append(name)

    plot(bench_plot.lines, "forwarding", "L2 forwarding, frames/s", "bytes",
         {k: v for k, v in by_setting(runs, "forwarding", "size", 0).items() if "_b32" in k})
    plot(bench_plot.bars, "echo", "UDP echo, datagrams/s by bytes of payload",
         by_setting(runs, "echo", "size", 46))
    plot(bench_plot.bars, "instructions", "Instructions a frame, 64 bytes", {
        name: [("", runs.median(name, "instructions", which="instructions"))]
        for name in runs.contenders("instructions", "main")
        if runs.median(name, "instructions", which="instructions") and "b1" not in name.split("_")})
    return made


def sections(runs, about, found, pictures):
    yield "Accelerator `%s`, QEMU %s, Linux %s, DPDK %s, commit %s, %s." % tuple(
        about[k] for k in ("accelerator", "qemu", "guest_kernel", "dpdk", "commit", "date"))
    yield main_table(found)
    yield "### Everybody, 64-byte frames\n\n" + contenders(runs)
    if "instructions" in pictures:
        yield "![](benchmarks/instructions.svg)"
    yield "### (a) L2 forwarding, frames/s by size in bytes\n\n" + series_table(
        "", by_setting(runs, "forwarding", "size", 0))
    if "forwarding" in pictures:
        yield "![](benchmarks/forwarding.svg)"
    yield "### (b) UDP echo, datagrams/s by payload in bytes\n\n" + series_table(
        "", by_setting(runs, "echo", "size", 46))
    if "echo" in pictures:
        yield "![](benchmarks/echo.svg)"
    yield "### (c) Key-value store\n\n" + key_value(runs)
    yield "### (d) Latency of the echo, by share of one's own maximum\n\n" + latencies(runs)
    yield "### (e) Many sockets\n\n" + sockets(runs)
    yield "### (f) The price of protection\n\n" + protections(runs)
    yield "### (g) Binding and closing\n\n" + binding(runs)


def put_between(path, words):
    with open(path) as f:
        text = f.read()
    marks = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
    if not marks.search(text):
        raise SystemExit("%s has no place for the figures" % path)
    with open(path, "w") as f:
        f.write(marks.sub(lambda _: "%s\n\n%s\n\n%s" % (BEGIN, words, END), text))


def write_json(path, value):
    with open(path, "w") as f:
        json.dump(value, f, indent=1)
        f.write("\n")


def main():
    folder, kind, docs = sys.argv[1:]
    with open(folder + "/runs.jsonl") as f:
        runs = Runs([json.loads(line) for line in f])
    with open(folder + "/about.json") as f:
        about = json.load(f)
    found = ratios(runs)
    write_json(folder + "/results.json", dict(about, ratios=found, runs=runs.runs))
    summary = dict(found, **{k: about[k] for k in ("date", "commit", "accelerator",
                                                   "guest_kernel", "qemu", "dpdk")})
    print(contenders(runs))
    print(main_table(found))
    if kind == "full":
        write_json(docs + "/benchmarks.json", summary)
        words = sections(runs, about, found, plots(runs, docs + "/benchmarks"))
        put_between(docs + "/benchmarks.md", "\n\n".join(w.rstrip("\n") for w in words))
    else:
        write_json(folder + "/benchmarks.json", summary)


main()
