// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/graph/relu_graph.hpp"
#include "secateur/mip/big_m.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// A problem made ready for a formulation: lowered, bounded, and simplified.
struct Prepared {
  graph::ReluGraph graph;                            ///< what is left after the lossless passes
  graph::NeuronBounds bounds;                        ///< of that graph
  std::vector<std::vector<graph::NeuronId>> origin;  ///< its units in the lowered network
  Index neurons = 0, unstable = 0;                   ///< of the lowered network
  /// No point of the box has an objective better than this, in real arithmetic; in the user's sense.
  double bound = 0;
};

/// Throws InputError for a problem or settings that cannot be used, and for techniques that have not landed yet.
void require_available(const model::Problem& problem, const model::SolveSettings& settings);

Prepared prepare(const model::Problem& problem, const model::SolveSettings& settings);

/// The objective as something to minimise: objective or -objective.
Vector minimized(const model::Problem& problem);

/// The problem's formulation.
Formulation formulation_of(const model::Problem& problem, const Prepared& prepared);

}  // namespace secateur::mip
