// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "secateur/core/error.hpp"

namespace secateur::search {
namespace {

constexpr FileKind kind{"sample", "1", "a sample", "remove it"};

/// A count of ten before `entries` of the smallest ones.
template <class List>
void expect_room(const std::string& smallest, Index entries) {
  Writer out;
  out << Index{10};
  std::string bytes = out.bytes();
  for (Index i = 0; i < entries; ++i) bytes += smallest;
  List list;
  Reader in(kind, "f", bytes, 100);
  if (entries >= 10) {
    EXPECT_NO_THROW(in >> list);
    EXPECT_EQ(list.size(), 10);
    return;
  }
  EXPECT_THAT([&] { in >> list; }, testing::ThrowsMessage<InputError>(
                                       "f: byte 100: is a sample that is damaged: a list of 10 entries where " +
                                       std::to_string(entries) + " at most fit into what is left; remove it"));
  // Refused before any memory was taken.
  EXPECT_EQ(list.size(), 0);
}

TEST(EncodedLists, HaveToFitIntoWhatIsLeftWithEntriesOfTheirSmallestSize) {
  const std::string zeros(8, '\0');
  for (const Index entries : {0, 9, 10}) {
    expect_room<std::vector<char>>(zeros.substr(0, 1), entries);
    expect_room<std::vector<int>>(zeros.substr(0, 4), entries);
    expect_room<std::vector<double>>(zeros, entries);
    expect_room<Vector>(zeros, entries);
    expect_room<std::vector<std::string>>(zeros, entries);
    expect_room<std::vector<Vector>>(zeros, entries);
    expect_room<std::vector<std::vector<std::string>>>(zeros, entries);
    expect_room<std::vector<Matrix>>(zeros + zeros, entries);
  }
}

TEST(EncodedMatrices, HaveToFitIntoWhatIsLeft) {
  const auto read = [](Index rows, Index columns, std::size_t entries) {
    Writer out;
    out << rows << columns;
    const std::string bytes = out.bytes() + std::string(8 * entries, '\0');
    Matrix matrix;
    Reader in(kind, "f", bytes, 0);
    in >> matrix;
    in.end();
    return matrix;
  };
  EXPECT_EQ(read(3, 4, 12), Matrix::Zero(3, 4));
  EXPECT_EQ(read(0, 0, 0).size(), 0);
  constexpr Index large = Index{1} << 61;
  for (const auto& [rows, columns] : {std::pair<Index, Index>{3, 5},
                                      {4, 4},
                                      {large, 8},
                                      {8, large},
                                      {large, 0},
                                      {0, large},
                                      {-1, 4},
                                      {3, -4},
                                      {13, 1},
                                      {1, 13}}) {
    EXPECT_THROW(read(rows, columns, 12), InputError) << rows << ' ' << columns;
  }
}

}  // namespace
}  // namespace secateur::search
