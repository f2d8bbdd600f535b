// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "unit/nn/networks.hpp"

namespace secateur::nn {
namespace {

using testing::HasSubstr;

/// The message of the std::invalid_argument that check() throws, or "" if it throws nothing.
std::string complaint(const Network& network) {
  try {
    check(network);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(DefaultNames, CountFromZero) {
  EXPECT_THAT(default_names("x", 3), testing::ElementsAre("x[0]", "x[1]", "x[2]"));
  EXPECT_TRUE(default_names("y", 0).empty());
}

TEST(Check, AcceptsLayersThatChain) { EXPECT_EQ(complaint(every_layer()), ""); }

TEST(Check, AcceptsANetworkWithoutLayers) {
  Network network;
  network.input_names = network.output_names = {"a", "b"};
  EXPECT_EQ(complaint(network), "");
}

TEST(Check, RefusesSizesThatDoNotChain) {
  auto network = every_layer();
  std::get<Dense>(network.layers[1]).weight.resize(3, 4);
  std::get<Dense>(network.layers[1]).weight.setZero();
  EXPECT_THAT(complaint(network), HasSubstr("layer 1: a row of the weight has 4 entries, expected 2"));
  network = every_layer();
  std::get<Dense>(network.layers[1]).bias = Vector::Zero(2);
  EXPECT_THAT(complaint(network), HasSubstr("layer 1: the bias has 2 entries, expected 3"));
  network = every_layer();
  std::get<Elementwise>(network.layers[0]).constant = Vector::Zero(3);
  EXPECT_THAT(complaint(network), HasSubstr("layer 0: the constant has 3 entries, expected 2"));
  network = every_layer();
  network.layers.insert(network.layers.begin(), Dense{Matrix(0, 2), Vector(0)});
  EXPECT_THAT(complaint(network), HasSubstr("layer 0 has no units"));
}

TEST(Check, RefusesNamesThatDoNotFit) {
  auto network = every_layer();
  network.output_names.push_back("more");
  EXPECT_THAT(complaint(network), HasSubstr("2 units, but there are 3 output names"));
  network = every_layer();
  network.input_names = {"a", "a"};
  EXPECT_THAT(complaint(network), HasSubstr("two inputs are called a"));
  network.input_names = {"a", ""};
  EXPECT_THAT(complaint(network), HasSubstr("an input has an empty name"));
  network.input_names.clear();
  EXPECT_THAT(complaint(network), HasSubstr("no inputs"));
}

TEST(Check, RefusesNumbersThatCannotBeComputedWith) {
  auto network = every_layer();
  std::get<Dense>(network.layers[1]).weight(2, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(complaint(network), HasSubstr("layer 1 holds a number that is not finite"));
  network = every_layer();
  std::get<Dense>(network.layers[1]).bias[0] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(complaint(network), HasSubstr("layer 1 holds a number that is not finite"));
  network = every_layer();
  std::get<Elementwise>(network.layers[0]) = {ElementwiseOp::divide, Vector::Zero(2)};
  EXPECT_THAT(complaint(network), HasSubstr("layer 0 divides by zero"));
}

TEST(Check, RefusesABoxThatIsNone) {
  auto network = every_layer();
  network.box->lower[0] = 7;
  EXPECT_THAT(complaint(network), HasSubstr("lower <= upper"));
  network.box->lower[0] = -std::numeric_limits<double>::infinity();
  EXPECT_THAT(complaint(network), HasSubstr("not finite"));
  network.box->lower = Vector::Zero(3);
  EXPECT_THAT(complaint(network), HasSubstr("one interval per input"));
}

TEST(Count, WeightsAreTheNonZeroOnesOfDenseLayers) {
  EXPECT_EQ(count_weights(every_layer()), 5 + 3 + 2);
  EXPECT_EQ(count_neurons(every_layer()), 3 + 3);
}

TEST(StoragePrecision, IsTheNetworksOwnUnlessANumberIsNoFloat) {
  auto network = every_layer();
  EXPECT_EQ(storage_precision(network), Precision::float32);
  std::get<Dense>(network.layers[1]).bias[1] = 0.1;
  EXPECT_EQ(storage_precision(network), Precision::float64);
  network = every_layer();
  std::get<Elementwise>(network.layers[0]).constant[1] = 1e300;
  EXPECT_EQ(storage_precision(network), Precision::float64);
  network = every_layer();
  network.precision = Precision::float64;
  EXPECT_EQ(storage_precision(network), Precision::float64);
}

TEST(Check, SparseLayersAndSomeReluUnits) {
  EXPECT_NO_THROW(check(residual()));
  EXPECT_EQ(count_weights(residual()), 7 + 6);
  EXPECT_EQ(count_neurons(residual()), 3);
  EXPECT_EQ(layer_sizes(residual()), (std::vector<Index>{5, 5, 2}));
  const auto refused = [](auto change) {
    Network network = residual();
    change(network);
    EXPECT_THROW(check(network), std::invalid_argument);
  };
  refused([](Network& n) { std::get<Relu>(n.layers[1]).units = {2, 5}; });
  refused([](Network& n) { std::get<Relu>(n.layers[1]).units = {-1}; });
  refused([](Network& n) { std::get<Relu>(n.layers[1]).units = {3, 2}; });
  refused([](Network& n) { std::get<Relu>(n.layers[1]).units = {2, 2}; });
  refused([](Network& n) { std::get<Sparse>(n.layers[0]).bias = Vector::Zero(4); });
  refused([](Network& n) {
    std::get<Sparse>(n.layers[0]).weight.coeffRef(0, 0) = std::numeric_limits<double>::infinity();
  });
  refused([](Network& n) { std::get<Sparse>(n.layers[0]).weight.coeffRef(0, 1) = 1; });  // not compressed any more
  refused([](Network& n) { n.layers.erase(n.layers.begin()); });
}

TEST(StoragePrecision, OfSparseLayers) {
  Network network = residual();
  EXPECT_EQ(storage_precision(network), Precision::float32);
  std::get<Sparse>(network.layers[2]).weight.coeffRef(0, 0) = 0.1;
  EXPECT_EQ(storage_precision(network), Precision::float64);
}

}  // namespace
}  // namespace secateur::nn
