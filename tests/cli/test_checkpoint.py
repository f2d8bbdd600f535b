# SPDX-License-Identifier: Apache-2.0
"""secateur solve --checkpoint: killed at any moment, a search goes on and ends as it would have."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
from conftest import PROGRAM, ROOT, refused, run

NETS = ROOT / "tests" / "data" / "nets"


def search(net, *more):
    return ["solve", NETS / net, "--box", "-1:1", "--engine", "native", "--threads", "1", *more]


# Dual ascent, closed in about a second; branch and cut, in a fifth of it.
SEARCH = search("d8_2x50_dense.onnx")
CUTS = search("d16_2x50_w90.onnx", "--gap", "1e-6")


def kept(folder):
    return sorted(name for name in os.listdir(folder) if name.startswith("search.ckpt"))


def saved_at(file):
    return file.stat().st_mtime_ns if file.exists() else None


def start_and_wait(file, *more, command=SEARCH):
    """A process that goes on from a file, or begins, and has saved something new."""
    before = saved_at(file)
    process = subprocess.Popen([PROGRAM, *map(str, command), "--checkpoint", str(file), "--checkpoint-every", "0",
                                "--json", *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    while process.poll() is None and saved_at(file) == before:
        time.sleep(0.002)
    return process


def interrupted(file, *more, command=SEARCH):
    process = start_and_wait(file, *more, command=command)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    return json.loads(out)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of SEARCH, and what was known by then."""
    file = tmp_path / "search.ckpt"
    found = interrupted(file)
    assert found["status"] == "interrupted" and kept(tmp_path) == ["search.ckpt"]
    return file, found


@pytest.mark.parametrize("command, nodes, longest", [(SEARCH, 2000, 0.1), (CUTS, 900, 0.06)])
def test_killed_again_and_again_it_ends_with_the_same_optimum(tmp_path, command, nodes, longest):
    whole = run(*command, "--json").json
    assert whole["status"] == "optimal" and whole["nodes"] > nodes
    file, chance, killed = tmp_path / "search.ckpt", random.Random(3), 0
    for _ in range(6):
        process = start_and_wait(file, command=command)
        time.sleep(chance.uniform(0, longest))
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        killed += 1
    assert killed >= 2
    # What is known by now is never more than is true, and never less than it was.
    known = None
    for _ in range(2):
        if not file.exists():
            break
        now = interrupted(file, command=command)
        assert now["bound"] <= whole["objective"]
        assert known is None or (now["bound"] >= known["bound"] and now["nodes"] >= known["nodes"])
        known = now
    ended = run(*command, "--checkpoint", file, "--json")
    assert ended.code == 0
    assert ended.json["status"] == "optimal" and ended.json["proof"] == "rounding_safe"
    assert ended.json["objective"] == pytest.approx(whole["objective"], rel=1e-4)
    assert known is None or known["bound"] <= ended.json["bound"]
    assert ended.json["bound"] <= ended.json["objective"]
    assert not file.exists()


def test_it_goes_on_from_the_bound_and_the_nodes_that_were_saved(saved):
    file, before = saved
    after = interrupted(file, "--seed", "5", "--bounds", "alpha_crown")
    assert after["bound"] >= before["bound"] and after["objective"] <= before["objective"]
    assert after["nodes"] >= before["nodes"] > 0
    ended = run(*SEARCH, "--checkpoint", file, "--json")
    assert ended.json["status"] == "optimal" and ended.json["nodes"] > after["nodes"]
    assert kept(file.parent) == []


def test_without_an_interruption_it_takes_the_same_nodes(tmp_path):
    """Branch and cut where it is the faster search, with a checkpoint as without."""
    plain = run(*CUTS, "--json").json
    saving = run(*CUTS, "--checkpoint", tmp_path / "search.ckpt", "--checkpoint-every", "0", "--json").json
    assert saving["nodes"] == plain["nodes"] and saving["bound"] == plain["bound"]


def test_a_time_limit_saves_too(tmp_path, hard):
    file = tmp_path / "search.ckpt"
    command = ["solve", hard[0], "--box", "-1:1", "--engine", "native", "--checkpoint", file, "--json"]
    first = run(*command, "--time-limit", "1")
    assert first.code == 4 and kept(tmp_path) == ["search.ckpt"]
    second = run(*command, "--time-limit", "1")
    assert second.code == 4
    assert first.json["bound"] <= second.json["bound"] <= hard[1] and second.json["nodes"] > first.json["nodes"]


@pytest.mark.parametrize("change", [["--gap", "0.01"], ["--box", "-1:0.9999"], ["--maximize", "0"]])
def test_a_checkpoint_of_another_problem_is_refused(saved, change):
    arguments = list(SEARCH)
    if change[0] in arguments:
        at = arguments.index(change[0])
        arguments[at + 1] = change[1]
    else:
        arguments += change
    before = saved[0].read_bytes()
    error = refused(*arguments, "--checkpoint", saved[0], mentions=["another problem"])
    assert error["file"] == str(saved[0])
    assert saved[0].read_bytes() == before


def test_a_damaged_checkpoint_is_refused(saved):
    file, _ = saved
    good = file.read_bytes()
    chance = random.Random(1)
    for _ in range(3):
        at = chance.randrange(good.index(b"\n") + 1, len(good))
        file.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
        refused(*SEARCH, "--checkpoint", file, mentions=["damaged"])
    for length in (len(good) - 1, len(good) // 2, good.index(b"\n") + 1):
        file.write_bytes(good[:length])
        refused(*SEARCH, "--checkpoint", file, mentions=["damaged"])
    file.write_bytes(good + b"\0")
    refused(*SEARCH, "--checkpoint", file, mentions=["damaged"])
    assert good.startswith(b"secateur checkpoint 2 ")
    file.write_bytes(good.replace(b"checkpoint 2 ", b"checkpoint 1 ", 1))
    refused(*SEARCH, "--checkpoint", file, mentions=["another version"])
    for text in (b"", b"x,y\n1,2\n"):
        file.write_bytes(text)
        refused(*SEARCH, "--checkpoint", file, mentions=["no checkpoint"])
    file.write_bytes(good)
    assert run(*SEARCH, "--checkpoint", file).code == 0


def test_options_that_do_not_fit(tmp_path, named):
    file = tmp_path / "c"
    refused("solve", named, "--checkpoint", tmp_path / "no" / "c", mentions=["folder"])
    refused("solve", named, "--checkpoint", tmp_path, mentions=["folder"])
    refused("solve", named, "--checkpoint-every", "5", mentions=["--checkpoint FILE"])
    refused("solve", named, "--checkpoint", file, "--checkpoint-every", "-1", mentions=["--checkpoint-every"])
    refused("solve", named, "--checkpoint", file, "--solutions", "2", mentions=["--solutions"])
    refused("solve", named, "--checkpoint", file, "--property", "p.vnnlib", mentions=["--property"])
    assert not file.exists()


def test_the_milp_path_says_that_it_has_nothing_to_save(tmp_path, named):
    result = run("solve", named, "--engine", "milp", "--checkpoint", tmp_path / "c", "--json")
    assert result.code == 0 and "nothing to checkpoint" in result.json["note"]
    assert not (tmp_path / "c").exists()
