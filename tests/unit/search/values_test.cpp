// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/values.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace secateur::search {
namespace {

TEST(Values, OfAnyNumber) {
  const Values values = Values::continuous();
  EXPECT_TRUE(values.any());
  EXPECT_EQ(values.up(0.3), 0.3);
  EXPECT_EQ(values.down(0.3), 0.3);
  EXPECT_EQ(values.off(0.3), 0);
  EXPECT_EQ(values.halves(-1, 2).first, 0.5);
  EXPECT_EQ(values.halves(-1, 2).second, 0.5);
}

TEST(Values, OfIntegers) {
  const Values values = Values::integer();
  EXPECT_FALSE(values.any());
  EXPECT_EQ(values.up(0.3), 1);
  EXPECT_EQ(values.down(-0.3), -1);
  EXPECT_EQ(values.up(2), 2);
  EXPECT_NEAR(values.off(2.75), 0.25, 1e-15);
  EXPECT_EQ(values.off(-4), 0);
  EXPECT_EQ(values.halves(0, 1).first, 0);
  EXPECT_EQ(values.halves(0, 1).second, 1);
  EXPECT_EQ(values.halves(-3, 1).first, -1);
  EXPECT_EQ(values.halves(-3, 1).second, 0);
}

TEST(Values, OfAList) {
  const Values values = Values::one_of({-2, 0.5, 0.75, 10});
  EXPECT_EQ(values.up(-3), -2);
  EXPECT_EQ(values.up(0.5), 0.5);
  EXPECT_EQ(values.up(0.6), 0.75);
  EXPECT_EQ(values.up(11), INFINITY);
  EXPECT_EQ(values.down(0.6), 0.5);
  EXPECT_EQ(values.down(10), 10);
  EXPECT_EQ(values.down(-2.5), -INFINITY);
  EXPECT_EQ(values.off(0.75), 0);
  EXPECT_NEAR(values.off(-1.5), 0.2, 1e-15);
  EXPECT_EQ(values.off(-7), 0.5);
  EXPECT_EQ(values.halves(-2, 10).first, 0.75);
  EXPECT_EQ(values.halves(-2, 10).second, 10);
  EXPECT_EQ(values.halves(0.75, 10).first, 0.75);
  EXPECT_EQ(values.halves(0.75, 10).second, 10);
  EXPECT_EQ(values.halves(-2, 0.5).first, -2);
}

}  // namespace
}  // namespace secateur::search
