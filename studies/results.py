#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""results.py [FOLDER]: writes docs/results.md from the tables of studies/results/ (`secateur study SPEC --csv FOLDER`).

One folder a study. Everything on the page is computed here from networks.csv, bounds.csv, solves.csv and
attribution.csv; a study that is not finished counts as far as it is, and the page says how far that is."""

import collections
import csv
import json
import math
import pathlib
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
USABLE = "at most twice the dense network's error on the test rows, and below 0.5 of the outputs' deviation"


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def value(row, name):
    return float(row[name]) if row[name] != "" else None


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def short(x):
    if x >= 100:
        return f"{x:.0f}"
    return f"{x:.2g}" if x < 10 else f"{x:.3g}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def network_of(row):
    return tuple(row[k] for k in ("source", "architecture", "training", "pruning", "sparsity", "seed"))


def dense_of(row):
    return (row["source"], row["architecture"], row["training"], "dense", "0", row["seed"])


def removed(row):
    what = {"weight": "weights", "node": "nodes"}[row["method"]]
    training = "" if row["training"] == "plain" else f"{row['training']}: "
    return f"{training}{what} {float(row['sparsity']):.0%}"


def depth_width(architecture):
    return tuple(int(n) for n in architecture.split("x"))


class Study:
    def __init__(self, folder):
        self.about = json.loads((folder / "study.json").read_text())
        networks, bounds, solves = (read(folder / f"{name}.csv") for name in ("networks", "bounds", "solves"))
        self.cells = collections.Counter(
            "pending" if row["outcome"] == "pending" else "done" if row["outcome"] == "done" else "not done"
            for row in networks + solves + list({row["key"]: row for row in bounds}.values())
        )
        self.networks = {network_of(row): row for row in networks if row["outcome"] == "done"}
        widths = collections.defaultdict(list)
        for row in bounds:
            if row["outcome"] == "done":
                widths[row["bounds"], network_of(row)].append((int(row["layer"]), int(row["units"]), float(row["mean_width"])))
        # Of the hidden layers: the last one is the outputs.
        self.widths = {
            key: sum(units * width for _, units, width in sorted(layers)[:-1]) / sum(units for _, units, _ in sorted(layers)[:-1])
            for key, layers in widths.items()
        }
        self.solves = [row for row in solves if row["outcome"] == "done" and row["reference"] in ("0", "false", "")]
        self.by_block = collections.defaultdict(dict)
        for row in self.solves:
            self.by_block[row["solve"]][network_of(row)] = row
        path = folder / "attribution.csv"
        self.attribution = read(path) if path.exists() else []

    def usable(self, row):
        error, dense = self.networks.get(network_of(row)), self.networks.get(dense_of(row))
        if not error or not dense:
            return False
        return value(error, "test_error") <= min(2 * value(dense, "test_error"), 0.5)

    def groups(self, block):
        """(source, architecture, training, pruning, sparsity) -> [(dense row, pruned row)], one pair a seed."""
        found, solves = collections.defaultdict(list), self.by_block[block]
        for key, row in solves.items():
            if row["method"] and dense_of(row) in solves:
                found[key[:-1]].append((solves[dense_of(row)], row))
        return found


def seconds(row):
    """A run that was stopped counts at its limit."""
    return float(row["total_seconds"]) if row["status"] == "optimal" else max(value(row, "total_seconds"), value(row, "time_limit"))


def speed_up(pairs):
    """Geometric mean over seeds, and what it is a bound of."""
    mark = ""
    if any(dense["status"] != "optimal" for dense, _ in pairs):
        mark = "≥ "
    if any(pruned["status"] != "optimal" for _, pruned in pairs):
        mark = "≈ " if mark else "≤ "
    return mean([seconds(dense) / seconds(pruned) for dense, pruned in pairs]), mark


def tightening(study):
    lines = []
    for method in ("interval", "crown"):
        for pruning in ("weight", "node"):
            narrower, against, steps, of = 0, 0, 0, 0
            chains = collections.defaultdict(list)
            for (bounds, key), width in study.widths.items():
                row = study.networks.get(key)
                if bounds == method and row and row["method"] == pruning and row["training"] == "plain":
                    chains[dense_of(row), key[3]].append((float(key[4]), width))
            for (dense, _), chain in chains.items():
                previous = study.widths.get((method, dense))
                if previous is None:
                    continue
                first = previous
                for _, width in sorted(chain):
                    narrower, against = narrower + (width < first), against + 1
                    steps, of = steps + (width < previous), of + 1
                    previous = width
            if against:
                lines.append(f"{method} bounds, {pruning} pruning: narrower than dense in {narrower} of {against} networks, "
                             f"than the next less sparse one in {steps} of {of}")
    return lines


def best_usable(study, block, architecture, method):
    best = None
    for key, pairs in study.groups(block).items():
        if key[1] != architecture or key[2] != "plain" or pairs[0][1]["method"] != method:
            continue
        if sum(study.usable(pruned) for _, pruned in pairs) * 2 <= len(pairs):
            continue
        factor, mark = speed_up(pairs)
        if best is None or factor > best[0]:
            best = (factor, mark, key[4])
    return best


def claims(study, block):
    rows = []
    groups = study.groups(block)
    plain = {key: pairs for key, pairs in groups.items() if key[2] == "plain"}
    if plain:
        usable = {k: p for k, p in plain.items() if sum(study.usable(pruned) for _, pruned in p) * 2 > len(p)}
        factors = {key: speed_up(pairs) for key, pairs in plain.items()}
        top = max(factors, key=lambda key: factors[key][0])
        text = (f"{sum(f >= 1000 for f, _ in factors.values())} of {len(factors)} means over seeds reach 10³ "
                f"({sum(factors[k][0] >= 1000 for k in usable)} of {len(usable)} with usable networks); the largest is {factors[top][1]}"
                f"{short(factors[top][0])}× ({top[1]}, {removed(plain[top][0][1])})")
        if usable:
            top = max(usable, key=lambda key: factors[key][0])
            text += f", with a usable network {factors[top][1]}{short(factors[top][0])}× ({top[1]}, {removed(plain[top][0][1])})"
        rows.append(("Solving is 10³ to 10⁴ times faster", text))
    parts = [row for row in study.attribution if row["solve"] == block and row["measure"] == "seconds" and value(row, "total") is not None]
    if parts:
        total = sum(value(row, "total") for row in parts)
        shares = ", ".join(f"{label} {sum(value(row, name) for row in parts) / total:.0%}"
                           for name, label in (("size", "size"), ("integers", "fewer integers"), ("big_m", "tighter big-M")))
        rows.append(("Three factors: size, integers, big-M", f"of {total / len(parts):.2g} decades on average over {len(parts)} "
                     f"prunings: {shares}"))
    compared = []
    for architecture in sorted({key[1] for key in plain}, key=depth_width, reverse=True):
        both = [best_usable(study, block, architecture, method) for method in ("weight", "node")]
        if any(both):
            compared.append(f"{architecture}: " + ", ".join(
                f"{name} {b[1]}{short(b[0])}× ({float(b[2]):.0%})" if b else f"{name} none usable" for name, b in zip(("weights", "nodes"), both)))
    if compared:
        rows.append(("Weight pruning suits deep narrow networks, node pruning shallow wide ones",
                     "largest speed-up with a usable network: " + "; ".join(compared)))
    stopped = [key for key, row in study.by_block[block].items() if key[3] == "dense" and row["status"] != "optimal" and key[2] == "plain"]
    if stopped:
        rescued = collections.defaultdict(list)
        for pairs in plain.values():
            for dense, pruned in pairs:
                if network_of(dense) in stopped and pruned["status"] == "optimal" and study.usable(pruned):
                    rescued[network_of(dense)].append(seconds(pruned))
        text = f"{len(stopped)} dense networks are open at the limit; {len(rescued)} of them have a usable pruned one that is solved"
        if rescued:
            fastest = sorted(min(times) for times in rescued.values())
            text += f", the fastest of each in {short(fastest[0])} to {short(fastest[-1])} s (median {short(fastest[len(fastest) // 2])} s)"
        rows.append(("Intractable dense problems become a matter of seconds", text))
    return table(["the paper says", "this study"], rows) if rows else ""


def numbers(study, block):
    rows = []
    groups = study.groups(block)
    for key in sorted(groups, key=lambda k: (k[0], -depth_width(k[1])[0], -depth_width(k[1])[1], k[2], k[3], float(k[4]))):
        pairs = groups[key]
        done = [(study.networks[network_of(d)], study.networks[network_of(p)]) for d, p in pairs if network_of(p) in study.networks]
        factor, mark = speed_up(pairs)
        stopped = sum(p["status"] != "optimal" for _, p in pairs)
        widths = [(study.widths.get(("crown", network_of(d))), study.widths.get(("crown", network_of(p)))) for d, p in pairs]
        widths = [w for w in widths if all(w) and min(w) > 0]
        rows.append((key[1], removed(pairs[0][1]), str(len(pairs)),
                     " → ".join(short(mean([value(n, "test_error") for n in column])) for column in zip(*done)),
                     " → ".join(short(mean([max(1, value(s, "binary_count") or 0) for s in column])) for column in zip(*pairs)),
                     short(mean([b / a for a, b in widths])) if widths else "–",
                     short(mean([seconds(p) for _, p in pairs])) + (f" ({stopped} stopped)" if stopped else ""),
                     f"{mark}{short(factor)}×"))
    header = ["network", "removed", "seeds", "error", "binaries", "CROWN widths", "seconds, pruned", "speed-up"]
    return table(header, rows) if rows else "No pruned network has been solved yet.\n"


def beside_pruning(study, block):
    """Networks that were trained to be easy, against the plainly trained dense ones."""
    rows, solves = [], study.by_block[block]
    found = collections.defaultdict(list)
    for key, row in solves.items():
        plain = (key[0], key[1], "plain", "dense", "0", key[5])
        if key[2] != "plain" and plain in solves:
            found[key[0], key[1], key[2], removed(row) if row["method"] else key[2] + ": not pruned"].append((solves[plain], row))
    for key in sorted(found, key=lambda k: (-depth_width(k[1])[0], -depth_width(k[1])[1], k[3])):
        pairs = found[key]
        factor, mark = speed_up(pairs)
        errors = [value(study.networks[network_of(p)], "test_error") / value(study.networks[network_of(d)], "test_error") for d, p in pairs]
        rows.append((key[1], key[3], str(len(pairs)), f"{short(mean(errors))}×", f"{mark}{short(factor)}×"))
    return table(["network", "training", "seeds", "error against plain dense", "speed-up against plain dense"], rows) if rows else ""


def truth(study):
    rows = []
    found = collections.defaultdict(list)
    for row in study.solves:
        if row["status"] == "optimal" and value(row, "regret") is not None and row["training"] == "plain":
            found[row["source"], row["solve"], removed(row) if row["method"] else "dense"].append(row)
    for key in sorted(found):
        regrets = sorted(value(row, "regret") for row in found[key])
        errors = sorted(value(row, "objective_error") for row in found[key])
        rows.append((*key, str(len(regrets)), f"{errors[len(errors) // 2]:.1%}", f"{regrets[len(regrets) // 2]:.1%}"))
    return table(["source", "solve", "removed", "optima", "median objective error", "median regret"], rows) if rows else ""


def chapter(folder):
    study = Study(folder)
    spec = study.about["spec"]
    description = textwrap.fill(spec.get("description", ""), 130, break_long_words=False)
    limits = {block["name"]: block.get("time_limit") for block in spec["solve"]}
    seeds = collections.Counter(row["seed"] for row in study.solves)
    text = [f"## {study.about['name']}\n", description + "\n",
            f"`secateur study studies/{study.about['name']}.json`, {study.about['machine']}, Secateur {study.about['version']}: "
            f"{study.cells['done']} cells done, {study.cells['not done']} ended otherwise, {study.cells['pending']} not run yet; solves by seed: "
            + ", ".join(f"{seed}: {count}" for seed, count in sorted(seeds.items())) + f". Tables: `studies/results/{folder.name}/`.\n"]
    narrower = tightening(study)
    if narrower:
        text += ["### Does pruning tighten the bounds, step by step?\n", "\n".join(f"- {line}" for line in narrower) + "\n"]
    for block in study.by_block:
        text += [f"### Solved with `{block}` (limit {limits.get(block)} s)\n", claims(study, block), numbers(study, block)]
        other = beside_pruning(study, block)
        if other:
            text += ["Beside pruning: other trainings, against the plainly trained dense network.\n", other]
    optima = truth(study)
    if optima:
        text += ["### What the optimum is worth in truth\n", optima]
    return "\n".join(text)


def main():
    folders = [pathlib.Path(a) for a in sys.argv[1:]] or sorted(p for p in (HERE / "results").iterdir() if (p / "study.json").exists())
    page = f"""# Results

What the committed studies found, next to what Lastrucci et al. (arXiv 2603.23299) say. `python studies/results.py` writes this page
from the tables in `studies/results/`; `secateur report studies/results/NAME` draws them.

Speed-ups are geometric means over seeds of the dense network's seconds over the pruned one's. A run that was stopped counts at
its limit: ≥ where that was a dense one, ≤ a pruned one, ≈ both. A pruned network is *usable* with
{USABLE} (for most seeds).
Errors are root mean squares on the test rows over the outputs' deviation; widths are means over hidden neurons, as a fraction of the
dense network's. The runs so far shared the machine with other work; `cpu_seconds` in the tables is what each cell took of the processor.
A limit of a minute caps what a speed-up over an unsolved dense network can show.

""" + "\n".join(chapter(folder) for folder in folders)
    (HERE.parent / "docs" / "results.md").write_text(page)


if __name__ == "__main__":
    main()
