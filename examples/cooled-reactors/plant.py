# SPDX-License-Identifier: Apache-2.0
"""Two cooled stirred tanks in series, A -> B -> C and 2 A -> D, as a simulator for `secateur flowsheet`: rows of inputs as CSV
on standard input, rows of outputs as CSV on standard output. Python alone, no packages.

Kinetics, heats and the jacket are those of Klatt & Engell's benchmark (van de Vusse's reaction of cyclopentadiene to
cyclopentenol, 1993). A steady state is a root of a tank's heat balance in its temperature; the concentrations follow in closed form. The
coldest root is taken, which is where a start-up from the feed ends. A tank that has none below 150 C, where the mixture
would boil, runs away: it has no answer, and its row says nan."""

import csv
import math
import sys

INPUTS = ["feed", "jacket1", "jacket2", "V2"]  # L/h, C, C, L
OUTPUTS = ["B", "waste", "T1", "T2"]  # mol/h of B; mol/h of A in by-products C and D; C; C

V1 = 10.0  # L
FEED_A, FEED_T = 5.1, 105.0  # mol/L, C
DENSITY, HEAT_CAPACITY = 0.9342, 3.01  # kg/L, kJ/(kg K)
JACKET = 4032 * 0.215  # kJ/(h K), of a tank of 10 L; its area goes with the volume to the power 2/3
HEATS = 4.2, -11.0, -41.85  # kJ/mol of B made, of C made, of A that becomes D
BOILING = 150.0  # C


def rates(T):
    K = T + 273.15
    return 1.287e12 * math.exp(-9758.3 / K), 1.287e12 * math.exp(-9758.3 / K), 9.043e9 * math.exp(-8560 / K)


def contents(T, flow, volume, a, b):
    """Concentrations of A and B in a tank at T: feed a, b in mol/L. 0 = d (a - A) - k1 A - k3 A^2 is a square in A."""
    k1, k2, k3 = rates(T)
    d = flow / volume
    A = 2 * d * a / (d + k1 + math.sqrt((d + k1) ** 2 + 4 * k3 * d * a))
    return A, (d * b + k1 * A) / (d + k2)


def imbalance(T, flow, volume, a, b, feed_T, jacket):
    """Heat that stays in the tank, in kJ/h."""
    k1, k2, k3 = rates(T)
    A, B = contents(T, flow, volume, a, b)
    made = -volume * (k1 * A * HEATS[0] + k2 * B * HEATS[1] + k3 * A * A * HEATS[2])
    area = JACKET * (volume / 10) ** (2 / 3)
    return flow * DENSITY * HEAT_CAPACITY * (feed_T - T) + area * (jacket - T) + made


def tank(flow, volume, a, b, feed_T, jacket):
    """Temperature and concentrations, or None: from the coldest temperature there can be upwards, 1 K at a time."""
    low = min(feed_T, jacket) - 20
    while low < BOILING:
        high = min(low + 1, BOILING)
        if imbalance(high, flow, volume, a, b, feed_T, jacket) <= 0:
            for _ in range(40):
                middle = 0.5 * (low + high)
                if imbalance(middle, flow, volume, a, b, feed_T, jacket) > 0:
                    low = middle
                else:
                    high = middle
            return (high, *contents(high, flow, volume, a, b))
        low = high
    return None


def simulate(feed, jacket1, jacket2, V2):
    """The outputs of one point, or None."""
    first = tank(feed, V1, FEED_A, 0.0, FEED_T, jacket1)
    if first is None:
        return None
    T1, A1, B1 = first
    second = tank(feed, V2, A1, B1, T1, jacket2)
    if second is None:
        return None
    T2, A2, B2 = second
    return feed * B2, feed * (FEED_A - A2 - B2), T1, T2


def main():
    reader = csv.DictReader(sys.stdin)
    print(",".join(OUTPUTS))
    for row in reader:
        answer = simulate(*(float(row[name]) for name in INPUTS))
        print("nan" if answer is None else ",".join(map(repr, answer)))


if __name__ == "__main__":
    main()
