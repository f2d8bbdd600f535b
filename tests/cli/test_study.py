# SPDX-License-Identifier: Apache-2.0
"""`secateur study`: from a specification to a ledger and tables, whatever happens on the way."""

import csv
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import jsonschema
import pytest

from conftest import PROGRAM, ROOT, refused, run

SMALL = {
    "version": 1,
    "name": "small",
    "sources": [{"function": "peaks", "rows": 200}],
    "architectures": ["2x6"],
    "training": [{"name": "plain", "epochs": 30}],
    "pruning": [{"name": "weight", "method": "weight", "sparsities": [0.5], "epochs": 20},
                {"name": "node", "method": "node", "sparsities": [0.5], "epochs": 20}],
    "bounds": ["crown"],
    "solve": [{"name": "big_m", "engine": "milp", "tighten": "off"}],
    "attribution": {"solve": ["big_m"]},
}
CELLS = 1 + 2 + 3 + 3 + 6
# Trains until it is ended.
SLOW = {"training": [{"name": "plain", "epochs": 1000000, "patience": 1000000}]}
# What differs from run to run.
TIMES = {"cell_seconds", "cpu_seconds", "memory", "total_seconds", "bounds_seconds", "solve_seconds"}


@pytest.fixture
def spec(tmp_path):
    def write(**changes):
        path = tmp_path / "spec.json"
        path.write_text(json.dumps({**SMALL, **changes}))
        return path

    return write


def tables(folder):
    """Every table, the times aside; a trace's length depends on them."""
    result = {}
    for name in ("networks", "bounds", "solves"):
        with open(folder / f"{name}.csv", newline="") as file:
            result[name] = [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]
    return result


def count(result, outcome):
    return sum(kind[outcome] for kind in result.json["cells"])


def study(path, *arguments, **options):
    return run("study", path, "--workers", 2, "--json", *arguments, cwd=path.parent, **options)


def test_from_nothing_to_tables(spec, tmp_path):
    first = study(spec(), "--csv", "tables")
    assert first.code == 0, first
    assert first.json["study"] == "small" and first.json["ran"] == CELLS == count(first, "done")
    assert (tmp_path / "spec.sqlite").exists()
    assert first.json["files"] == [f"tables/{name}" for name in (
        "study.json", "networks.csv", "bounds.csv", "solves.csv", "traces.csv", "attribution.csv")]
    found = tables(tmp_path / "tables")
    assert len(found["networks"]) == 3 and len(found["solves"]) == 9
    with open(tmp_path / "tables" / "attribution.csv", newline="") as file:
        parts = list(csv.DictReader(file))
    assert len(parts) == 2 * 3
    for row in parts:
        assert abs(sum(float(row[k]) for k in ("size", "integers", "big_m")) - float(row["total"])) < 1e-9
    assert {row["outcome"] for name in found for row in found[name]} == {"done"}
    second = study(spec())
    assert second.code == 0 and second.json["ran"] == 0


def test_the_ledger_is_sqlite_and_its_networks_are_onnx(spec, tmp_path):
    study(spec())
    with sqlite3.connect(tmp_path / "spec.sqlite") as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (onnx,) = ledger.execute("SELECT onnx FROM networks JOIN cells USING (key) WHERE kind = 'train'").fetchone()
        versions = set(ledger.execute("SELECT version, workers, outcome FROM cells"))
    (tmp_path / "net.onnx").write_bytes(onnx)
    assert run("info", tmp_path / "net.onnx").code == 0
    assert {(w, o) for _, w, o in versions} == {(2, "done")} and len(versions) == 1


def test_plan_runs_nothing(spec, tmp_path):
    result = study(spec(), "--plan")
    assert result.code == 0 and count(result, "pending") == CELLS and result.json["estimated_seconds"] > 0
    assert not (tmp_path / "spec.sqlite").exists()
    text = run("study", spec(), "--plan", cwd=tmp_path)
    assert "solve (attribution)" in text.out and "about" in text.out


def test_plan_may_be_asked_for_while_a_run_writes(spec, tmp_path):
    process = start(spec(**SLOW))
    a_worker(process)
    result = study(spec(**SLOW), "--plan")
    process.send_signal(signal.SIGINT)
    assert result.code == 0 and count(result, "pending") == CELLS
    assert process.wait(10) == 130
    before = (tmp_path / "spec.sqlite").read_bytes()
    assert study(spec(**SLOW), "--plan").code == 0
    assert (tmp_path / "spec.sqlite").read_bytes() == before and sorted(tmp_path.glob("spec.sqlite*")) == [tmp_path / "spec.sqlite"]


def test_a_worker_keeps_to_limits_that_are_lower_than_its_own(spec):
    """Whoever starts the study may have less than the study's limit; that cannot be raised, and is no error."""
    result = study(spec(memory_limit=10**7), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (2**32, 2**32)))
    assert result.code == 0 and count(result, "done") == CELLS


def test_time_limit_leaves_cells_pending_and_says_so(spec):
    result = study(spec(), "--time-limit", 1e-9)
    assert result.code == 4 and result.json["ran"] == 0 and count(result, "pending") == CELLS
    assert study(spec()).json["ran"] == CELLS


def test_bad_specifications_are_refused(spec, tmp_path):
    refused("study", tmp_path / "none.json", mentions=["none.json", "cannot be read"])
    refused("study", spec(colour="red"), mentions=["spec.json", 'unknown key "colour"'])
    refused("study", spec(pruning=[{"name": "w", "method": "weight", "sparsities": [1.5]}]),
            mentions=["pruning[0].sparsities", "below 1"])
    refused("study", spec(sources=[{"data": "gone.csv", "inputs": ["a"], "outputs": ["y"]}]), mentions=["gone.csv"])
    refused("study", spec(), "--workers", "-1", mentions=["--workers"])


def test_foreign_ledgers_are_refused_and_untouched(spec, tmp_path):
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_text("a,b\n")
    refused("study", spec(), "--ledger", foreign, mentions=["foreign.sqlite", "is not a ledger"])
    refused("study", spec(), "--ledger", tmp_path / "no" / "x.sqlite", mentions=["does not exist"])
    assert foreign.read_text() == "a,b\n"
    assert study(spec(), "--ledger", "mine.sqlite").code == 0
    refused("study", spec(name="other"), "--ledger", tmp_path / "mine.sqlite", mentions=['"small"', '"other"'])
    with sqlite3.connect(tmp_path / "mine.sqlite") as ledger:
        ledger.execute("PRAGMA journal_mode = DELETE")
        ledger.execute("PRAGMA user_version = 99")
    before = (tmp_path / "mine.sqlite").read_bytes()
    refused("study", spec(), "--ledger", tmp_path / "mine.sqlite", mentions=["version 99", "version 1"])
    assert (tmp_path / "mine.sqlite").read_bytes() == before


def test_a_folder_for_tables_that_cannot_be_made(spec, tmp_path):
    (tmp_path / "taken").write_text("")
    result = study(spec(), "--csv", "taken")
    assert result.code == 2 and "taken" in result.json["error"]["file"]
    # Nothing of the study is lost.
    assert study(spec(), "--csv", "free").json["ran"] == 0


def test_a_report_that_cannot_be_written_is_said_before_the_work(spec, tmp_path):
    result = study(spec(), "--report", "no/where.html")
    assert result.code == 2 and result.json["error"]["where"] == "--report"
    assert not (tmp_path / "spec.sqlite").exists()


def test_out_of_memory_and_time_are_outcomes(spec):
    # More weights than 64 MiB hold; and a cell that takes longer than it may.
    huge = study(spec(architectures=["2x2500"], memory_limit=64))
    assert huge.code == 0, huge
    assert count(huge, "out_of_memory") == 1 and count(huge, "skipped") == CELLS - 1
    path = spec(**SLOW, name="slow", cell_limit=0.3)
    slow = study(path, "--ledger", "slow.sqlite")
    assert slow.code == 0 and count(slow, "time_out") == 1 and count(slow, "skipped") == CELLS - 1
    assert study(path, "--ledger", "slow.sqlite").json["ran"] == 0
    retried = study(path, "--ledger", "slow.sqlite", "--retry", "failed")
    assert retried.json["ran"] == 1 and count(retried, "time_out") == 1


def workers_of(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                if b"study-worker" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def start(path, *arguments, cwd=None):
    """In a process group of its own."""
    return subprocess.Popen([PROGRAM, "study", str(path), "--workers", "2", *map(str, arguments)], cwd=cwd or path.parent,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True)


def a_worker(process):
    for _ in range(2000):
        found = workers_of(process.pid)
        if found:
            return found[0]
        time.sleep(0.005)
    raise AssertionError("no worker was started")


def test_a_crash_is_an_outcome(spec):
    process = start(spec(**SLOW))
    os.kill(a_worker(process), signal.SIGSEGV)
    assert process.wait(30) == 0
    with sqlite3.connect(spec().parent / "spec.sqlite") as ledger:
        rows = dict(ledger.execute("SELECT outcome, reason FROM cells WHERE kind = 'train'"))
    assert list(rows) == ["crashed"] and "signal 11" in rows["crashed"]


def test_a_worker_killed_from_outside_is_tried_once_more(spec):
    process = start(spec(**SLOW))
    first = a_worker(process)
    os.kill(first, signal.SIGKILL)
    second = first
    while second == first:
        second = a_worker(process)
    os.kill(second, signal.SIGKILL)
    assert process.wait(30) == 0
    with sqlite3.connect(spec().parent / "spec.sqlite") as ledger:
        rows = dict(ledger.execute("SELECT outcome, reason FROM cells WHERE kind = 'train'"))
    assert list(rows) == ["crashed"] and "signal 9" in rows["crashed"]


def test_workers_die_with_their_parent(spec):
    process = start(spec(**SLOW))
    worker = a_worker(process)
    process.kill()
    process.wait()
    for _ in range(400):
        if not pathlib.Path(f"/proc/{worker}").exists():
            return
        state = pathlib.Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            return
        time.sleep(0.01)
    raise AssertionError("the worker lives on")


def test_a_study_goes_on_with_the_program_it_was_started_with(spec, tmp_path):
    """Someone builds or installs another one meanwhile."""
    program = tmp_path / "secateur"
    shutil.copy(PROGRAM, program)
    process = subprocess.Popen([program, "study", spec(seeds=list(range(4)))], cwd=tmp_path, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    a_worker(process)
    program.unlink()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert process.wait(60) == 0
    with sqlite3.connect(tmp_path / "spec.sqlite") as ledger:
        assert dict(ledger.execute("SELECT outcome, count(*) FROM cells GROUP BY outcome")) == {"done": 4 * CELLS}


def test_interrupt_ends_at_once_and_loses_nothing(spec, tmp_path):
    process = start(spec(**SLOW))
    worker = a_worker(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    assert not pathlib.Path(f"/proc/{worker}").exists()
    with sqlite3.connect(tmp_path / "spec.sqlite") as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert set(ledger.execute("SELECT outcome FROM cells")) == {("pending",)}


def test_a_disk_that_is_full_is_one_line_and_loses_nothing(spec, tmp_path):
    """No file of the run may grow beyond a limit: writes then fail as they do on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    full = study(spec(seeds=list(range(12))), preexec_fn=limit)
    assert full.code == 2, full
    assert full.json["error"]["file"].endswith("spec.sqlite")
    assert "cannot be written" in full.json["error"]["message"]
    with sqlite3.connect(tmp_path / "spec.sqlite") as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (kept,) = ledger.execute("SELECT count(*) FROM cells WHERE outcome = 'done'").fetchone()
    again = study(spec(seeds=list(range(12))))
    assert again.code == 0 and again.json["ran"] == 12 * CELLS - kept


def test_killed_twenty_times_gives_the_same_ledger(tmp_path):
    """The whole process group, or the parent alone, at random moments; every run goes on where the last one was."""
    smoke = ROOT / "studies" / "smoke.json"
    calm = run("study", smoke, "--workers", 2, "--ledger", "calm.sqlite", "--csv", "calm", "--json", cwd=tmp_path)
    cells, seconds = calm.json["ran"], calm.json["seconds"]
    assert calm.code == 0 and count(calm, "done") == cells
    rng = random.Random(5)
    done, unfinished = 0, 0
    for kill in range(20):
        process = start(smoke, "--ledger", "killed.sqlite", cwd=tmp_path)
        time.sleep(rng.uniform(0.01, 0.01 + seconds / 10))
        os.killpg(process.pid, signal.SIGKILL) if kill % 2 else process.kill()
        process.wait()
        if (tmp_path / "killed.sqlite").exists():
            with sqlite3.connect(tmp_path / "killed.sqlite") as ledger:
                states = dict(ledger.execute("SELECT outcome, count(*) FROM cells GROUP BY outcome"))
            # Being killed is nobody's outcome, and nothing that was done is undone.
            assert set(states) <= {"pending", "done"}, states
            assert states.get("done", 0) >= done
            done = states.get("done", 0)
            unfinished += done < cells
    assert unfinished >= 10, unfinished
    last = run("study", smoke, "--workers", 2, "--ledger", "killed.sqlite", "--csv", "killed", "--json", cwd=tmp_path)
    assert last.code == 0 and last.json["ran"] == cells - done
    assert tables(tmp_path / "killed") == tables(tmp_path / "calm")


def test_smoke_runs_from_nothing(tmp_path):
    result = run("study", ROOT / "studies" / "smoke.json", "--ledger", "smoke.sqlite", "--csv", "csv",
                 "--report", "smoke.html", "--json", cwd=tmp_path)
    assert result.code == 0 and set(o for k in result.json["cells"] for o, n in k.items()
                                    if o not in ("kind", "attribution", "total") and n) == {"done"}
    assert result.json["seconds"] < 60
    assert "smoke.html" in result.json["files"]
    assert all((tmp_path / file).stat().st_size > 0 for file in result.json["files"])
    assert "<html" in (tmp_path / "smoke.html").read_text()[:200]
    assert all(row["status"] == "optimal" for row in tables(tmp_path / "csv")["solves"])


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.json")), ids=lambda p: p.stem)
def test_committed_studies_follow_the_schema_and_can_be_planned(path, tmp_path):
    schema = json.loads((ROOT / "docs" / "study.schema.json").read_text())
    jsonschema.validate(json.loads(path.read_text()), schema)
    result = run("study", path, "--ledger", tmp_path / "x.sqlite", "--plan", "--json")
    assert result.code == 0 and count(result, "pending") == sum(k["total"] for k in result.json["cells"]) > 0


@pytest.mark.parametrize("block", ["training", "pruning", "solve", "sources"])
def test_the_schema_has_the_keys_that_the_program_reads(block, spec):
    """Both lists are complete: the program's is that of its refusal."""
    schema = json.loads((ROOT / "docs" / "study.schema.json").read_text())
    entries = schema["properties"][block]["items"]
    for entry in entries.get("oneOf", [entries]):
        bad = {**{key: "x" for key in entry["required"]}, "no such key": 1}
        error = refused("study", spec(**{block: [bad]}), mentions=['unknown key "no such key"'])
        allowed = set(error["message"].split("allowed: ")[1].split(", "))
        assert allowed == set(entry["properties"]), allowed ^ set(entry["properties"])
