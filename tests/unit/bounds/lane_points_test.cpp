// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lane_points.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/cell_walk.hpp"
#include "secateur/bounds/subdivision.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/graph/lower.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

/// A random network on a random box, and its graph with stable units folded away.
struct Trial {
  Box box;
  graph::ReluGraph graph;
  graph::NeuronBounds start;
  Vector objective;
  Folded folded;

  [[nodiscard]] double value(const Vector& x) const {
    return objective.dot(graph::evaluate(graph, x.transpose()).row(0).transpose());
  }
};

Trial trial(Rng& rng, int number) {
  const Index inputs = 1 + number % 4;
  const nn::Network network =
      random_network({.widths = {inputs, 20, 11, 9, 2}, .density = number % 2 == 0 ? 1.0 : 0.4}, rng);
  Trial t;
  t.box = random_box(inputs, 2, rng);
  t.graph = graph::lower(network, t.box);
  t.start = crown(t.graph, t.box);
  t.objective = Vector{{1.0, -0.5}};
  t.folded = fold(t.graph, t.box, t.start, t.objective);
  return t;
}

std::vector<bool> pattern(const graph::ReluGraph& graph, const Vector& x) {
  std::vector<bool> result;
  const std::vector<Vector> z = graph::preactivations(graph, x);
  for (std::size_t k = 0; k + 1 < z.size(); ++k) {
    for (const double value : z[k]) result.push_back(value > 0);
  }
  return result;
}

TEST(LanePoints, ValuesAndGradientsAreTheNetworks) {
  Rng rng(3);
  for (int number = 0; number < 40; ++number) {
    const Trial t = trial(rng, number);
    const Index inputs = t.box.size();
    CrownBatch batch = t.folded.batch();
    std::vector<double> work(static_cast<std::size_t>(2 * t.folded.values() * crown_lanes));
    batch.work = work.data();
    Matrix x(inputs, Index{crown_lanes}), slope(inputs, Index{crown_lanes});
    for (Index p = 0; p < x.cols(); ++p) x.col(p) = random_point(t.box, rng);
    std::array<double, crown_lanes> value{};
    bound_kernels().evaluate({&batch, x.data(), value.data(), slope.data()});
    for (Index p = 0; p < x.cols(); ++p) {
      const double size = 1 + std::abs(t.value(x.col(p)));
      EXPECT_NEAR(value[static_cast<std::size_t>(p)], t.value(x.col(p)), 1e-9 * size);
      for (Index j = 0; j < inputs; ++j) {
        const double step = 1e-7;
        Vector ahead = x.col(p), behind = x.col(p);
        ahead(j) += step;
        behind(j) -= step;
        if (pattern(t.graph, ahead) != pattern(t.graph, behind)) continue;  // a kink in between
        const double difference = (t.value(ahead) - t.value(behind)) / (2 * step);
        EXPECT_NEAR(slope(j, p), difference, 1e-5 * (size + std::abs(difference)));
      }
    }
  }
}

TEST(LanePoints, NoPointOfACellIsBetterThanItsCorner) {
  Rng rng(5);
  int compared = 0;
  for (int number = 0; number < 60; ++number) {
    const Trial t = trial(rng, number);
    const Vector x = random_point(t.box, rng);
    const Vector corner = best_of_cell(t.folded, t.box, x);
    EXPECT_TRUE(t.box.contains(corner));
    const double best = t.value(corner);
    EXPECT_LE(best, t.value(x) + 1e-9);
    // On the way to the corner the cell is not left.
    EXPECT_EQ(pattern(t.graph, x), pattern(t.graph, x + 0.999 * (corner - x))) << number;
    for (int sample = 0; sample < 400; ++sample) {
      const double radius = std::pow(10.0, -3 * rng.uniform());
      const Vector other = t.box.clamp(x + radius * (random_point(t.box, rng) - x));
      if (pattern(t.graph, other) != pattern(t.graph, x)) continue;
      ++compared;
      EXPECT_GE(t.value(other), best - 1e-9 * (1 + std::abs(best))) << number;
    }
  }
  EXPECT_GT(compared, 500);
}

TEST(LanePoints, AreSortedAndSeldomWorseThanManySamples) {
  Rng rng(7);
  int beaten = 0;
  for (int number = 0; number < 20; ++number) {
    const Trial t = trial(rng, number);
    const std::vector<Point> points = lane_points(t.folded, t.box);
    ASSERT_EQ(points.size(), static_cast<std::size_t>(crown_lanes));
    EXPECT_TRUE(
        std::is_sorted(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; }));
    for (const Point& point : points) {
      EXPECT_TRUE(t.box.contains(point.x));
      EXPECT_NEAR(point.value, t.value(point.x), 1e-9 * (1 + std::abs(point.value)));
    }
    double sampled = t.value(t.box.lower);
    for (int sample = 0; sample < 2000; ++sample) sampled = std::min(sampled, t.value(random_point(t.box, rng)));
    beaten += points.front().value > sampled + 1e-9 ? 1 : 0;
    EXPECT_LE(points.front().value, t.value(0.5 * t.box.lower + 0.5 * t.box.upper) + 1e-9) << number;
  }
  EXPECT_LE(beaten, 2);  // it is a local search
}

TEST(LanePoints, PolishingAPointDoesNotMakeItWorse) {
  Rng rng(9);
  for (int number = 0; number < 20; ++number) {
    const Trial t = trial(rng, number);
    const Vector x = random_point(t.box, rng);
    const Point before{x, t.value(x)}, after = polished(t.folded, t.box, before);
    EXPECT_LE(after.value, before.value);
    EXPECT_TRUE(t.box.contains(after.x));
  }
}

TEST(LanePoints, SubdivisionFindsItsOwnIncumbent) {
  Rng rng(11);
  for (int number = 0; number < 24; ++number) {
    if (number % 4 == 3) continue;  // four inputs are cut into many parts
    const Trial t = trial(rng, number);
    double best = t.value(t.box.lower);
    const auto below = [](double value) { return value - 1e-6 * (1 + std::abs(value)); };
    SubdivisionSettings settings;
    settings.search = true;
    settings.probe = [&](const Vector& x) {
      best = std::min(best, t.value(x));
      return below(best);
    };
    const Subdivision found = subdivide(t.graph, t.box, t.start, t.objective, below(best), settings);
    ASSERT_TRUE(found.exhausted) << number;
    for (int sample = 0; sample < 500; ++sample) EXPECT_GE(t.value(random_point(t.box, rng)), found.cutoff) << number;
    // On any number of threads the same.
    SubdivisionSettings threads = settings;
    threads.threads = 3;
    best = t.value(t.box.lower);
    const Subdivision again = subdivide(t.graph, t.box, t.start, t.objective, below(best), threads);
    EXPECT_EQ(again.boxes, found.boxes);
    EXPECT_EQ(again.cutoff, found.cutoff);
  }
}

}  // namespace
}  // namespace secateur::bounds
