// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "secateur/core/box.hpp"

namespace secateur::model {

/// sum x + sum y <= upper, or < upper when `strict`. A term is an index and a coefficient: finite, not zero, indices
/// ascending. Never without any term. Exact: coefficients and `upper` are the numbers of the text, each rounded once
/// to a double, and what was computed from them without rounding (docs/vnnlib.md).
struct LinearConstraint {
  std::vector<std::pair<int, double>> x, y;
  double upper = 0;
  bool strict = false;
};

/// The points with x in `box` that satisfy all `constraints`. The box is closed and finite, lower <= upper. It states
/// the constraints on a single input; one that it cannot state exactly (strict, or a bound that is no double) stands
/// among `constraints` as well, and the box contains its points.
struct Conjunction {
  Box box;
  std::vector<LinearConstraint> constraints;
};

/// Disjunctive normal form: `sat` if some disjunct has a point (x, network(x)), else `unsat`. At least one disjunct.
struct Property {
  std::vector<Conjunction> disjuncts;
};

/// A VNNLIB 1.0 property, as VNN-COMP used it, for a network with that many inputs (X_0, X_1, ...) and outputs (Y_0,
/// ...). Disjuncts come in the order of the text, the first assertion's alternatives varying slowest; those with
/// contradictory bounds are left out. What is read is in docs/vnnlib.md.
///
/// Throws InputError (`file`, "line 3:14", what was found and what is allowed) for anything else: malformed text,
/// names that are unknown, undeclared or declared twice, another number of inputs or outputs, nonlinear terms,
/// arithmetic that would round, an input without finite bounds, bounds that contradict each other in every disjunct,
/// nesting deeper than 500, more than 100000 disjuncts or 256 MiB of them.
Property parse_vnnlib(std::string_view text, Index inputs, Index outputs, const std::string& file);

/// The same from a file.
Property read_vnnlib(const std::filesystem::path& path, Index inputs, Index outputs);

}  // namespace secateur::model
