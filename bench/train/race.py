#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training raced against PyTorch on the CPU: same data, batch, epochs, settings of Adam, learning-rate schedule and
distribution of the initial weights; both measure the validation loss and keep the best weights after every epoch.

    python bench/train/race.py [--quick] [--program build/bench/bin/bench_train]

prints a table of seconds an epoch and one of the losses reached, and without --quick writes them to
bench/results/train.md. The contenders take turns within each round, so that a machine that slows down slows all of them.
"""
import json
import math
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
from common import arguments, machine, peaks_points, shown_mean, table, welch, write_results  # noqa: E402
from pytorch import cosine, initial_network, scaled  # noqa: E402

ROWS, VALIDATION_ROWS, BATCH, RATE = 5000, 1000, 256, 3e-3
NETWORKS = {"2x50": [50] * 2, "3x100": [100] * 3, "5x100": [100] * 5}
OPTIMISERS = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def run_torch(tables, hidden, threads, epochs, seed, optimiser):
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    (x, t), (vx, vt) = scaled(tables)
    network = initial_network(hidden)
    adam = torch.optim.Adam(network.parameters(), lr=RATE, **OPTIMISERS[optimiser])
    loss_of = torch.nn.MSELoss()
    seconds, losses, best, step = [], [], math.inf, 0
    steps = epochs * math.ceil(ROWS / BATCH)
    for _ in range(epochs):
        begin = time.perf_counter()
        order = torch.randperm(ROWS)
        xs, ts = x[order], t[order]
        for i in range(0, ROWS, BATCH):
            adam.param_groups[0]["lr"] = cosine(RATE, step, steps)
            step += 1
            adam.zero_grad(set_to_none=True)
            loss = loss_of(network(xs[i : i + BATCH]), ts[i : i + BATCH])
            loss.backward()
            adam.step()
        with torch.no_grad():
            losses.append(loss_of(network(vx), vt).item())
        if losses[-1] < best:
            best = losses[-1]
            kept = [p.detach().clone() for p in network.parameters()]
        seconds.append(time.perf_counter() - begin)
    assert kept
    return {"epoch_seconds": seconds[1:], "validation_loss": losses}


def run_secateur(program, files, hidden, threads, epochs, seed):
    command = [
        program, "--training", files[0], "--rows", ROWS, "--validation", files[1], "--validation-rows", VALIDATION_ROWS,
        "--hidden", ",".join(map(str, hidden)), "--batch", BATCH, "--learning-rate", RATE, "--threads", threads,
        "--epochs", epochs, "--seed", seed,
    ]  # fmt: skip
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def speed(program, tables, files, networks, rounds, epochs):
    """Median seconds an epoch: {(network, threads): {contender: seconds}}."""
    found = {}
    for name, hidden in networks.items():
        for threads in (1, 2):
            taken = {contender: [] for contender in ["secateur", *OPTIMISERS]}
            for r in range(rounds):
                taken["secateur"] += run_secateur(program, files, hidden, threads, 3 * epochs, r)["epoch_seconds"]
                for optimiser in OPTIMISERS:
                    taken[optimiser] += run_torch(tables, hidden, threads, epochs, r, optimiser)["epoch_seconds"]
            found[name, threads] = {contender: statistics.median(s) for contender, s in taken.items()}
    return found


def losses(program, tables, files, networks, seeds, epochs):
    """Best validation losses over the seeds: {network: (ours, PyTorch's)}."""
    found = {}
    for name, hidden in networks.items():
        ours = [min(run_secateur(program, files, hidden, 1, epochs, s)["validation_loss"]) for s in range(seeds)]
        theirs = [
            min(run_torch(tables, hidden, 1, epochs, 1000 + s, "fused")["validation_loss"]) for s in range(seeds)
        ]
        found[name] = (ours, theirs)
    return found


def main():
    options = arguments(__doc__, "fewer rounds and epochs", "bench_train")
    begin = time.perf_counter()
    rounds, epochs, seeds, loss_epochs = (1, 8, 5, 15) if options.quick else (5, 10, 5, 60)
    tables = [peaks_points(ROWS, 1), peaks_points(VALIDATION_ROWS, 2)]
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("training", "validation")]
        for points, file in zip(tables, files):
            file.write_bytes(np.ascontiguousarray(points).tobytes())
        about = run_secateur(options.program, files, [5], 1, 2, 0)
        times = speed(options.program, tables, files, NETWORKS, rounds, epochs)
        reached = losses(options.program, tables, files, NETWORKS, seeds, loss_epochs)

    lines = [
        "# Training: Secateur against PyTorch on the CPU",
        "",
        f"Secateur {about['version']} ({about['compiler']}, kernels: {about['isa']}), PyTorch {torch.__version__} "
        f"({torch.backends.cpu.get_cpu_capability()}), Python {platform.python_version()}; {machine()}.",
        f"The peaks function, {ROWS} rows, batch {BATCH}, {VALIDATION_ROWS} validation rows, float32, Adam at {RATE:g} "
        "with a cosine schedule; validation loss and best weights kept after every epoch, in both. PyTorch in eager "
        "mode with each of its implementations of Adam.",
        "",
        f"Milliseconds an epoch, median over {rounds} rounds in which the contenders take turns; the ratio is against "
        "the fastest of PyTorch's three.",
        "",
        table(
            ["network", "threads", "Secateur", "PyTorch default", "foreach", "fused", "ratio"],
            [
                [name, threads, *(f"{1e3 * taken[contender]:.2f}" for contender in ["secateur", *OPTIMISERS]),
                 f"{min(taken[optimiser] for optimiser in OPTIMISERS) / taken['secateur']:.1f}"]
                for (name, threads), taken in times.items()
            ],
        ),
        f"Best validation loss (mean squared error over the outputs' variance) in {loss_epochs} epochs, geometric mean over "
        f"{seeds} seeds with the factor of one standard deviation; p: Welch's test on the logarithms, that both means are "
        "one.",
        "",
        table(
            ["network", "Secateur", "PyTorch", "p"],
            [
                [name, shown_mean(ours), shown_mean(theirs), f"{welch(*([math.log(v) for v in w] for w in (ours, theirs))):.2f}"]
                for name, (ours, theirs) in reached.items()
            ],
        ),
    ]
    text = "\n".join(lines)
    print(text)
    print(f"({time.perf_counter() - begin:.0f} s)")
    if not options.quick:
        write_results("train.md", text)


if __name__ == "__main__":
    main()
