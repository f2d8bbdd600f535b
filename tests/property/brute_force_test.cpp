// SPDX-License-Identifier: Apache-2.0
// Brute force over activation patterns against the solver, on random tiny networks of every kind that matters.
#include "property/brute_force.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

/// 1 to 4 inputs, 1 to 3 hidden layers, up to 12 neurons, 1 to 3 outputs; every second network has neurons that are
/// dead or always active, every third one scaling at both ends, every fourth one zero weights; boxes from a point to
/// wide.
OverBox random_problem(std::uint64_t seed) {
  Rng rng(seed);
  RandomNetwork how;
  how.widths = {1 + rng.below(4)};
  const Index hidden = 1 + rng.below(3);
  Index left = hidden + rng.below(13 - hidden);
  for (Index k = hidden; k > 0; --k) {
    how.widths.push_back(k == 1 ? left : 1 + rng.below(left - k + 1));
    left -= how.widths.back();
  }
  how.widths.push_back(1 + rng.below(3));
  how.density = seed % 4 == 0 ? 0.5 : 1.0;
  how.scaling = seed % 3 == 0;
  OverBox problem;
  problem.network = random_network(how, rng);
  if (seed % 2 == 0) {
    for (auto& layer : problem.network.layers) {
      auto* dense = std::get_if<nn::Dense>(&layer);
      if (dense == nullptr || dense == std::get_if<nn::Dense>(&problem.network.layers.back())) continue;
      for (double& bias : dense->bias) {
        const auto kind = rng.below(6);
        bias += kind == 0 ? 8.0 : kind == 1 ? -8.0 : 0.0;
      }
    }
  }
  problem.box = random_box(problem.network.inputs(), 3.0, rng);
  problem.box.lower -= Vector::Constant(problem.box.size(), rng.uniform(0, 2));
  if (seed % 10 == 0) problem.box.upper(0) = problem.box.lower(0);
  problem.objective = Vector(problem.network.outputs());
  for (double& c : problem.objective) c = rng.below(3) == 0 && problem.objective.size() > 1 ? 0.0 : rng.normal();
  if (problem.objective.isZero(0)) problem.objective(0) = 1;
  problem.sense = rng.below(2) == 0 ? Sense::minimize : Sense::maximize;
  return problem;
}

/// `a` is at least as good as `b`, up to a slack.
bool no_worse(double a, double b, Sense sense, double slack) {
  return sense == Sense::minimize ? a <= b + slack : a >= b - slack;
}

TEST(BruteForce, KnowsAWorkedExample) {
  // |x0| - 2 |x1 - 0.5| over [-1, 1]^2: four lines through two points, four cells.
  nn::Network network;
  network.layers = {nn::Dense{Matrix{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}, Vector{{0, 0, -0.5, 0.5}}}, nn::Relu{},
                    nn::Dense{Matrix{{1, 1, -2, -2}}, Vector{{0}}}};
  network.input_names = nn::default_names("x", 2);
  network.output_names = nn::default_names("y", 1);
  const Box box{Vector{{-1, -1}}, Vector{{1, 1}}};
  BruteForce oracle;
  const auto least = oracle.solve(network, box, Vector{{1}}, Sense::minimize);
  EXPECT_NEAR(least.objective, -3, 1e-12);
  EXPECT_NEAR(least.x(1), -1, 1e-12);
  EXPECT_NEAR(oracle.solve(network, box, Vector{{1}}, Sense::maximize).objective, 1, 1e-12);
}

TEST(BruteForce, IsAttainedAndNeverBeatenBySampling) {
  BruteForce oracle;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const OverBox problem = random_problem(seed);
    const auto optimum = oracle.solve(problem.network, problem.box, problem.objective, problem.sense);
    const double slack = 1e-7 * std::max(1.0, std::abs(optimum.objective));
    EXPECT_NEAR(objective_at(problem, optimum.x), optimum.objective, slack) << seed;
    Rng rng(seed);
    for (int k = 0; k < 300; ++k) {
      const double value = objective_at(problem, random_point(problem.box, rng));
      ASSERT_TRUE(no_worse(optimum.objective, value, problem.sense, slack)) << seed;
    }
  }
}

class SolveAgainstBruteForce : public testing::TestWithParam<int> {};

TEST_P(SolveAgainstBruteForce, Agrees) {
  constexpr int group = 75;
  BruteForce oracle;
  model::SolveSettings settings;
  settings.gap = 1e-6;
  settings.absolute_gap = 1e-9;
  settings.bounds = GetParam() % 2 == 0 ? graph::BoundsMethod::crown : graph::BoundsMethod::interval;
  // Left to itself, subdivision closes such networks before the solver is asked.
  constexpr model::Tighten ways[] = {model::Tighten::off, model::Tighten::subdivision, model::Tighten::off,
                                     model::Tighten::lp};
  settings.tighten = ways[GetParam() / 2];
  std::int64_t cells = 0, stable = 0, binaries = 0;
  for (int k = 0; k < group; ++k) {
    const auto seed = static_cast<std::uint64_t>(1000 + GetParam() * group + k);
    SCOPED_TRACE(seed);
    const OverBox problem = random_problem(seed);
    const auto optimum = oracle.solve(problem.network, problem.box, problem.objective, problem.sense);
    const model::SolveResult result = mip::solve(problem, settings);
    const double slack = 1e-6 * std::max(1.0, std::abs(optimum.objective));
    ASSERT_EQ(result.status, Status::optimal);
    ASSERT_TRUE(result.objective && result.bound && result.gap);
    EXPECT_NEAR(*result.objective, optimum.objective, slack);
    EXPECT_TRUE(no_worse(*result.bound, optimum.objective, problem.sense, slack)) << *result.bound;
    EXPECT_TRUE(problem.box.contains(result.x));
    EXPECT_EQ(*result.objective, objective_at(problem, result.x));
    EXPECT_EQ(result.neurons.total, nn::count_neurons(problem.network));
    if (k % 5 == 0) {
      // The exported model alone, without points of our own.
      const auto session = lp::make_session();
      session->load(mip::formulate(problem, settings));
      lp::RunSettings run;
      run.gap = 1e-7;
      const lp::Outcome outcome = session->run(run);
      EXPECT_EQ(outcome.status, Status::optimal);
      EXPECT_NEAR(outcome.objective.value(), optimum.objective, 10 * slack);
    }
    cells += optimum.cells;
    stable += result.neurons.total - result.neurons.unstable;
    binaries += result.neurons.binaries;
  }
  // The networks are what they are meant to be: many cells, stable neurons and binaries.
  EXPECT_GT(cells, 4 * group);
  EXPECT_GT(stable, group);
  if (settings.tighten == model::Tighten::off) {
    EXPECT_GT(binaries, group);
  }
}

TEST(BruteForce, AgreesInEveryUnit) {
  // The same networks with inputs and outputs in units from 1e-7 to 1e7 of their own size: solvers' tolerances are
  // absolute, answers must not be.
  BruteForce oracle;
  model::SolveSettings settings;
  settings.gap = 1e-5;
  settings.absolute_gap = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE(seed);
    const OverBox problem = random_problem(seed);
    Rng rng(seed);
    const auto unit = [&] { return std::pow(10.0, static_cast<double>(rng.below(15) - 7)); };
    const double output_unit = unit();
    Vector input_unit(problem.box.size()), offset(problem.box.size());
    for (Index j = 0; j < input_unit.size(); ++j) {
      input_unit(j) = unit();
      offset(j) = 10 * rng.normal() * input_unit(j);
    }
    OverBox other = problem;
    other.network.layers.insert(other.network.layers.begin(), {nn::Elementwise{nn::ElementwiseOp::subtract, offset},
                                                               nn::Elementwise{nn::ElementwiseOp::divide, input_unit}});
    other.network.layers.emplace_back(
        nn::Elementwise{nn::ElementwiseOp::multiply, Vector::Constant(problem.network.outputs(), output_unit)});
    other.box = {offset + input_unit.cwiseProduct(problem.box.lower),
                 offset + input_unit.cwiseProduct(problem.box.upper)};
    const auto optimum = oracle.solve(problem.network, problem.box, problem.objective, problem.sense);
    const model::SolveResult result = mip::solve(other, settings);
    const double expected = optimum.objective * output_unit;
    const double slack = 2e-5 * std::abs(expected);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_NEAR(result.objective.value(), expected, slack);
    EXPECT_TRUE(no_worse(result.bound.value(), expected, problem.sense, slack)) << *result.bound;
  }
}

/// 600 networks; ten times as many with SECATEUR_LONG set.
INSTANTIATE_TEST_SUITE_P(TinyNetworks, SolveAgainstBruteForce,
                         testing::Range(0, std::getenv("SECATEUR_LONG") == nullptr ? 8 : 80));

}  // namespace
}  // namespace secateur
