#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""race.py [--seeds 5] [--program FILE] [--only CASE,...] [--quick]: the loop of `secateur flowsheet --optimize` on every
case with several seeds. Writes bench/results/flowsheets.md; ends with 1 when an error or a regret is above 2 %."""

import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import machine, table, write_results  # noqa: E402

root = pathlib.Path(__file__).resolve().parents[2]
CASES = [("williams-otto", "base"), ("williams-otto", "permit"), ("williams-otto", "catalogue"), ("williams-otto", "roi"), ("hda", "base")]
LIMIT = 0.02


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", help="cases, e.g. base,roi")
    parser.add_argument("--quick", action="store_true", help="one case and one seed; nothing is written")
    parser.add_argument("--program", default=str(root / "bin" / "secateur"))
    options = parser.parse_args()
    seeds = 1 if options.quick else options.seeds
    rows, missed = [], 0
    for flowsheet, case in CASES:
        if options.only and case not in options.only.split(",") or options.quick and rows:
            continue
        for seed in range(seeds):
            run = subprocess.run([options.program, "flowsheet", flowsheet, "--case", case, "--optimize", "--seed", str(seed), "--json"],
                                 capture_output=True, text=True)
            if run.returncode not in (0, 4):
                raise SystemExit(run.stderr.strip().splitlines()[-1])
            found = json.loads(run.stdout)
            good = found["objective_error"] is not None and abs(found["objective_error"]) <= LIMIT and found["regret"] <= LIMIT
            missed += not good
            rows.append((f"{flowsheet} {case}", str(seed), f"{found['objective']:.6g}", f"{found['simulated']:.6g}", f"{found['reference']:.6g}",
                         f"{found['objective_error']:.2%}", f"{found['regret']:.2%}", f"{found['violation']:.2%}", str(found["rounds"]),
                         found["status"], f"{found['seconds']:.1f}"))
            print("  ".join(rows[-1]), flush=True)
    text = table(["case", "seed", "surrogate", "plant", "reference", "error", "regret", "violation", "rounds", "last solve", "seconds"], rows)
    print(f"\n{len(rows) - missed} of {len(rows)} runs end with an error and a regret of at most {LIMIT:.0%}")
    if not options.quick and not options.only:
        write_results("flowsheets.md",
            f"# Plants: from simulation to a verified optimum\n\n{machine()}. `python bench/flowsheet/race.py` writes this page: "
            "`secateur flowsheet\nNAME --case CASE --optimize` with default options. *Error*: |surrogate − plant| / |plant|; *regret*: against "
            f"the optimum of the\nsimulator itself; *violation*: of the plant's limits at the point found.\n\n{text}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
