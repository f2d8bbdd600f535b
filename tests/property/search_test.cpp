// SPDX-License-Identifier: Apache-2.0
// The native search against brute force: networks over boxes, constraints between inputs and outputs, integer inputs,
// chains of networks; and what it leaves to the MILP path.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "property/brute_force_problem.hpp"
#include "property/random_problem.hpp"
#include "secateur/search/solve.hpp"
#include "support/native_problem.hpp"

namespace secateur {
namespace {

model::SolveSettings exact_settings() {
  model::SolveSettings settings = native_settings();
  settings.gap = 1e-6;
  settings.absolute_gap = 1e-9;
  settings.feasibility = 1e-9;  // points that bend a constraint may be better than any that satisfies it
  return settings;
}

using search::Method;

class SearchAgainstBruteForce : public testing::TestWithParam<std::tuple<Method, int>> {};

TEST_P(SearchAgainstBruteForce, Agrees) {
  constexpr int group = 100;
  const auto [method, number] = GetParam();
  BruteForceProblem oracle;
  int native = 0, infeasible = 0;
  std::int64_t nodes = 0;
  for (int k = 0; k < group; ++k) {
    const auto seed = static_cast<std::uint64_t>(number * group + k);
    SCOPED_TRACE(seed);
    const model::Problem problem = random_problem(1000 + seed);
    const auto optimum = oracle.solve(problem);
    model::SolveSettings settings = exact_settings();
    if (seed % 7 == 3) settings.tighten = model::Tighten::auto_;
    const model::SolveResult result = search::solve(problem, settings, {}, {}, nullptr, {}, method);
    native += result.engine == model::Engine::native && result.note.empty() ? 1 : 0;
    nodes += result.engine == model::Engine::native ? result.nodes : 0;
    if (!optimum.objective) {
      ++infeasible;
      EXPECT_EQ(result.status, Status::infeasible);
      continue;
    }
    const double slack = 2e-6 * std::max(1.0, std::abs(*optimum.objective));
    ASSERT_EQ(result.status, Status::optimal);
    EXPECT_NEAR(result.objective.value(), *optimum.objective, slack);
    EXPECT_NEAR(result.bound.value(), *optimum.objective, slack);
    // The bound holds for points that satisfy the constraints exactly; the oracle's may not by 1e-9.
    const double crossing =
        problem.sense == Sense::minimize ? *result.bound - *optimum.objective : *optimum.objective - *result.bound;
    EXPECT_LE(crossing, 1e-7 * std::max(1.0, std::abs(*optimum.objective)));
    if (result.engine == model::Engine::native) {
      EXPECT_EQ(result.proof, Proof::rounding_safe);
    }
  }
  // What is linear on a part of subdivision is settled there.
  EXPECT_GT(native, method == Method::subdivision ? group * 97 / 100 : group * 9 / 10);
  // Cuts close many of these at the root.
  EXPECT_GT(nodes, method == Method::dual ? group : group / 2);
  EXPECT_GT(infeasible, 0);
}

// Everything that tightening does, with the constraints' ranges in subdivision, in front of the search.
TEST_P(SearchAgainstBruteForce, AgreesAfterTightening) {
  constexpr int group = 60;
  const auto [method, number] = GetParam();
  BruteForceProblem oracle;
  int constrained = 0, settled = 0;
  for (int k = 0; k < group; ++k) {
    const auto seed = static_cast<std::uint64_t>(number * group + k);
    SCOPED_TRACE(seed);
    const model::Problem problem = random_problem(700000 + seed);
    const auto optimum = oracle.solve(problem);
    model::SolveSettings settings = exact_settings();
    settings.tighten = model::Tighten::auto_;
    const model::SolveResult result = search::solve(problem, settings, {}, {}, nullptr, {}, method);
    constrained += problem.constraints.empty() ? 0 : 1;
    settled += !problem.constraints.empty() && result.boxes > 0 && result.nodes == 0 ? 1 : 0;
    ASSERT_EQ(result.status, optimum.objective ? Status::optimal : Status::infeasible);
    if (!optimum.objective) continue;
    const double size = std::max(1.0, std::abs(*optimum.objective));
    EXPECT_NEAR(result.objective.value(), *optimum.objective, 2e-6 * size);
    const double crossing =
        problem.sense == Sense::minimize ? *result.bound - *optimum.objective : *optimum.objective - *result.bound;
    EXPECT_LE(crossing, 1e-7 * size);
  }
  EXPECT_GT(constrained, group / 3);
  EXPECT_GT(settled, group / 10);
}

/// The optimum of problems without constraints, and a point that satisfies the constraints of the others, go along.
class NativeSearch : public testing::TestWithParam<Method> {};

TEST_P(NativeSearch, NeverLosesAKnownPoint) {
  int watched = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    const model::Problem problem = random_problem(5000 + seed);
    const model::Structure structure = model::structure(problem);
    Vector known;
    if (problem.constraints.empty()) {
      const model::SolveResult result = search::solve(problem, exact_settings());
      known = Vector::Zero(static_cast<Index>(problem.variables.size()));
      known(structure.decisions) = result.x;
    } else {
      Rng rng(seed);
      for (int k = 0; k < 300 && known.size() == 0; ++k) {
        const Vector point = sampled(problem, structure, rng);
        if (model::violation(problem, point) == 0) known = point;
      }
    }
    if (known.size() == 0) continue;
    ++watched;
    EXPECT_NO_THROW(search::solve(problem, exact_settings(), {}, {}, &known, {}, GetParam()));
  }
  EXPECT_GT(watched, 60);
}

/// 300 problems by each method; 10000 with SECATEUR_LONG set.
INSTANTIATE_TEST_SUITE_P(TinyProblems, SearchAgainstBruteForce,
                         testing::Combine(testing::Values(Method::dual, Method::cut, Method::subdivision),
                                          testing::Range(0, std::getenv("SECATEUR_LONG") == nullptr ? 3 : 100)));
INSTANTIATE_TEST_SUITE_P(TinyProblems, NativeSearch, testing::Values(Method::dual, Method::cut, Method::subdivision));

}  // namespace
}  // namespace secateur
