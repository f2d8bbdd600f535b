# SPDX-License-Identifier: Apache-2.0
"""The optimum without the program: a grid over feed and temperature for either reactor, refined around its best
points."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import Network  # noqa: E402

HERE = pathlib.Path(__file__).parent
LOWER, UPPER = np.array([10.0, 340.0]), np.array([40.0, 400.0])


def profit(network, charge, points):
    """With sold and cost at what the reactor makes and takes; -infinity where the demand is not met."""
    product, cost = network(points).T
    value = 3 * product - np.maximum(cost, 0) - points[:, 0] - charge
    return np.where((product >= 12) & (product <= 40) & (cost <= 50), value, -np.inf)


def best(network, charge):
    axes = [np.linspace(low, high, 601) for low, high in zip(LOWER, UPPER)]
    points = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    values = profit(network, charge, points)
    found = (-np.inf, None)
    for start in points[np.argsort(-values)[:20]]:
        width = (UPPER - LOWER) / 600
        for _ in range(25):  # a finer grid around the best point, again and again
            axes = [np.clip(np.linspace(c - w, c + w, 21), low, high)
                    for c, w, low, high in zip(start, width, LOWER, UPPER)]
            near = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
            value = profit(network, charge, near)
            start, width = near[value.argmax()], width * 0.5
            found = max(found, (value.max(), tuple(start)))
    return found


def optimum(surcharge=7):
    """Profit of the better reactor, its name, (feed, T), and the profits of both; the tube costs that much more."""
    charges = {"tank": 5, "tube": 5 + surcharge}
    results = {name: best(Network(HERE / f"{name}.onnx"), charge) for name, charge in charges.items()}
    name = max(results, key=lambda key: results[key][0])
    return results[name][0], name, results[name][1], {key: float(value[0]) for key, value in results.items()}


if __name__ == "__main__":
    value, name, point, both = optimum()
    print(f"{name}: profit {value:.6f} $/h at feed {point[0]:.4f} kmol/h, T {point[1]:.3f} K; of either: {both}")
