// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/text.hpp"

#include <gtest/gtest.h>

namespace secateur::data {
namespace {

TEST(Text, CountsCodePoints) {
  EXPECT_EQ(characters(""), 0U);
  EXPECT_EQ(characters("plain"), 5U);
  EXPECT_EQ(characters("≥ 12×"), 5U);
  EXPECT_EQ(characters("ä→\u00a0"), 3U);
}

}  // namespace
}  // namespace secateur::data
