// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/speed_up.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace secateur::study {

namespace {

/// Below this a wall-clock time says nothing about the work done.
constexpr double clock_resolution = 1e-6;

bool proven(Status status) {
  return status == Status::optimal || status == Status::infeasible || status == Status::unbounded;
}

}  // namespace

double counted_seconds(const model::SolveResult& run, double time_limit) {
  if (run.status == Status::time_limit) return time_limit;
  return std::max(run.seconds.total, clock_resolution);
}

std::optional<SpeedUp> speed_up(const model::SolveResult& baseline, double baseline_limit,
                                const model::SolveResult& run, double run_limit) {
  const bool baseline_proven = proven(baseline.status), run_proven = proven(run.status);
  if (!baseline_proven && !run_proven) return std::nullopt;
  SpeedUp result;
  result.factor = counted_seconds(baseline, baseline_limit) / counted_seconds(run, run_limit);
  if (!baseline_proven) result.relation = Relation::at_least;
  if (!run_proven) result.relation = Relation::at_most;
  return result;
}

std::string to_text(const SpeedUp& speed_up) {
  const double factor = speed_up.factor;
  // Rounded towards what the relation claims: "at least" down, "at most" up; but 2.3 / 0.1 is not to become 22 for the
  // last bit of the quotient.
  constexpr double slack = 1e-9;
  const double digit = factor >= 9.95 ? 1 : std::pow(10, std::floor(std::log10(factor)) - 1);
  double shown = factor / digit;
  switch (speed_up.relation) {
    case Relation::equal:
      shown = std::round(shown);
      break;
    case Relation::at_least:
      shown = std::floor(shown * (1 + slack));
      break;
    case Relation::at_most:
      shown = std::ceil(shown * (1 - slack));
      break;
  }
  std::string number = digit == 1 ? fmt::format("{:.0f}×", shown) : fmt::format("{:.2g}×", shown * digit);
  switch (speed_up.relation) {
    case Relation::at_least:
      return "at least " + number;
    case Relation::at_most:
      return "at most " + number;
    case Relation::equal:
      break;
  }
  return number;
}

}  // namespace secateur::study
