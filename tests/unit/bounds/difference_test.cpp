// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/difference.hpp"

#include <gtest/gtest.h>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;

/// The largest of the ends.
double size_of(const Box& difference) { return difference.magnitude().maxCoeff(); }

void expect_contained(const nn::Network& first, const nn::Network& second, const Box& box, const Box& difference) {
  Rng rng(9);
  for (int s = 0; s < 12; ++s) {
    Vector x = random_point(box, rng);
    if (s == 0) x = box.lower;
    if (s == 1) x = box.upper;
    const exact::Point a = exact::preactivations(first, x).back();
    const exact::Point b = exact::preactivations(second, x).back();
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Rational gap = a[i] - b[i];
      ASSERT_GE(gap, Rational(difference.lower(static_cast<Index>(i))));
      ASSERT_LE(gap, Rational(difference.upper(static_cast<Index>(i))));
    }
  }
}

template <class Change>
nn::Network changed(nn::Network network, Change&& change) {
  for (nn::Layer& layer : network.layers) {
    if (auto* dense = std::get_if<nn::Dense>(&layer)) {
      for (Index i = 0; i < dense->weight.size(); ++i) change(dense->weight.data()[i]);
      for (double& b : dense->bias) change(b);
    }
  }
  return network;
}

nn::Network one_neuron(double weight, double bias) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{weight}}, Vector{{bias}}}, nn::Relu{}, nn::Dense{Matrix{{1.0}}, Vector{{0.0}}}};
  return network;
}

TEST(Difference, OfANetworkAndItself) {
  Rng rng(1);
  const nn::Network network = random_network({.widths = {3, 12, 10, 8, 2}}, rng);
  const Box difference = bounds::difference(network, network, random_box(3, 2, rng));
  EXPECT_EQ(size_of(difference), 0.0);
}

// relu(x) - relu(x - 0.1) covers [0, 0.1] on [-1, 1].
TEST(Difference, OfAShiftedNeuron) {
  const Box box{Vector{{-1.0}}, Vector{{1.0}}};
  const Box difference = bounds::difference(one_neuron(1, 0), one_neuron(1, -0.1), box);
  EXPECT_NEAR(difference.lower(0), 0.0, 1e-12);
  EXPECT_NEAR(difference.upper(0), 0.1, 1e-12);
  EXPECT_LE(difference.lower(0), 0.0);
  EXPECT_GE(difference.upper(0), 0.1);
}

// relu(x) - relu(-x) = x has a partner of the opposite sign: 2 relu(x) is never seen.
TEST(Difference, OfOppositeNeurons) {
  const Box box{Vector{{-1.0}}, Vector{{2.0}}};
  const Box difference = bounds::difference(one_neuron(1, 0), one_neuron(-1, 0), box);
  EXPECT_NEAR(difference.lower(0), -1.0, 1e-12);
  EXPECT_NEAR(difference.upper(0), 2.0, 1e-12);
}

// The last digits differ everywhere, as they do after storing in float32: the bound must be as small as that, where the
// relaxations of both networks are as wide as ever.
TEST(Difference, OfNearlyEqualNetworksIsSmall) {
  Rng rng(2);
  for (int c = 0; c < 10; ++c) {
    const nn::Network network = random_network({.widths = {2, 10, 10, 10, 1}, .scaling = c % 2 == 0}, rng);
    const nn::Network rounded = changed(network, [](double& w) { w = static_cast<double>(static_cast<float>(w)); });
    const Box box = random_box(2, 2, rng);
    const Box difference = bounds::difference(network, rounded, box);
    const Box range = crown(graph::lower(network, box), box).back();
    EXPECT_LT(size_of(difference), 1e-4 * (range.upper - range.lower).maxCoeff());
    expect_contained(network, rounded, box, difference);
  }
}

// Weights are gone, hidden layers are others: in rational arithmetic every difference is inside, and cutting the box
// only tightens.
TEST(Difference, ContainsEveryDifference) {
  Rng rng(4);
  double whole = 0, cut = 0;
  for (int c = 0; c < 40; ++c) {
    const nn::Network network = random_network({.widths = {2, 8, 8, 2}, .scaling = c % 3 == 0}, rng);
    nn::Network other = network;
    if (c % 4 == 0) {
      other = random_network({.widths = {2, 3, 4, 2, 2}}, rng);
    } else {
      other = changed(network, [&](double& w) { w = rng.uniform() < 0.05 ? 0.0 : w + 0.01 * rng.normal(); });
    }
    const Box box = random_box(2, 2, rng);
    const Box difference = bounds::difference(network, other, box);
    expect_contained(network, other, box, difference);
    const Box parts = bounds::difference(network, other, box, {.parts = 12});
    expect_contained(network, other, box, parts);
    EXPECT_TRUE((parts.lower.array() >= difference.lower.array()).all());
    EXPECT_TRUE((parts.upper.array() <= difference.upper.array()).all());
    if (c % 4 == 0) continue;
    whole += size_of(difference);
    cut += size_of(parts);
  }
  EXPECT_LT(cut, 0.9 * whole);
}

TEST(Difference, Refused) {
  Rng rng(6);
  const nn::Network network = random_network({.widths = {2, 3, 1}}, rng);
  const Box box = random_box(2, 1, rng);
  EXPECT_THROW(bounds::difference(network, random_network({.widths = {3, 3, 1}}, rng), box), InputError);
  EXPECT_THROW(bounds::difference(network, random_network({.widths = {2, 3, 2}}, rng), box), InputError);
  nn::Network sigmoid = network;
  sigmoid.activation = nn::Activation::sigmoid;
  EXPECT_THROW(bounds::difference(network, sigmoid, box), InputError);
  EXPECT_THROW(bounds::difference(network, network, random_box(3, 1, rng)), std::invalid_argument);
  EXPECT_THROW(bounds::difference(network, network, box, {.parts = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::bounds
