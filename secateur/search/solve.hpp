// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/progress.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::search {

/// The optimum of a problem by the engine that the settings name. `native`: the branch and bound of this room
/// (docs/engine.md), for problems all of whose variables are inputs or outputs of networks; others go to the MILP path.
/// `auto`: whichever suits the problem, and the MILP path where the native search gets nowhere. The result's note says
/// which and why. Throws InputError as mip::solve() does.
///
/// `known`: for tests, one entry a variable: a feasible point that the search must not lose; std::logic_error if it
/// does.
model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const mip::SolverOptions& options = {}, const ProgressSink& progress = {},
                         const Vector* known = nullptr);

}  // namespace secateur::search
