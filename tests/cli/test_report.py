# SPDX-License-Identifier: Apache-2.0
"""`secateur report`: from a ledger or tables to one page with its figures, however much of the study there is."""

import csv
import json
import re
import xml.etree.ElementTree as xml

import pytest

from conftest import ROOT, refused, run

SPEC = {
    "version": 1,
    "name": "small",
    "sources": [{"function": "peaks", "rows": 200}],
    "architectures": ["1x8", "2x6"],
    "training": [{"name": "plain", "epochs": 60},
                 {"name": "l1", "epochs": 60, "l1": 1e-4, "only": {"architectures": ["2x6"]}}],
    "pruning": [{"name": "weight", "method": "weight", "sparsities": [0.2, 0.5], "epochs": 30},
                {"name": "node", "method": "node", "sparsities": [0.25], "epochs": 30}],
    "bounds": ["crown"],
    "solve": [{"name": "big_m", "engine": "milp", "tighten": "off"}, {"name": "auto"}],
    "attribution": {"solve": ["big_m"], "only": {"training": ["plain"]}},
    "seeds": [0, 1],
}
FAMILIES = ["error-peaks", "time-peaks-big-m", "time-peaks-auto", "speed-up-peaks-big-m", "size-peaks", "layers-peaks",
            "attribution-peaks", "profile-solves-peaks", "profile-pruning-peaks-big-m", "convergence-peaks-big-m",
            "truth-peaks"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "spec.json").write_text(json.dumps(SPEC))
    done = run("study", "spec.json", "--ledger", "small.sqlite", "--csv", "tables", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def report(study):
    made = run("report", "small.sqlite", "--out", "small.html", "--json", cwd=study)
    assert made.code == 0 and made.err == "", made.err
    return study, made.json


def text(folder, name="small.html"):
    return (folder / name).read_text()


def plots(page):
    found = re.search(r'id="plots">(.*?)</script>', page, re.S)
    return json.loads(found.group(1)) if found else {}


def test_every_file_is_there_and_named(report):
    folder, result = report
    assert result["study"] == "small" and result["report"] == "small.html"
    assert result["files"][0] == "small.html"
    for family in FAMILIES:
        assert {f"small-figures/{family}.csv", f"small-figures/{family}.svg"} <= set(result["files"]), family
    written = {str(path.relative_to(folder)) for path in (folder / "small-figures").iterdir()} | {"small.html"}
    assert written == set(result["files"])
    page = text(folder)
    for name in result["files"][1:]:
        assert f'href="{name}"' in page, name


def test_page_needs_nothing_else(report):
    page = text(report[0])
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert "default-src 'none'" in page and len(page) < 10e6
    for tag in ("<script src", '<link rel="stylesheet', "<img", "<iframe"):
        assert tag not in page, tag


def test_no_figure_is_empty(report):
    drawn = plots(text(report[0]))
    assert len(drawn) >= 20
    for name, plot in drawn.items():
        assert plot["data"], name
        for trace in plot["data"]:
            values = trace.get("z") or trace["y"]
            assert any(value is not None for value in values), name


def test_pictures_are_xml_and_numbers_are_tables(report):
    folder, result = report
    for name in result["files"][1:]:
        if name.endswith(".svg"):
            root = xml.fromstring((folder / name).read_text())
            assert root.tag.endswith("svg") and len(root.findall(".//{*}path") + root.findall(".//{*}rect")) > 3, name
            assert "nan" not in (folder / name).read_text()
        else:
            rows = list(csv.reader(open(folder / name, newline="")))
            assert len(rows) > 1 and len({len(row) for row in rows}) == 1, name


def test_numbers_are_those_of_the_tables(report):
    folder, _ = report
    rows = list(csv.DictReader(open(folder / "tables" / "networks.csv", newline="")))
    errors = [float(r["test_error"]) for r in rows
              if r["architecture"] == "2x6" and r["training"] == "plain" and r["pruning"] == "weight" and r["sparsity"] == "0.5"]
    shown = [r for r in csv.DictReader(open(folder / "small-figures" / "error-peaks.csv", newline=""))
             if r["architecture"] == "2x6" and r["training"] == "plain" and r["pruning"] == "weight" and r["sparsity"] == "0.5"]
    assert len(errors) == 2 and len(shown) == 1
    assert float(shown[0]["centre"]) == pytest.approx((errors[0] * errors[1]) ** 0.5, rel=1e-6)
    assert float(shown[0]["lowest"]) == pytest.approx(min(errors), rel=1e-6)


def test_page_states_the_study(report):
    page = text(report[0])
    head = page[:page.index("<script>")]
    assert re.search(r"The study is complete: all \d+ cells are done", head.replace("\u202f", ""))
    assert "Study: small" in head and "HiGHS" in head and "&quot;architectures&quot;" in head
    for claim in ("tightens the bounds", "10³ to 10⁴", "Three factors", "deep narrow", "intractable"):
        assert claim in head, claim


def test_tables_make_the_same_report(report, tmp_path):
    folder, _ = report
    made = run("report", folder / "tables", "--out", tmp_path / "small.html")
    assert made.code == 0, made.err
    assert str(tmp_path / "small.html") in made.out and "figures" in made.out
    # The specification's keys stand in another order in study.json.
    specification = re.compile(r"<details><summary>The study&#39;s specification.*?</details>", re.S)
    pages = [text(place) for place in (tmp_path, folder)]
    assert specification.sub("", pages[0]) == specification.sub("", pages[1])
    keys = [sorted(specification.search(page).group().split("\n")) for page in pages]
    assert len(keys[0]) == len(keys[1]) > 20


def test_report_is_the_same_every_time(report, tmp_path):
    folder, result = report
    again = run("report", folder / "small.sqlite", "--out", tmp_path / "small.html", "--json")
    assert again.json["files"] == result["files"]
    for name in result["files"]:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_study_that_has_only_been_planned_says_so(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    assert run("study", "spec.json", "--ledger", "part.sqlite", "--time-limit", "1e-6", cwd=tmp_path).code == 4
    made = run("report", "part.sqlite", "--out", "part.html", cwd=tmp_path)
    assert made.code == 0 and made.err == "", made.err
    page = text(tmp_path, "part.html")
    assert "cells are done. The study is not finished; not run yet: " in page
    assert "Nothing to show yet for: " in page


def test_half_finished_study_shows_what_there_is(study, tmp_path):
    """The finished study, of which a grown specification wants more."""
    for path in study.glob("small.sqlite*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "spec.json").write_text(json.dumps({**SPEC, "seeds": [0, 1, 2, 3]}))
    assert run("study", "spec.json", "--ledger", "small.sqlite", "--time-limit", "1e-6", cwd=tmp_path).code == 4
    made = run("report", "small.sqlite", "--out", "half.html", "--json", cwd=tmp_path)
    assert made.code == 0 and made.err == "", made.err
    page = text(tmp_path, "half.html")
    assert "The study is not finished; not run yet: " in page
    assert {f"half-figures/{family}.svg" for family in FAMILIES} <= set(made.json["files"])


def test_failed_cells_are_listed_with_their_reasons(study, tmp_path):
    for path in (study / "tables").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = list(csv.DictReader(open(tmp_path / "solves.csv", newline="")))
    for row in rows[:2]:
        row["outcome"], row["reason"] = "crashed", 'signal 11, <b> "SIGSEGV"'
    with open(tmp_path / "solves.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    assert run("report", tmp_path, "--out", tmp_path / "r.html").code == 0
    page = text(tmp_path, "r.html")
    assert "2 ended without a result" in page and "signal 11, &lt;b&gt; &quot;SIGSEGV&quot;" in page
    listed = list(csv.DictReader(open(tmp_path / "r-figures" / "failures.csv", newline="")))
    assert len(listed) == 2 and listed[0]["reason"] == 'signal 11, <b> "SIGSEGV"'


def test_refuses_what_is_no_study(tmp_path):
    (tmp_path / "text.sqlite").write_text("not a ledger")
    out = tmp_path / "r.html"
    assert refused("report", tmp_path / "text.sqlite", "--out", out, mentions=["not a ledger"])["file"].endswith("text.sqlite")
    refused("report", tmp_path / "missing.sqlite", "--out", out, mentions=["missing.sqlite"])
    (tmp_path / "empty").mkdir()
    refused("report", tmp_path / "empty", "--out", out, mentions=["study.json"])
    assert not out.exists() and not (tmp_path / "r-figures").exists()


def test_refuses_tables_that_are_damaged(study, tmp_path):
    for path in (study / "tables").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = (tmp_path / "bounds.csv").read_text().splitlines()
    (tmp_path / "bounds.csv").write_text("\n".join([*lines[:3], lines[3] + ",1", *lines[4:]]) + "\n")
    error = refused("report", tmp_path, "--out", tmp_path / "r.html", mentions=["bounds.csv"])
    assert error["where"] == "record 3"


def test_refuses_a_place_that_cannot_be_written(study, tmp_path):
    error = refused("report", study / "small.sqlite", "--out", tmp_path / "missing" / "r.html", mentions=["missing"])
    assert error["where"] == "--out"
    refused("report", study / "small.sqlite", "--out", tmp_path)
    (tmp_path / "r-figures").write_text("a file where the folder should be")
    refused("report", study / "small.sqlite", "--out", tmp_path / "r.html", mentions=["r-figures"])
    assert not (tmp_path / "r.html").exists()


def test_refuses_to_go_without_a_study():
    refused("report", mentions=["LEDGER|FOLDER"])


def test_the_page_of_results_is_what_the_committed_tables_give(tmp_path):
    made = run("report", "studies/results", "--markdown", tmp_path / "results.md", "--json", cwd=ROOT)
    assert made.code == 0 and "paper-function" in made.json["studies"], made
    assert (tmp_path / "results.md").read_text() == (ROOT / "docs" / "results.md").read_text()


def test_a_page_of_results_from_a_ledger(report, study, tmp_path):
    assert run("report", study / "small.sqlite", "--markdown", tmp_path / "page.md").code == 0
    page = (tmp_path / "page.md").read_text()
    assert "## small" in page and "| Network | Removed |" in page
    refused("report", study / "small.sqlite", "--markdown", tmp_path / "a.md", "--out", tmp_path / "a.html",
            mentions=["--markdown"])
    refused("report", study / "small.sqlite", "--markdown", tmp_path / "no" / "a.md", mentions=["--markdown"])


def test_a_report_is_of_one_study(tmp_path):
    refused("report", ROOT / "studies" / "results", "--out", tmp_path / "x.html", mentions=["several studies", "--markdown"])
    refused("report", tmp_path, "--markdown", tmp_path / "x.md", mentions=["holds no study"])
