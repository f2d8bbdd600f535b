# SPDX-License-Identifier: Apache-2.0
"""secateur bounds, and the box that several commands share."""

import json
import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import PROGRAM, ROOT, random_layers, refused, run, save


def activations(layers, points):
    values, found = points, []
    for weight, bias in layers:
        z = values @ np.float32(weight).astype(float) + np.float32(bias).astype(float)
        found.append(z)
        values = np.maximum(z, 0)
    return found


@pytest.mark.parametrize("method", ["interval", "crown", "alpha_crown", "lp"])
def test_bounds_of_every_layer_hold_for_samples(tmp_path, method):
    layers = random_layers([3, 10, 10, 2], 5)
    path = save(tmp_path / "n.onnx", layers)
    result = run("bounds", path, "--box", "-1:1,0:2,-3:-1", "--method", method, "--json")
    assert result.code == 0 and result.err == ""
    assert set(result.json) == {"layers", "seconds"} and result.json["seconds"] >= 0
    assert [len(layer["lower"]) for layer in result.json["layers"]] == [10, 10, 2]
    points = np.random.default_rng(0).uniform([-1, 0, -3], [1, 2, -1], (20000, 3))
    for layer, z in zip(result.json["layers"], activations(layers, points)):
        assert set(layer) == {"lower", "upper"}
        assert (z.min(axis=0) >= layer["lower"]).all() and (z.max(axis=0) <= layer["upper"]).all()


def test_each_method_is_at_least_as_tight_as_the_one_before(net):
    def of(method):
        layers = run("bounds", net, "--box", "-1:1", "--method", method, "--json").json["layers"]
        return [(np.array(layer["lower"]), np.array(layer["upper"])) for layer in layers]

    for loose, tight in [("interval", "crown"), ("crown", "alpha_crown"), ("alpha_crown", "lp")]:
        for (l, u), (l2, u2) in zip(of(loose), of(tight)):
            assert (l2 >= l).all() and (u2 <= u).all()
    assert (of("crown")[-1][1] < of("interval")[-1][1]).all()


def test_layers_are_those_before_any_pass(tmp_path):
    # The second neuron is never active on the box, the third always: both are still listed.
    path = save(tmp_path / "n.onnx", [([[1, 1, 1]], [0, -9, 9]), ([[1], [1], [1]], [0])])
    layers = run("bounds", path, "--box", "-1:1", "--method", "interval", "--json").json["layers"]
    np.testing.assert_allclose(layers[0]["lower"], [-1, -10, 8], atol=1e-12)
    np.testing.assert_allclose(layers[0]["upper"], [1, -8, 10], atol=1e-12)


def test_crown_is_the_default_and_text_is_a_table(named):
    text = run("bounds", named)
    assert text.code == 0 and text.err == ""
    json_ = run("bounds", named, "--method", "crown", "--json").json
    lines = text.out.splitlines()
    assert lines[0].split() == ["layer", "units", "unstable", "mean", "width"]
    first = json_["layers"][0]
    unstable = sum(l < 0 < u for l, u in zip(first["lower"], first["upper"]))
    assert lines[1].split()[:3] == ["1", "8", str(unstable)]
    assert any(line.startswith("yield ") for line in lines)


def layers_of(*arguments):
    result = run("bounds", *arguments, "--json")
    assert result.code == 0, result.err
    return result.json["layers"]


def test_the_spellings_of_a_box_agree(named, tmp_path):
    stored = layers_of(named)
    path = tmp_path / "box.json"
    path.write_text(json.dumps({"lower": [-1, -2], "upper": [1, 2]}))
    assert layers_of(named, "--box", "-1:1,-2:2") == stored
    assert layers_of(named, "--box=-1:1,-2:2") == stored
    assert layers_of(named, "--box", path) == stored
    assert layers_of(named, "--box", "-2:2") == layers_of(named, "--box", "-2:2,-2:2")
    assert layers_of(named, "--box", "-.5:.5") == layers_of(named, "--box=-5e-1:5e-1")


@pytest.mark.parametrize("command", [["bounds"], ["solve"], ["export", "--format", "lp", "--out", "o.lp"],
                                     ["prune", "--sparsity", "0.5", "--out", "o.onnx"]])
def test_no_box_anywhere(net, tmp_path, command):
    error = refused(command[0], net, *command[1:], mentions=["--box -1:1", "2 inputs"], cwd=tmp_path)
    assert error["file"] == str(net) and error["where"] == "--box"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.onnx"]


@pytest.mark.parametrize("box, mentions", [
    ("1:-1", ["1", "-1"]), ("-1:1,1:0", []), ("-1:1,-1:1,-1:1", ["2"]), ("-inf:1", []), ("-1:inf", []), ("0:nan", []),
    ("-1", []), ("-1:1:2", []), ("a:b", []), (":", []), ("-1:1,", []), ("1e999:1", []), ("missing.json", ["missing.json"])])
@pytest.mark.parametrize("command", ["bounds", "solve"])
def test_boxes_that_are_none(net, tmp_path, box, mentions, command):
    for spelling in (["--box", box], [f"--box={box}"]):
        refused(command, net, *spelling, mentions=mentions, cwd=tmp_path)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"lower": [-1, -1]}', '{"lower": [-1], "upper": [1]}', '{"lower": [1, 0], "upper": [0, 1]}',
    '{"lower": ["a", 0], "upper": [0, 1]}', '{"lower": -1, "upper": 1}', '{"lower": [null, 0], "upper": [0, 1]}',
    '{"lower": [-1, -1], "upper": [1, 1], "middle": [0, 0]}', '{"lower": [-1e999, 0], "upper": [0, 1]}'])
def test_box_files_that_are_none(net, tmp_path, text):
    path = tmp_path / "box.json"
    path.write_text(text)
    refused("bounds", net, "--box", path, mentions=["box.json"])


@pytest.mark.parametrize("method, reason", [
    ("magic", "interval, crown, alpha_crown, lp"), ("crown,magic", "magic"), ("crown,,lp", "entry 2"), ("", "needs a value"),
    ("crown,crown", "twice"), ("all,crown", "every method")])
def test_methods_that_are_none(net, method, reason):
    assert refused("bounds", net, "--box", "-1:1", f"--method={method}", mentions=[reason])["where"] == "--method"


@pytest.mark.parametrize("threads", ["0", "-1", "x", "1.5"])
def test_threads_that_are_none(net, threads):
    refused("bounds", net, "--box", "-1:1", "--method", "lp", f"--threads={threads}", mentions=["--threads"])


def test_several_methods_stand_side_by_side(named):
    every = ["interval", "crown", "alpha_crown", "lp"]
    answer = run("bounds", named, "--method", "all", "--json").json
    assert set(answer) == {"methods"} and list(answer["methods"]) == every
    for method in every:
        alone = run("bounds", named, "--method", method, "--json").json
        assert set(answer["methods"][method]) == set(alone) == {"layers", "seconds"}
        assert answer["methods"][method]["layers"] == alone["layers"]
        assert answer["methods"][method]["seconds"] >= 0
    two = run("bounds", named, "--method", "lp,crown", "--json").json
    assert list(two["methods"]) == ["lp", "crown"]

    lines = run("bounds", named, "--method", "interval,lp").out.splitlines()
    assert lines[0].split() == ["interval", "lp"]
    assert lines[1].split() == ["layer", "units"] + 2 * ["unstable", "mean", "width"]
    first = [answer["methods"][m]["layers"][0] for m in ("interval", "lp")]
    row = lines[2].split()
    for k, layer in enumerate(first):
        lower, upper = np.array(layer["lower"]), np.array(layer["upper"])
        assert row[2 + 2 * k] == str(((lower < 0) & (upper > 0)).sum())
        assert float(row[3 + 2 * k]) == pytest.approx((upper - lower).mean(), rel=1e-4)
    assert any(line.startswith("seconds ") and len(line.split()) == 3 for line in lines)
    assert any(line.startswith("yield ") and len(line.split()) == 5 for line in lines)


def test_threads_change_no_bound_beyond_rounding(named):
    one, two = (layers_of(named, "--method", "lp", "--threads", n) for n in (1, 2))
    for a, b in zip(one, two):
        np.testing.assert_allclose(a["lower"], b["lower"], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(a["upper"], b["upper"], rtol=1e-6, atol=1e-6)


def test_an_interrupted_run_reports_bounds_that_hold():
    net = ROOT / "tests" / "data" / "nets" / "d2_5x100_dense.onnx"
    process = subprocess.Popen([PROGRAM, "bounds", net, "--box", "-1:1", "--method", "crown,lp", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)  # CROWN takes milliseconds, a thousand linear programs many seconds
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"interrupted" in err, err
    answer = json.loads(out)
    assert answer["status"] == "interrupted" and list(answer["methods"]) == ["crown", "lp"]
    for loose, tight in zip(*(answer["methods"][m]["layers"] for m in ("crown", "lp"))):
        assert (np.array(tight["lower"]) >= loose["lower"]).all() and (np.array(tight["upper"]) <= loose["upper"]).all()
