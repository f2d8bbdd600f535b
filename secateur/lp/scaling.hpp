// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/lp/model.hpp"

namespace secateur::lp {

/// The same model in other units, by powers of two, so that nothing is rounded: column j is measured in 2^column[j],
/// row i is multiplied by 2^row[i] and the objective by 2^objective; the row of an indicator is measured by its first
/// column. A solver's tolerances are absolute numbers; they mean something when values are of size one.
struct Scaling {
  std::vector<int> column, row;
  int objective = 0;
};

/// Exact unless a number leaves the range of normal doubles. Integer columns have to keep their unit
/// (std::invalid_argument otherwise, and when sizes do not fit).
Model scaled(const Model& model, const Scaling& scaling);

/// A point of the model as a point of the scaled one, and back.
Vector to_scaled(const Vector& point, const Scaling& scaling);
Vector from_scaled(const Vector& point, const Scaling& scaling);

}  // namespace secateur::lp
