// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/evaluate.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "unit/nn/networks.hpp"

namespace secateur::nn {
namespace {

TEST(Evaluate, EveryLayerByHand) {
  // x = (1.5, 1.25): x - c = (1, 1); z = (-0.5, 0.25, 3.25); a = (0, 0.25, 3.25); c - a = (1, 1.75, -0.25);
  // z = (1, -2.5, -1.03125); a = (1, 0, 0); a / c = (1/3, 0, 0); y = (0.5, 4 - 1/3); * (10, -3) + (100, 0).
  const Vector y = evaluate(every_layer(), vector({1.5, 1.25}));
  ASSERT_EQ(y.size(), 2);
  EXPECT_DOUBLE_EQ(y[0], 105);
  EXPECT_DOUBLE_EQ(y[1], -3 * (4 - 1.0 / 3));
}

TEST(Evaluate, EachElementwiseOperation) {
  const std::pair<ElementwiseOp, double> expected[] = {{ElementwiseOp::add, 11},
                                                       {ElementwiseOp::subtract, 5},
                                                       {ElementwiseOp::subtract_from, -5},
                                                       {ElementwiseOp::multiply, 24},
                                                       {ElementwiseOp::divide, 8.0 / 3}};
  for (const auto& [op, value] : expected) {
    Network network;
    network.input_names = {"x"};
    network.output_names = {"y"};
    network.layers = {Elementwise{op, vector({3})}};
    EXPECT_EQ(evaluate(network, vector({8}))[0], value) << to_string(op);
    EXPECT_FLOAT_EQ(static_cast<float>(evaluate_native(network, Matrix::Constant(1, 1, 8))(0, 0)),
                    static_cast<float>(value))
        << to_string(op);
  }
}

TEST(Evaluate, RowsAreIndependentOfTheirBatch) {
  Rng rng(1);
  const Matrix points = random_matrix(rng, 3000, 2);  // several blocks, the last one not full
  const Network network = every_layer();
  const Matrix together = evaluate(network, points);
  ASSERT_EQ(together.rows(), 3000);
  for (Index i = 0; i < points.rows(); i += 97) {
    const Vector alone = evaluate(network, Vector(points.row(i).transpose()));
    EXPECT_TRUE(together.row(i).transpose().isApprox(alone, 1e-13));
  }
}

TEST(Evaluate, NoPointsNoValues) { EXPECT_EQ(evaluate(every_layer(), Matrix(0, 2)).rows(), 0); }

TEST(Evaluate, NativeArithmeticIsFloatForFloat32) {
  Network network;
  network.input_names = {"a", "b", "c"};
  network.output_names = {"y"};
  network.layers = {Dense{Matrix::Ones(1, 3), vector({0})}};
  Matrix point(1, 3);
  point << 16777216, 1, -16777216;  // 2^24 + 1 is no float
  EXPECT_EQ(evaluate(network, point)(0, 0), 1);
  EXPECT_EQ(evaluate_native(network, point)(0, 0), 0);
  network.precision = Precision::float64;
  EXPECT_EQ(evaluate_native(network, point)(0, 0), 1);
}

TEST(Evaluate, RefusesPointsOfAnotherSize) {
  EXPECT_THROW(evaluate(every_layer(), Matrix(Matrix::Zero(4, 3))), std::invalid_argument);
  EXPECT_THROW(evaluate_native(every_layer(), Matrix::Zero(4, 1)), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::nn
