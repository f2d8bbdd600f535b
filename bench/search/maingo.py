#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One benchmark instance by MAiNGO (pip install maingopy), as JSON in the form of bench_solve.

    python bench/search/maingo.py INSTANCES.json NAME LIMIT

Reduced space: the inputs are the only variables and the network is one expression, ReLU as max(z, 0), relaxed by McCormick's
rules. That is what MeLOn, MAiNGO's own reader of networks, makes of them. It runs on one thread; its several processes need
MPI, which its package does not have.
"""
import json
import os
import pathlib
import resource
import sys
import tempfile
import time
from importlib.metadata import version

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from networks import layers  # noqa: E402

import maingopy  # noqa: E402


def relu(z):
    # A row without weights is a plain number.
    return max(z, 0.0) if isinstance(z, float) else maingopy.max(z, 0.0)


class Model(maingopy.MAiNGOmodel):
    def __init__(self, instance, folder):
        super().__init__()
        self.instance, self.layers = instance, layers(folder / instance["network"])
        self.sign = 1 if instance["sense"] == "minimize" else -1

    def get_variables(self):
        return [maingopy.OptimizationVariable(maingopy.Bounds(low, high), maingopy.VT_CONTINUOUS, f"x{i}")
                for i, (low, high) in enumerate(zip(self.instance["lower"], self.instance["upper"]))]

    def get_initial_point(self):
        return [0.5 * (low + high) for low, high in zip(self.instance["lower"], self.instance["upper"])]

    def evaluate(self, inputs):
        values = list(inputs)
        for weight, bias, rectified in self.layers:
            rows = []
            for row, start in zip(weight, bias):
                total = float(start)
                for entry, value in zip(row, values):
                    if entry != 0:
                        total = total + float(entry) * value
                rows.append(relu(total) if rectified else total)
            values = rows
        objective = 0.0
        for entry, value in zip(self.instance["objective"], values):
            if entry != 0:
                objective = objective + self.sign * entry * value
        result = maingopy.EvaluationContainer()
        result.objective = objective
        return result


def main():
    file, name, limit = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], float(sys.argv[3])
    instance = next(i for i in json.loads(file.read_text()) if i["name"] == name)
    with tempfile.TemporaryDirectory() as folder:  # it writes logs beside itself
        os.chdir(folder)
        begin = time.time()
        model = Model(instance, file.parent)
        solver = maingopy.MAiNGO(model)
        for option, value in {"epsilonR": 1e-4, "epsilonA": 1e-6, "maxTime": limit}.items():
            if not solver.set_option(option, value):
                raise SystemExit(f"MAiNGO has no option {option}")
        solver.set_option("loggingDestination", maingopy.LOGGING_NONE)
        status = solver.solve()
        spent = time.time() - begin
        os.chdir("/")
    known = status in (maingopy.GLOBALLY_OPTIMAL, maingopy.FEASIBLE_POINT)
    # Its limit is one of processor time, which goes slower than the clock where the machine is busy.
    optimal = status == maingopy.GLOBALLY_OPTIMAL and spent <= limit
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "status": "optimal" if optimal else "time_limit",
        "objective": model.sign * solver.get_objective_value() if known else None,
        "bound": model.sign * solver.get_final_LBD() if known else None,
        "nodes": int(solver.get_iterations()), "boxes": 0, "seconds": spent,
        "processor_seconds": solver.get_cpu_solution_time(), "memory": used.ru_maxrss / 1024,
        "solver": f"MAiNGO {version('maingopy')}"}))


if __name__ == "__main__":
    main()
