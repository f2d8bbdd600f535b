# SPDX-License-Identifier: Apache-2.0
"""secateur prune --for-optimization: a front of error and solve time to choose from."""

import csv as csv_module
import json

import pytest
from conftest import refused, run, table

KEYS = {"method", "sparsity", "weights", "neurons", "unstable", "binaries", "rmse", "growth", "seconds", "status", "gap",
        "objective", "file", "front", "recommended"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guidance")
    data = table(folder / "data.csv", rows=200)
    done = run("train", "--data", data, "--inputs", "a,b", "--outputs", "y,z", "--hidden", "12,12", "--out",
               folder / "net.onnx", "--epochs", "100")
    assert done.code == 0, done
    return folder / "net.onnx", data


def guide(*arguments):
    result = run("prune", *arguments, "--for-optimization", "--epochs", "30", "--json")
    assert result.code == 0, result
    return result.json


def test_a_folder_holds_the_front(trained, tmp_path):
    net, data = trained
    out = tmp_path / "choice"
    found = guide(net, "--data", data, "--maximize", "z", "--tolerance", "0.5", "--out", out)
    assert set(found) == {"front", "tried", "recommended", "reason", "tolerance", "time_limit", "seconds", "out",
                          "version", "seed"}
    assert all(set(c) == KEYS for c in found["tried"])
    assert [c for c in found["tried"] if c["method"] is None][0]["growth"] == 0
    assert {c["method"] for c in found["tried"]} == {None, "weight", "node"}
    assert all(c["front"] for c in found["front"]) and sum(c["front"] for c in found["tried"]) == len(found["front"])
    assert sum(c["recommended"] for c in found["front"]) == 1 and found["recommended"]["recommended"]
    for a in found["front"]:
        cost = max(0.02, a["seconds"]) if a["status"] == "optimal" else None
        for b in found["tried"]:
            if cost and b["status"] == "optimal" and max(0.02, b["seconds"]) < cost:
                assert b["growth"] > a["growth"] - 1e-12
        if a["method"] is None:
            assert a["file"] is None
            continue
        # The file is the network whose numbers these are.
        assert run("info", a["file"], "--json").json["weights"] == a["weights"]
        again = run("solve", a["file"], "--maximize", "z", "--json").json
        assert again["objective"] == pytest.approx(a["objective"], rel=3e-4)
    rows = list(csv_module.DictReader((out / "front.csv").open()))
    assert [float(r["growth"]) for r in rows] == [c["growth"] for c in found["tried"]]
    assert {"rmse y", "rmse z"} <= set(rows[0])
    html = (out / "front.html").read_text()
    assert html.startswith("<!DOCTYPE html>") and found["reason"] in html
    written = {p.name for p in out.iterdir()}
    assert written == {"front.csv", "front.html"} | {c["file"].split("/")[-1] for c in found["front"] if c["file"]}


def test_a_file_is_the_recommended_network(trained, tmp_path):
    net, data = trained
    out = tmp_path / "small.onnx"
    text = run("prune", net, "--data", data, "--for-optimization", "--epochs", "30", "--tolerance", "0.5", "--out", out)
    assert text.code == 0, text
    assert "recommended" in text.out and "by solve time" in text.out and out.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["small.onnx"]


def test_a_network_of_a_problem(trained, tmp_path):
    net, data = trained
    problem = {"version": 1, "variables": [{"name": n, "lower": -0.5, "upper": 0.5} for n in ("u", "v")],
               "networks": [{"name": "plant", "file": str(net), "inputs": ["u", "v"], "outputs": ["p", "q"]},
                            {"name": "twin", "file": str(net), "inputs": ["v", "u"], "outputs": ["r", "s"]}],
               "constraints": [{"name": "cap", "terms": {"p": 1}, "upper": 0.3}],
               "objective": {"sense": "maximize", "terms": {"q": 1, "s": 0.5}}}
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(problem))
    found = guide(path, "--network", "plant", "--data", data, "--tolerance", "0.5", "--out", tmp_path / "p.onnx")
    best = found["recommended"]
    assert best["status"] == "optimal" and abs(best["objective"]) < 1
    refused("prune", path, "--for-optimization", "--data", data, "--out", "x.onnx", mentions=["--network", "plant, twin"])
    refused("prune", path, "--for-optimization", "--network", "pump", "--data", data, "--out", "x.onnx",
            mentions=["--network", "pump"])


def test_refusals(trained, tmp_path):
    net, data = trained
    out = tmp_path / "o"
    refused("prune", net, "--for-optimization", "--out", out, mentions=["--for-optimization", "--data"])
    for option in (["--method", "node"], ["--sparsity", "0.5"], ["--compensate"], ["--saliency", "range"]):
        refused("prune", net, "--for-optimization", "--data", data, "--out", out, *option, mentions=[option[0]])
    for option in (["--maximize", "0"], ["--time-limit", "5"], ["--network", "a"]):
        refused("prune", net, "--sparsity", "0.5", "--out", tmp_path / "p.onnx", *option,
                mentions=[option[0], "--for-optimization"])
    refused("prune", net, "--for-optimization", "--data", data, "--network", "a", "--out", out, mentions=["--network"])
    refused("prune", net, "--for-optimization", "--data", data, "--maximize", "nothing", "--out", out,
            mentions=["--maximize"])
    (tmp_path / "taken").write_text("")
    refused("prune", net, "--for-optimization", "--data", data, "--out", tmp_path / "taken", mentions=["taken"])
    assert not out.exists()
