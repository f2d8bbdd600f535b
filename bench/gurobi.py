# SPDX-License-Identifier: Apache-2.0
"""gurobi-machinelearning's formulation with gurobipy's licence of limited size, raced against a configuration of ours.

Its results are printed and never written: that licence does not allow publishing benchmarks.
"""
import sys
import time

import instances as bench


def race(instances, limit, threads, ours, groups=lambda instance: "all", least=lambda instance: 1e-3):
    """`ours(instance)` is a result of bench_solve; means are printed for each of the `groups`; times below `least` count as it."""
    try:
        import gurobi_ml.torch  # noqa: F401  (its formulation needs a framework's model)
        import gurobipy
        import numpy as np
        import torch
        from networks import layers
    except ImportError as error:
        print(f"left out: {error} (pip install gurobipy gurobi-machinelearning onnx)", file=sys.stderr)
        return

    def sequential(path):
        modules = []
        for weight, bias, rectified in layers(path):
            linear = torch.nn.Linear(weight.shape[1], weight.shape[0]).double()
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(weight))
                linear.bias.copy_(torch.tensor(bias))
            modules += [linear, torch.nn.ReLU()] if rectified else [linear]
        return torch.nn.Sequential(*modules)

    ratios = {}
    for instance in instances:
        model = sequential(bench.INSTANCES.parent / instance["network"])
        mine = ours(instance)
        begin = time.time()
        with gurobipy.Env(params={"OutputFlag": 0}) as env, gurobipy.Model(env=env) as milp:
            count = len(instance["lower"])
            x = milp.addMVar(count, lb=np.array(instance["lower"]), ub=np.array(instance["upper"]))
            y = milp.addMVar(len(instance["objective"]), lb=-np.inf)
            gurobi_ml.torch.add_sequential_constr(milp, model, x, y)
            milp.setObjective(np.array(instance["objective"]) @ y,
                              gurobipy.GRB.MINIMIZE if instance["sense"] == "minimize" else gurobipy.GRB.MAXIMIZE)
            milp.Params.MIPGap, milp.Params.TimeLimit, milp.Params.Threads = 1e-4, limit, threads
            try:
                milp.optimize()
            except gurobipy.GurobiError as error:
                print(f"{instance['name']}: {error}")
                continue
            found = {"status": "optimal" if milp.Status == gurobipy.GRB.OPTIMAL else "time_limit", "seconds": time.time() - begin}
        spent, own = (bench.seconds(r, limit, least=least(instance)) for r in (found, mine))
        ratios.setdefault(groups(instance), []).append(spent / own)
        print(f"{instance['name']}: gurobi-machinelearning {spent:.3g} s, Secateur {own:.3g} s, {spent / own:.3g}×", flush=True)
    for group, values in ratios.items():
        print(f"{group}: geometric mean over {len(values)}: {bench.geometric_mean(values):.3g}×, least {min(values):.3g}×")
