# SPDX-License-Identifier: Apache-2.0
"""secateur solve --start: points of earlier solves or of the user's are the first incumbents."""

import json

import pytest
from conftest import random_layers, refused, run, save


@pytest.fixture
def start(tmp_path):
    def write(content, name="start.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def first_objective(*arguments):
    """What is known before any search: local search ends with the time, which is over at once."""
    result = run(*arguments, "--time-limit", "1e-9", "--json")
    assert result.code == 4, result
    return result.json["objective"]


@pytest.mark.parametrize("engine", ["native", "milp"])
def test_the_result_of_an_earlier_solve(tmp_path, hard, start, engine):
    net, best = hard
    earlier = run("solve", net, "--box", "-1:1", "--time-limit", "2", "--json")
    assert earlier.json["objective"] < 0.99 * best
    found = first_objective("solve", net, "--box", "-1:1", "--engine", engine, "--start", start(earlier.out))
    assert found <= earlier.json["objective"]
    assert first_objective("solve", net, "--box", "-1:1", "--engine", engine) > found
    # In a smaller box it is moved to its border.
    moved = run("solve", net, "--box", "-0.1:0.1", "--time-limit", "1e-9", "--start", start(earlier.out), "--json").json
    assert all(-0.1 <= value <= 0.1 for value in moved["x"].values())
    value = run("eval", net, "--at", ",".join(str(max(-0.1, min(0.1, v))) for v in earlier.json["x"].values()), "--json")
    assert moved["objective"] <= value.json["y"][0][0] + 1e-5


def test_points_in_every_form(named, start):
    optimum = run("solve", named, "--minimize", "yield", "--json")
    x = optimum.json["x"]
    header, row = ",".join(x), ",".join(repr(v) for v in x.values())
    forms = [start(x, "point.json"), start([{"T": 0, "p": 0}, x], "list.json"),
             start({**optimum.json, "x": {"T": 0, "p": 0}, "solutions": [{"objective": 1, "x": x, "y": {}}]}, "r.json"),
             start(f"{header}\n0,0\n{row}\n", "points.csv"),
             start(f"yield,{header}\n0,{row}\n", "with_output.csv")]
    for form in forms:
        found = first_objective("solve", named, "--minimize", "yield", "--start", form)
        assert found == pytest.approx(optimum.json["objective"], rel=1e-12), form
        assert run("solve", named, "--minimize", "yield", "--start", form, "--json").json["status"] == "optimal"


def test_a_decision_called_x(tmp_path, start):
    net = save(tmp_path / "x.onnx", random_layers([1, 4, 1], 2),
               metadata={"secateur.inputs": '["x"]', "secateur.outputs": '["f"]'})
    assert run("solve", net, "--box", "-1:1", "--start", start({"x": 0.5})).code == 0


@pytest.mark.parametrize("content,name,mentions", [
    ('{"T": 1}', "a.json", ['no value of "p"']),
    ('{"T": 1, "p": 2, "q": 3}', "a.json", ['"q"', '"T"', '"p"']),
    ('[{"T": 1, "p": 2}, {"T": 1}]', "a.json", ["[1]", 'no value of "p"']),
    ('{"T": 1, "p": "2"}', "a.json", ["p"]),
    ('{"T": 1, "p": null}', "a.json", ["p"]),
    ('{"status": "infeasible", "x": null}', "a.json", ["found no point"]),
    ('{"status": "optimal", "x": {"T": 1, "u": 2}}', "a.json", ["x", '"u"']),
    ('{"x": {"T": 1, "p": 2}, "solutions": [{}]}', "a.json", ["solutions[0]"]),
    ('{"T": 1, "T": 2, "p": 2}', "a.json", ["twice"]),
    ("[]", "a.json", ["no point"]),
    ("7", "a.json", ["object"]),
    ("", "a.json", ["not JSON"]),
    ("T\n1\n", "a.csv", ["line 1", 'no value of "p"']),
    ("T,p,w\n1,2,3\n", "a.csv", ['"w"']),
    ("T,p\n1\n", "a.csv", ["line 2"]),
    ("T,p\n1,nan\n", "a.csv", ["line 2"]),
])
def test_what_is_refused(named, start, content, name, mentions):
    path = start(content, name)
    assert refused("solve", named, "--start", path, mentions=mentions)["file"] == str(path)


def test_a_file_that_is_not_there(named, tmp_path):
    refused("solve", named, "--start", tmp_path / "no.json", mentions=["no.json"])
    refused("solve", named, "--start", tmp_path / "no.csv", mentions=["no.csv"])
    refused("solve", named, "--start", tmp_path / "no.json", "--property", "p.vnnlib", mentions=["--property"])
