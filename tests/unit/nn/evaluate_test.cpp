// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
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

TEST(Evaluate, ResidualLayersByHand) {
  Network network = residual();
  network.activation = Activation::none;
  // x = (1, 2): A x + a = (-2.5, 0.25, 3.5), C [x, a] + c = (1 - 0.25 + 0.5, -2 + 0.5 + 0.875).
  EXPECT_THAT(evaluate(network, vector({1, 2})), testing::ElementsAre(1.25, -0.625));
  EXPECT_THAT(Vector(evaluate_native(network, vector({1, 2}).transpose()).transpose()),
              testing::ElementsAre(1.25, -0.625));
}

TEST(Evaluate, FinalActivations) {
  Network network;
  network.input_names = network.output_names = {"a", "b"};
  const auto at = [&network](Activation activation, double a, double b) {
    network.activation = activation;
    return evaluate(network, vector({a, b}));
  };
  const Vector sigmoid = at(Activation::sigmoid, std::log(3), -1000);
  EXPECT_NEAR(sigmoid(0), 0.75, 1e-15);
  EXPECT_EQ(sigmoid(1), 0);
  const Vector softmax = at(Activation::softmax, 1000, 1000 + std::log(3));
  EXPECT_NEAR(softmax(0), 0.25, 1e-12);
  EXPECT_NEAR(softmax(1), 0.75, 1e-12);
  const Vector logarithm = at(Activation::log_softmax, -1000, 0);
  EXPECT_EQ(logarithm(0), -1000);
  EXPECT_EQ(logarithm(1), 0);
}

TEST(Evaluate, WideLayersInSmallBlocksGiveTheSame) {
  // 5000 units, so that fewer than 1024 points make a block.
  Rng rng(4);
  Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {Sparse{sparse(random_matrix(rng, 5000, 1)), random_matrix(rng, 5000, 1)}, Relu{},
                    Sparse{sparse(random_matrix(rng, 1, 5000)), Vector::Zero(1)}};
  const Matrix points = random_matrix(rng, 2000, 1);
  const Matrix all = evaluate(network, points);
  for (const Index i : {Index{0}, Index{1000}, Index{1999}}) {
    EXPECT_NEAR(all(i, 0), evaluate(network, Vector(points.row(i).transpose()))(0), 1e-9);
  }
}

}  // namespace
}  // namespace secateur::nn
