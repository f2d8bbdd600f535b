// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/format.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace secateur::study {
namespace {

TEST(Format, NumbersHaveTheDigitsAskedForAndATrueMinus) {
  EXPECT_EQ(number(-6.551133, 5), "−6.5511");
  EXPECT_EQ(number(0.0123456, 3), "0.0123");
  EXPECT_EQ(number(9.996, 3), "10.0");
  EXPECT_EQ(number(12345.6, 3), "12346");
  EXPECT_EQ(number(3, 1), "3");
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
}

TEST(Format, ExtremeNumbersGetAnExponentOrASign) {
  EXPECT_EQ(number(4.2e-7, 2), "4.2 × 10⁻⁷");
  EXPECT_EQ(number(-1.5e12, 2), "−1.5 × 10¹²");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "−∞");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(Format, CountsAreGroupedByThousands) {
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(999), "999");
  EXPECT_EQ(count(1000), "1\u202f000");
  EXPECT_EQ(count(1234567), "1\u202f234\u202f567");
  EXPECT_EQ(count(-4321), "−4\u202f321");
}

TEST(Format, DurationsHaveNoEmptyDigits) {
  EXPECT_EQ(duration(60), "60\u00a0s");
  EXPECT_EQ(duration(1.274), "1.27\u00a0s");
  EXPECT_EQ(duration(0.00421), "0.0042\u00a0s");
  EXPECT_EQ(duration(100), "100\u00a0s");
  EXPECT_EQ(duration(0), "0\u00a0s");
}

TEST(Format, Percent) {
  EXPECT_EQ(percent(0.0001), "0.010\u00a0%");
  EXPECT_EQ(percent(1.17), "117\u00a0%");
  EXPECT_EQ(percent(0), "0\u00a0%");
  EXPECT_EQ(percent(3e-15), "< 0.0001\u00a0%");
}

}  // namespace
}  // namespace secateur::study
