#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The MILP path raced against plain big-M on the benchmark instances of tests/data, and what each technique contributes.

    python bench/mip/race.py [--quick] [--limit 60] [--ablation-limit 20] [--only NAME,...] [--gurobi]

`plain` is what modelling layers do: big-M from interval bounds, stable neurons without binaries, given to the same
solver with the same gap, limit and threads. Secateur runs with `--engine milp`; bench/search/race.py races its default.
Both run one after the other on each instance, so that a machine that slows down slows both. A run that is stopped counts at
the limit. Without --quick the tables are written to bench/results/mip.md.

--gurobi races gurobi-machinelearning's formulation with gurobipy's size-limited licence as well, where both are installed
(pip install gurobipy gurobi-machinelearning onnx); its results are printed and not written, since that licence does not
allow publishing benchmarks.
"""
import argparse
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import gurobi  # noqa: E402
import instances as bench  # noqa: E402
from common import machine, table, write_results  # noqa: E402
from instances import check, geometric_mean, seconds, shown  # noqa: E402

# What the default is without one technique at a time, and with the ones that are off.
ABLATION = {
    "default": [],
    "interval bounds": ["bounds=interval"],
    "alpha-CROWN bounds": ["bounds=alpha_crown"],
    "no tightening": ["tighten=off"],
    "never LP tightening": ["tighten=subdivision"],
    "always LP tightening": ["tighten=lp"],
    "hull cuts": ["formulation=hull"],
    "partitioned": ["formulation=partitioned"],
}
QUICK = ["d2_2x50_w90", "d4_3x50_w90", "d8_2x50_n50", "d64_digits_2x50_w80_s1510_e0.1"]


def run(program, name, limit, threads, *arguments):
    return bench.run(program, name, limit, threads, "--set", "engine=milp", *arguments)


def race(program, instances, limit, threads):
    rows, ratios, work_ratios, closed = [], [], [], 0
    for instance in instances:
        name = instance["name"]
        plain = run(program, name, limit, threads, "--plain")
        ours = run(program, name, limit, threads)
        for result in (plain, ours):
            check(instance, result)
        ratio = seconds(plain, limit) / seconds(ours, limit)
        # Processor time says the same on a machine that others use as well.
        work = max(plain["processor_seconds"], 1e-3) / max(ours["processor_seconds"], 1e-3)
        both_open = plain["status"] != "optimal" and ours["status"] != "optimal"
        ratios.append(ratio)
        work_ratios.append(1 if both_open else work)
        closed += plain["status"] != "optimal" and ours["status"] == "optimal"
        least = "at least " if plain["status"] != "optimal" and not both_open else ""
        rows.append([name, shown(plain, limit), str(plain["nodes"]), shown(ours, limit), str(ours["nodes"]),
                     str(ours["boxes"]), "-" if both_open else f"{least}{ratio:.3g}×",
                     "-" if both_open else f"{work:.3g}×", ours["proof"]])
        print(" | ".join(rows[-1]), flush=True)
    header = ["instance", "plain, s", "nodes", "Secateur, s", "nodes", "boxes", "faster", "processor time", "proof"]
    summary = (f"Geometric mean: {geometric_mean(ratios):.3g} times faster (processor time {geometric_mean(work_ratios):.3g} "
               f"times less); {closed} instances closed that plain big-M leaves open; slowest ratio {min(ratios):.3g}.")
    print(summary, flush=True)
    return table(header, rows) + "\n" + summary + "\n"


def ablation(program, instances, limit, threads):
    rows = []
    baseline = None
    for label, options in ABLATION.items():
        results = []
        for instance in instances:
            arguments = [part for option in options for part in ("--set", option)]
            result = run(program, instance["name"], limit, threads, *arguments)
            check(instance, result)
            results.append(result)
        gaps = [abs(r["objective"] - r["root"]) / max(1e-9, abs(r["objective"])) for r in results
                if r["root"] is not None and r["objective"] is not None]
        row = {"gap": sum(gaps) / len(gaps), "nodes": geometric_mean([1 + r["nodes"] for r in results]),
               "seconds": geometric_mean([seconds(r, limit) for r in results]),
               "work": geometric_mean([max(r["processor_seconds"], 1e-3) for r in results]),
               "solved": sum(r["status"] == "optimal" for r in results)}
        baseline = baseline or row
        rows.append([label, f"{row['gap']:.0%}", f"{row['nodes']:.3g}", f"{row['seconds']:.3g}",
                     f"{row['work'] / baseline['work']:.2f}", f"{row['solved']} of {len(results)}"])
        print(" | ".join(rows[-1]), flush=True)
    return table(["configuration", "mean root gap", "nodes + 1", "seconds", "processor time against default", "closed"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--ablation-limit", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help="names of instances, or how they begin")
    parser.add_argument("--gurobi", action="store_true")
    parser.add_argument("--program", default=str(bench.PROGRAM))
    options = parser.parse_args()
    instances = bench.load(options.only)
    if options.quick:
        instances = [i for i in instances if i["name"] in QUICK]
        options.limit = options.ablation_limit = 10
    if options.gurobi:
        gurobi.race(instances, options.limit, options.threads,
                    lambda i: run(options.program, i["name"], options.limit, options.threads))
        return
    main_table = race(options.program, instances, options.limit, options.threads)
    # Instances that subdivision closes before any formulation is made say nothing about formulations.
    harder = [i for i in instances if len(i["lower"]) > 4]
    ablation_table = ablation(options.program, harder, options.ablation_limit, options.threads) if harder else ""
    if options.quick or options.only:
        return
    solver = run(options.program, instances[-1]["name"], 10, options.threads)["solver"]
    text = f"""# The MILP path

{machine()}; {solver}; compiler g++ {subprocess.run(['g++', '-dumpfullversion'], capture_output=True, text=True).stdout.strip()};
gap 1e-4, {options.threads} threads. `python bench/mip/race.py` writes this page.

## Against plain big-M with the same solver

Limit {options.limit:g} s; runs at the limit count at the limit. Plain: interval bounds, stable neurons without binaries, no
incumbent. Secateur: the default. `boxes` are the parts of the input box that subdivision has bounded; where it closes the
gap by itself no tree is needed and the proof holds in real arithmetic.

{main_table}
## What each technique contributes

The {len(harder)} instances with more than 4 inputs (subdivision closes the others before any formulation is made), limit
{options.ablation_limit:g} s a run. Root gap: of the bound before the tree. Nodes and seconds are geometric means.

{ablation_table}"""
    write_results("mip.md", text)


if __name__ == "__main__":
    main()
