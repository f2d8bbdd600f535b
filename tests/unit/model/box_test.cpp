// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/box.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/rng.hpp"

namespace secateur::model {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text, Index inputs = 2) {
  try {
    parse_box(text, inputs);
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "--box");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.message();
  }
  return "accepted";
}

std::string file_refusal(std::string_view bytes, Index inputs = 2) {
  try {
    parse_box_json(bytes, inputs, "box.json");
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "box.json");
    return error.message();
  }
  return "accepted";
}

TEST(ParseBox, OneIntervalForEveryInput) {
  const Box box = parse_box("-1:1", 3);
  EXPECT_EQ(box.lower, Vector::Constant(3, -1));
  EXPECT_EQ(box.upper, Vector::Constant(3, 1));
}

TEST(ParseBox, OneIntervalAnInput) {
  const Box box = parse_box(" 0:1, -2.5e-1 : +2 ,3:3", 3);
  EXPECT_EQ(box.lower, (Vector{{0, -0.25, 3}}));
  EXPECT_EQ(box.upper, (Vector{{1, 2, 3}}));
}

TEST(ParseBox, NumbersKeepTheirBits) { EXPECT_EQ(parse_box("0.1:0.30000000000000004", 1).upper(0), 0.1 + 0.2); }

TEST(ParseBox, ReadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "secateur_box_test.json";
  write_file(path, R"({"lower": [-1, 0.5], "upper": [1, 2]})");
  const Box box = parse_box(path.string(), 2);
  EXPECT_EQ(box.lower, (Vector{{-1, 0.5}}));
  EXPECT_EQ(box.upper, (Vector{{1, 2}}));
  std::filesystem::remove(path);
}

TEST(ParseBox, RefusesEverythingElse) {
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("   "), HasSubstr("is empty"));
  EXPECT_THAT(refusal("1:-1"), HasSubstr("the interval of every input has lower 1.0 > upper -1.0"));
  EXPECT_THAT(refusal("0:1,2:1"), HasSubstr("the interval of input 1 has lower 2.0 > upper 1.0"));
  EXPECT_THAT(refusal("0:1,0:1,0:1"), HasSubstr("3 intervals, but the network has 2 inputs"));
  EXPECT_THAT(refusal("0:1,0:1", 1), HasSubstr("2 intervals, but the network has 1 input "));
  EXPECT_THAT(refusal("-inf:1"), HasSubstr("not finite"));
  EXPECT_THAT(refusal("0:infinity"), HasSubstr("not finite"));
  EXPECT_THAT(refusal("nan:nan"), HasSubstr("not finite"));
  EXPECT_THAT(refusal("0:1e999"), HasSubstr("'1e999' is not a number"));
  EXPECT_THAT(refusal("a:1"), HasSubstr("'a' is not a number"));
  EXPECT_THAT(refusal("0:1,"), HasSubstr("'' is not LOWER:UPPER"));
  EXPECT_THAT(refusal("0:"), HasSubstr("'' is not a number"));
  EXPECT_THAT(refusal(":"), HasSubstr("'' is not a number"));
  EXPECT_THAT(refusal("0:1:2"), HasSubstr("'1:2' is not a number"));
  EXPECT_THAT(refusal("+-1:1"), HasSubstr("'+-1' is not a number"));
  EXPECT_THAT(refusal("0x1p3:9"), HasSubstr("'0x1p3' is not a number"));
  EXPECT_THAT(refusal("1"), HasSubstr("'1' is not LOWER:UPPER"));
  EXPECT_THAT(refusal("\n\xff\x01:"), HasSubstr("?' is not a number"));
  EXPECT_LT(refusal(std::string(100000, 'x')).size(), 300u);
  EXPECT_THAT(refusal(std::string_view("a\0.json", 7)), HasSubstr("not the name of a file"));
}

TEST(ParseBox, RefusesAMissingFile) {
  EXPECT_THROW(parse_box("no/such/file.json", 2), InputError);
  EXPECT_THROW(parse_box(".json", 2), InputError);
}

TEST(ParseBoxJson, RefusesEverythingElse) {
  EXPECT_THAT(file_refusal(""), HasSubstr("is not JSON"));
  EXPECT_THAT(file_refusal("{"), HasSubstr("is not JSON"));
  EXPECT_THAT(file_refusal("\xff\xfe"), HasSubstr("is not JSON"));
  EXPECT_THAT(file_refusal(R"({"lower": [1e999, 0], "upper": [1, 2]})"), HasSubstr("is not JSON"));
  EXPECT_THAT(file_refusal("[1, 2]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(file_refusal("{}"), HasSubstr("\"lower\""));
  EXPECT_THAT(file_refusal(R"({"lower": [0, 0]})"), HasSubstr("\"upper\""));
  EXPECT_THAT(file_refusal(R"({"lower": 0, "upper": 1})"), HasSubstr("\"lower\""));
  EXPECT_THAT(file_refusal(R"({"lower": [0, 0], "upper": [1, 1], "unit": "m"})"), HasSubstr("unknown key 'unit'"));
  EXPECT_THAT(file_refusal(R"({"lower": [0], "upper": [1, 1]})"), HasSubstr("1 number, but the network has 2 inputs"));
  EXPECT_THAT(file_refusal(R"({"lower": [0, "0"], "upper": [1, 1]})"), HasSubstr("entry 1 of \"lower\""));
  EXPECT_THAT(file_refusal(R"({"lower": [0, null], "upper": [1, 1]})"), HasSubstr("entry 1 of \"lower\""));
  EXPECT_THAT(file_refusal(R"({"lower": [0, 3], "upper": [1, 1]})"), HasSubstr("input 1 has lower 3.0 > upper 1.0"));
  EXPECT_THAT(file_refusal(std::string(200000, '[')), HasSubstr("is not JSON"));
}

TEST(ParseBox, RandomTextNeverDoesAnythingButRefuse) {
  Rng rng(5);
  constexpr std::string_view alphabet("0123456789:,.-+eE infnaj\0\xff[]{}\"", 32);
  int accepted = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::string text;
    for (auto length = rng.below(12); length > 0; --length) {
      text += alphabet[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(alphabet.size())))];
    }
    try {
      const Box box = parse_box(text, 1 + rng.below(2));
      EXPECT_TRUE(box.lower.allFinite() && box.upper.allFinite() && (box.lower.array() <= box.upper.array()).all());
      ++accepted;
    } catch (const InputError&) {
    }
    try {
      parse_box_json(text, 1, "f");
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace secateur::model
