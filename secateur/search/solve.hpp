// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/progress.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/search/checkpoint.hpp"
#include "secateur/search/learned.hpp"

namespace secateur::search {

/// What a solve goes on from.
struct Continuation {
  /// The native search is saved to this file and, if it is there, goes on from it; when the problem is solved, the file
  /// is removed.
  CheckpointSettings checkpoint;
  /// Points, one entry a variable, of which decisions count: good ones of similar problems, or guesses. Moved to where
  /// the problem allows them, they are the first to be tried, whatever the engine.
  std::vector<Vector> starts;
  /// What earlier solves of the same networks have learned: used, and brought up to date at the end. Null: nothing is.
  /// Any box, objective, constraints and further variables may have changed in between.
  Learned* learned = nullptr;
};

/// Which search of this room: as measured (docs/engine.md), by dual ascent (make_tree), by branch and cut
/// (make_cut_tree), or by subdivision of the inputs (make_part_tree).
enum class Method { measured, dual, cut, subdivision };

/// The optimum of a problem by the engine that the settings name. `native`: the branch and bound of this room
/// (docs/engine.md), for problems all of whose variables are inputs or outputs of networks; others go to the MILP path.
/// `auto`: whichever suits the problem, and the MILP path where the native search gets nowhere. The result's note says
/// which and why. Throws InputError as mip::solve() does.
///
/// Throws InputError for a checkpoint that is another problem's, another version's, or damaged (Checkpoint), and when
/// continuation.learned belongs to other networks.
///
/// `known`: for tests, one entry a variable: a feasible point that the search must not lose; std::logic_error if it
/// does.
model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const mip::SolverOptions& options = {}, const ProgressSink& progress = {},
                         const Vector* known = nullptr, const Continuation& continuation = {},
                         Method method = Method::measured);

}  // namespace secateur::search
