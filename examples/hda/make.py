# SPDX-License-Identifier: Apache-2.0
"""make.py [SEED]: samples the flowsheet, trains and prunes its surrogate flowsheet.onnx
(TH, T1, T2, P2 -> cost, n_B, n_T, loss).

Sampled is the part of the box in which there is a product: T1 in [298, 320] K, T2 in [357, 372] K. The dew and bubble
lines cross it still. Flows are learnt and not the purity, which jumps where the product vanishes; the constraint on
purity is linear in the flows.
"""

import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import latin_hypercube, secateur, write_csv  # noqa: E402
from flowsheet import INPUTS, OUTPUTS, check, simulate  # noqa: E402

HERE = pathlib.Path(__file__).parent
LOWER, UPPER = [500, 298, 357, 105000], [600, 320, 372, 110000]


def surrogate(hidden="40,40", sparsity=0.5, count=20000, seed=0):
    points = latin_hypercube(LOWER, UPPER, count, seed)
    values = simulate(points)
    found = ~np.isnan(values).any(1)
    print(f"{found.sum()} of {count} points have a steady state")
    with tempfile.TemporaryDirectory() as folder:
        data, dense = pathlib.Path(folder, "data.csv"), pathlib.Path(folder, "dense.onnx")
        write_csv(data, INPUTS + OUTPUTS, np.hstack([points, values])[found])
        with_data = ["--data", data, "--inputs", ",".join(INPUTS), "--outputs", ",".join(OUTPUTS), "--seed", seed]
        trained = secateur("train", *with_data, "--hidden", hidden, "--epochs", 800, "--out", dense)
        pruned = secateur("prune", dense, *with_data, "--sparsity", sparsity, "--epochs", 800,
                          "--out", HERE / "flowsheet.onnx")
    for output, before, after in zip(OUTPUTS, trained["test"]["rmse"], pruned["after"]["test"]["rmse"]):
        print(f"  {output:6} test RMSE {before:.4g} dense, {after:.4g} at {sparsity:.0%}")


if __name__ == "__main__":
    check()
    surrogate(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
