# SPDX-License-Identifier: Apache-2.0
"""secateur export --format onnx and bounds --against: smaller networks, and how far they may be from the given ones."""

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import random_layers, refused, run, save


def runtime(path, points):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    kind = np.float32 if session.get_inputs()[0].type == "tensor(float)" else np.float64
    return session.run(None, {session.get_inputs()[0].name: np.asarray(points, kind)})[0].astype(float)


def double(path, points):
    """The stored network in float64, by numpy: no float32 arithmetic between what is compared."""
    model = onnx.load(str(path))
    constants = {c.name: onnx.numpy_helper.to_array(c).astype(float) for c in model.graph.initializer}
    a = np.asarray(points, float)
    for node in model.graph.node:
        if node.op_type == "Gemm":
            weight = constants[node.input[1]]
            transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
            a = a @ (weight.T if transposed else weight) + constants[node.input[2]]
        elif node.op_type == "PRelu":
            a = np.where(a > 0, a, a * constants[node.input[1]])
        else:
            assert node.op_type == "Relu"
            a = np.maximum(a, 0)
    return a


def planted(path, dtype=np.float32, metadata=None):
    """2 -> 10 -> 8 -> 2, of which the first layer has a repeated unit, one three times another and one opposite to it,
    and on the box below many stable ones."""
    (w0, b0), (w1, b1), last = random_layers([2, 7, 8, 2], 5)
    w0, b0 = w0.astype(dtype), b0.astype(dtype)
    w0 = np.hstack([w0, w0[:, :1], 4 * w0[:, 1:2], -w0[:, 2:3]])
    b0 = np.concatenate([b0, b0[:1], 4 * b0[1:2], -b0[2:3]])
    w1 = np.vstack([w1, w1[:3] * 0.5])
    return save(path, [(w0, b0), (w1, b1), last], dtype, metadata=metadata)


LOWER, UPPER = np.array([0.2, -1]), np.array([1.0, 0.1])
BOX = "0.2:1,-1:0.1"


def points():
    # float32 numbers, so that both networks get the same input whatever they store.
    return np.random.default_rng(3).uniform(LOWER, UPPER, (2000, 2)).astype(np.float32).astype(float)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("precision", [[], ["--precision", "float32"], ["--precision", "float64"]])
@pytest.mark.parametrize("skips", [[], ["--skips", "relu"]])
def test_smaller_and_equal_within_what_is_certified(tmp_path, dtype, precision, skips):
    path, out = planted(tmp_path / "n.onnx", dtype), tmp_path / "small.onnx"
    result = run("export", path, "--format", "onnx", "--box", BOX, "--out", out, *precision, *skips, "--json")
    assert result.code == 0 and result.err == ""
    answer = result.json
    assert set(answer) == {"out", "format", "bounds", "precision", "neurons", "weights", "difference"}
    # Plain layers carry both inputs past the first one, where that pays.
    assert answer["neurons"]["before"] == 18 and answer["neurons"]["after"] <= (12 if skips else 8)
    assert {node.op_type for node in onnx.load(str(out)).graph.node} <= {"Gemm", "Relu"} | (set() if skips else {"PRelu"})
    if precision:
        assert answer["precision"] == precision[1]
    certified = np.array(list(answer["difference"].values()))
    assert np.all(certified < (1e-5 if answer["precision"] == "float32" else 1e-12))
    gap = np.abs(double(path, points()) - double(out, points())).max(axis=0)
    assert np.all(gap <= certified + 1e-13)
    noise = 1e-4 if np.float32 == dtype or answer["precision"] == "float32" else 1e-12
    assert np.abs(runtime(path, points()) - runtime(out, points())).max() < noise
    info = run("info", out, "--json").json
    assert info["box"] == {"lower": LOWER.tolist(), "upper": UPPER.tolist()}


def test_the_smaller_network_has_the_same_optimum(tmp_path):
    path, out = planted(tmp_path / "n.onnx"), tmp_path / "small.onnx"
    assert run("export", path, "--format", "onnx", "--box", BOX, "--out", out).code == 0
    given = run("solve", path, "--box", BOX, "--maximize", "1", "--json").json
    assert run("solve", out, "--maximize", "1", "--json").json["objective"] == pytest.approx(given["objective"], rel=2e-4)


def test_names_and_box_of_the_model_file(named, tmp_path):
    out = tmp_path / "small.onnx"
    result = run("export", named, "--format", "onnx", "--out", out, "--json")
    assert set(result.json["difference"]) == {"yield", "cost"}
    info = run("info", out, "--json").json
    assert info["box"] == {"lower": [-1, -2], "upper": [1, 2]}


def test_nothing_to_remove_is_written_as_it_is(absolute, tmp_path):
    out = tmp_path / "same.onnx"
    # |x| needs one unit, but in plain layers x has to be carried past it by another.
    for skips, after in (("masked", 1), ("relu", 2)):
        result = run("export", absolute, "--format", "onnx", "--box", "-2:1", "--skips", skips, "--out", out, "--json")
        assert result.json["neurons"] == {"before": 2, "after": after} and result.json["difference"] == {"y[0]": 0.0}
        np.testing.assert_array_equal(runtime(out, [[-2], [0.5]]), [[2], [0.5]])


def test_text_for_people(named, tmp_path):
    result = run("export", named, "--format", "onnx", "--out", tmp_path / "s.onnx")
    assert result.err == "" and "were 16" in result.out and "at most" in result.out


def test_refused(named, net, tmp_path):
    out = tmp_path / "o.onnx"
    refused("export", named, "--format", "onnx", "--out", out, "--maximize", "0", mentions=["--maximize", "mps or lp"])
    refused("export", named, "--format", "onnx", "--out", out, "--formulation", "big_m", mentions=["--formulation"])
    refused("export", named, "--format", "onnx", "--out", out, "--big-m", "loose", mentions=["--big-m"])
    refused("export", named, "--format", "lp", "--out", out, "--precision", "float32", mentions=["--precision", "onnx"])
    refused("export", named, "--format", "lp", "--out", out, "--skips", "relu", mentions=["--skips", "onnx"])
    refused("export", named, "--format", "onnx", "--out", out, "--precision", "float16", mentions=["float32, float64"])
    refused("export", net, "--format", "onnx", "--out", out, mentions=["--box"])
    problem = tmp_path / "problem.json"
    problem.write_text("{}")
    refused("export", problem, "--format", "onnx", "--out", out, mentions=["is a problem"])
    large = save(tmp_path / "large.onnx", [([[1e39, 1]], [0, 0]), ([[1], [1]], [0])], np.float64)
    refused("export", large, "--format", "onnx", "--out", out, "--box", "-1:1", "--precision", "float32",
            mentions=["float32"])
    assert not out.exists()


# --- bounds --against -------------------------------------------------------------------------------------------------


def sizes(answer):
    return np.maximum(np.abs(answer["lower"]), np.abs(answer["upper"]))


def test_against_itself_and_its_smaller_self(tmp_path):
    path, out = planted(tmp_path / "n.onnx"), tmp_path / "small.onnx"
    result = run("bounds", path, "--against", path, "--box", BOX, "--json")
    assert set(result.json) == {"difference", "seconds"}
    # What folding rounds is counted, and nothing else.
    assert np.all(sizes(result.json["difference"]) < 1e-14)
    assert run("export", path, "--format", "onnx", "--box", BOX, "--out", out, "--precision", "float32").code == 0
    smaller = run("bounds", path, "--against", out, "--box", BOX, "--json").json["difference"]
    assert np.all(sizes(smaller) < 1e-4)


def test_against_a_pruned_network_contains_every_difference(tmp_path):
    layers = random_layers([2, 12, 12, 1], 7)
    dense = save(tmp_path / "dense.onnx", layers, np.float64)
    pruned = tmp_path / "pruned.onnx"
    assert run("prune", dense, "--method", "weight", "--sparsity", "0.1", "--box", "-1:1", "--out", pruned).code == 0
    x = np.random.default_rng(1).uniform(-1, 1, (3000, 2))
    gap = (double(dense, x) - double(pruned, x))[:, 0]
    widths = []
    for parts in ("1", "64"):
        found = run("bounds", dense, "--against", pruned, "--box", "-1:1", "--parts", parts, "--json").json["difference"]
        assert found["lower"][0] <= gap.min() and gap.max() <= found["upper"][0]
        widths.append(found["upper"][0] - found["lower"][0])
    assert widths[1] < 0.8 * widths[0]


def test_against_text_for_people(named):
    result = run("bounds", named, "--against", named)
    assert result.code == 0 and "yield" in result.out and "seconds" in result.out


def test_against_refused(net, tmp_path):
    other = save(tmp_path / "other.onnx", random_layers([3, 4, 2], 1))
    one = save(tmp_path / "one.onnx", random_layers([2, 4, 1], 1))
    refused("bounds", net, "--against", other, "--box", "-1:1", mentions=["other.onnx", "3 inputs"])
    refused("bounds", net, "--against", one, "--box", "-1:1", mentions=["one.onnx", "1 output"])
    refused("bounds", net, "--against", tmp_path / "none.onnx", "--box", "-1:1", mentions=["none.onnx"])
    refused("bounds", net, "--against", net, "--box", "-1:1", "--method", "crown", mentions=["--method"])
    refused("bounds", net, "--parts", "3", "--box", "-1:1", mentions=["--parts", "--against"])
    refused("bounds", net, "--against", net, "--box", "-1:1", "--parts", "0", mentions=["--parts"])
