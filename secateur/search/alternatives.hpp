// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "secateur/core/progress.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::search {

/// One optimum of a problem, by whatever engine.
using SolveOne =
    std::function<model::SolveResult(const model::Problem&, const model::SolveSettings&, const ProgressSink& progress)>;

/// The settings.solutions best distinct solutions, best first, in the result's `solutions`. The first is the optimum;
/// each further one is the best point that is distinct from all before it, as long as its objective is no worse than
/// the best by more than settings.solution_gap. Two points are distinct when an integer, binary or discrete decision
/// takes different values in them, or a continuous one differs by settings.solution_distance of its range or more.
/// Decisions without finite bounds and auxiliary ones do not count. Every solution has its own bound, in real
/// arithmetic if the result's proof says so.
///
/// A limit or an interrupt ends the whole: the status says so, and what was found until then is reported with bounds
/// that hold. The note says when fewer than asked for exist. Throws InputError when no decision could tell two points
/// apart because none has bounds, and as `solve` does.
model::SolveResult alternatives(const model::Problem& problem, const model::SolveSettings& settings,
                                const SolveOne& solve, const ProgressSink& progress = {});

/// A result's own point as the only entry of its `solutions`; nothing is added when it has none.
void describe_optimum(const model::Problem& problem, const model::SolveSettings& settings, model::SolveResult& result);

}  // namespace secateur::search
