// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/flash.hpp"

#include <algorithm>

namespace secateur::flowsheet {

Flash flash(const std::array<double, 2>& moles, double inert, const std::array<double, 2>& k) {
  const double total = moles[0] + moles[1] + inert;
  if (!(total > 0)) return {};
  const std::array<double, 2> z{moles[0] / total, moles[1] / total};
  const double gas = inert / total;
  // f(s) and its slope.
  const auto balance = [&](double share, double& slope) {
    double value = gas > 0 ? gas / share : 0;
    slope = gas > 0 ? -gas / (share * share) : 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const double part = (k[i] - 1) / (1 + share * (k[i] - 1));
      value += z[i] * part;
      slope -= z[i] * part * part;
    }
    return value;
  };
  double slope = 0;
  if (balance(1, slope) >= 0) return {moles, {}};
  if (gas <= 0 && balance(0, slope) <= 0) return {{}, moles};
  // Newton inside a bracket that every evaluation narrows; bisection where Newton leaves it. f is decreasing, so the
  // bracket's ends end up next to each other.
  double low = 0, high = 1, share = std::clamp(gas, 0.05, 0.95);
  constexpr int steps = 200;
  for (int step = 0; step < steps; ++step) {
    const double value = balance(share, slope);
    if (value == 0) break;
    (value > 0 ? low : high) = share;
    double next = share - value / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next == share || next == low || next == high) break;
    share = next;
  }
  Flash result;
  for (std::size_t i = 0; i < 2; ++i) {
    // Of component i the liquid holds x_i (1 - s) total, with x_i = z_i / (1 + s (K_i - 1)).
    result.liquid[i] = moles[i] * (1 - share) / (1 + share * (k[i] - 1));
    result.vapour[i] = moles[i] - result.liquid[i];
  }
  return result;
}

}  // namespace secateur::flowsheet
