# SPDX-License-Identifier: Apache-2.0
"""The demonstration as a user runs it, with its quick settings."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy
import onnxruntime
import pytest

PROGRAM = os.environ.get("SECATEUR", "bin/secateur")
NETWORKS = {"dense.onnx": "dense", "weights90.onnx": "weights 90 %", "nodes75.onnx": "nodes 75 %"}
FILES = [*NETWORKS, "data.csv", "results.json", "report.html", "data/surface.csv", "data/trace.csv",
         "data/sparsity.csv", "data/widths.csv"]


def run(*arguments, **options):
    return subprocess.run([PROGRAM, "demo", *arguments], capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One quick run, from a folder that has nothing in it: the program brings everything along."""
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    process = run("--quick", "--out", "out", "--json", cwd=folder)
    seconds = time.monotonic() - began
    assert process.returncode == 0, process.stderr
    return folder / "out", json.loads(process.stdout), seconds, process.stderr


def test_is_quick(demo):
    program = Path(PROGRAM).read_bytes()
    if any(name in program for name in (b"__asan_init", b"__tsan_init")):
        pytest.skip("a sanitizer slows the program down")
    assert demo[2] < 40


def test_writes_every_file_and_names_it(demo):
    folder, result, _, _ = demo
    assert sorted(result["files"]) == sorted(FILES)
    found = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert sorted(found) == sorted(FILES)
    assert all((folder / name).stat().st_size > 0 for name in FILES)


def test_json_has_the_same_numbers_as_the_file(demo):
    folder, result, _, _ = demo
    stored = json.loads((folder / "results.json").read_text())
    for key in ("networks", "sweep", "function", "settings", "seed", "version", "interrupted"):
        assert stored[key] == result[key], key


def test_networks_are_solved_and_compared(demo):
    networks = demo[1]["networks"]
    assert [network["name"] for network in networks] == list(NETWORKS.values())
    dense, by_weight, by_node = networks
    assert dense["speed_up"] is None
    assert by_weight["weights"] == pytest.approx(0.1 * dense["weights"], abs=1)
    assert by_node["neurons"] == pytest.approx(0.25 * dense["neurons"], abs=1)
    for network in (by_weight, by_node):
        solve = network["solve"]
        assert solve["status"] == "optimal"
        assert solve["gap"] <= 1e-4 or abs(solve["objective"] - solve["bound"]) <= 1e-6
        assert solve["neurons"]["binaries"] < dense["solve"]["neurons"]["binaries"]
        assert network["speed_up"]["factor"] > 0
        proven = dense["solve"]["status"] == "optimal"
        assert network["speed_up"]["relation"] == ("equal" if proven else "at_least")
    for network in networks:
        # The native engine answers the same question, with a bound in real arithmetic.
        native = network["native"]
        assert (native["status"], native["engine"], native["proof"]) == ("optimal", "native", "rounding_safe")
        assert native["objective"] <= network["solve"]["objective"] + 1e-3
        assert native["bound"] <= network["solve"]["objective"] + 1e-6
        x = numpy.array(list(network["solve"]["x"].values()))
        true = numpy.array(demo[1]["function"]["minimizer"])
        assert network["distance"] == pytest.approx(numpy.linalg.norm(x - true), rel=1e-9)
        expected = abs(network["solve"]["objective"] - network["simulated"]) / abs(network["simulated"])
        assert network["objective_error"] == pytest.approx(expected, rel=1e-9)


def test_saved_networks_are_the_ones_that_were_solved(demo):
    folder, result, _, _ = demo
    for network in result["networks"]:
        session = onnxruntime.InferenceSession(str(folder / network["file"]), providers=["CPUExecutionProvider"])
        x = numpy.array([list(network["solve"]["x"].values())], dtype=numpy.float32)
        y = session.run(None, {session.get_inputs()[0].name: x})[0]
        assert float(y.reshape(-1)[0]) == pytest.approx(network["solve"]["objective"], rel=1e-4, abs=1e-4)


def test_other_commands_read_the_networks(demo):
    folder, result, _, _ = demo
    for network in result["networks"]:
        info = subprocess.run([PROGRAM, "info", folder / network["file"], "--json"], capture_output=True, check=True)
        assert json.loads(info.stdout)["weights"] == network["weights"]
        subprocess.run([PROGRAM, "bounds", folder / network["file"], "--json"], capture_output=True, check=True)


def test_report_is_self_contained(demo):
    html = (demo[0] / "report.html").read_text()
    assert html.startswith("<!DOCTYPE html>") and html.rstrip().endswith("</html>")
    assert "default-src 'none'" in html
    assert 'Plotly=' in html and "Licensed under the MIT license" in html
    for tag in ("<script src", "<link rel=\"stylesheet", "<img", "<iframe", "@import"):
        assert tag not in html, tag
    plots = json.loads(html.split('id="plots">', 1)[1].split("</script>", 1)[0])
    assert {"plot-1-1", "plot-1-4", "plot-2-1", "plot-3-1", "plot-3-2", "plot-4-1"} <= plots.keys()
    assert all(trace["x"] for plot in plots.values() for trace in plot["data"])


def test_again_with_plain_output(demo, tmp_path):
    """The table and the report's place on stdout; and the same seed trains the same networks, bit for bit."""
    process = run("--quick", "--time-limit", "0.5", "--out", str(tmp_path / "again"))
    assert process.returncode == 0, process.stderr
    for text in (*NETWORKS.values(), "speed-up", "native s", str(tmp_path / "again" / "report.html")):
        assert text in process.stdout, text
    assert max(map(len, process.stdout.splitlines())) <= 120
    for name in [*NETWORKS, "data.csv"]:
        assert (tmp_path / "again" / name).read_bytes() == (demo[0] / name).read_bytes(), name


def test_progress_goes_to_stderr(demo):
    assert "dense" in demo[3]


@pytest.mark.parametrize("arguments", [["--time-limit", "0"], ["--time-limit", "nan"], ["--threads", "0"],
                                       ["--seed", "-1"], ["--nonsense"], ["stray"]])
def test_refuses_bad_options(arguments, tmp_path):
    process = run("--quick", "--out", str(tmp_path / "out"), *arguments)
    assert process.returncode == 2
    assert len(process.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_refuses_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "taken").write_text("text")
    process = run("--quick", "--out", str(tmp_path / "taken"), "--json")
    assert process.returncode == 2
    assert json.loads(process.stdout)["error"]["file"].endswith("taken")
    assert (tmp_path / "taken").read_text() == "text"


def test_interrupted_reports_what_is_there(tmp_path):
    folder = tmp_path / "out"
    process = subprocess.Popen([PROGRAM, "demo", "--quick", "--out", str(folder), "--json"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    try:
        limit = time.monotonic() + 60
        while not (folder / "nodes75.onnx").exists():  # from here on the solver is at work on the dense network
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    result = json.loads(output)
    assert result["interrupted"] is True
    assert [network["name"] for network in result["networks"]] == list(NETWORKS.values())
    assert all((folder / name).exists() for name in result["files"])
    assert "interrupted" in (folder / "report.html").read_text().split("<script>")[0]
