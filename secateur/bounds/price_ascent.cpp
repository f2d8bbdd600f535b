// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/price_ascent.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The factor, up to `most`, of a line that adds most; `gain`: what it adds besides what comes of the slopes, a unit.
double best_factor(const Vector& slope, const Vector& added, const Vector& width, double gain, double most) {
  std::vector<std::pair<double, double>> kinks;  // where, and by how much the gain falls there
  for (Index j = 0; j < slope.size(); ++j) {
    if (!(slope(j) * added(j) < 0)) continue;
    kinks.emplace_back(std::abs(slope(j) / added(j)), width(j) * std::abs(added(j)));
    gain += kinks.back().second;
  }
  std::sort(kinks.begin(), kinks.end());
  double factor = 0;
  for (const auto& [at, fall] : kinks) {
    if (!(gain > 0)) break;
    factor = std::min(at, most);
    if (at >= most) break;
    gain -= fall;
  }
  return std::isfinite(factor) ? factor : 0;
}

}  // namespace

double PriceAscent::improve(const OutputRange& range, double price, const LowerLine& plus, const LowerLine& minus) {
  // Upwards is more for the upper side or less for the lower one.
  const double up = price < 0 ? add(plus, range.lower, -price) : add(plus, range.upper, infinity);
  if (up > 0) return price + up;
  return price - (price > 0 ? add(minus, -range.upper, price) : add(minus, -range.lower, infinity));
}

double PriceAscent::add(const LowerLine& line, double side, double most) {
  if (!std::isfinite(line.bound - side)) return 0;
  const double factor = best_factor(m_sum.slope, line.slope, m_width, line.bound - side, most);
  if (factor == 0) return 0;
  m_sum.bound = add_down(m_sum.bound, multiply_down(factor, add_down(line.bound, -side)));
  constexpr double slack = 0x1p-50;  // of a product, a sum, and a difference of the box's ends
  for (Index j = 0; j < m_width.size(); ++j) {
    const double p = m_sum.slope(j), b = factor * line.slope(j);
    if (p * b < 0) {
      const double least = std::min(std::abs(p), std::abs(b)) * m_width(j);
      m_sum.bound = add_down(m_sum.bound, multiply_down(1 - 4 * slack, least));
    }
    const double size = std::abs(p + b) - slack * (std::abs(p) + std::abs(b));
    m_sum.slope(j) = size > 0 ? std::copysign(size, p + b) : 0.0;
  }
  return factor;
}

}  // namespace secateur::bounds
