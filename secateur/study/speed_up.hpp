// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "secateur/core/names.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::study {

/// How the stated ratio relates to the true one: a run stopped at a limit would have taken longer.
enum class Relation { equal, at_least, at_most };

/// How many times faster one run was than another.
struct SpeedUp {
  double factor = 1;
  Relation relation = Relation::equal;
};

/// Seconds that count for a run: its wall-clock time, or the limit when it was stopped there.
double counted_seconds(const model::SolveResult& run, double time_limit);

/// seconds(baseline) / seconds(run). A baseline without a proof makes it `at_least`, a run without one `at_most`;
/// without either nothing can be said. A run is proven when its status is optimal, infeasible or unbounded.
std::optional<SpeedUp> speed_up(const model::SolveResult& baseline, double baseline_limit,
                                const model::SolveResult& run, double run_limit);

/// "12×", "at least 340×", "at most 0.5×"; whole numbers from 10 on, two significant digits below. An "at least" is
/// rounded down, an "at most" up.
std::string to_text(const SpeedUp& speed_up);

}  // namespace secateur::study

namespace secateur {
template <>
struct Names<study::Relation> {
  static constexpr std::array<std::string_view, 3> value{"equal", "at_least", "at_most"};
};
}  // namespace secateur
