#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CROWN raced against the same backward pass in PyTorch on the CPU, what bounds cost as networks grow, and how wide
they are.

    python bench/bounds/race.py [--quick] [--program build/bench/bin/bench_bounds]

prints four tables and without --quick writes them to bench/results/bounds.md. Both sides bound every neuron of every
layer by the backward pass with the same adaptive slopes, each layer over the bounds of the layers before it; the bounds
have to agree. The contenders take turns within each round, so that a machine that slows down slows all of them.
"""
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from common import arguments, machine, root, table, write_results  # noqa: E402

nets = root / "tests/data/nets"
RACED = ["d2_2x50_dense", "d2_5x50_dense", "d2_5x100_dense", "d2_5x100_w95"]
TOLERANCE = 1e-6
SECONDS = 1.5  # of one contender in one round: two threads of PyTorch on a busy machine wait for each other
# Three hidden layers; the share of weights that is kept, largest magnitudes first.
GROWN = [("3x160", 160, 1.0), ("3x500", 500, 1.0), ("3x700", 700, 1.0), ("3x700", 700, 0.2), ("3x700", 700, 0.05),
         ("3x1580", 1580, 0.05), ("3x3160", 3160, 0.05)]  # fmt: skip
MEASURED = ["d2_2x50_w90", "d2_2x50_dense", "d2_3x50_dense", "d4_2x50_dense", "d4_3x50_w90"]
SUBDIVIDED = ["d2_2x50_dense", "d2_3x50_dense", "d2_5x50_dense", "d2_5x100_dense", "d2_2x50_w90", "d2_5x100_w95",
              "d4_2x50_dense", "d4_3x50_dense"]  # fmt: skip


def layers_of(file):
    """Weights (outputs x inputs) and biases of a chain of Gemm or MatMul and Add."""
    graph = onnx.load(file).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights, biases = [], []
    for node in graph.node:
        if node.op_type == "Gemm":
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            weights.append(constants[node.input[1]] if transposed else constants[node.input[1]].T)
            biases.append(constants[node.input[2]])
        elif node.op_type == "MatMul":
            weights.append(constants[node.input[1]].T)
        elif node.op_type == "Add":
            biases.append(constants[node.input[1]])
        elif node.op_type != "Relu":
            raise ValueError(f"{file}: unexpected {node.op_type}")
    return weights, biases


def crown(weights, biases, low, high):
    """Every layer's bounds. Rows of +z and -z go through one product together; nothing is computed twice."""
    relaxations, bounds = [], []
    for k, weight in enumerate(weights):
        rows = torch.cat([weight, -weight])
        constant = torch.cat([biases[k], -biases[k]])
        for t in range(k - 1, -1, -1):
            alpha, slope, intercept = relaxations[t]
            positive = rows.clamp(min=0)
            negative = rows - positive
            mu = positive * alpha + negative * slope
            constant = constant + negative @ intercept + mu @ biases[t]
            rows = mu @ weights[t]
        positive = rows.clamp(min=0)
        ends = constant + positive @ low + (rows - positive) @ high
        lower, upper = ends[: len(weight)], -ends[len(weight) :]
        bounds.append((lower, upper))
        unstable = (lower < 0) & (upper > 0)
        slope = torch.where(unstable, upper / (upper - lower), (lower >= 0).to(lower.dtype))
        alpha = torch.where(unstable, (upper > -lower).to(lower.dtype), slope)
        relaxations.append((alpha, slope, torch.where(unstable, -slope * lower, torch.zeros_like(lower))))
    return bounds


def run_torch(name, dtype, threads, repeat):
    torch.set_num_threads(threads)
    weights, biases = layers_of(nets / f"{name}.onnx")
    weights = [torch.tensor(w.astype(np.float64)).to(dtype).contiguous() for w in weights]
    biases = [torch.tensor(b.astype(np.float64)).to(dtype) for b in biases]
    high = torch.ones(weights[0].shape[1], dtype=dtype)
    seconds = []
    with torch.inference_mode():
        for _ in range(5):
            bounds = crown(weights, biases, -high, high)
        while len(seconds) < repeat and sum(seconds) < SECONDS:
            begin = time.perf_counter()
            bounds = crown(weights, biases, -high, high)
            seconds.append(time.perf_counter() - begin)
    return seconds, bounds


def run(program, *options, isa=None):
    command = [str(program), *map(str, options)]
    environment = {**os.environ, **({"SECATEUR_ISA": isa} if isa else {})}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def worst_difference(ours, theirs):
    """Largest difference of any two bounds, relative to the larger of 1 and the bound."""
    worst = 0.0
    for layer, (lower, upper) in enumerate(theirs):
        for mine, other in ((ours["lower"][layer], lower), (ours["upper"][layer], upper)):
            other = other.double().numpy()
            worst = max(worst, float(np.max(np.abs(np.array(mine) - other) / np.maximum(1, np.abs(other)))))
    return worst


def race(program, rounds, repeat):
    header = ["network", "Secateur, 1 thread", "PyTorch float64, 1 thread", "2 threads", "float32, 1 thread", "2 threads", "ratio to float64", "to float32", "bounds differ by"]
    rows = []
    contenders = [(torch.float64, 1), (torch.float64, 2), (torch.float32, 1), (torch.float32, 2)]
    for name in RACED:
        ours, theirs, differences = [], {contender: [] for contender in contenders}, []
        for _ in range(rounds):
            mine = run(program, "--network", nets / f"{name}.onnx", "--method", "backward", "--repeat", repeat, "--print")
            ours += mine["seconds"][1:]
            for dtype, threads in contenders:
                seconds, bounds = run_torch(name, dtype, threads, repeat)
                theirs[dtype, threads] += seconds
                if dtype == torch.float64:
                    differences.append(worst_difference(mine, bounds))
        if max(differences) > TOLERANCE:
            sys.exit(f"{name}: bounds differ by {max(differences):.1e}, which is no race")
        mine = statistics.median(ours)
        medians = {contender: statistics.median(seconds) for contender, seconds in theirs.items()}
        cells = [f"{1e3 * medians[contender]:.3f}" for contender in contenders]
        best = [min(medians[dtype, threads] for threads in (1, 2)) for dtype in (torch.float64, torch.float32)]
        rows.append(
            [name, f"{1e3 * mine:.3f}", *cells, *(f"{seconds / mine:.1f}" for seconds in best), f"{max(differences):.0e}"]
        )
    return table(header, rows)


def growth(program, repeat):
    header = ["network", "weights kept", "non-zeros", "unstable", "interval, ms", "CROWN, ms", "memory of CROWN, MiB", "network, MiB"]
    rows = []
    for name, width, density in GROWN:
        options = ["--widths", f"10,{width},{width},{width},1", "--density", density]
        interval = run(program, *options, "--method", "interval", "--repeat", 3 * repeat)
        full = run(program, *options, "--method", "crown", "--repeat", repeat)
        rows.append(
            [name, f"{100 * density:.0f} %", full["weights"], f"{full['unstable']} of {full['neurons']}",
             f"{1e3 * min(interval['cpu_seconds']):.2f}", f"{1e3 * min(full['cpu_seconds']):.1f}",
             f"{full['megabytes'] - full['megabytes_before']:.0f}", f"{full['megabytes_before']:.0f}"]
        )
    return table(header, rows)


def subdivision(program, repeat):
    instances = {instance["name"]: instance for instance in json.loads((root / "tests/data/instances.json").read_text())}
    header = ["instance", "sub-boxes", "ms", "one pass of CROWN, ms", "ratio", "optimum proven"]
    rows = []
    for name in SUBDIVIDED:
        file = nets / f"{name}.onnx"
        instance = instances[name]
        assert instance["sense"] == "minimize" and instance["objective"] == [1.0]
        cutoff = instance["reference"] - 1e-4 * abs(instance["reference"])
        once = run(program, "--network", file, "--method", "crown", "--repeat", 20 * repeat)
        full = run(program, "--network", file, "--method", "subdivide", "--cutoff", cutoff, "--repeat", repeat)
        seconds, crown_seconds = statistics.mean(full["cpu_seconds"]), statistics.mean(once["cpu_seconds"])
        rows.append(
            [name, full["boxes"], f"{1e3 * seconds:.2f}", f"{1e3 * crown_seconds:.3f}", f"{seconds / crown_seconds:.0f}",
             "yes" if full["exhausted"] else "no"]
        )
    return table(header, rows)


def widths(program, quick):
    """How many times wider than its exact range a method's interval is, over the neurons behind the first hidden layer
    (whose interval bounds are exact) and the outputs."""
    methods = ["interval", "crown", "alpha_crown", "lp", "subdivide"]
    rows = []
    for name in MEASURED[:1] if quick else MEASURED:
        options = ["--network", nets / f"{name}.onnx", "--print"]
        exact = run(program, *options, "--method", "exact")
        ranges = list(zip(exact["lower"][1:], exact["upper"][1:]))
        unstable = sum(low < 0 < high for lows, highs in ranges[:-1] for low, high in zip(lows, highs))
        cells, counts = [], []
        for method in methods:
            found = run(program, *options, "--method", method, "--repeat", 5)
            ratios, neurons = [], 0
            for layer, (lows, highs) in enumerate(ranges, 1):
                for i, (low, high) in enumerate(zip(lows, highs)):
                    lower, upper = found["lower"][layer][i], found["upper"][layer][i]
                    slack = TOLERANCE * max(1, abs(low), abs(high))
                    if lower > low + slack or upper < high - slack:
                        sys.exit(f"{name}: {method} says [{lower}, {upper}] of a neuron that takes {low} and {high}")
                    # A neuron that nothing reaches is constant: no method can be wider than that by a factor.
                    if high - low > slack:
                        ratios.append((upper - lower) / (high - low))
                    neurons += layer < len(ranges) and lower < 0 < upper
            cells.append(f"{statistics.geometric_mean(ratios):.2f} ({1e3 * min(found['cpu_seconds']):.3g} ms)")
            counts.append(neurons)
        rows.append([name, sum(len(lows) for lows, _ in ranges), *cells,
                     f"{unstable}: {', '.join(map(str, counts))}"])
    header = ["network", "neurons", "interval", "CROWN", "alpha-CROWN", "LP", "subdivision", "unstable: by each method"]
    return table(header, rows)


def main():
    options = arguments(__doc__, "fewer rounds", "bench_bounds")
    begin = time.perf_counter()
    rounds, repeat = (1, 30) if options.quick else (5, 100)
    about = run(options.program, "--widths", "2,3,1", "--method", "none")
    lines = [
        "# Bounds: CROWN against PyTorch, cost by size, subdivision, widths",
        "",
        f"Secateur {about['version']} ({about['compiler']}, kernels: {about['isa']}), PyTorch {torch.__version__} "
        f"({torch.backends.cpu.get_cpu_capability()}), Python {platform.python_version()}; {machine()}.",
        "",
        "## One backward pass for every neuron",
        "",
        "Milliseconds, median; box [-1, 1]. Ours are safe against rounding, PyTorch's are not. The ratio is to the faster of "
        "one and two threads. Both do the same multiplications.",
        "",
        race(options.program, rounds, repeat),
        "## Cost by size",
        "",
        "10 inputs, three hidden layers of normal weights, of which the largest are kept; one thread, processor time, "
        "fastest of a few runs. CROWN includes the interval bounds.",
        "",
        growth(options.program, 1 if options.quick else 3),
        "## Bounds by subdivision of the inputs",
        "",
        "Cut-off 1e-4 (relative) below the reference optimum: proving that nothing is better closes the gap. One "
        "thread, processor time, mean; ms include the CROWN bounds that it starts from.",
        "",
        subdivision(options.program, 5 if options.quick else 20),
        "## Widths against exact ranges",
        "",
        "How many times wider than the exact range, geometric mean over the neurons behind the first hidden layer and the "
        "outputs; box [-1, 1]. Exact: a problem of its own for each end of each range, solved to a gap of 1e-6. In brackets the "
        "processor time of all bounds, fastest of 5. Subdivision keeps the whole box here; with a cut-off it is tighter. The last column "
        "counts neurons that are unstable: exactly, then by each method in the order of the table.",
        "",
        widths(options.program, options.quick),

    ]
    text = "\n".join(lines)
    print(text)
    print(f"({time.perf_counter() - begin:.0f} s)")
    if not options.quick:
        write_results("bounds.md", text)


if __name__ == "__main__":
    main()
