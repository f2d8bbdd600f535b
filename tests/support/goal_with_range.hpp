// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "secateur/core/rng.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/mip/incumbent.hpp"
#include "support/random_network.hpp"

namespace secateur {

/// A random graph with two outputs: the first is minimised, the second has a range that few points are in.
struct GoalWithRange {
  graph::ReluGraph graph;
  mip::Goal goal;
  Stop stop;

  explicit GoalWithRange(std::uint64_t seed, bool range = true) {
    Rng rng(seed);
    RandomNetwork how;
    how.widths = {4, 12, 10, 2};
    const Box box{Vector::Constant(4, -2), Vector::Constant(4, 2)};
    graph = graph::lower(random_network(how, rng), box);
    goal.objective = Vector::Zero(2);
    goal.objective(0) = 1;
    if (!range) return;
    const double somewhere = graph::evaluate(graph, mip::uniform_points(box, 2, seed))(1, 1);
    goal.ranges.push_back({1, somewhere - 0.01, somewhere + 0.01, 100});
  }
  [[nodiscard]] double at(const Vector& x) const { return mip::objectives(graph, goal, x.transpose())(0); }
};

}  // namespace secateur
