// SPDX-License-Identifier: Apache-2.0
// alpha-CROWN with imposed phases: multipliers of signs.
#include "secateur/bounds/alpha_crown.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "secateur/bounds/bounds.hpp"
#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;
using graph::NeuronBounds;
using graph::ReluGraph;

/// y = x on [0, 1], beside a neuron z = x - 0.5 that y does not read.
nn::Network identity_beside_a_kink() {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {1.0}}, Vector{{0.0, -0.5}}}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 0.0}}, Vector{{0.0}}}};
  return network;
}

// The sign of z cuts the box in halves, and only its multiplier can say so: x - beta (x - 0.5) is 0.5 for beta = 1.
TEST(AlphaBetaCrown, MultipliersCutTheBox) {
  const Box box{Vector{{0.0}}, Vector{{1.0}}};
  const ReluGraph graph = graph::lower(identity_beside_a_kink(), box);
  const AlphaSettings settings{.steps = 60};
  const NeuronBounds active = alpha_crown(graph, box, settings, {{{0, 1}, true}});
  EXPECT_NEAR(active.back().lower(0), 0.5, 1e-2);
  EXPECT_LE(active.back().lower(0), 0.5);
  EXPECT_NEAR(active.back().upper(0), 1, 1e-12);
  const NeuronBounds inactive = alpha_crown(graph, box, settings, {{{0, 1}, false}});
  EXPECT_NEAR(inactive.back().upper(0), 0.5, 1e-2);
  EXPECT_GE(inactive.back().upper(0), 0.5);
  EXPECT_NEAR(inactive.back().lower(0), 0, 1e-12);
  EXPECT_NEAR(alpha_crown(graph, box, settings).back().lower(0), 0, 1e-12);

  const Interval objective = alpha_crown_objective(graph, box, active, Vector{{-2.0}}, settings, {{{0, 1}, true}});
  EXPECT_NEAR(objective.upper, -1, 2e-2);
  EXPECT_GE(objective.upper, -1);
  EXPECT_NEAR(objective.lower, -2, 1e-12);
}

// z0 = x >= 0.5 and z1 = x <= 0.2 cannot be; neither split alone is impossible.
TEST(AlphaBetaCrown, ProvesThatPhasesExcludeEachOther) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {1.0}}, Vector{{-0.5, -0.2}}}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, -1.0}}, Vector{{0.0}}}, nn::Relu{}, nn::Dense{Matrix{{1.0}}, Vector{{0.0}}}};
  const Box box{Vector{{0.0}}, Vector{{1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  const auto empty = [&](const std::vector<Split>& splits) {
    const NeuronBounds bounds = alpha_crown(graph, box, {.steps = 60}, splits);
    for (const auto& layer : bounds) {
      if ((layer.lower.array() > layer.upper.array()).any()) return true;
    }
    return false;
  };
  EXPECT_TRUE(empty({{{0, 0}, true}, {{0, 1}, false}}));
  EXPECT_FALSE(empty({{{0, 0}, true}}));
  EXPECT_FALSE(empty({{{0, 1}, false}}));
  // A phase that a neuron cannot have on the box.
  network.layers[0] = nn::Dense{Matrix{{1.0}, {1.0}}, Vector{{0.5, 0.2}}};
  const ReluGraph positive = graph::lower(network, box);
  const NeuronBounds bounds = alpha_crown(positive, box, {}, {{{0, 0}, false}});
  EXPECT_GT(bounds[0].lower(0), bounds[0].upper(0));
}

// On every sampled point whose phases are the imposed ones, in exact arithmetic; and the multipliers pay.
TEST(AlphaBetaCrown, HoldsWhereTheSplitsDo) {
  Rng rng(107);
  int points = 0, cases = 0;
  double without = 0, with = 0;
  for (int c = 0; c < 150; ++c) {
    const nn::Network network = random_network(
        {.widths = {2, 6, 5, 2}, .density = c % 3 == 0 ? 0.6 : 1.0, .scaling = c % 2 == 0, .exponent_spread = c % 4},
        rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds plain = crown(graph, box);
    // The phases of one point, so that there is one.
    const auto center = exact::preactivations(graph, random_point(box, rng));
    std::vector<Split> splits;
    for (int k = 0; k < 2; ++k) {
      const auto& layer = plain[static_cast<std::size_t>(k)];
      for (int i = 0; i < layer.size(); ++i) {
        if (layer.lower(i) >= 0 || layer.upper(i) <= 0 || rng.below(3) != 0) continue;
        splits.push_back({{k, i}, center[static_cast<std::size_t>(k)][static_cast<std::size_t>(i)] > 0});
      }
    }
    if (splits.empty()) continue;
    ++cases;
    const NeuronBounds bounds = alpha_crown(graph, box, {}, splits);
    // The same phases as bounds without multipliers.
    NeuronBounds start = plain;
    for (const Split& split : splits) {
      auto& layer = start[static_cast<std::size_t>(split.neuron.layer)];
      (split.active ? layer.lower : layer.upper)(split.neuron.unit) = 0;
    }
    const NeuronBounds clipped = crown(graph, box, &start);
    const Vector objective{{rng.normal(), rng.normal()}};
    const Interval value = alpha_crown_objective(graph, box, bounds, objective, {}, splits);
    const Interval loose = crown_objective(graph, box, clipped, objective);
    EXPECT_GE(value.lower, loose.lower - 1e-9 * std::abs(loose.lower));
    EXPECT_LE(value.upper, loose.upper + 1e-9 * std::abs(loose.upper));
    without += std::log(loose.upper - loose.lower);
    with += std::log(value.upper - value.lower);
    for (int s = 0; s < 300; ++s) {
      const auto exact = exact::preactivations(graph, random_point(box, rng));
      bool agrees = true;
      for (const Split& split : splits) {
        const Rational& z =
            exact[static_cast<std::size_t>(split.neuron.layer)][static_cast<std::size_t>(split.neuron.unit)];
        agrees = agrees && (split.active ? z >= 0 : z <= 0);
      }
      if (!agrees) continue;
      ++points;
      Rational sum = 0;
      for (std::size_t k = 0; k < exact.size(); ++k) {
        for (std::size_t i = 0; i < exact[k].size(); ++i) {
          ASSERT_LE(Rational(bounds[k].lower(static_cast<Index>(i))), exact[k][i]) << "case " << c << " layer " << k;
          ASSERT_GE(Rational(bounds[k].upper(static_cast<Index>(i))), exact[k][i]) << "case " << c << " layer " << k;
          if (k + 1 == exact.size()) sum += Rational(objective(static_cast<Index>(i))) * exact[k][i];
        }
      }
      ASSERT_LE(Rational(value.lower), sum) << c;
      ASSERT_GE(Rational(value.upper), sum) << c;
    }
  }
  EXPECT_GT(points, 3000);
  EXPECT_LT(with, without + cases * std::log(0.8));
}

// Whatever the multipliers, the rigorous pass holds: also for wild ones, of any size and on any stable unit.
TEST(AlphaBetaCrown, AnyMultipliersAreValid) {
  Rng rng(109);
  for (int c = 0; c < 200; ++c) {
    const nn::Network network = random_network({.widths = {3, 7, 6, 2}, .scaling = c % 2 == 0}, rng);
    const Box box = random_box(3, c % 5 == 0 ? 0.0 : 0.8, rng);
    const ReluGraph graph = graph::lower(network, box);
    const NeuronBounds bounds = crown(graph, box);
    BackwardPass pass(graph, box);
    for (int k = 0; k < 2; ++k) pass.set_bounds(k, bounds[static_cast<std::size_t>(k)]);
    const Matrix rows{{rng.normal(), rng.normal()}, {1.0, 0.0}};
    Multipliers multipliers;
    for (int k = 0; k < 2; ++k) {
      const auto& layer = bounds[static_cast<std::size_t>(k)];
      multipliers.emplace_back(2, layer.size());
      for (Index r = 0; r < 2; ++r) {
        for (Index i = 0; i < layer.size(); ++i) {
          const bool unstable = layer.lower(i) < 0 && layer.upper(i) > 0;
          multipliers.back()(r, i) =
              unstable ? rng.uniform() : std::ldexp(rng.normal(), 10 - static_cast<int>(rng.below(20)));
        }
      }
    }
    const Vector lower = pass.lower_bounds(2, rows, &multipliers);
    for (int s = 0; s < 10; ++s) {
      const auto y = exact::preactivations(network, random_point(box, rng)).back();
      for (Index r = 0; r < 2; ++r) {
        ASSERT_LE(Rational(lower(r)), Rational(rows(r, 0)) * y[0] + Rational(rows(r, 1)) * y[1]) << c;
      }
    }
  }
}

// y0 = x on [0, 1] where another output, y1 = 3 x - 1.5, is asked to be at least 0: y0 - m y1 is 0.5 for m = 1/3.
TEST(AlphaCrownObjective, ConstrainedOutputsCarryMultipliers) {
  nn::Network network = identity_beside_a_kink();
  std::get<nn::Dense>(network.layers[2]) = {Matrix{{1.0, 0.0}, {3.0, 0.0}}, Vector{{0.0, -1.5}}};
  network.output_names = {"y0", "y1"};
  const Box box{Vector{{0.0}}, Vector{{1.0}}};
  const ReluGraph graph = graph::lower(network, box);
  NeuronBounds bounds = crown(graph, box);
  const Vector first{{1.0, 0.0}};
  EXPECT_NEAR(alpha_crown_objective(graph, box, bounds, first).lower, 0, 1e-12);
  bounds.back().lower(1) = 0;
  const Interval at_least = alpha_crown_objective(graph, box, bounds, first, {.steps = 60});
  EXPECT_NEAR(at_least.lower, 0.5, 1e-2);
  EXPECT_LE(at_least.lower, 0.5);
  EXPECT_NEAR(at_least.upper, 1, 1e-12);
  bounds.back() = {Vector{{0.0, -1.5}}, Vector{{1.0, -0.3}}};  // y1 <= -0.3: x <= 0.4
  const Interval at_most = alpha_crown_objective(graph, box, bounds, first, {.steps = 60});
  EXPECT_NEAR(at_most.upper, 0.4, 1e-2);
  EXPECT_GE(at_most.upper, 0.4);
}

// Wherever the outputs lie in ranges that were asked for, in exact arithmetic.
TEST(AlphaCrownObjective, HoldsWhereTheConstraintsDo) {
  Rng rng(113);
  int points = 0, tighter = 0;
  for (int c = 0; c < 150; ++c) {
    const nn::Network network =
        random_network({.widths = {2, 6, 5, 3}, .scaling = c % 2 == 0, .exponent_spread = c % 4}, rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = graph::lower(network, box);
    NeuronBounds bounds = crown(graph, box);
    const auto center = exact::preactivations(graph, random_point(box, rng)).back();
    const Vector objective{{rng.normal(), rng.normal(), 0}};
    const Interval free = alpha_crown_objective(graph, box, bounds, objective);
    // One side through the point's own value, where plain rounding is as likely to be wrong as right.
    for (Index k = 1; k < 3; ++k) {
      double& end = rng.below(2) == 0 ? bounds.back().lower(k) : bounds.back().upper(k);
      const double side = center[static_cast<std::size_t>(k)].get_d();
      if (side > bounds.back().lower(k) && side < bounds.back().upper(k)) end = side;
    }
    const Interval value = alpha_crown_objective(graph, box, bounds, objective);
    tighter += value.upper - value.lower < 0.95 * (free.upper - free.lower);
    for (int s = 0; s < 300; ++s) {
      const auto y = exact::preactivations(graph, random_point(box, rng)).back();
      Rational sum = 0;
      bool agrees = true;
      for (std::size_t k = 0; k < 3; ++k) {
        const auto unit = static_cast<Index>(k);
        agrees = agrees && y[k] >= Rational(bounds.back().lower(unit)) && y[k] <= Rational(bounds.back().upper(unit));
        sum += Rational(objective(unit)) * y[k];
      }
      if (!agrees) continue;
      ++points;
      ASSERT_LE(Rational(value.lower), sum) << c;
      ASSERT_GE(Rational(value.upper), sum) << c;
    }
  }
  EXPECT_GT(points, 3000);
  EXPECT_GT(tighter, 60);
}

TEST(AlphaBetaCrown, RefusesSplitsOfNeuronsThatDoNotExist) {
  const Box box{Vector{{0.0}}, Vector{{1.0}}};
  const ReluGraph graph = graph::lower(identity_beside_a_kink(), box);
  for (const graph::NeuronId id : {graph::NeuronId{1, 0}, {0, 2}, {-1, 0}, {0, -1}}) {
    EXPECT_THROW(alpha_crown(graph, box, {}, {{id, true}}), std::invalid_argument);
    EXPECT_THROW(alpha_crown_objective(graph, box, crown(graph, box), Vector{{1.0}}, {}, {{id, true}}),
                 std::invalid_argument);
  }
}

}  // namespace
}  // namespace secateur::bounds
