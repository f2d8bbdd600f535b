// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>

#include "secateur/core/rounding.hpp"

namespace secateur {

/// A sum of products together with a bound of what its operations have rounded away, residual by residual: zero where
/// nothing rounds, so that integer data stay exact. Where that does not matter, sum_error is faster.
class TrackedSum {
 public:
  void add(double a, double b = 1) {
    const double product = a * b;
    lose(b == 1 ? 0.0 : multiply_residual(a, b));
    lose(add_residual(m_value, product));
    m_value += product;
  }
  void add(const TrackedSum& other) {
    lose(other.m_error);
    lose(add_residual(m_value, other.m_value));
    m_value += other.m_value;
  }

  /// At most / at least the exact sum; infinite after an overflow, when nothing is known.
  [[nodiscard]] double down() const {
    if (!known()) return -std::numeric_limits<double>::infinity();
    return m_error == 0 ? m_value : add_down(m_value, -m_error);
  }
  [[nodiscard]] double up() const {
    if (!known()) return std::numeric_limits<double>::infinity();
    return m_error == 0 ? m_value : add_up(m_value, m_error);
  }

 private:
  [[nodiscard]] bool known() const { return std::isfinite(m_value) && std::isfinite(m_error); }
  void lose(double residual) {
    if (residual != 0) m_error = next_up(m_error + residual);
  }

  double m_value = 0, m_error = 0;
};

}  // namespace secateur
