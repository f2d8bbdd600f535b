# SPDX-License-Identifier: Apache-2.0
"""The Williams-Otto plant at steady state, many operating points at a time.

A stirred tank (A + B -> 2C, B + 2C -> P + 2E, C + 1/2 P -> 1.5 G), a decanter that takes out all G, a column with
product P overhead, a purged fraction eta of the rest; what is not purged returns to the tank. Flows in 1000 lb/h,
volume in 1000 ft3, temperature in 100 R, money in 1000 $/yr (T. J. Williams, R. E. Otto, A generalized chemical processing
model for the investigation of computer control, AIEE Transactions 79, 1960).
"""

import numpy as np

RHO = 50.0  # lb/ft3
INPUTS = ["V", "T", "F_A", "F_B", "eta"]
OUTPUTS = ["F_P", "F_G", "F_D", "S", "gross", "ROI"]

# Points and what a steady state there has to give: F_P, F_G, F_D, S, gross, ROI.
GOLDEN = [
    ((0.03, 6.7, 13, 30, 0.1), (4.591808816, 2.67113463, 35.73705655, 364.633509, 1143.113186, 117.0125763)),
    ((0.065, 6.5, 13, 30, 0.13), (4.916328892, 2.766508967, 35.31716214, 279.3533159, 2019.644858, 93.57153119)),
    ((0.1, 5.8, 10, 20, 0.2), (1.952120125, 0.1603273948, 27.88755248, 141.5502099, -1345.002227, -54.83340756)),
]

# Which two species' fractions a rate is proportional to, of A, B, C, E, P, G.
PAIRS = [(0, 1), (1, 2), (2, 4)]


def flows(feed_a, feed_b, eta):
    """The tank's outflow of A, B, C, E, P, G with the recycle eliminated is linear in the rates: constant + slope r."""
    n = len(eta)
    constant, slope = np.zeros((n, 6)), np.zeros((n, 6, 3))
    constant[:, 0], constant[:, 1] = feed_a / eta, feed_b / eta
    slope[:, 0, 0] = -1 / eta
    slope[:, 1, 0] = slope[:, 1, 1] = -1 / eta
    slope[:, 2] = np.array([2.0, -2.0, -1.0]) / eta[:, None]
    slope[:, 3, 1] = 2 / eta
    slope[:, 4, 1], slope[:, 4, 2] = 0.2 * (1 - eta) / eta + 1, -0.5
    slope[:, 5, 2] = 1.5
    return constant, slope


def newton(factor, constant, slope, rates, steps=60):
    """r_k = factor_k x_i x_j with x = f / S, S = sum f. Damped Newton: a step goes at most 95 % of the way to where a
    flow or rate would vanish, and is halved until the residual falls. Returns the rates and whether they solve it."""

    def residual(r):
        f = constant + np.einsum("nij,nj->ni", slope, r)
        total = f.sum(1)
        product = np.stack([f[:, i] * f[:, j] for i, j in PAIRS], 1) / total[:, None] ** 2
        return f, total, product, r - factor * product

    eye = np.eye(3)
    total_slope = slope.sum(1)
    for _ in range(steps):
        f, total, product, error = residual(rates)
        ds = total_slope / total[:, None]
        jacobian = np.empty((len(rates), 3, 3))
        for k, (i, j) in enumerate(PAIRS):
            d = (slope[:, i] * f[:, j, None] + f[:, i, None] * slope[:, j]) / total[:, None] ** 2
            jacobian[:, k] = eye[k] - factor[:, k, None] * (d - 2 * product[:, k, None] * ds)
        step = -np.linalg.solve(jacobian, error[:, :, None])[:, :, 0]
        values = np.concatenate([f, rates], 1)
        change = np.concatenate([np.einsum("nij,nj->ni", slope, step), step], 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(change < 0, -values / change, np.inf).min(1)
        length = np.minimum(1.0, 0.95 * reach)
        norm = np.abs(error).max(1)
        for _ in range(12):
            worse = np.abs(residual(rates + length[:, None] * step)[3]).max(1) > norm
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        rates = rates + length[:, None] * step
    return rates, np.abs(residual(rates)[3]).max(1) < 1e-9


def simulate(points):
    """Rows (V, T, F_A, F_B, eta) -> rows (F_P, F_G, F_D, S, gross, ROI); NaN where no start converges."""
    v, t, feed_a, feed_b, eta = np.atleast_2d(np.asarray(points, float)).T
    arrhenius = [5.9755e9 * np.exp(-120 / t), 2.5962e12 * np.exp(-150 / t), 9.6283e15 * np.exp(-200 / t)]
    factor = np.stack(arrhenius, 1) * (v * RHO)[:, None]
    constant, slope = flows(feed_a, feed_b, eta)
    rates = np.full((len(v), 3), np.nan)
    for x in (0.5, 0.9, 0.2, 0.98):
        for y in (0.5, 0.2, 0.8, 0.95):
            left = np.flatnonzero(np.isnan(rates[:, 0]))
            if not len(left):
                break
            r1 = x * np.minimum(feed_a, feed_b)[left]
            start = np.stack([r1, 0.5 * y * r1, 0.02 * r1], 1)
            inside = (constant[left] + np.einsum("nij,nj->ni", slope[left], start) > 0).all(1)
            left, start = left[inside], start[inside]
            found, solved = newton(factor[left], constant[left], slope[left], start)
            rates[left[solved]] = found[solved]
    f = constant + np.einsum("nij,nj->ni", slope, rates)
    total = f.sum(1)
    product = f[:, 4] - 0.1 * f[:, 3]
    purge = eta * (f[:, 0] + f[:, 1] + f[:, 2] + 1.1 * f[:, 3])
    waste = f[:, 5]
    gross = 2207 * product + 50 * purge - 168 * feed_a - 252 * feed_b - 2.22 * total - 84 * waste
    roi = 100 * (gross - 60 * v * RHO) / (600 * v * RHO)
    return np.stack([product, waste, purge, total, gross, roi], 1)


def check():
    """Refuses to go on unless the model reproduces the golden points to 8 digits and the published steady state."""
    for point, expected in GOLDEN:
        found = simulate([point])[0]
        assert np.allclose(found, expected, rtol=1e-8, atol=0), (point, found, expected)


if __name__ == "__main__":
    check()
    print("golden points: reproduced to 8 digits")
