// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "secateur/core/error.hpp"
#include "secateur/nn/evaluate.hpp"
#include "unit/nn/networks.hpp"

namespace secateur::nn {
namespace {

/// The kinds of the layers, one letter each: D, E, R.
std::string kinds(const Network& network) {
  std::string result;
  for (const auto& layer : network.layers) result += "DER"[layer.index()];
  return result;
}

/// A network of random layers of the given kinds, with two inputs.
Network random_network(const std::string& pattern, std::uint64_t seed) {
  Rng rng(seed);
  Network network;
  network.precision = Precision::float64;
  Index size = 2;
  for (const char kind : pattern) {
    if (kind == 'D') {
      const Index rows = 1 + rng.below(4);
      network.layers.emplace_back(Dense{random_matrix(rng, rows, size), random_matrix(rng, rows, 1)});
      size = rows;
    } else if (kind == 'E') {
      const auto op = static_cast<ElementwiseOp>(rng.below(5));
      network.layers.emplace_back(Elementwise{op, random_matrix(rng, size, 1)});
    } else {
      network.layers.emplace_back(Relu{});
    }
  }
  network.input_names = default_names("x", 2);
  network.output_names = default_names("y", size);
  return network;
}

struct Case {
  const char* pattern;
  const char* canonical;
};

class CanonicalOrder : public testing::TestWithParam<Case> {};

TEST_P(CanonicalOrder, HasTheFormAndTheSameValues) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Network network = random_network(GetParam().pattern, seed);
    const Network result = canonical(network);
    EXPECT_EQ(kinds(result), GetParam().canonical);
    EXPECT_EQ(result.input_names, network.input_names);
    EXPECT_EQ(result.output_names, network.output_names);
    Rng rng(seed);
    const Matrix points = random_matrix(rng, 10, 2);
    const Matrix expected = evaluate(network, points);
    const double scale = 1 + expected.cwiseAbs().maxCoeff();
    EXPECT_LE((evaluate(result, points) - expected).cwiseAbs().maxCoeff(), 1e-9 * scale)
        << GetParam().pattern << " seed " << seed;
    EXPECT_TRUE(same_bits(canonical(result).layers, result.layers));
  }
}

INSTANTIATE_TEST_SUITE_P(Patterns, CanonicalOrder,
                         testing::Values(Case{"", "D"}, Case{"E", "ED"}, Case{"EE", "EED"}, Case{"D", "D"},
                                         Case{"R", "DRD"}, Case{"RR", "DRD"}, Case{"DR", "DRD"}, Case{"RD", "DRD"},
                                         Case{"DD", "D"}, Case{"DED", "D"}, Case{"EDE", "EDE"}, Case{"DRE", "DRDE"},
                                         Case{"ER", "EDRD"}, Case{"DERD", "DRD"}, Case{"DRED", "DRD"},
                                         Case{"DREED", "DRD"}, Case{"RERD", "DRDRD"}, Case{"RER", "DRDRD"},
                                         Case{"DRERD", "DRDRD"}, Case{"DRRRD", "DRD"}, Case{"EEDDEERREDEDE", "EEDRDE"},
                                         Case{"EDRDRDE", "EDRDRDE"}, Case{"DRREDR", "DRDRD"}));

TEST(Canonical, LeavesACanonicalNetworkAlone) {
  const Network network = random_network("EEDRDRDEE", 5);
  EXPECT_TRUE(same_bits(canonical(network).layers, network.layers));
}

TEST(Canonical, FoldsByHand) {
  // y = 3 (2 - max(0, x / 2 + 1)) + 4 = -3 max(0, x / 2 + 1) + 10.
  Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {Dense{Matrix::Constant(1, 1, 1), vector({2})}, Elementwise{ElementwiseOp::divide, vector({2})},
                    Relu{}, Elementwise{ElementwiseOp::subtract_from, vector({2})},
                    Dense{Matrix::Constant(1, 1, 3), vector({4})}};
  const Network result = canonical(network);
  ASSERT_EQ(kinds(result), "DRD");
  EXPECT_EQ(std::get<Dense>(result.layers[0]).weight(0, 0), 0.5);
  EXPECT_EQ(std::get<Dense>(result.layers[0]).bias[0], 1);
  EXPECT_EQ(std::get<Dense>(result.layers[2]).weight(0, 0), -3);
  EXPECT_EQ(std::get<Dense>(result.layers[2]).bias[0], 10);
  EXPECT_EQ(result.precision, Precision::float32);
}

TEST(Canonical, ProductsThatAreNoFloatsMakeItFloat64) {
  const Network result = canonical(every_layer());  // 1/3 and 1/7 come in
  EXPECT_EQ(kinds(result), "EDRDRDEE");
  EXPECT_EQ(result.precision, Precision::float64);
  EXPECT_EQ(result.box->lower[1], 0.1);
}

TEST(Canonical, RefusesProductsThatOverflow) {
  Network network;
  network.precision = Precision::float64;
  network.input_names = {"x"};
  network.output_names = {"y"};
  const Dense huge{Matrix::Constant(1, 1, 1e200), vector({0})};
  network.layers = {huge, huge};
  EXPECT_THROW(canonical(network), InputError);
}

TEST(Canonical, RefusesLayersThatAreNotDense) {
  const auto refused = [](const Network& network) {
    try {
      canonical(network);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Network network = every_layer();
  network.activation = Activation::sigmoid;
  EXPECT_EQ(refused(network),
            "training and pruning work on networks of dense layers only; this one has a final sigmoid");
  network = every_layer();
  std::get<Relu>(network.layers[2]).units = {1};
  EXPECT_NE(refused(network).find("a residual connection or the like"), std::string::npos);
  EXPECT_NE(refused(residual()).find("a convolution, a pooling"), std::string::npos);
}

}  // namespace
}  // namespace secateur::nn
