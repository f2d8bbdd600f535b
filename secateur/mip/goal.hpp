// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/matrix.hpp"

namespace secateur::mip {

/// What local search minimises over a graph's outputs y: objective'y, and for every range that an output has to stay in
/// weight * (its distance from the range). With weights large enough the penalty is exact: its minimisers are those of
/// the constrained problem.
struct Goal {
  struct Range {
    Index output = 0;
    double lower = 0, upper = 0;  ///< perhaps infinite
    double weight = 1;
  };
  Vector objective;
  std::vector<Range> ranges;
};

}  // namespace secateur::mip
