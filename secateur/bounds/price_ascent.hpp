// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include "secateur/core/box.hpp"

namespace secateur::bounds {

/// An output y of which only lower <= y <= upper is of interest; either may be infinite.
struct OutputRange {
  Index output = 0;
  double lower = -std::numeric_limits<double>::infinity(), upper = std::numeric_limits<double>::infinity();
};

/// What is known of a function on a box: it is at least bound + sum_j slope_j (x_j - x*_j), with x* the box's corner
/// where that is least.
struct LowerLine {
  Vector slope;
  double bound = 0;
};

/// Prices of ranges for which the bound of f + sum_k price_k (y_k - side_k) is largest, as far as lower lines of f and
/// of the outputs tell. A price is that of the upper side if it is positive, of the lower one if it is negative; so
/// where all outputs are inside their ranges, f is at least the bound.
///
/// With p the slopes of the sum, b those of y or -y, and w the box's widths, delta (y - side) adds to the bound
///
///     delta (bound of y - side) + sum_j w_j min(|p_j|, delta |b_j|)    over the inputs j where the signs differ,
///
/// which is concave in delta, and linear between the |p_j| / |b_j|. The sum's line is rounded so that it stays below:
/// its slopes towards zero, since no p_j (x_j - x*_j) is negative.
class PriceAscent {
 public:
  PriceAscent(const Box& box, LowerLine sum) : m_width(box.upper - box.lower), m_sum(std::move(sum)) {}

  /// The line of the sum at the prices so far.
  [[nodiscard]] const LowerLine& sum() const { return m_sum; }

  /// The price that is best while the others stay. `price`: what is in the sum so far; `plus`, `minus`: the lines of y
  /// and of -y.
  double improve(const OutputRange& range, double price, const LowerLine& plus, const LowerLine& minus);

 private:
  double add(const LowerLine& line, double side, double most);

  Vector m_width;
  LowerLine m_sum;
};

}  // namespace secateur::bounds
