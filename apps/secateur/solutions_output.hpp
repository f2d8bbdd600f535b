// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::app {

/// The solutions side by side, one a column: objective, bound, gap, values; then the slopes at each; then what holds
/// with equality at each, and which better one it is at the edge of.
std::string solutions_text(const model::SolveResult& result, const model::Problem& problem);

}  // namespace secateur::app
