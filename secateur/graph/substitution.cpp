// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/substitution.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/rounding.hpp"

namespace secateur::graph {

AffineRow copy_of(int column) { return {{column}, {1.0}, 0, 0}; }

namespace {

/// Nonnegative terms added up so that the total is never below the exact sum.
struct UpperSum {
  double total = 0;
  void add(double term) {
    if (term != 0) total = total == 0 ? term : add_up(total, term);
  }
};

/// A coefficient or a bias while it is being summed, with a bound of its error: every rounding's own residual is known
/// exactly, so a sum that rounds nothing has no error.
struct Accumulator {
  double value = 0;
  UpperSum error;
  bool touched = false;

  void add(double term, double term_residual) {
    error.add(term_residual);
    if (touched) error.add(add_residual(value, term));
    value += term;
    touched = true;
  }
};

/// Whether every value that a row reads is a copy, of new values in the same order.
bool copies(const SparseMatrix& weight, Index i, const std::vector<int>& copied) {
  int last = -1;
  for (SparseMatrix::InnerIterator entry(weight, i); entry; ++entry) {
    const int column = copied[static_cast<std::size_t>(entry.col())];
    if (column <= last) return false;
    last = column;
  }
  return true;
}

}  // namespace

SparseMatrix SparseRowsBuilder::finish(Index columns) const {
  SparseMatrix result(static_cast<Index>(m_start.size()) - 1, columns);
  result.resizeNonZeros(static_cast<Index>(m_value.size()));
  std::copy(m_start.begin(), m_start.end(), result.outerIndexPtr());
  std::copy(m_column.begin(), m_column.end(), result.innerIndexPtr());
  std::copy(m_value.begin(), m_value.end(), result.valuePtr());
  return result;
}

AffineLayer substitute(const AffineLayer& layer, const std::vector<AffineRow>& rows, const Vector& magnitude) {
  AffineLayer result;
  result.bias.resize(layer.units());
  result.error.resize(layer.units());
  SparseRowsBuilder entries(layer.weight.nonZeros());
  std::vector<int> copied;  // the new value that an old one copies, -1: it is defined otherwise
  copied.reserve(rows.size());
  for (const AffineRow& definition : rows) copied.push_back(definition.is_copy() ? definition.columns[0] : -1);
  std::vector<Accumulator> row(static_cast<std::size_t>(magnitude.size()));
  std::vector<int> touched;
  for (Index i = 0; i < layer.units(); ++i) {
    if (copies(layer.weight, i, copied)) {
      // Nothing to be added up, so nothing is rounded.
      for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
        if (entry.value() != 0) entries.add(copied[static_cast<std::size_t>(entry.col())], entry.value());
      }
      entries.close_row();
      result.bias(i) = layer.bias(i);
      result.error(i) = layer.error(i);
      continue;
    }
    Accumulator bias;
    UpperSum error;
    error.add(layer.error(i));
    if (layer.bias(i) != 0) bias.add(layer.bias(i), 0);
    touched.clear();
    for (SparseMatrix::InnerIterator entry(layer.weight, i); entry; ++entry) {
      const double w = entry.value();
      const AffineRow& definition = rows[static_cast<std::size_t>(entry.col())];
      if (const int column = copied[static_cast<std::size_t>(entry.col())]; column >= 0) {
        if (!row[static_cast<std::size_t>(column)].touched) touched.push_back(column);
        row[static_cast<std::size_t>(column)].add(w, 0);
        continue;
      }
      for (std::size_t p = 0; p < definition.columns.size(); ++p) {
        const auto column = static_cast<std::size_t>(definition.columns[p]);
        if (!row[column].touched) touched.push_back(definition.columns[p]);
        const double c = definition.coefficients[p];
        row[column].add(w * c, multiply_residual(w, c));
      }
      if (definition.bias != 0) bias.add(w * definition.bias, multiply_residual(w, definition.bias));
      error.add(multiply_up(std::abs(w), definition.error));
    }
    std::sort(touched.begin(), touched.end());
    for (const int column : touched) {
      Accumulator& sum = row[static_cast<std::size_t>(column)];
      error.add(multiply_up(sum.error.total, magnitude(column)));
      if (sum.value != 0) entries.add(column, sum.value);
      sum = {};
    }
    entries.close_row();
    error.add(bias.error.total);
    result.bias(i) = bias.touched ? bias.value : layer.bias(i);
    result.error(i) = error.total;
  }
  result.weight = entries.finish(magnitude.size());
  return result;
}

}  // namespace secateur::graph
