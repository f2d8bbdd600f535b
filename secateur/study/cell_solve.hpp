// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/mip/solve.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::study {

/// One solve of a study.
struct SolveTask {
  model::Problem problem;
  model::SolveSettings settings;
  mip::SolverOptions options;
  /// For the attribution: the same question of the dense ancestor, whose bounds the switches big_m and binaries compare
  /// with, and which of its nodes are left (prune::Pruned::kept).
  std::optional<model::Problem> dense;
  std::vector<std::vector<Index>> kept;
};

struct Solved {
  model::SolveResult search;
  /// Optimum of the formulation's linear relaxation, in the user's sense: before any cut-off, incumbent or branching.
  /// Nothing for an engine or a formulation that has none, or when it did not end within the time limit.
  std::optional<double> root_bound;
};

/// The search by the engine that is asked for, or, with a dense ancestor, by the MILP path; then the root relaxation,
/// whose time is not in the search's. Throws what search::solve and mip::solve throw.
Solved solve(const SolveTask& task);

/// What the ledger keeps of it; the trace is thinned out to `events` entries (first and last among them).
nlohmann::json to_json(const Solved& solved, std::size_t events = 64);

}  // namespace secateur::study
