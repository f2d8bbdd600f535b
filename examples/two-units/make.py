# SPDX-License-Identifier: Apache-2.0
"""Surrogates of two units that make the same product, from feed (t/h) and temperature (K) to product (t/h), impurity in
it (kg/h) and heat (kW). The first is selective but slow, the second fast but makes more impurity when it is hot."""

import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import latin_hypercube, secateur, write_csv  # noqa: E402

HERE = pathlib.Path(__file__).parent
LOWER, UPPER = [2, 500], [10, 600]


def unit(feed, temperature, rate, side, heat):
    conversion = 1 - np.exp(-rate * np.exp(8000 * (1 / 550 - 1 / temperature)) / feed)
    share = side * np.exp(12000 * (1 / 550 - 1 / temperature))
    product = feed * conversion
    return product, 1000 * share * product, heat * (feed * (temperature - 400) / 100 + 0.8 * product)


if __name__ == "__main__":
    for name, data_of in (("slow", (5, 0.006, 140)), ("fast", (9, 0.014, 110))):
        points = latin_hypercube(LOWER, UPPER, 4000, seed=2)
        values = np.stack(unit(*points.T, *data_of), 1)
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder, "data.csv")
            write_csv(data, ["feed", "T", "product", "impurity", "heat"], np.hstack([points, values]))
            trained = secateur("train", "--data", data, "--inputs", "feed,T", "--outputs", "product,impurity,heat",
                               "--hidden", "16,16", "--out", HERE / f"{name}.onnx")
        print(name, "test RMSE", *(f"{error:.3g}" for error in trained["test"]["rmse"]))
