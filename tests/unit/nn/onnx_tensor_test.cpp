// SPDX-License-Identifier: Apache-2.0
// How the numbers of a constant are stored: raw, in typed fields, in a file of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "secateur/core/file.hpp"
#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ModelBuilder sum_with(const Message& constant, int type = float_type) {
  return ModelBuilder().input(type, {-1, 3}).constant(constant).add("Add", {"x", "c"}, "y");
}

Message header(int type, const Dims& dims) {
  Message message;
  for (const std::int64_t dim : dims) message.integer(1, dim);
  return message.integer(2, type).text(8, "c");
}

TEST(TypedFields, FloatAndDouble) {
  const auto packed = header(float_type, {3}).text(4, raw<float>({1, 2, 3}));
  EXPECT_THAT(at(read(sum_with(packed)), {0, 0, 0}), ElementsAre(1, 2, 3));
  const auto one_by_one = header(float_type, {3}).real(4, 1).real(4, 2).real(4, 3);
  EXPECT_THAT(at(read(sum_with(one_by_one)), {0, 0, 0}), ElementsAre(1, 2, 3));
  const auto doubles_field = header(double_type, {3}).text(10, raw<double>({0.1, 2, 3}));
  EXPECT_THAT(at(read(sum_with(doubles_field, double_type)), {0, 0, 0}), ElementsAre(0.1, 2, 3));
}

TEST(TypedFields, Integers) {
  const auto reshaped = [](const Message& target) {
    return refusal(ModelBuilder().constant(target).add("Reshape", {"x", "c"}, "y"));
  };
  EXPECT_EQ(reshaped(header(int64_type, {2}).integer(7, -1).integer(7, 3)), "");
  EXPECT_EQ(reshaped(header(int32_type, {2}).integer(5, -1).integer(5, 3)), "");
  EXPECT_EQ(reshaped(header(int32_type, {2}).text(9, raw<std::int32_t>({-1, 3}))), "");
  EXPECT_THAT(reshaped(header(int64_type, {1}).integer(7, std::numeric_limits<std::int64_t>::min())),
              HasSubstr("which no shape can use"));
}

TEST(Lengths, HaveToMatchTheShape) {
  EXPECT_THAT(refusal(sum_with(header(float_type, {3}).text(9, raw<float>({1, 2})))),
              HasSubstr("initializer \"c\" has shape [3] and needs 12 bytes, but 8 are stored"));
  EXPECT_THAT(refusal(sum_with(header(float_type, {3}).text(9, raw<float>({1, 2, 3, 4})))), HasSubstr("16 are stored"));
  EXPECT_THAT(refusal(sum_with(header(float_type, {3}).text(4, raw<float>({1, 2})))),
              HasSubstr("needs 3 numbers, but 2 are stored"));
  EXPECT_THAT(refusal(sum_with(header(float_type, {3}))), HasSubstr("needs 3 numbers, but 0 are stored"));
  EXPECT_THAT(refusal(sum_with(header(double_type, {3}).text(4, raw<float>({1, 2, 3})))),
              HasSubstr("needs 3 numbers, but 0 are stored"));
}

TEST(Lengths, HugeAndImpossibleShapes) {
  const auto with_shape = [](const Dims& dims) { return refusal(sum_with(header(float_type, dims).text(9, "abcd"))); };
  const std::int64_t big = std::int64_t{1} << 32;
  EXPECT_THAT(with_shape({-1, 3}), HasSubstr("sizes cannot be negative"));
  EXPECT_THAT(with_shape({big, big}), HasSubstr("too large"));
  EXPECT_THAT(with_shape({std::numeric_limits<std::int64_t>::max()}), HasSubstr("too large"));
  EXPECT_THAT(with_shape({0, std::numeric_limits<std::int64_t>::max()}), HasSubstr("too large"));
  EXPECT_THAT(with_shape({std::int64_t{1} << 39}), HasSubstr("but 4 are stored"));
  EXPECT_THAT(with_shape(Dims(20, 1 << 10)), AllOf(HasSubstr("too large"), HasSubstr("1024, ...]")));
}

TEST(Lengths, Segments) {
  EXPECT_THAT(refusal(sum_with(floats("c", {3}, {1, 2, 3}).message(3, Message().integer(1, 0)))),
              HasSubstr("in segments"));
}

TEST(ElementTypes, OthersAreRefusedByName) {
  const std::pair<int, const char*> types[] = {{0, "undefined"},  {2, "uint8"},           {8, "string"},
                                               {10, "float16"},   {16, "bfloat16"},       {17, "float8e4m3fn"},
                                               {14, "complex64"}, {-5, "element type -5"}};
  for (const auto& [type, name] : types) {
    EXPECT_THAT(refusal(sum_with(header(type, {3}).text(9, "abc"))),
                HasSubstr(std::string("initializer \"c\" is ") + name + "; supported are float and double"));
  }
}

/// A folder with a data file of 20 bytes: eight that do not matter, then 1, 2, 3 as floats.
class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = std::filesystem::path(testing::TempDir()) /
               (std::string("secateur_external_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(m_folder);
    std::filesystem::create_directories(m_folder / "sub");
    const std::string bytes = "12345678" + raw<float>({1, 2, 3});
    write_file(m_folder / "weights.bin", bytes);
    write_file(m_folder / "sub" / "weights.bin", bytes);
  }
  void TearDown() override { std::filesystem::remove_all(m_folder); }

  static Message external(const std::vector<std::pair<std::string, std::string>>& entries, const Dims& dims = {3}) {
    Message message = header(float_type, dims).integer(14, 1);
    for (const auto& [key, value] : entries) message.message(13, Message().text(1, key).text(2, value));
    return message;
  }
  [[nodiscard]] std::string refused(const std::vector<std::pair<std::string, std::string>>& entries,
                                    const Dims& dims = {3}) const {
    return refusal(sum_with(external(entries, dims)).bytes(), m_folder);
  }

  std::filesystem::path m_folder;
};

TEST_F(ExternalData, LocationOffsetLength) {
  const auto values = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    const Network network = read_onnx_bytes(sum_with(external(entries)).bytes(), "net.onnx", m_folder);
    return at(network, {0, 0, 0});
  };
  EXPECT_THAT(values({{"location", "weights.bin"}, {"offset", "8"}, {"length", "12"}}), ElementsAre(1, 2, 3));
  EXPECT_THAT(values({{"location", "weights.bin"}, {"offset", "8"}}), ElementsAre(1, 2, 3));
  EXPECT_THAT(values({{"location", "./sub/weights.bin"}, {"offset", "8"}, {"checksum", "abc"}}), ElementsAre(1, 2, 3));
  EXPECT_EQ(refused({{"location", "weights.bin"}}), "");
}

TEST_F(ExternalData, IsLookedForBesideTheModelFile) {
  write_file(m_folder / "net.onnx", sum_with(external({{"location", "weights.bin"}, {"offset", "8"}})).bytes());
  EXPECT_THAT(at(read_onnx(m_folder / "net.onnx"), {0, 0, 0}), ElementsAre(1, 2, 3));
}

TEST_F(ExternalData, AbsentOrTooShort) {
  EXPECT_THAT(refused({{"location", "gone.bin"}}),
              AllOf(HasSubstr("node 0 (Add, output \"y\"): initializer \"c\": external data file"),
                    HasSubstr("gone.bin"), HasSubstr("does not exist")));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", "12"}}),
              HasSubstr("is too short: it has 20 bytes, but 12 are needed from byte 12 on"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", "21"}}), HasSubstr("is too short"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", "18446744073709551615"}}), HasSubstr("is too short"));
  EXPECT_THAT(refused({{"location", "weights.bin"}}, {1 << 20}), HasSubstr("is too short"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"length", "8"}}),
              HasSubstr("8 bytes are stated, but its shape needs 12"));
  EXPECT_THAT(refused({{"location", "sub"}}), HasSubstr("is not an ordinary file"));
}

TEST_F(ExternalData, MalformedEntries) {
  EXPECT_THAT(refused({}), HasSubstr("location \"\" is not allowed"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", "-8"}}),
              HasSubstr("offset is \"-8\", not a number of bytes"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"length", "12 bytes"}}), HasSubstr("not a number of bytes"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", ""}}), HasSubstr("not a number of bytes"));
  EXPECT_THAT(refused({{"location", "weights.bin"}, {"offset", "99999999999999999999"}}),
              HasSubstr("not a number of bytes"));
}

TEST_F(ExternalData, MustNotLeaveTheFolder) {
  for (const std::string& location :
       {(m_folder / "weights.bin").string(), std::string("../weights.bin"), std::string("sub/../../weights.bin"),
        std::string("/dev/zero"), std::string("a\0b", 3)}) {
    EXPECT_THAT(refused({{"location", location}}), HasSubstr("it has to be a relative path inside the model's folder"))
        << location;
  }
}

TEST_F(ExternalData, DevicesAreNotRead) {
  std::filesystem::create_symlink("/dev/zero", m_folder / "zero");
  EXPECT_THAT(refused({{"location", "zero"}}), HasSubstr("is not an ordinary file"));
}

}  // namespace
}  // namespace secateur::nn
