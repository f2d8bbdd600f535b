// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "secateur/core/error.hpp"
#include "secateur/nn/onnx.hpp"
#include "unit/nn/networks.hpp"

namespace secateur::nn {
namespace {

Network copied(const Network& network) { return read_onnx_bytes(to_onnx_bytes(network), "copy.onnx"); }

TEST(RoundTrip, KeepsEveryLayerBitForBit) {
  const Network network = every_layer();
  const Network copy = copied(network);
  EXPECT_EQ(copy.precision, Precision::float32);
  EXPECT_TRUE(same_bits(copy.layers, network.layers));
  EXPECT_EQ(copy.input_names, network.input_names);
  EXPECT_EQ(copy.output_names, network.output_names);
  ASSERT_TRUE(copy.box.has_value());
  EXPECT_TRUE(same_bits(copy.box->lower, network.box->lower));
  EXPECT_TRUE(same_bits(copy.box->upper, network.box->upper));
}

TEST(RoundTrip, KeepsFloat64BitForBit) {
  Rng rng(3);
  Network network = every_layer();
  network.precision = Precision::float64;
  for (auto& layer : network.layers) {
    if (auto* dense = std::get_if<Dense>(&layer)) {
      dense->weight = random_matrix(rng, dense->weight.rows(), dense->weight.cols());
      dense->bias *= 0.1;
    }
    if (auto* elementwise = std::get_if<Elementwise>(&layer)) elementwise->constant *= 1.0 / 3;
  }
  const Network copy = copied(network);
  EXPECT_EQ(copy.precision, Precision::float64);
  EXPECT_TRUE(same_bits(copy.layers, network.layers));
}

TEST(RoundTrip, KeepsNegativeZeroAndSubnormals) {
  Network network = every_layer();
  auto& dense = std::get<Dense>(network.layers[1]);
  dense.weight(0, 0) = -0.0;
  dense.weight(1, 1) = 0x1p-149;
  dense.bias.setConstant(-0.0);
  EXPECT_TRUE(same_bits(copied(network).layers, network.layers));
  dense.weight(1, 1) = 0x1p-1074;
  EXPECT_TRUE(same_bits(copied(network).layers, network.layers));
}

TEST(RoundTrip, WritesFloat64WhenANumberIsNoFloat) {
  Network network = every_layer();
  std::get<Dense>(network.layers[1]).weight(0, 0) = 0.1;
  const Network copy = copied(network);
  EXPECT_EQ(copy.precision, Precision::float64);
  EXPECT_TRUE(same_bits(copy.layers, network.layers));
}

TEST(RoundTrip, KeepsSparseLayersSomeReluUnitsAndTheActivation) {
  Network network = residual();
  for (const Activation activation :
       {Activation::none, Activation::sigmoid, Activation::softmax, Activation::log_softmax}) {
    network.activation = activation;
    const Network copy = copied(network);
    EXPECT_TRUE(same_bits(copy.layers, network.layers));
    EXPECT_EQ(copy.activation, activation);
    EXPECT_EQ(copy.precision, Precision::float32);
  }
  auto& last = std::get<Sparse>(network.layers[2]);
  last.weight.coeffRef(0, 0) = 0.1;
  last.weight.coeffRef(1, 1) = -0.0;
  const Network wide = copied(network);
  EXPECT_TRUE(same_bits(wide.layers, network.layers)) << "a stored zero stays stored";
  EXPECT_EQ(wide.precision, Precision::float64);
}

TEST(RoundTrip, NetworkWithoutLayers) {
  Network network;
  network.input_names = network.output_names = {"a", "b"};
  const Network copy = copied(network);
  EXPECT_TRUE(copy.layers.empty());
  EXPECT_EQ(copy.inputs(), 2);
}

TEST(RoundTrip, KeepsNamesThatNeedEscaping) {
  Network network = every_layer();
  network.input_names = {"a \"b\"\n", "Größe, µm"};
  network.box.reset();
  const Network copy = copied(network);
  EXPECT_EQ(copy.input_names, network.input_names);
  EXPECT_FALSE(copy.box.has_value());
}

TEST(Write, SameNetworkSameBytes) { EXPECT_EQ(to_onnx_bytes(every_layer()), to_onnx_bytes(every_layer())); }

TEST(Write, StatesWhatItIs) {
  OnnxInfo info;
  read_onnx_bytes(to_onnx_bytes(every_layer()), "copy.onnx", {}, &info);
  EXPECT_EQ(info.opset, 17);
  EXPECT_EQ(info.ir_version, 8);
  EXPECT_EQ(info.producer, "secateur");
  EXPECT_THAT(info.ops,
              testing::ElementsAre("Sub", "Gemm", "Relu", "Sub", "Gemm", "Relu", "Div", "Gemm", "Mul", "Add"));
}

TEST(Write, SparseLayersTakeTheMemoryOfTheirEntries) {
  // A selection of 1000 out of a million inputs: as a dense matrix it would take 4 GB.
  constexpr Index inputs = 1'000'000, outputs = 1000;
  Network network;
  network.input_names = default_names("x", inputs);
  network.output_names = default_names("y", outputs);
  SparseMatrix weight(outputs, inputs);
  for (Index i = 0; i < outputs; ++i) weight.insert(i, 999 * i) = 1;
  weight.makeCompressed();
  network.layers = {Sparse{weight, Vector::Zero(outputs)}};
  const std::string bytes = to_onnx_bytes(network);
  EXPECT_LT(bytes.size(), std::size_t{32} << 20);  // most of it names
  EXPECT_TRUE(same_bits(read_onnx_bytes(bytes, "copy.onnx").layers, network.layers));
}

TEST(Write, RefusesNamesThatAreNotUtf8) {
  Network network = every_layer();
  network.input_names[0] =
      "Gr\xf6\xdf"
      "e";
  EXPECT_THROW(to_onnx_bytes(network), InputError);
}

TEST(Write, RefusesANetworkThatDoesNotChain) {
  Network network = every_layer();
  network.layers.erase(network.layers.begin() + 4);
  network.output_names.pop_back();
  EXPECT_THROW(to_onnx_bytes(network), std::invalid_argument);
}

TEST(Write, FileAppearsWholeOrNotAtAll) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "secateur_onnx_write";
  std::filesystem::remove_all(folder);
  EXPECT_THROW(write_onnx(every_layer(), folder / "net.onnx"), InputError);
  std::filesystem::create_directories(folder);
  write_onnx(every_layer(), folder / "net.onnx");
  EXPECT_TRUE(same_bits(read_onnx(folder / "net.onnx").layers, every_layer().layers));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace secateur::nn
