// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "secateur/search/network.hpp"

namespace secateur::search {

/// A unit whose sign was imposed by branching, by its value in the node's network.
struct Split {
  Index value = 0;
  bool active = true;
};

/// A part of the problem: the points of a box of inputs at which the split units have their signs. Arrays are indexed
/// by the network's values; the inputs' entries of `lower` and `upper` are the box.
struct Node {
  std::shared_ptr<const Network> network;
  std::vector<double> lower, upper;  ///< of inputs, and of each unit's preactivation, on this part
  std::vector<Split> splits;
  /// Where the next ascent starts: its parent's best multipliers. Any number is valid, so short ones do.
  std::vector<float> alpha, beta;
  std::vector<double> price;
  /// No feasible point of this part has an objective below; infinite: there is none.
  double bound = -std::numeric_limits<double>::infinity();
  /// The box has shrunk since the units' bounds were computed.
  bool shrunk = false;
  Index unstable = 0;
  /// What to branch on, best first: units by their values, and inputs.
  std::vector<Index> units, inputs;
  std::int64_t depth = 0;
  /// Look-ahead that did not pay on the way here: expansions that try no unit from here on, and how many it is to be
  /// the next time a unit loses against an input.
  int units_rest = 0, units_pause = 1;
};

/// Nothing in a node with this bound is worth looking for.
inline bool above(double bound, double cutoff) {
  return bound > cutoff || bound == std::numeric_limits<double>::infinity();
}

inline bool unstable(double lower, double upper) { return lower < 0 && upper > 0; }

}  // namespace secateur::search
