# SPDX-License-Identifier: Apache-2.0
"""Solves the problem files and simulates the plant at each optimum: what the surrogate promises, what the plant gives,
and the regret against the best operating point known of the plant itself (a local solver from 20 to 40 starts,
which all agree)."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import secateur  # noqa: E402
from flowsheet import INPUTS, OUTPUTS, RHO, check, simulate  # noqa: E402

HERE = pathlib.Path(__file__).parent
# Problem file: the price of investment (None: the objective is the return on it) and the plant's optimum.
CASES = {"base": (0.3, 1539.702), "permit": (0.3, 1483.738), "catalogue": (0.6, 872.50), "roi": (None, 121.10877)}


def resimulate(case, *options):
    """`case`: the stem of a problem file, \"base\" or \"refined/base\"."""
    price, best = CASES[case.split("/")[-1]]
    result = secateur("solve", HERE / f"{case}.json", *options)
    x = {"V": 0.03, **result["x"]}
    plant = dict(zip(OUTPUTS, simulate([[x[name] for name in INPUTS]])[0]))
    value = plant["ROI"] if price is None else plant["gross"] - 600 * price * RHO * x["V"]
    return {"result": result, "x": x, "plant": plant, "objective": value, "regret": (best - value) / best,
            "error": abs(result["objective"] - value) / value}


if __name__ == "__main__":
    check()
    print("case               status   seconds  surrogate    plant  error  regret    F_P    F_G  at V, T, F_A, F_B, eta")
    for case in [*CASES, *(f"refined/{case}" for case in CASES)]:
        found = resimulate(case, *sys.argv[1:])
        result, plant = found["result"], found["plant"]
        point = ", ".join(f"{found['x'][name]:.4g}" for name in INPUTS)
        print(f"{case:18} {result['status']:8} {result['seconds']['total']:7.1f} {result['objective']:10.2f}"
              f" {found['objective']:8.2f} {found['error']:6.1%} {found['regret']:7.2%} {plant['F_P']:6.3f} {plant['F_G']:6.3f}"
              f"  {point}")
