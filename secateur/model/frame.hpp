// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/lp/model.hpp"

namespace secateur::model {

/// What surrounds a ReluGraph in a problem: its variables and linear constraints as a mixed-integer linear program that
/// lacks only the networks. A point of the problem is a point of this program and of the graph, at the same time.
struct Frame {
  /// One column a variable of the problem, in that order, then the selections of discrete variables; rows are the
  /// problem's constraints, the objective is the problem's.
  lp::Model model;
  std::vector<int> inputs;  ///< column of each graph input
  /// Column of each graph output; -1 for a graph output that is a combination of other columns (the objective, a
  /// constraint) and has none of its own.
  std::vector<int> outputs;
};

}  // namespace secateur::model
