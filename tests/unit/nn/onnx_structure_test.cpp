// SPDX-License-Identifier: Apache-2.0
// Operators that change only shape or type, of the data and of constants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// y = sum of i * (element i of z), counting from 1, where z [batch, n] is what `model` makes of its input: shows
/// order.
Network weighted(ModelBuilder model, Index n) {
  std::string raw_weights;
  for (Index i = 0; i < n; ++i) raw_weights += raw<float>({static_cast<double>(i + 1)});
  model.constant(tensor_message("weights", float_type, {n, 1}, raw_weights)).add("MatMul", {"z", "weights"}, "y");
  return read(model);
}

ModelBuilder reshape_model(const Dims& input, const std::vector<double>& target, int allowzero = 0) {
  return ModelBuilder()
      .input(float_type, input)
      .constant(integers("s", {static_cast<std::int64_t>(target.size())}, target))
      .add("Reshape", {"x", "s"}, "y", {attribute("allowzero", allowzero)});
}

TEST(Reshape, KeepsTheBatch) {
  struct Case {
    Dims input;
    std::vector<double> target;
    Index inputs;
  };
  for (const Case& c : {Case{{-1, 2, 3}, {-1, 6}, 6},     Case{{-1, 2, 3}, {0, 6}, 6},    Case{{-1, 2, 3}, {0, -1}, 6},
                        Case{{-1, 6}, {-1, 2, 3}, 6},     Case{{-1, 6}, {0, 1, 3, 2}, 6}, Case{{1, 2, 3}, {1, 6}, 6},
                        Case{{1, 2, 3}, {6}, 6},          Case{{1, 2, 3}, {-1}, 6},       Case{{1, 2, 3}, {6, 1}, 6},
                        Case{{5, 2, 3}, {5, 6}, 6},       Case{{5, 2, 3}, {-1, 6}, 6},    Case{{5, 2, 3}, {5, -1}, 6},
                        Case{{5, 2, 3}, {0, 0, 3, 1}, 6}, Case{{6}, {1, 6}, 6},           Case{{6}, {2, -1}, 6},
                        Case{{-1, 2, 3}, {-1, 3}, 6},     Case{{5, 2, 3}, {10, 3}, 6},    Case{{5, 2, 3}, {30}, 6},
                        Case{{-1}, {-1, 1}, 1},           Case{{-1, 1}, {-1}, 1}}) {
    const Network network = read(reshape_model(c.input, c.target));
    EXPECT_TRUE(network.layers.empty());
    EXPECT_EQ(network.inputs(), c.inputs);
    EXPECT_EQ(network.outputs(), c.inputs);
  }
}

TEST(Reshape, RefusesWhatMixesSamples) {
  const char* mixing = "does not keep the samples of the batch (the leading dimension) apart";
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {1, 6})), AllOf(HasSubstr("[batch, 6] into [1, 6]"), HasSubstr(mixing)));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {6, -1})), HasSubstr(mixing));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {2, 3})), HasSubstr(mixing));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {-1, 4})), HasSubstr(mixing));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {0, 7})), HasSubstr(mixing));
  EXPECT_THAT(refusal(reshape_model({5, 6}, {6, 5})), HasSubstr(mixing));
  EXPECT_THAT(refusal(reshape_model({5, 6}, {2, 15})), HasSubstr(mixing));
}

TEST(Reshape, RefusesTargetsThatAreNone) {
  EXPECT_THAT(refusal(reshape_model({1, 6}, {7})), HasSubstr("does not fit the target shape [7]"));
  EXPECT_THAT(refusal(reshape_model({1, 6}, {4, -1})), HasSubstr("does not fit the target shape [4, -1]"));
  EXPECT_THAT(refusal(reshape_model({1, 6}, {-1, -1})), HasSubstr("has two -1"));
  EXPECT_THAT(refusal(reshape_model({1, 6}, {-2, 6})), HasSubstr("a size that is not allowed"));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {0, 6}, 1)), HasSubstr("a size that is not allowed"));
  EXPECT_THAT(refusal(reshape_model({-1, 6}, {-1, 6, 0})), HasSubstr("copies a dimension"));
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("s", {2}, {-1, 3})).add("Reshape", {"x", "s"}, "y")),
              HasSubstr("the target shape has to be a list of integers"));
  EXPECT_THAT(refusal(ModelBuilder().add("Reshape", {"x", "x"}, "y")),
              HasSubstr("the target shape depends on the input data"));
}

TEST(Reshape, EmptyConstants) {
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(floats("c", {0, 3}, {}))
                          .constant(integers("s", {2}, {0, -1}))
                          .add("Reshape", {"c", "s"}, "d")
                          .add("Add", {"x", "d"}, "y")),
              HasSubstr("does not fit the target shape [0, -1]"));
}

TEST(Reshape, SamplesThatTakeSeveralRows) {
  // [N, 2, 3] -> [2 N, 3] -> times W (3 x 2) -> [N, 4].
  const auto model = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .constant(integers("s", {2}, {-1, 3}))
                         .constant(floats("W", {3, 2}, {1, 2, 3, 4, 5, 6}))
                         .constant(floats("b", {2}, {100, 200}))
                         .constant(integers("t", {2}, {-1, 4}))
                         .add("Reshape", {"x", "s"}, "r")
                         .add("Gemm", {"r", "W", "b"}, "g")
                         .add("Reshape", {"g", "t"}, "y");
  EXPECT_THAT(at(read(model), {1, 0, 2, 0, 1, 0}), ElementsAre(111, 214, 103, 204));
  EXPECT_THAT(refusal(ModelBuilder()
                          .input(float_type, {-1, 2, 3})
                          .constant(integers("s", {2}, {-1, 3}))
                          .constant(floats("b", {2, 1}, {100, 200}))
                          .add("Reshape", {"x", "s"}, "r")
                          .add("Add", {"r", "b"}, "y")),
              HasSubstr("the data of shape [batch * 2, 3]"));
}

TEST(Flatten, Axes) {
  for (const int axis : {1, -2}) {
    const auto model =
        ModelBuilder().input(float_type, {-1, 2, 3}).add("Flatten", {"x"}, "z", {attribute("axis", axis)});
    EXPECT_THAT(at(weighted(model, 6), {1, 2, 3, 4, 5, 6}), ElementsAre(91));
  }
  EXPECT_THAT(
      at(weighted(ModelBuilder().input(float_type, {-1, 2, 3}).add("Flatten", {"x"}, "z"), 6), {1, 2, 3, 4, 5, 6}),
      ElementsAre(91));
  // One sample that is a vector becomes a row.
  EXPECT_THAT(at(weighted(ModelBuilder().input(float_type, {3}).add("Flatten", {"x"}, "z", {attribute("axis", 0)}), 3),
                 {1, 2, 3}),
              ElementsAre(14));
  const auto by_two = ModelBuilder()
                          .input(float_type, {-1, 2, 3})
                          .constant(floats("v", {3}, {1, 10, 100}))
                          .add("Flatten", {"x"}, "r", {attribute("axis", 2)})
                          .add("MatMul", {"r", "v"}, "y");
  EXPECT_THAT(at(read(by_two), {1, 2, 3, 4, 5, 6}), ElementsAre(321, 654));
}

TEST(Flatten, Refusals) {
  const auto model = [](int axis) {
    return ModelBuilder()
        .input(float_type, {-1, 2, 3})
        .add("Transpose", {"x"}, "t", {attribute("perm", Dims{1, 0, 2})})
        .add("Flatten", {"t"}, "y", {attribute("axis", axis)});
  };
  EXPECT_THAT(refusal(model(2)), HasSubstr("does not keep the samples"));
  EXPECT_THAT(refusal(model(4)), HasSubstr("axis 4 does not exist in a tensor of rank 3"));
  EXPECT_EQ(refusal(model(1)), "");
}

TEST(Squeeze, AxesAsAttributeAsInputOrNotAtAll) {
  const auto model = ModelBuilder().input(float_type, {-1, 1, 3, 1}).constant(integers("axes", {2}, {1, -1}));
  EXPECT_THAT(at(weighted(ModelBuilder(model).opset(11).add("Squeeze", {"x"}, "z", {attribute("axes", Dims{1, 3})}), 3),
                 {1, 2, 3}),
              ElementsAre(14));
  EXPECT_THAT(at(weighted(ModelBuilder(model).add("Squeeze", {"x", "axes"}, "z"), 3), {1, 2, 3}), ElementsAre(14));
  EXPECT_THAT(at(weighted(ModelBuilder(model).add("Squeeze", {"x"}, "z"), 3), {1, 2, 3}), ElementsAre(14));
}

TEST(Squeeze, Refusals) {
  const auto model = [](const Dims& input, int axis) {
    return refusal(ModelBuilder()
                       .input(float_type, input)
                       .constant(integers("axes", {1}, {static_cast<double>(axis)}))
                       .add("Squeeze", {"x", "axes"}, "y"));
  };
  EXPECT_THAT(model({-1, 1, 3}, 2), HasSubstr("removes dimension 2 of data of shape [batch, 1, 3]"));
  EXPECT_THAT(model({-1, 1, 3}, 0), HasSubstr("other than the batch"));
  EXPECT_THAT(model({-1, 1, 3}, 3), HasSubstr("axis 3 does not exist"));
  EXPECT_EQ(model({1, 1, 3}, 0), "");  // a batch of one may go
}

TEST(Unsqueeze, AxesAsAttributeOrAsInput) {
  const auto by_input = ModelBuilder()
                            .constant(integers("axes", {2}, {1, -1}))
                            .add("Unsqueeze", {"x", "axes"}, "u")
                            .add("Flatten", {"u"}, "z");
  EXPECT_THAT(at(weighted(by_input, 3), {1, 2, 3}), ElementsAre(14));
  const auto by_attribute = ModelBuilder()
                                .opset(11)
                                .add("Unsqueeze", {"x"}, "u", {attribute("axes", Dims{0})})
                                .add("Squeeze", {"u"}, "z", {attribute("axes", Dims{0})});
  EXPECT_THAT(at(weighted(by_attribute, 3), {1, 2, 3}), ElementsAre(14));
}

TEST(Unsqueeze, Refusals) {
  EXPECT_THAT(refusal(ModelBuilder().add("Unsqueeze", {"x"}, "y")), HasSubstr("states no axes"));
  const auto model = [](const std::vector<double>& axes) {
    return refusal(ModelBuilder()
                       .constant(integers("axes", {static_cast<std::int64_t>(axes.size())}, axes))
                       .add("Unsqueeze", {"x", "axes"}, "y"));
  };
  EXPECT_THAT(model({1, -3}), HasSubstr("inserts axis -3 twice"));
  EXPECT_THAT(model({7}), HasSubstr("axis 7 does not exist in a tensor of rank 3"));
}

TEST(Transpose, PermutesTheElementsOfASample) {
  // 2 x 3, row by row, becomes 3 x 2.
  const auto model = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .add("Transpose", {"x"}, "t", {attribute("perm", Dims{0, 2, 1})})
                         .add("Flatten", {"t"}, "z");
  EXPECT_THAT(at(weighted(model, 6), {1, 2, 3, 4, 5, 6}), ElementsAre(1 * 1 + 2 * 4 + 3 * 2 + 4 * 5 + 5 * 3 + 6 * 6));
}

TEST(Transpose, AtTheOutput) {
  const auto start = ModelBuilder().input(float_type, {-1, 2, 3});
  const auto transpose = [](ModelBuilder model, const std::string& from) {
    return model.add("Transpose", {from}, "y", {attribute("perm", Dims{0, 2, 1})});
  };
  const Network alone = read(transpose(start, "x"));
  EXPECT_EQ(kinds(alone), "D");
  EXPECT_THAT(at(alone, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 4, 2, 5, 3, 6));

  const Network behind_unit_layers = read(transpose(ModelBuilder(start)
                                                        .constant(floats("c", {2, 3}, {0, 0, 10, 20, 0, 0}))
                                                        .add("Add", {"x", "c"}, "s")
                                                        .add("Relu", {"s"}, "r"),
                                                    "r"));
  EXPECT_EQ(kinds(behind_unit_layers), "DER");
  EXPECT_THAT(at(behind_unit_layers, {-1, 2, 3, 4, 5, 6}), ElementsAre(0, 24, 2, 5, 13, 6));

  const Network behind_dense = read(transpose(ModelBuilder(start)
                                                  .constant(floats("W", {3, 3}, {1, 0, 0, 0, 2, 0, 0, 0, 3}))
                                                  .constant(floats("c", {2, 3}, {0, 0, 10, 20, 0, 0}))
                                                  .add("MatMul", {"x", "W"}, "m")
                                                  .add("Sub", {"c", "m"}, "s"),
                                              "s"));
  EXPECT_EQ(kinds(behind_dense), "DE");
  EXPECT_THAT(at(behind_dense, {1, 2, 3, 4, 5, 6}), ElementsAre(-1, 16, -4, -10, 1, -18));
}

TEST(Transpose, ElementwiseBehindItUsesTheNewOrder) {
  const auto model = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .constant(floats("c", {3, 1}, {0, 100, 1000}))
                         .add("Transpose", {"x"}, "t", {attribute("perm", Dims{0, 2, 1})})
                         .add("Add", {"t", "c"}, "u")
                         .add("Transpose", {"u"}, "y", {attribute("perm", Dims{0, 2, 1})});
  EXPECT_THAT(at(read(model), {1, 2, 3, 4, 5, 6}), ElementsAre(1, 102, 1003, 4, 105, 1006));
}

TEST(Transpose, MovesTheBatch) {
  const auto model = ModelBuilder()
                         .constant(floats("W", {2, 3}, {1, 2, 3, 4, 5, 6}))
                         .add("Transpose", {"x"}, "t")
                         .add("MatMul", {"W", "t"}, "m")
                         .add("Transpose", {"m"}, "y", {attribute("perm", Dims{1, 0})});
  const Network network = read(model);
  EXPECT_EQ(kinds(network), "D");
  EXPECT_THAT(at(network, {1, 0, 2}), ElementsAre(7, 16));
  EXPECT_THAT(refusal(ModelBuilder().add("Transpose", {"x"}, "y", {attribute("perm", Dims{0, 0})})),
              HasSubstr("perm [0, 0] is not a permutation"));
  EXPECT_THAT(refusal(ModelBuilder().add("Transpose", {"x"}, "y", {attribute("perm", Dims{1})})),
              HasSubstr("is not a permutation"));
  EXPECT_THAT(refusal(ModelBuilder().add("Transpose", {"x"}, "y", {attribute("perm", 1)})),
              HasSubstr("attribute \"perm\" is not a list of integers"));
}

TEST(Identity, AndDropoutInInference) {
  EXPECT_TRUE(read(ModelBuilder().add("Identity", {"x"}, "y")).layers.empty());
  EXPECT_TRUE(read(ModelBuilder().opset(7).add(node("Dropout", {"x"}, {"y", "mask"}, {attribute("ratio", 0.5)})))
                  .layers.empty());
  const auto model = [](const Message& training) {
    return ModelBuilder()
        .constant(floats("ratio", {}, {0.5}))
        .constant(training)
        .add("Dropout", {"x", "ratio", "training"}, "y");
  };
  EXPECT_TRUE(read(model(tensor_message("training", bool_type, {}, std::string(1, '\0')))).layers.empty());
  EXPECT_THAT(refusal(model(tensor_message("training", bool_type, {}, "\1"))), HasSubstr("is in training mode"));
  EXPECT_THAT(refusal(model(floats("training", {}, {0}))), HasSubstr("is in training mode"));
  EXPECT_THAT(refusal(ModelBuilder().add(node("Dropout", {"x"}, {"d", "mask"})).add("Identity", {"mask"}, "y")),
              HasSubstr("reads \"mask\", a second output of a node"));
}

TEST(Cast, OfTheData) {
  const auto cast = [](int input, int to, const Message& weight) {
    return ModelBuilder()
        .input(input, {-1, 3})
        .constant(weight)
        .add("Cast", {"x"}, "c", {attribute("to", to)})
        .add("MatMul", {"c", "W"}, "y");
  };
  EXPECT_EQ(read(cast(float_type, double_type, doubles("W", {3, 1}, {0.1, 2, 3}))).precision, Precision::float64);
  EXPECT_EQ(read(cast(double_type, float_type, floats("W", {3, 1}, {0.1, 2, 3}))).precision, Precision::float32);
  EXPECT_THAT(refusal(cast(float_type, float16_type, floats("W", {3, 1}, {1, 2, 3}))),
              HasSubstr("casts the data to float16; supported are float and double"));
  EXPECT_THAT(refusal(cast(float_type, 999, floats("W", {3, 1}, {1, 2, 3}))),
              HasSubstr("casts the data to element type 999"));
  EXPECT_THAT(refusal(cast(float_type, double_type, floats("W", {3, 1}, {1, 2, 3}))),
              HasSubstr("differ in element type"));
}

TEST(Cast, PrecisionIsThatOfTheNumbers) {
  // Nothing is computed in double: a Relu between two casts.
  EXPECT_EQ(read(ModelBuilder()
                     .add("Cast", {"x"}, "d", {attribute("to", double_type)})
                     .add("Relu", {"d"}, "r")
                     .add("Cast", {"r"}, "y", {attribute("to", float_type)}))
                .precision,
            Precision::float32);
  EXPECT_EQ(read(ModelBuilder().input(double_type, {-1, 3}).add("Relu", {"x"}, "y")).precision, Precision::float64);
}

TEST(Cast, OfConstants) {
  const auto model = [](const Message& weight) {
    return ModelBuilder()
        .constant(weight)
        .add("Cast", {"W"}, "V", {attribute("to", float_type)})
        .add("MatMul", {"x", "V"}, "y");
  };
  const Network rounded = read(model(doubles("W", {3, 1}, {0.1, 1e-60, 16777217})));
  EXPECT_THAT(Vector(std::get<Dense>(rounded.layers[0]).weight.row(0)),
              ElementsAre(static_cast<double>(0.1F), 0, 16777216));
  EXPECT_THAT(at(read(model(integers("W", {3, 1}, {1, -2, 3}))), {1, 1, 1}), ElementsAre(2));
  EXPECT_THAT(refusal(model(doubles("W", {3, 1}, {1e300, 1, 1}))), HasSubstr("entry 0 is infinite"));
  EXPECT_THAT(refusal(model(tensor_message("W", float16_type, {3, 1}, std::string(6, '\0')))), HasSubstr("is float16"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(floats("s", {1}, {3}))
                          .add("Cast", {"s"}, "t", {attribute("to", int64_type)})
                          .add("Reshape", {"x", "t"}, "y")),
              HasSubstr("supported are casts to float and double"));
}

TEST(Constant, EveryKindOfValue) {
  const auto model = [](const Message& value, const char* type = "Mul") {
    return ModelBuilder().add("Constant", {}, "c", {value}).add(type, {"x", "c"}, "y");
  };
  EXPECT_THAT(at(read(model(attribute("value", floats("", {3}, {1, 2, 3})))), {1, 1, 1}), ElementsAre(1, 2, 3));
  EXPECT_THAT(at(read(model(attribute("value_float", 2.5))), {1, 1, 1}), ElementsAre(2.5, 2.5, 2.5));
  EXPECT_THAT(at(read(model(real_attribute("value_floats", {1, 2, 3}))), {1, 1, 1}), ElementsAre(1, 2, 3));
  EXPECT_EQ(read(model(attribute("value_ints", Dims{-1, 3}), "Reshape")).outputs(), 3);
  EXPECT_THAT(refusal(model(attribute("value_int", 3), "Reshape")), HasSubstr("does not keep the samples"));
}

TEST(Constant, Refusals) {
  const auto model = [](const std::vector<Message>& values) {
    return refusal(ModelBuilder().add("Constant", {}, "c", values).add("Mul", {"x", "c"}, "y"));
  };
  EXPECT_THAT(model({}), HasSubstr("states 0 values"));
  EXPECT_THAT(model({attribute("value_float", 1.0), attribute("value_int", 1)}), HasSubstr("states 2 values"));
  EXPECT_THAT(model({attribute("value", 1)}), HasSubstr("is not a tensor"));
  EXPECT_THAT(model({Message().text(1, "value_string").text(4, "text")}),
              HasSubstr("attribute \"value_string\" is not supported"));
  EXPECT_THAT(model({attribute("value", tensor_message("", float16_type, {1}, "ab"))}),
              HasSubstr("the constant is float16"));
}

TEST(Constant, PassesThroughShapeOperations) {
  // W is stored as a [6] list, made [2, 3], transposed to [3, 2].
  const auto model = ModelBuilder()
                         .constant(floats("W", {6}, {1, 3, 5, 2, 4, 6}))
                         .constant(integers("s", {2}, {2, -1}))
                         .constant(integers("zero", {1}, {0}))
                         .constant(floats("b", {1, 2, 1}, {10, 20}))
                         .add("Reshape", {"W", "s"}, "W1")
                         .add("Transpose", {"W1"}, "W2")
                         .add("Identity", {"W2"}, "W3")
                         .add("Unsqueeze", {"W3", "zero"}, "W4")
                         .add("Squeeze", {"W4"}, "W5")
                         .add("MatMul", {"x", "W5"}, "m")
                         .add("Flatten", {"b"}, "b1")
                         .add("Add", {"m", "b1"}, "y");
  const Network network = read(model);
  EXPECT_EQ(kinds(network), "D");
  EXPECT_THAT(at(network, {1, 0, 2}), ElementsAre(21, 34));
}

/// Reshapes [N, 2, 3] to a shape that the nodes in `model` compute as "s".
Network reshaped_to(ModelBuilder model) { return weighted(model.add("Reshape", {"x", "s"}, "z"), 6); }

TEST(ShapeValues, ComputedTargetShapes) {
  const auto start = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .constant(integers("zero", {}, {0}))
                         .constant(integers("first", {1}, {0}))
                         .constant(integers("second", {1}, {1}))
                         .constant(integers("rest", {1}, {-1}))
                         .add("Shape", {"x"}, "shape");
  const auto by_gather = ModelBuilder(start)
                             .add("Gather", {"shape", "zero"}, "n")
                             .add("Unsqueeze", {"n", "first"}, "n1")
                             .add("Concat", {"n1", "rest"}, "s", {attribute("axis", 0)});
  const auto by_list = ModelBuilder(start)
                           .add("Gather", {"shape", "first"}, "n")
                           .add("Concat", {"n", "rest"}, "s", {attribute("axis", 0)});
  const auto by_slice = ModelBuilder(start)
                            .add("Slice", {"shape", "first", "second", "first", "second"}, "n")
                            .add("Cast", {"n"}, "n32", {attribute("to", int32_type)})
                            .add("Concat", {"n32", "rest"}, "s", {attribute("axis", 0)});
  const auto by_start_end = ModelBuilder(start)
                                .add("Shape", {"x"}, "n", {attribute("start", 0), attribute("end", -2)})
                                .add("Concat", {"n", "rest"}, "s", {attribute("axis", -1)});
  for (const auto& model : {by_gather, by_list, by_slice, by_start_end}) {
    EXPECT_THAT(at(reshaped_to(model), {1, 2, 3, 4, 5, 6}), ElementsAre(91));
  }
}

TEST(ShapeValues, Refusals) {
  const auto start = ModelBuilder()
                         .input(float_type, {-1, 2, 3})
                         .constant(integers("far", {1}, {3}))
                         .constant(integers("two", {1}, {2}))
                         .constant(integers("zero", {1}, {0}))
                         .add("Shape", {"x"}, "shape");
  EXPECT_THAT(refusal(ModelBuilder(start).add("Gather", {"shape", "far"}, "y")), HasSubstr("axis 3 does not exist"));
  EXPECT_THAT(refusal(ModelBuilder(start).add("Gather", {"x", "far"}, "y")),
              HasSubstr("gathers along the batch (leading) dimension"));
  EXPECT_THAT(refusal(ModelBuilder(start).add("Slice", {"shape", "zero", "far", "zero", "two"}, "y")),
              HasSubstr("has a step other than 1"));
  EXPECT_THAT(
      refusal(ModelBuilder(start).add("Gather", {"shape", "zero"}, "n").add("Slice", {"shape", "n", "two"}, "y")),
      HasSubstr("computes with the size of the batch"));
  EXPECT_THAT(refusal(ModelBuilder(start).add("Concat", {"shape"}, "y", {attribute("axis", 1)})),
              HasSubstr("along axis 1"));
  EXPECT_THAT(refusal(ModelBuilder(start).add("Identity", {"shape"}, "y")), HasSubstr("does not depend on the input"));
  EXPECT_THAT(
      refusal(
          ModelBuilder(start).add("Cast", {"shape"}, "f", {attribute("to", float_type)}).add("Add", {"x", "f"}, "y")),
      HasSubstr("computes with the size of the batch"));
}

TEST(SideBranches, DoNotLeaveTheirLayersInTheNetwork) {
  const auto model =
      ModelBuilder().add("Relu", {"x"}, "side").add("Shape", {"side"}, "s").add("Reshape", {"x", "s"}, "y");
  EXPECT_TRUE(read(model).layers.empty());
}

}  // namespace
}  // namespace secateur::nn
