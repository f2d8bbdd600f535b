// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/passes.hpp"

#include <gtest/gtest.h>

#include "secateur/graph/lower.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"
#include "support/reduced.hpp"

namespace secateur::graph {
namespace {

nn::Network tiny(Matrix first, Vector first_bias, Matrix second, Vector second_bias) {
  nn::Network network;
  network.input_names = nn::default_names("x", first.cols());
  network.output_names = nn::default_names("y", second.rows());
  network.layers = {nn::Dense{std::move(first), std::move(first_bias)}, nn::Relu{},
                    nn::Dense{std::move(second), std::move(second_bias)}};
  return network;
}

TEST(RemoveDead, InactiveConstantAndUnreadUnitsGo) {
  //            inactive   constant 2   unread   stays
  const nn::Network network = tiny(Matrix{{1.0}, {0.0}, {1.0}, {2.0}}, Vector{{-5.0, 2.0, 0.0, 0.5}},
                                   Matrix{{7.0, 3.0, 0.0, 1.0}}, Vector{{1.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0}}, Vector{{1.0}}});
  const Reduction reduction = remove_dead(graph, interval_bounds(graph));
  ASSERT_EQ(reduction.graph.depth(), 2);
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_EQ(reduction.origin[0], (std::vector<NeuronId>{{0, 3}}));
  EXPECT_EQ(reduction.graph.layers[1].bias(0), 7.0);  // 1 + 3 * 2
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 1), 1.0);
}

TEST(RemoveDead, ALayerThatLosesAllUnitsVanishes) {
  const nn::Network network = tiny(Matrix{{1.0}, {1.0}}, Vector{{-5.0, -6.0}}, Matrix{{7.0, 3.0}}, Vector{{1.5}});
  const ReluGraph graph = lower(network, {Vector{{-1.0}}, Vector{{1.0}}});
  const Reduction reduction = remove_dead(graph, interval_bounds(graph));
  ASSERT_EQ(reduction.graph.depth(), 1);
  check(reduction.graph);
  EXPECT_EQ(evaluate(reduction.graph, Matrix{{0.3}})(0, 0), 1.5);
}

TEST(FoldActive, BecomesASkipConnection) {
  // Unit 0 is active on the box: y = 2 (x + 3) + 5 relu(x) = 2 x + 6 + 5 relu(x).
  const nn::Network network = tiny(Matrix{{1.0}, {1.0}}, Vector{{3.0, 0.0}}, Matrix{{2.0, 5.0}}, Vector{{0.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0}}, Vector{{1.0}}});
  const Reduction reduction = fold_active(graph, interval_bounds(graph));
  const AffineLayer& output = reduction.graph.layers[1];
  EXPECT_EQ(reduction.graph.neurons(), 1);
  EXPECT_EQ(output.weight.coeff(0, 0), 2.0);
  EXPECT_EQ(output.weight.coeff(0, 1), 5.0);
  EXPECT_EQ(output.bias(0), 6.0);
}

// All passes, on random networks and boxes small enough to stabilise many units: the reduced graph's outputs equal the
// stored network's up to the errors it carries, in exact arithmetic; nothing stable is left; every unit knows its
// origin.
TEST(Simplify, KeepsTheFunctionAndMapsBack) {
  Rng rng(11);
  Index removed = 0;
  for (int c = 0; c < 200; ++c) {
    const nn::Network network =
        random_network({.widths = {2, 6, 5, 4, 2}, .density = c % 2 == 0 ? 1.0 : 0.4, .scaling = c % 3 == 0}, rng);
    const Box box = random_box(2, 0.5, rng);
    const ReluGraph graph = lower(network, box);
    const NeuronBounds bounds = interval_bounds(graph);
    const Reduction reduction = simplify(graph, bounds);
    check(reduction.graph);
    const NeuronBounds carried = carry(bounds, reduction);
    for (int k = 0; k + 1 < reduction.graph.depth(); ++k) {
      const LayerBounds& layer = carried[static_cast<std::size_t>(k)];
      EXPECT_TRUE((layer.lower.array() < 0).all() && (layer.upper.array() > 0).all());
    }
    removed += graph.neurons() - reduction.graph.neurons();
    for (int s = 0; s < 5; ++s) {
      const Vector x = random_point(box, rng);
      expect_within_errors(reduction, exact::preactivations(network, x), x, 1e-10);
    }
  }
  EXPECT_GT(removed, 1000);
}

// 1e-300 is a weight like any other: a unit that reads or is read through it alone stays, and so do its digits.
TEST(Simplify, NeverDropsATinyWeight) {
  const nn::Network network = tiny(Matrix{{1e-300, 0.0}, {0.0, 1.0}}, Vector{{0.0, 0.0}},
                                   Matrix{{1.0, 1e-300}, {0.0, 0.0}}, Vector{{0.0, 0.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}});
  const Reduction reduction = simplify(graph, interval_bounds(graph));
  EXPECT_EQ(reduction.graph.neurons(), 2);
  EXPECT_EQ(reduction.graph.layers[0].weight.coeff(0, 0), 1e-300);
  EXPECT_EQ(reduction.graph.layers[1].weight.coeff(0, 3), 1e-300);
}

// Three active units of which one is the sum of the others: whatever the dependence, all of them are folded.
TEST(Simplify, DependentActiveUnitsAllGo) {
  const nn::Network network = tiny(Matrix{{1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}, {1.0, -1.0}},
                                   Vector{{2.0, 2.0, 4.0, 0.0}}, Matrix{{1.0, 1.0, -1.0, 1.0}}, Vector{{0.5}});
  const ReluGraph graph = lower(network, {Vector{{-1.0, -1.0}}, Vector{{1.0, 1.0}}});
  const Reduction reduction = simplify(graph, interval_bounds(graph));
  EXPECT_EQ(reduction.graph.neurons(), 1);
  // They cancel: no skip connection is left.
  EXPECT_EQ(reduction.graph.layers[1].weight.nonZeros(), 1);
  EXPECT_EQ(reduction.graph.layers[1].bias(0), 0.5);
}

TEST(Simplify, CanKeepLayersFreeOfSkips) {
  //                                    active  opposite pair    twice the third
  const nn::Network network = tiny(Matrix{{1.0}, {1.0}, {-1.0}, {2.0}}, Vector{{3.0, 0.0, 0.0, 0.0}},
                                   Matrix{{1.0, 1.0, 1.0, 1.0}}, Vector{{0.0}});
  const ReluGraph graph = lower(network, {Vector{{-1.0}}, Vector{{1.0}}});
  const NeuronBounds bounds = interval_bounds(graph);
  EXPECT_EQ(simplify(graph, bounds).graph.neurons(), 1);
  const Reduction without = simplify(graph, bounds, {.fold = false});
  EXPECT_EQ(without.graph.neurons(), 3);
  EXPECT_EQ(without.graph.layers[1].weight.coeff(0, 0), 0.0);
  EXPECT_EQ(simplify(graph, bounds, {.fold = false, .merge = false}).graph.neurons(), 4);
}

TEST(Simplify, RefusesBoundsOfAnotherGraph) {
  Rng rng(13);
  const ReluGraph graph = lower(random_network({.widths = {2, 3, 1}}, rng), random_box(2, 1, rng));
  const ReluGraph other = lower(random_network({.widths = {2, 4, 1}}, rng), random_box(2, 1, rng));
  EXPECT_THROW(simplify(graph, interval_bounds(other)), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::graph
