// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/names.hpp"

namespace secateur {

/// How a solve ended.
enum class Status { optimal, infeasible, unbounded, time_limit, node_limit, memory_limit, interrupted };
template <>
struct Names<Status> {
  static constexpr std::array<std::string_view, 7> value{"optimal",    "infeasible",   "unbounded",  "time_limit",
                                                         "node_limit", "memory_limit", "interrupted"};
};

enum class Sense { minimize, maximize };
template <>
struct Names<Sense> {
  static constexpr std::array<std::string_view, 2> value{"minimize", "maximize"};
};

/// What kind of proof stands behind a bound: `rounding_safe` holds in real arithmetic for the stored weights;
/// `solver_tolerance` is a MILP solver's word, true up to its feasibility tolerances.
enum class Proof { rounding_safe, solver_tolerance };
template <>
struct Names<Proof> {
  static constexpr std::array<std::string_view, 2> value{"rounding_safe", "solver_tolerance"};
};

}  // namespace secateur
