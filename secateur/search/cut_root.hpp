// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "secateur/search/cut_node.hpp"
#include "secateur/search/tree.hpp"

namespace secateur::search {

/// How much is spent on cuts at the root.
struct RootSettings {
  int rounds = 40;
  int rounding = 2;        ///< in the first of which rows are rounded, too: later cuts would be dense with earlier ones
  double cuts_a_unit = 1;  ///< a round adds no more than so many
  double enough = 0.05;    ///< it ends when three rounds close less than this part of the gap
};

/// A root node: the form with its cuts, its relaxation solved. Holds for points whose objective is not above the
/// cut-off that it was made with.
struct CutRoot {
  std::unique_ptr<Form> form;
  std::unique_ptr<SignPropagation> propagation;
  CutProgram program;
  SignBounds bounds;
  double bound = 0;  ///< proven; infinite: there is no point
  Vector best;       ///< inputs of the relaxation's optimum
  int rounds = 0;
  bool watched = false;  ///< the task's sentinel is below the cut-off, and nothing may lose it
};

/// Tightens the network's bounds, folds what has become stable, and adds rounds of cuts while they pay.
CutRoot make_root(const Task& task, std::shared_ptr<const Network> network, const Box& box, double cutoff,
                  const RootSettings& settings, const Stop& stop);

}  // namespace secateur::search
