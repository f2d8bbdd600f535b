# SPDX-License-Identifier: Apache-2.0
"""What the races share: the machine's description, tables, the peaks function, and a test that two samples have one mean."""

import argparse
import math
import os
import pathlib
import platform
import statistics
import tempfile

import numpy as np

root = pathlib.Path(__file__).resolve().parent.parent


def machine():
    model = platform.processor() or platform.machine()
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} processors, {platform.system()}"


def arguments(description, quick, program):
    """--quick and --program of a race that runs a program of the bench preset; ends when that is not built."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{quick}; nothing is written")
    parser.add_argument("--program", type=pathlib.Path, default=root / "build/bench/bin" / program)
    found = parser.parse_args()
    if not found.program.exists():
        parser.error(f"{found.program} is not built: cmake --preset bench && cmake --build --preset bench")
    return found


def table(header, rows):
    """A table in Markdown; entries are shown as they are."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(entry) for entry in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write_results(name, text):
    """bench/results/NAME, whole or not at all."""
    results = root / "bench" / "results"
    results.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=results, delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, results / name)


def peaks(x, y):
    return (
        3 * (1 - x) ** 2 * np.exp(-(x**2) - (y + 1) ** 2)
        - 10 * (x / 5 - x**3 - y**5) * np.exp(-(x**2) - y**2)
        - np.exp(-((x + 1) ** 2) - y**2) / 3
    )


def peaks_points(count, seed):
    """x, y, peaks(x, y), one point a row, uniform on [-3, 3]^2."""
    x = np.random.default_rng(seed).uniform(-3, 3, (count, 2))
    return np.column_stack([x, peaks(x[:, 0], x[:, 1])])


def two_sided(t, freedom):
    """P(|T| > t) for Student's distribution, by Simpson's rule on theta with T = sqrt(freedom) tan(theta)."""
    edge = math.atan(abs(t) / math.sqrt(freedom))
    n = 2000
    theta = np.linspace(edge, math.pi / 2, n + 1)
    weight = np.ones(n + 1)
    weight[1:-1:2], weight[2:-1:2] = 4, 2
    density = np.cos(theta).clip(min=0) ** (freedom - 1)
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return 2 * constant * float((weight * density).sum()) * (math.pi / 2 - edge) / n / 3


def welch(a, b):
    """p-value of Welch's test that two samples have one mean."""
    va, vb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    t = (statistics.mean(a) - statistics.mean(b)) / math.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    return two_sided(t, freedom)


def shown_mean(values):
    """Geometric mean and the factor of one standard deviation."""
    logs = [math.log(v) for v in values]
    return f"{math.exp(statistics.mean(logs)):.2e} (×/ {math.exp(statistics.stdev(logs)):.2f})"
