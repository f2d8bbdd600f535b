#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Secateur's default against HiGHS, SCIP and MAiNGO on the benchmark instances of tests/data, and how its time grows.

    python bench/search/race.py [--quick] [--limit 60] [--peers-limit 60] [--only NAME,...] [--reuse-peers] [--gurobi]
                                [--parts peers,pruned,growth,threads] [--peers highs,scip,maingo]

Peers come from PyPI, pip install pyscipopt maingopy onnx torch; one that is not installed is left out and named. HiGHS and
SCIP get what modelling layers make: big-M from interval bounds, stable neurons without binaries (bench_solve --plain). MAiNGO
gets the network as an expression (bench/search/maingo.py). Contenders take turns on each instance, and runs under a second
are repeated, so that a machine that slows down slows all; a run that is stopped counts at the limit.

Each part leaves its tables under out/search, and bench/results/search.md is put together from those of every part, so that
the parts can be run one by one. --reuse-peers takes the peers' runs from the last time (out/search/peers.json) where they had
the same limit and says so in the page; --quick runs a little of everything and writes nothing.

--gurobi races gurobi-machinelearning with gurobipy's size-limited licence (pip install gurobipy gurobi-machinelearning onnx);
its results are printed and not written, since that licence does not allow publishing benchmarks.
"""
import argparse
import datetime
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import growth  # noqa: E402
import gurobi  # noqa: E402
import instances as bench  # noqa: E402
from common import machine, root, table, write_results  # noqa: E402
from instances import geometric_mean, seconds, shown  # noqa: E402

PARTS = ["peers", "pruned", "growth", "threads"]
# What they need beyond this repository.
PEERS = {"highs": None, "scip": "pyscipopt", "maingo": "maingopy"}
TITLES = {"highs": "HiGHS", "scip": "SCIP", "maingo": "MAiNGO"}
# Beyond, it is not near a gap of 1e-4 after a minute.
MAINGO_INPUTS = 2
REPEATS, SHORT = 3, 1.0
QUICK = ["d2_2x50_w90", "d4_2x50_dense", "d8_2x50_n50", "d64_digits_2x50_w90_s1510_e0.1"]
SCALING = ["d8_2x50_dense", "d8_3x50_dense", "d8_2x50_w90", "d8_3x50_w90", "d16_2x50_w90", "d16_3x50_w90"]
CLASSES = ["2 to 4 inputs, dense", "2 to 4 inputs, pruned", "8 inputs", "16 inputs and digits"]
FOLDER = growth.FOLDER


def class_of(instance):
    inputs = len(instance["lower"])
    if inputs <= 4:
        return CLASSES[0] if "dense" in instance["name"] else CLASSES[1]
    return CLASSES[2] if inputs <= 8 else CLASSES[3]


def least_of(instance):
    """Below this a run counts as if it had taken so long."""
    return 0.02 if class_of(instance) == CLASSES[3] else 1e-3


class Bench:
    """Runs contenders on instances and remembers what they did; peers' runs from one call of this script to the next."""

    def __init__(self, options):
        self.options = options
        self.now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
        self.kept = FOLDER / "peers.json"
        self.peers = json.loads(self.kept.read_text()) if self.kept.exists() and not options.quick else {}
        self.reused = set()

    def ours(self, instance, engine="auto", threads=None, limit=None):
        settings = ["--set", f"engine={engine}"]
        limit, threads = limit or self.options.limit, threads or self.options.threads
        result = bench.run(self.options.program, instance["name"], limit, threads, *settings)
        bench.check(instance, result)
        return result

    def peer(self, name, instance):
        limit, threads = self.options.peers_limit, self.options.threads
        if name != "maingo":
            return bench.run(self.options.program, instance["name"], limit, threads, "--plain", "--set", f"solver={name}")
        script = pathlib.Path(__file__).with_name("maingo.py")
        command = [sys.executable, str(script), str(bench.INSTANCES), instance["name"], str(limit)]
        try:
            # It looks at its clock between two nodes only, and at one of processor time.
            done = subprocess.run(command, capture_output=True, text=True, timeout=1.5 * limit + 10)
        except subprocess.TimeoutExpired:
            return {"status": "time_limit", "objective": None, "bound": None, "nodes": 0, "seconds": limit,
                    "processor_seconds": limit}
        if done.returncode != 0:
            raise SystemExit(f"{instance['name']}: {done.stderr.strip()}")
        return json.loads(done.stdout.splitlines()[-1])

    def compete(self, instance, contenders):
        """contenders: name -> a function of the instance. By turns; short runs again, and the median of them counts."""
        runs = {name: [] for name in contenders}
        for turn in range(REPEATS):
            for name, contender in contenders.items():
                if turn == 0 or runs[name][0]["seconds"] < SHORT and runs[name][0]["status"] == "optimal":
                    runs[name].append(contender(instance))
        middle = {}
        for name, results in runs.items():
            middle[name] = dict(sorted(results, key=lambda r: r["seconds"])[len(results) // 2])
            middle[name]["processor_seconds"] = statistics.median(r["processor_seconds"] for r in results)
        return middle

    def race(self, instance):
        """name -> result of us and of each peer that takes part."""
        contenders, found = {"ours": self.ours}, {}
        for name in self.options.peers:
            if name == "maingo" and len(instance["lower"]) > MAINGO_INPUTS:
                continue
            old = self.peers.get(f"{name} {instance['name']}")
            asked = (self.options.peers_limit, self.options.threads)
            if self.options.reuse_peers and old and (old["limit"], old["threads"]) == asked:
                found[name] = old["result"]
                self.reused.add(old["when"])
            else:
                contenders[name] = lambda i, name=name: self.peer(name, i)
        found |= self.compete(instance, contenders)
        for name in contenders:
            if name == "ours":
                continue
            self.peers[f"{name} {instance['name']}"] = {"result": found[name], "limit": self.options.peers_limit,
                                                        "threads": self.options.threads, "when": self.now}
        if not self.options.quick:
            FOLDER.mkdir(parents=True, exist_ok=True)
            self.kept.write_text(json.dumps(self.peers, indent=1))
        return found


def processor(result, least=1e-3):
    return max(result["processor_seconds"], least)


def part_peers(runs, instances, options):
    peers = options.peers
    rows, ratios, wrong = [], {}, []
    for instance in instances:
        found = runs.race(instance)
        ours, group, least = found["ours"], class_of(instance), least_of(instance)
        cells = [instance["name"], shown(ours, options.limit), f"{ours['nodes'] + ours['boxes']}", f"{ours['memory']:.0f}"]
        for name in peers:
            if name not in found:
                cells.append("-")
                continue
            theirs = found[name]
            contradiction = bench.contradiction(instance, theirs)
            if contradiction:
                wrong.append(f"{TITLES[name]} on {contradiction}")
            limit = min(options.limit, options.peers_limit)
            both_open = theirs["status"] != "optimal" and ours["status"] != "optimal"
            ratio = seconds(theirs, limit, least=least) / seconds(ours, limit, least=least)
            work = 1 if both_open else processor(theirs, least) / processor(ours, least)
            ratios.setdefault((group, name), []).append((ratio, work))
            sign = "" if theirs["status"] == "optimal" else "≥ "
            cells.append(f"{shown(theirs, options.peers_limit)}" + (" (wrong)" if contradiction else "") +
                         ("" if both_open else f", {sign}{ratio:.3g}×"))
        rows.append([*cells, ours["proof"]])
        print(" | ".join(rows[-1]), flush=True)
    summary = []
    for group in CLASSES:
        for name in peers:
            values = ratios.get((group, name))
            if values:
                times, works = zip(*values)
                cells = [f"{x:.3g}×" for x in (geometric_mean(times), min(times), geometric_mean(works))]
                summary.append([group, TITLES[name], str(len(times)), *cells])
                print(" | ".join(summary[-1]), flush=True)
    text = f"""## Against peers

Limit {options.limit:g} s for Secateur and {options.peers_limit:g} s for peers; runs at the limit count at the limit, and where the two
differ, at the smaller one. Median of {REPEATS} where a run takes less than a second. Behind each peer's seconds: how many times
as long it took. In the last class times below 20 ms count as 20 ms, in the others below 1 ms as 1 ms.
"""
    if runs.reused:
        text += f"Peers' times are from an earlier run on the same machine ({', '.join(sorted(runs.reused))}).\n"
    absent = [f"{TITLES[p]}: {why}" for p, why in options.absent.items()]
    if absent:
        text += "Left out: " + "; ".join(absent) + ".\n"
    text += "\n" + table(["class", "peer", "instances", "times as fast (geometric mean)", "slowest", "processor time (geometric mean)"],
                         summary)
    text += "\n" + table(["instance", "Secateur, s", "nodes and boxes", "MiB", *(f"{TITLES[p]}, s" for p in peers), "proof"], rows)
    text += f"""
MAiNGO runs on one thread and on the instances with {MAINGO_INPUTS} inputs; SCIP runs on one thread. Everything else has
{options.threads} threads.
"""
    for line in wrong:
        text += f"\nWrong within the gap: {line}.\n"
    return text


def dense_of(instance, instances):
    """The instance of the dense network that this one's was pruned from; None: it is dense, or there is none."""
    words = instance["name"].split("_")
    for k, word in enumerate(words):
        if word[0] in "wn" and word[1:].isdigit():
            dense = "_".join([*words[:k], "dense", *words[k + 1:]])
            return next((i for i in instances if i["name"] == dense), None)
    return None


def part_pruned(runs, instances, options):
    """What pruning is worth with the native engine, beside what it is worth with MILP."""
    limit = min(options.limit, options.pruned_limit)
    milp, auto = {}, {}

    def both(instance):
        if instance["name"] not in milp:
            found = runs.compete(instance, {engine: lambda i, engine=engine: runs.ours(i, engine, limit=limit)
                                            for engine in ("auto", "milp")})
            auto[instance["name"]], milp[instance["name"]] = found["auto"], found["milp"]
        return auto[instance["name"]], milp[instance["name"]]

    rows, ratios = [], {}
    everything = bench.load()
    for instance in instances:
        dense = dense_of(instance, everything)
        if dense is None:
            continue
        cells = [instance["name"]]
        for whole, cut, engine in zip(both(dense), both(instance), ("auto", "milp")):
            both_open = whole["status"] != "optimal" and cut["status"] != "optimal"
            ratio = seconds(whole, limit) / seconds(cut, limit)
            sign = "≥ " if whole["status"] != "optimal" else ""
            cells += [shown(whole, limit), shown(cut, limit), "-" if both_open else f"{sign}{ratio:.3g}×"]
            ratios.setdefault((len(instance["lower"]), engine), []).append(ratio)
        rows.append(cells)
        print(" | ".join(cells), flush=True)
    if not rows:
        return ""
    means = [[str(inputs), *(f"{geometric_mean(ratios[inputs, e]):.3g}×" for e in ("auto", "milp"))]
             for inputs in sorted({key[0] for key in ratios})]
    return f"""## What pruning is worth

The dense network's time over the pruned one's, by Secateur's default and by its MILP path (`--engine milp`). Limit {limit:g} s;
runs at the limit count at the limit. Pruned networks are other functions than the dense ones, with an optimum of their own.

{table(["pruned instance", "dense, s", "pruned, s", "pruned faster", "dense by MILP, s", "pruned by MILP, s", "by MILP"], rows)}
Geometric means by number of inputs:

{table(["inputs", "default", "MILP"], means)}"""


def gaps_of(found):
    """The relative gaps of the runs that were stopped."""
    stopped = [r for r in found if r["status"] != "optimal" and None not in (r["objective"], r["bound"])]
    return ", ".join(f"{abs(r['objective'] - r['bound']) / max(1e-9, abs(r['objective'])):.0%}" for r in stopped)


def part_growth(runs, instances, options):
    limit, program = options.growth_limit, options.secateur
    seeds = range(1 if options.quick else options.seeds)
    series = [
        ("inputs, 2x25 dense", [(f"{n}", (n, 2, 25, 0)) for n in growth.INPUTS]),
        ("inputs, 2x50 with 90 % of the weights removed", [(f"{n}", (n, 2, 50, 90)) for n in growth.INPUTS]),
        ("width of two dense layers, 2 inputs", [(f"{w}", (2, 2, w, 0)) for w in growth.WIDTHS]),
        ("depth, dense layers of 50, 2 inputs", [(f"{k}", (2, k, 50, 0)) for k in growth.DEPTHS]),
        ("sparsity in percent, 2x50, 8 inputs", [(f"{s}", (8, 2, 50, s)) for s in growth.SPARSITIES]),
    ]
    if options.quick:
        series = [("inputs, 2x25 dense", [(f"{n}", (n, 2, 25, 0)) for n in (2, 4)])]
    if not pathlib.Path(program).exists():
        raise SystemExit(f"{program} is not built: cmake --build --preset bench --target secateur_cli")
    text = f"""## Growth

Networks of {growth.POINTS} points of the mean of peaks over pairs of inputs, box [−{growth.EDGE:g}, {growth.EDGE:g}]ᵈ,
minimised, {len(seeds)} seeds each; made by
`secateur train` and `secateur prune` ({growth.EPOCHS} epochs). Geometric means of seconds; limit {limit:g} s, where runs count at the
limit.
"""
    for title, points in series:
        rows = []
        for label, shape in points:
            shapes = [(*shape, seed) for seed in seeds]
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "instances.json"
                growth.instances(program, shapes, file)
                found = [bench.run(options.program, growth.name_of(*s), limit, options.threads, file=file) for s in shapes]
            for shape_of, result in zip(shapes, found):
                objective, bound = result["objective"], result["bound"]
                if None not in (objective, bound) and bound > objective + 1e-6 * abs(objective):
                    raise SystemExit(f"{growth.name_of(*shape_of)}: the bound is above a point that was found")
            closed = sum(r["status"] == "optimal" for r in found)
            rows.append([label, f"{geometric_mean([seconds(r, limit) for r in found]):.3g}",
                         f"{geometric_mean([processor(r) for r in found]):.3g}",
                         f"{geometric_mean([1 + r['nodes'] + r['boxes'] for r in found]):.0f}",
                         f"{max(r['memory'] for r in found):.0f}", f"{closed} of {len(found)}", gaps_of(found)])
            print(title, " | ".join(rows[-1]), flush=True)
        text += f"\n**{title[0].upper()}{title[1:]}**\n\n"
        text += table([title.split(",")[0], "seconds", "processor seconds", "nodes and boxes", "MiB at most", "closed", "gaps left"], rows)
    return text


def part_threads(runs, instances, options):
    """The native search on one thread and on two."""
    rows, gains = [], []
    for instance in instances:
        if instance["name"] not in SCALING:
            continue
        one, two = (runs.ours(instance, "native", threads=t, limit=options.threads_limit) for t in (1, 2))
        comparable = one["status"] == two["status"] == "optimal" and one["seconds"] > 1
        if comparable:
            gains.append(one["seconds"] / two["seconds"])
        for threads, result in ((1, one), (2, two)):
            rows.append([instance["name"], str(threads), shown(result, options.threads_limit), str(result["nodes"]),
                         f"{result['nodes'] / result['seconds']:.0f}", f"{result['nodes'] / processor(result):.0f}",
                         f"{result['processor_seconds'] / result['seconds']:.2f}", f"{result['memory']:.0f}",
                         f"{gains[-1]:.2f}×" if comparable and threads == 2 else ""])
            print(" | ".join(rows[-1]), flush=True)
    if not rows:
        return ""
    mean = f"Geometric mean of the gains: {geometric_mean(gains):.3g}.\n" if gains else ""
    return f"""## Nodes a second, threads, memory

`--engine native`, limit {options.threads_limit:g} s. *Processors*: processor time over time, which stays below the number of threads where the
machine is busy with other work; nodes a processor second do not mind. The gain is shown for searches that end and take one thread more
than a second.

{table(["instance", "threads", "seconds", "nodes", "nodes a second", "a processor second", "processors", "MiB", "gain"], rows)}
{mean}"""


def write_page(options):
    texts = [FOLDER / f"{part}.md" for part in PARTS]
    missing = [file.stem for file in texts if not file.exists()]
    if missing:
        print(f"the page is not written yet: missing {', '.join(missing)} (--parts)")
        return
    compiler = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    kept = json.loads((FOLDER / "peers.json").read_text()) if (FOLDER / "peers.json").exists() else {}
    solvers = sorted({entry["result"].get("solver") for entry in kept.values()} - {None})
    head = f"""# The native engine

{machine()}; {', '.join(solvers)}; compiler g++ {compiler}; gap 1e-4, {options.threads} threads where nothing else is said.
`python bench/search/race.py` writes this page; Gurobi's licence does not allow publishing, so that `--gurobi` prints its race only.

"""
    write_results("search.md", head + "\n".join(file.read_text() for file in texts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--peers-limit", type=float, default=60)
    parser.add_argument("--pruned-limit", type=float, default=20)
    parser.add_argument("--growth-limit", type=float, default=10)
    parser.add_argument("--threads-limit", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3, help="networks for each point of the growth tables")
    parser.add_argument("--only", help="names of instances, or how they begin; nothing is written but the peers' runs")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--reuse-peers", action="store_true")
    parser.add_argument("--gurobi", action="store_true")
    parser.add_argument("--program", default=str(bench.PROGRAM))
    parser.add_argument("--secateur", default=str(root / "build" / "bench" / "bin" / "secateur"))
    options = parser.parse_args()
    parts, wanted = options.parts.split(","), [p for p in options.peers.split(",") if p]
    for name, known in [*((p, PARTS) for p in parts), *((p, PEERS) for p in wanted)]:
        if name not in known:
            parser.error(f"{name}: there are {', '.join(known)}")
    options.absent = {p: f"{PEERS[p]} is not installed" for p in wanted
                      if PEERS[p] and importlib.util.find_spec(PEERS[p]) is None}
    options.peers = [p for p in wanted if p not in options.absent]
    for name, why in options.absent.items():
        print(f"left out: {TITLES[name]}, {why}", file=sys.stderr)
    instances = bench.load(options.only)
    if options.quick:
        instances = [i for i in bench.load() if i["name"] in QUICK]
        options.limit = options.peers_limit = options.pruned_limit = options.growth_limit = options.threads_limit = 2
    runs = Bench(options)
    if options.gurobi:
        gurobi.race(instances, options.limit, options.threads, runs.ours, class_of, least_of)
        return
    makers = {"peers": part_peers, "pruned": part_pruned, "growth": part_growth, "threads": part_threads}
    for part in parts:
        print(f"-- {part}", flush=True)
        text = makers[part](runs, instances, options)
        if not (options.quick or options.only):
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / f"{part}.md").write_text(text)
    if not (options.quick or options.only):
        write_page(options)


if __name__ == "__main__":
    main()
