// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "brute_force.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/difference.hpp"
#include "secateur/bounds/lossless.hpp"
#include "secateur/mip/solve.hpp"
#include "support/over_box.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

/// A network with a multiple of a hidden unit and the opposite of another in its first layer.
nn::Network with_relatives(Rng& rng) {
  nn::Network network = random_network({.widths = {2, 4, 3, 1}}, rng);
  auto& first = std::get<nn::Dense>(network.layers[0]);
  auto& second = std::get<nn::Dense>(network.layers[2]);
  const Index units = first.bias.size();
  first.weight.conservativeResize(units + 2, Eigen::NoChange);
  first.bias.conservativeResize(units + 2);
  second.weight.conservativeResize(Eigen::NoChange, units + 2);
  for (const auto& [unit, factor] : {std::pair<Index, double>{0, 2.0}, std::pair<Index, double>{1, -0.5}}) {
    const Index at = units + unit;
    first.weight.row(at) = factor * first.weight.row(unit);
    first.bias(at) = factor * first.bias(unit);
    for (Index i = 0; i < second.weight.rows(); ++i) second.weight(i, at) = rng.normal();
  }
  return network;
}

/// Brute force walks the stored layers; the solver has merged, folded and dropped units before it builds its model.
TEST(Passes, SolveFindsTheOptimumOfTheNetworkAsStored) {
  Rng rng(31);
  BruteForce brute_force;
  for (int c = 0; c < 25; ++c) {
    const nn::Network network = with_relatives(rng);
    const Box box = random_box(2, 2, rng);
    const OverBox problem{network, box, Vector{{1.0}}, c % 2 == 0 ? Sense::minimize : Sense::maximize};
    const double truth = brute_force.solve(network, box, problem.objective, problem.sense).objective;
    const model::SolveResult result = mip::solve(problem, {});
    ASSERT_EQ(result.status, Status::optimal) << c;
    EXPECT_NEAR(result.objective.value(), truth, 1e-3 * std::max(1.0, std::abs(truth)));
  }
}

/// A network that is equal on the box has the same optimum there, within the certified difference.
TEST(Passes, TheSmallerNetworkHasTheSameOptimum) {
  Rng rng(32);
  BruteForce brute_force;
  Index removed = 0;
  for (int c = 0; c < 40; ++c) {
    const nn::Network network = with_relatives(rng);
    const Box box = random_box(2, 1, rng);
    const bounds::Smaller smaller = bounds::lossless(network, box, {.skips = graph::Skips::relu});
    removed += nn::count_neurons(network) - nn::count_neurons(smaller.network);
    const Vector objective{{1.0}};
    const double truth = brute_force.solve(network, box, objective, Sense::minimize).objective;
    const double found = brute_force.solve(smaller.network, box, objective, Sense::minimize).objective;
    // The linear programs have tolerances; the difference has none.
    EXPECT_NEAR(found, truth, smaller.difference(0) + 1e-6 * std::max(1.0, std::abs(truth)));
  }
  EXPECT_GT(removed, 40);
}

/// Certified transfer: the optimum of one network bounds the other's.
TEST(Passes, TheOptimumOfAnotherNetworkWithinTheDifference) {
  Rng rng(33);
  BruteForce brute_force;
  for (int c = 0; c < 25; ++c) {
    const nn::Network dense = random_network({.widths = {2, 5, 4, 1}}, rng);
    nn::Network pruned = dense;
    for (nn::Layer& layer : pruned.layers) {
      if (auto* affine = std::get_if<nn::Dense>(&layer)) {
        affine->weight = affine->weight.unaryExpr([](double w) { return std::abs(w) < 0.1 ? 0.0 : w; }).eval();
      }
    }
    const Box box = random_box(2, 1, rng);
    const Box difference = bounds::difference(dense, pruned, box, {.parts = 4});
    const double of_dense = brute_force.solve(dense, box, Vector{{1.0}}, Sense::minimize).objective;
    const double of_pruned = brute_force.solve(pruned, box, Vector{{1.0}}, Sense::minimize).objective;
    const double slack = 1e-6 * std::max(1.0, std::abs(of_dense));
    EXPECT_GE(of_dense, of_pruned + difference.lower(0) - slack);
    EXPECT_LE(of_dense, of_pruned + difference.upper(0) + slack);
  }
}

}  // namespace
}  // namespace secateur
