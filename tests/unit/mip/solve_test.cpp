// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

using testing::HasSubstr;

/// y = |x0| - 2 |x1 - 0.5| on [-1, 1]^2: minimum -3 at (0, -1), maximum 1 at (+-1, 0.5).
OverBox absolute_values() {
  OverBox problem;
  problem.network.layers = {
      nn::Dense{Matrix{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}, Vector{{0, 0, -0.5, 0.5}}},
      nn::Relu{},
      nn::Dense{Matrix{{1, 1, -2, -2}}, Vector{{0}}},
  };
  problem.network.input_names = nn::default_names("x", 2);
  problem.network.output_names = nn::default_names("y", 1);
  problem.box = {Vector{{-1, -1}}, Vector{{1, 1}}};
  problem.objective = Vector{{1}};
  return problem;
}

TEST(Solve, FindsBothEndsOfASmallNetwork) {
  OverBox problem = absolute_values();
  model::SolveResult result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_NEAR(result.objective.value(), -3, 1e-6);
  EXPECT_LE(result.bound.value(), *result.objective);
  EXPECT_LE(result.gap.value(), 1e-4);
  EXPECT_EQ(*result.objective, objective_at(problem, result.x));
  EXPECT_NEAR(result.y(0), -3, 1e-6);
  EXPECT_EQ(result.neurons.total, 4);
  EXPECT_EQ(result.neurons.unstable, 4);
  EXPECT_EQ(result.engine, model::Engine::milp);
  EXPECT_THAT(result.solver, testing::StartsWith("HiGHS"));

  problem.sense = Sense::maximize;
  result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_NEAR(result.objective.value(), 1, 1e-6);
  EXPECT_GE(result.bound.value(), *result.objective);
}

/// Dense enough, with too many inputs for subdivision, that nothing closes it in a second.
OverBox hard_problem() {
  Rng rng(1);
  OverBox problem;
  problem.network = random_network({{16, 50, 50, 1}, 1, false, 0}, rng);
  problem.box = {Vector::Constant(16, -1.0), Vector::Constant(16, 1.0)};
  problem.objective = Vector{{1}};
  return problem;
}

void expect_sound(const OverBox& problem, const model::SolveResult& result) {
  ASSERT_TRUE(result.objective && result.bound && result.gap);
  const double sign = problem.sense == Sense::minimize ? 1 : -1;
  EXPECT_LE(sign * *result.bound, sign * *result.objective);
  EXPECT_EQ(*result.gap, model::relative_gap(*result.objective, *result.bound, problem.sense));
  EXPECT_TRUE(problem.box.contains(result.x));
  EXPECT_EQ(*result.objective, objective_at(problem, result.x));
  Rng rng(0);
  for (int k = 0; k < 2000; ++k) {
    const double value = objective_at(problem, random_point(problem.box, rng));
    ASSERT_LE(sign * *result.bound, sign * value + 1e-6 * std::max(1.0, std::abs(value)));
  }
}

TEST(Solve, TimeLimitLeavesIncumbentAndBound) {
  for (const double limit : {1.0, 1e-9}) {
    SCOPED_TRACE(limit);
    OverBox problem = hard_problem();
    for (const Sense sense : {Sense::minimize, Sense::maximize}) {
      problem.sense = sense;
      model::SolveSettings settings;
      settings.time_limit = limit;
      const model::SolveResult result = solve(problem, settings);
      EXPECT_EQ(result.status, Status::time_limit);
      EXPECT_LT(result.seconds.total, limit + 10);
      expect_sound(problem, result);
      EXPECT_GT(*result.gap, settings.gap);
    }
  }
}

TEST(Solve, InterruptLeavesIncumbentAndBound) {
  const OverBox problem = hard_problem();
  model::SolveSettings settings;
  settings.time_limit = 60;
  std::thread interrupter([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    interrupt_flag() = true;
  });
  const model::SolveResult result = solve(problem, settings);
  interrupter.join();
  interrupt_flag() = false;
  EXPECT_EQ(result.status, Status::interrupted);
  EXPECT_LT(result.seconds.total, 30);
  expect_sound(problem, result);
}

TEST(Solve, MemoryLimitLeavesIncumbentAndBound) {
  const OverBox problem = hard_problem();
  model::SolveSettings settings;
  settings.time_limit = 60;
  settings.memory_limit = 1;
  const model::SolveResult result = solve(problem, settings);
  EXPECT_EQ(result.status, Status::memory_limit);
  expect_sound(problem, result);
}

TEST(Solve, NodeLimitLeavesIncumbentAndBound) {
  const OverBox problem = hard_problem();
  model::SolveSettings settings;
  settings.time_limit = 60;
  const model::SolveResult result = solve(problem, settings, {{"mip_max_nodes", "0"}});
  EXPECT_EQ(result.status, Status::node_limit);
  expect_sound(problem, result);
}

/// Before any search: as good as the best of twenty thousand points that happen to meet a range which hundreds meet.
TEST(Solve, FirstPointsSlideAlongRangesAndKeepIntegers) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    OverBox over;
    RandomNetwork how;
    how.widths = {6, 14, 12, 2};
    over.network = random_network(how, rng);
    over.box = {Vector::Constant(6, -2), Vector::Constant(6, 2)};
    over.objective = Vector{{1, 0}};
    Matrix points(20000, 6);
    for (Index p = 0; p < points.rows(); ++p) points.row(p) = random_point(over.box, rng).transpose();
    points.col(0) = points.col(0).array().round();
    const Matrix outputs = nn::evaluate(over.network, points);
    const double middle = outputs.col(1).mean(), half = 0.01 * (outputs.col(1).maxCoeff() - outputs.col(1).minCoeff());
    model::Problem problem = over;
    const model::Structure structure = model::structure(problem);
    model::Variable& ranged = problem.variables[static_cast<std::size_t>(structure.determined[1])];
    ranged.lower = middle - half;
    ranged.upper = middle + half;
    problem.variables[0].type = model::VariableType::integer;
    double sampled = std::numeric_limits<double>::infinity();
    for (Index p = 0; p < points.rows(); ++p) {
      if (std::abs(outputs(p, 1) - middle) <= half) sampled = std::min(sampled, outputs(p, 0));
    }
    std::optional<std::pair<Vector, double>> first;
    const Interlude look = [&](const Stage& stage) {
      if (!stage.tightened) first = stage.incumbent();
      return Outcome{};
    };
    solve(problem, {}, {{"mip_max_nodes", "0"}}, {}, nullptr, look);
    ASSERT_TRUE(first);
    EXPECT_LE(first->second, sampled);
    EXPECT_LE(model::violation(problem, first->first), 1e-6);
    EXPECT_EQ(first->first(0), std::round(first->first(0)));
  }
}

TEST(Solve, NothingToBranchOnIsStillExact) {
  // A linear network, a network without hidden layers, one whose neurons are all stable, and a box of one point.
  OverBox problem = absolute_values();
  problem.box = {Vector{{0.5, 0.75}}, Vector{{1, 1}}};
  model::SolveResult result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_NEAR(*result.objective, 0.5 - 2 * 0.5, 1e-12);
  EXPECT_EQ(result.proof, Proof::rounding_safe);
  EXPECT_EQ(result.neurons.unstable, 0);
  EXPECT_EQ(result.neurons.binaries, 0);
  EXPECT_EQ(result.nodes, 0);

  problem.network.layers = {nn::Dense{Matrix{{3, -2}}, Vector{{1}}}};
  problem.sense = Sense::maximize;
  result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_NEAR(*result.objective, 3 - 1.5 + 1, 1e-12);
  EXPECT_EQ(result.neurons.total, 0);

  problem = hard_problem();
  problem.box.upper = problem.box.lower;
  result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_EQ(result.x, problem.box.lower);
}

TEST(Solve, NoGapAtAllIsAskedFor) {
  Rng rng(3);
  for (int trial = 0; trial < 10; ++trial) {
    OverBox problem;
    problem.network = random_network({{2, 4, 3, 1}, 1, true, 0}, rng);
    problem.box = random_box(2, 3, rng);
    problem.objective = Vector{{1}};
    model::SolveSettings settings;
    settings.gap = settings.absolute_gap = 0;
    const model::SolveResult result = solve(problem, settings);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_EQ(result.gap, 0);
    expect_sound(problem, result);
  }
}

TEST(Solve, SameSeedSameBits) {
  Rng rng(11);
  OverBox problem;
  problem.network = random_network({{3, 12, 8, 1}, 1, false, 0}, rng);
  problem.box = {Vector::Constant(3, -1.0), Vector::Constant(3, 1.0)};
  problem.objective = Vector{{1}};
  for (const int threads : {1, 2}) {
    model::SolveSettings settings;
    settings.threads = threads;
    settings.seed = 5;
    const model::SolveResult first = solve(problem, settings), second = solve(problem, settings);
    EXPECT_EQ(first.status, Status::optimal);
    EXPECT_EQ(*first.objective, *second.objective);
    EXPECT_EQ(*first.bound, *second.bound);
    EXPECT_EQ(first.x, second.x);
    EXPECT_EQ(first.nodes, second.nodes);
  }
}

TEST(Solve, TraceAndProgressTellTheSameStory) {
  OverBox problem = hard_problem();
  model::SolveSettings settings;
  settings.time_limit = 1;
  std::vector<Progress> reports;
  const model::SolveResult result = solve(problem, settings, {}, [&](const Progress& p) { reports.push_back(p); });
  ASSERT_FALSE(result.trace.empty());
  double seconds = 0;
  std::optional<double> objective;
  for (const auto& event : result.trace) {
    EXPECT_GE(event.seconds, seconds);
    seconds = event.seconds;
    if (!event.objective) continue;
    if (objective) {
      EXPECT_LE(*event.objective, *objective);
    }
    objective = event.objective;
    ASSERT_TRUE(event.bound);
    EXPECT_LE(*event.bound, *event.objective);
  }
  EXPECT_EQ(result.trace.back().objective, result.objective);
  EXPECT_EQ(result.trace.back().bound, result.bound);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back().stage, "solve");
  EXPECT_EQ(reports.back().incumbent, result.objective);
  EXPECT_EQ(reports.back().bound, result.bound);
  EXPECT_TRUE(reports.back().nodes && reports.back().gap);
}

TEST(Solve, UnitsFarFromOneAreSolvedJustAsWell) {
  // The same function in other units: inputs of 1e5 with a narrow range, outputs of 1e-7 or 1e8.
  OverBox problem = absolute_values();
  for (const double unit : {1e-7, 1e8}) {
    SCOPED_TRACE(unit);
    OverBox scaled = problem;
    scaled.network.layers.insert(scaled.network.layers.begin(),
                                 {nn::Elementwise{nn::ElementwiseOp::subtract, Vector{{1e5, -3e-4}}},
                                  nn::Elementwise{nn::ElementwiseOp::divide, Vector{{20, 1e-4}}}});
    scaled.network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::multiply, Vector{{unit}}});
    scaled.box = {Vector{{1e5 - 20, -4e-4}}, Vector{{1e5 + 20, -2e-4}}};
    model::SolveSettings settings;
    settings.absolute_gap = 0;
    const model::SolveResult result = solve(scaled, settings);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_NEAR(result.objective.value(), -3 * unit, 1e-4 * 3 * unit);
    expect_sound(scaled, result);
  }
}

std::string refusal(const OverBox& problem, const model::SolveSettings& settings, const SolverOptions& options = {}) {
  try {
    solve(problem, settings, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Solve, RefusesWhatItCannotDo) {
  const OverBox problem = absolute_values();
  const auto with = [](auto change) {
    model::SolveSettings settings;
    change(settings);
    return settings;
  };
  const auto refused = [&](auto change) { return refusal(problem, with(change)); };
  EXPECT_THAT(refused([](auto& s) { s.engine = model::Engine::native; }),
              HasSubstr("native engine does not take part in this"));
  EXPECT_THAT(refused([](auto& s) { s.partitions = 0; }), HasSubstr("--partitions"));
  EXPECT_THAT(refused([](auto& s) { s.hull_rounds = -1; }), HasSubstr("--hull-rounds"));
  EXPECT_THAT(refused([](auto& s) { s.solutions = 2; }), HasSubstr("more than one solution is not for this"));
  EXPECT_THAT(refused([](auto& s) { s.gap = -1; }), HasSubstr("--gap"));
  EXPECT_THAT(refused([](auto& s) { s.gap = std::nan(""); }), HasSubstr("--gap"));
  EXPECT_THAT(refused([](auto& s) { s.time_limit = 0; }), HasSubstr("--time-limit"));
  EXPECT_THAT(refused([](auto& s) { s.threads = 0; }), HasSubstr("--threads"));
  EXPECT_THAT(refusal(problem, {}, {{"no_such_option", "1"}}), HasSubstr("no option 'no_such_option'"));
  EXPECT_THAT(refusal(problem, {}, {{"mip_heuristic_effort", "7"}}), HasSubstr("from 0 to 1"));
  OverBox wrong = problem;
  wrong.objective = Vector{{1, 2}};
  EXPECT_THAT(refusal(wrong, {}), HasSubstr("2 coefficients"));
  wrong = problem;
  wrong.box.lower(0) = 2;
  EXPECT_THAT(refusal(wrong, {}), HasSubstr("lower 2.0 > upper 1.0"));
}

TEST(Formulate, IsInTheUsersNamesAndSense) {
  OverBox problem = absolute_values();
  problem.network.input_names = {"T", "p"};
  problem.network.output_names = {"yield"};
  problem.sense = Sense::maximize;
  const lp::Model model = formulate(problem, {});
  EXPECT_EQ(model.sense, Sense::maximize);
  EXPECT_EQ(model.column_names.front(), "T");
  EXPECT_EQ(model.column_names[1], "p");
  EXPECT_EQ(model.column_names[2], "yield");
  EXPECT_EQ(model.cost[2], 1);
  EXPECT_FALSE(lp::to_mps(model).empty());
  EXPECT_FALSE(lp::to_lp(model).empty());
}

}  // namespace
}  // namespace secateur::mip
