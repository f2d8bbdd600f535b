// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/incumbent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/mip/cell.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur::mip {
namespace {

graph::ReluGraph random_graph(std::uint64_t seed, const std::vector<Index>& widths) {
  Rng rng(seed);
  const nn::Network network = random_network({widths, 0.8, false, 0}, rng);
  return graph::lower(network, {Vector::Constant(widths.front(), -1.0), Vector::Constant(widths.front(), 1.0)});
}

TEST(Incumbent, ObjectivesAndGradientsMatchForwardPassesAndDifferences) {
  const graph::ReluGraph graph = random_graph(1, {3, 8, 6, 2});
  const Vector objective{{1.5, -0.5}};
  Rng rng(2);
  Matrix points(20, 3);
  for (Index p = 0; p < points.rows(); ++p) points.row(p) = random_point(graph.domain, rng).transpose();
  Matrix gradient;
  const Vector values = objectives(graph, {objective, {}}, points, &gradient);
  const Vector expected = graph::evaluate(graph, points) * objective;
  EXPECT_LE((values - expected).cwiseAbs().maxCoeff(), 1e-12);
  constexpr double h = 1e-7;
  for (Index j = 0; j < 3; ++j) {
    Matrix up = points, down = points;
    up.col(j).array() += h;
    down.col(j).array() -= h;
    const Vector difference =
        (objectives(graph, {objective, {}}, up) - objectives(graph, {objective, {}}, down)) / (2 * h);
    EXPECT_LE((difference - gradient.col(j)).cwiseAbs().maxCoeff(), 1e-5);
  }
}

TEST(Incumbent, DescentNeverRisesAndStaysInside) {
  const graph::ReluGraph graph = random_graph(3, {4, 10, 10, 1});
  Rng rng(4);
  Matrix points(10, 4);
  for (Index p = 0; p < points.rows(); ++p) points.row(p) = random_point(graph.domain, rng).transpose();
  const Vector before = objectives(graph, {Vector{{1}}, {}}, points);
  const Vector after = descend(graph, {Vector{{1}}, {}}, points, 50, 0.25, 1e-4, Stop());
  EXPECT_TRUE((after.array() <= before.array()).all());
  EXPECT_LT(after.minCoeff(), before.minCoeff());
  for (Index p = 0; p < points.rows(); ++p) EXPECT_TRUE(graph.domain.contains(points.row(p).transpose()));
  EXPECT_EQ(after, objectives(graph, {Vector{{1}}, {}}, points));
}

TEST(Incumbent, GoodPointsAreSortedDifferentAndTheSameForTheSameSeed) {
  const graph::ReluGraph graph = random_graph(5, {2, 20, 20, 1});
  const auto points = good_points(graph, {Vector{{1}}, {}}, 7, Stop());
  ASSERT_GT(points.size(), 1u);
  double last = -1e300;
  for (const Vector& x : points) {
    EXPECT_TRUE(graph.domain.contains(x));
    const double value = graph::evaluate(graph, x.transpose())(0, 0);
    EXPECT_GE(value, last - 1e-12);
    last = value;
  }
  EXPECT_GT((points[0] - points[1]).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_EQ(points, good_points(graph, {Vector{{1}}, {}}, 7, Stop()));
}

TEST(Incumbent, TimeThatIsUpStillLeavesAPoint) {
  const graph::ReluGraph graph = random_graph(5, {2, 20, 20, 1});
  EXPECT_FALSE(good_points(graph, {Vector{{1}}, {}}, 0, Stop(0)).empty());
}

TEST(Incumbent, ABoxOfOnePointIsThatPoint) {
  graph::ReluGraph graph = random_graph(6, {2, 5, 1});
  graph.domain.lower = graph.domain.upper = Vector{{0.25, -0.5}};
  const auto points = good_points(graph, {Vector{{1}}, {}}, 0, Stop());
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0], graph.domain.lower);
}

TEST(Incumbent, RangesArePenalties) {
  const graph::ReluGraph graph = random_graph(1, {3, 8, 6, 2});
  const Goal goal{Vector{{1, 0}}, {{1, -0.1, 0.1, 5}}};
  Rng rng(2);
  Matrix points(50, 3);
  for (Index p = 0; p < points.rows(); ++p) points.row(p) = random_point(graph.domain, rng).transpose();
  Matrix gradient;
  const Vector values = objectives(graph, goal, points, &gradient);
  const Matrix outputs = graph::evaluate(graph, points);
  int outside = 0;
  for (Index p = 0; p < points.rows(); ++p) {
    const double excess = std::max(0.0, std::abs(outputs(p, 1)) - 0.1);
    outside += excess > 0 ? 1 : 0;
    EXPECT_NEAR(values(p), outputs(p, 0) + 5 * excess, 1e-12);
  }
  EXPECT_GT(outside, 10);
  constexpr double h = 1e-7;
  for (Index j = 0; j < 3; ++j) {
    Matrix up = points, down = points;
    up.col(j).array() += h;
    down.col(j).array() -= h;
    const Vector difference = (objectives(graph, goal, up) - objectives(graph, goal, down)) / (2 * h);
    EXPECT_LE((difference - gradient.col(j)).cwiseAbs().maxCoeff(), 1e-5);
  }
}

TEST(Cell, MapSaysWhatTheGraphSaysAroundAPoint) {
  const graph::ReluGraph graph = random_graph(8, {3, 9, 7, 2});
  Rng rng(3);
  for (int k = 0; k < 20; ++k) {
    const Vector x = random_point(graph.domain, rng);
    const CellMap cell = cell_map(graph, x);
    Vector near = x;
    for (Index j = 0; j < 3; ++j) near(j) += 1e-9 * rng.uniform(-1, 1);
    Index unit = 0;
    for (const Vector& z : graph::preactivations(graph, near)) {
      if (unit == graph.neurons()) break;  // the outputs
      for (Index i = 0; i < z.size(); ++i, ++unit) {
        EXPECT_NEAR(cell.rows.row(unit).dot(near) + cell.offsets(unit), z(i), 1e-13);
        EXPECT_EQ(cell.active[static_cast<std::size_t>(unit)] != 0, z(i) > 0);
      }
    }
    const Vector outputs = graph::evaluate(graph, near.transpose()).row(0);
    EXPECT_LE((cell.outputs * near + cell.output_offsets - outputs).cwiseAbs().maxCoeff(), 1e-13);
  }
}

/// A random network over [-1, 1]^n as a problem, and the columns of its frame at an input.
struct RandomProblem {
  model::Problem stated;
  model::Compiled problem;
  Goal goal{Vector{{1}}, {}};

  RandomProblem(std::uint64_t seed, const std::vector<Index>& widths) {
    Rng rng(seed);
    const Index inputs = widths.front();
    const nn::Network network = random_network({widths, 0.8, false, 0}, rng);
    stated = OverBox{network, {Vector::Constant(inputs, -1.0), Vector::Constant(inputs, 1.0)}, Vector{{1}}};
    problem = compiled(stated);
  }
  [[nodiscard]] Vector columns(const Vector& x) const {
    Vector point = Vector::Zero(x.size() + 1);
    point.head(x.size()) = x;
    return model::complete(stated, model::structure(stated), point);
  }
  [[nodiscard]] double value(const Vector& x) const { return graph::evaluate(problem.graph, x.transpose())(0, 0); }
};

TEST(Cell, ItsProgramIsTheNetworkOnTheCell) {
  const auto session = lp::make_session();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RandomProblem random(seed, {3, 6, 5, 1});
    const graph::ReluGraph& graph = random.problem.graph;
    CellSearch search(*session, random.problem, random.goal, 1);
    Rng rng(seed);
    const Vector x = random_point(graph.domain, rng);
    const Vector columns = search.best_of_cell(random.columns(x), Stop());
    ASSERT_EQ(columns.size(), 4);
    const Vector best = inputs_of(random.problem, columns);
    EXPECT_TRUE(graph.domain.contains(best));
    EXPECT_LE(random.value(best), random.value(x) + 1e-9);
    EXPECT_NEAR(columns(3), random.value(best), 1e-7);
    // Nothing along the way to random points that is still inside the cell is better.
    const auto sides = [&](const Vector& at) {
      std::vector<bool> active;
      const auto z = graph::preactivations(graph, at);
      for (std::size_t k = 0; k + 1 < z.size(); ++k) {
        for (const double v : z[k]) active.push_back(v > 0);
      }
      return active;
    };
    for (int k = 0; k < 200; ++k) {
      const Vector at = x + rng.uniform() * (random_point(graph.domain, rng) - x);
      if (sides(at) == sides(x)) {
        EXPECT_GE(random.value(at), random.value(best) - 1e-8);
      }
    }
    // And polishing only improves on that.
    EXPECT_LE(random.value(inputs_of(random.problem, search.polish(random.columns(x), 4, Stop()))),
              random.value(best) + 1e-9);
  }
}

TEST(Cell, ConstraintsOfTheFrameHoldAtItsBestPoint) {
  const auto session = lp::make_session();
  int tried = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomProblem random(seed, {3, 6, 5, 1});
    // Above the middle of the box: its own cell satisfies that at one corner at least.
    const Vector middle = Vector::Zero(3);
    const double least = random.value(middle);
    random.stated.add_constraint("floor", {{3, 1}}, least, 1e30);
    random.problem = compiled(random.stated);
    random.goal.ranges = {{random.problem.constraints[0].output, least, 1e30, 10}};
    CellSearch search(*session, random.problem, random.goal, 1);
    const Vector columns = search.best_of_cell(random.columns(middle), Stop());
    ASSERT_EQ(columns.size(), 4);
    EXPECT_GE(random.value(inputs_of(random.problem, columns)), least - 1e-8);
    ++tried;
  }
  EXPECT_EQ(tried, 20);
}

TEST(Cell, WithoutAFeasiblePointItViolatesLeast) {
  const auto session = lp::make_session();
  RandomProblem random(4, {2, 5, 1});
  random.stated.add_constraint("out of reach", {{0, 1}, {1, 1}}, 3, 4);  // x0 + x1 is 2 at most
  random.problem = compiled(random.stated);
  CellSearch search(*session, random.problem, random.goal, 1);
  const Vector best = inputs_of(random.problem, search.best_of_cell(random.columns(Vector{{0.5, 0.5}}), Stop()));
  EXPECT_GT(best.sum(), 1.0);
}

TEST(Cell, NoTimeNoPoint) {
  const auto session = lp::make_session();
  const RandomProblem random(1, {2, 3, 1});
  CellSearch search(*session, random.problem, random.goal, 1);
  const Vector columns = random.columns(Vector::Zero(2));
  EXPECT_EQ(search.best_of_cell(columns, Stop(0)).size(), 0);
  EXPECT_EQ(search.polish(columns, 4, Stop(0)), columns);
}

}  // namespace
}  // namespace secateur::mip
