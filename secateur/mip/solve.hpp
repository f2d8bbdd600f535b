// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/mip/goal.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::mip {

using SolverOptions = std::vector<std::pair<std::string, std::string>>;

/// A problem as a search of another kind meets it inside solve(): lowered, bounded, with a first objective if there is
/// one. Everything is in the user's sense.
struct Stage {
  const Prepared& prepared;
  const Goal& goal;
  bool tightened = false;  ///< subdivision and linear programs have done what pays
  double cutoff = 0;       ///< points worse than it are not needed; infinite on the worse side when none is known
  const Stop& stop;
  /// Replays inputs of the graph that look better than the cut-off; returns the cut-off from then on.
  std::function<double(const Vector& x)> probe;
  /// Improves such inputs by the linear programs of the cells around them; returns the cut-off from then on.
  std::function<double(const Vector& x)> polish;
  /// The best point known, one entry a variable, with its objective; and another such point to be tried, which returns
  /// the cut-off from then on.
  std::function<std::optional<std::pair<Vector, double>>()> incumbent;
  std::function<double(const Vector& point)> offer;
  /// A bound of the whole problem that holds in real arithmetic, and the nodes so far.
  std::function<void(double bound, std::int64_t nodes)> prove;
};

/// What became of it.
struct Outcome {
  enum class Kind {
    passed,   ///< not searched, or handed over: the MILP path goes on with the incumbent and the bounds proven so far
    stopped,  ///< by `status`
    closed    ///< searched to the end: no feasible point is better than the last cut-off
  };
  Kind kind = Kind::passed;
  Status status = Status::time_limit;
};

/// Asked once the first points are known, before anything is spent on tightening, and again after that.
using Interlude = std::function<Outcome(const Stage&)>;

/// What is known before any work is done.
struct Start {
  /// Points to begin with (one entry a variable, of which decisions count), moved to where the problem allows them.
  std::vector<Vector> points;
  /// No feasible point has a better objective, in real arithmetic.
  std::optional<double> bound;
};

/// Bounds, formulation, incumbent by forward passes, MILP solver, replay and repair: the `milp` engine.
/// Throws InputError for a solver or a technique that is not there. `reference`: what the settings big_m and binaries
/// compare with (prepare()). `interlude`: a search that may end the work before a formulation is made.
model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const SolverOptions& options = {}, const ProgressSink& progress = {},
                         const graph::NeuronBounds* reference = nullptr, const Interlude& interlude = {},
                         const Start& start = {});

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
