// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/moving_rows.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

MovingRows::MovingRows(const Matrix& rows, const graph::LayerBounds& sides)
    : m_origin(rows),
      m_rows(rows),
      m_step(Matrix::Zero(rows.rows(), rows.cols())),
      m_sides(sides),
      m_adam(rows.rows(), rows.cols()) {
  const Vector width = sides.upper - sides.lower;
  for (Index r = 0; r < rows.rows(); ++r) {
    double size = 0;
    for (Index k = 0; k < rows.cols(); ++k) {
      if (std::isfinite(width(k))) size = std::max(size, std::abs(rows(r, k)) * width(k));
    }
    for (Index k = 0; k < rows.cols(); ++k) {
      const double step = size / width(k);
      if (width(k) > 0 && std::isfinite(width(k)) && std::isfinite(step)) m_step(r, k) = step;
    }
  }
}

Vector MovingRows::price() const {
  Vector price = Vector::Zero(m_rows.rows());
  for (Index r = 0; r < m_rows.rows(); ++r) {
    for (Index k = 0; k < m_rows.cols(); ++k) {
      const double moved = m_rows(r, k) - m_origin(r, k);
      if (moved != 0) price(r) += moved * (moved > 0 ? m_sides.upper(k) : m_sides.lower(k));
    }
  }
  return price;
}

void MovingRows::ascend(const Matrix& z, double rate, int iteration) {
  Matrix gradient(m_rows.rows(), m_rows.cols());
  for (Index r = 0; r < m_rows.rows(); ++r) {
    for (Index k = 0; k < m_rows.cols(); ++k) {
      const double moved = m_rows(r, k) - m_origin(r, k);
      const double over = z(r, k) - m_sides.upper(k), under = z(r, k) - m_sides.lower(k);
      // At the origin there is a kink: nothing is gained while z is between the sides.
      gradient(r, k) = moved > 0 ? over : moved < 0 ? under : std::max(over, 0.0) + std::min(under, 0.0);
      if (m_step(r, k) == 0) gradient(r, k) = 0;
    }
  }
  const Matrix direction = m_adam.direction(gradient, iteration);
  for (Index r = 0; r < m_rows.rows(); ++r) {
    for (Index k = 0; k < m_rows.cols(); ++k) {
      const double moved = m_rows(r, k) - m_origin(r, k);
      const double next = moved + rate * m_step(r, k) * direction(r, k);
      m_rows(r, k) = moved * next < 0 ? m_origin(r, k) : m_origin(r, k) + next;
    }
  }
}

double safe_price(const Eigen::RowVectorXd& r, const Eigen::RowVectorXd& c, const graph::LayerBounds& sides) {
  double price = 0;
  for (Index k = 0; k < r.size(); ++k) {
    if (r(k) == c(k)) continue;
    const double moved = r(k) - c(k);
    const bool exact = add_residual(r(k), -c(k)) == 0;
    const double least = exact ? moved : next_down(moved), most = exact ? moved : next_up(moved);
    const double largest = std::max(std::max(multiply_up(least, sides.lower(k)), multiply_up(least, sides.upper(k))),
                                    std::max(multiply_up(most, sides.lower(k)), multiply_up(most, sides.upper(k))));
    price = add_up(price, largest);
  }
  return price;
}

}  // namespace secateur::bounds
