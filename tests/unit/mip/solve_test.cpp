// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/solve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

using testing::HasSubstr;

/// y = |x0| - 2 |x1 - 0.5| on [-1, 1]^2: minimum -3 at (0, -1), maximum 1 at (+-1, 0.5).
model::Problem absolute_values() {
  model::Problem problem;
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
  model::Problem problem = absolute_values();
  model::SolveResult result = solve(problem, {});
  EXPECT_EQ(result.status, Status::optimal);
  EXPECT_NEAR(result.objective.value(), -3, 1e-6);
  EXPECT_LE(result.bound.value(), *result.objective);
  EXPECT_LE(result.gap.value(), 1e-4);
  EXPECT_EQ(*result.objective, model::objective_at(problem, result.x));
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

}  // namespace
}  // namespace secateur::mip
