# SPDX-License-Identifier: Apache-2.0
"""The dense layers of a benchmark network as matrices, for peers that are handed a network and not a MILP."""

import numpy as np
import onnx
from onnx import numpy_helper


def layers(path):
    """(weight, bias, whether a ReLU follows) of each layer in float64, weight outputs x inputs; weights may be stored either
    way round."""
    graph = onnx.load(str(path)).graph
    constants = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in graph.initializer}
    found, pending = [], None
    for node in graph.node:
        given = [constants[i] for i in node.input if i in constants]
        if node.op_type == "Relu":
            found[-1] = (*found[-1][:2], True)
        elif node.op_type == "MatMul":
            pending = given[0].T
        elif node.op_type == "Add":
            found.append((pending, given[0].reshape(-1), False))
        elif node.op_type == "Gemm":
            transposed = any(a.name == "transB" and a.i == 1 for a in node.attribute)
            found.append((given[0] if transposed else given[0].T, given[1].reshape(-1), False))
        else:
            raise SystemExit(f"{path}: {node.op_type}")
    return found
