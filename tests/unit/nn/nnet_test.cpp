// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/nnet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/nn/read.hpp"
#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::HasSubstr;

const std::string fixture = std::string(SECATEUR_TEST_DATA) + "/nn/small.nnet";

/// x (2) -> 2 units -> y (1); one string a line, so that a test can put another line in its place.
std::vector<std::string> lines() {
  return {"// header", "2,2,1,2,", "2,2,1,", "0,",   "-1,-2,", "1,2,",  "0,0,0,",
          "1,1,1,",    "1,2,",     "3,4,",   "0.5,", "-0.5,",  "1,-1,", "0.25,"};
}

std::string join(const std::vector<std::string>& parts, const std::string& end = "\n") {
  std::string text;
  for (const auto& part : parts) text += part + end;
  return text;
}

std::string nnet_refusal(const std::string& bytes) {
  try {
    read_nnet_bytes(bytes, "net.nnet");
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "net.nnet");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    EXPECT_LT(error.message().size(), 300u);
    return error.what();
  }
  return "accepted";
}

/// The refusal of the small network with another line `number`, counted from 1.
std::string with_line(std::size_t number, const std::string& line) {
  auto changed = lines();
  changed.at(number - 1) = line;
  return nnet_refusal(join(changed));
}

TEST(Nnet, ReadsTheFixture) {
  const Network network = read_nnet(fixture);
  EXPECT_EQ(kinds(network), "EEDRDEE");
  EXPECT_EQ(network.precision, Precision::float64);
  EXPECT_EQ(network.input_names, (std::vector<std::string>{"x[0]", "x[1]"}));
  EXPECT_EQ(network.output_names, (std::vector<std::string>{"y[0]", "y[1]"}));
  ASSERT_TRUE(network.box);
  EXPECT_EQ(network.box->lower, vector({-1, 0}));
  EXPECT_EQ(network.box->upper, vector({3, 10}));
  EXPECT_EQ(std::get<Dense>(network.layers[2]).weight.row(1), vector({-1, 0.5}).transpose());
  EXPECT_EQ(std::get<Dense>(network.layers[4]).bias, vector({0.25, -0.5}));
}

// (3, 10) is normalised to (1, 0.5): hidden (2.5, -0.75, -3), out (2.75, 4.5).
// (-1, 0) is normalised to (-1, -0.5): hidden (-1.5, 0.75, 1), out (2, -0.75).
TEST(Nnet, EvaluatesInTheUsersUnits) {
  const Network network = read_nnet(fixture);
  EXPECT_EQ(at(network, {3, 10}), vector({237.5, 325}));
  EXPECT_EQ(at(network, {-1, 0}), vector({200, 62.5}));
  EXPECT_EQ(evaluate_native(network, Matrix{{3, 10}}), (Matrix{{237.5, 325}}));
}

TEST(Nnet, NumbersKeepTheirBits) {
  auto changed = lines();
  changed[8] = "0.1,5.40062e-02";
  const Network network = read_nnet_bytes(join(changed), "net.nnet");
  EXPECT_EQ(std::get<Dense>(network.layers[2]).weight.row(0), vector({0.1, 0.0540062}).transpose());
}

TEST(Nnet, FreedomsOfTheFormat) {
  const Network plain = read_nnet_bytes(join(lines()), "net.nnet");
  auto changed = lines();
  changed[1] = " 2, 2,1 , +2 ";
  changed[8] = "1.0e0,\t2";
  for (const auto& bytes : {join(changed), join(lines(), "\r\n"), join(lines()) + "\n  \n",
                            "  // more\n//\n" + join(lines()), join(lines()).substr(0, join(lines()).size() - 2)}) {
    EXPECT_TRUE(same_bits(read_nnet_bytes(bytes, "net.nnet").layers, plain.layers)) << bytes;
  }
  changed = lines();
  changed.erase(changed.begin());
  EXPECT_TRUE(same_bits(read_nnet_bytes(join(changed), "net.nnet").layers, plain.layers));
}

// The published ACAS Xu files list two inputs more than their networks read.
TEST(Nnet, ScalingOfFurtherInputsIsPassedOver) {
  auto changed = lines();
  changed[4] = "-1,-2,0,-3,";
  changed[5] = "1,2,100,3,";
  changed[6] = "0,0,35,0,7,";
  changed[7] = "1,1,100,6,4,";
  const Network network = read_nnet_bytes(join(changed), "net.nnet");
  EXPECT_EQ(network.box->upper, vector({1, 2}));
  EXPECT_EQ(std::get<Elementwise>(network.layers[0]).constant, vector({0, 0}));
  EXPECT_EQ(std::get<Elementwise>(network.layers[5]).constant, vector({4}));
  EXPECT_EQ(std::get<Elementwise>(network.layers[6]).constant, vector({7}));
}

TEST(Nnet, WritesAsOnnxAndReadsBack) {
  const Network network = read_nnet(fixture);
  const Network again = read_onnx_bytes(to_onnx_bytes(network), "again.onnx");
  EXPECT_TRUE(same_bits(network.layers, again.layers));
  EXPECT_EQ(again.box->upper, network.box->upper);
}

TEST(Nnet, RefusesFilesThatAreNone) {
  EXPECT_THROW(read_nnet("no/such/file.nnet"), InputError);
  EXPECT_EQ(nnet_refusal(""), "net.nnet: is empty; a network in .nnet format is expected");
  EXPECT_THAT(nnet_refusal("// only a header\n"), HasSubstr("ends after line 1, where the numbers of layers"));
  EXPECT_THAT(nnet_refusal(std::string("\x08\x07\x12\0\xff", 5)), HasSubstr("line 1: found \"????"));
  EXPECT_THAT(nnet_refusal(std::string(100000, 'x')), HasSubstr("line 1: found \"xxx"));
  EXPECT_THAT(nnet_refusal("\n\n"), HasSubstr("line 1: found \"\" in the numbers of layers, inputs, outputs"));
}

TEST(Nnet, RefusesSizes) {
  EXPECT_THAT(with_line(2, "2,2,1,"), HasSubstr("line 2: 3 numbers in the numbers of layers"));
  EXPECT_THAT(with_line(2, "0,2,1,2,"), HasSubstr("line 2: found 0 in the numbers of layers"));
  EXPECT_THAT(with_line(2, "2,2.5,1,2,"), HasSubstr("found 2.5 in the numbers of layers"));
  EXPECT_THAT(with_line(2, "2,2,1,1e9,"), HasSubstr("allowed: integers from 1 to 1048576"));
  EXPECT_THAT(with_line(2, "20000,2,1,2,"), HasSubstr("20000 layers; at most 10000 are read"));
  EXPECT_THAT(with_line(3, "2,2,2,1,"), HasSubstr("line 3: 4 numbers in the sizes of the inputs and the layers; there "
                                                  "have to be 3"));
  EXPECT_THAT(with_line(3, "2,-2,1,"), HasSubstr("line 3: found -2 in the sizes"));
  EXPECT_THAT(with_line(3, "3,2,1,"),
              HasSubstr("line 3: the sizes begin with 3 inputs and end with 1 outputs; the line "
                        "before says 2 and 1"));
  EXPECT_THAT(with_line(3, "2,2,2,"), HasSubstr("end with 2 outputs"));
  EXPECT_THAT(with_line(3, "2,1000000,1,"), HasSubstr("layer 1 has 3000000 numbers, but the file ends before"));
  EXPECT_THAT(with_line(4, "1,"), HasSubstr("line 4: the network is marked symmetric (1), which is not supported"));
  EXPECT_THAT(with_line(4, "2,"), HasSubstr("line 4: found 2 in the symmetry flag; allowed: integers from 0 to 1"));
  EXPECT_THAT(with_line(4, "0,0,"), HasSubstr("line 4: 2 numbers in the symmetry flag"));
}

TEST(Nnet, RefusesScaling) {
  EXPECT_THAT(with_line(5, "-1,"), HasSubstr("line 5: 1 number in the minima of the inputs; there have to be 2"));
  EXPECT_THAT(with_line(6, "1,2,3,"), HasSubstr("line 6: 3 numbers in the maxima of the inputs; there have to be 2"));
  EXPECT_THAT(with_line(6, "1,-3,"), HasSubstr("line 6: input 1 has minimum -2 > maximum -3"));
  EXPECT_THAT(with_line(6, "1,inf,"), HasSubstr("line 6: found \"inf\" in the maxima of the inputs, where a finite"));
  EXPECT_THAT(with_line(7, "0,0,"),
              HasSubstr("line 7: 2 numbers in the means of the inputs and the outputs; there have "
                        "to be 3"));
  EXPECT_THAT(with_line(7, "0,0,nan,"), HasSubstr("line 7: found \"nan\" in the means"));
  EXPECT_THAT(with_line(8, "1,1,1,1,"), HasSubstr("line 8: 4 numbers in the ranges"));
  EXPECT_THAT(with_line(8, "1,0,1,"), HasSubstr("line 8: input 1 has range 0, by which it would be divided"));
}

TEST(Nnet, RefusesWeights) {
  EXPECT_THAT(with_line(10, "3,"),
              HasSubstr("line 10: 1 number in row 2 of the weights of layer 1; there have to be 2"));
  EXPECT_THAT(with_line(10, "3,4,5"), HasSubstr("line 10: 3 numbers in row 2 of the weights of layer 1"));
  EXPECT_THAT(with_line(10, "3,,"), HasSubstr("line 10: found \"\" in row 2"));
  EXPECT_THAT(with_line(10, "3;4"), HasSubstr("line 10: found \"3;4\" in row 2"));
  EXPECT_THAT(with_line(10, "3,+-4"), HasSubstr("found \"+-4\""));
  EXPECT_THAT(with_line(10, "3,1e999"), HasSubstr("found \"1e999\""));
  EXPECT_THAT(with_line(10, "3,0x4"), HasSubstr("found \"0x4\""));
  EXPECT_THAT(with_line(10, ""), HasSubstr("line 10: found \"\" in row 2"));
  EXPECT_THAT(with_line(12, "1,2"), HasSubstr("line 12: 2 numbers in bias 2 of layer 1; there have to be 1"));
  EXPECT_THAT(with_line(14, "x"), HasSubstr("line 14: found \"x\" in bias 1 of layer 2"));
}

TEST(Nnet, RefusesEveryTruncation) {
  const auto all = lines();
  for (std::size_t count = 1; count < all.size(); ++count) {
    const std::string message = nnet_refusal(join({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)}));
    EXPECT_THAT(message, testing::AnyOf(HasSubstr("ends after line " + std::to_string(count) + ", where "),
                                        HasSubstr("but the file ends before")));
  }
  EXPECT_THAT(nnet_refusal(join(all) + "1,\n"), HasSubstr("line 15: found more lines than the layers need"));
}

TEST(ReadNetwork, GoesByTheFilesName) {
  EXPECT_EQ(kinds(read_network(fixture)), "EEDRDEE");
  const std::string onnx = testing::TempDir() + "secateur_read_network_test.onnx";
  write_onnx(read_nnet(fixture), onnx);
  OnnxInfo info;
  EXPECT_EQ(kinds(read_network(onnx, &info)), "EEDRDEE");
  EXPECT_EQ(info.opset, 17);
  OnnxInfo none;
  read_network(fixture, &none);
  EXPECT_EQ(none.opset, 0);
  std::filesystem::remove(onnx);
}

}  // namespace
}  // namespace secateur::nn
