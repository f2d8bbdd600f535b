# SPDX-License-Identifier: Apache-2.0
"""Runs the program the way a user does, and makes the small networks and tables that the tests need."""

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("SECATEUR", str(ROOT / "bin" / "secateur"))


@dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON object that stdout must be, with nothing around it; NaN and Infinity are not JSON."""

        def refuse(constant):
            raise ValueError(f"not JSON: {constant}")

        return json.loads(self.out, parse_constant=refuse)


def run(*arguments, cwd=None, timeout=120, **options):
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, timeout=timeout, capture_output=True,
                          stdin=subprocess.DEVNULL, **options)
    return Run(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def refused(*arguments, mentions=(), cwd=None):
    """The contract of bad input: exit code 2, exactly one line on stderr, nothing on stdout; with --json the same line
    and an error object. Returns that object."""
    plain = run(*arguments, cwd=cwd)
    answered = run(*arguments, "--json", cwd=cwd)
    for result in (plain, answered):
        assert result.code == 2, (arguments, result)
        assert result.err.startswith("error: ") and result.err.endswith("\n"), result.err
        assert result.err.count("\n") == 1, result.err
        for banned in ("terminate", "what()", "internal", "basic_string", "std::"):
            assert banned not in result.err
        for text in mentions:
            assert text in result.err, (text, result.err)
    assert plain.out == ""
    assert set(answered.json) == {"error"}
    error = answered.json["error"]
    assert set(error) == {"message", "file", "where"}
    parts = [part for part in (error["file"], error["where"], error["message"]) if part]
    assert answered.err == "error: " + ": ".join(parts).replace("\n", " ") + "\n"
    return error


def save(path, layers, dtype=np.float32, inputs=None, metadata=None, external=False):
    """An ONNX network of Gemm layers (weight: inputs x outputs, bias) with Relu between them."""
    nodes, constants, last = [], [], "x"
    for k, (weight, bias) in enumerate(layers):
        constants += [numpy_helper.from_array(np.asarray(weight, dtype), f"W{k}"),
                      numpy_helper.from_array(np.asarray(bias, dtype), f"b{k}")]
        final = k + 1 == len(layers)
        nodes.append(helper.make_node("Gemm", [last, f"W{k}", f"b{k}"], ["y" if final else f"z{k}"], name=f"gemm{k}"))
        if not final:
            nodes.append(helper.make_node("Relu", [f"z{k}"], [f"a{k}"], name=f"relu{k}"))
        last = f"a{k}"
    write(path, nodes, constants, inputs or np.shape(layers[0][0])[0], np.shape(layers[-1][0])[1], dtype, metadata,
          external)
    return path


def write(path, nodes, constants, inputs, outputs, dtype=np.float32, metadata=None, external=False):
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", kind, ["N", inputs])],
                              [helper.make_tensor_value_info("y", kind, ["N", outputs])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if metadata:
        helper.set_model_props(model, metadata)
    if external:
        onnx.save(model, str(path), save_as_external_data=True, location=path.name + ".data", size_threshold=0)
    else:
        path.write_bytes(model.SerializeToString())


def random_layers(widths, seed):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(a, b)) / np.sqrt(a), 0.3 * rng.normal(size=b)) for a, b in zip(widths, widths[1:])]


@pytest.fixture
def hard():
    """A dense network with 16 inputs that nothing finishes in minutes, and the best value known on [-1, 1]^16."""
    instances = json.loads((ROOT / "tests" / "data" / "instances.json").read_text())
    found = next(instance for instance in instances if instance["name"] == "d16_2x50_dense")
    return ROOT / "tests" / "data" / found["network"], found["reference"]


NAMED = {"secateur.inputs": '["T", "p"]', "secateur.outputs": '["yield", "cost"]',
         "secateur.box": '{"lower": [-1, -2], "upper": [1, 2]}'}


@pytest.fixture
def net(tmp_path):
    """Two inputs, two outputs, no names and no box."""
    return save(tmp_path / "net.onnx", random_layers([2, 8, 8, 2], 1))


@pytest.fixture
def named(tmp_path):
    """The same function with names and a box in the metadata."""
    return save(tmp_path / "named.onnx", random_layers([2, 8, 8, 2], 1), metadata=NAMED)


@pytest.fixture
def absolute(tmp_path):
    """y = |x|: maximum 2 at x = -2 on [-2, 1], minimum 0 at 0."""
    return save(tmp_path / "absolute.onnx", [([[1, -1]], [0, 0]), ([[1], [1]], [0])])


def table(path, rows=60, seed=0):
    """a, b, ignored, y = a^2 - b, z = a b."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-1, 1, rows), rng.uniform(-2, 2, rows)
    lines = ["a,b,ignored,y,z"]
    lines += [f"{float(p)!r},{float(q)!r},7,{float(p * p - q)!r},{float(p * q)!r}" for p, q in zip(a, b)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def csv(tmp_path):
    return table(tmp_path / "data.csv")
