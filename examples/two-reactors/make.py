# SPDX-License-Identifier: Apache-2.0
"""Surrogates of two reactors for A -> B -> C, from feed (kmol/h) and temperature (K) to B (kmol/h) and operating cost
($/h): a stirred tank and a tube, which converts more but needs a pump."""

import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import latin_hypercube, secateur, write_csv  # noqa: E402

HERE = pathlib.Path(__file__).parent
LOWER, UPPER = [10, 340], [40, 400]


def rates(feed, temperature):
    """k1 tau and k2 tau of both steps."""
    return (900 * np.exp(-3000 / temperature + 3000 / 370) / 22.5 / feed,
            120 * np.exp(-7000 / temperature + 7000 / 370) / 22.5 / feed)


def tank(feed, temperature):
    a, c = rates(feed, temperature)
    product = feed * a / ((1 + a) * (1 + c))
    return product, 2 + 0.004 * feed * (temperature - 320)


def tube(feed, temperature):
    a, c = rates(feed, temperature)
    product = feed * a * (np.exp(-c) - np.exp(-a)) / (a - c)
    return product, 6 + 0.004 * feed * (temperature - 320) + 0.004 * feed**2


if __name__ == "__main__":
    for name, reactor in (("tank", tank), ("tube", tube)):
        points = latin_hypercube(LOWER, UPPER, 4000, seed=1)
        values = np.stack(reactor(*points.T), 1)
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder, "data.csv")
            write_csv(data, ["feed", "T", "product", "cost"], np.hstack([points, values]))
            trained = secateur("train", "--data", data, "--inputs", "feed,T", "--outputs", "product,cost",
                               "--hidden", "16,16", "--out", HERE / f"{name}.onnx")
        print(name, "test RMSE", *(f"{error:.3g}" for error in trained["test"]["rmse"]))
