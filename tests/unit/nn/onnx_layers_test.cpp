// SPDX-License-Identifier: Apache-2.0
// Residual, convolutional and piecewise linear layers: which layers they become, and what is refused. That they compute
// what onnxruntime computes is in onnx_fixtures_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Message square() { return floats("A", {3, 3}, {1, 2, 0, 0, -1, 1, 1, 0, 1}); }

TEST(Residual, KeepsTheInputUntilItIsRead) {
  // y = x + relu(x A): [x, x A], a ReLU of the second half, and the sum.
  const Network network = read(ModelBuilder()
                                   .constant(square())
                                   .add("MatMul", {"x", "A"}, "z")
                                   .add("Relu", {"z"}, "a")
                                   .add("Add", {"x", "a"}, "y"));
  ASSERT_EQ(kinds(network), "SRS");
  EXPECT_THAT(std::get<Relu>(network.layers[1]).units, ElementsAre(3, 4, 5));
  EXPECT_EQ(std::get<Sparse>(network.layers[0]).weight.nonZeros(), 3 + 6);
  EXPECT_EQ(count_neurons(network), 3);
  EXPECT_THAT(at(network, {1, 2, -3}), ElementsAre(1 + 0, 2 + 0, -3 + 0));
  EXPECT_THAT(at(network, {1, -2, 3}), ElementsAre(1 + 4, -2 + 4, 3 + 1));
}

TEST(Residual, ABiasBehindABranchIsItsBiasOnlyWhereNothingElseReadsTheBranch) {
  const auto model = [](const char* read_again) {
    return ModelBuilder()
        .constant(square())
        .constant(floats("b", {3}, {1, 2, 3}))
        .add("MatMul", {"x", "A"}, "z")
        .add("Add", {"z", "b"}, "v")
        .add("Add", {"v", read_again}, "y");
  };
  EXPECT_EQ(kinds(read(model("x"))), "SS");
  EXPECT_EQ(kinds(read(model("z"))), "DSES");
  EXPECT_THAT(at(read(model("z")), {1, 0, 0}), ElementsAre(3, 6, 3));
  EXPECT_THAT(at(read(model("x")), {1, 0, 0}), ElementsAre(3, 4, 3));
}

TEST(Residual, EveryElementwiseOperationLeavesOtherBranchesAlone) {
  const auto model = [](const char* type, const Strings& inputs) {
    return ModelBuilder().constant(floats("c", {3}, {1, 2, 4})).add(type, inputs, "z").add("Sub", {"z", "x"}, "y");
  };
  EXPECT_THAT(at(read(model("Add", {"x", "c"})), {1, 2, 3}), ElementsAre(1, 2, 4));
  EXPECT_THAT(at(read(model("Sub", {"x", "c"})), {1, 2, 3}), ElementsAre(-1, -2, -4));
  EXPECT_THAT(at(read(model("Sub", {"c", "x"})), {1, 2, 3}), ElementsAre(-1, -2, -2));
  EXPECT_THAT(at(read(model("Mul", {"x", "c"})), {1, 2, 3}), ElementsAre(0, 2, 9));
  EXPECT_THAT(at(read(model("Div", {"x", "c"})), {1, 2, 3}), ElementsAre(0, -1, 0.75 - 3));
}

TEST(Residual, UnusedBranchesAreLeftOut) {
  const Network network = read(ModelBuilder()
                                   .constant(square())
                                   .add("MatMul", {"x", "A"}, "z")
                                   .add("Add", {"z", "x"}, "unused")
                                   .add("Relu", {"z"}, "y"));
  EXPECT_EQ(kinds(network), "DR");
}

TEST(Residual, RefusesWhatMixesSamples) {
  const auto refused = [](ModelBuilder model) { return refusal(model.add("Add", {"x", "z"}, "y")); };
  EXPECT_THAT(refused(ModelBuilder().add("Transpose", {"x"}, "z")), HasSubstr("do not go together sample by sample"));
  EXPECT_THAT(refused(ModelBuilder().constant(floats("A", {3, 2}, {1, 2, 3, 4, 5, 6})).add("MatMul", {"x", "A"}, "z")),
              HasSubstr("adds tensors of shapes [batch, 3] and [batch, 2]"));
  EXPECT_THAT(refusal(ModelBuilder().add("Concat", {"x", "x"}, "y", {attribute("axis", 0)})),
              HasSubstr("along the batch (leading) dimension"));
  EXPECT_THAT(refusal(ModelBuilder().add("ReduceSum", {"x"}, "y")), HasSubstr("reduces the batch"));
  EXPECT_THAT(refusal(ModelBuilder().add(node("Split", {"x"}, {"y", "z"}, {attribute("axis", 0)}))),
              HasSubstr("along the batch"));
}

TEST(PiecewiseLinear, BecomesReluLayers) {
  const auto kinds_of = [](const ModelBuilder& model) { return kinds(read(model)); };
  const ModelBuilder zero = ModelBuilder().constant(floats("c", {}, {0})).constant(floats("d", {}, {6}));
  EXPECT_EQ(kinds_of(ModelBuilder(zero).add("Max", {"c", "x"}, "y")), "R");
  EXPECT_EQ(kinds_of(ModelBuilder(zero).add("Clip", {"x", "c"}, "y")), "R");
  EXPECT_EQ(kinds_of(ModelBuilder(zero).add("Clip", {"x", "c", "d"}, "y")), "RERE");
  EXPECT_EQ(kinds_of(ModelBuilder(zero).add("Clip", {"x", "d", ""}, "y")), "ERE");
  EXPECT_EQ(kinds_of(ModelBuilder().add("Clip", {"x"}, "y")), "");
  EXPECT_EQ(kinds_of(ModelBuilder().add("LeakyRelu", {"x"}, "y", {attribute("alpha", 0.0)})), "R");
  EXPECT_EQ(kinds_of(ModelBuilder().add("Abs", {"x"}, "y")), "SRS");
  const Network mask = read(ModelBuilder().constant(floats("s", {3}, {0, 1, 0})).add("PRelu", {"x", "s"}, "y"));
  ASSERT_EQ(kinds(mask), "R");
  EXPECT_THAT(std::get<Relu>(mask.layers[0]).units, ElementsAre(0, 2));
  EXPECT_EQ(count_neurons(mask), 2);
}

TEST(PiecewiseLinear, LeakyReluHasOneReluAndStaysFloat32) {
  const Network network = read(ModelBuilder().add("LeakyRelu", {"x"}, "y", {attribute("alpha", 0.01)}));
  EXPECT_EQ(count_neurons(network), 3);
  EXPECT_EQ(storage_precision(network), Precision::float32);
  EXPECT_THAT(at(network, {-100, 0, 7}), ElementsAre(-100 * static_cast<double>(0.01F), 0, 7));
}

TEST(PiecewiseLinear, Refusals) {
  const ModelBuilder bounds = ModelBuilder().constant(floats("c", {}, {1})).constant(floats("d", {2}, {1, 2}));
  EXPECT_THAT(refusal(ModelBuilder(bounds).constant(floats("e", {}, {0})).add("Clip", {"x", "c", "e"}, "y")),
              HasSubstr("its lower bound is above its upper bound"));
  EXPECT_THAT(refusal(ModelBuilder(bounds).add("Clip", {"x", "d"}, "y")), HasSubstr("\"min\" is not one number"));
  EXPECT_THAT(refusal(ModelBuilder(bounds).add("Clip", {"x", "x"}, "y")), HasSubstr("min depends on the input data"));
  EXPECT_THAT(refusal(ModelBuilder(bounds).add("PRelu", {"x", "d"}, "y")), HasSubstr("does not broadcast"));
  EXPECT_THAT(refusal(ModelBuilder(bounds).add("Max", {"x", "d"}, "y")), HasSubstr("do not go together"));
  EXPECT_THAT(refusal(ModelBuilder(bounds).add("Max", {"c", "c"}, "y")), HasSubstr("constants only"));
}

// x as [batch, 1, 3], a kernel of 2: y = [x0 - 2 x1, x1 - 2 x2].
TEST(Conv, IsSparse) {
  const auto model = [](const std::vector<Message>& attributes, const Message& weight) {
    return ModelBuilder().input(float_type, {-1, 1, 3}).constant(weight).add("Conv", {"x", "A"}, "y", attributes);
  };
  const Message weight = floats("A", {1, 1, 2}, {1, -2});
  const Network network = read(model({}, weight));
  ASSERT_EQ(kinds(network), "S");
  EXPECT_EQ(std::get<Sparse>(network.layers[0]).weight.nonZeros(), 4);
  EXPECT_THAT(at(network, {1, 2, 3}), ElementsAre(-3, -4));
  EXPECT_THAT(at(read(model({attribute("pads", Dims{1, 0})}, weight)), {1, 2, 3}), ElementsAre(-2, -3, -4));
  EXPECT_THAT(refusal(model({attribute("group", 2)}, weight)), HasSubstr("in 2 groups does not fit the data"));
  EXPECT_THAT(refusal(model({attribute("pads", Dims{1})}, weight)), HasSubstr("has 1 entries instead of 2"));
  EXPECT_THAT(refusal(model({attribute("strides", Dims{0})}, weight)), HasSubstr("\"strides\" holds 0"));
  EXPECT_THAT(refusal(model({attribute("dilations", Dims{3})}, weight)), HasSubstr("larger than the padded data"));
  EXPECT_THAT(refusal(model({attribute("kernel_shape", Dims{3})}, weight)), HasSubstr("is not the shape"));
  EXPECT_THAT(refusal(model({}, floats("A", {1, 2, 2}, {1, 2, 3, 4}))), HasSubstr("does not fit the data"));
  EXPECT_THAT(refusal(model({}, floats("A", {0, 1, 2}, {}))), HasSubstr("is empty"));
}

TEST(Pool, Refusals) {
  const auto model = [](const char* type, const std::vector<Message>& attributes) {
    return ModelBuilder().input(float_type, {-1, 1, 3}).add(type, {"x"}, "y", attributes);
  };
  EXPECT_THAT(refusal(model("MaxPool", {})), HasSubstr("states no kernel_shape"));
  EXPECT_THAT(refusal(model("MaxPool", {attribute("kernel_shape", Dims{2}), attribute("strides", Dims{2}),
                                        attribute("ceil_mode", 1)})),
              HasSubstr("ceil_mode"));
  EXPECT_THAT(refusal(model("AveragePool", {attribute("kernel_shape", Dims{1}), attribute("pads", Dims{2, 0})})),
              HasSubstr("lies in the padding entirely"));
  EXPECT_THAT(refusal(ModelBuilder().add("GlobalMaxPool", {"x"}, "y")), HasSubstr("works on data of shape [batch, 3]"));
}

TEST(BatchNormalization, Refusals) {
  const auto model = [](const Message& variance, const std::vector<Message>& attributes) {
    return ModelBuilder()
        .constant(floats("one", {3}, {1, 1, 1}))
        .constant(variance)
        .add("BatchNormalization", {"x", "one", "one", "one", "v"}, "y", attributes);
  };
  EXPECT_EQ(kinds(read(model(floats("v", {3}, {1, 2, 3}), {}))), "EEEE");
  EXPECT_THAT(refusal(model(floats("v", {3}, {1, -2, 3}), {})), HasSubstr("plus epsilon is not above zero"));
  EXPECT_THAT(refusal(model(floats("v", {2}, {1, 2}), {})), HasSubstr("not one number for each of the 3 channels"));
  EXPECT_THAT(refusal(model(floats("v", {3}, {1, 2, 3}), {attribute("training_mode", 1)})), HasSubstr("training mode"));
}

TEST(FinalActivation, IsRecordedAtTheEndOnly) {
  EXPECT_EQ(read(ModelBuilder().add("Sigmoid", {"x"}, "y")).activation, Activation::sigmoid);
  EXPECT_EQ(read(ModelBuilder().add("Softmax", {"x"}, "s").add("Identity", {"s"}, "y")).activation,
            Activation::softmax);
  EXPECT_EQ(read(ModelBuilder().add("LogSoftmax", {"x"}, "y")).activation, Activation::log_softmax);
  EXPECT_THAT(refusal(ModelBuilder().add("Sigmoid", {"x"}, "s").add("Relu", {"s"}, "y")),
              HasSubstr("is applied behind a sigmoid, which is supported at the end of a network only"));
  EXPECT_THAT(refusal(ModelBuilder().add("Softmax", {"x"}, "y", {attribute("axis", 0)})),
              HasSubstr("does not run over all elements of a sample"));
  EXPECT_THAT(refusal(ModelBuilder().input(float_type, {-1, 2, 3}).add("Softmax", {"x"}, "y")),
              HasSubstr("does not run over all elements of a sample"));
}

TEST(Selection, Refusals) {
  const ModelBuilder lists = ModelBuilder()
                                 .constant(integers("i", {2}, {0, 3}))
                                 .constant(integers("zero", {1}, {0}))
                                 .constant(integers("one", {1}, {1}));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Gather", {"x", "i"}, "y", {attribute("axis", 1)})),
              HasSubstr("index 3 is outside the data"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Gather", {"x", "i"}, "y")), HasSubstr("gathers along the batch"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Slice", {"x", "one", "one", "one"}, "y")),
              HasSubstr("leaves nothing of the data"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Slice", {"x", "zero", "one", "one", "zero"}, "y")),
              HasSubstr("has a step of 0"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Slice", {"x", "zero", "i", "one"}, "y")), HasSubstr("differ in length"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add(node("Split", {"x"}, {"y", "z"}, {attribute("axis", 1)}))),
              HasSubstr("splits 3 into 2 parts"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add(node("Split", {"x", "i"}, {"y", "z"}, {attribute("axis", 1)}))),
              HasSubstr("do not divide data of shape [batch, 3]"));
  EXPECT_THAT(refusal(ModelBuilder(lists).add("Pad", {"x", "i"}, "y")), HasSubstr("has 2 pads for 2 axes"));
}

TEST(SparseInitializer, IsAFactorOfGemm) {
  const auto model = [](const Message& indices, const std::vector<double>& values, const Dims& dims,
                        const std::vector<Message>& attributes) {
    Message sparse =
        Message().message(1, floats("W", {static_cast<std::int64_t>(values.size())}, values)).message(2, indices);
    for (const std::int64_t dim : dims) sparse.integer(3, dim);
    return ModelBuilder().graph(15, sparse).add("Gemm", {"x", "W"}, "y", attributes);
  };
  const Message linear = integers("", {2}, {1, 5}), pairs = integers("", {2, 2}, {0, 1, 1, 2});
  for (const Message& indices : {linear, pairs}) {
    const Network network = read(model(indices, {2, -1}, {2, 3}, {attribute("transB", 1)}));
    ASSERT_EQ(kinds(network), "S");
    EXPECT_THAT(at(network, {1, 10, 100}), ElementsAre(20, -100));
  }
  EXPECT_THAT(at(read(model(linear, {2, -1}, {3, 2}, {})), {1, 10, 100}), ElementsAre(0, 2 - 100));
  EXPECT_THAT(refusal(model(linear, {2, -1}, {2, 3}, {})), HasSubstr("does not fit the data"));
  EXPECT_THAT(refusal(model(linear, {2, -1}, {3, 2}, {attribute("alpha", 2.0)})), HasSubstr("alpha = beta = 1"));
  EXPECT_THAT(refusal(model(linear, {2}, {3, 2}, {})), HasSubstr("has 1 entries and indices of shape [2]"));
  EXPECT_THAT(refusal(model(integers("", {2}, {5, 1}), {2, -1}, {3, 2}, {})), HasSubstr("not above the one before it"));
  EXPECT_THAT(refusal(model(integers("", {2}, {1, 6}), {2, -1}, {3, 2}, {})), HasSubstr("outside the matrix"));
  EXPECT_THAT(refusal(model(linear, {2, -1}, {6}, {})), HasSubstr("is not a sparse matrix"));
}

}  // namespace
}  // namespace secateur::nn
