# SPDX-License-Identifier: Apache-2.0
"""secateur train and secateur prune."""

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import random_layers, refused, run, save, table
from onnx import numpy_helper

ERRORS = {"r2", "rmse", "max_error"}


def train(csv, out, *more, code=0):
    result = run("train", "--data", csv, "--inputs", "a,b", "--outputs", "y,z", "--hidden", "12,12", "--out", out,
                 "--epochs", "60", *more, "--json")
    assert result.code == code, result
    return result.json


@pytest.fixture
def data(tmp_path):
    return table(tmp_path / "data.csv", rows=400)


@pytest.fixture
def trained(tmp_path, data):
    path = tmp_path / "trained.onnx"
    train(data, path)
    return path


def nonzeros(path):
    model = onnx.load(path)
    return sum(np.count_nonzero(numpy_helper.to_array(t)) for t in model.graph.initializer if len(t.dims) == 2)


def test_training_reports_errors_and_writes_a_network_in_users_units(data, tmp_path):
    out = tmp_path / "net.onnx"
    found = train(data, out)
    assert {"validation", "test", "seconds", "epochs"} <= set(found)
    for part in ("validation", "test"):
        assert set(found[part]) == ERRORS and all(len(values) == 2 for values in found[part].values())
        assert min(found[part]["r2"]) > 0.5
    assert found["epochs"] == 60 and found["seconds"] > 0
    info = run("info", out, "--json").json
    assert info["names"] == {"inputs": ["a", "b"], "outputs": ["y", "z"]}
    a, b = np.loadtxt(data, delimiter=",", skiprows=1, usecols=(0, 1)).T
    # The box of the training rows lies within the data.
    assert a.min() <= info["box"]["lower"][0] <= info["box"]["upper"][0] <= a.max()
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    points = np.float32(np.stack([a, b], axis=1))
    predicted = session.run(None, {session.get_inputs()[0].name: points})[0]
    rmse = np.sqrt(np.mean((predicted[:, 1] - a * b) ** 2))
    assert rmse < 3 * found["test"]["rmse"][1] + 0.05
    # The stored box serves every command that needs one.
    assert run("bounds", out).code == 0


def test_same_seed_same_file(data, tmp_path):
    first, second, third = (tmp_path / f"{k}.onnx" for k in range(3))
    train(data, first), train(data, second), train(data, third, "--seed", "1")
    assert first.read_bytes() == second.read_bytes() != third.read_bytes()


def test_text_of_training(csv, tmp_path):
    result = run("train", "--data", csv, "--inputs", "a,b", "--outputs", "y", "--hidden", "5", "--out",
                 tmp_path / "n.onnx", "--epochs", "5")
    assert result.code == 0
    assert result.out.splitlines()[0].split() == ["output", "part", "R2", "RMSE", "max", "error"]
    assert "60 (42 train, 9 validation, 9 test)" in result.out
    assert "info: secateur" in result.err and "--epochs 5" in result.err


@pytest.mark.parametrize("method", ["weight", "node"])
def test_pruning_to_a_sparsity(trained, data, tmp_path, method):
    out = tmp_path / "small.onnx"
    result = run("prune", trained, "--data", data, "--inputs", "a,b", "--outputs", "y,z", "--method", method,
                 "--sparsity", "0.5", "--epochs", "20", "--out", out, "--json")
    assert result.code == 0, result
    found = result.json
    for part in ("before", "after"):
        assert {"weights", "neurons", "unstable", "validation", "test"} <= set(found[part])
        assert set(found[part]["validation"]) == ERRORS == set(found[part]["test"])
        assert found[part]["unstable"] <= found[part]["neurons"]
    assert found["before"]["weights"] == nonzeros(trained) and found["before"]["neurons"] == 24
    assert found["after"]["weights"] == nonzeros(out)
    if method == "node":
        assert found["after"]["neurons"] == 12
    else:
        assert found["after"]["weights"] <= 0.51 * found["before"]["weights"]
    assert found["sparsity"] == pytest.approx(0.5, abs=0.02)
    assert run("info", out, "--json").json["box"] == run("info", trained, "--json").json["box"]


def test_pruning_uses_the_split_of_training(data, tmp_path):
    out = tmp_path / "net.onnx"
    errors = train(data, out, "--seed", "5")["test"]
    result = run("prune", out, "--data", data, "--sparsity", "0.3", "--epochs", "5", "--seed", "5", "--out",
                 tmp_path / "p.onnx", "--json")
    assert result.json["before"]["test"]["rmse"] == pytest.approx(errors["rmse"], rel=1e-6)


def test_pruning_by_tolerance(trained, data, tmp_path):
    result = run("prune", trained, "--data", data, "--tolerance", "0.5", "--epochs", "20", "--out", tmp_path / "p.onnx",
                 "--json")
    assert result.code == 0, result
    found = result.json
    assert found["after"]["weights"] < found["before"]["weights"] and found["sparsity"] > 0


def test_pruning_without_data_is_one_shot(tmp_path):
    path = save(tmp_path / "n.onnx", random_layers([2, 8, 8, 2], 1))
    out = tmp_path / "p.onnx"
    result = run("prune", path, "--method", "weight", "--sparsity", "0.25", "--box", "-1:1", "--out", out, "--json")
    assert result.code == 0, result
    found = result.json
    assert found["after"]["validation"] is None and found["after"]["test"] is None
    # 96 weights: the 24 smallest are gone, the others untouched.
    assert found["after"]["weights"] == 72
    before = np.concatenate([np.abs(np.float32(w)).ravel() for w, _ in random_layers([2, 8, 8, 2], 1)])
    after = np.concatenate([np.abs(numpy_helper.to_array(t)).ravel() for t in onnx.load(out).graph.initializer
                            if len(t.dims) == 2])
    np.testing.assert_array_equal(np.sort(after[after != 0]), np.sort(before)[24:])


def test_a_network_without_hidden_nodes(tmp_path):
    path = save(tmp_path / "n.onnx", random_layers([2, 1], 1))
    refused("prune", path, "--box", "-1:1", "--method", "node", "--sparsity", "0.5", "--out", tmp_path / "p.onnx",
            mentions=["--method", "no hidden nodes"])


def test_text_of_pruning(named, tmp_path):
    result = run("prune", named, "--method", "node", "--sparsity", "0.5", "--out", tmp_path / "p.onnx")
    assert result.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in result.out.splitlines() if line.split()}
    assert rows["neurons"] == ["16", "8"] and rows["weights"][0] == "96"


@pytest.mark.parametrize("sparsity", ["1", "1.5", "-0.1", "nan", "all"])
def test_sparsities_that_are_none(named, tmp_path, sparsity):
    out = tmp_path / "p.onnx"
    error = refused("prune", named, f"--sparsity={sparsity}", "--out", out)
    assert error["where"] == "--sparsity" and not out.exists()


def test_pruning_options_that_conflict_or_lack(named, csv, tmp_path):
    out = tmp_path / "p.onnx"
    refused("prune", named, "--sparsity", "0.5", "--tolerance", "0.1", "--data", csv, "--out", out, mentions=["together"])
    refused("prune", named, "--out", out, mentions=["--sparsity", "--tolerance"])
    refused("prune", named, "--tolerance", "0.1", "--out", out, mentions=["--data"])
    refused("prune", named, "--tolerance=-0.1", "--data", csv, "--out", out, mentions=["--tolerance"])
    refused("prune", named, "--sparsity", "0.5", "--inputs", "a,b", "--out", out, mentions=["--inputs", "--data"])
    refused("prune", named, "--sparsity", "0.5", "--saliency", "taylor", "--out", out, mentions=["--saliency: taylor needs data"])
    refused("prune", named, "--sparsity", "0.5", "--saliency", "activation", "--out", out, mentions=["--saliency"])
    refused("prune", named, "--sparsity", "0.5", "--data", csv, "--out", out, mentions=["data.csv", '"T"'])
    refused("prune", named, "--sparsity", "0.5", "--data", csv, "--inputs", "a", "--outputs", "y,z", "--out", out,
            mentions=["--inputs: 1 column;", "2 inputs: T, p"])
    assert not out.exists()
