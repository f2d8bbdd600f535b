# SPDX-License-Identifier: Apache-2.0
"""secateur eval and secateur info."""

import numpy as np
import onnxruntime
import pytest
from conftest import random_layers, refused, run, save


def runtime(path, points):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    kind = np.float32 if session.get_inputs()[0].type == "tensor(float)" else np.float64
    return session.run(None, {session.get_inputs()[0].name: np.asarray(points, kind)})[0]


@pytest.mark.parametrize("dtype, digits", [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_one_point_in_the_precision_of_the_network(tmp_path, dtype, digits):
    path = save(tmp_path / "n.onnx", random_layers([2, 8, 8, 2], 3), dtype)
    result = run("eval", path, "--at", "0.1,-0.2", "--json")
    assert result.code == 0 and result.err == "" and set(result.json) == {"y"}
    np.testing.assert_allclose(result.json["y"], runtime(path, [[0.1, -0.2]]), rtol=digits, atol=digits)
    if dtype == np.float32:
        assert all(float(np.float32(v)) == v for v in result.json["y"][0])


@pytest.mark.parametrize("spelling", [["--at", "-0.5,.25"], ["--at=-0.5,.25"], ["--at", "-.5, 0.25"], ["--at", "-5e-1,+.25"]])
def test_negative_numbers_in_either_spelling(net, spelling):
    result = run("eval", net, *spelling, "--json")
    np.testing.assert_allclose(result.json["y"], runtime(net, [[-0.5, 0.25]]), rtol=1e-5, atol=1e-6)


def test_points_from_a_table(net, tmp_path):
    points = np.random.default_rng(0).normal(size=(5, 2))
    path = tmp_path / "points.csv"
    path.write_text("u,v\n" + "".join(f"{a!r},{b!r}\n" for a, b in points.tolist()))
    result = run("eval", net, "--at", path, "--json")
    np.testing.assert_allclose(result.json["y"], runtime(net, points), rtol=1e-5, atol=1e-6)


def test_columns_are_taken_in_order_with_a_warning_when_names_say_otherwise(named, tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("p,T\n0.5,0.25\n")
    result = run("eval", named, "--at", path, "--json")
    assert result.code == 0 and result.err.startswith("warning: ") and "T, p" in result.err
    np.testing.assert_allclose(result.json["y"], runtime(named, [[0.5, 0.25]]), rtol=1e-5, atol=1e-6)
    path.write_text("T,p\n0.5,0.25\n")
    assert run("eval", named, "--at", path, "--json").err == ""


def test_text_for_people(named, tmp_path):
    one = run("eval", named, "--at", "0.5,0.25")
    assert one.code == 0 and one.err == ""
    shown = {line.split()[0]: float(line.split()[1]) for line in one.out.splitlines()}
    y = runtime(named, [[0.5, 0.25]])[0]
    assert shown == pytest.approx({"yield": y[0], "cost": y[1]}, rel=1e-5)
    path = tmp_path / "points.csv"
    path.write_text("T,p\n0.5,0.25\n0,0\n")
    many = run("eval", named, "--at", path).out.splitlines()
    assert many[0].split() == ["T", "p", "yield", "cost"] and len(many) == 3


@pytest.mark.parametrize("at, mentions", [("0.1", ["1 number;", "2 inputs"]), ("0.1,0.2,0.3", ["3 numbers"]),
                                          ("0.1,abc", ['"abc"', "not a number"]), ("0.1,", ["empty"]),
                                          ("0.1,inf", ["finite"]), ("nan,0", ["not a number"]),
                                          ("points.csv", ["points.csv", "No such file"])])
def test_points_that_do_not_fit(net, tmp_path, at, mentions):
    refused("eval", net, "--at", at, mentions=mentions, cwd=tmp_path)


def test_tables_that_do_not_fit(net, tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("a,b,c\n1,2,3\n")
    error = refused("eval", net, "--at", path, mentions=["3 columns", "2 inputs"])
    assert error["file"] == str(path)


def test_info_of_a_bare_network(net):
    result = run("info", net, "--json")
    assert result.code == 0 and result.err == ""
    info = result.json
    assert {"layers", "weights", "ops", "names", "box"} <= set(info)
    assert info["weights"] == 2 * 8 + 8 * 8 + 8 * 2 and info["neurons"] == 16
    assert info["ops"] == ["Gemm", "Relu", "Gemm", "Relu", "Gemm"]
    assert [layer["type"] for layer in info["layers"]] == ["dense", "relu", "dense", "relu", "dense"]
    assert [layer["units"] for layer in info["layers"]] == [8, 8, 8, 8, 2]
    assert info["names"] == {"inputs": ["x[0]", "x[1]"], "outputs": ["y[0]", "y[1]"]}
    assert info["box"] is None and info["precision"] == "float32" and info["opset"] == 17


def test_info_shows_names_and_box(named):
    info = run("info", named, "--json").json
    assert info["names"] == {"inputs": ["T", "p"], "outputs": ["yield", "cost"]}
    assert info["box"] == {"lower": [-1, -2], "upper": [1, 2]}
    text = run("info", named)
    assert text.code == 0 and text.err == ""
    for word in ("T", "p", "yield", "cost", "Gemm", "96 non-zero", "16 ReLU", "float32"):
        assert word in text.out


def test_zero_weights_are_not_counted(tmp_path):
    path = save(tmp_path / "n.onnx", [([[1, 0, 2]], [0, 1, 2]), ([[0], [0], [3]], [0])])
    assert run("info", path, "--json").json["weights"] == 3
