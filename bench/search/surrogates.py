#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dense networks in the place of plants, with constraints: how long `secateur solve` takes to a proven optimum.

    python bench/search/surrogates.py [--limit 40] [--only NAME,...] [--program FILE]...

The networks are made by `secateur train` with fixed seeds and kept under out/search. Several programs take turns on each problem.
With the default program and all problems, bench/results/surrogates.md is written.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from common import machine, peaks, root, table, write_results  # noqa: E402
from instances import geometric_mean  # noqa: E402

FOLDER = root / "out" / "search" / "surrogates"
POINTS, EPOCHS = 4096, 150


def reactors(x):
    """A -> B -> C in stirred tanks in series: pairs of a temperature and a residence time; one more input is B in the feed.
    Profit, C, and the heat that is spent."""
    pairs = x.shape[1] // 2
    a = np.ones(len(x))
    b = 0.3 * x[:, -1] if x.shape[1] % 2 else np.zeros(len(x))
    start = b.copy()
    heat = np.zeros(len(x))
    for i in range(pairs):
        warmth, time = x[:, 2 * i], x[:, 2 * i + 1]
        first, second = 4 * np.exp(2 * warmth - 1), 1.2 * np.exp(4 * warmth - 2)
        before = a
        a = a / (1 + first * time)
        b = (b + before - a) / (1 + second * time)
        heat = heat + (0.2 + warmth) * time + 0.3 * np.abs(warmth - (x[:, 2 * i - 2] if i else 0.3)) ** 1.5
    c = 1 + start - a - b
    return np.column_stack([b - 0.5 * start - 0.1 * heat, c, heat])


def hills(x):
    """Mean of peaks over neighbouring inputs; how far from a point; a product of neighbours."""
    y, z = x, np.roll(x, -1, axis=1)
    return np.column_stack([peaks(y, z).mean(axis=1), ((x - 0.4) ** 2).mean(axis=1), (np.sin(2 * y) * z).mean(axis=1)])


def waves(x):
    """Coupled waves, and a quadratic and another wave that limit them."""
    z = np.roll(x, -1, axis=1)
    weight = np.linspace(0.6, 1.4, x.shape[1])
    return np.column_stack([(weight * np.sin(2.5 * x + z)).mean(axis=1), ((x - z + 0.3) ** 2).mean(axis=1),
                            (np.cos(2 * x) * weight).mean(axis=1)])


FUNCTIONS = {"reactors": (reactors, (0.0, 1.0), "maximize"), "hills": (hills, (-1.5, 1.5), "minimize"),
             "waves": (waves, (-1.0, 1.0), "minimize")}
# Plants of `secateur flowsheet`, as its cases base and permit ask (secateur/flowsheet/cases.cpp).
PLANTS = {
    "otto": {"flowsheet": "williams-otto", "inputs": ["V", "T", "F_A", "F_B", "eta"], "outputs": ["gross", "F_P", "F_G"],
             "lower": [0.03, 6.2, 9, 20, 0.06], "upper": [0.1, 6.8, 17, 40, 0.2], "sense": "maximize",
             "objective": {"gross": 1, "V": -9000}, "constraints": [{"terms": {"F_P": 1}, "lower": 0, "upper": 4.763}]},
    "permit": {"like": "otto", "constraints": [{"terms": {"F_P": 1}, "lower": 0, "upper": 4.763}, {"terms": {"F_G": 1}, "upper": 2.2}]},
}
# Plant, inputs, hidden layers.
SHAPES = [("otto", 5, "50,50"), ("otto", 5, "50,50,50"), ("permit", 5, "50,50"), ("permit", 5, "50,50,50"),
          ("reactors", 4, "50,50,50"), ("reactors", 5, "50,50"), ("reactors", 5, "50,50,50"), ("reactors", 6, "50,50"),
          ("reactors", 6, "50,50,50"), ("reactors", 8, "50,50"), ("reactors", 8, "50,50,50"),
          ("hills", 4, "50,50,50"), ("hills", 5, "50,50"), ("hills", 5, "50,50,50"), ("hills", 6, "50,50"), ("hills", 8, "50,50"),
          ("waves", 5, "50,50,50"), ("waves", 6, "50,50"), ("waves", 8, "50,50")]


def name_of(plant, inputs, hidden):
    widths = hidden.split(",")
    return f"{plant}_d{inputs}_{len(widths)}x{widths[0]}"


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip())
    return done.stdout


def made(program, plant, inputs, hidden):
    """The problem's file; its network is trained where it is not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{name_of(plant, inputs, hidden)}.json"
    if file.exists():
        return file
    if plant in PLANTS:
        case = PLANTS[plant]
        base = case.get("like", plant)
        case = PLANTS[base] | case
        names, outputs = case["inputs"], case["outputs"]
        data = FOLDER / f"{base}.csv"
        if not data.exists():
            whole = FOLDER / f"{base}-whole.csv"
            run(program, "flowsheet", case["flowsheet"], "--sample", 20 * POINTS, "--out", whole)
            points = np.genfromtxt(whole, delimiter=",", names=True)
            inside = np.all([(a <= points[n]) & (points[n] <= b) for n, a, b in zip(names, case["lower"], case["upper"])], axis=0)
            columns = np.column_stack([points[n][inside] for n in [*names, *outputs]])[:POINTS]
            np.savetxt(data, columns, delimiter=",", header=",".join([*names, *outputs]), comments="")
        constraints, objective, sense = case["constraints"], case["objective"], case["sense"]
        lower, upper = case["lower"], case["upper"]
    else:
        function, (low, high), sense = FUNCTIONS[plant]
        base = f"{plant}_d{inputs}"
        data = FOLDER / f"{base}.csv"
        names, outputs = [f"x{j}" for j in range(inputs)], ["y0", "y1", "y2"]
        x = np.random.default_rng(inputs).uniform(low, high, (POINTS, inputs))
        y = function(x)
        if not data.exists():
            np.savetxt(data, np.column_stack([x, y]), delimiter=",", header=",".join([*names, *outputs]), comments="")
        # Sides that leave out most of the best twentieth.
        best = y[np.argsort(y[:, 0] if sense == "minimize" else -y[:, 0])[:POINTS // 20]]
        constraints = [{"terms": {outputs[k]: 1}, "upper": round(float(np.quantile(best[:, k], 0.25)), 4)} for k in (1, 2)]
        objective, lower, upper = {"y0": 1}, [low] * inputs, [high] * inputs
    network = FOLDER / f"{base}_{hidden.replace(',', '-')}.onnx"
    if not network.exists():
        run(program, "train", "--data", data, "--inputs", ",".join(names), "--outputs", ",".join(outputs), "--hidden", hidden,
            "--epochs", EPOCHS, "--seed", 1, "--out", network)
    problem = {"version": 1, "variables": [{"name": n, "lower": a, "upper": b} for n, a, b in zip(names, lower, upper)],
               "networks": [{"name": "plant", "file": network.name, "inputs": names, "outputs": outputs}],
               "constraints": constraints, "objective": {"sense": sense, "terms": objective}}
    file.write_text(json.dumps(problem, indent=1))
    return file


def solved(program, file, limit):
    """The answer, with the processor time of the whole program."""
    command = [str(program), "solve", str(file), "--json", "--threads", "1", "--time-limit", f"{limit:g}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    result = json.loads(text)
    if "error" in result:
        raise SystemExit(f"{file.name}: {result['error']['message']}")
    return result | {"processor_seconds": usage.ru_utime + usage.ru_stime}


def shown(result):
    end = "" if result["status"] == "optimal" else f" (gap {result['gap']:.1%})"
    return f"{result['processor_seconds']:.2f}{end}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=40)
    parser.add_argument("--only", help="problems, e.g. otto_d5_3x50")
    parser.add_argument("--program", action="append", type=pathlib.Path)
    options = parser.parse_args()
    programs = options.program or [root / "build/bench/bin/secateur"]
    rows, times = [], [[] for _ in programs]
    for shape in SHAPES:
        name = name_of(*shape)
        if options.only and name not in options.only.split(","):
            continue
        file = made(programs[0], *shape)
        results = [solved(program, file, options.limit) for program in programs]
        for kept, result in zip(times, results):
            kept.append(result["processor_seconds"])
        optimal = [r["objective"] for r in results if r["status"] == "optimal"]
        if optimal and max(optimal) - min(optimal) > 2e-4 * abs(optimal[0]) + 2e-6:
            raise SystemExit(f"{name}: optima {optimal}")
        rows.append([name, f"{results[-1]['objective']:.6g}", *(shown(r) for r in results),
                     str(results[-1]["nodes"] + results[-1]["boxes"]), results[-1].get("note", "").split(":")[0]])
        print(" | ".join(rows[-1]), flush=True)
    means = ", ".join(f"{geometric_mean(t):.2f}" for t in times)
    print(f"geometric mean: {means}")
    if options.program or options.only:
        return
    header = ["problem", "objective", "processor seconds", "nodes and boxes", "searches"]
    write_results("surrogates.md",
        f"# Dense surrogates with constraints\n\n{machine()}. `python bench/search/surrogates.py` writes this page: networks of two and three "
        "layers of 50\nunits, trained with fixed seeds, in the place of plants with 4 to 8 inputs (dN); an objective and two limits on outputs, of "
        f"which one or\nboth bind at most optima. `secateur solve` on one thread, relative gap 1e-4, {options.limit:g} s of wall clock at most.\n\n"
        f"{table(header, rows)}\nGeometric mean: {means} s. Where the gap was open at the limit, the time until then counts.\n")


if __name__ == "__main__":
    main()
