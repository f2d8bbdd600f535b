// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "secateur/core/error.hpp"

namespace secateur::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Table numbered(Index rows) {
  Table table{{"a", "b", "c"}, Matrix(rows, 3)};
  for (Index i = 0; i < rows; ++i)
    table.values.row(i) << static_cast<double>(i), static_cast<double>(-i), static_cast<double>(100 + i);
  return table;
}

TEST(Dataset, PicksInputsAndOutputs) {
  const Dataset data = dataset(numbered(3), {"c", "a"}, {"b"}, "f.csv");
  EXPECT_THAT(data.input_names, ElementsAre("c", "a"));
  EXPECT_THAT(data.output_names, ElementsAre("b"));
  EXPECT_EQ(data.x, (Matrix(3, 2) << 100, 0, 101, 1, 102, 2).finished());
  EXPECT_EQ(data.y, (Matrix(3, 1) << 0, -1, -2).finished());
}

TEST(Dataset, RefusesBadColumns) {
  const Table table = numbered(3);
  const auto refused = [&](std::vector<std::string> inputs, std::vector<std::string> outputs, const char* message) {
    EXPECT_THAT([&] { dataset(table, inputs, outputs, "f.csv"); }, ThrowsMessage<InputError>(HasSubstr(message)));
  };
  refused({"a", "z"}, {"b"}, "f.csv: no column \"z\"; there are \"a\", \"b\", \"c\"");
  refused({"a"}, {"z"}, "no column \"z\"");
  refused({"a", "b"}, {"b"}, "column \"b\" is named both as an input and as an output");
  refused({"a", "a"}, {"b"}, "column \"a\" is named twice among the inputs");
  refused({"a"}, {"b", "c", "b"}, "column \"b\" is named twice among the outputs");
  refused({}, {"b"}, "no columns are named as inputs");
  refused({"a"}, {}, "no columns are named as outputs");
}

TEST(Split, PartsAreDisjointAndTogetherAllRows) {
  for (const Index count : {10, 11, 20, 99, 1000}) {
    const Dataset data = dataset(numbered(count), {"a"}, {"b"}, "");
    const Split parts = split(data, 5);
    const auto held_out = static_cast<std::size_t>(count * 15 / 100);
    EXPECT_EQ(parts.validation.size(), held_out);
    EXPECT_EQ(parts.test.size(), held_out);
    std::vector<Index> all;
    for (const auto* part : {&parts.train, &parts.validation, &parts.test})
      all.insert(all.end(), part->begin(), part->end());
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
    EXPECT_FALSE(std::is_sorted(parts.train.begin(), parts.train.end()) && count >= 20) << "rows are shuffled";
  }
}

TEST(Split, DependsOnSeedAndRowsButNotOnTheColumnsChosen) {
  const Table table = numbered(100);
  const Split one = split(dataset(table, {"a", "b"}, {"c"}, ""), 1);
  const Split other_columns = split(dataset(table, {"c"}, {"b", "a"}, ""), 1);
  const Split other_seed = split(dataset(table, {"a", "b"}, {"c"}, ""), 2);
  EXPECT_EQ(one.train, other_columns.train);
  EXPECT_EQ(one.validation, other_columns.validation);
  EXPECT_EQ(one.test, other_columns.test);
  EXPECT_NE(one.validation, other_seed.validation);
}

TEST(Split, RefusesTooFewRows) {
  const Dataset data = dataset(numbered(9), {"a"}, {"b"}, "");
  EXPECT_THAT([&] { split(data, 0, "f.csv"); },
              ThrowsMessage<InputError>(HasSubstr("f.csv: has 9 rows; at least 10 are needed")));
}

TEST(Rows, KeepsOrderAndRefusesOthers) {
  const Dataset data = dataset(numbered(4), {"a"}, {"b"}, "");
  const Dataset part = rows(data, {3, 1});
  EXPECT_EQ(part.x, (Matrix(2, 1) << 3, 1).finished());
  EXPECT_EQ(part.y, (Matrix(2, 1) << -3, -1).finished());
  EXPECT_EQ(part.input_names, data.input_names);
  EXPECT_THROW(rows(data, {4}), std::invalid_argument);
  EXPECT_THROW(rows(data, {-1}), std::invalid_argument);
}

TEST(BoundingBox, HoldsAllRows) {
  const Box box = bounding_box(dataset(numbered(4), {"a", "b"}, {"c"}, ""));
  EXPECT_EQ(box.lower, Eigen::Vector2d(0, -3));
  EXPECT_EQ(box.upper, Eigen::Vector2d(3, 0));
  EXPECT_THROW(bounding_box(Dataset{}), std::invalid_argument);
}

}  // namespace
}  // namespace secateur::data
