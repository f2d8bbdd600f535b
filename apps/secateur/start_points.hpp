// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "secateur/model/problem.hpp"

namespace secateur::app {

/// The points of a file, one entry a variable of the problem, decisions filled in. The file is
///
/// - the JSON of an earlier solve: its x, and those of its solutions;
/// - JSON with one point, {"T": 350, "p": 5}, or a list of such;
/// - a CSV file (ending in .csv) with a row a point and a column a decision.
///
/// Names are those of the results' x. Those of determined variables may be there and are not needed. Throws InputError
/// with the place for a file that cannot be read, names that are missing or unknown, values that are not finite, and a
/// file without a point.
std::vector<Vector> read_starts(const std::string& file, const model::Problem& problem);

}  // namespace secateur::app
