# SPDX-License-Identifier: Apache-2.0
"""secateur solve NET --property P.vnnlib: verdicts on networks of one or two inputs whose values a fine grid shows, and
on boundaries that are met exactly."""

import json

import numpy as np
import pytest
from conftest import random_layers, refused, run, save
from test_problem import GRID, forward, lipschitz


def write(path, inputs, outputs, *assertions):
    lines = [f"(declare-const X_{i} Real)" for i in range(inputs)]
    lines += [f"(declare-const Y_{i} Real)" for i in range(outputs)]
    path.write_text("\n".join([*lines, *(f"(assert {a})" for a in assertions)]) + "\n")
    return path


BOX = ["(>= X_0 -1)", "(<= X_0 1)", "(>= X_1 -1)", "(<= X_1 1)"]


def decide(net, path, *arguments):
    result = run("solve", net, "--property", path, "--json", *arguments)
    assert result.code == 0, result.err
    return result.json


@pytest.fixture
def two_outputs(tmp_path):
    layers = random_layers([2, 7, 7, 2], 21)
    return save(tmp_path / "net.onnx", layers), layers


def witness(found, layers):
    x = [found["x"]["x[0]"], found["x"]["x[1]"]]
    y = forward(layers, x)
    assert [found["y"]["y[0]"], found["y"]["y[1]"]] == pytest.approx(list(y), abs=1e-12)
    assert all(-1 <= v <= 1 for v in x)
    return np.array(x), y


def test_a_single_threshold(two_outputs, tmp_path):
    net, layers = two_outputs
    y = forward(layers, GRID)
    resolution = 2 / 400 * lipschitz([(layers[0][0], 0), (layers[1][0], 0), (layers[2][0][:, :1], 0)])
    reached, missed = y[:, 0].min() + 1e-6, y[:, 0].min() - resolution
    found = decide(net, write(tmp_path / "p.vnnlib", 2, 2, *BOX, f"(<= Y_0 {reached:.12f})"))
    assert found["status"] == "sat"
    assert witness(found, layers)[1][0] <= reached
    found = decide(net, write(tmp_path / "p.vnnlib", 2, 2, *BOX, f"(<= Y_0 {missed:.12f})"))
    assert found["status"] == "unsat" and found["x"] is None
    assert found["proof"] in ("rounding_safe", "solver_tolerance")


def test_conjunctions_and_disjunctions(two_outputs, tmp_path):
    net, layers = two_outputs
    y = forward(layers, GRID)
    middle = np.median(y, axis=0)
    path = tmp_path / "p.vnnlib"
    both = (y[:, 0] <= middle[0]) & (y[:, 1] <= middle[1])
    assert both.any()
    found = decide(net, write(path, 2, 2, *BOX, f"(<= Y_0 {middle[0]:.9f})", f"(<= Y_1 {middle[1]:.9f})"))
    assert found["status"] == "sat"
    _, at = witness(found, layers)
    assert at[0] <= round(middle[0], 9) and at[1] <= round(middle[1], 9)

    far = float(np.abs(y).max()) + 10
    found = decide(net, write(path, 2, 2, *BOX, f"(or (and (>= Y_0 {far})) (and (<= Y_1 {middle[1]:.9f})))"))
    assert found["status"] == "sat"
    found = decide(net, write(path, 2, 2, *BOX, f"(or (and (>= Y_0 {far})) (and (<= Y_1 {-far})))"))
    assert found["status"] == "unsat"
    # Alternatives of the inputs: only the second box reaches the largest value.
    best = GRID[y[:, 0].argmax()]
    left = f"(and (>= X_0 {best[0] - 0.01:.3f}) (<= X_0 {best[0] + 0.01:.3f}) (>= X_1 {best[1] - 0.01:.3f}) " \
           f"(<= X_1 {best[1] + 0.01:.3f}) (>= Y_0 {y[:, 0].max() - 1e-6:.9f}))"
    found = decide(net, write(path, 2, 2, *BOX, f"(or {left} (and (>= X_0 0) (>= Y_0 {far})))"))
    assert found["status"] == "sat"


def test_constraints_across_inputs_and_outputs(two_outputs, tmp_path):
    net, layers = two_outputs
    y = forward(layers, GRID)
    slack = y[:, 0] - y[:, 1] - GRID[:, 0]
    path = tmp_path / "p.vnnlib"
    found = decide(net, write(path, 2, 2, *BOX, f"(<= (- (- Y_0 Y_1) X_0) {slack.min() + 1e-6:.12f})"))
    assert found["status"] == "sat"
    x, at = witness(found, layers)
    assert at[0] - at[1] - x[0] <= slack.min() + 1e-6 + 1e-12


def test_boundaries_are_decided_exactly(absolute, tmp_path):
    """y = |x| on [-2, 1]: the minimum 0 and the maximum 2 are attained."""
    path = tmp_path / "p.vnnlib"
    box = ["(>= X_0 -2)", "(<= X_0 1)"]
    for assertion, status in (("(>= Y_0 2)", "sat"), ("(> Y_0 2)", "unsat"), ("(>= Y_0 2.0000001)", "unsat"),
                              ("(> Y_0 1.9999999)", "sat"), ("(< Y_0 0)", "unsat"), ("(<= Y_0 1e-6)", "sat")):
        found = decide(absolute, write(path, 1, 1, *box, assertion))
        assert found["status"] == status, assertion


def test_limits_leave_it_open(hard, tmp_path):
    net, best = hard
    box = [f"({side} X_{i} {value})" for i in range(16) for side, value in ((">=", -1), ("<=", 1))]
    path = write(tmp_path / "p.vnnlib", 16, 1, *box, f"(<= Y_0 {best + 1e-3})")
    assert decide(net, path)["status"] == "sat"
    path = write(tmp_path / "p.vnnlib", 16, 1, *box, f"(<= Y_0 {best - 0.5})")
    for limit in ("2", "1e-6"):
        result = run("solve", net, "--property", path, "--json", "--time-limit", limit)
        assert result.code == 4
        assert result.json["status"] == "time_limit" and result.json["x"] is None


def test_refusals(two_outputs, tmp_path):
    net, _ = two_outputs
    path = write(tmp_path / "p.vnnlib", 3, 2, *BOX, "(<= X_2 1)", "(>= X_2 0)", "(<= Y_0 0)")
    refused("solve", net, "--property", path, mentions=["p.vnnlib"])
    path = write(tmp_path / "p.vnnlib", 2, 2, *BOX, "(<= Y_0 0)")
    error = refused("solve", net, "--property", path, "--minimize", "0", mentions=["does not go with --property"])
    assert error["where"] == "--minimize"
    path.write_text("(assert (<= Y_0 0)")
    refused("solve", net, "--property", path, mentions=["p.vnnlib"])
    refused("solve", net, "--property", tmp_path / "none.vnnlib", mentions=["none.vnnlib"])
    problem = tmp_path / "p.json"
    problem.write_text(json.dumps({"version": 1, "objective": {"terms": {}}}))
    refused("solve", problem, "--property", path, mentions=["is a problem"])
