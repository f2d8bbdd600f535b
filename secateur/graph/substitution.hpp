// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/graph/relu_graph.hpp"

namespace secateur::graph {

/// What an old value is in terms of new ones: sum of coefficient * new value, plus bias, plus some e with |e| <= error.
/// A value that is simply kept has one coefficient 1 and neither bias nor error.
struct AffineRow {
  std::vector<int> columns;
  std::vector<double> coefficients;
  double bias = 0;
  double error = 0;

  [[nodiscard]] bool is_copy() const {
    return columns.size() == 1 && coefficients[0] == 1.0 && bias == 0 && error == 0;
  }
};

/// A sparse matrix made row by row, each row's entries in the order of their columns.
class SparseRowsBuilder {
 public:
  explicit SparseRowsBuilder(Index entries) {
    m_column.reserve(static_cast<std::size_t>(entries));
    m_value.reserve(static_cast<std::size_t>(entries));
  }
  void add(int column, double value) {
    m_column.push_back(column);
    m_value.push_back(value);
  }
  void close_row() { m_start.push_back(static_cast<int>(m_column.size())); }
  [[nodiscard]] SparseMatrix finish(Index columns) const;

 private:
  std::vector<int> m_start{0}, m_column;
  std::vector<double> m_value;
};

/// The row that copies new value `column`.
AffineRow copy_of(int column);

/// The layer with every old value replaced by its definition. `rows[v]` defines old value v over the new values;
/// `magnitude(j)` bounds |new value j| on the domain. What the substitution rounds is added to the layer's error: a
/// coefficient off by d changes the row by at most d * magnitude. Exact copies round nothing.
AffineLayer substitute(const AffineLayer& layer, const std::vector<AffineRow>& rows, const Vector& magnitude);

}  // namespace secateur::graph
