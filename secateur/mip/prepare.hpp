// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/mip/formulation.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/model/compile.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

/// A problem made ready for a formulation: lowered, bounded, and simplified.
struct Prepared {
  model::Compiled problem;                           ///< its graph is what is left after the lossless passes
  graph::NeuronBounds bounds;                        ///< of that graph
  graph::NeuronBounds constants;                     ///< the bounds that its formulation is made of, perhaps looser
  std::vector<std::vector<graph::NeuronId>> origin;  ///< its units in the lowered networks
  Index neurons = 0, unstable = 0;                   ///< of the lowered networks
  /// No feasible point has an objective better than this, in real arithmetic; in the user's sense. Nothing when the
  /// objective is unbounded as far as bounds can tell.
  std::optional<double> bound;
  /// Bounds alone prove, in real arithmetic, that no point satisfies all constraints; and what contradicts each other.
  bool infeasible = false;
  std::vector<std::string> conflict;
};

/// Throws InputError for a problem or settings that cannot be used, and for techniques that have not landed yet.
void require_available(const model::Problem& problem, const model::SolveSettings& settings);

/// `reference`: bounds of the lowered networks' neurons for the switches big_m and binaries (formulation_bounds);
/// interval bounds of the same networks if there are none.
Prepared prepare(const model::Problem& problem, const model::Structure& structure, const model::SolveSettings& settings,
                 const graph::NeuronBounds* reference = nullptr);

/// Lets the frame know of the bounds of the graph's inputs and of those outputs that count. False when they contradict
/// the frame's own.
bool restrict_frame(Prepared& prepared);

/// Removes from the graph what its bounds show to be constant or always active.
void simplify(Prepared& prepared);

/// Makes the frame keep only points whose objective is at least as good as `cutoff` (in the user's sense): a bound of
/// the column that is the objective, or a row, widened by what folding has rounded.
void add_cutoff(Prepared& prepared, double cutoff);

/// The problem's formulation, with the cuts that the settings ask for.
Formulation formulation_of(const Prepared& prepared, const model::SolveSettings& settings, const Stop& stop);

/// What local search minimises: the objective, and the constraints as penalties, weighted by what a sample of the
/// graph's inputs shows of their sizes.
Goal goal_of(const model::Problem& problem, const model::Structure& structure, const model::Compiled& compiled,
             const Matrix& sample);

}  // namespace secateur::mip
