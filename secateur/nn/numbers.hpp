// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>

#include "secateur/core/matrix.hpp"

namespace secateur::nn {

/// Is this finite double exactly a float? (The comparison keeps the conversion inside the range of float.)
inline bool is_float(double value) {
  return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()) &&
         static_cast<double>(static_cast<float>(value)) == value;
}

/// The stored entries of a compressed matrix.
inline Eigen::Map<const Vector> entries_of(const SparseMatrix& matrix) {
  return {matrix.valuePtr(), matrix.nonZeros()};
}

template <class Derived>
bool all_floats(const Eigen::DenseBase<Derived>& values) {
  for (Index i = 0; i < values.rows(); ++i) {
    for (Index j = 0; j < values.cols(); ++j) {
      if (!is_float(values.derived().coeff(i, j))) return false;
    }
  }
  return true;
}

}  // namespace secateur::nn
