# SPDX-License-Identifier: Apache-2.0
"""A user's own simulator: the specification, the protocol of the command, data alone, and what is refused of each."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import jsonschema
import pytest
import referencing
from conftest import PROGRAM, ROOT, refused, run

EXAMPLE = ROOT / "examples" / "cooled-reactors"
SPEC = EXAMPLE / "reactors.json"
SMALL = ["--samples", "400", "--hidden", "12,12", "--epochs", "150", "--prune-epochs", "60", "--sparsity", "0.5", "--time-limit", "10"]

# yield = 10 - (T - 3)^2 - p, flow = T + p; there is no answer above T + p = 8.
PLANT = """
import csv, sys
print("flow,yield,note")
for row in csv.DictReader(sys.stdin):
    T, p = float(row["T"]), float(row["p"])
    print("nan" if T + p > 8 else f"{T + p!r},{10 - (T - 3) ** 2 - p!r},1")
"""


def spec(tmp_path, plant=PLANT, **changes):
    """A specification of the plant above; a change of None takes a key away."""
    (tmp_path / "plant.py").write_text(plant)
    simulator = {"command": [sys.executable, "plant.py"], "timeout_seconds": 20, "inputs": ["T", "p"], "outputs": ["yield", "flow"]}
    simulator.update(changes.pop("simulator", {}))
    whole = {"version": 1, "variables": [{"name": "T", "lower": 0, "upper": 6}, {"name": "p", "lower": 1, "upper": 4}],
             "simulator": {key: value for key, value in simulator.items() if value is not None},
             "constraints": [{"name": "flow", "terms": {"flow": 1}, "lower": 3}],
             "objective": {"sense": "maximize", "terms": {"yield": 1}}}
    whole.update(changes)
    path = tmp_path / "spec.json"
    path.write_text(json.dumps({key: value for key, value in whole.items() if value is not None}))
    return path


def data(tmp_path, rows=300, name="runs.csv"):
    lines = ["T,p,extra,yield,flow"]
    for i in range(rows):
        T, p = 6 * (i * 0.618034 % 1), 1 + 3 * (i * 0.754878 % 1)
        lines.append(f"{T!r},{p!r},1,,nan" if T + p > 8 else f"{T!r},{p!r},1,{10 - (T - 3) ** 2 - p!r},{T + p!r}")
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    return spec(tmp_path, simulator={"command": None, "timeout_seconds": None, "data": name})


def test_the_example_goes_from_samples_to_a_point_that_its_plant_confirms():
    result = run("flowsheet", SPEC, "--optimize", "--rounds", "2", *SMALL, "--json")
    found = result.json
    assert result.code in (0, 4), result.err
    assert found["flowsheet"] == "cooled-reactors" and found["case"] is None
    assert found["regret"] is None and found["reference"] is None
    assert found["objective_error"] == pytest.approx(abs(found["objective"] - found["simulated"]) / abs(found["simulated"]), rel=1e-9)
    sys.path.insert(0, str(EXAMPLE))
    import plant

    B, waste, T1, T2 = plant.simulate(*(found["x"][name] for name in plant.INPUTS))
    assert found["plant"] == pytest.approx({"B": B, "waste": waste, "T1": T1, "T2": T2}, rel=1e-12)
    x = found["x"]
    assert found["simulated"] == pytest.approx(B - 0.612 * x["feed"] - 0.1 * waste - x["V2"], rel=1e-9)
    assert found["violation"] == pytest.approx(max(0, waste / 450 - 1, T1 / 130 - 1, T2 / 130 - 1), abs=1e-9)
    assert x["V2"] in (5, 10, 20, 30)
    first = found["history"][0]
    assert first["simulated"] == 400 and 0 < sum(first["failures"].values()) < 40
    assert found["failed"] == sum(sum(entry["failures"].values()) for entry in found["history"])


def test_the_loop_finds_the_optimum_of_a_simulator(tmp_path):
    found = run("flowsheet", spec(tmp_path), "--optimize", "--samples", "1000", "--hidden", "15,15", "--epochs", "300", "--sparsity", "0.5", "--json").json
    assert found["accepted"] and found["simulated"] == pytest.approx(9, rel=0.02) and found["violation"] <= 1e-3
    assert (found["x"]["T"], found["x"]["p"]) == pytest.approx((3, 1), abs=0.4)


def test_one_point_and_a_sample(tmp_path):
    path = spec(tmp_path)
    at = run("flowsheet", path, "--at", "2,3", "--json").json
    assert at["converged"] and at["outputs"] == {"yield": 6, "flow": 5} and at["objective"] == 6 and at["violation"] == 0
    lost = run("flowsheet", path, "--at", "6,4", "--json").json
    assert not lost["converged"] and lost["outputs"] is None and lost["reason"] == "the simulator gave no number"
    out, failures = tmp_path / "out.csv", tmp_path / "failed.csv"
    drawn = run("flowsheet", path, "--sample", "64", "--out", out, "--failures", failures, "--json").json
    assert drawn["converged"] + drawn["failed"] == 64 and drawn["failed"] > 0
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == drawn["converged"] and all(float(row["flow"]) == float(row["T"]) + float(row["p"]) for row in rows)
    assert all(float(row["T"]) + float(row["p"]) > 8 for row in csv.DictReader(failures.open()))


@pytest.mark.parametrize("processes", [1, 3])
def test_a_round_is_one_call_for_each_process(tmp_path, processes):
    counting = PLANT + "\nopen('calls', 'a').write('x')\n"
    path = spec(tmp_path, counting, simulator={"processes": processes})
    drawn = run("flowsheet", path, "--sample", "50", "--out", tmp_path / "out.csv", "--json").json
    assert (tmp_path / "calls").read_text() == processes * "x"
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert drawn["points"] == 50 and all(float(row["flow"]) == float(row["T"]) + float(row["p"]) for row in rows)


@pytest.mark.parametrize("row, reason", [
    ('"nan"', "no number"), ('","', "no number"), ('"NaN,1"', "no number"), ('"1,"', "no number"), ('"inf,1"', "infinite"), ('"1,-Infinity"', "infinite")])
def test_rows_without_an_answer(tmp_path, row, reason):
    path = spec(tmp_path, f"print('yield,flow')\nprint({row})\n")
    at = run("flowsheet", path, "--at", "1,2", "--json")
    assert at.code == 0 and not at.json["converged"] and reason in at.json["reason"]


def test_integer_and_further_decisions(tmp_path):
    """A decision that the simulator does not read, an integer one that it does."""
    path = spec(tmp_path, variables=[{"name": "T", "type": "integer", "lower": 0, "upper": 6}, {"name": "p", "lower": 1, "upper": 4},
                                     {"name": "bonus", "type": "binary"}],
                objective={"sense": "maximize", "terms": {"yield": 1, "bonus": 2}})
    found = run("flowsheet", path, "--optimize", "--rounds", "1", *SMALL, "--json").json
    assert found["x"]["bonus"] == 1 and found["x"]["T"] == 3 and found["x"]["p"] < 1.2
    assert found["simulated"] == pytest.approx(2 + found["plant"]["yield"])


def test_data_alone_takes_one_round_and_says_what_it_cannot(tmp_path):
    path = data(tmp_path)
    result = run("flowsheet", path, "--optimize", *SMALL[2:], "--json")
    found = result.json
    assert result.code == 0 and "only data" in result.err
    assert found["rounds"] == 1 and found["simulations"] == 0 and found["objective"] > 7
    for key in ("simulated", "objective_error", "regret", "violation", "plant", "accepted"):
        assert found[key] is None, key
    first = found["history"][0]
    assert first["simulated"] == 300 and first["failures"]["the simulator gave no number"] == found["failed"] > 0
    assert "not simulated: there is only data" in run("flowsheet", path, "--optimize", *SMALL[2:]).out


def test_rows_of_data_outside_the_bounds_are_counted(tmp_path):
    path = data(tmp_path)
    whole = json.loads(path.read_text())
    whole["variables"] = [{"name": "T", "lower": 2}, {"name": "p"}]
    path.write_text(json.dumps(whole))
    found = run("flowsheet", path, "--optimize", *SMALL[2:], "--json").json
    region = found["history"][0]["region"]
    assert found["history"][0]["failures"]["outside the bounds of the variables"] in (100, 101)
    assert 2 <= region["lower"]["T"] < 2.1 and region["upper"]["T"] < 6 and region["lower"]["p"] >= 1


def test_the_optimum_is_kept_in_the_data_that_its_surrogate_has_seen(tmp_path):
    """Nothing converges above T + p = 8, where the surrogate sees the largest flow."""
    path = data(tmp_path)
    whole = json.loads(path.read_text())
    whole["objective"]["terms"] = {"flow": 1}
    path.write_text(json.dumps(whole))
    free = run("flowsheet", path, "--optimize", *SMALL[2:], "--json").json
    assert free["x"]["T"] + free["x"]["p"] > 8.5
    assert not free["trust"]["inside_hull"] and free["trust"]["region"] is None and free["trust"]["percentile"] == 100
    hull = run("flowsheet", path, "--optimize", *SMALL[2:], "--trust", "hull", "--json").json
    assert 7.8 < hull["x"]["T"] + hull["x"]["p"] < 8 + 1e-6
    assert hull["trust"]["inside_hull"] and hull["trust"]["region"]["name"] == "hull"
    assert hull["trust"]["rows"] == hull["history"][0]["rows"] == 300 - hull["failed"]
    near = run("flowsheet", path, "--optimize", *SMALL[2:], "--trust", "distance", "--trust-radius", "0.01", "--json").json
    assert near["trust"]["region"]["radius"] == 0.01 and near["trust"]["distance"] <= 0.01 * 2 ** 0.5 + 1e-6
    assert list(hull["x"]) == list(near["x"]) == ["T", "p"]


def test_the_loop_keeps_to_its_samples(tmp_path):
    found = run("flowsheet", spec(tmp_path, objective={"sense": "maximize", "terms": {"flow": 1}}), "--optimize", "--rounds", "2", *SMALL, "--trust",
                "hull", "--json").json
    assert found["trust"]["inside_hull"] and all(entry["attempts"][0]["trust"]["inside_hull"] for entry in found["history"])
    # Which is why the simulator has an answer there.
    assert found["plant"]["flow"] == pytest.approx(found["x"]["T"] + found["x"]["p"]) and found["plant"]["flow"] > 7.5


# Refusals.

@pytest.mark.parametrize("changes, mentions", [
    ({"surprise": 1}, ["the specification", "unknown key \"surprise\""]),
    ({"networks": []}, ["unknown key \"networks\""]),
    ({"version": 2}, ["version", "has to be 1"]),
    ({"objective": None}, ["\"objective\" is missing"]),
    ({"variables": None}, ["\"variables\" is missing"]),
    ({"variables": {}}, ["variables", "has to be a list"]),
    ({"variables": [{"name": "T", "lower": 0, "upper": 1}]}, ["simulator.inputs", "no variable \"p\"", "T"]),
    ({"variables": [{"name": "T", "lower": 6, "upper": 0}, {"name": "p", "lower": 1, "upper": 4}]}, ["T", "6", "0"]),
    ({"variables": [{"name": "T", "lower": 0}, {"name": "p", "lower": 1, "upper": 4}]}, ["variable \"T\"", "finite"]),
    ({"variables": [{"name": "T", "lower": 0, "upper": "high"}, {"name": "p", "lower": 1, "upper": 4}]}, ["has to be a number", "high"]),
    ({"variables": [{"name": "T", "lower": 0, "upper": 6}, {"name": "p", "lower": 1.2, "upper": 1.8, "type": "integer"}]}, ["p", "integer"]),
    ({"constraints": [{"terms": {"pressure": 1}, "upper": 1}]}, ["no variable \"pressure\"", "yield"]),
    ({"objective": {"terms": {"profit": 1}}}, ["objective.terms", "no variable \"profit\""]),
    ({"simulator": {"surprise": 1}}, ["simulator", "unknown key \"surprise\""]),
    ({"simulator": {"command": None}}, ["neither \"command\" nor \"data\""]),
    ({"simulator": {"data": "runs.csv"}}, ["both \"command\" and \"data\""]),
    ({"simulator": {"command": None, "data": "runs.csv"}}, ["\"timeout_seconds\" goes with \"command\""]),
    ({"simulator": {"command": None, "timeout_seconds": None, "data": "nowhere.csv"}}, ["nowhere.csv"]),
    ({"simulator": {"command": None, "timeout_seconds": None, "data": 3}}, ["simulator.data", "text"]),
    ({"simulator": {"command": "python3 plant.py"}}, ["simulator.command", "list"]),
    ({"simulator": {"command": []}}, ["simulator.command", "list"]),
    ({"simulator": {"command": [""]}}, ["simulator.command", "empty"]),
    ({"simulator": {"command": ["a\0b"]}}, ["simulator.command", "zero"]),
    ({"simulator": {"command": ["python3", 3]}}, ["simulator.command", "text"]),
    ({"simulator": {"timeout_seconds": 0}}, ["simulator.timeout_seconds", "above 0"]),
    ({"simulator": {"processes": 1.5}}, ["simulator.processes", "from 1 to 256"]),
    ({"simulator": {"processes": 0}}, ["simulator.processes", "from 1 to 256"]),
    ({"simulator": {"inputs": None}}, ["\"inputs\" is missing"]),
    ({"simulator": {"inputs": []}}, ["simulator.inputs"]),
    ({"simulator": {"inputs": ["T", "T"]}}, ["simulator.inputs", "\"T\" stands there twice"]),
    ({"simulator": {"outputs": ["yield", ""]}}, ["simulator.outputs", "empty"]),
    ({"simulator": {"outputs": ["yield", "p"]}}, ["simulator.outputs", "\"p\" is an input as well"]),
])
def test_a_specification_that_means_nothing(tmp_path, changes, mentions):
    refused("flowsheet", spec(tmp_path, **changes), "--optimize", mentions=["spec.json" if "nowhere.csv" not in mentions else "nowhere.csv", *mentions])


@pytest.mark.parametrize("text, mentions", [
    ("{", ["spec.json", "is not JSON"]), ('{"version": 1, "version": 1}', ["twice"]), ("[]", ["the specification", "an object"])])
def test_a_file_that_is_no_specification(tmp_path, text, mentions):
    (tmp_path / "spec.json").write_text(text)
    refused("flowsheet", tmp_path / "spec.json", "--optimize", mentions=mentions)


def test_a_file_that_is_not_there(tmp_path):
    refused("flowsheet", tmp_path / "none.json", "--optimize", mentions=["none.json"])


@pytest.mark.parametrize("plant, mentions", [
    ("import sys; print('oh no', file=sys.stderr); sys.exit(7)", ["exit code 7", "oh no"]),
    ("import os; os.kill(os.getpid(), 11)", ["signal 11"]),
    ("import sys; sys.stdin.read()", ["its output", "empty"]),
    ("print('yield,flow')", ["no rows"]),
    ("print('1,2')\nprint('1,2')", ["header"]),
    ("print('yield,flow')\nprint('1,2')\nprint('3,4')", ["wrote 2 rows for 1 point"]),
    ("print('yield,flow')\nprint('1,abc')", ["its output", "line 2", "\"flow\"", "abc"]),
    ("print('yield,flow')\nprint('1')", ["line 2", "1 fields"]),
    ("print('yield,flow')\nprint('1,2,3')", ["line 2", "3 fields"]),
    ("print('yield,flux')\nprint('1,2')", ["no column \"flow\"", "flux"]),
    ("while True: print(65536 * 'x')", ["wrote more than 16 MiB"]),
    ("def", ["exit code 1", "SyntaxError"]),
])
def test_a_command_that_breaks_the_protocol(tmp_path, plant, mentions):
    path = spec(tmp_path, plant)
    refused("flowsheet", path, "--at", "1,2", mentions=["spec.json", "simulator", "plant.py", *mentions])


@pytest.mark.parametrize("action", [("--optimize",), ("--sample", "20", "--out", "out.csv"), ("--reference",)])
def test_a_command_that_fails_is_one_line_of_every_action(tmp_path, action):
    refused("flowsheet", spec(tmp_path, "import sys; sys.exit(3)"), *action, mentions=["plant.py", "exit code 3"], cwd=tmp_path)


@pytest.mark.parametrize("command", [["no-such-program-anywhere"], ["./plant.py"], ["./missing"]])
def test_a_command_that_cannot_be_started(tmp_path, command):
    refused("flowsheet", spec(tmp_path, simulator={"command": command}), "--at", "1,2", mentions=["spec.json", command[0], "cannot be started"])


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, seconds=5):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


SLOW = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}\\n")
time.sleep(60)
"""


def test_a_timeout_ends_the_command_and_what_it_started(tmp_path):
    path = spec(tmp_path, SLOW, simulator={"timeout_seconds": 0.7})
    began = time.monotonic()
    refused("flowsheet", path, "--at", "1,2", mentions=["0.7 s", "timeout_seconds", "1 point "])
    assert time.monotonic() - began < 10
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_what_a_command_leaves_behind_ends_with_it(tmp_path):
    path = spec(tmp_path, SLOW.rpartition("time.sleep")[0] + "print('yield,flow')\nprint('1,2')\n")
    assert run("flowsheet", path, "--at", "1,2", "--json").json["converged"]
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_ctrl_c_ends_the_command(tmp_path):
    path = spec(tmp_path, SLOW)
    started = subprocess.Popen([PROGRAM, "flowsheet", path, "--sample", "100", "--out", tmp_path / "out.csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while not ((tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n")) and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGINT)
    assert started.wait(10) == 130
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert not (tmp_path / "out.csv").exists()


def test_no_answer_anywhere(tmp_path):
    path = spec(tmp_path, "import sys\nprint('yield,flow')\nfor _ in sys.stdin.readlines()[1:]: print('nan')")
    for arguments in (("--optimize", "--samples", "50"), ("--sample", "50", "--out", tmp_path / "out.csv")):
        result = run("flowsheet", path, *arguments)
        assert result.code == 2 and not result.out
        assert result.err.splitlines()[-1].startswith("error: ") and "50 of 50 points have no answer: 50 the simulator gave no number" in result.err


@pytest.mark.parametrize("text, mentions", [
    ("T,p,yield\n1,2,3\n", ["no column \"flow\""]),
    ("T,yield,flow\n1,2,3\n", ["no column \"p\""]),
    ("T,p,yield,flow\n1,2,3,4\n1,,3,4\n", ["row 2", "input \"p\""]),
    ("T,p,yield,flow\n1,2,3,x\n", ["line 2", "\"flow\"", "\"x\""]),
    ("T,p,yield,flow\n1,2,nan,4\n", ["nothing to learn from", "1 of 1 points"]),
    ("T,p,yield,flow\n-1,2,3,4\n", ["nothing to learn from", "outside the bounds"]),
    ("T,p,yield,flow\n1,2,3,4\n2,2,3,4\n", ["too few points"]),
    ("", ["is empty"]),
])
def test_data_that_cannot_be_learnt_from(tmp_path, text, mentions):
    path = data(tmp_path)
    (tmp_path / "runs.csv").write_text(text)
    refused("flowsheet", path, "--optimize", mentions=mentions if mentions == ["too few points"] else ["runs.csv", *mentions])


@pytest.mark.parametrize("arguments, mentions", [
    (("--at", "1,2"), ["--at", "only data"]), (("--sample", "10", "--out", "x.csv"), ["--sample", "only data"]),
    (("--reference",), ["--reference", "only data"]), (("--optimize", "--rounds", "2"), ["--rounds", "only data"]),
    (("--optimize", "--case", "base"), ["--case"])])
def test_what_data_alone_cannot_do(tmp_path, arguments, mentions):
    refused("flowsheet", data(tmp_path), *arguments, mentions=mentions)


# The schema.

SCHEMA = json.loads((ROOT / "docs" / "flowsheet.schema.json").read_text())
PROBLEM = json.loads((ROOT / "docs" / "problem.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, registry=referencing.Registry().with_resource(PROBLEM["$id"], referencing.Resource.from_contents(PROBLEM)))


def test_the_schema_accepts_what_the_program_accepts(tmp_path):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for path in (SPEC, spec(tmp_path), data(tmp_path)):
        VALIDATOR.validate(json.loads(path.read_text()))


@pytest.mark.parametrize("changes", [
    {"surprise": 1}, {"version": 2}, {"variables": {}}, {"objective": {"terms": 1}}, {"simulator": {"surprise": 1}}, {"simulator": {"command": None}},
    {"simulator": {"data": "runs.csv"}}, {"simulator": {"command": None, "data": "runs.csv"}}, {"simulator": {"command": []}},
    {"simulator": {"timeout_seconds": 0}}, {"simulator": {"processes": 0}}, {"simulator": {"inputs": []}}, {"simulator": {"inputs": ["T", "T"]}},
    {"simulator": {"outputs": ["yield", ""]}}])
def test_the_schema_refuses_what_the_program_refuses(tmp_path, changes):
    path = spec(tmp_path, **changes)
    assert not VALIDATOR.is_valid(json.loads(path.read_text()))
    refused("flowsheet", path, "--optimize")


@pytest.mark.parametrize("where, place", [((), "the specification"), (("simulator",), "simulator")])
def test_the_schema_has_the_programs_keys(tmp_path, where, place):
    path = spec(tmp_path)
    whole = json.loads(path.read_text())
    at, schema = whole, SCHEMA
    for step in where:
        at, schema = at[step], schema["properties"][step]
    at["surprise"] = 1
    path.write_text(json.dumps(whole))
    message = refused("flowsheet", path, "--optimize", mentions=[place, "unknown key \"surprise\""])["message"]
    assert set(message.split("allowed: ")[1].split(", ")) == set(schema["properties"])
