# SPDX-License-Identifier: Apache-2.0
"""Networks of growing size for bench/search/race.py, made by `secateur train` and `secateur prune` with fixed seeds and kept
under out/search, with the instances that ask for their minimum.

Every one is fitted to the mean of peaks (common.py) over pairs of inputs, on the box [-EDGE, EDGE]^d: one function for every
even number of inputs.
"""

import json
import subprocess

import numpy as np
from common import peaks, root

FOLDER = root / "out" / "search"
POINTS, EPOCHS, EDGE = 4096, 150, 1.5
NETWORKS = FOLDER / f"networks-{POINTS}-{EPOCHS}-{EDGE:g}"

INPUTS = [2, 4, 6, 8, 12, 16]
WIDTHS = [25, 50, 100, 200, 400]
DEPTHS = [1, 2, 3, 5, 7, 10]
SPARSITIES = [0, 20, 50, 80, 90, 95]


def name_of(inputs, depth, width, sparsity, seed):
    return f"d{inputs}_{depth}x{width}_w{sparsity}_s{seed}"


def data_of(inputs):
    """A table of POINTS rows; written once."""
    file = NETWORKS / f"points-{inputs}.csv"
    if not file.exists():
        x = np.random.default_rng(inputs).uniform(-EDGE, EDGE, (POINTS, inputs))
        y = peaks(x[:, 0::2], x[:, 1::2]).mean(axis=1)
        header = ",".join([*(f"x{j}" for j in range(inputs)), "y"])
        np.savetxt(file, np.column_stack([x, y]), delimiter=",", header=header, comments="")
    return file


def network(program, inputs, depth, width, sparsity, seed):
    """The network's file; trained, or pruned from the dense one, where it is not there yet."""
    file = NETWORKS / f"{name_of(inputs, depth, width, sparsity, seed)}.onnx"
    if file.exists():
        return file
    NETWORKS.mkdir(parents=True, exist_ok=True)
    columns = ["--data", data_of(inputs), "--inputs", ",".join(f"x{j}" for j in range(inputs)), "--outputs", "y"]
    common = [*columns, "--epochs", str(EPOCHS), "--seed", str(seed), "--out", file]
    if sparsity == 0:
        command = [program, "train", "--hidden", ",".join([str(width)] * depth), *common]
    else:
        dense = network(program, inputs, depth, width, 0, seed)
        command = [program, "prune", dense, "--method", "weight", "--sparsity", str(sparsity / 100), *common]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{file.name}: {done.stderr.strip()}")
    return file


def instances(program, shapes, listed):
    """Writes the file of instances for shapes (inputs, depth, width, sparsity, seed), in the form of tests/data."""
    entries = []
    for inputs, depth, width, sparsity, seed in shapes:
        file = network(program, inputs, depth, width, sparsity, seed)
        entries.append({"name": name_of(inputs, depth, width, sparsity, seed), "network": str(file), "lower": [-EDGE] * inputs,
                        "upper": [EDGE] * inputs, "objective": [1.0], "sense": "minimize"})
    listed.write_text(json.dumps(entries, indent=1))
