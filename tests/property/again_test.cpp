// SPDX-License-Identifier: Apache-2.0
// Problems solved again and again with changes in between, each time with what was learned before, against brute force
// and against a solve that knows nothing.
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

using search::Method;

/// Changes of a problem of random_problem(), one of each kind in turn and now and then a second one.
class Changes {
 public:
  explicit Changes(std::uint64_t seed) : m_rng(seed) {}

  void change(model::Problem& problem) {
    do {
      switch (m_rng.below(8)) {
        case 0:
        case 1:
          shrink(problem);
          break;
        case 2:
          grow(problem);
          break;
        case 3:
          right_hand_side(problem);
          break;
        case 4:
          objective(problem);
          break;
        case 5:
          problem.constant = m_rng.normal();
          break;
        case 6:
          constraints(problem);
          break;
        default:
          variables(problem);
      }
    } while (m_rng.below(3) == 0);
  }

 private:
  model::Variable& any_decision(model::Problem& problem) {
    const model::Structure structure = model::structure(problem);
    const auto k = m_rng.below(structure.decisions.size());
    return problem.variables[static_cast<std::size_t>(structure.decisions[k])];
  }
  void shrink(model::Problem& problem) {
    model::Variable& variable = any_decision(problem);
    const double width = variable.upper - variable.lower;
    if (variable.type == model::VariableType::discrete) {
      variable.upper = 0.5 * (variable.values.front() + variable.values.back());
    } else if (variable.type != model::VariableType::integer) {
      variable.lower += 0.1 * m_rng.uniform() * width;
      variable.upper -= 0.3 * m_rng.uniform() * width;
    } else if (width > 2) {
      variable.upper -= 1;
    }
  }
  void grow(model::Problem& problem) {
    model::Variable& variable = any_decision(problem);
    if (variable.type == model::VariableType::discrete) {
      variable.upper = variable.values.back();
    } else {
      variable.upper += m_rng.uniform();
    }
    if (variable.type == model::VariableType::integer && m_rng.below(2) == 0) {
      variable.type = model::VariableType::continuous;
    }
  }
  void right_hand_side(model::Problem& problem) {
    if (problem.constraints.empty()) return constraints(problem);
    model::Constraint& constraint = problem.constraints[m_rng.below(problem.constraints.size())];
    constraint.upper += m_rng.uniform(-0.3, 0.3);
    if (std::isfinite(constraint.lower)) constraint.lower = std::min(constraint.lower, constraint.upper - 0.1);
  }
  void objective(model::Problem& problem) {
    switch (m_rng.below(3)) {
      case 0:
        problem.sense = problem.sense == Sense::minimize ? Sense::maximize : Sense::minimize;
        break;
      case 1:
        for (model::Term& term : problem.objective) term.coefficient *= 3;
        break;
      default:
        problem.objective[m_rng.below(problem.objective.size())].coefficient += 0.2 * m_rng.normal();
    }
  }
  void constraints(model::Problem& problem) {
    if (!problem.constraints.empty() && m_rng.below(2) == 0) {
      problem.constraints.erase(problem.constraints.begin());
      return;
    }
    const Vector point = sampled(problem, model::structure(problem), m_rng);
    const auto v = static_cast<int>(m_rng.below(problem.variables.size()));
    const auto w = static_cast<int>(m_rng.below(problem.variables.size()));
    const double slack = m_rng.uniform(0, 0.5);
    problem.add_constraint("more", {{v, 1}, {w, -0.5}}, -INFINITY, point(v) - 0.5 * point(w) + slack);
  }
  /// One more that no network reads; the objective and constraints may go on to name it.
  void variables(model::Problem& problem) {
    if (problem.variables.back().name == "extra") return shrink(problem);
    const int extra = problem.add_variable({"extra", {}, {}, -0.5, 0.5, {}});
    if (m_rng.below(2) == 0) problem.objective.push_back({extra, 0.1});
    if (!problem.constraints.empty()) problem.constraints.back().terms.push_back({extra, -0.5});
  }

  Rng m_rng;
};

model::SolveSettings exact_settings() {
  model::SolveSettings settings = native_settings();
  settings.gap = 1e-6;
  settings.absolute_gap = 1e-9;
  settings.feasibility = 1e-9;
  return settings;
}

class SolvedAgain : public testing::TestWithParam<std::tuple<Method, int>> {};

TEST_P(SolvedAgain, FindsTheSameOptimum) {
  constexpr int group = 30, times = 4;
  const auto [method, number] = GetParam();
  BruteForceProblem oracle;
  int infeasible = 0, with_bound = 0, at_once = 0;
  for (int k = 0; k < group; ++k) {
    const auto seed = static_cast<std::uint64_t>(number * group + k);
    SCOPED_TRACE(seed);
    model::Problem problem = random_problem(20000 + seed);
    Changes changes(seed);
    model::SolveSettings settings = exact_settings();
    if (seed % 5 == 3) settings.tighten = model::Tighten::auto_;
    search::Learned learned;
    search::Continuation continuation;
    continuation.learned = &learned;
    search::solve(problem, settings, {}, {}, nullptr, continuation, method);
    for (int time = 0; time < times; ++time) {
      SCOPED_TRACE(time);
      changes.change(problem);
      const double sign = problem.sense == Sense::minimize ? 1 : -1;
      const auto optimum = oracle.solve(problem);
      // Another process.
      learned = search::decode_learned(search::encode(learned), "learned");
      search::take_up(learned, problem);
      const search::Known known = search::known(learned, problem);
      if (known.bound && optimum.objective) {
        ++with_bound;
        EXPECT_LE(sign * *known.bound, sign * *optimum.objective + 1e-7 * std::max(1.0, std::abs(*optimum.objective)));
      }
      const model::SolveResult fresh = search::solve(problem, settings, {}, {}, nullptr, {}, method);
      const model::SolveResult again = search::solve(problem, settings, {}, {}, nullptr, continuation, method);
      ASSERT_EQ(again.status, fresh.status);
      if (!optimum.objective) {
        ++infeasible;
        EXPECT_EQ(again.status, Status::infeasible);
        continue;
      }
      at_once += again.note.find("proven") == std::string::npos ? 0 : 1;
      const double slack = 2e-6 * std::max(1.0, std::abs(*optimum.objective));
      ASSERT_EQ(again.status, Status::optimal);
      EXPECT_NEAR(again.objective.value(), *optimum.objective, slack);
      EXPECT_NEAR(again.bound.value(), *optimum.objective, slack);
      EXPECT_NEAR(again.objective.value(), fresh.objective.value(), slack);
      EXPECT_LE(sign * *again.bound, sign * *optimum.objective + 1e-7 * std::max(1.0, std::abs(*optimum.objective)));
    }
  }
  EXPECT_GT(infeasible, 0);
  EXPECT_GT(with_bound, group / 2);
  EXPECT_GT(at_once, group / 8);
  EXPECT_LT(with_bound, 3 * group);
}

/// 480 changed problems; 12000 with SECATEUR_LONG set.
INSTANTIATE_TEST_SUITE_P(TinyProblems, SolvedAgain,
                         testing::Combine(testing::Values(Method::dual, Method::cut),
                                          testing::Range(0, std::getenv("SECATEUR_LONG") == nullptr ? 2 : 50)));

}  // namespace
}  // namespace secateur
