# SPDX-License-Identifier: Apache-2.0
"""secateur solve: keys, senses, exit codes. Whether optima are right is tested in tests/property and tests/reference."""

import itertools

import numpy as np
import pytest
from conftest import random_layers, refused, run, save

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


def test_several_solutions_are_distinct_and_ranked(named):
    layers, keys = random_layers([2, 8, 8, 2], 1), {"objective", "bound", "gap", "x", "y", "slope", "active", "edge_of"}
    found = solve(named, "--solutions", "4", "--solution-gap", "3", "--solution-distance", "0.2")
    assert found["status"] == "optimal" and len(found["solutions"]) == 4
    first = found["solutions"][0]
    assert all(found[key] == first[key] for key in ("objective", "bound", "gap", "x", "y"))
    grid = np.array(list(itertools.product(np.linspace(-1, 1, 81), np.linspace(-2, 2, 81))))
    values, ranges = np.array([value(layers, p)[0] for p in grid]), np.array([2, 4])
    earlier = np.empty((0, 2))
    for k, solution in enumerate(found["solutions"]):
        assert set(solution) == keys
        x = np.array(list(solution["x"].values()))
        assert solution["objective"] == pytest.approx(value(layers, x)[0], rel=1e-9)
        assert all(np.max(np.abs(x - other) / ranges) >= 0.2 - 1e-9 for other in earlier)
        # No point of the grid that is as far from the earlier ones is better than the bound.
        distances = [np.max(np.abs(grid - other) / ranges, axis=1) for other in earlier]
        distinct = np.all(np.array(distances) > 0.2, axis=0) if k else np.full(len(grid), True)
        assert solution["bound"] <= min(solution["objective"], values[distinct].min())
        assert 0 <= solution["gap"] <= 1e-4
        assert k == 0 or solution["objective"] >= found["solutions"][k - 1]["objective"]
        assert all(0 <= place < k for place in solution["edge_of"])
        assert set(solution["slope"]) == {"T", "p"}
        for name, at in solution["x"].items():
            upper = {"T": 1, "p": 2}[name]
            assert (solution["slope"][name]["up"] is None) == (at == upper)
            assert (f"{name} <= {upper}" in solution["active"]) == (at == upper)
        earlier = np.vstack([earlier, x])
    # Nothing falls from the optimum.
    assert all(side is None or side >= 0 for slope in first["slope"].values() for side in slope.values())


def test_several_solutions_for_people(absolute):
    out = run("solve", absolute, "--box", "-2:1", "--maximize", "0", "--solutions", "3", "--solution-distance", "0.3",
              "--solution-gap", "1").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "solution 1 2 3" in lines and "slope, per unit 1 2 3" in lines
    assert "x[0] -2 -1.1 1" in lines and "x[0] down - 1 -1" in lines and "x[0] up -1 -1 -" in lines
    assert "at 1 x[0] >= -2" in lines and "at 2 at the edge of 1" in lines and "at 3 x[0] <= 1" in lines


def test_fewer_solutions_than_asked_for(absolute):
    found = solve(absolute, "--box", "-2:1", "--maximize", "0", "--solutions", "3", "--solution-gap", "0.01")
    assert len(found["solutions"]) == 1 and "no more distinct solutions within 1 %" in found["note"]


def test_a_time_limit_ends_the_list(tmp_path):
    net = save(tmp_path / "wide.onnx", random_layers([12, 60, 60, 60, 1], 4))
    found = solve(net, "--box", "-1:1", "--solutions", "5", "--time-limit", "0.5", code=4)
    assert found["status"] == "time_limit" and found["solutions"][0]["bound"] <= found["objective"]
    assert found["seconds"]["total"] < 10


@pytest.mark.parametrize("option, given", [("solutions", "0"), ("solutions", "1001"), ("solution-distance", "0"),
                                           ("solution-distance", "1.1"), ("solution-gap", "-1")])
def test_solution_options_out_of_range(named, option, given):
    assert refused("solve", named, f"--{option}={given}", mentions=["from" if option != "solution-gap" else "at least"])[
        "where"] == f"--{option}"


@pytest.mark.parametrize("option", ["--solutions=2", "--solution-gap=1", "--solution-distance=0.5"])
def test_a_property_has_one_witness(net, tmp_path, option):
    (tmp_path / "p.vnnlib").write_text("")
    error = refused("solve", net, "--property", tmp_path / "p.vnnlib", option, mentions=["does not go with --property"])
    assert error["where"] == option.split("=")[0]


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


@pytest.mark.parametrize("engine", ["native", "milp"])
def test_a_limit_of_nodes_leaves_a_valid_bound(tmp_path, engine):
    net = save(tmp_path / "net.onnx", random_layers([8, 40, 40, 1], 5))
    found = solve(net, "--box", "-1:1", "--engine", engine, "--node-limit", "40", "--tighten", "off", code=4)
    assert found["status"] == "node_limit" and found["engine"] == engine
    # Checked between rounds.
    assert 40 <= found["nodes"] <= 40 + 32 * 16
    assert found["bound"] < found["objective"]
    more = solve(net, "--box", "-1:1", "--engine", engine, "--node-limit", "1000", "--tighten", "off", code=4)
    assert found["nodes"] < more["nodes"] and found["bound"] <= more["bound"] <= more["objective"]
    refused("solve", net, "--box", "-1:1", "--node-limit", "0", mentions=["--node-limit", "at least 1"])


def test_time_limit_is_exit_code_4_with_a_valid_bound(hard):
    net, best = hard
    found = solve(net, "--box", "-1:1", "--time-limit", "2", code=4)
    assert found["status"] == "time_limit" and 2 <= found["seconds"]["total"] < 12
    assert found["bound"] <= best and found["objective"] >= best - 1e-4 * abs(best)
    assert found["y"]["y[0]"] == found["objective"] and found["gap"] > 1e-4
