// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::model {

/// The result as `secateur solve --json` prints it: status, objective, bound, gap, proof, x, y (name -> value),
/// seconds, nodes, boxes, engine, solver, neurons, version, seed, in this order; conflict before version when the
/// problem is infeasible. x are the decisions, y what networks determine. What is not known is null.
nlohmann::ordered_json to_json(const SolveResult& result, const Problem& problem, const SolveSettings& settings);

/// What results call some of a problem's variables, with their places among `variables`: of two equal names the later
/// one gets a number, so that no value is lost; auxiliary variables are left out.
std::vector<std::pair<std::string, std::size_t>> result_names(const Problem& problem,
                                                              const std::vector<int>& variables);

/// The result's solutions, best first: objective, bound, gap, x, y, slope (name -> {down, up} of a decision), active,
/// edge_of.
nlohmann::ordered_json solutions_to_json(const SolveResult& result, const Problem& problem);

}  // namespace secateur::model
