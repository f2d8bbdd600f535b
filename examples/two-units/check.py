# SPDX-License-Identifier: Apache-2.0
"""The optimum without the program: the best feasible pair of two grids, then of random points nearer and nearer to
it."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import Network  # noqa: E402

HERE = pathlib.Path(__file__).parent
LOWER, UPPER = np.array([2.0, 500.0]), np.array([10.0, 600.0])


def combine(points1, y1, points2, y2):
    """Cost ($/h) of pairs; 10000 and more, the more the farther, where a linking constraint does not hold."""
    product, impurity, heat = y1[..., 0] + y2[..., 0], y1[..., 1] + y2[..., 1], y1[..., 2] + y2[..., 2]
    cost = 90 * (points1[..., 0] + points2[..., 0]) + 0.05 * heat
    violation = (np.maximum(7 - product, 0) + np.maximum(impurity - 10 * product, 0) / 10
                 + np.maximum(heat - 2335, 0) / 100)
    return np.where(violation > 0, 10000 * (1 + violation), cost)


def optimum(seed=0):
    """Cost and (feed1, T1, feed2, T2)."""
    rng = np.random.default_rng(seed)
    slow, fast = Network(HERE / "slow.onnx"), Network(HERE / "fast.onnx")
    axes = [np.linspace(low, high, 51) for low, high in zip(LOWER, UPPER)]
    grid = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    y1, y2 = slow(grid), fast(grid)
    costs = combine(grid[:, None], y1[:, None], grid[None], y2[None])
    starts = np.argsort(costs, axis=None)[:1000:200]
    found = (np.inf, None)
    for start in starts:
        i, j = np.unravel_index(start, costs.shape)
        centre, value = np.concatenate([grid[i], grid[j]]), costs[i, j]
        width = np.tile(UPPER - LOWER, 2) / 25
        low, high = np.tile(LOWER, 2), np.tile(UPPER, 2)
        for _ in range(80):
            near = np.clip(centre + width * rng.uniform(-1, 1, (5000, 4)), low, high)
            near_costs = combine(near[:, :2], slow(near[:, :2]), near[:, 2:], fast(near[:, 2:]))
            if near_costs.min() < value:
                centre, value = near[near_costs.argmin()], near_costs.min()
            else:
                width = width * 0.8
        if value < found[0]:
            found = (float(value), tuple(map(float, centre)))
    return found


if __name__ == "__main__":
    value, (feed1, t1, feed2, t2) = optimum()
    print(f"cost {value:.4f} $/h at feed {feed1:.4f} and {feed2:.4f} t/h, T {t1:.3f} and {t2:.3f} K")
