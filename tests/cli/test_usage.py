# SPDX-License-Identifier: Apache-2.0
"""Help, version, and lines that are not commands."""

import json
import re

import pytest
from conftest import ROOT, refused, run

COMMANDS = ["demo", "train", "prune", "bounds", "solve", "eval", "export", "info", "study", "report", "flowsheet"]


def test_help_names_every_command_and_shows_an_example():
    result = run("--help")
    assert result.code == 0 and result.err == ""
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", result.out, re.M), name
    assert "Example:\n  secateur " in result.out


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("spelling", ["--help", "-h"])
def test_help_of_a_command_shows_usage_and_an_example(name, spelling):
    result = run(name, spelling)
    assert result.code == 0 and result.err == ""
    assert f"Usage: secateur {name} " in result.out
    assert f"Example:\n  secateur {name}" in result.out
    assert max(map(len, result.out.splitlines())) <= 120


def test_help_states_defaults_and_ranges_of_the_one_table():
    out = " ".join(run("solve", "--help").out.split())
    assert "relative gap at which a solution counts as optimal (at least 0; default 0.0001)" in out
    assert "one of interval, crown, alpha_crown, lp; default crown" in out
    assert "worker threads (from 1 to 1024; default 2)" in out
    assert "at least 0 and below 1" in " ".join(run("prune", "--help").out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documentation_names_every_option(name):
    page = (ROOT / "docs" / "cli.md").read_text()
    section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", page, re.M | re.S).group(1)
    assert f"$ secateur {name} " in section
    for option in re.findall(r"^  (--[a-z-]+)", run(name, "--help").out, re.M):
        if option != "--json":
            assert f"`{option}" in section or f"{option} " in section, option


def test_help_wins_over_missing_arguments():
    assert run("train", "--epochs", "3", "--help").code == 0


def test_version():
    result = run("--version")
    assert result.code == 0 and re.fullmatch(r"secateur \d+\.\d+\.\d+\n", result.out)


def test_no_command_shows_the_help():
    result = run()
    assert result.code == 2
    assert result.out == run("--help").out
    assert result.err.startswith("error: no command given; one of: demo, train")
    assert result.err.count("\n") == 1


def test_no_command_with_json_is_one_object():
    result = run("--json")
    assert result.code == 2 and "no command given" in result.json["error"]["message"]


def test_json_may_stand_before_the_command(net):
    result = run("--json", "eval", net, "--at", "0,0")
    assert result.code == 0 and set(result.json) == {"y"}


def test_unknown_command_suggests_the_closest():
    refused("slove", mentions=['"slove"', "did you mean solve?"])
    error = refused("frobnicate", mentions=["demo, train, prune"])
    assert "did you mean" not in error["message"]


def test_unknown_option_before_the_command():
    refused("--bogus", "info", "net.onnx", mentions=["--bogus"])


@pytest.mark.parametrize("option, guess", [("--gpa", "--gap"), ("--time", "--time-limit"), ("-threads", "--threads"),
                                           ("--maximise", "--maximize"), ("--formulatoin=hull", "--formulation")])
def test_unknown_option_suggests_the_closest(net, option, guess):
    error = refused("solve", net, option, "1", mentions=[f"(did you mean {guess}?)"])
    assert error["where"] == option.split("=")[0]


def test_unknown_option_without_a_close_one(net):
    error = refused("info", net, "--frobnicate")
    assert "did you mean" not in error["message"] and "secateur info --help" in error["message"]


def test_unexpected_argument(net):
    refused("info", net, "other.onnx", mentions=['unexpected argument "other.onnx"'])
    # A list in two arguments: the second one is not swallowed.
    refused("solve", net, "--box", "-1:1", "-2:2", mentions=["-2:2"])


@pytest.mark.parametrize("arguments", [["--gap"], ["--box", "--maximize", "1"], ["--box"]])
def test_option_without_its_value(net, arguments):
    error = refused("solve", net, *arguments, mentions=["needs a value"])
    assert error["where"] == arguments[0]


def test_option_given_twice(net):
    assert refused("solve", net, "--gap", "0.1", "--gap=0.2", mentions=["2 times"])["where"] == "--gap"


@pytest.mark.parametrize("command", ["info", "eval", "bounds", "solve", "prune", "export"])
def test_missing_network(command):
    refused(command, mentions=["NET.onnx", ": is missing", f"secateur {command} --help"])


@pytest.mark.parametrize("missing", ["data", "inputs", "outputs", "hidden", "out"])
def test_train_names_what_is_missing(missing):
    given = {"data": "d.csv", "inputs": "a", "outputs": "y", "hidden": "5", "out": "n.onnx"}
    line = [f"--{name}={value}" for name, value in given.items() if name != missing]
    assert refused("train", *line, mentions=["is missing"])["where"] == f"--{missing}"


@pytest.mark.parametrize("option, value, reason", [
    ("gap", "-1", "at least 0"), ("gap", "abc", "not a number"), ("gap", "1e-4x", "not a number"),
    ("gap", "nan", "not a number"), ("time-limit", "0", "above 0"), ("threads", "0", "from 1 to 1024"),
    ("threads", "2.5", "not a whole number"), ("threads", "99999999999999999999", "not a whole number"),
    ("seed", "-1", "not a whole number"), ("engine", "magic", "auto, native, milp"),
    ("solver", "cplex", "highs, gurobi, scip"), ("formulation", "bigM", "big_m, partitioned, hull"),
    ("bounds", "", "is not a choice"), ("feasibility", "1", "from 1e-10 to 0.01"),
    ("solver-option", "time_limit", "name=value"), ("minimize", "", "is empty")])
def test_wrong_values_name_option_finding_and_what_is_allowed(net, option, value, reason):
    spellings = [[f"--{option}", value]] + ([[f"--{option}={value}"]] if value else [])
    for arguments in spellings:
        assert refused("solve", net, *arguments, mentions=[reason])["where"] == f"--{option}"


@pytest.mark.parametrize("solver", ["gurobi", "scip"])
def test_a_solver_that_is_not_there(net, monkeypatch, solver):
    variable = f"SECATEUR_{solver.upper()}"
    monkeypatch.setenv(variable, "/nonexistent/lib.so")
    error = refused("solve", net, "--box", "-1:1", "--solver", solver,
                    mentions=[variable, "/nonexistent/lib.so", "--solver highs"])
    assert error["where"] == "--solver"


@pytest.mark.parametrize("formulation", ["indicator", "sos"])
def test_formulations_that_the_solver_lacks(net, formulation):
    error = refused("solve", net, "--box", "-1:1", "--formulation", formulation, mentions=["gurobi or scip", "highs has"])
    assert error["where"] == "--formulation"


@pytest.mark.parametrize("pair", [("minimize", "maximize"), ("minimize", "objective"), ("maximize", "objective"),
                                  ("minimize", "sense"), ("maximize", "sense")])
def test_conflicting_options(net, pair):
    values = {"minimize": "0", "maximize": "1", "objective": "1,2", "sense": "maximize"}
    line = [f"--{name}={values[name]}" for name in pair]
    for order in (line, line[::-1]):
        refused("solve", net, "--box", "-1:1", *order, mentions=["together", *(f"--{name}" for name in pair)])


def test_sense_goes_with_objective(net):
    refused("solve", net, "--box", "-1:1", "--sense", "maximize", mentions=["--objective"])
