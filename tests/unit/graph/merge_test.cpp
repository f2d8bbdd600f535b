// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/merge.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/graph/builder.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/graph/passes.hpp"
#include "support/random_network.hpp"
#include "support/reduced.hpp"

namespace secateur::graph {
namespace {

/// One hidden layer, all of it read with weight 1, on [-1, 1]^n.
ReluGraph layer_graph(const Matrix& weight, const Vector& bias) {
  nn::Network network;
  network.input_names = nn::default_names("x", weight.cols());
  network.output_names = nn::default_names("y", 1);
  network.layers = {nn::Dense{weight, bias}, nn::Relu{}, nn::Dense{Matrix::Ones(1, weight.rows()), Vector::Zero(1)}};
  return lower(network, {-Vector::Ones(weight.cols()), Vector::Ones(weight.cols())});
}

Reduction merged(const ReluGraph& graph) {
  Reduction reduction = merge_multiples(graph, interval_bounds(graph));
  EXPECT_TRUE(may_merge(graph) || reduction.merges.empty());
  return reduction;
}

void expect_same_function(const ReluGraph& graph, const Reduction& reduction, double largest_error) {
  check(reduction.graph);
  Rng rng(5);
  for (int s = 0; s < 20; ++s) {
    const Vector x = random_point(graph.domain, rng);
    expect_within_errors(reduction, exact::preactivations(graph, x), x, largest_error);
  }
}

TEST(MergeMultiples, EqualUnitsBecomeOneWithoutRounding) {
  const ReluGraph graph = layer_graph(Matrix{{0.1, 0.7}, {0.3, 0.2}, {0.1, 0.7}}, Vector{{0.3, 0.0, 0.3}});
  const Reduction reduction = merged(graph);
  EXPECT_EQ(reduction.graph.neurons(), 2);
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 2), 2.0);
  ASSERT_EQ(reduction.merges.size(), 1U);
  EXPECT_EQ(reduction.merges[0].unit, (NeuronId{0, 2}));
  EXPECT_EQ(reduction.merges[0].into, (NeuronId{0, 0}));
  EXPECT_EQ(reduction.merges[0].factor, 1.0);
  expect_same_function(graph, reduction, 0);
}

TEST(MergeMultiples, APowerOfTwoRoundsNothing) {
  const ReluGraph graph = layer_graph(Matrix{{0.1, 0.7}, {0.025, 0.175}}, Vector{{0.3, 0.075}});
  const Reduction reduction = merged(graph);
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 2), 1.25);
  expect_same_function(graph, reduction, 0);
}

// 7/3 is no double: the rows are multiples all the same, and what the rounded factor loses is stated.
TEST(MergeMultiples, AFactorThatRoundsIsCarriedAsAnError) {
  const ReluGraph graph = layer_graph(Matrix{{3.0, 6.0}, {7.0, 14.0}}, Vector{{-1.5, -3.5}});
  const Reduction reduction = merged(graph);
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_GT(reduction.graph.layers[1].error(0), 0.0);
  expect_same_function(graph, reduction, 1e-13);
}

// |x| = relu(x) + relu(-x) = 2 relu(x) - x: one unit instead of two.
TEST(MergeMultiples, AnAbsoluteValueHasOneUnit) {
  const ReluGraph graph = layer_graph(Matrix{{1.0}, {-1.0}}, Vector{{0.0, 0.0}});
  const Reduction reduction = merged(graph);
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 0), -1.0);
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 1), 2.0);
  EXPECT_EQ(evaluate(reduction.graph, Matrix{{-0.7}})(0, 0), 0.7);
  EXPECT_EQ(evaluate(reduction.graph, Matrix{{0.3}})(0, 0), 0.3);
  expect_same_function(graph, reduction, 0);
  EXPECT_EQ(merge_multiples(graph, interval_bounds(graph), false).graph.neurons(), 2);
}

TEST(MergeMultiples, OppositesOfAnotherSize) {
  const ReluGraph graph = layer_graph(Matrix{{3.0, -6.0}, {-7.0, 14.0}}, Vector{{-1.5, 3.5}});
  const Reduction reduction = merged(graph);
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_LT(reduction.merges[0].factor, 0);
  expect_same_function(graph, reduction, 1e-13);
}

TEST(MergeMultiples, WhatBendsElsewhereStays) {
  const double next = std::nextafter(0.7, 1.0);
  //                          other bias    last bit     other inputs      zero bias
  EXPECT_EQ(merged(layer_graph(Matrix{{0.1, 0.7}, {0.1, 0.7}, {0.1, next}, {0.7, 0.0}, {0.1, 0.7}},
                               Vector{{0.3, 0.4, 0.3, 0.3, 0.0}}))
                .graph.neurons(),
            5);
}

// Products of such numbers vanish; equality is seen anyway, near equality is not taken for it.
TEST(MergeMultiples, SeesAtAGlanceWhereNothingIsAlike) {
  EXPECT_FALSE(may_merge(layer_graph(Matrix{{0.1, 0.7}, {0.1, 0.6}, {0.2, 0.1}}, Vector{{0.3, 0.3, 0.3}})));
  EXPECT_FALSE(may_merge(layer_graph(Matrix{{0.1, 0.7}, {0.1, 0.7}}, Vector{{0.3, 0.2}})));
  EXPECT_TRUE(may_merge(layer_graph(Matrix{{0.1, 0.7}, {0.0, 1.0}, {-0.2, -1.4}}, Vector{{0.3, 0.0, -0.6}})));
  // A zero that is stored is none.
  ReluGraph graph = layer_graph(Matrix{{0.5, 1.0, 2.0}, {0.5, 1.0, 3.0}}, Vector{{1.0, 1.0}});
  graph.layers[0].weight.coeffRef(0, 2) = 0;
  graph.layers[0].weight.coeffRef(1, 2) = 0;
  EXPECT_TRUE(may_merge(graph));
  EXPECT_FALSE(merged(graph).merges.empty());
}

TEST(MergeMultiples, TinyWeights) {
  EXPECT_EQ(merged(layer_graph(Matrix{{3e-200, 5e-200}, {3e-200, 5e-200}}, Vector{{1e-200, 1e-200}})).graph.neurons(),
            1);
  EXPECT_EQ(merged(layer_graph(Matrix{{5e-324, 1e-323}, {1e-323, 1e-323}}, Vector{{0.0, 0.0}})).graph.neurons(), 2);
  EXPECT_EQ(merged(layer_graph(Matrix{{1e-300, 1e300}, {1e300, 1e-300}}, Vector{{0.0, 0.0}})).graph.neurons(), 2);
}

// Errors of the rows themselves: the graph stands for a network whose preactivations may lie anywhere within them.
TEST(MergeMultiples, CountsTheRowsOwnErrors) {
  ReluGraph graph = layer_graph(Matrix{{1.0}, {2.0}, {-4.0}}, Vector{{0.0, 0.0, 0.0}});
  graph.layers[0].error = Vector{{0.5, 0.25, 0.125}};
  const Reduction reduction = merge_multiples(graph, interval_bounds(graph));
  EXPECT_EQ(reduction.graph.neurons(), 1);
  // (2 * 0.5 + 0.25) + (4 * 0.5 + 2 * 0.125)
  EXPECT_NEAR(reduction.graph.layers[1].error(0), 3.5, 1e-12);
  EXPECT_GE(reduction.graph.layers[1].error(0), 3.5);
}

// The same network twice, side by side: layers 2 and 3 are those of the second, and all of its units go.
TEST(MergeMultiples, FindsPartnersInOtherLayers) {
  Rng rng(3);
  const nn::Network network = random_network({.widths = {2, 5, 4, 2}}, rng);
  Builder builder(random_box(2, 2, rng));
  std::vector<AffineRow> outputs = builder.apply(network, builder.all_inputs());
  const std::vector<AffineRow> again = builder.apply(network, builder.all_inputs());
  outputs.insert(outputs.end(), again.begin(), again.end());
  const ReluGraph graph = builder.finish(outputs);
  const Reduction reduction = merged(graph);
  EXPECT_EQ(graph.neurons(), 18);
  EXPECT_EQ(reduction.graph.neurons(), 9);
  EXPECT_EQ(reduction.graph.depth(), 3);
  expect_same_function(graph, reduction, 0);
}

TEST(MergeSimilar, NothingWithoutATolerance) {
  const ReluGraph graph = layer_graph(Matrix{{1.0}, {1.0 + 0x1p-52}}, Vector{{0.0, 0.0}});
  EXPECT_EQ(merge_similar(graph, interval_bounds(graph), {}).graph.neurons(), 2);
}

TEST(MergeSimilar, SaysWhatItDid) {
  const ReluGraph graph = layer_graph(Matrix{{1.0, 1.0}, {1.0, 0.99}, {-1.0, 0.5}}, Vector{{0.0, 0.01, 0.0}});
  const Reduction reduction = merge_similar(graph, interval_bounds(graph), {.tolerance = 0.01});
  EXPECT_EQ(reduction.graph.neurons(), 2);
  ASSERT_EQ(reduction.merges.size(), 1U);
  EXPECT_EQ(reduction.merges[0].unit, (NeuronId{0, 1}));
  // z2 - z1 = 0.01 - 0.01 x1 is in [0, 0.02].
  EXPECT_NEAR(reduction.merges[0].error, 0.01, 1e-12);
  expect_same_function(graph, reduction, 0.0101);
  EXPECT_EQ(merge_similar(graph, interval_bounds(graph), {.tolerance = 0.001}).graph.neurons(), 3);
}

TEST(MergeSimilar, LeavesTheFirstLayersAlone) {
  Rng rng(8);
  const ReluGraph graph = lower(random_network({.widths = {2, 6, 5, 1}}, rng), random_box(2, 1, rng));
  const Reduction reduction = merge_similar(graph, interval_bounds(graph), {.tolerance = 1e9, .first_layer = 1});
  EXPECT_EQ(reduction.graph.neurons(), 6);
  expect_same_function(graph, reduction, 1e9);
}

// Sums of quarters: every planted row is an exact multiple, so the passes must find each of them and nothing else.
TEST(Simplify, RemovesExactlyWhatWasPlanted) {
  Rng rng(21);
  const std::vector<double> factors{1, 2, 0.5, 3, 0.75, -1, -0.25, -3};
  for (int c = 0; c < 60; ++c) {
    nn::Network network = random_network({.widths = {3, 5, 4, 2}}, rng);
    const auto quarters = [](double v) { return std::round(4 * v) / 4 + 0.125; };
    for (nn::Layer& layer : network.layers) {
      if (auto* dense = std::get_if<nn::Dense>(&layer)) {
        dense->weight = dense->weight.unaryExpr(quarters).eval();
        dense->bias = dense->bias.unaryExpr(quarters).eval();
      }
    }
    Index planted = 0;
    const auto plant = [&](std::size_t at) {
      auto& dense = std::get<nn::Dense>(network.layers[at]);
      auto& reader = std::get<nn::Dense>(network.layers[at + 2]);
      const Index units = dense.bias.size(), unit = rng.below(units);
      const double factor = factors[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(factors.size())))];
      dense.weight.conservativeResize(units + 1, Eigen::NoChange);
      dense.weight.row(units) = factor * dense.weight.row(unit);
      dense.bias.conservativeResize(units + 1);
      dense.bias(units) = factor * dense.bias(unit);
      reader.weight.conservativeResize(Eigen::NoChange, units + 1);
      for (Index i = 0; i < reader.weight.rows(); ++i) reader.weight(i, units) = quarters(rng.normal());
      ++planted;
    };
    // Front to back: a unit planted in front gives the rows behind it another entry.
    for (Index k = 1 + rng.below(3); k > 0; --k) plant(0);
    for (Index k = rng.below(3); k > 0; --k) plant(2);
    const ReluGraph graph = lower(network, random_box(3, 2, rng));
    // Valid, and wide enough that no unit is stable.
    NeuronBounds bounds = interval_bounds(graph);
    for (LayerBounds& layer : bounds) {
      layer.lower = layer.lower.cwiseMin(-1);
      layer.upper = layer.upper.cwiseMax(1);
    }
    const Reduction reduction = simplify(graph, bounds);
    EXPECT_EQ(reduction.graph.neurons(), 9) << "case " << c << ", planted " << planted;
    EXPECT_EQ(static_cast<Index>(reduction.merges.size()), planted);
    expect_same_function(graph, reduction, 1e-12);
  }
}

}  // namespace
}  // namespace secateur::graph
