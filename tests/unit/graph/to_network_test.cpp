// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/to_network.hpp"

#include <gtest/gtest.h>

#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "secateur/nn/numbers.hpp"
#include "support/random_network.hpp"
#include "support/reduced.hpp"

namespace secateur::graph {
namespace {

using exact::Rational;

nn::Network one_layer(const Matrix& first, const Vector& bias, const Matrix& second) {
  nn::Network network;
  network.input_names = {"a", "b"};
  network.output_names = nn::default_names("y", second.rows());
  network.layers = {nn::Dense{first, bias}, nn::Relu{}, nn::Dense{second, Vector::Zero(second.rows())}};
  return network;
}

TEST(OutputError, AddsUpThroughWeights) {
  ReluGraph graph = lower(one_layer(Matrix{{1.0, 0.0}, {0.0, 1.0}}, Vector{{0.0, 0.0}}, Matrix{{2.0, -3.0}}),
                          {Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}});
  EXPECT_EQ(output_error(graph)(0), 0.0);
  graph.layers[0].error = Vector{{0.5, 0.25}};
  graph.layers[1].error = Vector{{0.125}};
  EXPECT_NEAR(output_error(graph)(0), 1.875, 1e-12);
  EXPECT_GE(output_error(graph)(0), 1.875);
}

TEST(ToNetwork, WithoutSkipsItIsTheGraph) {
  const nn::Network network = one_layer(Matrix{{0.1, 0.2}, {-0.3, 0.7}}, Vector{{0.0, 0.1}}, Matrix{{2.0, -3.0}});
  const Box box{Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}};
  const ReluGraph graph = lower(network, box);
  const Written written = to_network(graph, interval_bounds(graph), network, nn::Precision::float64);
  ASSERT_EQ(written.network.layers.size(), 3U);
  EXPECT_EQ(std::get<nn::Dense>(written.network.layers[0]).weight, std::get<nn::Dense>(network.layers[0]).weight);
  EXPECT_EQ(std::get<nn::Dense>(written.network.layers[2]).weight, std::get<nn::Dense>(network.layers[2]).weight);
  EXPECT_EQ(written.difference(0), 0.0);
  EXPECT_EQ(written.network.input_names, network.input_names);
  EXPECT_EQ(written.network.box->lower, box.lower);
}

// y = |a|: one unit and one that carries a + 1 past it; everything is exact.
TEST(ToNetwork, CarriesAnInputPastALayer) {
  const nn::Network network = one_layer(Matrix{{1.0, 0.0}, {-1.0, 0.0}}, Vector{{0.0, 0.0}}, Matrix{{1.0, 1.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0, -1.0}}, Vector{{2.0, 1.0}}});
  const NeuronBounds bounds = interval_bounds(graph);
  const Reduction reduction = simplify(graph, bounds);
  ASSERT_EQ(reduction.graph.neurons(), 1);
  const NeuronBounds carried = carry(bounds, reduction);
  const Written masked = to_network(reduction.graph, carried, network, nn::Precision::float64);
  EXPECT_EQ(nn::count_neurons(masked.network), 1);
  EXPECT_EQ(std::get<nn::Relu>(masked.network.layers[1]).units, (std::vector<Index>{0}));
  EXPECT_EQ(masked.difference(0), 0.0);
  EXPECT_EQ(exact::preactivations(masked.network, Vector{{-0.7, 0.0}}).back()[0], Rational(0.7));
  const Written written = to_network(reduction.graph, carried, network, nn::Precision::float64, Skips::relu);
  EXPECT_EQ(nn::count_neurons(written.network), 2);
  EXPECT_EQ(std::get<nn::Dense>(written.network.layers[0]).bias, (Vector{{0.0, 1.0}}));
  EXPECT_EQ(std::get<nn::Dense>(written.network.layers[2]).bias, (Vector{{1.0}}));
  EXPECT_EQ(written.difference(0), 0.0);
  EXPECT_EQ(exact::preactivations(written.network, Vector{{-0.7, 0.0}}).back()[0], Rational(0.7));
}

TEST(ToNetwork, NumbersThatDoNotFitAreRefused) {
  Rng rng(1);
  const nn::Network other = random_network({.widths = {3, 2, 1}}, rng);
  const nn::Network network = one_layer(Matrix{{1e39, 0.0}, {1.0, 1.0}}, Vector{{0.0, 0.0}}, Matrix{{1.0, 1.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}});
  const NeuronBounds bounds = interval_bounds(graph);
  EXPECT_NO_THROW(to_network(graph, bounds, network, nn::Precision::float64));
  EXPECT_THROW(to_network(graph, bounds, network, nn::Precision::float32), InputError);
  EXPECT_THROW(to_network(graph, {}, network, nn::Precision::float64), std::invalid_argument);
  EXPECT_THROW(to_network(graph, bounds, other, nn::Precision::float64), std::invalid_argument);
}

// The oracle: original and written network in rational arithmetic, at points of the box and at its corners, are as
// close as certified, in either precision, with and without skips. Boxes that make many units stable.
TEST(ToNetwork, DifferenceIsCertified) {
  Rng rng(17);
  Index smaller = 0;
  for (int c = 0; c < 120; ++c) {
    const nn::Network network =
        random_network({.widths = {2, 6, 5, 4, 2}, .density = c % 2 == 0 ? 1.0 : 0.4, .scaling = c % 3 == 0}, rng);
    const Box box = random_box(2, 0.7, rng);
    const ReluGraph graph = lower(network, box);
    const NeuronBounds bounds = interval_bounds(graph);
    const Reduction reduction = simplify(graph, bounds, {.fold = c % 5 != 0});
    smaller += reduction.graph.neurons() < graph.neurons();
    for (const nn::Precision precision : {nn::Precision::float64, nn::Precision::float32}) {
      const Written written = to_network(reduction.graph, carry(bounds, reduction), network, precision,
                                         c % 2 == 0 ? Skips::masked : Skips::relu);
      EXPECT_EQ(nn::storage_precision(written.network), precision);
      for (const double difference : written.difference) {
        EXPECT_LT(difference, precision == nn::Precision::float64 ? 1e-9 : 1e-2) << c;
      }
      for (int s = 0; s < 6; ++s) {
        Vector x = random_point(box, rng);
        if (s == 0) x = box.lower;
        if (s == 1) x = box.upper;
        const exact::Point before = exact::preactivations(network, x).back();
        const exact::Point after = exact::preactivations(written.network, x).back();
        for (std::size_t i = 0; i < before.size(); ++i) {
          ASSERT_LE(abs(before[i] - after[i]), Rational(written.difference(static_cast<Index>(i)))) << "case " << c;
        }
      }
    }
  }
  EXPECT_GT(smaller, 100);
}

}  // namespace
}  // namespace secateur::graph
