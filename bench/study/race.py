#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The training and pruning part of a study, raced against the same cells in PyTorch: a subset of studies/paper-function.json
(its source, training and weight pruning) on two cores.

    python bench/study/race.py [--quick] [--program build/bench/bin/secateur]

Secateur runs it the way a user does: `secateur study`, two worker processes, ledger included. PyTorch runs the same cells in
two processes of one thread each or in one process of two threads, whichever is faster; its processes are started and warm
before the clock starts. Same points, epochs, batch, patience, learning rates, pruning schedule. Without --quick the table is
written to bench/results/study.md.
"""

import csv
import json
import math
import multiprocessing
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from common import arguments, machine, peaks_points, root, shown_mean, table, welch, write_results  # noqa: E402
from pytorch import cosine, initial_network, scaled  # noqa: E402

BATCH, TRAINING_RATE, TRAINING_PATIENCE = 64, 3e-3, 100
STAGES, RATE_BETWEEN, RATE_AT_TARGET = 20, 3e-3, 1e-2


def task(quick):
    """The cells: shape, sparsities, seeds, epochs of training and of pruning."""
    spec = json.loads((root / "studies" / "paper-function.json").read_text())
    rows, training, pruning = spec["sources"][0]["rows"], spec["training"][0], spec["pruning"][0]
    assert pruning["method"] == "weight" and "l1" not in training
    chosen = {
        "rows": rows,
        "architectures": ["1x200", "4x50", "10x20", "2x25"],
        "sparsities": [0.5, 0.9],
        "seeds": [0, 1, 2, 3],
        "epochs": training["epochs"],
        "prune_epochs": pruning["epochs"],
    }
    assert set(chosen["architectures"]) <= set(spec["architectures"])
    assert set(chosen["sparsities"]) <= set(pruning["sparsities"])
    if quick:
        chosen |= {"architectures": ["4x50", "2x25"], "seeds": [0, 1], "epochs": 60, "prune_epochs": 60}
    return chosen


def widths(architecture):
    depth, width = map(int, architecture.split("x"))
    return [width] * depth


class Cell:
    """One network in PyTorch: trained, and pruned from there to each sparsity."""

    def __init__(self, points, architecture, seed):
        torch.manual_seed(seed)
        rows = len(points)
        held = rows * 15 // 100
        order = np.random.default_rng(seed).permutation(rows)
        tables = [points[order[: rows - 2 * held]], points[order[rows - 2 * held : rows - held]]]
        (self.x, self.t), (self.vx, self.vt) = scaled(tables)
        self.network = initial_network(widths(architecture))
        self.layers = [layer for layer in self.network if isinstance(layer, torch.nn.Linear)]
        self.loss_of = torch.nn.MSELoss()

    def error(self):
        """Root mean square on the validation rows, in deviations of the output."""
        with torch.no_grad():
            return math.sqrt(self.loss_of(self.network(self.vx), self.vt).item())

    def state(self):
        return [p.detach().clone() for p in self.network.parameters()]

    def restore(self, state):
        with torch.no_grad():
            for p, kept in zip(self.network.parameters(), state):
                p.copy_(kept)

    def train(self, epochs, rate, patience, masks=None):
        """Keeps the best weights seen on the validation rows, the start included. False when nothing was better."""
        adam = torch.optim.Adam(self.network.parameters(), lr=rate, fused=True)
        count = len(self.x)
        steps, step, waited = epochs * math.ceil(count / BATCH), 0, 0
        start = best = self.error()
        kept = self.state()
        for _ in range(epochs):
            order = torch.randperm(count)
            xs, ts = self.x[order], self.t[order]
            for i in range(0, count, BATCH):
                adam.param_groups[0]["lr"] = cosine(rate, step, steps)
                step += 1
                adam.zero_grad(set_to_none=True)
                self.loss_of(self.network(xs[i : i + BATCH]), ts[i : i + BATCH]).backward()
                if masks is not None:
                    # Without a gradient from the first step on a zero weight stays where it is.
                    for layer, mask in zip(self.layers, masks):
                        layer.weight.grad.mul_(mask)
                adam.step()
            now = self.error()
            waited += 1
            if now < best:
                best, kept, waited = now, self.state(), 0
            if waited >= patience:
                break
        self.restore(kept)
        return best < start

    def remove(self, count):
        """The `count` smallest weights of all layers are zero."""
        with torch.no_grad():
            values = torch.cat([layer.weight.abs().flatten() for layer in self.layers])
            gone = torch.zeros_like(values, dtype=torch.bool)
            gone[values.argsort()[:count]] = True
            for layer, part in zip(self.layers, gone.split([layer.weight.numel() for layer in self.layers])):
                layer.weight[part.view_as(layer.weight)] = 0

    def tune(self, epochs, rate):
        masks = [(layer.weight != 0).float() for layer in self.layers]
        for _ in range(3):  # a rate at which nothing improves is divided by ten, twice at most
            if self.train(epochs, rate, max(20, epochs // 3), masks):
                break
            rate /= 10

    def prune(self, sparsity, epochs):
        """Zhu & Gupta's schedule in 20 stages; half of the epochs at the target."""
        total = sum(layer.weight.numel() for layer in self.layers)
        count = max(1, min(STAGES, epochs // 2))
        share = (epochs // 2) // (count - 1) if count > 1 else 0
        for t in range(1, count):
            self.remove(math.floor(sparsity * (1 - (1 - t / count) ** 3) * total))
            if share:
                self.tune(share, RATE_BETWEEN)
        self.remove(math.floor(sparsity * total))
        self.tune(epochs - share * (count - 1), RATE_AT_TARGET)


def run_cell(arguments):
    """Errors by sparsity, 0 for the dense network."""
    points, architecture, seed, chosen = arguments
    cell = Cell(points, architecture, seed)
    cell.train(chosen["epochs"], TRAINING_RATE, TRAINING_PATIENCE)
    dense, errors = cell.state(), {0.0: cell.error()}
    for sparsity in chosen["sparsities"]:
        cell.restore(dense)
        cell.prune(sparsity, chosen["prune_epochs"])
        errors[sparsity] = cell.error()
    return (architecture, seed), errors


def warm(threads):
    torch.set_num_threads(threads)
    Cell(peaks_points(200, 0), "2x10", 0).train(2, 1e-3, 2)


def run_torch(points, chosen, seeds, processes, threads, limit=None):
    """Seconds, and {(architecture, seed): errors}; infinite and nothing at the limit. The largest cells go first, so that no
    process is idle at the end."""
    jobs = [(points, a, s, chosen) for s in seeds for a in chosen["architectures"]]
    jobs.sort(key=lambda job: -sum(a * b for a, b in zip([2, *widths(job[1])], [*widths(job[1]), 1])))
    with multiprocessing.get_context("spawn").Pool(processes, warm, (threads,)) as pool:
        pool.map(warm, [threads] * processes, chunksize=1)
        begin = time.perf_counter()
        try:
            found = dict(pool.map_async(run_cell, jobs, chunksize=1).get(limit))
        except multiprocessing.TimeoutError:
            return math.inf, {}
        return time.perf_counter() - begin, found


def run_secateur(program, folder, points, chosen, seeds):
    """The same; also which share of the time the ledger took and what `secateur --version` says."""
    data = folder / "points.csv"
    np.savetxt(data, points, delimiter=",", header="x,y,z", comments="", fmt="%.17g")
    spec = {
        "version": 1,
        "name": "race",
        "sources": [{"name": "peaks", "data": str(data), "inputs": ["x", "y"], "outputs": ["z"]}],
        "architectures": chosen["architectures"],
        "training": [{"name": "plain", "epochs": chosen["epochs"]}],
        "pruning": [{"name": "weight", "method": "weight", "sparsities": chosen["sparsities"],
                     "epochs": chosen["prune_epochs"]}],
        "seeds": seeds,
        "threads": 1,
    }  # fmt: skip
    (folder / "race.json").write_text(json.dumps(spec))
    for old in folder.glob("race.sqlite*"):
        old.unlink()
    command = [program.resolve(), "study", "race.json", "--ledger", "race.sqlite", "--workers", "2"]
    begin = time.perf_counter()
    subprocess.run([*map(str, command)], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    # The tables afterwards: a run that has nothing left to do.
    done = subprocess.run([*map(str, command), "--csv", "tables", "--json"], cwd=folder, check=True, capture_output=True)
    json.loads(done.stdout)
    errors = {}
    with open(folder / "tables" / "networks.csv", newline="") as file:
        for row in csv.DictReader(file):
            assert row["outcome"] == "done", row
            errors.setdefault((row["architecture"], int(row["seed"])), {})[float(row["sparsity"])] = float(
                row["validation_error"]
            )
    return seconds, errors


def main():
    options = arguments(__doc__, "fewer cells and epochs", "secateur")
    begin = time.perf_counter()
    chosen = task(options.quick)
    points = peaks_points(chosen["rows"], 1)
    first, rest = chosen["seeds"][:1], chosen["seeds"][1:]
    with tempfile.TemporaryDirectory() as folder:
        # The first seed decides how PyTorch is run best; contenders take turns, seed by seed.
        ours_first, errors = run_secateur(options.program, pathlib.Path(folder), points, chosen, first)
        two, theirs = run_torch(points, chosen, first, 2, 1)
        one, faster = run_torch(points, chosen, first, 1, 2, limit=two)
        processes, threads = (2, 1) if two <= one else (1, 2)
        theirs = faster or theirs
        ours, torch_seconds = [ours_first], [min(two, one)]
        for seed in rest:
            seconds, found = run_secateur(options.program, pathlib.Path(folder), points, chosen, [seed])
            ours.append(seconds)
            errors |= found
            seconds, found = run_torch(points, chosen, [seed], processes, threads)
            torch_seconds.append(seconds)
            theirs |= found
    version = subprocess.run([str(options.program), "--version"], check=True, capture_output=True, text=True).stdout

    rows = []
    for architecture in chosen["architectures"]:
        for sparsity in [0.0, *chosen["sparsities"]]:
            samples = [[found[architecture, seed][sparsity] for seed in chosen["seeds"]] for found in (errors, theirs)]
            logs = [[math.log(v) for v in sample] for sample in samples]
            rows.append([architecture, f"{100 * sparsity:.0f} %", *map(shown_mean, samples), f"{welch(*logs):.2f}"])
    cells = len(chosen["architectures"]) * len(chosen["seeds"]) * (1 + len(chosen["sparsities"]))
    ratios = [theirs / mine for mine, theirs in zip(ours, torch_seconds)]
    text = "\n".join(
        [
            "# A study's training and pruning against PyTorch",
            "",
            f"{version.strip()}, PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), Python "
            f"{platform.python_version()}; {machine()}.",
            "",
            f"{cells} cells of studies/paper-function.json: {', '.join(chosen['architectures'])}; training ({chosen['epochs']} "
            f"epochs), weight pruning to {' and '.join(f'{100 * s:.0f} %' for s in chosen['sparsities'])} "
            f"({chosen['prune_epochs']} epochs, gradual), {len(chosen['seeds'])} seeds; {chosen['rows']} points of peaks, batch "
            f"{BATCH}, patience as the program has it. Secateur: `secateur study` with two workers, ledger and start of the "
            f"processes included. PyTorch: eager, fused Adam, warm processes; two of one thread took {two:.1f} s for the "
            f"first seed, one of two threads {'longer' if math.isinf(one) else f'{one:.1f} s'}; the faster way ran the rest.",
            "",
            table(
                ["", "Secateur, s", "PyTorch, s", "ratio"],
                [["all", f"{sum(ours):.1f}", f"{sum(torch_seconds):.1f}", f"{sum(torch_seconds) / sum(ours):.1f}"],
                 ["slowest and fastest seed", "", "", f"{min(ratios):.1f} to {max(ratios):.1f}"]],
            ),
            "Validation error (RMSE over the output's deviation), geometric mean over the seeds with the factor of one standard "
            "deviation; p: Welch's test on the logarithms, that both means are one. Splits and initial weights are drawn "
            "independently.",
            "",
            table(["network", "removed", "Secateur", "PyTorch", "p"], rows),
        ]
    )  # fmt: skip
    print(text)
    print(f"({time.perf_counter() - begin:.0f} s; median ratio of a seed {statistics.median(ratios):.1f})")
    if not options.quick:
        write_results("study.md", text)


if __name__ == "__main__":
    main()
