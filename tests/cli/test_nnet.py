# SPDX-License-Identifier: Apache-2.0
"""Every command that reads a network reads .nnet, too."""

import numpy as np
import onnxruntime
import pytest
from conftest import ROOT, refused, run

NET = ROOT / "tests" / "fixtures" / "nn" / "small.nnet"


def by_hand(points):
    """The fixture's function."""
    x = (np.asarray(points, float) - [1, 5]) / [2, 10]
    hidden = np.maximum(x @ np.array([[1, 2], [-1, 0.5], [0, -4]]).T + [0.5, 0, -1], 0)
    return 50 * (hidden @ np.array([[1, 1, 1], [2, -1, 0.5]]).T + [0.25, -0.5]) + 100


def test_eval():
    assert run("eval", NET, "--at", "3,10", "--json").json == {"y": [[237.5, 325.0]]}


def test_info():
    result = run("info", NET, "--json").json
    assert [layer["type"] for layer in result["layers"]] == [
        "subtract", "divide", "dense", "relu", "dense", "multiply", "add"]
    assert result["box"] == {"lower": [-1, 0], "upper": [3, 10]} and result["precision"] == "float64"
    assert all(result[key] is None for key in ("ops", "opset", "ir_version", "producer"))
    text = run("info", NET).out
    assert "format      .nnet" in text and "opset" not in text


def test_solve_over_the_box_of_the_file():
    result = run("solve", NET, "--maximize", "1", "--json").json
    x = [result["x"]["x[0]"], result["x"]["x[1]"]]
    grid = np.stack(np.meshgrid(np.linspace(-1, 3, 81), np.linspace(0, 10, 81)), -1).reshape(-1, 2)
    assert result["status"] == "optimal"
    assert result["objective"] == pytest.approx(by_hand([x])[0, 1])
    assert result["bound"] >= by_hand(grid)[:, 1].max() - 1e-6
    assert result["objective"] >= by_hand(grid)[:, 1].max() - 1e-2


def test_bounds_contain_the_outputs():
    result = run("bounds", NET, "--json").json
    y = by_hand(np.random.default_rng(0).uniform([-1, 0], [3, 10], (1000, 2)))
    last = result["layers"][-1]
    assert (y >= np.array(last["lower"])).all() and (y <= np.array(last["upper"])).all()


def test_prune_writes_onnx(tmp_path):
    out = tmp_path / "pruned.onnx"
    assert run("prune", NET, "--method", "weight", "--sparsity", "0", "--out", out).code == 0
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    points = np.random.default_rng(1).uniform([-1, 0], [3, 10], (20, 2))
    y = session.run(None, {session.get_inputs()[0].name: points})[0]
    np.testing.assert_allclose(y, by_hand(points), rtol=1e-12)


def test_a_broken_file_is_refused(tmp_path):
    path = tmp_path / "broken.nnet"
    path.write_text(NET.read_text().replace("-1.0,5.0e-01,", "-1.0,nan,"))
    error = refused("eval", path, "--at", "0,0")
    assert error["where"] == "line 11" and error["file"] == str(path)
    refused("solve", tmp_path / "missing.nnet", mentions=["missing.nnet"])
