# SPDX-License-Identifier: Apache-2.0
"""secateur export: files that another program reads and that have the same optimum."""

import os
import pathlib
import re
import subprocess

import highsbox
import pytest
from conftest import refused, run

HIGHS = pathlib.Path(highsbox.__file__).parent / "highs_dist"


def optimum(path):
    """By the solver's own program, from the file alone."""
    done = subprocess.run([HIGHS / "bin" / "highs", path], capture_output=True, text=True, timeout=60, cwd=path.parent,
                          env={**os.environ, "LD_LIBRARY_PATH": str(HIGHS / "lib")})
    assert re.search(r"Status +Optimal", done.stdout), done.stdout + done.stderr
    return float(re.search(r"Primal bound +(\S+)", done.stdout).group(1))


@pytest.mark.parametrize("kind", ["mps", "lp"])
@pytest.mark.parametrize("goal", [["--minimize", "yield"], ["--maximize", "cost"],
                                  ["--objective", "1,-2", "--sense", "maximize"]])
def test_another_solver_finds_the_same_optimum(named, tmp_path, kind, goal):
    path = tmp_path / f"problem.{kind}"
    result = run("export", named, *goal, "--format", kind, "--out", path, "--json")
    assert result.code == 0 and result.err == ""
    assert result.json["columns"] > 0 and result.json["rows"] > 0 and result.json["out"] == str(path)
    assert optimum(path) == pytest.approx(run("solve", named, *goal, "--json").json["objective"], rel=2e-4)


def test_columns_carry_the_names(named, tmp_path):
    path = tmp_path / "problem.lp"
    assert run("export", named, "--format", "lp", "--out", path).code == 0
    text = path.read_text()
    assert all(re.search(rf"\b{name}\b", text) for name in ("T", "p", "yield", "cost"))


def test_tighter_bounds_make_another_model(named, tmp_path):
    for bounds in ("interval", "crown"):
        assert run("export", named, "--format", "mps", "--bounds", bounds, "--out", tmp_path / bounds).code == 0
    assert (tmp_path / "interval").read_text() != (tmp_path / "crown").read_text()


@pytest.mark.parametrize("options", [["--formulation", "partitioned"], ["--formulation", "hull"],
                                     ["--formulation", "partitioned", "--partitions", "4"], ["--big-m", "loose"],
                                     ["--binaries", "all", "--bounds", "lp"]])
def test_every_formulation_is_another_model_with_the_same_optimum(named, tmp_path, options):
    plain, path = tmp_path / "plain.mps", tmp_path / "problem.mps"
    goal = ["--maximize", "yield", "--format", "mps"]
    assert run("export", named, *goal, "--out", plain).code == 0
    result = run("export", named, *goal, *options, "--out", path, "--json")
    assert result.code == 0 and result.err == ""
    assert path.read_text() != plain.read_text()
    assert optimum(path) == pytest.approx(optimum(plain), rel=2e-4)
    solved = run("solve", named, "--maximize", "yield", *options, "--json")
    assert solved.json["status"] == "optimal" and solved.json["objective"] == pytest.approx(optimum(plain), rel=2e-4)


def test_text_for_people(named, tmp_path):
    result = run("export", named, "--format", "lp", "--out", tmp_path / "p.lp")
    assert result.err == "" and "binary" in result.out and "p.lp" in result.out


def test_refused(named, tmp_path):
    out = tmp_path / "o.lp"
    refused("export", named, "--format", "xls", "--out", out, mentions=["mps, lp"])
    refused("export", named, "--out", out, mentions=["--format"])
    refused("export", named, "--format", "lp", mentions=["--out"])
    refused("export", named, "--format", "lp", "--out", out, "--formulation", "convex",
            mentions=["big_m, partitioned, hull"])
    refused("export", named, "--format", "lp", "--out", out, "--partitions", "0", mentions=["--partitions"])
    refused("export", named, "--format", "lp", "--out", out, "--minimize", "7", mentions=['"7"'])
    assert not out.exists()
