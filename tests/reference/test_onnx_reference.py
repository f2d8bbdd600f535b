# SPDX-License-Identifier: Apache-2.0
"""The benchmark networks and all exporters' fixtures evaluate like onnxruntime, and so do copies that Secateur writes."""

import json
import os
import pathlib
import subprocess

import numpy as np
import onnxruntime
import pytest

SECATEUR = os.environ["SECATEUR"]
TESTS = pathlib.Path(__file__).parent.parent
NETS = sorted((TESTS / "data" / "nets").glob("*.onnx"))
FIXTURES = TESTS / "fixtures" / "nn"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
TOLERANCE = 1e-5


def secateur(*arguments):
    return subprocess.run([SECATEUR, *map(str, arguments)], capture_output=True, text=True, check=False)


def evaluate(network, points, folder):
    """The outputs that `secateur eval` gives, one row a point."""
    table = folder / "points.csv"
    header = ",".join(f"c{i}" for i in range(points.shape[1]))
    np.savetxt(table, points, delimiter=",", header=header, comments="", fmt="%.17g")
    result = secateur("eval", network, "--at", table, "--json")
    assert result.returncode == 0, result.stderr
    return np.array(json.loads(result.stdout)["y"])


def session(network):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(network), options)


def difference(found, wanted):
    assert found.shape == wanted.shape
    return np.max(np.abs(found - wanted)) / np.max(np.abs(wanted))


def run_batch(network, points):
    """onnxruntime on a model whose input is [batch, inputs]."""
    model = session(network)
    (entry,) = model.get_inputs()
    dtype = np.float64 if "double" in entry.type else np.float32
    return model.run(None, {entry.name: points.astype(dtype)})[0]


@pytest.mark.parametrize("network", NETS, ids=lambda path: path.stem)
def test_benchmark_network(network, tmp_path):
    inputs = session(network).get_inputs()[0].shape[1]
    points = np.random.default_rng(0).uniform(-1, 1, (500, inputs)).astype(np.float32)
    wanted = run_batch(network, points)
    assert difference(evaluate(network, points, tmp_path), wanted) <= TOLERANCE
    copy = tmp_path / "copy.onnx"
    result = secateur("prune", network, "--method", "weight", "--sparsity", "0", "--no-finetune", "--box", "-1:1", "--out", copy)
    assert result.returncode == 0, result.stderr
    assert difference(run_batch(copy, points), wanted) <= TOLERANCE
    assert difference(evaluate(copy, points, tmp_path), wanted) <= TOLERANCE


@pytest.mark.parametrize("name", EXPECTED["accepted"])
def test_fixture(name, tmp_path):
    entry = EXPECTED["accepted"][name]
    points, wanted = np.array(entry["points"]), np.array(entry["outputs"])
    assert difference(evaluate(FIXTURES / name, points, tmp_path), wanted) <= TOLERANCE
    copy = tmp_path / "copy.onnx"
    result = secateur("prune", FIXTURES / name, "--method", "weight", "--sparsity", "0", "--no-finetune", "--box", "-1:1", "--out", copy)
    if result.returncode == 2 and "networks of dense layers only" in result.stderr:
        assert name.startswith("layers_") or name == "pytorch_dynamo_residual.onnx"
        return
    assert result.returncode == 0, result.stderr
    assert difference(run_batch(copy, points).astype(np.float64), wanted) <= TOLERANCE


@pytest.mark.parametrize("name", EXPECTED["refused"])
def test_refused_fixture(name):
    result = secateur("eval", FIXTURES / name, "--at", "0,0,0", "--json")
    assert result.returncode == 2
    error = json.loads(result.stdout)["error"]
    assert name in error["file"]
    for word in EXPECTED["refused"][name]:
        assert word in result.stderr
