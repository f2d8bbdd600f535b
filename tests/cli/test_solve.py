# SPDX-License-Identifier: Apache-2.0
"""secateur solve: keys, senses, exit codes. Whether optima are right is tested in tests/property and tests/reference."""

import itertools

import numpy as np
import pytest
from conftest import random_layers, refused, run

KEYS = {"status", "objective", "bound", "gap", "proof", "x", "y", "seconds", "nodes", "engine", "solver", "neurons",
        "version", "seed"}


def solve(*arguments, code=0):
    result = run("solve", *arguments, "--json")
    assert result.code == code, result
    assert KEYS <= set(result.json), result.json
    return result.json


def value(layers, x):
    a = np.array(x, float)
    for k, (weight, bias) in enumerate(layers):
        z = a @ np.float32(weight).astype(float) + np.float32(bias).astype(float)
        a = z if k + 1 == len(layers) else np.maximum(z, 0)
    return a


def test_every_key_of_the_contract(named):
    found = solve(named, "--minimize", "yield", "--seed", "3")
    assert found["status"] == "optimal" and found["proof"] in ("rounding_safe", "solver_tolerance")
    assert list(found["x"]) == ["T", "p"] and list(found["y"]) == ["yield", "cost"]
    assert -1 <= found["x"]["T"] <= 1 and -2 <= found["x"]["p"] <= 2
    layers = random_layers([2, 8, 8, 2], 1)
    y = value(layers, list(found["x"].values()))
    assert list(found["y"].values()) == pytest.approx(list(y), rel=1e-12, abs=1e-12)
    assert found["objective"] == pytest.approx(y[0], rel=1e-12)
    grid = itertools.product(np.linspace(-1, 1, 41), np.linspace(-2, 2, 41))
    assert found["bound"] <= found["objective"] <= min(value(layers, p)[0] for p in grid) + 1e-9
    assert found["gap"] == pytest.approx(abs(found["objective"] - found["bound"]) / max(1e-9, abs(found["objective"])))
    assert 0 <= found["gap"] <= 1e-4
    assert set(found["seconds"]) == {"total", "bounds", "solve"}
    assert found["seconds"]["total"] >= found["seconds"]["solve"] >= 0
    assert set(found["neurons"]) == {"total", "unstable", "binaries"} and found["neurons"]["total"] == 16
    assert found["neurons"]["total"] >= found["neurons"]["unstable"] >= found["neurons"]["binaries"]
    assert found["engine"] == "native" and "Secateur" in found["solver"] and found["seed"] == 3
    assert found["version"] == run("--version").out.split()[1] and isinstance(found["nodes"], int)


def test_senses_of_one_output(absolute):
    low = solve(absolute, "--box", "-2:1")
    assert low["objective"] == pytest.approx(0, abs=1e-6) and low["bound"] <= low["objective"]
    high = solve(absolute, "--box", "-2:1", "--maximize", "0")
    assert high["objective"] == pytest.approx(2) and high["x"]["x[0]"] == pytest.approx(-2)
    assert high["bound"] >= high["objective"] and high["gap"] >= 0
    named = solve(absolute, "--box", "-2:1", "--maximize", "y[0]")
    assert named["objective"] == high["objective"]


@pytest.mark.parametrize("spelling", [["--objective", "-1,2"], ["--objective=-1,2"], ["--objective", "-1, 2"]])
def test_linear_combination_begins_with_a_minus(named, spelling):
    found = solve(named, *spelling)
    assert found["objective"] == pytest.approx(-found["y"]["yield"] + 2 * found["y"]["cost"], rel=1e-12)
    opposite = solve(named, "--objective", "1,-2", "--sense", "maximize")
    assert opposite["objective"] == pytest.approx(-found["objective"], rel=2e-4)
    assert opposite["bound"] >= opposite["objective"]


def test_minimize_the_first_output_is_the_default(named):
    assert solve(named)["objective"] == solve(named, "--minimize", "0")["objective"]
    assert solve(named, "--minimize", "1")["objective"] == solve(named, "--minimize", "cost")["objective"]


def test_same_seed_same_answer(named):
    first, second = solve(named, "--threads", "1"), solve(named, "--threads", "1")
    first.pop("seconds"), second.pop("seconds")
    assert first == second


def test_options_reach_the_solver(named):
    loose = solve(named, "--gap", "0.5")
    assert loose["status"] == "optimal" and loose["gap"] <= 0.5
    refused("solve", named, "--solver-option", "no_such_option=1", mentions=["no_such_option"])
    refused("solve", named, "--solver-option", "simplex_strategy=abc", mentions=["simplex_strategy"])
    solve(named, "--solver-option", "mip_heuristic_effort=0.1", "--solver-option=presolve=off")


def test_solutions_key_comes_with_its_option(named):
    assert "solutions" not in solve(named)
    found = solve(named, "--solutions", "1")
    assert len(found["solutions"]) == 1 and found["solutions"][0]["objective"] == found["objective"]


def test_a_box_of_one_point(named):
    found = solve(named, "--box", "0.5:0.5,0.25:0.25")
    y = value(random_layers([2, 8, 8, 2], 1), [0.5, 0.25])
    assert found["objective"] == pytest.approx(y[0], rel=1e-9) and found["status"] == "optimal"


def test_text_for_people(named):
    result = run("solve", named, "--maximize", "cost")
    assert result.code == 0
    lines = result.out.splitlines()
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if len(line.split()) > 1}
    found = solve(named, "--maximize", "cost")
    assert facts["status"] == "optimal"
    assert float(facts["objective"]) == pytest.approx(found["objective"], rel=1e-6)
    assert float(facts["bound"]) == pytest.approx(found["bound"], rel=1e-3)
    assert {"gap", "T", "p", "yield", "cost", "neurons", "nodes", "seconds", "engine", "proof"} <= set(facts)


def test_a_run_logs_version_seed_and_deviations_only(named):
    result = run("solve", named, "--gap", "0.001", "--threads", "2", "--json")
    assert result.err.count("\n") == 1 and result.err.startswith("info: secateur ")
    assert "seed 0" in result.err and "--gap 0.001" in result.err and "threads" not in result.err


@pytest.mark.parametrize("output", ["2", "-1", "nothing", "1.5"])
@pytest.mark.parametrize("option", ["--minimize", "--maximize"])
def test_outputs_that_are_not_there(named, output, option):
    error = refused("solve", named, option, output, mentions=[f'"{output}"', "0 to 1", "yield, cost"])
    assert error["where"] == option


@pytest.mark.parametrize("objective, reason", [("1", "1 coefficient;"), ("1,2,3", "2 outputs"), ("0,0", "zero"),
                                               ("1,a", "not a number"), ("1,inf", "finite"), ("1,,2", "empty")])
def test_objectives_that_are_none(named, objective, reason):
    refused("solve", named, "--objective", objective, mentions=[reason])


def test_time_limit_is_exit_code_4_with_a_valid_bound(hard):
    net, best = hard
    found = solve(net, "--box", "-1:1", "--time-limit", "2", code=4)
    assert found["status"] == "time_limit" and 2 <= found["seconds"]["total"] < 12
    assert found["bound"] <= best and found["objective"] >= best - 1e-4 * abs(best)
    assert found["y"]["y[0]"] == found["objective"] and found["gap"] > 1e-4
