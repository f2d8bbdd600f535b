// SPDX-License-Identifier: Apache-2.0
// Steps from cell to cell.
#include "secateur/mip/cell_steps.hpp"

#include <gtest/gtest.h>

#include "secateur/graph/lower.hpp"
#include "secateur/mip/incumbent.hpp"
#include "support/goal_with_range.hpp"

namespace secateur::mip {
namespace {

TEST(CellSteps, AreNeverWorseAndTheirEndStays) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GoalWithRange subject(seed);
    CellSteps steps(subject.graph, subject.goal);
    const Matrix starts = uniform_points(subject.graph.domain, 5, seed);
    for (Index p = 0; p < starts.rows(); ++p) {
      const Vector x = starts.row(p);
      const Sighting end = steps.improve(x, {}, subject.stop);
      EXPECT_TRUE(subject.graph.domain.contains(end.x));
      EXPECT_EQ(end.value, subject.at(end.x));
      EXPECT_LE(end.value, subject.at(x));
    }
  }
}

/// y0 = 2 x0 + x1 + 2 relu(x0 - x1), to be minimised where y1 = relu(x0) + x1 is in [1, 2]: at (0, 1), on the border of
/// two cells and of the range.
TEST(CellSteps, SlideAlongARangeThatBinds) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  network.input_names = nn::default_names("x", 2);
  network.output_names = nn::default_names("y", 2);
  Matrix first(4, 2), last(2, 4);
  first << 1, -1, 1, 0, 1, 0, 0, 1;
  last << 2, 0, 2, 1, 0, 1, 0, 1;
  Vector shift(4), back(2);
  shift << 0, 0, 5, 5;  // the last two stay above zero
  back << -15, -5;
  network.layers.emplace_back(nn::Dense{first, shift});
  network.layers.emplace_back(nn::Relu{});
  network.layers.emplace_back(nn::Dense{last, back});
  const Box box{Vector::Constant(2, -0.5), Vector::Constant(2, 3)};
  const graph::ReluGraph graph = graph::lower(network, box);
  Goal goal;
  goal.objective = Vector::Zero(2);
  goal.objective(0) = 1;
  goal.ranges.push_back({1, 1, 2, 100});
  CellSteps steps(graph, goal);
  const Stop stop;
  Vector x(2);
  x << 2.5, 2.0;
  const Sighting end = steps.improve(x, {}, stop);
  // Where x0 < 0, y1 = x1, and y0 falls with x0 down to its bound.
  EXPECT_NEAR(end.value, 0, 1e-6);
  EXPECT_NEAR(end.x(0), -0.5, 1e-6);
  EXPECT_NEAR(end.x(1), 1.0, 1e-6);
}

TEST(CellSteps, LeaveFixedInputsAlone) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const GoalWithRange subject(seed);
    CellSteps steps(subject.graph, subject.goal);
    Vector x = Vector::Constant(4, 0.3);
    x(1) = -1;
    x(3) = 2;
    const Sighting end = steps.improve(x, {false, true, false, true}, subject.stop);
    EXPECT_EQ(end.x(1), -1);
    EXPECT_EQ(end.x(3), 2);
    EXPECT_LE(end.value, subject.at(x));
  }
}

/// From cell to cell the penalty is gone where descents along the gradient are left with some of it.
TEST(CellSteps, FindBetterPointsThanDescents) {
  double descents = 0, cells = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GoalWithRange subject(seed);
    Matrix points = uniform_points(subject.graph.domain, 1, seed);
    const double value = descend(subject.graph, subject.goal, points, 60, 0.25, 1e-4, subject.stop)(0);
    CellSteps steps(subject.graph, subject.goal);
    const Sighting end = steps.improve(points.row(0).transpose(), {}, subject.stop);
    EXPECT_LE(end.value, value);
    descents += value;
    cells += end.value;
  }
  EXPECT_LT(cells, descents - 1);
}

}  // namespace
}  // namespace secateur::mip
