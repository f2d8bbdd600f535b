// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/solve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "secateur/core/rng.hpp"
#include "secateur/core/stop.hpp"
#include "support/native_problem.hpp"

namespace secateur {
namespace {

using testing::HasSubstr;

TEST(NativeSolve, AgreesWithTheMilpPath) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    const OverBox problem = random_over_box(seed, {5, 14, 10, 1});
    const model::SolveResult native = search::solve(problem, native_settings());
    model::SolveSettings other = native_settings();
    other.engine = model::Engine::milp;
    const model::SolveResult milp = search::solve(problem, other);
    EXPECT_EQ(native.status, Status::optimal);
    EXPECT_EQ(native.engine, model::Engine::native);
    EXPECT_THAT(native.solver, HasSubstr("Secateur"));
    EXPECT_EQ(native.proof, Proof::rounding_safe);
    EXPECT_EQ(milp.engine, model::Engine::milp);
    const double slack = 1e-4 * std::abs(milp.objective.value()) + 1e-6;
    EXPECT_NEAR(native.objective.value(), milp.objective.value(), slack);
    EXPECT_EQ(*native.objective, objective_at(problem, native.x));
  }
}

TEST(NativeSolve, IsTheSameWithAnyNumberOfThreads) {
  const OverBox problem = random_over_box(3, {6, 26, 18, 1});
  model::SolveSettings settings = native_settings();
  const model::SolveResult one = search::solve(problem, settings);
  for (const int threads : {2, 3}) {
    settings.threads = threads;
    const model::SolveResult more = search::solve(problem, settings);
    EXPECT_EQ(one.nodes, more.nodes);
    EXPECT_EQ(*one.objective, *more.objective);
    EXPECT_EQ(*one.bound, *more.bound);
    EXPECT_EQ(one.x, more.x);
  }
  EXPECT_GT(one.nodes, 50);
}

TEST(NativeSolve, NeverLosesItsOptimum) {
  for (std::uint64_t seed = 20; seed < 28; ++seed) {
    SCOPED_TRACE(seed);
    const OverBox problem = random_over_box(seed, {4, 16, 12, 1});
    const model::SolveResult result = search::solve(problem, native_settings());
    Vector point(problem.network.inputs() + 1);
    point << result.x, 0;
    EXPECT_NO_THROW(search::solve(problem, native_settings(), {}, {}, &point));
  }
}

TEST(NativeSolve, KeepsAValidBoundWhenTimeRunsOut) {
  const OverBox problem = random_over_box(2, {16, 80, 80, 80, 1});
  model::SolveSettings settings = native_settings();
  settings.threads = 2;
  settings.time_limit = 0.3;
  const model::SolveResult result = search::solve(problem, settings);
  EXPECT_EQ(result.status, Status::time_limit);
  ASSERT_TRUE(result.objective && result.bound);
  EXPECT_LT(*result.bound, *result.objective);
  EXPECT_EQ(result.engine, model::Engine::native);
  EXPECT_LT(result.seconds.total, 5);
  Rng rng(1);
  for (int k = 0; k < 2000; ++k) EXPECT_GE(objective_at(problem, random_point(problem.box, rng)), *result.bound);
}

TEST(NativeSolve, SaysWhatItLeavesToTheMilpPath) {
  const OverBox inside = random_over_box(0, {3, 14, 1});
  model::Problem problem = inside;
  // Only their sum has bounds.
  const int s = problem.add_variable({"s", {}, {}, -INFINITY, INFINITY, {}});
  const int t = problem.add_variable({"t", {}, {}, -INFINITY, INFINITY, {}});
  for (const int v : {s, t}) problem.objective.push_back({v, 1.0});
  problem.add_constraint("sum", {{s, 1.0}, {t, 1.0}}, -1, 1);
  const model::SolveResult result = search::solve(problem, native_settings());
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_EQ(result.engine, model::Engine::milp);
  EXPECT_THAT(result.note, HasSubstr("by the MILP path, since"));
}

TEST(NativeSolve, HandsOverWhatItGetsNowhereWith) {
  // More units than the tableau of the search with cuts may have.
  const OverBox problem = random_over_box(2, {12, 140, 140, 1});
  model::SolveSettings settings = native_settings();
  settings.engine = model::Engine::auto_;
  settings.node_limit = 20000;  // in case it is not handed over
  // Interrupted as soon as the MILP solver runs: it alone reports where nothing has changed.
  std::optional<Progress> before;
  const ProgressSink sink = [&](const Progress& now) {
    const bool same =
        before && now.nodes == before->nodes && now.incumbent == before->incumbent && now.bound == before->bound;
    if (same && now.nodes.value_or(0) > 0) interrupt_flag() = true;
    before = now;
  };
  const model::SolveResult result = search::solve(problem, settings, {}, sink);
  interrupt_flag() = false;
  EXPECT_EQ(result.status, Status::interrupted);
  EXPECT_THAT(result.note, HasSubstr("handed over to the MILP path: after"));
  EXPECT_EQ(result.engine, model::Engine::milp);
  EXPECT_TRUE(result.objective && result.bound);
}

TEST(NativeSolve, SaysWhyItWasChosen) {
  model::SolveSettings settings = native_settings();
  settings.engine = model::Engine::auto_;
  const model::SolveResult result = search::solve(random_over_box(3, {7, 16, 12, 1}), settings);
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_EQ(result.engine, model::Engine::native);
  EXPECT_EQ(result.note, "native search with cuts: 7 inputs, 11 non-zeros in a neuron's row");
}

TEST(NativeSolve, SearchesContestTheSameWayOnAnyNumberOfThreads) {
  const OverBox problem = random_over_box(1, {8, 24, 24, 1});
  model::SolveSettings settings = native_settings();
  settings.engine = model::Engine::auto_;
  const model::SolveResult one = search::solve(problem, settings);
  settings.threads = 2;
  const model::SolveResult two = search::solve(problem, settings);
  EXPECT_THAT(one.note, HasSubstr("native search, then native search with cuts: 8 inputs"));
  EXPECT_EQ(one.status, Status::optimal);
  EXPECT_EQ(two.status, Status::optimal);
  EXPECT_EQ(one.nodes, two.nodes);
  EXPECT_EQ(one.bound, two.bound);
  EXPECT_EQ(one.objective, two.objective);
  const model::SolveResult alone = search::solve(problem, settings, {}, {}, nullptr, {}, search::Method::cut);
  ASSERT_EQ(alone.status, Status::optimal);
  EXPECT_NEAR(*alone.objective, *one.objective, 2e-4 * std::abs(*one.objective));
}

/// The first output where the second and third are at most what they are at a point with a good first one.
model::Problem constrained(std::uint64_t seed, const std::vector<Index>& widths) {
  const OverBox inside = random_over_box(seed, widths);
  model::Problem problem = inside;
  Rng rng(seed);
  Vector best;
  for (int k = 0; k < 200; ++k) {
    const Vector y = nn::evaluate(inside.network, random_point(inside.box, rng));
    if (best.size() == 0 || (inside.sense == Sense::minimize) == (y(0) < best(0))) best = y;
  }
  for (const Index o : {1, 2}) {
    const int output = problem.networks[0].outputs[static_cast<std::size_t>(o)];
    problem.add_constraint("side", {{output, 1.0}}, -INFINITY, best(o));
  }
  return problem;
}

TEST(NativeSolve, SubdividesDenseNetworksWithConstraints) {
  for (const Index inputs : {5, 8}) {
    SCOPED_TRACE(inputs);
    const model::Problem problem = constrained(1, {inputs, 20, 30, 3});
    model::SolveSettings settings = native_settings();
    settings.engine = model::Engine::auto_;
    const model::SolveResult one = search::solve(problem, settings);
    settings.threads = 2;
    const model::SolveResult two = search::solve(problem, settings);
    EXPECT_EQ(one.status, Status::optimal);
    EXPECT_EQ(one.note.rfind("subdivision", 0), 0U) << one.note;
    EXPECT_EQ(one.nodes, two.nodes);
    EXPECT_EQ(one.bound, two.bound);
    EXPECT_EQ(one.objective, two.objective);
    const model::SolveResult other = search::solve(problem, settings, {}, {}, nullptr, {}, search::Method::cut);
    ASSERT_EQ(other.status, Status::optimal);
    EXPECT_NEAR(*other.objective, *one.objective, 2e-4 * std::abs(*one.objective));
  }
}

/// Boxes alone come to no end around the kinks where an optimum lies (millions of them).
TEST(NativeSolve, SubdivisionEndsWhereKinksMeet) {
  model::SolveSettings settings = native_settings();
  settings.gap = 1e-9;
  settings.absolute_gap = 1e-12;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    const model::Problem problem = constrained(seed, {5, 12, 10, 3});
    const model::SolveResult result =
        search::solve(problem, settings, {}, {}, nullptr, {}, search::Method::subdivision);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_EQ(result.note, "");
    EXPECT_LT(result.nodes, 100000);
  }
}

TEST(NativeSolve, BranchesOnListedValues) {
  const OverBox inside = random_over_box(1, {3, 14, 8, 1});
  model::Problem problem = inside;
  for (const int x : problem.networks[0].inputs) {
    model::Variable& variable = problem.variables[static_cast<std::size_t>(x)];
    variable.type = model::VariableType::discrete;
    variable.values = {-0.9, -0.2, 0.3, 0.7};
  }
  const model::Structure structure = model::structure(problem);
  double best = problem.sense == Sense::minimize ? INFINITY : -INFINITY;
  for (int choice = 0; choice < 64; ++choice) {
    Vector point = Vector::Zero(static_cast<Index>(problem.variables.size()));
    for (int j = 0, rest = choice; j < 3; ++j, rest /= 4) {
      const int x = problem.networks[0].inputs[static_cast<std::size_t>(j)];
      point(x) = problem.variables[static_cast<std::size_t>(x)].values[static_cast<std::size_t>(rest % 4)];
    }
    const double value = model::objective_at(problem, model::complete(problem, structure, point));
    best = problem.sense == Sense::minimize ? std::min(best, value) : std::max(best, value);
  }
  for (const search::Method method : {search::Method::dual, search::Method::subdivision}) {
    const model::SolveResult result = search::solve(problem, native_settings(), {}, {}, nullptr, {}, method);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_EQ(result.engine, model::Engine::native);
    EXPECT_EQ(result.note, "");
    EXPECT_NEAR(result.objective.value(), best, 1e-4 * std::abs(best) + 1e-6);
  }
}

TEST(NativeSolve, ProvesInfeasibility) {
  const OverBox inside = random_over_box(0, {3, 8, 6, 2});
  model::Problem problem = inside;
  // Far from anything the network reaches, but only bounds of the sum say so.
  const int y0 = problem.networks[0].outputs[0], y1 = problem.networks[0].outputs[1];
  problem.add_constraint("far", {{y0, 1.0}, {y1, 1.0}}, 1e4, INFINITY);
  const model::SolveResult result = search::solve(problem, native_settings());
  EXPECT_EQ(result.status, Status::infeasible);
  EXPECT_EQ(result.proof, Proof::rounding_safe);
  EXPECT_THAT(result.conflict, testing::Contains("far"));
}

}  // namespace
}  // namespace secateur
