// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace secateur::lp {

/// sum value * column <= side.
struct Inequality {
  std::vector<int> column;
  std::vector<double> value;
  double side = 0;
};

/// An inequality that is stored elsewhere.
struct RowView {
  std::span<const int> column;
  std::span<const double> value;
  double side = 0;

  RowView(std::span<const int> columns, std::span<const double> values, double right)
      : column(columns), value(values), side(right) {}
  // An Inequality is seen as one everywhere.
  // NOLINTNEXTLINE(google-explicit-constructor)
  RowView(const Inequality& row) : column(row.column), value(row.value), side(row.side) {}

  /// What is left of the side at a point, in plain arithmetic; negative: the point violates the row.
  [[nodiscard]] double slack(const std::vector<double>& x) const {
    // Two sums, since each addition waits for the one before.
    double even = side, odd = 0;
    std::size_t k = 0;
    for (; k + 1 < column.size(); k += 2) {
      even -= value[k] * x[static_cast<std::size_t>(column[k])];
      odd -= value[k + 1] * x[static_cast<std::size_t>(column[k + 1])];
    }
    if (k < column.size()) even -= value[k] * x[static_cast<std::size_t>(column[k])];
    return even + odd;
  }
};

/// Inequalities one behind the other in memory: their slacks are computed at every optimum of a search.
class Inequalities {
 public:
  Inequalities() = default;

  [[nodiscard]] std::size_t size() const { return m_side.size(); }
  [[nodiscard]] RowView operator[](std::size_t i) const {
    const auto start = static_cast<std::size_t>(m_start[i]);
    const auto count = static_cast<std::size_t>(m_start[i + 1]) - start;
    return {{m_column.data() + start, count}, {m_value.data() + start, count}, m_side[i]};
  }
  void push_back(const RowView& row) {
    m_column.insert(m_column.end(), row.column.begin(), row.column.end());
    m_value.insert(m_value.end(), row.value.begin(), row.value.end());
    m_start.push_back(static_cast<int>(m_column.size()));
    m_side.push_back(row.side);
  }
  [[nodiscard]] double bytes() const {
    return static_cast<double>(sizeof(int) * (m_start.size() + m_column.size()) +
                               sizeof(double) * (m_value.size() + m_side.size()));
  }

 private:
  std::vector<int> m_start{0}, m_column;
  std::vector<double> m_value, m_side;
};

}  // namespace secateur::lp
