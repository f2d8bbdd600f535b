// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/box.hpp"

namespace secateur::bounds {

/// Shrinks `box` to where the objective's linear lower bound is not above the cut-off: with f >= bound + sum_j slope_j
/// (x_j - x*_j), each term of the sum nonnegative on the box, f <= cutoff needs |slope_j| |x_j - x*_j| <= cutoff -
/// bound for every j. Whether anything was cut away.
bool shrink(Box& box, const Vector& slope, double bound, double cutoff);

}  // namespace secateur::bounds
