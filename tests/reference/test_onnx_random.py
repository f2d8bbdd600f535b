# SPDX-License-Identifier: Apache-2.0
"""Random graphs of all supported operators: what Secateur reads evaluates like onnxruntime, and it reads all of them."""

import json
import os
import subprocess

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

SECATEUR = os.environ["SECATEUR"]
GRAPHS = 100


class RandomGraph:
    """Grows a chain of operators from x; `shape` is the current shape with None for the batch."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.double = bool(self.random.random() < 0.3)
        self.dtype = np.float64 if self.double else np.float32
        self.opset = int(self.random.choice([13, 15, 17, 19, 21]))
        self.batch = [None, None, 1, 4][self.random.integers(4)]
        self.nodes, self.constants, self.count = [], [], 0
        rank = int(self.random.integers(1, 4))
        self.shape = [self.batch, *(int(n) for n in self.random.integers(1, 5, rank))]
        self.input_shape = list(self.shape)
        self.last = "x"

    def name(self):
        self.count += 1
        return f"v{self.count}"

    def add(self, kind, inputs, **attributes):
        output = self.name()
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        self.last = output

    def constant(self, value):
        """An initializer or a Constant node."""
        name = self.name()
        value = np.asarray(value)
        if self.random.random() < 0.3:
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value)))
        else:
            self.constants.append(numpy_helper.from_array(value, name))
        return name

    def weights(self, *shape):
        name = self.constant(self.random.normal(size=shape).astype(self.dtype))
        if self.random.random() < 0.2:
            output = self.name()
            self.nodes.append(helper.make_node("Identity", [name], [output]))
            name = output
        return name

    def ints(self, values):
        return self.constant(np.array(values, dtype=np.int64))

    # Each step changes self.shape as the operator does. The batch stays in front unless a step says otherwise.

    def relu(self):
        self.add("Relu", [self.last])

    def elementwise(self):
        kind = str(self.random.choice(["Add", "Sub", "Mul", "Div"]))
        dims = [1, *(1 if self.random.random() < 0.3 else n for n in self.shape[1:])]
        while dims and self.random.random() < 0.5 and (len(dims) == len(self.shape) or dims[0] == 1):
            dims = dims[1:]
        value = self.random.uniform(0.5, 2, dims).astype(self.dtype) * self.random.choice([-1, 1])
        inputs = [self.last, self.constant(value.astype(self.dtype))]
        self.add(kind, inputs[::-1] if kind != "Div" and self.random.random() < 0.5 else inputs)

    def matmul(self):
        out = int(self.random.integers(1, 5))
        if len(self.shape) > 2 and self.random.random() < 0.4:
            self.add("MatMul", [self.weights(out, self.shape[-2]), self.last])
            self.shape[-2] = out
        elif len(self.shape) > 1 and self.random.random() < 0.15:
            self.add("MatMul", [self.last, self.weights(self.shape[-1])])
            del self.shape[-1]
        elif len(self.shape) > 1:
            self.add("MatMul", [self.last, self.weights(self.shape[-1], out)])
            self.shape[-1] = out

    def gemm(self):
        if len(self.shape) != 2:
            self.flatten()
        out = int(self.random.integers(1, 6))
        trans_b = int(self.random.integers(2))
        weight = self.weights(out, self.shape[1]) if trans_b else self.weights(self.shape[1], out)
        bias = [[], [self.weights(out)], [self.weights(1, out)], [self.weights()], [self.weights(1)]]
        alpha, beta = ((float(v) for v in self.random.choice([1.0, 1.0, 0.5, 0.3, -1.7], 2)))
        self.add("Gemm", [self.last, weight, *bias[self.random.integers(5)]], alpha=alpha, beta=beta, transB=trans_b)
        self.shape[1] = out

    def columns(self):
        """Transposes, multiplies from the left, transposes back."""
        if len(self.shape) != 2:
            return
        out = int(self.random.integers(1, 5))
        self.add("Transpose", [self.last])
        if self.random.random() < 0.5:
            trans_a = int(self.random.integers(2))
            weight = self.weights(self.shape[1], out) if trans_a else self.weights(out, self.shape[1])
            self.add("Gemm", [weight, self.last, self.weights(out, 1)], transA=trans_a, alpha=0.7)
            self.add("Transpose", [self.last])
        else:
            self.add("Gemm", [self.last, self.weights(self.shape[1], out)], transA=1)
        self.shape[1] = out

    def flatten(self):
        size = int(np.prod(self.shape[1:]))
        if self.random.random() < 0.5:
            self.add("Flatten", [self.last])
        else:
            self.add("Reshape", [self.last, self.ints([-1, size] if self.random.random() < 0.5 else [0, -1])])
        self.shape = [self.shape[0], size]

    def reshape(self):
        size = int(np.prod(self.shape[1:]))
        divisor = int(self.random.choice([d for d in range(1, size + 1) if size % d == 0]))
        dims = [divisor, size // divisor]
        first = 0 if self.random.random() < 0.5 else -1
        target = self.ints([first, *dims])
        if self.random.random() < 0.3:
            shape, start, end = self.name(), self.ints([0]), self.ints([1])
            batch, target = self.name(), self.name()
            self.nodes += [helper.make_node("Shape", [self.last], [shape]),
                           helper.make_node("Slice", [shape, start, end], [batch]),
                           helper.make_node("Concat", [batch, self.ints(dims)], [target], axis=0)]
        self.add("Reshape", [self.last, target])
        self.shape = [self.shape[0], *dims]

    def rows(self):
        """Every row of a sample as a sample of its own, and back."""
        if len(self.shape) < 3:
            return
        width, rows, out = self.shape[-1], int(np.prod(self.shape[1:-1])), int(self.random.integers(1, 4))
        self.add("Reshape", [self.last, self.ints([-1, width])])
        self.add("Gemm", [self.last, self.weights(width, out), self.weights(out)])
        self.add("Reshape", [self.last, self.ints([-1, rows, out])])
        self.shape = [self.shape[0], rows, out]

    def transpose(self):
        if len(self.shape) < 3:
            return
        permutation = [0, *(int(i) + 1 for i in self.random.permutation(len(self.shape) - 1))]
        self.add("Transpose", [self.last], perm=permutation)
        self.shape = [self.shape[i] for i in permutation]

    def unsqueeze(self):
        if len(self.shape) > 4:
            return
        axis = int(self.random.integers(1, len(self.shape) + 1))
        self.add("Unsqueeze", [self.last, self.ints([axis])])
        self.shape.insert(axis, 1)

    def squeeze(self):
        axes = [i for i in range(1, len(self.shape)) if self.shape[i] == 1]
        if axes:
            self.add("Squeeze", [self.last, self.ints(axes)])
            self.shape = [n for i, n in enumerate(self.shape) if i not in axes]

    def dropout(self):
        self.add("Dropout", [self.last, self.constant(np.float32(0.5))])

    def model(self):
        steps = [self.relu, self.elementwise, self.elementwise, self.matmul, self.gemm, self.columns, self.flatten,
                 self.reshape, self.rows, self.transpose, self.transpose, self.unsqueeze, self.squeeze, self.dropout]
        for _ in range(int(self.random.integers(2, 14))):
            steps[self.random.integers(len(steps))]()
        self.nodes.append(helper.make_node("Identity", [self.last], ["y"]))
        kind = TensorProto.DOUBLE if self.double else TensorProto.FLOAT
        shape = ["N" if n is None else n for n in self.input_shape]
        graph = helper.make_graph(self.nodes, "random", [helper.make_tensor_value_info("x", kind, shape)],
                                  [helper.make_tensor_value_info("y", kind, None)], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graph(seed, tmp_path):
    graph = RandomGraph(seed)
    bytes_ = graph.model().SerializeToString()
    path, table = tmp_path / "net.onnx", tmp_path / "points.csv"
    path.write_bytes(bytes_)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(bytes_, options)
    count = graph.batch or 5
    points = graph.random.normal(size=(count, int(np.prod(graph.input_shape[1:])))).astype(np.float32)
    (wanted,) = session.run(None, {"x": points.astype(graph.dtype).reshape(count, *graph.input_shape[1:])})
    wanted = wanted.reshape(count, -1)

    header = ",".join(f"c{i}" for i in range(points.shape[1]))
    np.savetxt(table, points, delimiter=",", header=header, comments="", fmt="%.17g")
    result = subprocess.run([SECATEUR, "eval", str(path), "--at", str(table), "--json"], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 0, result.stderr
    found = np.array(json.loads(result.stdout)["y"])
    assert found.shape == wanted.shape
    scale = max(np.max(np.abs(wanted)), 1e-3)
    assert np.max(np.abs(found - wanted)) <= (1e-12 if graph.double else 1e-5) * scale
