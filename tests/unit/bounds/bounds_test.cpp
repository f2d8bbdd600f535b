// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/bounds.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/relaxation.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;
using graph::NeuronBounds;
using graph::ReluGraph;

bool inside(const NeuronBounds& tight, const NeuronBounds& loose) {
  for (std::size_t k = 0; k < tight.size(); ++k) {
    if ((tight[k].lower.array() < loose[k].lower.array()).any()) return false;
    if ((tight[k].upper.array() > loose[k].upper.array()).any()) return false;
  }
  return true;
}

// The worked example of Singh et al. 2019 (DeepPoly), figures 2 and 3: two inputs in [-1, 1].
//
//   x1 --- 1 ---> x3 -relu-> x5 --- 1 --> x7 -relu-> x9  -- 1 --> x11 (bias 1)
//      \ 1     /                 \ 1   /                 \ 1   /
//       X                         X                       X
//      / 1     \                 / 1   \                 / 0   \                              .
//   x2 -- -1 --> x4 -relu-> x6 -- -1 --> x8 -relu-> x10 -- 1 --> x12
//
// Their result: x3, x4 in [-2, 2]; x7 in [0, 3]; x8 in [-2, 2]; x11 in [1, 5.5]; x12 in [0, 2]. We start from the same
// relaxations (alpha = 0 where u <= -l, ties included), so the numbers must come out the same; interval bounds of x8
// are the same here, and the intersection changes nothing.
TEST(Crown, ReproducesTheDeepPolyExample) {
  nn::Network network;
  network.input_names = nn::default_names("x", 2);
  network.output_names = nn::default_names("y", 2);
  const Matrix mix{{1.0, 1.0}, {1.0, -1.0}};
  network.layers = {nn::Dense{mix, Vector::Zero(2)}, nn::Relu{}, nn::Dense{mix, Vector::Zero(2)}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 1.0}, {0.0, 1.0}}, Vector{{1.0, 0.0}}}};
  const Box box{Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}};
  const NeuronBounds bounds = crown(graph::lower(network, box), box);
  const auto near = [](const Vector& v, double a, double b) {
    EXPECT_NEAR(v(0), a, 1e-13);
    EXPECT_NEAR(v(1), b, 1e-13);
  };
  near(bounds[0].lower, -2, -2);
  near(bounds[0].upper, 2, 2);
  near(bounds[1].lower, 0, -2);
  near(bounds[1].upper, 3, 2);
  near(bounds[2].lower, 1, 0);
  near(bounds[2].upper, 5.5, 2);
}

TEST(Relaxation, LinesEncloseTheReluAtEveryKink) {
  Rng rng(17);
  for (int c = 0; c < 20000; ++c) {
    const double l = -std::ldexp(rng.uniform(), static_cast<int>(rng.below(80)) - 40);
    const double u = std::ldexp(rng.uniform(), static_cast<int>(rng.below(80)) - 40);
    if (l >= 0 || u <= 0) continue;
    const Relaxation r = relax({Vector{{l}}, Vector{{u}}});
    const Rational s = r.slope(0), t = r.intercept(0), alpha = r.alpha(0);
    // Convexity: enough to check the upper line at both ends; the lower one passes through the kink.
    ASSERT_GE(s * Rational(l) + t, 0);
    ASSERT_GE(s * Rational(u) + t, Rational(u));
    ASSERT_TRUE(alpha == 0 || alpha == 1);
    ASSERT_EQ(alpha == 1, u > -l);
  }
}

struct Case {
  graph::BoundsMethod method;
  double width;  ///< of the box; 0 is a single point, where bounds leave no room for error
};

class Soundness : public testing::TestWithParam<Case> {};

// In exact arithmetic, at corners, centres and random points of the box, every preactivation of the stored network lies
// inside its bounds: dense and sparse networks, with and without scaling, weights over many orders of magnitude.
TEST_P(Soundness, HoldsInExactArithmetic) {
  Rng rng(19);
  for (int c = 0; c < 150; ++c) {
    const nn::Network network = random_network(
        {.widths = {3, 6, 5, 4, 2}, .density = c % 2 == 0 ? 1.0 : 0.3, .scaling = c % 3 == 0, .exponent_spread = c % 5},
        rng);
    const Box box = random_box(3, GetParam().width, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = compute_bounds(graph, box, GetParam().method);
    for (int s = 0; s < 10; ++s) {
      Vector x = random_point(box, rng);
      if (s < 8) {
        for (Index j = 0; j < 3; ++j) x(j) = (s >> j) % 2 == 0 ? box.lower(j) : box.upper(j);
      }
      const auto exact = exact::preactivations(network, x);
      for (std::size_t k = 0; k < exact.size(); ++k) {
        for (std::size_t i = 0; i < exact[k].size(); ++i) {
          const auto unit = static_cast<Index>(i);
          ASSERT_LE(Rational(bounds[k].lower(unit)), exact[k][i]) << "case " << c << " layer " << k;
          ASSERT_GE(Rational(bounds[k].upper(unit)), exact[k][i]) << "case " << c << " layer " << k;
        }
      }
    }
  }
}

class OnAPoint : public testing::TestWithParam<graph::BoundsMethod> {};

// On a single point the exact value is one number, and plain double arithmetic misses it in many cases: bounds that
// forgot a rounding somewhere would too. They must also be tight: a few units in the last place of the largest term.
TEST_P(OnAPoint, IsTight) {
  Rng rng(23);
  int missed = 0;
  for (int c = 0; c < 100; ++c) {
    const nn::Network network = random_network({.widths = {3, 6, 5, 2}, .scaling = c % 2 == 0}, rng);
    const Box box = random_box(3, 0, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = compute_bounds(graph, box, GetParam());
    const auto plain = graph::preactivations(graph, box.lower);
    const auto exact = exact::preactivations(network, box.lower);
    for (std::size_t k = 0; k < plain.size(); ++k) {
      for (Index i = 0; i < plain[k].size(); ++i) {
        missed += Rational(plain[k](i)) != exact[k][static_cast<std::size_t>(i)];
        EXPECT_LT(bounds[k].upper(i) - bounds[k].lower(i), 1e-9);
      }
    }
  }
  EXPECT_GT(missed, 500);
}

INSTANTIATE_TEST_SUITE_P(Methods, OnAPoint,
                         testing::Values(graph::BoundsMethod::interval, graph::BoundsMethod::crown,
                                         graph::BoundsMethod::alpha_crown, graph::BoundsMethod::lp),
                         [](const auto& test) { return std::string(to_string(test.param)); });

INSTANTIATE_TEST_SUITE_P(Methods, Soundness,
                         testing::Values(Case{graph::BoundsMethod::interval, 0}, Case{graph::BoundsMethod::interval, 1},
                                         Case{graph::BoundsMethod::crown, 0}, Case{graph::BoundsMethod::crown, 0.1},
                                         Case{graph::BoundsMethod::crown, 2}, Case{graph::BoundsMethod::alpha_crown, 0},
                                         Case{graph::BoundsMethod::alpha_crown, 1}, Case{graph::BoundsMethod::lp, 0},
                                         Case{graph::BoundsMethod::lp, 1}),
                         [](const auto& test) {
                           return std::string(to_string(test.param.method)) + "_" +
                                  std::to_string(static_cast<int>(10 * test.param.width));
                         });

TEST(Crown, IsInsideIntervalBounds) {
  Rng rng(29);
  double interval_width = 0, crown_width = 0;
  for (int c = 0; c < 100; ++c) {
    const nn::Network network = random_network({.widths = {3, 8, 8, 8, 2}, .density = 0.7}, rng);
    const Box box = random_box(3, 1, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds loose = interval(graph, box);
    const NeuronBounds tight = crown(graph, box);
    ASSERT_TRUE(inside(tight, loose));
    interval_width += (loose.back().upper - loose.back().lower).sum();
    crown_width += (tight.back().upper - tight.back().lower).sum();
  }
  EXPECT_LT(crown_width, 0.7 * interval_width);
}

TEST(AlphaCrown, IsInsideCrownAndPays) {
  Rng rng(61);
  double crown_width = 0, alpha_width = 0;
  for (int c = 0; c < 40; ++c) {
    const nn::Network network = random_network({.widths = {3, 8, 8, 8, 2}, .density = c % 2 == 0 ? 1.0 : 0.5}, rng);
    const Box box = random_box(3, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds loose = crown(graph, box);
    const NeuronBounds tight = alpha_crown(graph, box);
    ASSERT_TRUE(inside(tight, loose));
    crown_width += (loose.back().upper - loose.back().lower).sum();
    alpha_width += (tight.back().upper - tight.back().lower).sum();
  }
  EXPECT_LT(alpha_width, 0.9 * crown_width);
}

// y = relu(x) - 0.5 x on [-1, 0.9]: CROWN's adaptive slope there is 0 (u < -l), giving min y >= -0.45; with slope alpha
// the bound is min over x of (alpha - 0.5) x, which alpha = 0.5 lifts to 0, the true minimum.
TEST(AlphaCrown, FindsTheOptimalSlope) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {-1.0}}, Vector{{0.0, 2.0}}}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 0.5}}, Vector{{-1.0}}}};  // relu(2 - x) is active: 0.5 (2 - x) - 1 = -0.5 x
  const Box box{Vector{{-1.0}}, Vector{{0.9}}};
  const ReluGraph graph = graph::lower(network, box);
  EXPECT_NEAR(crown(graph, box).back().lower(0), -0.45, 1e-12);
  EXPECT_NEAR(alpha_crown(graph, box, {.steps = 100}).back().lower(0), 0.0, 1e-3);
}

TEST(Interval, IsMonotoneInTheBox) {
  Rng rng(31);
  for (int c = 0; c < 200; ++c) {
    const nn::Network network = random_network({.widths = {3, 6, 6, 2}}, rng);
    const Box box = random_box(3, 1, rng);
    const ReluGraph graph = graph::lower(network, box);
    Box smaller = box;
    for (Index j = 0; j < 3; ++j) {
      const Vector a = random_point(box, rng), b = random_point(box, rng);
      smaller.lower(j) = std::min(a(j), b(j));
      smaller.upper(j) = std::max(a(j), b(j));
    }
    // Equal up to the last bit where the ends are the same; a smaller box never loosens.
    const NeuronBounds inner = interval(graph, smaller), outer = interval(graph, box);
    for (std::size_t k = 0; k < inner.size(); ++k) {
      EXPECT_TRUE((inner[k].lower.array() >= outer[k].lower.array() - 1e-12).all());
      EXPECT_TRUE((inner[k].upper.array() <= outer[k].upper.array() + 1e-12).all());
    }
  }
}

TEST(Crown, StartBoundsAreKept) {
  Rng rng(37);
  const nn::Network network = random_network({.widths = {3, 8, 8, 2}}, rng);
  const Box box = random_box(3, 2, rng);
  const ReluGraph graph = graph::lower(network, box);
  const NeuronBounds parent = crown(graph, box);
  Box half = box;
  half.upper(0) = 0.5 * (box.lower(0) + box.upper(0));
  EXPECT_TRUE(inside(crown(graph, half, &parent), parent));
}

// Graphs with skip connections (from folding active units) go through the same pass: their bounds must hold too, and a
// neuron's bounds must still enclose the stored network's.
TEST(Crown, HoldsOnReducedGraphsWithSkips) {
  Rng rng(41);
  Index skips = 0;
  for (int c = 0; c < 150; ++c) {
    const nn::Network network = random_network({.widths = {3, 8, 6, 5, 2}, .scaling = c % 2 == 0}, rng);
    const Box box = random_box(3, 0.7, rng);
    const ReluGraph graph = graph::lower(network, box);
    const graph::Reduction reduction = graph::simplify(graph, crown(graph, box));
    const NeuronBounds bounds = crown(reduction.graph, box);
    for (int k = 1; k < reduction.graph.depth(); ++k) {
      const auto& weight = reduction.graph.layers[static_cast<std::size_t>(k)].weight;
      skips += weight.leftCols(reduction.graph.first_value(k - 1)).eval().nonZeros();
    }
    for (int s = 0; s < 8; ++s) {
      Vector x(3);
      for (Index j = 0; j < 3; ++j) x(j) = (s >> j) % 2 == 0 ? box.lower(j) : box.upper(j);
      const auto exact = exact::preactivations(network, x);
      for (std::size_t k = 0; k < bounds.size(); ++k) {
        for (Index i = 0; i < bounds[k].size(); ++i) {
          const graph::NeuronId id = reduction.origin[k][static_cast<std::size_t>(i)];
          const Rational& z = exact[static_cast<std::size_t>(id.layer)][static_cast<std::size_t>(id.unit)];
          ASSERT_LE(Rational(bounds[k].lower(i)), z);
          ASSERT_GE(Rational(bounds[k].upper(i)), z);
        }
      }
    }
  }
  EXPECT_GT(skips, 500);
}

TEST(CrownObjective, EnclosesTheObjectiveAndIsNoLooserThanTheOutputs) {
  Rng rng(43);
  for (int c = 0; c < 100; ++c) {
    const nn::Network network = random_network({.widths = {3, 7, 6, 3}, .scaling = c % 2 == 0}, rng);
    const Box box = random_box(3, c % 4 == 0 ? 0.0 : 1.0, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = crown(graph, box);
    const Vector objective{{rng.normal(), rng.normal(), rng.normal()}};
    const Interval range = crown_objective(graph, box, bounds, objective);
    for (int s = 0; s < 10; ++s) {
      const auto exact = exact::preactivations(network, random_point(box, rng));
      Rational value = 0;
      for (Index i = 0; i < 3; ++i) value += Rational(objective(i)) * exact.back()[static_cast<std::size_t>(i)];
      ASSERT_LE(Rational(range.lower), value);
      ASSERT_GE(Rational(range.upper), value);
    }
    const Interval first = crown_objective(graph, box, bounds, Vector{{1.0, 0.0, 0.0}});
    EXPECT_GE(first.lower, bounds.back().lower(0) - 1e-12);
    EXPECT_LE(first.upper, bounds.back().upper(0) + 1e-12);
  }
}

TEST(Bounds, ScalingANeuronByAPowerOfTwoScalesItsBoundsExactly) {
  Rng rng(47);
  const nn::Network network = random_network({.widths = {2, 4, 3, 1}}, rng);
  nn::Network scaled = network;
  auto& first = std::get<nn::Dense>(scaled.layers[0]);
  auto& second = std::get<nn::Dense>(scaled.layers[2]);
  first.weight.row(1) *= 8;
  first.bias(1) *= 8;
  second.weight.col(1) /= 8;
  const Box box = random_box(2, 1, rng);
  for (const auto method : {graph::BoundsMethod::interval, graph::BoundsMethod::crown}) {
    const NeuronBounds a = compute_bounds(graph::lower(network, box), box, method);
    const NeuronBounds b = compute_bounds(graph::lower(scaled, box), box, method);
    EXPECT_EQ(8 * a[0].lower(1), b[0].lower(1));
    EXPECT_EQ(a[2].lower(0), b[2].lower(0));
    EXPECT_EQ(a[2].upper(0), b[2].upper(0));
  }
}

TEST(Bounds, RefusesBoxesOutsideTheDomain) {
  Rng rng(53);
  const nn::Network network = random_network({.widths = {2, 3, 1}}, rng);
  const Box box{Vector{{0.0, 0.0}}, Vector{{1.0, 1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  EXPECT_THROW(interval(graph, {Vector{{0.0, 0.0}}, Vector{{1.0, 1.5}}}), std::invalid_argument);
  EXPECT_THROW(crown(graph, {Vector{{0.5, 0.0}}, Vector{{0.4, 1.0}}}), std::invalid_argument);
  EXPECT_THROW(crown(graph, {Vector{{0.0}}, Vector{{1.0}}}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::bounds
