# SPDX-License-Identifier: Apache-2.0
"""make.py [SEED]: samples the plant, trains and prunes its surrogates: plant.onnx (V, T, F_A, F_B, eta -> gross, F_P,
F_G) and vessel.onnx (the same at V = 0.03, with the return on investment in place of the gross profit).

Then one refinement of each problem: it is solved, the plant is sampled again within 20 % of each variable's range
around the optimum, and a surrogate of that part and the problem on it go to refined/.
"""

import json
import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import latin_hypercube, secateur, write_csv, write_problem  # noqa: E402
from flowsheet import INPUTS, OUTPUTS, check, simulate  # noqa: E402

HERE = pathlib.Path(__file__).parent
# The part of the plant's range that is sampled, and how far the plant may go.
LOWER, UPPER = np.array([0.03, 6.2, 9, 20, 0.06]), np.array([0.1, 6.8, 17, 40, 0.2])
LOWEST, HIGHEST = np.array([0.03, 5.8, 5, 15, 0.02]), np.array([0.1, 6.8, 25, 60, 0.6])


def surrogate(file, lower, upper, inputs, outputs, seed, sparsity=0.5, count=30000):
    points = latin_hypercube(lower, upper, count, seed)
    values = simulate(points)
    found = ~np.isnan(values).any(1)
    columns = [INPUTS.index(i) for i in inputs] + [len(INPUTS) + OUTPUTS.index(o) for o in outputs]
    with tempfile.TemporaryDirectory() as folder:
        data, dense = pathlib.Path(folder, "data.csv"), pathlib.Path(folder, "dense.onnx")
        write_csv(data, inputs + outputs, np.hstack([points, values])[found][:, columns])
        with_data = ["--data", data, "--inputs", ",".join(inputs), "--outputs", ",".join(outputs), "--seed", seed]
        trained = secateur("train", *with_data, "--hidden", "50,50", "--epochs", 800, "--out", dense)
        pruned = secateur("prune", dense, *with_data, "--sparsity", sparsity, "--epochs", 800, "--out", file)
    print(f"{file.relative_to(HERE)}: {found.sum()} of {count} points have a steady state")
    for output, before, after in zip(outputs, trained["test"]["rmse"], pruned["after"]["test"]["rmse"]):
        print(f"  {output:6} test RMSE {before:.4g} dense, {after:.4g} at {sparsity:.0%}", flush=True)


def refine(case, seed):
    problem = json.loads((HERE / f"{case}.json").read_text())
    network = problem["networks"][0]
    optimum = {"V": 0.03, **secateur("solve", HERE / f"{case}.json", "--time-limit", 60)["x"]}
    middle = np.array([optimum[name] for name in INPUTS])
    lower = np.maximum(LOWEST, middle - 0.2 * (UPPER - LOWER))
    upper = np.minimum(HIGHEST, middle + 0.2 * (UPPER - LOWER))
    if case == "catalogue":  # every vessel stays a choice
        lower[0], upper[0] = LOWER[0], UPPER[0]
    if "V" not in network["inputs"]:
        lower[0] = upper[0] = 0.03
    surrogate(HERE / "refined" / f"{case}.onnx", lower, upper, network["inputs"], network["outputs"], seed)
    network["file"] = f"{case}.onnx"
    problem["name"] += ", refined"
    for variable in problem["variables"]:
        if variable["name"] in network["inputs"] and "values" not in variable:
            k = INPUTS.index(variable["name"])
            variable["lower"], variable["upper"] = float(lower[k]), float(upper[k])
    write_problem(HERE / "refined" / f"{case}.json", problem)


if __name__ == "__main__":
    check()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    surrogate(HERE / "plant.onnx", LOWER, UPPER, INPUTS, ["gross", "F_P", "F_G"], seed)
    surrogate(HERE / "vessel.onnx", [0.03, *LOWER[1:]], [0.03, *UPPER[1:]], INPUTS[1:], ["ROI", "F_P", "F_G"], seed)
    (HERE / "refined").mkdir(exist_ok=True)
    for name in ("base", "permit", "catalogue", "roi"):
        refine(name, seed)
