# SPDX-License-Identifier: Apache-2.0
"""What the examples' scripts share: running the program, sampling, reading a network with numpy alone."""

import json
import os
import pathlib
import subprocess

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("SECATEUR", str(ROOT / "bin" / "secateur"))


def secateur(*arguments):
    """Runs the program; what it prints with --json. A limit (4) or an infeasible problem (3) is an answer, too."""
    done = subprocess.run([PROGRAM, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 3, 4):
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def latin_hypercube(lower, upper, count, seed):
    """Rows in the box, each coordinate's values spread evenly."""
    rng = np.random.default_rng(seed)
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)
    unit = np.stack([(rng.permutation(count) + rng.uniform(size=count)) / count for _ in lower], 1)
    return lower + unit * (upper - lower)


def write_csv(path, names, rows):
    lines = [",".join(names)] + [",".join(repr(float(value)) for value in row) for row in rows]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


class Network:
    """A chain of Sub, Div, Gemm, Relu, Mul and Add, evaluated in float64 on rows: an independent forward pass."""

    def __init__(self, path):
        self.graph = onnx.load(str(path)).graph
        self.constants = {c.name: numpy_helper.to_array(c).astype(float) for c in self.graph.initializer}

    def __call__(self, rows):
        values = {**self.constants, self.graph.input[0].name: np.atleast_2d(np.asarray(rows, float))}
        for node in self.graph.node:
            a = [values[name] for name in node.input]
            option = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
            if node.op_type == "Gemm":
                assert set(option) <= {"transB", "alpha", "beta", "transA"}
                assert option.get("alpha", 1) == option.get("beta", 1) == 1 and option.get("transA", 0) == 0
                result = a[0] @ (a[1].T if option.get("transB", 0) else a[1]) + a[2]
            else:
                operation = {"Sub": np.subtract, "Div": np.divide, "Mul": np.multiply, "Add": np.add,
                             "Relu": lambda x: np.maximum(x, 0)}[node.op_type]
                result = operation(*a)
            values[node.output[0]] = result
        return values[self.graph.output[0].name]


def write_problem(path, problem):
    """As JSON, a line an entry."""
    parts = []
    for key, value in problem.items():
        if isinstance(value, list):
            entries = ",\n".join("    " + json.dumps(entry) for entry in value)
            parts.append(f"  {json.dumps(key)}: [\n{entries}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    pathlib.Path(path).write_text("{\n" + ",\n".join(parts) + "\n}\n")
