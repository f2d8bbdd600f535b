// SPDX-License-Identifier: Apache-2.0
// Several solutions against brute force. To be distinct from j points is a conjunction of j disjunctions of 2 d bounds
// each; the oracle takes every combination of them as a problem of its own, which shares nothing with a partition.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "property/brute_force_problem.hpp"
#include "property/random_problem.hpp"
#include "secateur/search/slope.hpp"
#include "secateur/search/solve.hpp"

namespace secateur {
namespace {

class DistinctOracle {
 public:
  DistinctOracle(const model::Problem& problem, double distance)
      : m_problem(problem), m_structure(model::structure(problem)), m_distance(distance) {}

  /// The best objective among points that are distinct from all of these (decisions); none if there is no such point.
  std::optional<double> best(const std::vector<Vector>& points) {
    m_best.reset();
    model::Problem part = m_problem;
    descend(part, points, 0);
    return m_best;
  }

 private:
  void descend(model::Problem& part, const std::vector<Vector>& points, std::size_t next) {
    if (next == points.size()) {
      const auto optimum = m_oracle.solve(part).objective;
      if (!optimum) return;
      const bool minimize = part.sense == Sense::minimize;
      if (!m_best || (minimize ? *optimum < *m_best : *optimum > *m_best)) m_best = optimum;
      return;
    }
    for (std::size_t i = 0; i < m_structure.decisions.size(); ++i) {
      const auto v = static_cast<std::size_t>(m_structure.decisions[i]);
      const model::Variable& whole = m_problem.variables[v];
      const double value = points[next](static_cast<Index>(i));
      const bool continuous = whole.type == model::VariableType::continuous;
      const double radius = m_distance * (whole.upper - whole.lower);
      const double lower = part.variables[v].lower, upper = part.variables[v].upper;
      const double below = continuous ? value - radius : search::next_value(whole, value, -1).value_or(-INFINITY);
      if (below >= lower) {
        part.variables[v].upper = std::min(upper, below);
        descend(part, points, next + 1);
        part.variables[v].upper = upper;
      }
      const double above = continuous ? value + radius : search::next_value(whole, value, 1).value_or(INFINITY);
      if (above <= upper) {
        part.variables[v].lower = std::max(lower, above);
        descend(part, points, next + 1);
        part.variables[v].lower = lower;
      }
    }
  }

  const model::Problem& m_problem;
  const model::Structure m_structure;
  double m_distance;
  BruteForceProblem m_oracle;
  std::optional<double> m_best;
};

TEST(AlternativesAgainstBruteForce, Agree) {
  const int problems = std::getenv("SECATEUR_LONG") == nullptr ? 15 : 300;
  int compared = 0, ended = 0, ties = 0;
  for (int k = 0; k < problems; ++k) {
    SCOPED_TRACE(k);
    const model::Problem problem = random_problem(20000 + static_cast<std::uint64_t>(k));
    model::SolveSettings settings;
    settings.engine = std::array{model::Engine::native, model::Engine::auto_, model::Engine::milp}[k % 3U];
    if (k % 2 == 0) settings.tighten = model::Tighten::off;
    settings.gap = 1e-6;
    settings.absolute_gap = settings.feasibility = 1e-9;
    settings.threads = 1;
    settings.solutions = 3;
    settings.solution_gap = 0.4;
    settings.solution_distance = k % 4 == 0 ? 0.1 : 0.25;
    const model::SolveResult result = search::solve(problem, settings);
    const double sign = problem.sense == Sense::minimize ? 1 : -1;
    // A solution at the edge of an earlier one may make the next lie exactly at the distance from both: whether it is
    // distinct is a matter of the last bit, and both answers are right.
    DistinctOracle oracle(problem, settings.solution_distance * (1 + 1e-12));
    DistinctOracle generous(problem, settings.solution_distance * (1 - 1e-12));
    std::vector<Vector> points;
    for (const auto& solution : result.solutions) {
      ASSERT_TRUE(solution.bound);
      const auto best = oracle.best(points);
      ASSERT_TRUE(best);
      const double slack = 2e-6 * std::max(1.0, std::abs(*best));
      EXPECT_LE(sign * (*solution.bound - *best), 1e-7 * std::max(1.0, std::abs(*best)));
      EXPECT_NEAR(*solution.bound, solution.objective, slack);
      if (std::abs(solution.objective - *best) > slack) {
        ++ties;
        EXPECT_NEAR(solution.objective, generous.best(points).value(), slack);
      }
      points.push_back(solution.x);
      ++compared;
    }
    if (points.empty()) {
      EXPECT_EQ(result.status, Status::infeasible);
      EXPECT_FALSE(oracle.best({}));
      continue;
    }
    EXPECT_EQ(result.status, Status::optimal);
    if (points.size() == 3) continue;
    ++ended;
    EXPECT_NE(result.note.find("no more distinct solutions"), std::string::npos);
    const auto next = oracle.best(points);
    if (next) {
      EXPECT_GE(sign * (*next - *result.objective), 0.4 * std::abs(*result.objective) * (1 - 1e-5));
    }
  }
  EXPECT_GT(compared, 2 * problems);
  EXPECT_GT(ended, 0);
  EXPECT_LT(ties, problems / 10);
}

}  // namespace
}  // namespace secateur
