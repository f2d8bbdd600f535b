// SPDX-License-Identifier: Apache-2.0
// Every formulation, with every back end and every bound method, against brute force: networks over boxes, constraints
// between inputs and outputs, integer and discrete decisions, two networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <tuple>

#include "property/brute_force_problem.hpp"
#include "property/random_problem.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/prepare.hpp"
#include "secateur/mip/solve.hpp"
#include "support/formulations.hpp"

namespace secateur {
namespace {

bool thorough() { return std::getenv("SECATEUR_LONG") != nullptr; }

struct Case {
  model::Problem problem;
  BruteForceProblem::Optimum optimum;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> made;
    BruteForceProblem oracle;
    for (std::uint64_t seed = 0; seed < (thorough() ? 400U : 20U); ++seed) {
      made.push_back({random_problem(seed), {}});
      made.back().optimum = oracle.solve(made.back().problem);
    }
    return made;
  }();
  return all;
}

TEST(BruteForceProblem, IsNeverBeatenBySampledPoints) {
  int feasible = 0, infeasible = 0, cells = 0;
  for (std::size_t i = 0; i < cases().size(); ++i) {
    SCOPED_TRACE(i);
    const auto& [problem, optimum] = cases()[i];
    const model::Structure structure = model::structure(problem);
    Rng rng(i);
    for (int k = 0; k < 300; ++k) {
      const Vector point = sampled(problem, structure, rng);
      if (model::violation(problem, point) > 0) continue;
      ASSERT_TRUE(optimum.objective.has_value());
      const double value = model::objective_at(problem, point);
      const double better = problem.sense == Sense::minimize ? *optimum.objective - value : value - *optimum.objective;
      EXPECT_LE(better, 1e-7 * std::max(1.0, std::abs(value)));
      ++feasible;
    }
    infeasible += optimum.objective ? 0 : 1;
    cells += optimum.cells;
  }
  EXPECT_GT(feasible, 1000);
  EXPECT_GT(infeasible, 0);
  EXPECT_GT(cells, 100);
}

struct Way {
  const char* name;
  model::Formulation formulation;
  int partitions = 2;
  model::BigM big_m = model::BigM::tight;
  model::Binaries binaries = model::Binaries::unstable;
};

const Way ways[] = {
    {"BigM", model::Formulation::big_m},
    {"TwoParts", model::Formulation::partitioned, 2},
    {"ThreeParts", model::Formulation::partitioned, 3},
    {"Hull", model::Formulation::hull},
    {"Loose", model::Formulation::big_m, 2, model::BigM::loose},
    {"AllBinaries", model::Formulation::big_m, 2, model::BigM::tight, model::Binaries::all},
    {"Indicator", model::Formulation::indicator},
    {"Sos", model::Formulation::sos},
    {"AllLooseHull", model::Formulation::hull, 2, model::BigM::loose, model::Binaries::all},
};

model::SolveSettings settings_of(const Way& way, model::Solver solver, graph::BoundsMethod bounds) {
  model::SolveSettings settings;
  settings.gap = 1e-6;
  settings.absolute_gap = 1e-9;
  settings.threads = 1;
  settings.formulation = way.formulation;
  settings.partitions = way.partitions;
  settings.big_m = way.big_m;
  settings.binaries = way.binaries;
  settings.solver = solver;
  settings.bounds = bounds;
  return settings;
}

using Combination = std::tuple<Way, model::Solver, graph::BoundsMethod>;

class EveryWay : public testing::TestWithParam<Combination> {};

TEST_P(EveryWay, FindsTheOptimumOfBruteForce) {
  const auto& [way, solver, bounds] = GetParam();
  if (mip::has_conditions(way.formulation) && solver == model::Solver::highs) {
    EXPECT_THROW(mip::solve(cases()[0].problem, settings_of(way, solver, bounds)), InputError);
    return;
  }
  if (!lp::availability(to_string(solver)).version) {
    GTEST_SKIP() << lp::availability(to_string(solver)).reason;
  }
  const model::SolveSettings settings = settings_of(way, solver, bounds);
  for (std::size_t i = 0; i < cases().size(); ++i) {
    SCOPED_TRACE(i);
    const auto& [problem, optimum] = cases()[i];
    const model::SolveResult result = mip::solve(problem, settings);
    if (!optimum.objective) {
      EXPECT_EQ(result.status, Status::infeasible);
      continue;
    }
    ASSERT_EQ(result.status, Status::optimal);
    const double slack = 1e-5 * std::max(1.0, std::abs(*optimum.objective));
    EXPECT_NEAR(result.objective.value(), *optimum.objective, slack);
    EXPECT_NEAR(result.bound.value(), *optimum.objective, slack);
  }
}

std::string name_of(const testing::TestParamInfo<Combination>& info) {
  const auto& [way, solver, bounds] = info.param;
  return std::string(way.name).append("_").append(to_string(solver)).append("_").append(to_string(bounds));
}

INSTANTIATE_TEST_SUITE_P(TinyProblems, EveryWay,
                         testing::Combine(testing::ValuesIn(ways),
                                          testing::Values(model::Solver::highs, model::Solver::gurobi,
                                                          model::Solver::scip),
                                          testing::Values(graph::BoundsMethod::interval, graph::BoundsMethod::crown,
                                                          graph::BoundsMethod::alpha_crown, graph::BoundsMethod::lp)),
                         name_of);

TEST(EveryFormulation, ContainsEveryFeasiblePoint) {
  int points = 0, cuts = 0;
  for (const Way& way : ways) {
    for (const auto bounds : {graph::BoundsMethod::interval, graph::BoundsMethod::lp}) {
      SCOPED_TRACE(std::string(way.name).append(" ").append(to_string(bounds)));
      const auto solver = mip::has_conditions(way.formulation) ? model::Solver::scip : model::Solver::highs;
      const model::SolveSettings settings = settings_of(way, solver, bounds);
      for (std::size_t i = 0; i < cases().size(); ++i) {
        SCOPED_TRACE(i);
        const model::Problem& problem = cases()[i].problem;
        const model::Structure structure = model::structure(problem);
        const mip::Prepared prepared = mip::prepare(problem, structure, settings);
        if (prepared.infeasible) continue;
        const mip::Formulation formulation = mip::formulation_of(prepared, settings, Stop());
        cuts += static_cast<int>(std::count_if(formulation.model.row_names.begin(), formulation.model.row_names.end(),
                                               [](const std::string& name) { return name.starts_with("hull_"); }));
        Rng rng(i);
        for (int k = 0; k < 100; ++k) {
          const Vector point = sampled(problem, structure, rng);
          if (model::violation(problem, point) > 0) continue;
          const Vector columns = mip::forward_point(formulation, prepared.problem,
                                                    model::frame_point(problem, prepared.problem.frame, point));
          const double size = std::max(1.0, columns.cwiseAbs().maxCoeff());
          EXPECT_LE(violation(formulation.model, columns), 1e-11 * size);
          ++points;
        }
      }
    }
  }
  EXPECT_GT(points, 5000);
  EXPECT_GT(cuts, 20);
}

}  // namespace
}  // namespace secateur
