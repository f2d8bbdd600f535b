# SPDX-License-Identifier: Apache-2.0
"""secateur solve problem.json: several networks, constraints, integer choices; answers checked by arithmetic that does
not use the program, and refusals of bad problem files."""

import copy
import itertools
import json

import numpy as np
import pytest
from conftest import random_layers, refused, run, save


def forward(layers, x):
    values = np.asarray(x, float)
    for k, (weight, bias) in enumerate(layers):
        # As stored: float32 weights, float64 arithmetic.
        values = values @ np.float32(weight).astype(float) + np.float32(bias).astype(float)
        if k + 1 < len(layers):
            values = np.maximum(values, 0)
    return values


def solve(path, problem, *arguments):
    path.write_text(json.dumps(problem))
    result = run("solve", path, "--json", *arguments)
    assert result.code in (0, 3), result.err
    return result.json


@pytest.fixture
def two(tmp_path):
    """Two networks of two inputs and one output, and the problem that minimises the sum of both over [-1, 1]^2."""
    layers = [random_layers([2, 6, 6, 1], seed) for seed in (11, 12)]
    for k in range(2):
        save(tmp_path / f"net{k}.onnx", layers[k])
    problem = {
        "version": 1,
        "variables": [{"name": "a", "lower": -1, "upper": 1}, {"name": "b", "lower": -1, "upper": 1, "unit": "bar"}],
        "networks": [{"name": f"n{k}", "file": f"net{k}.onnx", "inputs": ["a", "b"], "outputs": [f"y{k}"]}
                     for k in range(2)],
        "objective": {"terms": {"y0": 1, "y1": 1}},
    }
    return tmp_path / "problem.json", problem, layers


GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 401), np.linspace(-1, 1, 401)), -1).reshape(-1, 2)


def lipschitz(layers):
    """Of the network, in the largest input coordinate."""
    product = np.eye(2)
    for weight, _ in layers:
        product = product @ np.abs(weight)
    return product.sum()


def test_networks_that_share_inputs(two):
    path, problem, layers = two
    found = solve(path, problem)
    values = forward(layers[0], GRID) + forward(layers[1], GRID)
    assert found["status"] == "optimal"
    assert found["objective"] <= values.min() + 1e-6
    assert found["objective"] >= values.min() - 0.5 * 2 / 400 * sum(map(lipschitz, layers))
    x = [found["x"]["a"], found["x"]["b"]]
    assert found["objective"] == pytest.approx((forward(layers[0], x) + forward(layers[1], x))[0], abs=1e-12)
    assert set(found["y"]) == {"y0", "y1"}
    assert found["bound"] <= found["objective"]


def test_one_networks_output_is_the_others_input(two):
    path, problem, layers = two
    problem["networks"][1]["inputs"] = ["y0", "b"]
    problem["objective"] = {"sense": "maximize", "terms": {"y1": 1}, "constant": 5}
    problem["networks"].reverse()  # the order in the file does not matter
    found = solve(path, problem)
    assert found["status"] == "optimal"
    chained = forward(layers[1], np.column_stack([forward(layers[0], GRID)[:, 0], GRID[:, 1]]))
    assert found["objective"] >= chained.max() + 5 - 1e-6
    y0 = forward(layers[0], [found["x"]["a"], found["x"]["b"]])[0]
    assert found["y"]["y0"] == pytest.approx(y0, abs=1e-12)
    assert found["objective"] == pytest.approx(5 + forward(layers[1], [y0, found["x"]["b"]])[0], abs=1e-12)


def test_constraints_link_outputs_of_both(two):
    path, problem, layers = two
    y = [forward(net, GRID)[:, 0] for net in layers]
    middle = float(np.median(y[0] - y[1]))
    feasible = np.abs(y[0] - y[1] - middle) <= 0.01
    assert feasible.any()
    problem["constraints"] = [
        {"name": "equal", "terms": {"y0": 1, "y1": -1}, "lower": middle - 0.01, "upper": middle + 0.01}]
    found = solve(path, problem)
    assert found["status"] == "optimal"
    assert found["objective"] <= (y[0] + y[1])[feasible].min() + 1e-6
    assert abs(found["y"]["y0"] - found["y"]["y1"] - middle) <= 0.01 + 1e-6
    free = solve(path, {**problem, "constraints": []})
    assert found["objective"] >= free["objective"] - 1e-6


def test_integer_binary_and_discrete_choices(two):
    path, problem, layers = two
    values = [-0.9, -0.2, 0.35, 0.8]
    problem["variables"] = [{"name": "a", "type": "discrete", "values": values},
                            {"name": "b", "type": "integer", "lower": -1, "upper": 1},
                            {"name": "use", "type": "binary"}, {"name": "t", "lower": None}]
    # t >= y0 - 10 use, t >= y1 - 10 (1 - use): the smaller of the two outputs, for a price of 0.05 if it is y1.
    problem["constraints"] = [
        {"terms": {"t": 1, "y0": -1, "use": 10}, "lower": 0}, {"terms": {"t": 1, "y1": -1, "use": -10}, "lower": -10}]
    problem["objective"] = {"terms": {"t": 1, "use": 0.05}}
    found = solve(path, problem)
    assert found["status"] == "optimal"
    expected = min(min(forward(layers[0], [a, b])[0], forward(layers[1], [a, b])[0] + 0.05)
                   for a, b in itertools.product(values, (-1, 0, 1)))
    assert found["objective"] == pytest.approx(expected, abs=2e-4)
    assert found["x"]["a"] in values and found["x"]["b"] in (-1, 0, 1) and found["x"]["use"] in (0, 1)


def test_bounds_of_outputs_are_constraints(two):
    path, problem, layers = two
    y0 = forward(layers[0], GRID)[:, 0]
    floor = float(np.median(y0))
    problem["variables"].append({"name": "y0", "lower": floor})
    problem["objective"] = {"terms": {"y0": 1}}
    found = solve(path, problem)
    assert found["status"] == "optimal"
    assert found["objective"] == pytest.approx(floor, abs=2e-4 * max(1, abs(floor)))
    assert found["y"]["y0"] >= floor - 1e-6


def test_infeasible_problems_name_what_conflicts(two):
    path, problem, layers = two
    y = [forward(net, GRID)[:, 0] for net in layers]
    top = float((y[0] + y[1]).max())
    problem["constraints"] = [{"name": "far", "terms": {"y0": 1, "y1": 1}, "lower": top + 0.5},
                              {"name": "harmless", "terms": {"a": 1, "b": 1}, "lower": -3}]
    path.write_text(json.dumps(problem))
    result = run("solve", path, "--json")
    assert result.code == 3
    assert result.json["status"] == "infeasible"
    assert result.json["objective"] is None and result.json["x"] is None
    assert "far" in result.json["conflict"] and "harmless" not in result.json["conflict"]
    plain = run("solve", path)
    assert plain.code == 3 and "infeasible" in plain.out and "far" in plain.out

    # Proven by propagation alone, in real arithmetic.
    problem["constraints"] = [{"name": "up", "terms": {"a": 1, "b": 1}, "lower": 1.5},
                              {"name": "down", "terms": {"a": 1}, "upper": 0}]
    found = solve(path, problem)
    assert found["status"] == "infeasible" and found["proof"] == "rounding_safe"
    assert {"up", "down"} <= set(found["conflict"])


def test_unbounded_problems_are_told_apart(two):
    path, problem, _ = two
    problem["variables"].append({"name": "t"})
    problem["objective"] = {"terms": {"y0": 1, "t": 1}}
    path.write_text(json.dumps(problem))
    result = run("solve", path, "--json")
    assert result.code == 3
    assert result.json["status"] == "unbounded"
    assert result.json["bound"] is None
    problem["constraints"] = [{"terms": {"t": 1, "a": 1}, "lower": 0}]
    found = solve(path, problem)
    assert found["status"] == "optimal"
    assert found["x"]["t"] == pytest.approx(-found["x"]["a"], abs=1e-5)


def test_inputs_may_get_their_bounds_from_constraints(two):
    path, problem, layers = two
    problem["variables"][0] = {"name": "a"}
    problem["constraints"] = [{"terms": {"a": 2, "b": 1}, "lower": -1, "upper": 1}]
    found = solve(path, problem)
    assert found["status"] == "optimal"
    assert -1 - 1e-6 <= 2 * found["x"]["a"] + found["x"]["b"] <= 1 + 1e-6
    del problem["constraints"]
    path.write_text(json.dumps(problem))
    error = refused("solve", path, mentions=["has no finite bounds"])
    assert "\"a\"" in error["message"]


def test_export_writes_the_whole_problem(two, tmp_path):
    path, problem, _ = two
    problem["variables"].append({"name": "n", "type": "integer", "lower": 0, "upper": 3})
    problem["constraints"] = [{"name": "cap", "terms": {"y0": 1, "n": 1}, "upper": 2}]
    path.write_text(json.dumps(problem))
    out = tmp_path / "problem.lp"
    assert run("export", path, "--format", "lp", "--out", out).code == 0
    text = out.read_text()
    assert "cap:" in text and "output_y0:" in text and "output_y1:" in text


def change(problem, *path_and_value):
    *path, key, value = path_and_value
    changed = copy.deepcopy(problem)
    at = changed
    for step in path:
        at = at[step]
    at[key] = value
    return changed


@pytest.mark.parametrize("where, mentions", [
    (("version", 2), ["version", "has to be 1, found \"2\""]),
    (("surprise", 1), ["unknown key \"surprise\"", "allowed: version, objective, variables"]),
    (("variables", 3), ["variables", "has to be a list"]),
    (("variables", 0, "nmae", "a"), ["variables[0]", "unknown key \"nmae\"", "allowed: name, unit, type"]),
    (("variables", 0, "type", "real"), ["variables[0] \"a\".type", "unknown type", "continuous, integer, binary, discrete"]),
    (("variables", 0, "lower", "x"), ["variables[0] \"a\".lower", "has to be a number"]),
    (("variables", 0, "lower", 2), ["the bounds contradict each other: lower 2 > upper 1"]),
    (("variables", 0, "values", [1]), ["only a discrete variable has values"]),
    (("variables", 0, {"name": "a", "type": "discrete"}), ["needs the key \"values\""]),
    (("variables", 0, {"name": "a", "type": "integer", "lower": 0.5, "upper": 0.5}), ["fixed at 0.5, which is no integer"]),
    (("variables", 1, "name", "a"), ["variables[1]", "\"a\" is declared twice"]),
    (("variables", 1, {"unit": "bar"}), ["variables[1]", "the key \"name\" is missing"]),
    (("networks", 0, "file", "none.onnx"), ["none.onnx"]),
    (("networks", 0, "inputs", ["a"]), ["networks[0] \"n0\".inputs", "1 input, but the network has 2 inputs"]),
    (("networks", 0, "outputs", ["p", "q"]), ["networks[0] \"n0\".outputs", "2 outputs, but the network has 1 output"]),
    (("networks", 0, "inputs", ["a", "nobody"]), ["there is no variable \"nobody\"", "known: a, b"]),
    (("networks", 0, "inputs", ["a", "y0"]), ["in a cycle"]),
    (("networks", 1, "outputs", ["y0"]), ["networks[1] \"n1\"", "an output of this network and of \"n0\""]),
    (("networks", 1, "name", "n0"), ["given to two networks"]),
    (("objective", {"terms": {"nobody": 1}}), ["objective.terms", "there is no variable \"nobody\""]),
    (("objective", {"terms": {"a": "much"}}), ["objective.terms.a", "has to be a number"]),
    (("objective", {"terms": {"a": 1}, "sense": "best"}), ["objective.sense", "minimize, maximize"]),
    (("objective", {}), ["objective", "the key \"terms\" is missing"]),
    (("constraints", [{"terms": {"a": 1}}]), ["constraints[0]", "needs lower, upper or both"]),
    (("constraints", [{"terms": {"a": 1}, "lower": 2, "upper": 1}]), ["the sides contradict each other"]),
    (("constraints", [{"terms": {"a": 1}, "lower": 0, "name": "c"}] * 2), ["the name is given to two constraints"]),
])
def test_bad_problems(two, where, mentions):
    path, problem, _ = two
    path.write_text(json.dumps(change(problem, *where)))
    refused("solve", path, mentions=mentions)


@pytest.mark.parametrize("text, mentions", [
    ("", ["is not JSON"]),
    ("{\"version\": 1,\n \"objective\": }", ["line 2", "is not JSON"]),
    ("[1]", ["has to be an object"]),
    ("{\"version\": 1, \"version\": 1, \"objective\": {\"terms\": {}}}", ["the key \"version\" is given twice"]),
    ("{\"version\": 1, \"variables\": [{\"name\": \"a\", \"unit\": \"K\", \"unit\": \"C\"}], \"objective\": {\"terms\": {}}}",
     ["the key \"unit\" is given twice"]),
    ("{\"version\": 1, \"variables\": [{\"name\": \"a\", \"lower\": 1e999}], \"objective\": {\"terms\": {}}}", ["too large for double precision"]),
])
def test_bad_json(tmp_path, text, mentions):
    path = tmp_path / "problem.json"
    path.write_text(text)
    refused("solve", path, mentions=mentions)
    refused("solve", tmp_path / "missing.json", mentions=["missing.json"])


def test_options_of_a_network_do_not_go_with_a_problem(two):
    path, problem, _ = two
    path.write_text(json.dumps(problem))
    for option, value in (("--box", "-1:1"), ("--minimize", "0"), ("--objective", "1,2")):
        error = refused("solve", path, option, value, mentions=["goes with a network"])
        assert error["where"] == option
    refused("bounds", path, mentions=["is a problem"])
