#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a changed problem's solve gains from what an earlier solve of the same networks has learned.

    python bench/search/again.py [--quick] [--only NAME,...] [--changes KIND:PART,...] [--without PART,...] [--repeats 3]

Every instance is solved, changed, and solved again in one process, in turn without and with what was learned; a ratio is that of
the least processor seconds of both (bench_solve --again, which names the changes). --without leaves out points, bound, costs, way,
one at a time, as columns of their own. The table is printed; docs/engine.md ("Again, but changed") has one.
"""
import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from common import machine, root, table  # noqa: E402
from instances import geometric_mean  # noqa: E402

INSTANCES = ["d2_5x100_dense", "d4_3x50_dense", "d8_2x50_dense", "d8_2x50_w90", "d16_2x50_w90", "d16_3x50_w90",
             "d64_digits_2x50_w80_s1501_e0.05", "d64_digits_2x50_dense_s1510_e0.1"]
CHANGES = ["box:-0.05", "box:-0.01", "box:0.01", "box:0.05", "shift:0.05", "side:-0.01", "side:0.01", "costs:0.01", "costs:0.1"]
QUICK = ["d4_3x50_dense", "d8_2x50_w90"], ["box:-0.05", "box:0.05"]


def run(options, name, change, without=()):
    command = [options.program, root / "tests/data/instances.json", name, "--again", change, "--repeats", str(options.repeats),
               "--set", "threads=1", "--set", "time-limit=60"]
    for part in without:
        command += ["--without", part]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} {change}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    fresh, again = found["fresh"], found["again"]
    if fresh["status"] != again["status"] or abs(fresh["objective"] - again["objective"]) > 3e-4 * abs(fresh["objective"]):
        raise SystemExit(f"{name} {change}: fresh {fresh}, again {again}")
    return fresh, again


def ratio(pair):
    return pair[0]["processor_seconds"] / max(1e-4, pair[1]["processor_seconds"])


def size(result):
    return result["nodes"] + result["boxes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--changes", default="")
    parser.add_argument("--without", default="")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path, default=root / "build/bench/bin/bench_solve")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else QUICK[0] if options.quick else INSTANCES
    changes = options.changes.split(",") if options.changes else QUICK[1] if options.quick else CHANGES
    parts = [part for part in options.without.split(",") if part]
    rows, ratios = [], {change: [] for change in changes}
    for name in names:
        for change in changes:
            pair = run(options, name, change)
            less = [f"{ratio(run(options, name, change, [part])):.2f}" for part in parts]
            ratios[change].append(ratio(pair))
            fresh, again = pair
            rows.append([name, change, f"{fresh['processor_seconds']:.3f}", f"{again['processor_seconds']:.3f}",
                         f"{size(fresh)} → {size(again)}", f"{ratio(pair):.2f}", *less])
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    print(f"{machine()}\n")
    print(table(["instance", "change", "fresh, s", "again, s", "nodes and boxes", "ratio", *(f"without {part}" for part in parts)],
                rows))
    print(table(["change", "geometric mean of ratios"], [[change, f"{geometric_mean(ratios[change]):.2f}"] for change in changes]))


if __name__ == "__main__":
    main()
