# SPDX-License-Identifier: Apache-2.0
"""The benchmark instances of tests/data: running bench_solve on one of them, checking what comes back, and averages."""

import json
import math
import subprocess

from common import root

INSTANCES = root / "tests" / "data" / "instances.json"
PROGRAM = root / "build" / "bench" / "bin" / "bench_solve"


def load(only=None):
    """Those whose names begin with one of the comma-separated names, or all."""
    instances = json.loads(INSTANCES.read_text())
    return [i for i in instances if not only or any(i["name"].startswith(p) for p in only.split(","))]


def run(program, name, limit, threads, *arguments, file=INSTANCES):
    settings = ["--set", f"time-limit={limit}", "--set", f"threads={threads}"]
    done = subprocess.run([program, str(file), name, *settings, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} {arguments}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def contradiction(instance, result, gap=1e-4):
    """How an answer contradicts the reference; None: it does not."""
    reference, sign = instance["reference"], 1 if instance["sense"] == "minimize" else -1
    slack = 2 * gap * max(1, abs(reference))
    bound, objective = result["bound"], result["objective"]
    if bound is not None and sign * bound > sign * reference + slack:
        return f"{instance['name']}: bound {bound} contradicts the reference {reference}"
    if result["status"] == "optimal" and sign * objective > sign * reference + slack:
        return f"{instance['name']}: optimum {objective} is worse than the reference {reference}"
    return None


def check(instance, result):
    """An answer of ours that contradicts the reference is a failure of the benchmark, not a data point."""
    wrong = contradiction(instance, result)
    if wrong:
        raise SystemExit(wrong)


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values))


def seconds(result, limit, key="seconds", least=1e-3):
    """What a run counts: at least `least`, and the limit where it was stopped."""
    return limit if result["status"] != "optimal" else min(limit, max(result[key], least))


def shown(result, limit):
    if result["status"] == "optimal":
        return f"{result['seconds']:.3g}"
    objective, bound = result["objective"], result["bound"]
    if objective is None:
        return f"> {limit:g} (no incumbent)"
    return f"> {limit:g} (gap {abs(objective - bound) / max(1e-9, abs(objective)):.0%})"
