// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/alternatives.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/search/slope.hpp"
#include "secateur/search/solve.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

nn::Network network_of(std::vector<Index> widths, std::uint64_t seed) {
  Rng rng(seed);
  RandomNetwork how;
  how.widths = std::move(widths);
  return random_network(how, rng);
}

/// y = |x|.
nn::Network absolute() {
  nn::Network network;
  network.precision = nn::Precision::float64;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {-1.0}}, Vector::Zero(2)}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 1.0}}, Vector::Zero(1)}};
  return network;
}

model::Problem absolute_over(double lower, double upper, Sense sense) {
  return model::over_box(absolute(), Box{Vector{{lower}}, Vector{{upper}}}, Vector{{1.0}}, sense);
}

model::SolveSettings asking_for(int solutions) {
  model::SolveSettings settings;
  settings.solutions = solutions;
  settings.threads = 1;
  return settings;
}

std::string refusal(const model::Problem& problem, const model::SolveSettings& settings) {
  try {
    search::solve(problem, settings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

class AlternativesOfEveryEngine : public testing::TestWithParam<model::Engine> {};

TEST_P(AlternativesOfEveryEngine, AreTheBestIntegerPointsInOrder) {
  for (const Sense sense : {Sense::minimize, Sense::maximize}) {
    const nn::Network network = network_of({3, 10, 6, 1}, 3);
    model::Problem problem =
        model::over_box(network, Box{Vector::Constant(3, 0), Vector::Constant(3, 2)}, Vector{{1.0}}, sense);
    problem.variables[0].type = problem.variables[1].type = model::VariableType::integer;
    problem.variables[2].type = model::VariableType::discrete;
    problem.variables[2].values = {0.1, 0.4, 1.9};
    std::vector<double> all;
    for (int i = 0; i < 27; ++i) {
      const double listed = problem.variables[2].values[static_cast<std::size_t>(i % 3)];
      all.push_back(nn::evaluate(network, Vector{{double(i / 9), double(i / 3 % 3), listed}})(0));
    }
    std::sort(all.begin(), all.end());
    if (sense == Sense::maximize) std::reverse(all.begin(), all.end());
    model::SolveSettings settings = asking_for(8);
    settings.engine = GetParam();
    settings.solution_gap = 1e6;
    settings.gap = 1e-6;
    const model::SolveResult result = search::solve(problem, settings);
    EXPECT_EQ(result.status, Status::optimal);
    ASSERT_EQ(result.solutions.size(), 8);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto& solution = result.solutions[i];
      EXPECT_NEAR(solution.objective, all[i], 1e-5 * std::max(1.0, std::abs(all[i]))) << i;
      ASSERT_TRUE(solution.bound);
      EXPECT_TRUE(model::gap_closed(solution.objective, *solution.bound, sense, settings)) << i;
      EXPECT_THAT(solution.edge_of, IsEmpty());
    }
    EXPECT_EQ(result.objective, result.solutions[0].objective);
    EXPECT_EQ(result.x, result.solutions[0].x);
    EXPECT_THAT(result.note, Not(HasSubstr("no more")));
  }
}

TEST_P(AlternativesOfEveryEngine, EndWithTheLastPointThereIs) {
  model::Problem problem = absolute_over(-1, 1, Sense::minimize);
  problem.variables[0].type = model::VariableType::integer;
  model::SolveSettings settings = asking_for(10);
  settings.engine = GetParam();
  settings.solution_gap = INFINITY;
  const model::SolveResult result = search::solve(problem, settings);
  EXPECT_EQ(result.status, Status::optimal);
  ASSERT_EQ(result.solutions.size(), 3);
  EXPECT_EQ(result.solutions[0].x(0), 0);
  EXPECT_EQ(result.solutions[1].objective, 1);
  EXPECT_EQ(result.solutions[2].objective, 1);
  EXPECT_THAT(result.note, HasSubstr("there are no more distinct solutions"));
  EXPECT_THAT(result.note, Not(HasSubstr("within")));
}

TEST_P(AlternativesOfEveryEngine, LeaveOutWhatIsTooMuchWorse) {
  // The maximum is 2 at -2; next to it comes 1.7 at -1.7, then 1.4.
  model::SolveSettings settings = asking_for(5);
  settings.engine = GetParam();
  settings.solution_distance = 0.1;
  settings.solution_gap = 0.2;
  const model::SolveResult result = search::solve(absolute_over(-2, 1, Sense::maximize), settings);
  EXPECT_EQ(result.status, Status::optimal);
  ASSERT_EQ(result.solutions.size(), 2);
  EXPECT_NEAR(result.solutions[1].objective, 1.7, 1e-3);
  EXPECT_THAT(result.note, HasSubstr("no more distinct solutions within 20 % of the best"));
}

INSTANTIATE_TEST_SUITE_P(Engines, AlternativesOfEveryEngine,
                         testing::Values(model::Engine::auto_, model::Engine::native, model::Engine::milp),
                         [](const auto& at) { return std::string(to_string(at.param)); });

TEST(Alternatives, SayWhereTheyLie) {
  model::SolveSettings settings = asking_for(3);
  settings.gap = settings.absolute_gap = 1e-9;
  settings.solution_distance = 0.3;
  settings.solution_gap = 1;
  const model::SolveResult result = search::solve(absolute_over(-2, 1, Sense::maximize), settings);
  ASSERT_EQ(result.solutions.size(), 3);
  const auto& [first, second, third] = std::tie(result.solutions[0], result.solutions[1], result.solutions[2]);
  EXPECT_EQ(first.x(0), -2);
  EXPECT_THAT(first.active, ElementsAre("x >= -2"));
  EXPECT_FALSE(first.slope[0].down);
  EXPECT_EQ(first.slope[0].up, -1);
  EXPECT_THAT(first.edge_of, IsEmpty());
  // At the edge of the first: it goes on improving downwards.
  EXPECT_NEAR(second.x(0), -1.1, 1e-6);
  EXPECT_THAT(second.edge_of, ElementsAre(0));
  EXPECT_EQ(second.slope[0].down, 1);
  EXPECT_EQ(second.slope[0].up, -1);
  EXPECT_THAT(second.active, IsEmpty());
  // The other local maximum.
  EXPECT_EQ(third.x(0), 1);
  EXPECT_THAT(third.edge_of, IsEmpty());
  EXPECT_EQ(third.slope[0].down, -1);
  EXPECT_FALSE(third.slope[0].up);
  EXPECT_THAT(third.active, ElementsAre("x <= 1"));
}

TEST(Alternatives, OfAPointAreOne) {
  const model::SolveResult result = search::solve(absolute_over(0.5, 0.5, Sense::minimize), asking_for(3));
  EXPECT_EQ(result.status, Status::optimal);
  ASSERT_EQ(result.solutions.size(), 1);
  EXPECT_THAT(result.solutions[0].active, ElementsAre("x = 0.5"));
}

TEST(Alternatives, OfAnInfeasibleProblemAreNone) {
  model::Problem problem = absolute_over(-2, 1, Sense::minimize);
  problem.add_constraint("far", {{1, 1.0}}, 5, INFINITY);
  const model::SolveResult result = search::solve(problem, asking_for(3));
  EXPECT_EQ(result.status, Status::infeasible);
  EXPECT_THAT(result.solutions, IsEmpty());
  EXPECT_THAT(result.conflict, Not(IsEmpty()));
}

TEST(Alternatives, KeepValidBoundsWhenTimeRunsOut) {
  const nn::Network network = network_of({14, 50, 50, 50, 1}, 2);
  const Box box{Vector::Constant(14, -1), Vector::Constant(14, 1)};
  const model::Problem problem = model::over_box(network, box, Vector{{1.0}}, Sense::minimize);
  model::SolveSettings settings = asking_for(4);
  settings.gap = 0.5;  // the first is found in time, some of the others perhaps
  settings.time_limit = 0.5;
  const model::SolveResult result = search::solve(problem, settings);
  EXPECT_EQ(result.status, Status::time_limit);
  EXPECT_LT(result.seconds.total, 10);
  ASSERT_FALSE(result.solutions.empty());
  Rng rng(1);
  for (const auto& solution : result.solutions) {
    ASSERT_TRUE(solution.bound);
    EXPECT_LE(*solution.bound, solution.objective);
  }
  for (int k = 0; k < 1000; ++k) {
    Vector x(14);
    for (double& entry : x) entry = rng.uniform(-1, 1);
    EXPECT_GE(nn::evaluate(network, x)(0), *result.bound);
  }
}

TEST(Alternatives, AreWhatIsKnownAtAnInterrupt) {
  const model::Problem problem = absolute_over(-2, 1, Sense::maximize);
  interrupt_flag() = true;
  const model::SolveResult result = search::solve(problem, asking_for(3));
  interrupt_flag() = false;
  EXPECT_EQ(result.status, Status::interrupted);
  for (const auto& solution : result.solutions) EXPECT_GE(solution.bound.value_or(INFINITY), 2);
}

TEST(Alternatives, RefuseWhatMeansNothing) {
  const model::Problem problem = absolute_over(-2, 1, Sense::minimize);
  const auto with = [&](auto change) {
    model::SolveSettings settings = asking_for(2);
    change(settings);
    return refusal(problem, settings);
  };
  EXPECT_THAT(with([](auto& s) { s.solution_distance = 0; }), HasSubstr("--solution-distance"));
  EXPECT_THAT(with([](auto& s) { s.solution_distance = 1.5; }), HasSubstr("--solution-distance"));
  EXPECT_THAT(with([](auto& s) { s.solution_distance = std::nan(""); }), HasSubstr("--solution-distance"));
  EXPECT_THAT(with([](auto& s) { s.solution_gap = -0.1; }), HasSubstr("--solution-gap"));
  EXPECT_EQ(with([](auto& s) { s.solution_distance = 1; }), "accepted");
  model::Problem unbounded;
  const int x = unbounded.add_variable({"x", {}, {}, 0, INFINITY, {}});
  unbounded.objective = {{x, 1.0}};
  EXPECT_THAT(refusal(unbounded, asking_for(2)), HasSubstr("needs a decision with finite bounds"));
}

TEST(WorstObjective, EndsASearchThatCannotReachIt) {
  for (const model::Engine engine : {model::Engine::native, model::Engine::milp}) {
    const model::Problem problem = absolute_over(-2, 1, Sense::maximize);
    model::SolveSettings settings = asking_for(1);
    settings.engine = engine;
    settings.worst_objective = 1.5;
    EXPECT_EQ(search::solve(problem, settings).objective, 2);
    settings.worst_objective = 2.5;
    const model::SolveResult none = search::solve(problem, settings);
    EXPECT_EQ(none.status, Status::infeasible);
    EXPECT_EQ(none.x.size(), 0);
  }
}

/// Two networks, one behind the other, and a final scaling: slopes against small steps where the function is smooth.
TEST(Slopes, AreTheDerivativesOfAChain) {
  model::Problem problem;
  Rng rng(5);
  const auto variable = [&](const std::string& name, double lower, double upper) {
    return problem.add_variable({name, {}, {}, lower, upper, {}});
  };
  const int a = variable("a", -1, 1), b = variable("b", -1, 1);
  const int t = variable("t", -INFINITY, INFINITY), y = variable("y", -INFINITY, INFINITY);
  RandomNetwork how;
  how.widths = {2, 7, 5, 1};
  how.scaling = true;
  problem.add_network("first", random_network(how, rng), {a, b}, {t});
  problem.add_network("second", random_network(how, rng), {t, b}, {y});
  problem.objective = {{y, 2.0}, {t, -1.0}, {a, 0.5}};
  const model::Structure structure = model::structure(problem);
  for (int k = 0; k < 20; ++k) {
    Vector point = Vector::Zero(4);
    point(a) = rng.uniform(-1, 1);
    point(b) = rng.uniform(-1, 1);
    point = model::complete(problem, structure, point);
    const auto slope = search::slopes(problem, structure, point);
    for (const int v : {a, b}) {
      for (const int direction : {-1, 1}) {
        constexpr double h = 1e-7;
        Vector moved = point;
        moved(v) += direction * h;
        moved = model::complete(problem, structure, moved);
        const double step = (model::objective_at(problem, moved) - model::objective_at(problem, point)) / h;
        const auto& found = slope[static_cast<std::size_t>(v)];
        EXPECT_NEAR((direction > 0 ? found.up : found.down).value(), step, 1e-4 * std::max(1.0, std::abs(step)));
      }
    }
  }
}

TEST(Slopes, HaveTwoSidesAtAKink) {
  const model::Problem problem = absolute_over(-2, 1, Sense::minimize);
  const model::Structure structure = model::structure(problem);
  for (const double x : {0.0, 1e-12}) {
    const auto slope = search::slopes(problem, structure, Vector{{x, std::abs(x)}});
    EXPECT_EQ(slope[0].down, x == 0 ? 1 : -1);
    EXPECT_EQ(slope[0].up, 1);
  }
}

TEST(Slopes, GoThroughAFinalActivation) {
  for (const auto activation : {nn::Activation::sigmoid, nn::Activation::softmax, nn::Activation::log_softmax}) {
    nn::Network network = network_of({2, 6, 3}, 8);
    network.activation = activation;
    model::Problem problem;
    for (const char* name : {"a", "b"}) problem.add_variable({name, {}, {}, -1, 1, {}});
    for (const char* name : {"p", "q", "r"}) problem.add_variable({name, {}, {}, -INFINITY, INFINITY, {}});
    problem.add_network("n", network, {0, 1}, {2, 3, 4});
    problem.objective = {{2, 1.0}, {4, -3.0}};
    const model::Structure structure = model::structure(problem);
    const auto value = [&](double a, double b) {
      return model::objective_at(problem, model::complete(problem, structure, Vector{{a, b, 0, 0, 0}}));
    };
    const auto slope =
        search::slopes(problem, structure, model::complete(problem, structure, Vector{{0.3, -0.2, 0, 0, 0}}));
    constexpr double h = 1e-6;
    EXPECT_NEAR(slope[0].up.value(), (value(0.3 + h, -0.2) - value(0.3, -0.2)) / h, 1e-4);
    EXPECT_NEAR(slope[1].down.value(), (value(0.3, -0.2 - h) - value(0.3, -0.2)) / h, 1e-4);
  }
}

TEST(Slopes, OfIntegersAreStepsToTheNextValue) {
  model::Problem problem = absolute_over(-2, 1, Sense::minimize);
  problem.variables[0].type = model::VariableType::discrete;
  problem.variables[0].values = {-2, -1.5, 1};
  const model::Structure structure = model::structure(problem);
  const auto slope = search::slopes(problem, structure, Vector{{-1.5, 1.5}});
  EXPECT_EQ(slope[0].down, 1);
  EXPECT_EQ(slope[0].up, -0.5 / 2.5);
  EXPECT_FALSE(search::slopes(problem, structure, Vector{{1, 1}})[0].up);
}

TEST(NextValue, StaysInsideBoundsAndList) {
  model::Variable integer{"n", {}, model::VariableType::integer, 0.5, 3.5, {}};
  EXPECT_EQ(search::next_value(integer, 2, 1), 3);
  EXPECT_EQ(search::next_value(integer, 3, 1), std::nullopt);
  EXPECT_EQ(search::next_value(integer, 1, -1), std::nullopt);
  model::Variable listed{"d", {}, model::VariableType::discrete, -INFINITY, 5, {1, 2, 4, 8}};
  EXPECT_EQ(search::next_value(listed, 2, 1), 4);
  EXPECT_EQ(search::next_value(listed, 2, -1), 1);
  EXPECT_EQ(search::next_value(listed, 4, 1), std::nullopt);
  EXPECT_EQ(search::next_value(listed, 1, -1), std::nullopt);
}

TEST(Active, NamesConstraintsAndBounds) {
  model::Problem problem = absolute_over(-2, 1, Sense::minimize);
  problem.variables[1].lower = 0.5;
  problem.add_constraint("budget", {{0, 2.0}, {1, 1.0}}, -INFINITY, 1.5);
  problem.add_constraint("slack", {{0, 1.0}}, -INFINITY, 7);
  EXPECT_THAT(search::active(problem, Vector{{0.5, 0.5}}, 1e-6), ElementsAre("y >= 0.5", "budget"));
}

}  // namespace
}  // namespace secateur
