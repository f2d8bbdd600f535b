# SPDX-License-Identifier: Apache-2.0
"""Plants: one point, a sample, the reference, and the loop from samples to a verified optimum."""

import csv

import pytest
from conftest import refused, run

SMALL = ["--samples", "600", "--hidden", "12,12", "--epochs", "150", "--prune-epochs", "60", "--sparsity", "0.5", "--time-limit", "10"]


def test_one_point_is_the_published_one():
    result = run("flowsheet", "williams-otto", "--at", "0.03,6.7,13,30,0.1", "--json")
    assert result.code == 0 and result.json["converged"]
    assert result.json["outputs"]["F_P"] == pytest.approx(4.591808816, rel=1e-8)
    assert result.json["outputs"]["gross"] == pytest.approx(1143.113186, rel=1e-8)


def test_one_point_of_a_case_is_judged_by_its_limits():
    point = "0.065,6.5,13,30,0.13"
    base = run("flowsheet", "williams-otto", "--case", "base", "--at", point, "--json").json
    assert base["objective"] == pytest.approx(2019.644858 - 9000 * 0.065, rel=1e-8)
    assert base["violation"] == pytest.approx(4.916328892 / 4.763 - 1, rel=1e-6)


def test_a_sample_is_a_table_that_training_reads(tmp_path):
    out = tmp_path / "plant.csv"
    result = run("flowsheet", "williams-otto", "--case", "base", "--sample", "300", "--out", out, "--json")
    assert result.code == 0 and result.json["converged"] + result.json["failed"] == result.json["points"] == 300
    rows = list(csv.reader(out.open()))
    assert rows[0] == result.json["inputs"] + result.json["outputs"] and len(rows) == result.json["converged"] + 1
    trained = run("train", "--data", out, "--inputs", ",".join(result.json["inputs"]), "--outputs", "gross", "--hidden", "5", "--epochs", "2",
                  "--out", tmp_path / "net.onnx")
    assert trained.code == 0


def test_the_reference_is_the_published_optimum():
    result = run("flowsheet", "williams-otto", "--case", "roi", "--reference", "--starts", "5", "--json")
    assert result.code == 0 and result.json["objective"] == pytest.approx(121.10877, rel=1e-6)


@pytest.mark.parametrize("flowsheet, case", [("williams-otto", "roi"), ("hda", "base")])
def test_the_loop_reports_what_the_plant_makes_of_the_optimum(flowsheet, case):
    result = run("flowsheet", flowsheet, "--case", case, "--optimize", "--rounds", "2", *SMALL, "--json")
    found = result.json
    assert result.code in (0, 4), result.err
    assert 1 <= found["rounds"] <= 2 and len(found["history"]) == found["rounds"]
    error = abs(found["objective"] - found["simulated"]) / abs(found["simulated"])
    assert found["objective_error"] == pytest.approx(error, rel=1e-9)
    sign = 1 if flowsheet == "williams-otto" else -1
    assert found["regret"] == pytest.approx(sign * (found["reference"] - found["simulated"]) / abs(found["reference"]), rel=1e-9)
    # The plant itself, asked again.
    point = dict(found["x"])
    at = run("flowsheet", flowsheet, "--case", case, "--at", ",".join(repr(v) for v in point.values()), "--json").json
    for name, value in found["plant"].items():
        assert at["outputs"][name] == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found["violation"] >= 0 and found["seconds"] > 0


def test_the_same_seed_gives_the_same_answer():
    runs = [run("flowsheet", "williams-otto", "--case", "roi", "--optimize", "--rounds", "1", *SMALL, "--json").json for _ in range(2)]
    assert runs[0]["x"] == runs[1]["x"] and runs[0]["objective"] == runs[1]["objective"]


@pytest.mark.parametrize("arguments, mentions", [
    ((), ["missing"]),
    (("williams-otto",), ["--optimize"]),
    (("williams-otto", "--optimize"), ["--case", "base", "permit", "catalogue", "roi"]),
    (("williams-otto", "--case", "best", "--optimize"), ["best", "catalogue"]),
    (("cracker", "--at", "1"), ["cracker", "hda", "williams-otto"]),
    (("hda", "--at", "1,2"), ["--at", "5"]),
    (("hda", "--at", "1,2,3,4,nan"), ["--at"]),
    (("hda", "--sample", "10"), ["--out"]),
    (("hda", "--sample", "10", "--optimize", "--case", "base", "--out", "x.csv"), ["together"]),
    (("hda", "--at", "500,600,302,363,105000", "--out", "x.csv"), ["--sample"]),
    (("williams-otto", "--case", "base", "--optimize", "--sparsity", "0.5", "--tolerance", "0.1"), ["--sparsity"]),
    (("hda", "--at", "500,600,302,363,105000", "--trust", "hull"), ["--trust", "--optimize"]),
    (("hda", "--case", "base", "--optimize", "--trust", "box"), ["--trust", "hull, distance"]),
    (("hda", "--case", "base", "--optimize", "--trust", "hull", "--trust-radius", "0.1"), ["--trust-radius", "--trust distance"]),
    (("hda", "--case", "base", "--optimize", "--trust-points", "10"), ["--trust-points", "--trust"]),
    (("williams-otto", "--case", "base", "--optimize", "--rounds", "0"), ["--rounds", "from 1"]),
])
def test_refusals(arguments, mentions):
    refused("flowsheet", *arguments, mentions=mentions)
