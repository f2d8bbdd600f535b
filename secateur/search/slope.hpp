// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::search {

/// The value next to `value` that an integer, binary or discrete variable may take, above (direction 1) or below (-1)
/// it; none where its bounds or its list end.
std::optional<double> next_value(const model::Variable& variable, double value, int direction);

/// The slopes at a complete point (one entry a variable), one a decision. See slope.cpp for what they are at a kink.
std::vector<model::SolveResult::Slope> slopes(const model::Problem& problem, const model::Structure& structure,
                                              const Vector& point);

/// Constraints (by name) and bounds (as "T <= 398") that hold with equality at a complete point, up to `feasibility`.
/// What trust regions add is left out.
std::vector<std::string> active(const model::Problem& problem, const Vector& point, double feasibility);

}  // namespace secateur::search
