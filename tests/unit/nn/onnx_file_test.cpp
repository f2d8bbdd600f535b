// SPDX-License-Identifier: Apache-2.0
// Whole files and graphs: what is not ONNX, what is not one network, names that do not resolve, metadata.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

ModelBuilder identity() { return ModelBuilder().add("Identity", {"x"}, "y"); }

/// The name of value i on a path of `count` nodes from x to y.
std::string link(int i, int count) {
  if (i == 0) return "x";
  if (i == count) return "y";
  return std::to_string(i);
}

TEST(File, MissingFolderOrEmpty) {
  EXPECT_THROW(read_onnx("no/such/net.onnx"), InputError);
  EXPECT_THROW(read_onnx(testing::TempDir()), InputError);
  EXPECT_EQ(refusal(""), "net.onnx: is empty; an ONNX model is expected");
}

TEST(File, OtherContent) {
  for (const char* text : {"a,b,c\n1,2,3\n", "{\"version\": 1}", "<html>", "\x89PNG\r\n", "\xff\xff\xff\xff"}) {
    EXPECT_THAT(refusal(text), StartsWith("net.onnx: is not an ONNX model")) << text;
  }
  EXPECT_EQ(refusal(std::string(1000, '\0')), "net.onnx: is not an ONNX model, or is truncated");
  EXPECT_EQ(refusal(Message().integer(1, 8).bytes()), "net.onnx: is not an ONNX model: it holds no graph");
}

TEST(File, EveryTruncationIsRefusedOrLosesOnlyMetadata) {
  const Network network = every_layer();
  const std::string bytes = to_onnx_bytes(network);
  int read_whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    try {
      const Network part = read_onnx_bytes(std::string_view(bytes).substr(0, size), "net.onnx");
      EXPECT_TRUE(same_bits(part.layers, network.layers)) << size;
      ++read_whole;
    } catch (const InputError&) {
    }
  }
  EXPECT_LE(read_whole, 3);  // the ends of opset and of two of the three metadata entries
}

TEST(File, Opsets) {
  EXPECT_EQ(refusal(identity().opset(7)), "");
  EXPECT_EQ(refusal(identity().opset(21)), "");
  EXPECT_EQ(refusal(identity().opset(28)), "");
  EXPECT_EQ(refusal(identity().opset(6)), "net.onnx: has opset 6; supported are 7 to 28");
  EXPECT_EQ(refusal(identity().opset(99)), "net.onnx: has opset 99; supported are 7 to 28");
  EXPECT_EQ(refusal(identity().opset(0)), "net.onnx: states no opset version; the file may be truncated");
}

TEST(File, InfoListsWhatStandsInIt) {
  OnnxInfo info;
  read_onnx_bytes(ModelBuilder().opset(13).add("Identity", {"x"}, "i").add("Relu", {"i"}, "y").bytes(), "net.onnx", {},
                  &info);
  EXPECT_EQ(info.opset, 13);
  EXPECT_EQ(info.ir_version, 8);
  EXPECT_EQ(info.producer, "");
  EXPECT_THAT(info.ops, ElementsAre("Identity", "Relu"));
}

TEST(InputTensor, Shapes) {
  const auto inputs = [](const Dims& dims) { return read(identity().input(float_type, dims)).inputs(); };
  EXPECT_EQ(inputs({-1, 4}), 4);
  EXPECT_EQ(inputs({1, 4}), 4);
  EXPECT_EQ(inputs({32, 4}), 4);
  EXPECT_EQ(inputs({4}), 4);
  EXPECT_EQ(inputs({-1}), 1);
  EXPECT_EQ(inputs({-1, 2, 3, 4}), 24);
  EXPECT_EQ(inputs({0, 4}), 4);  // some exporters write 0 for any size
  EXPECT_EQ(inputs({-7, 4}), 4);
}

TEST(InputTensor, Refusals) {
  const auto refused = [](int type, const Dims& dims) { return refusal(identity().input(type, dims)); };
  EXPECT_THAT(refused(float_type, {-1, -1}), HasSubstr("input \"x\": dimension 1 has no fixed size"));
  EXPECT_THAT(refused(float_type, {-1, 0}), HasSubstr("input \"x\": dimension 1 has no fixed size"));
  EXPECT_THAT(refused(float_type, {}), HasSubstr("input \"x\" is a scalar; supported is [batch, inputs...]"));
  EXPECT_THAT(refused(int64_type, {-1, 3}), HasSubstr("input \"x\" is int64; supported are float and double"));
  EXPECT_THAT(refused(1000, {-1, 3}), HasSubstr("input \"x\" is element type 1000"));
  EXPECT_THAT(refused(float_type, {-1, 1 << 12, 1 << 12}), HasSubstr("more than 1048576 elements per sample"));
  EXPECT_THAT(refused(float_type, {std::int64_t{1} << 62}), HasSubstr("more than 1048576 elements per sample"));
  EXPECT_THAT(refused(float_type, Dims(65, 1)), HasSubstr("more than 64 dimensions"));
  const Message untyped = Message().text(1, "x");
  EXPECT_THAT(refusal(Message()
                          .message(7, Message().message(11, untyped).message(12, Message().text(1, "x")))
                          .message(8, Message().integer(2, 17))
                          .bytes()),
              HasSubstr("is not a tensor of stated type"));
}

TEST(Graph, OneInputAndOneOutput) {
  EXPECT_THAT(refusal(identity().graph(11, value_info("x2", float_type, {-1, 3}))),
              HasSubstr("the graph has 2 inputs: \"x2\", \"x\"; supported is one input tensor"));
  EXPECT_THAT(refusal(identity().graph(12, value_info("z", float_type, {-1, 3}))),
              HasSubstr("the graph has 2 outputs: \"z\", \"y\"; supported is one output tensor"));
  EXPECT_THAT(refusal(Message().message(7, Message().text(2, "g")).message(8, Message().integer(2, 17)).bytes()),
              HasSubstr("the graph has 0 inputs; supported is one input tensor"));
}

TEST(Graph, InitializersMayBeListedAmongTheInputs) {
  const auto model = ModelBuilder()
                         .graph(11, value_info("c", float_type, {3}))
                         .constant(floats("c", {3}, {1, 2, 3}))
                         .add("Add", {"x", "c"}, "y");
  EXPECT_THAT(at(read(model), {0, 0, 0}), ElementsAre(1, 2, 3));
}

TEST(Graph, WhatTheOutputDoesNotNeedIsIgnored) {
  const auto model = identity()
                         .constant(floats("c", {1}, {std::numeric_limits<double>::quiet_NaN()}))
                         .constant(tensor_message("h", float16_type, {99}, ""))
                         .add("Tanh", {"x"}, "t")
                         .add("Unknown", {"nothing"}, "u");
  EXPECT_EQ(refusal(model), "");
}

TEST(Graph, NodesInAnyOrder) {
  const auto model = ModelBuilder().constant(floats("c", {}, {1})).add("Relu", {"a"}, "y").add("Add", {"x", "c"}, "a");
  EXPECT_THAT(at(read(model), {-3, 0, 3}), ElementsAre(0, 1, 4));
}

TEST(Graph, NamesThatDoNotResolve) {
  EXPECT_THAT(
      refusal(ModelBuilder().add("Relu", {"z"}, "y")),
      HasSubstr(
          "node 0 (Relu, output \"y\") reads \"z\", which is neither the input, an initializer nor made by a node"));
  EXPECT_THAT(refusal(ModelBuilder().add("Relu", {"x"}, "z")), HasSubstr("the graph's output reads \"y\""));
  EXPECT_THAT(refusal(identity().constant(floats("c", {}, {1})).constant(floats("c", {}, {2}))),
              HasSubstr("initializer \"c\" is defined twice"));
  EXPECT_THAT(refusal(identity().constant(floats("", {}, {1}))), HasSubstr("an initializer has no name"));
  EXPECT_THAT(refusal(identity().add("Relu", {"x"}, "y")), HasSubstr("its output \"y\" is defined twice"));
  EXPECT_THAT(refusal(identity().add("Relu", {"y"}, "x")), HasSubstr("its output \"x\" is defined twice"));
  EXPECT_THAT(refusal(identity().graph(15, Message().message(1, floats("s", {1}, {1}))).add("Relu", {"s"}, "z")), "");
  const Message sparse =
      Message().message(1, floats("s", {1}, {1})).message(2, integers("", {1}, {0})).integer(3, 1).integer(3, 3);
  EXPECT_THAT(refusal(ModelBuilder().graph(15, sparse).add("Add", {"x", "s"}, "y")),
              HasSubstr("initializer \"s\" is sparse, which is supported as a factor of Gemm only"));
  EXPECT_THAT(refusal(ModelBuilder().graph(15, sparse).constant(floats("s", {}, {1})).add("Relu", {"x"}, "y")),
              HasSubstr("initializer \"s\" is defined twice"));
}

TEST(Graph, Cycles) {
  EXPECT_THAT(refusal(ModelBuilder().add("Relu", {"y"}, "y")), HasSubstr("the graph has a cycle"));
  EXPECT_THAT(refusal(ModelBuilder().add("Relu", {"b"}, "a").add("Relu", {"a"}, "b").add("Add", {"x", "b"}, "y")),
              HasSubstr("the graph has a cycle"));
}

TEST(Graph, OutputThatIsConstantOrTheInput) {
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("c", {}, {1})).add("Identity", {"c"}, "y")),
              HasSubstr("output \"y\" does not depend on the input"));
  EXPECT_THAT(refusal(ModelBuilder().constant(floats("y", {}, {1}))),
              HasSubstr("output \"y\" does not depend on the input"));
  const Message graph =
      Message().message(11, value_info("x", float_type, {-1, 3})).message(12, value_info("x", float_type, {}));
  EXPECT_EQ(refusal(Message().message(7, graph).message(8, Message().integer(2, 17)).bytes()), "");
}

TEST(Graph, UnsupportedOperatorsNameNodeOperatorAndWhatIsSupported) {
  EXPECT_THAT(
      refusal(ModelBuilder().add(node("Tanh", {"x"}, {"y"}, {}, "last"))),
      AllOf(StartsWith("net.onnx: node \"last\" (Tanh): operator Tanh is not supported; supported are Abs, Add,"),
            HasSubstr("Gemm"), HasSubstr("Relu"), HasSubstr("Unsqueeze")));
  EXPECT_THAT(refusal(ModelBuilder().add(node("Gemm", {"x"}, {"y"}, {}, "", "com.example"))),
              HasSubstr("operator Gemm of domain \"com.example\" is not supported"));
  EXPECT_EQ(refusal(ModelBuilder().add(node("Relu", {"x"}, {"y"}, {}, "", "ai.onnx"))), "");
  // A call of a model-local function, and a subgraph.
  EXPECT_THAT(refusal(ModelBuilder().add(node("linear", {"x"}, {"y"}, {}, "", "pkg.local"))),
              HasSubstr("operator linear of domain \"pkg.local\" is not supported"));
  EXPECT_THAT(refusal(ModelBuilder()
                          .constant(tensor_message("c", bool_type, {}, "\1"))
                          .add(node("If", {"c"}, {"y"}, {Message().text(1, "then_branch").message(6, Message())}))),
              HasSubstr("operator If is not supported"));
  EXPECT_THAT(refusal(ModelBuilder().add(Message().text(1, "x").text(2, "y"))),
              HasSubstr("operator  is not supported"));
}

TEST(Graph, NamesInMessagesAreMadePrintable) {
  const std::string evil = "a\nb\x01\xff \xC3\xA9 " + std::string(500, 'z');
  const std::string message = refusal(ModelBuilder().add(node(evil, {"x"}, {"y"}, {}, evil)));
  EXPECT_THAT(message, HasSubstr("node \"a?b?? \xC3\xA9 zzz"));
  EXPECT_LT(message.size(), 800U);
}

TEST(Graph, DeepOnesAreNoProblem) {
  ModelBuilder model;
  const int depth = 200000;
  for (int i = 0; i < depth; ++i) {
    model.add("Identity", {link(i, depth)}, link(i + 1, depth));
  }
  EXPECT_TRUE(read(model).layers.empty());
}

TEST(Graph, SmallFilesCannotAskForMuchMemory) {
  // Each sum with a scalar makes a layer of 2^20 numbers; each transpose a permutation as long.
  ModelBuilder sums = ModelBuilder().input(float_type, {-1, 1 << 20}).constant(floats("c", {}, {1}));
  ModelBuilder turns = ModelBuilder().input(float_type, {-1, 1 << 10, 1 << 10});
  for (int i = 0; i < 1000; ++i) {
    const std::string from = link(i, 1000), to = link(i + 1, 1000);
    sums.add("Add", {from, "c"}, to);
    turns.add("Transpose", {from}, to, {attribute("perm", Dims{0, 2, 1})});
  }
  EXPECT_THAT(refusal(sums), HasSubstr("unreasonably more memory"));
  EXPECT_THAT(refusal(turns), HasSubstr("unreasonably more memory"));
  // Lists that double: 2^40 entries after 40 nodes.
  ModelBuilder lists = ModelBuilder().constant(integers("1", {1}, {1}));
  for (int i = 0; i < 40; ++i) {
    const std::string from = std::to_string(i + 1);
    lists.add("Concat", {from, from}, std::to_string(i + 2), {attribute("axis", 0)});
  }
  EXPECT_THAT(refusal(lists.add("Reshape", {"x", "41"}, "y")), HasSubstr("unreasonably more memory"));
  // One weight used again and again.
  std::string numbers(std::size_t{4} << 16, '\0');
  ModelBuilder shared =
      ModelBuilder().input(float_type, {-1, 256}).constant(tensor_message("W", float_type, {256, 256}, numbers));
  for (int i = 0; i < 1000; ++i) {
    shared.add("MatMul", {link(i, 1000), "W"}, link(i + 1, 1000));
  }
  EXPECT_THAT(refusal(shared), HasSubstr("unreasonably more memory"));
}

TEST(Metadata, NamesAndBox) {
  const Network network = read(identity()
                                   .metadata("author", "somebody")
                                   .metadata("secateur.inputs", R"(["a", "b", "Größe"])")
                                   .metadata("secateur.outputs", R"(["p", "q", "r"])")
                                   .metadata("secateur.box", R"({"lower": [0, -1.5, 2], "upper": [1, 0, 2]})"));
  EXPECT_THAT(network.input_names, ElementsAre("a", "b", "Größe"));
  EXPECT_THAT(network.output_names, ElementsAre("p", "q", "r"));
  ASSERT_TRUE(network.box.has_value());
  EXPECT_THAT(network.box->lower, ElementsAre(0, -1.5, 2));
  EXPECT_THAT(network.box->upper, ElementsAre(1, 0, 2));
}

TEST(Metadata, Refusals) {
  const auto refused = [](const char* key, const std::string& value) {
    return refusal(identity().metadata(key, value));
  };
  EXPECT_THAT(refused("secateur.inputs", R"(["a", "b"])"),
              HasSubstr("metadata secateur.inputs has 2 entries, but the network has 3 inputs"));
  EXPECT_THAT(refused("secateur.outputs", R"(["a", "b", "c", "d"])"),
              HasSubstr("has 4 entries, but the network has 3 outputs"));
  EXPECT_THAT(refused("secateur.inputs", "a, b, c"), HasSubstr("is not JSON: \"a, b, c\""));
  EXPECT_THAT(refused("secateur.inputs", R"({"a": 1})"), HasSubstr("is not a JSON list of names"));
  EXPECT_THAT(refused("secateur.inputs", R"(["a", "", "c"])"), HasSubstr("non-empty names"));
  EXPECT_THAT(refused("secateur.inputs", R"(["a", 1, "c"])"), HasSubstr("non-empty names"));
  EXPECT_THAT(refused("secateur.inputs", R"(["a", "b", "a"])"), HasSubstr("holds the name \"a\" twice"));
  EXPECT_THAT(refused("secateur.inputs", "[\"a\", \"b\xff\", \"c\"]"), HasSubstr("is not JSON"));
  EXPECT_THAT(refused("secateur.box", "[]"), HasSubstr("metadata secateur.box is not {\"lower\""));
  EXPECT_THAT(refused("secateur.box", R"({"lower": [0, 0, 0]})"), HasSubstr("has no list \"upper\""));
  EXPECT_THAT(refused("secateur.box", R"({"lower": [0, 0], "upper": [1, 1, 1]})"),
              HasSubstr("has 2 entries, but the network has 3 inputs"));
  EXPECT_THAT(refused("secateur.box", R"({"lower": [0, 0, null], "upper": [1, 1, 1]})"), HasSubstr("finite numbers"));
  EXPECT_THAT(refused("secateur.box", R"({"lower": [0, 0, 1e999], "upper": [1, 1, 1]})"), HasSubstr("is not JSON"));
  EXPECT_THAT(refused("secateur.box", R"({"lower": [0, 2, 0], "upper": [1, 1, 1]})"),
              HasSubstr("lower > upper for input 1"));
  EXPECT_THAT(refused("secateur.box", std::string(1000000, '[')), HasSubstr("is not JSON"));
}

}  // namespace
}  // namespace secateur::nn
