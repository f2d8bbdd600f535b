// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/rounding.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace secateur {
namespace {

TEST(Rounding, OneStepEnclosesARoundedOperation) {
  // 0.1 + 0.2 is not representable; the directed results lie on both sides of the long double sum of the two doubles.
  const long double exact = 0.1L * 0 + static_cast<long double>(0.1) + static_cast<long double>(0.2);
  EXPECT_LE(static_cast<long double>(add_down(0.1, 0.2)), exact);
  EXPECT_GE(static_cast<long double>(add_up(0.1, 0.2)), exact);
  EXPECT_LT(add_down(0.1, 0.2), add_up(0.1, 0.2));
}

TEST(Rounding, ProductsWithZeroAreExact) {
  EXPECT_EQ(multiply_down(0.0, 3.0), 0.0);
  EXPECT_EQ(multiply_up(-5.0, 0.0), 0.0);
}

TEST(Rounding, ProductThatUnderflowsIsEnclosed) {
  const double tiny = 0x1p-1000;
  EXPECT_LT(multiply_down(tiny, tiny), 0.0);
  EXPECT_GT(multiply_up(tiny, tiny), 0.0);
}

TEST(Rounding, SumErrorCoversCancellation) {
  // 1e16 + 1 - 1e16 computed left to right loses the 1.
  const double computed = (1e16 + 1.0) - 1e16;
  EXPECT_LE(std::abs(computed - 1.0), sum_error(3, 1e16 + 1.0 + 1e16));
}

}  // namespace
}  // namespace secateur
