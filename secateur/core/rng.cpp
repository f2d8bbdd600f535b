// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/rng.hpp"

#include <cmath>
#include <numbers>

namespace secateur {

std::int64_t Rng::below(std::int64_t count) {
  // Rejection keeps every value equally likely.
  const auto n = static_cast<std::uint64_t>(count);
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  std::uint64_t draw = m_engine();
  while (draw >= limit) draw = m_engine();
  return static_cast<std::int64_t>(draw % n);
}

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace secateur
