// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lossless.hpp"

#include <gtest/gtest.h>

#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::bounds {
namespace {

using exact::Rational;

constexpr LosslessSettings plain{.skips = graph::Skips::relu};

nn::Network two_layers(const Matrix& first, const Vector& bias, const Matrix& second) {
  nn::Network network;
  network.precision = nn::Precision::float32;
  network.input_names = nn::default_names("x", first.cols());
  network.output_names = nn::default_names("y", second.rows());
  network.layers = {nn::Dense{first, bias}, nn::Relu{}, nn::Dense{second, Vector::Zero(second.rows())}};
  return network;
}

TEST(Lossless, WhatCannotShrinkComesBack) {
  nn::Network network = two_layers(Matrix{{1.0}, {2.0}}, Vector{{0.0, 0.5}}, Matrix{{1.0, 1.0}});
  network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::divide, Vector{{3.0}}});
  const Smaller smaller = lossless(network, {Vector{{-1.0}}, Vector{{1.0}}});
  EXPECT_EQ(smaller.network.layers.size(), 4U);
  EXPECT_EQ(smaller.difference(0), 0.0);
  EXPECT_EQ(smaller.network.box->upper(0), 1.0);
}

// Two active, one dead, one that is twice another; with one input, carrying it costs one unit.
TEST(Lossless, StableAndRepeatedNeuronsGo) {
  const nn::Network network = two_layers(Matrix{{1.0}, {-1.0}, {1.0}, {1.0}, {2.0}}, Vector{{3.0, 3.0, -3.0, 0.0, 0.0}},
                                         Matrix{{1.0, 2.0, 1.0, 1.0, 1.0}});
  const Box box{Vector{{-1.0}}, Vector{{1.0}}};
  EXPECT_EQ(nn::count_neurons(lossless(network, box).network), 1);
  const Smaller smaller = lossless(network, box, plain);
  EXPECT_EQ(nn::count_neurons(smaller.network), 2);
  EXPECT_EQ(smaller.difference(0), 0.0);
  EXPECT_EQ(nn::storage_precision(smaller.network), nn::Precision::float32);
}

// One active neuron reads three inputs: carrying those past the layer would cost more than it saves.
TEST(Lossless, DoesNotGrowByFolding) {
  const nn::Network network = two_layers(Matrix{{1.0, 1.0, 1.0}, {1.0, 0.0, -1.0}, {-2.0, 0.0, 2.0}, {2.0, 0.0, -2.0}},
                                         Vector{{4.0, 0.0, 0.0, 0.0}}, Matrix{{1.0, 2.0, 1.0, 1.0}});
  const Box box{-Vector::Ones(3), Vector::Ones(3)};
  EXPECT_EQ(nn::count_neurons(lossless(network, box).network), 1);
  const Smaller smaller = lossless(network, box, plain);
  // The active one, one for the two equal ones, the opposite one.
  EXPECT_EQ(nn::count_neurons(smaller.network), 3);
}

TEST(Lossless, DifferenceIsCertified) {
  Rng rng(5);
  Index before = 0, after = 0;
  for (int c = 0; c < 40; ++c) {
    const nn::Network network = random_network({.widths = {2, 8, 8, 6, 2}, .scaling = c % 2 == 0}, rng);
    const Box box = random_box(2, 0.5, rng);
    std::optional<nn::Precision> precision;
    if (c % 3 == 1) precision = nn::Precision::float32;
    if (c % 3 == 2) precision = nn::Precision::float64;
    const Smaller smaller = lossless(
        network, box, {.precision = precision, .skips = c % 2 == 0 ? graph::Skips::masked : graph::Skips::relu});
    EXPECT_EQ(nn::storage_precision(smaller.network), precision.value_or(nn::Precision::float64));
    before += nn::count_neurons(network);
    after += nn::count_neurons(smaller.network);
    for (int s = 0; s < 6; ++s) {
      const Vector x = random_point(box, rng);
      const exact::Point a = exact::preactivations(network, x).back();
      const exact::Point b = exact::preactivations(smaller.network, x).back();
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double certified = smaller.difference(static_cast<Index>(i));
        ASSERT_LE(abs(a[i] - b[i]), Rational(certified));
        EXPECT_LT(certified, c % 3 == 1 ? 1e-2 : 1e-8);
      }
    }
  }
  EXPECT_LT(after, before / 2);
}

}  // namespace
}  // namespace secateur::bounds
