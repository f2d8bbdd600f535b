// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/search/node.hpp"

namespace secateur::search {

/// A node as a linear program over its inputs and live units: equations of the units, signs of those that were split,
/// the triangle of every unstable one (Ehlers 2017), and the outputs' ranges. Every row is widened by what folding has
/// rounded, so no point is lost. Without unstable units nothing is relaxed but integrality. Its optimal value is the
/// objective, but for `error`.
struct Program {
  lp::Model model;
  double error = 0;
  std::vector<int> value, preactivation;  ///< columns of the network's values; -1: none
  int first_range = 0;                    ///< row of the first range
};
Program relaxation_program(const Node& node, const std::vector<Range>& ranges);

/// What solving it says, besides raising the node's bound to what is proven in real arithmetic (infinite: no point).
struct Solved {
  bool final = false;           ///< optimal, or proven to have no point
  std::optional<Vector> point;  ///< the solution's inputs
  Index unit = -1;              ///< the unit whose triangle the solution uses most; -1: none does
  double work = 0;              ///< as TreeState::work
};
/// The prices of the ranges become those of the program's optimum, for the node's children.
Solved solve_relaxation(Node& node, const std::vector<Range>& ranges, lp::Session& session, const Stop& stop);

}  // namespace secateur::search
