# SPDX-License-Identifier: Apache-2.0
"""secateur solve --learned: what one solve has found helps the next one of the same networks."""

import json
import random

import pytest
from conftest import random_layers, refused, run, save


@pytest.fixture
def net(tmp_path):
    return save(tmp_path / "net.onnx", random_layers([4, 20, 20, 2], 5))


def solve(net, *arguments):
    result = run("solve", net, *arguments, "--json")
    assert result.code == 0, result
    return result.json


def test_a_part_of_what_was_solved_takes_no_search(net, tmp_path):
    file = tmp_path / "learned"
    first = solve(net, "--box", "-1:1", "--learned", file)
    assert first["nodes"] + first["boxes"] > 0 and file.exists()
    # A box around the optimum inside the first one.
    box = ",".join(f"{max(-1, x - 0.3)!r}:{min(1, x + 0.3)!r}" for x in first["x"].values())
    again = solve(net, "--box", box, "--learned", file)
    assert again["nodes"] == again["boxes"] == 0 and "earlier solve" in again["note"]
    assert again["objective"] <= first["objective"] + 1e-9 and again["bound"] == first["bound"]
    assert again["proof"] == "rounding_safe" and again["engine"] == "native"


@pytest.mark.parametrize("change", [["--box", "-1.1:1.1"], ["--box", "-0.5:1"], ["--box", "-1:1", "--maximize", "0"],
                                    ["--box", "-1:1", "--minimize", "1"], ["--box", "-1:1", "--objective", "1,-0.5"],
                                    ["--box", "-1:0.9", "--engine", "milp"], ["--box", "-1:0.9", "--solutions", "2"]])
def test_any_change_gives_the_optimum_of_a_fresh_solve(net, tmp_path, change):
    file = tmp_path / "learned"
    solve(net, "--box", "-1:1", "--learned", file)
    before = file.read_bytes()
    fresh, again = solve(net, *change), solve(net, *change, "--learned", file)
    assert again["status"] == "optimal"
    assert again["objective"] == pytest.approx(fresh["objective"], rel=2e-4)
    assert file.read_bytes() != before


def test_a_problem_file_that_grows(named, tmp_path):
    file, problem = tmp_path / "learned", tmp_path / "problem.json"

    def written(constraints, extra):
        variables = [{"name": "T", "lower": 280, "upper": 360}, {"name": "p", "lower": 1, "upper": 10}, *extra,
                     {"name": "yield"}, {"name": "cost"}]
        problem.write_text(json.dumps({
            "version": 1, "variables": variables, "networks": [{"name": "net", "file": str(named), "inputs": ["T", "p"],
                                                  "outputs": ["yield", "cost"]}],
            "constraints": constraints, "objective": {"sense": "maximize", "terms": {"yield": 1, "cost": -1}}}))
        return problem

    for constraints, extra in [([], []), ([{"name": "hot", "terms": {"T": 1, "p": 2}, "upper": 350}], []),
                               ([{"name": "hot", "terms": {"T": 1, "p": 2, "aid": -1}, "upper": 340}],
                                [{"name": "aid", "lower": 0, "upper": 3}])]:
        fresh = solve(written(constraints, extra))
        again = solve(written(constraints, extra), "--learned", file)
        assert again["objective"] == pytest.approx(fresh["objective"], rel=2e-4)


def test_a_solve_that_was_cut_short_has_learned_as_well(hard, tmp_path):
    net, _ = hard
    file = tmp_path / "learned"
    first = run("solve", net, "--box", "-1:1", "--time-limit", "2", "--learned", file, "--json")
    assert first.code == 4
    again = run("solve", net, "--box", "-1:1", "--time-limit", "1e-9", "--learned", file, "--json").json
    assert again["objective"] <= first.json["objective"] and again["bound"] >= first.json["bound"]


def test_what_is_refused(net, named, tmp_path):
    file = tmp_path / "learned"
    solve(net, "--box", "-1:1", "--learned", file)
    good = file.read_bytes()
    assert refused("solve", named, "--learned", file, mentions=["other networks"])["file"] == str(file)
    assert file.read_bytes() == good
    chance = random.Random(2)
    for _ in range(3):
        at = chance.randrange(good.index(b"\n") + 1, len(good))
        file.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
        refused("solve", net, "--box", "-1:1", "--learned", file, mentions=["damaged"])
    file.write_bytes(good[:-1])
    refused("solve", net, "--box", "-1:1", "--learned", file, mentions=["damaged"])
    file.write_bytes(good.replace(b"learned 1 ", b"learned 0 ", 1))
    refused("solve", net, "--box", "-1:1", "--learned", file, mentions=["another version"])
    file.write_bytes(b"")
    refused("solve", net, "--box", "-1:1", "--learned", file, mentions=["learned"])
    refused("solve", net, "--box", "-1:1", "--learned", tmp_path, mentions=["folder"])
    refused("solve", net, "--box", "-1:1", "--learned", tmp_path / "no" / "l", mentions=["folder"])
    refused("solve", net, "--learned", file, "--property", "p.vnnlib", mentions=["--property"])
