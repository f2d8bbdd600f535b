# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, progress, and streams that fail."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest
from conftest import PROGRAM, run, table


def start(*arguments, **streams):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams})


def wait_for_work(process):
    """The first report of progress brings the line about the run."""
    assert process.stderr.readline().startswith(b"info: secateur ")
    time.sleep(1)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_solve_reports_incumbent_and_bound(hard, which):
    net, best = hard
    process = start("solve", net, "--box", "-1:1", "--json")
    wait_for_work(process)
    process.send_signal(which)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    found = json.loads(out)
    assert found["status"] == "interrupted"
    assert found["bound"] <= best
    assert found["objective"] >= best - 1e-4 * abs(best)
    assert found["gap"] > 1e-4 and len(found["x"]) == 16
    assert found["y"]["y[0]"] == found["objective"]


def interrupted_without_output(folder, *arguments):
    before = sorted(p.name for p in folder.iterdir())
    process = start(*arguments, "--json")
    wait_for_work(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert json.loads(out)["status"] == "interrupted" and b"was not written" in err
    assert sorted(p.name for p in folder.iterdir()) == before


def test_interrupted_training_and_pruning_write_nothing(tmp_path):
    data = table(tmp_path / "data.csv", rows=5000)
    net = tmp_path / "net.onnx"
    common = ["--data", data, "--inputs", "a,b", "--outputs", "y"]
    interrupted_without_output(tmp_path, "train", *common, "--hidden", "100,100", "--out", net, "--epochs", "1000000",
                               "--patience", "1000000")
    assert run("train", *common, "--hidden", "100,100", "--out", net, "--epochs", "2").code == 0
    interrupted_without_output(tmp_path, "prune", net, *common, "--sparsity", "0.9", "--out", tmp_path / "p.onnx",
                               "--epochs", "1000000")


def test_progress_is_plain_lines_without_a_terminal(hard):
    process = start("solve", hard[0], "--box", "-1:1", "--time-limit", "8", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    json.loads(out)
    lines = err.decode().splitlines()
    assert lines[0].startswith("info: secateur ")
    shown = [line for line in lines if line.startswith("solve: ")]
    assert 1 <= len(shown) <= 4 and "bound " in shown[-1] and "nodes" in shown[-1]
    assert b"\r" not in err and b"\033" not in err


def test_progress_is_one_redrawn_line_on_a_terminal(hard):
    leader, follower = pty.openpty()
    process = start("solve", hard[0], "--box", "-1:1", "--time-limit", "2", "--json", stderr=follower,
                    env={**os.environ, "TERM": "xterm"})
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    out, _ = process.communicate(timeout=30)
    os.close(leader)
    assert process.returncode == 4 and json.loads(out)
    frames = [frame for frame in shown.split(b"\r\033[K") if b"bound" in frame]
    assert 1 <= len(frames) <= 30
    # Every frame fits the line, and the last thing done is to wipe it.
    assert all(b"\n" not in frame and len(frame) < 80 for frame in frames)
    assert shown.endswith(b"\r\033[K")


@pytest.mark.parametrize("arguments", [["eval", "--at", "0,0"], ["eval", "--at", "0,0", "--json"], ["info"],
                                       ["bounds", "--box", "-1:1", "--json"]])
def test_a_full_disk_behind_stdout(net, arguments):
    with open("/dev/full", "w") as full:
        process = start(arguments[0], net, *arguments[1:], stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == b"error: standard output: cannot be written: No space left on device\n"


def test_a_closed_stdout(net):
    process = subprocess.run(["sh", "-c", f'"{PROGRAM}" info "{net}" >&-'], capture_output=True)
    assert process.returncode == 2 and process.stderr.startswith(b"error: standard output: cannot be written")


def test_a_closed_stdout_does_not_spoil_the_file_written(named, tmp_path):
    out = tmp_path / "o.lp"
    subprocess.run(["sh", "-c", f'"{PROGRAM}" export "{named}" --format lp --out "{out}" >&- 2>&-'])
    assert out.read_bytes() == (lambda p: (run("export", named, "--format", "lp", "--out", p), p.read_bytes())[1])(
        tmp_path / "again.lp")


def test_a_reader_that_goes_away(named):
    read, written = os.pipe()
    os.close(read)
    process = start("bounds", named, "--json", stdout=written)
    os.close(written)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2 and err == b"error: standard output: cannot be written: Broken pipe\n"


def test_help_into_a_full_disk():
    with open("/dev/full", "w") as full:
        process = start("--help", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2 and err.count(b"\n") == 1
