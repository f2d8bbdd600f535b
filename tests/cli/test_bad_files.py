# SPDX-License-Identifier: Apache-2.0
"""Model files, tables and places that cannot be used: one line, exit code 2, nothing written."""

import os

import numpy as np
import onnx
import pytest
from conftest import random_layers, refused, run, save, table, write
from onnx import helper, numpy_helper

COMMANDS = {
    "info": [], "eval": ["--at", "0,0"], "bounds": ["--box", "-1:1"], "solve": ["--box", "-1:1"],
    "export": ["--box", "-1:1", "--format", "mps", "--out", "written.mps"],
    "prune": ["--box", "-1:1", "--sparsity", "0.5", "--out", "written.onnx"]}


def refused_everywhere(path, *mentions):
    """Every command that reads a network refuses it alike, and leaves nothing behind."""
    before = sorted(p.name for p in path.parent.iterdir())
    lines = set()
    for command, more in COMMANDS.items():
        error = refused(command, path, *more, mentions=mentions, cwd=path.parent)
        lines.add(error["message"])
        assert error["file"] and path.name in error["file"]
    assert len(lines) == 1
    assert sorted(p.name for p in path.parent.iterdir()) == before


def test_missing(tmp_path):
    refused_everywhere(tmp_path / "nowhere.onnx", "No such file")


def test_a_folder(tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    refused_everywhere(tmp_path / "folder.onnx", "folder")


def test_empty(tmp_path):
    (tmp_path / "n.onnx").write_bytes(b"")
    refused_everywhere(tmp_path / "n.onnx", "empty")


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.99])
def test_truncated(net, keep):
    content = net.read_bytes()
    net.write_bytes(content[:int(keep * len(content))])
    refused_everywhere(net)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"PK\3\4" + b"x" * 200,
                                     b"\0" * 64, b"\xff" * 64], ids=["csv", "png", "zip", "zeros", "ones"])
def test_not_onnx(tmp_path, content):
    (tmp_path / "n.onnx").write_bytes(content)
    refused_everywhere(tmp_path / "n.onnx")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", [0, 1])
def test_weights_that_are_not_finite(tmp_path, number, part):
    layers = random_layers([2, 4, 1], 0)
    layers[1][part].flat[0] = number
    refused_everywhere(save(tmp_path / "n.onnx", layers), "finite" if np.isinf(number) else "n")


def test_shapes_that_do_not_chain(tmp_path):
    layers = [random_layers([2, 4], 0)[0], random_layers([5, 1], 0)[0]]
    refused_everywhere(save(tmp_path / "n.onnx", layers), "gemm1", "4", "5")


def test_external_data(tmp_path):
    path = save(tmp_path / "n.onnx", random_layers([2, 40, 1], 0), external=True)
    data = tmp_path / "n.onnx.data"
    content = data.read_bytes()
    assert run("eval", path, "--at", "0,0").code == 0
    data.write_bytes(content[:-8])
    refused_everywhere(path, "n.onnx.data")
    data.unlink()
    refused_everywhere(path, "n.onnx.data")


def test_external_data_stays_beside_the_model(tmp_path):
    path = save(tmp_path / "n.onnx", random_layers([2, 40, 1], 0), external=True)
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "/etc/passwd"
    path.write_bytes(model.SerializeToString())
    refused_everywhere(path, "/etc/passwd")


@pytest.mark.parametrize("op", ["Tanh", "Elu", "Softplus", "Erf"])
def test_unsupported_operations_name_node_and_what_is_supported(tmp_path, op):
    weight = numpy_helper.from_array(np.ones((2, 1), np.float32), "W")
    nodes = [helper.make_node("MatMul", ["x", "W"], ["z"]), helper.make_node(op, ["z"], ["y"], name="strange")]
    write(tmp_path / "n.onnx", nodes, [weight], 2, 1)
    refused_everywhere(tmp_path / "n.onnx", "strange", op, "Gemm", "Relu")


def training(csv, out, inputs="a,b", outputs="y"):
    return ["train", "--data", csv, "--inputs", inputs, "--outputs", outputs, "--hidden", "4", "--epochs", "2", "--out", out]


ROWS = "".join(f"{k},{k % 7},{k * k}\n" for k in range(30))


@pytest.mark.parametrize("text, mentions", [
    ("", ["empty"]), ("a,b,y\n", ["row"]), ("a,b,y\n" + ROWS + "1,2\n", ["32"]), ("a,b,y\n1,2,3,4\n" + ROWS, ["2"]),
    ("a,b,y\n" + ROWS + "1,abc,3\n", ["abc", "32", '"b"']), ("a,b,y\n" + ROWS + "1,,3\n", ["32"]),
    ("a,b,y\n" + ROWS + "1,nan,3\n", ["32"]), ("a,b,y\n" + ROWS + "1,inf,3\n", ["32"]),
    ("a,b,y\n" + ROWS + "1,1e999,3\n", ["32"]), ("a,a,y\n" + ROWS, ['"a"']), ("a,,y\n" + ROWS, []),
    ("a,b,z\n" + ROWS, ['"y"', '"a", "b", "z"']), ("a,b,y\n1,2,3\n4,5,6\n", ["2 rows", "10"]),
    ("1,2,3\n" + ROWS, ["line 1", "header"]), ("a;b;y\n1;2;3\n", []), ("\0\1\2\3", [])],
    ids=["empty", "no-rows", "short-row", "long-row", "text", "hole", "nan", "inf", "overflow", "twice", "unnamed",
         "missing-column", "too-few-rows", "no-header", "semicolons", "binary"])
def test_tables(tmp_path, text, mentions):
    csv = tmp_path / "data.csv"
    csv.write_text(text)
    error = refused(*training(csv, tmp_path / "n.onnx"), mentions=mentions)
    assert error["file"] == str(csv)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv"]


def test_a_table_that_is_missing(tmp_path):
    refused(*training(tmp_path / "data.csv", tmp_path / "n.onnx"), mentions=["data.csv", "No such file"])


@pytest.mark.parametrize("inputs, outputs, mentions", [("a,c", "y", ['"c"', '"a", "b", "ignored", "y", "z"']), ("a,b", "a", ['"a"']),
                                                       ("a,a", "y", ['"a"']), ("a,,b", "y", ["--inputs", "empty"]),
                                                       ("", "y", ["--inputs"])])
def test_columns(csv, tmp_path, inputs, outputs, mentions):
    refused(*training(csv, tmp_path / "n.onnx", inputs, outputs), mentions=mentions)
    assert not (tmp_path / "n.onnx").exists()


def writers(named, csv, out):
    yield training(csv, out)
    yield ["prune", named, "--sparsity", "0.5", "--out", out]
    yield ["export", named, "--format", "lp", "--out", out]


def test_outputs_that_cannot_be_written(named, csv, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("content")
    before = sorted(tmp_path.rglob("*"))
    for out, reason in [("nowhere/n.onnx", "does not exist"), ("folder", "is a folder"), ("file/n.onnx", "file"),
                        ("/proc/n.onnx", "/proc/n.onnx"), ("/dev/null", "not a regular file"),
                        ("/dev/full", "not a regular file")]:
        for line in writers(named, csv, os.path.join(tmp_path, out)):
            error = refused(*line, mentions=[reason])
            assert out in error["file"]
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "file").read_text() == "content"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(named, csv, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    for line in writers(named, csv, folder / "n.onnx"):
        refused(*line, mentions=["Permission denied"])


def test_outputs_are_checked_before_the_work(tmp_path):
    data = table(tmp_path / "data.csv", rows=5000)
    line = training(data, tmp_path / "nowhere" / "n.onnx") + ["--patience", "100000"]
    line[line.index("--epochs") + 1] = "100000"
    refused(*line, mentions=["does not exist"])


def test_a_failed_run_keeps_the_old_file(csv, tmp_path):
    out = tmp_path / "n.onnx"
    out.write_text("precious")
    csv.write_text(csv.read_text() + "1,2\n")
    refused(*training(csv, out))
    assert out.read_text() == "precious"


def test_a_link_is_followed(csv, tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.onnx"
    link.symlink_to(tmp_path / "real" / "n.onnx")
    assert run(*training(csv, link)).code == 0
    assert link.is_symlink() and (tmp_path / "real" / "n.onnx").stat().st_size > 0


def test_names_that_are_odd(csv, tmp_path):
    out = tmp_path / "ein Netz, größer.onnx"
    assert run(*training(csv, out)).code == 0
    assert run("info", out, "--json").code == 0
    refused("info", tmp_path / "no\nsuch\tfile.onnx")
    refused("info", os.fsencode(tmp_path / "n").decode() + "\udcff.onnx")
