// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/affine_range.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "secateur/core/rng.hpp"
#include "support/exact.hpp"

namespace secateur::graph {
namespace {

using exact::Rational;

AffineLayer one_row(const std::vector<double>& weights, double bias, double error = 0) {
  AffineLayer layer;
  layer.weight.resize(1, static_cast<Index>(weights.size()));
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (weights[j] != 0) layer.weight.insert(0, static_cast<Index>(j)) = weights[j];
  }
  layer.weight.makeCompressed();
  layer.bias = Vector::Constant(1, bias);
  layer.error = Vector::Constant(1, error);
  return layer;
}

/// Exact range of the row over the box.
std::pair<Rational, Rational> exact_range(const AffineLayer& layer, const Box& box) {
  Rational low = layer.bias(0);
  Rational high = layer.bias(0);
  for (SparseMatrix::InnerIterator entry(layer.weight, 0); entry; ++entry) {
    const Rational at_lower = Rational(entry.value()) * Rational(box.lower(entry.col()));
    const Rational at_upper = Rational(entry.value()) * Rational(box.upper(entry.col()));
    low += std::min(at_lower, at_upper);
    high += std::max(at_lower, at_upper);
  }
  return {low - Rational(layer.error(0)), high + Rational(layer.error(0))};
}

TEST(AffineRange, WorkedByHand) {
  const Box box{Vector{{-1.0, 0.0}}, Vector{{2.0, 4.0}}};
  const LayerBounds range = affine_range(one_row({2.0, -0.5}, 1.0), box);
  EXPECT_NEAR(range.lower(0), -3.0, 1e-14);  // 2 (-1) - 0.5 (4) + 1
  EXPECT_NEAR(range.upper(0), 5.0, 1e-14);   // 2 (2) - 0.5 (0) + 1
  EXPECT_LE(range.lower(0), -3.0);
  EXPECT_GE(range.upper(0), 5.0);
}

TEST(AffineRange, ExactWhereNothingIsRounded) {
  const Box box{Vector{{0.0}}, Vector{{0.0}}};
  EXPECT_EQ(affine_range(one_row({3.0}, 0.0), box).upper(0), 0.0);
  EXPECT_EQ(affine_range(one_row({0.0}, -0.7), box).lower(0), -0.7);
  EXPECT_EQ(affine_range(one_row({0.0}, -0.7, 0.1), box).upper(0), std::nextafter(-0.7 + 0.1, 1.0));
}

TEST(AffineRange, UpperEndOfZeroStaysZero) {
  // A row of negative weights over nonnegative values is inactive: rounding must not turn 0 into a positive bound.
  const Box box{Vector{{0.0, 0.0}}, Vector{{3.0, 5.0}}};
  EXPECT_EQ(affine_range(one_row({-0.1, -0.7}, 0.0), box).upper(0), 0.0);
}

// Sums built so that rounding to nearest gives an answer that is wrong by one unit in the last place or a few: large
// terms that cancel, small ones that are lost, on boxes of one point, where the range is a single number. The plain sum
// must fail often (or the test has no teeth), the bounds never.
TEST(AffineRange, EnclosesAdversarialSumsToTheLastBit) {
  Rng rng(1);
  int plain_wrong = 0, off_by_one = 0;
  const int cases = 20000;
  for (int c = 0; c < cases; ++c) {
    const auto n = static_cast<std::size_t>(2 + rng.below(6));
    std::vector<double> weights(n);
    Box box{Vector(static_cast<Index>(n)), Vector(static_cast<Index>(n))};
    for (std::size_t j = 0; j < n; ++j) {
      weights[j] = std::ldexp(rng.normal(), static_cast<int>(rng.below(60)) - 30);
      box.lower(static_cast<Index>(j)) = box.upper(static_cast<Index>(j)) = rng.normal();
    }
    // Cancel the first term almost exactly.
    if (c % 2 == 0) {
      weights[1] = -weights[0];
      box.lower(1) = box.upper(1) = std::nextafter(box.lower(0), 10.0);
    }
    const double bias = c % 3 == 0 ? 0.0 : rng.normal();
    const AffineLayer layer = one_row(weights, bias);
    const auto [low, high] = exact_range(layer, box);
    const LayerBounds range = affine_range(layer, box);
    ASSERT_LE(Rational(range.lower(0)), low) << "case " << c;
    ASSERT_GE(Rational(range.upper(0)), high) << "case " << c;

    double plain = bias;
    for (std::size_t j = 0; j < n; ++j) plain += weights[j] * box.lower(static_cast<Index>(j));
    if (Rational(plain) > low) {
      ++plain_wrong;
      if (Rational(std::nextafter(plain, -1e300)) <= low) ++off_by_one;
    }
  }
  EXPECT_GT(plain_wrong, cases / 5);
  EXPECT_GT(off_by_one, cases / 20);
}

TEST(AffineRange, EnclosesProductsThatUnderflow) {
  Rng rng(2);
  for (int c = 0; c < 2000; ++c) {
    const std::vector<double> weights{std::ldexp(rng.normal(), -540), std::ldexp(rng.normal(), -530)};
    const Vector at{{std::ldexp(rng.normal(), -530), std::ldexp(rng.normal(), -545)}};
    const AffineLayer layer = one_row(weights, 0.0);
    const auto [low, high] = exact_range(layer, {at, at});
    const LayerBounds range = affine_range(layer, {at, at});
    ASSERT_LE(Rational(range.lower(0)), low);
    ASSERT_GE(Rational(range.upper(0)), high);
  }
}

TEST(AffineRange, RowErrorWidensBothEnds) {
  Rng rng(3);
  for (int c = 0; c < 2000; ++c) {
    const Vector at{{rng.normal(), rng.normal()}};
    const AffineLayer layer = one_row({rng.normal(), rng.normal()}, rng.normal(), std::ldexp(rng.uniform(), -50));
    const auto [low, high] = exact_range(layer, {at, at});
    const LayerBounds range = affine_range(layer, {at, at});
    ASSERT_LE(Rational(range.lower(0)), low);
    ASSERT_GE(Rational(range.upper(0)), high);
  }
}

// A range that has overflowed may meet another one: what is left must bound, and a ReLU must not mend it.
TEST(AffineRange, OverflowBoundsNothing) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Box box{Vector{{1e200, 1e200}}, Vector{{1e300, 1e300}}};
  for (const double sign : {1.0, -1.0}) {
    const LayerBounds range = affine_range(one_row({sign * 1e200, -sign * 1e200}, 0.0), box);
    EXPECT_EQ(range.lower(0), -infinity);
    EXPECT_EQ(range.upper(0), infinity);
    EXPECT_EQ(relu_range(range).upper(0), infinity);
  }
}

}  // namespace
}  // namespace secateur::graph
