# SPDX-License-Identifier: Apache-2.0
"""secateur demo, in its quick form; the full one is what `make demo` runs."""

import json
import signal
import subprocess
import time

import pytest
from conftest import PROGRAM, refused, run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, run("demo", "--quick", "--time-limit", "2", "--out", out, "--json")


def test_json_and_files(demo):
    out, result = demo
    assert result.code == 0, result
    found = result.json
    assert len(found["networks"]) == 3 and found["interrupted"] is False
    for name in ("dense.onnx", "weights90.onnx", "nodes75.onnx", "results.json", "report.html", "data.csv"):
        assert (out / name).stat().st_size > 0
    json.loads((out / "results.json").read_text())
    html = (out / "report.html").read_text()
    assert "<html" in html and 'src="http' not in html and "@import" not in html


def test_every_network_is_one_that_the_other_commands_read(demo):
    out, _ = demo
    dense, pruned = (run("info", out / name, "--json").json for name in ("dense.onnx", "weights90.onnx"))
    assert pruned["weights"] <= 0.11 * dense["weights"]
    assert run("bounds", out / "nodes75.onnx", "--json").code == 0


def test_text_is_a_table_with_the_report(tmp_path):
    result = run("demo", "--quick", "--time-limit", "0.5", "--out", tmp_path / "out")
    assert result.code == 0, result
    assert "speed-up" in result.out and str(tmp_path / "out" / "report.html") in result.out
    assert max(map(len, result.out.splitlines())) <= 120
    assert "info: secateur" in result.err and "--quick" in result.err


def test_interrupted(tmp_path):
    process = subprocess.Popen([PROGRAM, "demo", "--out", tmp_path / "out", "--json"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["interrupted"] is True


def test_refused(tmp_path):
    (tmp_path / "file").write_text("")
    refused("demo", "--out", tmp_path / "file", mentions=["file"])
    refused("demo", "--out", "/proc/demo", mentions=["/proc/demo"])
    refused("demo", "--time-limit", "-1", mentions=["above 0"])
    refused("demo", "peaks", mentions=['"peaks"'])
