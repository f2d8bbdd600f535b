# SPDX-License-Identifier: Apache-2.0
"""The problems under examples/ solve as they are and give what a search without the program gives; the schema of
problem files and the program agree on what a problem file is."""

import copy
import importlib.util
import json
import os
import shutil
import subprocess
import sys

import jsonschema
import pytest
from conftest import PROGRAM, ROOT, refused, run

EXAMPLES = ROOT / "examples"
PROBLEMS = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.json")
                  if "simulator" not in json.loads(path.read_text()))
SCHEMA = json.loads((ROOT / "docs" / "problem.schema.json").read_text())
os.environ.setdefault("SECATEUR", PROGRAM)
long = pytest.mark.skipif("SECATEUR_LONG" not in os.environ, reason="minutes; set SECATEUR_LONG=1")


def load(script):
    """A script of an example as a module; each example has its own flowsheet."""
    path = EXAMPLES / script
    sys.modules.pop("flowsheet", None)
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(script.replace("/", "_").removesuffix(".py"), path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(path.parent))


def read(problem):
    return json.loads((EXAMPLES / problem).read_text())


def solve(path, *arguments):
    result = run("solve", path, "--json", "--time-limit", 60, *arguments, timeout=300)
    assert result.code in (0, 3, 4), result.err
    return result.json


def replay(problem, found, tolerance=1e-5):
    """Bounds, types, networks, constraints and objective at the point found, by arithmetic of our own."""
    data, values = read(problem), {**found["x"], **found["y"]}
    common = load("common.py")
    for use in data["networks"]:
        outputs = common.Network((EXAMPLES / problem).parent / use["file"])([values[name] for name in use["inputs"]])[0]
        for name, output in zip(use["outputs"], outputs):
            assert values[name] == pytest.approx(output, rel=1e-9, abs=1e-9)
    for variable in data["variables"]:
        value = values[variable["name"]]
        assert value >= variable.get("lower", -1e300) - tolerance * max(1, abs(variable.get("lower", 0)))
        assert value <= variable.get("upper", 1e300) + tolerance * max(1, abs(variable.get("upper", 0)))
        assert value in variable.get("values", [value])
        assert variable.get("type") != "binary" or value in (0, 1)

    def total(terms):
        return sum(coefficient * values[name] for name, coefficient in terms.items())

    for constraint in data.get("constraints", []):
        value = total(constraint["terms"])
        assert value >= constraint.get("lower", -1e300) - tolerance * max(1, abs(constraint.get("lower", 0)))
        assert value <= constraint.get("upper", 1e300) + tolerance * max(1, abs(constraint.get("upper", 0)))
    objective = total(data["objective"]["terms"]) + data["objective"].get("constant", 0)
    assert found["objective"] == pytest.approx(objective, rel=1e-9)
    sign = 1 if data["objective"].get("sense") == "maximize" else -1
    assert sign * (found["bound"] - found["objective"]) >= 0


@pytest.mark.parametrize("surcharge, expected", [(7, "tube"), (9, "tank")])
def test_the_choice_between_two_networks_is_the_best(tmp_path, surcharge, expected):
    value, name, point, _ = load("two-reactors/check.py").optimum(surcharge)
    assert name == expected
    problem = read("two-reactors/problem.json")
    problem["objective"]["terms"]["tube"] = -surcharge
    for network in problem["networks"]:
        network["file"] = str(EXAMPLES / "two-reactors" / network["file"])
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    found = solve(tmp_path / "problem.json")
    assert found["status"] == "optimal"
    assert found["x"]["tube"] == (name == "tube")
    assert found["objective"] == pytest.approx(value, rel=2e-4)
    assert found["bound"] >= value - 1e-6
    assert (found["x"]["feed"], found["x"]["T"]) == pytest.approx(point, rel=0.01)


def test_constraints_on_outputs_of_two_networks():
    value, point = load("two-units/check.py").optimum()
    found = solve(EXAMPLES / "two-units" / "problem.json")
    assert found["status"] == "optimal"
    replay("two-units/problem.json", found)
    assert found["objective"] == pytest.approx(value, rel=1e-3)
    assert found["bound"] <= value + 1e-6
    # Demand, purity and boiler together leave a single best point.
    assert [found["x"][name] for name in ("feed1", "T1", "feed2", "T2")] == pytest.approx(point, rel=0.01)


def test_a_smaller_boiler_makes_it_infeasible(tmp_path):
    problem = read("two-units/problem.json")
    problem["constraints"][2]["upper"] = 2250
    for network in problem["networks"]:
        network["file"] = str(EXAMPLES / "two-units" / network["file"])
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    found = solve(tmp_path / "problem.json")
    assert found["status"] == "infeasible"
    assert "boiler" in found["conflict"]
    # A bound of the objective that holds in real arithmetic does not make the solver's word on feasibility one.
    assert found["proof"] == ("solver_tolerance" if found["engine"] == "milp" and found["nodes"] else "rounding_safe")


@pytest.mark.parametrize("study", ["williams-otto", "hda"])
def test_the_flowsheets_reproduce_their_published_points(study):
    load(f"{study}/flowsheet.py").check()


@pytest.mark.parametrize("case, regret", [
    ("base", 0.1), ("catalogue", 0.1), ("refined/base", 0.02), ("refined/permit", 0.02), ("refined/catalogue", 0.02),
    ("refined/roi", 0.02), pytest.param("permit", 0.1, marks=long), pytest.param("roi", 0.1, marks=long)])
def test_williams_otto(case, regret):
    study = load("williams-otto/resimulate.py").resimulate(case, "--time-limit", 60)
    found = study["result"]
    assert found["status"] in ("optimal", "time_limit")
    replay(f"williams-otto/{case}.json", found)
    assert abs(study["regret"]) <= regret


def test_hydrodealkylation():
    study = load("hda/resimulate.py").resimulate("--time-limit", 60)
    assert study["result"]["status"] in ("optimal", "time_limit")
    replay("hda/problem.json", study["result"])
    assert abs(study["regret"]) <= 0.02
    assert study["plant"]["n_B"] >= 0.15 * 0.98 and study["plant"]["purity"] >= 0.79 and study["plant"]["loss"] <= 0.21


@long
@pytest.mark.parametrize("example", ["two-reactors", "two-units", "hda", "williams-otto"])
def test_the_networks_can_be_made_again(tmp_path, example):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    for network in (tmp_path / "examples" / example).rglob("*.onnx"):
        network.unlink()
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path / "examples" / example, check=True)
    for problem in (tmp_path / "examples" / example).rglob("*.json"):
        assert solve(problem)["status"] == "optimal"


def test_committed_networks_are_small():
    networks = list(EXAMPLES.rglob("*.onnx"))
    assert len(networks) >= 11
    assert all(network.stat().st_size < 50_000 for network in networks)


# The schema.

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_example_problems_validate(problem):
    VALIDATOR.validate(read(problem))


def place(tmp_path, problem):
    for network in problem.get("networks", []):
        if isinstance(network, dict) and isinstance(network.get("file"), str):
            network["file"] = str(EXAMPLES / "two-reactors" / network["file"])
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    return tmp_path / "problem.json"


@pytest.mark.parametrize("where, schema", [
    ((), SCHEMA), (("variables", 0), SCHEMA["$defs"]["variable"]), (("networks", 0), SCHEMA["$defs"]["network"]),
    (("constraints", 0), SCHEMA["$defs"]["constraint"]), (("objective",), SCHEMA["$defs"]["objective"])])
def test_the_schema_has_the_programs_keys(tmp_path, where, schema):
    problem = read("two-reactors/problem.json")
    at = problem
    for step in where:
        at = at[step]
    at["surprise"] = 1
    assert not VALIDATOR.is_valid(problem)
    message = refused("solve", place(tmp_path, problem), mentions=["unknown key \"surprise\""])["message"]
    assert set(message.split("allowed: ")[1].split(", ")) == set(schema["properties"])
    for key in schema["required"]:
        lacking = copy.deepcopy(problem)
        at = lacking
        for step in where:
            at = at[step]
        del at["surprise"], at[key]
        assert not VALIDATOR.is_valid(lacking)
        refused("solve", place(tmp_path, lacking), mentions=[f"the key \"{key}\" is missing"])


@pytest.mark.parametrize("path, value", [
    (("version",), 2), (("name",), 3), (("variables",), {}), (("variables", 0), "feed"), (("variables", 0, "name"), ""),
    (("variables", 0, "unit"), 1), (("variables", 0, "type"), "real"), (("variables", 0, "type"), "discrete"),
    (("variables", 0, "lower"), "low"), (("variables", 0, "values"), [1]), (("variables", 0, "description"), 1),
    (("variables", 0), {"name": "feed", "type": "discrete", "values": []}),
    (("networks", 0, "inputs"), "feed"), (("networks", 0, "outputs", 0), 1), (("networks", 0, "file"), None),
    (("networks", 0, "outputs", 0), ""), (("constraints", 0, "terms"), []), (("constraints", 0, "terms", "sold"), "1"),
    (("constraints", 0), {"terms": {"sold": 1}}), (("constraints", 0), {"terms": {"sold": 1}, "lower": None}),
    (("constraints", 0, "name"), ""), (("objective", "sense"), "max"), (("objective", "constant"), "0"),
])
def test_schema_and_program_refuse_the_same(tmp_path, path, value):
    problem = read("two-reactors/problem.json")
    at = problem
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert not VALIDATOR.is_valid(problem)
    refused("solve", place(tmp_path, problem))


@pytest.mark.parametrize("path, value", [
    (("variables", 0, "lower"), None), (("constraints", 0, "lower"), None), (("variables", 0, "type"), "integer"),
    (("variables", 0), {"name": "feed", "type": "discrete", "values": [30, 20]}), (("objective", "constant"), 2.5),
])
def test_schema_and_program_accept_the_same(tmp_path, path, value):
    problem = read("two-reactors/problem.json")
    problem["constraints"].append({"terms": {"feed": 1}, "lower": 10})
    at = problem
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    VALIDATOR.validate(problem)
    result = run("export", place(tmp_path, problem), "--format", "mps", "--out", tmp_path / "problem.mps")
    assert result.code == 0, result.err


def test_the_builder_in_the_documentation_compiles():
    """tests/install/problem.cpp is compiled and run against the installed library; the page shows its text."""
    page = (ROOT / "docs" / "problems.md").read_text()
    shown = page.split("```cpp\n")[1].split("```")[0]
    assert shown in (ROOT / "tests" / "install" / "problem.cpp").read_text()
