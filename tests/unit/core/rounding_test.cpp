// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/rounding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "secateur/core/rng.hpp"

namespace secateur {
namespace {

TEST(Rounding, NeighboursAreThoseOfTheStandardLibrary) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Rng rng(3);
  std::vector<double> values{0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0x1p-1022,
                             -0x1p-1022,
                             0x1p-1074,
                             -0x1p-1074,
                             0x1.fffffffffffffp-1,
                             std::numeric_limits<double>::max(),
                             -std::numeric_limits<double>::max(),
                             infinity,
                             -infinity};
  for (int k = 0; k < 1000; ++k) values.push_back(std::ldexp(rng.normal(), static_cast<int>(rng.below(2100)) - 1060));
  for (const double x : values) {
    EXPECT_EQ(next_up(x), std::nextafter(x, infinity)) << x;
    EXPECT_EQ(next_down(x), std::nextafter(x, -infinity)) << x;
  }
  EXPECT_TRUE(std::isnan(next_up(std::nan(""))));
  EXPECT_TRUE(std::isnan(next_down(std::nan(""))));
}

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
