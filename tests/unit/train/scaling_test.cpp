// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/scaling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/core/error.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur::train {
namespace {

using nn::Elementwise;
using nn::ElementwiseOp;

constexpr ElementwiseOp all_ops[] = {ElementwiseOp::add, ElementwiseOp::subtract, ElementwiseOp::subtract_from,
                                     ElementwiseOp::multiply, ElementwiseOp::divide};

nn::Dense identity(Index size) { return {Matrix::Identity(size, size), Vector::Zero(size)}; }

/// Every operation in front of an identity, and behind it.
nn::Network scaled(bool in_front) {
  nn::Network network;
  if (!in_front) network.layers.emplace_back(identity(2));
  double constant = -2;
  for (const auto op : all_ops) {
    network.layers.emplace_back(Elementwise{op, Vector{{constant, 3.0}}});
    constant += 0.75;
  }
  if (in_front) network.layers.emplace_back(identity(2));
  network.input_names = {"a", "b"};
  network.output_names = {"c", "d"};
  return network;
}

TEST(Scaling, InputsAsTheFirstDenseLayerSeesThem) {
  const Matrix x{{1.0, 2.0}, {-3.0, 0.5}, {0.0, 4.0}};
  EXPECT_TRUE(scale_inputs(scaled(true), x).isApprox(nn::evaluate(scaled(true), x), 1e-15));
  EXPECT_EQ(scale_inputs(scaled(false), x), x);
}

TEST(Scaling, TargetsAreWhatTheOutputScalingMapsToThem) {
  const Matrix values{{1.0, 2.0}, {-3.0, 0.5}, {0.0, 4.0}};
  const Matrix y = nn::evaluate(scaled(false), values);
  EXPECT_TRUE(scale_targets(scaled(false), y).isApprox(values, 1e-14));
  EXPECT_EQ(scale_targets(scaled(true), y), y);
}

TEST(Scaling, BoxIsMappedWithItsEndsInOrder) {
  nn::Network network;
  network.layers.emplace_back(Elementwise{ElementwiseOp::subtract_from, Vector{{1.0, 1.0}}});  // 1 - x
  network.layers.emplace_back(Elementwise{ElementwiseOp::multiply, Vector{{2.0, -2.0}}});
  network.layers.emplace_back(identity(2));
  const Box box = scale_box(network, {Vector{{0.0, 0.0}}, Vector{{3.0, 5.0}}});
  EXPECT_EQ(box.lower, (Vector{{-4.0, -2.0}}));
  EXPECT_EQ(box.upper, (Vector{{2.0, 8.0}}));
}

TEST(Scaling, StackFindsTheDenseLayers) {
  nn::Network network = scaled(true);
  network.layers.emplace_back(nn::Relu{});
  network.layers.emplace_back(nn::Dense{Matrix::Ones(3, 2), Vector::Zero(3)});
  network.layers.emplace_back(Elementwise{ElementwiseOp::add, Vector::Zero(3)});
  const Stack parts = stack(network);
  EXPECT_EQ(parts.first, 5U);
  EXPECT_EQ(parts.last, 7U);
  EXPECT_THAT(parts.widths, testing::ElementsAre(2, 2, 3));
}

TEST(Scaling, StackRefusesOtherOrders) {
  const auto refused = [](std::vector<nn::Layer> layers) {
    nn::Network network;
    network.layers = std::move(layers);
    EXPECT_THROW(stack(network), std::logic_error);
  };
  const Elementwise add{ElementwiseOp::add, Vector::Zero(2)};
  refused({});
  refused({add});
  refused({nn::Relu{}, identity(2)});
  refused({identity(2), nn::Relu{}});
  refused({identity(2), nn::Relu{}, add, identity(2)});
  refused({identity(2), identity(2)});
  refused({identity(2), add, nn::Relu{}});
}

TEST(Scaling, OutputTimesZeroIsRefused) {
  nn::Network network;
  network.layers.emplace_back(identity(2));
  network.layers.emplace_back(Elementwise{ElementwiseOp::multiply, Vector{{1.0, 0.0}}});
  EXPECT_THAT([&] { scale_targets(network, Matrix::Ones(1, 2)); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("multiplies an output by 0")));
}

}  // namespace
}  // namespace secateur::train
