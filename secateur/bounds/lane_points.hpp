// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/bounds/folded.hpp"
#include "secateur/core/box.hpp"

namespace secateur::bounds {

/// A point of a box and the first target's value there, in plain arithmetic.
struct Point {
  Vector x;
  double value = 0;
};

/// Local search on as many points at once as a vector has lanes: of `samples` points (the middle of the box, then
/// uniform ones) the best crown_lanes are improved by `steps` steps of projected gradient descent that shrink from
/// `first_step` to `last_step` times the box's width, and the best of those is polished.
struct LaneSearch {
  Index samples = 64;
  int steps = 15;
  double first_step = 0.25, last_step = 1e-4;
  std::uint64_t seed = 1;
};

/// The best points of `box`, the best first. `box`: inside the one that was folded on.
std::vector<Point> lane_points(const Folded& folded, const Box& box, const LaneSearch& search = {});

/// The best corner of the point's activation cell, and of those that short descents lead to from there. Never worse
/// than `point`.
Point polished(const Folded& folded, const Box& box, const Point& point);

}  // namespace secateur::bounds
