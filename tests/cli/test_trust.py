# SPDX-License-Identifier: Apache-2.0
"""secateur solve --data, --trust: where the optimum lies with respect to the training data."""

import json

import numpy as np
import pytest
from conftest import random_layers, refused, run, save


def write(path, columns, rows):
    lines = [",".join(columns)] + [",".join(repr(float(v)) for v in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def cloud(tmp_path):
    """Rows along the diagonal of the box [-1, 1] x [-2, 2]: most of the box is far from them."""
    rng = np.random.default_rng(0)
    along = rng.uniform(-0.8, 0.8, 200)
    rows = np.column_stack([2 * along + rng.uniform(-0.2, 0.2, 200), along + rng.uniform(-0.1, 0.1, 200)])
    return write(tmp_path / "runs.csv", ["p", "T"], rows), rows[:, ::-1]


def solve(*arguments, code=0):
    result = run("solve", *arguments, "--json")
    assert result.code == code, result
    return result.json


def test_data_only_reports(named, cloud):
    path, rows = cloud
    plain, found = solve(named), solve(named, "--data", path)
    assert found["objective"] == plain["objective"] and "trust" not in plain
    trust = found["trust"]
    assert set(trust) == {"data", "rows", "networks", "inputs", "region", "distance", "percentile", "row", "inside_box",
                          "inside_hull", "hull_distance"}
    assert trust["rows"] == 200 and trust["inputs"] == ["T", "p"] and trust["region"] is None
    scaled = (rows - np.array(list(found["x"].values()))) / np.ptp(rows, axis=0)
    distances = np.linalg.norm(scaled, axis=1)
    assert trust["distance"] == pytest.approx(distances.min()) and trust["row"] == distances.argmin()
    inside = (rows.min(axis=0) <= list(found["x"].values())) & (list(found["x"].values()) <= rows.max(axis=0))
    assert trust["inside_box"] == inside.all()
    own = np.linalg.norm((rows[:, None] - rows[None]) / np.ptp(rows, axis=0), axis=2) + 9 * np.eye(200)
    assert trust["percentile"] == pytest.approx(100 * np.mean(own.min(axis=0) < trust["distance"]))


def test_hull(named, cloud):
    path, _ = cloud
    free, found = solve(named, "--data", path), solve(named, "--data", path, "--trust", "hull")
    assert not free["trust"]["inside_hull"] and free["trust"]["hull_distance"] > 0
    trust = found["trust"]
    assert found["status"] == "optimal" and found["gap"] <= 1e-4
    assert trust["inside_hull"] and trust["inside_box"] and trust["hull_distance"] == 0
    assert trust["region"]["name"] == "hull" and trust["region"]["exact"] and trust["region"]["inside"] == 1
    assert 3 <= trust["region"]["points"] < 60
    assert found["objective"] > free["objective"]
    # What only helps to state the region is not shown.
    assert list(found["x"]) == ["T", "p"] and list(found["y"]) == ["yield", "cost"]
    fewer = solve(named, "--data", path, "--trust", "hull", "--trust-points", 4)
    assert fewer["trust"]["region"]["points"] == 4 and not fewer["trust"]["region"]["exact"]
    assert fewer["trust"]["region"]["inside"] < 1 and fewer["objective"] >= found["objective"] - 1e-6


def test_distance(named, cloud):
    path, rows = cloud
    for options, points in ([], 100), (["--trust-radius", 0.05], 100), (["--trust-points", 10], 10):
        found = solve(named, "--data", path, "--trust", "distance", *options)
        region = found["trust"]["region"]
        assert region["name"] == "distance" and region["points"] <= points
        scaled = np.abs(rows - np.array(list(found["x"].values()))) / np.ptp(rows, axis=0)
        assert scaled.max(axis=1).min() <= region["radius"] + 1e-5
        assert region["covering"] <= region["radius"] or options
    assert solve(named, "--data", path, "--trust", "distance")["trust"]["region"]["inside"] == 1


def test_text(named, cloud):
    path, _ = cloud
    out = run("solve", named, "--data", path, "--trust", "hull").out
    assert "hull of " in out and "inside the data's hull" in out and "weight" not in out
    out = run("solve", named, "--data", path).out
    assert "outside the data's box" in out and "ranges from the nearest row" in out


def test_a_problem_of_two_networks(tmp_path):
    names = {"secateur.inputs": '["a", "b"]', "secateur.outputs": '["c"]'}
    for k in (1, 2):
        save(tmp_path / f"n{k}.onnx", random_layers([2, 6, 1], k), metadata=names)
    problem = {"version": 1,
               "variables": [{"name": n, "lower": -1, "upper": 1} for n in ("u", "v", "w")],
               "networks": [{"name": "first", "file": "n1.onnx", "inputs": ["u", "v"], "outputs": ["h"]},
                            {"name": "second", "file": "n2.onnx", "inputs": ["w", "h"], "outputs": ["y"]}],
               "objective": {"terms": {"y": 1}}}
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    rng = np.random.default_rng(1)
    # The data of the first network alone, whose output the second one reads: it confines u and v, w stays free.
    path = write(tmp_path / "first.csv", ["u", "v", "h"], rng.uniform(-0.3, 0.3, (40, 3)))
    found = solve(tmp_path / "problem.json", "--data", path, "--trust", "hull")
    assert found["trust"]["networks"] == ["first"] and found["trust"]["inputs"] == ["u", "v"] and found["trust"]["inside_hull"]
    assert abs(found["x"]["u"]) <= 0.3 + 1e-6 and set(found["x"]) == {"u", "v", "w"}


def test_data_away_from_the_box(named, tmp_path):
    path = write(tmp_path / "far.csv", ["T", "p"], [[5, 5], [6, 5], [5, 6]])
    found = solve(named, "--data", path, "--trust", "hull", code=3)
    assert found["status"] == "infeasible" and any("trust hull" in name for name in found["conflict"])
    assert found["trust"]["distance"] is None and found["trust"]["inside_hull"] is None


def test_refusals(named, cloud, tmp_path):
    path, _ = cloud
    assert refused("solve", named, "--trust", "hull")["where"] == "--trust"
    assert refused("solve", named, "--data", path, "--trust", "hull", "--trust-radius", 1)["where"] == "--trust-radius"
    assert refused("solve", named, "--data", path, "--trust-points", 5)["where"] == "--trust-points"
    refused("solve", named, "--data", path, "--trust", "sphere", mentions=["hull, distance"])
    refused("solve", named, "--data", path, "--trust", "distance", "--trust-radius=-1", mentions=["--trust-radius"])
    refused("solve", named, "--data", tmp_path / "none.csv", mentions=["none.csv"])
    lacking = write(tmp_path / "lacking.csv", ["T", "yield"], [[0, 1], [1, 2]])
    refused("solve", named, "--data", lacking, mentions=["lacking.csv", 'no column "p"', '"yield"'])
    other = write(tmp_path / "other.csv", ["a", "b"], [[0, 1], [1, 2]])
    refused("solve", named, "--data", other, mentions=["other.csv", "no column is an input", '"T", "p"'])
    one = write(tmp_path / "one.csv", ["T", "p"], [[0, 1]])
    refused("solve", named, "--data", one, mentions=["one.csv", "1 row"])
    (tmp_path / "p.vnnlib").write_text("(declare-const X_0 Real)\n")
    refused("solve", named, "--property", tmp_path / "p.vnnlib", "--data", path, mentions=["--data", "--property"])


def test_help_shows_every_kind_of_problem():
    out = run("solve", "--help").out
    for example in ("problem.json", "--property", "--trust hull"):
        assert example in out
