// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/lower.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "secateur/core/error.hpp"
#include "secateur/graph/builder.hpp"
#include "secateur/nn/evaluate.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur::graph {
namespace {

using exact::Rational;

TEST(Lower, ScalingIsFoldedIntoTheFirstAndLastLayer) {
  // y = 10 relu(2 (x - 3) / 4 + 1) + 5: one hidden unit with weight 0.5 and bias -0.5, output weight 10, bias 5.
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Elementwise{nn::ElementwiseOp::subtract, Vector{{3.0}}},
                    nn::Elementwise{nn::ElementwiseOp::divide, Vector{{4.0}}},
                    nn::Dense{Matrix{{2.0}}, Vector{{1.0}}},
                    nn::Relu{},
                    nn::Dense{Matrix{{1.0}}, Vector{{0.0}}},
                    nn::Elementwise{nn::ElementwiseOp::multiply, Vector{{10.0}}},
                    nn::Elementwise{nn::ElementwiseOp::add, Vector{{5.0}}}};
  const ReluGraph graph = lower(network, {Vector{{0.0}}, Vector{{8.0}}});
  ASSERT_EQ(graph.depth(), 2);
  EXPECT_EQ(graph.layers[0].weight.coeff(0, 0), 0.5);
  EXPECT_EQ(graph.layers[0].bias(0), -0.5);
  EXPECT_EQ(graph.layers[0].error(0), 0.0);
  EXPECT_EQ(graph.layers[1].weight.coeff(0, 1), 10.0);  // column 0 is the input, column 1 the hidden unit
  EXPECT_EQ(graph.layers[1].bias(0), 5.0);
  EXPECT_EQ(graph.layers[1].error(0), 0.0);
  EXPECT_EQ(graph.values(), 2);
  EXPECT_EQ(graph.neurons(), 1);
}

TEST(Lower, UnscaledNetworkIsTakenOverBitForBitWithoutError) {
  Rng rng(5);
  const nn::Network network = random_network({.widths = {3, 5, 4, 2}, .density = 0.6}, rng);
  const ReluGraph graph = lower(network, random_box(3, 1, rng));
  ASSERT_EQ(graph.depth(), 3);
  const auto& dense = std::get<nn::Dense>(network.layers[2]);
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < 5; ++j) EXPECT_EQ(graph.layers[1].weight.coeff(i, 3 + j), dense.weight(i, j));
  }
  Index zeros = 0;
  for (const AffineLayer& layer : graph.layers) {
    EXPECT_TRUE((layer.error.array() == 0).all());
    for (Index p = 0; p < layer.weight.nonZeros(); ++p) zeros += layer.weight.valuePtr()[p] == 0;
  }
  EXPECT_EQ(zeros, 0);
}

TEST(Lower, ConsecutiveDenseLayersAndATrailingReluAreOneFormEach) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{3.0}}, Vector{{1.0}}}, nn::Dense{Matrix{{2.0}}, Vector{{-1.0}}}, nn::Relu{}};
  const ReluGraph graph = lower(network, {Vector{{-1.0}}, Vector{{1.0}}});
  ASSERT_EQ(graph.depth(), 2);
  EXPECT_EQ(graph.layers[0].weight.coeff(0, 0), 6.0);
  EXPECT_EQ(graph.layers[0].bias(0), 1.0);
  EXPECT_EQ(graph.layers[1].weight.coeff(0, 1), 1.0);
  EXPECT_EQ(evaluate(graph, Matrix{{0.5}, {-1.0}}), (Matrix{{4.0}, {0.0}}));
}

// The graph's layers, with their error, must cover the stored network in exact arithmetic: layer by layer, the stored
// preactivation differs from the row applied to the stored network's own values by at most `error`.
TEST(Lower, ErrorCoversWhatFoldingRounds) {
  Rng rng(7);
  int rounded = 0;
  for (int c = 0; c < 300; ++c) {
    const nn::Network network =
        random_network({.widths = {3, 4, 3, 2}, .density = 0.8, .scaling = true, .exponent_spread = 6}, rng);
    const Box box = random_box(3, 2, rng);
    const ReluGraph graph = lower(network, box);
    for (int s = 0; s < 5; ++s) {
      const Vector x = random_point(box, rng);
      const auto stored = exact::preactivations(network, x);
      exact::Point values = exact::point(x);
      ASSERT_EQ(stored.size(), graph.layers.size());
      for (std::size_t k = 0; k < stored.size(); ++k) {
        const AffineLayer& layer = graph.layers[k];
        for (Index i = 0; i < layer.units(); ++i) {
          Rational z = layer.bias(i);
          for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
            z += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
          }
          const Rational difference = abs(z - stored[k][static_cast<std::size_t>(i)]);
          ASSERT_LE(difference, Rational(layer.error(i))) << "case " << c << " layer " << k << " unit " << i;
          rounded += difference > 0;
        }
        for (const Rational& z : stored[k]) values.push_back(z > 0 ? z : Rational(0));
      }
    }
  }
  EXPECT_GT(rounded, 1000) << "the test has no teeth unless folding does round";
}

/// Random sparse layers, ReLUs of some units and scaling between them: what networks with skip connections consist of.
nn::Network random_state_network(Rng& rng) {
  nn::Network network;
  network.precision = nn::Precision::float64;
  network.input_names = nn::default_names("x", 2);
  Index size = 2;
  for (int k = 0; k < 6; ++k) {
    const Index units = 2 + rng.below(4);
    Matrix weight = Matrix::Zero(units, size);
    for (Index i = 0; i < units; ++i) {
      // Copies, as skip connections have them, and ordinary rows.
      if (rng.uniform() < 0.4) weight(i, rng.below(size)) = 1;
      for (Index j = 0; j < size; ++j) weight(i, j) += rng.uniform() < 0.4 ? rng.normal() : 0.0;
    }
    nn::Sparse layer{weight.sparseView(0, 0), Vector::Zero(units)};
    layer.weight.makeCompressed();
    for (double& b : layer.bias) b = rng.uniform() < 0.5 ? rng.normal() : 0.0;
    network.layers.emplace_back(std::move(layer));
    size = units;
    if (rng.uniform() < 0.3) {
      Vector constant(size);
      for (double& c : constant) c = rng.uniform(0.5, 2);
      network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::divide, std::move(constant)});
    }
    nn::Relu some;
    for (Index unit = 0; unit < size; ++unit) {
      if (rng.uniform() < 0.5) some.units.push_back(unit);
    }
    if (!some.units.empty()) network.layers.emplace_back(std::move(some));
  }
  network.output_names = nn::default_names("y", size);
  return network;
}

TEST(Lower, UnitsThatPassAReluUntouchedAreCoveredInExactArithmetic) {
  Rng rng(11);
  int rounded = 0, passed = 0;
  for (int c = 0; c < 300; ++c) {
    const nn::Network network = random_state_network(rng);
    const Box box = random_box(2, 2, rng);
    const ReluGraph graph = lower(network, box);
    EXPECT_EQ(graph.neurons(), nn::count_neurons(network));
    for (int s = 0; s < 3; ++s) {
      const Vector x = random_point(box, rng);
      const auto stored = exact::preactivations(network, x);
      exact::Point values = exact::point(x);
      ASSERT_EQ(stored.size(), graph.layers.size());
      for (std::size_t k = 0; k < stored.size(); ++k) {
        const AffineLayer& layer = graph.layers[k];
        ASSERT_EQ(stored[k].size(), static_cast<std::size_t>(layer.units()));
        for (Index i = 0; i < layer.units(); ++i) {
          Rational z = layer.bias(i);
          for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
            z += Rational(entry.value()) * values[static_cast<std::size_t>(entry.col())];
            passed += k > 0 && entry.col() < graph.first_value(static_cast<int>(k) - 1);
          }
          const Rational difference = abs(z - stored[k][static_cast<std::size_t>(i)]);
          ASSERT_LE(difference, Rational(layer.error(i))) << "case " << c << " layer " << k << " unit " << i;
          rounded += difference > 0;
        }
        for (const Rational& z : stored[k]) values.push_back(z > 0 ? z : Rational(0));
      }
      const Vector found = evaluate(graph, x.transpose()).row(0);
      EXPECT_LE((found - nn::evaluate(network, x)).cwiseAbs().maxCoeff(), 1e-10 * (1 + found.cwiseAbs().maxCoeff()));
    }
  }
  EXPECT_GT(rounded, 1000);
  EXPECT_GT(passed, 1000) << "no skip connections were tested";
}

TEST(Lower, RefusesAFinalActivation) {
  Rng rng(9);
  nn::Network network = random_network({.widths = {2, 3, 1}}, rng);
  network.activation = nn::Activation::sigmoid;
  EXPECT_THROW(lower(network, random_box(2, 1, rng)), InputError);
  Builder builder(random_box(2, 1, rng));
  EXPECT_EQ(builder.apply(network, builder.all_inputs()).size(), 1U) << "the rows before the activation";
}

TEST(Lower, RefusesBoxesThatDoNotFit) {
  Rng rng(9);
  const nn::Network network = random_network({.widths = {2, 3, 1}}, rng);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THROW(lower(network, random_box(3, 1, rng)), std::invalid_argument);
  EXPECT_THROW(lower(network, {Vector{{0.0, 1.0}}, Vector{{1.0, 0.0}}}), std::invalid_argument);
  EXPECT_THROW(lower(network, {Vector{{0.0, 0.0}}, Vector{{1.0, infinity}}}), std::invalid_argument);
}

TEST(Lower, OverflowIsTheUsersNumbersNotACrash) {
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1e200}}, Vector{{0.0}}}, nn::Dense{Matrix{{1e200}}, Vector{{0.0}}}};
  EXPECT_THROW(lower(network, {Vector{{-1.0}}, Vector{{1.0}}}), InputError);
}

}  // namespace
}  // namespace secateur::graph
