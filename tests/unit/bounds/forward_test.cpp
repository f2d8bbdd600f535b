// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/box_batch.hpp"
#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

// Lines carried forward (core/kernels/forward_lanes.hpp) against exact arithmetic, and against CROWN.
namespace secateur::bounds {
namespace {

using exact::Rational;

struct Trial {
  nn::Network network;
  graph::ReluGraph graph;
  Folded folded;
  std::vector<Box> boxes;
};

/// Boxes inside `box`: the whole, ever smaller ones, and a point.
std::vector<Box> parts(const Box& box, Rng& rng) {
  std::vector<Box> result{box};
  for (Index p = 1; p < crown_lanes; ++p) {
    const Vector from = random_point(box, rng), to = random_point(box, rng);
    const double size = p == crown_lanes - 1 ? 0 : std::ldexp(1.0, -4 * static_cast<int>(p));
    const Vector end = (from + size * (to - from)).cwiseMax(box.lower).cwiseMin(box.upper);
    result.push_back({from.cwiseMin(end), from.cwiseMax(end)});
  }
  return result;
}

Trial trial(Rng& rng, int number, double scale = 1) {
  const Index inputs = 1 + number % forward_inputs;
  Trial t;
  t.network = random_network(
      {.widths = {inputs, 13, 9, 7, 6, 1}, .density = number % 2 == 0 ? 1.0 : 0.4, .exponent_spread = number % 4}, rng);
  for (nn::Layer& layer : t.network.layers) {
    if (auto* dense = std::get_if<nn::Dense>(&layer)) dense->weight *= scale;
  }
  const Box box = random_box(inputs, number % 3 == 0 ? 1000 : 2, rng);
  t.graph = graph::lower(t.network, box);
  t.folded = fold(t.graph, box, interval(t.graph, box), Vector::Ones(1));
  t.boxes = parts(box, rng);
  return t;
}

/// `t`'s boxes in lanes, each with the bounds that folding knew, and every row wanted.
CrownBatch prepared(const Trial& t, BoxBatch& space) {
  CrownBatch batch = space.prepare(t.folded);
  std::fill(space.wanted.begin(), space.wanted.end(), 1);
  for (Index p = 0; p < crown_lanes; ++p) {
    space.set_box(p, t.boxes[static_cast<std::size_t>(p)]);
    for (Index i = 0; i < t.folded.rows(); ++i) {
      const auto at = static_cast<std::size_t>(i * crown_lanes + p);
      const bool unit = i < t.folded.units();
      space.lower[at] = unit ? t.folded.lower(t.folded.unit[static_cast<std::size_t>(i)]) : -HUGE_VAL;
      space.upper[at] = unit ? t.folded.upper(t.folded.unit[static_cast<std::size_t>(i)]) : HUGE_VAL;
    }
  }
  space.lines.assign(static_cast<std::size_t>(t.folded.values() * (2 * t.folded.inputs + 3) * crown_lanes), 0.0);
  batch.lines = space.lines.data();
  return batch;
}

Vector corner_or_inside(const Box& box, Rng& rng) {
  Vector x = random_point(box, rng);
  for (Index j = 0; j < box.size(); ++j) {
    const auto choice = rng.below(3);
    if (choice < 2) x(j) = choice == 0 ? box.lower(j) : box.upper(j);
  }
  return x;
}

/// How far from its bounds each row is at sampled points of each box; throws the test where one is outside.
void expect_holds(const Trial& t, const BoxBatch& space, Rng& rng, int samples) {
  for (Index p = 0; p < crown_lanes; ++p) {
    for (int s = 0; s < samples; ++s) {
      const Vector x = corner_or_inside(t.boxes[static_cast<std::size_t>(p)], rng);
      std::vector<Rational> z;
      const auto layers = exact::preactivations(t.network, exact::point(x));
      for (std::size_t k = 0; k + 1 < layers.size(); ++k) z.insert(z.end(), layers[k].begin(), layers[k].end());
      for (Index i = 0; i < t.folded.units(); ++i) {
        const auto at = static_cast<std::size_t>(i * crown_lanes + p);
        const Rational& value = z[static_cast<std::size_t>(t.folded.unit[static_cast<std::size_t>(i)])];
        ASSERT_FALSE(std::isnan(space.lower[at]) || std::isnan(space.upper[at]));
        ASSERT_TRUE(std::isinf(space.lower[at]) || Rational(space.lower[at]) <= value) << "lane " << p << " row " << i;
        ASSERT_TRUE(std::isinf(space.upper[at]) || Rational(space.upper[at]) >= value) << "lane " << p << " row " << i;
        ASSERT_LT(space.lower[at], HUGE_VAL);
        ASSERT_GT(space.upper[at], -HUGE_VAL);
      }
    }
  }
}

class ForwardTest : public testing::TestWithParam<Isa> {};

TEST_P(ForwardTest, HoldsInExactArithmetic) {
  Rng rng(11);
  for (int number = 0; number < 48; ++number) {
    const Trial t = trial(rng, number);
    BoxBatch space;
    const CrownBatch batch = prepared(t, space);
    bound_kernels(GetParam()).forward(batch);
    expect_holds(t, space, rng, 4);
    // At a point nothing but rounding is left.
    for (Index i = 0; i < t.folded.units(); ++i) {
      const auto at = static_cast<std::size_t>(i * crown_lanes + crown_lanes - 1);
      EXPECT_LE(space.upper[at] - space.lower[at], 1e-9 * (1 + t.folded.magnitude.maxCoeff()));
    }
  }
}

TEST_P(ForwardTest, IsAsTightAsCrownUpToTheSecondLayer) {
  Rng rng(13);
  int compared = 0;
  for (int number = 0; number < 24; ++number) {
    const Trial t = trial(rng, number);
    BoxBatch forward, crown;
    const CrownBatch batch = prepared(t, forward);
    bound_kernels(GetParam()).forward(batch);
    bound_kernels(GetParam()).crown(prepared(t, crown));
    const Index second = t.folded.first[2] - t.folded.inputs;
    for (Index i = 0; i < second; ++i) {
      for (Index p = 0; p < crown_lanes; ++p) {
        const auto at = static_cast<std::size_t>(i * crown_lanes + p);
        // Of units that it finds stable CROWN computes no more than the interval.
        if (!unstable(crown.lower[at], crown.upper[at])) continue;
        // It takes the interval over the first layer's bounds where that is tighter.
        const double slack = 1e-10 * (1 + t.folded.magnitude(i));
        EXPECT_GE(crown.lower[at] + slack, forward.lower[at]);
        EXPECT_LE(crown.upper[at] - slack, forward.upper[at]);
        EXPECT_LE(forward.upper[at] - forward.lower[at], 1.5 * (crown.upper[at] - crown.lower[at]) + slack);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 200);
}

TEST_P(ForwardTest, OverflowAndUnderflowLoseNoPoint) {
  Rng rng(17);
  for (const double scale : {1e150, 1e-150}) {
    for (int number = 0; number < 12; ++number) {
      const Trial t = trial(rng, number, scale);
      BoxBatch space;
      const CrownBatch batch = prepared(t, space);
      bound_kernels(GetParam()).forward(batch);
      expect_holds(t, space, rng, 2);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, ForwardTest, testing::ValuesIn(available_isas()),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace secateur::bounds
