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

    def steps(self):
        return [self.relu, self.elementwise, self.elementwise, self.matmul, self.gemm, self.columns, self.flatten,
                self.reshape, self.rows, self.transpose, self.transpose, self.unsqueeze, self.squeeze, self.dropout]

    def model(self):
        steps = self.steps()
        for _ in range(int(self.random.integers(2, 14))):
            steps[self.random.integers(len(steps))]()
        self.nodes.append(helper.make_node("Identity", [self.last], ["y"]))
        kind = TensorProto.DOUBLE if self.double else TensorProto.FLOAT
        shape = ["N" if n is None else n for n in self.input_shape]
        graph = helper.make_graph(self.nodes, "random", [helper.make_tensor_value_info("x", kind, shape)],
                                  [helper.make_tensor_value_info("y", kind, None)], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


class RandomDag(RandomGraph):
    """Branches that join again, convolutions, poolings and piecewise linear operators as well."""

    def __init__(self, seed):
        super().__init__(seed + 1_000_000)
        self.double, self.dtype = False, np.float32  # onnxruntime has few of these operators in double
        self.seen = [("x", list(self.shape))]

    def step(self, function):
        function()
        self.seen.append((self.last, list(self.shape)))

    def number(self, value):
        return self.constant(np.asarray(value, dtype=self.dtype))

    def earlier(self, shape_fits):
        """The name of an earlier value, or None."""
        found = [(name, shape) for name, shape in self.seen if shape_fits(shape)]
        return found[self.random.integers(len(found))] if found else None

    def join(self):
        found = self.earlier(lambda shape: shape == self.shape)
        if not found:
            return
        kind = str(self.random.choice(["Add", "Sub", "Max", "Min", "Sum", "Mean"]))
        inputs = [self.last, found[0]]
        self.add(kind, inputs[::-1] if self.random.random() < 0.5 else inputs)

    def concat(self):
        if len(self.shape) < 2:
            return
        axis = int(self.random.integers(1, len(self.shape)))
        found = self.earlier(lambda shape: len(shape) == len(self.shape) and
                             all(a == b for i, (a, b) in enumerate(zip(shape, self.shape)) if i != axis))
        if not found or int(np.prod(self.shape[1:])) > 60:
            return
        self.add("Concat", [self.last, found[0]], axis=axis - len(self.shape) if self.random.random() < 0.5 else axis)
        self.shape[axis] += found[1][axis]

    def piecewise(self):
        kind = str(self.random.choice(["LeakyRelu", "PRelu", "Abs", "Neg", "Clip", "HardSigmoid", "Max", "Min"]))
        if kind == "LeakyRelu":
            self.add(kind, [self.last], alpha=float(self.random.uniform(-0.5, 1.5)))
        elif kind == "PRelu":
            slope = self.random.choice([0, 1, 0.25], self.shape[1:]) if self.random.random() < 0.5 else 0.5
            self.add(kind, [self.last, self.number(slope)])
        elif kind in ("Abs", "Neg", "HardSigmoid"):
            self.add(kind, [self.last])
        elif kind == "Clip":
            low, high = sorted(self.random.normal(size=2))
            self.add(kind, [self.last, *([self.number(low), self.number(high)], [self.number(low)],
                                         ["", self.number(high)])[self.random.integers(3)]])
        else:
            self.add(kind, [self.last, self.number(self.random.normal(size=self.shape[-1:]))]
                     if len(self.shape) > 1 else [self.last])

    def spatial(self):
        """Data of shape [batch, channels, spatial...]."""
        while len(self.shape) < 3:
            axis = len(self.shape)
            self.add("Unsqueeze", [self.last, self.ints([axis])])
            self.shape.append(1)
        return self.shape[2:]

    def window(self, sizes, dilated=True):
        kernel = [int(self.random.integers(1, min(n, 3) + 1)) for n in sizes]
        dilations = [int(self.random.integers(1, 3)) if dilated and 2 * (k - 1) < n else 1
                     for k, n in zip(kernel, sizes)]
        attributes = {"kernel_shape": kernel, "strides": [int(n) for n in self.random.integers(1, 3, len(sizes))]}
        if dilated:
            attributes["dilations"] = dilations
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
        way = self.random.random()
        if way < 0.3 and all(d == 1 for d in dilations) and all(s <= k for s, k in zip(attributes["strides"], kernel)):
            attributes["auto_pad"] = str(self.random.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        elif way < 0.8:
            attributes["pads"] = [int(self.random.integers(0, k)) for k in kernel + kernel]
        before = attributes.get("pads", [0] * 2 * len(sizes))
        out = []
        for i, n in enumerate(sizes):
            stride = attributes["strides"][i]
            if attributes.get("auto_pad", "").startswith("SAME"):
                out.append(-(-n // stride))
            else:
                out.append((n + before[i] + before[i + len(sizes)] - reach[i]) // stride + 1)
        return attributes, out

    def conv(self):
        attributes, out = self.window(self.spatial())
        group = self.shape[1] if self.random.random() < 0.3 else 1
        filters = group * int(self.random.integers(1, 3)) if group < 5 else group
        weight = self.weights(filters, self.shape[1] // group, *attributes["kernel_shape"])
        bias = [self.weights(filters)] if self.random.random() < 0.5 else []
        self.add("Conv", [self.last, weight, *bias], group=group, **attributes)
        self.shape[1:] = [filters, *out]

    def pool(self):
        kind = str(self.random.choice(["AveragePool", "MaxPool"]))
        attributes, out = self.window(self.spatial(), dilated=kind == "MaxPool")
        if kind == "AveragePool":
            attributes["count_include_pad"] = int(self.random.integers(2))
        self.add(kind, [self.last], **attributes)
        self.shape[2:] = out

    def global_pool(self):
        self.spatial()
        self.add(str(self.random.choice(["GlobalAveragePool", "GlobalMaxPool"])), [self.last])
        self.shape[2:] = [1] * (len(self.shape) - 2)

    def normalization(self):
        if len(self.shape) < 2:
            return
        n = self.shape[1]
        self.add("BatchNormalization", [self.last, self.weights(n), self.weights(n), self.weights(n),
                                        self.constant(self.random.uniform(0.5, 2, n).astype(self.dtype))])

    def take(self):
        if len(self.shape) < 2:
            return
        axis = int(self.random.integers(1, len(self.shape)))
        size = self.shape[axis]
        if self.random.random() < 0.5:
            indices = [int(i) for i in self.random.integers(-size, size, int(self.random.integers(1, 4)))]
            self.add("Gather", [self.last, self.ints(indices)], axis=axis)
            self.shape[axis] = len(indices)
        else:
            positions = list(range(size))
            start, end = (int(i) for i in self.random.integers(-size - 1, size + 2, 2))
            step = int(self.random.choice([1, 1, 2, -1, -2]))
            if positions[start:end:step]:
                self.add("Slice", [self.last, *(self.ints([i]) for i in (start, end, axis, step))])
                self.shape[axis] = len(positions[start:end:step])

    def split(self):
        axes = [axis for axis in range(1, len(self.shape)) if self.shape[axis] > 1]
        if not axes:
            return
        axis = axes[self.random.integers(len(axes))]
        first = int(self.random.integers(1, self.shape[axis]))
        parts = [first, self.shape[axis] - first]
        names = [self.name(), self.name()]
        self.nodes.append(helper.make_node("Split", [self.last, self.ints(parts)], names, axis=axis))
        self.last = names[1]
        self.seen.append((names[0], [*self.shape[:axis], first, *self.shape[axis + 1:]]))
        self.shape[axis] = parts[1]

    def reduce(self):
        if len(self.shape) < 2:
            return
        axis = int(self.random.integers(1, len(self.shape)))
        keep = int(self.random.integers(2)) if len(self.shape) > 2 else 1
        kind = str(self.random.choice(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"]))
        if self.opset >= 18 or kind == "ReduceSum":
            self.add(kind, [self.last, self.ints([axis])], keepdims=keep)
        else:
            self.add(kind, [self.last], axes=[axis], keepdims=keep)
        self.shape[axis:axis + 1] = [1] if keep else []

    def steps(self):
        chain = [self.relu, self.elementwise, self.matmul, self.gemm, self.reshape, self.transpose, self.squeeze]
        new = [self.join, self.join, self.join, self.concat, self.piecewise, self.piecewise, self.conv, self.conv,
               self.pool, self.global_pool, self.normalization, self.take, self.split, self.reduce]
        return [lambda function=function: self.step(function) for function in [*chain, *new, *new]]


@pytest.mark.parametrize("kind", [RandomGraph, RandomDag])
@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graph(kind, seed, tmp_path):
    graph = kind(seed)
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
    # A runtime's float32 convolutions, and differences of nearly equal numbers, lose some digits more.
    tolerance = 1e-5 if kind is RandomGraph else 1e-4
    assert np.max(np.abs(found - wanted)) <= (1e-12 if graph.double else tolerance) * scale
