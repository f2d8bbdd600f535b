// SPDX-License-Identifier: Apache-2.0
// Pruning tightens interval bounds, and where it does not.
//
// A weight w whose source has the range [a.lower, a.upper] contributes T = w [a.lower, a.upper] to its preactivation's
// interval [l, u]. Without it the interval is [l - T.lower, u - T.upper]:
//   - its width shrinks by |w| (a.upper - a.lower), always;
//   - it lies inside the old one if and only if T contains 0;
//   - by inclusion isotonicity the intervals of all later layers then do, too;
//   - replacing the source by a constant m of its range takes T - w m out, which contains 0 whatever T is.
//
// All numbers here are dyadic with few digits, so that the plain interval arithmetic of exact_intervals() is exact and
// every comparison is one of real numbers. bounds::interval rounds outward; its results are compared as well.
#include <gtest/gtest.h>

#include <cmath>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/prune/compensate.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/node.hpp"
#include "secateur/prune/prune.hpp"
#include "secateur/prune/weight.hpp"

namespace secateur::prune {
namespace {

constexpr int trials = 400;

/// Ranges of the values that each Dense layer reads, and of what it computes.
struct Intervals {
  std::vector<Box> sources, preactivations;
};

Intervals exact_intervals(const nn::Network& network, const Box& box) {
  Intervals found;
  found.sources.push_back(box);
  for (const nn::Dense* dense : dense_layers(network)) {
    const Matrix positive = dense->weight.cwiseMax(0.0), negative = dense->weight.cwiseMin(0.0);
    const Box& a = found.sources.back();
    const Box z{positive * a.lower + negative * a.upper + dense->bias,
                positive * a.upper + negative * a.lower + dense->bias};
    found.preactivations.push_back(z);
    found.sources.push_back({z.lower.cwiseMax(0.0), z.upper.cwiseMax(0.0)});
  }
  return found;
}

/// k / 8 with |k| <= 16, never 0.
double dyadic(Rng& rng) {
  const auto k = rng.below(16) + 1;
  return std::ldexp(rng.below(2) == 0 ? static_cast<double>(k) : -static_cast<double>(k), -3);
}

nn::Network random_dyadic_network(Rng& rng) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  std::vector<Index> widths{1 + rng.below(3)};
  for (std::int64_t k = rng.below(3) + 1; k > 0; --k) widths.push_back(2 + rng.below(4));
  widths.push_back(1 + rng.below(2));
  network.input_names = nn::default_names("x", widths.front());
  network.output_names = nn::default_names("y", widths.back());
  for (std::size_t k = 1; k < widths.size(); ++k) {
    if (k > 1) network.layers.emplace_back(nn::Relu{});
    nn::Dense dense{Matrix(widths[k], widths[k - 1]), Vector(widths[k])};
    for (double& w : dense.weight.reshaped()) w = dyadic(rng);
    for (double& b : dense.bias) b = dyadic(rng);
    network.layers.emplace_back(std::move(dense));
  }
  return network;
}

/// Corners k / 4; every other box lies off the origin, where inputs exclude 0.
Box random_dyadic_box(Index inputs, Rng& rng) {
  Box box{Vector(inputs), Vector(inputs)};
  const bool off = rng.below(2) == 0;
  for (Index j = 0; j < inputs; ++j) {
    box.lower(j) = off ? 0.25 * static_cast<double>(1 + rng.below(4)) : -0.25 * static_cast<double>(rng.below(5));
    box.upper(j) = (off ? box.lower(j) : 0.0) + 0.25 * static_cast<double>(rng.below(5));
  }
  return box;
}

/// w [a.lower, a.upper].
Box contribution(const nn::Network& network, const Intervals& intervals, const WeightId& id) {
  const auto k = static_cast<std::size_t>(id.layer);
  const double w = dense_layers(network)[k]->weight(id.row, id.column);
  const double p = w * intervals.sources[k].lower(id.column), q = w * intervals.sources[k].upper(id.column);
  return {Vector::Constant(1, std::min(p, q)), Vector::Constant(1, std::max(p, q))};
}

bool inside(const Box& inner, const Box& outer) {
  return (inner.lower.array() >= outer.lower.array()).all() && (inner.upper.array() <= outer.upper.array()).all();
}

std::vector<WeightId> all_weights(const nn::Network& network) {
  std::vector<WeightId> ids;
  const auto layers = dense_layers(network);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    for (Index i = 0; i < layers[k]->weight.rows(); ++i) {
      for (Index j = 0; j < layers[k]->weight.cols(); ++j) ids.push_back({static_cast<int>(k), i, j});
    }
  }
  return ids;
}

graph::NeuronBounds rounded_intervals(const nn::Network& network, const Box& box) {
  return bounds::interval(graph::lower(network, box), box);
}

/// Any constant of each source's range: the ends and three points between them.
std::vector<Vector> any_replacements(const Intervals& intervals, Rng& rng) {
  std::vector<Vector> values;
  for (std::size_t k = 0; k + 1 < intervals.sources.size(); ++k) {
    const Box& a = intervals.sources[k];
    Vector m = a.lower;
    for (Index j = 0; j < m.size(); ++j) m(j) += (a.upper(j) - a.lower(j)) * static_cast<double>(rng.below(5)) / 4;
    values.push_back(std::move(m));
  }
  return values;
}

// One weight: the width in its row shrinks by |w| (a.upper - a.lower), the other rows of the layer stay, and the new
// interval lies inside the old one if and only if T contains 0.
TEST(PruningTheorem, OneWeight) {
  Rng rng(1);
  int nested = 0, shifted = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const nn::Network before = random_dyadic_network(rng);
    const Box box = random_dyadic_box(before.inputs(), rng);
    const Intervals was = exact_intervals(before, box);
    for (const WeightId& id : all_weights(before)) {
      nn::Network after = before;
      remove_weights(after, {id});
      const auto k = static_cast<std::size_t>(id.layer);
      const Box& old_z = was.preactivations[k];
      const Box new_z = exact_intervals(after, box).preactivations[k];
      const Box t = contribution(before, was, id);
      for (Index i = 0; i < old_z.size(); ++i) {
        const bool here = i == id.row;
        ASSERT_EQ(new_z.lower(i), old_z.lower(i) - (here ? t.lower(0) : 0.0));
        ASSERT_EQ(new_z.upper(i), old_z.upper(i) - (here ? t.upper(0) : 0.0));
      }
      const double w = dense_layers(before)[k]->weight(id.row, id.column);
      const double range = was.sources[k].upper(id.column) - was.sources[k].lower(id.column);
      ASSERT_EQ(new_z.upper(id.row) - new_z.lower(id.row),
                old_z.upper(id.row) - old_z.lower(id.row) - std::abs(w) * range);
      const bool contains_zero = t.lower(0) <= 0 && t.upper(0) >= 0;
      ASSERT_EQ(inside(new_z, old_z), contains_zero);
      ++(contains_zero ? nested : shifted);
    }
  }
  EXPECT_GT(nested, 1000);
  EXPECT_GT(shifted, 1000);
}

// Many weights in many layers at once, each with 0 in its T (of the network before): all intervals of all layers nest.
TEST(PruningTheorem, NestingCarriesToLaterLayers) {
  Rng rng(2);
  Index pruned = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const nn::Network before = random_dyadic_network(rng);
    const Box box = random_dyadic_box(before.inputs(), rng);
    const Intervals was = exact_intervals(before, box);
    std::vector<WeightId> ids;
    for (const WeightId& id : all_weights(before)) {
      const Box t = contribution(before, was, id);
      if (t.lower(0) <= 0 && t.upper(0) >= 0 && rng.below(2) == 0) ids.push_back(id);
    }
    pruned += static_cast<Index>(ids.size());
    nn::Network after = before;
    remove_weights(after, ids);
    const Intervals is = exact_intervals(after, box);
    const auto rounded_was = rounded_intervals(before, box), rounded_is = rounded_intervals(after, box);
    for (std::size_t k = 0; k < is.preactivations.size(); ++k) {
      ASSERT_TRUE(inside(is.preactivations[k], was.preactivations[k])) << "trial " << trial << ", layer " << k;
      ASSERT_TRUE(inside(rounded_is[k], rounded_was[k])) << "trial " << trial << ", layer " << k;
    }
  }
  EXPECT_GT(pruned, trials);
}

// The smallest counterexample, with a hidden source:
//
//                1    a1 = max(0, x + 1) in [1, 2]    -1
//   x in [0, 1] --- <                                    > --- z3 = a2 - a1 - 1/2 --- y = max(0, z3)
//                1    a2 = max(0, x)     in [0, 1]     1
//
// z3 is in [-5/2, -1/2]: inactive, and y is 0. The source a1 of the weight -1 is strictly active, so T = [-2, -1]
// excludes 0. Without the weight z3 = a2 - 1/2 is in [-1/2, 1/2]: the width in this layer shrinks from 2 to 1, but the
// interval shifts, the neuron becomes unstable and the width of y grows from 0 to 1/2.
class StrictlyActiveSource : public testing::Test {
 protected:
  nn::Network network;
  Box box{Vector::Zero(1), Vector::Ones(1)};
  const WeightId weight{1, 0, 0};

  void SetUp() override {
    network.precision = nn::Precision::float64;
    network.input_names = {"x"};
    network.output_names = {"y"};
    nn::Dense first{Matrix::Ones(2, 1), Eigen::Vector2d(1, 0)};
    nn::Dense second{(Matrix(1, 2) << -1, 1).finished(), Vector::Constant(1, -0.5)};
    nn::Dense third{Matrix::Ones(1, 1), Vector::Zero(1)};
    network.layers = {first, nn::Relu{}, second, nn::Relu{}, third};
  }
  static double width(const Box& z) { return z.upper(0) - z.lower(0); }
};

TEST_F(StrictlyActiveSource, IsInactiveBefore) {
  const Intervals was = exact_intervals(network, box);
  EXPECT_EQ(was.preactivations[1].lower(0), -2.5);
  EXPECT_EQ(was.preactivations[1].upper(0), -0.5);
  EXPECT_EQ(width(was.preactivations[2]), 0);
  EXPECT_EQ(graph::count_unstable(rounded_intervals(network, box)), 0);
}

TEST_F(StrictlyActiveSource, BecomesUnstableAndALaterWidthGrows) {
  remove_weights(network, {weight});
  const Intervals is = exact_intervals(network, box);
  EXPECT_EQ(is.preactivations[1].lower(0), -0.5);
  EXPECT_EQ(is.preactivations[1].upper(0), 0.5);
  EXPECT_EQ(width(is.preactivations[1]), 1);
  EXPECT_EQ(width(is.preactivations[2]), 0.5);
  // Not for lack of a better method: x = 1 gives z3 = 1/2.
  EXPECT_EQ(graph::count_unstable(rounded_intervals(network, box)), 1);
  EXPECT_EQ(graph::count_unstable(bounds::crown(graph::lower(network, box), box)), 1);
}

TEST_F(StrictlyActiveSource, StaysInactiveWhenCompensated) {
  for (const double m : {1.0, 1.5, 2.0}) {
    nn::Network compensated = network;
    const std::vector<Vector> replacements{Vector::Zero(1), Eigen::Vector2d(m, 0), Vector::Zero(1)};
    remove_weights(compensated, {weight}, &replacements);
    const Intervals is = exact_intervals(compensated, box);
    EXPECT_EQ(is.preactivations[1].lower(0), -0.5 - m);
    EXPECT_EQ(is.preactivations[1].upper(0), 0.5 - m);
    EXPECT_LE(is.preactivations[1].upper(0), -0.5);
    EXPECT_EQ(width(is.preactivations[2]), 0);
  }
}

// Compensated pruning nests without condition: any weights of any layers at once, any constants of the sources' ranges.
TEST(PruningTheorem, CompensatedWeightsAlwaysNest) {
  Rng rng(3);
  int plain_loosens = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const nn::Network before = random_dyadic_network(rng);
    const Box box = random_dyadic_box(before.inputs(), rng);
    const Intervals was = exact_intervals(before, box);
    const std::vector<Vector> replacements = any_replacements(was, rng);
    std::vector<WeightId> ids;
    for (const WeightId& id : all_weights(before)) {
      if (rng.below(2) == 0) ids.push_back(id);
    }
    nn::Network compensated = before, plain = before;
    remove_weights(compensated, ids, &replacements);
    remove_weights(plain, ids);
    const Intervals is = exact_intervals(compensated, box), without = exact_intervals(plain, box);
    const auto rounded_was = rounded_intervals(before, box), rounded_is = rounded_intervals(compensated, box);
    bool loosened = false;
    for (std::size_t k = 0; k < is.preactivations.size(); ++k) {
      ASSERT_TRUE(inside(is.preactivations[k], was.preactivations[k])) << "trial " << trial << ", layer " << k;
      ASSERT_TRUE(inside(rounded_is[k], rounded_was[k])) << "trial " << trial << ", layer " << k;
      loosened = loosened || !inside(without.preactivations[k], was.preactivations[k]);
    }
    plain_loosens += loosened ? 1 : 0;
  }
  EXPECT_GT(plain_loosens, trials / 4);  // the same weights without compensation
}

Box kept(const Box& z, const std::vector<Index>& removed) {
  Box result{Vector(z.size() - static_cast<Index>(removed.size())), {}};
  result.upper = result.lower;
  Index next = 0;
  for (Index i = 0; i < z.size(); ++i) {
    if (std::find(removed.begin(), removed.end(), i) != removed.end()) continue;
    result.lower(next) = z.lower(i);
    result.upper(next++) = z.upper(i);
  }
  return result;
}

// Whole nodes, in several layers at once: replaced by constants of their ranges the others' intervals always nest;
// removed plainly they do when every removed node's range contains 0.
TEST(PruningTheorem, Nodes) {
  Rng rng(4);
  int plain_nests = 0, plain_loosens = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const nn::Network before = random_dyadic_network(rng);
    const Box box = random_dyadic_box(before.inputs(), rng);
    const Intervals was = exact_intervals(before, box);
    const std::vector<Vector> replacements = any_replacements(was, rng);
    std::vector<std::vector<Index>> nodes;
    bool weakly_active = true;
    for (const Index width : hidden_widths(before)) {
      std::vector<Index> removed;
      for (Index i = 1; i < width; ++i) {
        if (rng.below(2) == 0) removed.push_back(i);
      }
      for (const Index i : removed) weakly_active = weakly_active && was.sources[nodes.size() + 1].lower(i) == 0;
      nodes.push_back(std::move(removed));
    }
    nn::Network compensated = before, plain = before;
    remove_nodes(compensated, nodes, &replacements);
    remove_nodes(plain, nodes);
    const Intervals is = exact_intervals(compensated, box), without = exact_intervals(plain, box);
    nodes.emplace_back();  // the outputs stay
    bool nests = true;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const Box old_z = kept(was.preactivations[k], nodes[k]);
      ASSERT_TRUE(inside(is.preactivations[k], old_z)) << "trial " << trial << ", layer " << k;
      nests = nests && inside(without.preactivations[k], old_z);
    }
    ASSERT_TRUE(nests || !weakly_active) << "trial " << trial;
    ++(nests ? plain_nests : plain_loosens);
  }
  EXPECT_GT(plain_nests, trials / 10);
  EXPECT_GT(plain_loosens, trials / 10);
}

// The whole of prune(), one shot with compensation: the middle of the CROWN ranges is no dyadic number and the biases
// are rounded to the precision of the file, so the comparison allows for that rounding and nothing more.
TEST(PruningTheorem, HoldsForPruneUpToTheRoundingOfTheBiases) {
  Rng rng(5);
  for (int trial = 0; trial < trials / 4; ++trial) {
    nn::Network before = random_dyadic_network(rng);
    before.precision = trial % 2 == 0 ? nn::Precision::float32 : nn::Precision::float64;
    const double unit = trial % 2 == 0 ? 0x1p-24 : 0x1p-53;
    const Box box = random_dyadic_box(before.inputs(), rng);
    const Intervals was = exact_intervals(before, box);
    PruneSettings settings;
    settings.sparsity = 0.25 * static_cast<double>(1 + rng.below(3));
    settings.saliency = rng.below(2) == 0 ? Saliency::magnitude : Saliency::range;
    settings.compensate = true;
    const Intervals is = exact_intervals(prune(before, box, nullptr, settings).network, box);
    double slack = 0;
    for (std::size_t k = 0; k < is.preactivations.size(); ++k) {
      // What a layer's biases are off by, and what the layers before are off by times the sum of their weights.
      const nn::Dense& dense = *dense_layers(before)[k];
      const double magnitude = was.preactivations[k].magnitude().maxCoeff() + was.sources[k].magnitude().sum() * 2;
      slack = slack * dense.weight.cwiseAbs().rowwise().sum().maxCoeff() + 16 * unit * (magnitude + 2);
      EXPECT_GE((is.preactivations[k].lower - was.preactivations[k].lower).minCoeff(), -slack);
      EXPECT_LE((is.preactivations[k].upper - was.preactivations[k].upper).maxCoeff(), slack);
    }
  }
}

}  // namespace
}  // namespace secateur::prune
