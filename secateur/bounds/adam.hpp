// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "secateur/core/matrix.hpp"

namespace secateur::bounds {

/// Directions of ascent of size about one, entry by entry (Kingma & Ba 2015).
class Adam {
 public:
  Adam(Index rows, Index columns) : m_first(Matrix::Zero(rows, columns)), m_second(m_first) {}

  /// `iteration` counts from 1.
  Matrix direction(const Matrix& gradient, int iteration) {
    const double correction1 = 1 - std::pow(0.9, iteration), correction2 = 1 - std::pow(0.999, iteration);
    m_first = 0.9 * m_first + 0.1 * gradient;
    m_second = 0.999 * m_second + 0.001 * gradient.cwiseAbs2();
    return ((m_first.array() / correction1) / ((m_second.array() / correction2).sqrt() + 1e-30)).matrix();
  }

 private:
  Matrix m_first, m_second;
};

}  // namespace secateur::bounds
