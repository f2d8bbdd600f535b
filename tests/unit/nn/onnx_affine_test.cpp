// SPDX-License-Identifier: Apache-2.0
// Gemm, MatMul, Add, Sub, Mul, Div, Relu, Scaler: what is read, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// W (3 x 2) and its transpose, C.
Message w_in_out() { return floats("W", {3, 2}, {1, 2, 3, 4, 5, 6}); }
Message w_out_in() { return floats("W", {2, 3}, {1, 3, 5, 2, 4, 6}); }
Message bias() { return floats("C", {2}, {10, 20}); }

TEST(Gemm, DefaultAttributes) {
  const Network network = read(ModelBuilder().constant(w_in_out()).constant(bias()).add("Gemm", {"x", "W", "C"}, "y"));
  ASSERT_EQ(kinds(network), "D");
  EXPECT_EQ(network.precision, Precision::float32);
  const auto& dense = std::get<Dense>(network.layers[0]);
  EXPECT_THAT(Vector(dense.weight.row(0)), ElementsAre(1, 3, 5));
  EXPECT_THAT(Vector(dense.weight.row(1)), ElementsAre(2, 4, 6));
  EXPECT_THAT(dense.bias, ElementsAre(10, 20));
  EXPECT_THAT(network.input_names, ElementsAre("x[0]", "x[1]", "x[2]"));
  EXPECT_THAT(network.output_names, ElementsAre("y[0]", "y[1]"));
  EXPECT_FALSE(network.box.has_value());
}

TEST(Gemm, TransBAndMissingBias) {
  const Network network =
      read(ModelBuilder().constant(w_out_in()).add("Gemm", {"x", "W"}, "y", {attribute("transB", 1)}));
  EXPECT_EQ(kinds(network), "D");
  EXPECT_THAT(at(network, {1, 0, 2}), ElementsAre(11, 14));
}

TEST(Gemm, BiasLeftOutByAnEmptyName) {
  EXPECT_THAT(at(read(ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W", ""}, "y")), {1, 0, 2}),
              ElementsAre(11, 14));
}

TEST(Gemm, TransANeedsDataThatStandsUpright) {
  // A transposed batch of rows is a batch of columns; Gemm transposes it back.
  const auto model = ModelBuilder()
                         .constant(w_in_out())
                         .constant(bias())
                         .add("Transpose", {"x"}, "t")
                         .add("Gemm", {"t", "W", "C"}, "y", {attribute("transA", 1)});
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(21, 34));
  const auto direct = ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W"}, "y", {attribute("transA", 1)});
  EXPECT_THAT(refusal(direct), AllOf(HasSubstr("node 0 (Gemm, output \"y\")"), HasSubstr("batch (leading) dimension")));
}

TEST(Gemm, TransAOfOneSampleThatIsAColumn) {
  const auto model = ModelBuilder()
                         .input(float_type, {3, 1})
                         .constant(w_in_out())
                         .constant(bias())
                         .add("Gemm", {"x", "W", "C"}, "y", {attribute("transA", 1)});
  const Network network = read(model);
  EXPECT_EQ(network.inputs(), 3);
  EXPECT_THAT(at(network, {1, 0, 2}), ElementsAre(21, 34));
}

TEST(Gemm, WeightInFrontOfAColumn) {
  const auto model = ModelBuilder()
                         .input(float_type, {3, 1})
                         .constant(w_in_out())
                         .constant(floats("C", {2, 1}, {10, 20}))
                         .add("Gemm", {"W", "x", "C"}, "y", {attribute("transA", 1)});
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(21, 34));
}

TEST(Gemm, WeightInFrontOfATransposedBatch) {
  const auto model = ModelBuilder()
                         .constant(w_out_in())
                         .constant(floats("C", {2, 1}, {10, 20}))
                         .add("Gemm", {"W", "x", "C"}, "y", {attribute("transB", 1)});
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(21, 34));
}

TEST(Gemm, AColumnInputIsABatchWhereThatMakesSense) {
  const auto model =
      ModelBuilder().input(float_type, {3, 1}).constant(floats("W", {1, 2}, {2, 3})).add("MatMul", {"x", "W"}, "y");
  EXPECT_EQ(read(model).inputs(), 1);
}

TEST(Gemm, ExactFactorsAreMultipliedIn) {
  const Network network =
      read(ModelBuilder()
               .constant(w_in_out())
               .constant(bias())
               .add("Gemm", {"x", "W", "C"}, "y", {attribute("alpha", 0.5), attribute("beta", -2.0)}));
  ASSERT_EQ(kinds(network), "D");
  EXPECT_THAT(Vector(std::get<Dense>(network.layers[0]).weight.row(1)), ElementsAre(1, 2, 3));
  EXPECT_THAT(std::get<Dense>(network.layers[0]).bias, ElementsAre(-20, -40));
}

/// Checks that all numbers in the network stand in the file: the weights given, or a factor.
void expect_only(const Network& network, const std::vector<double>& allowed) {
  const auto expect_all = [&](const auto& numbers) {
    for (const double number : numbers.reshaped()) EXPECT_THAT(allowed, testing::Contains(number));
  };
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<Dense>(&layer)) {
      expect_all(dense->weight);
      expect_all(dense->bias);
    }
    if (const auto* elementwise = std::get_if<Elementwise>(&layer)) expect_all(elementwise->constant);
  }
}

TEST(Gemm, OtherFactorsBecomeLayersSoThatNothingIsRounded) {
  // The attributes are floats: 0.3f and -1.7f.
  const double alpha = 0.3F, beta = -1.7F, w = 0.1F, c = 0.7F;
  const auto gemm = [&](double a, double b) {
    return read(ModelBuilder()
                    .constant(floats("W", {3, 1}, {0.1, 0.1, 0.1}))
                    .constant(floats("C", {1}, {0.7}))
                    .add("Gemm", {"x", "W", "C"}, "y", {attribute("alpha", a), attribute("beta", b)}));
  };
  const Network both = gemm(0.3, -1.7);
  EXPECT_EQ(kinds(both), "DEEEE");
  EXPECT_EQ(both.precision, Precision::float32);
  expect_only(both, {0, w, c, alpha, beta});
  EXPECT_NEAR(at(both, {1, 2, 3})[0], alpha * w * 6 + beta * c, 1e-15);

  const Network equal = gemm(0.3, 0.3);
  EXPECT_EQ(kinds(equal), "DE");
  expect_only(equal, {w, c, alpha});
  EXPECT_NEAR(at(equal, {1, 2, 3})[0], alpha * (w * 6 + c), 1e-15);

  const Network first = gemm(0.3, 2);
  EXPECT_EQ(kinds(first), "DEE");
  expect_only(first, {0, w, 2 * c, alpha});
  EXPECT_NEAR(at(first, {1, 2, 3})[0], alpha * w * 6 + 2 * c, 1e-15);

  const Network second = gemm(4, -1.7);
  EXPECT_EQ(kinds(second), "DEEE");
  expect_only(second, {0, 4 * w, c, beta});
  EXPECT_NEAR(at(second, {1, 2, 3})[0], 4 * w * 6 + beta * c, 1e-15);
}

TEST(Gemm, FactorsOfFloat64Weights) {
  const auto gemm = [](const std::vector<double>& weights, double factor) {
    return read(ModelBuilder()
                    .input(double_type, {-1, 3})
                    .constant(doubles("W", {3, 1}, weights))
                    .add("Gemm", {"x", "W"}, "y", {attribute("alpha", factor)}));
  };
  EXPECT_EQ(gemm({0.1, 0.2, 0.3}, 0.3).precision, Precision::float64);
  EXPECT_EQ(kinds(gemm({0.1, 0.2, 0.3}, 0.3)), "DE");
  EXPECT_EQ(kinds(gemm({0.5, 3, -0.0}, 0.3)), "D");      // products of 24 and a few bits
  EXPECT_EQ(kinds(gemm({0x1p-1000, 1, 1}, 0.3)), "DE");  // would lose bits below the smallest double
  EXPECT_EQ(kinds(gemm({1.7e308, 1, 1}, 4)), "DE");      // would overflow
}

TEST(Gemm, ZeroFactors) {
  const auto model = ModelBuilder().constant(w_in_out()).constant(bias());
  auto no_weight = model, no_bias = model;
  no_weight.add("Gemm", {"x", "W", "C"}, "y", {attribute("alpha", 0.0)});
  no_bias.add("Gemm", {"x", "W", "C"}, "y", {attribute("beta", 0.0)});
  EXPECT_THAT(at(read(no_weight), {1, 0, 2}), ElementsAre(10, 20));
  EXPECT_THAT(at(read(no_bias), {1, 0, 2}), ElementsAre(11, 14));
}

TEST(Gemm, BiasShapes) {
  for (const Dims& dims : {Dims{}, Dims{1}, Dims{1, 1}}) {
    const auto model = ModelBuilder().constant(w_in_out()).constant(floats("C", dims, {5}));
    EXPECT_THAT(at(read(ModelBuilder(model).add("Gemm", {"x", "W", "C"}, "y")), {1, 0, 2}), ElementsAre(16, 19));
  }
  const auto row = ModelBuilder().constant(w_in_out()).constant(floats("C", {1, 2}, {1, 2}));
  EXPECT_THAT(at(read(ModelBuilder(row).add("Gemm", {"x", "W", "C"}, "y")), {1, 0, 2}), ElementsAre(12, 16));
}

TEST(Gemm, Refusals) {
  const auto with_bias = [](const Message& tensor) {
    return refusal(ModelBuilder().constant(w_in_out()).constant(tensor).add("Gemm", {"x", "W", "C"}, "y"));
  };
  EXPECT_THAT(with_bias(floats("C", {3}, {1, 2, 3})),
              AllOf(HasSubstr("\"C\" of shape [3]"), HasSubstr("does not broadcast to the data of shape [batch, 2]")));
  EXPECT_THAT(with_bias(floats("C", {2, 1}, {1, 2})), HasSubstr("differs between the samples of the batch"));
  EXPECT_THAT(with_bias(floats("C", {1, 1, 2}, {1, 2})), HasSubstr("no bias of a matrix product"));
  EXPECT_THAT(with_bias(doubles("C", {2}, {1, 2})), HasSubstr("differ in element type"));
  EXPECT_THAT(
      refusal(ModelBuilder().constant(w_out_in()).add("Gemm", {"x", "W"}, "y")),
      AllOf(HasSubstr("initializer \"W\" of shape [2, 3]"), HasSubstr("does not fit the data of shape [batch, 3]")));
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("W", {3}, {1, 2, 3})).add("Gemm", {"x", "W"}, "y")),
              HasSubstr("Gemm takes two matrices"));
  EXPECT_THAT(refusal(ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W"}, "y", {attribute("alpha", 1)})),
              HasSubstr("attribute \"alpha\" is not a finite float"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(w_in_out())
                          .add("Gemm", {"x", "W"}, "y", {attribute("alpha", std::numeric_limits<double>::infinity())})),
              HasSubstr("attribute \"alpha\" is not a finite float"));
  EXPECT_THAT(refusal(ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W"}, "y", {attribute("transB", 1.0)})),
              HasSubstr("attribute \"transB\" is not an integer"));
  EXPECT_THAT(refusal(ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W"}, "y", {attribute("broadcast", 1)})),
              HasSubstr("attribute \"broadcast\" is not supported"));
  EXPECT_THAT(refusal(ModelBuilder().add("Gemm", {"x", "x"}, "y")),
              HasSubstr("two values that both depend on the input"));
  EXPECT_THAT(refusal(ModelBuilder().add("Gemm", {"x"}, "y")), HasSubstr("has 1 inputs; allowed are 2 to 3"));
  EXPECT_THAT(refusal(ModelBuilder().add("Gemm", {"x", ""}, "y")), HasSubstr("input 1 is missing"));
  EXPECT_THAT(refusal(ModelBuilder().constant(w_in_out()).add("Gemm", {"x", "W", "x"}, "y")),
              HasSubstr("the bias depends on the input data"));
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("W", {3, 0}, {})).add("Gemm", {"x", "W"}, "y")),
              HasSubstr("is empty"));
}

TEST(MatMul, AFollowingSumIsTheBias) {
  for (const Strings& order : {Strings{"z", "C"}, Strings{"C", "z"}}) {
    const auto model = ModelBuilder().constant(w_in_out()).constant(bias()).add("MatMul", {"x", "W"}, "z");
    const Network network = read(ModelBuilder(model).add("Add", order, "y"));
    ASSERT_EQ(kinds(network), "D");
    EXPECT_THAT(std::get<Dense>(network.layers[0]).bias, ElementsAre(10, 20));
  }
  const auto difference = ModelBuilder()
                              .constant(w_in_out())
                              .constant(bias())
                              .add("MatMul", {"x", "W"}, "z")
                              .add("Sub", {"z", "C"}, "a")
                              .add("Add", {"a", "C"}, "y");
  const Network network = read(difference);
  ASSERT_EQ(kinds(network), "DE");  // only the first one
  EXPECT_THAT(std::get<Dense>(network.layers[0]).bias, ElementsAre(-10, -20));
}

TEST(MatMul, ConstantInFront) {
  const auto model = ModelBuilder().input(float_type, {-1, 3, 1}).constant(w_out_in()).add("MatMul", {"W", "x"}, "y");
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(11, 14));
}

TEST(MatMul, MatricesPerSample) {
  // x is 2 x 3, row by row; every row is multiplied: y = x W, 2 x 2.
  const auto behind = ModelBuilder().input(float_type, {-1, 2, 3}).constant(w_in_out()).add("MatMul", {"x", "W"}, "y");
  EXPECT_THAT(at(read(behind), {1, 0, 2, 0, 1, 0}), ElementsAre(11, 14, 3, 4));
  // y = V x with V 1 x 2.
  const auto front = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .constant(floats("V", {1, 2}, {10, 1}))
                         .add("MatMul", {"V", "x"}, "y");
  EXPECT_THAT(at(read(front), {1, 0, 2, 0, 1, 0}), ElementsAre(10, 1, 20));
}

TEST(MatMul, VectorsLoseTheirDimension) {
  const auto vector_constant = floats("v", {3}, {1, 10, 100});
  const auto behind = ModelBuilder()
                          .input(float_type, {-1, 2, 3})
                          .constant(vector_constant)
                          .constant(floats("u", {2}, {1, 2}))
                          .add("MatMul", {"x", "v"}, "z")
                          .add("MatMul", {"z", "u"}, "y");
  EXPECT_THAT(at(read(behind), {1, 2, 3, 4, 5, 6}), ElementsAre(321 + 2 * 654));
  const auto front =
      ModelBuilder().input(float_type, {-1, 3, 2}).constant(vector_constant).add("MatMul", {"v", "x"}, "y");
  EXPECT_THAT(at(read(front), {1, 2, 3, 4, 5, 6}), ElementsAre(531, 642));
}

TEST(MatMul, LeadingDimensionsOfOne) {
  const auto model = ModelBuilder()
                         .constant(floats("W", {1, 1, 3, 2}, {1, 2, 3, 4, 5, 6}))
                         .constant(floats("B", {1, 1, 1, 2}, {1, 2}))
                         .add("MatMul", {"x", "W"}, "z")
                         .add("Add", {"z", "B"}, "y");
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(12, 16));
}

TEST(MatMul, OneDimensionalInput) {
  const auto model = ModelBuilder()
                         .input(float_type, {3})
                         .constant(w_in_out())
                         .constant(bias())
                         .add("MatMul", {"x", "W"}, "z")
                         .add("Add", {"z", "C"}, "y");
  EXPECT_THAT(at(read(model), {1, 0, 2}), ElementsAre(21, 34));
}

TEST(MatMul, Refusals) {
  EXPECT_THAT(
      refusal(ModelBuilder().constant(floats("W", {2, 3, 1}, {1, 2, 3, 4, 5, 6})).add("MatMul", {"x", "W"}, "y")),
      HasSubstr("the constant has to be one matrix"));
  EXPECT_THAT(refusal(ModelBuilder().constant(w_out_in()).add("MatMul", {"W", "x"}, "y")),
              HasSubstr("batch (leading) dimension"));
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("W", {}, {1})).add("MatMul", {"x", "W"}, "y")),
              HasSubstr("the constant has to be one matrix"));
  EXPECT_THAT(refusal(ModelBuilder().constant(integers("W", {3, 1}, {1, 2, 3})).add("MatMul", {"x", "W"}, "y")),
              HasSubstr("initializer \"W\" holds integers; supported are float and double"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(tensor_message("W", float16_type, {3, 1}, std::string(6, '\0')))
                          .add("MatMul", {"x", "W"}, "y")),
              HasSubstr("initializer \"W\" is float16; supported are float and double"));
  EXPECT_THAT(refusal(ModelBuilder().constant(doubles("W", {3, 1}, {1, 2, 3})).add("MatMul", {"x", "W"}, "y")),
              HasSubstr("differ in element type"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(w_in_out())
                          .constant(floats("V", {2, 2}, {1, 2, 3, 4}))
                          .add("MatMul", {"W", "V"}, "U")
                          .add("MatMul", {"x", "U"}, "y")),
              AllOf(HasSubstr("node 0 (MatMul, output \"U\")"), HasSubstr("two constants")));
}

TEST(MatMul, RefusesExpansionThatWouldFillTheMemory) {
  // A sample of 2^20 elements; one small matrix acts on each of 2^18 rows of it.
  EXPECT_THAT(refusal(ModelBuilder()
                          .input(float_type, {-1, 1 << 18, 4})
                          .constant(floats("W", {4, 1}, {1, 2, 3, 4}))
                          .add("MatMul", {"x", "W"}, "y")),
              HasSubstr("unreasonably more memory"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .input(float_type, {-1, 1 << 20, 1})
                          .constant(floats("W", {1, 2}, {1, 2}))
                          .add("MatMul", {"x", "W"}, "y")),
              HasSubstr("more than 1048576 units"));
}

TEST(Elementwise, ConstantOnEitherSide) {
  struct Case {
    const char* type;
    bool data_first;
    double expected;
  };
  for (const Case& c : {Case{"Add", true, 11}, Case{"Add", false, 11}, Case{"Sub", true, 5}, Case{"Sub", false, -5},
                        Case{"Mul", true, 24}, Case{"Mul", false, 24}, Case{"Div", true, 8.0 / 3}}) {
    const Strings inputs = c.data_first ? Strings{"x", "c"} : Strings{"c", "x"};
    const Network network =
        read(ModelBuilder().input(float_type, {-1, 1}).constant(floats("c", {}, {3})).add(c.type, inputs, "y"));
    ASSERT_EQ(kinds(network), "E");
    EXPECT_EQ(at(network, {8})[0], c.expected) << c.type << c.data_first;
  }
}

TEST(Elementwise, Broadcasts) {
  const auto result = [](const Dims& dims, const std::vector<double>& values) {
    return at(read(ModelBuilder()
                       .input(float_type, {-1, 2, 3})
                       .constant(floats("c", dims, values))
                       .add("Add", {"x", "c"}, "y")),
              {0, 0, 0, 0, 0, 0});
  };
  EXPECT_THAT(result({}, {7}), ElementsAre(7, 7, 7, 7, 7, 7));
  EXPECT_THAT(result({1}, {7}), ElementsAre(7, 7, 7, 7, 7, 7));
  EXPECT_THAT(result({3}, {1, 2, 3}), ElementsAre(1, 2, 3, 1, 2, 3));
  EXPECT_THAT(result({2, 1}, {1, 2}), ElementsAre(1, 1, 1, 2, 2, 2));
  EXPECT_THAT(result({2, 3}, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(result({1, 2, 3}, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(result({1, 1, 1, 1, 3}, {1, 2, 3}), ElementsAre(1, 2, 3, 1, 2, 3));
}

TEST(Elementwise, Refusals) {
  const auto refused = [](const char* type, const Message& constant, const Strings& inputs = {"x", "c"}) {
    return refusal(ModelBuilder().constant(constant).add(type, inputs, "y"));
  };
  EXPECT_THAT(refused("Div", floats("c", {}, {2}), {"c", "x"}), HasSubstr("divides a constant by the data"));
  EXPECT_THAT(refused("Div", floats("c", {3}, {2, 0, 1})), HasSubstr("which holds a zero"));
  EXPECT_THAT(refused("Add", floats("c", {2}, {1, 2})),
              HasSubstr("does not broadcast to the data of shape [batch, 3]"));
  EXPECT_THAT(refused("Add", floats("c", {2, 1, 3}, {1, 2, 3, 4, 5, 6})), HasSubstr("does not broadcast"));
  EXPECT_THAT(refused("Mul", floats("c", {4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})),
              HasSubstr("differs between the samples of the batch"));
  EXPECT_THAT(refused("Add", floats("c", {0}, {})), HasSubstr("does not broadcast"));
  EXPECT_THAT(refused("Add", integers("c", {3}, {1, 2, 3})), HasSubstr("holds integers"));
  EXPECT_THAT(refused("Add", floats("c", {3}, {1, 2, 3}), {"c", "c"}), HasSubstr("two constants"));
  EXPECT_THAT(refused("Mul", floats("c", {3}, {1, 2, 3}), {"x", "x"}), HasSubstr("two values that both depend"));
  EXPECT_THAT(refused("Add", floats("c", {3}, {1, 2, 3}), {"x", "c", "c"}), HasSubstr("has 3 inputs; allowed are 2"));
  const auto one_column = ModelBuilder().input(float_type, {-1, 1}).constant(floats("c", {3}, {1, 2, 3}));
  EXPECT_THAT(refusal(ModelBuilder(one_column).add("Add", {"x", "c"}, "y")), HasSubstr("does not broadcast"));
}

TEST(Elementwise, RefusesNumbersThatAreNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(refusal(ModelBuilder().constant(floats("c", {3}, {1, bad, 3})).add("Add", {"x", "c"}, "y")),
                AllOf(HasSubstr("initializer \"c\": entry 1 is"), HasSubstr("weights have to be finite")));
    EXPECT_THAT(refusal(ModelBuilder().constant(floats("W", {3, 1}, {1, 2, bad})).add("MatMul", {"x", "W"}, "y")),
                HasSubstr("initializer \"W\": entry 2 is"));
  }
}

TEST(ReluOperator, KeepsTheShape) {
  const Network network = read(ModelBuilder().add("Relu", {"x"}, "y"));
  EXPECT_EQ(kinds(network), "R");
  EXPECT_THAT(at(network, {-1, 0, 2}), ElementsAre(0, 0, 2));
  EXPECT_THAT(refusal(ModelBuilder().constant(bias()).add("Relu", {"C"}, "y")), HasSubstr("applied to a constant"));
}

TEST(Scaler, SubtractsThenMultiplies) {
  const auto model = [](const std::vector<double>& offset, const std::vector<double>& scale) {
    return ModelBuilder().add(node(
        "Scaler", {"x"}, {"y"}, {real_attribute("offset", offset), real_attribute("scale", scale)}, "s", "ai.onnx.ml"));
  };
  const Network network = read(model({1, 2, 3}, {2, 0.5, -1}));
  EXPECT_EQ(kinds(network), "EE");
  EXPECT_THAT(at(network, {2, 6, 3}), ElementsAre(2, 2, 0));
  EXPECT_THAT(at(read(model({1}, {2})), {2, 6, 3}), ElementsAre(2, 10, 4));
  EXPECT_THAT(refusal(model({1, 2}, {2, 3})), HasSubstr("attribute \"offset\" of shape [2] does not broadcast"));
  EXPECT_THAT(refusal(model({1}, {2, 3, 4})), HasSubstr("differ in length"));
  EXPECT_THAT(refusal(ModelBuilder().add("Scaler", {"x"}, "y")), HasSubstr("operator Scaler is not supported"));
}

}  // namespace
}  // namespace secateur::nn
