// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::bench {

/// User and system seconds of this process so far.
double processor_seconds();

/// Solves a problem, changes it, and solves the changed one `repeats` times in turn without and with what was learned:
/// processor seconds (the least), nodes, boxes and objective of both. `change` is one of
///
///     box:P       every interval of a decision grows by P of its width (shrinks, if negative)
///     shift:P     moves by P of its width
///     side:P      the problem has the constraint that its decisions' sum is no more than at the optimum; the change
///                 moves this side by P of the range of the sum
///     costs:P     every decision gets a cost: random, of a size that lets the objective change by P of its size there
///
/// `without`: parts of what was learned that are taken away again: points, bound, costs, way.
nlohmann::ordered_json again(model::Problem problem, const model::SolveSettings& settings, const std::string& change,
                             const std::vector<std::string>& without, int repeats);

}  // namespace secateur::bench
