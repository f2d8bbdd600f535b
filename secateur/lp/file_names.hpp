// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace secateur::lp {

/// Names that CPLEX LP and free MPS both allow, as the readers of several solvers understand them: a letter or '_',
/// then letters, digits, '_' and '.'; at most 200 characters; not a keyword of either format, nothing that starts like
/// a number
/// ("e5", "inf...", "nan..."), and each name once. Names that are legal already stay as they are, others change as
/// little as possible: x[0] becomes x_0. Empty names become `prefix` and their position.
std::vector<std::string> file_names(const std::vector<std::string>& names, const std::string& prefix);

/// One comment line for every name that changed, "x_0 is x[0]", each after `comment`.
std::string renamed(const std::vector<std::string>& from, const std::vector<std::string>& to, const char* comment);

/// Appends the shortest decimal form that reads back to the same double.
void append_number(std::string& text, double value);

}  // namespace secateur::lp
