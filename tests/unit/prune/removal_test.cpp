// SPDX-License-Identifier: Apache-2.0
// Choosing and removing weights and nodes, without data or training.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "networks.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/node.hpp"
#include "secateur/prune/saliency.hpp"
#include "secateur/prune/weight.hpp"
#include "support/random_network.hpp"

namespace secateur::prune {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Matrix> magnitudes(const nn::Network& network) {
  return weight_saliency(network, box_of({0, 0}, {1, 1}), nullptr, Saliency::magnitude, false);
}

class Weights : public testing::Test {
 protected:
  nn::Network network = network_of({dense(2, 2, {1, -2, 3, 0}, {0, 0}), dense(1, 2, {-0.5, 4}, {7})});
};

TEST_F(Weights, GlobalTakesTheSmallestAndCountsZerosThatAreThere) {
  EXPECT_EQ(total_weights(network), 6);
  EXPECT_EQ(zero_weights(network), 1);
  EXPECT_THAT(choose_weights(network, magnitudes(network), 1, Scope::global), IsEmpty());
  EXPECT_THAT(choose_weights(network, magnitudes(network), 3, Scope::global),
              ElementsAre(WeightId{1, 0, 0}, WeightId{0, 0, 0}));
}

TEST_F(Weights, LayerTakesTheSameFractionOfEach) {
  // Three of six: two of the four in the first layer (one is zero already), one of the two in the second.
  EXPECT_THAT(choose_weights(network, magnitudes(network), 3, Scope::layer),
              ElementsAre(WeightId{0, 0, 0}, WeightId{1, 0, 0}));
}

TEST_F(Weights, EqualSalienciesAreTakenInOrder) {
  std::vector<Matrix> equal{Matrix::Ones(2, 2), Matrix::Ones(1, 2)};
  EXPECT_THAT(choose_weights(network, equal, 4, Scope::global),
              ElementsAre(WeightId{0, 0, 0}, WeightId{0, 0, 1}, WeightId{0, 1, 0}));
}

TEST_F(Weights, MoreThanThereAreTakesAll) {
  EXPECT_EQ(choose_weights(network, magnitudes(network), 60, Scope::global).size(), 5U);
  EXPECT_EQ(choose_weights(network, magnitudes(network), 60, Scope::layer).size(), 5U);
}

TEST_F(Weights, RemovalTouchesNothingElse) {
  const nn::Network before = network;
  remove_weights(network, {{0, 1, 0}});
  const auto now = dense_layers(std::as_const(network)), then = dense_layers(before);
  EXPECT_EQ(now[0]->weight, (Matrix(2, 2) << 1, -2, 0, 0).finished());
  EXPECT_EQ(now[0]->bias, then[0]->bias);
  EXPECT_EQ(now[1]->weight, then[1]->weight);
}

TEST_F(Weights, CompensationAddsTheReplacedContributionToTheBias) {
  const std::vector<Vector> replacements{Eigen::Vector2d(0.25, 8), Eigen::Vector2d(3, 5)};
  remove_weights(network, {{0, 0, 0}, {0, 0, 1}, {1, 0, 0}}, &replacements);
  const auto layers = dense_layers(network);
  EXPECT_EQ(layers[0]->bias, Eigen::Vector2d(1 * 0.25 - 2 * 8, 0));
  EXPECT_EQ(layers[1]->bias(0), 7 - 0.5 * 3);
}

TEST_F(Weights, CompensationKeepsThePrecisionOfTheFile) {
  network.precision = nn::Precision::float32;
  const std::vector<Vector> replacements{Eigen::Vector2d(0.1, 0), Eigen::Vector2d(0, 0)};
  remove_weights(network, {{0, 0, 0}}, &replacements);
  const double bias = dense_layers(network)[0]->bias(0);
  EXPECT_EQ(bias, static_cast<double>(0.1F));
}

TEST(Masks, AreOneWhereWeightsAreNotZero) {
  const nn::Network network = network_of({dense(2, 2, {1, -2, 3, 0}, {0, 0}), dense(1, 2, {-0.5, 4}, {7})});
  const train::Masks found = masks(network);
  EXPECT_EQ(found[0](0, 0), 1.0F);
  EXPECT_EQ(found[0](1, 1), 0.0F);
  EXPECT_EQ(found[1].sum(), 2.0F);
}

class Nodes : public testing::Test {
 protected:
  nn::Network network = network_of(
      {dense(3, 1, {1, 2, 3}, {0, 0, 0}), dense(2, 3, {1, 1, 1, 1, 1, 1}, {0, 0}), dense(1, 2, {1, 1}, {0})});
  std::vector<Vector> saliency{Eigen::Vector3d(5, 1, 3), Eigen::Vector2d(2, 4)};
  std::vector<Index> original{3, 2};
};

TEST_F(Nodes, GlobalTakesTheSmallest) {
  EXPECT_THAT(choose_nodes(network, saliency, original, 2, Scope::global), ElementsAre(ElementsAre(1), ElementsAre(0)));
}

TEST_F(Nodes, NoLayerLosesAllItsNodes) {
  EXPECT_THAT(choose_nodes(network, saliency, original, 3, Scope::global),
              ElementsAre(ElementsAre(1, 2), ElementsAre(0)));
  // All five are asked for, three can go.
  for (const Scope scope : {Scope::global, Scope::layer}) {
    EXPECT_THAT(choose_nodes(network, saliency, original, 5, scope), ElementsAre(ElementsAre(1, 2), ElementsAre(0)));
  }
}

TEST_F(Nodes, LayerTakesTheSameFractionOfEach) {
  saliency[1] = Eigen::Vector2d(20, 40);
  EXPECT_THAT(choose_nodes(network, saliency, original, 2, Scope::layer), ElementsAre(ElementsAre(1), ElementsAre(0)));
  EXPECT_THAT(choose_nodes(network, saliency, original, 2, Scope::global), ElementsAre(ElementsAre(1, 2), IsEmpty()));
}

TEST_F(Nodes, CountsThoseThatAreGoneAlready) {
  original = {7, 2};
  EXPECT_THAT(choose_nodes(network, saliency, original, 4, Scope::global), ElementsAre(IsEmpty(), IsEmpty()));
  EXPECT_THAT(choose_nodes(network, saliency, original, 5, Scope::global), ElementsAre(ElementsAre(1), IsEmpty()));
}

TEST_F(Nodes, RefusesToEmptyALayer) { EXPECT_THROW(remove_nodes(network, {{0, 1, 2}, {}}), std::invalid_argument); }

/// The network with the same nodes silenced instead of removed: their rows and biases zero, or, for a replacement m,
/// zero rows and the bias m.
nn::Network silenced(nn::Network network, const std::vector<std::vector<Index>>& nodes,
                     const std::vector<Vector>* replacements) {
  const auto layers = dense_layers(network);
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    for (const Index unit : nodes[k]) {
      layers[k]->weight.row(unit).setZero();
      layers[k]->bias(unit) = replacements == nullptr ? 0 : (*replacements)[k + 1](unit);
    }
  }
  return network;
}

TEST(RemoveNodes, LeavesTheFunctionOfTheOthers) {
  Rng rng(5);
  RandomNetwork how;
  how.widths = {3, 6, 5, 4, 2};
  how.scaling = true;
  const std::vector<std::vector<Index>> nodes{{0, 4, 5}, {}, {1, 2}};
  for (int trial = 0; trial < 20; ++trial) {
    nn::Network network = random_network(how, rng);
    const nn::Network expected = silenced(network, nodes, nullptr);
    remove_nodes(network, nodes);
    nn::check(network);
    EXPECT_EQ(hidden_widths(network), (std::vector<Index>{3, 5, 2}));
    EXPECT_EQ(nn::count_neurons(network), 10);
    const Matrix points = data::sample(random_box(3, 2, rng), 20, data::Sampling::sobol, 1);
    const Matrix there = nn::evaluate(expected, points), here = nn::evaluate(network, points);
    EXPECT_LE((there - here).cwiseAbs().maxCoeff(), 1e-11 * (1 + there.cwiseAbs().maxCoeff()));
  }
}

TEST(RemoveNodes, CompensationReplacesThemByConstants) {
  Rng rng(6);
  RandomNetwork how;
  how.widths = {3, 6, 5, 4, 2};
  // Neighbouring layers both lose nodes.
  const std::vector<std::vector<Index>> nodes{{0, 4}, {2, 3}, {1}};
  for (int trial = 0; trial < 20; ++trial) {
    nn::Network network = random_network(how, rng);
    std::vector<Vector> replacements;
    for (const Index width : {3, 6, 5, 4}) {
      replacements.emplace_back(Vector::NullaryExpr(width, [&] { return rng.uniform(); }));
    }
    const nn::Network expected = silenced(network, nodes, &replacements);
    remove_nodes(network, nodes, &replacements);
    const Matrix points = data::sample(random_box(3, 2, rng), 20, data::Sampling::sobol, 1);
    const Matrix there = nn::evaluate(expected, points), here = nn::evaluate(network, points);
    EXPECT_LE((there - here).cwiseAbs().maxCoeff(), 1e-11 * (1 + there.cwiseAbs().maxCoeff()));
  }
}

}  // namespace
}  // namespace secateur::prune
