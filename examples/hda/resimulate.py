# SPDX-License-Identifier: Apache-2.0
"""Solves the problem and simulates the flowsheet at the optimum: cost, constraints, and the regret against the best
operating point known of the flowsheet itself."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import secateur  # noqa: E402
from flowsheet import INPUTS, OUTPUTS, check, simulate  # noqa: E402

HERE = pathlib.Path(__file__).parent
BEST = 312674.140


def resimulate(*options):
    result = secateur("solve", HERE / "problem.json", *options)
    plant = dict(zip(OUTPUTS, simulate([[result["x"][name] for name in INPUTS]])[0]))
    plant["purity"] = plant["n_B"] / (plant["n_B"] + plant["n_T"])
    return {"result": result, "plant": plant, "regret": (plant["cost"] - BEST) / BEST,
            "error": abs(result["objective"] - plant["cost"]) / plant["cost"]}


if __name__ == "__main__":
    check()
    found = resimulate(*sys.argv[1:])
    result, plant = found["result"], found["plant"]
    print(f"{result['status']} in {result['seconds']['total']:.1f} s at "
          + ", ".join(f"{name} {result['x'][name]:.6g}" for name in INPUTS))
    print(f"cost      surrogate {result['objective']:.0f}, flowsheet {plant['cost']:.0f} $/yr: "
          f"error {found['error']:.2%}, regret {found['regret']:.2%}")
    print(f"benzene   {plant['n_B']:.5f} mol/s (at least 0.15)")
    print(f"purity    {plant['purity']:.4f} (at least 0.80)")
    print(f"loss      {plant['loss']:.4f} (at most 0.20)")
