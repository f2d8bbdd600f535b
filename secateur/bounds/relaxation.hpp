// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/graph/relu_graph.hpp"

namespace secateur::bounds {

/// Two linear functions around max(0, z) for each unit of a layer, given lower <= z <= upper:
///
///     alpha z  <=  max(0, z)  <=  slope z + intercept.
///
/// alpha is 0 or 1, so multiplying with it rounds nothing. A stable unit has alpha = slope and no intercept.
struct Relaxation {
  Vector alpha, slope, intercept;
};

/// The triangle relaxation with CROWN's adaptive lower slope: alpha = 1 where the triangle is smaller for it (u > -l).
///
/// The upper line is the chord u (z - l) / (u - l). Its slope s = u / (u - l) is rounded, and any s in [0, 1] does as
/// long as the line is above max(0, z) at both ends, since that function is convex: the intercept is
/// max(-s l, (1 - s) u), rounded up.
Relaxation relax(const graph::LayerBounds& bounds);

}  // namespace secateur::bounds
