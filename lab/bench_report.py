# SPDX-License-Identifier: GPL-2.0
"""usage: bench_report.py RUNS RESULTS

Medians of the runs that lab/guest/bench.py has written, as a table, and with the
ratios of ours to the others' as JSON.
"""

import json
import statistics
import sys

# Ratio: ours, the best of theirs, what, so that above 1 (pps) or below (instructions)
# is better.
RATIOS = {
    "l2fwd64_b32_vs_dpdk": ("l2fwd_b32", ["dpdk_macswap_b32", "dpdk_macswap_scalar_b32"], "pps"),
    "l2fwd64_b1_vs_dpdk": ("l2fwd_b1", ["dpdk_macswap_b1"], "pps"),
    "l2fwd64_b32_instr_vs_dpdk_scalar": ("l2fwd_b32", ["dpdk_macswap_scalar_b32"],
                                         "instructions"),
    "echo18_b32_vs_dpdk_5tswap": ("echo_hw_b32", ["dpdk_5tswap_b32", "dpdk_5tswap_scalar_b32"],
                                  "pps"),
    "echo18_b32_vs_afxdp_zc": ("echo_hw_b32", ["afxdp_zc_5tswap_b32"], "pps"),
    "echo18_b32_vs_sockets": ("echo_hw_b32", ["sockets_echo"], "pps"),
    "shared_echo18_b32_vs_sockets": ("echo_shared_b32", ["sockets_echo"], "pps"),
}


def medians(runs):
    values = {}
    for r in runs:
        for what in ("pps", "instructions"):
            # With a clock that counts instructions the rate means nothing, and where
            # frames were lost those were worked for, too.
            if what in r and (what == "pps") == (r["mode"] == "time") and \
               not (what == "instructions" and r["lost"]):
                values.setdefault((r["contender"], what), []).append(r[what])
    return {key: statistics.median(v) for key, v in values.items()}


def ratios(median):
    found = {}
    for key, (ours, theirs, what) in RATIOS.items():
        others = [median[t, what] for t in theirs if (t, what) in median]
        if (ours, what) in median and others:
            best = max(others) if what == "pps" else min(others)
            found[key] = round(median[ours, what] / best, 3) if best else None
    return found


def main():
    with open(sys.argv[1]) as f:
        runs = [json.loads(line) for line in f]
    median = medians(runs)
    print("%-26s %12s %16s" % ("64-byte frames, medians", "frames/s", "instr. a frame"))
    for name in dict.fromkeys(r["contender"] for r in runs):
        print("%-26s %12s %16s" % (name, *(
            "%.0f" % median[name, what] if (name, what) in median else "-"
            for what in ("pps", "instructions"))))
    print()
    summary = ratios(median)
    for key, value in summary.items():
        print("%-34s %s" % (key, value))
    with open(sys.argv[2], "w") as f:
        json.dump({"ratios": summary, "runs": runs}, f, indent=1)
        f.write("\n")


main()
