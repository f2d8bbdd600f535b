// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

using SolverOptions = std::vector<std::pair<std::string, std::string>>;

/// Bounds, formulation, incumbent by forward passes, MILP solver, replay and repair: the `milp` engine.
/// Throws InputError for a solver or a technique that is not there. `reference`: what the settings big_m and binaries
/// compare with (prepare()).
model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const SolverOptions& options = {}, const ProgressSink& progress = {},
                         const graph::NeuronBounds* reference = nullptr);

/// Whether a feasible point has an objective at least as good as a target, or better if `strict`.
struct Target {
  double value = 0;
  bool strict = false;
};
struct TargetResult {
  /// Its point reaches the target if its objective does; bound and gap are not worked on beyond that.
  model::SolveResult search;
  /// Proven, and how: no feasible point reaches the target.
  std::optional<Proof> beyond;
};
/// Searches until one or the other is known, or a limit ends it. Points count only if they satisfy every constraint
/// exactly, in float64 arithmetic; settings.feasibility is not used. Throws as solve() does.
TargetResult reach(const model::Problem& problem, const Target& target, const model::SolveSettings& settings,
                   const SolverOptions& options = {}, const ProgressSink& progress = {});

/// The MILP of the problem, for `secateur export`: columns named after inputs and outputs, the objective in the user's
/// sense.
lp::Model formulate(const model::Problem& problem, const model::SolveSettings& settings);

}  // namespace secateur::mip
